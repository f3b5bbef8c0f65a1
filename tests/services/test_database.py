"""What `core.database` does past the layers: a question outside of a transaction, a row without the unit of work."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from sqlalchemy import Engine, event, inspect, text
from sqlalchemy.exc import DataError

from tests import factories
from webapp.core.database import db, read
from webapp.core.transaction import transaction
from webapp.models import Reservation

QUESTION = text("SELECT :number AS number, ARRAY[1, 2] AS list, now() AS at, pg_backend_pid() AS pid")


def test_a_question_asked_alone(own_database):
    with own_database.app_context():
        assert isinstance(db.engine, Engine)
        for _time in range(7):  # prepared by then
            (row,) = read(QUESTION, {"number": 5})
            assert (row.number, row[0], row.list, row.at.utcoffset()) == (5, 5, [1, 2], dt.timedelta())
        assert not db.session().in_transaction()
        with db.engine.connect() as connection:
            assert connection.scalar(text("SELECT pg_backend_pid()")) == row.pid, (
                "the same connection, back in the pool"
            )
            assert not connection.connection.driver_connection.autocommit  # type: ignore[union-attr]
        with pytest.raises(DataError):
            read(QUESTION, {"number": "\x00"})


def test_a_lost_connection_is_replaced(own_database):
    with own_database.app_context(), db.engine.connect() as other:
        pid = read(QUESTION, {"number": 5})[0].pid
        other.execute(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": pid})
        row = read(QUESTION, {"number": 6})[0]
        assert row.number == 6
        assert row.pid != pid


def test_a_row_written_at_once_is_like_any_other(hotel):
    stay = factories.make_stay(hotel, None, guest_name="Ada")
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        seen.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        unset = (
            stay.version,
            stay.children,
            stay.booker_type,
            stay.field_sources,
            stay.paid,
            stay.room_id,
            stay.group_id,
        )
        assert unset == (1, 0, "SELF", {}, 0, None, None)
        assert stay.created_at.tzinfo is not None
        assert seen == [], "all of it is known without asking"
    finally:
        event.remove(db.engine, "before_cursor_execute", note)
    assert inspect(stay).persistent
    assert db.session.get(Reservation, stay.id) is stay
    with transaction():
        stay.is_pinned = True
    db.session.expunge_all()
    found = db.session.get_one(Reservation, stay.id)
    assert (found.version, found.is_pinned, found.guest_name) == (2, True, "Ada")
    assert {column.key: getattr(found, column.key) for column in Reservation.__mapper__.column_attrs} == {
        column.key: getattr(stay, column.key) if column.key != "listed_room" else None
        for column in Reservation.__mapper__.column_attrs
    }

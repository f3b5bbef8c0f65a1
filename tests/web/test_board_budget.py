"""How much the board may ask of the database, and that it asks no more of a bigger house."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import event, text

from tests import factories
from webapp.board import domain, queries
from webapp.core.database import db
from webapp.core.transaction import transaction
from webapp.models import Membership
from webapp.stays import services as stays

MOST_QUERIES = 8  # of the page; a fragment needs fewer


@contextmanager
def counted() -> Iterator[list[str]]:
    statements: list[str] = []

    def count(_connection, _cursor, statement, *_more) -> None:
        if not statement.startswith(("SAVEPOINT", "RELEASE", "ROLLBACK")):
            statements.append(statement)

    event.listen(db.engine, "before_cursor_execute", count)
    try:
        yield statements
    finally:
        event.remove(db.engine, "before_cursor_execute", count)


def fill(hotel, number: int) -> None:
    for n in range(number):
        factories.make_stay(hotel, "101", arrives_in=n * 2, nights=2, source="airbnb")
    factories.make_stay(hotel, None, code="SGL")
    in_house = factories.make_stay(hotel, "102")
    with transaction():
        stays.check_in_guest(in_house)


@pytest.mark.parametrize(("path", "most"), [("", MOST_QUERIES), ("/today", 4), ("/chart", 5), ("/alerts", 3), ("?list=tasks", MOST_QUERIES)])  # fmt: skip
def test_the_board_asks_little(hotel, desk, path, most):
    fill(hotel, 12)
    with counted() as statements:
        answer = desk.get(f"/staff/{hotel.slug}/board{path}")
    assert answer.status_code == 200
    assert len(statements) <= most, statements


def test_more_stays_ask_no_more(hotel, desk):
    numbers = []
    for more in (1, 10):
        for n in range(more):
            factories.make_stay(hotel, "103", arrives_in=more + n * 2, nights=1)
        with counted() as statements:
            desk.get(f"/staff/{hotel.slug}/board")
        numbers.append(len(statements))
    assert numbers[0] == numbers[1]


def test_who_works_in_two_hotels_asks_once_more_for_their_names(hotel, sign_in):
    user = factories.make_user(hotel)
    other = factories.make_hotel("second-house")
    with transaction():
        db.session.add(Membership(user_id=user.id, hotel_id=other.id, role="desk"))
    with counted() as statements:
        html = sign_in(user).get(f"/staff/{hotel.slug}/board").text
    assert "Second House" in html
    assert len(statements) <= MOST_QUERIES + 1


def test_today_and_the_chart_are_found_by_index(hotel, app):
    """On a table too big to be read through, no statement of the board reads through it."""
    today = hotel.business_date()
    window = domain.window(today, None, None)
    values = {
        "hotel_id": hotel.id,
        "today": today,
        "late": today - queries.LATE,
        "start": window.start,
        "end": window.end,
    }
    db.session.execute(text("SET LOCAL enable_seqscan = off"))
    for statement in (queries._SUMMARY, queries._ON_CHART, *queries._LISTS.values()):
        compiled = statement.compile(db.engine)
        plan = db.session.connection().exec_driver_sql(f"EXPLAIN {compiled}", {**compiled.params, **values})
        lines = " ".join(plan.scalars())
        assert "Seq Scan on reservation" not in lines
        assert "Seq Scan on room_night" not in lines


def test_a_read_ends_its_transaction_so_that_statements_stay_prepared(hotel, desk):
    assert desk.get(f"/staff/{hotel.slug}/board").status_code == 200
    assert not db.session().in_transaction()

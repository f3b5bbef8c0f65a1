"""Secrets in addresses and reasons in the trail are stored sealed, and found by a hash."""

from __future__ import annotations

from sqlalchemy import insert, select, text

from tests import factories
from webapp.core import audit, ids
from webapp.core.database import db
from webapp.core.transaction import transaction
from webapp.models import AuditEntry, LockAccount, Room
from webapp.stays import services as stays


def rows(table: str) -> str:
    return str([tuple(map(_plain, row)) for row in db.session.execute(text(f"SELECT * FROM {table}"))])


def _plain(value: object) -> object:
    return bytes(value) if isinstance(value, memoryview) else value


def test_the_address_of_a_calendar_is_in_no_column(hotel, client):
    room = factories.room_of(hotel, "101")
    token = room.export_token
    assert token not in rows("room")
    assert client.get(f"/calendars/{token}.ics").status_code == 200
    assert client.get(f"/calendars/{token[:-1]}x.ics").status_code == 404
    with transaction():
        room.export_token = other = ids.token()
    assert client.get(f"/calendars/{token}.ics").status_code == 404
    assert client.get(f"/calendars/{other}.ics").status_code == 200
    again = ids.token()
    with transaction():
        db.session.execute(
            insert(Room).values(hotel_id=hotel.id, room_type_id=room.room_type_id, number="9", export_token=again)
        )
    assert client.get(f"/calendars/{again}.ics").status_code == 200


def test_the_address_of_a_lock_company_is_in_no_column(hotel, client):
    token = ids.token()
    with transaction():
        db.session.add(
            LockAccount(hotel_id=hotel.id, username="u", username_hint="u", password_md5="x", webhook_token=token)
        )
    assert token not in rows("lock_account")
    assert client.post(f"/hooks/ttlock/{token}", data={"records": "[]"}).status_code == 200
    assert client.post(f"/hooks/ttlock/{token}x", data={"records": "[]"}).status_code in (401, 403, 404)


def test_reasons_are_in_no_column(hotel):
    stay = factories.make_stay(hotel)
    with transaction():
        stays.cancel(stay, "Ada broke her leg.")
        audit.record(hotel.id, "noted", stay, reason="Ada broke her arm.")
    assert "broke" not in rows("audit_entry")
    assert set(db.session.scalars(select(AuditEntry.reason).where(AuditEntry.reason.is_not(None)))) == {
        "Ada broke her leg.", "Ada broke her arm.",
    }  # fmt: skip

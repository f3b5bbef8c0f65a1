"""The migration that takes the clear-text columns away: nothing that was in them is lost, and there is a way back."""

from __future__ import annotations

import hashlib
from pathlib import Path

from flask import Flask
from flask_migrate import downgrade, upgrade
from sqlalchemy import inspect, text

from tests import factories
from webapp.core import audit
from webapp.core.database import db
from webapp.core.transaction import transaction
from webapp.models import AuditEntry, Hotel, Room, Upload

MIGRATIONS = str(Path(__file__).parents[2] / "migrations")
BEFORE = "0019"


def columns_of(table: str) -> set[str]:
    return {column["name"] for column in inspect(db.engine).get_columns(table)}


def uploaded(hotel: Hotel, number: int) -> Upload:
    return Upload(
        hotel_id=hotel.id, filename="", content_digest=bytes([number]), state="mapping", created_by="",
        columns=[{"header": "Guest", "samples": ["Zoë Example"]}], mapping={"Guest": "guest_names"},
    )  # fmt: skip


def test_what_was_in_clear_is_sealed_and_can_be_opened_again(own_database: Flask) -> None:
    with own_database.app_context():
        hotel = factories.make_hotel("clear")
        room = factories.room_of(hotel, "101")
        with transaction():
            db.session.add_all(uploaded(hotel, number) for number in (1, 2))
            audit.record(hotel.id, "cancelled", hotel, reason="Called")
        room_id, token = room.id, room.export_token
        db.session.remove()
        downgrade(directory=MIGRATIONS, revision=BEFORE)
        with db.engine.begin() as connection:
            kept = connection.execute(text("SELECT columns, mapping FROM upload ORDER BY id")).all()
            assert [tuple(row) for row in kept] == [([{"header": "Guest", "samples": ["Zoë Example"]}], {"Guest": "guest_names"})] * 2  # fmt: skip
            # As the release before the sealing may have written it.
            connection.execute(text("UPDATE room SET export_token = 'old', export_sealed = NULL, export_hash = NULL WHERE id = :id"), {"id": room_id})  # fmt: skip
        upgrade(directory=MIGRATIONS)
        assert "export_token" not in columns_of("room")
        assert "webhook_token" not in columns_of("lock_account")
        assert "reason" not in columns_of("audit_entry")
        with db.engine.connect() as connection:
            assert connection.execute(text("SELECT count(*) FROM upload WHERE columns <> '[]' OR mapping <> '{}'")).scalar() == 0  # fmt: skip
            found = connection.execute(text("SELECT export_hash FROM room WHERE id = :id"), {"id": room_id}).scalar()
        assert bytes(found) == hashlib.sha256(b"old").digest() != hashlib.sha256(token.encode()).digest()
        assert db.session.get_one(Room, room_id).export_token == "old"
        assert [one.columns[0]["samples"] for one in db.session.query(Upload)] == [["Zoë Example"]] * 2
        assert [one.mapping for one in db.session.query(Upload)] == [{"Guest": "guest_names"}] * 2
        assert db.session.query(AuditEntry).filter_by(action="cancelled").one().reason == "Called"


def test_the_examples_of_a_file_are_in_no_column_in_clear(hotel: Hotel) -> None:
    with transaction():
        db.session.add(uploaded(hotel, 1))
    stored = db.session.execute(text("SELECT to_jsonb(upload)::text FROM upload")).scalar_one()
    assert "Example" not in stored
    assert "guest_names" not in stored

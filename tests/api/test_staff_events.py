"""What the live stream tells of stays and rooms: the names of the events, and what each carries."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from tests import factories
from tests.api.kit import Caller, of
from webapp.core.database import db
from webapp.core.events import LiveEvent

FIELDS = {"booking_id", "status", "assigned_room_number", "timestamp"}


@pytest.fixture
def told(app, hotel):
    """The events since the last call, as (name, data)."""
    seen = [0]

    def since() -> list[tuple[str, dict]]:
        rows = db.session.scalars(select(LiveEvent).where(LiveEvent.id > seen[0]).order_by(LiveEvent.id)).all()
        seen[0] = max((row.id for row in rows), default=seen[0])
        return [(row.event, row.data) for row in rows]

    return since


def test_every_change_has_its_event(app, hotel, told):
    desk = Caller(app, hotel)
    stay = factories.make_stay(hotel, None)
    steps = [
        (None, None, "booking-created"),
        ("assign-room", {"room_number": "101"}, "room-assigned"),
        ("assign-room", {"room_number": "102"}, "room-assignment-changed"),
        ("unassign-room", {}, "room-assignment-changed"),
        ("safe-assign", {}, "room-assigned"),
        ("party", {"name": "Grace"}, "booking-updated"),
        ("communications", {"channel": "note", "body": "Hello"}, "booking-updated"),
        ("swap-rooms", {"other_booking_id": stay.booking_id}, None),
        ("check-in", {}, "booking-updated"),
        ("check-out", {}, "room-status-changed"),
    ]
    for action, body, event in steps:
        if action:
            desk.post(of(stay, action), body)
        events = told()
        assert event is None or event in [name for name, _data in events], (action, events)
        for name, data in events:
            if name.startswith(("booking-", "room-")):
                assert set(data) >= FIELDS, (name, data)
                assert data["timestamp"].endswith("Z")
                assert "Ada" not in str(data)


def test_an_event_tells_the_room_and_the_status(app, hotel, told):
    desk = Caller(app, hotel)
    stay = factories.make_stay(hotel, None)
    told()
    desk.act(stay, "assign-room", room_number="103")
    data = dict(told())["room-assigned"]
    assert (data["booking_id"], data["status"], data["assigned_room_number"]) == (stay.booking_id, "CONFIRMED", "103")

"""Two clerks drag at the same moment: one of them wins, the other is told why, and no room holds two guests."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select, text

from tests import factories
from webapp.availability import services as availability
from webapp.core.database import db
from webapp.models import Reservation, Room, RoomNight

pytestmark = pytest.mark.race
HX = {"HX-Request": "true", "HX-Request-Type": "partial"}


@pytest.fixture
def house(own_database):
    """Two stays in 101 and 102, and two clerks: (app, hotel's slug, booking ids, users)."""
    with own_database.app_context():
        hotel = factories.make_hotel("drag")
        stays = [factories.make_stay(hotel, room, arrives_in=2) for room in ("101", "102")]
        users = [factories.make_user(hotel).get_id() for _clerk in range(2)]
        return own_database, hotel.slug, [stay.booking_id for stay in stays], users


def drag_together(app, slug, moves, users) -> list[int]:
    """Each clerk drops one stay: (booking id, number of the room, version that the clerk saw). The statuses answered."""
    start = threading.Barrier(len(moves))

    def drop(number: int) -> int:
        booking_id, room_number, version = moves[number]
        client = app.test_client()
        with client.session_transaction() as session:
            session["_user_id"], session["_fresh"] = users[number], True
        with app.app_context():
            room_id = db.session.scalar(select(Room.id).where(Room.number == room_number))
        start.wait(10)
        url = f"/staff/{slug}/reservations/{booking_id}/room"
        return client.post(url, data={"room_id": room_id, "assignment_version": version}, headers=HX).status_code

    with ThreadPoolExecutor(len(moves)) as pool:
        return sorted(pool.map(drop, range(len(moves))))


def most_guests_in_a_night(app) -> int:
    with app.app_context():
        nights = (
            select(func.count().label("guests"))
            .select_from(RoomNight)
            .group_by(RoomNight.room_id, RoomNight.night)
            .subquery()
        )
        return db.session.scalar(select(func.max(nights.c.guests))) or 0


def test_two_stays_dropped_into_one_room(house):
    app, slug, (first, second), users = house
    assert drag_together(app, slug, [(first, "103", 1), (second, "103", 1)], users) == [204, 409]
    assert most_guests_in_a_night(app) == 1


def test_one_stay_dropped_into_two_rooms(house):
    app, slug, (first, _second), users = house
    assert drag_together(app, slug, [(first, "103", 1), (first, "201", 1)], users) == [204, 409]
    with app.app_context():
        stay = db.session.scalars(select(Reservation).where(Reservation.booking_id == first)).one()
        assert stay.assignment_version == 2


def test_without_the_guard_one_room_would_hold_two_guests(house, monkeypatch):
    """The negative control: no look at who is there, no lock and no primary key, and both clerks are told that it worked."""
    app, slug, (first, second), users = house
    monkeypatch.setattr(availability, "room_conflict", lambda *_arguments, **_more: None)
    monkeypatch.setattr(availability, "lock_rooms", lambda _room_ids: None)
    with app.app_context():
        db.session.execute(text("ALTER TABLE room_night DROP CONSTRAINT pk_room_night"))
        db.session.commit()
    assert drag_together(app, slug, [(first, "103", 1), (second, "103", 1)], users) == [204, 204]
    assert most_guests_in_a_night(app) == 2

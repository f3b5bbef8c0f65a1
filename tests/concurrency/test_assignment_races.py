"""Two clerks at once: one room, one stay, one plan. Each guard has its negative control."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import text

from tests import factories
from tests.concurrency.test_races import house, race
from webapp.availability import services as availability
from webapp.core.database import db
from webapp.models import Hotel, Reservation, Room
from webapp.stays import assignment, moves, placing

__all__ = ["house"]
pytestmark = pytest.mark.race


def clerk(stay_id: int, room_id: int, version: int | None = None) -> Callable[[], Any]:
    return lambda: assignment.assign(
        db.session.get_one(Reservation, stay_id), db.session.get_one(Room, room_id), expected_version=version
    )


def rooms_of(hotel: Hotel, *numbers: str) -> list[int]:
    return [factories.room_of(hotel, number).id for number in numbers]


@pytest.fixture
def hotel(house):
    return db.session.get_one(Hotel, house[1])


def test_two_clerks_who_read_the_same_version(house, hotel):
    stay = factories.make_stay(hotel, None)
    acts = [clerk(stay.id, room, stay.assignment_version) for room in rooms_of(hotel, "101", "102", "103")]
    assert race(house[0], acts) == {"done": 1, "ASSIGNMENT_VERSION_CONFLICT": 2}
    db.session.refresh(stay)
    assert stay.assignment_version == 1


def test_two_clerks_negative_control_without_the_version(house, hotel, monkeypatch):
    """Without it, the last one wins and nobody is told."""
    monkeypatch.setattr(placing, "check_version", lambda *_: None)
    stay = factories.make_stay(hotel, None)
    acts = [clerk(stay.id, room, stay.assignment_version) for room in rooms_of(hotel, "101", "102", "103")]
    assert race(house[0], acts) == {"done": 3}


def test_the_last_room_is_given_once(house, hotel):
    factories.make_stay(hotel, "101")
    factories.make_stay(hotel, "102")
    waiting = [factories.make_stay(hotel, None, is_fact=True).id for _guest in range(4)]
    acts = [lambda one=one: assignment.assign_best(db.session.get_one(Reservation, one)) for one in waiting]
    assert race(house[0], acts) == {"done": 1, "NO_AVAILABILITY": 3}


def test_the_last_room_negative_control(house, hotel, monkeypatch):
    """Deciding on the look alone, without lock and key, puts several guests into one bed."""
    factories.make_stay(hotel, "101")
    factories.make_stay(hotel, "102")
    waiting = [factories.make_stay(hotel, None, is_fact=True).id for _guest in range(4)]
    db.session.execute(text("ALTER TABLE room_night DROP CONSTRAINT pk_room_night"))
    db.session.commit()
    monkeypatch.setattr(availability, "lock_rooms", lambda ids: None)
    monkeypatch.setattr(availability, "room_conflict", lambda *_, **__: None)
    look, gate = assignment.best_places, threading.Barrier(len(waiting))

    def look_together(stay: Reservation) -> Any:
        found = look(stay)
        gate.wait(10)
        return found

    monkeypatch.setattr(assignment, "best_places", look_together)
    acts = [lambda one=one: assignment.assign_best(db.session.get_one(Reservation, one)) for one in waiting]
    assert race(house[0], acts)["done"] > 1


def test_a_plan_for_the_day_and_a_clerk_do_not_wait_for_each_other_for_ever(house, hotel):
    waiting = [factories.make_stay(hotel, None).id for _guest in range(3)]
    plan = lambda: assignment.assign_arrivals(db.session.get_one(Hotel, hotel.id), hotel.business_date())  # noqa: E731
    (room,) = rooms_of(hotel, "102")
    ends = race(house[0], [plan, plan, *(clerk(one, room) for one in waiting)])
    assert set(ends) <= {"done", "ROOM_OVERLAP_CONFLICT"}, ends
    placed = db.session.scalar(text("SELECT count(*) FROM reservation WHERE room_id IS NOT NULL"))
    assert placed == 3


def test_one_plan_of_moves_is_applied_once(house, hotel):
    factories.make_stay(hotel, "101", 0, 2)
    factories.make_stay(hotel, "102", 2, 2)
    factories.make_stay(hotel, "103", 0, 4)
    new = factories.make_stay(hotel, None, 0, 4).id
    act = lambda: moves.apply_moves(db.session.get_one(Reservation, new))  # noqa: E731
    ends = race(house[0], [act, act, act])
    assert ends["done"] == 1
    assert set(ends) <= {"done", "MOVES_OUTDATED", "ROOM_ALREADY_ASSIGNED"}, ends


def test_swaps_in_both_directions(house, hotel):
    one, other = factories.make_stay(hotel, "101").id, factories.make_stay(hotel, "102").id

    def swap(first: int, second: int) -> Callable[[], Any]:
        return lambda: assignment.swap(db.session.get_one(Reservation, first), db.session.get_one(Reservation, second))

    assert race(house[0], [swap(one, other), swap(other, one)]) == {"done": 2}
    numbers = db.session.execute(
        text("SELECT r.number FROM reservation s JOIN room r ON r.id = s.room_id ORDER BY s.id")
    ).scalars()
    assert list(numbers) == ["101", "102"]

"""Races with real transactions. Each guard has its negative control: with the guard taken out, the damage must happen."""

from __future__ import annotations

import datetime as dt
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from tests import factories
from webapp.availability import services as availability
from webapp.core.database import db
from webapp.core.errors import AppError
from webapp.core.stay_dates import StayDates
from webapp.core.transaction import transaction
from webapp.models import Hotel, Reservation, Room
from webapp.stays import services as stays

pytestmark = pytest.mark.race

CLERKS = 8


@pytest.fixture
def house(own_database: Flask) -> Iterator[tuple[Flask, int]]:
    with own_database.app_context():
        hotel = factories.make_hotel("race")
        yield own_database, hotel.id


def race(app: Flask, acts: list[Callable[[], Any]]) -> Counter[str]:
    """Run all acts at the same moment, each in its own thread and transaction; count how they ended."""
    ends: Counter[str] = Counter()
    gate = threading.Barrier(len(acts))

    def run(act: Callable[[], Any]) -> None:
        with app.app_context():
            gate.wait(10)
            try:
                with transaction():
                    act()
                ends["done"] += 1
            except AppError as error:
                ends[error.code] += 1
            except DBAPIError as error:
                ends[getattr(error.orig.diag, "constraint_name", None) or type(error.orig).__name__] += 1

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return ends


def book(hotel_id: int, room: str | None, arrives_in: int = 0, nights: int = 1) -> Callable[[], Any]:
    def act() -> Reservation:
        hotel = db.session.get_one(Hotel, hotel_id)
        arrival = hotel.business_date() + dt.timedelta(days=arrives_in)
        return stays.create_stay(
            hotel,
            stays.NewStay(
                room_type_id=factories.type_of(hotel, "DBL").id,
                dates=StayDates(arrival, arrival + dt.timedelta(days=nights)),
                room_id=factories.room_of(hotel, room).id if room else None,
            ),
        )

    return act


def most_per_night() -> int:
    """The most stays of one type on one night."""
    return db.session.scalar(
        text("""
            SELECT coalesce(max(n), 0) FROM (
                SELECT count(*) AS n FROM reservation, generate_series(check_in, check_out - 1, interval '1 day') AS night
                GROUP BY room_type_id, night) AS counted
        """)
    )


def test_one_room_is_sold_once(house):
    app, hotel_id = house
    ends = race(app, [book(hotel_id, "101") for _clerk in range(CLERKS)])
    assert ends["done"] == 1
    assert ends["ROOM_OVERLAP_CONFLICT"] == CLERKS - 1


def test_one_room_negative_control_without_lock_and_look(house, monkeypatch):
    """Without the lock and the look, only the primary key stands, and it holds."""
    app, hotel_id = house
    monkeypatch.setattr(availability, "lock_rooms", lambda ids: None)
    monkeypatch.setattr(availability, "room_conflict", lambda *_, **__: None)
    ends = race(app, [book(hotel_id, "101") for _clerk in range(CLERKS)])
    assert ends["done"] == 1
    assert ends["pk_room_night"] == CLERKS - 1


def test_one_room_negative_control_without_key(house, monkeypatch):
    """With the key gone too, the same room is sold again and again: it is the guards that prevent it."""
    app, hotel_id = house
    db.session.execute(text("ALTER TABLE room_night DROP CONSTRAINT pk_room_night"))
    db.session.commit()
    monkeypatch.setattr(availability, "lock_rooms", lambda ids: None)
    monkeypatch.setattr(availability, "room_conflict", lambda *_, **__: None)
    monkeypatch.setattr(availability, "take_nights", lambda *_: None)
    assert race(app, [book(hotel_id, "101") for _clerk in range(CLERKS)])["done"] > 1


def test_the_last_rooms_are_sold_exactly(house):
    app, hotel_id = house
    ends = race(app, [book(hotel_id, None, nights=3) for _clerk in range(CLERKS)])
    assert ends == {"done": 3, "NO_AVAILABILITY": CLERKS - 3}
    assert most_per_night() == 3


def test_overlapping_stays_neither_oversell_nor_block_each_other(house):
    app, hotel_id = house
    acts = [book(hotel_id, None, arrives_in=start % 4, nights=3) for start in range(12)]
    ends = race(app, acts)
    assert set(ends) <= {"done", "NO_AVAILABILITY"}, ends
    assert most_per_night() <= 3


def test_the_last_rooms_negative_control(house, monkeypatch):
    """Deciding from an earlier look instead of inside the update oversells."""
    app, hotel_id = house
    gate = threading.Barrier(CLERKS)

    def look_then_take(room_type_id: int, dates: StayDates) -> None:
        is_full = bool(availability.full_nights(room_type_id, dates))
        gate.wait(10)
        if not is_full:
            db.session.execute(
                text("UPDATE inventory SET forced = forced + 1 WHERE room_type_id = :type"), {"type": room_type_id}
            )

    monkeypatch.setattr(availability, "take_nights", look_then_take)
    race(app, [book(hotel_id, None) for _clerk in range(CLERKS)])
    assert most_per_night() > 3


def test_two_clerks_place_two_guests_in_one_room(house):
    app, hotel_id = house
    hotel = db.session.get_one(Hotel, hotel_id)
    waiting = [factories.make_stay(hotel, None).id for _guest in range(2)]
    room_id = factories.room_of(hotel, "101").id

    def place(stay_id: int) -> Callable[[], Any]:
        return lambda: stays.assign_room(db.session.get_one(Reservation, stay_id), db.session.get_one(Room, room_id))

    assert race(app, [place(stay) for stay in waiting]) == {"done": 1, "ROOM_OVERLAP_CONFLICT": 1}


def test_two_clerks_swap_nothing_into_a_deadlock(house):
    app, hotel_id = house
    hotel = db.session.get_one(Hotel, hotel_id)
    pairs = [(factories.make_stay(hotel, "101").id, "103"), (factories.make_stay(hotel, "102").id, "103")]
    rooms = {number: factories.room_of(hotel, number).id for number in ("101", "102", "103")}

    def move(stay_id: int, number: str) -> Callable[[], Any]:
        return lambda: stays.assign_room(
            db.session.get_one(Reservation, stay_id), db.session.get_one(Room, rooms[number])
        )

    assert race(app, [move(*pair) for pair in pairs]) == {"done": 1, "ROOM_OVERLAP_CONFLICT": 1}


def test_two_clerks_check_one_guest_in(house):
    app, hotel_id = house
    stay_id = factories.make_stay(db.session.get_one(Hotel, hotel_id), "101").id

    def arrive() -> None:
        stays.check_in_guest(db.session.get_one(Reservation, stay_id))

    assert race(app, [arrive, arrive]) == {"done": 1, "INVALID_TRANSITION": 1}


def test_a_cancellation_and_a_check_in_cannot_both_win(house):
    app, hotel_id = house
    stay_id = factories.make_stay(db.session.get_one(Hotel, hotel_id), "101").id
    ends = race(
        app,
        [
            lambda: stays.check_in_guest(db.session.get_one(Reservation, stay_id)),
            lambda: stays.cancel(db.session.get_one(Reservation, stay_id)),
        ],
    )
    assert ends == {"done": 1, "INVALID_TRANSITION": 1}

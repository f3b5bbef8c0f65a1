"""Rows for tests, made through the same services as everywhere. Everything is flushed and committed."""

from __future__ import annotations

import datetime as dt
from itertools import count
from typing import Any

from webapp.core import ids
from webapp.core.database import db
from webapp.core.stay_dates import StayDates, local_instant
from webapp.core.transaction import transaction
from webapp.models import Hotel, Membership, Reservation, Room, RoomType, User
from webapp.stays import services as stays

_numbers = count(1)


def make_hotel(slug: str | None = None, **values: Any) -> Hotel:
    """A hotel with room types DBL (101, 102, 103) and SGL (201, 202)."""
    slug = slug or f"hotel-{next(_numbers)}"
    fields: dict[str, Any] = {
        "name": slug.replace("-", " ").title(),
        "timezone": "Europe/London",
        "currency": "GBP",
        "languages": ["en", "fr", "de", "es", "zh", "it", "pt", "ar", "ja", "hi"],
        **values,
    }
    with transaction():
        hotel = Hotel(slug=slug, **fields)
        db.session.add(hotel)
        db.session.flush()
        double = make_room_type(hotel, "DBL", "Double")
        single = make_room_type(hotel, "SGL", "Single", max_occupancy=1)
        for number in ("101", "102", "103"):
            make_room(double, number)
        for number in ("201", "202"):
            make_room(single, number)
    return hotel


def make_room_type(hotel: Hotel, code: str, name: str, **values: Any) -> RoomType:
    with transaction():
        room_type = RoomType(hotel_id=hotel.id, code=code, name=name, **values)
        db.session.add(room_type)
        db.session.flush()
    return room_type


def make_room(room_type: RoomType, number: str, **values: Any) -> Room:
    with transaction():
        room = Room(
            hotel_id=room_type.hotel_id, room_type_id=room_type.id, number=number, export_token=ids.token(), **values
        )
        db.session.add(room)
        db.session.flush()
    return room


def noon(hotel: Hotel, days: int = 0) -> dt.datetime:
    """Midday at the hotel, `days` from its today: 24 hours from now may be two dates further where the clocks change."""
    return local_instant(hotel.business_date() + dt.timedelta(days=days), dt.time(12), hotel.timezone)


def room_of(hotel: Hotel, number: str) -> Room:
    return db.session.query(Room).filter_by(hotel_id=hotel.id, number=number).one()


def type_of(hotel: Hotel, code: str) -> RoomType:
    return db.session.query(RoomType).filter_by(hotel_id=hotel.id, code=code).one()


def make_user(hotel: Hotel | None = None, role: str = "desk", **values: Any) -> User:
    number = next(_numbers)
    with transaction():
        user = User(**{"email": f"person{number}@example.com", "name": f"Person {number}", **values})
        db.session.add(user)
        db.session.flush()
        if hotel is not None:
            db.session.add(Membership(user_id=user.id, hotel_id=hotel.id, role=role))
    return user


def make_stay(
    hotel: Hotel,
    room: str | None = "101",
    arrives_in: int = 0,
    nights: int = 2,
    code: str = "DBL",
    *,
    is_fact: bool = False,
    **values: Any,
) -> Reservation:
    """A confirmed stay that begins `arrives_in` days from the hotel's today."""
    check_in = hotel.business_date() + dt.timedelta(days=arrives_in)
    new = stays.NewStay(
        room_type_id=type_of(hotel, code).id,
        dates=StayDates(check_in, check_in + dt.timedelta(days=nights)),
        room_id=room_of(hotel, room).id if room else None,
        **{"guest_name": "Ada Example", "guest_email": "ada@example.com", "guest_phone": "+447700900123", **values},
    )
    with transaction():
        return stays.create_stay(hotel, new, is_fact=is_fact)

"""Reads of rooms as places for a stay: which are free on every night, how well they fit, and what is in the way in the others."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from sqlalchemy import select

from webapp.core.database import db
from webapp.core.stay_dates import ONE_DAY, StayDates
from webapp.core.tenancy import of_hotel
from webapp.models import Reservation, Room, RoomBlock, RoomNight, RoomType

FARTHEST = dt.timedelta(days=60)  # a gap is no better for being longer than this


@dataclass
class Place:
    """A room and the nights of it that somebody else holds, from a while before the wanted dates on."""

    room: Room
    room_type: RoomType
    held: list[dt.date] = field(default_factory=list)  # in order
    booking_ids: list[str] = field(default_factory=list)  # in the way, within the wanted dates
    block_kinds: set[str] = field(default_factory=set)

    def is_free(self, dates: StayDates) -> bool:
        return self.room.is_active and not any(night in dates for night in self.held)

    def gap_around(self, dates: StayDates) -> int:
        """Nights that stay empty next to a stay of these dates. The least is the best fit: long gaps stay whole."""
        before = max(
            (night + ONE_DAY for night in self.held if night < dates.check_in), default=dates.check_in - FARTHEST
        )
        after = min((night for night in self.held if night >= dates.check_out), default=dates.check_out + FARTHEST)
        return (dates.check_in - before).days + min((after - dates.check_out).days, FARTHEST.days)

    def free_from(self, dates: StayDates) -> dt.date | None:
        """The first day on or after the arrival from which the room is free for as many nights."""
        if not self.room.is_active:
            return None
        first = dates.check_in
        for night in self.held:
            if night >= first + dt.timedelta(days=dates.nights):
                break
            if night >= first:
                first = night + ONE_DAY
        return first


def places(
    hotel_id: int, dates: StayDates, *, type_ids: Iterable[int] | None = None, except_stay: Reservation | None = None
) -> list[Place]:
    """Every room of the hotel (of these types) in its own order, with what is held in it around `dates`. Three queries."""
    query = (
        select(Room, RoomType)
        .join(RoomType, RoomType.id == Room.room_type_id)
        .where(Room.hotel_id == hotel_id)
        .order_by(RoomType.position, RoomType.id, Room.position, Room.number)
    )
    if type_ids is not None:
        query = query.where(Room.room_type_id.in_(list(type_ids)))
    found = {row.Room.id: Place(row.Room, row.RoomType) for row in db.session.execute(query)}
    _note_nights(found, dates, except_stay)
    _note_obstacles(found, dates, except_stay)
    return list(found.values())


def _note_nights(found: dict[int, Place], dates: StayDates, except_stay: Reservation | None) -> None:
    query = select(RoomNight.room_id, RoomNight.night).where(
        RoomNight.room_id.in_(list(found)),
        RoomNight.night >= dates.check_in - FARTHEST,
        RoomNight.night < dates.check_out + dt.timedelta(days=dates.nights) + FARTHEST * 3,
    )
    if except_stay is not None:
        query = query.where(RoomNight.reservation_id.is_distinct_from(except_stay.id))
    for room_id, night in db.session.execute(query.order_by(RoomNight.room_id, RoomNight.night)):
        found[room_id].held.append(night)


def _note_obstacles(found: dict[int, Place], dates: StayDates, except_stay: Reservation | None) -> None:
    in_the_way = [place.room.id for place in found.values() if any(night in dates for night in place.held)]
    if not in_the_way:
        return
    rows = db.session.execute(
        select(RoomNight.room_id, Reservation.booking_id, RoomBlock.kind)
        .outerjoin(Reservation, Reservation.id == RoomNight.reservation_id)
        .outerjoin(RoomBlock, RoomBlock.id == RoomNight.block_id)
        .where(RoomNight.room_id.in_(in_the_way), RoomNight.night >= dates.check_in, RoomNight.night < dates.check_out)
        .order_by(RoomNight.night)
    )
    for room_id, booking_id, kind in rows:
        place = found[room_id]
        if kind:
            place.block_kinds.add(kind)
        elif booking_id not in place.booking_ids and not (except_stay and booking_id == except_stay.booking_id):
            place.booking_ids.append(booking_id)


def is_upgrade(better: RoomType, than: RoomType, guests: int = 0) -> bool:
    """A type that no guest minds: it costs no less, and takes as many people (and this party)."""
    return (
        better.id != than.id
        and better.base_price >= than.base_price
        and better.max_occupancy >= max(guests, than.max_occupancy)
    )


def arrivals_without_room(hotel_id: int, date: dt.date) -> Sequence[Reservation]:
    """Confirmed stays of that day that nobody has placed, the longest first: they fit in the fewest rooms."""
    query = of_hotel(Reservation, hotel_id).where(
        Reservation.check_in == date, Reservation.status == "CONFIRMED", Reservation.room_id.is_(None)
    )
    return db.session.scalars(query.order_by((Reservation.check_in - Reservation.check_out), Reservation.id)).all()


def room_ids(hotel_id: int) -> list[int]:
    return list(db.session.scalars(select(Room.id).where(Room.hotel_id == hotel_id)))


def by_type(found: Iterable[Place]) -> dict[int, list[Place]]:
    grouped: dict[int, list[Place]] = defaultdict(list)
    for place in found:
        grouped[place.room.room_type_id].append(place)
    return grouped

"""A hotel's rooms and nights as the solver sees them, and its solution as stays and rooms again. Reads only."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Row, func, select, text

from webapp.core.database import db
from webapp.core.stay_dates import StayDates
from webapp.models import Hotel, Inventory, Reservation, Room, RoomType

from .rooms import is_upgrade
from .solver import Slot, Solution, fewest_moves

AROUND = dt.timedelta(days=45)  # chains of moves reach no farther than this on either side of the new stay
GUEST = -1


@dataclass(frozen=True)
class RoomChange:
    """A stay that would change rooms."""

    stay: Reservation
    from_room: Room
    to_room: Room

    @property
    def is_upgrade(self) -> bool:
        return self.to_room.room_type_id not in (self.from_room.room_type_id, self.stay.room_type_id)


@dataclass(frozen=True)
class Proposal:
    """A room for a stay, and the moves that free it. Without a room: none was found, up to the most that anybody would move."""

    dates: StayDates
    room: Room | None
    moves: tuple[RoomChange, ...] = ()
    is_optimal: bool = True
    fingerprint: str | None = None
    rows: list[Room] = field(default_factory=list)  # the rooms that take part, in the hotel's order


@dataclass
class _House:
    """What the solver is given, with what its numbers mean."""

    window: StayDates
    rooms: list[Room]
    types: dict[int, RoomType]
    spans: list[Row[Any]]
    full: dict[int, set[dt.date]]  # of a type: nights without anything left to sell
    by_type: dict[int, list[int]] = field(default_factory=lambda: defaultdict(list))
    index_of: dict[int, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for index, room in enumerate(self.rooms):
            self.by_type[room.room_type_id].append(index)
            self.index_of[room.id] = index

    def night(self, date: dt.date) -> int:
        return (date - self.window.check_in).days

    def choices(
        self, type_ids: list[int], dates: StayDates, guests: int, allow_upgrades: bool
    ) -> tuple[tuple[int, ...], int]:
        """(indexes of rooms, how many of them are of these types): the others are better ones that have something left."""
        own = [index for type_id in dict.fromkeys(type_ids) for index in self.by_type[type_id]]
        if not allow_upgrades:
            return tuple(own), len(own)
        sold = self.types[type_ids[0]]
        better = [
            index
            for type_id, one in self.types.items()
            if type_id not in type_ids and is_upgrade(one, sold, guests) and not self._is_full(type_id, dates)
            for index in self.by_type[type_id]
        ]
        return (*own, *better), len(own)

    def _is_full(self, type_id: int, dates: StayDates) -> bool:
        return any(night in dates for night in self.full.get(type_id, ()))


def propose(
    hotel: Hotel,
    room_type_id: int,
    dates: StayDates,
    *,
    guests: int = 1,
    version: int = 0,
    subject: str = "",
    allow_upgrades: bool = True,
) -> Proposal:
    """The fewest moves that free a room of a type (within their types; else, if allowed, with upgrades) for these dates."""
    house = _read(hotel, dates)
    solution = Solution(None)
    for with_upgrades in (False, True) if allow_upgrades else (False,):
        rooms, preferred = house.choices([room_type_id], dates, guests, with_upgrades)
        guest = Slot(GUEST, house.night(dates.check_in), house.night(dates.check_out), rooms, preferred=preferred)
        solution = fewest_moves(len(house.rooms), house.window.nights, _slots(house, with_upgrades), guest)
        if solution.is_found:
            break
    return _told(house, dates, solution, f"{subject}:{version}")


def _read(hotel: Hotel, dates: StayDates) -> _House:
    window = StayDates(dates.check_in - AROUND, dates.check_out + AROUND)
    rooms = db.session.scalars(
        select(Room)
        .join(RoomType, RoomType.id == Room.room_type_id)
        .where(Room.hotel_id == hotel.id, Room.is_active)
        .order_by(RoomType.position, RoomType.id, Room.position, Room.number)
    ).all()
    types = db.session.scalars(
        select(RoomType).where(RoomType.hotel_id == hotel.id).order_by(RoomType.base_price, RoomType.id)
    )
    return _House(
        window, list(rooms), {one.id: one for one in types}, _spans(hotel, window), _full_nights(hotel.id, window)
    )  # fmt: skip


_SPANS = text("""
    WITH nights AS (
        SELECT n.room_id, n.reservation_id, n.block_id, n.night,
               n.night - CAST(row_number() OVER (
                   PARTITION BY n.room_id, n.reservation_id, n.block_id ORDER BY n.night) AS integer) AS run
        FROM room_night n JOIN room r ON r.id = n.room_id
        WHERE r.hotel_id = :hotel_id AND r.is_active AND n.night >= :first AND n.night < :ends
    ), spans AS (
        SELECT room_id, reservation_id, min(night) AS first, max(night) + 1 AS ends
        FROM nights GROUP BY room_id, reservation_id, block_id, run
    )
    SELECT p.room_id, p.first, p.ends, s.id AS stay_id, s.room_type_id, s.adults + s.children AS guests,
           s.assignment_version AS version,
           coalesce(s.status IN ('PENDING_PAYMENT', 'CONFIRMED') AND NOT s.is_pinned AND s.check_in >= :today
                    AND (s.check_in, s.check_out) = (p.first, p.ends), false) AS is_movable
    FROM spans p LEFT JOIN reservation s ON s.id = p.reservation_id
    ORDER BY p.room_id, p.first
""")


def _spans(hotel: Hotel, window: StayDates) -> list[Row[Any]]:
    """Unbroken runs of nights of one holder in one room. Only a stay that lies in one room, within the window, may move."""
    values = {
        "hotel_id": hotel.id, "first": window.check_in, "ends": window.check_out, "today": hotel.business_date()
    }  # fmt: skip
    return list(db.session.execute(_SPANS, values))


def _full_nights(hotel_id: int, window: StayDates) -> dict[int, set[dt.date]]:
    left = func.least(Inventory.capacity - Inventory.closed + Inventory.allowance, Inventory.sellable_limit)
    rows = db.session.execute(
        select(Inventory.room_type_id, Inventory.night).where(
            Inventory.hotel_id == hotel_id, Inventory.night >= window.check_in, Inventory.night < window.check_out,
            Inventory.sold + Inventory.forced >= left,
        )
    )  # fmt: skip
    full: dict[int, set[dt.date]] = defaultdict(set)
    for type_id, night in rows:
        full[type_id].add(night)
    return full


def _slots(house: _House, allow_upgrades: bool) -> list[Slot]:
    """Every span as the solver takes it: its key is its place in the list of spans."""
    slots = []
    for key, span in enumerate(house.spans):
        room = house.index_of[span.room_id]
        first, end = house.night(span.first), house.night(span.ends)
        if not span.is_movable:
            slots.append(Slot(key, first, end, (room,), room, is_fixed=True))
            continue
        types = [span.room_type_id, house.rooms[room].room_type_id]
        rooms, preferred = house.choices(types, StayDates(span.first, span.ends), span.guests, allow_upgrades)
        slots.append(Slot(key, first, end, rooms, room, preferred=preferred))
    return slots


def _told(house: _House, dates: StayDates, solution: Solution, subject: str) -> Proposal:
    if solution.room is None:
        return Proposal(dates, None, is_optimal=solution.is_proven)
    room = house.rooms[solution.room]
    spans = {key: house.spans[key] for key, _room in solution.moves}
    stays = {
        stay.id: stay
        for stay in db.session.scalars(
            select(Reservation).where(Reservation.id.in_([span.stay_id for span in spans.values()]))
        )
    }
    moves = tuple(
        RoomChange(stays[spans[key].stay_id], house.rooms[house.index_of[spans[key].room_id]], house.rooms[to])
        for key, to in solution.moves
    )
    facts = [
        subject,
        room.id,
        dates,
        sorted((spans[key].stay_id, spans[key].version, to) for key, to in solution.moves),
    ]
    fingerprint = hashlib.sha256(repr(facts).encode()).hexdigest()[:32]
    taking_part = {room.id, *(one.id for move in moves for one in (move.from_room, move.to_room))}
    rows = [one for one in house.rooms if one.id in taking_part]
    return Proposal(dates, room, moves, True, fingerprint, rows)

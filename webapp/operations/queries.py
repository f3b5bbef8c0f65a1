"""Reads for housekeeping: rooms with what happens in them today, tasks, and periods out of order. No guest is named here."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import exists, select

from webapp.core.database import db
from webapp.models import Reservation, Room, RoomBlock, RoomNight, RoomType, Task


@dataclass(frozen=True)
class RoomToday:
    """A room as housekeeping sees it."""

    id: int
    number: str
    floor: str
    type_name: str
    state: str
    is_occupied: bool
    is_leaving: bool
    is_arriving: bool
    is_closed: bool

    @property
    def is_urgent(self) -> bool:
        return self.is_arriving and self.state == "dirty" and not self.is_occupied


def rooms_today(hotel_id: int, today: dt.date) -> list[RoomToday]:
    """Rooms in use by floor and number, what is dirty and expects a guest first."""

    def is_held(*conditions: Any) -> Any:
        return exists().where(Reservation.hotel_id == hotel_id, Reservation.room_id == Room.id, *conditions)

    in_house = is_held(Reservation.status == "CHECKED_IN")
    leaving = is_held(Reservation.status == "CHECKED_IN", Reservation.check_out <= today)
    arriving = is_held(Reservation.status == "CONFIRMED", Reservation.check_in == today)
    closed = exists().where(RoomNight.room_id == Room.id, RoomNight.night == today, RoomNight.block_id.is_not(None))
    rows = db.session.execute(
        select(Room.id, Room.number, Room.floor, RoomType.name, Room.housekeeping, in_house, leaving, arriving, closed)
        .join(RoomType, RoomType.id == Room.room_type_id)
        .where(Room.hotel_id == hotel_id, Room.is_active)
        .order_by(Room.floor, Room.position, Room.number)
    )
    rooms = [RoomToday(*row) for row in rows]
    return sorted(rooms, key=lambda room: (not room.is_urgent, room.state != "dirty"))


def tasks(hotel_id: int, state: str = "open") -> Sequence[Any]:
    """Tasks with the number of their room; open ones by due day, others newest first."""
    order = (Task.due_on, Task.id) if state == "open" else (Task.done_at.desc(),)
    return db.session.execute(
        select(Task.id, Task.title, Task.kind, Task.due_on, Task.state, Task.done_by, Task.done_at, Room.number)
        .outerjoin(Room, Room.id == Task.room_id)
        .where(Task.hotel_id == hotel_id, Task.state == state)
        .order_by(*order)
        .limit(200)
    ).all()


def blocks(hotel_id: int, today: dt.date) -> Sequence[Any]:
    """Periods out of order that have not ended, with the number of the room."""
    return db.session.execute(
        select(RoomBlock.id, RoomBlock.kind, RoomBlock.reason, RoomBlock.starts_on, RoomBlock.ends_on, Room.number)
        .join(Room, Room.id == RoomBlock.room_id)
        .where(RoomBlock.hotel_id == hotel_id, RoomBlock.ends_on > today)
        .order_by(RoomBlock.starts_on, Room.number)
        .limit(300)
    ).all()

"""What the board shows, in few queries: figures of today, one list of today, and what lies on the tape chart.

Names are opened here, and only for those who may read stays. Statements are plain SQL: a board is asked for again with every change.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, Boolean, Date, String, Text, bindparam, literal_column, select, text
from sqlalchemy.dialects.postgresql import JSONB

from webapp.core.database import db
from webapp.core.encryption import EncryptedText
from webapp.models import CheckIn, Reservation, Room, RoomType, Task

from .domain import Window

MOST_LISTED = 60
MOST_ALERTS = 20
MOST_IN_TRAY = 40
LATE = dt.timedelta(days=30)  # how long an arrival that did not come stays on the list of arrivals

_EXPECTED = "status IN ('PENDING_PAYMENT', 'CONFIRMED')"

_SUMMARY = text(f"""
    SELECT coalesce((SELECT max(id) FROM live_event WHERE hotel_id = :hotel_id), 0) AS cursor,
      (SELECT count(*) FROM reservation WHERE hotel_id = :hotel_id AND {_EXPECTED}
         AND check_in <= :today AND check_in > :late AND (check_in = :today OR check_out > :today)) AS arrivals,
      (SELECT count(*) FROM reservation WHERE hotel_id = :hotel_id AND status IN ('CHECKED_IN', 'COMPLETED')
         AND check_in = :today) AS arrived,
      in_house.all AS in_house, in_house.leaving AS departures,
      (SELECT count(*) FROM reservation WHERE hotel_id = :hotel_id AND status = 'COMPLETED'
         AND check_out = :today) AS departed,
      (SELECT count(*) FROM reservation WHERE hotel_id = :hotel_id AND room_id IS NULL AND {_EXPECTED}
         AND check_out > :today) AS unplaced,
      (SELECT count(*) FROM task WHERE hotel_id = :hotel_id AND state = 'open' AND due_on <= :today) AS tasks,
      (SELECT count(*) FROM room WHERE hotel_id = :hotel_id AND is_active) AS rooms,
      (SELECT coalesce(jsonb_agg(a), '[]') FROM (
         SELECT id, kind, severity, details, raised_at,
                (SELECT booking_id FROM reservation s WHERE s.id = alert.reservation_id) AS booking_id FROM alert
         WHERE hotel_id = :hotel_id AND resolved_at IS NULL
         ORDER BY array_position(ARRAY['critical', 'warning', 'info'], severity::text), id DESC LIMIT {MOST_ALERTS}) a) AS alerts
    FROM (SELECT count(*) AS all, count(*) FILTER (WHERE check_out <= :today) AS leaving
          FROM reservation WHERE hotel_id = :hotel_id AND status = 'CHECKED_IN') in_house
""").columns(alerts=JSONB)  # noqa: S608

# Blocks are drawn from the nights they hold: a block that a channel sends may have a stay in its middle.
_ON_CHART = text("""
    SELECT id, room_id, check_in AS begins, check_out AS ends, booking_id, status, source, guest_name, total > paid AS owes,
           assignment_version AS version
    FROM reservation
    WHERE hotel_id = :hotel_id AND status IN ('PENDING_PAYMENT', 'CONFIRMED', 'CHECKED_IN', 'COMPLETED')
      AND check_in < :end AND check_out >= :start
    UNION ALL
    SELECT b.id, n.room_id, min(n.night), max(n.night) + 1, b.reason, 'BLOCK', b.kind, NULL, false, 0
    FROM room_block b JOIN (
        SELECT block_id, room_id, night, night - (row_number() OVER (PARTITION BY block_id ORDER BY night))::int AS island
        FROM room_night
        WHERE night >= CAST(:start AS date) - 1 AND night <= :end AND block_id IN (
            SELECT id FROM room_block WHERE hotel_id = :hotel_id AND starts_on < :end AND ends_on >= :start)
    ) n ON n.block_id = b.id
    GROUP BY b.id, n.room_id, n.island
    UNION ALL
    SELECT s.id, n.room_id, min(n.night), max(n.night) + 1, s.booking_id, 'MOVED', s.source, s.guest_name, false, 0
    FROM reservation s JOIN room_night n ON n.reservation_id = s.id AND n.room_id <> s.room_id
    WHERE s.hotel_id = :hotel_id AND s.has_moved AND s.check_out >= :start AND s.check_in < :end
      AND s.status IN ('CHECKED_IN', 'COMPLETED')
    GROUP BY s.id, n.room_id
    ORDER BY begins, id
""").columns(
    id=BigInteger,
    room_id=BigInteger,
    begins=Date,
    ends=Date,
    booking_id=Text,
    status=String,
    source=String,
    guest_name=EncryptedText,
    owes=Boolean,
    version=BigInteger,
)


@dataclass(frozen=True)
class Listed:
    """One line of today's lists."""

    id: int
    booking_id: str
    guest_name: str | None
    room_number: str | None
    housekeeping: str | None
    status: str
    source: str
    check_in: dt.date
    check_out: dt.date
    adults: int
    children: int
    balance: Decimal
    currency: str
    is_ready: bool  # the guest has checked in online

    @property
    def nights(self) -> int:
        return (self.check_out - self.check_in).days


def summary(hotel_id: int, today: dt.date) -> Any:
    """The figures of today, the open alerts, and `cursor`: the last live event that they include."""
    return db.session.execute(_SUMMARY, {"hotel_id": hotel_id, "today": today, "late": today - LATE}).one()


_ROOMS = (
    select(Room.id, Room.number, Room.housekeeping, RoomType.id.label("type_id"), RoomType.name.label("type_name"))
    .join(RoomType, Room.room_type_id == RoomType.id)
    .where(Room.hotel_id == bindparam("hotel_id"), Room.is_active)
    .order_by(RoomType.position, RoomType.id, Room.position, Room.number)
)
_LEFT = text("""
    SELECT t.id, array_agg(i.night - CAST(:start AS date)),
           array_agg(i.capacity - i.closed + i.allowance - i.sold - i.forced)
    FROM room_type t JOIN inventory i ON i.room_type_id = t.id AND i.night >= :start AND i.night < :end
    WHERE t.hotel_id = :hotel_id GROUP BY t.id
""")


def rooms(hotel_id: int) -> Sequence[Any]:
    """Rooms in use with their types, in the order of the chart."""
    return db.session.execute(_ROOMS, {"hotel_id": hotel_id}).all()


class Item(NamedTuple):
    """Something on the chart. A plain tuple, because thousands of them are compared with those of the last time.

    A block has its reason as `booking_id`, its kind as `source` and BLOCK as status; what a guest left behind by moving is MOVED.
    """

    id: int
    room_id: int | None
    begins: dt.date
    ends: dt.date
    booking_id: str
    status: str
    source: str
    guest_name: str | None
    owes: bool
    version: int


def on_chart(hotel_id: int, window: Window) -> list[Item]:
    """Stays, blocks and left-behind parts of moved stays that touch the window, by their first day."""
    return list(map(Item._make, db.session.execute(_ON_CHART, _values(hotel_id, window))))


def rooms_left(hotel_id: int, window: Window) -> dict[int, dict[int, int]]:
    """Rooms that can still be sold, per type and day of the window; days that nobody asked for yet are missing."""
    rows = db.session.execute(_LEFT, _values(hotel_id, window))
    return {type_id: dict(zip(days, left, strict=True)) for type_id, days, left in rows}


def _values(hotel_id: int, window: Window) -> dict[str, Any]:
    return {"hotel_id": hotel_id, "start": window.start, "end": window.end}


def _listed() -> Any:
    return (
        select(
            Reservation.id, Reservation.booking_id, Reservation.guest_name, Room.number, Room.housekeeping, Reservation.status,
            Reservation.source, Reservation.check_in, Reservation.check_out, Reservation.adults, Reservation.children,
            (Reservation.total - Reservation.paid).label("balance"), Reservation.currency,
            CheckIn.completed_at.is_not(None).label("is_ready"),
        )
        .outerjoin(Room, Room.id == Reservation.room_id)
        .outerjoin(CheckIn, CheckIn.reservation_id == Reservation.id)
        .where(Reservation.hotel_id == bindparam("hotel_id"))
        .limit(MOST_LISTED)
    )  # fmt: skip


_OPEN = literal_column("(reservation.status IN ('PENDING_PAYMENT', 'CONFIRMED'))", Boolean)
_ARRIVED = literal_column("(reservation.status IN ('CHECKED_IN', 'COMPLETED'))", Boolean)
_IN_HOUSE = literal_column("(reservation.status = 'CHECKED_IN')", Boolean)
_TODAY = bindparam("today", type_=Date)
_BY_ROOM = (Room.position, Room.number, Reservation.id)
_LISTS = {
    "arrivals": _listed()
    .where(
        (
            _OPEN
            & (Reservation.check_in <= _TODAY)
            & (Reservation.check_in > bindparam("late", type_=Date))
            & ((Reservation.check_in == _TODAY) | (Reservation.check_out > _TODAY))
        )
        | ((Reservation.check_in == _TODAY) & _ARRIVED)
    )
    .order_by(~_OPEN, *_BY_ROOM),
    "in-house": _listed().where(_IN_HOUSE).order_by(*_BY_ROOM),
    "departures": _listed()
    .where(
        (_IN_HOUSE & (Reservation.check_out <= _TODAY))
        | ((Reservation.status == "COMPLETED") & (Reservation.check_out == _TODAY))
    )
    .order_by(Reservation.status == "COMPLETED", *_BY_ROOM),
    "unplaced": _listed()
    .where(Reservation.room_id.is_(None), _OPEN, Reservation.check_out > _TODAY)
    .order_by(Reservation.check_in, Reservation.id),
}
STAY_LISTS = tuple(_LISTS)


def todays(hotel_id: int, today: dt.date, which: str) -> list[Listed]:
    """One of STAY_LISTS, what is still to be done first."""
    values = {"hotel_id": hotel_id, "today": today, "late": today - LATE}
    return [Listed(*row) for row in db.session.execute(_LISTS[which], values)]


_TASKS = (
    select(Task.id, Task.title, Task.kind, Task.due_on, Room.number)
    .outerjoin(Room, Room.id == Task.room_id)
    .where(Task.hotel_id == bindparam("hotel_id"), Task.state == literal_column("'open'"), Task.due_on <= _TODAY)
    .order_by(Task.due_on, Task.id)
    .limit(MOST_LISTED)
)


def open_tasks(hotel_id: int, today: dt.date) -> Sequence[Any]:
    """Tasks that are due, oldest first."""
    return db.session.execute(_TASKS, {"hotel_id": hotel_id, "today": today}).all()

"""Reads of locks and codes for the screens."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import func, select

from webapp.core.database import db
from webapp.core.tenancy import of_hotel
from webapp.models import AccessCode, Lock, LockAccount, Reservation, Room


@dataclass(frozen=True)
class CodeView:
    """A code as guest and staff see it. `state` as in the model; `is_ready`: the lock is known to have it."""

    code_id: int
    lock_id: int
    lock_name: str
    kind: str
    pin: str
    state: str
    valid_from: dt.datetime
    valid_until: dt.datetime
    fault: str | None

    @property
    def is_ready(self) -> bool:
        return self.state in ("sent", "verified")


def codes_of_stay(reservation_id: int, *, with_removed: bool = False) -> list[CodeView]:
    """The codes of a stay, entrance first; those on their way out only `with_removed`."""
    states = ("requested", "sent", "verified", "failed") + (("removing", "removed") if with_removed else ())
    rows = db.session.execute(
        select(AccessCode, Lock.name, Lock.kind)
        .join(Lock, Lock.id == AccessCode.lock_id)
        .where(AccessCode.reservation_id == reservation_id, AccessCode.state.in_(states))
        .order_by(Lock.kind, Lock.name, AccessCode.id)
    )
    return [
        CodeView(c.id, c.lock_id, name, kind, c.pin, c.state, c.valid_from, c.valid_until, c.fault)
        for c, name, kind in rows
    ]


def stays_with_codes(reservation_ids: Collection[int]) -> set[int]:
    """Which of these stays have a code that opens a door, or is about to."""
    query = select(AccessCode.reservation_id).where(
        AccessCode.reservation_id.in_(reservation_ids),
        AccessCode.state.in_(("requested", "sent", "verified", "failed")),
    )
    return set(db.session.scalars(query.distinct()))


def accounts_of(hotel_id: int) -> list[LockAccount]:
    return list(db.session.scalars(of_hotel(LockAccount, hotel_id).order_by(LockAccount.id)))


@dataclass(frozen=True)
class LockView:
    lock: Lock
    room_number: str | None
    open_codes: int


def locks_of(hotel_id: int) -> list[LockView]:
    """Each lock with its room and how many codes it holds."""
    held = (
        select(AccessCode.lock_id, func.count().label("codes"))
        .where(AccessCode.hotel_id == hotel_id, AccessCode.state != "removed")
        .group_by(AccessCode.lock_id)
        .subquery()
    )
    rows = db.session.execute(
        select(Lock, Room.number, func.coalesce(held.c.codes, 0))
        .outerjoin(Room, Room.id == Lock.room_id)
        .outerjoin(held, held.c.lock_id == Lock.id)
        .where(Lock.hotel_id == hotel_id)
        .order_by(Lock.kind, Room.position, Lock.name)
    )
    return [LockView(lock, number, codes) for lock, number, codes in rows]


@dataclass(frozen=True)
class OpenCode:
    """A code on its way, for the list on the locks page; the PIN is not shown there."""

    code: AccessCode
    lock_name: str
    booking_id: str


def codes_under_way(hotel_id: int) -> list[OpenCode]:
    """Codes that are not yet where they should be: requested, sent, removing or failed."""
    rows = db.session.execute(
        select(AccessCode, Lock.name, Reservation.booking_id)
        .join(Lock, Lock.id == AccessCode.lock_id)
        .join(Reservation, Reservation.id == AccessCode.reservation_id)
        .where(AccessCode.hotel_id == hotel_id, AccessCode.state.in_(("requested", "sent", "removing", "failed")))
        .order_by(AccessCode.requested_at)
        .limit(200)
    )
    return [OpenCode(*row) for row in rows]

"""Reads of stays for the desk: one stay with all that belongs to it, the list, free rooms, and search while typing."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ARRAY, BigInteger, and_, bindparam, exists, func, literal, or_, select
from sqlalchemy.orm import selectinload

from webapp.access import queries as access
from webapp.core import encryption
from webapp.core.audit import AuditEntry
from webapp.core.database import db
from webapp.core.stay_dates import StayDates
from webapp.core.tenancy import of_hotel, one_of_hotel
from webapp.models import CheckIn, Document, Message, PartyMember, Reservation, Room, RoomNight, RoomType, Task

MOST_FOUND = 12
MOST_HISTORY = 200


def stay_by_id(hotel_id: int, booking_id: str) -> Reservation:
    """Raises NotFound, also for a stay of another hotel."""
    return one_of_hotel(Reservation, hotel_id, booking_id=booking_id)


def living_of(found: Iterable[Reservation]) -> list[Reservation]:
    """The same stays, each that was merged into another one replaced by that; none twice."""
    seen: dict[int, Reservation] = {}
    for stay in found:
        while stay.merged_into_id is not None:
            stay = db.session.get_one(Reservation, stay.merged_into_id)
        seen.setdefault(stay.id, stay)
    return list(seen.values())


@dataclass(frozen=True)
class StayDetail:
    """A stay with everything that the desk sees of it."""

    stay: Reservation
    room: Room | None
    room_type: RoomType
    check_in: CheckIn | None
    documents: Sequence[Any]
    codes: Sequence[Any]
    messages: Sequence[Message]
    party: Sequence[PartyMember]
    tasks: Sequence[Any]  # with the number of their room
    history: Sequence[AuditEntry]

    @property
    def notes(self) -> list[Message]:
        return [message for message in self.messages if message.channel == "note"]

    @property
    def talk(self) -> list[Message]:
        return [message for message in self.messages if message.channel != "note"]


def detail(stay: Reservation) -> StayDetail:
    documents = select(Document.id, Document.kind, Document.uploaded_at, Document.size).where(
        Document.reservation_id == stay.id, Document.deleted_at.is_(None)
    )
    return StayDetail(
        stay=stay,
        room=db.session.get(Room, stay.room_id) if stay.room_id else None,
        room_type=db.session.get_one(RoomType, stay.room_type_id),
        check_in=db.session.scalars(select(CheckIn).where(CheckIn.reservation_id == stay.id)).one_or_none(),
        documents=db.session.execute(documents.order_by(Document.id)).all(),
        codes=access.codes_of_stay(stay.id, with_removed=True),
        messages=messages_of(stay, 50),
        party=db.session.scalars(
            select(PartyMember).where(PartyMember.reservation_id == stay.id).order_by(PartyMember.id)
        ).all(),
        tasks=_tasks(stay),
        history=history(stay),
    )


def messages_of(stay: Reservation, most: int) -> list[Message]:
    """Everything written, said and noted about a stay, newest first; with what was told of it together with others of its group."""
    query = select(Message).where(Message.reservation_id == stay.id).order_by(Message.id.desc()).limit(most)
    own = list(db.session.scalars(query))
    if stay.group_id is None:
        return own
    others = select(Reservation.id).where(
        Reservation.hotel_id == stay.hotel_id, Reservation.group_id == stay.group_id, Reservation.id != stay.id
    )
    told = select(Message).where(Message.reservation_id.in_(others), Message.template == "cancelled")
    shared = [one for one in db.session.scalars(told) if stay.id in ((one.extras or {}).get("together") or ())]
    return sorted([*own, *shared], key=lambda one: one.id, reverse=True)[:most]


def _tasks(stay: Reservation) -> Sequence[Any]:
    query = select(Task.id, Task.title, Task.kind, Task.state, Task.done_by, Room.number)
    query = query.outerjoin(Room, Room.id == Task.room_id)
    return db.session.execute(
        query.where(Task.hotel_id == stay.hotel_id, Task.reservation_id == stay.id).order_by(Task.id)
    ).all()


def history(stay: Reservation) -> Sequence[AuditEntry]:
    """What was done with a stay, newest first."""
    return db.session.scalars(
        of_hotel(AuditEntry, stay.hotel_id)
        .where(AuditEntry.entity_type == "reservation", AuditEntry.entity_id == stay.id)
        .order_by(AuditEntry.id.desc())
        .limit(MOST_HISTORY)
    ).all()


def group_of(stay: Reservation) -> Sequence[Reservation]:
    """The other stays that were booked together with this one."""
    if stay.group_id is None:
        return ()
    query = of_hotel(Reservation, stay.hotel_id).where(Reservation.group_id == stay.group_id, Reservation.id != stay.id)
    return db.session.scalars(
        query.options(selectinload(Reservation.room), selectinload(Reservation.room_type)).order_by(Reservation.id)
    ).all()


def swap_partners(stay: Reservation) -> Sequence[Reservation]:
    """Stays that have a room too and have not arrived, of about the same nights: with whom this one could change rooms."""
    if stay.room_id is None or stay.status not in ("PENDING_PAYMENT", "CONFIRMED") or stay.has_moved:
        return ()
    query = of_hotel(Reservation, stay.hotel_id).where(
        Reservation.status.in_(("PENDING_PAYMENT", "CONFIRMED")), Reservation.room_id.is_not(None),
        Reservation.room_id != stay.room_id, Reservation.check_in < stay.check_out,
        Reservation.check_out > stay.check_in, Reservation.has_moved.is_(False),
    )  # fmt: skip
    is_other_type = Reservation.room_type_id != stay.room_type_id
    return db.session.scalars(
        query.options(selectinload(Reservation.room)).order_by(is_other_type, Reservation.check_in, Reservation.id).limit(MOST_FOUND)
    ).all()  # fmt: skip


@dataclass(frozen=True)
class RoomChoice:
    """A room as a place for a stay."""

    room_id: int
    number: str
    type_name: str
    housekeeping: str
    is_free: bool
    is_same_type: bool


def room_choices(stay: Reservation, dates: StayDates | None = None) -> list[RoomChoice]:
    """Every room in use: free ones of the booked type first, then the other free ones, then those that are taken."""
    wanted = dates or stay.dates
    taken = exists().where(
        RoomNight.room_id == Room.id,
        RoomNight.night >= wanted.check_in,
        RoomNight.night < wanted.check_out,
        RoomNight.reservation_id.is_distinct_from(stay.id),
    )
    is_same_type = Room.room_type_id == stay.room_type_id
    rows = db.session.execute(
        select(Room.id, Room.number, RoomType.name, Room.housekeeping, ~taken, is_same_type)
        .join(RoomType, RoomType.id == Room.room_type_id)
        .where(Room.hotel_id == stay.hotel_id, Room.is_active)
        .order_by(taken, is_same_type.desc(), RoomType.position, Room.position, Room.number)
    )
    return [RoomChoice(*row) for row in rows]


@dataclass(frozen=True)
class Found:
    """A line of a list of stays."""

    id: int
    booking_id: str
    guest_name: str | None
    status: str
    source: str
    check_in: dt.date
    check_out: dt.date
    room_number: str | None
    reference: str | None
    total: Any
    paid: Any
    currency: str

    @property
    def nights(self) -> int:
        return (self.check_out - self.check_in).days


def _lines() -> Any:
    return select(
        Reservation.id, Reservation.booking_id, Reservation.guest_name, Reservation.status, Reservation.source,
        Reservation.check_in, Reservation.check_out, Room.number, Reservation.channel_reference, Reservation.total,
        Reservation.paid, Reservation.currency,
    ).outerjoin(Room, Room.id == Reservation.room_id)  # fmt: skip


def words_match(words: str) -> Any:
    """The condition that a stay is found by these words: each of them begins a name, a number, a reference, …"""
    return holds_words(encryption.query_tokens(words))


def holds_words(groups: list[list[int]]) -> Any:
    """The stay holds, for each word, its hash under one of the keys. A text without any word matches nothing.

    The hashes stand in the statement itself, so that the database plans for a rare word otherwise than for a frequent one.
    """
    if not groups:
        return literal(False)
    return and_(*(Reservation.search_tokens.op("&&")(_hashes(group)) for group in groups))


def _hashes(group: list[int]) -> Any:
    return bindparam(None, group, ARRAY(BigInteger), unique=True, literal_execute=True)


def search(hotel_id: int, words: str, today: dt.date) -> list[Found]:
    """The stays that `words` find, those around today first. A room's number finds who is or will be in it."""
    words = words.strip()[:100]
    if len(words) < 2:
        return []
    matching = (
        _lines().where(Reservation.hotel_id == hotel_id, _found_by(hotel_id, words, today)).limit(MOST_FOUND * 20)
    )
    rows = [Found(*row) for row in db.session.execute(matching)]
    return sorted(rows, key=lambda row: _distance(row, today))[:MOST_FOUND]


def _found_by(hotel_id: int, words: str, today: dt.date) -> Any:
    by_words = words_match(words)
    if not re.fullmatch(r"[\w .-]{1,12}", words):
        return by_words
    rooms = db.session.scalars(
        select(Room.id).where(
            Room.hotel_id == hotel_id, func.lower(Room.number).startswith(words.lower(), autoescape=True)
        )
    ).all()
    if not rooms:
        return by_words
    here = and_(
        Reservation.room_id.in_(rooms),
        Reservation.status.in_(("PENDING_PAYMENT", "CONFIRMED", "CHECKED_IN", "COMPLETED")),
        Reservation.check_in <= today + dt.timedelta(days=14),
        Reservation.check_out >= today,
    )
    return or_(by_words, here)


def _distance(row: Found, today: dt.date) -> tuple[bool, int, int]:
    """Living stays first, and of those the nearest to today."""
    is_over = row.status in ("CANCELLED", "NO_SHOW", "EXPIRED")
    if row.check_in <= today <= row.check_out:
        return is_over, 0, row.id
    days = (row.check_in - today).days if row.check_in > today else (today - row.check_out).days
    return is_over, days, row.id

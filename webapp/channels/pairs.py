"""Pairs of records that are one stay or a room sold twice, with the evidence; and the joining of those that are surely one."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import structlog
from sqlalchemy import Row, and_, select, tuple_
from sqlalchemy.orm import aliased

from webapp.access import queries as access
from webapp.channels.domain.duplicates import Comparison, Record, compare, personal_keys
from webapp.core import actor
from webapp.core.database import db
from webapp.core.errors import Conflict
from webapp.core.transaction import transaction
from webapp.models import CheckIn, DistinctStays, Feed, FeedItem, Hotel, Reservation, Room, StayMerge
from webapp.stays import joining

log = structlog.get_logger(__name__)
MOST_COMPARED = 1000
MOST_READ = 20_000  # stays ahead of one hotel
MOST_ALIKE = 20  # more of one name on one day are a group, or nobody's name
_LIVING = ("CONFIRMED", "CHECKED_IN")
_BY_HAND = ("desk", "ical")
_A, _B = aliased(Reservation), aliased(Reservation)
_SHOWN = ("present", "missing", "suspected")


@dataclass(frozen=True)
class Side:
    """One of a pair as the page shows it."""

    stay: Reservation
    room_number: str | None
    wanted_rooms: tuple[str, ...]  # whose calendars show it
    phone_ends: frozenset[str]
    feeds: tuple[str, ...]  # channels whose calendars show it
    has_codes: bool
    has_checked_in_online: bool


@dataclass(frozen=True)
class Pair:
    """Two records, the one that is better kept first. `obstacle`: why the second cannot become part of the first."""

    kept: Side
    gone: Side
    comparison: Comparison
    obstacle: str

    @property
    def key(self) -> str:
        return f"{self.kept.stay.booking_id}-{self.gone.stay.booking_id}"


def pairs_of(hotel: Hotel) -> list[Pair]:
    """What a person has to look at, by arrival. Marked as different: not shown again."""
    stays, compared = _compared(hotel)
    sides = _sides(hotel, {number for one, other, _found in compared for number in (one, other)}, stays)
    pairs = [_pair(sides[one], sides[other], found) for one, other, found in compared]
    return sorted(pairs, key=lambda pair: (pair.kept.stay.check_in, pair.kept.stay.id, pair.gone.stay.id))


def pair_of(hotel: Hotel, one: Reservation, other: Reservation) -> Pair:
    """Two stays that a person wants to see side by side, whatever speaks against it."""
    stays = {stay.id: stay for stay in (one, other)}
    records, sides = _records(hotel, stays), _sides(hotel, set(stays), stays)
    return _pair(sides[one.id], sides[other.id], compare(records[one.id], records[other.id]))


def count_of(hotel: Hotel) -> int:
    return len(_compared(hotel)[1])


def _compared(hotel: Hotel) -> tuple[dict[int, Reservation], list[tuple[int, int, Comparison]]]:
    found = _candidates(hotel)
    stays = {
        stay.id: stay
        for stay in db.session.scalars(
            select(Reservation).where(Reservation.id.in_({i for pair in found for i in pair}))
        )
    }
    records = _records(hotel, stays)
    compared = [(one, other, compare(records[one], records[other])) for one, other in found]
    return stays, [entry for entry in compared if entry[2].verdict != "unrelated"]


def _candidates(hotel: Hotel) -> list[tuple[int, int]]:
    """Overlapping living stays that want one room, that share a number, or of which one was typed by hand and both name one person
    and a day. What a person has told apart is left out."""
    found = _by_room(hotel) | _by_number(hotel) | _by_person(hotel)
    apart = select(DistinctStays.first_id, DistinctStays.second_id).where(DistinctStays.hotel_id == hotel.id)
    return sorted(found - {(row.first_id, row.second_id) for row in db.session.execute(apart)})[:MOST_COMPARED]


def _living(hotel: Hotel, stay: Any) -> Any:
    return and_(
        stay.hotel_id == hotel.id, stay.status.in_(_LIVING), stay.check_out > hotel.business_date(),
        stay.merged_into_id.is_(None),
    )  # fmt: skip


def _overlapping(hotel: Hotel, reason: Any) -> set[tuple[int, int]]:
    overlap = and_(_B.check_in < _A.check_out, _B.check_out > _A.check_in, _A.id != _B.id)
    query = select(_A.id, _B.id).where(_living(hotel, _A), _living(hotel, _B), overlap, reason)
    rows = db.session.execute(query.order_by(_A.check_in, _A.id, _B.id).limit(MOST_COMPARED))
    return {(min(one, other), max(one, other)) for one, other in rows}


def _by_room(hotel: Hotel) -> set[tuple[int, int]]:
    """A stay without a room whose calendar belongs to a room, and who has that room or waits for it too."""
    columns = (Reservation.id, Reservation.check_in, Reservation.check_out)
    told = (
        select(*columns, Feed.room_id)
        .join(FeedItem, FeedItem.reservation_id == Reservation.id)
        .join(Feed, Feed.id == FeedItem.feed_id)
    )
    waiting = told.where(
        Feed.hotel_id == hotel.id,
        FeedItem.state.in_(_SHOWN),
        _living(hotel, Reservation),
        Reservation.room_id.is_(None),
    )
    wanted = db.session.execute(waiting.order_by(Reservation.check_in, Reservation.id).limit(MOST_COMPARED)).all()
    if not wanted:
        return set()
    placed = select(*columns, Reservation.room_id).where(
        _living(hotel, Reservation), Reservation.room_id.in_({row.room_id for row in wanted})
    )
    by_room: dict[int, list[Any]] = {}
    for row in (*wanted, *db.session.execute(placed)):
        by_room.setdefault(row.room_id, []).append(row)
    return {
        (min(one.id, other.id), max(one.id, other.id))
        for one in wanted
        for other in by_room[one.room_id]
        if one.id != other.id and one.check_in < other.check_out and other.check_in < one.check_out
    }


def _by_number(hotel: Hotel) -> set[tuple[int, int]]:
    return _overlapping(hotel, and_(_A.channel_reference == _B.channel_reference, _A.source != _B.source))


def _by_person(hotel: Hotel) -> set[tuple[int, int]]:
    """Stays of one name, phone or address that begin or end on one day; one of them typed by hand, or of a plain calendar."""
    columns = (
        Reservation.id, Reservation.source, Reservation.check_in, Reservation.check_out, Reservation.guest_name,
        Reservation.guest_phone, Reservation.guest_email,
    )  # fmt: skip
    by_hand = select(Reservation.id).where(_living(hotel, Reservation), Reservation.source.in_(_BY_HAND)).limit(1)
    if db.session.scalar(by_hand) is None:
        return set()
    rows = db.session.execute(
        select(*columns).where(_living(hotel, Reservation)).order_by(Reservation.check_in).limit(MOST_READ)
    )
    groups: dict[tuple[Any, ...], list[tuple[int, str]]] = {}
    for row in rows:
        for key in personal_keys(row.guest_name, row.guest_phone, row.guest_email):
            for day in (("in", row.check_in), ("out", row.check_out)):
                groups.setdefault((*day, *key), []).append((row.id, row.source))
    return {
        (min(one, other), max(one, other))
        for group in groups.values() if 1 < len(group) <= MOST_ALIKE
        for (one, source), (other, another) in combinations(group, 2)
        if source != another and (source in _BY_HAND or another in _BY_HAND)
    }  # fmt: skip


def _told_by_feeds(ids: Iterable[int]) -> Sequence[Row[Any]]:
    query = select(FeedItem.reservation_id, FeedItem.details, Feed.room_id, Feed.provider).join(
        Feed, Feed.id == FeedItem.feed_id
    )
    return db.session.execute(
        query.where(FeedItem.reservation_id.in_(list(ids)), FeedItem.state.in_(_SHOWN)).order_by(FeedItem.id)
    ).all()


def _records(hotel: Hotel, stays: dict[int, Reservation]) -> dict[int, Record]:
    ends: dict[int, set[str]] = {}
    rooms: dict[int, set[int]] = {}
    for row in _told_by_feeds(stays):
        rooms.setdefault(row.reservation_id, set()).add(row.room_id)
        if end := (row.details or {}).get("phone_last4"):
            ends.setdefault(row.reservation_id, set()).add(end)
    return {
        stay.id: Record(
            stay.id, stay.source, stay.check_in, stay.check_out, stay.created_at, stay.channel_reference, stay.guest_name,
            stay.guest_email, stay.guest_phone, frozenset(ends.get(stay.id, ())),
            frozenset((stay.room_id,) if stay.room_id else rooms.get(stay.id, ())), stay.group_id,
        )
        for stay in stays.values()
    }  # fmt: skip


def _sides(hotel: Hotel, ids: set[int], stays: dict[int, Reservation]) -> dict[int, Side]:
    numbers = {
        row.id: row.number for row in db.session.execute(select(Room.id, Room.number).where(Room.hotel_id == hotel.id))
    }
    told = _told_by_feeds(ids)
    online = select(CheckIn.reservation_id).where(CheckIn.reservation_id.in_(ids), CheckIn.completed_at.is_not(None))
    checked_in = set(db.session.scalars(online))
    with_codes = access.stays_with_codes(ids)
    return {
        number: Side(
            stays[number], numbers.get(stays[number].room_id or 0),
            tuple(dict.fromkeys(numbers[row.room_id] for row in told if row.reservation_id == number)),
            frozenset(filter(None, ((row.details or {}).get("phone_last4") for row in told if row.reservation_id == number))),
            tuple(dict.fromkeys(row.provider for row in told if row.reservation_id == number)),
            number in with_codes, number in checked_in,
        )
        for number in ids
    }  # fmt: skip


def _pair(one: Side, other: Side, comparison: Comparison) -> Pair:
    kept, gone = sorted((one, other), key=_worth, reverse=True)
    error = joining.obstacle(kept.stay, gone.stay, codes=(kept.has_codes, gone.has_codes))
    return Pair(kept, gone, comparison, str(error.message) if error else "")


def _worth(side: Side) -> tuple[Any, ...]:
    """Which of two is better kept: who has arrived, has codes, has checked in, has a room, is known best, was there first."""
    stay = side.stay
    known = sum(bool(value) for value in (stay.guest_name, stay.guest_phone, stay.guest_email, stay.total))
    return (
        stay.status == "CHECKED_IN", side.has_codes, side.has_checked_in_online, stay.room_id is not None, known, -stay.id
    )  # fmt: skip


def merge_the_sure(hotel: Hotel) -> int:
    """Join every pair that a rule proves to be one stay, each in a transaction of its own. Returns how many."""
    done = 0
    taken: set[int] = set()
    for pair in pairs_of(hotel):
        ids = {pair.kept.stay.id, pair.gone.stay.id}
        if not pair.comparison.rule or pair.obstacle or taken & ids:
            continue
        taken |= ids
        try:
            with transaction(), actor.acting_as(actor.Actor("system", "Innkeep")):
                joining.join(hotel, pair.kept.stay.id, pair.gone.stay.id, rule=pair.comparison.rule)
            done += 1
        except Conflict as error:
            log.info("pair_not_merged", code=error.code)
    return done


@dataclass(frozen=True)
class MergeView:
    merge: StayMerge
    kept: Reservation
    gone: Reservation


def merges_of(hotel: Hotel, limit: int = 50) -> list[MergeView]:
    """Merges that stand, the newest first."""
    query = (
        select(StayMerge, _A, _B)
        .join(_A, _A.id == StayMerge.kept_id)
        .join(_B, _B.id == StayMerge.gone_id)
        .where(StayMerge.hotel_id == hotel.id, StayMerge.undone_at.is_(None))
    )
    return [MergeView(*row) for row in db.session.execute(query.order_by(StayMerge.id.desc()).limit(limit))]


def told_apart(hotel: Hotel, limit: int = 50) -> list[tuple[DistinctStays, Reservation, Reservation]]:
    """Pairs of stays ahead that a person has said to be different, the newest first."""
    query = (
        select(DistinctStays, _A, _B)
        .join(_A, _A.id == DistinctStays.first_id)
        .join(_B, _B.id == DistinctStays.second_id)
        .where(DistinctStays.hotel_id == hotel.id, _A.check_out > hotel.business_date())
    )
    rows = db.session.execute(query.order_by(DistinctStays.id.desc()).limit(limit))
    return [(mark, one, other) for mark, one, other in rows]


@dataclass(frozen=True)
class Echo:
    """Nights that a calendar shows because another calendar told it. `stay`: what they repeat, where it is known."""

    room_number: str
    provider: str
    starts_on: dt.date
    ends_on: dt.date
    stay: Reservation | None


def echoes_of(hotel: Hotel, limit: int = 100) -> list[Echo]:
    """What linked calendars repeat, by arrival, each with the stay of the same room whose nights it holds."""
    rows = db.session.execute(
        select(FeedItem.starts_on, FeedItem.ends_on, Feed.provider, Room.id, Room.number)
        .join(Feed, Feed.id == FeedItem.feed_id)
        .join(Room, Room.id == Feed.room_id)
        .where(
            FeedItem.hotel_id == hotel.id, FeedItem.kind == "echo", FeedItem.state.in_(_SHOWN), FeedItem.ends_on > hotel.business_date()
        )
        .order_by(FeedItem.starts_on, FeedItem.id)
        .limit(limit)
    ).all()  # fmt: skip
    same = select(Reservation).where(
        Reservation.hotel_id == hotel.id, Reservation.status.in_((*_LIVING, "COMPLETED")),
        tuple_(Reservation.room_id, Reservation.check_in).in_([(row.id, row.starts_on) for row in rows]),
    )  # fmt: skip
    stays = {(stay.room_id, stay.check_in): stay for stay in db.session.scalars(same)} if rows else {}
    return [
        Echo(row.number, row.provider, row.starts_on, row.ends_on, stays.get((row.id, row.starts_on))) for row in rows
    ]

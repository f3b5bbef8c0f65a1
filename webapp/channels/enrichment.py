"""What is still unknown of the stays that channels sold: lists for people and commands, and the share that is known."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Date, and_, case, cast, exists, func, or_, select
from sqlalchemy.orm import aliased

from webapp.channels.domain.explaining import ASKED_OF, FIELDS, Step, next_step
from webapp.core.clock import now
from webapp.core.database import db
from webapp.models import Enrichment, EnrichmentAttempt, FeedItem, Hotel, MailAccount, Reservation, Room

CHANNELS = tuple(ASKED_OF)
STEPS = ("mail", "upload", "guest", "none")
LIVING = ("PENDING_PAYMENT", "CONFIRMED", "CHECKED_IN")
COUNTED = (*LIVING, "COMPLETED")
_KNOWN: dict[str, Any] = {
    "name": Reservation.guest_name.is_not(None),
    "reference": Reservation.channel_reference.is_not(None),
    "phone": Reservation.guest_phone.is_not(None),
    "price": Reservation.total > 0,
}


@dataclass(frozen=True)
class StayGap:
    """A stay with what is unknown of it (of FIELDS), the next step, and how often it was tried."""

    reservation_id: int
    booking_id: str
    source: str
    status: str
    reference: str | None
    guest_name: str | None
    check_in: dt.date
    check_out: dt.date
    room_number: str | None
    created_at: dt.datetime
    unknown: tuple[str, ...]
    step: Step
    tries: int
    next_try_at: dt.datetime | None
    is_told_by_feed: bool


def unknown_of(stay: Any) -> tuple[str, ...]:
    """What is unknown of this stay; () for a stay that no channel sold."""
    known = {
        "name": bool(stay.guest_name), "reference": bool(stay.channel_reference), "phone": bool(stay.guest_phone),
        "price": stay.total > 0,
    }  # fmt: skip
    return tuple(name for name in ASKED_OF.get(stay.source, ()) if not known[name])


def has_mailbox(hotel_id: int) -> bool:
    """Whether mails can tell anything at all."""
    query = select(MailAccount.id).where(MailAccount.hotel_id == hotel_id, MailAccount.is_active).limit(1)
    return db.session.scalar(query) is not None


def unenriched(
    hotel: Hotel,
    *,
    source: str | None = None,
    field: str | None = None,
    month: dt.date | None = None,
    step: str | None = None,
    with_past: bool = False,
    page: int = 1,
    size: int = 500,
) -> tuple[list[StayGap], int]:
    """(stays of which something is unknown, by arrival; how many there are). `field`: only those without it; `month`: of arrival;
    `step`: only those whose next step was planned so.

    Without `with_past` stays that are over are left out.
    """
    today = hotel.business_date()
    conditions = _wanted(hotel.id, source, field, month)
    if step is not None:
        conditions.append(_has_step(step))
    if not with_past:
        conditions += [Reservation.check_out > today, Reservation.status.in_(LIVING)]
    total = db.session.scalar(select(func.count()).select_from(Reservation).where(*conditions)) or 0
    is_told = select(FeedItem.id).where(FeedItem.reservation_id == Reservation.id).exists()
    query = (
        select(
            Reservation.id, Reservation.booking_id, Reservation.source, Reservation.status, Reservation.channel_reference,
            Reservation.guest_name, Reservation.guest_phone, Reservation.total, Reservation.check_in, Reservation.check_out,
            Reservation.created_at, Room.number, Enrichment.tries, Enrichment.next_try_at, Enrichment.step, is_told.label("is_told"),
        )
        .outerjoin(Room, Room.id == Reservation.room_id)
        .outerjoin(Enrichment, Enrichment.reservation_id == Reservation.id)
        .where(*conditions)
        .order_by(Reservation.check_in, Reservation.id)
        .limit(size)
        .offset((max(page, 1) - 1) * size)
    )  # fmt: skip
    reads_mails = has_mailbox(hotel.id)
    return [_gap(row, today, reads_mails) for row in db.session.execute(query)], total


def _gap(row: Any, today: dt.date, reads_mails: bool) -> StayGap:
    unknown = unknown_of(row)
    is_over = row.check_out <= today or row.status not in LIVING
    step = next_step(unknown, row.source, row.tries or 0, has_mailbox=reads_mails, is_over=is_over)
    if step == "upload" and row.step == "guest":
        step = "guest"  # the file was asked for in vain, and there is a way to the guest
    return StayGap(
        row.id, row.booking_id, row.source, row.status, row.channel_reference, row.guest_name, row.check_in, row.check_out,
        row.number, row.created_at, unknown, step, row.tries or 0, row.next_try_at, row.is_told,
    )  # fmt: skip


def _wanted(hotel_id: int, source: str | None, field: str | None, month: dt.date | None) -> list[Any]:
    """Stays of channels of which something that can be known is unknown."""
    fields = (field,) if field in FIELDS else FIELDS
    of_source = [
        and_(Reservation.source == name, or_(*(~_KNOWN[one] for one in fields if one in asked)))
        for name, asked in ASKED_OF.items()
        if (source in (None, "", name)) and set(fields) & set(asked)
    ]
    found: list[Any] = [
        Reservation.hotel_id == hotel_id, Reservation.merged_into_id.is_(None), Reservation.status.in_(COUNTED),
        or_(*of_source) if of_source else Reservation.id.is_(None),
    ]  # fmt: skip
    if month is not None:
        first = month.replace(day=1)
        found += [Reservation.check_in >= first, Reservation.check_in < following_month(first)]
    return found


def _has_step(step: str) -> Any:
    planned = aliased(Enrichment)
    return exists().where(planned.reservation_id == Reservation.id, planned.step == step)


def steps(hotel: Hotel) -> dict[str, int]:
    """How many stays ahead wait for each step, in the order of the steps; those of which all is known are left out."""
    conditions = [
        *_wanted(hotel.id, None, None, None),
        Reservation.check_out > hotel.business_date(),
        Reservation.status.in_(LIVING),
    ]
    rows = db.session.execute(
        select(Enrichment.step, func.count())
        .join(Reservation, Reservation.id == Enrichment.reservation_id)
        .where(*conditions)
        .group_by(Enrichment.step)
    )
    counts: dict[str, int] = {row[0]: row[1] for row in rows}
    return {step: counts[step] for step in STEPS if step in counts}


def following_month(first: dt.date) -> dt.date:
    return (first + dt.timedelta(days=32)).replace(day=1)


def month_before(first: dt.date) -> dt.date:
    return (first - dt.timedelta(days=1)).replace(day=1)


# Coverage


@dataclass(frozen=True)
class Coverage:
    """How many stays of a channel there are in a month of arrival, and of how many each field is known."""

    source: str
    month: dt.date
    stays: int
    known: dict[str, int]

    def share(self, field: str) -> int | None:
        """Per cent; None for what this channel has not. 100 means all of them: it is never rounded up to."""
        if field not in ASKED_OF[self.source]:
            return None
        return self.known[field] * 100 // self.stays if self.stays else 100


def coverage(hotel: Hotel, first: dt.date, last: dt.date) -> list[Coverage]:
    """Per channel and month of arrival within [first, last)."""
    month = cast(func.date_trunc("month", Reservation.check_in), Date)
    counts = [func.count(case((_KNOWN[name], 1))) for name in FIELDS]
    rows = db.session.execute(
        select(Reservation.source, month, func.count(), *counts)
        .where(
            Reservation.hotel_id == hotel.id, Reservation.source.in_(CHANNELS), Reservation.status.in_(COUNTED),
            Reservation.merged_into_id.is_(None), Reservation.check_in >= first, Reservation.check_in < last,
        )
        .group_by(Reservation.source, month)
    )  # fmt: skip
    found = [Coverage(source, at, stays, dict(zip(FIELDS, known, strict=True))) for source, at, stays, *known in rows]
    return sorted(found, key=lambda one: (CHANNELS.index(one.source), one.month))


def trend(hotel: Hotel, weeks: int = 12) -> dict[str, list[tuple[int, int]]]:
    """Per channel, for each of the last `weeks` weeks of booking, oldest first: (stays, of which all is known)."""
    age = func.floor(func.extract("epoch", now() - Reservation.created_at) / (7 * 86400))
    complete = [
        and_(Reservation.source == source, *(_KNOWN[name] for name in asked)) for source, asked in ASKED_OF.items()
    ]
    rows = db.session.execute(
        select(Reservation.source, age, func.count(), func.count(case((or_(*complete), 1))))
        .where(
            Reservation.hotel_id == hotel.id, Reservation.source.in_(CHANNELS), Reservation.status.in_(COUNTED),
            Reservation.merged_into_id.is_(None), Reservation.created_at > now() - dt.timedelta(weeks=weeks),
            Reservation.created_at <= now(),
        )
        .group_by(Reservation.source, age)
    )  # fmt: skip
    found: dict[str, list[tuple[int, int]]] = {}
    for source, age_in_weeks, stays, known in rows:
        line = found.setdefault(source, [(0, 0)] * weeks)
        line[weeks - 1 - min(int(age_in_weeks), weeks - 1)] = (stays, known)
    return dict(sorted(found.items(), key=lambda item: CHANNELS.index(item[0])))


def attempts_of(reservation_id: int, limit: int = 50) -> Sequence[EnrichmentAttempt]:
    """What was tried to learn more of a stay, newest first."""
    query = select(EnrichmentAttempt).where(EnrichmentAttempt.reservation_id == reservation_id)
    return db.session.scalars(query.order_by(EnrichmentAttempt.id.desc()).limit(limit)).all()

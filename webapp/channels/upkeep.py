"""Empty bookings: nights that a calendar once showed, of which nothing else was ever known and which it shows no more.

A closed range that a channel shows for an hour looks like a stay. When it has gone, what remains is a cancelled booking without a
name; or one that still stands, because its calendar was taken away and connected anew. Nothing that anybody has touched is empty.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Select, and_, exists, func, or_, select, update

from webapp.availability import services as availability
from webapp.channels import removal, targets
from webapp.channels.domain import Policy
from webapp.core import audit, events
from webapp.core.audit import AuditEntry
from webapp.core.clock import now
from webapp.core.database import db
from webapp.core.tenancy import of_hotel
from webapp.models import Feed, FeedItem, Hotel, Reservation, Room
from webapp.models.channels import PROVIDERS

_BLANK = ("guest_name", "guest_email", "guest_phone", "booker_name", "booker_email", "booker_phone",
          "booker_company", "special_requests")  # fmt: skip  # sealed, and NULL when there is nothing
_SHOWN = ("present", "missing", "suspected")
Why = Literal["cancelled", "not_shown"]


@dataclass(frozen=True)
class EmptyBooking:
    """A booking that may go. `why`: it was cancelled when its calendar no longer showed it; or it stands and no calendar shows it."""

    id: int
    booking_id: str
    status: str
    source: str
    room: str | None
    check_in: dt.date
    check_out: dt.date
    created_at: dt.datetime
    why: Why

    def as_json(self) -> dict[str, Any]:
        return {
            "booking_id": self.booking_id, "status": self.status, "source": self.source, "room": self.room,
            "check_in": self.check_in.isoformat(), "check_out": self.check_out.isoformat(), "why": self.why,
        }  # fmt: skip


def empty_bookings(hotel: Hotel) -> list[EmptyBooking]:
    """The bookings of a hotel that may go, by arrival."""
    rows = db.session.execute(_empty(hotel)).all()
    standing = {row.Reservation.id for row in rows if row.Reservation.status == "CONFIRMED"}
    unshown = _read_since(hotel, [row.Reservation for row in rows if row.Reservation.id in standing])
    return [
        EmptyBooking(
            stay.id, stay.booking_id, stay.status, stay.source, number, stay.check_in, stay.check_out, stay.created_at,
            "not_shown" if stay.id in standing else "cancelled",
        )
        for stay, number in ((row.Reservation, row.number) for row in rows)
        if stay.id not in standing or stay.id in unshown
    ]  # fmt: skip


def _empty(hotel: Hotel) -> Select[Reservation, str]:
    items = select(FeedItem.id).where(FeedItem.reservation_id == Reservation.id)
    shown = items.where(FeedItem.state.in_(_SHOWN))
    touched = exists().where(
        AuditEntry.hotel_id == hotel.id, AuditEntry.entity_type == "reservation",
        AuditEntry.entity_id == Reservation.id, AuditEntry.actor_kind.in_(("staff", "guest")),
    )  # fmt: skip
    settled = now() - Policy().restore_within  # what comes back sooner comes back as itself
    ended = and_(Reservation.status == "CANCELLED", func.coalesce(Reservation.cancelled_at, settled) <= settled)
    stands = and_(Reservation.status == "CONFIRMED", Reservation.check_in > hotel.business_date(), ~items.exists())
    blank = [getattr(Reservation, name).is_(None) for name in _BLANK]
    blank.append(func.coalesce(Reservation.channel_reference, "") == "")
    return (
        select(Reservation, Room.number)
        .outerjoin(Room, Room.id == Reservation.room_id)
        .where(Reservation.hotel_id == hotel.id, Reservation.source.in_(PROVIDERS), or_(ended, stands), *blank)
        .where(Reservation.total == 0, Reservation.paid == 0, Reservation.client_id.is_(None), ~Reservation.is_pinned)
        .where(Reservation.group_id.is_(None), Reservation.assignment_notes == "", ~touched)
        .where(~shown.exists(), ~removal.has_attachment())
        .order_by(Reservation.check_in, Reservation.id)
    )


def _read_since(hotel: Hotel, stays: Sequence[Reservation]) -> set[int]:
    """Of stays that stand, those whose room has a calendar of their channel that is healthy and was read since they were made."""
    if not stays:
        return set()
    feeds = db.session.scalars(of_hotel(Feed, hotel.id).where(Feed.is_active, Feed.failing_since.is_(None))).all()
    reads = targets.last_reads([feed.id for feed in feeds])
    found = set()
    for stay in stays:
        of_room = [feed for feed in feeds if feed.provider == stay.source and feed.room_id == stay.room_id]
        last = [max(filter(None, (reads.get(feed.id), feed.last_success_at)), default=None) for feed in of_room]
        if any(at is not None and at > stay.created_at + Policy().restore_within for at in last):
            found.add(stay.id)
    return found


def clean_up(hotel: Hotel, chosen: Collection[int] | None = None) -> list[EmptyBooking]:
    """Remove the empty bookings of a hotel, or the `chosen` of them; each removal is in the trail. Returns what was removed."""
    ids = [one.id for one in empty_bookings(hotel) if chosen is None or one.id in chosen]
    locked = select(Reservation.id).where(Reservation.id.in_(ids)).order_by(Reservation.id).with_for_update()
    db.session.execute(locked)
    removed = [one for one in empty_bookings(hotel) if one.id in ids]
    if not removed:
        return []
    doomed = [one.id for one in removed]
    holding = {stay.room_id for stay in db.session.scalars(select(Reservation).where(Reservation.id.in_(doomed)))}
    availability.lock_rooms([room_id for room_id in holding if room_id is not None])
    over = update(FeedItem).where(FeedItem.reservation_id.in_(doomed)).values(state="ended", changed_at=now())
    db.session.execute(over.execution_options(synchronize_session=False))
    removal.remove(hotel.id, doomed)
    availability.recount(hotel.id)
    for one in removed:
        audit.record(hotel.id, "empty_booking_removed", _Gone(one.id), before=one.as_json())
        events.publish(
            hotel.id,
            "booking-updated",
            {"booking_id": one.booking_id, "status": "REMOVED", "assigned_room_number": one.room},
        )
    return removed


@dataclass(frozen=True)
class _Gone:
    """The stay as the trail names it, now that its row is no more."""

    id: int
    __tablename__ = "reservation"

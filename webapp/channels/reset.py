"""Takes every booking of a hotel out of the house and has its calendars read from the beginning. All or nothing.

What a lock still holds is not forgotten: a booking with a door code stays as a cancelled shell, without a word about its guest, until
the lock has confirmed that the code is gone; the ordinary work on door codes sees to it.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import delete, func, select, text, update

from webapp.access import services as access
from webapp.availability import services as availability
from webapp.channels import removal, services, targets
from webapp.channels.apply import alarm_key
from webapp.channels.uploads import services as uploads
from webapp.core import audit, events
from webapp.core.clock import now
from webapp.core.database import db
from webapp.core.errors import Conflict
from webapp.core.tenancy import of_hotel
from webapp.models import (
    AccessCode,
    ChannelMail,
    Enrichment,
    Feed,
    FeedItem,
    Hotel,
    IdempotencyKey,
    Reservation,
    Room,
    RoomBlock,
    Upload,
)
from webapp.operations import services as operations
from webapp.stays import services as stays

_BACK = {"COMPLETED": "CHECKED_IN", "CHECKED_IN": "CONFIRMED", "NO_SHOW": "CONFIRMED", "EXPIRED": "CONFIRMED"}
_LOCK_ROOM = text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))")


@dataclass(frozen=True)
class Counts:
    """What a reset of a hotel takes away, or has taken away."""

    bookings: int
    in_house: int
    door_codes: int  # that a lock may still hold
    blocks: int  # nights closed by calendars
    uploads: int
    mails: int  # read again
    feeds: int  # read from the beginning


def counts(hotel: Hotel) -> Counts:
    """What a reset would concern. Changes nothing."""

    def number(model: Any, *where: Any) -> int:
        return db.session.scalar(select(func.count()).select_from(model).where(model.hotel_id == hotel.id, *where)) or 0

    return Counts(
        bookings=number(Reservation),
        in_house=number(Reservation, Reservation.status == "CHECKED_IN"),
        door_codes=number(AccessCode, AccessCode.state != "removed"),
        blocks=number(RoomBlock, RoomBlock.kind == "channel"),
        uploads=number(Upload),
        mails=number(ChannelMail, ChannelMail.reservation_id.is_not(None)),
        feeds=number(Feed),
    )


def reset(hotel: Hotel, *, include_in_house: bool = False) -> Counts:
    """Remove every booking of the hotel with what hangs on it. Raises Conflict GUESTS_IN_HOUSE unless they are included.

    Codes are asked back from their locks, calendars and mails are read from the beginning, uploaded files may be uploaded again. No
    guest is written to. Blocks that people have set, the guests' profiles and the hotel's settings remain.
    """
    _hold(hotel)
    found = counts(hotel)
    if found.in_house and not include_in_house:
        raise Conflict(_("There are guests in house."), "GUESTS_IN_HOUSE", details={"in_house": found.in_house})
    ids = set(db.session.scalars(select(Reservation.id).where(Reservation.hotel_id == hotel.id)))
    kept = _ask_codes_back(hotel)
    _forget_feeds(hotel)
    _ask_mails_again(hotel)
    for model in (Upload, IdempotencyKey):
        _execute(delete(model).where(model.hotel_id == hotel.id))
    for stay in kept:
        _make_shell(stay)
    removal.remove(hotel.id, ids - {stay.id for stay in kept})
    availability.recount(hotel.id)
    audit.record(hotel.id, "reservations_reset", hotel, after=asdict(found))
    services.request_sync_of_hotel(hotel)
    events.publish(hotel.id, "booking-updated", {"booking_id": None, "status": "RESET", "assigned_room_number": None})
    return found


def _hold(hotel: Hotel) -> None:
    """Nobody else changes a booking, a room, what a file or what a calendar told until this is over.

    In the order in which the others take their locks: a file that is being applied is waited for, and one that comes now waits.
    """
    uploads.hold_uploads(hotel.id)
    db.session.execute(
        select(Enrichment.reservation_id)
        .where(Enrichment.hotel_id == hotel.id)
        .order_by(Enrichment.reservation_id)
        .with_for_update()
    )
    for room_id in db.session.scalars(select(Room.id).where(Room.hotel_id == hotel.id).order_by(Room.id)).all():
        db.session.execute(_LOCK_ROOM, {"name": f"feeds of room {room_id}"})
    rows = select(Reservation.id).where(Reservation.hotel_id == hotel.id).order_by(Reservation.id).with_for_update()
    db.session.execute(rows)
    rooms = db.session.scalars(select(Room.id).where(Room.hotel_id == hotel.id)).all()
    availability.lock_rooms(list(rooms))


def _ask_codes_back(hotel: Hotel) -> list[Reservation]:
    """Every code that a lock may hold is on its way out. Returns the stays that must remain until it is gone."""
    codes = db.session.scalars(of_hotel(AccessCode, hotel.id).where(AccessCode.state != "removed")).all()
    for code in codes:
        access.start_removal(code)
    ids = {code.reservation_id for code in codes}
    return list(db.session.scalars(of_hotel(Reservation, hotel.id).where(Reservation.id.in_(ids))))


def _forget_feeds(hotel: Hotel) -> None:
    """The calendars are as if they had just been connected."""
    _execute(delete(FeedItem).where(FeedItem.hotel_id == hotel.id))
    blocks = db.session.scalars(of_hotel(RoomBlock, hotel.id).where(RoomBlock.kind == "channel")).all()
    for block in blocks:
        availability.vacate_room(block_id=block.id)
    _execute(delete(RoomBlock).where(RoomBlock.hotel_id == hotel.id, RoomBlock.kind == "channel"))
    fresh = {"content_hash": None, "etag": None, "last_modified": None, "event_count": None, "created_at": now()}
    _execute(update(Feed).where(Feed.hotel_id == hotel.id).values(fresh))
    feed_ids = list(db.session.scalars(select(Feed.id).where(Feed.hotel_id == hotel.id)))
    for feed_id in feed_ids:
        operations.resolve_alert(hotel.id, alarm_key(feed_id))
    targets.forget(feed_ids)


def _ask_mails_again(hotel: Hotel) -> None:
    """Mails that were answered by a booking wait for the one that the calendars bring."""
    told = update(ChannelMail).where(ChannelMail.hotel_id == hotel.id, ChannelMail.reservation_id.is_not(None))
    _execute(told.values(reservation_id=None, state="waiting", code="no_stay_yet", tries=0, next_try_at=now()))


def _make_shell(stay: Reservation) -> None:
    """What is left of a booking whose code is still in a lock: cancelled, in no room, nobody's."""
    availability.vacate_stays([stay.id])
    while stay.status in _BACK:
        stay.status = _BACK[stay.status]
        db.session.flush()
    stay.status, stay.room_id, stay.is_unplaced, stay.has_moved = "CANCELLED", None, False, False
    stay.cancelled_at, stay.cancellation_reason = stay.cancelled_at or now(), ""
    for name in ("guest_name", "guest_email", "guest_phone", "booker_name", "booker_email", "booker_phone",
                 "booker_company", "special_requests", "channel_reference", "client_id", "group_id", "merged_into_id"):  # fmt: skip
        setattr(stay, name, None)
    stay.field_sources, stay.assignment_notes = {}, ""
    stays.refresh_search(stay)
    removal.strip(stay.hotel_id, [stay.id])
    audit.record(stay.hotel_id, "reset", stay)
    db.session.flush()


def _execute(statement: Any) -> None:
    db.session.execute(statement.execution_options(synchronize_session=False))

"""Our own calendars: what of a room is taken, for a channel to read, without a word about anybody.

What came from a channel is never sent back to it; what another room's feed brought here is new to it and is.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass

from flask_babel import gettext as _
from sqlalchemy import and_, or_, select
from sqlalchemy.orm import aliased

from webapp.core import ids, wiring
from webapp.core.calendars import CalendarFormat, ExportEvent
from webapp.core.database import db
from webapp.core.errors import NotFound
from webapp.models import Feed, FeedItem, Hotel, Reservation, Room, RoomBlock
from webapp.models.channels import PROVIDERS
from webapp.models.reservation import HOLDING_STATUSES

_Gone = aliased(Reservation)  # what was merged into a stay


@dataclass(frozen=True)
class RoomCalendar:
    """The bytes of a calendar and the version they are; the same content has the same version."""

    content: bytes
    etag: str


def room_calendar(token: str, channel: str | None = None) -> RoomCalendar:
    """The calendar of the room with this export token; without what `channel` told us itself. Raises NotFound."""
    row = db.session.execute(
        select(Room, Hotel).join(Hotel, Hotel.id == Room.hotel_id).where(Room.export_hash == ids.token_hash(token))
    ).first()
    if row is None or (channel is not None and channel not in PROVIDERS):
        raise NotFound(_("There is no calendar at this address."))
    room, hotel = row.Room, row.Hotel
    today = hotel.business_date()
    events, stamps = _stays(room, today, channel)
    blocks, block_stamps = _blocks(room, today, channel)
    stamp = max([*stamps, *block_stamps], default=hotel.created_at)
    name = f"{hotel.name} – {room.number}"
    content = wiring.resolve(CalendarFormat).write(name, events + blocks, stamp)  # type: ignore[type-abstract]
    return RoomCalendar(content, hashlib.sha256(content).hexdigest()[:32])


def _stays(room: Room, today: dt.date, channel: str | None) -> tuple[list[ExportEvent], list[dt.datetime]]:
    told = select(FeedItem.id).where(FeedItem.reservation_id == Reservation.id)
    query = select(
        Reservation.id,
        Reservation.check_in,
        Reservation.check_out,
        Reservation.created_at,
        Reservation.room_assigned_at,
    ).where(Reservation.room_id == room.id, Reservation.status.in_(HOLDING_STATUSES), Reservation.check_out > today)
    if channel is not None:
        by_this_feed = told.join(Feed, Feed.id == FeedItem.feed_id).where(
            Feed.room_id == room.id, Feed.provider == channel
        )
        merged = select(_Gone.id).where(_Gone.merged_into_id == Reservation.id, _Gone.source == channel)
        is_its_own = or_(Reservation.source == channel, merged.exists())
        known_to_channel = and_(is_its_own, ~told.exists())  # from its mail, its export or the desk
        query = query.where(~by_this_feed.exists(), ~known_to_channel)
    rows = db.session.execute(query).all()
    events = [ExportEvent(f"stay:{row.id}", row.check_in, row.check_out) for row in rows]
    return events, [max(row.created_at, row.room_assigned_at or row.created_at) for row in rows]


def _blocks(room: Room, today: dt.date, channel: str | None) -> tuple[list[ExportEvent], list[dt.datetime]]:
    query = select(RoomBlock).where(RoomBlock.room_id == room.id, RoomBlock.ends_on > today)
    if channel is not None:
        told = (
            select(FeedItem.id)
            .join(Feed, Feed.id == FeedItem.feed_id)
            .where(FeedItem.block_id == RoomBlock.id, Feed.provider == channel)
        )
        query = query.where(~told.exists())
    rows = db.session.scalars(query).all()
    return [ExportEvent(f"block:{row.id}", row.starts_on, row.ends_on) for row in rows], [
        row.created_at for row in rows
    ]

"""Room blocks that a channel asks for: they close the nights that are free, and never push out a stay."""

from __future__ import annotations

import datetime as dt
from itertools import pairwise

from sqlalchemy import delete, select

from webapp.availability import services as availability
from webapp.core import audit, events
from webapp.core.database import db
from webapp.core.stay_dates import ONE_DAY, StayDates
from webapp.models import Room, RoomBlock, RoomNight


def block_room(room: Room, starts_on: dt.date, ends_on: dt.date, reason: str) -> RoomBlock:
    """Close the room for those nights of [starts_on, ends_on) that nobody holds."""
    block = RoomBlock(
        hotel_id=room.hotel_id, room_id=room.id, starts_on=starts_on, ends_on=ends_on, kind="channel", reason=reason
    )
    db.session.add(block)
    db.session.flush()
    availability.lock_rooms([room.id])
    taken = set(
        db.session.scalars(
            select(RoomNight.night).where(
                RoomNight.room_id == room.id, RoomNight.night >= starts_on, RoomNight.night < ends_on
            )
        )
    )
    for dates in _ranges([night for night in StayDates(starts_on, ends_on) if night not in taken]):
        availability.occupy_room(room.hotel_id, room.id, dates, block_id=block.id)
        availability.close_nights(room.room_type_id, dates)
    audit.record(room.hotel_id, "room_blocked", block, after=_as_json(block), reason=reason)
    _tell(room)
    return block


def release_block(room: Room, block_id: int) -> None:
    """Open the nights again that a block holds, and remove it."""
    block = db.session.get(RoomBlock, block_id)
    if block is None:
        return
    availability.lock_rooms([room.id])
    held = db.session.scalars(select(RoomNight.night).where(RoomNight.block_id == block_id).order_by(RoomNight.night))
    ranges = _ranges(list(held))
    availability.vacate_room(block_id=block_id)
    for dates in ranges:
        availability.open_nights(room.room_type_id, dates)
    audit.record(room.hotel_id, "room_unblocked", block, before=_as_json(block))
    db.session.execute(delete(RoomBlock).where(RoomBlock.id == block_id))
    _tell(room)


def _tell(room: Room) -> None:
    events.publish(
        room.hotel_id, "room-status-changed",
        {"booking_id": None, "status": room.housekeeping, "room_number": room.number, "assigned_room_number": room.number},
    )  # fmt: skip


def _as_json(block: RoomBlock) -> dict[str, str | int]:
    return {"room": block.room_id, "starts_on": block.starts_on.isoformat(), "ends_on": block.ends_on.isoformat()}


def _ranges(nights: list[dt.date]) -> list[StayDates]:
    """Nights in order, as half-open ranges."""
    if not nights:
        return []
    starts, ends = [nights[0]], []
    for before, after in pairwise(nights):
        if after - before > ONE_DAY:
            ends.append(before + ONE_DAY)
            starts.append(after)
    ends.append(nights[-1] + ONE_DAY)
    return [StayDates(start, end) for start, end in zip(starts, ends, strict=True)]

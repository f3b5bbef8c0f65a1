"""Rooms that cannot be sold for some nights because the house says so: out of order, or kept by the owner."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _

from webapp.core import audit, events
from webapp.core.database import db
from webapp.core.errors import Conflict, Invalid
from webapp.core.stay_dates import StayDates
from webapp.core.tenancy import one_of_hotel
from webapp.models import Room, RoomBlock

from . import services

KINDS = ("out_of_order", "owner")


def block_room(room: Room, dates: StayDates, kind: str, reason: str = "") -> RoomBlock:
    """Close a room for these nights. Raises Conflict ROOM_OVERLAP_CONFLICT when a stay or a block holds one of them."""
    if kind not in KINDS:
        raise Invalid(_("Say why the room is closed."), field="kind")
    block = RoomBlock(
        hotel_id=room.hotel_id,
        room_id=room.id,
        starts_on=dates.check_in,
        ends_on=dates.check_out,
        kind=kind,
        reason=reason.strip(),
    )
    db.session.add(block)
    db.session.flush()
    services.occupy_room(room.hotel_id, room.id, dates, block_id=block.id)
    services.close_nights(room.room_type_id, dates)
    audit.record(room.hotel_id, "room_blocked", block, after=_as_json(block, room), reason=reason or None)
    _tell(room)
    return block


def unblock_room(hotel_id: int, block_id: int) -> RoomBlock:
    """Open the nights of a block again. A block that a channel sent ends when the channel ends it."""
    block = one_of_hotel(RoomBlock, hotel_id, lock=True, id=block_id)
    if block.kind not in KINDS:
        raise Conflict(_("A channel closed these nights; open them there."), "BLOCKED_BY_CHANNEL")
    room = db.session.get_one(Room, block.room_id)
    services.lock_rooms([room.id])
    services.vacate_room(block_id=block.id)
    services.open_nights(room.room_type_id, StayDates(block.starts_on, block.ends_on))
    audit.record(hotel_id, "room_unblocked", block, before=_as_json(block, room))
    db.session.delete(block)
    db.session.flush()
    _tell(room)
    return block


def _as_json(block: RoomBlock, room: Room) -> dict[str, Any]:
    return {
        "room": room.number, "kind": block.kind, "starts_on": block.starts_on.isoformat(), "ends_on": block.ends_on.isoformat(),
    }  # fmt: skip


def _tell(room: Room) -> None:
    events.publish(
        room.hotel_id, "room-status-changed",
        {"booking_id": None, "status": room.housekeeping, "room_number": room.number, "assigned_room_number": room.number},
    )  # fmt: skip

"""A stay in its room: placed, moved before the arrival or in house, taken out. Each locks the stay, then the rooms by id.

Which room it should be is decided in `assignment`; when guests come and go, in `services`.
"""

from __future__ import annotations

import datetime as dt

from flask_babel import gettext as _

from webapp.availability import services as availability
from webapp.core.database import db
from webapp.core.errors import Conflict
from webapp.core.stay_dates import StayDates
from webapp.models import Hotel, Reservation, Room
from webapp.operations import services as operations

from .records import changed, forget_room, lock, note_assignment, room_number

BEFORE_ARRIVAL = ("PENDING_PAYMENT", "CONFIRMED")


def assign_room(stay: Reservation, room: Room, *, expected_version: int | None = None, notes: str = "") -> None:
    """Place a stay in a room, or move it there from another. An in-house guest moves only by `move_in_house`.

    Raises Conflict with the codes of the JSON API's assignment errors.
    """
    lock(stay)
    check_assignable(stay, room, expected_version)
    if stay.room_id == room.id and not stay.has_moved:
        return
    old_room_id, stay.has_moved = stay.room_id, False
    availability.lock_rooms([room.id, *([old_room_id] if old_room_id else [])])
    availability.vacate_room(reservation_id=stay.id)
    occupy(stay, room, stay.dates)
    before = {"room": room_number(old_room_id)}
    note_assignment(stay, room, notes)
    event = "room-assignment-changed" if old_room_id else "room-assigned"
    changed(stay, "room_assigned", event, before=before, after={"room": room.number})


def unassign_room(stay: Reservation, *, expected_version: int | None = None) -> None:
    """Take a stay out of its room; it waits in the tray of unplaced stays."""
    lock(stay)
    if stay.room_id is None:
        return
    room = db.session.get_one(Room, stay.room_id)
    check_assignable(stay, room, expected_version)
    availability.lock_rooms([room.id])
    availability.vacate_room(reservation_id=stay.id)
    if stay.inventory_type_id != stay.room_type_id:
        availability.release_nights(stay.inventory_type_id, stay.dates)
        availability.force_nights(stay.room_type_id, stay.dates)
    forget_room(stay)
    db.session.flush()
    changed(stay, "room_unassigned", "room-assignment-changed", before={"room": room.number}, after={"room": None})


def move_in_house(stay: Reservation, room: Room, *, expected_version: int | None = None, notes: str = "") -> None:
    """Move a guest who is in house to another room from tonight on; the nights already slept stay where they were.

    The room that was left needs cleaning. Raises Conflict like `assign_room`.
    """
    lock(stay)
    check_room(stay, room, expected_version)
    if stay.status != "CHECKED_IN" or stay.room_id is None:
        raise Conflict(_("The guest is not in house."), "BOOKING_STATUS_NOT_ASSIGNABLE")
    if stay.room_id == room.id:
        return
    tonight = max(db.session.get_one(Hotel, stay.hotel_id).business_date(), stay.check_in)
    if tonight >= stay.check_out:
        raise Conflict(_("The stay ends today. Extend it before moving the guest."), "BOOKING_ALREADY_CHECKED_IN")
    left = db.session.get_one(Room, stay.room_id)
    availability.lock_rooms([room.id, left.id])
    availability.vacate_room(reservation_id=stay.id, since=tonight)
    occupy(stay, room, StayDates(tonight, stay.check_out))
    stay.has_moved = stay.has_moved or tonight > stay.check_in
    note_assignment(stay, room, notes)
    changed(stay, "moved", "room-assignment-changed", before={"room": left.number}, after={"room": room.number})
    needs_cleaning(left, stay, tonight)


def occupy(stay: Reservation, room: Room, nights: StayDates) -> None:
    """Write these nights of a stay into a room, and count the stay where that room counts."""
    availability.occupy_room(stay.hotel_id, room.id, nights, reservation_id=stay.id)
    if room.room_type_id != stay.inventory_type_id:
        availability.hold_nights([stay.inventory_type_id, room.room_type_id], stay.dates)
        availability.release_nights(stay.inventory_type_id, stay.dates)
        availability.force_nights(room.room_type_id, stay.dates)


def check_assignable(stay: Reservation, room: Room, expected_version: int | None) -> None:
    check_room(stay, room, expected_version)
    if stay.status == "CHECKED_IN":
        raise Conflict(_("The guest is already in house."), "BOOKING_ALREADY_CHECKED_IN")
    check_status(stay, BEFORE_ARRIVAL)


def check_status(stay: Reservation, allowed: tuple[str, ...]) -> None:
    if stay.status not in allowed:
        raise Conflict(_("A stay in this status takes no room."), "BOOKING_STATUS_NOT_ASSIGNABLE")


def check_room(stay: Reservation, room: Room, expected_version: int | None) -> None:
    if room.hotel_id != stay.hotel_id:
        raise Conflict(_("The room belongs to another hotel."), "HOTEL_MISMATCH", field="room_id")
    check_version(stay, expected_version)
    if not room.is_active:
        raise Conflict(_("The room is not in use."), "ROOM_OUT_OF_ORDER", field="room_id")


def check_version(stay: Reservation, expected_version: int | None) -> None:
    """Raises Conflict ASSIGNMENT_VERSION_CONFLICT when the room was changed after the clerk looked."""
    if expected_version is not None and expected_version != stay.assignment_version:
        raise Conflict(
            _("Somebody else has just changed the room of this stay. Please look again."),
            "ASSIGNMENT_VERSION_CONFLICT", details={"assignment_version": stay.assignment_version},
        )  # fmt: skip


def needs_cleaning(room: Room, stay: Reservation, today: dt.date) -> None:
    operations.set_housekeeping(room, "dirty")
    operations.create_task(
        stay.hotel_id, "cleaning", "", today,
        key=f"cleaning:{stay.id}:{room.id}:{today}", room_id=room.id, reservation_id=stay.id,
    )  # fmt: skip

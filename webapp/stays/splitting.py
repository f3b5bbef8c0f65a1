"""One stay in two rooms: the first nights in one, the others in another."""

from __future__ import annotations

import datetime as dt

from flask_babel import gettext as _

from webapp.availability import services as availability
from webapp.core.database import db
from webapp.core.errors import Conflict, Invalid
from webapp.core.stay_dates import StayDates
from webapp.models import Hotel, Reservation, Room

from . import assignment, placing, records


def split(
    stay: Reservation,
    date: dt.date,
    room: Room,
    *,
    expected_version: int | None = None,
    allow_type_change: bool = False,
    may_override: bool = False,
) -> None:
    """From the night of `date` on the stay sleeps in `room`; until then where it is. On that day the guest is moved there.

    The stay goes on counting for the type of its first room. Raises Conflict like `assign_room`, or Invalid for a date outside.
    """
    records.lock(stay)
    placing.check_room(stay, room, expected_version)
    if stay.status not in ("PENDING_PAYMENT", "CONFIRMED", "CHECKED_IN"):
        raise Conflict(_("A stay in this status takes no room."), "BOOKING_STATUS_NOT_ASSIGNABLE")
    if stay.room_id is None:
        raise Conflict(_("Assign a room for the first nights before you split the stay."), "ROOM_NOT_ASSIGNED")
    if not stay.check_in < date < stay.check_out:
        raise Invalid(_("Split a stay on a night between its first and its last."), "INVALID_DATE_RANGE", field="date")
    today = db.session.get_one(Hotel, stay.hotel_id).business_date()
    if stay.status == "CHECKED_IN" and date <= today:
        raise Conflict(_("The guest is in house: move them instead."), "BOOKING_ALREADY_CHECKED_IN")
    assignment.check_type(stay, room, allow_type_change, may_override)
    first = db.session.get_one(Room, stay.room_id)
    availability.lock_rooms([first.id, room.id])
    availability.vacate_room(reservation_id=stay.id, since=date)
    availability.occupy_room(stay.hotel_id, room.id, StayDates(date, stay.check_out), reservation_id=stay.id)
    stay.has_moved = room.id != first.id
    stay.assignment_version += 1
    db.session.flush()
    records.changed(
        stay, "split", "room-assignment-changed", before={"room": first.number},
        after={"room": first.number, "from": date.isoformat(), "then": room.number},
    )  # fmt: skip

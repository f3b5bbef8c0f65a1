"""Which room a stay gets: by a clerk's choice, by the best fit, by a swap of two stays, or for all arrivals of a day.

Each locks stays by id, then rooms by id, and decides on what it reads under the lock. A guest in house is never moved here: that is
`placing.move_in_house`, and is always asked for by name.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

from flask_babel import gettext as _

from webapp.availability import services as availability
from webapp.core.database import db
from webapp.core.errors import Conflict, Invalid, NotFound
from webapp.core.tenancy import one_of_hotel
from webapp.models import Hotel, Reservation, Room, RoomType

from . import placing, records, rooms


def room_meant(hotel: Hotel, room_id: int | None, room_number: str | None) -> Room:
    """The room that a clerk named. Raises NotFound, or Conflict HOTEL_MISMATCH for a room of another hotel."""
    if room_id is None:
        return _room_of_number(hotel, room_number or "")
    room = db.session.get(Room, room_id)
    if room is None:
        raise NotFound(_("There is no such room in this hotel."), field="room_id")
    if room.hotel_id != hotel.id:
        raise Conflict(_("The room belongs to another hotel."), "HOTEL_MISMATCH", field="room_id")
    if room_number and room.number != room_number:
        raise Invalid(_("The room's id and number are of two different rooms."), field="room_number")
    return room


def _room_of_number(hotel: Hotel, number: str) -> Room:
    try:
        return one_of_hotel(Room, hotel.id, number=number)
    except NotFound:
        raise NotFound(_("There is no such room in this hotel."), field="room_number") from None


def assign(
    stay: Reservation,
    room: Room,
    *,
    expected_version: int | None = None,
    notes: str = "",
    allow_type_change: bool = False,
    may_override: bool = False,
) -> None:
    """Place a stay, or move it before its arrival. Another type must be meant, and a lesser one needs `may_override`.

    Raises Conflict with the codes of the JSON API's assignment errors.
    """
    records.lock(stay)
    placing.check_assignable(stay, room, expected_version)
    check_type(stay, room, allow_type_change, may_override)
    placing.assign_room(stay, room, expected_version=expected_version, notes=notes)


def check_type(stay: Reservation, room: Room, allow_type_change: bool, may_override: bool) -> None:
    """Raises Conflict ROOM_TYPE_MISMATCH unless the room is of the sold type, or the change is meant and fair to the guest."""
    if room.room_type_id in (stay.room_type_id, stay.inventory_type_id):
        return
    sold, given = (db.session.get_one(RoomType, one) for one in (stay.room_type_id, room.room_type_id))
    details = {"sold_type": sold.code, "room_type": given.code}
    if not allow_type_change:
        raise Conflict(
            _("Room %(number)s is a “%(given)s”, the guest booked a “%(sold)s”. Say that the change of type is meant.",
              number=room.number, given=given.name, sold=sold.name),
            "ROOM_TYPE_MISMATCH", field="room_id", details=details,
        )  # fmt: skip
    if not may_override and not rooms.is_upgrade(given, sold, stay.adults + stay.children):
        raise Conflict(
            _("A “%(given)s” is less than the “%(sold)s” that the guest booked. A manager may do this.",
              given=given.name, sold=sold.name),
            "ROOM_TYPE_MISMATCH", field="room_id", details=details,
        )  # fmt: skip


def pin(stay: Reservation, *, is_pinned: bool = True, reason: str = "") -> None:
    """Keep a stay in its room when room is made for others, or let it move again. Twice changes nothing.

    Raises Conflict BOOKING_STATUS_NOT_ASSIGNABLE for a stay that is over or never came to be.
    """
    records.lock(stay)
    if is_pinned:
        placing.check_status(stay, (*placing.BEFORE_ARRIVAL, "CHECKED_IN"))
    if stay.is_pinned == is_pinned:
        return
    stay.is_pinned = is_pinned
    db.session.flush()
    records.changed(stay, "pinned" if is_pinned else "unpinned", "booking-updated", reason=reason)


def assign_best(stay: Reservation, *, expected_version: int | None = None, notes: str = "") -> Room:
    """Place a stay in the free room of its type that fits best. Raises Conflict NO_AVAILABILITY when there is none."""
    records.lock(stay)
    placing.check_version(stay, expected_version)
    for place in best_places(stay):
        placing.assign_room(stay, place.room, expected_version=expected_version, notes=notes)
        return place.room
    raise Conflict(_("No room of this type is free on every night of the stay."), "NO_AVAILABILITY")


def best_places(stay: Reservation) -> list[rooms.Place]:
    """Free rooms of the stay's type, the best first; locked, so that they stay free until the end of the transaction."""
    found = rooms.places(stay.hotel_id, stay.dates, type_ids=[stay.room_type_id], except_stay=stay)
    free = [place.room.id for place in found if place.is_free(stay.dates)]
    if not free:
        return []
    availability.lock_rooms(free)
    again = rooms.places(stay.hotel_id, stay.dates, type_ids=[stay.room_type_id], except_stay=stay)
    return sorted((place for place in again if place.is_free(stay.dates)), key=lambda place: _rank(place, stay))


def _rank(place: rooms.Place, stay: Reservation) -> tuple[int, bool, int, str]:
    return place.gap_around(stay.dates), place.room.housekeeping == "dirty", place.room.position, place.room.number


def swap(one: Reservation, other: Reservation, *, allow_type_change: bool = False, may_override: bool = False) -> None:
    """Each of two stays gets the other's room, at once or not at all. Both must be placed and not yet arrived."""
    if one.id == other.id:
        raise Invalid(_("A stay cannot change rooms with itself."), field="other_booking_id")
    for stay in sorted((one, other), key=lambda stay: stay.id):
        records.lock(stay)
    placed = {stay.id: _room_of(stay) for stay in (one, other)}
    for stay, room in ((one, placed[other.id]), (other, placed[one.id])):
        placing.check_assignable(stay, room, None)
        check_type(stay, room, allow_type_change, may_override)
    availability.lock_rooms([room.id for room in placed.values()])
    for stay in (one, other):
        availability.vacate_room(reservation_id=stay.id)
    for stay, room in ((one, placed[other.id]), (other, placed[one.id])):
        placing.occupy(stay, room, stay.dates)
        records.note_assignment(stay, room, stay.assignment_notes)
        records.changed(
            stay, "room_assigned", "room-assignment-changed",
            before={"room": placed[stay.id].number}, after={"room": room.number}, reason=_("Rooms were swapped."),
        )  # fmt: skip


def _room_of(stay: Reservation) -> Room:
    if stay.room_id is None:
        raise Conflict(
            _("Stay %(booking)s has no room to give.", booking=stay.booking_id), "BOOKING_STATUS_NOT_ASSIGNABLE"
        )
    return db.session.get_one(Room, stay.room_id)


@dataclass
class DayPlan:
    """What would be, or was, done for the arrivals of a day."""

    date: dt.date
    placed: list[tuple[Reservation, rooms.Place, int]] = field(
        default_factory=list
    )  # and the nights left empty around it
    left: list[tuple[Reservation, str, str]] = field(default_factory=list)  # (stay, code, sentence)


def assign_arrivals(hotel: Hotel, date: dt.date, *, is_dry_run: bool = False) -> DayPlan:
    """Give every unplaced arrival of a day the room that fits best. Nobody who has a room, or is in house, is touched.

    The longest stays choose first; with one day of arrival for all, no other order places more of them.
    """
    waiting = rooms.arrivals_without_room(hotel.id, date)
    plan = DayPlan(date)
    if not is_dry_run and waiting:
        for stay in sorted(waiting, key=lambda stay: stay.id):
            records.lock(stay)
        availability.lock_rooms(rooms.room_ids(hotel.id))
        waiting = [stay for stay in waiting if stay.status == "CONFIRMED" and stay.room_id is None]
    if not waiting:
        return plan
    longest = max((stay.dates for stay in waiting), key=lambda dates: dates.nights)
    found = rooms.by_type(rooms.places(hotel.id, longest))
    for stay in waiting:
        free = [place for place in found.get(stay.room_type_id, ()) if place.is_free(stay.dates)]
        if not free:
            plan.left.append((stay, *_why_not(found.get(stay.room_type_id, []), stay)))
            continue
        place = min(free, key=lambda place: _rank(place, stay))
        plan.placed.append((stay, place, place.gap_around(stay.dates)))
        place.held = sorted([*place.held, *stay.dates])
    if not is_dry_run:
        for stay, place, _gap in sorted(plan.placed, key=lambda one: one[0].id):
            placing.assign_room(stay, place.room, expected_version=stay.assignment_version)
    return plan


def _why_not(of_type: list[rooms.Place], stay: Reservation) -> tuple[str, str]:
    in_use = [place for place in of_type if place.room.is_active]
    if not in_use:
        return "NO_ROOM_OF_TYPE", _("The hotel has no room of this type in use.")
    free_nights = [night for night in stay.dates if any(night not in place.held for place in in_use)]
    if len(free_nights) == stay.nights:
        return "ONLY_BY_MOVING", _(
            "Each night has a free room, but no room is free on all of them. Moving other stays may help."
        )
    return "NO_AVAILABILITY", _("On some nights every room of this type is taken.")

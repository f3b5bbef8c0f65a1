"""The desk's JSON about rooms: which are free, and who gets which."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask_babel import gettext as _

from webapp.core.errors import Invalid, NotFound
from webapp.core.stay_dates import StayDates
from webapp.core.tenancy import one_of_hotel
from webapp.core.transaction import transaction
from webapp.models import Reservation, RoomType
from webapp.web import api
from webapp.web.auth import current_hotel, may, staff_api

from . import answers, assignment, placing, rooms
from .api_kit import ONE, ROOT, STAYS, assigned, blueprint, stay_of, told
from .detail import room_ref, stay_by_id, types_of
from .schemas import AssignRoom, AutoAssign, BookingOnly, NeededRoom, Pin, RoomsQuery, Swap, Unassign

TAG = ["Rooms"]
LONGEST_SEARCH = 730


@blueprint.post(f"{ONE}/assign-room/")
@staff_api("stays.manage")
@api.validate(tags=TAG, resp=api.answers(answers.Assigned, 200, 409), security=api.BEARER)
def assign_room(booking_id: str, json: NeededRoom) -> Any:
    """Place a stay in a room, or move it there before its arrival.

    409 `HOTEL_MISMATCH`, `BOOKING_STATUS_NOT_ASSIGNABLE`, `BOOKING_ALREADY_CHECKED_IN`, `ROOM_TYPE_MISMATCH`,
    `ROOM_OUT_OF_ORDER`, `ROOM_OVERLAP_CONFLICT` (with `conflicting_booking_ids`) or `ASSIGNMENT_VERSION_CONFLICT`.
    """
    return _assign(booking_id, json)


@blueprint.post(f"{ONE}/safe-assign/")
@staff_api("stays.manage")
@api.validate(tags=TAG, resp=api.answers(answers.Assigned, 200, 409), security=api.BEARER)
def safe_assign(booking_id: str, json: AssignRoom) -> Any:
    """Place a stay in the named room or, when none is named, in the free room of its type that fits best."""
    return _assign(booking_id, json)


def _assign(booking_id: str, json: AssignRoom) -> answers.Assigned:
    def act(stay: Reservation) -> None:
        if json.room_id is None and json.room_number is None:
            assignment.assign_best(stay, expected_version=json.assignment_version, notes=json.notes)
        else:
            room = assignment.room_meant(current_hotel(), json.room_id, json.room_number)
            assignment.assign(
                stay, room, expected_version=json.assignment_version, notes=json.notes,
                allow_type_change=json.allow_type_change, may_override=may("stays.override"),
            )  # fmt: skip

    return _done(booking_id, act)


def _done(booking_id: str, act: Callable[[Reservation], object]) -> answers.Assigned:
    """What is done with the stay of the address, in one transaction; then the stay with its room as it is now."""
    with transaction():
        stay = stay_of(booking_id)
        act(stay)
    return assigned(stay)


@blueprint.post(f"{ONE}/unassign-room/")
@staff_api("stays.manage")
@api.validate(tags=TAG, resp=api.answers(answers.Assigned, 200, 409), security=api.BEARER)
def unassign_room(booking_id: str, json: Unassign) -> Any:
    """Take a stay out of its room; it waits until it gets another."""
    return _done(booking_id, lambda stay: placing.unassign_room(stay, expected_version=json.assignment_version))


@blueprint.post(f"{ONE}/move-in-house/")
@staff_api("stays.manage")
@api.validate(tags=TAG, resp=api.answers(answers.Assigned, 200, 409), security=api.BEARER)
def move_in_house(booking_id: str, json: NeededRoom) -> Any:
    """Move a guest who is in house to another room from tonight on; the nights already slept stay where they were."""

    def act(stay: Reservation) -> None:
        room = assignment.room_meant(current_hotel(), json.room_id, json.room_number)
        assignment.check_type(stay, room, json.allow_type_change, may("stays.override"))
        placing.move_in_house(stay, room, expected_version=json.assignment_version, notes=json.notes)

    return _done(booking_id, act)


@blueprint.post(f"{ONE}/pin/")
@staff_api("stays.manage")
@api.validate(tags=TAG, resp=api.answers(answers.Assigned, 200, 409), security=api.BEARER)
def pin(booking_id: str, json: Pin) -> Any:
    """Keep a stay in its room when room is made for others, or let it move again."""
    return _done(booking_id, lambda stay: assignment.pin(stay, is_pinned=json.pinned, reason=json.reason))


@blueprint.post(f"{ONE}/swap-rooms/")
@staff_api("stays.manage")
@api.validate(tags=TAG, resp=api.answers(answers.Swapped, 200, 409), security=api.BEARER)
def swap_rooms(booking_id: str, json: Swap) -> Any:
    """Two stays that have not arrived change rooms, at once or not at all."""
    with transaction():
        pair = [stay_of(booking_id), stay_of(json.other_booking_id)]
        assignment.swap(*pair, allow_type_change=json.allow_type_change, may_override=may("stays.override"))
    return answers.Swapped(bookings=[told(stay) for stay in pair])


@blueprint.post(f"{STAYS}/auto-assign/")
@staff_api("stays.manage")
@api.validate(tags=TAG, resp=api.answers(answers.AutoAssigned, 200, 409), security=api.BEARER)
def auto_assign(json: AutoAssign) -> Any:
    """Give every unplaced arrival of a day the room that fits best, and say what could not be placed and why."""
    hotel = current_hotel()
    with transaction():
        plan = assignment.assign_arrivals(hotel, json.date or hotel.business_date(), is_dry_run=json.dry_run)
    return answers.AutoAssigned(
        date=plan.date,
        dry_run=json.dry_run,
        assigned=[
            answers.Placed(
                booking_id=stay.booking_id, room_number=place.room.number,
                why=_("Of the free rooms, this one leaves the fewest empty nights around the stay: %(num)d.", num=gap),
            )
            for stay, place, gap in plan.placed
        ],
        not_assigned=[
            answers.NotPlaced(booking_id=stay.booking_id, code=code, message=why) for stay, code, why in plan.left
        ],
    )  # fmt: skip


@blueprint.get(f"{ROOT}/rooms/availability/")
@staff_api("stays.view")
@api.validate(tags=TAG, resp=api.answers(answers.RoomsFound), security=api.BEARER)
def rooms_availability(query: RoomsQuery) -> Any:
    """Rooms that are free on every night, and the others with what is in the way and from when on they are free."""
    hotel = current_hotel()
    dates = _dates(query)
    except_stay = stay_by_id(hotel.id, query.exclude_booking) if query.exclude_booking else None
    type_ids = [_type_of(query.room_type).id] if query.room_type else None
    found = rooms.places(hotel.id, dates, type_ids=type_ids, except_stay=except_stay)
    return answers.RoomsFound(**_sorted_out(found, dates, except_stay))


def _dates(query: RoomsQuery) -> StayDates:
    if query.check_out <= query.check_in:
        raise Invalid(_("The departure must be after the arrival."), "INVALID_DATE_RANGE", field="check_out")
    if (query.check_out - query.check_in).days > LONGEST_SEARCH:
        raise Invalid(_("That is longer than two years."), "INVALID_DATE_RANGE", field="check_out")
    return StayDates(query.check_in, query.check_out)


def _type_of(code: str) -> RoomType:
    try:
        return one_of_hotel(RoomType, current_hotel().id, code=code)
    except NotFound:
        raise NotFound(_("The hotel has no room type of this code."), field="room_type") from None


@blueprint.get(f"{STAYS}/available-rooms/")
@staff_api("stays.view")
@api.validate(tags=TAG, resp=api.answers(answers.RoomsForStay), security=api.BEARER)
def available_rooms_for(query: BookingOnly) -> Any:
    """Rooms for a stay: those of its type first, then better ones, each group with the best fit first; the others with the reason."""
    return _rooms_for(stay_of(query.booking_id))


@blueprint.get(f"{ONE}/available-rooms/")
@staff_api("stays.view")
@api.validate(tags=TAG, resp=api.answers(answers.RoomsForStay), security=api.BEARER)
def available_rooms(booking_id: str) -> Any:
    """The same, with the stay in the address."""
    return _rooms_for(stay_of(booking_id))


def _rooms_for(stay: Reservation) -> answers.RoomsForStay:
    found = rooms.places(stay.hotel_id, stay.dates, except_stay=stay)
    return answers.RoomsForStay(
        booking_id=stay.booking_id, assignment_version=stay.assignment_version, **_sorted_out(found, stay.dates, stay)
    )


def _sorted_out(found: list[rooms.Place], dates: StayDates, stay: Reservation | None) -> dict[str, Any]:
    types = types_of(current_hotel().id)
    sold = types[stay.room_type_id] if stay else None
    free, taken = [], []
    for place in found:
        ref = room_ref(place.room, types).model_dump()
        if not place.is_free(dates):
            taken.append(_taken(place, dates, ref))
            continue
        is_same = sold is None or place.room_type.id == sold.id
        upgrade = sold is not None and rooms.is_upgrade(place.room_type, sold)
        rank = (not is_same, not upgrade, place.gap_around(dates) if stay else 0)
        free.append((rank, answers.FreeRoom(**ref, is_same_type=is_same, is_upgrade=upgrade)))
    free.sort(key=lambda one: one[0])
    return {
        "check_in": dates.check_in, "check_out": dates.check_out, "nights": dates.nights,
        "available_rooms": [room for _rank, room in free], "unavailable_rooms": taken,
    }  # fmt: skip


def _taken(place: rooms.Place, dates: StayDates, ref: dict[str, Any]) -> answers.TakenRoom:
    if not place.room.is_active:
        reason, message = "NOT_IN_USE", _("The room is not in use.")
    elif place.booking_ids:
        reason, message = "OCCUPIED", _("Another stay has the room for part of these nights.")
    elif "out_of_order" in place.block_kinds:
        reason, message = "OUT_OF_ORDER", _("The room is out of order for part of these nights.")
    else:
        reason, message = "BLOCKED", _("The room is closed for part of these nights.")
    return answers.TakenRoom(
        **ref, conflict_reason=reason, message=message, conflict_booking_id=next(iter(place.booking_ids), None),
        conflicting_booking_ids=place.booking_ids, available_from=place.free_from(dates),
    )  # fmt: skip

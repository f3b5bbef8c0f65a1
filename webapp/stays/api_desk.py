"""The desk's JSON about new stays, longer and shorter ones, and stays in two rooms."""

from __future__ import annotations

import datetime as dt
from typing import Any

from webapp.core.transaction import transaction
from webapp.web import api
from webapp.web.auth import current_hotel, may, staff_api

from . import answers, assignment, departures, desk_sales, splitting
from .api_kit import ONE, STAYS, assigned, blueprint, changed, stay_of, told
from .schemas import EarlyDeparture, LateDeparture, NewBooking, NewDeparture, Split

TAG = ["Stays"]


@blueprint.post(f"{STAYS}/")
@staff_api("stays.manage")
@api.validate(tags=TAG, resp=api.answers(answers.Created, 201, 409), security=api.BEARER)
def create(json: NewBooking) -> Any:
    """Make a booking at the desk: one room, or several rooms of a group, all or none.

    With `walk_in` the guest is here: each room gets a free, clean one, and the guest is checked in.
    """
    guest = json.model_dump(
        include={"guest_name", "guest_email", "guest_phone", "guest_language", "guest_country", "special_requests"}
    )
    rooms = [desk_sales.RoomWanted(**one.model_dump()) for one in json.rooms]
    with transaction():
        made = desk_sales.sell(
            current_hotel(), desk_sales.Sale(guest, json.check_in, json.check_out, rooms, json.walk_in)
        )
    first = made[0]
    bookings = [told(stay) for stay in made]
    return answers.Created(
        booking_id=first.booking_id, confirmation_number=first.confirmation_number, status=first.status,
        group_id=first.group_id, bookings=bookings,
    ), 201  # fmt: skip


@blueprint.post(f"{ONE}/extend/")
@staff_api("stays.manage")
@api.validate(tags=TAG, resp=api.answers(answers.Changed, 200, 409), security=api.BEARER)
def extend(booking_id: str, json: NewDeparture) -> Any:
    """Let a guest stay longer, at the price of the added nights."""
    with transaction():
        stay = stay_of(booking_id)
        departures.extend(stay, json.check_out)
    return changed(stay)


@blueprint.post(f"{ONE}/early-departure/")
@staff_api("stays.manage")
@api.validate(tags=TAG, resp=api.answers(answers.Changed, 200, 409), security=api.BEARER)
def early_departure(booking_id: str, json: EarlyDeparture) -> Any:
    """Let a guest leave earlier; the nights that are given back can be sold at once."""
    with transaction():
        stay = stay_of(booking_id)
        departures.leave_early(stay, json.check_out, json.reason)
    return changed(stay)


@blueprint.post(f"{ONE}/late-departure/")
@staff_api("stays.manage")
@api.validate(tags=TAG, resp=api.answers(answers.Changed, 200, 409), security=api.BEARER)
def late_departure(booking_id: str, json: LateDeparture) -> Any:
    """Let a guest keep the room longer on the day of departure; the door codes follow. Without `until` it is taken back."""
    with transaction():
        stay = stay_of(booking_id)
        until = dt.time.fromisoformat(json.until) if json.until else None
        departures.allow_late(stay, until, json.fee, json.reason)
    return changed(stay)


@blueprint.post(f"{ONE}/split/")
@staff_api("stays.manage")
@api.validate(tags=["Rooms"], resp=api.answers(answers.Assigned, 200, 409), security=api.BEARER)
def split(booking_id: str, json: Split) -> Any:
    """From a night on, the stay sleeps in another room."""
    with transaction():
        stay = stay_of(booking_id)
        room = assignment.room_meant(current_hotel(), json.room_id, json.room_number)
        splitting.split(
            stay, json.date, room, expected_version=json.assignment_version, allow_type_change=json.allow_type_change,
            may_override=may("stays.override"),
        )  # fmt: skip
    return assigned(stay)

"""The desk's JSON: the list of stays, one stay, and its way from confirmation to departure."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import Response, request

from webapp.core.transaction import transaction
from webapp.models import Reservation
from webapp.web import api
from webapp.web.auth import current_hotel, may, staff_api

from . import answers, api_desk, api_guests, api_moves, api_rooms, export, services
from .api_kit import ONE, STAYS, blueprint, changed, log, stay_of, told
from .listing import StayFilters, page_of_stays
from .schemas import CheckInOptions, CheckOutOptions, Reason, StayQuery

__all__ = ["api_desk", "api_guests", "api_moves", "api_rooms", "blueprint"]  # their endpoints are of the same blueprint

TAG = ["Stays"]


def _or_csv(view: Callable) -> Callable:
    """The same list as a file, when the address asks for `format=csv`."""

    @wraps(view)
    def either(*args: Any, **arguments: Any) -> Any:
        return (_csv if request.args.get("format") == "csv" else view)(*args, **arguments)

    return either


@blueprint.get(f"{STAYS}/")
@staff_api("stays.view")
@_or_csv
@api.validate(tags=TAG, resp=api.answers(answers.StayList), security=api.BEARER)
def list_stays(query: StayQuery) -> Any:
    """Stays, in pages.

    All filters narrow the list together. With `format=csv` the whole list is streamed as a file instead.
    """
    rows, count = page_of_stays(current_hotel().id, _filters(query), query.page, query.page_size)
    log.info("personal_data_read", what="reservation_list", rows=len(rows))
    page = api.PageQuery(page=query.page, page_size=query.page_size)
    return answers.StayList(**api.page_of([export.line_of(row) for row in rows], count, page))


def _filters(query: StayQuery) -> StayFilters:
    return StayFilters(
        statuses=tuple(query.status.split(",")) if query.status else (),
        sources=tuple(query.source.split(",")) if query.source else (),
        **query.model_dump(
            include={"date_from", "date_to", "guest_name", "search", "room_number", "has_room_assigned", "ordering"}
        ),
    )


@api.validate()
def _csv(query: StayQuery) -> Response:
    log.info("personal_data_read", what="reservation_export")
    return export.as_csv(current_hotel(), _filters(query))


@blueprint.get(f"{ONE}/")
@staff_api("stays.view")
@api.validate(tags=TAG, resp=api.answers(answers.StayDetail), security=api.BEARER)
def one_stay(booking_id: str) -> Any:
    """One stay with its party, rooms, folio, history and communications."""
    return told(stay_of(booking_id))


@blueprint.post(f"{ONE}/confirm/")
@staff_api("stays.manage")
@api.validate(tags=TAG, resp=api.answers(answers.Changed, 200, 409), security=api.BEARER)
def confirm(booking_id: str, json: Reason) -> Any:
    """Confirm a stay that awaits its payment."""
    return _done(booking_id, services.confirm)


@blueprint.post(f"{ONE}/cancel/")
@staff_api("stays.manage")
@api.validate(tags=TAG, resp=api.answers(answers.Changed, 200, 409), security=api.BEARER)
def cancel(booking_id: str, json: Reason) -> Any:
    """Cancel a stay; its nights are free again."""
    return _done(booking_id, lambda stay: services.cancel(stay, json.reason))


@blueprint.post(f"{ONE}/check-in/")
@staff_api("stays.manage")
@api.validate(tags=TAG, resp=api.answers(answers.Changed, 200, 409), security=api.BEARER)
def check_in(booking_id: str, json: CheckInOptions) -> Any:
    """Check a guest in, into the assigned, clean room.

    409 `ROOM_NOT_ASSIGNED`, `ROOM_NOT_READY` or `TOO_EARLY` say what is missing; a manager may send `override` for a room that is
    not clean.
    """
    return _done(
        booking_id, lambda stay: services.check_in_guest(stay, is_override=json.override and may("stays.override"))
    )


@blueprint.post(f"{ONE}/check-out/")
@staff_api("stays.manage")
@api.validate(tags=TAG, resp=api.answers(answers.Changed, 200, 409), security=api.BEARER)
def check_out(booking_id: str, json: CheckOutOptions) -> Any:
    """Check a guest out; the room waits for cleaning."""
    return _done(booking_id, services.check_out_guest)


@blueprint.post(f"{ONE}/no-show/")
@staff_api("stays.manage")
@api.validate(tags=TAG, resp=api.answers(answers.Changed, 200, 409), security=api.BEARER)
def no_show(booking_id: str, json: Reason) -> Any:
    """Note that the guest did not come; the nights are free again."""
    return _done(booking_id, lambda stay: services.mark_no_show(stay, json.reason))


def _done(booking_id: str, act: Callable[[Reservation], None]) -> answers.Changed:
    with transaction():
        stay = stay_of(booking_id)
        act(stay)
    return changed(stay)

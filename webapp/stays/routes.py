"""Reservations at the desk: the list, one stay (as a page and in the drawer), and what is done with it.

Each change is one small POST: one service, then the stay as it is now for the drawer, a word for the board, or 303 for a form.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import structlog
from flask import Blueprint, Response, request, url_for
from flask_babel import gettext as _

from webapp.core.errors import Malformed, NotFound
from webapp.core.tenancy import one_of_hotel
from webapp.core.transaction import transaction
from webapp.models import Reservation, Room
from webapp.web import htmx
from webapp.web.auth import current_hotel, may, staff_page
from webapp.web.forms import with_ids

from . import assignment, export, fees, known, listing, placing, queries, services, wording
from . import rooms as rooms_of_house
from .domain import SOURCE_LABELS, STATUS_LABELS
from .forms import GuestForm, MemberForm, NoteForm
from .listing import StayFilters

log = structlog.get_logger(__name__)
PAGE_SIZE = 50
blueprint = Blueprint("stays", __name__, template_folder="templates", url_prefix="/staff/<slug>/reservations")


# One stay


@blueprint.get("/<booking_id>")
@staff_page("stays.view")
def reservation(booking_id: str) -> Response:
    return panel(stay_of(booking_id))


def stay_of(booking_id: str) -> Reservation:
    return queries.stay_by_id(current_hotel().id, booking_id)


def panel(
    stay: Reservation, status: int = 200, note: NoteForm | None = None, member: MemberForm | None = None
) -> Response:
    detail, member = queries.detail(stay), member or MemberForm(formdata=None)
    with_ids(member, "member")
    merged_into, merged_parts = known.merged_with(stay)
    log.info("personal_data_read", reservation_id=stay.id, what="reservation")
    return htmx.render(
        "stays/detail.html", "panel", status=status, hotel=current_hotel(), today=current_hotel().business_date(), stay=stay,
        detail=detail, history=wording.worded(detail.history), note_form=note or NoteForm(formdata=None),
        member_form=member, folio=wording.folio(stay), contained=wording.contained_taxes(stay), group=queries.group_of(stay),
        source_labels=SOURCE_LABELS, status_labels=STATUS_LABELS, known=known.known_of(stay), merged_into=merged_into,
        merged_parts=merged_parts, merge_id=known.merge_of(stay), fee_of_no_show=fees.fee_of_no_show(stay),
    )  # fmt: skip


def url_of(endpoint: str, stay: Reservation, **values: Any) -> str:
    return url_for(f"stays.{endpoint}", slug=current_hotel().slug, booking_id=stay.booking_id, **values)


def answer(stay: Reservation, message: str, undo: str | None = None) -> Response:
    """After a change: the stay as it is now where the drawer or its page asked, else only a word; 303 for a plain form."""
    if not htmx.is_fragment():
        if request.form.get("back") == "board":
            return htmx.see_other(url_for("board.board", slug=current_hotel().slug))
        return htmx.see_other(url_of("reservation", stay))
    is_panel = request.headers.get("HX-Target", "").endswith("#reservation")
    response = panel(stay) if is_panel else Response(status=204)
    return htmx.with_toast(response, message, undo_url=undo)


# What is done with a stay by one press


def _check_in(stay: Reservation) -> tuple[str, str | None]:
    services.check_in_guest(stay, is_override=bool(request.form.get("override")) and may("stays.override"))
    return _("The guest is checked in."), "undo-check-in"


def _check_out(stay: Reservation) -> tuple[str, str | None]:
    services.check_out_guest(stay)
    return _("The guest is checked out. The room waits for cleaning."), "undo-check-out"


def _confirm(stay: Reservation) -> tuple[str, str | None]:
    services.confirm(stay)
    return _("The stay is confirmed."), None


def _no_show(stay: Reservation) -> tuple[str, str | None]:
    services.mark_no_show(stay)
    return _("Noted as a no-show. The nights are free again."), "reinstate"


def _reinstate(stay: Reservation) -> tuple[str, str | None]:
    services.reinstate(stay)
    return _("The stay is back."), None


def _pin(stay: Reservation) -> tuple[str, str | None]:
    assignment.pin(stay)
    return _("The stay keeps its room when room is made for others."), "unpin"


def _unpin(stay: Reservation) -> tuple[str, str | None]:
    assignment.pin(stay, is_pinned=False)
    return _("The stay may move again."), "pin"


def _undo_check_in(stay: Reservation) -> tuple[str, str | None]:
    services.undo_check_in(stay)
    return _("The check-in is taken back."), None


def _undo_check_out(stay: Reservation) -> tuple[str, str | None]:
    services.undo_check_out(stay)
    return _("The check-out is taken back."), None


ACTIONS: dict[str, Callable[[Reservation], tuple[str, str | None]]] = {
    "check-in": _check_in,
    "check-out": _check_out,
    "confirm": _confirm,
    "no-show": _no_show,
    "reinstate": _reinstate,
    "pin": _pin,
    "unpin": _unpin,
    "undo-check-in": _undo_check_in,
    "undo-check-out": _undo_check_out,
}


@blueprint.post("/<booking_id>/<action>")
@staff_page("stays.manage")
def act(booking_id: str, action: str) -> Response:
    if action not in ACTIONS:
        raise NotFound(_("There is no such action."))
    with transaction():
        stay = stay_of(booking_id)
        message, undo = ACTIONS[action](stay)
    return answer(stay, message, url_of("act", stay, action=undo) if undo else None)


# Room


@blueprint.get("/<booking_id>/room")
@staff_page("stays.manage")
def rooms(booking_id: str) -> Response:
    stay = stay_of(booking_id)
    return htmx.render(
        "stays/rooms.html",
        "panel",
        hotel=current_hotel(),
        stay=stay,
        choices=queries.room_choices(stay),
        taken=[
            place
            for place in rooms_of_house.places(stay.hotel_id, stay.dates, except_stay=stay)
            if not place.is_free(stay.dates)
        ],
        partners=queries.swap_partners(stay),
    )


@blueprint.post("/<booking_id>/room")
@staff_page("stays.manage")
def set_room(booking_id: str) -> Response:
    """`room_id` (none: take the stay out of its room) and the `assignment_version` that the clerk saw."""
    version, room_id = number_in("assignment_version"), number_in("room_id")
    with transaction():
        stay = stay_of(booking_id)
        before = stay.room_id
        if room_id is None:
            placing.unassign_room(stay, expected_version=version)
            message = _("The stay waits without a room.")
        else:
            room = one_of_hotel(Room, stay.hotel_id, id=room_id)
            _place(stay, room, version)
            message = _("The stay is in room %(number)s.", number=room.number)
    undo = url_of("set_room", stay, room_id=before or "", assignment_version=stay.assignment_version)
    return answer(stay, message, undo if stay.room_id != before else None)


def _place(stay: Reservation, room: Room, version: int | None) -> None:
    """Into this room; a lesser one than was booked only by who may."""
    may_override = may("stays.override")
    if stay.status == "CHECKED_IN":
        assignment.check_type(stay, room, True, may_override)
        placing.move_in_house(stay, room, expected_version=version)
    else:
        assignment.assign(stay, room, expected_version=version, allow_type_change=True, may_override=may_override)


def number_in(name: str) -> int | None:
    text = request.values.get(name, "").strip()
    if not text:
        return None
    if not text.isdecimal() or len(text) > 18:
        raise Malformed(_("That is not a number."), field=name)
    return int(text)


# Forms about a stay: shown in the drawer or as a page of their own


def _form_page(stay: Reservation, kind: str, form: Any, status: int = 200) -> Response:
    return htmx.render(
        "stays/form.html", "panel", status=status, hotel=current_hotel(), stay=stay, kind=kind, form=form
    )


@blueprint.route("/<booking_id>/guest", methods=["GET", "POST"])
@staff_page("stays.manage")
def guest(booking_id: str) -> Response:
    stay = stay_of(booking_id)
    form = GuestForm(obj=stay)
    if request.method == "GET":
        return _form_page(stay, "guest", form)
    if not form.validate():
        return _form_page(stay, "guest", form, 422)
    with transaction():
        services.update_guest(stay, form.values())
    return answer(stay, _("Saved."))


@blueprint.post("/<booking_id>/notes")
@staff_page("stays.manage")
def add_note(booking_id: str) -> Response:
    stay, form = stay_of(booking_id), NoteForm()
    if not form.validate():
        return panel(stay, 422, form)
    with transaction():
        services.add_note(stay, form.note.data)
    return answer(stay, _("The note is kept."))


# The list


@blueprint.get("")
@staff_page("stays.view")
def reservations() -> Response:
    """The list, narrowed and ordered by the address; `format=csv` is the same list as a file."""
    hotel, filters, page = current_hotel(), _filters(), max(1, request.args.get("page", 1, type=int))
    if request.args.get("format") == "csv":
        log.info("personal_data_read", what="reservation_export")
        return export.as_csv(hotel, filters)
    found, total = listing.page_of_stays(hotel.id, filters, min(page, 10_000), PAGE_SIZE)
    log.info("personal_data_read", what="reservation_list", rows=len(found))
    kept: dict[str, Any] = {name: value for name, value in request.args.items() if name != "page" and value}
    return htmx.render(
        "stays/list.html", "results", hotel=hotel, found=found, total=total, page=page, pages=-(-total // PAGE_SIZE),
        filters=filters, source_labels=SOURCE_LABELS, status_labels=STATUS_LABELS, orders=wording.ORDERS, balance_of=listing.balance_of,
        arguments={"slug": hotel.slug, **kept}, csv_url=url_for("stays.reservations", slug=hotel.slug, **(kept | {"format": "csv"})),
    )  # fmt: skip


def _filters() -> StayFilters:
    """From the address, with the names of the JSON API. What makes no sense narrows nothing. `when` is a list of the board's."""
    arguments, today = request.args, current_hotel().business_date()
    status, when = arguments.get("status", ""), arguments.get("when", "")
    first, last = _date("from"), _date("until")
    if when == "arrivals":
        first = last = today
    elif when in ("in-house", "departures"):
        status = "CHECKED_IN"
    elif when == "unplaced":
        status, first = "UNPLACED", today
    has_room = {"true": True, "false": False}.get(arguments.get("has_room_assigned", ""))
    statuses: tuple[str, ...] = (status,) if status in STATUS_LABELS else ()
    if status == "UNPLACED":
        statuses, has_room = ("PENDING_PAYMENT", "CONFIRMED"), False
    source, order = arguments.get("source", ""), arguments.get("ordering", "")
    return StayFilters(
        statuses=statuses, sources=(source,) if source in SOURCE_LABELS else (), date_from=_date("date_from"),
        date_to=_date("date_to"), arrives_from=first, arrives_until=last, has_room_assigned=has_room,
        guest_name=arguments.get("guest_name", "")[:100].strip() or None,
        search=(arguments.get("search") or arguments.get("q", ""))[:100].strip() or None,
        room_number=arguments.get("room_number", "")[:80].strip() or None,
        ordering=order if order in wording.ORDERS else ("check_in" if when or first or last else "-created_at"),
    )  # fmt: skip


def _date(name: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(request.args.get(name, ""))
    except ValueError:
        return None

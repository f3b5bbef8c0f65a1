"""What is changed about a stay beside its dates: when exactly the guest leaves, a second room, who comes along."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from flask import Response, request
from flask_babel import gettext as _

from webapp.core.database import db
from webapp.core.errors import AppError, NotFound
from webapp.core.money import rounded
from webapp.core.stay_dates import ONE_DAY, StayDates
from webapp.core.tenancy import one_of_hotel
from webapp.core.transaction import transaction
from webapp.models import Reservation, Room
from webapp.web import htmx
from webapp.web.auth import current_hotel, may, staff_page
from webapp.web.forms import show_error, with_ids
from webapp.web.i18n import money, stay_date

from . import assignment, departures, party, queries, splitting
from .forms import ExtendForm, LateForm, LeaveEarlyForm, MemberForm, SplitForm
from .routes import answer, blueprint, number_in, panel, stay_of

# When the guest leaves


def _extend(stay: Reservation, form: Any) -> str:
    before = stay.total
    departures.extend(stay, form.check_out.data)
    day, added = stay_date(stay.check_out), stay.total - before
    if not added:
        return _("The guest stays until %(date)s.", date=day)
    return _(
        "The guest stays until %(date)s, for %(amount)s more.", date=day, amount=money(added, stay.currency)
    )  # fmt: skip


def _leave_early(stay: Reservation, form: Any) -> str:
    departures.leave_early(stay, form.check_out.data, form.reason.data)
    if stay.status == "COMPLETED":
        return _("The guest is checked out. The room waits for cleaning.")
    return _("The guest leaves on %(date)s. The later nights are free again.", date=stay_date(stay.check_out))


def _late(stay: Reservation, form: Any) -> str:
    fee = rounded(form.fee.data, stay.currency) if form.fee.data else None
    departures.allow_late(stay, form.until.data, fee, form.reason.data)
    return _("The room is kept until %(time)s.", time=f"{form.until.data:%H:%M}")


_WAYS: dict[str, tuple[type[Any], Callable[[Reservation, Any], str]]] = {
    "extend": (ExtendForm, _extend),
    "early": (LeaveEarlyForm, _leave_early),
    "late": (LateForm, _late),
}


def _departure_page(stay: Reservation, status: int = 200, **shown: Any) -> Response:
    today = current_hotel().business_date()
    earliest = max(today, stay.check_in + ONE_DAY)
    known = {
        "extend": {"check_out": stay.check_out + ONE_DAY}, "early": {"check_out": min(earliest, stay.check_out)},
        "late": {"until": stay.late_departure or dt.time(14), "fee": Decimal(0)},
    }  # fmt: skip
    forms = {way: shown.get(way) or kind(formdata=None, data=known[way]) for way, (kind, _act) in _WAYS.items()}
    for way, form in forms.items():
        with_ids(form, way)
    may_leave_early = stay.check_out > stay.check_in + ONE_DAY or stay.status == "CHECKED_IN"
    return htmx.render(
        "stays/departure.html", "panel", status=status, hotel=current_hotel(), stay=stay, forms=forms, today=today,
        earliest=earliest, may_leave_early=may_leave_early and earliest <= stay.check_out,
    )  # fmt: skip


@blueprint.get("/<booking_id>/departure")
@staff_page("stays.manage")
def departure(booking_id: str) -> Response:
    return _departure_page(stay_of(booking_id))


@blueprint.post("/<booking_id>/departure/<way>")
@staff_page("stays.manage")
def change_departure(booking_id: str, way: str) -> Response:
    """`extend`, `early`, `late`, or `on-time`, which takes a late departure back."""
    stay = stay_of(booking_id)
    if way == "on-time":
        with transaction():
            departures.allow_late(stay, None)
        return answer(stay, _("The guest leaves at the usual time."))
    if way not in _WAYS:
        raise NotFound(_("There is no such action."))
    kind, act = _WAYS[way]
    form = kind()
    if not form.validate():
        return _departure_page(stay, 422, **{way: form})
    try:
        with transaction():
            message = act(stay, form)
    except AppError as error:
        db.session.rollback()
        show_error(form, error)
        return _departure_page(stay_of(booking_id), 422, **{way: form})
    return answer(stay, message)


# Two rooms, and another's room


@blueprint.get("/<booking_id>/split")
@staff_page("stays.manage")
def split(booking_id: str) -> Response:
    """From which night on, and then which rooms are free from there to the end."""
    stay = stay_of(booking_id)
    form = SplitForm(request.args if request.args.get("date") else None)
    choices = None
    if request.args.get("date") and form.validate():
        if stay.check_in < form.date.data < stay.check_out:
            rest = StayDates(form.date.data, stay.check_out)
            choices = [room for room in queries.room_choices(stay, rest) if room.is_free]
        else:
            form.date.errors = [_("Choose a night between the first and the last.")]
    return htmx.render("stays/split.html", "panel", hotel=current_hotel(), stay=stay, form=form, choices=choices)


@blueprint.post("/<booking_id>/split")
@staff_page("stays.manage")
def do_split(booking_id: str) -> Response:
    with transaction():
        stay = stay_of(booking_id)
        form, room = SplitForm(request.form), one_of_hotel(Room, stay.hotel_id, id=number_in("room_id"))
        if not form.validate():
            raise NotFound(_("Choose a night."))
        splitting.split(
            stay, form.date.data, room, expected_version=number_in("assignment_version"), allow_type_change=True,
            may_override=may("stays.override"),
        )  # fmt: skip
    return answer(stay, _("From %(date)s on the stay is in room %(number)s.", date=stay_date(form.date.data), number=room.number))  # fmt: skip


@blueprint.post("/<booking_id>/swap")
@staff_page("stays.manage")
def swap(booking_id: str) -> Response:
    """Change rooms with the stay `other`; neither has arrived."""
    with transaction():
        stay = stay_of(booking_id)
        other = stay_of(request.form.get("other", "")[:40])
        assignment.swap(stay, other, allow_type_change=True, may_override=may("stays.override"))
    told = _("The two have changed rooms.")
    return answer(stay, told)


# Who comes along


@blueprint.post("/<booking_id>/party")
@staff_page("stays.manage")
def add_member(booking_id: str) -> Response:
    stay, form = stay_of(booking_id), MemberForm()
    if not form.validate():
        return panel(stay, 422, member=form)
    with transaction():
        party.add_member(stay, name=form.name.data, role=form.role.data, is_staying=form.is_staying.data)
    return answer(stay, _("%(name)s comes along.", name=form.name.data))


@blueprint.post("/<booking_id>/party/<int:member_id>/remove")
@staff_page("stays.manage")
def remove_member(booking_id: str, member_id: int) -> Response:
    with transaction():
        stay = stay_of(booking_id)
        party.remove_member(stay, member_id)
    return answer(stay, _("Removed from the party."))

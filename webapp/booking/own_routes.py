"""A booking in the hands of who made it: found by its number, looked at, changed, cancelled."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal, InvalidOperation
from typing import Any

from flask import flash, make_response, request
from flask_babel import gettext as _

from webapp.availability.domain import Party
from webapp.core.errors import AppError, Malformed, NotFound
from webapp.core.transaction import transaction
from webapp.models import Hotel, Reservation
from webapp.rates.queries import current_catalogue
from webapp.stays.calendar import calendar_of
from webapp.web.forms import show_error
from webapp.web.htmx import render, see_other

from . import changes, pages, policies, queries
from .forms import ChangeForm, LookupForm
from .links import booking_id_of, page_of, token_of
from .routes import blueprint
from .wording import cancellation_sentence, party_sentence, state_of


@blueprint.get("/bookings/lookup")
def lookup() -> Any:
    return render("booking/lookup.html", form=LookupForm(request.args if request.args else None))


@blueprint.post("/bookings/lookup")
def find() -> Any:
    form = LookupForm()
    if not form.validate_on_submit():
        return render("booking/lookup.html", status=422, form=form)
    try:
        policies.LOOKUPS.attempt(request.remote_addr or "unknown")
        stay = queries.booking_of(form.email.data, confirmation_number=form.confirmation_number.data)
    except AppError as error:
        show_error(form, NotFound(error.message, field="confirmation_number"))
        return render("booking/lookup.html", status=error.status, form=form)
    return see_other(page_of(stay))


def _own(token: str) -> tuple[Reservation, Hotel]:
    stay = queries.booking_by_id(booking_id_of(token))
    return stay, stay.hotel


def _context(stay: Reservation, hotel: Hotel, token: str) -> dict[str, Any]:
    members = queries.booked_together(stay)
    return {
        "stay": stay, "token": token, "state": state_of(stay), "party": party_sentence(stay.adults, stay.children),
        "companions": [one.name for one in stay.party],
        "summary": pages.lines_of(stay.price_lines), "is_changeable": changes.may_change(stay, hotel),
        "cancellation": cancellation_sentence(stay.terms, stay.check_in, hotel.business_date()),
        "together": [(one, token_of(one)) for one in members if one.id != stay.id],
        "total_of_all": sum((one.total for one in members if one.holds_nights), Decimal(0)),
        **pages.frame(hotel),
    }  # fmt: skip


def _page(template: str, status: int = 200, **context: Any) -> Any:
    response = render(template, status=status, **context)
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


@blueprint.get("/bookings/own/<token>")
def own(token: str) -> Any:
    """The booking: first as its confirmation, later to come back to."""
    stay, hotel = _own(token)
    return _page("booking/own.html", **_context(stay, hotel, token))


@blueprint.get("/bookings/own/<token>/stay.ics")
def calendar(token: str) -> Any:
    stay, hotel = _own(token)
    response = make_response(calendar_of(stay, hotel))
    response.headers["Content-Type"] = "text/calendar; charset=utf-8"
    response.headers["Content-Disposition"] = f'attachment; filename="{stay.booking_id}.ics"'
    return response


@blueprint.get("/bookings/own/<token>/cancel")
def cancel(token: str) -> Any:
    """What cancelling costs, before it is done: this room, or all that were booked together."""
    stay, hotel = _own(token)
    living = _cancellable(stay, hotel)
    fees = {one.id: queries.fee_now(one, hotel) for one in living}
    return _page(
        "booking/cancel.html", fee=queries.fee_now(stay, hotel), living=living, fees=fees,
        fee_of_all=sum(fees.values(), Decimal(0)), **_context(stay, hotel, token),
    )  # fmt: skip


def _cancellable(stay: Reservation, hotel: Hotel) -> list[Reservation]:
    return [one for one in queries.booked_together(stay) if changes.may_change(one, hotel)]


@blueprint.post("/bookings/own/<token>/cancel")
def do_cancel(token: str) -> Any:
    stay, hotel = _own(token)
    fee = _amount(request.form.get("fee"))
    if fee is None:  # nothing is cancelled by who was not shown what it costs
        return see_other(page_of(stay, "cancel"))
    with transaction():
        if request.form.get("all") and (living := _cancellable(stay, hotel)):
            changes.cancel_together(living, fee)
        else:
            changes.cancel(stay, fee)
    flash(_("Your rooms are cancelled.") if request.form.get("all") else _("Your booking is cancelled."), "success")
    return see_other(page_of(stay))


@blueprint.get("/bookings/own/<token>/change")
def change(token: str) -> Any:
    """Other dates, guests or room: what it would cost."""
    stay, hotel = _own(token)
    if not changes.may_change(stay, hotel):
        return see_other(page_of(stay))
    catalogue = current_catalogue(hotel.slug)
    form = ChangeForm(request.args if request.args.get("check_in") else None, **_present(stay)).offering(
        catalogue.types
    )
    proposal = None
    if request.args.get("check_in") and form.validate():
        try:
            proposal = changes.propose(stay, hotel.slug, *_asked(form))
        except AppError as error:
            show_error(form, error)
    context = _context(stay, hotel, token)
    if proposal is not None:
        context["offered"] = pages.lines_of(proposal.lines)
        context["difference"] = proposal.difference(stay)
        context["fields"] = changes.proposal_json(proposal)
    return _page("booking/change.html", 422 if form.errors else 200, form=form, proposal=proposal, **context)


@blueprint.post("/bookings/own/<token>/change")
def do_change(token: str) -> Any:
    stay, hotel = _own(token)
    form = ChangeForm(request.form).offering(current_catalogue(hotel.slug).types)
    total = _amount(request.form.get("total"))
    if total is None or not form.validate():
        return see_other(page_of(stay, "change"))
    try:
        with transaction():
            changes.change(stay, hotel.slug, *_asked(form), total)
    except AppError as error:
        flash(str(error.message), "error")
        return see_other(page_of(stay, "change"))
    flash(_("Your booking is changed."), "success")
    return see_other(page_of(stay))


def _asked(form: ChangeForm) -> tuple[str, dt.date, dt.date, Party]:
    return form.room_type_code.data, form.check_in.data, form.check_out.data, pages.party_of(form)


def _present(stay: Reservation) -> dict[str, Any]:
    names = ("check_in", "check_out", "adults", "children")
    return {**{name: getattr(stay, name) for name in names}, "room_type_code": stay.room_type.code}


def _amount(text: str | None) -> Decimal | None:
    """An amount that the page showed; None when it showed none. Raises Malformed."""
    try:
        amount = Decimal(text) if text else None
    except InvalidOperation:
        amount = Decimal("NaN")
    if amount is not None and not amount.is_finite():
        raise Malformed(_("That is not a number."))
    return amount

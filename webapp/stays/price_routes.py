"""Other dates, guests or another room type for a stay: first what it costs, then the change."""

from __future__ import annotations

from flask import Response, request
from flask_babel import gettext as _

from webapp.core.database import db
from webapp.core.errors import AppError
from webapp.core.transaction import transaction
from webapp.models import Reservation
from webapp.rates import queries as rates
from webapp.web import htmx
from webapp.web.auth import current_hotel, staff_page
from webapp.web.forms import show_error
from webapp.web.i18n import money

from . import changing, pricing
from .changing import Proposal
from .forms import ChangeForm
from .routes import answer, blueprint, stay_of
from .wording import bill_lines


def _form(stay: Reservation, given: object = None) -> ChangeForm:
    return ChangeForm.of(stay, list(rates.types_of(stay.hotel_id)), given)


@blueprint.get("/<booking_id>/dates")
@staff_page("stays.manage")
def dates(booking_id: str) -> Response:
    """The form; with dates in the address, what they would cost."""
    stay = stay_of(booking_id)
    form = _form(stay, request.args if request.args.get("check_out") else None).asking()
    return _asked(stay, form) if request.args.get("check_out") else _page(stay, form)


def _asked(stay: Reservation, form: ChangeForm) -> Response:
    if not form.validate():
        return _page(stay, form, status=422)
    try:
        proposal = changing.propose(stay, form.wanted)
    except AppError as error:
        show_error(form, error)
        return _page(stay, form, status=422)
    return _page(stay, form, proposal)


def _page(stay: Reservation, form: ChangeForm, proposal: Proposal | None = None, status: int = 200) -> Response:
    is_unchanged = proposal is not None and proposal.wanted == changing.wanted_now(stay)
    return htmx.render(
        "stays/change.html", "panel", status=status, hotel=current_hotel(), stay=stay, form=form, proposal=proposal,
        seen=changing.seen(stay), is_unchanged=is_unchanged and proposal is not None and not proposal.difference,
        choices=_choices(stay, proposal) if proposal else [],
    )  # fmt: skip


def _choices(stay: Reservation, proposal: Proposal) -> list[dict[str, object]]:
    """The prices that can be agreed on, the usual one first: {value, total, lines, difference}."""
    bills = [("new", proposal.new), ("kept", proposal.kept)] if proposal.new else [("kept", proposal.kept)]
    return [
        {
            "value": value, "total": bill.total, "difference": bill.total - stay.total, "lines": bill_lines(bill.lines),
        }
        for value, bill in bills if bill is not None
    ]  # fmt: skip


@blueprint.post("/<booking_id>/dates")
@staff_page("stays.manage")
def change_dates(booking_id: str) -> Response:
    """What was shown is agreed to: at `choice` (`new-<total>` or `kept-<total>`). Without a choice, the price is shown first."""
    stay = stay_of(booking_id)
    choice, _dash, total = request.form.get("choice", "").partition("-")
    if not choice:
        return _asked(stay, _form(stay, request.form).asking())
    given = request.form.to_dict() | {"choice": choice, "total": total}
    form = _form(stay, type(request.form)(given))
    if not form.validate():
        return _page(stay, form.asking(), status=422)
    try:
        with transaction():
            changing.change(
                stay, form.wanted, choice, expected_total=form.total.data, expected=form.seen.data,
            )  # fmt: skip
    except AppError as error:
        db.session.rollback()
        return _refused(stay_of(booking_id), form, error)
    return answer(stay, _told(stay, choice))


def _refused(stay: Reservation, form: ChangeForm, error: AppError) -> Response:
    """The form as it was typed, what is in the way, and, where the change is still possible, what it costs by now."""
    form.asking()
    show_error(form, error)
    try:
        proposal = changing.propose(stay, form.wanted) if error.code in ("STAY_CHANGED", "PRICE_CHANGED") else None
    except AppError as now_error:
        show_error(form, now_error)
        proposal = None
    return _page(stay, form, proposal, 409 if proposal else 422)


def _told(stay: Reservation, choice: str) -> str:
    if choice == "kept" or not pricing.is_ours(stay):
        return _("The stay is changed; the agreed price stands.")
    return _("The stay is changed; it costs %(amount)s now.", amount=money(stay.total, stay.currency))

"""The desk cancels a stay, or all of a group that have not begun: first what it costs, then the cancellation."""

from __future__ import annotations

from decimal import Decimal

from flask import Response, request
from flask_babel import gettext as _
from flask_babel import ngettext

from webapp.core.database import db
from webapp.core.errors import AppError
from webapp.core.transaction import transaction
from webapp.models import Reservation
from webapp.web import htmx
from webapp.web.auth import current_hotel, staff_page
from webapp.web.forms import show_error

from . import desk_sales
from .fees import fee_now
from .forms import CancelForm
from .routes import answer, blueprint, stay_of, url_of


def _page(stay: Reservation, form: CancelForm, status: int = 200) -> Response:
    hotel = current_hotel()
    group = desk_sales.living_of_group(hotel, stay.group_id) if stay.group_id else []
    fees = [(one, fee_now(one, hotel)) for one in group]
    return htmx.render(
        "stays/cancel.html", "panel", status=status, hotel=hotel, stay=stay, form=form, fee=fee_now(stay, hotel),
        group=fees if len(fees) > 1 else [], fee_of_all=sum((fee for _one, fee in fees), Decimal(0)),
    )  # fmt: skip


@blueprint.get("/<booking_id>/cancel")
@staff_page("stays.manage")
def cancel(booking_id: str) -> Response:
    """The fee under the terms, for this stay and for all of its group."""
    return _page(stay_of(booking_id), CancelForm(formdata=None, charge_fee=True))


@blueprint.post("/<booking_id>/cancel")
@staff_page("stays.manage")
def do_cancel(booking_id: str) -> Response:
    """With `charge_fee` for the fee that was shown (`fee`, or `fee_of_all` of the `whole_group`), else free of charge."""
    stay, form = stay_of(booking_id), CancelForm(request.form)
    if not form.validate():
        return _page(stay, form, 422)
    is_group = bool(stay.group_id and form.whole_group.data)
    try:
        with transaction():
            count = _cancel(stay, form, is_group=is_group)
    except AppError as error:
        if error.code != "PRICE_CHANGED":
            raise
        db.session.rollback()
        show_error(form, error)
        return _page(stay_of(booking_id), form, error.status)
    if is_group:
        return answer(
            stay,
            ngettext("%(num)d stay of the group is cancelled.", "%(num)d stays of the group are cancelled.", count),
        )
    return answer(stay, _("The stay is cancelled. Its nights are free again."), url_of("act", stay, action="reinstate"))


def _cancel(stay: Reservation, form: CancelForm, *, is_group: bool) -> int:
    hotel, is_charged = current_hotel(), bool(form.charge_fee.data)
    if is_group and stay.group_id:
        expected = form.fee_of_all.data
        return len(desk_sales.cancel_group(
            hotel, stay.group_id, form.reason.data, is_charged=is_charged, expected_fee=expected
        ))  # fmt: skip
    desk_sales.cancel(hotel, stay, form.reason.data, is_charged=is_charged, expected_fee=form.fee.data)
    return 1

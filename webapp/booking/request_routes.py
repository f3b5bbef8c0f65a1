"""Requests of the website that wait for the owner's yes or no."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, flash, request, url_for
from flask_babel import gettext as _

from webapp.core.tenancy import one_of_hotel
from webapp.core.transaction import transaction
from webapp.models import Reservation
from webapp.web.auth import current_hotel, staff_page
from webapp.web.htmx import render, see_other

from . import changes, queries

blueprint = Blueprint("requests", __name__, template_folder="templates")


@blueprint.get("/staff/<slug>/requests")
@staff_page("stays.view")
def requests() -> Any:
    hotel = current_hotel()
    return render(
        "booking/requests.html", hotel=hotel, requests=queries.open_requests(hotel.id), seen=changes.request_seen
    )


@blueprint.post("/staff/<slug>/requests/<booking_id>/accept")
@staff_page("stays.manage")
def accept_request(booking_id: str) -> Any:
    """Yes to the request that this stay is of: to all its rooms, or to none."""
    return _answered(booking_id, changes.accept, _("Accepted. The guest is told by mail."))


@blueprint.post("/staff/<slug>/requests/<booking_id>/reject")
@staff_page("stays.manage")
def reject_request(booking_id: str) -> Any:
    reason = request.form.get("reason", "")
    return _answered(
        booking_id, lambda stay, seen: changes.reject(stay, reason, seen), _("Declined. The guest is told by mail.")
    )


def _answered(booking_id: str, act: Callable[[Reservation, str], Any], message: str) -> Any:
    with transaction():
        act(one_of_hotel(Reservation, current_hotel().id, booking_id=booking_id), request.form.get("seen", ""))
    flash(message, "success")
    return see_other(url_for("requests.requests", slug=current_hotel().slug))

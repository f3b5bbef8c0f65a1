"""What the staff do about an online check-in: look at a document, send the link again."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, make_response, url_for
from flask_babel import gettext as _

from webapp.core.errors import Conflict, Unavailable
from webapp.core.tenancy import one_of_hotel
from webapp.core.transaction import transaction
from webapp.extensions import limiter
from webapp.models import Reservation
from webapp.web import htmx
from webapp.web.auth import current_hotel, staff_page

from . import documents, services
from .ports import DocumentStoreError

blueprint = Blueprint("checkin_desk", __name__, url_prefix="/staff/<slug>/reservations/<booking_id>")


@blueprint.post("/documents/<int:document_id>")
@limiter.limit("120 per hour")
@staff_page("documents.view")
def document(booking_id: str, document_id: int) -> Any:
    """A guest's document. Looking at one is written down, so it is asked for by a button, not by an address."""
    try:
        with transaction():
            stay = one_of_hotel(Reservation, current_hotel().id, booking_id=booking_id)
            kept, content = documents.read_document(current_hotel().id, document_id, reservation_id=stay.id)
    except DocumentStoreError as error:
        raise Unavailable(_("The store of documents does not answer. Please try again shortly.")) from error
    response = make_response(content)
    response.mimetype = kept.media_type
    response.headers["Cache-Control"] = "no-store"
    return response


@blueprint.post("/checkin-link")
@limiter.limit("60 per hour")
@staff_page("messages.send")
def send_link(booking_id: str) -> Any:
    with transaction():
        stay = one_of_hotel(Reservation, current_hotel().id, booking_id=booking_id)
        if not services.resend_link(stay):
            raise Conflict(_("There is no address to send the link to. Add one to the guest first."), "NO_ADDRESS")
    told = _("The check-in link is on its way.")
    if htmx.is_fragment():
        return htmx.with_toast(Response(status=204), told)
    return htmx.see_other(url_for("stays.reservation", slug=current_hotel().slug, booking_id=booking_id))

"""The staff page of messages, and the addresses that the SMS provider calls."""

from __future__ import annotations

from typing import Any

import structlog
from flask import Blueprint, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext

from webapp.core import wiring
from webapp.core.errors import Forbidden, Invalid, Malformed, NotFound
from webapp.core.transaction import transaction
from webapp.extensions import csrf, limiter
from webapp.stays.detail import stay_by_id
from webapp.web import htmx
from webapp.web.auth import current_hotel, staff_page
from webapp.web.forms import show_error

from . import inbound, letters, queries, services
from .domain import masked
from .forms import TalkForm
from .ports import SmsWebhookVerifier
from .rendering import public_url
from .wording import TEMPLATES, fault_in_words

blueprint = Blueprint("messaging", __name__, template_folder="templates")
log = structlog.get_logger(__name__)

MOST_WEBHOOK_BYTES = 128 * 1024
FILTERS = {
    "all": lazy_gettext("All"),
    "failed": lazy_gettext("Failed"),
    "sending": lazy_gettext("On their way"),
    "inbound": lazy_gettext("Received"),
}


@blueprint.get("/staff/<slug>/messages")
@staff_page("messages.view")
def messages() -> Any:
    return _list("list")


def _list(block: str | None = None) -> Any:
    hotel = current_hotel()
    chosen = request.args.get("show", "all")
    chosen = chosen if chosen in FILTERS else "all"
    found = queries.latest_messages(hotel.id, request.args.get("before", type=int), None if chosen == "all" else chosen)
    page = found[: queries.PAGE]
    return htmx.render(
        "messaging/messages.html", block, hotel=hotel, messages=page, chosen=chosen, filters=FILTERS,
        older=page[-1].message.id if len(found) > queries.PAGE else None, masked=masked, templates=TEMPLATES,
    )  # fmt: skip


@blueprint.get("/staff/<slug>/messages/<int:message_id>")
@staff_page("messages.view")
def message(message_id: int) -> Any:
    return _one(message_id, "message")


def _one(message_id: int, block: str | None = None) -> Any:
    """One message with its words. Its reading is logged."""
    hotel = current_hotel()
    found = queries.message_of(hotel.id, message_id)
    log.info("message_read", message_id=message_id)
    return htmx.render(
        "messaging/message.html", block, hotel=hotel, view=found, templates=TEMPLATES, fault_in_words=fault_in_words
    )


@blueprint.post("/staff/<slug>/messages/<int:message_id>/resend")
@limiter.limit("60 per hour")
@staff_page("messages.send")
def resend(message_id: int) -> Any:
    with transaction():
        services.resend(current_hotel().id, message_id)
    told = _("The message is on its way again.")
    if htmx.is_fragment():
        return htmx.with_toast(_one(message_id, "message"), told)
    return htmx.see_other(url_for("messaging.message", slug=current_hotel().slug, message_id=message_id))


@blueprint.route("/staff/<slug>/reservations/<booking_id>/talk", methods=["GET", "POST"])
@limiter.limit("120 per hour", methods=["POST"])
@staff_page("messages.send")
def talk(booking_id: str) -> Any:
    """Write to the guest of a stay, or keep what was said on the telephone."""
    hotel = current_hotel()
    stay = stay_by_id(hotel.id, booking_id)
    form = TalkForm()
    problem = None
    if request.method == "POST":
        if form.validate():
            try:
                with transaction():
                    channel, direction = form.meant()
                    letters.communicate(stay, channel, form.body.data, subject=form.subject.data, direction=direction)
                return _back_to(booking_id, form.told())
            except Invalid as error:
                show_error(form, error)
        problem = 422
    return htmx.render(
        "messaging/talk.html", "panel", status=problem or 200, hotel=hotel, stay=stay, form=form
    )  # fmt: skip


def _back_to(booking_id: str, told: str) -> Any:
    """The stay again, where it was before: in the drawer, or as its page."""
    address = url_for("stays.reservation", slug=current_hotel().slug, booking_id=booking_id)
    if not htmx.is_fragment():
        return htmx.see_other(address)
    return htmx.with_toast(htmx.render("messaging/talk_done.html", address=address), told)


def _signed_form() -> dict[str, str]:
    """The form of a webhook whose signature is right. Raises Forbidden, with a line in the log that holds nothing of the body."""
    request.max_content_length = MOST_WEBHOOK_BYTES
    if not wiring.is_bound(SmsWebhookVerifier):
        raise NotFound(_("Short messages are not set up here."))
    query = request.query_string.decode("latin-1")
    url = public_url() + request.path + (f"?{query}" if query else "")
    form = request.form.to_dict(flat=False)
    if not wiring.resolve(SmsWebhookVerifier).is_authentic(url, form, dict(request.headers)):  # type: ignore[type-abstract]
        log.warning("webhook_refused", provider="twilio", rule=request.url_rule.rule if request.url_rule else None)
        raise Forbidden(_("The signature is not right."), "BAD_SIGNATURE")
    if not (form.get("MessageSid") or form.get("SmsSid")):
        raise Malformed(_("The message has no id."))
    return {name: values[0] for name, values in form.items()}


@blueprint.post("/hooks/twilio/status")
@csrf.exempt
@limiter.limit("3000 per minute")
def status_hook() -> Any:
    """A report about a message of ours: kept, answered, and worked on by a job. A repetition changes nothing."""
    form = _signed_form()
    with transaction():
        inbound.store_report(form)
    return "", 200


@blueprint.post("/hooks/twilio/sms")
@csrf.exempt
@limiter.limit("600 per minute")
def sms_hook() -> Any:
    """A message of a guest. The answer tells the provider to say nothing back."""
    form = _signed_form()
    with transaction():
        inbound.store_message(form)
    return '<?xml version="1.0" encoding="UTF-8"?><Response></Response>', 200, {"Content-Type": "text/xml"}

"""The page of the mailboxes and of what their mails told."""

from __future__ import annotations

import hmac
from typing import Any

import structlog
from flask import Blueprint, Response, current_app, redirect, request, session, url_for
from flask_babel import gettext as _

from webapp.core import ids
from webapp.core.errors import Invalid, NotFound
from webapp.core.tenancy import of_hotel, one_of_hotel
from webapp.core.transaction import transaction
from webapp.extensions import csrf, db, limiter
from webapp.models import MailAccount
from webapp.stays.domain import SOURCE_LABELS
from webapp.web import htmx
from webapp.web.auth import current_hotel, staff_page
from webapp.web.forms import show_error, with_ids

from . import labels, pushes, receivers, services
from .forms import MailboxForm, ReceiverForm

_STATE = "google_state"
MOST_PUSH_BYTES = 64 * 1024
log = structlog.get_logger(__name__)
hooks = Blueprint("mail_hooks", __name__)
blueprint = Blueprint("mails", __name__, url_prefix="/staff/<slug>/channels/mails", template_folder="../templates")


@blueprint.get("")
@staff_page("channels.view")
def mails() -> Any:
    return _page(MailboxForm())


@blueprint.post("")
@limiter.limit("30 per hour")
@staff_page("channels.manage")
def add_mailbox() -> Any:
    form = MailboxForm()
    if not form.validate_on_submit():
        return _page(form, 422)
    try:
        with transaction():
            services.add_imap(
                current_hotel(), form.host.data or "", form.port.data or 993, form.username.data or "", form.password.data or "",
                form.receiver.data or "", form.must_be_authentic.data,
            )  # fmt: skip
    except Invalid as error:
        show_error(form, error)
        return _page(form, 422)
    return htmx.see_other(_here())


@blueprint.get("/google")
@staff_page("channels.manage")
def ask_google() -> Any:
    """Send the person to Google; the state that comes back must be the one of this session."""
    session[_STATE] = ids.token()
    address = services.consent_address(_back(), session[_STATE])
    if not address:
        raise NotFound(_("Google is not set up here."))
    return redirect(address)


@blueprint.get("/google/back")
@limiter.limit("30 per hour")
@staff_page("channels.manage")
def back_from_google() -> Any:
    """Google's answer. A code without our state, or a refusal, connects nothing."""
    state, code = session.pop(_STATE, ""), request.args.get("code", "")
    form = MailboxForm(formdata=None)
    if not state or not hmac.compare_digest(state.encode(), request.args.get("state", "").encode()) or not code:
        form.form_errors.append(_("Google did not let us in. Please try it again and allow reading."))
        return _page(form, 422)
    try:
        secrets = services.redeem_google(code[:2000], _back())
    except Invalid as error:
        show_error(form, error)
        return _page(form, 422)
    with transaction():
        services.add_gmail(current_hotel(), secrets)
    return redirect(_here(), 303)


@hooks.post("/hooks/gmail")
@csrf.exempt
@limiter.limit("3000 per minute")
def told_by_gmail() -> Any:
    """A push of the topic's subscription. Whoever does not know the secret of the address finds nothing here."""
    request.max_content_length = MOST_PUSH_BYTES
    google = current_app.extensions["settings"].google
    token = google.push_token if google else ""
    if not token or not hmac.compare_digest(token.encode(), request.args.get("token", "").encode()):
        log.warning("webhook_refused", provider="gmail")
        raise NotFound(_("There is nothing here."))
    with transaction():
        pushes.receive(request.get_json(force=True, silent=True))
    return Response(status=204)


@blueprint.post("/mailboxes/<int:account_id>/read")
@limiter.limit("60 per hour")
@staff_page("channels.manage")
def read_now(account_id: int) -> Any:
    with transaction():
        services.request_scan(one_of_hotel(MailAccount, current_hotel().id, id=account_id))
    return (
        htmx.with_toast(_page(MailboxForm()), _("The mailbox is being read."))
        if htmx.is_fragment()
        else htmx.see_other(_here())
    )


@blueprint.post("/mailboxes/<int:account_id>/receiver")
@limiter.limit("60 per hour")
@staff_page("channels.manage")
def name_receiver(account_id: int) -> Any:
    """Say which server receives for a mailbox; its mails that waited for that are worked at once."""
    form = ReceiverForm()
    if not form.validate_on_submit():
        return _page(MailboxForm(formdata=None), 422, named={account_id: form})
    try:
        with transaction():
            receivers.name_receiver(current_hotel(), account_id, form.receiver.data or "")
    except Invalid as error:
        show_error(form, error)
        return _page(MailboxForm(formdata=None), 422, named={account_id: form})
    return htmx.see_other(_here())


@blueprint.post("/mailboxes/<int:account_id>/remove")
@staff_page("channels.manage")
def remove(account_id: int) -> Any:
    with transaction():
        services.remove(current_hotel(), account_id)
    return htmx.see_other(_here())


def _page(form: MailboxForm, status: int = 200, named: dict[int, ReceiverForm] | None = None) -> Response:
    """`named`: forms that come back, by mailbox."""
    hotel = current_hotel()
    accounts = db.session.scalars(of_hotel(MailAccount, hotel.id).order_by(MailAccount.id)).all()
    asked = {
        one.id: (named or {}).get(one.id) or ReceiverForm(formdata=None)
        for one in accounts
        if not receivers.receivers_of(one)
    }
    for account_id, receiver_form in asked.items():
        with_ids(receiver_form, f"mailbox-{account_id}")
    return htmx.render(
        "channels/mails.html", "mails", status=status, hotel=hotel, accounts=accounts, mails=services.newest(hotel), labels=labels,
        sources=SOURCE_LABELS, form=form, asked=asked, google_back=_back() if services.consent_address(_back(), "-") else "",
    )  # fmt: skip


def _back() -> str:
    """The redirect address that is entered at Google; it is shown on the page."""
    return url_for("mails.back_from_google", slug=current_hotel().slug, _external=True)


def _here() -> str:
    return url_for("mails.mails", slug=current_hotel().slug)

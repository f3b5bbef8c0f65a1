"""Gmail tells of new mails by itself, so that they are read within seconds; the reading every two minutes goes on all the same."""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any

import structlog
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from webapp.channels.mail_ports import MailboxFault, MailboxOpener
from webapp.core import outbox, wiring
from webapp.core.clock import now
from webapp.core.database import db
from webapp.core.errors import Malformed
from webapp.core.transaction import transaction
from webapp.models import MailAccount, WebhookEvent

log = structlog.get_logger(__name__)
PROVIDER = "gmail"


def request_watch(account: MailAccount) -> None:
    outbox.enqueue(
        "jobs.mails.watch", {"account_id": account.id}, hotel_id=account.hotel_id, key=f"mail-watch:{account.id}"
    )


def request_watches() -> int:
    """Renew what Gmail ends after seven days: every day, for every mailbox. Returns how many are asked for."""
    query = select(MailAccount).where(MailAccount.kind == "gmail", MailAccount.is_active).order_by(MailAccount.id)
    accounts = db.session.scalars(query).all()
    for account in accounts:
        request_watch(account)
    return len(accounts)


def watch(account_id: int) -> None:
    """Have Gmail tell of new mails. What goes wrong is tried again the next day; mails are found meanwhile as before."""
    with transaction():
        account = db.session.get(MailAccount, account_id)
        if account is None or not account.is_active:
            return
        kind, secrets = account.kind, dict(account.secrets)
    try:
        ends = wiring.resolve(MailboxOpener).watch(kind, secrets)  # type: ignore[type-abstract]
    except MailboxFault as fault:
        log.info("mailbox_not_watched", account_id=account_id, kind=fault.kind)
        return
    with transaction():
        account = db.session.get(MailAccount, account_id, with_for_update=True)
        if account is not None:
            account.watched_until = ends


def receive(body: Any) -> int:
    """A push: its mailboxes are read at once. Returns how many; a push that came before counts for none. Raises Malformed."""
    event_id, address = _told(body)
    statement = (
        insert(WebhookEvent)
        .values(provider=PROVIDER, event_id=event_id, payload={}, received_at=now(), handled_at=now())
        .on_conflict_do_nothing(index_elements=["provider", "event_id"])
        .returning(WebhookEvent.id)
    )
    if db.session.scalar(statement) is None:
        return 0
    watched = select(MailAccount).where(MailAccount.kind == "gmail", MailAccount.is_active).order_by(MailAccount.id)
    found = [one for one in db.session.scalars(watched) if str(one.secrets.get("username", "")).lower() == address]
    for account in found:
        outbox.enqueue(
            "jobs.mails.scan", {"account_id": account.id}, hotel_id=account.hotel_id, key=f"mail-scan:{account.id}"
        )
    return len(found)


def _told(body: Any) -> tuple[str, str]:
    """(the push's own id, the mailbox's address)."""
    message = body.get("message") if isinstance(body, dict) else None
    try:
        event_id, data = message["messageId"], message["data"]  # type: ignore[index]
        content = json.loads(base64.b64decode(data, validate=True))
        address = content["emailAddress"]
    except (TypeError, KeyError, ValueError, binascii.Error, RecursionError):
        raise Malformed("This is no push of Gmail.") from None
    if not (isinstance(event_id, str) and isinstance(address, str) and 0 < len(event_id) <= 200):
        raise Malformed("This is no push of Gmail.")
    return event_id, address.strip().lower()[:320]

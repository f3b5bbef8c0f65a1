"""The scan of the mailboxes: fetched without a transaction, worked in one together with the place where the reading ended, so that
a crash at any moment neither loses a mail nor works it twice."""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict
from typing import Any

import structlog
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from webapp.channels.mail_ports import Batch, MailboxFault, MailboxOpener, MailFacts, MailMessage, MailReader, NotOurs
from webapp.core import audit, events, outbox, wiring
from webapp.core.clock import now
from webapp.core.database import db
from webapp.core.errors import Invalid
from webapp.core.tenancy import one_of_hotel
from webapp.core.transaction import transaction
from webapp.models import ChannelMail, Hotel, MailAccount, Reservation

from . import matching, receivers
from .pushes import request_watch

log = structlog.get_logger(__name__)
BATCH = 25
PAUSE_AFTER_TROUBLE = dt.timedelta(hours=1)
_MOST_BATCHES = 40  # of one scan; the next one goes on


def add_imap(
    hotel: Hotel, host: str, port: int, username: str, password: str, receiver: str, must_be_authentic: bool
) -> MailAccount:
    """Connect a mailbox; it is read at once. `receiver` may be "" where the provider of `host` is known, or where senders need
    not be vouched for. Raises Invalid."""
    if not host.strip() or not username.strip() or not password:
        raise Invalid(_("Server, name and password are needed."), field="host")
    secrets = {"host": host.strip().lower(), "port": port, "username": username.strip(), "password": password}
    account = MailAccount(
        hotel_id=hotel.id, kind="imap", secrets=secrets, must_be_authentic=must_be_authentic,
        receiver=receivers.checked("imap", secrets, receiver, is_needed=must_be_authentic),
    )  # fmt: skip
    db.session.add(account)
    db.session.flush()
    audit.record(hotel.id, "mailbox_connected", account, after={"kind": "imap", "host": host.strip()})
    request_scan(account)
    return account


def consent_address(redirect_uri: str, state: str) -> str:
    """Where a person lets us read their Gmail; "" when Google is not set up."""
    return wiring.resolve(MailboxOpener).consent_address(redirect_uri, state)  # type: ignore[type-abstract]


def redeem_google(code: str, redirect_uri: str) -> dict[str, Any]:
    """What came of the consent: asks Google, so outside of any transaction. Raises Invalid."""
    try:
        return wiring.resolve(MailboxOpener).redeem(code, redirect_uri)  # type: ignore[type-abstract]
    except MailboxFault as fault:
        log.info("google_consent_failed", kind=fault.kind)
        raise Invalid(_("Google did not let us in. Please try it again and allow reading."), field="google") from None


def add_gmail(hotel: Hotel, secrets: dict[str, Any]) -> MailAccount:
    """Connect a Gmail mailbox, or renew the permission of one that is connected; it is read at once."""
    known = db.session.scalars(select(MailAccount).where(MailAccount.hotel_id == hotel.id, MailAccount.kind == "gmail"))
    account = next((one for one in known if one.secrets.get("username") == secrets["username"]), None)
    if account is None:
        account = MailAccount(hotel_id=hotel.id, kind="gmail", secrets=secrets)
        db.session.add(account)
    account.secrets, account.is_active = secrets, True
    db.session.flush()
    audit.record(hotel.id, "mailbox_connected", account, after={"kind": "gmail"})
    request_scan(account)
    request_watch(account)
    return account


def remove(hotel: Hotel, account_id: int) -> None:
    """Disconnect a mailbox. What its mails said of stays remains."""
    account = one_of_hotel(MailAccount, hotel.id, lock=True, id=account_id)
    audit.record(hotel.id, "mailbox_removed", account)
    db.session.delete(account)
    db.session.flush()


def request_scan(account: MailAccount) -> None:
    outbox.enqueue(
        "jobs.mails.scan", {"account_id": account.id}, hotel_id=account.hotel_id, key=f"mail-scan:{account.id}"
    )


def request_scans() -> int:
    """Ask for a scan of every active mailbox. A doubled tick asks once."""
    accounts = db.session.scalars(select(MailAccount).where(MailAccount.is_active).order_by(MailAccount.id)).all()
    for account in accounts:
        request_scan(account)
    return len(accounts)


def scan(account_id: int) -> int:
    """Read what is new. Returns how many mails about bookings came. Opens its own transactions."""
    worked = 0
    for _turn in range(_MOST_BATCHES):
        with transaction():
            account = db.session.get(MailAccount, account_id)
            if account is None or not account.is_active:
                return worked
            kind, secrets, cursor = account.kind, dict(account.secrets), account.cursor
        try:
            mailbox = wiring.resolve(MailboxOpener).open(kind, secrets)  # type: ignore[type-abstract]
            batch = mailbox.fetch_since(cursor, BATCH)
        except MailboxFault as fault:
            _note_fault(account_id, fault)
            return worked
        with transaction():
            taken = _take(account_id, cursor, batch)
        if taken is None:
            return worked  # somebody else has read on meanwhile
        worked += taken
        if not batch.has_more:
            break
    return worked


def _note_fault(account_id: int, fault: MailboxFault) -> None:
    log.info("mailbox_failed", account_id=account_id, kind=fault.kind)
    with transaction():
        account = db.session.get(MailAccount, account_id, with_for_update=True)
        if account is not None:
            account.failing_since = account.failing_since or now()
            account.fault_kind, account.fault_message = fault.kind, fault.message
            events.publish(account.hotel_id, "mails-changed", {})


def _take(account_id: int, cursor: str | None, batch: Batch) -> int | None:
    """Work a batch and remember its end, together. None when the place has moved."""
    account = db.session.get(MailAccount, account_id, with_for_update=True, populate_existing=True)
    if account is None or account.cursor != cursor:
        return None
    hotel = db.session.get_one(Hotel, account.hotel_id)
    worked = sum(_take_one(hotel, account, message) for message in batch.messages)
    account.cursor, account.last_read_at = batch.next_cursor, now()
    account.failing_since = account.fault_kind = account.fault_message = None
    db.session.flush()
    if worked:
        events.publish(hotel.id, "mails-changed", {})
    return worked


def _take_one(hotel: Hotel, account: MailAccount, message: MailMessage) -> bool:
    """Keep and work one mail about a booking. Private and other mail leaves no trace; a false sender is noted."""
    if db.session.scalar(
        select(ChannelMail.id).where(ChannelMail.account_id == account.id, ChannelMail.key == message.key)
    ):
        return False
    facts = _read(account, message)
    if facts is None:
        db.session.add(_row(account, message, state="refused", kind="unclear"))
        return False
    if isinstance(facts, NotOurs):
        if facts.reason in ("look_alike", "not_authenticated"):
            db.session.add(_row(account, message, state="refused", code=facts.reason, facts={"sender": facts.detail}))
        return False
    if facts.message_id and _is_known(hotel, facts):
        return False
    mail = _row(
        account, message, state="waiting", message_id=facts.message_id, provider=facts.provider, kind=facts.kind, trust=facts.trust,
        reference=facts.reference, arrival=facts.arrival, sent_at=facts.sent_at, facts=_as_json(facts), next_try_at=now(),
    )  # fmt: skip
    db.session.add(mail)
    db.session.flush()
    work(hotel, mail)
    return True


def _read(account: MailAccount, message: MailMessage) -> MailFacts | NotOurs | None:
    """What a mail says; None for one that our reader stumbles over. It must not keep the mails behind it from being read."""
    try:
        return wiring.resolve(MailReader).read(  # type: ignore[type-abstract]
            message.raw, received_at=message.received_at, receivers=receivers.receivers_of(account),
            must_be_authentic=account.must_be_authentic, forwarders=None,
        )  # fmt: skip
    except Exception:
        log.exception("mail_not_read", account_id=account.id)
        return None


def work(hotel: Hotel, mail: ChannelMail) -> None:
    """Try to match a mail. What goes wrong with it concerns no other mail: it waits and is tried again."""
    try:
        with db.session.begin_nested():
            matching.work(hotel, mail)
            db.session.flush()
    except SQLAlchemyError:
        raise
    except Exception:
        log.exception("mail_not_worked", mail_id=mail.id)
        mail.next_try_at = now() + PAUSE_AFTER_TROUBLE
        db.session.flush()


def _row(account: MailAccount, message: MailMessage, **values: Any) -> ChannelMail:
    return ChannelMail(
        hotel_id=account.hotel_id, account_id=account.id, key=message.key, tries=0, created_at=now(), **values
    )


def _is_known(hotel: Hotel, facts: MailFacts) -> bool:
    """The same mail from a second mailbox, or again after a mailbox was read anew; the channel also sends some twice."""
    same = select(ChannelMail.id).where(ChannelMail.hotel_id == hotel.id, ChannelMail.message_id == facts.message_id)
    return db.session.scalar(same.where(ChannelMail.trust == facts.trust).limit(1)) is not None


def _as_json(facts: MailFacts) -> dict[str, Any]:
    """What is kept of a mail: facts only, no text of it but the subject."""

    def plain(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: plain(inner) for name, inner in value.items()}
        if isinstance(value, list | tuple):
            return [plain(inner) for inner in value]
        return value if value is None or isinstance(value, bool | int | str) else str(value)

    return {name: plain(value) for name, value in asdict(facts).items() if value not in (None, "", ())}


def resolve_waiting(limit: int = 200) -> int:
    """Try mails again that no stay answered to yet. Returns how many were matched."""
    due = select(ChannelMail).where(ChannelMail.state == "waiting", ChannelMail.next_try_at <= now())
    mails = db.session.scalars(
        due.order_by(ChannelMail.next_try_at, ChannelMail.id).limit(limit).with_for_update(skip_locked=True)
    ).all()
    for mail in mails:
        work(db.session.get_one(Hotel, mail.hotel_id), mail)
    return sum(mail.state == "matched" for mail in mails)


def hurry_up(hotel_id: int) -> None:
    """New stays have come: mails that wait are tried at the next turn."""
    waiting = select(ChannelMail).where(ChannelMail.hotel_id == hotel_id, ChannelMail.state == "waiting")
    for mail in db.session.scalars(waiting):
        mail.next_try_at = now()


def newest(hotel: Hotel, limit: int = 100) -> list[tuple[ChannelMail, str | None]]:
    """The newest mails with the booking id of their stay; those that wait first."""
    query = (
        select(ChannelMail, Reservation.booking_id)
        .outerjoin(Reservation, Reservation.id == ChannelMail.reservation_id)
        .where(ChannelMail.hotel_id == hotel.id)
        .order_by((ChannelMail.state != "waiting"), ChannelMail.id.desc())
        .limit(limit)
    )
    return [(mail, booking_id) for mail, booking_id in db.session.execute(query)]

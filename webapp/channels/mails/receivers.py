"""Which server receives for a mailbox: only its word that a sender is real counts. Of large providers it is known; of any other the
hotel types the name, and until then the mails of the mailbox wait."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _
from sqlalchemy import select

from webapp.channels.mail_ports import MailboxOpener
from webapp.core import audit, events, wiring
from webapp.core.database import db
from webapp.core.errors import Invalid
from webapp.core.tenancy import of_hotel, one_of_hotel
from webapp.models import ChannelMail, Hotel, MailAccount

from . import matching


def receivers_of(account: MailAccount) -> tuple[str, ...]:
    """The names that count for this mailbox; () while nobody has said."""
    return _names(account.kind, account.secrets, account.receiver)


def checked(kind: str, secrets: dict[str, Any], typed: str, *, is_needed: bool) -> str:
    """The name as it is kept; "" where it is known, or need not be. Raises Invalid."""
    typed = typed.strip().lower().rstrip(".")
    if _names(kind, secrets, ""):
        return ""
    if typed and not _names(kind, secrets, typed):
        raise Invalid(
            _(
                "Type one server's name as your own provider writes it. The names of Google and of other large providers count "
                "only for mailboxes there."
            ),
            field="receiver",
        )
    if not typed and is_needed:
        raise Invalid(
            _(
                "It is not known by which name this mail server identifies itself. Type the name, or no mail can be trusted."
            ),
            field="receiver",
        )
    return typed


def name_receiver(hotel: Hotel, account_id: int, typed: str) -> int:
    """Say which server receives for a mailbox; its waiting mails are worked or refused by it. Returns how many were. Raises Invalid."""
    account = one_of_hotel(MailAccount, hotel.id, lock=True, id=account_id)
    name = checked(account.kind, account.secrets, typed, is_needed=True)
    audit.record(
        hotel.id, "mailbox_receiver_named", account, before={"receiver": account.receiver}, after={"receiver": name}
    )
    account.receiver = name
    undecided = of_hotel(ChannelMail, hotel.id).where(
        ChannelMail.account_id == account.id, ChannelMail.trust == "undecided", ChannelMail.state == "waiting"
    )
    mails = db.session.scalars(undecided.order_by(ChannelMail.id).with_for_update()).all()
    for mail in mails:
        _decide(hotel, mail, receivers_of(account))
    db.session.flush()
    events.publish(hotel.id, "mails-changed", {})
    return len(mails)


def _decide(hotel: Hotel, mail: ChannelMail, names: tuple[str, ...]) -> None:
    """The server whose word stood on top of the mail was kept with it: is it the one that was named?"""
    facts = mail.facts or {}
    if facts.get("stated_by") not in names:
        mail.state, mail.code, mail.next_try_at = "refused", "not_authenticated", None
        mail.facts = {"sender": facts.get("forwarded_by") or facts.get("sender", "")}
        return
    mail.trust = "forwarded" if facts.get("forwarded_by") else "authentic"
    if _came_elsewhere(mail):
        mail.state, mail.code, mail.next_try_at = "noted", "known_already", None
        return
    mail.tries = 0
    matching.work(hotel, mail)


def _came_elsewhere(mail: ChannelMail) -> bool:
    same = select(ChannelMail.id).where(
        ChannelMail.hotel_id == mail.hotel_id, ChannelMail.message_id == mail.message_id, ChannelMail.id != mail.id,
        ChannelMail.trust == mail.trust,
    )  # fmt: skip
    return bool(mail.message_id) and db.session.scalar(same.limit(1)) is not None


def _names(kind: str, secrets: dict[str, Any], typed: str) -> tuple[str, ...]:
    return wiring.resolve(MailboxOpener).receivers(kind, secrets, typed)  # type: ignore[type-abstract]

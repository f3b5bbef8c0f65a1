"""`read_mail`: from raw bytes to facts, or to the reason why the mail tells nothing."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Collection
from typing import Any

from webapp.channels.mail_ports import MailFacts, NotOurs, Trust

from .airbnb import read_airbnb
from .booking import read_booking
from .forwarded import inner_of, is_forward
from .mime import Mail, Unreadable, open_mail
from .receivers import GOOGLE, statement_for, topmost
from .senders import Sender, is_vouched_for, sender_of

_VRBO = re.compile(
    r"\breservation (HA-[A-Z0-9]{4,12})\b.{0,40}?\b(cancell?ed|confirmed|changed|updated|modified)\b", re.I
)


def read_mail(
    raw: bytes,
    *,
    received_at: dt.datetime | None = None,
    receivers: Collection[str] = GOOGLE,
    must_be_authentic: bool = True,
    forwarders: Collection[str] | None = None,
) -> MailFacts | NotOurs:
    """Read one mail; never raises. See `MailReader.read`."""
    try:
        return _read(open_mail(raw), received_at, receivers, must_be_authentic, forwarders)
    except Unreadable as error:
        return NotOurs(error.args[0])
    except (ValueError, LookupError, TypeError, AttributeError, OverflowError, RecursionError):
        return NotOurs("malformed")  # a mail that no sender meant to be read


def _read(
    mail: Mail,
    received_at: dt.datetime | None,
    receivers: Collection[str],
    must_be_authentic: bool,
    forwarders: Collection[str] | None,
) -> MailFacts | NotOurs:
    sender = sender_of(mail.headers("From"))
    subject = mail.header("Subject")
    trust, stated_by = _trust(mail, sender, receivers, must_be_authentic)
    if trust is None:
        if sender.provider is not None:
            return NotOurs("not_authenticated", sender.address)
        return NotOurs("look_alike" if sender.is_look_alike else "unknown_sender", sender.address)
    if sender.provider is not None:
        return _facts(mail, sender, subject, received_at, trust, stated_by=stated_by)
    inner = inner_of(mail) if mail.attached or is_forward(subject) else None
    if inner is None:
        return NotOurs("look_alike" if sender.is_look_alike else "unknown_sender", sender.address)
    if forwarders is not None and sender.address not in {address.lower() for address in forwarders}:
        return NotOurs("stranger_forwards", sender.address)
    if trust != "undecided":
        trust = "forwarded"
    return _facts(
        inner.mail, inner.sender, inner.subject, received_at, trust, forwarded_by=sender.address, stated_by=stated_by
    )


def _trust(mail: Mail, sender: Sender, receivers: Collection[str], must_be_authentic: bool) -> tuple[Trust | None, str]:
    """(how far the sender can be trusted, None for not at all; the server that vouches, where nobody has said whether it is ours)"""
    if not must_be_authentic and not mail.headers("Authentication-Results"):
        return "unverified", ""
    if not any(receivers):
        stated = topmost(mail)
        is_stated = stated is not None and stated.is_inside and is_vouched_for(stated, sender.address)
        return ("undecided", stated.server if stated and is_stated else "") if sender.address else (None, "")
    return ("authentic" if is_vouched_for(statement_for(mail, receivers), sender.address) else None), ""


def _facts(
    mail: Mail,
    sender: Sender,
    subject: str,
    received_at: dt.datetime | None,
    trust: Trust,
    *,
    forwarded_by: str = "",
    stated_by: str = "",
) -> MailFacts | NotOurs:
    sent_at = mail.sent_at or received_at
    sent = (received_at or sent_at).date() if received_at or sent_at else None  # type: ignore[union-attr]
    found: dict[str, Any] | NotOurs
    if sender.provider == "booking":
        found = read_booking(mail, sender, subject, sent)
    elif sender.provider == "airbnb":
        found = read_airbnb(mail, subject, sent)
    else:
        found = _vrbo(subject)
    if isinstance(found, NotOurs):
        return found
    return MailFacts(
        provider=sender.provider or "booking",
        trust=trust,
        subject=subject,
        sender=sender.address,
        message_id=mail.header("Message-ID")[:500],
        sent_at=sent_at,
        forwarded_by=forwarded_by,
        stated_by=stated_by,
        **found,
    )


def _vrbo(subject: str) -> dict[str, Any] | NotOurs:
    match = _VRBO.search(subject)
    if match is None:
        return NotOurs("noise", "not about a booking")
    word = match[2].lower()
    kind = "cancelled" if word.startswith("cancel") else "new" if word == "confirmed" else "modified"
    return {"kind": kind, "reference": match[1].upper(), "references": (match[1].upper(),), "language": "en"}


class OtaMail:
    """The reader that the scan uses."""

    def read(
        self,
        raw: bytes,
        *,
        received_at: dt.datetime | None,
        receivers: Collection[str],
        must_be_authentic: bool,
        forwarders: Collection[str] | None,
    ) -> MailFacts | NotOurs:
        return read_mail(
            raw,
            received_at=received_at,
            receivers=receivers,
            must_be_authentic=must_be_authentic,
            forwarders=forwarders,
        )

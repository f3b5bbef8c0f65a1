"""What mail enrichment needs from outside: a mailbox read from where it was left, and a reader of the sites' mails."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal, Protocol

MailKind = Literal[
    "new",
    "modified",
    "cancelled",
    "request",  # a guest asks; nothing is sold yet
    "change_request",
    "message",  # from a guest
    "digest",  # who arrives today or tomorrow
    "unclear",  # of a booking, but in words we do not know
]
Trust = Literal["authentic", "unverified", "forwarded", "undecided"]
Refusal = Literal[
    "unknown_sender",
    "look_alike",
    "not_authenticated",
    "stranger_forwards",
    "noise",
    "too_large",
    "too_many_parts",
    "malformed",
]
MailboxFaultKind = Literal["try_again", "sign_in_again", "quota", "not_allowed", "not_found"]


@dataclass(frozen=True)
class DigestEntry:
    reference: str
    guest_name: str
    check_in: dt.date | None
    check_out: dt.date | None


@dataclass(frozen=True)
class MailFacts:
    """What one mail says about bookings. Texts come from outside: show them as text only.

    `arrival`: of the subject, also where the departure is not told. `is_year_told` False: the mail says no year and the one
    that fits its sending was taken. `trust`: `authentic` when the receiving server vouches for the sender; `forwarded` when a
    person passed it on, so that nobody can; nothing may be cancelled by that alone; `undecided` while nobody has said which server
    receives for the mailbox. `stated_by` is then the server whose word is on top and vouches for the sender, "" for none: only when
    that server turns out to be the mailbox's own is the mail worth anything.
    """

    provider: Literal["booking", "airbnb", "vrbo"]
    kind: MailKind
    trust: Trust
    subject: str
    sender: str
    reference: str = ""
    references: tuple[str, ...] = ()  # all that are named
    guest_name: str = ""
    arrival: dt.date | None = None
    departure: dt.date | None = None
    is_year_told: bool = True
    is_last_minute: bool = False
    listing_name: str = ""
    listing_id: str = ""  # Airbnb's room, Booking.com's property
    adults: int | None = None
    children: int | None = None
    infants: int | None = None
    total: tuple[Decimal, str] | None = None  # what the guest pays
    earnings: tuple[Decimal, str] | None = None  # what the host receives
    digest: tuple[DigestEntry, ...] = ()
    language: str = ""
    message_id: str = ""
    sent_at: dt.datetime | None = None
    forwarded_by: str = ""
    stated_by: str = ""


@dataclass(frozen=True)
class NotOurs:
    """A mail that tells nothing of a booking, and why it was put aside."""

    reason: Refusal
    detail: str = ""


class MailReader(Protocol):
    def read(
        self,
        raw: bytes,
        *,
        received_at: dt.datetime | None,
        receivers: Collection[str],
        must_be_authentic: bool,
        forwarders: Collection[str] | None,
    ) -> MailFacts | NotOurs:
        """Read one mail; never raises.

        `receivers`: names under which our own mail server signs its Authentication-Results, of which only the topmost counts; while
        there are none, mails are `undecided`. `must_be_authentic` False accepts mails of servers that write none; `forwarders`: whose forwarded mails count, None for anybody's.
        """
        ...


@dataclass(frozen=True)
class MailMessage:
    """A mail as the mailbox gives it. `key` never changes and is never used twice in a mailbox."""

    key: str
    raw: bytes = field(repr=False)
    received_at: dt.datetime | None


@dataclass(frozen=True)
class Batch:
    """Mails in the order of their arrival. `next_cursor` is kept only after they were worked; `has_more`: ask again at once.

    `too_large`: keys of mails that were left out. `was_reset`: the cursor was too old, so the last days were read again and
    known mails come once more.
    """

    messages: tuple[MailMessage, ...]
    next_cursor: str
    has_more: bool = False
    too_large: tuple[str, ...] = ()
    was_reset: bool = False


class MailboxFault(Exception):
    """A mailbox could not be read. `message`: an English sentence for the hotelier; `retry_after`: seconds, where said."""

    def __init__(self, kind: MailboxFaultKind, message: str, *, retry_after: int | None = None) -> None:
        super().__init__(f"{kind}: {message}")
        self.kind: MailboxFaultKind = kind
        self.message = message
        self.retry_after = retry_after


class Mailbox(Protocol):
    def fetch_since(self, cursor: str | None, limit: int = 50) -> Batch:
        """Mails that came after `cursor`; None for a mailbox that was never read. Raises MailboxFault."""
        ...


class MailboxOpener(Protocol):
    def open(self, kind: str, secrets: dict[str, Any]) -> Mailbox:
        """The mailbox that these secrets belong to; nothing is asked of it yet. Raises MailboxFault for a kind not set up."""
        ...

    def receivers(self, kind: str, secrets: dict[str, Any], typed: str) -> tuple[str, ...]:
        """In which names the mailbox's provider signs its Authentication-Results: known of large providers, else as `typed` by the
        hotel; () when neither is worth anything."""
        ...

    def watch(self, kind: str, secrets: dict[str, Any]) -> dt.datetime | None:
        """Ask to be told of new mails. Until when that holds; None for a mailbox that cannot tell. Raises MailboxFault."""
        ...

    def consent_address(self, redirect_uri: str, state: str) -> str:
        """Where a person lets us read their Gmail; "" when Google is not set up. `state` comes back."""
        ...

    def redeem(self, code: str, redirect_uri: str) -> dict[str, Any]:
        """The secrets of a Gmail mailbox, `username` among them, for the code that came back. Raises MailboxFault."""
        ...

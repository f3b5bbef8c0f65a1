"""What messaging needs from outside: something that sends mail, something that sends short messages.

A sender tries once. `SendRejected` is final, `SendFailed` may be tried again; both carry the provider's own code.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True)
class Attachment:
    """A file that goes with a mail."""

    filename: str
    media_type: str
    content: bytes = field(repr=False)


@dataclass(frozen=True)
class OutgoingMail:
    """One mail to one person. Personal data stays out of the repr.

    `message_key` is ours and the same on every try (the id of a message row): the Message-ID is derived from it, so that
    a mail sent twice after a crash shows once in most mail programs. Empty: a new Message-ID each time.
    """

    to: str = field(repr=False)
    subject: str = field(repr=False)
    text: str = field(repr=False)
    html: str | None = field(default=None, repr=False)
    to_name: str = field(default="", repr=False)
    from_name: str = ""  # the hotel; empty: the name of the configured sender
    reply_to: str = field(default="", repr=False)
    language: str = ""
    message_key: str = ""
    attachments: tuple[Attachment, ...] = ()


@dataclass(frozen=True)
class SmsReceipt:
    """What the provider said on taking a message: its id, and its first state (`queued`, `accepted`, …)."""

    sid: str
    status: str


class SendError(Exception):
    """A message was not taken. `code` is the provider's ("550", "21610", "timeout"); `message` holds no personal data."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{message} ({code})")
        self.code = code
        self.message = message


class SendRejected(SendError):
    """Terminal: the same message to the same address will not go through."""


class SendFailed(SendError):
    """Not now: try again later. `may_have_been_sent` when the answer got lost after the message had gone out."""

    def __init__(self, code: str, message: str, *, may_have_been_sent: bool = False) -> None:
        super().__init__(code, message)
        self.may_have_been_sent = may_have_been_sent


class MailSender(Protocol):
    def send(self, mail: OutgoingMail) -> str:
        """Hand one mail to the mail server; its Message-ID. Raises SendRejected or SendFailed."""
        ...


class SmsSender(Protocol):
    def send(self, to: str, body: str, status_callback: str | None = None) -> SmsReceipt:
        """Send `body` (1 to 1,600 characters) to an E.164 number; later states go to the URL `status_callback`.

        Raises SendRejected or SendFailed. The provider has no idempotency key: never repeat what may have been sent.
        """
        ...


class SmsWebhookVerifier(Protocol):
    def is_authentic(
        self, url: str, params: Mapping[str, str | Sequence[str]] | str, headers: Mapping[str, str]
    ) -> bool:
        """Whether a webhook was signed by the provider.

        `url`: as the provider called it (public scheme, host, path, query). `params`: the form with every value, empty
        ones too, or the raw text of a JSON body. `headers`: those of the request, names in any case.
        """
        ...

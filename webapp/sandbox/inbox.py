"""The mails that stand in emulated mailboxes: one mailbox, which Gmail's API and IMAP both show."""

from __future__ import annotations

import base64
import email
import email.policy
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Any

from webapp.sandbox.context import Sandbox
from webapp.sandbox.storage import Document

KIND = "gmail.message"
HISTORY = "gmail.history"
KEEP = 5_000
ADDRESS = "desk@harbour.example"


def add(sandbox: Sandbox, given: dict[str, Any]) -> Document:
    """A new mail: `raw` (base64), or `from`, `subject`, `text`, `html`, `headers`. As a receiving server does, it writes
    whether the sender is real: `authentic` False makes that fail, None leaves the line out."""
    now = datetime.fromisoformat(given["at"]) if given.get("at") else sandbox.clock.now()
    content = base64.b64decode(given["raw"]) if given.get("raw") else _written(given, now)
    with sandbox.storage.lock:
        number = sandbox.storage.append(
            KIND,
            {
                "raw": base64.b64encode(content).decode(),
                "at": now.astimezone(UTC).isoformat(),
                "size": given.get("size", len(content)),
            },
            keep=KEEP,
        )
        sandbox.storage.append(HISTORY, {"message": number}, keep=KEEP)
    return {"id": number, "gmail_id": gmail_id(number), "uid": number}


def gmail_id(number: int) -> str:
    return f"{0x18F000000000 + number:x}"


def number_of(identifier: str) -> int | None:
    try:
        return int(identifier, 16) - 0x18F000000000
    except ValueError:
        return None


def every(sandbox: Sandbox) -> list[Document]:
    """Oldest first."""
    return sandbox.storage.all(KIND)


def find(sandbox: Sandbox, number: int) -> Document | None:
    return sandbox.storage.get(KIND, number)


def remove(sandbox: Sandbox, number: int) -> bool:
    return sandbox.storage.delete(KIND, number)


def content_of(message: Document) -> bytes:
    return base64.b64decode(message["raw"])


def headers_of(message: Document) -> list[tuple[str, str]]:
    parsed = email.message_from_bytes(content_of(message), policy=email.policy.compat32)
    return [(name, str(value)) for name, value in parsed.items()]


def newest_history(sandbox: Sandbox) -> int:
    records = sandbox.storage.newest(HISTORY, 1)
    return int(records[0]["id"]) if records else 0


def _written(given: dict[str, Any], now: datetime) -> bytes:
    message = EmailMessage()
    sender = given.get("from", "Booking.com <noreply@booking.com>")
    domain = sender.rstrip("> ").rpartition("@")[2]
    word = {True: "pass", False: "fail"}.get(given.get("authentic", True))
    if word:
        said = f"mx.google.com; dkim={word} header.i=@{domain} header.s=s1; spf={word} smtp.mailfrom=bounce@{domain}; dmarc={word} (p=REJECT) header.from={domain}"
        message["Authentication-Results"] = said
    message["From"], message["To"] = sender, ADDRESS
    message["Subject"] = given.get("subject", "")
    message["Date"] = format_datetime(now)
    message["Message-ID"] = given.get("message_id") or f"<{now.timestamp()}.{domain}@sandbox.example>"
    for name, value in (given.get("headers") or {}).items():
        message[name] = value
    message.set_content(given.get("text", ""))
    if given.get("html"):
        message.add_alternative(given["html"], subtype="html")
    return message.as_bytes()

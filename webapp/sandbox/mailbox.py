"""The mails that were accepted, read back as people and tests want them, and the rules for refusing others."""

from __future__ import annotations

import base64
import email
import email.policy
from datetime import UTC, datetime
from email.message import EmailMessage
from typing import Any

from webapp.sandbox.context import Sandbox
from webapp.sandbox.storage import Document

KEEP = 2000
_KIND = "smtp.mail"
_RULE = "smtp.rule"
REPLIES: dict[int | str, str] = {
    421: "421 4.7.0 Service not available, closing transmission channel",
    450: "450 4.2.1 Mailbox is temporarily unavailable",
    451: "451 4.3.0 Temporary server error, please try again later",
    452: "452 4.2.2 Mailbox is over its quota",
    550: "550 5.1.1 Recipient address rejected: user unknown",
    552: "552 5.3.4 Message size exceeds the limit",
    554: "554 5.7.1 Message refused",
    "timeout": "timeout, no reply",
}


def store(sandbox: Sandbox, mail_from: str, rcpt_tos: list[str], content: bytes) -> int:
    """Keep a mail as it came; returns its number."""
    return sandbox.storage.append(
        _KIND,
        {
            "at": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "mail_from": mail_from,
            "rcpt_tos": rcpt_tos,
            "raw": base64.b64encode(content).decode(),
        },
        keep=KEEP,
    )


def find(sandbox: Sandbox, number: int) -> Document | None:
    mail = sandbox.storage.get(_KIND, number)
    return read(mail) if mail else None


def raw(sandbox: Sandbox, number: int) -> bytes | None:
    mail = sandbox.storage.get(_KIND, number)
    return base64.b64decode(mail["raw"]) if mail else None


def recent(sandbox: Sandbox, to: str | None, limit: int) -> list[Document]:
    """Mails to an envelope recipient (letter case aside), newest first."""
    return [read(mail) for mail in _matching(sandbox, to, limit)]


def wait(sandbox: Sandbox, to: str | None, count: int, seconds: float) -> None:
    sandbox.storage.wait_for(lambda: len(_matching(sandbox, to, count)) >= count, seconds)


def read(mail: Document) -> Document:
    """A stored mail with its headers, text, HTML and attachments taken apart."""
    message = email.message_from_bytes(base64.b64decode(mail["raw"]), policy=email.policy.default)
    return {
        "id": mail["id"],
        "at": mail["at"],
        "mail_from": mail["mail_from"],
        "rcpt_tos": mail["rcpt_tos"],
        "subject": _header(message, "subject"),
        "from": _header(message, "from"),
        "to": _header(message, "to"),
        "message_id": _header(message, "message-id"),
        "headers": [[name, str(value)] for name, value in message.items()],
        "text": _body(message, "plain"),
        "html": _body(message, "html"),
        "attachments": [_attachment(part) for part in message.iter_attachments()] if message.is_multipart() else [],
    }


def set_rule(sandbox: Sandbox, rule: dict[str, Any]) -> Document:
    """`recipient` (or "*"), `code` (see REPLIES), optionally `at` ("rcpt" or "data") and `for` (that many times)."""
    rule = {"at": "rcpt", **rule}
    if rule.get("code") not in REPLIES or rule["at"] not in ("rcpt", "data") or not rule.get("recipient"):
        raise ValueError(f"needs recipient, at (rcpt or data) and code, one of {list(REPLIES)}")
    sandbox.storage.put(_RULE, rule["recipient"].lower(), rule)
    return rule


def delete_rule(sandbox: Sandbox, recipient: str) -> bool:
    return sandbox.storage.delete(_RULE, recipient.lower())


def take_rule(sandbox: Sandbox, recipient: str, stage: str) -> Document | None:
    """The rule that a recipient meets at this stage, if any; counts it."""
    with sandbox.storage.lock:
        for key in (recipient.lower(), "*"):
            rule = sandbox.storage.get(_RULE, key)
            if rule is not None and rule["at"] == stage:
                left = rule.get("for", 0) - 1
                if left == 0:
                    sandbox.storage.delete(_RULE, key)
                elif left > 0:
                    sandbox.storage.put(_RULE, key, {**rule, "for": left})
                return rule
    return None


def _matching(sandbox: Sandbox, to: str | None, limit: int) -> list[Document]:
    wanted = to.lower() if to else None
    return sandbox.storage.newest(
        _KIND, limit, lambda mail: wanted is None or wanted in (address.lower() for address in mail["rcpt_tos"])
    )


def _header(message: EmailMessage, name: str) -> str:
    return str(message.get(name, ""))


def _body(message: EmailMessage, kind: str) -> str:
    part = message.get_body(preferencelist=(kind,))
    if part is None:
        return ""
    try:
        return str(part.get_content())
    except (LookupError, KeyError):  # a character set or type that Python does not know
        return part.as_string()


def _attachment(part: Any) -> dict[str, Any]:
    payload = part.get_payload(decode=True) or b""
    return {"filename": part.get_filename() or "", "content_type": part.get_content_type(), "size": len(payload)}

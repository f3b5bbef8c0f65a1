"""The messages of the account: validation, storage and the shape in which Twilio shows them."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from datetime import datetime

from webapp.sandbox.clock import rfc2822
from webapp.sandbox.context import Sandbox
from webapp.sandbox.storage import Document
from webapp.sandbox.twilio.errors import REFUSED, TwilioError

ACCOUNT_SID = "AC" + "0" * 32
AUTH_TOKEN = "sandbox-token"  # noqa: S105
OUR_NUMBER = "+15005550006"
BODY_LIMIT = 1600
KEEP = 2000
_KIND = "twilio.message"
_E164 = re.compile(r"\+[1-9]\d{6,14}")
_GSM = set(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
_GSM_EXTENDED = set("^{}\\[~]|€\f")


def create(sandbox: Sandbox, form: Mapping[str, str]) -> Document:
    """Accept or refuse an outbound message. Nothing is deduplicated: each accepted request is one message."""
    to, sender, service = form.get("To", ""), form.get("From", ""), form.get("MessagingServiceSid", "")
    body = form.get("Body", "")
    if not to:
        raise TwilioError(21604)
    if not sender and not service:
        raise TwilioError(21603)
    if not body and not form.get("MediaUrl") and not form.get("ContentSid"):
        raise TwilioError(21602)
    if len(body) > BODY_LIMIT:
        raise TwilioError(21617)
    if sender and not _E164.fullmatch(sender) and not re.fullmatch(r"(?=.*[A-Za-z])[\w ]{1,11}", sender):
        raise TwilioError(21212, from_=sender)
    _check_recipient(sandbox, to, sender)
    message = new_message(
        sandbox,
        to=to,
        sender=sender or None,
        body=body,
        status="accepted" if service else "queued",
        direction="outbound-api",
        service=service or None,
    )
    message["status_callback"] = form.get("StatusCallback") or None
    return save(sandbox, message)


def new_message(
    sandbox: Sandbox, *, to: str, sender: str | None, body: str, status: str, direction: str, service: str | None = None
) -> Document:
    return {
        "sid": "SM" + uuid.uuid4().hex,
        "to": to,
        "from": sender,
        "body": body,
        "status": status,
        "direction": direction,
        "messaging_service_sid": service,
        "created": sandbox.clock.now().isoformat(),
        "updated": sandbox.clock.now().isoformat(),
        "sent": None,
        "error_code": None,
        "status_callback": None,
        "history": [status],
    }


def save(sandbox: Sandbox, message: Document) -> Document:
    sandbox.storage.put(_KIND, message["sid"], message)
    sandbox.storage.trim(_KIND, KEEP)
    return message


def set_status(sandbox: Sandbox, sid: str, status: str, error_code: int | None = None) -> Document | None:
    """Move a message on; None when it was deleted meanwhile."""
    with sandbox.storage.lock:
        message = find(sandbox, sid)
        if message is None:
            return None
        now = sandbox.clock.now().isoformat()
        message.update(status=status, updated=now, error_code=error_code)
        message["sent"] = message["sent"] or now
        message["history"].append(status)
        sandbox.storage.put(_KIND, sid, message)
        return message


def find(sandbox: Sandbox, sid: str) -> Document | None:
    return sandbox.storage.get(_KIND, sid)


def delete(sandbox: Sandbox, sid: str) -> bool:
    return sandbox.storage.delete(_KIND, sid)


def recent(sandbox: Sandbox, to: str | None, limit: int) -> list[Document]:
    """Newest first."""
    return sandbox.storage.newest(_KIND, limit, lambda message: to in (None, message["to"]))


def shown(message: Document) -> Document:
    """A message in the shape of the API."""
    path = f"/2010-04-01/Accounts/{ACCOUNT_SID}/Messages/{message['sid']}"
    code = message["error_code"]
    return {
        "body": message["body"],
        "num_segments": "0" if message["messaging_service_sid"] else str(segments(message["body"])),
        "direction": message["direction"],
        "from": message["from"],
        "date_updated": _rfc2822(message["updated"]),
        "price": None,
        "error_message": None if code is None else "Message could not be delivered",
        "uri": f"{path}.json",
        "account_sid": ACCOUNT_SID,
        "num_media": "0",
        "to": message["to"],
        "date_created": _rfc2822(message["created"]),
        "status": message["status"],
        "sid": message["sid"],
        "date_sent": _rfc2822(message["sent"]),
        "messaging_service_sid": message["messaging_service_sid"],
        "error_code": code,
        "price_unit": "USD",
        "api_version": "2010-04-01",
        "subresource_uris": {"media": f"{path}/Media.json"},
    }


def segments(body: str) -> int:
    """How many parts a text needs: 160 GSM-7 characters in one, 153 in each of several; 70 and 67 in UCS-2."""
    if all(letter in _GSM or letter in _GSM_EXTENDED for letter in body):
        length = len(body) + sum(letter in _GSM_EXTENDED for letter in body)
        single, each = 160, 153
    else:
        length = len(body.encode("utf-16-be")) // 2
        single, each = 70, 67
    return 1 if length <= single else -(-length // each)


def block(sandbox: Sandbox, our_number: str, recipient: str, *, blocked: bool) -> None:
    """Remember or forget that a recipient has sent STOP to one of our numbers."""
    key = f"{recipient}/{our_number}"
    if blocked:
        sandbox.storage.put("twilio.blocked", key, {"recipient": recipient, "our_number": our_number})
    else:
        sandbox.storage.delete("twilio.blocked", key)


def _check_recipient(sandbox: Sandbox, to: str, sender: str) -> None:
    if not _E164.fullmatch(to):
        raise TwilioError(21211, to=to)
    rule = sandbox.storage.get("twilio.number", to) or {}
    code = rule.get("error") or REFUSED.get(to)
    if code:
        raise TwilioError(code, to=to, from_=sender)
    blocks = sandbox.storage.all("twilio.blocked", prefix=f"{to}/")
    if any(not sender or entry["our_number"] == sender for entry in blocks):
        raise TwilioError(21610, to=to, from_=sender)


def _rfc2822(at: str | None) -> str | None:
    return rfc2822(datetime.fromisoformat(at)) if at else None

"""Makes an e-mail of what is to be sent: right headers, no header from inside a value, readable by old and new programs."""

from __future__ import annotations

import hashlib
import re
import uuid
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from email.utils import format_datetime, parseaddr

import idna

from webapp.messaging.ports import OutgoingMail, SendRejected

_LOCAL_PART = re.compile(r"[^\s\x00-\x1f\x7f-\x9f<>()\[\]\\,;:@\"]{1,64}")
_DOMAIN = re.compile(
    r"(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", re.IGNORECASE
)
_MEDIA_TYPE = re.compile(r"[a-z0-9.+-]{1,60}/[a-z0-9.+-]{1,60}", re.IGNORECASE)


@dataclass(frozen=True)
class Letter:
    """A mail ready to be handed over: envelope and content. `needs_utf8`: an address with letters outside ASCII."""

    sender: str
    recipient: str
    message_id: str
    message: EmailMessage
    needs_utf8: bool

    def as_bytes(self) -> bytes:
        return self.message.as_bytes(policy=SMTPUTF8 if self.needs_utf8 else SMTP)


def compose(mail: OutgoingMail, sender: str, now: datetime) -> Letter:
    """Raises SendRejected when an address cannot be written to, ValueError when `sender` is not an address."""
    from_name, from_address = sender_of(sender)
    recipient = _address(mail.to)
    domain = from_address.rpartition("@")[2]
    message_id = f"<{_identity(mail.message_key)}@{domain}>"
    message = EmailMessage(policy=SMTPUTF8 if not recipient.isascii() else SMTP)
    message["From"] = _header(one_line(mail.from_name) or from_name, from_address)
    message["To"] = _header(one_line(mail.to_name), recipient)
    if mail.reply_to:
        message["Reply-To"] = _header("", _address(mail.reply_to))
    message["Subject"] = one_line(mail.subject)
    message["Date"] = format_datetime(now)
    message["Message-ID"] = message_id
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"
    _fill(message, mail)
    if re.fullmatch(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*", mail.language):
        message["Content-Language"] = mail.language
    return Letter(from_address, recipient, message_id, message, needs_utf8=not recipient.isascii())


def sender_of(text: str) -> tuple[str, str]:
    """Name and address of `Innkeep <no-reply@example.com>`. Raises ValueError."""
    name, address = parseaddr(text)
    try:
        return one_line(name), _address(address)
    except SendRejected:
        raise ValueError("MAIL_FROM is not a mail address") from None


def one_line(text: str) -> str:
    """`text` without line breaks and control characters, which would begin a new header."""
    return " ".join("".join(" " if _is_control(character) else character for character in text).split())


def _is_control(character: str) -> bool:
    return (
        ord(character) < 32
        or 127 <= ord(character) < 160
        or character in "\u2028\u2029"
        or "\ud800" <= character <= "\udfff"
    )


def _address(text: str) -> str:
    """The address with its domain in ASCII. Raises SendRejected when it is not one address."""
    local, at, domain = text.strip().rpartition("@")
    try:
        ascii_domain = domain if domain.isascii() else idna.encode(domain, uts46=True).decode("ascii")
    except UnicodeError:
        ascii_domain = ""
    is_local = (
        bool(_LOCAL_PART.fullmatch(local))
        and not local.startswith(".")
        and not local.endswith(".")
        and ".." not in local
    )
    if not (at and is_local and _DOMAIN.fullmatch(ascii_domain)):
        raise SendRejected("address", "The mail address is not valid")
    return f"{local}@{ascii_domain}"


def _header(name: str, address: str) -> Address:
    local, _, domain = address.rpartition("@")
    return Address(display_name=name, username=local, domain=domain)


def _identity(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()[:32] if key else uuid.uuid4().hex


def _fill(message: EmailMessage, mail: OutgoingMail) -> None:
    message.set_content(mail.text, cte="quoted-printable")
    if mail.html is not None:
        message.add_alternative(mail.html, subtype="html", cte="quoted-printable")
    for attachment in mail.attachments:
        media_type = (
            attachment.media_type if _MEDIA_TYPE.fullmatch(attachment.media_type) else "application/octet-stream"
        )
        maintype, _, subtype = media_type.partition("/")
        name = one_line(attachment.filename).replace("/", "_").replace("\\", "_") or "attachment"
        if maintype in ("multipart", "message"):
            maintype, subtype = "application", "octet-stream"
        message.add_attachment(attachment.content, maintype=maintype, subtype=subtype, filename=name)

"""A mail taken apart within limits: headers, text and links. Costs at most a few megabytes whatever is in it."""

from __future__ import annotations

import contextlib
import datetime as dt
import email
import email.errors
import email.policy
import html
import re
from dataclasses import dataclass, field
from email.header import decode_header, make_header
from email.message import Message
from email.utils import parsedate_to_datetime
from urllib.parse import SplitResult, urlsplit

from webapp.integrations.spoken_dates import tidy

MAX_BYTES = 25 * 1024 * 1024
MAX_HEADERS = 256 * 1024
MAX_PARTS = 100
MAX_DEPTH = 20
MAX_TEXT = 1024 * 1024
MAX_LINKS = 500
_BOUNDARY = re.compile(rb'boundary\s*=\s*(?:"([^"\r\n]{1,200})"|([^\s;"]{1,200}))', re.IGNORECASE)
_LINK = re.compile(r"https?://[^\s\"'<>\\]{1,2000}")
_BREAKING = {"br", "p", "div", "tr", "li", "table", "h1", "h2", "h3", "h4", "h5", "ul", "ol", "center", "section"}
_HIDDEN = ("script", "style", "head", "title")


class Unreadable(Exception):
    """The mail is beyond the limits or no mail. `args[0]` is the reason of NotOurs."""


@dataclass
class Mail:
    message: Message
    plain: str = ""
    markup: str = field(default="", repr=False)
    attached: list[Message] = field(default_factory=list)  # mails inside this one

    def header(self, name: str) -> str:
        """A header decoded and unfolded; "" when it is not there."""
        value = self.message.get(name)
        return decoded(str(value)) if value is not None else ""

    def headers(self, name: str) -> list[str]:
        return [str(value)[:20_000] for value in self.message.get_all(name, [])]

    @property
    def text(self) -> str:
        """What a reader sees: the plain text and then the text of the HTML, as lines."""
        return f"{self.plain}\n{text_of_html(self.markup)}" if self.markup else self.plain

    @property
    def sent_at(self) -> dt.datetime | None:
        try:
            sent = parsedate_to_datetime(self.header("Date")[:100])
        except (ValueError, TypeError, IndexError, OverflowError):
            return None
        return sent.astimezone(dt.UTC) if sent.tzinfo else sent.replace(tzinfo=dt.UTC)

    def links(self) -> list[SplitResult]:
        found = []
        for match in _LINK.findall(f"{self.plain}\n{html.unescape(self.markup)}")[:MAX_LINKS]:
            try:
                found.append(urlsplit(match.rstrip(").,;")))
            except ValueError:
                continue
        return found


def open_mail(raw: bytes) -> Mail:
    """Raises Unreadable."""
    _refuse_costly(raw)
    try:
        mail = Mail(email.message_from_bytes(raw, policy=email.policy.compat32))
        _walk(mail.message, mail, 0, [0])
    except Unreadable:
        raise
    except (RecursionError, ValueError, LookupError, TypeError, AttributeError, email.errors.MessageError):
        raise Unreadable("malformed") from None
    return mail


def open_attached(message: Message) -> Mail:
    """A mail inside a mail, under the same limits. Raises Unreadable."""
    mail = Mail(message)
    _walk(message, mail, 0, [0])
    return mail


def _refuse_costly(raw: bytes) -> None:
    """Before the parser builds an object for every part: are there too many?"""
    if len(raw) > MAX_BYTES:
        raise Unreadable("too_large")
    head = re.search(rb"\r?\n\r?\n", raw[: MAX_HEADERS + 4])
    if head is None and len(raw) > MAX_HEADERS:
        raise Unreadable("malformed")
    marks = set()
    for match in _BOUNDARY.finditer(raw):
        marks.add(match[1] or match[2])
        if len(marks) > MAX_PARTS:
            raise Unreadable("too_many_parts")
    if sum(raw.count(b"--" + mark) for mark in marks) > 4 * MAX_PARTS:
        raise Unreadable("too_many_parts")


def _walk(part: Message, mail: Mail, depth: int, count: list[int]) -> None:
    count[0] += 1
    if count[0] > MAX_PARTS or depth > MAX_DEPTH:
        raise Unreadable("too_many_parts")
    if sum(len(str(value)) for _name, value in part.raw_items()) > MAX_HEADERS:
        raise Unreadable("malformed")
    kind = part.get_content_type()
    if kind == "message/rfc822":
        mail.attached += list(_children(part))[:3]
    elif part.is_multipart():
        for inner in _children(part):
            _walk(inner, mail, depth + 1, count)
    elif kind in ("text/plain", "text/html") and "attachment" not in str(part.get("Content-Disposition", "")).lower():
        text = _content(part)
        if kind == "text/plain":
            mail.plain = (mail.plain + "\n" + text)[:MAX_TEXT]
        else:
            mail.markup = (mail.markup + "\n" + text)[:MAX_TEXT]


def _children(part: Message) -> list[Message]:
    payload = part.get_payload()
    return [inner for inner in payload if isinstance(inner, Message)] if isinstance(payload, list) else []


def _content(part: Message) -> str:
    payload = part.get_payload(decode=True)
    if not isinstance(payload, bytes):
        return ""
    payload = payload[: 2 * MAX_TEXT]
    try:
        return payload.decode(str(part.get_content_charset() or "utf-8"), errors="replace")
    except (LookupError, UnicodeError):
        return payload.decode("utf-8", errors="replace")


def decoded(value: str) -> str:
    """A header's text: encoded words decoded, folding and odd spaces collapsed, at most 2,000 characters."""
    value = value[:8_000]
    # Broken encoded words are shown as they came.
    with contextlib.suppress(ValueError, LookupError, email.errors.MessageError, TypeError):
        value = str(make_header(decode_header(re.sub(r"\r?\n", "", value))))
    value = value.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return tidy("".join(c if c.isprintable() else " " for c in value))[:2_000]


def text_of_html(markup: str) -> str:
    """The words of an HTML text with its lines; cells of a row stay on one line. Linear in its length."""
    out: list[str] = []
    at, lowered = 0, markup.lower()
    while at < len(markup):
        start = markup.find("<", at)
        if start < 0:
            out.append(markup[at:])
            break
        out.append(markup[at:start])
        if markup.startswith("<!--", start):
            end = markup.find("-->", start)
            at = len(markup) if end < 0 else end + 3
            continue
        end = markup.find(">", start)
        if end < 0:
            break
        name = re.match(r"</?([a-z][a-z0-9]*)", lowered[start : start + 20])
        at = end + 1
        if name and name[1] in _HIDDEN and markup[start + 1] != "/":
            closing = lowered.find(f"</{name[1]}", at)
            at = len(markup) if closing < 0 else closing
        elif name and name[1] in _BREAKING:
            out.append("\n")
        elif name and name[1] in ("td", "th"):
            out.append("   ")
    return html.unescape("".join(out))


def lines_of(text: str) -> list[str]:
    """The lines with something in them, inner runs of spaces kept as two so that columns can be told."""
    found = []
    for line in re.split(r"[\r\n]+", text)[:20_000]:
        pieces = [tidy(piece) for piece in re.split(r"[ \t\u00a0]{2,}|\t", line)]
        joined = "  ".join(piece for piece in pieces if piece)
        if joined:
            found.append(joined[:2_000])
    return found

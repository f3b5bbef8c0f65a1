"""From the bytes of a feed to logical lines and event blocks. Knows line ends, byte order marks and folding, not meaning."""

from __future__ import annotations

import codecs
import hashlib
import re
from dataclasses import dataclass, field
from datetime import date

from webapp.channels.ports import FeedFault

MAX_BYTES = 20 * 1024 * 1024  # a feed of 10,000 events is about 3 MB
MAX_LINE = 65_536  # a longer logical line is cut: no property of a booking needs more

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_LINE_END = re.compile(r"\r\n|\r|\n")
_VOLATILE = ("DTSTAMP", "LAST-MODIFIED", "CREATED", "SEQUENCE")


@dataclass
class Block:
    """The property lines of one top-level component: `VEVENT` or `VTIMEZONE`. `is_closed` is False when its END never came."""

    name: str
    lines: list[str] = field(default_factory=list)
    is_closed: bool = True


def decode(content: bytes) -> str:
    """The text of a feed: UTF-8, UTF-16 with a mark, or, where that fails, Windows-1252, which never fails here."""
    for bom, encoding in _BOMS:
        if content.startswith(bom):
            return content[len(bom) :].decode(encoding, errors="replace")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")


def logical_lines(text: str) -> list[str]:
    """Unfolded lines, without blank ones and control characters, whatever mix of line ends the feed uses."""
    lines: list[list[str]] = []
    for raw in _LINE_END.split(text.replace("\x00", "")):
        if raw[:1] in (" ", "\t") and lines:
            lines[-1].append(raw[1:])
        elif raw.strip():
            lines.append([raw])
    return ["".join(parts)[:MAX_LINE].rstrip() for parts in lines]


def calendar_lines(content: bytes) -> list[str]:
    """The logical lines of a whole calendar. Raises FeedFault when it is too big, no calendar, or cut off."""
    if len(content) > MAX_BYTES:
        raise FeedFault("too_large", f"The calendar is larger than {MAX_BYTES // (1024 * 1024)} MB.")
    lines = logical_lines(decode(content))
    names = {line.strip().upper() for line in lines if line[:1] in "BEbe \t"}
    if "BEGIN:VCALENDAR" not in names:
        raise FeedFault("not_a_calendar", f"The address answered with {_describe(content)}, not with a calendar.")
    if "END:VCALENDAR" not in names:
        raise FeedFault("truncated", "The calendar is cut off before its end.")
    return lines


def _describe(content: bytes) -> str:
    start = content[:512].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if not start:
        return "an empty page"
    if start.startswith((b"<!doctype", b"<html", b"<head", b"<body")):
        return "a web page"
    if start.startswith((b"{", b"[")):
        return "an error message in JSON"
    return "an XML document" if start.startswith(b"<") else "something else"


def blocks(lines: list[str]) -> tuple[list[str], list[Block]]:
    """The header lines and the event and time-zone blocks, in order.

    Calendars pasted into one another are read as one. A component inside an event (an alarm) is dropped; a time zone keeps
    its parts. An event that another BEGIN:VEVENT or END:VCALENDAR cuts short is returned with `is_closed` False.
    """
    headers: list[str] = []
    found: list[Block] = []
    current: Block | None = None
    nested: list[str] = []
    for line in lines:
        keyword, _, rest = line.strip().partition(":")
        keyword, name = keyword.upper(), rest.strip().upper()
        if keyword == "BEGIN" and name in ("VEVENT", "VTIMEZONE"):
            if current is not None:
                current.is_closed = False
            current, nested = Block(name), []
            found.append(current)
        elif keyword == "END" and name in ("VEVENT", "VTIMEZONE", "VCALENDAR"):
            if current is not None and current.name != name:
                current.is_closed = False
            current = None
        elif current is None:
            headers.append(line)
        elif keyword == "BEGIN":
            nested.append(name)
            _keep_nested(current, line)
        elif keyword == "END" and nested:
            nested.pop()
            _keep_nested(current, line)
        elif not nested or current.name == "VTIMEZONE":
            current.lines.append(line)
    return headers, found


def _keep_nested(block: Block, line: str) -> None:
    if block.name == "VTIMEZONE":
        block.lines.append(line)


def hash_of(found: list[Block], today: date) -> str:
    """A hash of what the blocks say: not of their order, nor of stamps. Recurring events make it change with the week,
    because the window into which they are expanded moves."""
    digest = hashlib.sha256()
    is_recurring = False
    texts = []
    for block in found:
        kept = [line for line in block.lines if not line.upper().startswith(_VOLATILE)]
        is_recurring = is_recurring or any(line.upper().startswith("RRULE") for line in kept)
        texts.append(f"{block.name} {block.is_closed}\n" + "\n".join(sorted(kept)))
    if is_recurring:
        digest.update("{}-{}".format(*today.isocalendar()[:2]).encode())
    for text in sorted(texts):
        digest.update(text.encode("utf-8", errors="surrogatepass") + b"\n\n")
    return digest.hexdigest()

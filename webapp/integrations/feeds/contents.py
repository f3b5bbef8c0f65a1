"""Is it a calendar? And if it is not, what is it: said so that a hotelier knows what to do."""

from __future__ import annotations

import html
import json
import re

from webapp.channels.ports import FeedFault

_TITLE = re.compile(rb"<title[^>]*>(.*?)</title", re.IGNORECASE | re.DOTALL)
_BEGIN = re.compile(rb"^[ \t]*BEGIN:VCALENDAR[ \t]*\r?$", re.IGNORECASE | re.MULTILINE)
_END = re.compile(rb"^[ \t]*END:VCALENDAR[ \t]*\r?$", re.IGNORECASE | re.MULTILINE)
_BARE_CR = re.compile(rb"\r(?!\n)")
_LOOKED_AT = 4096


def check_calendar(content: bytes) -> None:
    """Raises FeedFault unless `content` is one whole calendar, from its first line to its last."""
    text = _BARE_CR.sub(b"\n", content.removeprefix(b"\xef\xbb\xbf"))
    if not _BEGIN.search(text):
        message, code, said = _what_it_is(text)
        raise FeedFault("not_a_calendar", message, code, params={"said": said})
    ends = list(_END.finditer(text))
    opened = sum(1 for _ in _BEGIN.finditer(text))
    if len(ends) < opened:
        raise FeedFault(
            "truncated",
            "The calendar breaks off in the middle. It is kept as it was, and fetched again at the next turn.",
        )


def _what_it_is(content: bytes) -> tuple[str, str, str]:
    """(sentence, code, what the answer says of itself)"""
    start = content[:_LOOKED_AT].lstrip()
    if not start:
        return "The address answered with nothing at all, not even an empty calendar.", "nothing", ""
    if start[:1] in b"{[":
        message = json_message(content)
        said = f" It says: “{message}”" if message else ""
        return f"The provider answered with an error instead of a calendar.{said}", "error_answer", message
    lowered = start.lower()
    if lowered.startswith((b"<!doctype html", b"<html")) or b"<html" in lowered or b"<body" in lowered:
        title = html_title(content)
        named = f" titled “{title}”" if title else ""
        return (
            f"The address answered with a web page{named}, not with a calendar. "
            "Copy the calendar's export address (it often ends in .ics) from the provider, not the page it is shown on.",
            "web_page",
            title,
        )
    if lowered.startswith(b"<"):
        return "The address answered with an XML document, not with a calendar.", "xml", ""
    if b"begin:vevent" in content.lower():
        return "The address answered with a piece of a calendar: its first line is missing.", "piece", ""
    return "The address answered with something that is not a calendar.", "not_a_calendar", ""


def html_title(content: bytes) -> str:
    """The title of a web page, at most 80 characters on one line; empty when there is none."""
    found = _TITLE.search(content[:65536])
    return tidy(html.unescape(found.group(1).decode("utf-8", "replace")), 80) if found else ""


def json_message(content: bytes) -> str:
    """The message in a JSON error, at most 200 characters on one line; empty when there is none."""
    try:
        data = json.loads(content[:65536])
    except (ValueError, RecursionError):
        return ""
    for _ in range(3):  # {"message": …}, {"error": "…"}, {"error": {"message": …}}, [{"message": …}]
        if isinstance(data, list) and data:
            data = data[0]
        if not isinstance(data, dict):
            break
        data = next(
            (data[name] for name in ("message", "error_message", "error", "detail", "title") if data.get(name)), ""
        )
    return tidy(data, 200) if isinstance(data, str) else ""


def tidy(text: str, length: int) -> str:
    """One line of printable characters, cut at `length`."""
    line = " ".join("".join(character if character.isprintable() else " " for character in text).split())
    return line if len(line) <= length else line[: length - 1].rstrip() + "…"

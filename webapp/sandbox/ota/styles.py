"""Each provider's own way to write a calendar: header order, lines, UIDs, words. CRLF and folded at 75 octets."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime

from webapp.sandbox.ota.feeds import Event, changed_at, digest
from webapp.sandbox.storage import Document

Lines = list[str]
_FOLD = 75

_VRBO_WORDS = {
    "en": ("Reserved", "Blocked", "Tentative"),
    "fr": ("Réservée", "Indisponible", "Provisoire"),
}


def render(feed: Document, events: Iterable[Event], now: datetime) -> bytes:
    """The whole calendar as the provider of the feed would serve it at this moment."""
    header, event_lines = _STYLES[feed["provider"]]
    lines = ["BEGIN:VCALENDAR", *header]
    for event in events:
        lines += ["BEGIN:VEVENT", *event_lines(feed, event, now), "END:VEVENT"]
    lines.append("END:VCALENDAR")
    return b"".join(fold(line) + b"\r\n" for line in lines)


def fold(line: str) -> bytes:
    """Fold at 75 octets, as RFC 5545 says: never inside a character."""
    octets = line.encode()
    if len(octets) <= _FOLD:
        return octets
    pieces, room = [b""], _FOLD
    for letter in line:
        encoded = letter.encode()
        if len(pieces[-1]) + len(encoded) > room:
            pieces.append(b"")
            room = _FOLD - 1  # the space that marks a continuation counts
        pieces[-1] += encoded
    return b"\r\n ".join(pieces)


def booking_uid(key: str, start: date) -> str:
    """Booking.com's UID: a function of the room and the first day, whoever stays."""
    return f"{digest('booking', key, start)}@booking.com"


def airbnb_uid(key: str, event: Event) -> str:
    """Airbnb's UID: a reservation keeps its own when its dates change; a block's follows its first day."""
    if event.kind == "stay":
        return f"1418fb94e984-{digest('airbnb', key, event.id)}@airbnb.com"
    return f"7f662ec65913-{digest('airbnb', key, event.start)}@airbnb.com"


def _airbnb(feed: Document, event: Event, now: datetime) -> Lines:
    lines = [_stamp(now), *_dates(event)]
    lines.append("SUMMARY:Reserved" if event.kind == "stay" else "SUMMARY:Airbnb (Not available)")
    lines.append(f"UID:{airbnb_uid(feed['key'], event)}")
    if event.kind == "stay":
        url = f"https://www.airbnb.com/hosting/reservations/details/{event.code}"
        phone = f"\\nPhone Number (Last 4 Digits): {event.phone_last4}" if event.phone_last4 else ""
        lines.append(f"DESCRIPTION:Reservation URL: {url}{phone}")
    return lines


def _booking(feed: Document, event: Event, now: datetime) -> Lines:
    lines = [_stamp(now), *_dates(event), f"UID:{booking_uid(feed['key'], event.start)}"]
    lines.append("SUMMARY:CLOSED - Not available")
    if feed["organizer"]:
        lines.append("ORGANIZER:mailto:noreply@booking.com")
    return lines


def _vrbo(feed: Document, event: Event, now: datetime) -> Lines:
    reserved, blocked, tentative = _VRBO_WORDS.get(feed["language"], _VRBO_WORDS["en"])
    if event.kind == "stay":
        uid = str(uuid.UUID(digest("vrbo", feed["key"], event.id), version=4))
        first_name = event.name.split(" ")[0]
        word = tentative if event.tentative else reserved
        summary = f"{word} - {first_name}" if first_name else word
    else:
        start, end = event.start, event.end
        uid = f"{start:%m%d%Y}-{start:%m%d}-{start:%Y}-{end:%m%d}-{end:%Y%m%d%Y}"
        summary = blocked
    return [f"UID:{uid}", _stamp(now), *_dates(event), f"SUMMARY:{_escape(summary)}"]


def _expedia(feed: Document, event: Event, now: datetime) -> Lines:
    number = int(digest("expedia", feed["key"], event.id), 16)
    if event.kind == "stay":
        uid, summary = str(10**8 + number % (9 * 10**8)), "Reserved on Expedia"
        description = f"Reserved by {event.name}" if event.name else ""
    else:
        uid, summary, description = str(10**18 + number % (9 * 10**18)), "Unavailable on Expedia", ""
    return [*_dates(event), f"SUMMARY:{summary}", f"DESCRIPTION:{_escape(description)}", f"UID:{uid}@expedia.com"]


def _ical(feed: Document, event: Event, now: datetime) -> Lines:
    """A well-behaved calendar of anybody: stamps and UIDs change only when the feed does."""
    summary = event.name or ("Reserved" if event.kind == "stay" else "Blocked")
    return [
        f"UID:{digest('ical', feed['key'], event.id)}@calendar.example",
        _stamp(changed_at(feed)),
        *_dates(event),
        f"SUMMARY:{_escape(summary)}",
        "TRANSP:OPAQUE",
    ]


def _stamp(at: datetime) -> str:
    return f"DTSTAMP:{at.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _dates(event: Event) -> Lines:
    return [f"DTSTART;VALUE=DATE:{event.start:%Y%m%d}", f"DTEND;VALUE=DATE:{event.end:%Y%m%d}"]


def _escape(text: str) -> str:
    return text.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").replace("\n", "\\n")


_STYLES: dict[str, tuple[Lines, Callable[[Document, Event, datetime], Lines]]] = {
    "airbnb": (["PRODID:-//Airbnb Inc//Hosting Calendar 1.0//EN", "CALSCALE:GREGORIAN", "VERSION:2.0"], _airbnb),
    "booking": (
        [
            "VERSION:2.0",
            "PRODID:-//admin.booking.com\\\\\\, b.v.//NONSGML v1.0//EN",
            "CALSCALE:GREGORIAN",
            "METHOD:PUBLISH",
        ],
        _booking,
    ),
    "vrbo": (["VERSION:2.0", "CALSCALE:GREGORIAN", "PRODID:-//HomeAway.com, Inc.//EN"], _vrbo),
    # The header of Expedia was never seen; its events were.
    "expedia": (["VERSION:2.0"], _expedia),
    "ical": (["VERSION:2.0", "PRODID:-//Calendar example//EN", "CALSCALE:GREGORIAN"], _ical),
}

"""Writes our own text/calendar: closed ranges of one room, for a channel to read. It says nothing about anybody."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import UTC, datetime

from icalendar import Calendar, Event

from webapp.core.calendars import ExportEvent

PRODID = "-//Innkeep//Room calendar 1.0//EN"
UID_DOMAIN = "export.innkeep"  # our own echo is known by it
SUMMARY = "Not available"


def write(name: str, events: Iterable[ExportEvent], stamp: datetime) -> bytes:
    """A calendar of whole-day events, one per range, in date order. `stamp`: when any of it last changed (aware).

    The same ranges and stamp give the same bytes, so that a conditional request can be answered with 304.
    """
    calendar = Calendar()
    calendar.add("prodid", PRODID)
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", name)
    for item in sorted(events, key=lambda event: (event.start, event.end, event.key)):
        event = Event()
        event.add("uid", uid_of(item.key))
        event.add("dtstamp", stamp.astimezone(UTC))
        event.add("dtstart", item.start)
        event.add("dtend", item.end)
        event.add("summary", SUMMARY)
        event.add("transp", "OPAQUE")
        calendar.add_component(event)
    return calendar.to_ical()


def uid_of(key: str) -> str:
    """A stable UID that does not show the key: the export is read by strangers."""
    return f"{hashlib.sha256(f'innkeep-export:{key}'.encode()).hexdigest()[:32]}@{UID_DOMAIN}"

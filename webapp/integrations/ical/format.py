"""The adapter bound to `webapp.core.calendars.CalendarFormat`."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from zoneinfo import ZoneInfo

from webapp.core.calendars import ExportEvent, ParsedCalendar
from webapp.integrations.ical import export, parse


class ICalendar:
    """text/calendar (RFC 5545) as the channels really write it."""

    def content_hash(self, content: bytes, today: date) -> str:
        return parse.content_hash(content, today)

    def parse(self, content: bytes, timezone: ZoneInfo, today: date) -> ParsedCalendar:
        return parse.parse(content, timezone, today)

    def write(self, name: str, events: Iterable[ExportEvent], stamp: datetime) -> bytes:
        return export.write(name, events, stamp)

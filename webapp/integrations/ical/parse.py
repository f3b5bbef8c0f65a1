"""Reads a feed into a ParsedCalendar. One bad event never costs the others; a bad feed is a FeedFault."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from icalendar import Event

from webapp.channels.ports import FeedFault
from webapp.core.calendars import FeedEvent, ParsedCalendar, Problem, ProblemCode
from webapp.integrations.ical import text
from webapp.integrations.ical.recurrence import UnknownRecurrence, occurrences
from webapp.integrations.ical.zones import time_zones

MAX_EVENTS = 10_000
FAULT_EVENTS = 20_000
MAX_UID = 255
MAX_SUMMARY = 500
MAX_DESCRIPTION = 4_000
MAX_PROBLEMS = 200
FIRST_YEAR, LAST_YEAR = 1990, 2199
PAST_DAYS, FUTURE_DAYS = 90, 760  # the window into which recurring events are expanded
READING_SECONDS = 45.0  # for all the events of one feed: the largest usual one takes five
RECURRENCE_SECONDS = 5.0  # for all the recurring events of one feed

_READ_ONCE = {
    "UID",
    "DTSTART",
    "DTEND",
    "DURATION",
    "SUMMARY",
    "DESCRIPTION",
    "STATUS",
    "TRANSP",
    "RRULE",
    "RECURRENCE-ID",
}
_READ_MANY = {"EXDATE", "RDATE"}
_NAME = re.compile(r"^([A-Za-z0-9-]+)(?=[;:])")

_PRODIDS = (
    ("airbnb inc", "airbnb"),
    ("admin.booking.com", "booking"),
    ("homeaway", "vrbo"),
    ("vrbo", "vrbo"),
    ("expedia", "expedia"),
    ("google inc", "ical"),
)
_UID_HINTS = (("@airbnb.com", "airbnb"), ("@booking.com", "booking"), ("@expedia.com", "expedia"))


def content_hash(content: bytes, today: date) -> str:
    """The hash of what a feed says, cheap enough for every fetch. Raises FeedFault as `parse` does."""
    return text.hash_of(text.blocks(text.calendar_lines(content))[1], today)


def parse(content: bytes, timezone: ZoneInfo, today: date) -> ParsedCalendar:
    """The events of a feed in the hotel's local dates. Raises FeedFault: not a calendar, cut off, far too big."""
    headers, found = text.blocks(text.calendar_lines(content))
    events = [block for block in found if block.name == "VEVENT"]
    if len(events) > FAULT_EVENTS:
        raise FeedFault(
            "too_large", f"The calendar has {len(events):,} events; no room has more than {FAULT_EVENTS:,}."
        )
    reader = _Reader(timezone, today, time_zones(found))
    if len(events) > MAX_EVENTS:
        reader.problem("too_many_events", f"Only the first {MAX_EVENTS:,} of {len(events):,} events were read.")
    ends = time.monotonic() + READING_SECONDS
    for block in events[:MAX_EVENTS]:
        if time.monotonic() >= ends:
            raise FeedFault("too_large", "The calendar takes far too long to read; no room's does. Check the address.")
        reader.read(block)
    return ParsedCalendar(
        events=tuple(reader.events()),
        problems=tuple(reader.problems),
        provider_hint=_provider_hint(headers, reader),
        content_hash=text.hash_of(found, today),
    )


def _provider_hint(headers: list[str], reader: _Reader) -> str | None:
    prodids = " ".join(h for h in headers if h.upper().startswith("PRODID")).lower()
    for text_, provider in _PRODIDS:
        if text_ in prodids:
            return provider
    for event in reader.found:
        for suffix, provider in _UID_HINTS:
            if event.uid.lower().partition("#")[0].endswith(suffix):
                return provider
    return "ical" if prodids else None


@dataclass
class _Draft:
    """What is known of an event while it is read, for the problem row when it fails."""

    uid: str = ""
    start: date | None = None


class _Unusable(Exception):
    def __init__(self, code: ProblemCode, message: str) -> None:
        super().__init__(message)
        self.code: ProblemCode = code
        self.message = message


@dataclass
class _Reader:
    """Collects the events and problems of one feed."""

    timezone: ZoneInfo
    today: date
    zones: dict[str, tzinfo]
    problems: list[Problem] = field(default_factory=list)
    found: list[FeedEvent] = field(default_factory=list)
    overrides: set[str] = field(default_factory=set)
    recurrence_seconds: float = RECURRENCE_SECONDS

    def problem(self, code: ProblemCode, message: str, draft: _Draft | None = None, *, is_lost: bool = True) -> None:
        draft = draft or _Draft()
        row = Problem(code, message, draft.uid, draft.start, is_lost)
        # The list is bounded for the page, but a lost event always leaves its mark: it guards a stay against cancellation.
        if is_lost or len(self.problems) < MAX_PROBLEMS:
            self.problems.append(row)

    def events(self) -> Iterator[FeedEvent]:
        """All events; an occurrence that was moved on its own replaces the one from the rule."""
        seen: set[FeedEvent] = set()
        for event in self.found:
            if event in seen:
                continue
            seen.add(event)
            yield event

    def read(self, block: text.Block) -> None:
        draft = _Draft()
        try:
            self._read(block, draft)
        except _Unusable as unusable:
            self.problem(unusable.code, unusable.message, draft)
        except Exception as error:  # a stranger's event may break the library anywhere; the others must go on
            self.problem("unreadable_event", f"An event could not be read ({type(error).__name__}).", draft)

    def _read(self, block: text.Block, draft: _Draft) -> None:
        event = _component(block)
        draft.uid = str(event.get("UID", "")).strip()[:MAX_UID]
        start, is_all_day = self._start(event, draft)
        draft.start = start
        if not block.is_closed:
            self.problem("unclosed_event", "An event is not closed (END:VEVENT is missing).", draft, is_lost=False)
        end = self._end(event, start, is_all_day, draft)
        values = {
            "summary": self._text(event, "SUMMARY", MAX_SUMMARY, draft),
            "description": self._text(event, "DESCRIPTION", MAX_DESCRIPTION, draft),
            "is_all_day": is_all_day,
            "is_cancelled": str(event.get("STATUS", "")).strip().upper() == "CANCELLED",
            "is_tentative": str(event.get("STATUS", "")).strip().upper() == "TENTATIVE",
            "is_transparent": str(event.get("TRANSP", "")).strip().upper() == "TRANSPARENT",
        }
        self._add(event, draft, start, end - start, values)

    def _add(self, event: Any, draft: _Draft, start: date, length: timedelta, values: dict) -> None:
        if "RECURRENCE-ID" in event:
            name = f"{draft.uid}#{self._local(event['RECURRENCE-ID'])[0].date():%Y%m%d}"
            self.found = [other for other in self.found if other.uid != name]
            self.overrides.add(name)
            self.found.append(FeedEvent(name, start, start + length, **values))
        elif "RRULE" in event:
            self._expand(event, draft, start, length, values)
        else:
            self.found.append(FeedEvent(draft.uid, start, start + length, **values))

    def _expand(self, event: Any, draft: _Draft, start: date, length: timedelta, values: dict) -> None:
        if self.recurrence_seconds <= 0:
            raise _Unusable("unknown_recurrence", "The calendar has too many recurring events.")
        began = time.perf_counter()
        since = self.today - timedelta(days=PAST_DAYS) - length
        until = self.today + timedelta(days=FUTURE_DAYS)
        excluded, added = self._days(event, "EXDATE"), self._days(event, "RDATE")
        rule = event["RRULE"]
        try:
            days = set(occurrences(rule.to_ical().decode(), start, until, since))
        except (UnknownRecurrence, AttributeError) as error:
            raise _Unusable("unknown_recurrence", f"A recurring event has a rule we cannot follow: {error}") from error
        finally:
            self.recurrence_seconds -= time.perf_counter() - began
        for day in sorted((days | {d for d in added if since <= d <= until}) - excluded):
            name = f"{draft.uid}#{day:%Y%m%d}"
            if name not in self.overrides and len(self.found) < FAULT_EVENTS:
                self.found.append(FeedEvent(name, day, day + length, **values))

    def _days(self, event: Any, name: str) -> set[date]:
        values = event.get(name, [])
        lists = values if isinstance(values, list) else [values]
        return {self._local(item)[0].date() for one in lists for item in one.dts}

    def _local(self, prop: Any, draft: _Draft | None = None) -> tuple[datetime, bool]:
        """The hotel-local wall time of a DATE or DATE-TIME, and whether it was a whole day."""
        value = prop.dt
        if isinstance(value, tuple):  # a PERIOD
            value = value[0]
        if not FIRST_YEAR <= value.year <= LAST_YEAR:
            raise _Unusable("date_out_of_range", f"An event is in the year {value.year:04}.")
        if not isinstance(value, datetime):
            return datetime(value.year, value.month, value.day), True  # noqa: DTZ001
        if value.tzinfo is None:
            zone_id = str(getattr(prop, "params", {}).get("TZID", ""))
            zone = self.zones.get(zone_id)
            if zone is not None:
                value = value.replace(tzinfo=zone)
            elif zone_id:
                self.problem(
                    "unknown_time_zone",
                    f"The time zone {zone_id[:60]!r} is unknown; taken as local.",
                    draft,
                    is_lost=False,
                )
        if value.tzinfo is not None:
            value = value.astimezone(self.timezone).replace(tzinfo=None)
        return value, False

    def _start(self, event: Any, draft: _Draft) -> tuple[date, bool]:
        if "DTSTART" not in event:
            raise _Unusable("no_start", "An event has no start (DTSTART).")
        local, is_all_day = self._local(event["DTSTART"], draft)
        draft.start = local.date()
        self._start_time = local
        return local.date(), is_all_day

    def _end(self, event: Any, start: date, is_all_day: bool, draft: _Draft) -> date:
        """The checkout day. A time of day on it does not make one more night."""
        if "DTEND" in event:
            local, _ = self._local(event["DTEND"], draft)
        elif "DURATION" in event:
            try:
                local = self._start_time + event["DURATION"].dt
            except OverflowError as error:
                raise _Unusable("date_out_of_range", "An event's duration is far too long.") from error
            if local.year > LAST_YEAR:
                raise _Unusable("date_out_of_range", f"An event ends in the year {local.year:04}.")
        elif is_all_day:
            self.problem("no_end", "An event has no end (DTEND); taken as one night.", draft, is_lost=False)
            return start + timedelta(days=1)
        else:
            raise _Unusable("no_end", "An event has a time of day but no end (DTEND).")
        if local < self._start_time:
            raise _Unusable("ends_before_start", f"An event ends ({local.date()}) before it starts ({start}).")
        if not is_all_day and self._start_time.hour == 0 and (local.hour, local.minute) == (23, 59):
            return local.date() + timedelta(days=1)  # "until 23:59" is how some write a whole last day
        if local.date() == start:
            return self._no_night(start, is_all_day, draft)
        return local.date()

    def _no_night(self, start: date, is_all_day: bool, draft: _Draft) -> date:
        if not is_all_day:
            raise _Unusable("no_night", f"An event on {start} begins and ends on one day: no night.")
        self.problem(
            "ends_at_start", f"An event on {start} ends on the day it starts; taken as one night.", draft, is_lost=False
        )
        return start + timedelta(days=1)

    def _text(self, event: Any, name: str, limit: int, draft: _Draft) -> str:
        value = event.get(name, "")
        result = str(value[0] if isinstance(value, list) else value).strip()
        if len(result) > limit:
            self.problem(
                "text_cut", f"A text ({name}) of {len(result):,} characters was cut to {limit}.", draft, is_lost=False
            )
            result = result[:limit]
        return result


def _component(block: text.Block) -> Any:
    """The block as icalendar reads it, without what we do not need and without repeated single properties."""
    kept, seen = [], set()
    for line in block.lines:
        match = _NAME.match(line)
        name = match[1].upper() if match else ""
        if name in _READ_MANY or (name in _READ_ONCE and name not in seen):
            seen.add(name)
            kept.append(line)
    return Event.from_ical("\r\n".join(["BEGIN:VEVENT", *kept, "END:VEVENT", ""]))

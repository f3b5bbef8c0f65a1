"""What a calendar says, as plain values: shared by whatever reads calendars, the rules that judge them, and our own export.

Dates are the hotel's local dates; a stay or block covers the nights of the half-open range [start, end).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal, Protocol
from zoneinfo import ZoneInfo

ProblemCode = Literal[
    "unreadable_event",
    "no_start",
    "no_end",
    "ends_before_start",
    "ends_at_start",
    "no_night",
    "unclosed_event",
    "date_out_of_range",
    "unknown_time_zone",
    "unknown_recurrence",
    "text_cut",
    "too_many_events",
]


@dataclass(frozen=True)
class FeedEvent:
    """One event of a feed. `uid` names one occurrence: `<UID>#<YYYYMMDD>` for an occurrence of a recurring event.

    `is_all_day` is False where the feed gave times, which have been turned into the hotel's local dates.
    `is_cancelled` (STATUS:CANCELLED), `is_transparent` (TRANSP:TRANSPARENT) and `is_tentative` are what the feed says of it.
    """

    uid: str
    start: date
    end: date
    summary: str = field(default="", repr=False)
    description: str = field(default="", repr=False)
    is_all_day: bool = True
    is_cancelled: bool = False
    is_transparent: bool = False
    is_tentative: bool = False

    @property
    def nights(self) -> int:
        return (self.end - self.start).days


@dataclass(frozen=True)
class Problem:
    """One thing in a feed that we could not take as it stands. `is_lost`: the event is not among the events."""

    code: ProblemCode
    message: str
    uid: str = ""
    start: date | None = None
    is_lost: bool = True


@dataclass(frozen=True)
class ParsedCalendar:
    """The readable events of a feed, what could not be read, and who seems to have made it.

    `content_hash` is equal for two feeds that say the same: the order of events, DTSTAMP and line ends are left out.
    """

    events: tuple[FeedEvent, ...]
    problems: tuple[Problem, ...] = ()
    provider_hint: str | None = None
    content_hash: str = ""

    @property
    def is_complete(self) -> bool:
        """False when an event was lost that we cannot even name: then nothing may be concluded from an absence."""
        return not any(p.is_lost and not p.uid and p.start is None for p in self.problems)


@dataclass(frozen=True)
class ExportEvent:
    """One closed range of our own export. `key` is stable for the stay or block and says nothing about it."""

    key: str
    start: date
    end: date


class CalendarFormat(Protocol):
    """Reads and writes text/calendar."""

    def content_hash(self, content: bytes, today: date) -> str:
        """The hash that `parse` would give, without parsing."""
        ...

    def parse(self, content: bytes, timezone: ZoneInfo, today: date) -> ParsedCalendar:
        """The events of a calendar. Raises `webapp.channels.ports.FeedFault` when it is none, is cut off or is far too big."""
        ...

    def write(self, name: str, events: Iterable[ExportEvent], stamp: datetime) -> bytes:
        """A text/calendar of closed ranges, without a word about guests."""
        ...

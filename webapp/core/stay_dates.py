"""Dates of a stay: half-open ranges of nights in the hotel's own calendar, and the instants they mean."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from zoneinfo import ZoneInfo

ONE_DAY = dt.timedelta(days=1)


@dataclass(frozen=True, order=True)
class StayDates:
    """Nights from `check_in` up to, not including, `check_out`: the day of departure can be sold again."""

    check_in: dt.date
    check_out: dt.date

    def __post_init__(self) -> None:
        if self.check_out <= self.check_in:
            raise ValueError("a stay ends after it begins")

    @property
    def nights(self) -> int:
        return (self.check_out - self.check_in).days

    def __iter__(self) -> Iterator[dt.date]:
        """Each night, by the date of its evening."""
        return (self.check_in + dt.timedelta(days=n) for n in range(self.nights))

    def __contains__(self, night: dt.date) -> bool:
        return self.check_in <= night < self.check_out

    def overlaps(self, other: StayDates) -> bool:
        """True when at least one night is in both. Leaving and arriving on one day is no overlap."""
        return self.check_in < other.check_out and other.check_in < self.check_out

    def minus(self, other: StayDates) -> list[StayDates]:
        """The nights that are not in `other`: none, one or two ranges."""
        if not self.overlaps(other):
            return [self]
        before = [StayDates(self.check_in, other.check_in)] if self.check_in < other.check_in else []
        after = [StayDates(other.check_out, self.check_out)] if other.check_out < self.check_out else []
        return before + after

    def overlap_nights(self, other: StayDates) -> int:
        days = (min(self.check_out, other.check_out) - max(self.check_in, other.check_in)).days
        return max(0, days)


def local_instant(date: dt.date, time: dt.time, timezone: str) -> dt.datetime:
    """The UTC instant at which clocks in `timezone` show `date` and `time`.

    A time that a spring change skips moves forward by the gap (02:30 means 03:30); of one that autumn repeats, the first
    is meant (PEP 495, fold=0).
    """
    return dt.datetime.combine(date, time, tzinfo=ZoneInfo(timezone)).astimezone(dt.UTC)

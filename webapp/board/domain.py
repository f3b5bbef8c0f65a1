"""Where things lie on the tape chart. Standard library only.

The chart is counted in half days from the start of its window: a stay of n nights that arrives on day d begins in the middle of
that day (x = 2d + 1) and is 2n halves long, so that one guest's morning departure and the next one's afternoon arrival share a day.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

ZOOMS = (7, 14, 31, 90)
DEFAULT_DAYS = 31
DAYS_BEFORE_TODAY = {7: 1, 14: 2, 31: 3, 90: 7}
FURTHEST = dt.timedelta(days=3660)
ONE_DAY = dt.timedelta(days=1)


@dataclass(frozen=True)
class Window:
    """The days that a chart shows: [start, end)."""

    start: dt.date
    days: int
    today: dt.date

    @property
    def end(self) -> dt.date:
        return self.start + dt.timedelta(days=self.days)

    @property
    def dates(self) -> list[dt.date]:
        return [self.start + dt.timedelta(days=n) for n in range(self.days)]

    @property
    def earlier(self) -> dt.date:
        return self.start - dt.timedelta(days=max(1, self.days // 2))

    @property
    def later(self) -> dt.date:
        return self.start + dt.timedelta(days=max(1, self.days // 2))

    @property
    def is_home(self) -> bool:
        """Where the chart begins when nobody asked for another day."""
        return self.start == home(self.today, self.days)

    def halves(self, begins: dt.date, ends: dt.date) -> tuple[int, int, bool, bool]:
        """(x, w, starts_before, ends_after) of something from the middle of `begins` to the middle of `ends`."""
        first, last = (begins - self.start).days * 2 + 1, (ends - self.start).days * 2 + 1
        most = self.days * 2
        x, until = max(0, first), min(most, last)
        return x, until - x, first < 0, last > most


def home(today: dt.date, days: int) -> dt.date:
    return today - dt.timedelta(days=DAYS_BEFORE_TODAY[days])


def window(today: dt.date, start: str | None, days: str | None) -> Window:
    """The window that an address asks for; what cannot be read means the usual one around today."""
    length = int(days) if days in {str(zoom) for zoom in ZOOMS} else DEFAULT_DAYS
    try:
        first = dt.date.fromisoformat(start or "")
    except ValueError:
        first = home(today, length)
    if not today - FURTHEST <= first <= today + FURTHEST:
        first = home(today, length)
    return Window(first, length, today)


def lanes(spans: list[tuple[int, int]]) -> list[int]:
    """The lane of each (x, w), sorted by x: 0 unless it overlaps something before it. Lanes above 0 are conflicts."""
    ends: list[int] = []
    found = []
    for x, w in spans:
        lane = next((n for n, end in enumerate(ends) if end <= x), len(ends))
        if lane == len(ends):
            ends.append(x + w)
        else:
            ends[lane] = x + w
        found.append(lane)
    return found

"""Dates and ranges of dates in the mails, and the year where none is told."""

from __future__ import annotations

import datetime as dt
import re

from webapp.integrations.spoken_dates import month_of, spoken_dates, tidy

_BACK = dt.timedelta(days=60)  # a mail about a stay is sent at most two months after its arrival
_DASH = r"\s*(?:[-–—~～]|to|al|bis|au|a|t/m)\s*"
_WORD = r"([^\W\d_]{3,12})\.?"
_SAME_MONTH = re.compile(rf"{_WORD}\s+(\d{{1,2}}){_DASH}(\d{{1,2}})(?!\d)(?:,?\s+(\d{{4}}))?")  # Jul 25 – 26, 2026
_DAY_FIRST = re.compile(
    rf"(?<!\d)(\d{{1,2}})\.?{_DASH}(\d{{1,2}})\.?\s+(?:de\s+)?{_WORD}(?:,?\s+(?:de\s+)?(\d{{4}}))?"
)  # 18 – 19 jul 2026
_EAST_ASIAN = re.compile(
    r"(?:(\d{4})年)?(\d{1,2})月(\d{1,2})日\s*[~～〜–-]\s*(?:(?:(\d{4})年)?(\d{1,2})月)?(\d{1,2})日"
)
Range = tuple[dt.date, dt.date, bool]  # arrival, departure, and whether the year was told


def dated(year: int | None, month: int, day: int, sent: dt.date | None) -> dt.date | None:
    """The date; without a year the first one that is not long before the sending."""
    if year is not None:
        return _date(year, month, day)
    if sent is None:
        return None
    for candidate in range(sent.year - 1, sent.year + 9):
        found = _date(candidate, month, day)
        if found is not None and found >= sent - _BACK:
            return found
    return None


def first_date(text: str, sent: dt.date | None, language: str = "") -> tuple[dt.date | None, bool]:
    """The first date in a text, and whether its year was told."""
    for year, month, day in spoken_dates(text, language):
        return dated(year, month, day, sent), year is not None
    return None, True


def date_range(text: str, sent: dt.date | None, language: str = "") -> Range | None:
    """`Jul 25 – 26, 2026`, `18 – 19 jul 2026`, `Jul 30 – Aug 2, 2026`, `2026年5月4日～6日`."""
    text = tidy(text)[:1_000]
    east = _EAST_ASIAN.search(text)
    if east:
        start = (_int(east[1]), int(east[2]), int(east[3]))
        return _ordered(start, (_int(east[4]), int(east[5] or east[2]), int(east[6])), sent)
    for pattern, places in ((_SAME_MONTH, (1, 2, 3, 4)), (_DAY_FIRST, (3, 1, 2, 4))):
        match = pattern.search(text)
        month = month_of(match[places[0]], language) if match else None
        if match and month:
            year = _int(match[places[3]])
            return _ordered((year, month, int(match[places[1]])), (year, month, int(match[places[2]])), sent)
    found = list(spoken_dates(text, language))[:2]
    return _ordered(found[0], found[1], sent) if len(found) == 2 else None


def _ordered(
    start: tuple[int | None, int, int], end: tuple[int | None, int, int], sent: dt.date | None
) -> Range | None:
    """Both dates, the departure after the arrival. A year that stands only at the end belongs to the departure."""
    is_told = start[0] is not None or end[0] is not None
    if start[0] is None and end[0] is not None:
        start = (end[0] - (1 if start[1:] > end[1:] else 0), *start[1:])
    arrival = dated(*start, sent)
    if arrival is None:
        return None
    departure = _date(end[0], end[1], end[2]) if end[0] is not None else None
    if departure is None:
        departure = _date(arrival.year, end[1], end[2]) or _date(arrival.year + 1, end[1], end[2])
        if departure is not None and departure <= arrival and end[0] is None:
            departure = _date(arrival.year + 1, end[1], end[2])
    return (arrival, departure, is_told) if departure is not None and departure > arrival else None


def _date(year: int, month: int, day: int) -> dt.date | None:
    try:
        return dt.date(year, month, day)
    except ValueError:
        return None


def _int(text: str | None) -> int | None:
    return int(text) if text else None

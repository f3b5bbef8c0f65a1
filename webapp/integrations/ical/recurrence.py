"""Occurrences of a recurring event, within a window and within bounds.

Plain calendars repeat by day, week, month or year. Rules by the hour or finer, and parts of rules that could search for
ever without a hit, are refused as a whole: a hotel is better told than half served.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta

from dateutil.rrule import rrulestr

MAX_OCCURRENCES = 1_500
MAX_STEPS = 30_000  # 80 years of days before the window

_PARTS = {
    "DAILY": {"FREQ", "INTERVAL", "COUNT", "UNTIL", "WKST", "BYDAY"},
    "WEEKLY": {"FREQ", "INTERVAL", "COUNT", "UNTIL", "WKST", "BYDAY"},
    "MONTHLY": {"FREQ", "INTERVAL", "COUNT", "UNTIL", "WKST", "BYDAY", "BYMONTHDAY", "BYSETPOS", "BYMONTH"},
    "YEARLY": {"FREQ", "INTERVAL", "COUNT", "UNTIL", "WKST", "BYDAY", "BYMONTHDAY", "BYSETPOS", "BYMONTH"},
}
_UNTIL = re.compile(r"UNTIL=(\d{8})(T\d{6}Z?)?", re.IGNORECASE)


class UnknownRecurrence(ValueError):
    """The rule is one that we do not follow."""


def occurrences(rule: str, first: date, until: date, since: date) -> Iterator[date]:
    """The days on which a recurring event starts, from `since` to `until` inclusive; `first` is its own start.

    Raises UnknownRecurrence.
    """
    parts = dict(part.upper().split("=", 1) for part in rule.strip().strip(";").split(";") if "=" in part)
    allowed = _PARTS.get(parts.get("FREQ", ""))
    if allowed is None or not set(parts) <= allowed:
        raise UnknownRecurrence(rule[:100])
    if parts["FREQ"] == "DAILY" and "BYDAY" in parts and parts.get("INTERVAL", "1") != "1":
        raise UnknownRecurrence(rule[:100])
    # The rule is followed on whole days, so its end is one, too.
    text = _UNTIL.sub(lambda match: f"UNTIL={match[1]}T000000", ";".join(f"{k}={v}" for k, v in parts.items()))
    try:
        days = iter(rrulestr(text, dtstart=datetime(first.year, first.month, first.day)))  # noqa: DTZ001
    except (ValueError, TypeError, OverflowError) as error:
        raise UnknownRecurrence(rule[:100]) from error
    found = 0
    for step, day in enumerate(days):
        if day.date() > until or found >= MAX_OCCURRENCES or step >= MAX_STEPS:
            return
        if day.date() >= since - timedelta(days=1):
            found += 1
            yield day.date()

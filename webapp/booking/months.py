"""Months for people: weeks that begin as the reader's do, and links that pick an arrival and then a departure."""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from babel import Locale
from babel.dates import format_skeleton, get_day_names
from flask_babel import gettext as _

from webapp.availability.domain import Day
from webapp.core.stay_dates import ONE_DAY
from webapp.web.i18n import language, stay_date

FARTHEST = 1200  # days from today that a calendar shows


@dataclass(frozen=True)
class Cell:
    """A day as it is shown. `url` picks it; None when it cannot be picked."""

    day: Day
    url: str | None
    label: str
    is_chosen: bool  # an end of the stay
    is_between: bool


@dataclass(frozen=True)
class Month:
    title: str
    weeks: list[list[Cell | None]]


def first_of(text: str | None, otherwise: dt.date) -> dt.date:
    """The first day of the month "2027-03"; of `otherwise` when it is none, or lies beyond what anybody plans."""
    try:
        year, month = (int(part) for part in (text or "").split("-"))
        first = dt.date(year, month, 1)
    except ValueError:
        return otherwise.replace(day=1)
    return first if abs((first - otherwise).days) < FARTHEST else otherwise.replace(day=1)


def shifted(first: dt.date, months: int) -> dt.date:
    count = first.year * 12 + first.month - 1 + months
    return dt.date(count // 12, count % 12 + 1, 1)


def weekdays() -> list[tuple[str, str]]:
    """(short, full) names of the days of a week, from its first."""
    locale = _locale()
    short, full = get_day_names("narrow", "stand-alone", locale), get_day_names("wide", locale=locale)
    return [(short[n], full[n]) for n in _order(locale)]


def months(days: dict[dt.date, Day], firsts: list[dt.date], chosen: tuple[dt.date | None, dt.date | None],
           link: Callable[..., str]) -> list[Month]:  # fmt: skip
    """`chosen`: arrival and departure as far as they are known. `link(check_in=…, check_out=…)` makes an address."""
    locale = _locale()
    weeks = calendar.Calendar(_order(locale)[0])
    return [
        Month(
            str(format_skeleton("yMMMM", first, locale=locale)),
            [
                [_cell(days[day], chosen, link) if day.month == first.month else None for day in week]
                for week in weeks.monthdatescalendar(first.year, first.month)
            ],
        )
        for first in firsts
    ]


def _cell(day: Day, chosen: tuple[dt.date | None, dt.date | None], link: Callable[..., Any]) -> Cell:
    arrival, departure = chosen
    picks_departure = arrival is not None and departure is None and day.date > arrival
    url = None
    if picks_departure and day.state != "past":
        url = link(check_in=arrival, check_out=day.date)
    elif day.may_arrive:
        url = link(check_in=day.date, check_out=None)
    between = arrival is not None and departure is not None and arrival < day.date < departure
    return Cell(day, url, _label(day, picks_departure), day.date in chosen, between)


def _label(day: Day, picks_departure: bool) -> str:
    if picks_departure:
        return _("%(date)s, leave on this day", date=stay_date(day.date))
    words = {
        "past": _("past"), "closed": _("not offered"), "sold": _("sold out"), "few": _("few rooms left"), "free": _("free")
    }  # fmt: skip
    return f"{stay_date(day.date)}, {words[day.state]}"


def _order(locale: Locale) -> list[int]:
    return [(locale.first_week_day + n) % 7 for n in range(7)]


def _locale() -> Locale:
    short = language()
    return Locale.parse("en_GB" if short == "en" else short)


def span(firsts: list[dt.date]) -> list[dt.date]:
    """Every day of these months and of the weeks they begin and end in."""
    start, end = firsts[0] - ONE_DAY * 7, shifted(firsts[-1], 1) + ONE_DAY * 7
    return [start + ONE_DAY * n for n in range((end - start).days)]

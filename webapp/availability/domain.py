"""May a party stay, and if not, why: pure rules over the catalogue and the number of rooms left.

One function, `refusals`, answers the site, the API, the desk and, inside the booking transaction, the guard.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _
from flask_babel import ngettext

from webapp.core.errors import AppError, Conflict, Invalid
from webapp.core.stay_dates import ONE_DAY, StayDates
from webapp.rates.domain import Catalogue, Restriction, SoldType
from webapp.rates.terms import MOST_DAYS_AHEAD, MOST_NIGHTS

SOLD_OUT = "SOLD_OUT"


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a type is not sold: a stable code and a sentence."""

    code: str
    message: str

    def as_json(self) -> dict[str, str]:
        return {"code": self.code, "message": self.message}


@dataclass(frozen=True, slots=True)
class Party:
    adults: int
    children: int = 0

    @property
    def guests(self) -> int:
        return self.adults + self.children


@dataclass(frozen=True, slots=True)
class Offer:
    """A type for certain dates and a party: how many rooms are left, and why it is not sold (nothing: it is)."""

    sold: SoldType
    rooms_left: int
    reasons: tuple[Reason, ...]

    @property
    def is_available(self) -> bool:
        return not self.reasons


def stay_dates(check_in: dt.date, check_out: dt.date, today: dt.date, *, may_be_past: bool = False) -> StayDates:
    """The dates as a stay. Raises Invalid INVALID_DATE_RANGE when they are none, or lie beyond what a hotel plans."""
    if check_out <= check_in:
        raise _bad_dates(_("The departure must be after the arrival."), "check_out")
    if (check_out - check_in).days > MOST_NIGHTS:
        raise _bad_dates(_("A stay has at most %(nights)d nights.", nights=MOST_NIGHTS), "check_out")
    if check_in < today and not may_be_past:
        raise _bad_dates(_("The arrival is in the past."), "check_in")
    if (check_out - today).days > MOST_DAYS_AHEAD:
        raise _bad_dates(_("These dates are too far ahead."), "check_in")
    return StayDates(check_in, check_out)


def _bad_dates(message: str, field: str) -> Invalid:
    return Invalid(message, "INVALID_DATE_RANGE", field=field)


def refusals(
    catalogue: Catalogue, sold: SoldType, dates: StayDates, party: Party, rooms_left: int, today: dt.date
) -> tuple[Reason, ...]:
    """Every reason why the hotel does not sell this type for these dates to this party; none when it does."""
    if (
        rooms_left > 0
        and party.guests <= sold.max_occupancy
        and not catalogue.restrictions
        and catalogue.terms.advance_days <= (dates.check_in - today).days <= catalogue.terms.window_days
    ):
        return ()
    return tuple(_refusals(catalogue, sold, dates, party, rooms_left, today))


def _refusals(
    catalogue: Catalogue, sold: SoldType, dates: StayDates, party: Party, rooms_left: int, today: dt.date
) -> Iterator[Reason]:
    if party.guests > sold.max_occupancy:
        yield Reason("OCCUPANCY_EXCEEDED", ngettext(
            "This room takes %(num)d guest.", "This room takes up to %(num)d guests.", sold.max_occupancy))  # fmt: skip
    relevant = catalogue.restrictions_of(sold.id)
    yield from _on_arrival(catalogue, [one for one in relevant if one.holds_on(dates.check_in)], dates, today)
    if any(one.closed_to_departure and one.holds_on(dates.check_out) for one in relevant):
        yield Reason("CLOSED_TO_DEPARTURE", _("No departure is possible on this day."))
    if any(one.is_closed and one.starts_on < dates.check_out and dates.check_in < one.ends_on for one in relevant):
        yield Reason("CLOSED", _("This room is not offered on some of these nights."))
    elif rooms_left <= 0:
        yield Reason(SOLD_OUT, _("Sold out on at least one of these nights."))


def _on_arrival(catalogue: Catalogue, rules: list[Restriction], dates: StayDates, today: dt.date) -> Iterator[Reason]:
    """What is asked of stays that arrive on this day. Of several rules the strictest counts."""
    shortest = max((one.min_stay for one in rules if one.min_stay), default=1)
    longest = min((one.max_stay for one in rules if one.max_stay), default=MOST_NIGHTS)
    ahead = (dates.check_in - today).days
    notice = max([catalogue.terms.advance_days, *(one.advance_days for one in rules if one.advance_days)])
    window = min([catalogue.terms.window_days, *(one.window_days for one in rules if one.window_days is not None)])
    if dates.nights < shortest:
        yield Reason("MIN_STAY", ngettext("Stay at least %(num)d night.", "Stay at least %(num)d nights.", shortest))
    if dates.nights > longest:
        yield Reason("MAX_STAY", ngettext("Stay at most %(num)d night.", "Stay at most %(num)d nights.", longest))
    if any(one.closed_to_arrival for one in rules):
        yield Reason("CLOSED_TO_ARRIVAL", _("No arrival is possible on this day."))
    if ahead < notice:
        yield Reason("ADVANCE_NOTICE", ngettext(
            "Book at least %(num)d day before arrival.", "Book at least %(num)d days before arrival.", notice))  # fmt: skip
    if ahead > window:
        yield Reason("BOOKING_WINDOW", ngettext(
            "Bookings open %(num)d day before arrival.", "Bookings open %(num)d days before arrival.", window))  # fmt: skip


def refused(reasons: tuple[Reason, ...], details: dict[str, Any] | None = None) -> AppError:
    """The error of a booking that cannot be taken. Its code is the first reason's; sold out and closed are NO_AVAILABILITY."""
    first = reasons[0]
    details = {"reasons": [reason.as_json() for reason in reasons], **(details or {})}
    if first.code in (SOLD_OUT, "CLOSED"):
        return Conflict(first.message, "NO_AVAILABILITY", details=details)
    field = {"OCCUPANCY_EXCEEDED": "adults", "CLOSED_TO_DEPARTURE": "check_out"}.get(first.code, "check_in")
    return Invalid(first.message, first.code, field=field, details=details)


def next_free(
    catalogue: Catalogue, sold: SoldType, dates: StayDates, party: Party, free: Callable[[dt.date], int],
    today: dt.date, horizon: dt.date, most: int = 3,
) -> list[StayDates]:  # fmt: skip
    """The next dates of the same length from the day after `dates.check_in` on which the type is sold. `free`: rooms of a night."""
    found: list[StayDates] = []
    start = dates.check_in + ONE_DAY
    while start + ONE_DAY * dates.nights <= horizon and len(found) < most:
        candidate = StayDates(start, start + ONE_DAY * dates.nights)
        full = next((night for night in candidate if free(night) <= 0), None)
        if full is not None:
            start = full + ONE_DAY
            continue
        if not refusals(catalogue, sold, candidate, party, 1, today):
            found.append(candidate)
        start += ONE_DAY
    return found


@dataclass(frozen=True, slots=True)
class Day:
    """A day of the calendar: `state` past, free, few, sold or closed; may somebody arrive; the lowest price of the night."""

    date: dt.date
    state: str
    may_arrive: bool
    rooms_left: int


def calendar(
    catalogue: Catalogue, days: list[dt.date], free: Mapping[tuple[int, dt.date], int], party: Party, today: dt.date
) -> list[Day]:
    """What each day looks like to somebody who may take any type. `free`: rooms of (type, night); missing means all of them."""
    found = []
    fitting = [sold for sold in catalogue.types if sold.max_occupancy >= party.guests and sold.rooms > 0]
    for day in days:
        left, can_arrive, is_open = 0, False, False
        for sold in fitting:
            rules = [one for one in catalogue.restrictions_of(sold.id) if one.holds_on(day)]
            if any(one.is_closed for one in rules):
                continue
            is_open = True
            rooms = max(0, free.get((sold.id, day), sold.rooms))
            left += rooms
            can_arrive = can_arrive or (rooms > 0 and not any(one.closed_to_arrival for one in rules))
        ahead = (day - today).days
        is_open = is_open and ahead <= catalogue.terms.window_days
        can_arrive = can_arrive and catalogue.terms.advance_days <= ahead <= catalogue.terms.window_days
        state = (
            "past" if ahead < 0 else "closed" if not is_open else "sold" if not left else "few" if left < 3 else "free"
        )
        found.append(Day(day, state, can_arrive and ahead >= 0, left))
    return found

"""Changes of when a guest leaves: later, earlier, or later on the day; and what that costs."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from flask_babel import gettext as _

from webapp.availability.domain import stay_dates
from webapp.core.database import db
from webapp.core.errors import Conflict, Invalid
from webapp.core.stay_dates import StayDates
from webapp.models import Hotel, Reservation
from webapp.rates.domain import Line
from webapp.rates.queries import current_catalogue
from webapp.rates.terms import MOST_DAYS_AHEAD

from . import pricing, records, services

LONGEST_AGO = dt.timedelta(days=730)


def move(stay: Reservation, dates: StayDates) -> None:
    """Other dates, as the desk says. Raises what `check_dates` and `services.change_dates` raise."""
    check_dates(db.session.get_one(Hotel, stay.hotel_id), dates)
    services.change_dates(stay, dates)


def check_dates(hotel: Hotel, dates: StayDates) -> None:
    """What has begun may be put right, but an arrival of another age is a slip. Raises Invalid INVALID_DATE_RANGE."""
    today = hotel.business_date()
    if today - dates.check_in > LONGEST_AGO:
        raise Invalid(_("The arrival is in the past."), "INVALID_DATE_RANGE", field="check_in")
    if (dates.check_out - today).days > MOST_DAYS_AHEAD:
        raise Invalid(_("These dates are too far ahead."), "INVALID_DATE_RANGE", field="check_out")


def extend(stay: Reservation, check_out: dt.date) -> None:
    """Let a guest stay longer, through the same guard as a new stay; the added nights at the rates of now, the others as agreed.

    Raises Invalid INVALID_DATE_RANGE, Conflict NO_AVAILABILITY or ROOM_OVERLAP_CONFLICT.
    """
    records.lock(stay)
    hotel = db.session.get_one(Hotel, stay.hotel_id)
    if check_out <= stay.check_out:
        raise Invalid(
            _("To stay longer, the new departure must be after the present one."),
            "INVALID_DATE_RANGE",
            field="check_out",
        )
    before = stay.check_out
    services.change_dates(stay, stay_dates(stay.check_in, check_out, hotel.business_date(), may_be_past=True))
    bill = pricing.with_further_nights(stay, current_catalogue(hotel.slug), StayDates(before, check_out))
    _bill(stay, bill.total, bill.lines, "extended", terms=bill.terms)


def leave_early(stay: Reservation, check_out: dt.date | None = None, reason: str = "") -> None:
    """Give back the nights from the new departure on; the price stands until somebody changes it.

    Without a date, or with today's for a guest in house, the guest is checked out now.
    """
    records.lock(stay)
    today = db.session.get_one(Hotel, stay.hotel_id).business_date()
    if stay.status == "CHECKED_IN" and (check_out is None or check_out <= today):
        if check_out is not None and check_out < today:
            raise _bad_departure()
        services.check_out_guest(stay)
        return
    if stay.status != "CHECKED_IN":
        services.check_transition(stay.status, "CHECKED_IN")
    if check_out is None:
        raise Invalid(_("Say on which day the guest leaves."), field="check_out")
    if not stay.check_in < check_out < stay.check_out:
        raise _bad_departure()
    services.change_dates(stay, StayDates(stay.check_in, check_out))
    if reason:
        records.changed(stay, "early_departure_noted", "booking-updated", reason=reason)


def _bad_departure() -> Invalid:
    return Invalid(
        _("An early departure lies between the arrival (or today) and the booked departure."), "INVALID_DATE_RANGE",
        field="check_out",
    )  # fmt: skip


def allow_late(stay: Reservation, until: dt.time | None, fee: Decimal | None = None, reason: str = "") -> None:
    """Let a guest keep the room until a time on the day of departure; None takes it back. Door codes follow."""
    records.lock(stay)
    if stay.status not in ("CONFIRMED", "CHECKED_IN"):
        raise Conflict(_("The dates of an ended stay cannot be changed."), "INVALID_TRANSITION")
    hotel = db.session.get_one(Hotel, stay.hotel_id)
    if until is not None and until <= hotel.check_out_time:
        raise Invalid(_("That is no later than the hotel's own time of departure."), field="until")
    before, stay.late_departure = stay.late_departure, until
    db.session.flush()
    records.changed(
        stay, "late_departure_set", "booking-updated", reason=reason,
        before={"late_departure": before.strftime("%H:%M") if before else None},
        after={"late_departure": until.strftime("%H:%M") if until else None},
    )  # fmt: skip
    if until is not None and fee:
        charge(stay, [Line("late_departure", _("Late departure"), fee, stay.check_out)], "charged")


def charge(stay: Reservation, lines: list[Line], action: str) -> None:
    """Add lines to the price of a stay. The lines go on summing to the total: what was agreed before becomes one of them."""
    amount = sum((line.amount for line in lines), Decimal(0))
    if not amount:
        return
    known = list(stay.price_lines) or pricing.agreed_line(stay)
    _bill(stay, stay.total + amount, pricing.sorted_lines([*known, *(line.as_json() for line in lines)]), action)


def _bill(stay: Reservation, total: Decimal, lines: list[Any], action: str, **columns: Any) -> None:
    """A price that was known is the desk's word from now on, which no file takes back; one that a channel has yet to tell is not."""
    before = stay.total
    if total == before:
        return
    if before:
        columns["field_sources"] = {**stay.field_sources, "total": "desk"}
    for name, value in {"total": total, "price_lines": lines, **columns}.items():
        setattr(stay, name, value)
    db.session.flush()
    records.changed(stay, action, "booking-updated", before={"total": f"{before:.2f}"}, after={"total": f"{total:.2f}"})

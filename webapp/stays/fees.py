"""What cancelling a stay costs, or not coming, under the terms that it was sold under."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Protocol

from webapp.models import Reservation
from webapp.rates.terms import cancellation_fee


class House(Protocol):
    def business_date(self) -> dt.date: ...


def fee_now(stay: Reservation, hotel: House) -> Decimal:
    """What cancelling costs at this moment. An unpaid or unanswered booking costs nothing."""
    if stay.status != "CONFIRMED":
        return Decimal(0)
    return cancellation_fee(stay.terms, hotel.business_date(), stay.check_in, stay.total, stay.currency)


def fee_of_no_show(stay: Reservation) -> Decimal:
    """What not coming costs: as much as cancelling too late. Where no terms were agreed, what was paid is kept, and no more is due."""
    if not stay.terms.get("cancellation"):
        return stay.paid
    return cancellation_fee(stay.terms, stay.check_in + dt.timedelta(days=1), stay.check_in, stay.total, stay.currency)

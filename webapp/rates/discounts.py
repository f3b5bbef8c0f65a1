"""What a code takes off the price of a stay, as the site and the desk ask for it."""

from __future__ import annotations

from typing import Protocol

from flask_babel import gettext as _

from webapp.core import wiring
from webapp.core.errors import Invalid
from webapp.core.stay_dates import StayDates

from .domain import Catalogue, Discount, SoldType


class CodeBook(Protocol):
    """Who knows what a promotion or referral code is worth."""

    def discount_for(self, hotel_id: int, room_type_id: int, dates: StayDates, promo_code: str) -> Discount | None:
        """What a promotion code takes off this stay; None when it is unknown, over or not meant for it."""
        ...


def discount_for(catalogue: Catalogue, sold: SoldType, dates: StayDates, promo_code: str | None) -> Discount | None:
    """What the code is worth. Raises Invalid PROMO_CODE_INVALID for a code that is worth nothing here."""
    if not promo_code:
        return None
    discount = None
    if wiring.is_bound(CodeBook):
        book = wiring.resolve(CodeBook)  # type: ignore[type-abstract]
        discount = book.discount_for(catalogue.id, sold.id, dates, promo_code)
    if discount is None:
        raise Invalid(_("This code is not valid for this stay."), "PROMO_CODE_INVALID", field="promo_code")
    return discount

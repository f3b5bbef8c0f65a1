"""What booking needs from elsewhere: somebody who knows what a promotion or referral code is worth."""

from __future__ import annotations

from typing import Protocol

from webapp.core.stay_dates import StayDates
from webapp.rates.domain import Discount


class CodeBook(Protocol):
    def discount_for(self, hotel_id: int, room_type_id: int, dates: StayDates, promo_code: str) -> Discount | None:
        """What a promotion code takes off this stay; None when it is unknown, over or not meant for it."""
        ...

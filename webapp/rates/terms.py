"""The terms of a hotel: taxes, cancellation, deposit, holds. Parsed in this one place from `Hotel.settings["terms"]`.

A booking keeps a copy of the terms it was made under, in the same JSON.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

from webapp.core.money import rounded

SETTINGS_KEY = "terms"
TAX_KINDS = ("percentage", "per_person_night")
MOST_NIGHTS = 365
MOST_DAYS_AHEAD = 1095


@dataclass(frozen=True, slots=True)
class Tax:
    """`rate` is a percentage of the price, or an amount for each adult and night; added to the price, or (a percentage) contained."""

    name: str
    kind: str
    rate: Decimal


@dataclass(frozen=True, slots=True)
class Cancellation:
    """Free until `free_days` before the day of arrival; then `fee_percent` of the total, or the first `fee_nights` if any."""

    free_days: int = 2
    fee_percent: Decimal = Decimal(100)
    fee_nights: int = 0

    def free_until(self, check_in: dt.date) -> dt.date:
        """The last day on which cancelling costs nothing."""
        return check_in - dt.timedelta(days=self.free_days)

    def fee(
        self, today: dt.date, check_in: dt.date, total: Decimal, nights: Sequence[Decimal], currency: str
    ) -> Decimal:
        """What a cancellation costs on `today` (hotel time). `nights`: the prices of the nights, in their order."""
        if today <= self.free_until(check_in):
            return Decimal(0)
        if self.fee_nights:
            return min(total, sum(nights[: self.fee_nights], Decimal(0)))
        return rounded(total * self.fee_percent / 100, currency)


@dataclass(frozen=True, slots=True)
class Deposit:
    """What is to be paid for the booking to stand: a percentage of the total, or the first `nights`."""

    percent: Decimal = Decimal(0)
    nights: int = 0

    def due(self, total: Decimal, nights: Sequence[Decimal], currency: str) -> Decimal:
        if self.nights:
            return min(total, sum(nights[: self.nights], Decimal(0)))
        return rounded(total * self.percent / 100, currency)


@dataclass(frozen=True, slots=True)
class Terms:
    """All of it. Days are days of the hotel's calendar."""

    taxes: tuple[Tax, ...] = ()
    prices_include_taxes: bool = (
        False  # prices are shown with the percentages in them; amounts per person are added all the same
    )
    cancellation: Cancellation = field(default_factory=Cancellation)
    deposit: Deposit = field(default_factory=Deposit)
    hold_minutes: int = 30  # an unpaid booking keeps its nights this long
    request_to_book: bool = False  # the owner says yes or no to each booking of the site
    request_hours: int = 24  # and has this long
    advance_days: int = 0
    window_days: int = 540

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> Terms:
        """The terms in a hotel's settings; what is missing is as above. Raises ValueError for what makes no sense."""
        return cls.from_json(settings.get(SETTINGS_KEY) or {})

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Terms:
        cancellation, deposit = data.get("cancellation") or {}, data.get("deposit") or {}
        terms = cls(
            taxes=tuple(_tax(one) for one in data.get("taxes") or ()),
            prices_include_taxes=bool(data.get("prices_include_taxes", False)),
            cancellation=Cancellation(
                _count(cancellation, "free_days", 2, MOST_NIGHTS), _percent(cancellation, "fee_percent", 100),
                _count(cancellation, "fee_nights", 0, MOST_NIGHTS),
            ),
            deposit=Deposit(_percent(deposit, "percent", 0), _count(deposit, "nights", 0, MOST_NIGHTS)),
            hold_minutes=_count(data, "hold_minutes", 30, 7 * 24 * 60),
            request_to_book=bool(data.get("request_to_book", False)),
            request_hours=_count(data, "request_hours", 24, 14 * 24),
            advance_days=_count(data, "advance_days", 0, MOST_DAYS_AHEAD),
            window_days=_count(data, "window_days", 540, MOST_DAYS_AHEAD),
        )  # fmt: skip
        if not terms.hold_minutes or not terms.request_hours:
            raise ValueError("a hold has a length")
        return terms

    def as_json(self) -> dict[str, Any]:
        return {
            "taxes": [{"name": tax.name, "kind": tax.kind, "rate": str(tax.rate)} for tax in self.taxes],
            "prices_include_taxes": self.prices_include_taxes, **self.agreed(),
            "hold_minutes": self.hold_minutes, "request_to_book": self.request_to_book,
            "request_hours": self.request_hours, "advance_days": self.advance_days, "window_days": self.window_days,
        }  # fmt: skip

    def facts(self) -> dict[str, Any]:
        """All of it without levels, by the names of the manager's form."""
        return {
            "taxes": [{"name": tax.name, "kind": tax.kind, "rate": tax.rate} for tax in self.taxes],
            "prices_include_taxes": self.prices_include_taxes, "free_days": self.cancellation.free_days,
            "fee_percent": self.cancellation.fee_percent, "fee_nights": self.cancellation.fee_nights,
            "deposit_percent": self.deposit.percent, "deposit_nights": self.deposit.nights,
            "hold_minutes": self.hold_minutes, "request_to_book": self.request_to_book,
            "request_hours": self.request_hours, "advance_days": self.advance_days, "window_days": self.window_days,
        }  # fmt: skip

    def agreed(self) -> dict[str, Any]:
        """What a booking keeps: the part that speaks of its own future."""
        return {
            "cancellation": {
                "free_days": self.cancellation.free_days, "fee_percent": str(self.cancellation.fee_percent),
                "fee_nights": self.cancellation.fee_nights,
            },
            "deposit": {"percent": str(self.deposit.percent), "nights": self.deposit.nights},
        }  # fmt: skip


def cancellation_fee(
    agreed: Mapping[str, Any], today: dt.date, check_in: dt.date, total: Decimal, currency: str
) -> Decimal:
    """What cancelling costs on `today` under the terms that a booking keeps. Nothing where none were agreed."""
    if not agreed.get("cancellation"):
        return Decimal(0)
    nights = [Decimal(amount) for amount in agreed.get("nights", ())]
    return Terms.from_json(agreed).cancellation.fee(today, check_in, total, nights, currency)


def _tax(data: Mapping[str, Any]) -> Tax:
    tax = Tax(str(data["name"]).strip(), str(data["kind"]), _decimal(data["rate"]))
    if not tax.name or tax.kind not in TAX_KINDS or (tax.kind == "percentage" and tax.rate > 100):
        raise ValueError("a tax has a name, a kind and a rate")
    return tax


def _count(data: Mapping[str, Any], name: str, default: int, most: int) -> int:
    value = int(data.get(name, default))
    if not 0 <= value <= most:
        raise ValueError(f"{name} is between 0 and {most}")
    return value


def _percent(data: Mapping[str, Any], name: str, default: int) -> Decimal:
    value = _decimal(data.get(name, default))
    if value > 100:
        raise ValueError(f"{name} is a percentage")
    return value


def _decimal(value: Any) -> Decimal:
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        raise ValueError("not a number") from None
    if not amount.is_finite() or amount < 0:
        raise ValueError("not a number of 0 or more")
    return amount

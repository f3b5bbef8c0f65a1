"""The catalogue of a hotel (what it sells, at which prices and terms) as plain values, and the price of a stay.

A price is made in stages, each a list of lines that is added up once: nights, further guests, discounts, then taxes on the sum.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from typing import Any
from uuid import UUID

from flask_babel import gettext as _

from webapp.core import clock
from webapp.core.money import rounded
from webapp.core.stay_dates import StayDates

from .terms import Terms

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class SoldType:
    """A room type as it is sold. `rooms`: how many may be sold on a night when nothing is taken."""

    id: int
    code: str
    name: str
    description: str
    beds: str
    photos: tuple[tuple[str, str], ...]  # (address as in `RoomType.photos`, what it shows)
    max_occupancy: int
    base_occupancy: int
    base_price: Decimal
    extra_guest_price: Decimal
    rooms: int


@dataclass(frozen=True, slots=True)
class Restriction:
    """See `models.StayRestriction`. `room_type_id` None: every type."""

    room_type_id: int | None
    starts_on: dt.date
    ends_on: dt.date
    min_stay: int | None = None
    max_stay: int | None = None
    advance_days: int | None = None
    window_days: int | None = None
    closed_to_arrival: bool = False
    closed_to_departure: bool = False
    is_closed: bool = False

    def holds_on(self, day: dt.date) -> bool:
        return self.starts_on <= day < self.ends_on


@dataclass(frozen=True, slots=True)
class Override:
    starts_on: dt.date
    ends_on: dt.date
    price: Decimal


@dataclass(frozen=True)
class Catalogue:
    """Everything about a hotel that availability and prices are decided on, besides what is taken. Shared: never changed."""

    id: int
    slug: str
    name: str
    timezone: str
    currency: str
    version: UUID
    terms: Terms
    types: tuple[SoldType, ...]
    restrictions: tuple[Restriction, ...] = ()
    overrides: dict[int, tuple[Override, ...]] = field(default_factory=dict)  # of each type, newest first

    def business_date(self) -> dt.date:
        """Today, where the hotel is."""
        return clock.local_date(self.timezone)

    @cached_property
    def type_ids(self) -> list[int]:
        return [one.id for one in self.types]

    @cached_property
    def by_code(self) -> dict[str, SoldType]:
        return {one.code: one for one in self.types}

    @cached_property
    def by_id(self) -> dict[int, SoldType]:
        return {one.id: one for one in self.types}

    def restrictions_of(self, room_type_id: int) -> list[Restriction]:
        return [one for one in self.restrictions if one.room_type_id is None or one.room_type_id == room_type_id]


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a price: `kind` night, extra_guest, discount, tax, or included_tax, whose amount is 0 and which says what is `contained`."""

    kind: str
    description: str
    amount: Decimal
    date: dt.date | None = None
    contained: Decimal | None = None

    def as_json(self) -> dict[str, Any]:
        line: dict[str, Any] = {"kind": self.kind, "description": self.description, "amount": f"{self.amount:.2f}"}
        if self.date:
            line["date"] = self.date.isoformat()
        if self.contained is not None:
            line["contained"] = f"{self.contained:.2f}"
        return line


@dataclass(frozen=True, slots=True)
class Discount:
    """A reduction of the price of the nights: a share in percent, or an amount."""

    description: str
    percent: Decimal = ZERO
    amount: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class Price:
    """What a stay costs. `nightly` are the prices of the nights with every guest; `lines` sum to `total`."""

    nightly: tuple[tuple[dt.date, Decimal], ...]
    lines: tuple[Line, ...]
    subtotal: Decimal
    taxes: Decimal
    currency: str
    taxes_included: Decimal = ZERO

    @property
    def total(self) -> Decimal:
        return self.subtotal + self.taxes

    @property
    def nights(self) -> list[Decimal]:
        return [amount for _night, amount in self.nightly]


def base_of_night(catalogue: Catalogue, sold: SoldType, night: dt.date) -> Decimal:
    """The price of a night for the guests that it includes."""
    for override in catalogue.overrides.get(sold.id, ()):
        if override.starts_on <= night < override.ends_on:
            return override.price
    return sold.base_price


def nightly_prices(
    catalogue: Catalogue, sold: SoldType, dates: StayDates, guests: int
) -> tuple[tuple[dt.date, Decimal], ...]:
    """(night, price with every guest) of each night."""
    extra = sold.extra_guest_price * max(0, guests - sold.base_occupancy)
    if sold.id not in catalogue.overrides:
        price = rounded(sold.base_price + extra, catalogue.currency)
        return tuple((night, price) for night in dates)
    return tuple((night, rounded(base_of_night(catalogue, sold, night) + extra, catalogue.currency)) for night in dates)


def taxes_of(catalogue: Catalogue, subtotal: Decimal, adults: int, nights: int) -> list[tuple[str, Decimal]]:
    """(name, amount) of each tax that is added to the price of a stay, each rounded by itself as it is shown."""
    found = []
    for tax in catalogue.terms.taxes:
        if tax.kind != "percentage":
            amount = tax.rate * adults * nights
        elif catalogue.terms.prices_include_taxes:
            continue
        else:
            amount = subtotal * tax.rate / 100
        found.append((tax.name, rounded(amount, catalogue.currency)))
    return found


def included_taxes_of(catalogue: Catalogue, subtotal: Decimal) -> list[tuple[str, Decimal]]:
    """(name, amount) of each percentage that the price contains, where prices are shown with them: of the net price, rounded by itself."""
    if not catalogue.terms.prices_include_taxes:
        return []
    taxes = [tax for tax in catalogue.terms.taxes if tax.kind == "percentage"]
    whole = 100 + sum((tax.rate for tax in taxes), ZERO)
    return [(tax.name, rounded(subtotal * tax.rate / whole, catalogue.currency)) for tax in taxes]


def tax_lines(catalogue: Catalogue, subtotal: Decimal, adults: int, nights: int) -> list[Line]:
    """What is added, then what is contained."""
    added = [Line("tax", name, amount) for name, amount in taxes_of(catalogue, subtotal, adults, nights)]
    contained = [
        Line("included_tax", name, ZERO, contained=part) for name, part in included_taxes_of(catalogue, subtotal)
    ]
    return [*added, *contained]


def price_stay(
    catalogue: Catalogue, sold: SoldType, dates: StayDates, adults: int, children: int, discount: Discount | None = None
) -> Price:
    """The whole price, with its lines."""
    extra_guests = max(0, adults + children - sold.base_occupancy)
    nightly = nightly_prices(catalogue, sold, dates, adults + children)
    extra = rounded(sold.extra_guest_price * extra_guests, catalogue.currency)
    lines = [Line("night", sold.name, amount - extra, night) for night, amount in nightly]
    if extra:
        lines.append(Line("extra_guest", _("Additional guests"), extra * dates.nights))
    subtotal = sum((line.amount for line in lines), ZERO)
    if discount is not None:
        reduction = min(subtotal, rounded(subtotal * discount.percent / 100 + discount.amount, catalogue.currency))
        lines.append(Line("discount", discount.description, -reduction))
        subtotal -= reduction
    taxes = tax_lines(catalogue, subtotal, adults, dates.nights)
    added = sum((line.amount for line in taxes), ZERO)
    included = sum((line.contained or ZERO for line in taxes), ZERO)
    return Price(nightly, (*lines, *taxes), subtotal, added, catalogue.currency, included)

"""What a stay costs when its dates, its party or its room type change: anew by the rates of now, or as it was agreed.

Prices come from the functions that the site quotes by. What was charged besides the stay itself (a late departure, say) stays on the
bill either way.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from flask_babel import gettext as _

from webapp.core.errors import Invalid
from webapp.core.money import quantum
from webapp.core.stay_dates import ONE_DAY, StayDates
from webapp.models import Reservation
from webapp.rates.discounts import discount_for
from webapp.rates.domain import Catalogue, Price, price_stay
from webapp.rates.terms import Terms

OWN_SOURCES = ("direct", "desk")  # whose price is ours to set; of the others the channel has sold at its own
_ORDER = {"agreed": 0, "night": 1, "extra_guest": 2, "discount": 3, "tax": 5, "included_tax": 6}  # charges are 4
_SUMMED = ("extra_guest", "tax", "included_tax")  # one line for each description


@dataclass(frozen=True)
class Wanted:
    """What a stay is to be. `room_type_id`: the type that is sold."""

    dates: StayDates
    adults: int
    children: int
    room_type_id: int


@dataclass(frozen=True)
class Bill:
    """The price of a stay with the lines that it sums, and the terms that go with it; all as a reservation keeps them."""

    total: Decimal
    lines: list[dict[str, Any]]
    terms: dict[str, Any]
    deposit_due: Decimal


def is_ours(stay: Reservation) -> bool:
    """Whether the price of the stay is ours to change."""
    return stay.source in OWN_SOURCES


def check_currency(stay: Reservation, catalogue: Catalogue) -> None:
    """Raises Invalid: amounts of different currencies never meet."""
    if stay.currency != catalogue.currency:
        raise Invalid(_("The stay was sold in another currency than the hotel's prices are in now."))


def charges_of(stay: Reservation) -> list[dict[str, Any]]:
    """The lines that were charged besides the stay itself."""
    return [line for line in stay.price_lines if line["kind"] not in _ORDER]


def new_bill(stay: Reservation, catalogue: Catalogue, wanted: Wanted) -> Bill:
    """The stay at the rates of now, under the terms that were agreed.

    Raises Invalid: the type is not sold any more, the stay is in another currency, or PROMO_CODE_INVALID.
    """
    sold = catalogue.by_id.get(wanted.room_type_id)
    if sold is None:
        raise Invalid(_("The hotel no longer offers this room."), field="room_type_id")
    check_currency(stay, catalogue)
    discount = discount_for(catalogue, sold, wanted.dates, stay.promo_code or None)
    price = price_stay(catalogue, sold, wanted.dates, wanted.adults, wanted.children, discount)
    lines, total = lines_with_charges(stay, price)
    terms, deposit = _terms_at(stay, price.nights, price.total)
    return Bill(total, lines, terms, deposit)


def lines_with_charges(stay: Reservation, price: Price) -> tuple[list[dict[str, Any]], Decimal]:
    """(the lines of a new price together with what was charged besides, their sum)"""
    lines = [line.as_json() for line in price.lines]
    charges = charges_of(stay)
    return sorted_lines([*lines, *charges]), price.total + _sum_of(charges)


def kept_bill(stay: Reservation, wanted: Wanted, room_name: str) -> Bill:
    """The price that was agreed, told for these nights: the same amount, spread evenly over other nights than before."""
    nights = [line for line in stay.price_lines if line["kind"] == "night"]
    others = [line for line in stay.price_lines if line["kind"] != "night"]
    terms = dict(stay.terms)
    if wanted.dates != stay.dates:
        shares = spread(_sum_of(nights), wanted.dates.nights, stay.currency) if nights else []
        nights = [
            {"kind": "night", "description": room_name, "amount": f"{share:.2f}", "date": night.isoformat()}
            for night, share in zip(wanted.dates, shares, strict=False)
        ]
        if terms.get("nights"):
            agreed = sum(map(Decimal, terms["nights"]), Decimal(0))
            terms["nights"] = [f"{share:.2f}" for share in spread(agreed, wanted.dates.nights, stay.currency)]
    elif wanted.room_type_id != stay.room_type_id:
        nights = [{**line, "description": room_name} for line in nights]
    return Bill(stay.total, [*nights, *others], terms, stay.deposit_due)


def with_further_nights(stay: Reservation, catalogue: Catalogue, nights: StayDates) -> Bill:
    """The stay with these nights after its own, each at the rates of now. Where the type is not sold any more, they add nothing.

    Nor do those that it was charged for already, before its departure was brought forward at the agreed price. Raises Invalid when the
    stay is in another currency than the rates; its dates can be changed at the agreed price.
    """
    sold, begins = catalogue.by_id.get(stay.room_type_id), _charged_until(stay, nights.check_in)
    if sold is None or begins >= nights.check_out:
        return Bill(stay.total, list(stay.price_lines), stay.terms, stay.deposit_due)
    check_currency(stay, catalogue)
    further = StayDates(begins, nights.check_out)
    price = price_stay(catalogue, sold, further, stay.adults, stay.children)
    known = list(stay.price_lines) or agreed_line(stay)
    lines = sorted_lines([*known, *(line.as_json() for line in price.lines)])
    terms = dict(stay.terms)
    if terms.get("nights"):
        terms["nights"] = [*terms["nights"], *(f"{amount:.2f}" for amount in price.nights)]
    return Bill(stay.total + price.total, lines, terms, stay.deposit_due)


def _charged_until(stay: Reservation, check_out: dt.date) -> dt.date:
    """The day up to which the lines name every night since the arrival; `check_out` where they name others, or end before."""
    named = {line.get("date") for line in stay.price_lines if line["kind"] == "night"}
    if any(night.isoformat() not in named for night in StayDates(stay.check_in, check_out)):
        return check_out
    while check_out.isoformat() in named:
        check_out += ONE_DAY
    return check_out


def agreed_line(stay: Reservation) -> list[dict[str, Any]]:
    """The price of a stay that has no lines yet, as one."""
    return [{"kind": "agreed", "description": _("As agreed"), "amount": f"{stay.total:.2f}"}] if stay.total else []


def sorted_lines(lines: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Nights by their date, then further guests, discounts, charges and taxes; guests and each tax in one line."""
    found: list[dict[str, Any]] = []
    known: dict[tuple[str, str], dict[str, Any]] = {}
    for line in lines:
        key = (line["kind"], line["description"])
        if line["kind"] in _SUMMED and key in known:
            _add(known[key], line)
            continue
        known[key] = dict(line)
        found.append(known[key])
    return sorted(found, key=lambda line: (_ORDER.get(line["kind"], 4), line.get("date", "")))


def _add(line: dict[str, Any], other: dict[str, Any]) -> None:
    for name in ("amount", "contained"):
        if name in line or name in other:
            line[name] = f"{Decimal(line.get(name, 0)) + Decimal(other.get(name, 0)):.2f}"


def spread(amount: Decimal, parts: int, currency: str) -> list[Decimal]:
    """The amount in so many parts that differ by the smallest coin at most, the larger ones first. They sum to it."""
    coin = quantum(currency)
    share, left = divmod(int(amount / coin), parts)
    found = [coin * (share + (number < left)) for number in range(parts)]
    found[0] += amount - sum(found, Decimal(0))  # less than a coin, of an amount that was not rounded
    return found


def _terms_at(stay: Reservation, nights: Sequence[Decimal], total: Decimal) -> tuple[dict[str, Any], Decimal]:
    """(the agreed terms with the prices of the nights, the deposit they ask for). Where none were agreed, none are made up."""
    if not stay.terms:
        return stay.terms, stay.deposit_due
    due = Terms.from_json(stay.terms).deposit.due(total, nights, stay.currency)
    told = {**stay.terms, "nights": [f"{amount:.2f}" for amount in nights], "deposit_due": f"{due:.2f}"}
    return told, due


def _sum_of(lines: Iterable[dict[str, Any]]) -> Decimal:
    return sum((Decimal(line["amount"]) for line in lines), Decimal(0))

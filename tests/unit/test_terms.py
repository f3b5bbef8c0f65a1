"""Terms, prices and ranges of nights, without a database."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.core.stay_dates import StayDates
from webapp.rates.domain import Catalogue, Discount, Override, SoldType, price_stay
from webapp.rates.terms import Cancellation, Deposit, Terms

ARRIVAL = dt.date(2027, 3, 27)
NIGHTS = [Decimal(100), Decimal(120)]


def days_before(count: int) -> dt.date:
    return ARRIVAL - dt.timedelta(days=count)


@pytest.mark.parametrize(
    ("rule", "before", "fee"),
    [
        (Cancellation(2, Decimal(100), 0), 2, "0"),
        (Cancellation(2, Decimal(100), 0), 1, "220"),
        (Cancellation(2, Decimal(50), 0), 0, "110"),
        (Cancellation(0, Decimal(0), 1), -1, "100"),
        (Cancellation(5, Decimal(0), 9), 4, "220"),
    ],
)
def test_the_fee_of_a_cancellation(rule, before, fee):
    assert rule.fee(days_before(before), ARRIVAL, Decimal(220), NIGHTS, "GBP") == Decimal(fee)


def test_a_deposit_is_a_share_or_nights():
    assert Deposit(percent=Decimal("33.3")).due(Decimal(220), NIGHTS, "GBP") == Decimal("73.26")
    assert Deposit(nights=1).due(Decimal(220), NIGHTS, "GBP") == 100


@pytest.mark.parametrize(
    "data",
    [
        {"hold_minutes": 0}, {"cancellation": {"fee_percent": 101}}, {"cancellation": {"free_days": -1}},
        {"taxes": [{"name": "", "kind": "percentage", "rate": 1}]}, {"taxes": [{"name": "A", "kind": "other", "rate": 1}]},
        {"deposit": {"percent": "much"}}, {"deposit": {"percent": "NaN"}}, {"window_days": 10_000},
    ],
)  # fmt: skip
def test_terms_that_make_no_sense(data):
    with pytest.raises(ValueError):
        Terms.from_json(data)


def test_terms_come_back_as_they_went():
    terms = Terms.from_json({"taxes": [{"name": "VAT", "kind": "percentage", "rate": "7.5"}], "request_to_book": True})
    assert Terms.from_json(terms.as_json()) == terms


AMOUNTS = st.decimals(0, 5000, places=2)


@given(base=AMOUNTS, extra=AMOUNTS, season=AMOUNTS, rate=st.decimals(0, 100, places=2), head=st.decimals(0, 20, places=2),
       nights=st.integers(1, 20), adults=st.integers(1, 6), off=st.decimals(0, 100, places=1),
       currency=st.sampled_from(["GBP", "JPY", "KWD"]))  # fmt: skip
def test_a_price_always_adds_up(base, extra, season, rate, head, nights, adults, off, currency):
    terms = Terms.from_json({"taxes": [
        {"name": "VAT", "kind": "percentage", "rate": str(rate)}, {"name": "City", "kind": "per_person_night", "rate": str(head)}
    ]})  # fmt: skip
    sold = SoldType(1, "A", "A", "", "", (), 6, 2, base, extra, 3)
    week = Override(ARRIVAL + dt.timedelta(days=2), ARRIVAL + dt.timedelta(days=9), season)
    house = Catalogue(1, "h", "H", "UTC", currency, uuid4(), terms, (sold,), (), {1: (week,)})
    price = price_stay(
        house, sold, StayDates(ARRIVAL, ARRIVAL + dt.timedelta(days=nights)), adults, 0, Discount("x", off)
    )
    assert sum(line.amount for line in price.lines) == price.total
    assert price.subtotal == sum(line.amount for line in price.lines if line.kind != "tax")
    assert price.subtotal >= 0
    assert len(price.nightly) == nights


def _priced(price, rates, currency="GBP", head="0", adults=2, nights=1):
    """A stay at a price that contains its percentages."""
    taxes = [{"name": f"T{rate}", "kind": "percentage", "rate": rate} for rate in rates]
    taxes.append({"name": "City", "kind": "per_person_night", "rate": head})
    sold = SoldType(1, "A", "A", "", "", (), 6, 2, Decimal(price), Decimal(0), 3)
    terms = Terms.from_json({"taxes": taxes, "prices_include_taxes": True})
    house = Catalogue(1, "h", "H", "UTC", currency, uuid4(), terms, (sold,))
    return price_stay(house, sold, StayDates(ARRIVAL, ARRIVAL + dt.timedelta(days=nights)), adults, 0)


@pytest.mark.parametrize(
    ("price", "rates", "currency", "contained"),
    [
        ("120.00", ["20"], "GBP", ["20.00"]), ("100.00", ["19"], "EUR", ["15.97"]), ("99.99", ["7"], "EUR", ["6.54"]),
        ("0.01", ["20"], "GBP", ["0.00"]), ("100.00", ["10", "5"], "EUR", ["8.70", "4.35"]), ("1000", ["10"], "JPY", ["91"]),
        ("100.00", ["0"], "GBP", ["0.00"]), ("200.00", ["100"], "GBP", ["100.00"]),
    ],
)  # fmt: skip
def test_a_price_says_to_the_cent_what_it_contains(price, rates, currency, contained):
    found = _priced(price, rates, currency)
    lines = [line for line in found.lines if line.kind == "included_tax"]
    assert [line.contained for line in lines] == [Decimal(one) for one in contained]
    assert found.total == Decimal(price) == sum(line.amount for line in found.lines)
    assert found.taxes_included == sum(map(Decimal, contained))


def test_amounts_per_person_are_added_to_an_inclusive_price():
    found = _priced("100.00", ["19"], "EUR", head="2.50", adults=2, nights=3)
    assert (found.subtotal, found.taxes, found.total) == (300, 15, 315)
    assert found.taxes_included == Decimal("47.90")


@given(price=AMOUNTS, rates=st.lists(st.decimals(0, 100, places=2).map(str), max_size=4), currency=st.sampled_from(["GBP", "JPY", "KWD"]))  # fmt: skip
def test_what_is_contained_changes_no_total(price, rates, currency):
    found = _priced(str(price), rates, currency)
    assert sum(line.amount for line in found.lines) == found.total == found.subtotal
    assert 0 <= found.taxes_included <= found.total + Decimal("0.02") * len(rates) or currency == "JPY"


DAYS = st.integers(0, 12).map(lambda n: ARRIVAL + dt.timedelta(days=n))
RANGES = st.tuples(DAYS, DAYS).filter(lambda pair: pair[0] < pair[1]).map(lambda pair: StayDates(*pair))


@given(RANGES, RANGES)
def test_nights_that_are_not_in_another_range(one, other):
    rest = [night for part in one.minus(other) for night in part]
    assert rest == [night for night in one if night not in other]

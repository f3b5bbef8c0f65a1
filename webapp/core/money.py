"""Amounts of money: Decimal with a currency, rounded the same way everywhere (half up, to the currency's minor unit)."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from babel.numbers import get_currency_precision


def quantum(currency: str) -> Decimal:
    """The smallest amount of `currency` (ISO 4217), e.g. 0.01 for GBP, 1 for JPY; never less than 0.01, as amounts are stored."""
    return Decimal(1).scaleb(-min(2, get_currency_precision(currency)))


def rounded(amount: Decimal, currency: str) -> Decimal:
    return amount.quantize(quantum(currency), rounding=ROUND_HALF_UP)


@dataclass(frozen=True)
class Money:
    """An amount in a currency. Amounts of different currencies never meet."""

    amount: Decimal
    currency: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "amount", rounded(self.amount, self.currency))

    def __add__(self, other: Money) -> Money:
        return Money(self.amount + self._same(other), self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(self.amount - self._same(other), self.currency)

    def __mul__(self, factor: int | Decimal) -> Money:
        return Money(self.amount * factor, self.currency)

    def _same(self, other: Money) -> Decimal:
        if other.currency != self.currency:
            raise ValueError(f"{self.currency} and {other.currency} cannot be added")
        return other.amount

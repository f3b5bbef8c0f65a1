"""What a booking on the site is made of, and the rules that need nothing else."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from webapp.rates.terms import Terms

MOST_ROOMS = 10  # of one booking


@dataclass(frozen=True, slots=True)
class Contact:
    """A person as they wrote themselves down."""

    name: str
    email: str = ""
    phone: str = ""
    country: str = ""
    language: str = "en"
    company: str = ""


@dataclass(frozen=True, slots=True)
class Companion:
    name: str
    role: str = "COMPANION"
    is_staying: bool = True


@dataclass(frozen=True, slots=True)
class NewBooking:
    """A booking as it is asked for: by quote, or by type, dates and party. What is None beside a quote is as quoted."""

    guest: Contact
    booker: Contact | None = None
    booker_type: str = "SELF"
    quote_id: str | None = None
    room_type_code: str | None = None
    check_in: dt.date | None = None
    check_out: dt.date | None = None
    adults: int | None = None
    children: int | None = None
    companions: tuple[Companion, ...] = ()
    special_requests: str = ""
    promo_code: str = ""
    referral_code: str = ""


def cancellation_fee(
    agreed: Mapping[str, Any], today: dt.date, check_in: dt.date, total: Decimal, currency: str
) -> Decimal:
    """What cancelling costs on `today` under the terms that a booking keeps. Nothing where none were agreed."""
    if not agreed.get("cancellation"):
        return Decimal(0)
    nights = [Decimal(amount) for amount in agreed.get("nights", ())]
    return Terms.from_json(agreed).cancellation.fee(today, check_in, total, nights, currency)


def free_until(agreed: Mapping[str, Any], check_in: dt.date) -> dt.date | None:
    """The last day of free cancellation; None where no terms were agreed."""
    return Terms.from_json(agreed).cancellation.free_until(check_in) if agreed.get("cancellation") else None


def is_address_of(given: str, *known: str | None) -> bool:
    """Whether `given` is one of the addresses, however it is written."""
    wanted = given.strip().casefold()
    return bool(wanted) and any(wanted == (one or "").strip().casefold() for one in known)

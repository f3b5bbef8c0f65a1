"""What a booking on the site is made of, and the rules that need nothing else."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from webapp.models import Reservation
from webapp.rates.terms import Terms

MOST_ROOMS = 10  # of one booking
MOST_COMPANIONS = 60  # that are named when one books


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


PAYMENT_STATES = {
    "AWAITING_APPROVAL": "the hotel has not answered yet; nothing is due",
    "DEPOSIT_DUE": "the nights are held until `hold_expires_at`",
    "DUE_AT_HOTEL": "`balance` is paid at the hotel",
    "PAID": "all that was due is paid",
    "CANCELLATION_FEE_DUE": "the stay has ended before it began; `balance` of its fee is open",
    "REFUND_DUE": "the stay has ended before it began, and more was paid than it cost: `balance` is negative",
    "NOTHING_DUE": "the stay has ended before it began, and nothing is open",
}


def payment_state(stay: Reservation) -> str:
    """Where the payment of a booking stands."""
    if not stay.holds_nights:
        if stay.balance:
            return "CANCELLATION_FEE_DUE" if stay.balance > 0 else "REFUND_DUE"
        return "PAID" if stay.paid else "NOTHING_DUE"
    if stay.awaits_approval:
        return "AWAITING_APPROVAL"
    if stay.status == "PENDING_PAYMENT":
        return "DEPOSIT_DUE"
    return "PAID" if stay.total and stay.paid >= stay.total else "DUE_AT_HOTEL"


def free_until(agreed: Mapping[str, Any], check_in: dt.date) -> dt.date | None:
    """The last day of free cancellation; None where no terms were agreed."""
    return Terms.from_json(agreed).cancellation.free_until(check_in) if agreed.get("cancellation") else None


def is_address_of(given: str, *known: str | None) -> bool:
    """Whether `given` is one of the addresses, however it is written."""
    wanted = given.strip().casefold()
    return bool(wanted) and any(wanted == (one or "").strip().casefold() for one in known)

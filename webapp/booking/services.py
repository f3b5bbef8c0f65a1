"""Bookings of guests: made, changed and cancelled by themselves, through the same guard as everywhere."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from flask_babel import gettext as _

from webapp.availability import services as availability
from webapp.availability.domain import Party
from webapp.core import ids
from webapp.core.clock import now
from webapp.core.database import db
from webapp.core.errors import Conflict, Invalid
from webapp.core.stay_dates import StayDates
from webapp.models import PartyMember, Quote, Reservation
from webapp.rates.domain import Catalogue, SoldType
from webapp.rates.queries import current_catalogue
from webapp.stays import services as stays
from webapp.stays.services import NewStay

from . import quoting
from .domain import Contact, NewBooking


@dataclass(frozen=True)
class _Sale:
    """What is sold, at which price, under which terms."""

    catalogue: Catalogue
    sold: SoldType
    dates: StayDates
    party: Party
    lines: list[Any]
    total: Decimal
    terms: dict[str, Any]
    promo_code: str
    referral_code: str


def book(slug: str, new: NewBooking) -> tuple[Reservation, Catalogue]:
    """Make a booking. It stands at once, or holds its nights until it is paid or approved, as the hotel has set.

    Raises NO_AVAILABILITY (409), a refusal of the engine (422), QUOTE_EXPIRED (410), QUOTE_MISMATCH (409), PROMO_CODE_INVALID.
    """
    quote = None
    if new.quote_id:
        sale, quote = _quoted(slug, new, new.quote_id)
    else:
        sale = _priced_now(slug, new)
    stay = _sell(sale, new, quote)
    return stay, sale.catalogue


def book_together(slug: str, rooms: Sequence[NewBooking]) -> tuple[list[Reservation], Catalogue]:
    """Make bookings that belong together: all or none, each at its own quote or at the price of now.

    Raises what `book` raises, for the first that cannot be made; the caller's transaction must end then.
    """
    if len(rooms) == 1:
        stay, catalogue = book(slug, rooms[0])
        return [stay], catalogue
    catalogue = current_catalogue(slug)
    asked = [new.quote_id for new in rooms if new.quote_id]
    if len(set(asked)) != len(asked):
        raise Conflict(_("This quote has been booked already."), "QUOTE_MISMATCH", field="quote_id")
    for token in sorted(asked):
        quoting.open_quote(catalogue.id, token)
    sales = [_quoted(slug, new, new.quote_id) if new.quote_id else (_priced_now(slug, new), None) for new in rooms]
    _hold_together([sale for sale, _quote in sales])
    group_id = f"GR-{ids.readable(8)}"
    made = []
    for new, (sale, quote) in zip(rooms, sales, strict=True):
        made.append(_sell(sale, new, quote, group_id))
    return made, catalogue


def _hold_together(sales: Sequence[_Sale]) -> None:
    """Lock the counts of all types and nights in their order, so that two groups never wait for each other."""
    for type_id, dates in sorted(
        {(sale.sold.id, sale.dates) for sale in sales}, key=lambda one: (one[0], one[1].check_in)
    ):
        availability.fill(type_id, dates)
    availability.hold_nights([sale.sold.id for sale in sales], *(sale.dates for sale in sales))


def _sell(sale: _Sale, new: NewBooking, quote: Quote | None, group_id: str | None = None) -> Reservation:
    stay = stays.create_stay(sale.catalogue, _as_stay(sale, new, group_id))
    if new.companions:
        db.session.add_all(
            PartyMember(
                hotel_id=stay.hotel_id, reservation_id=stay.id, role=one.role, name=one.name, is_staying=one.is_staying
            )
            for one in new.companions
        )
    if quote is not None:
        quote.used_by = stay.id
    if quote is not None or new.companions:
        db.session.flush()
    return stay


def _quoted(slug: str, new: NewBooking, quote_id: str) -> tuple[_Sale, Quote]:
    catalogue = current_catalogue(slug)
    quote = quoting.open_quote(catalogue.id, quote_id)
    sold = catalogue.by_id.get(quote.room_type_id)
    if sold is None:
        raise Conflict(_("The hotel no longer offers this room."), "NO_AVAILABILITY")
    asked = {
        "room_type_code": (new.room_type_code, sold.code), "check_in": (new.check_in, quote.check_in),
        "check_out": (new.check_out, quote.check_out), "adults": (new.adults, quote.adults),
        "children": (new.children, quote.children), "promo_code": (new.promo_code or None, quote.promo_code),
    }  # fmt: skip
    for name, (wanted, quoted) in asked.items():
        if wanted is not None and wanted != quoted:
            raise Conflict(_("This is not what was quoted. Please ask for a new quote."), "QUOTE_MISMATCH", field=name)
    sale = _Sale(
        catalogue, sold, StayDates(quote.check_in, quote.check_out), Party(quote.adults, quote.children), quote.lines,
        quote.total, quote.terms, quote.promo_code, new.referral_code or quote.referral_code,
    )  # fmt: skip
    return sale, quote


def _priced_now(slug: str, new: NewBooking) -> _Sale:
    if new.room_type_code is None or new.check_in is None or new.check_out is None:
        raise Invalid(_("Give a quote_id, or room_type_code, check_in and check_out."), field="quote_id")
    party = Party(2 if new.adults is None else new.adults, new.children or 0)
    catalogue, sold, dates, found = quoting.price(
        slug, new.room_type_code, new.check_in, new.check_out, party, new.promo_code
    )
    lines = [line.as_json() for line in found.lines]
    terms = quoting.agreed_terms(catalogue, found)
    return _Sale(catalogue, sold, dates, party, lines, found.total, terms, new.promo_code, new.referral_code)


def _as_stay(sale: _Sale, new: NewBooking, group_id: str | None = None) -> NewStay:
    guest, booker, deposit = new.guest, new.booker or Contact(""), quoting.deposit_of(sale.terms)
    status, held_for = "CONFIRMED", None
    if sale.catalogue.terms.request_to_book:
        status, held_for = "PENDING_PAYMENT", dt.timedelta(hours=sale.catalogue.terms.request_hours)
    elif deposit > 0:
        status, held_for = "PENDING_PAYMENT", dt.timedelta(minutes=sale.catalogue.terms.hold_minutes)
    return NewStay(
        room_type_id=sale.sold.id, dates=sale.dates, source="direct", status=status, adults=sale.party.adults,
        children=sale.party.children, guest_name=guest.name, guest_email=guest.email or booker.email,
        guest_phone=guest.phone or None, guest_language=guest.language, guest_country=guest.country,
        special_requests=new.special_requests or None, total=sale.total,
        extras={
            "price_lines": sale.lines, "terms": sale.terms, "deposit_due": deposit, "promo_code": sale.promo_code,
            "referral_code": sale.referral_code, "booker_type": new.booker_type,
            "booker_name": booker.name or None, "booker_email": booker.email or None,
            "booker_phone": booker.phone or None, "booker_company": booker.company or None,
            "hold_expires_at": now() + held_for if held_for else None,
            "group_id": group_id, "awaits_approval": sale.catalogue.terms.request_to_book,
        },
    )  # fmt: skip

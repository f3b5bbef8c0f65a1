"""What the pages of the shop show: the hotel's frame, the calendar, the rooms with their prices and photos."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from itertools import groupby
from typing import Any

from flask import request, url_for

from webapp.availability import queries as availability
from webapp.availability.domain import Offer, Party, stay_dates
from webapp.availability.domain import calendar as days_of
from webapp.core.errors import AppError
from webapp.core.stay_dates import StayDates
from webapp.hotels.presentation import photo_path, room_facts, share_card, shown_photos, structured_data
from webapp.models import Hotel, Quote
from webapp.rates.domain import Catalogue, Price, price_stay

from . import months as calendar_pages
from .forms import MOST_ROOMS, SearchForm

MONTHS_SHOWN = 2
NAMES = ("check_in", "check_out", "adults", "children", "promo_code")


def frame(hotel: Hotel) -> dict[str, Any]:
    """The hotel's name, colours and languages around a page."""
    photo = photo_path(hotel)
    return {
        "hotel": hotel,
        "guest_hotel": {
            "name": hotel.name, "photo_url": photo, "accent": hotel.accent_color, "phone": hotel.phone, "email": hotel.email,
        },
        "guest_languages": hotel.languages or None,
    }  # fmt: skip


def card(hotel: Hotel, catalogue: Catalogue) -> dict[str, str]:
    """What a shared address of the search shows."""
    rooms = (shown_photos(hotel.slug, sold.name, sold.photos) for sold in catalogue.types)
    return share_card(hotel, rooms, url_for("booking.search", slug=hotel.slug))


def party_of(form: SearchForm) -> Party:
    return Party(form.adults.data or 2, form.children.data or 0)


def search_url(slug: str, values: Mapping[str, Any], **more: Any) -> str:
    """The search with these values, those in `more` in their place; None leaves one out."""
    known = {name: str(values[name]) for name in NAMES if values.get(name)}
    found: dict[str, Any] = {name: str(value) for name, value in {**known, **more}.items() if value is not None}
    return url_for("booking.search", slug=slug, **found)


def token_of_all(quotes: list[Quote]) -> str:
    """Several quotes in one address."""
    return ".".join(quote.token for quote in quotes)


def tokens_in(token: str) -> list[str]:
    return list(dict.fromkeys(token.split(".")))[:MOST_ROOMS]


def dates_of(quote: Quote) -> dict[str, Any]:
    return {name: getattr(quote, name) for name in ("check_in", "check_out", "adults", "children")}


def calendar(catalogue: Catalogue, form: SearchForm) -> dict[str, Any]:
    """Two months of days, with links that pick an arrival, then a departure."""
    today = catalogue.business_date()
    chosen = (_day(request.args.get("check_in")), _day(request.args.get("check_out")))
    is_near = chosen[0] is not None and abs((chosen[0] - today).days) < calendar_pages.FARTHEST
    first = calendar_pages.first_of(request.args.get("month"), chosen[0] if is_near and chosen[0] else today)
    firsts = [calendar_pages.shifted(first, n) for n in range(MONTHS_SHOWN)]
    span = calendar_pages.span(firsts)
    free = availability.free_nights(catalogue, span[0], span[-1])
    days = {
        day.date: day for day in days_of(catalogue, span, free, _party_of_one_room(catalogue, party_of(form)), today)
    }

    def link(**picked: dt.date | None) -> str:
        return search_url(catalogue.slug, request.args, month=f"{first:%Y-%m}", **picked) + (
            "#rooms" if picked.get("check_out") else "#calendar"
        )

    def turn(months: int) -> str:
        return search_url(catalogue.slug, request.args, month=f"{calendar_pages.shifted(first, months):%Y-%m}")

    return {
        "months": calendar_pages.months(days, firsts, chosen, link), "weekdays": calendar_pages.weekdays(),
        "earlier": turn(-1) if first > today else None, "later": turn(1), "picked": chosen, "today": today,
    }  # fmt: skip


def _party_of_one_room(catalogue: Catalogue, party: Party) -> Party:
    """A party that is too large for any room takes several: then every room counts."""
    largest = max((sold.max_occupancy for sold in catalogue.types if sold.rooms > 0), default=party.guests)
    return party if party.guests <= largest else Party(1, 0)


def _day(text: str | None) -> dt.date | None:
    try:
        return dt.date.fromisoformat(text or "")
    except ValueError:
        return None


def rooms(hotel: Hotel, form: SearchForm) -> tuple[dict[str, Any] | None, AppError | None]:
    """The offers for the form's dates, each with price and photos; or what is wrong with the dates."""
    party = party_of(form)
    try:
        dates = stay_dates(form.check_in.data, form.check_out.data, hotel.business_date())
    except AppError as error:
        return None, error
    catalogue, offers = availability.offers(hotel.slug, dates, party)
    refused = [offer.sold for offer in offers if not offer.is_available]
    free = availability.next_free_dates(catalogue, refused, dates, party) if refused else {}
    found = [_room(catalogue, offer, dates, party, free.get(offer.sold.code, [])) for offer in offers]
    return {
        "dates": dates, "party": party, "rooms": sorted(found, key=lambda room: not room["offer"].is_available),
        "structured": _structured(hotel, found), "several": _several(offers, party),
    }, None  # fmt: skip


def _room(catalogue: Catalogue, offer: Offer, dates: StayDates, party: Party, free: list[StayDates]) -> dict[str, Any]:
    price = price_stay(catalogue, offer.sold, dates, party.adults, party.children)
    return {
        "offer": offer, "sold": offer.sold, "price": price, "average": price.subtotal / dates.nights,
        "photos": shown_photos(catalogue.slug, offer.sold.name, offer.sold.photos),
        "free": [
            (one, search_url(catalogue.slug, request.args, check_in=one.check_in, check_out=one.check_out) + "#rooms")
            for one in free
        ],
    }  # fmt: skip


def _several(offers: list[Offer], party: Party) -> dict[str, Any] | None:
    """The types of which one can take some, whatever the size of the whole party; None when one room is all there is."""
    rows: list[dict[str, Any]] = [
        {"sold": offer.sold, "most": min(offer.rooms_left, MOST_ROOMS), "adults": min(offer.sold.base_occupancy, party.adults)}
        for offer in offers if offer.rooms_left > 0 and all(one.code == "OCCUPANCY_EXCEEDED" for one in offer.reasons)
    ]  # fmt: skip
    if sum(row["most"] for row in rows) < 2:
        return None
    return {"rows": rows, "is_needed": party.guests > max(row["sold"].max_occupancy for row in rows)}


def _structured(hotel: Hotel, found: list[dict[str, Any]]) -> dict[str, Any]:
    """The hotel and what it offers on these dates, in the words of schema.org."""
    return {
        **structured_data(hotel),
        "makesOffer": [_offer(room["offer"], room["price"], room["photos"]) for room in found],
    }


def _offer(offer: Offer, price: Price, photos: list[dict[str, str]]) -> dict[str, Any]:
    sold = offer.sold
    return {
        "@type": "Offer", "price": f"{price.total:.2f}", "priceCurrency": price.currency,
        "availability": f"https://schema.org/{'InStock' if offer.is_available else 'SoldOut'}",
        "itemOffered": room_facts(sold.name, sold.description, sold.beds, sold.max_occupancy, photos),
    }  # fmt: skip


def lines_of(lines: list[dict[str, Any]]) -> list[tuple[str, str, int, Decimal]]:
    """(kind, description, count, amount): equal nights in one line. Sums to the total, as the lines do, without what is contained."""
    found = []
    for (kind, text, amount), group in groupby(
        lines, key=lambda line: (line["kind"], line["description"], line.get("contained", line["amount"]))
    ):
        count = len(list(group))
        found.append((kind, text, count, Decimal(amount) * count))
    return found

"""The public JSON API: what is free, what it costs, and booking it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask import Blueprint, jsonify, request
from flask_babel import gettext as _

from webapp.availability import queries as availability
from webapp.availability.domain import Offer, Party, stay_dates
from webapp.core.errors import Invalid
from webapp.core.stay_dates import StayDates
from webapp.core.transaction import transaction
from webapp.rates.domain import ZERO, Catalogue, included_taxes_of, nightly_prices, taxes_of
from webapp.rates.queries import current_catalogue
from webapp.web import api
from webapp.web.i18n import language_of_browser

from . import policies, queries, quoting, services
from .domain import Companion, Contact, NewBooking
from .idempotency import once
from .schemas import (
    Availability,
    AvailabilityQuery,
    BookingRequest,
    BookingShape,
    EmailQuery,
    LookupQuery,
    Person,
    QuoteRequest,
    QuoteShape,
    language_of,
)

blueprint = Blueprint("booking_api", __name__)
PUBLIC = "/api/public/hotel/<slug>"


@blueprint.get(f"{PUBLIC}/availability/")
@api.validate(tags=["Booking"], query=AvailabilityQuery, resp=api.Answers(HTTP_200=Availability), skip_validation=True)
def get_availability(slug: str) -> Any:
    """What is free for these dates and this party, at which price.

    A type that is not sold stays in the list with its reasons; when none is sold, each says its next free dates.
    """
    policies.SEARCHES.attempt(request.remote_addr or "unknown")
    query = api.checked(AvailabilityQuery, request.args.to_dict())
    if query.check_out <= query.check_in:
        raise Invalid(_("The departure must be after the arrival."), "INVALID_DATE_RANGE", field="check_out")
    dates, party = StayDates(query.check_in, query.check_out), Party(query.adults, query.children)
    catalogue, offers = availability.offers(slug, dates, party)
    stay_dates(dates.check_in, dates.check_out, catalogue.business_date())
    shown = [_offer_json(catalogue, offer, dates, party) for offer in offers]
    if offers and not any(offer.is_available for offer in offers):
        _add_next_free(catalogue, offers, shown, dates, party)
    return jsonify(
        hotel=slug, check_in=dates.check_in.isoformat(), check_out=dates.check_out.isoformat(), nights=dates.nights,
        room_types=shown,
    )  # fmt: skip


def _offer_json(catalogue: Catalogue, offer: Offer, dates: StayDates, party: Party) -> dict[str, Any]:
    sold = offer.sold
    nightly = nightly_prices(catalogue, sold, dates, party.guests)
    subtotal = sum((price for _night, price in nightly), ZERO)
    taxes = sum((amount for _name, amount in taxes_of(catalogue, subtotal, party.adults, dates.nights)), ZERO)
    included = sum((amount for _name, amount in included_taxes_of(catalogue, subtotal)), ZERO)
    return {
        "code": sold.code, "name": sold.name, "max_occupancy": sold.max_occupancy, "rooms_left": offer.rooms_left,
        "available": offer.is_available, "reasons": [reason.as_json() for reason in offer.reasons],
        "nightly": [{"date": night.isoformat(), "price": f"{price:.2f}"} for night, price in nightly],
        "subtotal": f"{subtotal:.2f}", "taxes": f"{taxes:.2f}", "total": f"{subtotal + taxes:.2f}",
        "taxes_included": f"{included:.2f}", "currency": catalogue.currency,
    }  # fmt: skip


def _add_next_free(
    catalogue: Catalogue, offers: list[Offer], shown: list[dict[str, Any]], dates: StayDates, party: Party
) -> None:
    found = availability.next_free_dates(catalogue, [offer.sold for offer in offers], dates, party)
    for one in shown:
        one["next_free"] = [
            {"check_in": free.check_in.isoformat(), "check_out": free.check_out.isoformat()}
            for free in found.get(one["code"], ())
        ]


@blueprint.post(f"{PUBLIC}/pricing-quote/")
@api.validate(tags=["Booking"], resp=api.Answers(HTTP_200=QuoteShape))
def pricing_quote(slug: str, json: QuoteRequest) -> Any:
    """A price that is kept for fifteen minutes, whatever happens to the rates."""
    policies.QUOTES.attempt(request.remote_addr or "unknown")
    with transaction():
        quote = quoting.make_quote(
            slug, json.room_type_code, json.check_in, json.check_out, Party(json.adults, json.children),
            json.promo_code, json.referral_code,
        )  # fmt: skip
    return jsonify(
        quote_id=quote.token, room_type_code=json.room_type_code, check_in=quote.check_in.isoformat(),
        check_out=quote.check_out.isoformat(), adults=quote.adults, children=quote.children, lines=quote.lines,
        subtotal=f"{quote.subtotal:.2f}", taxes=f"{quote.taxes:.2f}", total=f"{quote.total:.2f}",
        taxes_included=queries.taxes_included(quote.lines), currency=quote.currency, deposit_due=f"{quoting.deposit_of(quote.terms):.2f}",
        cancellation=quote.terms["cancellation"], expires_at=quote.expires_at.isoformat().replace("+00:00", "Z"),
    )  # fmt: skip


@blueprint.post(f"{PUBLIC}/room-bookings/")
@api.validate(tags=["Booking"], json=BookingRequest, resp=api.Answers(HTTP_201=BookingShape), skip_validation=True)
def create_booking(slug: str) -> Any:
    """Book a room, by quote or by type, dates and party; or several `rooms` together, all or none.

    Give the request an `Idempotency-Key`: repeated with the same body it is answered the same and books nothing more.
    """
    json = api.checked(BookingRequest, request.get_json(silent=True) or {})
    policies.BOOKINGS.attempt(request.remote_addr or "unknown")
    wanted = _rooms_of(_as_new_booking(json), json)

    def make() -> dict[str, Any]:
        made, catalogue = services.book_together(slug, wanted)
        told = [queries.booking_json(stay, catalogue, catalogue.by_id[stay.room_type_id]) for stay in made]
        return told[0] if len(told) == 1 else {**told[0], "bookings": told}

    key = request.headers.get("Idempotency-Key")
    with transaction():
        answer = make() if key is None else once(current_catalogue(slug).id, key, json.model_dump(mode="json"), make)
    response = jsonify(answer)
    response.headers["Cache-Control"] = "no-store"
    return response, 201


def _as_new_booking(json: BookingRequest) -> NewBooking:
    return NewBooking(
        guest=_contact(json.guest), booker=_contact(json.booker) if json.booker else None,
        booker_type=json.booker_type, quote_id=json.quote_id, room_type_code=json.room_type_code,
        check_in=json.check_in, check_out=json.check_out, adults=json.adults, children=json.children,
        companions=tuple(Companion(one.name, one.role, one.is_staying) for one in json.party),
        special_requests=json.special_requests, promo_code=json.promo_code or "",
        referral_code=json.referral_code or "",
    )  # fmt: skip


def _rooms_of(new: NewBooking, json: BookingRequest) -> list[NewBooking]:
    """A booking for each room that is wanted."""
    if not json.rooms:
        return [new]
    found = []
    for room in json.rooms:
        is_quoted = room.quote_id is not None
        found.append(replace(
            new, quote_id=room.quote_id, room_type_code=room.room_type_code,
            check_in=room.check_in or (None if is_quoted else new.check_in),
            check_out=room.check_out or (None if is_quoted else new.check_out),
            adults=room.adults or (None if is_quoted else new.adults),
            children=room.children if room.children is not None or is_quoted else new.children,
            companions=tuple(Companion(one.name, one.role, one.is_staying) for one in room.party),
            **_sleeper(new, room.guest_name),
        ))  # fmt: skip
    return found


def _sleeper(new: NewBooking, name: str) -> dict[str, Any]:
    """Somebody else sleeps in this room: the guest of the booking becomes its booker."""
    if not name or name == new.guest.name:
        return {}
    return {"guest": replace(new.guest, name=name), "booker": new.booker or new.guest}


def _contact(person: Person) -> Contact:
    return Contact(
        person.full_name, person.email, person.phone, person.country.upper(),
        language_of(person.language, language_of_browser() or ""), person.company,
    )  # fmt: skip


@blueprint.get(f"{PUBLIC}/room-bookings/<booking_id>/")
@api.validate(tags=["Booking"], resp=api.Answers(HTTP_200=BookingShape))
def get_booking(slug: str, booking_id: str, query: EmailQuery) -> Any:
    """One booking, for who knows its e-mail address."""
    policies.LOOKUPS.attempt(request.remote_addr or "unknown")
    return _shown(queries.booking_of(query.email, slug=slug, booking_id=booking_id))


@blueprint.get("/api/bookings/lookup/")
@api.validate(tags=["Booking"], resp=api.Answers(HTTP_200=BookingShape))
def lookup(query: LookupQuery) -> Any:
    """Find a booking by the number that the guest was sent, and the e-mail address."""
    policies.LOOKUPS.attempt(request.remote_addr or "unknown")
    return _shown(queries.booking_of(query.email, confirmation_number=query.confirmation_number))


def _shown(stay: Any) -> Any:
    members = queries.booked_together(stay)
    ordered = [stay, *(one for one in members if one.id != stay.id)]
    told = [
        queries.booking_json(one, one.hotel, one.room_type, one.room.number if one.room else None) for one in ordered
    ]
    response = jsonify(told[0] if len(told) == 1 else {**told[0], "bookings": told})
    response.headers["Cache-Control"] = "no-store"
    return response

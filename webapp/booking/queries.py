"""Reads of bookings, for the person who made them."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import selectinload

from webapp.core.database import db
from webapp.core.errors import NotFound
from webapp.core.tenancy import of_hotel
from webapp.models import Hotel, Quote, Reservation
from webapp.stays.fees import fee_now
from webapp.stays.queries import living_of

from .domain import free_until, is_address_of, payment_state

_RELATED = (selectinload(Reservation.hotel), selectinload(Reservation.room_type), selectinload(Reservation.room))


def booking_of(
    email: str, *, slug: str | None = None, booking_id: str = "", confirmation_number: str = ""
) -> Reservation:
    """The booking with this id or number, for who knows the e-mail address too. Raises NotFound, whichever of them is wrong."""
    query = select(Reservation).options(*_RELATED)
    if slug is not None:
        query = query.join(Hotel, Hotel.id == Reservation.hotel_id).where(Hotel.slug == slug)
    if booking_id:
        query = query.where(Reservation.booking_id == booking_id.strip().upper())
    else:
        query = query.where(Reservation.confirmation_number == confirmation_number.strip().upper().replace(" ", ""))
    stay = db.session.scalars(query).unique().one_or_none()
    if stay is None or not is_address_of(email, stay.guest_email, stay.booker_email):
        raise NotFound(_("We found no booking with this number and e-mail address."))
    return living_of([stay])[0]


def booking_by_id(booking_id: str) -> Reservation:
    """Raises NotFound. Only for those who have shown already that it is theirs."""
    query = select(Reservation).options(*_RELATED).where(Reservation.booking_id == booking_id)
    stay = db.session.scalars(query).unique().one_or_none()
    if stay is None:
        raise NotFound(_("There is no such booking."))
    return living_of([stay])[0]


def booked_together(stay: Reservation) -> Sequence[Reservation]:
    """The stays of one booking in their order, this one among them; it alone when it was booked alone.

    Only what one person booked on the site: a group of the desk may be of people who do not know each other's numbers.
    """
    if stay.group_id is None or stay.source != "direct":
        return [stay]
    query = of_hotel(Reservation, stay.hotel_id).options(*_RELATED).filter_by(group_id=stay.group_id, source="direct")
    return db.session.scalars(query.order_by(Reservation.id)).unique().all()


def quotes_of(hotel_id: int, tokens: Sequence[str]) -> list[Quote]:
    """In the order of the tokens. Raises NotFound when one of them is none of this hotel's."""
    query = select(Quote).where(Quote.hotel_id == hotel_id, Quote.token.in_(tokens))
    known = {quote.token: quote for quote in db.session.scalars(query)}
    if not tokens or any(token not in known for token in tokens):
        raise NotFound(_("This offer does not exist. Please search again."))
    return [known[token] for token in tokens]


def cancellation_json(stay: Reservation, hotel: Any) -> dict[str, Any]:
    """The terms of cancelling, and what it would cost now. `hotel`: whatever has a `business_date`."""
    until = free_until(stay.terms, stay.check_in)
    return {
        "free_until": until.isoformat() if until else None, "fee_now": f"{fee_now(stay, hotel):.2f}", "currency": stay.currency
    }  # fmt: skip


def payment_json(stay: Reservation) -> dict[str, Any]:
    """What is to be paid, and by when. `status` is one of `PAYMENT_STATES`."""
    return {
        "status": payment_state(stay), "deposit_due": f"{stay.deposit_due if stay.holds_nights else 0:.2f}",
        "paid": f"{stay.paid:.2f}", "balance": f"{stay.balance:.2f}", "currency": stay.currency,
        "hold_expires_at": _instant(stay.hold_expires_at if stay.status == "PENDING_PAYMENT" else None),
    }  # fmt: skip


def taxes_included(lines: list[dict[str, Any]]) -> str:
    """What the price contains of taxes."""
    return f"{sum((Decimal(line['contained']) for line in lines if 'contained' in line), Decimal(0)):.2f}"


def booking_json(stay: Reservation, hotel: Any, room_type: Any, room_number: str | None = None) -> dict[str, Any]:
    """A booking as the JSON API shows it. `hotel`: slug, name, business_date; `room_type`: code, name."""
    taxes = sum((Decimal(line["amount"]) for line in stay.price_lines if line["kind"] == "tax"), Decimal(0))
    return {
        "booking_id": stay.booking_id, "confirmation_number": stay.confirmation_number, "status": stay.status,
        "awaits_approval": stay.awaits_approval, "hotel": {"slug": hotel.slug, "name": hotel.name},
        "room": {"room_type_code": room_type.code, "name": room_type.name, "room_number": room_number},
        "dates": {
            "check_in": stay.check_in.isoformat(), "check_out": stay.check_out.isoformat(), "nights": stay.nights
        },
        "guests": {
            "adults": stay.adults, "children": stay.children, "total": stay.adults + stay.children,
            "primary": {
                "name": stay.guest_name, "email": stay.guest_email, "phone": stay.guest_phone,
                "country": stay.guest_country, "language": stay.guest_language,
            },
            "booker": {
                "type": stay.booker_type, "name": stay.booker_name or stay.guest_name,
                "email": stay.booker_email or stay.guest_email, "company": stay.booker_company,
            },
        },
        "pricing": {
            "lines": stay.price_lines, "subtotal": f"{stay.total - taxes:.2f}", "taxes": f"{taxes:.2f}",
            "taxes_included": taxes_included(stay.price_lines), "total": f"{stay.total:.2f}", "currency": stay.currency,
        },
        "cancellation": cancellation_json(stay, hotel), "special_requests": stay.special_requests or "",
        "promo_code": stay.promo_code, "group_id": stay.group_id, "created_at": _instant(stay.created_at), "payment": payment_json(stay),
    }  # fmt: skip


def _instant(at: Any) -> str | None:
    return at.isoformat().replace("+00:00", "Z") if at else None


def booking_by_quote(token: str, email: str) -> Reservation | None:
    """The booking that a quote made, for the person who made it."""
    query = select(Reservation).join(Quote, Quote.used_by == Reservation.id).where(Quote.token == token)
    stay = db.session.scalars(query).one_or_none()
    return stay if stay is not None and is_address_of(email, stay.guest_email, stay.booker_email) else None


def open_requests(hotel_id: int) -> list[list[Reservation]]:
    """Bookings that wait for the owner, the most urgent first; each with all its rooms."""
    query = (
        of_hotel(Reservation, hotel_id)
        .options(selectinload(Reservation.room_type))
        .where(Reservation.status == "PENDING_PAYMENT", Reservation.awaits_approval)
        .order_by(Reservation.hold_expires_at, Reservation.id)
    )
    found: dict[str, list[Reservation]] = {}
    for stay in db.session.scalars(query):
        found.setdefault(stay.group_id or stay.booking_id, []).append(stay)
    return list(found.values())

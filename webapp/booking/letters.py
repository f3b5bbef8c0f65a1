"""Mails to who booked: where the booking stands, with the stay as a calendar file.

What is said is decided by comparing the booking as it is with what was said last, so a job that runs twice says it once.
"""

from __future__ import annotations

import base64
import hashlib
from decimal import Decimal

from flask import current_app
from flask_babel import force_locale

from webapp.core.database import db
from webapp.messaging.services import queue_mail
from webapp.models import Hotel, Reservation, RoomType
from webapp.stays.calendar import calendar_of
from webapp.web.i18n import supported

from . import queries
from .links import token_of
from .wording import cancellation_sentence, party_sentence, state_of

TELLING = ("confirmed", "held", "requested", "declined", "expired")  # a cancellation is told by `messaging`


def tell(reservation_id: int) -> bool:
    """Write the mail that the booking calls for, if it was not written yet. Bookings of channels are none of ours.

    Stays that were booked together are told in one mail, as those of them that still stand.
    """
    changed = db.session.get_one(Reservation, reservation_id)
    if changed.source != "direct":
        return False
    stay, members = _told_of(changed)
    state = state_of(stay)
    if state not in TELLING or stay.status in ("CHECKED_IN", "COMPLETED"):
        return False
    hotel = db.session.get_one(Hotel, stay.hotel_id)
    language = supported(stay.guest_language) or "en"
    with force_locale(language):
        calendar = base64.b64encode(calendar_of(stay, hotel)).decode()
        context = {
            "hotel": hotel, "stay": stay, "sold": _type_of(stay), "state": state, "lines": stay.price_lines,
            "rooms": [(one, _type_of(one), party_sentence(one.adults, one.children)) for one in members],
            "total": sum((one.total for one in members), Decimal(0)),
            "deposit": sum((one.deposit_due for one in members), Decimal(0)),
            "party": party_sentence(stay.adults, stay.children),
            "cancellation": cancellation_sentence(stay.terms, stay.check_in, hotel.business_date()),
            "booking_url": f"{current_app.extensions['settings'].public_url}/bookings/own/{token_of(stay)}",
            "search_url": f"{current_app.extensions['settings'].public_url}/hotels/{hotel.slug}/book",
        }  # fmt: skip
    attachment = {"filename": f"{stay.booking_id}.ics", "media_type": "text/calendar", "content": calendar}
    message = queue_mail(
        hotel_id=hotel.id, recipient=stay.booker_email or stay.guest_email, language=language,
        template="booking/emails/booking", context=context, key=f"booking:{stay.id}:{_facts(members, state)}",
        reservation_id=stay.id, extras={"attachments": [attachment]} if state in ("confirmed", "held") else None,
    )  # fmt: skip
    return message is not None


def _told_of(changed: Reservation) -> tuple[Reservation, list[Reservation]]:
    """(the stay that speaks for the booking, the stays that the mail is about)"""
    members = queries.booked_together(changed)
    if len(members) == 1:
        return changed, [changed]
    states = [state_of(one) for one in members]
    leading = next((state for state in ("requested", "held", "confirmed") if state in states), states[0])
    told = [one for one, state in zip(members, states, strict=True) if state == leading]
    return told[0], told


def _type_of(stay: Reservation) -> RoomType:
    return db.session.get_one(RoomType, stay.room_type_id)


def _facts(members: list[Reservation], state: str) -> str:
    facts = [
        (state, stay.check_in, stay.check_out, stay.room_type_id, stay.adults, stay.children, stay.total)
        for stay in members
    ]
    return hashlib.sha256(repr(facts[0] if len(facts) == 1 else facts).encode()).hexdigest()[:16]

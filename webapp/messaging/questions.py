"""A question to a guest whom a channel sold a stay to: who comes, and how to reach them."""

from __future__ import annotations

from collections.abc import Collection

from webapp.core import wiring
from webapp.core.database import db
from webapp.models import Hotel, Reservation

from .announcements import facts_of
from .domain import as_e164
from .ports import SmsSender
from .queueing import has_stopped, queue_mail, queue_sms


def can_write_sms(hotel: Hotel, number: str | None) -> bool:
    """Whether a short message to this number could be sent at all."""
    e164 = as_e164(number, hotel.country)
    return e164 is not None and wiring.is_bound(SmsSender) and not has_stopped(e164)


def ask(stay: Reservation, channel: str, address: str, unknown: Collection[str], key: str) -> bool:
    """Ask by `mail` or `sms` for what is `unknown`: `name`, `phone`. False when it cannot be sent or `key` was used before."""
    hotel = db.session.get_one(Hotel, stay.hotel_id)
    queue, folder = (queue_sms, "sms") if channel == "sms" else (queue_mail, "emails")
    message = queue(
        hotel_id=hotel.id, recipient=address, language=stay.guest_language, template=f"messaging/{folder}/ask_guest",
        context={**facts_of(stay, hotel), "unknown": unknown}, key=key, reservation_id=stay.id,
    )  # fmt: skip
    return message is not None

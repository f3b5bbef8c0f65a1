"""Asks guests what no mail and no file tells of their stay: by itself after the other steps, or when a person of the house wants it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal
from zoneinfo import ZoneInfo

from flask_babel import gettext as _
from sqlalchemy import func, select, update

from webapp.channels.domain.explaining import GUESTS_TELL
from webapp.channels.enrichment import LIVING, unknown_of
from webapp.core import audit
from webapp.core.clock import now
from webapp.core.database import db
from webapp.core.errors import Conflict, Invalid
from webapp.core.tenancy import of_hotel
from webapp.messaging import services as messaging
from webapp.models import ChannelMail, Enrichment, EnrichmentAttempt, Hotel, Reservation

SETTING = "ask_guests"
RELAY = "@guest.booking.com"
_FROM, _UNTIL = dt.time(9), dt.time(20)  # nobody is asked at night, by the hotel's clock
_AT_ONCE = dt.timedelta(hours=1)  # a second click, or a person and the clock at the same moment


@dataclass(frozen=True)
class Contact:
    """A way to a guest. `is_relay`: the booking site passes mails on, and only those of an address that it knows."""

    channel: Literal["mail", "sms"]
    address: str

    @property
    def is_relay(self) -> bool:
        return self.channel == "mail" and self.address.lower().endswith(RELAY)


def contact_of(stay: Reservation) -> Contact | None:
    """The best way to the guest that is known; None for none."""
    for address in (stay.guest_email, stay.booker_email, _relay_of(stay)):
        if address and "@" in address:
            return Contact("mail", address)
    hotel = db.session.get_one(Hotel, stay.hotel_id)
    for number in (stay.guest_phone, stay.booker_phone):
        if number and messaging.can_write_sms(hotel, number):
            return Contact("sms", number)
    return None


def _relay_of(stay: Reservation) -> str | None:
    """The address from which the guest wrote through the booking site."""
    told = of_hotel(ChannelMail, stay.hotel_id).where(
        ChannelMail.reservation_id == stay.id, ChannelMail.kind == "message", ChannelMail.trust == "authentic"
    )
    for mail in db.session.scalars(told.order_by(ChannelMail.id.desc()).limit(5)):
        sender = str((mail.facts or {}).get("sender", ""))
        if sender.endswith(RELAY):
            return sender
    return None


def may_ask_by_itself(hotel: Hotel) -> bool:
    """The hotel's own choice; on, unless somebody switched it off."""
    return (hotel.settings.get("channels") or {}).get(SETTING) is not False


def choose(hotel: Hotel, is_on: bool) -> None:
    """Switch the asking of guests on or off. Stays that waited for a person are asked from the next day on."""
    hotel = db.session.get_one(Hotel, hotel.id, with_for_update=True, populate_existing=True)
    was = may_ask_by_itself(hotel)
    if was == is_on:
        return
    hotel.settings = {**hotel.settings, "channels": {**(hotel.settings.get("channels") or {}), SETTING: is_on}}
    if is_on:
        waiting = update(Enrichment).where(
            Enrichment.hotel_id == hotel.id, Enrichment.step == "guest", Enrichment.next_try_at.is_(None)
        )
        db.session.execute(waiting.values(next_try_at=now() + dt.timedelta(days=1)))
    db.session.flush()
    audit.record(hotel.id, "guest_questions_changed", hotel, before={SETTING: was}, after={SETTING: is_on})


def asked_so_far(reservation_id: int) -> dict[str, int]:
    """How often the house was asked for a file (`upload`) and the guest for an answer (`guest`)."""
    query = (
        select(EnrichmentAttempt.step, func.count())
        .where(EnrichmentAttempt.reservation_id == reservation_id, EnrichmentAttempt.code.in_(("asked", "written")))
        .group_by(EnrichmentAttempt.step)
    )
    return {row[0]: row[1] for row in db.session.execute(query)}


def next_daylight(hotel: Hotel, at: dt.datetime) -> dt.datetime:
    """`at`, or the next morning when it is night at the hotel."""
    zone = ZoneInfo(hotel.timezone)
    local = at.astimezone(zone)
    if _FROM <= local.time() < _UNTIL:
        return at
    day = local.date() + dt.timedelta(days=local.time() >= _UNTIL)
    return dt.datetime.combine(day, _FROM, zone).astimezone(dt.UTC)


def ask(stay: Reservation, unknown: Sequence[str], contact: Contact) -> bool:
    """Write to the guest and note it. The stay's state must be locked. False when it could not be sent."""
    wanted = [name for name in unknown if name in GUESTS_TELL]
    number = asked_so_far(stay.id).get("guest", 0) + 1
    if not wanted or not messaging.ask(stay, contact.channel, contact.address, wanted, f"ask-guest:{stay.id}:{number}"):
        return False
    note(stay, "written")
    audit.record(stay.hotel_id, "guest_asked", stay, after={"channel": contact.channel, "about": wanted})
    return True


def note(stay: Reservation, code: str) -> None:
    db.session.add(
        EnrichmentAttempt(hotel_id=stay.hotel_id, reservation_id=stay.id, at=now(), step="guest", code=code, found=[])
    )
    db.session.flush()


def last_code(reservation_id: int) -> str | None:
    """What came of the latest attempt at the guest."""
    query = select(EnrichmentAttempt.code).where(
        EnrichmentAttempt.reservation_id == reservation_id, EnrichmentAttempt.step == "guest"
    )
    return db.session.scalar(query.order_by(EnrichmentAttempt.id.desc()).limit(1))


def last_asked(reservation_id: int) -> dt.datetime | None:
    """When the guest was asked last."""
    return db.session.scalar(
        select(func.max(EnrichmentAttempt.at)).where(
            EnrichmentAttempt.reservation_id == reservation_id, EnrichmentAttempt.step == "guest",
            EnrichmentAttempt.code == "written",
        )
    )  # fmt: skip


def check_may_ask(stay: Reservation) -> tuple[tuple[str, ...], Contact]:
    """(what is unknown, the way to the guest) for a person who wants to ask now. Raises Invalid or Conflict with the reason."""
    unknown = tuple(name for name in unknown_of(stay) if name in GUESTS_TELL)
    if not unknown or stay.status not in LIVING or stay.merged_into_id is not None:
        raise Conflict(_("There is nothing to ask this guest."), "NOTHING_TO_ASK")
    contact = contact_of(stay)
    if contact is None:
        raise Invalid(_("No address and no mobile number of this guest is known."), "NO_ADDRESS")
    asked_at = last_asked(stay.id)
    if asked_at is not None and now() - asked_at < _AT_ONCE:
        raise Conflict(_("The guest was asked just now."), "ASKED_ALREADY")
    return unknown, contact

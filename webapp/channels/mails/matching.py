"""Which stay a mail speaks of, and what it changes there. A mail names guests and bookings; it ends a stay only when the receiving
server vouches for its sender."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import or_, select

from webapp.channels.places import place_of
from webapp.core.clock import now
from webapp.core.database import db
from webapp.core.tenancy import of_hotel
from webapp.models import ChannelMail, Hotel, Reservation, Room
from webapp.stays import services as stays
from webapp.stays.queries import living_of

SAID_BY = "email"
_LIVING = ("PENDING_PAYMENT", "CONFIRMED", "CHECKED_IN")
_EARLY = dt.timedelta(minutes=10)  # a calendar may be read just before the mail is written
_FIRST_PAUSE, _LONGEST_PAUSE = dt.timedelta(minutes=2), dt.timedelta(hours=6)


def work(hotel: Hotel, mail: ChannelMail) -> None:
    """Try to match a waiting mail. Sets its state, and when it is tried again. One that may be anybody's only waits."""
    if mail.trust == "undecided":
        _wait(hotel, mail, "receiver_unknown")
        return
    if mail.kind == "digest":
        _name_guests(hotel, mail)
        return
    found = _stays_of(hotel, mail)
    if found:
        _tell(mail, found)
    elif mail.kind in ("request", "change_request", "message"):
        mail.state, mail.code, mail.next_try_at = "noted", "no_stay_needed", None
    else:
        _wait(hotel, mail)


def _stays_of(hotel: Hotel, mail: ChannelMail) -> list[Reservation]:
    """By number; else, for a booking that stands, the only nameless stay of this channel with its dates."""
    of_channel = of_hotel(Reservation, hotel.id).where(Reservation.source == mail.provider)
    if mail.reference:
        known = list(
            db.session.scalars(
                of_channel.where(Reservation.channel_reference == mail.reference).order_by(Reservation.id)
            )
        )
        known = living_of(known)
        if known:
            return known
    if mail.kind not in ("new", "modified", "unclear") or mail.arrival is None or not mail.reference:
        return []
    return [] if _is_over(hotel, mail) or _others_wait(hotel, mail) else _nameless(hotel, mail)


def _nameless(hotel: Hotel, mail: ChannelMail) -> list[Reservation]:
    """The only nameless stay that it can be, or none. One that lately ended may be it too, and then nobody can say.

    A stay that was known before the booking was made is not that booking. A listing's name tells the room.
    """
    fits = of_hotel(Reservation, hotel.id).where(
        Reservation.source == mail.provider, Reservation.channel_reference.is_(None), Reservation.check_in == mail.arrival,
        Reservation.status.in_((*_LIVING, "CANCELLED")), Reservation.merged_into_id.is_(None),
    )  # fmt: skip
    departure = (mail.facts or {}).get("departure")
    if departure:
        fits = fits.where(Reservation.check_out == dt.date.fromisoformat(departure))
    if mail.kind == "new" and mail.sent_at is not None:
        fits = fits.where(Reservation.created_at >= mail.sent_at - _EARLY)
    place = place_of(hotel, mail.provider, _listing(mail))
    if place is not None and place.room_id is not None:
        fits = fits.where(or_(Reservation.room_id == place.room_id, Reservation.room_id.is_(None)))
    if place is not None:
        in_type = select(Room.id).where(Room.room_type_id == place.room_type_id)
        fits = fits.where(or_(Reservation.room_type_id == place.room_type_id, Reservation.room_id.in_(in_type)))
    candidates = list(db.session.scalars(fits.order_by(Reservation.id).limit(2)))
    return candidates if len(candidates) == 1 and candidates[0].status in _LIVING else []


def _listing(mail: ChannelMail) -> str:
    return (mail.facts or {}).get("listing_name") or ""


def _is_over(hotel: Hotel, mail: ChannelMail) -> bool:
    """A mail has told already that this booking was cancelled: no living stay is it."""
    cancelled = select(ChannelMail.id).where(
        ChannelMail.hotel_id == hotel.id, ChannelMail.provider == mail.provider, ChannelMail.kind == "cancelled",
        ChannelMail.reference == mail.reference, ChannelMail.trust == "authentic",
    )  # fmt: skip
    return db.session.scalar(cancelled.limit(1)) is not None


def _others_wait(hotel: Hotel, mail: ChannelMail) -> bool:
    """Another booking arrives that day and waits too: whose the stay is, a file or a calendar has to say. Not one that names
    another listing."""
    others = select(ChannelMail).where(
        ChannelMail.hotel_id == hotel.id, ChannelMail.provider == mail.provider, ChannelMail.state == "waiting",
        ChannelMail.arrival == mail.arrival, ChannelMail.reference != mail.reference, ChannelMail.kind.in_(("new", "modified", "unclear")),
        ChannelMail.trust != "undecided",
    )  # fmt: skip
    listing = _listing(mail)
    return any(
        not (listing and _listing(other)) or listing == _listing(other)
        for other in db.session.scalars(others.limit(50))
    )


def _tell(mail: ChannelMail, found: list[Reservation]) -> None:
    mail.reservation_id, mail.next_try_at = found[0].id, None
    mail.state, mail.code = "matched", "matched"
    if mail.kind == "cancelled":
        _cancel(mail, found)
        return
    for stay in found:
        values = _said(mail, stay, len(found))
        if values:
            stays.update_guest(stay, values, said_by=SAID_BY)


def _cancel(mail: ChannelMail, found: list[Reservation]) -> None:
    """A mail that was sent before the booking was made anew, or that nobody vouches for, ends nothing."""
    living = [stay for stay in found if stay.status in _LIVING]
    if not living:
        mail.code = "cancelled_already"
    elif mail.trust != "authentic":
        mail.state, mail.code = "noted", "not_trusted_enough"
    elif any(stay.status == "CHECKED_IN" for stay in living):
        mail.state, mail.code = "noted", "guest_in_house"
    else:
        for stay in living:
            stays.cancel(stay, _("The booking site wrote that it was cancelled."))
            stay.field_sources = {**stay.field_sources, "status": SAID_BY}
        db.session.flush()
        mail.code = "cancelled"


def _said(mail: ChannelMail, stay: Reservation, rooms: int) -> dict[str, Any]:
    """What the mail adds to a stay; what a file, the house or the guest said is left alone."""
    facts = mail.facts or {}
    values: dict[str, Any] = {}
    if not stay.channel_reference and mail.reference:
        values["channel_reference"] = mail.reference
    for name in ("guest_name", "adults", "children"):
        value = facts.get(name)
        if value and getattr(stay, name) != value and stay.field_sources.get(name) in (None, "feed", SAID_BY) and (
            not stay.guest_name or name != "guest_name" or stay.field_sources.get(name) in ("feed", SAID_BY)
        ):  # fmt: skip
            values[name] = value
    money = facts.get("earnings") or facts.get("total")
    if money and rooms == 1 and stay.total == 0 and money[1] == stay.currency:
        values["total"] = Decimal(money[0]).quantize(Decimal("0.01"))
    return values


def _name_guests(hotel: Hotel, mail: ChannelMail) -> None:
    """The daily list names the guests of bookings that are known."""
    names = {
        entry["reference"]: entry["guest_name"] for entry in (mail.facts or {}).get("digest", []) if entry["guest_name"]
    }
    query = of_hotel(Reservation, hotel.id).where(
        Reservation.source == mail.provider, Reservation.channel_reference.in_(sorted(names))
    )
    for told in db.session.scalars(query.order_by(Reservation.id)).all():
        name, stay = names[told.channel_reference or ""], living_of([told])[0]
        if not stay.guest_name or (stay.field_sources.get("guest_name") == "feed" and stay.guest_name != name):
            stays.update_guest(stay, {"guest_name": name}, said_by=SAID_BY)
    mail.state, mail.code, mail.next_try_at = "noted", "digest", None


def _wait(hotel: Hotel, mail: ChannelMail, code: str = "no_stay_yet") -> None:
    """Later feeds and files may bring the stay; with every try the pause doubles. After the arrival nothing can come of it."""
    is_over = (mail.arrival or mail.created_at.date()) < hotel.business_date() - dt.timedelta(days=2)
    if is_over:
        mail.state, mail.code, mail.next_try_at = "over", "never_explained", None
        return
    mail.code = code
    mail.next_try_at = now() + min(_FIRST_PAUSE * 2 ** min(mail.tries, 10), _LONGEST_PAUSE)
    mail.tries += 1

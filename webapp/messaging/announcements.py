"""What a guest is told of a stay: the check-in link, new dates, a cancellation, a reminder, the door codes.

Nothing is decided by the change that led here, only by comparing the stay as it is now with what the guest was told last.
So a job that runs twice, late or out of order says each thing once.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import or_, select

from webapp.core.clock import now
from webapp.core.database import db
from webapp.models import AccessCode, CheckIn, Hotel, Message, Reservation
from webapp.stays.links import address_of, link_for, refresh_ends

from .domain import ANNOUNCEMENTS, digest
from .queueing import queue_mail, queue_sms
from .rendering import public_url

SMS_TOO_WITHIN = dt.timedelta(days=2)  # of the arrival: then a mail alone may be read too late
QUIET_BEFORE_REMINDER = dt.timedelta(hours=12)


def tell(reservation_id: int) -> bool:
    """Write what the guest has not been told yet. Says whether anything was written."""
    stay, group = _held_with_group(reservation_id)
    hotel = db.session.get_one(Hotel, stay.hotel_id)
    refresh_ends(stay)
    told = _last_told(stay)
    template = _what_to_tell(stay, hotel, told)
    if template is None:
        return False
    key = f"{template}:{stay.id}:{told.id if told else 0}"
    if template == "cancelled":
        return _announce(stay, hotel, template, key, _ended_together(stay, hotel, group))
    return _announce(stay, hotel, template, key)


def _held_with_group(reservation_id: int) -> tuple[Reservation, Sequence[Reservation]]:
    """The stay and those that were booked together with it, held in the order of their ids: what is told of all is told once."""
    stay = db.session.get_one(Reservation, reservation_id)
    query = select(Reservation).where(Reservation.hotel_id == stay.hotel_id)
    if stay.group_id is None:
        query = query.where(Reservation.id == stay.id)
    else:
        query = query.where(or_(Reservation.group_id == stay.group_id, Reservation.id == stay.id))
    query = query.order_by(Reservation.id).with_for_update().execution_options(populate_existing=True)
    return stay, db.session.scalars(query).all()


def _ended_together(stay: Reservation, hotel: Hotel, group: Sequence[Reservation]) -> Sequence[Reservation]:
    """This stay and the cancelled ones of its group that the same person has not been told of yet."""
    return [
        one
        for one in group
        if one.id == stay.id
        or (_recipient(one) == _recipient(stay) and _what_to_tell(one, hotel, _last_told(one)) == "cancelled")
    ]


def _recipient(stay: Reservation) -> str | None:
    """Who reads what is told of the stay: an address, or where there is none a number."""
    return stay.guest_email or stay.guest_phone


def _what_to_tell(stay: Reservation, hotel: Hotel, told: Message | None) -> str | None:
    today = hotel.business_date()
    knows_of_stay = told is not None and told.template != "cancelled"
    if stay.merged_into_id is not None:
        return None
    if stay.status == "CANCELLED":
        return "cancelled" if knows_of_stay and stay.check_out > today else None
    if stay.status == "CONFIRMED" and not knows_of_stay:
        return "checkin_link" if stay.check_in >= today else None
    if stay.status in ("CONFIRMED", "CHECKED_IN") and knows_of_stay and stay.check_out >= today:
        return "dates_changed" if (told.extras or {}).get("dates", _dates(stay)) != _dates(stay) else None  # type: ignore[union-attr]
    return None


def send_link_again(reservation_id: int) -> bool:
    """The check-in link on request: every call sends."""
    stay = db.session.get_one(Reservation, reservation_id)
    hotel = db.session.get_one(Hotel, stay.hotel_id)
    return _announce(stay, hotel, "checkin_link", None)


def remind(reservation_id: int) -> bool:
    """The day before arrival, to a guest who has not checked in online and heard nothing of late. Once for each date of arrival."""
    stay = db.session.get_one(Reservation, reservation_id, with_for_update=True, populate_existing=True)
    hotel = db.session.get_one(Hotel, stay.hotel_id)
    told = _last_told(stay)
    is_done = db.session.scalar(select(CheckIn.completed_at).where(CheckIn.reservation_id == stay.id)) is not None
    is_recent = told is not None and told.created_at > now() - QUIET_BEFORE_REMINDER
    is_due = stay.check_in == hotel.business_date() + dt.timedelta(days=1)
    if stay.status != "CONFIRMED" or is_done or is_recent or not is_due:
        return False
    return _announce(stay, hotel, "reminder", f"reminder:{stay.id}:{stay.check_in}")


def tell_codes(reservation_id: int) -> bool:
    """The door codes, when every one of the stay is on its lock. Once for each set of codes and validity."""
    stay = db.session.get_one(Reservation, reservation_id, with_for_update=True, populate_existing=True)
    if stay.status not in ("CONFIRMED", "CHECKED_IN"):
        return False
    codes = _live_codes(stay.id)
    if not codes or any(code.state != "verified" for code in codes):
        return False
    hotel = db.session.get_one(Hotel, stay.hotel_id)
    facts = digest(*[(code.id, code.valid_from, code.valid_until) for code in codes])
    context = {"codes": _by_pin(codes)}
    mail = _mail(stay, hotel, "door_codes", f"door_codes:{stay.id}:{facts}", context)
    sms = _sms(stay, hotel, "door_codes", f"door_codes-sms:{stay.id}:{facts}", context)
    return mail or sms


def _live_codes(reservation_id: int) -> Sequence[AccessCode]:
    query = select(AccessCode).where(
        AccessCode.reservation_id == reservation_id, AccessCode.state.in_(("requested", "sent", "verified"))
    )
    return db.session.scalars(query.order_by(AccessCode.id)).all()


def _by_pin(codes: Sequence[AccessCode]) -> list[dict[str, Any]]:
    """Doors that open with one PIN are told together, the entrance first."""
    groups: dict[str, dict[str, Any]] = {}
    for code in sorted(codes, key=lambda c: (c.lock.kind != "entrance", c.lock.name)):
        facts = {"pin": code.pin, "doors": [], "valid_from": code.valid_from, "valid_until": code.valid_until}
        groups.setdefault(code.pin, facts)["doors"].append({"name": code.lock.name, "kind": code.lock.kind})
    return list(groups.values())


def _last_told(stay: Reservation) -> Message | None:
    """The last message that told the guest where the stay stands; it may have been about others of its group too."""
    query = select(Message).where(
        Message.reservation_id == stay.id, Message.direction == "out", Message.template.in_(ANNOUNCEMENTS)
    )
    own = db.session.scalars(query.order_by(Message.id.desc()).limit(1)).one_or_none()
    if stay.group_id is None:
        return own
    others = select(Reservation.id).where(
        Reservation.hotel_id == stay.hotel_id, Reservation.group_id == stay.group_id, Reservation.id != stay.id
    )
    since = select(Message).where(
        Message.reservation_id.in_(others), Message.template == "cancelled", Message.direction == "out",
        Message.id > (own.id if own else 0),
    )  # fmt: skip
    told = db.session.scalars(since.order_by(Message.id.desc()))
    return next((one for one in told if stay.id in ((one.extras or {}).get("together") or ())), own)


def _announce(
    stay: Reservation, hotel: Hotel, template: str, key: str | None, together: Sequence[Reservation] = ()
) -> bool:
    """By mail; by SMS too when there is no mail, or when the arrival is near. `together`: the stays that it is about."""
    is_near = hotel.check_in_instant(stay.check_in) - now() < SMS_TOO_WITHIN
    context = {"rooms": [_room_facts(one) for one in together], "fee": _fee_of(together), "currency": stay.currency}
    ids = [one.id for one in together]
    mail = _mail(stay, hotel, template, key, context, ids)
    if mail and not is_near:
        return True
    return _sms(stay, hotel, template, key and f"{key}:sms", context, ids) or mail


def _room_facts(stay: Reservation) -> dict[str, Any]:
    """A stay as one of several in a message."""
    names = ("guest_name", "check_in", "check_out", "confirmation_number", "cancellation_fee")
    return {"name": stay.room_type.name, **{name: getattr(stay, name) for name in names}}


def _fee_of(stays: Sequence[Reservation]) -> Decimal:
    return sum((stay.cancellation_fee for stay in stays), Decimal(0))


def _mail(
    stay: Reservation,
    hotel: Hotel,
    template: str,
    key: str | None,
    context: dict[str, Any],
    together: Sequence[int] = (),
) -> bool:
    message = queue_mail(
        hotel_id=hotel.id, recipient=stay.guest_email, language=stay.guest_language,
        template=f"messaging/emails/{template}", context={**facts_of(stay, hotel), **context}, key=key,
        reservation_id=stay.id, extras=_extras(stay, together),
    )  # fmt: skip
    return message is not None


def _sms(
    stay: Reservation,
    hotel: Hotel,
    template: str,
    key: str | None,
    context: dict[str, Any],
    together: Sequence[int] = (),
) -> bool:
    message = queue_sms(
        hotel_id=hotel.id, recipient=stay.guest_phone, language=stay.guest_language,
        template=f"messaging/sms/{template}", context={**facts_of(stay, hotel), **context}, key=key,
        reservation_id=stay.id, extras=_extras(stay, together),
    )  # fmt: skip
    return message is not None


def _extras(stay: Reservation, together: Sequence[int]) -> dict[str, Any]:
    """What is compared with the stay as it is, when the next message is due."""
    return {"dates": _dates(stay), **({"together": list(together)} if len(together) > 1 else {})}


def _dates(stay: Reservation) -> list[str]:
    return [stay.check_in.isoformat(), stay.check_out.isoformat()]


def facts_of(stay: Reservation, hotel: Hotel) -> dict[str, Any]:
    """What the templates may speak of."""
    site = public_url()
    return {
        "hotel": hotel,
        "guest_name": stay.guest_name or "",
        "check_in": stay.check_in,
        "check_out": stay.check_out,
        "nights": stay.nights,
        "confirmation_number": stay.confirmation_number,
        "checkin_url": address_of(link_for(stay, "checkin"), site),
        "stay_url": address_of(link_for(stay, "stay"), site),
    }

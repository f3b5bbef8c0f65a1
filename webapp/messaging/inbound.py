"""What comes in from the SMS provider: stored under its own id first, handled by a job afterwards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.dialects.postgresql import insert

from webapp.core import encryption, events, outbox
from webapp.core.clock import now
from webapp.core.database import db
from webapp.models import Hotel, Message, Reservation, WebhookEvent

from .domain import as_e164, keyword
from .queueing import stop_keys

PROVIDER = "twilio"
TAKE_EVENT = "jobs.messaging.take_event"
MOST_CHARACTERS = 4_000
KEPT = (
    "MessageSid",
    "SmsSid",
    "MessageStatus",
    "SmsStatus",
    "ErrorCode",
    "From",
    "To",
    "Body",
    "OptOutType",
    "NumMedia",
)


def store_report(form: Mapping[str, str]) -> bool:
    """A delivery report. False when the same one was stored before."""
    sid, status = (
        form.get("MessageSid") or form.get("SmsSid", ""),
        form.get("MessageStatus") or form.get("SmsStatus", ""),
    )
    return _store(f"status:{sid}:{status}", form)


def store_message(form: Mapping[str, str]) -> bool:
    """A short message of a guest. False when the same one was stored before."""
    return _store(f"sms:{form.get('MessageSid') or form.get('SmsSid', '')}", form)


def _store(event_id: str, form: Mapping[str, str]) -> bool:
    payload = {name: form[name][:MOST_CHARACTERS] for name in KEPT if name in form}
    statement = (
        insert(WebhookEvent)
        .values(provider=PROVIDER, event_id=event_id[:200], payload=payload, received_at=now())
        .on_conflict_do_nothing(index_elements=["provider", "event_id"])
        .returning(WebhookEvent.id)
    )
    stored = db.session.scalar(statement)
    if stored is not None:
        outbox.enqueue(TAKE_EVENT, {"webhook_event_id": stored})
    return stored is not None


def waiting_reports(provider_id: str) -> Sequence[WebhookEvent]:
    """Reports that came in before we knew the provider's id of their message."""
    query = select(WebhookEvent).where(
        WebhookEvent.provider == PROVIDER, WebhookEvent.handled_at.is_(None),
        WebhookEvent.event_id.startswith(f"status:{provider_id}:", autoescape=True),
    )  # fmt: skip
    return db.session.scalars(query.order_by(WebhookEvent.id)).all()


def take_message(form: Mapping[str, Any]) -> None:
    """Keep what a guest wrote with the stay whose number it is; mark or unmark a number that said STOP or START."""
    number = as_e164(str(form.get("From", "")))
    if number is None:
        return
    stay = stay_of_number(number)
    word = keyword(str(form.get("Body", ""))) or str(form.get("OptOutType", "")).lower()
    stop = db.session.scalars(select(Message).where(Message.key.in_(stop_keys(number)))).one_or_none()
    if word == "start" and stop is not None:
        stop.key = None
        db.session.flush()
    message = Message(
        hotel_id=stay.hotel_id if stay else None, reservation_id=stay.id if stay else None, channel="sms",
        direction="in", template=word if word in ("stop", "start") else "", recipient=number,
        key=stop_keys(number)[0] if word == "stop" and stop is None else None, body=str(form.get("Body", "")),
        state="delivered", provider_id=str(form.get("MessageSid", "")) or None, delivered_at=now(),
        created_by="Guest", language=stay.guest_language if stay else "en",
    )  # fmt: skip
    db.session.add(message)
    db.session.flush()
    if stay is not None:
        events.publish(stay.hotel_id, "message-received", {"booking_id": stay.booking_id, "message_id": message.id})


def stay_of_number(number: str) -> Reservation | None:
    """The stay that a message from this number is about: the one nearest to today among those that are not over or called off."""
    query = select(Reservation, Hotel).join(Hotel, Hotel.id == Reservation.hotel_id)
    query = query.where(_holds_number(number), Reservation.status.in_(("CONFIRMED", "CHECKED_IN", "COMPLETED")))
    found = [
        (stay, hotel.business_date())
        for stay, hotel in db.session.execute(query.order_by(Reservation.id.desc()).limit(50)).all()
        if as_e164(stay.guest_phone, hotel.country) == number
    ]
    in_house_first = sorted(found, key=lambda p: (p[0].status != "CHECKED_IN", abs((p[0].check_in - p[1]).days)))
    return in_house_first[0][0] if in_house_first else None


def _holds_number(number: str) -> ColumnElement[bool]:
    """The stays that are found by the last digits of the number, in groups of any length: the exact comparison follows."""
    ring = encryption.keyring()
    groups = ([number[-4:]], [number[-3:]], [number[-2:], number[-4:-2]])
    wanted = [list(hashes) for group in groups for hashes in zip(*map(ring.index_any, group), strict=True)]
    return or_(*(Reservation.search_tokens.contains(hashes) for hashes in wanted))

"""The way of a message from `queued` to `delivered` or `failed`, and what the providers report back.

Mail may be repeated (its Message-ID stays the same); a short message may not: once its sending has begun and the outcome is
lost, it stays in `sending` with a fault, and a person decides.
"""

from __future__ import annotations

import base64
import datetime as dt
from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import or_, select

from webapp.core import events, wiring
from webapp.core.clock import now
from webapp.core.database import db
from webapp.models import Hotel, Message, Reservation, WebhookEvent
from webapp.operations import services as operations

from . import inbound
from .ports import Attachment, MailSender, OutgoingMail, SendError, SmsSender
from .rendering import callback_url

GIVE_UP_AFTER = dt.timedelta(hours=24)
FIRST_PAUSE, LONGEST_PAUSE = dt.timedelta(seconds=30), dt.timedelta(minutes=30)
REMIND_FROM, REMIND_UNTIL = dt.time(10), dt.time(20)  # hotel time
STATUS_CALLBACK = "/hooks/twilio/status"


def begin(message_id: int) -> Message | None:
    """Move a message to `sending`. None when there is nothing to send, or when nobody knows whether it went out."""
    message = _locked(message_id)
    if message.direction != "out" or message.state not in ("queued", "sending"):
        return None
    if message.state == "sending" and message.channel == "sms":
        if message.fault is None and message.provider_id is None:
            _note_unknown(message, "interrupted: The sending was interrupted; the message may have gone out")
        return None
    message.state, message.fault = "sending", None
    db.session.flush()
    return message


def hand_over(message: Message) -> str:
    """Give the message to its provider; the provider's id. Raises SendError and NotWired."""
    if message.channel == "sms":
        sender = wiring.resolve(SmsSender)  # type: ignore[type-abstract]
        return sender.send(message.recipient, message.body, callback_url(STATUS_CALLBACK)).sid
    return wiring.resolve(MailSender).send(_as_mail(message))  # type: ignore[type-abstract]


def _as_mail(message: Message) -> OutgoingMail:
    hotel = db.session.get(Hotel, message.hotel_id) if message.hotel_id is not None else None
    return OutgoingMail(
        to=message.recipient, subject=message.subject or "", text=message.body, html=message.html,
        from_name=hotel.name if hotel else "", reply_to=hotel.email if hotel else "", language=message.language,
        message_key=f"message:{message.id}",
        attachments=tuple(
            Attachment(a["filename"], a["media_type"], base64.b64decode(a["content"]))
            for a in (message.extras or {}).get("attachments", ())
        ),
    )  # fmt: skip


def mark_sent(message_id: int, provider_id: str) -> None:
    """The provider took it. A report of delivery may have come in earlier; it stands."""
    message = _locked(message_id)
    message.provider_id = provider_id
    message.sent_at = message.sent_at or now()
    if message.state == "sending":
        message.state, message.fault = "sent", None
    _told(message)
    for event in inbound.waiting_reports(provider_id):
        take_event(event.id)


def mark_failed(message_id: int, error: SendError) -> None:
    """It will not arrive: the board says so."""
    message = _locked(message_id)
    message.state, message.fault = "failed", f"{error.code}: {error.message}"
    _alert(message, "message_failed")
    _told(message)


def mark_unknown(message_id: int, error: SendError) -> None:
    """It may have gone out; a person decides whether to send it again."""
    _note_unknown(_locked(message_id), f"{error.code}: {error.message}")


def _note_unknown(message: Message, fault: str) -> None:
    message.fault = fault
    _alert(message, "message_unknown")
    _told(message)


def put_back(message_id: int, error: SendError) -> None:
    message = _locked(message_id)
    message.state, message.fault = "queued", f"{error.code}: {error.message}"
    db.session.flush()


def is_too_old(message: Message) -> bool:
    return now() - message.created_at > GIVE_UP_AFTER


def pause_before_retry(message: Message) -> dt.timedelta:
    """The longer it has waited, the longer the next pause."""
    return min(max(FIRST_PAUSE, (now() - message.created_at) / 2), LONGEST_PAUSE)


def flag_stuck(older_than: dt.timedelta) -> None:
    """Short messages whose sending began and never ended."""
    query = select(Message).where(
        Message.channel == "sms", Message.state == "sending", Message.fault.is_(None),
        Message.created_at < now() - older_than, Message.created_at > now() - GIVE_UP_AFTER,
    )  # fmt: skip
    for message in db.session.scalars(query.with_for_update(skip_locked=True)):
        _note_unknown(message, "interrupted: The sending was interrupted; the message may have gone out")


def take_event(webhook_event_id: int) -> None:
    """Do what a stored event says, once."""
    event = db.session.get(WebhookEvent, webhook_event_id, with_for_update=True, populate_existing=True)
    if event is None or event.handled_at is not None:
        return
    if event.event_id.startswith("sms:"):
        inbound.take_message(event.payload)
    elif not _take_report(event.payload):
        return  # the message has no provider id yet: `mark_sent` comes back to it
    event.handled_at = now()
    db.session.flush()


def _take_report(report: dict[str, Any]) -> bool:
    """A delivery report; False when we do not know its message. Reports may come in any order: a later state is never undone."""
    query = select(Message).where(Message.provider_id == report.get("MessageSid", ""), Message.channel == "sms")
    message = db.session.scalars(query.with_for_update()).one_or_none()
    if message is None:
        return False
    status = report.get("MessageStatus") or report.get("SmsStatus")
    if status == "delivered":
        message.state, message.fault = "delivered", None
        message.delivered_at = message.delivered_at or now()
        if message.hotel_id is not None:
            operations.resolve_alert(message.hotel_id, f"message:{message.id}")
    elif status in ("undelivered", "failed", "canceled") and message.state != "delivered":
        message.state, message.fault = "failed", f"{report.get('ErrorCode') or status}: {status}"
        _alert(message, "message_failed")
    elif status in ("sent", "sending", "queued", "accepted") and message.state == "sending":
        message.state = "sent"
    _told(message)
    return True


def due_reminders() -> Sequence[int]:
    """Stays that arrive tomorrow, in hotels where it is daytime, that were not reminded for this date."""
    due: list[int] = []
    for hotel in db.session.scalars(select(Hotel)):
        clock = now().astimezone(ZoneInfo(hotel.timezone)).time()
        if not REMIND_FROM <= clock < REMIND_UNTIL:
            continue
        tomorrow = hotel.business_date() + dt.timedelta(days=1)
        was_reminded = (
            select(Message.id)
            .where(Message.reservation_id == Reservation.id, Message.key.startswith("reminder:"))
            .where(Message.created_at > now() - dt.timedelta(days=2))
        )
        query = select(Reservation.id).where(
            Reservation.hotel_id == hotel.id, Reservation.status == "CONFIRMED", Reservation.check_in == tomorrow,
            or_(Reservation.guest_email.is_not(None), Reservation.guest_phone.is_not(None)), ~was_reminded.exists(),
        )  # fmt: skip
        due += db.session.scalars(query).all()
    return due


def _locked(message_id: int) -> Message:
    return db.session.get_one(Message, message_id, with_for_update=True, populate_existing=True)


def _alert(message: Message, kind: str) -> None:
    if message.hotel_id is not None:
        operations.raise_alert(
            message.hotel_id, kind, f"message:{message.id}",
            {"message_id": message.id, "channel": message.channel, "template": message.template,
             "fault": message.fault},
            reservation_id=message.reservation_id,
        )  # fmt: skip


def _told(message: Message) -> None:
    db.session.flush()
    if message.hotel_id is not None:
        events.publish(message.hotel_id, "message-updated", {"message_id": message.id, "state": message.state})

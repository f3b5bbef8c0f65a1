"""What a member of the staff writes to a guest, says on the telephone, or leaves for the others."""

from __future__ import annotations

from flask_babel import gettext as _

from webapp.core import audit
from webapp.core.actor import current as current_actor
from webapp.core.clock import now
from webapp.core.database import db
from webapp.core.errors import Invalid
from webapp.models import Hotel, Message, Reservation
from webapp.stays.records import tell_boards

from .queueing import queue_mail, queue_sms


def communicate(stay: Reservation, channel: str, body: str, *, subject: str = "", direction: str = "out") -> Message:
    """Send a mail or a short message to the guest, or keep a phone call or a note. Raises Invalid NO_ADDRESS."""
    if channel == "mail":
        message = _mail(stay, subject, body)
    elif channel == "sms":
        message = _sms(stay, body)
    else:
        message = _kept(stay, channel, body, direction if channel == "phone" else "out")
    audit.record(stay.hotel_id, _ACTIONS[channel], stay, after={"channel": channel, "direction": message.direction})
    tell_boards(stay)
    return message


_ACTIONS = {"mail": "mail_written", "sms": "sms_written", "phone": "phone_call_noted", "note": "note_added"}


def _mail(stay: Reservation, subject: str, body: str) -> Message:
    hotel = db.session.get_one(Hotel, stay.hotel_id)
    message = queue_mail(
        hotel_id=stay.hotel_id, recipient=stay.guest_email, language=stay.guest_language,
        template="messaging/emails/letter", reservation_id=stay.id,
        context={"hotel": hotel, "body": body, "subject": " ".join(subject.split()) or _("Your stay at %(hotel)s", hotel=hotel.name)},
    )  # fmt: skip
    if message is None:
        raise Invalid(_("The guest has no e-mail address. Add one first."), "NO_ADDRESS", field="channel")
    return message


def _sms(stay: Reservation, body: str) -> Message:
    message = queue_sms(
        hotel_id=stay.hotel_id, recipient=stay.guest_phone, language=stay.guest_language,
        template="messaging/sms/letter", reservation_id=stay.id, context={"body": body},
    )  # fmt: skip
    if message is None:
        raise Invalid(
            _("The guest has no mobile number that we may write to, or no SMS service is set up."), "NO_ADDRESS",
            field="channel",
        )  # fmt: skip
    return message


def _kept(stay: Reservation, channel: str, body: str, direction: str) -> Message:
    message = Message(
        hotel_id=stay.hotel_id, reservation_id=stay.id, channel=channel, direction=direction, state="sent", body=body,
        recipient=(stay.guest_phone or "") if channel == "phone" else "", created_by=current_actor().label, sent_at=now(),
    )  # fmt: skip
    db.session.add(message)
    db.session.flush()
    return message

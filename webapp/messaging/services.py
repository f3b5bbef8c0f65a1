"""Messages to guests and staff: written once, sent once, and their state kept."""

from __future__ import annotations

from flask_babel import gettext as _

from webapp.core import outbox
from webapp.core.database import db
from webapp.core.errors import Conflict
from webapp.core.tenancy import one_of_hotel
from webapp.models import Message
from webapp.operations import services as operations

from . import announcements
from .questions import ask, can_write_sms
from .queueing import DELIVER, has_stopped, queue_mail, queue_sms

__all__ = [
    "ask",
    "can_write_sms",
    "has_stopped",
    "queue_mail",
    "queue_sms",
    "resend",
    "send_checkin_link",
    "send_door_codes",
    "send_reminder",
    "tell_guest_of_change",
]


def tell_guest_of_change(reservation_id: int, action: str) -> None:
    """Write what the stay, as it is now, calls for: a check-in link, new dates, a cancellation. Safe to call any number of times."""
    announcements.tell(reservation_id)


def send_door_codes(reservation_id: int) -> bool:
    """Write the door codes of a stay to its guest, once they are verified on the locks. Says whether anything was written.

    The same codes with the same validity are written once; when the validity changes, the guest is told again.
    """
    return announcements.tell_codes(reservation_id)


def send_checkin_link(reservation_id: int) -> bool:
    """Send the check-in link once more, because somebody asked for it. False when the stay has no address."""
    return announcements.send_link_again(reservation_id)


def send_reminder(reservation_id: int) -> bool:
    """Remind a guest of tomorrow's arrival, once. False when there is nothing to say."""
    return announcements.remind(reservation_id)


def resend(hotel_id: int, message_id: int) -> Message:
    """Send again what failed, or what got stuck on its way. Raises Conflict for a message that is not in such a state."""
    message = one_of_hotel(Message, hotel_id, lock=True, id=message_id)
    is_stuck = message.state == "sending" and message.fault is not None
    if message.direction != "out" or not (message.state == "failed" or is_stuck):
        raise Conflict(_("This message is on its way or has arrived; it is not sent again."), "NOT_RESENDABLE")
    message.state, message.fault, message.provider_id = "queued", None, None
    db.session.flush()
    operations.resolve_alert(hotel_id, f"message:{message.id}")
    outbox.enqueue(DELIVER, {"message_id": message.id}, hotel_id=hotel_id, key=f"message:{message.id}")
    return message

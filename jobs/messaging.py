"""Delivers messages, one at a time, and takes in what the SMS provider tells about them."""

from __future__ import annotations

import datetime as dt

import structlog

from webapp.core import outbox, wiring
from webapp.core.transaction import transaction
from webapp.messaging import delivery
from webapp.messaging import services as messaging
from webapp.messaging.ports import SendFailed, SendRejected
from webapp.models import Message

from .runner import each, job_context

log = structlog.get_logger(__name__)


def deliver(message_id: int) -> None:
    """Hand a queued message to its provider. The state is committed before and after, so that a crash between leaves a trace."""
    with transaction():
        message = delivery.begin(message_id)
    if message is None:
        return
    try:
        provider_id = delivery.hand_over(message)
    except SendRejected as error:
        log.info("message_rejected", channel=message.channel, code=error.code)
        with transaction():
            delivery.mark_failed(message_id, error)
    except wiring.NotWired as error:
        with transaction():
            delivery.mark_failed(message_id, SendRejected("not_configured", f"{error} is not configured"))
    except SendFailed as error:
        _after_failure(message, error)
    else:
        with transaction():
            delivery.mark_sent(message_id, provider_id)


def _after_failure(message: Message, error: SendFailed) -> None:
    """Later again, unless the message may be out already and cannot be told from its repetition, or it has waited for a day."""
    log.info("message_not_sent", channel=message.channel, code=error.code, maybe=error.may_have_been_sent)
    if message.channel == "sms" and error.may_have_been_sent:
        with transaction():
            delivery.mark_unknown(message.id, error)
        return
    if delivery.is_too_old(message):
        with transaction():
            delivery.mark_failed(message.id, error)
        return
    with transaction():
        delivery.put_back(message.id, error)
    raise outbox.RetryLater(delivery.pause_before_retry(message), f"{error.code}: {error.message}")


def send_door_codes(reservation_id: int) -> None:
    """Write the door codes of a stay to its guest, once all are verified."""
    with transaction():
        messaging.send_door_codes(reservation_id)


def take_event(webhook_event_id: int) -> None:
    """Do what a stored event of the SMS provider says."""
    with transaction():
        delivery.take_event(webhook_event_id)


def remind_arrivals() -> None:
    """Recurring: by daylight of the day before, remind guests who have not checked in online."""
    with job_context():
        each("reminders", delivery.due_reminders(), messaging.send_reminder)


def watch_unsent() -> None:
    """Recurring: a message that has been on its way for too long is shown to the staff."""
    with job_context(), transaction():
        delivery.flag_stuck(dt.timedelta(minutes=10))

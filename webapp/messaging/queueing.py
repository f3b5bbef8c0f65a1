"""Makes messages: each is written once and sent after the commit.

A message is a row of the transaction that calls for it; `jobs.messaging.deliver` sends it after the commit. A `key` names what
the message is about: the same one is never made twice.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from webapp.core import actor, encryption, outbox, wiring
from webapp.core.clock import now
from webapp.core.database import db
from webapp.models import Hotel, Message

from .domain import as_e164, language_of
from .ports import SmsSender
from .rendering import Words, mail_words, sms_words

DELIVER = "jobs.messaging.deliver"


def queue_mail(
    *,
    hotel_id: int | None,
    recipient: str | None,
    language: str | None,
    template: str,
    context: dict[str, Any],
    key: str | None = None,
    reservation_id: int | None = None,
    extras: dict[str, Any] | None = None,
) -> Message | None:
    """Write a mail in the reader's language and have it sent once this transaction is committed.

    `template`: "<feature>/emails/<name>", with an `.html` and a `.txt`. None when there is no address, or `key` was used before.
    """
    address = (recipient or "").strip()
    if "@" not in address:
        return None
    spoken = language_of(language)
    words = mail_words(template, spoken, _hotel(hotel_id), context)
    return _queue("mail", hotel_id, reservation_id, address, spoken, template, words, key, extras)


def queue_sms(
    *,
    hotel_id: int | None,
    recipient: str | None,
    language: str | None,
    template: str,
    context: dict[str, Any],
    key: str | None = None,
    reservation_id: int | None = None,
    extras: dict[str, Any] | None = None,
) -> Message | None:
    """The same as a short message. `template`: "<feature>/sms/<name>", a `.txt`.

    None when SMS is not set up, the number is none or has said STOP, or `key` was used before.
    """
    hotel = _hotel(hotel_id)
    number = as_e164(recipient, hotel.country if hotel else "")
    if number is None or not wiring.is_bound(SmsSender) or has_stopped(number):
        return None
    spoken = language_of(language)
    words = sms_words(template, spoken, hotel, context)
    return _queue("sms", hotel_id, reservation_id, number, spoken, template, words, key, extras)


def _hotel(hotel_id: int | None) -> Hotel | None:
    return db.session.get(Hotel, hotel_id) if hotel_id is not None else None


def _queue(
    channel: str,
    hotel_id: int | None,
    reservation_id: int | None,
    recipient: str,
    language: str,
    template: str,
    words: Words,
    key: str | None,
    extras: dict[str, Any] | None,
) -> Message | None:
    values = {
        "channel": channel, "hotel_id": hotel_id, "reservation_id": reservation_id, "recipient": recipient,
        "language": language, "template": template.rpartition("/")[2], "subject": words.subject or None,
        "body": words.text, "html": words.html, "key": key, "extras": extras, "direction": "out", "state": "queued",
        "created_by": actor.current().label, "created_at": now(),
    }  # fmt: skip
    statement = insert(Message).values(values).on_conflict_do_nothing(index_elements=["key"]).returning(Message)
    message = db.session.scalars(statement).one_or_none()
    if message is not None:
        outbox.enqueue(DELIVER, {"message_id": message.id}, hotel_id=hotel_id, key=f"message:{message.id}")
    return message


def stop_keys(number: str) -> list[str]:
    """Keys of the inbound message by which a number said STOP, under every encryption key."""
    return [f"sms-stop:{index}" for index in encryption.keyring().index_any(number)]


def has_stopped(number: str) -> bool:
    """Whether the owner of this E.164 number asked us to write no more."""
    return db.session.scalar(select(Message.id).where(Message.key.in_(stop_keys(number)))) is not None

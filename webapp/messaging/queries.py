"""Reads of messages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Select, select
from sqlalchemy.orm import defer

from webapp.core.database import db
from webapp.core.errors import NotFound
from webapp.models import Message, Reservation

PAGE = 50


@dataclass(frozen=True)
class MessageView:
    """A message with the booking it belongs to."""

    message: Message
    booking_id: str | None
    guest_name: str | None

    @property
    def is_resendable(self) -> bool:
        stuck = self.message.state == "sending" and self.message.fault is not None
        return self.message.direction == "out" and (self.message.state == "failed" or stuck)


def messages_of_stay(reservation_id: int) -> Sequence[Message]:
    """Everything written to and by the guest of a stay, oldest first."""
    return db.session.scalars(
        select(Message).where(Message.reservation_id == reservation_id).order_by(Message.id)
    ).all()


def latest_messages(hotel_id: int, before: int | None = None, state: str | None = None) -> list[MessageView]:
    """A page of the hotel's messages and one more, newest first; `before`: those older than this id.

    `state`: failed, sending (queued as well), inbound, or None for all.
    """
    query = _views(hotel_id).options(defer(Message.html), defer(Message.body), defer(Message.extras))
    if before is not None:
        query = query.where(Message.id < before)
    if state == "inbound":
        query = query.where(Message.direction == "in")
    elif state is not None:
        states = ("queued", "sending") if state == "sending" else (state,)
        query = query.where(Message.direction == "out", Message.state.in_(states))
    return [MessageView(*row) for row in db.session.execute(query.order_by(Message.id.desc()).limit(PAGE + 1))]


def message_of(hotel_id: int, message_id: int) -> MessageView:
    """Raises NotFound."""
    row = db.session.execute(_views(hotel_id).where(Message.id == message_id)).one_or_none()
    if row is None:
        raise NotFound("There is no such message in this hotel.")
    return MessageView(*row)


def _views(hotel_id: int) -> Select[Message, str | None, str | None]:
    """What is written to and by guests. An invitation to the team is a key to an account: only its reader may see it."""
    return (
        select(Message, Reservation.booking_id, Reservation.guest_name)
        .outerjoin(Reservation, Reservation.id == Message.reservation_id)
        .where(Message.hotel_id == hotel_id, Message.channel.in_(("mail", "sms")))
        .where(Message.reservation_id.is_not(None) | (Message.direction == "in"))
    )

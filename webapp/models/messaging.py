"""Messages to guests and staff, with what became of each."""

from __future__ import annotations

from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from webapp.core.clock import now
from webapp.core.database import Base, Id, Instant, Short
from webapp.core.encryption import EncryptedJSON, EncryptedText

MESSAGE_STATES = ("queued", "sending", "sent", "delivered", "failed")


class Message(Base):
    __tablename__ = "message"
    __table_args__ = (
        ForeignKeyConstraint(["hotel_id", "reservation_id"], ["reservation.hotel_id", "reservation.id"]),
        CheckConstraint("channel IN ('mail', 'sms', 'whatsapp', 'phone', 'note')", "channel"),
        CheckConstraint("direction IN ('out', 'in')", "direction"),
        CheckConstraint(f"state IN {MESSAGE_STATES!r}", "state"),
        Index("ix_message_reservation", "reservation_id", "id"),
        Index("ix_message_hotel", "hotel_id", "id"),
    )

    id: Mapped[Id]
    hotel_id: Mapped[int | None] = mapped_column(ForeignKey("hotel.id"))
    reservation_id: Mapped[int | None]
    channel: Mapped[str] = mapped_column(Short)
    direction: Mapped[str] = mapped_column(Short, default="out")
    template: Mapped[str] = mapped_column(Short, default="")
    key: Mapped[str | None] = mapped_column(unique=True)  # the same message is never made twice
    language: Mapped[str] = mapped_column(String(5), default="en")
    recipient: Mapped[str] = mapped_column(EncryptedText)
    subject: Mapped[str | None] = mapped_column(EncryptedText)
    body: Mapped[str] = mapped_column(EncryptedText)
    html: Mapped[str | None] = mapped_column(EncryptedText)
    extras: Mapped[Any | None] = mapped_column(EncryptedJSON)  # attachments and the like
    state: Mapped[str] = mapped_column(Short, default="queued")
    provider_id: Mapped[str | None] = mapped_column(index=True)
    fault: Mapped[str | None]
    created_by: Mapped[str] = mapped_column(default="")
    created_at: Mapped[Instant] = mapped_column(default=now)
    sent_at: Mapped[Instant | None]
    delivered_at: Mapped[Instant | None]


class WebhookEvent(Base):
    """An inbound event of a provider, stored under its own id before anything is done about it."""

    __tablename__ = "webhook_event"
    __table_args__ = (Index("uq_webhook_event_provider_event", "provider", "event_id", unique=True),)

    id: Mapped[Id]
    provider: Mapped[str] = mapped_column(Short)
    event_id: Mapped[str]
    payload: Mapped[Any] = mapped_column(EncryptedJSON)
    received_at: Mapped[Instant] = mapped_column(default=now)
    handled_at: Mapped[Instant | None]

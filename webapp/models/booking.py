"""Offers that are kept to the cent, and the answers that a repeated request gets again."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from webapp.core.clock import now
from webapp.core.database import Base, Id, Instant, Short
from webapp.core.encryption import EncryptedJSON


class Quote(Base):
    """A price that the hotel stands by until `expires_at`. It makes one booking."""

    __tablename__ = "quote"
    __table_args__ = (
        ForeignKeyConstraint(["hotel_id", "room_type_id"], ["room_type.hotel_id", "room_type.id"]),
        ForeignKeyConstraint(["hotel_id", "used_by"], ["reservation.hotel_id", "reservation.id"]),
        CheckConstraint("check_out > check_in", "dates"),
        CheckConstraint("total = subtotal + taxes", "adds_up"),
        Index("ix_quote_expires_at", "expires_at"),
    )

    id: Mapped[Id]
    token: Mapped[str] = mapped_column(Short, unique=True)  # `quote_id` of the JSON API; cannot be guessed
    hotel_id: Mapped[int] = mapped_column(ForeignKey("hotel.id"))
    room_type_id: Mapped[int]
    check_in: Mapped[dt.date]
    check_out: Mapped[dt.date]
    adults: Mapped[int]
    children: Mapped[int] = mapped_column(default=0)
    promo_code: Mapped[str] = mapped_column(Short, default="")
    referral_code: Mapped[str] = mapped_column(Short, default="")
    currency: Mapped[str] = mapped_column(String(3))
    lines: Mapped[list[Any]]  # [{kind, description, date?, amount}]: sums to `total`
    subtotal: Mapped[Decimal]
    taxes: Mapped[Decimal]
    total: Mapped[Decimal]
    terms: Mapped[dict[str, Any]] = mapped_column(default=dict)  # cancellation and deposit as they were offered
    created_at: Mapped[Instant] = mapped_column(default=now)
    expires_at: Mapped[Instant]
    used_by: Mapped[int | None]


class IdempotencyKey(Base):
    """What a client was answered under a key of its own, so that a repeated request changes nothing."""

    __tablename__ = "idempotency_key"
    __table_args__ = (UniqueConstraint("hotel_id", "key_hash"), Index("ix_idempotency_key_created_at", "created_at"))

    id: Mapped[Id]
    hotel_id: Mapped[int] = mapped_column(ForeignKey("hotel.id"))
    key_hash: Mapped[bytes]
    request_hash: Mapped[bytes]
    response: Mapped[Any | None] = mapped_column(EncryptedJSON)  # None only inside the transaction that makes it
    created_at: Mapped[Instant] = mapped_column(default=now)

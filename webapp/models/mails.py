"""Mailboxes that receive the booking sites' mails, and what each of those mails told."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from webapp.core.clock import now
from webapp.core.database import Base, Id, Instant, Short
from webapp.core.encryption import EncryptedJSON

MAIL_STATES = ("waiting", "matched", "noted", "refused", "over")


class MailAccount(Base):
    """One mailbox of a hotel, read from where the last reading ended."""

    __tablename__ = "mail_account"
    __table_args__ = (
        UniqueConstraint("hotel_id", "id"),
        CheckConstraint("kind IN ('gmail', 'imap')", "kind"),
        Index("ix_mail_account_active", "id", postgresql_where=text("is_active")),
    )

    id: Mapped[Id]
    hotel_id: Mapped[int] = mapped_column(ForeignKey("hotel.id"))
    kind: Mapped[str] = mapped_column(Short)
    secrets: Mapped[Any] = mapped_column(EncryptedJSON)  # server, name and password, or the refresh token
    receiver: Mapped[str] = mapped_column(
        default=""
    )  # whose Authentication-Results count, where the provider is unknown
    must_be_authentic: Mapped[bool] = mapped_column(default=True)
    is_active: Mapped[bool] = mapped_column(default=True)
    cursor: Mapped[str | None] = mapped_column(Text)
    last_read_at: Mapped[Instant | None]
    failing_since: Mapped[Instant | None]
    fault_kind: Mapped[str | None] = mapped_column(Short)
    fault_message: Mapped[str | None]
    watched_until: Mapped[Instant | None]  # Gmail tells of new mails until then
    created_at: Mapped[Instant] = mapped_column(default=now)


class ChannelMail(Base):
    """A mail about a booking, kept once. One that no stay answers to waits until a feed or a file brings the stay."""

    __tablename__ = "channel_mail"
    __table_args__ = (
        UniqueConstraint("account_id", "key"),
        ForeignKeyConstraint(["hotel_id", "account_id"], ["mail_account.hotel_id", "mail_account.id"], ondelete="CASCADE"),
        ForeignKeyConstraint(["hotel_id", "reservation_id"], ["reservation.hotel_id", "reservation.id"]),
        CheckConstraint(f"state IN {MAIL_STATES!r}", "state"),
        Index("ix_channel_mail_waiting", "next_try_at", postgresql_where=text("state = 'waiting'")),
        Index("ix_channel_mail_newest", "hotel_id", "id"),
        Index("ix_channel_mail_message", "hotel_id", "message_id"),
    )  # fmt: skip

    id: Mapped[Id]
    hotel_id: Mapped[int]
    account_id: Mapped[int]
    key: Mapped[str]  # of the mailbox
    message_id: Mapped[str] = mapped_column(default="")
    provider: Mapped[str] = mapped_column(Short, default="")
    kind: Mapped[str] = mapped_column(Short, default="")
    trust: Mapped[str] = mapped_column(Short, default="")
    reference: Mapped[str] = mapped_column(Short, default="")
    arrival: Mapped[dt.date | None]
    sent_at: Mapped[Instant | None]
    facts: Mapped[Any | None] = mapped_column(EncryptedJSON)
    state: Mapped[str] = mapped_column(Short)
    code: Mapped[str] = mapped_column(Short, default="")  # why it is in this state
    reservation_id: Mapped[int | None]
    tries: Mapped[int] = mapped_column(default=0)
    next_try_at: Mapped[Instant | None]
    created_at: Mapped[Instant] = mapped_column(default=now)

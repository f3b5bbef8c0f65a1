"""Calendar feeds, what they said (snapshots), what we know of each of their items, and every decision made from them."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.core.clock import now
from webapp.core.database import Base, Id, Instant, Short
from webapp.core.encryption import EncryptedJSON, EncryptedText

from .hotel import Hotel, Room

PROVIDERS = ("booking", "airbnb", "vrbo", "expedia", "ical")


class Feed(Base):
    """One calendar of one room at one provider."""

    __tablename__ = "feed"
    __table_args__ = (
        UniqueConstraint("hotel_id", "id"),
        ForeignKeyConstraint(["hotel_id", "room_id"], ["room.hotel_id", "room.id"]),
        CheckConstraint(f"provider IN {PROVIDERS!r}", "provider"),
        Index("ix_feed_active", "id", postgresql_where=text("is_active")),
        Index("ix_feed_room", "room_id"),
    )

    id: Mapped[Id]
    hotel_id: Mapped[int] = mapped_column(ForeignKey("hotel.id"))
    room_id: Mapped[int]
    provider: Mapped[str] = mapped_column(Short)
    url: Mapped[str] = mapped_column(EncryptedText)  # holds a secret
    is_active: Mapped[bool] = mapped_column(default=True)
    etag: Mapped[str | None]
    last_modified: Mapped[str | None]
    content_hash: Mapped[bytes | None]  # of the last good answer, DTSTAMP ignored
    event_count: Mapped[int | None]
    last_changed_at: Mapped[Instant | None]  # the last good answer that said something new
    last_success_at: Mapped[Instant | None]  # written with changes; unchanged answers are noted in Redis
    failing_since: Mapped[Instant | None]
    failures: Mapped[int] = mapped_column(default=0)
    fault_kind: Mapped[str | None] = mapped_column(Short)
    fault_message: Mapped[str | None]  # in English, as it was when it was written down
    fault_details: Mapped[dict[str, Any] | None]  # {"code": …, and what its sentence is filled with}
    created_at: Mapped[Instant] = mapped_column(default=now)

    room: Mapped[Room] = relationship(viewonly=True, primaryjoin="Feed.room_id == Room.id", foreign_keys="Feed.room_id")
    hotel: Mapped[Hotel] = relationship(viewonly=True)


class FeedSnapshot(Base):
    """The bytes that a feed served, once for each content."""

    __tablename__ = "feed_snapshot"
    __table_args__ = (
        ForeignKeyConstraint(["hotel_id", "feed_id"], ["feed.hotel_id", "feed.id"], ondelete="CASCADE"),
        UniqueConstraint("feed_id", "content_hash"),
    )

    id: Mapped[Id]
    hotel_id: Mapped[int]
    feed_id: Mapped[int]
    content_hash: Mapped[bytes]
    body: Mapped[bytes]  # compressed with zlib
    event_count: Mapped[int]
    first_seen_at: Mapped[Instant] = mapped_column(default=now)
    last_seen_at: Mapped[Instant] = mapped_column(default=now)


class FeedItem(Base):
    """One stay, block or rule as a feed tells it, over all its snapshots."""

    __tablename__ = "feed_item"
    __table_args__ = (
        ForeignKeyConstraint(["hotel_id", "feed_id"], ["feed.hotel_id", "feed.id"], ondelete="CASCADE"),
        ForeignKeyConstraint(["hotel_id", "reservation_id"], ["reservation.hotel_id", "reservation.id"]),
        ForeignKeyConstraint(["hotel_id", "block_id"], ["room_block.hotel_id", "room_block.id"]),
        CheckConstraint("kind IN ('stay', 'block', 'rule', 'echo', 'unknown')", "kind"),
        CheckConstraint("state IN ('present', 'missing', 'suspected', 'cancelled', 'ended')", "state"),
        Index("ix_feed_item_open", "feed_id", postgresql_where=text("state IN ('present', 'missing', 'suspected')")),
        Index("ix_feed_item_reservation", "reservation_id"),
    )

    id: Mapped[Id]
    hotel_id: Mapped[int]
    feed_id: Mapped[int]
    kind: Mapped[str] = mapped_column(Short)
    state: Mapped[str] = mapped_column(Short, default="present")
    uid: Mapped[str]
    reference: Mapped[str | None] = mapped_column(Short)
    starts_on: Mapped[dt.date]  # as first told; a roll at midnight does not move it
    ends_on: Mapped[dt.date]
    details: Mapped[Any | None] = mapped_column(EncryptedJSON)  # {"name": …, "phone_last4": …, "summary": …}
    reservation_id: Mapped[int | None]
    block_id: Mapped[int | None]
    misses: Mapped[int] = mapped_column(default=0)
    missing_since: Mapped[Instant | None]
    first_seen_at: Mapped[Instant] = mapped_column(default=now)
    changed_at: Mapped[Instant] = mapped_column(default=now)


class FeedReading(Base):
    """A reading of a feed that brought news or failed. Those that found everything as it was are noted in Redis only."""

    __tablename__ = "feed_reading"
    __table_args__ = (
        ForeignKeyConstraint(["hotel_id", "feed_id"], ["feed.hotel_id", "feed.id"], ondelete="CASCADE"),
        CheckConstraint("outcome IN ('changed', 'failed')", "outcome"),
        Index("ix_feed_reading_feed", "feed_id", "at"),
    )

    id: Mapped[Id]
    hotel_id: Mapped[int]
    feed_id: Mapped[int]
    at: Mapped[Instant] = mapped_column(default=now)
    outcome: Mapped[str] = mapped_column(Short)
    milliseconds: Mapped[int]
    event_count: Mapped[int | None]
    decisions: Mapped[dict[str, Any]] = mapped_column(default=dict)  # kind → how many
    fault: Mapped[dict[str, Any] | None]  # {"code": …, "message": …, and what its sentence is filled with}


class ChannelDecision(Base):
    """What was concluded from a feed, and why. Append-only."""

    __tablename__ = "channel_decision"
    __table_args__ = (
        ForeignKeyConstraint(["hotel_id", "feed_id"], ["feed.hotel_id", "feed.id"], ondelete="CASCADE"),
        Index("ix_channel_decision_feed", "feed_id", "id"),
        Index("ix_channel_decision_reservation", "reservation_id"),
    )

    id: Mapped[Id]
    hotel_id: Mapped[int]
    feed_id: Mapped[int]
    at: Mapped[Instant] = mapped_column(default=now)
    decision: Mapped[str] = mapped_column(Short)
    reservation_id: Mapped[int | None]
    uid: Mapped[str]
    reference: Mapped[str | None] = mapped_column(Short)
    starts_on: Mapped[dt.date | None]
    ends_on: Mapped[dt.date | None]
    reason: Mapped[str]  # in English
    code: Mapped[str] = mapped_column(Short, default="", server_default="")  # "" in rows older than the codes
    params: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default=text("'{}'"))

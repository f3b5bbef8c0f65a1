"""Stays that are one, stays that are not, and what is still unknown of a stay with every attempt to learn it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from webapp.core.clock import now
from webapp.core.database import Base, Id, Instant, Short
from webapp.core.encryption import EncryptedJSON

STEPS = ("mail", "upload", "guest", "none")


class StayMerge(Base):
    """Two records of one stay: `gone_id` lives on in `kept_id`, with what is needed to take them apart again."""

    __tablename__ = "stay_merge"
    __table_args__ = (
        ForeignKeyConstraint(["hotel_id", "kept_id"], ["reservation.hotel_id", "reservation.id"]),
        ForeignKeyConstraint(["hotel_id", "gone_id"], ["reservation.hotel_id", "reservation.id"]),
        CheckConstraint("kept_id <> gone_id", "two_stays"),
        Index("uq_stay_merge_gone", "gone_id", unique=True, postgresql_where=text("undone_at IS NULL")),
        Index("ix_stay_merge_kept", "kept_id"),
        Index("ix_stay_merge_newest", "hotel_id", "id"),
    )

    id: Mapped[Id]
    hotel_id: Mapped[int] = mapped_column(ForeignKey("hotel.id"))
    kept_id: Mapped[int]
    gone_id: Mapped[int]
    rule: Mapped[str] = mapped_column(Short, default="")  # why it was done by itself; "" when a person did it
    undo: Mapped[Any | None] = mapped_column(
        EncryptedJSON
    )  # both stays as they were, and what went from one to the other
    merged_at: Mapped[Instant] = mapped_column(default=now)
    merged_by: Mapped[str]
    undone_at: Mapped[Instant | None]
    undone_by: Mapped[str | None]


class DistinctStays(Base):
    """A person has said that these two are not the same stay. `first_id` is the smaller."""

    __tablename__ = "distinct_stays"
    __table_args__ = (
        UniqueConstraint("first_id", "second_id"),
        ForeignKeyConstraint(["hotel_id", "first_id"], ["reservation.hotel_id", "reservation.id"]),
        ForeignKeyConstraint(["hotel_id", "second_id"], ["reservation.hotel_id", "reservation.id"]),
        CheckConstraint("first_id < second_id", "in_order"),
        Index("ix_distinct_stays_hotel", "hotel_id"),
    )

    id: Mapped[Id]
    hotel_id: Mapped[int] = mapped_column(ForeignKey("hotel.id"))
    first_id: Mapped[int]
    second_id: Mapped[int]
    said_at: Mapped[Instant] = mapped_column(default=now)
    said_by: Mapped[str]


class Enrichment(Base):
    """What is still unknown of a stay that a channel sold, and when it is looked into again."""

    __tablename__ = "enrichment"
    __table_args__ = (
        ForeignKeyConstraint(["hotel_id", "reservation_id"], ["reservation.hotel_id", "reservation.id"]),
        CheckConstraint(f"step IN {STEPS!r}", "step"),
        Index("ix_enrichment_due", "next_try_at", postgresql_where=text("next_try_at IS NOT NULL")),
        Index("ix_enrichment_hotel", "hotel_id", "step"),
    )

    reservation_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    hotel_id: Mapped[int] = mapped_column(ForeignKey("hotel.id"))
    unknown: Mapped[list[Any]] = mapped_column(default=list)  # of FIELDS of webapp.channels.enrichment
    step: Mapped[str] = mapped_column(Short)  # what comes next
    tries: Mapped[int] = mapped_column(default=0)
    next_try_at: Mapped[Instant | None]  # None: nothing can be done by itself
    changed_at: Mapped[Instant] = mapped_column(default=now)


class EnrichmentAttempt(Base):
    """One attempt to learn more of a stay, and what it found. Append-only; field names, no values."""

    __tablename__ = "enrichment_attempt"
    __table_args__ = (
        ForeignKeyConstraint(["hotel_id", "reservation_id"], ["reservation.hotel_id", "reservation.id"]),
        Index("ix_enrichment_attempt_stay", "reservation_id", "id"),
    )

    id: Mapped[Id]
    hotel_id: Mapped[int] = mapped_column(ForeignKey("hotel.id"))
    reservation_id: Mapped[int]
    at: Mapped[Instant] = mapped_column(default=now)
    step: Mapped[str] = mapped_column(Short)  # mail, upload, guest; or who told it unasked: feed, desk
    code: Mapped[str] = mapped_column(Short)  # found, nothing, asked
    found: Mapped[list[Any]] = mapped_column(default=list)

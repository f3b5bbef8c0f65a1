"""Tasks of the house and alerts of the board."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from webapp.core.clock import now
from webapp.core.database import Base, Id, Instant, Short


class Task(Base):
    __tablename__ = "task"
    __table_args__ = (
        ForeignKeyConstraint(["hotel_id", "room_id"], ["room.hotel_id", "room.id"]),
        ForeignKeyConstraint(["hotel_id", "reservation_id"], ["reservation.hotel_id", "reservation.id"]),
        CheckConstraint("state IN ('open', 'done', 'dropped')", "state"),
        UniqueConstraint("hotel_id", "key"),
        Index("ix_task_open", "hotel_id", "due_on", postgresql_where=text("state = 'open'")),
    )

    id: Mapped[Id]
    hotel_id: Mapped[int] = mapped_column(ForeignKey("hotel.id"))
    kind: Mapped[str] = mapped_column(Short)  # "cleaning", "maintenance", "other"
    key: Mapped[str | None]  # the same task is never made twice
    title: Mapped[str]
    room_id: Mapped[int | None]
    reservation_id: Mapped[int | None]
    state: Mapped[str] = mapped_column(Short, default="open")
    due_on: Mapped[dt.date]
    created_at: Mapped[Instant] = mapped_column(default=now)
    done_at: Mapped[Instant | None]
    done_by: Mapped[str | None]


class Alert(Base):
    """Something that a person must look at. Raised once for its key, until it is resolved."""

    __tablename__ = "alert"
    __table_args__ = (
        ForeignKeyConstraint(["hotel_id", "reservation_id"], ["reservation.hotel_id", "reservation.id"]),
        CheckConstraint("severity IN ('info', 'warning', 'critical')", "severity"),
        Index("uq_alert_open", "hotel_id", "key", unique=True, postgresql_where=text("resolved_at IS NULL")),
    )

    id: Mapped[Id]
    hotel_id: Mapped[int] = mapped_column(ForeignKey("hotel.id"))
    kind: Mapped[str] = mapped_column(Short)  # names the sentence that the board shows
    key: Mapped[str] = mapped_column(Short)
    severity: Mapped[str] = mapped_column(Short, default="warning")
    details: Mapped[dict[str, Any]] = mapped_column(default=dict)  # what the sentence needs; no personal data
    reservation_id: Mapped[int | None]
    raised_at: Mapped[Instant] = mapped_column(default=now)
    resolved_at: Mapped[Instant | None]
    resolved_by: Mapped[str | None]

"""Rooms changed together so that one more stay fits; kept so that it can be undone."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ForeignKey, ForeignKeyConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column

from webapp.core.clock import now
from webapp.core.database import Base, Id, Instant


class MoveBatch(Base):
    """Moves applied at once. Each is {reservation_id, from_room_id, to_room_id, version}, with the version it left behind."""

    __tablename__ = "move_batch"
    __table_args__ = (
        ForeignKeyConstraint(["hotel_id", "reservation_id"], ["reservation.hotel_id", "reservation.id"]),
        Index("ix_move_batch_reservation", "reservation_id"),
    )

    id: Mapped[Id]
    hotel_id: Mapped[int] = mapped_column(ForeignKey("hotel.id"))
    reservation_id: Mapped[int]  # the stay that room was made for
    moves: Mapped[list[Any]]
    created_at: Mapped[Instant] = mapped_column(default=now)
    created_by: Mapped[str]
    undone_at: Mapped[Instant | None]
    undone_by: Mapped[str | None]

"""Live events: what boards and the API stream are told. Rows of the transaction, published after the commit.

The row is the truth (a reconnecting stream reads what it missed); the Redis message only makes it quick.
"""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, mapped_column

from . import redis
from .clock import now
from .database import Base, Id, Instant, Short, db
from .transaction import after_commit


class LiveEvent(Base):
    __tablename__ = "live_event"
    __table_args__ = (Index("ix_live_event_hotel", "hotel_id", "id"), Index("ix_live_event_at", "at"))

    id: Mapped[Id]
    hotel_id: Mapped[int] = mapped_column(ForeignKey("hotel.id"))
    at: Mapped[Instant] = mapped_column(default=now)
    event: Mapped[str] = mapped_column(Short)  # "booking-updated", "room-status-changed", "feed-synced" …
    data: Mapped[dict[str, Any]]
    # Ids are given before the commit: what has a lower id may come later. None in rows of an older release.
    xact: Mapped[int | None] = mapped_column(BigInteger, server_default=text("pg_current_xact_id()::text::bigint"))
    snapshot: Mapped[str | None] = mapped_column(server_default=text("pg_current_snapshot()::text"))


def channel(hotel_id: int) -> str:
    """Name of the Redis channel of a hotel."""
    return f"innkeep:live:{hotel_id}"


def last_event_id(hotel_id: int) -> int:
    """Where a stream that begins now would resume; 0 before the first event."""
    return db.session.scalar(select(func.max(LiveEvent.id)).where(LiveEvent.hotel_id == hotel_id)) or 0


def publish(hotel_id: int, event: str, data: dict[str, Any]) -> None:
    """Tell the boards of this hotel. `data` is JSON without personal data: ids, statuses, room numbers."""
    at = now()
    told = payload(data, at)
    statement = insert(LiveEvent).values(hotel_id=hotel_id, event=event, data=told, at=at).returning(LiveEvent.id)
    after_commit_tell(hotel_id, db.session.execute(statement).scalar_one(), event, told)


def payload(data: dict[str, Any], at: dt.datetime) -> dict[str, Any]:
    """What the event carries."""
    return {**data, "timestamp": at.isoformat().replace("+00:00", "Z")}


def after_commit_tell(hotel_id: int, event_id: int, event: str, told: dict[str, Any]) -> None:
    """The row is written: publish it once it is committed."""
    message = json.dumps({"id": event_id, "event": event, "data": told})
    after_commit("live", _publish_all, (channel(hotel_id), message))


def _publish_all(items: list[tuple[str, str]]) -> None:
    pipeline = redis.client().pipeline(transaction=False)
    for name, message in items:
        pipeline.publish(name, message)
    pipeline.execute()

"""The audit trail: who did what to which thing, before and after. Append-only; the database refuses changes.

A constraint trigger (see the migrations) refuses to commit a change of a reservation without an entry of the same transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from . import actor as actors
from .clock import now
from .database import Base, Id, Instant, Short, copy_rows, db
from .encryption import EncryptedJSON, EncryptedText


class AuditEntry(Base):
    __tablename__ = "audit_entry"
    __table_args__ = (
        Index("ix_audit_entry_entity", "hotel_id", "entity_type", "entity_id", "id"),
        Index("ix_audit_entry_hotel", "hotel_id", "id"),
    )

    id: Mapped[Id]
    at: Mapped[Instant] = mapped_column(default=now)
    hotel_id: Mapped[int | None] = mapped_column(ForeignKey("hotel.id"))
    actor_kind: Mapped[str] = mapped_column(Short)
    actor_label: Mapped[str]
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    action: Mapped[str] = mapped_column(Short)  # past tense: "checked_in", "room_assigned"
    entity_type: Mapped[str] = mapped_column(Short)
    entity_id: Mapped[int | None]
    before: Mapped[Any | None] = mapped_column(EncryptedJSON)
    after: Mapped[Any | None] = mapped_column(EncryptedJSON)
    reason: Mapped[str | None] = mapped_column("reason_sealed", EncryptedText)
    transaction_id: Mapped[int] = mapped_column(server_default=text("(pg_current_xact_id()::text::bigint)"))


def record(
    hotel_id: int | None,
    action: str,
    entity: Any,
    *,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    reason: str | None = None,
    actor: actors.Actor | None = None,
) -> AuditEntry:
    """Add an entry about `entity` (a flushed row) to this transaction. Values must be JSON; they are sealed."""
    who = actor or actors.current()
    entry = AuditEntry(
        hotel_id=hotel_id,
        actor_kind=who.kind,
        actor_label=who.label,
        actor_id=who.user_id,
        action=action,
        entity_type=entity.__tablename__,
        entity_id=entity.id,
        before=before,
        after=after,
        reason=reason,
    )
    db.session.add(entry)
    return entry


@dataclass(frozen=True)
class Said:
    """What an entry of `record_many` tells of one thing."""

    entity_id: int
    before: dict[str, Any] | None = None
    after: dict[str, Any] | None = None
    reason: str | None = None


def record_many(hotel_id: int, action: str, entity_type: str, entries: Sequence[Said]) -> None:
    """Add an entry for each of many rows of one table, all with the same action, without loading them."""
    who, at = actors.current(), now()
    common = {
        "at": at, "hotel_id": hotel_id, "actor_kind": who.kind, "actor_label": who.label, "actor_id": who.user_id,
        "action": action, "entity_type": entity_type,
    }  # fmt: skip
    rows = (
        {**common, "entity_id": one.entity_id, "before": one.before, "after": one.after, "reason_sealed": one.reason}
        for one in entries
    )
    copy_rows(AuditEntry.__table__, rows)


def changes(row: Any, values: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """(before, after) of those columns of `row` that `values` would change, as JSON values."""
    differing = {name: value for name, value in values.items() if getattr(row, name) != value}
    return {name: as_json(getattr(row, name)) for name in differing}, {n: as_json(v) for n, v in differing.items()}


def as_json(value: Any) -> Any:
    return value if value is None or isinstance(value, bool | int | float | str | list | dict) else str(value)

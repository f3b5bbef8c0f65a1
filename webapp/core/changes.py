"""What every change of a thing leaves behind: an entry of the trail, an event for the boards, a job. One statement writes all three.

The same rows as by `audit.record`, `events.publish` and `outbox.enqueue`; a stay changes so often that three statements are two too many.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text

from . import actor as actors
from . import events, outbox
from .clock import now
from .database import db
from .encryption import keyring

_NOTE = text("""
    WITH trail AS (
        INSERT INTO audit_entry (
            at, hotel_id, actor_kind, actor_label, actor_id, action, entity_type, entity_id, before, after,
            reason_sealed)
        VALUES (
            :at, :hotel_id, :actor_kind, :actor_label, :actor_id, :action, :entity_type, :entity_id, :before, :after, :reason)
    ), told AS (
        INSERT INTO live_event (hotel_id, at, event, data)
        VALUES (:hotel_id, :at, :event, CAST(:data AS jsonb)) RETURNING id
    ), asked AS (
        INSERT INTO outbox_message (hotel_id, job, arguments, state, attempts, created_at, available_at)
        SELECT :hotel_id, CAST(:job AS text), CAST(:arguments AS jsonb), 'pending', 0, :at, :at
        WHERE CAST(:job AS text) IS NOT NULL RETURNING id
    )
    SELECT told.id, asked.id FROM told LEFT JOIN asked ON TRUE
""")


@dataclass(frozen=True)
class Change:
    """What was done, what it was before and is now, and who hears of it. All values are JSON; before and after are sealed."""

    action: str  # past tense
    event: str
    data: dict[str, Any]  # of the event: no personal data
    job: str | None  # dotted name under jobs.; None where the caller asks for it himself
    arguments: dict[str, Any]
    before: dict[str, Any] | None = None
    after: dict[str, Any] | None = None
    reason: str | None = None


def note(hotel_id: int, entity: Any, change: Change) -> None:
    """Write `change` of `entity` (a flushed row) down in this transaction; boards and worker hear of it after the commit."""
    at, who = now(), actors.current()
    payload = events.payload(change.data, at)
    row = db.session.execute(
        _NOTE,
        {
            "at": at, "hotel_id": hotel_id, "actor_kind": who.kind, "actor_label": who.label, "actor_id": who.user_id,
            "action": change.action, "entity_type": entity.__tablename__, "entity_id": entity.id,
            "before": _sealed(change.before), "after": _sealed(change.after), "reason": None if change.reason is None else keyring().seal(change.reason.encode()),
            "event": change.event, "data": json.dumps(payload), "job": change.job,
            "arguments": json.dumps(change.arguments),
        },
    ).one()  # fmt: skip
    events.after_commit_tell(hotel_id, row[0], change.event, payload)
    if change.job is not None:
        outbox.after_commit_push(row[1], change.job, at)


def _sealed(value: dict[str, Any] | None) -> bytes | None:
    return None if value is None else keyring().seal(json.dumps(value, ensure_ascii=False).encode())

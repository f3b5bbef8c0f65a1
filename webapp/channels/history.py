"""How the readings of a feed went: news and faults as rows, readings that found everything as it was only in Redis.

Of the latter only the last hundred are kept, and they may be lost; then the page shows the others.
"""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import structlog
from redis.exceptions import RedisError
from sqlalchemy import insert, select

from webapp.channels.ports import FeedFault
from webapp.channels.targets import Target
from webapp.core import redis
from webapp.core.clock import now
from webapp.core.database import db
from webapp.models import Feed, FeedReading

log = structlog.get_logger(__name__)
MOST = 100
KEEP_NOTES = dt.timedelta(days=14)
KEEP_ROWS = dt.timedelta(days=90)


@dataclass(frozen=True)
class Reading:
    """One reading. `outcome`: unchanged, changed, failed. `fault`: {"code", "message", …} of one that failed."""

    at: dt.datetime
    outcome: str
    milliseconds: int
    events: int | None = None
    decisions: dict[str, int] = field(default_factory=dict)
    fault: dict[str, Any] | None = None


@dataclass(frozen=True)
class Health:
    """The last readings, newest first."""

    readings: list[Reading]

    @property
    def counts(self) -> Counter[str]:
        return Counter(reading.outcome for reading in self.readings)

    @property
    def share_read(self) -> int | None:
        """Per cent of the readings that went well; never rounded up to all of them."""
        total = len(self.readings)
        return (total - self.counts["failed"]) * 100 // total if total else None

    @property
    def median_milliseconds(self) -> int | None:
        times = sorted(reading.milliseconds for reading in self.readings)
        return times[len(times) // 2] if times else None


def note_news(target: Target, milliseconds: int, events: int, decisions: dict[str, int]) -> None:
    """A reading that brought something new; in the transaction of what followed from it."""
    _add(target, "changed", milliseconds, event_count=events, decisions=decisions)


def note_fault(target: Target, milliseconds: int, fault: FeedFault) -> None:
    """A reading that failed; in the transaction that notes the fault."""
    details = {"code": fault.code, "message": fault.message, **fault.params}
    _add(target, "failed", milliseconds, fault=details, decisions={})


def _add(target: Target, outcome: str, milliseconds: int, **values: Any) -> None:
    row = {"hotel_id": target.hotel_id, "feed_id": target.feed_id, "at": now(), "outcome": outcome}
    db.session.execute(insert(FeedReading).values(**row, milliseconds=milliseconds, **values))


def note_unchanged(target: Target, milliseconds: int, events: int | None) -> None:
    """A reading that found everything as it was: no row is written."""
    note = json.dumps([now().isoformat(), milliseconds, events])
    try:
        pipeline = redis.client().pipeline(transaction=False)
        pipeline.lpush(_key(target.feed_id), note)
        pipeline.ltrim(_key(target.feed_id), 0, MOST - 1)
        pipeline.expire(_key(target.feed_id), KEEP_NOTES)
        pipeline.execute()
    except RedisError:
        log.info("feed_reading_lost", feed_id=target.feed_id)


def health_of(feed: Feed, limit: int = MOST) -> Health:
    """The last readings of a feed."""
    rows = db.session.scalars(
        select(FeedReading).where(FeedReading.feed_id == feed.id).order_by(FeedReading.at.desc()).limit(limit)
    )
    readings = [
        Reading(row.at, row.outcome, row.milliseconds, row.event_count, row.decisions, row.fault) for row in rows
    ]
    readings += _noted(feed.id)
    return Health(sorted(readings, key=lambda reading: reading.at, reverse=True)[:limit])


def _noted(feed_id: int) -> list[Reading]:
    try:
        notes = redis.client().lrange(_key(feed_id), 0, MOST - 1)
    except RedisError:
        return []
    found = [json.loads(note) for note in notes]
    return [Reading(dt.datetime.fromisoformat(at), "unchanged", took, events) for at, took, events in found]


def _key(feed_id: int) -> str:
    return f"innkeep:feed:{feed_id}:readings"

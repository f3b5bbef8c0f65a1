"""The health of feeds: faults change nothing else. The board hears of a feed that has failed for an hour, and of its recovery."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import select

from webapp.channels.ports import FeedFault
from webapp.channels.targets import Target
from webapp.core import events
from webapp.core.clock import now
from webapp.core.database import db
from webapp.models import Feed, Room
from webapp.operations import services as operations

ALERT_AFTER = dt.timedelta(hours=1)


def note_recovery(feed: Feed) -> None:
    """It was read again."""
    if feed.failing_since is not None:
        feed.failing_since = feed.fault_kind = feed.fault_message = feed.fault_details = None
        feed.failures = 0
        feed.last_success_at = now()
        db.session.flush()
        operations.resolve_alert(feed.hotel_id, failing_key(feed.id))
        events.publish(feed.hotel_id, "feed-synced", {"feed_id": feed.id, "outcome": "recovered"})


def note_fault(target: Target, fault: FeedFault) -> bool:
    """Only the health of the feed changes. After an hour of faults the board is told. False when the feed is gone."""
    feed = db.session.get(Feed, target.feed_id, with_for_update=True, populate_existing=True)
    if feed is None:
        return False
    is_news = feed.failing_since is None or feed.fault_message != fault.message
    feed.failing_since = feed.failing_since or now()
    feed.failures += 1
    feed.fault_kind, feed.fault_message = fault.kind, fault.message
    feed.fault_details = {"code": fault.code, **fault.params}
    db.session.flush()
    if now() - feed.failing_since >= ALERT_AFTER:
        alert_failing(feed, target.room_number)
    if is_news:
        events.publish(target.hotel_id, "feed-synced", {"feed_id": feed.id, "outcome": "failed"})
    return True


def alert_failing(feed: Feed, room_number: str) -> None:
    details = {"room": room_number, "provider": feed.provider, "message": feed.fault_message or "", "feed_id": feed.id,
               "fault": feed.fault_details or {}}  # fmt: skip
    operations.raise_alert(feed.hotel_id, "feed_failing", failing_key(feed.id), details)


def failing_key(feed_id: int) -> str:
    return f"feed:{feed_id}"


def alert_long_failing() -> int:
    """Tell the boards of every active feed that has failed for an hour. Returns how many there are."""
    rows = db.session.execute(
        select(Feed, Room.number)
        .join(Room, Room.id == Feed.room_id)
        .where(Feed.is_active, Feed.failing_since <= now() - ALERT_AFTER)
    ).all()
    for feed, number in rows:
        alert_failing(feed, number)
    return len(rows)

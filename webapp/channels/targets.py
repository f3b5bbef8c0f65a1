"""What a fetch of a feed needs to know, in one read, and where the notes of unchanged fetches are kept.

An unchanged feed writes no row: when it was last read is noted in Redis. Without Redis the row's own times are shown, and the next
fetch looks at the feed in full.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

import structlog
from redis.exceptions import RedisError
from sqlalchemy import select

from webapp.core import clock, redis
from webapp.core.database import db
from webapp.models import Feed, Hotel, Room

log = structlog.get_logger(__name__)
KEEP_NOTES = dt.timedelta(days=30)


@dataclass(frozen=True)
class Target:
    """A feed as the fetcher sees it."""

    feed_id: int
    hotel_id: int
    room_id: int
    room_number: str
    timezone: str
    provider: str
    url: str = field(repr=False)
    etag: str | None
    last_modified: str | None
    content_hash: bytes | None
    failing_since: dt.datetime | None
    is_active: bool

    @property
    def today(self) -> dt.date:
        return clock.local_date(self.timezone)


def target_of(feed_id: int) -> Target | None:
    """The feed, its room's number and its hotel's time zone: the one read that an unchanged feed costs."""
    row = db.session.execute(
        select(
            Feed.id.label("feed_id"), Feed.hotel_id, Feed.room_id, Room.number.label("room_number"), Hotel.timezone, Feed.provider, Feed.url, Feed.etag,
            Feed.last_modified, Feed.content_hash, Feed.failing_since, Feed.is_active,
        )
        .join(Room, Room.id == Feed.room_id)
        .join(Hotel, Hotel.id == Feed.hotel_id)
        .where(Feed.id == feed_id)
    ).one_or_none()  # fmt: skip
    return Target(**row._mapping) if row else None


def _key(feed_id: int) -> str:
    return f"innkeep:feed:{feed_id}"


def note_read(target: Target, content_hash: bytes) -> None:
    """This content was read just now, and everything that follows from it today is done."""
    values: dict[Any, Any] = {
        "hash": content_hash.hex(),
        "day": target.today.isoformat(),
        "at": clock.now().isoformat(),
    }
    try:
        pipeline = redis.client().pipeline(transaction=False)
        pipeline.hset(_key(target.feed_id), mapping=values)
        pipeline.expire(_key(target.feed_id), KEEP_NOTES)
        pipeline.execute()
    except RedisError:
        log.info("feed_note_lost", feed_id=target.feed_id)


def forget(feed_ids: list[int]) -> None:
    """The next fetch of these feeds looks at them in full."""
    try:
        if feed_ids:
            redis.client().delete(*[_key(feed_id) for feed_id in feed_ids])
    except RedisError:
        log.info("feed_note_kept", feeds=len(feed_ids))


def is_settled(target: Target) -> bool:
    """Whether this feed's known content was looked at in full today, so that the same content can change nothing."""
    if target.content_hash is None or target.failing_since is not None:
        return False
    try:
        known_hash, day = redis.client().hmget(_key(target.feed_id), "hash", "day")
    except RedisError:
        return False
    return known_hash == target.content_hash.hex().encode() and day == target.today.isoformat().encode()


def last_reads(feed_ids: list[int]) -> dict[int, dt.datetime]:
    """When each feed was last read, where Redis knows."""
    found: dict[int, dt.datetime] = {}
    try:
        pipeline = redis.client().pipeline(transaction=False)
        for feed_id in feed_ids:
            pipeline.hget(_key(feed_id), "at")
        answers = pipeline.execute() if feed_ids else []
    except RedisError:
        return found
    for feed_id, answer in zip(feed_ids, answers, strict=True):
        if answer:
            found[feed_id] = dt.datetime.fromisoformat(answer.decode())
    return found

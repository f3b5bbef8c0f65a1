"""Reads the calendar feeds: every quarter of an hour each active feed in a job of its own, and whenever somebody asks."""

from __future__ import annotations

from rq import Queue
from rq.exceptions import DuplicateJobError
from sqlalchemy import select

from webapp.channels import health, sync
from webapp.core import redis
from webapp.core.clock import now
from webapp.core.database import db
from webapp.core.transaction import transaction
from webapp.models import Feed
from webapp.web.queue import FEED_QUEUE_NAME

from .runner import job_context

KEEP_SLOT_SECONDS = 1800  # a job's id outlives its quarter of an hour, so that a doubled tick finds it


def tick() -> None:
    """Give each active feed its job of this quarter of an hour. A doubled tick adds none."""
    with job_context(), transaction():
        feed_ids = db.session.scalars(select(Feed.id).where(Feed.is_active).order_by(Feed.id)).all()
    queue = Queue(FEED_QUEUE_NAME, connection=redis.client())
    slot = sync.slot_of(now())
    for feed_id in feed_ids:
        enqueue(queue, feed_id, slot)


def enqueue(queue: Queue, feed_id: int, slot: str) -> bool:
    """False when the job of this slot is there already."""
    try:
        queue.enqueue_call(
            "jobs.channels.read_feed", args=(feed_id,), job_id=f"feed-{feed_id}-{slot}", unique=True,
            result_ttl=KEEP_SLOT_SECONDS, failure_ttl=KEEP_SLOT_SECONDS, ttl=KEEP_SLOT_SECONDS,
        )  # fmt: skip
    except DuplicateJobError:
        return False
    return True


def read_feed(feed_id: int) -> None:
    """Entry point of the feed queue."""
    with job_context():
        sync.sync_feed(feed_id)


def sync_feed(feed_id: int, is_manual: bool = False) -> None:
    """Read one feed because somebody asked. Runs from the outbox."""
    sync.sync_feed(feed_id, is_manual=is_manual)


def probe_feed(feed_id: int) -> None:
    """Try a feed for somebody who is about to switch it on. Runs from the outbox."""
    sync.probe_feed(feed_id)


def check_health() -> None:
    """Tell the boards of feeds that have failed for an hour, also while no fetch gets through."""
    with job_context(), transaction():
        health.alert_long_failing()

"""The job queues over RQ: announce outbox rows. The functions run in the worker; the web only knows their names.

Commands to locks take seconds each and wait in a queue of their own, so that no guest's mail waits for a door; the round of the
calendars, a thousand jobs at once, comes behind them, so that no guest at a door waits for it. What one change asks for in great number
(a calendar of ten thousand stays) comes last of all, so that the rest of the house goes on.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from rq import Queue

from webapp.core import outbox, redis, wiring
from webapp.core.outbox import Due

if TYPE_CHECKING:
    from config import Settings

DELIVER = "jobs.runner.deliver"
QUEUE_NAME = "innkeep"
FEED_QUEUE_NAME = "innkeep-feeds"
LOCK_QUEUE_NAME = "innkeep-locks"
BULK_QUEUE_NAME = "innkeep-bulk"
QUEUES_IN_ORDER = (QUEUE_NAME, LOCK_QUEUE_NAME, FEED_QUEUE_NAME, BULK_QUEUE_NAME)
MANY = 50  # so many jobs of one kind at once are no act of a person any more


class RedisJobQueue:
    """Fills `outbox.JobQueue`. Every call may raise redis.RedisError: the sweep makes up for it."""

    def push(self, rows: Sequence[Due]) -> None:
        for name, ids in _by_queue(rows).items():
            queue = Queue(name, connection=redis.client())
            if name == BULK_QUEUE_NAME:
                _push_bulk(queue, ids)
            else:
                queue.enqueue_many(
                    [queue.prepare_data(DELIVER, args=(i,), result_ttl=0, failure_ttl=86_400) for i in ids]
                )

    def push_at(self, row: Due, instant: dt.datetime) -> None:
        queue = Queue(_queue_name(row.job), connection=redis.client())
        queue.enqueue_at(_whole_second_after(instant), DELIVER, row.id, result_ttl=0, failure_ttl=86_400)


def _by_queue(rows: Sequence[Due]) -> dict[str, list[int]]:
    """Ids by the queue that they wait in, in the order in which they came."""
    kinds = Counter(row.job for row in rows)
    by_queue: dict[str, list[int]] = {}
    for row in rows:
        name = _queue_name(row.job)
        is_bulk = name == QUEUE_NAME and kinds[row.job] > MANY
        by_queue.setdefault(BULK_QUEUE_NAME if is_bulk else name, []).append(row.id)
    return by_queue


def _push_bulk(queue: Queue, ids: list[int]) -> None:
    """A long queue outlives many sweeps: what waits in it already is not announced again."""
    waiting = set(queue.job_ids)
    new = [(i, job_id) for i in ids if (job_id := f"outbox-{i}") not in waiting]
    queue.enqueue_many(
        [queue.prepare_data(DELIVER, args=(i,), job_id=job_id, result_ttl=0, failure_ttl=86_400) for i, job_id in new]
    )


def _whole_second_after(instant: dt.datetime) -> dt.datetime:
    """RQ drops the fraction of a second: a row announced too early is not due yet, and would wait for the next sweep."""
    return instant.replace(microsecond=0) + dt.timedelta(seconds=1) if instant.microsecond else instant


def _queue_name(job: str) -> str:
    return LOCK_QUEUE_NAME if job.startswith("jobs.access.") else QUEUE_NAME


def init_app(settings: Settings) -> None:
    wiring.bind(outbox.JobQueue, RedisJobQueue)

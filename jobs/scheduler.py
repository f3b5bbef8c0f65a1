"""The scheduler process: puts the schedule into Redis and keeps it there. `python -m jobs.scheduler`.

Only this module and `jobs/schedule.py` know rq-scheduler.
"""

from __future__ import annotations

import signal
import threading
import time
import warnings
from typing import Any

import structlog
from redis.exceptions import RedisError
from rq_scheduler import Scheduler

from webapp.core import redis
from webapp.web.health import SCHEDULER_HEARTBEAT
from webapp.web.queue import QUEUE_NAME

from .app import app
from .schedule import SCHEDULE

log = structlog.get_logger(__name__)
POLL_SECONDS = 5
# The library asks crontab for the next time without saying in which zone; ours are all in UTC.
warnings.filterwarnings("ignore", category=FutureWarning, module="rq_scheduler")


def reconcile(scheduler: Scheduler) -> None:
    """Make what Redis holds equal to SCHEDULE: entries added, changed and removed."""
    wanted = {entry.name: entry for entry in SCHEDULE}
    known: dict[str, Any] = {job.meta.get("name", job.id): job for job in scheduler.get_jobs()}
    for name, job in known.items():
        entry = wanted.get(name)
        if entry is None or (job.func_name, job.meta.get("cron_string")) != (entry.function, entry.cron):
            scheduler.cancel(job)
            job.delete()
        else:
            del wanted[name]
    for entry in wanted.values():
        scheduler.cron(
            entry.cron, func=entry.function, id=f"innkeep-{entry.name}", queue_name=QUEUE_NAME, meta={"name": entry.name},
            result_ttl=0, use_local_timezone=False,
        )  # fmt: skip
    log.info("schedule_ready", entries=len(SCHEDULE), written=len(wanted))


def run(stop: threading.Event) -> None:
    """Enqueue what is due, every few seconds, until `stop` is set. A lost Redis is waited for and filled again."""
    scheduler = Scheduler(queue_name=QUEUE_NAME, connection=redis.client(), interval=POLL_SECONDS)
    is_reconciled = False
    while not stop.is_set():
        try:
            if not is_reconciled or not redis.client().exists(Scheduler.scheduled_jobs_key):
                reconcile(scheduler)
                is_reconciled = True
            if scheduler.acquire_lock():
                scheduler.enqueue_jobs()
                redis.client().set(SCHEDULER_HEARTBEAT, str(time.time()), ex=30)
        except RedisError:
            log.warning("scheduler_waits_for_redis")
            is_reconciled = False
        stop.wait(POLL_SECONDS)
    scheduler.remove_lock()


def main() -> None:
    stop = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    with app().app_context():
        run(stop)


if __name__ == "__main__":
    main()

"""A worker in a process of its own that is killed in the middle of a job, and what comes after it."""

from __future__ import annotations

import datetime as dt
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from flask import current_app
from sqlalchemy import select

from jobs import runner, ticks
from webapp.core import clock, outbox
from webapp.core.database import db
from webapp.core.outbox import OutboxMessage

_WORKER = """
import os, sys
from jobs import runner
from jobs.app import app

app()
for line in sys.stdin:  # like the real one, it forks for each job
    child = os.fork()
    if child == 0:
        runner.deliver(int(line))
        os._exit(0)
    print(child, flush=True)
    os.waitpid(child, 0)
"""
_SOMEBODY_WAITS = """
DO $$ BEGIN
    FOR tried IN 1..6000 LOOP
        IF EXISTS (
            SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'
        ) THEN RETURN; END IF;
        PERFORM pg_sleep(0.01);
        PERFORM pg_stat_clear_snapshot();
    END LOOP;
    RAISE 'nobody came to the lock';
END $$
"""


@contextmanager
def working(**environment: str) -> Iterator[subprocess.Popen[str]]:
    """A worker on the database of the current application, with these variables on top."""
    settings = current_app.extensions["settings"]
    whole = {
        **os.environ, "INNKEEP_ENV": "testing", "DATABASE_URL": settings.database_url, "REDIS_URL": settings.redis_url,
        **environment,
    }  # fmt: skip
    process = subprocess.Popen(
        [sys.executable, "-c", _WORKER], env=whole, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        yield process
    finally:
        process.communicate(timeout=30)


def kill_before(lock: str, worker: subprocess.Popen[str], message_id: int) -> None:
    """Hold what the statement `lock` locks, let the worker run the job until it waits for it in the middle of its transaction, and
    kill it there."""
    assert worker.stdin
    assert worker.stdout
    db.session.rollback()
    address = current_app.extensions["settings"].database_url.replace("+psycopg", "")
    with psycopg.connect(address) as gate, psycopg.connect(address, autocommit=True) as watch:
        gate.execute(lock)
        worker.stdin.write(f"{message_id}\n")
        worker.stdin.flush()
        child = int(worker.stdout.readline())
        watch.execute(_SOMEBODY_WAITS)
        os.kill(child, signal.SIGKILL)
        gate.rollback()
    db.session.rollback()
    db.session.expire_all()


def asked_for(job: str) -> int:
    """The one waiting row of this job."""
    query = select(OutboxMessage.id).where(OutboxMessage.job == job, OutboxMessage.state == "pending")
    return db.session.scalars(query).one()


def go_on(job: str) -> None:
    """The lease of the dead worker ends; the sweep finds the row, and another worker does it."""
    message_id = asked_for(job)
    with clock.frozen(clock.now() + outbox.LEASE + dt.timedelta(seconds=1)):
        assert message_id in [row.id for row in outbox.due()]
        ticks.sweep_outbox()
        runner.deliver(message_id)
        runner.deliver(message_id)  # an old announcement of the same row does nothing

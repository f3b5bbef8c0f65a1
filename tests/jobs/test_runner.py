"""The outbox and its runner: at least once, never lost, given up with an alert."""

from __future__ import annotations

import datetime as dt
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from rq import Queue, Worker
from sqlalchemy import select

import jobs.ticks
from jobs import runner
from jobs.schedule import SCHEDULE
from jobs.worker import InnkeepWorker
from tests import factories
from webapp.core import clock, outbox, redis
from webapp.core.database import db
from webapp.core.outbox import OutboxMessage
from webapp.core.transaction import transaction
from webapp.models import Alert, WebhookEvent
from webapp.web.queue import (
    BULK_QUEUE_NAME,
    FEED_QUEUE_NAME,
    LOCK_QUEUE_NAME,
    MANY,
    QUEUE_NAME,
    QUEUES_IN_ORDER,
    RedisJobQueue,
)

ran: list[str] = []


def remember(word: str) -> None:
    ran.append(word)


def fail(word: str = "") -> None:
    raise ValueError("on purpose")


@runner.when_given_up("jobs.ticks.fail")
def remember_failure(word: str = "") -> None:
    ran.append(f"given up: {word}")


def later() -> None:
    raise outbox.RetryLater(dt.timedelta(hours=1), "not yet")


@pytest.fixture(autouse=True)
def jobs_of_this_test(monkeypatch):
    ran.clear()
    for name, function in (("remember", remember), ("fail", fail), ("later", later)):
        monkeypatch.setattr(jobs.ticks, name, function, raising=False)


def ask(job: str, **arguments: object) -> OutboxMessage:
    hotel_id = arguments.pop("hotel_id", None)
    with transaction():
        outbox_id = outbox.enqueue(job, dict(arguments), hotel_id=hotel_id)
    return db.session.get_one(OutboxMessage, outbox_id)


def test_a_job_runs_once_and_is_done(app):
    message = ask("jobs.ticks.remember", word="hello")
    for _time in range(3):
        runner.deliver(message.id)
    db.session.refresh(message)
    assert (ran, message.state) == (["hello"], "done")


def test_a_job_that_is_held_by_another_worker_is_left_alone(app):
    message = ask("jobs.ticks.remember", word="hello")
    with transaction():
        assert outbox.claim(message.id) is not None
    runner.deliver(message.id)
    assert ran == []


def test_a_worker_that_died_gives_the_job_back(app):
    message = ask("jobs.ticks.remember", word="hello")
    with transaction():
        outbox.claim(message.id)
    with clock.frozen(clock.now() + outbox.LEASE + dt.timedelta(seconds=1)):
        assert [row.id for row in outbox.due()] == [message.id]
        runner.deliver(message.id)
    assert ran == ["hello"]


def test_a_job_that_fails_is_tried_again_and_then_told(app, hotel):
    message = ask("jobs.ticks.fail", hotel_id=hotel.id, word="hello")
    instant = clock.now()
    for _attempt in range(outbox.MOST_ATTEMPTS):
        with clock.frozen(instant):
            runner.deliver(message.id)
        instant += dt.timedelta(hours=2)
    db.session.refresh(message)
    assert (message.state, message.attempts) == ("failed", outbox.MOST_ATTEMPTS)
    assert "on purpose" in (message.last_error or "")
    assert db.session.scalars(select(Alert.kind)).all() == ["job_failed"]
    assert ran == ["given up: hello"]


def test_a_job_that_waits_is_no_failure(app):
    message = ask("jobs.ticks.later")
    runner.deliver(message.id)
    db.session.refresh(message)
    assert (message.state, message.last_error) == ("pending", "not yet")
    assert outbox.due() == []


def test_a_job_for_later_is_not_announced_before_it_is_due(app):
    """One that came too early would be left alone, and wait for the sweep."""
    with clock.frozen(dt.datetime(2026, 3, 1, 12, 0, 0, 900_000, dt.UTC)), transaction():
        outbox.enqueue("jobs.ticks.remember", delay=dt.timedelta(seconds=5))
    due_at = db.session.scalars(select(OutboxMessage.available_at)).one()
    announced = Queue(QUEUE_NAME, connection=redis.client()).scheduled_job_registry
    assert [announced.get_scheduled_time(job) >= due_at for job in announced.get_job_ids()] == [True]


def keyed(job: str) -> int | None:
    with transaction():
        return outbox.enqueue(job, key="doors:1")


def test_what_is_asked_while_the_job_looks_is_not_lost(app, monkeypatch):
    def look() -> None:
        remember("looked")
        if len(ran) == 1:
            assert keyed("jobs.ticks.look") is not None, "this change came after the first look"

    monkeypatch.setattr(jobs.ticks, "look", look, raising=False)
    first = keyed("jobs.ticks.look")
    assert keyed("jobs.ticks.look") is None, "one that waits is enough"
    runner.deliver(first)
    [second] = outbox.due()
    runner.deliver(second.id)
    assert (ran, outbox.due()) == (["looked", "looked"], [])


def test_a_postponed_job_keeps_its_key_or_yields_to_a_newer_one(app, monkeypatch):
    first = keyed("jobs.ticks.later")
    runner.deliver(first)
    assert keyed("jobs.ticks.later") is None
    with clock.frozen(clock.now() + dt.timedelta(hours=2)):
        newer: list[int | None] = []

        def later_and_anew() -> None:
            newer.append(keyed("jobs.ticks.later"))
            raise outbox.RetryLater(dt.timedelta(hours=1), "not yet")

        monkeypatch.setattr(jobs.ticks, "later", later_and_anew)
        runner.deliver(first)
        assert [row.id for row in outbox.due()] == newer
    message = db.session.get_one(OutboxMessage, first, populate_existing=True)
    assert message.state == "done"


def test_one_that_fails_does_not_stop_the_others(app):
    def work(number: int) -> None:
        if number == 2:
            raise ValueError("on purpose")
        remember(str(number))

    runner.each("numbers", [1, 2, 3], work)
    assert ran == ["1", "3"]


def test_the_sweep_finds_what_was_never_pushed(app, monkeypatch):
    pushed: list[int] = []

    class Queue:
        def push(self, rows: list[outbox.Due]) -> None:
            pushed.extend(row.id for row in rows)

    message = ask("jobs.ticks.remember", word="hello")
    monkeypatch.setattr(jobs.ticks.wiring, "resolve", lambda _port: Queue())
    jobs.ticks.sweep_outbox()
    assert pushed == [message.id]
    jobs.ticks.sweep_outbox()
    assert pushed == [message.id], "not again within two minutes"


def test_a_guest_at_a_door_does_not_wait_for_the_round_of_the_calendars():
    assert QUEUES_IN_ORDER.index(LOCK_QUEUE_NAME) < QUEUES_IN_ORDER.index(FEED_QUEUE_NAME)


def waiting_in(name: str) -> list[int]:
    return [job.args[0] for job in Queue(name, connection=redis.client()).jobs]


def test_what_is_asked_for_in_great_number_comes_last_and_waits_once(app):
    crowd = [outbox.Due(number, "jobs.stays.after_change") for number in range(1, MANY + 2)]
    letter, door = outbox.Due(900, "jobs.messaging.deliver"), outbox.Due(901, "jobs.access.apply_code")
    RedisJobQueue().push([*crowd, letter, door])
    RedisJobQueue().push([*crowd, outbox.Due(902, "jobs.stays.after_change")])
    assert (waiting_in(QUEUE_NAME), waiting_in(LOCK_QUEUE_NAME)) == ([900], [901])
    assert waiting_in(BULK_QUEUE_NAME) == [*range(1, MANY + 2), 902]
    assert QUEUES_IN_ORDER[-1] == BULK_QUEUE_NAME


def test_a_worker_is_counted_again_after_redis_lost_everything(app):
    worker = InnkeepWorker([Queue(QUEUE_NAME, connection=redis.client())], connection=redis.client())
    worker.register_birth()
    redis.client().flushdb()
    assert Worker.count(connection=redis.client()) == 0
    worker.heartbeat()
    assert Worker.count(connection=redis.client()) == 1


def test_a_handful_of_one_kind_waits_for_nothing(app):
    RedisJobQueue().push([outbox.Due(number, "jobs.stays.after_change") for number in range(1, MANY + 1)])
    assert len(waiting_in(QUEUE_NAME)) == MANY


def test_locks_are_looked_at_every_day():
    assert "jobs.access.sync_all_accounts" in {entry.function for entry in SCHEDULE}


@pytest.mark.parametrize("name", ["os.system", "jobs.nothing.at_all", "webapp.core.ids.token", "jobs.ticks.nothing"])
def test_only_jobs_are_run(app, name):
    with pytest.raises((LookupError, ModuleNotFoundError)):
        runner.job_function(name)


KILLED = """
import os, signal, sys
from webapp.core import outbox
import jobs.ticks, jobs.app
from jobs import runner

def die(path):
    with open(path, "a") as f:
        f.write("began\\n")
    os.kill(os.getpid(), signal.SIGKILL)

jobs.ticks.die = die
runner.deliver(int(sys.argv[1]))
"""


def test_a_worker_killed_in_the_middle_loses_nothing(own_database, tmp_path: Path):
    note = tmp_path / "note"
    with own_database.app_context():
        factories.make_hotel()
        message = ask("jobs.ticks.die", path=str(note))
        settings = own_database.extensions["settings"]
        env = {
            **os.environ,
            "INNKEEP_ENV": "testing",
            "DATABASE_URL": settings.database_url,
            "REDIS_URL": settings.redis_url,
        }
        dead = subprocess.run([sys.executable, "-c", KILLED, str(message.id)], env=env, timeout=60)
        assert dead.returncode == -signal.SIGKILL
        assert note.read_text() == "began\n"
        jobs.ticks.die = lambda path: remember("again")  # type: ignore[attr-defined]
        with clock.frozen(clock.now() + outbox.LEASE + dt.timedelta(seconds=1)):
            assert [row.id for row in outbox.due()] == [message.id]
            runner.deliver(message.id)
        del jobs.ticks.die  # type: ignore[attr-defined]
    assert ran == ["again"]


def test_what_providers_told_is_not_kept_for_ever(app):
    with transaction():
        for days in (1, 100):
            at = clock.now() - dt.timedelta(days=days)
            db.session.add(
                WebhookEvent(provider="twilio", event_id=str(days), payload={"From": "+4477"}, received_at=at)
            )
    jobs.ticks.clean_up()
    assert db.session.scalars(select(WebhookEvent.event_id)).all() == ["1"]

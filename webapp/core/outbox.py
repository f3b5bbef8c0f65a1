"""The outbox: side effects as rows of the transaction that causes them.

`enqueue` adds a row; after the commit its id is pushed to the queue; the worker claims the row, runs the job and marks it done.
When the push is lost (crash, Redis away) the sweep pushes every due row again. So a job runs at least once, and must be safe to
run twice. A claim is a lease: a worker that dies gives the row back when the lease ends.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from typing import Any, NamedTuple, Protocol

from sqlalchemy import ForeignKey, Index, delete, func, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, mapped_column

from . import wiring
from .clock import now
from .database import Base, Id, Instant, Short, db
from .transaction import after_commit, take_back

LEASE = dt.timedelta(minutes=5)
PUSH_AGAIN_AFTER = dt.timedelta(minutes=2)
MOST_ATTEMPTS = 12
FIRST_RETRY, LONGEST_RETRY = dt.timedelta(seconds=10), dt.timedelta(hours=1)


class OutboxMessage(Base):
    __tablename__ = "outbox_message"
    __table_args__ = (
        Index("ix_outbox_message_due", "available_at", postgresql_where=text("state = 'pending'")),
        Index("uq_outbox_message_key", "key", unique=True, postgresql_where=text("state = 'pending'")),
    )

    id: Mapped[Id]
    hotel_id: Mapped[int | None] = mapped_column(ForeignKey("hotel.id"))
    job: Mapped[str]  # dotted name under jobs.
    arguments: Mapped[dict[str, Any]]
    key: Mapped[str | None]  # at most one row for a key waits; a row that is run has given its key up
    state: Mapped[str] = mapped_column(Short, default="pending")  # pending, done, failed
    attempts: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[Instant] = mapped_column(default=now)
    available_at: Mapped[Instant] = mapped_column(default=now)
    pushed_at: Mapped[Instant | None]
    leased_until: Mapped[Instant | None]
    finished_at: Mapped[Instant | None]
    last_error: Mapped[str | None]


class RetryLater(Exception):
    """Raised by a job that cannot finish now. It counts no failure; `reason` is kept for the operator."""

    def __init__(self, delay: dt.timedelta, reason: str) -> None:
        super().__init__(reason)
        self.delay = delay
        self.reason = reason


class Due(NamedTuple):
    """An outbox row to be run: its id, and the job that decides which queue it waits in."""

    id: int
    job: str


class JobQueue(Protocol):
    """Where outbox rows are announced so that a worker picks them up at once."""

    def push(self, rows: Sequence[Due]) -> None: ...
    def push_at(self, row: Due, instant: dt.datetime) -> None: ...


def enqueue(
    job: str,
    arguments: dict[str, Any] | None = None,
    *,
    hotel_id: int | None = None,
    delay: dt.timedelta | None = None,
    key: str | None = None,
) -> int | None:
    """Ask for `job` (dotted name, e.g. "jobs.messaging.deliver") once this transaction is committed.

    `arguments` must be JSON. With `key`, a row of the same key that waits to be run makes this a no-op. Returns the row's id, or
    None when one was waiting already.
    """
    at = now() + (delay or dt.timedelta())
    statement = (
        insert(OutboxMessage)
        .values(hotel_id=hotel_id, job=job, arguments=arguments or {}, key=key, available_at=at, created_at=now())
        .on_conflict_do_nothing(index_elements=["key"], index_where=text("state = 'pending'"))
        .returning(OutboxMessage.id)
    )
    outbox_id = db.session.execute(statement).scalar_one_or_none()
    if outbox_id is not None:
        after_commit_push(outbox_id, job, at)
    return outbox_id


def after_commit_push(outbox_id: int, job: str, at: dt.datetime) -> None:
    """The row is written: announce it once it is committed."""
    after_commit("outbox", _push_all, (Due(outbox_id, job), at))


def withdraw(outbox_ids: Collection[int]) -> None:
    """Take back what this very transaction has asked for: nothing came of it after all."""
    db.session.execute(delete(OutboxMessage).where(OutboxMessage.id.in_(outbox_ids)))
    take_back("outbox", lambda item: item[0].id in outbox_ids)


def _push_all(items: list[tuple[Due, dt.datetime]]) -> None:
    queue = wiring.resolve(JobQueue)  # type: ignore[type-abstract]
    soon = now()
    if ready := [row for row, at in items if at <= soon]:
        queue.push(ready)
    for row, at in items:
        if at > soon:
            queue.push_at(row, at)


class Claimed(NamedTuple):
    """A row that is leased to the caller, as it was when it was claimed."""

    id: int
    job: str
    arguments: dict[str, Any]
    hotel_id: int | None
    attempts: int
    key: str | None


def claim(outbox_id: int) -> Claimed | None:
    """Lease a due row to the caller, or None when it is done, not due, or somebody else's. The caller commits.

    The row gives its key up: what is asked for from now on may be news to the job, which has begun to look.
    """
    was = select(OutboxMessage.id, OutboxMessage.key).where(OutboxMessage.id == outbox_id).with_for_update().subquery()
    statement = (
        update(OutboxMessage)
        .where(
            OutboxMessage.id == was.c.id,
            OutboxMessage.state == "pending",
            OutboxMessage.available_at <= now(),
            or_(OutboxMessage.leased_until.is_(None), OutboxMessage.leased_until < now()),
        )
        .values(attempts=OutboxMessage.attempts + 1, leased_until=now() + LEASE, key=None)
        .returning(
            OutboxMessage.id, OutboxMessage.job, OutboxMessage.arguments, OutboxMessage.hotel_id,
            OutboxMessage.attempts, was.c.key,
        )
        .execution_options(synchronize_session=False)
    )  # fmt: skip
    row = db.session.execute(statement).one_or_none()
    return Claimed(*row) if row else None


def mark_done(outbox_id: int) -> None:
    _finish(outbox_id, state="done", finished_at=now(), leased_until=None, last_error=None)


def mark_retry(row: Claimed, delay: dt.timedelta, reason: str) -> None:
    """Give the row back, to be run again after `delay`; done when the same was asked for anew meanwhile."""
    if row.key is not None and _is_asked_anew(row.key):
        _finish(row.id, state="done", finished_at=now(), leased_until=None, last_error="asked for anew")
        return
    at, outbox_id = now() + delay, row.id
    job = _finish(outbox_id, available_at=at, leased_until=None, last_error=reason[:2000], key=row.key)
    if job is not None:
        after_commit_push(outbox_id, job, at)


def _is_asked_anew(key: str) -> bool:
    query = select(OutboxMessage.id).where(OutboxMessage.key == key, OutboxMessage.state == "pending")
    return db.session.scalar(query.limit(1)) is not None


def mark_failed_attempt(row: Claimed, error: str) -> bool:
    """After an exception: try again with growing pauses, or give up. Returns True when it was given up."""
    if row.attempts >= MOST_ATTEMPTS:
        _finish(row.id, state="failed", finished_at=now(), leased_until=None, last_error=error[:2000])
        return True
    mark_retry(row, min(FIRST_RETRY * 2 ** (row.attempts - 1), LONGEST_RETRY), error)
    return False


def _finish(outbox_id: int, **values: Any) -> str | None:
    """Write down how it went; the job's name, or None when the row was not pending any more."""
    is_pending = (OutboxMessage.id == outbox_id) & (OutboxMessage.state == "pending")
    return db.session.scalar(update(OutboxMessage).where(is_pending).values(**values).returning(OutboxMessage.job))


def due(limit: int = 1000) -> list[Due]:
    """Pending rows whose time has come and that nobody holds: what the sweep pushes."""
    return [
        Due(*row)
        for row in db.session.execute(
            select(OutboxMessage.id, OutboxMessage.job)
            .where(
                OutboxMessage.state == "pending",
                OutboxMessage.available_at <= now(),
                or_(OutboxMessage.leased_until.is_(None), OutboxMessage.leased_until < now()),
                or_(OutboxMessage.pushed_at.is_(None), OutboxMessage.pushed_at < now() - PUSH_AGAIN_AFTER),
            )
            .order_by(OutboxMessage.available_at)
            .limit(limit)
        )
    ]


def note_pushed(ids: Sequence[int]) -> None:
    db.session.execute(update(OutboxMessage).where(OutboxMessage.id.in_(ids)).values(pushed_at=now()))


def lag_seconds() -> float:
    """Age of the oldest due row: 0 when nothing waits. The health page shows it."""
    oldest = db.session.scalar(
        select(func.min(OutboxMessage.available_at)).where(
            OutboxMessage.state == "pending", OutboxMessage.available_at <= now()
        )
    )
    return max(0.0, (now() - oldest).total_seconds()) if oldest else 0.0

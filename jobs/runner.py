"""Runs one row of the outbox: claim it, call the job it names, write down how it went.

A job that raises is tried again with growing pauses; after the last attempt an alert is raised for the hotel.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import contextmanager, nullcontext
from importlib import import_module
from typing import Any

import structlog
from flask import has_app_context

from webapp.core import actor, outbox
from webapp.core.database import db
from webapp.core.transaction import transaction
from webapp.operations.services import raise_alert

log = structlog.get_logger(__name__)
_given_up: dict[str, Callable[..., object]] = {}


def when_given_up(*names: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Names what puts things right, within a transaction and with the same arguments, after the last attempt of these jobs."""

    def remember(work: Callable[..., None]) -> Callable[..., None]:
        _given_up.update(dict.fromkeys(names, work))
        return work

    return remember


def deliver(outbox_id: int) -> None:
    """Entry point of the queue. Safe to call any number of times."""
    with job_context():
        with transaction():
            row = outbox.claim(outbox_id)
        if row is not None:
            _run(row)


@contextmanager
def job_context() -> Any:
    """An application context of the worker (or the one that is there already), acting as the system."""
    from jobs.app import app

    with nullcontext() if has_app_context() else app().app_context(), actor.acting_as(actor.SYSTEM):
        yield


def _run(row: outbox.Claimed) -> None:
    with structlog.contextvars.bound_contextvars(job=row.job, outbox_id=row.id, hotel_id=row.hotel_id):
        try:
            job_function(row.job)(**row.arguments)
        except outbox.RetryLater as later:
            db.session.rollback()
            log.info("job_postponed", reason=later.reason, seconds=later.delay.total_seconds())
            with transaction():
                outbox.mark_retry(row, later.delay, later.reason)
        except Exception as error:
            db.session.rollback()
            _after_failure(row, error)
        else:
            with transaction():
                outbox.mark_done(row.id)


def _after_failure(row: outbox.Claimed, error: Exception) -> None:
    log.error("job_failed", attempts=row.attempts, exc_info=error)
    with transaction():
        is_over = outbox.mark_failed_attempt(row, f"{type(error).__name__}: {error}")
        if is_over and (put_right := _given_up.get(row.job)):
            put_right(**row.arguments)
        if is_over and row.hotel_id is not None:
            raise_alert(row.hotel_id, "job_failed", f"job:{row.id}", {"job": row.job}, severity="critical")


def each(what: str, ids: Iterable[int], work: Callable[[int], object]) -> None:
    """Do `work` for each id in a transaction of its own; what fails for one is logged, and the others go on."""
    for number in ids:
        try:
            with transaction():
                work(number)
        except Exception:
            log.exception("one_of_many_failed", what=what, id=number)


def job_function(dotted_name: str) -> Callable[..., None]:
    """The function of a dotted name below `jobs.`. Raises LookupError for anything else."""
    module_name, _dot, name = dotted_name.rpartition(".")
    if not module_name.startswith("jobs."):
        raise LookupError(f"{dotted_name} is not a job")
    function = getattr(import_module(module_name), name, None)
    if not callable(function):
        raise LookupError(f"{dotted_name} does not exist")
    return function

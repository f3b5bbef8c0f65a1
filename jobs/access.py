"""Door codes and locks in the background."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import select

from webapp.access import commands, directory, records, refusals, services
from webapp.access.ports import LockBusy, LockError, LockOffline
from webapp.core import outbox
from webapp.core.database import db
from webapp.core.transaction import transaction
from webapp.models import LockAccount

from .runner import job_context


def tick() -> None:
    """Ask for the removal of ended codes, and again for whatever is late."""
    with job_context():
        with transaction():
            services.remove_ended_codes()
        with transaction():
            services.request_late_commands()


def sync_all_accounts() -> None:
    """Once a day: batteries, new locks, changed gateways."""
    with job_context(), transaction():
        for account in db.session.scalars(select(LockAccount)):
            services.request_sync(account)


def reconcile(reservation_id: int) -> None:
    with transaction():
        services.reconcile_codes(reservation_id)


def apply_code(code_id: int) -> None:
    commands.apply_code(code_id)


def sync_account(account_id: int) -> None:
    try:
        directory.sync_account(account_id)
    except (LockBusy, LockOffline) as error:
        raise outbox.RetryLater(refusals.BUSY_PAUSE, error.message) from error


def unlock(lock_id: int, until: str) -> None:
    """Open a door now, or not at all: a failure is told on the board, and nothing opens a door that nobody watches any more."""
    try:
        commands.unlock(lock_id, dt.datetime.fromisoformat(until))
    except LockError as error:
        with transaction():
            commands.alert_unlock_failed(lock_id, error)


def take_records(event_id: int) -> None:
    """What doors reported through the provider's callback."""
    with transaction():
        records.take(event_id)

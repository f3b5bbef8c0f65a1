"""What follows when a lock does not do what it was told: later again with growing pauses, or never, and who is told of it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from webapp.core import outbox
from webapp.core.clock import now
from webapp.core.database import db
from webapp.core.transaction import transaction
from webapp.models import AccessCode, Lock, LockAccount, Reservation
from webapp.operations import services as operations

from . import services
from .ports import AuthRejected, LockBusy, LockError, LockOffline, PinRejected, QuotaExceeded

BUSY_PAUSE, OFFLINE_PAUSE, LONG_PAUSE = dt.timedelta(seconds=15), dt.timedelta(minutes=5), dt.timedelta(minutes=30)
FEW_ATTEMPTS = 4  # so many may fail before the board is told


@dataclass(frozen=True)
class Task:
    """What a command needs to know, read once; no database object crosses the conversation with the lock."""

    code_id: int
    state: str
    pin: str
    name: str
    valid_from: dt.datetime
    valid_until: dt.datetime
    provider_code_id: str | None
    attempts: int
    lock_id: int
    provider_lock_id: str
    gateway: str
    account_id: int
    hotel_id: int
    reservation_id: int


def postpone(task: Task, error: LockError) -> None:
    delay = _pause_after(task, error)
    with transaction():
        code = db.session.get_one(AccessCode, task.code_id, with_for_update=True, populate_existing=True)
        code.fault = error.message
        if isinstance(error, LockOffline):
            lock = db.session.get_one(Lock, task.lock_id)
            lock.offline_since, lock.fault = lock.offline_since or now(), error.message
        if isinstance(error, AuthRejected):
            db.session.get_one(LockAccount, task.account_id).fault = error.message
        _alert_postponed(task, error)
        tell(code)
    raise outbox.RetryLater(delay, error.message)


def _pause_after(task: Task, error: LockError) -> dt.timedelta:
    if isinstance(error, QuotaExceeded):
        return min(max(error.resets_at - now(), OFFLINE_PAUSE), dt.timedelta(hours=6))
    if isinstance(error, LockOffline):
        return OFFLINE_PAUSE
    if isinstance(error, LockBusy | PinRejected):
        return min(BUSY_PAUSE * 2 ** min(task.attempts - 1, 5), OFFLINE_PAUSE)
    return LONG_PAUSE


def _alert_postponed(task: Task, error: LockError) -> None:
    if isinstance(error, AuthRejected):
        operations.raise_alert(
            task.hotel_id, "lock_account_refused", f"lock-account:{task.account_id}", severity="critical"
        )
    elif not isinstance(error, LockBusy) or task.attempts >= FEW_ATTEMPTS:
        operations.raise_alert(
            task.hotel_id, "door_code_late", f"code:{task.code_id}", {"reason": error.message},
            reservation_id=task.reservation_id,
        )  # fmt: skip


def give_up(task: Task, error: LockError) -> None:
    with transaction():
        code = db.session.get_one(AccessCode, task.code_id, with_for_update=True, populate_existing=True)
        code.state = "failed" if code.state != "removing" else code.state
        code.fault = error.message
        operations.raise_alert(
            task.hotel_id, "door_code_failed", f"code:{task.code_id}", {"reason": error.message}, severity="critical",
            reservation_id=task.reservation_id,
        )  # fmt: skip
        tell(code)


def lock_answered(task: Task) -> None:
    with transaction():
        lock = db.session.get_one(Lock, task.lock_id, populate_existing=True)
        if lock.offline_since is not None:
            lock.offline_since = lock.fault = None
        account = db.session.get_one(LockAccount, task.account_id, populate_existing=True)
        if account.fault is not None:  # refused before, taken now
            account.fault = None
            operations.resolve_alert(account.hotel_id, f"lock-account:{account.id}")


def tell(code: AccessCode) -> None:
    services.tell_boards(db.session.get_one(Reservation, code.reservation_id))

"""What is said to locks, and what is written down of the answer.

Each command is three steps: read in one transaction, speak with none open, write in another. A gateway does one command at
a time, so the speaking happens under a lock of the database that is held by a connection of its own. Before a code is added again
after an unclear end, the lock's list is read and the code adopted if it is there.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace

import structlog

from webapp.core import outbox
from webapp.core.clock import now
from webapp.core.database import db
from webapp.core.transaction import transaction
from webapp.models import AccessCode, Lock, Reservation
from webapp.operations import services as operations

from . import services
from .conversation import gateway_of, gateway_to_ourselves, provider, with_tokens
from .ports import (
    AuthExpired,
    AuthRejected,
    ChangeRefused,
    CodeMissing,
    LockBusy,
    LockError,
    LockOffline,
    LockRefused,
    PinRejected,
    ProviderCode,
    QuotaExceeded,
    StorageFull,
)
from .refusals import BUSY_PAUSE, FEW_ATTEMPTS, Task, give_up, lock_answered, postpone, tell

log = structlog.get_logger(__name__)

VERIFY_AFTER = dt.timedelta(seconds=5)
MOST_VERIFICATIONS = 6


def apply_code(code_id: int) -> None:
    """Bring one lock in line with the recorded state of one code. Raises RetryLater while the lock cannot be reached."""
    task = _read(code_id)
    if task is None:
        return
    step = {"requested": _send, "sent": _verify, "removing": _remove}.get(task.state)
    if step is None:
        return
    with gateway_to_ourselves(task.gateway):
        _with_policy(_count_attempt(task), step)
    lock_answered(task)


def _read(code_id: int) -> Task | None:
    with transaction():
        code = db.session.get(AccessCode, code_id, with_for_update=True, populate_existing=True)
        if code is None or code.state not in ("requested", "sent", "removing"):
            return None
        lock = db.session.get_one(Lock, code.lock_id)
        stay = db.session.get_one(Reservation, code.reservation_id)
        return Task(
            code.id, code.state, code.pin, f"{stay.booking_id}/{code.id}", code.valid_from, code.valid_until,
            code.provider_code_id, code.attempts, lock.id, lock.provider_lock_id,
            gateway_of(lock), lock.account_id, code.hotel_id, code.reservation_id,
        )  # fmt: skip


def _count_attempt(task: Task) -> Task:
    """Only what is said to a lock is an attempt; waiting for its gateway is none."""
    with transaction():
        code = db.session.get_one(AccessCode, task.code_id, with_for_update=True, populate_existing=True)
        code.attempts += 1
        return replace(task, attempts=code.attempts)


def _send(task: Task) -> None:
    if task.provider_code_id is None and task.attempts > 1 and (found := _find(task)):
        _note_sent(task, found.provider_code_id)
        return
    if task.provider_code_id is None:
        code_id = with_tokens(
            task.account_id,
            lambda t: provider().add_code(
                t, task.provider_lock_id, task.pin, task.name, task.valid_from, task.valid_until
            ),
        )
        _note_sent(task, code_id)
        return
    _change(task, task.provider_code_id)


def _change(task: Task, provider_code_id: str) -> None:
    try:
        with_tokens(
            task.account_id,
            lambda t: provider().change_code(
                t, task.provider_lock_id, provider_code_id, task.name, None, task.valid_from, task.valid_until
            ),
        )
    except CodeMissing:
        _forget_provider_code(task, "the lock no longer had the code")
    except ChangeRefused:
        _delete(task, provider_code_id)
        _forget_provider_code(task, "the lock cannot change a code that was never used")
    else:
        _note_sent(task, provider_code_id)


def _forget_provider_code(task: Task, reason: str) -> None:
    """The same PIN is added anew."""
    with transaction():
        db.session.get_one(
            AccessCode, task.code_id, with_for_update=True, populate_existing=True
        ).provider_code_id = None
    raise outbox.RetryLater(dt.timedelta(seconds=1), reason)


def _note_sent(task: Task, provider_code_id: str) -> None:
    """The provider took it. A code that was withdrawn meanwhile goes on to be removed."""
    with transaction():
        code = db.session.get_one(AccessCode, task.code_id, with_for_update=True, populate_existing=True)
        code.provider_code_id = provider_code_id
        code.provider_valid_from, code.provider_valid_until = task.valid_from, task.valid_until
        is_as_wanted = (code.valid_from, code.valid_until, code.pin) == (task.valid_from, task.valid_until, task.pin)
        if code.state == "requested" and is_as_wanted:
            code.state, code.sent_at, code.fault, code.attempts = "sent", now(), None, 0
        db.session.flush()
        tell(code)
    raise outbox.RetryLater(VERIFY_AFTER, "sent; to be verified")


def _find(task: Task) -> ProviderCode | None:
    """This code in the lock's own list, by our name for it, or by its PIN."""
    codes = with_tokens(task.account_id, lambda t: provider().list_codes(t, task.provider_lock_id))
    by_id = [c for c in codes if c.provider_code_id == task.provider_code_id]
    by_name = [c for c in codes if c.name == task.name and c.pin == task.pin]
    return next(iter(by_id or by_name), None)


def _verify(task: Task) -> None:
    found = _find(task)
    is_right = found is not None and found.pin == task.pin and found.state in ("normal", "unknown")
    if found is not None and is_right and _same_minute(found.valid_until, task.valid_until):
        _note_verified(task)
        return
    if found is not None and found.state in ("adding", "changing") and task.attempts < MOST_VERIFICATIONS:
        raise outbox.RetryLater(BUSY_PAUSE, "the lock is still writing the code")
    with transaction():
        code = db.session.get_one(AccessCode, task.code_id, with_for_update=True, populate_existing=True)
        if code.state == "sent":
            code.state = "requested"
            code.provider_code_id = found.provider_code_id if found else None
            details = {"reason": "the lock does not show the code as it was sent"}
            operations.raise_alert(
                task.hotel_id, "door_code_late", f"code:{task.code_id}", details, reservation_id=task.reservation_id
            )
    raise outbox.RetryLater(BUSY_PAUSE, "the lock's list does not show the code as sent; sending again")


def _same_minute(one: dt.datetime | None, other: dt.datetime) -> bool:
    return one is not None and abs(one - other) < dt.timedelta(minutes=1)


def _note_verified(task: Task) -> None:
    with transaction():
        code = db.session.get_one(AccessCode, task.code_id, with_for_update=True, populate_existing=True)
        if code.state != "sent":
            raise outbox.RetryLater(dt.timedelta(seconds=1), "the code changed meanwhile")
        code.state, code.verified_at, code.fault, code.attempts = "verified", now(), None, 0
        db.session.flush()
        operations.resolve_alert(code.hotel_id, f"code:{code.id}")
        tell(code)
        outbox.enqueue(
            "jobs.messaging.send_door_codes", {"reservation_id": code.reservation_id}, hotel_id=code.hotel_id,
            key=f"door-codes:{code.reservation_id}",
        )  # fmt: skip


def _remove(task: Task) -> None:
    found = _find(task)
    if found is not None:
        _delete(task, found.provider_code_id)
        if _find(task) is not None:
            raise outbox.RetryLater(BUSY_PAUSE, "the lock still lists the code after its removal")
    with transaction():
        code = db.session.get_one(AccessCode, task.code_id, with_for_update=True, populate_existing=True)
        code.state, code.removed_at, code.fault, code.attempts = "removed", now(), None, 0
        db.session.flush()
        operations.resolve_alert(code.hotel_id, f"code:{code.id}")
        tell(code)


def _delete(task: Task, provider_code_id: str) -> None:
    try:
        with_tokens(task.account_id, lambda t: provider().delete_code(t, task.provider_lock_id, provider_code_id))
    except CodeMissing:
        log.info("lock_code_was_gone", code_id=task.code_id)


def _with_policy(task: Task, step: Callable[[Task], None]) -> None:
    """Each class of error has one answer; see `ports`."""
    try:
        step(task)
    except (LockBusy, QuotaExceeded, LockOffline, StorageFull, AuthExpired, AuthRejected) as error:
        postpone(task, error)
    except PinRejected as error:
        _after_pin_rejected(task, error)
    except (LockRefused, CodeMissing) as error:
        give_up(task, error)


def _after_pin_rejected(task: Task, error: PinRejected) -> None:
    """Ours from an earlier, unclear try: keep it. Somebody else's, or too simple for this lock: take another.

    A lock that refuses one PIN after the other is not asked every second; the board is told.
    """
    if found := _find(task):
        _note_sent(task, found.provider_code_id)
    with transaction():
        code = db.session.get_one(AccessCode, task.code_id, with_for_update=True, populate_existing=True)
        if code.state == "requested":
            services.choose_new_pin(code)
    if task.attempts >= FEW_ATTEMPTS:
        postpone(task, error)
    raise outbox.RetryLater(dt.timedelta(seconds=1), "the lock refused the PIN; another one was chosen")


def unlock(lock_id: int, until: dt.datetime) -> None:
    """Open a door through its gateway, not later than `until`. May raise any LockError, and RetryLater while the gateway works."""
    with transaction():
        lock = db.session.get_one(Lock, lock_id)
        account_id, provider_lock_id, gateway = lock.account_id, lock.provider_lock_id, gateway_of(lock)
    if now() > until:
        raise LockBusy(None, "The door could not be reached in time; it was not opened")
    with gateway_to_ourselves(gateway):
        with_tokens(account_id, lambda t: provider().unlock(t, provider_lock_id))


def alert_unlock_failed(lock_id: int, error: LockError) -> None:
    lock = db.session.get_one(Lock, lock_id)
    details = {"lock": lock.name, "reason": error.message}
    operations.raise_alert(lock.hotel_id, "unlock_failed", f"unlock:{lock_id}", details, severity="critical")

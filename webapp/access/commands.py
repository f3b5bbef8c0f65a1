"""What is said to locks, and what is written down of the answer.

Each command is three steps: read in one transaction, speak with none open, write in another. A gateway does one command at
a time, so the speaking happens under a lock of the database that is held by a connection of its own. Before a code is added again
after an unclear end, the lock's list is read and the code adopted if it is there.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TypeVar

import structlog
from sqlalchemy import text

from webapp.core import outbox, wiring
from webapp.core.clock import now
from webapp.core.database import db
from webapp.core.transaction import transaction
from webapp.models import AccessCode, Lock, LockAccount, Reservation
from webapp.operations import services as operations

from . import services
from .ports import (
    AuthExpired,
    AuthRejected,
    ChangeRefused,
    CodeMissing,
    LockBusy,
    LockError,
    LockOffline,
    LockProvider,
    LockRefused,
    PinRejected,
    ProviderCode,
    QuotaExceeded,
    StorageFull,
    Tokens,
)

log = structlog.get_logger(__name__)
T = TypeVar("T")

GATEWAY_PAUSE = dt.timedelta(seconds=4)
BUSY_PAUSE, OFFLINE_PAUSE, LONG_PAUSE = dt.timedelta(seconds=15), dt.timedelta(minutes=5), dt.timedelta(minutes=30)
VERIFY_AFTER = dt.timedelta(seconds=5)
RENEW_BEFORE = dt.timedelta(days=2)
MOST_VERIFICATIONS = 6


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


def apply_code(code_id: int) -> None:
    """Bring one lock in line with the recorded state of one code. Raises RetryLater while the lock cannot be reached."""
    task = _read(code_id)
    if task is None:
        return
    step = {"requested": _send, "sent": _verify, "removing": _remove}.get(task.state)
    if step is None:
        return
    with _gateway_to_ourselves(task.gateway):
        _with_policy(_count_attempt(task), step)
    _lock_answered(task)


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
            _gateway_of(lock), lock.account_id, code.hotel_id, code.reservation_id,
        )  # fmt: skip


def _count_attempt(task: Task) -> Task:
    """Only what is said to a lock is an attempt; waiting for its gateway is none."""
    with transaction():
        code = db.session.get_one(AccessCode, task.code_id, with_for_update=True, populate_existing=True)
        code.attempts += 1
        return replace(task, attempts=code.attempts)


def _gateway_of(lock: Lock) -> str:
    return f"{lock.account_id}:{lock.gateway or lock.provider_lock_id}"


@contextmanager
def _gateway_to_ourselves(gateway: str) -> Iterator[None]:
    """Hold the gateway for one command. Raises RetryLater when another command is on its way through it."""
    with db.engine.connect() as connection:
        held = connection.scalar(text("SELECT pg_try_advisory_lock(hashtextextended(:name, 7))"), {"name": gateway})
        connection.commit()
        if not held:
            raise outbox.RetryLater(GATEWAY_PAUSE, "the gateway is at work for another code")
        try:
            yield
        finally:
            connection.execute(text("SELECT pg_advisory_unlock(hashtextextended(:name, 7))"), {"name": gateway})
            connection.commit()


def _provider() -> LockProvider:
    return wiring.resolve(LockProvider)  # type: ignore[type-abstract]


def with_tokens(account_id: int, call: Callable[[Tokens], T]) -> T:
    """Call the provider with good tokens: sign in, renew in time, renew once more when they are refused."""
    tokens = _tokens(account_id)
    try:
        return call(tokens)
    except AuthExpired:
        return call(_renew(account_id, tokens.access_token))


def _tokens(account_id: int) -> Tokens:
    with transaction():
        account = db.session.get_one(LockAccount, account_id, populate_existing=True)
        known = account.access_token and account.token_expires_at and account.token_expires_at > now() + RENEW_BEFORE
        if known:
            return Tokens(account.access_token or "", account.refresh_token or "", account.token_expires_at or now())
        stale = account.access_token
    return _renew(account_id, stale)


def _renew(account_id: int, stale: str | None) -> Tokens:
    """New tokens, fetched once however many jobs ask. The account's row is free meanwhile: what is written is compared first."""
    with _lock_of_account(account_id):
        with transaction():
            account = db.session.get_one(LockAccount, account_id, populate_existing=True)
            if account.access_token and account.access_token != stale:
                return Tokens(account.access_token, account.refresh_token or "", account.token_expires_at or now())
            username, password, refresh_token = account.username, account.password_md5, account.refresh_token
        tokens = _refresh_or_sign_in(account_id, username, password, refresh_token)
        with transaction():
            account = db.session.get_one(LockAccount, account_id, with_for_update=True, populate_existing=True)
            if (account.access_token or stale, account.password_md5) == (stale, password):
                account.access_token, account.refresh_token = tokens.access_token, tokens.refresh_token
                account.token_expires_at, account.fault = tokens.expires_at, None
                operations.resolve_alert(account.hotel_id, f"lock-account:{account.id}")
        return tokens


@contextmanager
def _lock_of_account(account_id: int) -> Iterator[None]:
    """One conversation about the tokens of an account at a time, on a connection of its own; no row is held."""
    name = {"name": f"lock account {account_id}"}
    with db.engine.connect() as connection:
        connection.execute(text("SELECT pg_advisory_lock(hashtextextended(:name, 8))"), name)
        connection.commit()
        try:
            yield
        finally:
            connection.execute(text("SELECT pg_advisory_unlock(hashtextextended(:name, 8))"), name)
            connection.commit()


def _refresh_or_sign_in(account_id: int, username: str, password_md5: str, refresh_token: str | None) -> Tokens:
    if refresh_token:
        try:
            return _provider().refresh(refresh_token)
        except (AuthExpired, AuthRejected):
            log.info("lock_refresh_token_refused", account_id=account_id)
    return _provider().authorise(username, password_md5)


def _send(task: Task) -> None:
    if task.provider_code_id is None and task.attempts > 1 and (found := _find(task)):
        _note_sent(task, found.provider_code_id)
        return
    if task.provider_code_id is None:
        code_id = with_tokens(
            task.account_id,
            lambda t: _provider().add_code(
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
            lambda t: _provider().change_code(
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
        _tell(code)
    raise outbox.RetryLater(VERIFY_AFTER, "sent; to be verified")


def _find(task: Task) -> ProviderCode | None:
    """This code in the lock's own list, by our name for it, or by its PIN."""
    codes = with_tokens(task.account_id, lambda t: _provider().list_codes(t, task.provider_lock_id))
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
        _tell(code)
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
        _tell(code)


def _delete(task: Task, provider_code_id: str) -> None:
    try:
        with_tokens(task.account_id, lambda t: _provider().delete_code(t, task.provider_lock_id, provider_code_id))
    except CodeMissing:
        log.info("lock_code_was_gone", code_id=task.code_id)


def _with_policy(task: Task, step: Callable[[Task], None]) -> None:
    """Each class of error has one answer; see `ports`."""
    try:
        step(task)
    except (LockBusy, QuotaExceeded, LockOffline, StorageFull, AuthExpired, AuthRejected) as error:
        _postpone(task, error)
    except PinRejected:
        _after_pin_rejected(task)
    except (LockRefused, CodeMissing) as error:
        _give_up(task, error)


def _postpone(task: Task, error: LockError) -> None:
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
        _tell(code)
    raise outbox.RetryLater(delay, error.message)


def _pause_after(task: Task, error: LockError) -> dt.timedelta:
    if isinstance(error, QuotaExceeded):
        return min(max(error.resets_at - now(), OFFLINE_PAUSE), dt.timedelta(hours=6))
    if isinstance(error, LockOffline):
        return OFFLINE_PAUSE
    if isinstance(error, LockBusy):
        return min(BUSY_PAUSE * 2 ** min(task.attempts - 1, 5), OFFLINE_PAUSE)
    return LONG_PAUSE


def _alert_postponed(task: Task, error: LockError) -> None:
    if isinstance(error, AuthRejected):
        operations.raise_alert(
            task.hotel_id, "lock_account_refused", f"lock-account:{task.account_id}", severity="critical"
        )
    elif not isinstance(error, LockBusy) or task.attempts >= 4:
        operations.raise_alert(
            task.hotel_id, "door_code_late", f"code:{task.code_id}", {"reason": error.message},
            reservation_id=task.reservation_id,
        )  # fmt: skip


def _after_pin_rejected(task: Task) -> None:
    """Ours from an earlier, unclear try: keep it. Somebody else's, or too simple for this lock: take another."""
    if found := _find(task):
        _note_sent(task, found.provider_code_id)
    with transaction():
        code = db.session.get_one(AccessCode, task.code_id, with_for_update=True, populate_existing=True)
        if code.state == "requested":
            services.choose_new_pin(code)
    raise outbox.RetryLater(dt.timedelta(seconds=1), "the lock refused the PIN; another one was chosen")


def _give_up(task: Task, error: LockError) -> None:
    with transaction():
        code = db.session.get_one(AccessCode, task.code_id, with_for_update=True, populate_existing=True)
        code.state = "failed" if code.state != "removing" else code.state
        code.fault = error.message
        operations.raise_alert(
            task.hotel_id, "door_code_failed", f"code:{task.code_id}", {"reason": error.message}, severity="critical",
            reservation_id=task.reservation_id,
        )  # fmt: skip
        _tell(code)


def _lock_answered(task: Task) -> None:
    with transaction():
        lock = db.session.get_one(Lock, task.lock_id, populate_existing=True)
        if lock.offline_since is not None:
            lock.offline_since = lock.fault = None


def _tell(code: AccessCode) -> None:
    services.tell_boards(db.session.get_one(Reservation, code.reservation_id))


def unlock(lock_id: int, until: dt.datetime) -> None:
    """Open a door through its gateway, not later than `until`. May raise any LockError, and RetryLater while the gateway works."""
    with transaction():
        lock = db.session.get_one(Lock, lock_id)
        account_id, provider_lock_id, gateway = lock.account_id, lock.provider_lock_id, _gateway_of(lock)
    if now() > until:
        raise LockBusy(None, "The door could not be reached in time; it was not opened")
    with _gateway_to_ourselves(gateway):
        with_tokens(account_id, lambda t: _provider().unlock(t, provider_lock_id))


def alert_unlock_failed(lock_id: int, error: LockError) -> None:
    lock = db.session.get_one(Lock, lock_id)
    details = {"lock": lock.name, "reason": error.message}
    operations.raise_alert(lock.hotel_id, "unlock_failed", f"unlock:{lock_id}", details, severity="critical")

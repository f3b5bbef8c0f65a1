"""The conversation with a lock company: one command at a time through a gateway, and always with good tokens.

Both are held by a lock of the database on a connection of its own, so that no row waits for another company.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import structlog
from sqlalchemy import text

from webapp.core import outbox, wiring
from webapp.core.clock import now
from webapp.core.database import db
from webapp.core.transaction import transaction
from webapp.models import Lock, LockAccount
from webapp.operations import services as operations

from .ports import AuthExpired, AuthRejected, LockProvider, Tokens

log = structlog.get_logger(__name__)
T = TypeVar("T")

GATEWAY_PAUSE = dt.timedelta(seconds=4)
RENEW_BEFORE = dt.timedelta(days=2)


def gateway_of(lock: Lock) -> str:
    return f"{lock.account_id}:{lock.gateway or lock.provider_lock_id}"


@contextmanager
def gateway_to_ourselves(gateway: str) -> Iterator[None]:
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


def provider() -> LockProvider:
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
            return provider().refresh(refresh_token)
        except (AuthExpired, AuthRejected):
            log.info("lock_refresh_token_refused", account_id=account_id)
    return provider().authorise(username, password_md5)

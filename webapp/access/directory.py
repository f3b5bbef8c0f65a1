"""Reads a lock account: its locks, their gateways and batteries; suggests which door each lock is on."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from webapp.core import wiring
from webapp.core.clock import now
from webapp.core.database import db
from webapp.core.tenancy import of_hotel
from webapp.core.transaction import transaction
from webapp.models import Lock, LockAccount, Room
from webapp.operations import services as operations

from . import services
from .conversation import with_tokens
from .domain import kind_of_lock
from .ports import AuthRejected, Gateway, LockError, LockProvider, ProviderLock

LOW_BATTERY = 20


def sync_account(account_id: int) -> None:
    """Read the account's locks into ours. New locks are put on the door that their name suggests; staff can change that."""
    provider = wiring.resolve(LockProvider)  # type: ignore[type-abstract]
    try:
        found = with_tokens(account_id, provider.list_locks)
        gateways = {lock.lock_id: _gateways_of(account_id, lock) for lock in found if lock.has_gateway}
    except AuthRejected as error:
        _note_fault(account_id, error)
        return
    with transaction():
        account = db.session.get_one(LockAccount, account_id, with_for_update=True, populate_existing=True)
        has_new_door = False
        for lock in found:
            has_new_door |= _store(account, lock, list(gateways.get(lock.lock_id, ())))
        if has_new_door:
            services.request_reconciliation_of_hotel(account.hotel_id)
        account.synced_at, account.fault = now(), None
        operations.resolve_alert(account.hotel_id, f"lock-account:{account.id}")


def _gateways_of(account_id: int, lock: ProviderLock) -> Sequence[Gateway]:
    provider = wiring.resolve(LockProvider)  # type: ignore[type-abstract]
    return with_tokens(account_id, lambda tokens: provider.gateways_of_lock(tokens, lock.lock_id))


def _note_fault(account_id: int, error: LockError) -> None:
    with transaction():
        account = db.session.get_one(LockAccount, account_id, populate_existing=True)
        account.fault = error.message
        operations.raise_alert(
            account.hotel_id, "lock_account_refused", f"lock-account:{account.id}", severity="critical"
        )


def _store(account: LockAccount, found: ProviderLock, gateways: list[Gateway]) -> bool:
    """Says whether a lock came that is on a door: guests who have checked in need codes on it."""
    query = select(Lock).where(Lock.account_id == account.id, Lock.provider_lock_id == found.lock_id)
    lock = db.session.scalars(query).one_or_none()
    is_new = lock is None
    if lock is None:
        lock = Lock(hotel_id=account.hotel_id, account_id=account.id, provider_lock_id=found.lock_id, kind="unused")
        _suggest_door(lock, found.name)
        db.session.add(lock)
    lock.name, lock.battery, lock.seen_at = found.name, found.battery_percent, now()
    best = max((g for g in gateways if g.is_online is not False), key=lambda g: g.rssi or -999, default=None)
    lock.gateway = best.gateway_id if best else lock.gateway
    db.session.flush()
    _watch_battery(lock)
    return is_new and lock.kind != "unused"


def _suggest_door(lock: Lock, name: str) -> None:
    rooms = {room.number: room for room in db.session.scalars(of_hotel(Room, lock.hotel_id))}
    kind, number = kind_of_lock(name, list(rooms))
    lock.kind, lock.room_id = kind, rooms[number].id if number else None


def _watch_battery(lock: Lock) -> None:
    key = f"battery:{lock.id}"
    if lock.battery is not None and lock.battery <= LOW_BATTERY and lock.kind != "unused":
        operations.raise_alert(lock.hotel_id, "lock_battery_low", key, {"lock": lock.name, "battery": lock.battery})
    elif lock.battery is not None:
        operations.resolve_alert(lock.hotel_id, key)

"""What doors report through the provider's callback: who opened, with which code, and the battery.

The callback carries no signature; its URL holds a secret. Each record is stored under an id of its content before anything is
done about it, so a repeated callback changes nothing.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from typing import Any

import structlog
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from webapp.core import audit, ids, outbox
from webapp.core.actor import Actor
from webapp.core.clock import now
from webapp.core.database import db
from webapp.core.errors import Forbidden, Malformed
from webapp.core.tenancy import of_hotel
from webapp.models import AccessCode, Lock, LockAccount, WebhookEvent

log = structlog.get_logger(__name__)

MOST_RECORDS = 500
OPENED_BY_CODE = 4
LOCKED_OUT = 48
INTERESTING = (OPENED_BY_CODE, LOCKED_OUT, 44, 29)  # by code, too many wrong codes, tampering, forced


def receive(token: str, form: dict[str, str]) -> int:
    """Store the records of one callback. Returns how many were new. Raises Forbidden for a wrong token, Malformed for rubbish."""
    account = db.session.scalars(
        select(LockAccount).where(LockAccount.webhook_hash == ids.token_hash(token))
    ).one_or_none()
    if account is None:
        log.warning("webhook_refused", provider="ttlock")
        raise Forbidden("The address is not right.", "BAD_SIGNATURE")
    return sum(_store(account, record) for record in _records(form))


def _records(form: dict[str, str]) -> list[dict[str, Any]]:
    try:
        records = json.loads(form.get("records", "[]"))
    except ValueError:
        raise Malformed("The records are not JSON.") from None
    if not isinstance(records, list) or len(records) > MOST_RECORDS or not all(isinstance(r, dict) for r in records):
        raise Malformed("The records are not a list of a reasonable length.")
    return records


def _store(account: LockAccount, record: dict[str, Any]) -> bool:
    content = {
        k: record.get(k) for k in ("lockId", "recordType", "lockDate", "success", "username", "electricQuantity")
    }
    digest = hashlib.sha256(json.dumps([account.id, content], sort_keys=True).encode()).hexdigest()
    statement = (
        insert(WebhookEvent)
        .values(provider="ttlock", event_id=digest, payload={**content, "account_id": account.id}, received_at=now())
        .on_conflict_do_nothing(index_elements=["provider", "event_id"])
        .returning(WebhookEvent.id)
    )
    event_id = db.session.scalar(statement)
    if event_id is not None:
        outbox.enqueue("jobs.access.take_records", {"event_id": event_id}, hotel_id=account.hotel_id)
    return event_id is not None


def take(event_id: int) -> None:
    """Act on one stored record: the battery, and the trail of the stay whose code it was."""
    event = db.session.get_one(WebhookEvent, event_id, with_for_update=True)
    if event.handled_at is not None:
        return
    event.handled_at = now()
    record = event.payload
    account = db.session.get_one(LockAccount, record["account_id"])
    query = of_hotel(Lock, account.hotel_id).where(
        Lock.account_id == account.id, Lock.provider_lock_id == str(record.get("lockId"))
    )
    lock = db.session.scalars(query).one_or_none()
    if lock is None:
        return
    if isinstance(record.get("electricQuantity"), int):
        lock.battery, lock.seen_at = max(0, min(100, record["electricQuantity"])), now()
    if record.get("recordType") in INTERESTING:
        _note(lock, record)


def _note(lock: Lock, record: dict[str, Any]) -> None:
    door = Actor("system", f"Door: {lock.name}")
    is_success = record.get("success") == 1
    code = _code_of(lock, str(record.get("username") or ""))
    if record["recordType"] == OPENED_BY_CODE and code is not None:
        if is_success and code.first_used_at is None:
            code.first_used_at = _instant(record.get("lockDate"))
        action = "door_opened" if is_success else "door_code_refused"
        audit.record(lock.hotel_id, action, code.reservation, after={"door": lock.name}, actor=door)
    elif record["recordType"] != OPENED_BY_CODE:
        audit.record(lock.hotel_id, "door_incident", lock, after={"record_type": record["recordType"]}, actor=door)


def _code_of(lock: Lock, name: str) -> AccessCode | None:
    """Passcode records carry the name that we gave the code: booking id, slash, our number."""
    _booking, _slash, number = name.partition("/")
    if not number.isdecimal() or len(number) > 18:
        return None
    query = of_hotel(AccessCode, lock.hotel_id).where(AccessCode.id == int(number), AccessCode.lock_id == lock.id)
    return db.session.scalars(query).one_or_none()


def _instant(milliseconds: Any) -> dt.datetime:
    """The lock's clock, unless it is out of its mind."""
    if isinstance(milliseconds, int) and 0 < milliseconds < 4_102_444_800_000:
        return dt.datetime.fromtimestamp(milliseconds / 1000, dt.UTC)
    return now()

"""Door codes of stays: which should exist, and the record of what each lock was told.

Nothing here speaks to a lock. `reconcile_codes` compares what a stay should have with what is recorded and asks for the
difference; `jobs.access` carries it out through `webapp.access.commands`.
"""

from __future__ import annotations

import datetime as dt
import hashlib

from flask_babel import gettext as _
from sqlalchemy import select

from webapp.core import audit, encryption, events, ids, outbox
from webapp.core.clock import now
from webapp.core.database import db
from webapp.core.errors import Invalid
from webapp.core.tenancy import of_hotel, one_of_hotel
from webapp.models import AccessCode, CheckIn, Hotel, Lock, LockAccount, Reservation, Room

from .domain import Validity, new_pin, should_have_codes

OPEN_STATES = ("requested", "sent", "verified")
GRACE_AFTER_END = dt.timedelta(hours=1)
UNLOCK_WITHIN = dt.timedelta(minutes=1)  # later, whoever asked is no longer looking at the door


def connect_account(hotel: Hotel, username: str, password: str) -> LockAccount:
    """Keep a hotel's account at the lock company and read its locks. Only the password's MD5 is kept: that is what it takes."""
    username = username.strip()
    if not username or not password:
        raise Invalid(_("Enter the user name and password of the lock app."), field="username")
    known = db.session.scalars(of_hotel(LockAccount, hotel.id)).all()
    account = next((one for one in known if one.username == username), None)
    if account is None:
        hint = _hint_of(username, {one.username_hint for one in known})
        account = LockAccount(hotel_id=hotel.id, username=username, username_hint=hint, webhook_token=ids.token())
    account.password_md5 = hashlib.md5(password.encode(), usedforsecurity=False).hexdigest()
    account.access_token = account.refresh_token = account.token_expires_at = account.fault = None
    db.session.add(account)
    db.session.flush()
    audit.record(hotel.id, "lock_account_connected", account, after={"account": account.username_hint})
    request_sync(account)
    return account


def _hint_of(username: str, taken: set[str]) -> str:
    """Enough to tell the hotel's accounts apart, numbered where that is not enough."""
    hint = username if len(username) <= 6 else f"{username[:3]}…{username[-2:]}"
    numbered = (f"{hint} ({number})" for number in range(2, 1000))
    return hint if hint not in taken else next(one for one in numbered if one not in taken)


def request_sync(account: LockAccount) -> None:
    outbox.enqueue(
        "jobs.access.sync_account", {"account_id": account.id}, hotel_id=account.hotel_id, key=f"locks:{account.id}"
    )


def map_lock(lock: Lock, kind: str, room: Room | None) -> None:
    """Say which door a lock is on. Codes follow: those of stays concerned are compared anew."""
    if kind == "room" and room is None:
        raise Invalid(_("Choose the room that this lock is on."), field="room_id")
    room_id = room.id if kind == "room" and room else None
    before, after = audit.changes(lock, {"kind": kind, "room_id": room_id})
    if not after:
        return
    lock.kind, lock.room_id = kind, room_id
    db.session.flush()
    audit.record(lock.hotel_id, "lock_mapped", lock, before=before, after=after)
    request_reconciliation_of_hotel(lock.hotel_id)


def request_unlock(lock: Lock) -> None:
    """Open the door from the board, through the gateway; written down."""
    audit.record(lock.hotel_id, "door_opened_remotely", lock)
    until = now() + UNLOCK_WITHIN
    arguments = {"lock_id": lock.id, "until": until.isoformat()}
    outbox.enqueue("jobs.access.unlock", arguments, hotel_id=lock.hotel_id, key=f"unlock:{lock.id}")


def request_reconciliation(hotel_id: int, reservation_id: int) -> None:
    outbox.enqueue(
        "jobs.access.reconcile", {"reservation_id": reservation_id}, hotel_id=hotel_id, key=f"codes:{reservation_id}"
    )


def request_reconciliation_of_hotel(hotel_id: int) -> None:
    """After a change that concerns every stay: a lock on another door, other times of arrival and departure."""
    for reservation_id in _stays_with_codes(hotel_id):
        request_reconciliation(hotel_id, reservation_id)


def _stays_with_codes(hotel_id: int) -> list[int]:
    today = now().date() - dt.timedelta(days=1)
    return list(
        db.session.scalars(
            select(Reservation.id)
            .outerjoin(CheckIn, CheckIn.reservation_id == Reservation.id)
            .where(Reservation.hotel_id == hotel_id, Reservation.check_out >= today)
            .where((Reservation.status == "CHECKED_IN") | CheckIn.completed_at.is_not(None))
        )
    )


def reconcile_codes(reservation_id: int) -> None:
    """Make the recorded codes what the stay, as it is now, should have; ask for what differs. Changes nothing when run again."""
    stay = db.session.get(Reservation, reservation_id, with_for_update=True, populate_existing=True)
    if stay is None:
        return
    hotel = db.session.get_one(Hotel, stay.hotel_id)
    validity = Validity(
        hotel.check_in_instant(stay.check_in), hotel.check_out_instant(stay.check_out, stay.late_departure)
    )
    wanted = _wanted_locks(stay) if validity.end > now() else []
    codes = db.session.scalars(
        select(AccessCode).where(AccessCode.reservation_id == stay.id, AccessCode.state.in_((*OPEN_STATES, "failed")))
    ).all()
    kept = [code for code in codes if _keep(stay, code, wanted, validity)]
    for code in codes:
        if code not in kept:
            start_removal(code)
    missing = [lock for lock in wanted if lock.id not in {code.lock_id for code in kept}]
    if missing:
        _request_codes(stay, missing, validity, kept)


def _wanted_locks(stay: Reservation) -> list[Lock]:
    checkin = db.session.scalars(select(CheckIn).where(CheckIn.reservation_id == stay.id)).one_or_none()
    is_online = checkin is not None and checkin.completed_at is not None
    if not should_have_codes(stay.status, stay.room_id is not None, is_online):
        return []
    doors = (Lock.kind == "entrance") | ((Lock.kind == "room") & (Lock.room_id == stay.room_id))
    return list(db.session.scalars(of_hotel(Lock, stay.hotel_id).where(doors).order_by(Lock.id)))


def _keep(stay: Reservation, code: AccessCode, wanted: list[Lock], validity: Validity) -> bool:
    """Whether this code stays. In house it is extended and the PIN stays; before arrival changed dates mean a new code."""
    if code.lock_id not in {lock.id for lock in wanted}:
        return False
    if (code.valid_from, code.valid_until) == (validity.start, validity.end):
        return True
    has_begun = stay.status == "CHECKED_IN"
    if not has_begun:
        return False
    code.valid_from, code.valid_until, code.state, code.fault = validity.start, validity.end, "requested", None
    db.session.flush()
    request_command(code)
    return True


def _request_codes(stay: Reservation, locks: list[Lock], validity: Validity, kept: list[AccessCode]) -> None:
    """One PIN for all doors of the stay. The guest's present PIN is used where it is free on the new doors too."""
    doors = {lock.id: physical(lock) for lock in locks}
    pin = next((code.pin for code in kept if not _is_taken(code.pin, list(doors.values()))), None)
    pin = pin or new_pin(lambda candidate: _is_taken(candidate, list(doors.values())))
    for lock in locks:
        code = AccessCode(
            hotel_id=stay.hotel_id, reservation_id=stay.id, lock_id=lock.id, physical_lock=doors[lock.id], pin=pin,
            pin_fingerprint=encryption.fingerprint(pin), valid_from=validity.start, valid_until=validity.end,
            state="requested",
        )  # fmt: skip
        db.session.add(code)
        db.session.flush()
        request_command(code)
    audit.record(stay.hotel_id, "door_codes_requested", stay, after={"doors": [lock.name for lock in locks]})
    tell_boards(stay)


def physical(lock: Lock) -> str:
    return f"ttlock:{lock.provider_lock_id}"


def _is_taken(pin: str, physical_locks: list[str]) -> bool:
    query = select(AccessCode.id).where(
        AccessCode.physical_lock.in_(physical_locks),
        AccessCode.pin_fingerprint.in_(encryption.fingerprints(pin)),
        AccessCode.state != "removed",
    )
    return db.session.scalar(query.limit(1)) is not None


def choose_new_pin(code: AccessCode) -> None:
    """The lock refuses this PIN: take another one on this lock."""
    code.pin = new_pin(lambda pin: _is_taken(pin, [code.physical_lock]))
    code.pin_fingerprint = encryption.fingerprint(code.pin)
    code.state, code.provider_code_id = "requested", None
    db.session.flush()


def start_removal(code: AccessCode) -> None:
    """The code must go from its lock; it counts as gone only when the lock's list no longer has it."""
    code.state, code.fault = "removing", None
    db.session.flush()
    request_command(code)


def request_command(code: AccessCode, delay: dt.timedelta | None = None) -> None:
    """Have the worker bring the lock in line with the code's state. One pending request for a code is enough."""
    outbox.enqueue(
        "jobs.access.apply_code", {"code_id": code.id}, hotel_id=code.hotel_id, key=f"code:{code.id}", delay=delay
    )


def code_of_hotel(hotel_id: int, code_id: int) -> AccessCode:
    return one_of_hotel(AccessCode, hotel_id, lock=True, id=code_id)


def try_again(code: AccessCode) -> None:
    """A person asks for another attempt of a code that failed or is late."""
    if code.state == "failed":
        code.state = "requested"
    code.fault = None
    db.session.flush()
    request_command(code)


def remove_ended_codes() -> int:
    """Ask for the removal of every code whose time is over, whatever became of its stay. Returns how many."""
    ended = select(AccessCode).where(
        AccessCode.state.in_((*OPEN_STATES, "failed")), AccessCode.valid_until < now() - GRACE_AFTER_END
    )
    codes = db.session.scalars(ended.with_for_update(skip_locked=True).limit(500)).all()
    for code in codes:
        start_removal(code)
    return len(codes)


def request_late_commands() -> int:
    """Ask again for every code that is on its way and that no pending request covers. Returns how many were looked at."""
    waiting = select(AccessCode).where(AccessCode.state.in_(("requested", "sent", "removing")))
    codes = db.session.scalars(waiting.limit(1000)).all()
    for code in codes:
        request_command(code)
    return len(codes)


def tell_boards(stay: Reservation) -> None:
    number = db.session.get_one(Room, stay.room_id).number if stay.room_id else None
    events.publish(
        stay.hotel_id,
        "access-code-changed",
        {"booking_id": stay.booking_id, "status": stay.status, "assigned_room_number": number},
    )

"""The door: does a code open it? Decided only by what is on the lock, never by the cloud's list."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from webapp.sandbox.context import Sandbox
from webapp.sandbox.storage import Document
from webapp.sandbox.ttlock.codes import ERASE, HOUR, ON_LOCK, PERIOD, PERMANENT

ONE_TIME = 1
_ONE_TIME_WINDOW = 6 * HOUR
_FIRST_USE_WINDOW = 24 * HOUR
# keyboardPwdType of cyclic codes -> days on which they open, Monday = 0
_DAYS = {5: {5, 6}, 6: set(range(7)), 7: set(range(5)), **{8 + day: {day} for day in range(7)}}


def try_pin(sandbox: Sandbox, lock: Document, pin: str, at: int) -> Document:
    """Type a code at the keypad at an instant in milliseconds: {"opens", "why", "keyboardPwdId", "name"}."""
    with sandbox.storage.lock:
        for code in sandbox.storage.all(ON_LOCK, prefix=f"{lock['lockId']}/"):
            if code["keyboardPwd"] == pin:
                why = "the lock is frozen" if lock["isFrozen"] else _refusal(code, lock, at)
                if why is None:
                    _count_use(sandbox, code, at)
                return {
                    "opens": why is None,
                    "why": why or "the code is on the lock and valid now",
                    "keyboardPwdId": code["keyboardPwdId"],
                    "name": code["keyboardPwdName"],
                }
    return {"opens": False, "why": "no such code on the lock", "keyboardPwdId": None, "name": ""}


def _refusal(code: Document, lock: Document, at: int) -> str | None:
    """Why a code that the lock knows does not open, or None when it does."""
    kind = code["keyboardPwdType"]
    if at < code["startDate"]:
        return "not valid yet"
    if code["endDate"] and at >= code["endDate"]:
        return "no longer valid"
    if kind == ONE_TIME:
        if code["uses"]:
            return "one-time code already used"
        return "one-time code not used in its 6 hours" if at >= code["startDate"] + _ONE_TIME_WINDOW else None
    unused = not code["isCustom"] and not code["firstUsed"]
    if kind in (PERMANENT, PERIOD) and unused and at >= code["startDate"] + _FIRST_USE_WINDOW:
        return "suspended: not used within 24 hours of its start"
    return _outside_cycle(code, lock, at) if kind in _DAYS and kind != ERASE else None


def _outside_cycle(code: Document, lock: Document, at: int) -> str | None:
    local, start, end = (_lock_time(lock, instant) for instant in (at, code["startDate"], code["endDate"]))
    if local.weekday() not in _DAYS[code["keyboardPwdType"]]:
        return "not valid on this day of the week"
    inside = start.hour <= local.hour < (end.hour or 24)
    return None if inside else "not valid at this hour"


def _lock_time(lock: Document, instant: int) -> datetime:
    return datetime.fromtimestamp(instant / 1000, UTC) + timedelta(milliseconds=lock["timezoneRawOffset"])


def _count_use(sandbox: Sandbox, code: Document, at: int) -> None:
    used = {**code, "firstUsed": code["firstUsed"] or at, "uses": code["uses"] + 1}
    sandbox.storage.put(ON_LOCK, f"{code['lockId']}/{code['keyboardPwdId']}", used)

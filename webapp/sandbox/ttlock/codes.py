"""Passcodes: the cloud's list and, kept apart from it, what is really on the lock."""

from __future__ import annotations

import itertools

from webapp.sandbox.context import Sandbox
from webapp.sandbox.storage import Document
from webapp.sandbox.ttlock import errors
from webapp.sandbox.ttlock.errors import TTLockError
from webapp.sandbox.ttlock.locks import GatewayBus
from webapp.sandbox.ttlock.params import Params

CLOUD = "ttlock.code"  # what listKeyboardPwd shows
ON_LOCK = "ttlock.door"  # what opens the door
_DELETED = "ttlock.deleted"  # periods whose random code was deleted: the algorithm cannot give them again
MINUTE, HOUR = 60_000, 3_600_000
YEAR = 366 * 24 * HOUR
PERMANENT, PERIOD, ERASE = 2, 3, 4
CUSTOM_LIMIT = 250
PHONE, GATEWAY, ASYNCHRONOUS = 1, 2, 4


def add_custom(sandbox: Sandbox, bus: GatewayBus, account: str, lock: Document, params: Params) -> Document:
    """keyboardPwd/add. With addType 1, the default, the cloud believes that a phone has told the lock: it has not."""
    pin = params.text("keyboardPwd")
    kind = params.choice("keyboardPwdType", (PERMANENT, PERIOD), PERIOD)
    how = params.choice("addType", (PHONE, GATEWAY, ASYNCHRONOUS), PHONE)
    start, end = _period(params) if kind == PERIOD else (0, 0)
    check_pin(pin)
    if how == ASYNCHRONOUS:
        raise TTLockError(errors.NOT_SUPPORTED)

    def write() -> int:
        _refuse_duplicate(sandbox, lock, pin)
        custom = [code for code in _codes(sandbox, CLOUD, lock) if code["isCustom"]]
        if len(custom) >= CUSTOM_LIMIT:
            raise TTLockError(errors.CODE_SPACE_FULL)
        code = _new_code(sandbox, account, lock, pin, kind, start, end, params.optional("keyboardPwdName"), 1)
        sandbox.storage.put(CLOUD, _key(code), code)
        if how == GATEWAY:
            _put_on_lock(sandbox, code)
        return code["keyboardPwdId"]

    if how == GATEWAY:
        return {"keyboardPwdId": bus.command(lock, write)}
    with sandbox.storage.lock:
        return {"keyboardPwdId": write()}


def get_random(sandbox: Sandbox, account: str, lock: Document, params: Params) -> Document:
    """keyboardPwd/get: a code by the algorithm that lock and cloud share, so it works without any gateway."""
    kind = params.choice("keyboardPwdType", tuple(range(1, 15)))
    if kind == ERASE:
        raise TTLockError(errors.NOT_SUPPORTED)
    start = params.number("startDate") // HOUR * HOUR
    end = 0
    if kind not in (1, PERMANENT):
        end = params.number("endDate") // HOUR * HOUR
        if not start < end <= start + YEAR:
            raise TTLockError(errors.PARAMETER)
    period = f"{lock['lockId']}/{kind}/{start}/{end}"
    with sandbox.storage.lock:
        if sandbox.storage.get(_DELETED, period):
            raise TTLockError(errors.PERIOD_ALREADY_DELETED)
        pin = _random_pin(sandbox, lock)
        code = _new_code(sandbox, account, lock, pin, kind, start, end, params.optional("keyboardPwdName"), 0)
        sandbox.storage.put(CLOUD, _key(code), code)
        _put_on_lock(sandbox, code)
    return {"keyboardPwd": pin, "keyboardPwdId": code["keyboardPwdId"]}


def change(sandbox: Sandbox, bus: GatewayBus, lock: Document, params: Params) -> None:
    """keyboardPwd/change. Validity changes only when both dates are given: otherwise it succeeds and stays as it was."""
    code = _find(sandbox, lock, params)
    how = params.choice("changeType", (PHONE, GATEWAY), PHONE)
    changes: Document = {}
    if params.optional("startDate") and params.optional("endDate"):
        changes["startDate"], changes["endDate"] = _period(params)
    new_pin = params.optional("newKeyboardPwd")
    if new_pin:
        check_pin(new_pin)
        changes["keyboardPwd"] = new_pin
    if params.optional("keyboardPwdName"):
        changes["keyboardPwdName"] = params.optional("keyboardPwdName")

    def write() -> None:
        if new_pin and new_pin != code["keyboardPwd"]:
            _refuse_duplicate(sandbox, lock, new_pin)
        if how == GATEWAY:
            on_lock = sandbox.storage.get(ON_LOCK, _key(code))
            if on_lock is None:
                raise TTLockError(errors.CODE_UNKNOWN)
            if not code["isCustom"] and not on_lock["firstUsed"]:
                raise TTLockError(errors.CODE_NEVER_USED)
            sandbox.storage.put(ON_LOCK, _key(code), {**on_lock, **changes})
        sandbox.storage.put(CLOUD, _key(code), {**code, **changes})

    if how == GATEWAY:
        bus.command(lock, write)
    else:
        with sandbox.storage.lock:
            write()


def delete(sandbox: Sandbox, bus: GatewayBus, lock: Document, params: Params) -> None:
    """keyboardPwd/delete. With deleteType 1, the default, only the cloud forgets: the door still opens."""
    code = _find(sandbox, lock, params)
    how = params.choice("deleteType", (PHONE, GATEWAY), PHONE)

    def write() -> None:
        sandbox.storage.delete(CLOUD, _key(code))
        if how == GATEWAY:
            sandbox.storage.delete(ON_LOCK, _key(code))
        if not code["isCustom"]:
            period = f"{lock['lockId']}/{code['keyboardPwdType']}/{code['startDate']}/{code['endDate']}"
            sandbox.storage.put(_DELETED, period, {"period": period})

    if how == GATEWAY:
        bus.command(lock, write)
    else:
        with sandbox.storage.lock:
            write()


def listing(sandbox: Sandbox, lock: Document, params: Params) -> Document:
    """lock/listKeyboardPwd: the cloud's list, whose keyboardPwdType is text."""
    codes = [{**code, "keyboardPwdType": str(code["keyboardPwdType"])} for code in _codes(sandbox, CLOUD, lock)]
    wanted = params.optional("searchStr")
    if wanted:
        codes = [c for c in codes if wanted in c["keyboardPwdName"] or wanted == c["keyboardPwd"]]
    order = params.choice("orderBy", (0, 1, 2), 1)
    if order == 1:
        codes.reverse()
    else:
        codes.sort(key=lambda code: code["keyboardPwdName"], reverse=order == 2)
    return params.page(codes, limit=200)


def check_pin(pin: str) -> None:
    if not pin.isascii() or not pin.isdigit():
        raise TTLockError(errors.PARAMETER)
    if not 4 <= len(pin) <= 9:
        raise TTLockError(errors.CODE_LENGTH)
    steps = {int(after) - int(before) for before, after in itertools.pairwise(pin)}
    if steps in ({0}, {1}, {-1}):
        raise TTLockError(errors.CODE_TOO_SIMPLE)


def _period(params: Params) -> tuple[int, int]:
    """Start and end in milliseconds, cut to whole minutes."""
    start, end = params.number("startDate") // MINUTE * MINUTE, params.number("endDate") // MINUTE * MINUTE
    if not 0 <= start < end:
        raise TTLockError(errors.PARAMETER)
    return start, end


def _find(sandbox: Sandbox, lock: Document, params: Params) -> Document:
    code = sandbox.storage.get(CLOUD, f"{lock['lockId']}/{params.number('keyboardPwdId')}")
    if code is None:
        raise TTLockError(errors.CODE_UNKNOWN)
    return code


def _codes(sandbox: Sandbox, kind: str, lock: Document) -> list[Document]:
    return sandbox.storage.all(kind, prefix=f"{lock['lockId']}/")


def _key(code: Document) -> str:
    return f"{code['lockId']}/{code['keyboardPwdId']}"


def _refuse_duplicate(sandbox: Sandbox, lock: Document, pin: str) -> None:
    if any(code["keyboardPwd"] == pin for kind in (CLOUD, ON_LOCK) for code in _codes(sandbox, kind, lock)):
        raise TTLockError(errors.CODE_EXISTS)


def _random_pin(sandbox: Sandbox, lock: Document) -> str:
    taken = {code["keyboardPwd"] for kind in (CLOUD, ON_LOCK) for code in _codes(sandbox, kind, lock)}
    while True:
        pin = str(sandbox.random.randrange(10**5, 10**9))
        if pin not in taken:
            return pin


def _new_code(
    sandbox: Sandbox,
    account: str,
    lock: Document,
    pin: str,
    kind: int,
    start: int,
    end: int,
    name: str | None,
    custom: int,
) -> Document:
    return {
        "keyboardPwdId": sandbox.storage.next_id("ttlock.code", 5_000_001),
        "lockId": lock["lockId"],
        "keyboardPwd": pin,
        "keyboardPwdName": name or pin,
        "keyboardPwdType": kind,
        "startDate": start,
        "endDate": end,
        "sendDate": sandbox.clock.milliseconds(),
        "isCustom": custom,
        "senderUsername": account,
    }


def _put_on_lock(sandbox: Sandbox, code: Document) -> None:
    sandbox.storage.put(ON_LOCK, _key(code), {**code, "firstUsed": None, "uses": 0})

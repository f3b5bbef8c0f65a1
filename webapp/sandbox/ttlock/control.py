"""Control of the lock emulator: locks, gateways, accounts, the door, and what the platform should do."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, jsonify
from flask.typing import ResponseReturnValue

from webapp.sandbox.clock import parse_instant
from webapp.sandbox.context import Sandbox, current_sandbox
from webapp.sandbox.guards import json_body
from webapp.sandbox.storage import Document
from webapp.sandbox.ttlock import accounts, codes, door, locks, records, seed

blueprint = Blueprint("ttlock_control", __name__, url_prefix="/control/ttlock")
_SETTINGS = {"latency", "callback_url", "token_seconds"}


@blueprint.patch("")
def change_settings() -> ResponseReturnValue:
    changes = json_body(_SETTINGS)
    if not _is_latency(changes.get("latency")):
        abort(400, "latency is a number of seconds, or two of them, lowest first")
    return jsonify(current_sandbox().change_settings("ttlock", changes))


def _is_latency(value: object) -> bool:
    """None for the usual one, seconds, or the lowest and the highest."""
    if value is None:
        return True
    ends = value if isinstance(value, list) else [value, value]
    numbers = [end for end in ends if isinstance(end, (int, float)) and not isinstance(end, bool) and 0 <= end <= 600]
    return len(numbers) == len(ends) == 2 and numbers[0] <= numbers[1]


@blueprint.get("/locks")
def list_locks() -> ResponseReturnValue:
    sandbox = current_sandbox()
    return jsonify({"locks": [_picture(sandbox, lock) for lock in sandbox.storage.all("ttlock.lock")]})


@blueprint.post("/locks")
def add_lock() -> ResponseReturnValue:
    """A new lock of `owner`, near the gateway `gatewayId` when given; any other field of a lock may be set."""
    sandbox, given = current_sandbox(), json_body(None)
    gateway = sandbox.storage.get("ttlock.gateway", given.get("gatewayId", ""))
    lock = seed.add_lock(sandbox, sandbox.random, given)
    if gateway is not None:
        near = {**gateway["locks"], str(lock["lockId"]): -65}
        sandbox.storage.put("ttlock.gateway", gateway["gatewayId"], {**gateway, "locks": near})
    return jsonify(_picture(sandbox, lock)), 201


@blueprint.get("/locks/<int:lock_id>")
def show_lock(lock_id: int) -> ResponseReturnValue:
    sandbox = current_sandbox()
    return jsonify(_picture(sandbox, _lock(sandbox, lock_id)))


@blueprint.patch("/locks/<int:lock_id>")
def change_lock(lock_id: int) -> ResponseReturnValue:
    sandbox = current_sandbox()
    lock = _lock(sandbox, lock_id)
    changes = json_body(set(lock) - {"lockId"})
    sandbox.storage.put("ttlock.lock", lock_id, {**lock, **changes})
    return jsonify(_picture(sandbox, {**lock, **changes}))


@blueprint.delete("/locks/<int:lock_id>")
def delete_lock(lock_id: int) -> ResponseReturnValue:
    sandbox = current_sandbox()
    _lock(sandbox, lock_id)
    sandbox.storage.delete("ttlock.lock", lock_id)
    return jsonify({"deleted": lock_id})


@blueprint.get("/gateways")
def list_gateways() -> ResponseReturnValue:
    """All gateways; `command` is what one carries now, if anything."""
    storage = current_sandbox().storage
    gateways = storage.all("ttlock.gateway")
    return jsonify({"gateways": [{**g, "command": storage.get(locks.UNDER_WAY, g["gatewayId"])} for g in gateways]})


@blueprint.post("/gateways")
def add_gateway() -> ResponseReturnValue:
    sandbox, given = current_sandbox(), json_body({"gatewayId", "owner", "gatewayName", "locks"})
    gateway = seed.add_gateway(
        sandbox,
        sandbox.random,
        given.get("gatewayId"),
        given.get("owner", "harbour"),
        given.get("gatewayName", "New gateway"),
        given.get("locks", []),
    )
    return jsonify(gateway), 201


@blueprint.patch("/gateways/<int:gateway_id>")
def change_gateway(gateway_id: int) -> ResponseReturnValue:
    """`isOnline` 0/1, `busy` (every command meets -3003), `hold` (commands wait until it ends), `locks` ({lockId: rssi})."""
    sandbox = current_sandbox()
    gateway = sandbox.storage.get("ttlock.gateway", gateway_id)
    if gateway is None:
        abort(404, "no such gateway")
    changes: dict[str, Any] = json_body({"isOnline", "busy", "hold", "locks"})
    if "isOnline" in changes:
        changes["isOnline"] = 1 if changes["isOnline"] else 0
        changes["offlineSince"] = None if changes["isOnline"] else sandbox.clock.milliseconds()
    sandbox.storage.put("ttlock.gateway", gateway_id, {**gateway, **changes})
    return jsonify({**gateway, **changes})


@blueprint.post("/accounts")
def add_account() -> ResponseReturnValue:
    given = json_body({"username", "password"})
    account = seed.add_account(current_sandbox(), given["username"], given["password"])
    return jsonify({"username": account["username"], "uid": account["uid"]}), 201


@blueprint.post("/tokens/expire")
def expire_tokens() -> ResponseReturnValue:
    given = json_body({"username", "refresh_too"})
    count = accounts.expire_tokens(current_sandbox(), given.get("username"), bool(given.get("refresh_too")))
    return jsonify({"expired": count})


@blueprint.post("/door/<int:lock_id>/try")
def try_door(lock_id: int) -> ResponseReturnValue:
    """Type `pin` at the keypad, now or `at` an instant; the record goes to the callback URL."""
    sandbox = current_sandbox()
    lock, given = _lock(sandbox, lock_id), json_body({"pin", "at"})
    instant = parse_instant(given["at"]) if given.get("at") else sandbox.clock.now()
    at = int(instant.timestamp() * 1000)
    pin = str(given["pin"])
    result = door.try_pin(sandbox, lock, pin, at)
    records.push(sandbox, lock, records.PASSCODE_UNLOCK, success=result["opens"], at=at, pin=pin, name=result["name"])
    return jsonify(result)


@blueprint.post("/records")
def push_record() -> ResponseReturnValue:
    """Push any record: `lockId`, `recordType`, and optionally `success`, `keyboardPwd`, `username`, `at`."""
    sandbox = current_sandbox()
    given = json_body({"lockId", "recordType", "success", "keyboardPwd", "username", "at"})
    instant = parse_instant(given["at"]) if given.get("at") else sandbox.clock.now()
    records.push(
        sandbox,
        _lock(sandbox, given["lockId"]),
        given["recordType"],
        success=given.get("success", True),
        at=int(instant.timestamp() * 1000),
        pin=given.get("keyboardPwd", ""),
        name=given.get("username", ""),
    )
    return jsonify({"pushed": True}), 202


@blueprint.get("/callbacks")
def list_callbacks() -> ResponseReturnValue:
    """What the callback URL answered, newest first; `accepted` means 200 with the body `success`."""
    return jsonify({"callbacks": current_sandbox().storage.newest("ttlock.callback", 200)})


def _lock(sandbox: Sandbox, lock_id: int) -> Document:
    lock = sandbox.storage.get("ttlock.lock", lock_id)
    if lock is None:
        abort(404, f"no lock {lock_id}; the id is in GET /control/ttlock/locks")
    return lock


def _picture(sandbox: Sandbox, lock: Document) -> Document:
    """A lock with the cloud's list of codes and what is really on it."""
    prefix = f"{lock['lockId']}/"
    return {
        **lock,
        "cloud": sandbox.storage.all(codes.CLOUD, prefix),
        "on_lock": sandbox.storage.all(codes.ON_LOCK, prefix),
    }

"""The calls of the platform under /ttlock."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, Response, jsonify, request

from webapp.sandbox.context import Sandbox, current_sandbox
from webapp.sandbox.storage import Document
from webapp.sandbox.ttlock import accounts, codes, errors, locks, records
from webapp.sandbox.ttlock.errors import TTLockError
from webapp.sandbox.ttlock.locks import GatewayBus
from webapp.sandbox.ttlock.params import Params

Call = Callable[[Sandbox, str, Params], Document | None]


def create_blueprint(sandbox: Sandbox) -> Blueprint:
    """All routes, with one gateway bus for the whole sandbox."""
    bus = GatewayBus(sandbox)
    blueprint = Blueprint("ttlock", __name__, url_prefix="/ttlock")
    blueprint.add_url_rule("/oauth2/token", "token", _token, methods=["POST"])
    for name, call in _calls(bus).items():
        methods = ["POST"] if name.startswith("keyboardPwd/") else ["GET", "POST"]
        blueprint.add_url_rule(f"/v3/{name}", name.replace("/", "_"), _view(call), methods=methods)
    return blueprint


def _token() -> Response:
    return _answer(lambda: accounts.issue_token(current_sandbox(), Params(request.values)))


def _view(call: Call) -> Callable[[], Response]:
    def view() -> Response:
        def run() -> Document | None:
            sandbox, params = current_sandbox(), Params(request.values)
            return call(sandbox, accounts.caller(sandbox, params), params)

        return _answer(run)

    return view


def _answer(run: Callable[[], Document | None]) -> Response:
    try:
        data = run()
    except TTLockError as error:
        return jsonify(errors.body_of(error.code))
    return jsonify(errors.body_of(0) if data is None else data)


def _calls(bus: GatewayBus) -> dict[str, Call]:
    return {
        "lock/list": _lock_list,
        "lock/detail": lambda s, account, p: locks.detail(s, _lock(s, account, p)),
        "lock/unlock": lambda s, account, p: _turn(s, bus, _lock(s, account, p), unlock=True),
        "lock/lock": lambda s, account, p: _turn(s, bus, _lock(s, account, p), unlock=False),
        "lock/queryOpenState": lambda s, account, p: _open_state(s, bus, _lock(s, account, p)),
        "lock/listKeyboardPwd": lambda s, account, p: codes.listing(s, _lock(s, account, p), p),
        "keyboardPwd/add": lambda s, account, p: codes.add_custom(s, bus, account, _lock(s, account, p), p),
        "keyboardPwd/get": lambda s, account, p: codes.get_random(s, account, _lock(s, account, p), p),
        "keyboardPwd/change": lambda s, account, p: codes.change(s, bus, _lock(s, account, p), p),
        "keyboardPwd/delete": lambda s, account, p: codes.delete(s, bus, _lock(s, account, p), p),
        "gateway/list": lambda s, account, p: p.page(
            [locks.gateway_entry(gateway) for gateway in locks.owned_gateways(s, account)], limit=200
        ),
        "gateway/listLock": lambda s, account, p: {
            "list": locks.gateway_locks(s, locks.owned_gateway(s, account, p.number("gatewayId")))
        },
        "gateway/listByLock": _gateways_by_lock,
    }


def _lock(sandbox: Sandbox, account: str, params: Params) -> Document:
    return locks.owned_lock(sandbox, account, params.number("lockId"))


def _lock_list(sandbox: Sandbox, account: str, params: Params) -> Document:
    found = locks.owned_locks(sandbox, account)
    alias, group = params.optional("lockAlias"), params.optional_number("groupId")
    if alias:
        found = [lock for lock in found if alias.casefold() in lock["lockAlias"].casefold()]
    if group is not None:
        found = [lock for lock in found if lock["groupId"] == group]
    return params.page([locks.list_entry(sandbox, lock) for lock in found], limit=1000)


def _turn(sandbox: Sandbox, bus: GatewayBus, lock: Document, *, unlock: bool) -> None:
    if unlock and not lock["remoteUnlock"]:
        raise TTLockError(errors.FAILED)

    def move() -> None:
        sandbox.storage.put("ttlock.lock", lock["lockId"], {**lock, "state": 1 if unlock else 0})

    bus.command(lock, move)
    kind = records.GATEWAY_UNLOCK if unlock else records.LOCK_BY_APP
    records.push(sandbox, lock, kind, success=True, at=sandbox.clock.milliseconds(), name=lock["owner"])


def _open_state(sandbox: Sandbox, bus: GatewayBus, lock: Document) -> Document:
    fresh = bus.command(lock, lambda: sandbox.storage.get("ttlock.lock", lock["lockId"]))
    return {"state": fresh["state"] if fresh else 2}


def _gateways_by_lock(sandbox: Sandbox, account: str, params: Params) -> Document:
    lock = _lock(sandbox, account, params)
    number = str(lock["lockId"])
    return {
        "list": [
            {**locks.gateway_entry(gateway), "rssi": gateway["locks"][number]}
            for gateway in locks.gateways_of(sandbox, lock)
        ]
    }

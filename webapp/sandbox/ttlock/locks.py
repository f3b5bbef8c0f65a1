"""Locks and gateways: whose they are, what they look like from outside, and the one command a gateway can carry."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

from webapp.sandbox.context import Sandbox
from webapp.sandbox.storage import Document
from webapp.sandbox.ttlock import errors
from webapp.sandbox.ttlock.errors import TTLockError

T = TypeVar("T")
REAL_LATENCY = (3.0, 10.0)  # seconds that a command takes through a gateway
_CACHE = 30 * 60 * 1000  # the platform knows which locks a gateway reaches for this long after it went offline
UNDER_WAY = "ttlock.command"  # the command that a gateway carries now, for control calls to see
_LONGEST_HOLD = 120.0
_LIST_FIELDS = (
    "lockId",
    "lockName",
    "lockAlias",
    "lockMac",
    "electricQuantity",
    "featureValue",
    "hasGateway",
    "lockData",
    "groupId",
    "groupName",
    "date",
)


def owned_lock(sandbox: Sandbox, account: str, lock_id: int) -> Document:
    lock = sandbox.storage.get("ttlock.lock", lock_id)
    if lock is None:
        raise TTLockError(errors.LOCK_UNKNOWN)
    if lock["owner"] != account:
        raise TTLockError(errors.NOT_ADMIN)
    return lock


def owned_locks(sandbox: Sandbox, account: str) -> list[Document]:
    return [lock for lock in sandbox.storage.all("ttlock.lock") if lock["owner"] == account]


def list_entry(sandbox: Sandbox, lock: Document) -> Document:
    """A lock as lock/list shows it."""
    shown = {**lock, "hasGateway": _has_gateway(sandbox, lock), "lockData": f"sandbox-lock-data-{lock['lockId']}"}
    return {field: shown[field] for field in _LIST_FIELDS}


def detail(sandbox: Sandbox, lock: Document) -> Document:
    """A lock as lock/detail shows it, with the secrets that clients must not log."""
    return {
        "date": lock["date"],
        "lockAlias": lock["lockAlias"],
        "lockSound": 1,
        "modelNum": "SN9206_PV53",
        "lockMac": lock["lockMac"],
        "privacyLock": 2,
        "featureValue": lock["featureValue"],
        "adminPwd": "sandbox-admin",
        "soundVolume": 2,
        "hasGateway": _has_gateway(sandbox, lock),
        "autoLockTime": 5,
        "wirelessKeypadFeatureValue": "0",
        "lockKey": f"sandbox-key-{lock['lockId']}",
        "isFrozen": 1 if lock["isFrozen"] else 2,
        "lockName": lock["lockName"],
        "resetButton": 1,
        "firmwareRevision": "5.3.21.220225",
        "tamperAlert": 1,
        "specialValue": 0,
        "displayPasscode": 1,
        "noKeyPwd": "sandbox-no-key",
        "passageMode": 2,
        "passageModeAutoUnlock": 2,
        "timezoneRawOffset": lock["timezoneRawOffset"],
        "lockId": lock["lockId"],
        "electricQuantity": lock["electricQuantity"],
        "lockFlagPos": 0,
        "lockUpdateDate": lock["date"],
        "keyboardPwdVersion": lock["keyboardPwdVersion"],
        "aesKeyStr": "sandbox-aes",
        "hardwareRevision": "1.3",
        "openDirection": 0,
        "lockVersion": {"groupId": 1, "protocolVersion": 3, "protocolType": 5, "orgId": 1, "scene": 2},
        "sensitivity": -1,
    }


def owned_gateways(sandbox: Sandbox, account: str) -> list[Document]:
    return [gateway for gateway in sandbox.storage.all("ttlock.gateway") if gateway["owner"] == account]


def owned_gateway(sandbox: Sandbox, account: str, gateway_id: int) -> Document:
    for gateway in owned_gateways(sandbox, account):
        if gateway["gatewayId"] == gateway_id:
            return gateway
    raise TTLockError(errors.GATEWAY_UNKNOWN)


def gateway_entry(gateway: Document) -> Document:
    return {
        "gatewayId": gateway["gatewayId"],
        "gatewayMac": gateway["gatewayMac"],
        "gatewayName": gateway["gatewayName"],
        "isOnline": gateway["isOnline"],
        "lockNum": len(gateway["locks"]),
    }


def gateway_locks(sandbox: Sandbox, gateway: Document) -> list[Document]:
    """The locks that the platform believes near a gateway; one that is off keeps its list for 30 minutes."""
    now = sandbox.clock.milliseconds()
    if gateway["offlineSince"] is not None and now - gateway["offlineSince"] >= _CACHE:
        return []
    found = []
    for lock_id, rssi in gateway["locks"].items():
        lock = sandbox.storage.get("ttlock.lock", lock_id)
        if lock is not None:
            entry = {name: lock[name] for name in ("lockId", "lockMac", "lockName", "lockAlias")}
            found.append({**entry, "rssi": rssi, "updateDate": gateway["offlineSince"] or now})
    return found


def gateways_of(sandbox: Sandbox, lock: Document) -> list[Document]:
    """The gateways of a lock, the strongest signal first."""
    number = str(lock["lockId"])
    near = [gateway for gateway in sandbox.storage.all("ttlock.gateway") if number in gateway["locks"]]
    return sorted(near, key=lambda gateway: -gateway["locks"][number])


def _has_gateway(sandbox: Sandbox, lock: Document) -> int:
    return 1 if gateways_of(sandbox, lock) else 0


class GatewayBus:
    """Carries commands to locks, one at a time per gateway. A second one meanwhile is refused as busy."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._guard = threading.Lock()
        self._busy: set[int] = set()

    def command(self, lock: Document, action: Callable[[], T]) -> T:
        """Run `action` at the lock after the time that the radio needs. Effects happen also when the client has gone."""
        gateway = self._usable(lock)
        number = gateway["gatewayId"]
        with self._guard:
            if gateway["busy"] or number in self._busy:
                raise TTLockError(errors.GATEWAY_BUSY)
            self._busy.add(number)
        try:
            self._travel(lock, number)
            if lock["isFrozen"]:
                raise TTLockError(errors.LOCK_FROZEN)
            with self._sandbox.storage.lock:
                return action()
        finally:
            with self._guard:
                self._busy.discard(number)
            self._sandbox.storage.delete(UNDER_WAY, number)

    def _usable(self, lock: Document) -> Document:
        near = gateways_of(self._sandbox, lock)
        if not near:
            raise TTLockError(errors.NO_GATEWAY)
        for gateway in near:
            if gateway["isOnline"]:
                return gateway
        raise TTLockError(errors.GATEWAY_OFFLINE)

    def _travel(self, lock: Document, gateway_id: int) -> None:
        """The time on the air, and longer while a control call holds the gateway."""
        self._sandbox.storage.put(UNDER_WAY, gateway_id, {"gatewayId": gateway_id, "lockId": lock["lockId"]})
        self._sandbox.wait(self._latency())
        self._sandbox.storage.wait_for(lambda: not self._is_held(gateway_id), _LONGEST_HOLD)

    def _is_held(self, gateway_id: int) -> bool:
        gateway = self._sandbox.storage.get("ttlock.gateway", gateway_id)
        return gateway is not None and bool(gateway.get("hold"))

    def _latency(self) -> float:
        wanted = self._sandbox.settings("ttlock").get("latency")
        if wanted is None:
            wanted = REAL_LATENCY if self._sandbox.latency == "real" else 0
        if isinstance(wanted, (int, float)):
            return float(wanted)
        low, high = wanted
        return self._sandbox.random.uniform(low, high)

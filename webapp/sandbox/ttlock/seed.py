"""The locks, gateways and accounts that every sandbox starts with. Their ids never change."""

from __future__ import annotations

import hashlib
import random
from typing import Any

from webapp.sandbox.context import Sandbox
from webapp.sandbox.storage import Document

CLIENT_ID = "sandbox-client"
CLIENT_SECRET = "sandbox-secret"  # noqa: S105
HARBOUR_FRONT_DOOR = 7250100
CLIFF_FRONT_DOOR = 7350100
HARBOUR_GATEWAYS = (910001, 910002)
CLIFF_GATEWAY = 920001
_SEEDED_AT = 1735689600000  # 2025-01-01, in milliseconds


def seed(sandbox: Sandbox) -> None:
    """Create what is missing; a sandbox that already has accounts stays as it is."""
    with sandbox.storage.lock:
        sandbox.storage.forget("ttlock.command")  # a killed process may have left some
        if sandbox.storage.count("ttlock.account"):
            return
        numbers = random.Random(sandbox.seed)
        add_account(sandbox, "harbour", "harbour-lock-demo")
        add_account(sandbox, "cliff", "cliff-lock-demo")
        names = ["Front door", *(f"Room {101 + n}" for n in range(12))]
        harbour = [HARBOUR_FRONT_DOOR + n for n in range(13)]
        for number, name in zip(harbour, names, strict=True):
            add_lock(sandbox, numbers, {"lockId": number, "lockAlias": name, "owner": "harbour"})
        cliff = [CLIFF_FRONT_DOOR + n for n in range(4)]
        for number, name in zip(cliff, ["Front door", "Room 1", "Room 2", "Room 3"], strict=True):
            add_lock(sandbox, numbers, {"lockId": number, "lockAlias": name, "owner": "cliff"})
        add_gateway(sandbox, numbers, HARBOUR_GATEWAYS[0], "harbour", "Gateway ground floor", harbour[:7])
        add_gateway(sandbox, numbers, HARBOUR_GATEWAYS[1], "harbour", "Gateway first floor", harbour[7:])
        add_gateway(sandbox, numbers, CLIFF_GATEWAY, "cliff", "Gateway hall", cliff)


def add_account(sandbox: Sandbox, username: str, password: str) -> Document:
    """An account of the lock app. Only the MD5 that clients send is kept."""
    digest = hashlib.md5(password.encode(), usedforsecurity=False).hexdigest()
    account = {
        "username": username,
        "passwordMd5": digest,
        "uid": sandbox.storage.next_id("ttlock.uid", 2340),
    }
    sandbox.storage.put("ttlock.account", username, account)
    return account


def add_lock(sandbox: Sandbox, numbers: random.Random, given: dict[str, Any]) -> Document:
    """A lock with plausible details; `given` overrides any of them."""
    mac = ":".join(f"{numbers.randrange(256):02X}" for _ in range(6))
    lock: Document = {
        "lockId": given.get("lockId") or sandbox.storage.next_id("ttlock.lock", 7900000),
        "lockName": "S31_" + mac.replace(":", "")[-6:].lower(),
        "lockAlias": "New lock",
        "lockMac": mac,
        "owner": "harbour",
        "electricQuantity": numbers.randrange(55, 100),
        "featureValue": "F44354CD5F3",
        "groupId": 0,
        "groupName": "",
        "keyboardPwdVersion": 4,
        "timezoneRawOffset": 0,
        "date": _SEEDED_AT,
        "isFrozen": 0,
        "remoteUnlock": True,
        "state": 0,
        **{name: value for name, value in given.items() if name != "gatewayId"},
    }
    sandbox.storage.put("ttlock.lock", lock["lockId"], lock)
    return lock


def add_gateway(
    sandbox: Sandbox, numbers: random.Random, number: int | None, owner: str, name: str, locks: list[int]
) -> Document:
    gateway: Document = {
        "gatewayId": number or sandbox.storage.next_id("ttlock.gateway", 990001),
        "gatewayMac": ":".join(f"{numbers.randrange(256):02X}" for _ in range(6)),
        "gatewayName": name,
        "owner": owner,
        "isOnline": 1,
        "busy": False,
        "offlineSince": None,
        "locks": {str(lock): -60 - numbers.randrange(20) for lock in locks},
    }
    sandbox.storage.put("ttlock.gateway", gateway["gatewayId"], gateway)
    return gateway

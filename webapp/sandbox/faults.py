"""Faults: what an emulator should do wrong, to which calls and how often.

A fault has one of `errcode` (TTLock only), `http` (an HTML error page with that status), `drop` (the connection is cut)
and `slow` (seconds before the answer, alone or with another). `for` limits it to that many calls; `lockId` and `path` (a
part of the path) narrow it. With `effect` the call does its work first and only its answer is lost.
"""

from __future__ import annotations

from typing import Any

from webapp.sandbox.storage import Document, Storage

FIELDS: dict[str, Any] = {
    "errcode": int,
    "http": int,
    "drop": bool,
    "slow": (int, float),
    "for": int,
    "lockId": int,
    "path": str,
}


class Faults:
    """The faults of all services, oldest first; the first that matches a call is used."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    def add(self, service: str, fault: dict[str, Any]) -> Document:
        """Raises ValueError when the fault is not of the shape above."""
        for name, value in fault.items():
            if name != "effect" and (name not in FIELDS or not isinstance(value, FIELDS[name])):
                raise ValueError(f"{name}: unknown field or wrong type")
        if not any(name in fault for name in ("errcode", "http", "drop", "slow")):
            raise ValueError("a fault needs one of errcode, http, drop, slow")
        number = self._storage.append(f"{service}.fault", fault, keep=100)
        return {**fault, "id": number}

    def active(self, service: str) -> list[Document]:
        return self._storage.all(f"{service}.fault")

    def clear(self, service: str) -> None:
        for fault in self.active(service):
            self._storage.delete(f"{service}.fault", fault["id"])

    def take(self, service: str, path: str, lock_id: str | None) -> Document | None:
        """The fault that this call meets, if any; counts the call."""
        with self._storage.lock:
            for fault in self.active(service):
                if str(fault.get("lockId", lock_id)) != str(lock_id) or fault.get("path", "") not in path:
                    continue
                if "for" in fault:
                    self._count(service, fault)
                return fault
        return None

    def _count(self, service: str, fault: Document) -> None:
        left = fault["for"] - 1
        if left > 0:
            self._storage.put(f"{service}.fault", fault["id"], {**fault, "for": left})
        else:
            self._storage.delete(f"{service}.fault", fault["id"])

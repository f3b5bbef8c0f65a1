"""What all emulators of one sandbox share."""

from __future__ import annotations

import random
import threading
from pathlib import Path
from typing import Any, Literal, cast

from flask import current_app

from webapp.sandbox.clock import Clock
from webapp.sandbox.dispatcher import Dispatcher
from webapp.sandbox.journal import Journal
from webapp.sandbox.storage import Document, Storage

Latency = Literal["real", "none"]


class Sandbox:
    """Owns the storage, the clock, the journal and the background work of one sandbox process or test server."""

    def __init__(self, data_dir: Path | None = None, seed: int = 1, latency: Latency = "none") -> None:
        self.storage = Storage(data_dir / "sandbox.sqlite3" if data_dir else None)
        self.clock = Clock(self.storage)
        self.journal = Journal(self.storage)
        self.dispatcher = Dispatcher()
        self.random = random.Random(seed)
        self.seed = seed
        self.latency: Latency = latency
        self._stopping = threading.Event()

    def settings(self, service: str) -> Document:
        """What control calls have set for a service."""
        return self.storage.get(f"{service}.settings", "all") or {}

    def change_settings(self, service: str, changes: dict[str, Any]) -> Document:
        """Set what is given; null puts a setting back to what it is at the start."""
        with self.storage.lock:
            merged = {**self.settings(service), **changes}
            settings = {name: value for name, value in merged.items() if value is not None}
            self.storage.put(f"{service}.settings", "all", settings)
            return settings

    def wait(self, seconds: float) -> None:
        """Let time pass as the provider does; ends at once when the sandbox stops."""
        if seconds > 0:
            self._stopping.wait(seconds)

    def interrupt(self) -> None:
        """End every wait and all background work."""
        self._stopping.set()
        self.dispatcher.stop()

    def close(self) -> None:
        self.interrupt()
        self.storage.close()


def current_sandbox() -> Sandbox:
    """The sandbox of the running application."""
    return cast(Sandbox, current_app.extensions["sandbox"])

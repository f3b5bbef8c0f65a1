"""The sandbox's idea of now: the machine's, until a control call sets it to a fixed instant."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import format_datetime

from webapp.sandbox.storage import Storage


class Clock:
    """Reads the fixed instant from the storage, so that it survives a restart like everything else."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    def now(self) -> datetime:
        fixed = self._storage.get("clock", "fixed")
        return datetime.fromisoformat(fixed["at"]) if fixed else datetime.now(UTC)

    def milliseconds(self) -> int:
        return int(self.now().timestamp() * 1000)

    def set(self, at: datetime | None) -> None:
        """Stop the clock at an instant, or let it run again."""
        if at is None:
            self._storage.delete("clock", "fixed")
        else:
            self._storage.put("clock", "fixed", {"at": at.astimezone(UTC).isoformat()})


def parse_instant(text: str) -> datetime:
    """An ISO 8601 instant; one without a zone is taken as UTC. Raises ValueError."""
    at = datetime.fromisoformat(text)
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def rfc2822(at: datetime) -> str:
    return format_datetime(at.astimezone(UTC))

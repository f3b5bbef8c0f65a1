"""The sandbox's memory: JSON documents by kind and key, in one SQLite file or in memory.

Kinds are dotted and begin with the service that owns them (`ttlock.lock`, `twilio.message`), so that one service can be
forgotten without the others. Every method is one atomic step; `lock` is held by callers that read, decide and write.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

Document = dict[str, Any]

_SCHEMA = """
CREATE TABLE IF NOT EXISTS document (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    body TEXT NOT NULL,
    UNIQUE (kind, key)
);
CREATE INDEX IF NOT EXISTS document_kind_seq ON document (kind, seq);
CREATE TABLE IF NOT EXISTS counter (name TEXT PRIMARY KEY, value INTEGER NOT NULL);
"""


class Storage:
    """One connection shared by all threads of the process, guarded by one lock."""

    def __init__(self, path: Path | None = None) -> None:
        self.lock = threading.RLock()
        self._changed = threading.Condition(self.lock)
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
        self._connection = sqlite3.connect(str(path) if path else ":memory:", check_same_thread=False)
        self._connection.isolation_level = None
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=NORMAL")
        self._connection.executescript(_SCHEMA)
        self._closed = False

    def put(self, kind: str, key: str | int, body: Document) -> None:
        """Store a document, replacing the one of the same kind and key in its place."""
        with self.lock:
            self._execute(
                "INSERT INTO document (kind, key, body) VALUES (?, ?, ?) "
                "ON CONFLICT (kind, key) DO UPDATE SET body = excluded.body",
                (kind, str(key), json.dumps(body)),
            )
            self._changed.notify_all()

    def append(self, kind: str, body: Document, keep: int) -> int:
        """Store a document under the next number, keep only the newest `keep` of its kind; returns the number."""
        with self.lock:
            number = self.next_id(kind)
            self.put(kind, number, {**body, "id": number})
            self.trim(kind, keep)
            return number

    def trim(self, kind: str, keep: int) -> None:
        self._execute(
            "DELETE FROM document WHERE kind = ? AND seq <= "
            "(SELECT seq FROM document WHERE kind = ? ORDER BY seq DESC LIMIT 1 OFFSET ?)",
            (kind, kind, keep),
        )

    def get(self, kind: str, key: str | int) -> Document | None:
        row = self._execute("SELECT body FROM document WHERE kind = ? AND key = ?", (kind, str(key))).fetchone()
        return json.loads(row[0]) if row else None

    def all(self, kind: str, prefix: str = "") -> list[Document]:
        """Documents of a kind, oldest first; `prefix` narrows them by the beginning of their key."""
        rows = self._execute(
            "SELECT body FROM document WHERE kind = ? AND key >= ? AND key < ? ORDER BY seq",
            (kind, prefix, prefix + "\U0010ffff"),
        ).fetchall()
        return [json.loads(row[0]) for row in rows]

    def count(self, kind: str) -> int:
        return int(self._execute("SELECT count(*) FROM document WHERE kind = ?", (kind,)).fetchone()[0])

    def newest(self, kind: str, limit: int, matching: Callable[[Document], bool] | None = None) -> list[Document]:
        """The newest documents of a kind, newest first."""
        found: list[Document] = []
        for body in reversed(self.all(kind)):
            if matching is None or matching(body):
                found.append(body)
            if len(found) >= limit:
                break
        return found

    def delete(self, kind: str, key: str | int) -> bool:
        with self.lock:
            cursor = self._execute("DELETE FROM document WHERE kind = ? AND key = ?", (kind, str(key)))
            self._changed.notify_all()
            return cursor.rowcount > 0

    def forget(self, service: str) -> None:
        """Delete every document whose kind begins with the service's name."""
        self._execute("DELETE FROM document WHERE kind = ? OR kind GLOB ?", (service, f"{service}.*"))

    def next_id(self, name: str, start: int = 1) -> int:
        """The next number of a series that never runs backwards, also after a deletion."""
        row = self._execute(
            "INSERT INTO counter (name, value) VALUES (?, ?) "
            "ON CONFLICT (name) DO UPDATE SET value = value + 1 RETURNING value",
            (name, start),
        ).fetchone()
        return int(row[0])

    def wait_for(self, predicate: Callable[[], bool], seconds: float) -> bool:
        """Wait until a write makes `predicate` true; False when the time is up first."""
        with self.lock:
            return self._changed.wait_for(lambda: self._closed or predicate(), seconds) and not self._closed

    def close(self) -> None:
        with self.lock:
            if not self._closed:
                self._closed = True
                self._connection.close()
                self._changed.notify_all()

    def _execute(self, statement: str, values: tuple[Any, ...]) -> _Rows:
        with self.lock:
            if self._closed:
                return _Rows([], 0)
            cursor = self._connection.execute(statement, values)
            return _Rows(cursor.fetchall(), cursor.rowcount)


class _Rows:
    """Fetched rows, so that no cursor outlives the lock. A closed storage answers like an empty one."""

    def __init__(self, rows: list[tuple[Any, ...]], rowcount: int) -> None:
        self._rows = rows
        self.rowcount = rowcount

    def fetchone(self) -> Any:
        return self._rows[0] if self._rows else None

    def fetchall(self) -> list[tuple[Any, ...]]:
        return self._rows

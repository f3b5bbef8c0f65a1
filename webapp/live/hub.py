"""One listener for each process hands the events of Redis to the streams that are open here.

While Redis is away the hub looks into the database once a second instead, so boards go on; Redis may be lost at any moment.
"""

from __future__ import annotations

import contextlib
import json
import queue
import threading
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

import structlog
from flask import Flask
from redis.exceptions import RedisError
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from webapp.core import redis
from webapp.core.database import db
from webapp.core.events import LiveEvent

log = structlog.get_logger(__name__)

PATTERN = "innkeep:live:*"
MOST_WAITING = 500  # events that a slow reader may have pending before it is told to start over


@dataclass(frozen=True)
class Event:
    id: int
    event: str
    data: dict[str, Any]


class Hub:
    """Subscriptions of this process. Thread-safe."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._queues: dict[int, set[queue.Queue[Event | None]]] = defaultdict(set)
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._last_id = 0
        self._stopped = threading.Event()

    def subscribe(self, hotel_id: int) -> queue.Queue[Event | None]:
        """A queue of this hotel's events from now on. None in it means: you missed some, start over."""
        mine: queue.Queue[Event | None] = queue.Queue(MOST_WAITING)
        with self._lock:
            self._queues[hotel_id].add(mine)
            if self._thread is None or not self._thread.is_alive():
                self._last_id = self._newest_id()  # what comes while the listener still begins is caught up with
                self._thread = threading.Thread(target=self._listen, name="live-hub", daemon=True)
                self._thread.start()
        return mine

    def _newest_id(self) -> int:
        try:
            with self._app.app_context():
                return db.session.scalar(select(func.max(LiveEvent.id))) or 0
        except SQLAlchemyError:
            return self._last_id

    def is_full(self, most: int) -> bool:
        """Whether this process holds as many streams as it may."""
        with self._lock:
            return sum(map(len, self._queues.values())) >= most

    def unsubscribe(self, hotel_id: int, mine: queue.Queue[Event | None]) -> None:
        with self._lock:
            self._queues[hotel_id].discard(mine)
            if not self._queues[hotel_id]:
                del self._queues[hotel_id]

    def _listen(self) -> None:
        while self._has_readers():
            try:
                self._listen_to_redis()
            except Exception as error:  # whatever Redis and its client do, the readers of this process go on
                log.warning("live_without_redis", exc_info=None if isinstance(error, RedisError) else error)
                self._go_on_without_redis()

    def _go_on_without_redis(self) -> None:
        try:
            self._read_database()
        except SQLAlchemyError:
            log.warning("live_without_database")
        self._stopped.wait(1)

    def stop(self) -> None:
        """End the listener and wait for it."""
        self._stopped.set()
        if (thread := self._thread) is not None:
            thread.join(10)

    def _has_readers(self) -> bool:
        with self._lock:
            if not self._queues or self._stopped.is_set():
                self._thread = None
                return False
            return True

    def _listen_to_redis(self) -> None:
        with contextlib.closing(redis.client().pubsub(ignore_subscribe_messages=True)) as pubsub:
            pubsub.psubscribe(PATTERN)
            self._read_database()  # what was published before we listened
            while self._has_readers():
                message = pubsub.get_message(timeout=1)
                if message and message["type"] == "pmessage":
                    self._deliver_message(message)

    def _deliver_message(self, message: dict[str, Any]) -> None:
        hotel_id = int(message["channel"].decode().rsplit(":", 1)[-1])
        content = json.loads(message["data"])
        self._last_id = max(self._last_id, content["id"])
        self._deliver(hotel_id, Event(content["id"], content["event"], content["data"]))

    def _read_database(self) -> None:
        """Deliver the rows that came since the last event known here."""
        with self._app.app_context():
            rows = db.session.scalars(
                select(LiveEvent).where(LiveEvent.id > self._last_id).order_by(LiveEvent.id)
            ).all()
            for row in rows:
                self._last_id = row.id
                self._deliver(row.hotel_id, Event(row.id, row.event, row.data))

    def _deliver(self, hotel_id: int, event: Event) -> None:
        with self._lock:
            readers = list(self._queues.get(hotel_id, ()))
        for reader in readers:
            try:
                reader.put_nowait(event)
            except queue.Full:
                _start_over(reader)


def _start_over(reader: queue.Queue[Event | None]) -> None:
    with contextlib.suppress(queue.Empty):
        while True:
            reader.get_nowait()
    with contextlib.suppress(queue.Full):
        reader.put_nowait(None)

"""gunicorn's worker of threads, fitted to connections that are kept open, as proxies and programs keep them.

Whoever has an answer often asks again at once; handing the connection to the main loop and back to a thread would cost more than many a
request, so the thread waits a moment for the next one. And as a kept connection stays with the process that accepted it, the process
with fewer of them accepts the next.
"""

from __future__ import annotations

import mmap
import select
import time
from typing import Any

from gunicorn.workers.gthread import ThreadWorker

WAIT_FOR_NEXT = 4  # milliseconds
LEAVE_TO_OTHERS = 0.001  # seconds
_SLOTS = 64
# Shared by the master and its workers: connections of each worker, and one more, so that 0 is a slot without a worker.
_connections = memoryview(mmap.mmap(-1, _SLOTS * 8)).cast("Q")


def forget(worker: Any) -> None:
    """A worker has ended (called in the master)."""
    _connections[worker.age % _SLOTS] = 0


class WebWorker(ThreadWorker):
    """`gthread`, except that a thread nobody waits for stays with its connection a little, and that workers share connections evenly."""

    def handle(self, conn: Any) -> Any:
        while True:
            is_kept = super().handle(conn)
            if is_kept is not True or not self.alive or not self._sends_next(conn):
                return is_kept

    def _sends_next(self, conn: Any) -> bool:
        if not self.tpool._work_queue.empty():
            return False
        poll = select.poll()
        poll.register(conn.sock, select.POLLIN)
        return bool(poll.poll(WAIT_FOR_NEXT))

    def accept(self, listener: Any) -> None:
        if has_fewer(self.nr_conns, _connections, self.age % _SLOTS):
            time.sleep(LEAVE_TO_OTHERS)  # the other worker has been woken too; if it is busy this one accepts after all
        super().accept(listener)

    def wait_for_and_dispatch_events(self, timeout: float) -> None:
        _connections[self.age % _SLOTS] = self.nr_conns + 1
        super().wait_for_and_dispatch_events(timeout)


def has_fewer(own: int, connections: memoryview, slot: int) -> bool:
    """Whether a worker of another slot has fewer than `own` connections."""
    return any(0 < count <= own for other, count in enumerate(connections) if other != slot)

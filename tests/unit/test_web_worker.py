"""gunicorn's worker: who accepts the next connection, and what a kept connection is answered by."""

from __future__ import annotations

import socket
import threading
from types import SimpleNamespace
from typing import Any

from webapp.launcher import web_worker
from webapp.launcher.web_worker import WebWorker, forget, has_fewer


def counts(*connections: int | None) -> memoryview:
    """As the workers share them: connections and one more; None is a slot without a worker."""
    shared = memoryview(bytearray(8 * 64)).cast("Q")
    for slot, number in enumerate(connections):
        shared[slot] = 0 if number is None else number + 1
    return shared


def test_the_worker_with_fewer_connections_accepts_the_next():
    assert has_fewer(2, counts(2, 1), slot=0)
    assert not has_fewer(1, counts(1, 1), slot=0)
    assert not has_fewer(0, counts(0, 3), slot=0)
    assert not has_fewer(5, counts(5, None, None), slot=0)


def test_a_worker_that_has_ended_is_left_out():
    slot = 70
    web_worker._connections[slot % 64] = 1
    assert has_fewer(3, web_worker._connections, slot=0)
    forget(SimpleNamespace(age=slot))
    assert not has_fewer(3, web_worker._connections, slot=0)


def worker(*, is_busy: bool = False) -> WebWorker:
    made = WebWorker.__new__(WebWorker)
    made.alive = True
    made.tpool = SimpleNamespace(_work_queue=SimpleNamespace(empty=lambda: not is_busy))
    return made


def test_a_thread_stays_for_the_next_request_unless_somebody_waits(monkeypatch):
    here, there = socket.socketpair()
    with here, there:
        there.sendall(b"GET / HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\n\r\n")
        handled: list[threading.Thread] = []

        def answer_one(_self: Any, conn: Any) -> bool:
            handled.append(threading.current_thread())
            conn.sock.recv(18)
            return True

        monkeypatch.setattr(web_worker.ThreadWorker, "handle", answer_one)
        assert worker(is_busy=True).handle(SimpleNamespace(sock=here)) is True
        assert len(handled) == 1
        assert worker().handle(SimpleNamespace(sock=here)) is True
        assert len(handled) == 2, "the second was already there; a third never came"
        there.sendall(b"GET / HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\n\r\n")
        assert worker().handle(SimpleNamespace(sock=here)) is True
        assert len(handled) == 4

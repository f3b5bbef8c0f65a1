"""The client of the benchmarks: a process of its own, plain sockets, HTTP keep-alive. It reads every byte and checks the status."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

WARM_UP = 40  # enough for both web processes to have opened their connections and filled their caches


def ask(
    port: int, path: str, header: str, number: int, at_once: int, bodies: list[str] | None = None
) -> tuple[list[float], float]:
    """(seconds of each of `number` requests in a row, requests per second of `at_once` connections together).

    With `bodies` (JSON, one for each request, warm-up included) each request is a POST of the next of them.
    """
    order = json.dumps(
        {"port": port, "path": path, "header": header, "number": number, "at_once": at_once, "bodies": bodies}
    )
    times, per_second = _run(order)
    return times, per_second


def ask_all(port: int, path: str, at_once: int, bodies: list[str]) -> list[tuple[float, float, int]]:
    """`fight` in a process of its own."""
    order = json.dumps({"is_fight": True, "port": port, "path": path, "at_once": at_once, "bodies": bodies})
    return [(sent, answered, status) for sent, answered, status in _run(order)]


def _run(order: str) -> Any:
    answer = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.client"], input=order, stdout=subprocess.PIPE, text=True, check=True
    )
    return json.loads(answer.stdout)


class Connection:
    def __init__(self, port: int, path: str, header: str, bodies: Iterator[str] | None) -> None:
        self._port = port
        self.open()
        method = "GET" if bodies is None else "POST"
        lines = [f"{method} {path} HTTP/1.1", "Host: localhost", "Accept-Language: en"]
        if header:
            lines.append(header)
        self._head, self._bodies = "\r\n".join(lines), bodies
        self._buffer = bytearray(1 << 20)

    def open(self) -> None:
        self._socket = socket.create_connection(("127.0.0.1", self._port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def get(self) -> float:
        started, ended, status = self.ask(self._next_request())
        if status not in (200, 201):
            raise ValueError(f"answered {status}")
        return ended - started

    def ask(self, request: bytes) -> tuple[float, float, int]:
        """(when it was sent, when it was answered, status)"""
        started = time.perf_counter()
        self._socket.sendall(request)
        head = b""
        while b"\r\n\r\n" not in head:
            piece = self._socket.recv(65536)
            if not piece:
                raise ConnectionError("the server closed the connection")
            head += piece
        head, _blank, body = head.partition(b"\r\n\r\n")
        left = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0]) - len(body)
        while left > 0:
            left -= self._socket.recv_into(self._buffer, min(left, len(self._buffer)))
        return started, time.perf_counter(), int(head[9:12])

    def _next_request(self) -> bytes:
        return f"{self._head}\r\n\r\n".encode() if self._bodies is None else self.posting(next(self._bodies))

    def posting(self, body: str) -> bytes:
        return f"{self._head}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()


def measure(
    port: int, path: str, header: str, number: int, at_once: int, bodies: list[str] | None = None
) -> tuple[list[float], float]:
    left = None if bodies is None else iter(bodies)  # taking the next one is a single step of the interpreter
    connections = [Connection(port, path, header, left) for _number in range(at_once)]
    for n in range(WARM_UP):
        connections[n % at_once].get()
    times = [connections[0].get() for _number in range(number)]
    for connection in connections[1:]:  # the server may have closed what was idle meanwhile
        connection.open()
    each = max(1, number // at_once)
    threads = [threading.Thread(target=lambda c=c: [c.get() for _number in range(each)]) for c in connections]
    started = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return times, each * at_once / (time.perf_counter() - started)


def fight(port: int, path: str, at_once: int, bodies: list[str]) -> list[tuple[float, float, int]]:
    """Every body posted once, by `at_once` connections together: (sent, answered, status) of each, in the order of the bodies."""
    answers: list[tuple[float, float, int]] = [(0.0, 0.0, 0)] * len(bodies)
    left = iter(range(len(bodies)))

    def run(connection: Connection) -> None:
        for number in left:
            answers[number] = connection.ask(connection.posting(bodies[number]))

    connections = [Connection(port, path, "", iter(())) for _number in range(at_once)]
    threads = [threading.Thread(target=run, args=(connection,)) for connection in connections]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


if __name__ == "__main__":
    order = json.load(sys.stdin)
    print(json.dumps((fight if order.pop("is_fight", False) else measure)(**order)))  # noqa: T201

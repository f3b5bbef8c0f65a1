"""Calls that the emulated providers make by themselves: delayed work on a few daemon threads, and the HTTP POST."""

from __future__ import annotations

import heapq
import ipaddress
import itertools
import logging
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

from webapp.sandbox.journal import Journal

_LOG = logging.getLogger(__name__)
_THREADS = 4
_ANSWER_LIMIT = 64 * 1024


class Dispatcher:
    """Runs functions after a delay. Threads start with the first task; `flush` waits until nothing is left."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._queue: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = itertools.count()
        self._running = 0
        self._stopped = False
        self._threads: list[threading.Thread] = []

    def submit(self, delay: float, task: Callable[[], None]) -> None:
        with self._changed:
            if self._stopped:
                return
            heapq.heappush(self._queue, (time.monotonic() + delay, next(self._numbers), task))
            if not self._threads:
                self._threads = [
                    threading.Thread(target=self._work, name=f"sandbox-dispatch-{n}", daemon=True)
                    for n in range(_THREADS)
                ]
                for thread in self._threads:
                    thread.start()
            self._changed.notify_all()

    def flush(self, seconds: float) -> bool:
        """Wait until every task, also those that tasks add, has run; False when the time is up first."""
        with self._changed:
            return self._changed.wait_for(lambda: self._stopped or not (self._queue or self._running), seconds)

    def stop(self) -> None:
        with self._changed:
            self._stopped = True
            self._queue.clear()
            self._changed.notify_all()

    def _next(self) -> Callable[[], None] | None:
        with self._changed:
            while not self._stopped:
                if self._queue:
                    wait = self._queue[0][0] - time.monotonic()
                    if wait <= 0:
                        self._running += 1
                        return heapq.heappop(self._queue)[2]
                    self._changed.wait(wait)
                else:
                    self._changed.wait()
        return None

    def _work(self) -> None:
        while (task := self._next()) is not None:
            try:
                task()
            except Exception:
                _LOG.exception("sandbox task failed")
            finally:
                with self._changed:
                    self._running -= 1
                    self._changed.notify_all()


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """Providers do not follow a redirect of a webhook, and the sandbox must not be sent elsewhere by one."""

    def redirect_request(self, *args: object, **kwargs: object) -> None:
        return None


_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirects)


def is_loopback_url(url: str) -> bool:
    """True for an http(s) URL whose host is this machine. The sandbox calls nobody else."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return False
    if parts.hostname == "localhost":
        return True
    try:
        return ipaddress.ip_address(parts.hostname).is_loopback
    except ValueError:
        return False


def post(
    journal: Journal, service: str, url: str, body: bytes, headers: Mapping[str, str], timeout: float = 10.0
) -> tuple[int | None, str]:
    """POST to our app as a provider does, and journal it. Returns (status, body); status is None when nobody answered."""
    if not is_loopback_url(url):
        status: int | None = None
        text = "refused: the sandbox only calls http(s) URLs of this machine"
        seconds = 0.0
    else:
        started = time.monotonic()
        status, text = _post(url, body, headers, timeout)
        seconds = time.monotonic() - started
    journal.record(
        service,
        direction="out",
        method="POST",
        target=url,
        status=status if status is not None else "no answer",
        request=body.decode(errors="replace"),
        response=text,
        seconds=seconds,
    )
    return status, text


def _post(url: str, body: bytes, headers: Mapping[str, str], timeout: float) -> tuple[int | None, str]:
    request = urllib.request.Request(url, data=body, headers=dict(headers), method="POST")  # noqa: S310
    try:
        with _OPENER.open(request, timeout=timeout) as answer:
            return answer.status, answer.read(_ANSWER_LIMIT).decode(errors="replace")
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read(_ANSWER_LIMIT).decode(errors="replace")
    except (TimeoutError, urllib.error.URLError, OSError) as error:
        return None, f"{type(error).__name__}: {error}"

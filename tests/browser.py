"""A real Chromium for tests marked `browser`, and the application served to it on loopback.

Where no Chromium is found the tests are skipped by name; REQUIRE_BROWSER=1 makes that a failure.
"""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright
from werkzeug.serving import make_server

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
AXE = Path(__file__).resolve().parent.parent / "node_modules" / "axe-core" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def chromium_path() -> str | None:
    return next((path for name in NAMES if (path := shutil.which(name))), None)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    path = chromium_path()
    if path is None:
        if os.environ.get("REQUIRE_BROWSER") == "1":
            pytest.fail("no Chromium was found, and REQUIRE_BROWSER=1")
        pytest.skip("no Chromium was found")
    expect.set_options(timeout=10_000)  # as for actions: machines that run the tests are busy
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(ARGUMENTS))
        yield browser
        browser.close()


@pytest.fixture
def new_page(chromium: Browser) -> Iterator[Callable[..., Page]]:
    """Opens a page in a context of its own (a browser profile); arguments as for Playwright's `new_context`."""
    contexts: list[BrowserContext] = []

    def opened(**options: Any) -> Page:
        context = chromium.new_context(**{"viewport": {"width": 1280, "height": 900}, "locale": "en-GB", **options})
        context.set_default_timeout(10_000)
        contexts.append(context)
        return context.new_page()

    yield opened
    for context in contexts:
        context.close()


PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}


class InFlight:
    """Counts the requests that the application is working on, so that the end of a test can wait for them."""

    def __init__(self, app: WSGIApplication) -> None:
        self.app = app
        self.changed = threading.Condition()
        self.count = 0

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        self._add(1)
        try:
            return self.app(environ, start_response)
        finally:
            self._add(-1)

    def _add(self, difference: int) -> None:
        with self.changed:
            self.count += difference
            self.changed.notify_all()

    def wait(self, seconds: float = 10) -> None:
        with self.changed:
            assert self.changed.wait_for(lambda: self.count == 0, seconds), f"{self.count} requests do not end"


@contextmanager
def served(app: Flask) -> Iterator[str]:
    """The application on a free port of loopback; yields its address. No request is left in flight afterwards."""
    in_flight = InFlight(app)
    server = make_server("127.0.0.1", 0, in_flight, threaded=True)
    server.daemon_threads = True  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        in_flight.wait()


def axe_violations(page: Page, within: str = "html") -> list[str]:
    """What axe finds wrong on the page (or in a part of it) as it is now, one line each. The script comes in beside the policy."""
    page.evaluate(AXE.read_text())
    found = page.evaluate("([part, rules]) => axe.run(part, {runOnly: rules})", [within, RULES])
    return [
        f"{violation['id']}: {' '.join(map(str, node['target']))}: {node['failureSummary']}"
        for violation in found["violations"]
        for node in violation["nodes"]
    ]


def listen_for_trouble(page: Page) -> list[str]:
    """Collects script errors and what the policy refused, from now on. Answers with an error status are not trouble."""
    trouble: list[str] = []
    page.on("pageerror", lambda error: trouble.append(str(error)))
    page.on(
        "console",
        lambda message: (
            trouble.append(message.text)
            if message.type in ("error", "warning") and "the server responded with a status" not in message.text
            else None
        ),
    )
    return trouble

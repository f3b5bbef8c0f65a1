"""Every page that a manager and a visitor can reach by links: it answers, says no script error, and axe finds nothing.

Pages are found by following links from the board and from the front page; of pages that differ only in an id, one is looked at.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import urljoin, urlsplit

import pytest
from playwright.sync_api import Page

from tests.browser import PHONE, axe_violations
from tests.e2e.conftest import House
from tests.e2e.test_main_job import HOTEL, sign_in

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("house")]

MOST_PAGES = 60
NOT_PAGES = re.compile(r"\.(ics|csv|json|xlsx?)$|/events$|/static/|/calendars/|^/api/(?!docs)|/sign-out")
PARTS_THAT_VARY = re.compile(r"/(\d+|BK-\d{4}-\w+|[\w-]{30,}|[0-9a-f-]{36})(?=/|$)")


def shape(path: str) -> str:
    """The path with what identifies one thing left out: /staff/x/reservations/*."""
    return PARTS_THAT_VARY.sub("/*", path.rstrip("/"))


def one_of_each(violations: list[str]) -> list[str]:
    """The first of each rule: a board breaks a rule many times or not at all."""
    return list({str(violation).partition(":")[0]: str(violation) for violation in reversed(violations)}.values())


def walk(page: Page, house: House, start: str, inside: tuple[str, ...]) -> dict[str, list[str]]:
    """Visit pages from `start` on; what is wrong with each, by path."""
    waiting, seen, wrong = [start], set(), {}
    errors: list[str] = []
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    while waiting and len(seen) < MOST_PAGES:
        path = waiting.pop(0)
        if shape(path) in seen:
            continue
        seen.add(shape(path))
        errors.clear()
        answer = page.goto(house.url + path)
        assert answer is not None
        found = [f"status {answer.status}"] if answer.status >= 400 else []
        found += one_of_each(axe_violations(page)) + errors
        if found:
            wrong[path] = list(found)
        for href in page.eval_on_selector_all("a[href]", "links => links.map(a => a.getAttribute('href'))"):
            parts = urlsplit(urljoin(page.url, href))
            is_ours = f"{parts.scheme}://{parts.netloc}" == house.url and parts.path.startswith(inside)
            if is_ours and not NOT_PAGES.search(parts.path) and shape(parts.path) not in seen:
                waiting.append(parts.path)
    assert len(seen) > 3, seen
    return wrong


def test_staff_pages(house: House, new_page: Callable[..., Page]) -> None:
    page = new_page()
    sign_in(page, house, "manager@harbour.example")
    assert walk(page, house, f"/staff/{HOTEL}/board", (f"/staff/{HOTEL}/", "/account")) == {}


def test_public_pages_on_a_phone(house: House, new_page: Callable[..., Page]) -> None:
    assert walk(new_page(**PHONE), house, "/", ("/hotels/", "/sign-in", "/reset", "/bookings")) == {}


def test_public_pages_in_the_dark_in_arabic(house: House, new_page: Callable[..., Page]) -> None:
    page = new_page(**PHONE, color_scheme="dark", locale="ar")
    assert walk(page, house, "/", ("/hotels/", "/sign-in", "/bookings")) == {}

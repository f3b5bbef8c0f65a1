"""An upload in a real browser: choose a file, read the preview, agree, look at the report, take it back. The page follows the
worker by itself."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Page, expect
from sqlalchemy import select

from jobs import runner
from tests import factories
from tests.accounts_kit import PASSWORD, person
from tests.browser import PHONE, axe_violations, listen_for_trouble, served
from tests.integrations.export_files import HEADERS, booking_row, xls
from webapp.core.clock import now
from webapp.core.database import db
from webapp.core.outbox import OutboxMessage

pytestmark = pytest.mark.browser


@pytest.fixture
def site(own_database: Flask) -> Iterator[str]:
    own_database.config["WTF_CSRF_ENABLED"] = True
    with own_database.app_context():
        hotel = factories.make_hotel("harbour")
        person(hotel, "manager", email="olive@example.com", name="Olive")
    with served(own_database) as address:
        yield address


def work(app: Flask) -> None:
    """What the worker would do now."""
    with app.app_context():
        due = select(OutboxMessage.id).where(OutboxMessage.state == "pending", OutboxMessage.available_at <= now())
        for outbox_id in db.session.scalars(due.order_by(OutboxMessage.id)).all():
            runner.deliver(outbox_id)


def enter(page: Page, site: str) -> None:
    page.goto(f"{site}/sign-in")
    page.fill("#email", "olive@example.com")
    page.fill("#password", PASSWORD)
    page.locator("#sign-in button[type=submit]").click()
    page.wait_for_url(f"{site}/staff/**")


def shot(page: Page, name: str) -> None:
    folder = os.environ.get("SCREENSHOTS")
    if folder:
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


def day(offset: int) -> str:
    return str(dt.datetime.now(dt.UTC).date() + dt.timedelta(days=offset))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    dates = {"check_in": day(20), "check_out": day(22)}
    rows = [
        booking_row(5000000001, **dates, unit_type="Double", remarks="Late arrival &amp; cot"),
        booking_row(
            5000000002, **dates, unit_type="Captain's Cabin with a View of the Harbour", booked_by="Sample, Bob"
        ),
        booking_row(5000000003, **dates, unit_type="Double", status="cancelled_by_guest"),
        booking_row(5000000004, check_in="soon", check_out=day(3)),
    ]
    path = tmp_path / "Check-in 2026-01-01 to 2026-12-31.xls"
    path.write_bytes(xls([HEADERS, *rows]))
    return path


def look_at_the_comparison(app: Flask, site: str, page: Page, file: Path, look: str) -> None:
    """The next file tells one booking differently, knows a new one, and one is gone; it is put aside again."""
    applied = page.url
    dates = {"check_in": day(20), "check_out": day(22)}
    rows = [
        booking_row(5000000001, **{**dates, "check_out": day(24)}, unit_type="Double", price="512.50 GBP"),
        booking_row(5000000003, **dates, unit_type="Double", status="cancelled_by_guest"),
        booking_row(
            5000000009, **dates, unit_type="Single", booked_by="Newcomer, Nora", **{"guest_name(s)": "Nora Newcomer"}
        ),
    ]
    file.write_bytes(xls([HEADERS, *rows]))
    page.goto(f"{site}/staff/harbour/channels/uploads")
    expect(page.get_by_role("heading", name="Last upload analysis")).to_be_visible()
    shot(page, f"upload-last-{look}")
    page.set_input_files("input[type=file]", str(file))
    page.get_by_role("button", name="Upload").click()
    expect(page.locator("#upload")).to_contain_text("Being read")
    work(app)
    page.get_by_role("link", name="Compare with the file before").click()
    comparison = page.locator("#comparison")
    expect(comparison).to_contain_text("Nora Newcomer")
    expect(comparison).to_contain_text("512.50 GBP")
    expect(comparison).to_contain_text("No longer in the file")
    shot(page, f"upload-comparison-{look}")
    assert axe_violations(page) == []
    assert not page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
    page.locator("a.stat", has_text="New in this file").click()
    expect(comparison.locator("tbody tr")).to_have_count(1)
    page.goto(applied)


@pytest.mark.parametrize("look", ["desk", "phone"])
def test_a_file_is_tried_applied_and_undone(
    own_database: Flask, site: str, new_page: Callable[..., Page], file: Path, look: str
) -> None:
    page = new_page(**(PHONE if look == "phone" else {}))
    trouble = listen_for_trouble(page)
    enter(page, site)
    page.goto(f"{site}/staff/harbour/channels/uploads")
    assert axe_violations(page) == []
    page.set_input_files("input[type=file]", str(file))
    page.get_by_role("button", name="Upload").click()
    expect(page.locator("#upload")).to_contain_text("Being read")
    work(own_database)
    expect(page.locator("#upload")).to_contain_text("Waits for your yes")
    expect(page.locator("#upload")).to_contain_text("Nobody knows which room this is.")
    shot(page, f"upload-preview-{look}")
    assert axe_violations(page) == []
    assert not page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
    page.select_option("select[name=place]", label="103")
    page.get_by_role("button", name="Keep").click()
    work(own_database)
    expect(page.get_by_text("Which rooms are these?")).to_have_count(0)
    page.get_by_role("button", name="Apply these changes").click()
    work(own_database)
    expect(page.get_by_role("button", name="Undo")).to_be_visible()
    shot(page, f"upload-applied-{look}")
    assert axe_violations(page) == []
    look_at_the_comparison(own_database, site, page, file, look)
    page.get_by_role("button", name="Undo").click()
    page.get_by_role("button", name="Yes, go ahead").click()
    expect(page.locator("#upload")).to_contain_text("Being undone")
    work(own_database)
    expect(page.locator("#upload")).to_contain_text("Undone")
    page.goto(f"{site}/staff/harbour/channels/uploads")
    shot(page, f"uploads-{look}")
    page.goto(f"{site}/staff/harbour/channels/mails")
    shot(page, f"mails-{look}")
    assert axe_violations(page) == []
    assert not page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
    assert trouble == []

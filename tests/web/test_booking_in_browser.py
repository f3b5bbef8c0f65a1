"""A whole booking in a real browser, on a phone: by touch, with axe watching every page."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import select

from tests import factories
from tests.booking_kit import day, make_shop
from tests.browser import PHONE, axe_violations, listen_for_trouble, served
from webapp.core.database import db
from webapp.models import Reservation

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("script", [True, False])
def test_a_guest_books_changes_and_cancels(own_database, new_page, script):
    with own_database.app_context():
        hotel = make_shop("harbour")
        for number in ("101", "102", "103"):
            factories.make_stay(hotel, number, arrives_in=40, nights=2)
        month, arrival, departure = day(hotel, 40), day(hotel, 42), day(hotel, 44)
    with served(own_database) as site:
        page = new_page(**PHONE, java_script_enabled=script)
        trouble = listen_for_trouble(page)
        page.goto(f"{site}/hotels/harbour/book")
        while f"{month:%B %Y}" not in page.locator(".month caption").first.inner_text():
            before = page.locator(".month caption").first.inner_text()
            page.get_by_label("Later").click()
            page.locator(".month caption").first.filter(has_not_text=before).wait_for()
        sold = page.locator(".day.is-sold")
        assert sold.count() >= 1
        _pick(page, arrival)
        _pick(page, departure)
        page.get_by_role("heading", name="Rooms for 2 nights").wait_for()
        if script:
            assert axe_violations(page) == []
        page.get_by_role("button", name="Choose Double").click()
        page.get_by_label("Name of the guest").fill("Grace Hopper")
        page.get_by_label("E-mail", exact=True).fill("grace@example.com")
        if script:
            assert axe_violations(page) == []
        page.get_by_role("button", name="Book for £200.00").click()
        page.get_by_role("heading", name="Your booking is confirmed").wait_for()
        page.get_by_role("link", name="Change").click()
        page.get_by_label("Departure").fill((departure + dt.timedelta(days=1)).isoformat())
        page.get_by_role("button", name="Show the price").click()
        page.get_by_role("button", name="Change for £300.00").click()
        page.get_by_text("Your booking is changed.").wait_for()
        page.get_by_role("link", name="Cancel booking").click()
        page.get_by_role("button", name="Cancel booking").click()
        page.get_by_role("heading", name="This booking is cancelled").wait_for()
        assert trouble == []
    with own_database.app_context():
        stay = db.session.scalars(select(Reservation).where(Reservation.source == "direct")).one()
        assert (stay.status, stay.nights, str(stay.total)) == ("CANCELLED", 3, "300.00")


def _pick(page, date: dt.date) -> None:
    """Touch a day, after turning to its month where it is the next one."""
    label = f"{date:%a}, {date.day} {date:%b} {date.year}".replace("Sep ", "Sept ")
    cell = page.locator(f'.day a[aria-label^="{label}"]:visible')
    if not cell.count():
        page.get_by_label("Later").click()
    cell.first.click()

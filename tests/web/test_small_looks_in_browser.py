"""What only a browser shows of rows of tabs and of tables in cards."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from tests import factories
from tests.accounts_kit import person
from tests.browser import PHONE, listen_for_trouble, served
from tests.web.test_uploads_in_browser import enter, shot

pytestmark = pytest.mark.browser
CURRENT = "nav.tabs [aria-current=page]"
IS_SHOWN = """tab => {
  const [row, own] = [tab.parentElement.getBoundingClientRect(), tab.getBoundingClientRect()];
  return own.left >= row.left - 1 && own.right <= row.right + 1;
}"""


@pytest.fixture
def site(own_database: Flask) -> Iterator[str]:
    with own_database.app_context():
        person(factories.make_hotel("harbour"), "manager", email="olive@example.com", name="Olive")
    with served(own_database) as address:
        yield address


def test_the_current_tab_is_in_view_on_a_phone(site: str, new_page: Callable[..., Page]) -> None:
    page = new_page(**PHONE)
    trouble = listen_for_trouble(page)
    enter(page, site)
    for place in ("", "/mails", "/uploads", "/duplicates", "/known", "/rules", "/empty"):
        page.goto(f"{site}/staff/harbour/channels{place}")
        expect(page.locator(CURRENT)).to_be_in_viewport(ratio=0.95)  # its foot lies on the line of the row
        assert page.locator(CURRENT).evaluate(IS_SHOWN)
        assert page.evaluate("window.scrollX + window.scrollY") == 0
    shot(page, "channel-tabs-phone")
    assert page.locator("nav.tabs").evaluate("row => row.scrollWidth > row.clientWidth")
    assert trouble == []


def test_a_table_in_a_card_leaves_the_cards_corners_alone(site: str, new_page: Callable[..., Page]) -> None:
    page = new_page(viewport={"width": 1280, "height": 800})
    enter(page, site)
    page.goto(f"{site}/staff/harbour/rates")
    shot(page, "rates-desk")
    radius = "e => parseFloat(getComputedStyle(e).borderEndEndRadius)"
    outer, inner = (page.locator(one).evaluate(radius) for one in ("#types", "#types .table-wrap"))
    assert inner == outer - 1 > 0  # the card's border is one pixel wide

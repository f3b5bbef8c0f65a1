"""A duplicate is read, merged and taken apart in a real browser; what is known leads to the stays with gaps."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from jobs import enrichment as jobs
from tests import factories
from tests.accounts_kit import person
from tests.browser import PHONE, axe_violations, listen_for_trouble, served
from tests.services.test_pairs import shown
from tests.web.test_uploads_in_browser import enter, shot
from webapp.core.database import db
from webapp.core.transaction import transaction
from webapp.models import Feed, FeedItem

pytestmark = pytest.mark.browser


@pytest.fixture
def site(own_database: Flask) -> Iterator[str]:
    own_database.config["WTF_CSRF_ENABLED"] = True
    with own_database.app_context():
        hotel = factories.make_hotel("harbour")
        person(hotel, "manager", email="olive@example.com", name="Olive")
        factories.make_stay(hotel, "101", 5, total=Decimal(240))
        shown(hotel, "101", channel_reference="HMA2DRKNXH", guest_name="Ada E.", phone_end="4711")
        first = shown(hotel, "102", "booking", channel_reference="5592652343", guest_name="Maria Rossi")
        shown(hotel, "102", channel_reference="HMB2DRKNXH", phone_end="0815")
        with transaction():
            feed = db.session.query(Feed).filter_by(provider="airbnb").order_by(Feed.id.desc()).first()
            db.session.add(FeedItem(
                hotel_id=hotel.id, feed_id=feed.id, kind="echo", uid="", starts_on=first.check_in, ends_on=first.check_out, state="present"
            ))  # fmt: skip
        for room, days in (("103", 2), ("103", 40), ("201", 70)):
            factories.make_stay(
                hotel, room, days, code="SGL" if room > "200" else "DBL", source="booking", total=Decimal(90), channel_reference="5592652344",
                guest_name=None, guest_phone=None,
            )  # fmt: skip
        jobs.tick()
    with served(own_database) as address:
        yield address


def test_a_duplicate_is_merged_and_taken_apart(site: str, new_page: Callable[..., Page]) -> None:
    page = new_page()
    trouble = listen_for_trouble(page)
    enter(page, site)
    page.goto(f"{site}/staff/harbour/channels")
    shot(page, "channels")
    page.get_by_role("link", name="Duplicates").click()
    expect(page.locator("#pairs > .card[id^=pair-]")).to_have_count(2)
    shot(page, "pairs-desk")
    assert axe_violations(page) == []
    page.set_viewport_size(PHONE["viewport"])
    shot(page, "pairs-phone")
    assert not page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
    page.set_viewport_size({"width": 1280, "height": 800})
    card = page.locator(".card[id^=pair-]", has_text="Ada E.")
    expect(card).to_contain_text("The phone numbers differ.")
    card.get_by_role("button", name="Merge, keep").click()
    page.get_by_role("button", name="Yes, go ahead").click()
    expect(page.locator("#merged")).to_contain_text("By hand")
    expect(page.locator(".card[id^=pair-]")).to_have_count(1)
    shot(page, "pairs-merged")
    page.locator("#merged").get_by_role("button", name="Take apart").click()
    page.get_by_role("button", name="Yes, go ahead").click()
    expect(page.locator("#told-apart")).to_contain_text("Olive")
    expect(page.locator("#merged")).to_have_count(0)
    page.goto(f"{site}/staff/harbour/channels/known")
    shot(page, "known-desk")
    assert axe_violations(page) == []
    page.get_by_role("link", name="Phone, Airbnb").click()
    expect(page.locator("#unknown tbody tr")).to_have_count(2)
    shot(page, "unknown-desk")
    page.set_viewport_size(PHONE["viewport"])
    shot(page, "unknown-phone")
    page.goto(f"{site}/staff/harbour/channels/known")
    shot(page, "known-phone")
    assert not page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
    page.get_by_role("link", name="Stays with gaps").click()
    page.locator("#unknown tbody a").first.click()
    expect(page.locator("#part-known")).to_be_visible()
    shot(page, "stay-known")
    assert trouble == []

"""The door and the house's own pages in a real browser under the real policy: nobody is shut out, and the small helpers work."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pyotp
import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from tests import factories
from tests.accounts_kit import PASSWORD, person
from tests.browser import PHONE, axe_violations, listen_for_trouble, served
from webapp.accounts.services import team
from webapp.core.database import db
from webapp.core.transaction import transaction
from webapp.models import Hotel, Membership, Restaurant

pytestmark = pytest.mark.browser
PUBLIC = ("/", "/hotels/harbour/", "/sign-in", "/reset", "/api/docs")
STAFF = ("/staff/", "/staff/harbour/settings", "/staff/harbour/team", "/account/security")
LOOKS: dict[str, dict[str, Any]] = {
    "desk": {},
    "dark": {"color_scheme": "dark"},
    "phone": {**PHONE, "color_scheme": "light"},
    "arabic": {**PHONE, "locale": "ar"},
}


@pytest.fixture
def site(own_database: Flask) -> Iterator[str]:
    own_database.config["WTF_CSRF_ENABLED"] = True
    with own_database.app_context():
        hotel = factories.make_hotel(
            "harbour", description="Twelve rooms.", address="4 Quay Street", latitude=50.1, longitude=-5.0, accent_color="#e8c547",
            photo="img/demo/harbour-house.svg", house_rules={"en": ["No smoking."], "ar": ["ممنوع التدخين."]},
        )  # fmt: skip
        other = factories.make_hotel("cliff")
        user = person(hotel, "owner", email="olive@example.com", name="Olive")
        factories.make_user(hotel, "desk", name="Dan")
        with transaction():
            db.session.add(Membership(user_id=user.id, hotel_id=other.id, role="desk"))
            db.session.add(Restaurant(hotel_id=hotel.id, slug="kitchen", name="The Kitchen", opening_hours="daily"))
            team.invite(db.session.get_one(Hotel, hotel.id), "new@example.com", "desk", "http://localhost")
    with served(own_database) as address:
        yield address


def enter(page: Page, site: str) -> None:
    page.goto(f"{site}/sign-in")
    page.fill("#email", "olive@example.com")
    page.fill("#password", PASSWORD)
    page.locator("#sign-in button[type=submit]").click()
    page.wait_for_url(f"{site}/staff/")


@pytest.mark.parametrize("look", LOOKS)
def test_nobody_is_shut_out(site: str, new_page: Callable[..., Page], look: str) -> None:
    page = new_page(**LOOKS[look])
    trouble = listen_for_trouble(page)
    for path in PUBLIC:
        page.goto(site + path)
        assert axe_violations(page) == [], path
    enter(page, site)
    for path in STAFF:
        page.goto(site + path)
        assert axe_violations(page) == [], path
        wide = page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
        assert not wide, path
    assert trouble == []


def test_a_password_can_be_looked_at_while_it_is_typed(site: str, new_page: Callable[..., Page]) -> None:
    page = new_page()
    page.goto(f"{site}/sign-in")
    field, button = page.locator("#password"), page.get_by_role("button", name="Show the password")
    page.fill("#email", "olive@example.com")
    field.fill(PASSWORD)
    button.click()
    expect(field).to_have_attribute("type", "text")
    expect(button).to_have_attribute("aria-pressed", "true")
    page.locator("#sign-in button[type=submit]").click()
    page.wait_for_url(f"{site}/staff/")


def test_one_time_codes_are_set_up_and_used(site: str, new_page: Callable[..., Page]) -> None:
    page = new_page()
    trouble = listen_for_trouble(page)
    enter(page, site)
    page.goto(f"{site}/account/security")
    page.fill("#codes-password", PASSWORD)
    page.get_by_role("button", name="Switch on").click()
    page.wait_for_url(f"{site}/account/one-time-codes")
    assert axe_violations(page) == []
    codes = pyotp.TOTP(page.locator("#totp-key").input_value())
    page.fill("#code", codes.now())
    page.get_by_role("button", name="Switch on").click()
    expect(page.locator("code")).to_have_count(10)
    assert axe_violations(page) == []
    recovery = page.locator("code").first.inner_text()
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url(f"{site}/sign-in")
    page.fill("#email", "olive@example.com")
    page.fill("#password", PASSWORD)
    page.locator("#sign-in button[type=submit]").click()
    page.wait_for_url(f"{site}/sign-in/code")
    assert axe_violations(page) == []
    page.fill("#code", "000000")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("alert")).to_contain_text("This code is not right")
    page.fill("#code", recovery)
    page.get_by_role("button", name="Continue").click()
    page.wait_for_url(f"{site}/staff/")
    assert trouble == []


def test_it_works_without_a_script(site: str, new_page: Callable[..., Page]) -> None:
    page = new_page(java_script_enabled=False)
    enter(page, site)
    page.goto(f"{site}/staff/harbour/settings")
    page.fill("#name", "Harbour Inn")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("The settings are saved.")).to_be_visible()
    expect(page.locator("#history")).to_contain_text("Olive")

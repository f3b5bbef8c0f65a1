"""The check-in on a phone, in a real browser under the real policy: with a script and without, right to left, in the dark, offline."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Page, Response, Route, expect
from sqlalchemy import select

from tests import factories
from tests.browser import PHONE, axe_violations, listen_for_trouble, served
from tests.unit.test_photos import picture
from webapp.core.database import db
from webapp.core.encryption import fingerprint
from webapp.core.transaction import transaction
from webapp.models import AccessCode, CheckIn, Document, Lock, LockAccount, Reservation
from webapp.stays.links import link_for

pytestmark = pytest.mark.browser
MOST_BYTES = 50_000  # of a page with all that it loads, as they are on the disk


@dataclass
class Site:
    app: Flask
    address: str
    checkin: str
    portal: str


@pytest.fixture
def site(own_database: Flask) -> Iterator[Site]:
    own_database.config["WTF_CSRF_ENABLED"] = True
    with own_database.app_context():
        hotel = factories.make_hotel(
            name="Harbour House", address="12 Quay Street, Whitby", phone="+44 20 7946 0018", email="stay@harbour.example",
            country="GB", house_rules={"en": ["Quiet from 22:00.", "No smoking."], "ar": ["الهدوء من الساعة 22:00.", "ممنوع التدخين."]},
            settings={"wifi_name": "Harbour", "wifi_password": "sea-breeze"},
        )  # fmt: skip
        stay = factories.make_stay(hotel, arrives_in=1)
        with transaction():
            tokens = link_for(stay, "checkin").token, link_for(stay, "stay").token
    with served(own_database) as address:
        yield Site(own_database, address, f"{address}/checkin/{tokens[0]}", f"{address}/stay/{tokens[1]}")


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "passport.jpg"
    picture((3200, 2400)).save(path, quality=92)
    return path


def look_at(page: Page) -> None:
    assert axe_violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), page.url
    small = page.evaluate(
        "[...document.querySelectorAll('.button, .input, .select, summary')].filter(e => e.checkVisibility() && !e.matches('input[type=file]'))"
        ".filter(e => e.getBoundingClientRect().height < 44).map(e => e.outerHTML.slice(0, 80))"
    )
    assert small == []


def go_on(page: Page, to: str) -> None:
    page.locator(".guest-actions .button-primary").click()
    page.wait_for_url(f"**/{to}")


def answer_until_document(page: Page, url: str, look: Callable[[Page], None] = lambda page: None) -> None:
    page.goto(url)
    look(page)
    go_on(page, "person")
    look(page)
    page.locator("#name").fill("山田 Özgür")
    page.locator("#nationality").select_option("JP")
    go_on(page, "contact")
    page.locator("#phone").fill("07700 900456")
    page.locator("#address").fill("1 Rue de l’Église\nParis")
    look(page)
    go_on(page, "arrival")
    look(page)
    go_on(page, "document")
    look(page)


@pytest.mark.parametrize("look", ["light", "dark", "arabic"])
def test_the_whole_way_on_a_phone(site: Site, new_page: Callable[..., Page], photo: Path, look: str) -> None:
    page = new_page(color_scheme="dark" if look == "dark" else "light", **PHONE)
    trouble = listen_for_trouble(page)
    answer_until_document(page, site.checkin + ("?lang=ar" if look == "arabic" else ""), look_at)
    assert page.evaluate("document.documentElement.dir") == ("rtl" if look == "arabic" else "ltr")
    page.locator("#photo").set_input_files(photo)
    expect(page.locator(".document-photo")).to_be_visible()
    look_at(page)
    for step in ("review", "rules", "confirm"):
        go_on(page, step)
        look_at(page)
    page.locator(".guest-actions .button-primary").click()
    page.wait_for_url("**/stay/**")
    expect(page.locator(".callout-good").first).to_be_visible()
    look_at(page)
    for details in page.locator("details.stay-card").all():
        details.locator("summary").click()
    look_at(page)
    assert trouble == []
    with site.app.app_context():
        kept = db.session.scalars(select(Document)).one()
        assert (kept.width, kept.height) == (2000, 1500)
        assert db.session.scalars(select(CheckIn)).one().language == ("ar" if look == "arabic" else "en")


def test_everything_works_without_a_script(site: Site, new_page: Callable[..., Page], photo: Path) -> None:
    page = new_page(java_script_enabled=False, **PHONE)
    answer_until_document(page, site.checkin)
    page.locator("#file").set_input_files(photo)
    page.locator("button[type=submit]").click()
    expect(page.locator(".document-photo")).to_be_visible()
    for step in ("review", "rules", "confirm", "**"):
        page.locator(".guest-actions .button-primary").click()
        page.wait_for_url(f"**/{step}")
    assert "/stay/" in page.url


def test_a_lost_connection_keeps_the_photo_and_sends_it_when_it_is_back(
    site: Site, new_page: Callable[..., Page], photo: Path
) -> None:
    page = new_page(**PHONE)
    answer_until_document(page, site.checkin)
    page.context.set_offline(True)
    page.locator("#photo").set_input_files(photo)
    expect(page.locator("[data-photo-progress]")).to_contain_text("Your photo is still here")
    expect(page.get_by_role("button", name="Send again")).to_be_visible()
    page.context.set_offline(False)
    expect(page.locator(".document-photo")).to_be_visible()


def test_what_was_typed_survives_a_lost_connection(site: Site, new_page: Callable[..., Page]) -> None:
    page = new_page(**PHONE)
    page.goto(site.checkin)
    go_on(page, "person")
    page.locator("#name").fill("Typed offline")
    page.locator("#nationality").select_option("IT")
    page.context.set_offline(True)
    page.locator(".guest-actions .button-primary").click()
    expect(page.locator("[data-offline]")).to_be_visible()
    page.context.set_offline(False)
    go_on(page, "contact")
    with site.app.app_context():
        assert db.session.scalars(select(CheckIn)).one().details["person"]["name"] == "Typed offline"


def test_an_answer_whose_reply_is_lost_is_sent_again_and_stored_once(site: Site, new_page: Callable[..., Page]) -> None:
    page = new_page(**PHONE)
    page.goto(site.checkin)
    go_on(page, "person")
    page.locator("#nationality").select_option("IT")
    lost: list[str] = []

    def lose(route: Route) -> None:
        if route.request.method == "POST" and not lost:
            lost.append(route.fetch(max_redirects=0).headers["x-next"])
            return route.abort()
        return route.continue_()

    page.route("**/person", lose)
    page.locator(".guest-actions .button-primary").click()
    expect(page.get_by_text("Your answer is still here")).to_be_visible()
    assert lost[0].endswith("/contact"), "the server took the answer; only its reply was lost"
    go_on(page, "contact")


def test_a_wrong_answer_is_told_on_the_same_screen(site: Site, new_page: Callable[..., Page]) -> None:
    page = new_page(**PHONE)
    trouble = listen_for_trouble(page)
    page.goto(site.checkin)
    go_on(page, "person")
    page.locator("#name").fill("!!!")
    page.locator("#nationality").select_option("IT")
    page.locator(".guest-actions .button-primary").click()
    expect(page.locator("[data-form-errors]")).to_be_focused()
    expect(page.locator("#name")).to_have_value("!!!")
    look_at(page)
    page.locator("#name").fill("Right Now")
    go_on(page, "contact")
    assert trouble == []


def test_a_file_that_is_no_photo_is_told_on_the_spot(site: Site, new_page: Callable[..., Page], tmp_path: Path) -> None:
    page = new_page(**PHONE)
    answer_until_document(page, site.checkin)
    drawing = tmp_path / "passport.jpg"
    drawing.write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    page.locator("#photo").set_input_files(drawing)
    expect(page.locator("[data-photo-progress]")).to_contain_text("JPEG, PNG or HEIC")


def give_code(site: Site, state: str) -> None:
    with site.app.app_context(), transaction():
        stay = db.session.scalars(select(Reservation)).one()
        code = db.session.scalars(select(AccessCode)).one_or_none()
        if code is None:
            account = LockAccount(
                hotel_id=stay.hotel_id, username="u", username_hint="u", password_md5="x", webhook_token="w"
            )
            db.session.add(account)
            db.session.flush()
            lock = Lock(
                hotel_id=stay.hotel_id,
                account_id=account.id,
                provider_lock_id="1",
                name="101",
                kind="room",
                room_id=stay.room_id,
            )
            db.session.add(lock)
            db.session.flush()
            begin = stay.hotel.check_in_instant(stay.check_in)
            code = AccessCode(
                hotel_id=stay.hotel_id, reservation_id=stay.id, lock_id=lock.id, physical_lock="ttlock:1", pin="735194",
                pin_fingerprint=fingerprint("735194"), valid_from=begin, valid_until=begin + dt.timedelta(days=2),
            )  # fmt: skip
            db.session.add(code)
            db.session.add(CheckIn(hotel_id=stay.hotel_id, reservation_id=stay.id, completed_at=begin))
        code.state = state


def test_the_code_appears_when_the_guest_comes_back_to_the_page(site: Site, new_page: Callable[..., Page]) -> None:
    give_code(site, "requested")
    page = new_page(**PHONE)
    page.goto(site.portal)
    expect(page.locator("#key")).to_contain_text("We are setting your code")
    assert "735194" not in page.content()
    give_code(site, "verified")
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(page.locator("#key output")).to_have_text("735194")
    expect(page.locator("#key")).to_contain_text("On the lock")
    look_at(page)


@pytest.mark.parametrize("language", ["en", "hi"])
def test_pages_are_light(site: Site, new_page: Callable[..., Page], language: str) -> None:
    """What a phone has to fetch for each page, unpacked; what an earlier page brought is there already."""
    page = new_page(**PHONE)
    known: set[str] = set()
    fetched: dict[str, int] = {}

    def note(answer: Response) -> None:
        if answer.status == 200 and answer.url not in known:
            fetched[answer.url] = len(answer.body())

    page.on("response", note)

    def weigh() -> None:
        page.wait_for_load_state("networkidle")
        assert sum(fetched.values()) < MOST_BYTES, fetched
        known.update(url for url in fetched if "/static/" in url)
        fetched.clear()

    page.goto(f"{site.portal}?lang={language}")
    weigh()
    page.goto(f"{site.checkin}?lang={language}")
    weigh()
    go_on(page, "person")
    weigh()

"""The main job, from the channel's calendar to the door, in two real browsers on the whole running product.

A channel sells a room. The stay appears on the board by itself. The guest gets a link, checks in on a phone in Arabic, and
receives a code that the lock opens to from check-in to check-out. A colleague watches it happen. After departure the code is gone.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import psycopg
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.browser import PHONE, axe_violations
from tests.e2e.conftest import House
from webapp.core.stay_dates import local_instant

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("house")]

HOTEL, ZONE = "harbour-house", "Europe/London"
GUEST, MAIL = "ليلى حداد", "layla@example.com"
REFERENCE = "HME2EXAMPL"


def sign_in(page: Page, house: House, email: str) -> None:
    page.goto(f"{house.url}/sign-in")
    page.locator("[name=email]").fill(email)
    page.locator("[name=password]").fill(house.password)
    page.locator("[name=password]").press("Enter")
    page.wait_for_url("**/board**")


def free_room(house: House, night: dt.date) -> str:
    """A clean room of the demo that nobody has tonight."""
    instance = house.log.parent / "instance"
    url = json.loads((instance / "run.json").read_text())["variables"]["DATABASE_URL"]
    query = """
        SELECT number FROM room r JOIN hotel h ON h.id = r.hotel_id
        WHERE h.slug = %s AND r.housekeeping <> 'dirty'
          AND NOT EXISTS (SELECT 1 FROM room_night n WHERE n.room_id = r.id AND n.night = %s)
        ORDER BY number LIMIT 1
    """
    with psycopg.connect(url) as connection:
        row = connection.execute(query, (HOTEL, night)).fetchone()
    assert row is not None, "the demo has no free room tonight"
    return str(row[0])


def connect_calendar(page: Page, house: House, room: str, url: str) -> None:
    page.goto(f"{house.url}/staff/{HOTEL}/channels/feeds/new")
    page.locator("[name=room_id]").select_option(label=f"Room {room}")
    page.locator("[name=provider]").select_option("airbnb")
    page.locator("[name=url]").fill(url)
    page.locator("[name=is_active]").check()
    page.get_by_role("button", name="Save").click()
    page.wait_for_url(re.compile(r"/channels(/feeds/\d+)?$"))


def check_in_on_the_phone(page: Page, link: str, photo: Path) -> None:
    """Every screen of the check-in, in Arabic, with a look at its direction and accessibility."""
    page.goto(f"{link}?lang=ar")
    expect(page.locator("html")).to_have_attribute("dir", "rtl")
    assert axe_violations(page) == []
    page.locator("[name=language][value=ar]").check()
    press_primary(page)
    page.locator("[name=name]").fill(GUEST)
    page.locator("[name=nationality]").select_option("LB")
    page.locator("[name=guests]").fill("2")
    assert axe_violations(page) == []
    press_primary(page)
    page.locator("[name=phone]").fill("+447700900456")
    page.locator("[name=email]").fill(MAIL)
    page.locator("[name=address]").fill("شارع الحمرا ١٢، بيروت")
    press_primary(page)
    press_primary(page)  # the hour of arrival may stay open
    page.reload()  # a lost connection in the middle costs nothing
    page.locator("#photo").set_input_files(photo)
    expect(page.locator(".document-photo")).to_be_visible()
    press_primary(page)
    for _screen in ("review", "rules", "confirm"):
        press_primary(page)
    page.wait_for_url("**/stay/**")
    assert axe_violations(page) == []


def press_primary(page: Page) -> None:
    before = page.url.partition("?")[0]
    page.locator(".guest-actions .button-primary").first.click()
    page.wait_for_url(lambda url: url.partition("?")[0] != before)


def test_from_the_calendar_to_the_door_and_out(house: House, new_page: Callable[..., Page], tmp_path: Path) -> None:
    today = dt.datetime.now(ZoneInfo(ZONE)).date()
    room, leaves = free_room(house, today), today + dt.timedelta(days=1)
    photo = tmp_path / "passport.jpg"
    Image.effect_noise((1600, 1100), 40).convert("RGB").save(photo, "JPEG")

    manager, colleague = new_page(), new_page()
    sign_in(manager, house, "manager@harbour.example")
    sign_in(colleague, house, "desk@harbour.example")
    arrival = colleague.locator("#today .board-line", has_text=room)
    expect(arrival).to_have_count(0)

    event = {"kind": "stay", "start": str(today), "end": str(leaves), "code": REFERENCE, "phone_last4": "0456"}
    house.control.put_feed("airbnb", "main-job", [event], timezone=ZONE)
    connect_calendar(manager, house, room, house.control.feed_url("airbnb", "main-job"))

    # The stay appears on the colleague's board by itself.
    expect(arrival).to_be_visible(timeout=20_000)
    arrival.locator("a.line-main").click()
    drawer = colleague.locator("#reservation")
    expect(drawer).to_contain_text(REFERENCE)
    drawer.get_by_text("More", exact=True).click()
    drawer.get_by_text("Edit guest").click()
    drawer.locator("[name=guest_name]").fill(GUEST)
    drawer.locator("[name=guest_email]").fill(MAIL)
    drawer.locator("[name=guest_language]").select_option("ar")
    drawer.get_by_role("button", name="Save").click()
    drawer.locator("#do-checkin-link button, button#do-checkin-link").first.click()

    # The guest's mail, and the check-in on a phone.
    text = house.control.mails(to=MAIL, wait=30)[0]["text"]
    link = re.search(r"https?://\S+/checkin/[\w-]+", text)
    assert link is not None, text
    assert urlsplit(link.group()).netloc == urlsplit(house.url).netloc
    phone = new_page(**PHONE, locale="ar")
    check_in_on_the_phone(phone, link.group(), photo)

    # The board of the colleague says so without being touched.
    expect(drawer).to_contain_text("Door codes", timeout=20_000)
    expect(drawer.get_by_text("On the lock", exact=True)).to_have_count(2, timeout=60_000)
    pin = drawer.locator("code.pin").first.inner_text()
    phone.reload()
    expect(phone.locator("output").first).to_have_text(pin)

    lock = next(lock for lock in house.control.locks() if lock["lockAlias"].split()[-1] == room)["lockId"]
    opens_at = local_instant(today, dt.time(15), ZONE)
    minute = dt.timedelta(minutes=1)
    assert house.control.try_door(lock, pin, (opens_at + minute).isoformat())["opens"]
    assert not house.control.try_door(lock, pin, (opens_at - minute).isoformat())["opens"]
    closes_at = local_instant(leaves, dt.time(11), ZONE)
    assert house.control.try_door(lock, pin, (closes_at - minute).isoformat())["opens"]
    assert not house.control.try_door(lock, pin, (closes_at + minute).isoformat())["opens"]

    # Arrival and departure at the desk; the code is gone from the lock, and the page says so.
    check_in, check_out = (drawer.get_by_role("button", name=name, exact=True) for name in ("Check in", "Check out"))
    expect(check_in.or_(check_out)).to_be_visible()
    if check_in.is_visible():  # before check-in time the desk does it
        check_in.click()
    expect(check_out).to_be_visible()
    check_out.click()
    colleague.locator("#confirm [data-yes]").click()
    expect(drawer.get_by_text("Removed", exact=True)).to_have_count(2, timeout=60_000)
    assert not house.control.try_door(lock, pin, (opens_at + minute).isoformat())["opens"]
    assert pin not in json.dumps(house.control.lock(lock)["on_lock"])

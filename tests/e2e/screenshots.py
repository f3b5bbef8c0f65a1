"""Takes the README's pictures from the running product: `python -m tests.e2e.screenshots`. Not a test."""

from __future__ import annotations

import datetime as dt
import re
import tempfile
from pathlib import Path
from zoneinfo import ZoneInfo

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser import ARGUMENTS, PHONE, chromium_path
from tests.e2e import conftest, test_main_job
from tests.e2e.conftest import House

IMAGES = conftest.ROOT / "docs" / "images"
GUEST, MAIL = "Hana Kobayashi", "hana@example.com"


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="innkeep-pictures-") as name, sync_playwright() as playwright:
        folder = Path(name)
        folder.chmod(0o755)
        running = conftest._running_in(folder)
        house = next(running)
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=list(ARGUMENTS))
        take_all(browser, house, folder)
        browser.close()
        next(running, None)


def take_all(browser: Browser, house: House, folder: Path) -> None:
    IMAGES.mkdir(exist_ok=True)
    desk = browser.new_page(viewport={"width": 1440, "height": 900}, locale="en-GB")
    test_main_job.sign_in(desk, house, "manager@harbour.example")
    take(desk, "board.png")
    desk.goto(f"{house.url}/staff/{test_main_job.HOTEL}/channels")
    take(desk, "channels.png")
    link = link_of_a_new_guest(desk, house)
    phone = browser.new_page(**PHONE, locale="en-GB")
    phone.goto(f"{link}?lang=en")
    take(phone, "checkin.png")
    phone.goto(f"{link}?lang=ar")
    take(phone, "checkin-ar.png")
    photo = folder / "document.jpg"
    Image.effect_noise((1200, 800), 40).convert("RGB").save(photo, "JPEG")
    test_main_job.check_in_on_the_phone(phone, link, photo)
    desk.goto(f"{house.url}/staff/{test_main_job.HOTEL}/locks")
    phone.get_by_text("#", exact=False).first.wait_for(timeout=30_000)
    phone.goto(re.sub(r"\?.*", "", phone.url) + "?lang=en")
    phone.reload()
    take(phone, "portal.png")


def link_of_a_new_guest(desk: Page, house: House) -> str:
    """Sell tonight's free room to a guest with a mail address; the link of the mail."""
    today = dt.datetime.now(ZoneInfo(test_main_job.ZONE)).date()
    room = test_main_job.free_room(house, today)
    event = {"kind": "stay", "start": str(today), "end": str(today + dt.timedelta(days=1)), "code": "HMPICTURES"}
    house.control.put_feed("airbnb", "pictures", [event], timezone=test_main_job.ZONE)
    test_main_job.connect_calendar(desk, house, room, house.control.feed_url("airbnb", "pictures"))
    desk.goto(f"{house.url}/staff/{test_main_job.HOTEL}/board")
    line = desk.locator("#today .board-line", has_text=room)
    line.wait_for(timeout=30_000)
    line.locator("a.line-main").click()
    drawer = desk.locator("#reservation")
    drawer.get_by_text("More", exact=True).click()
    drawer.get_by_text("Edit guest").click()
    drawer.locator("[name=guest_name]").fill(GUEST)
    drawer.locator("[name=guest_email]").fill(MAIL)
    drawer.get_by_role("button", name="Save").click()
    drawer.locator("#do-checkin-link button, button#do-checkin-link").first.click()
    text = house.control.mails(to=MAIL, wait=30)[0]["text"]
    found = re.search(r"https?://\S+/checkin/[\w-]+", text)
    assert found is not None, text
    return found.group()


def take(page: Page, name: str) -> None:
    page.wait_for_timeout(1000)  # fonts and pictures; live pages never come to rest
    page.screenshot(path=IMAGES / name)


if __name__ == "__main__":
    main()

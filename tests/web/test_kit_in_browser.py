"""The browser kit in a real browser, under the real policy."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from tests.browser import PHONE, axe_violations, listen_for_trouble, served
from tests.web.kit_pages import Heard, blueprint

pytestmark = pytest.mark.browser


@pytest.fixture
def heard() -> Iterator[Heard]:
    heard = Heard()
    yield heard
    for lever in (heard.may_answer, heard.may_break, heard.may_end):
        lever.set()


@pytest.fixture
def site(own_database: Flask, heard: Heard) -> Iterator[str]:
    own_database.register_blueprint(blueprint(heard))
    with served(own_database) as address:
        yield address
        for lever in (heard.may_answer, heard.may_break, heard.may_end):
            lever.set()


@pytest.fixture
def page(new_page: Callable[..., Page], site: str) -> Page:
    page = new_page()
    page.goto(f"{site}/kit/")
    return page


@pytest.mark.parametrize("look", ["light", "dark", "arabic", "phone"])
def test_nobody_is_shut_out(new_page: Callable[..., Page], site: str, look: str) -> None:
    page = new_page(color_scheme="dark" if look == "dark" else "light", **(PHONE if look == "phone" else {}))
    trouble = listen_for_trouble(page)
    for address in ("/styleguide", "/kit/guest", "/no/such/page"):
        page.goto(site + address + ("?lang=ar" if look == "arabic" else ""))
        assert axe_violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        if look == "arabic":
            assert page.evaluate("document.documentElement.dir") == "rtl"
        if look == "phone":
            small = page.evaluate(
                "[...document.querySelectorAll('.button, .input, .select, summary')].filter(e => e.checkVisibility())"
                ".filter(e => e.getBoundingClientRect().height < 44).map(e => e.outerHTML.slice(0, 80))"
            )
            assert small == []
    assert trouble == []


def test_a_change_is_sent_once_with_the_token(page: Page, heard: Heard) -> None:
    page.locator("#slow button").dblclick()
    expect(page.locator("#slow")).to_have_attribute("data-busy", "")
    heard.may_answer.set()
    expect(page.locator("#out")).to_have_text("saved")
    assert len(heard.tokens) == 1
    assert heard.tokens[0] == page.locator('meta[name="csrf-token"]').get_attribute("content")
    expect(page.locator(".toast p")).to_have_text("Saved – merci, Zoë")
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".toast p")).to_have_text("Undone")
    expect(page.locator("#slow")).not_to_have_attribute("data-busy", "")


@pytest.mark.parametrize(("name", "question"), [("Remove", "Really?"), ("Plain", "Plain, really?")])
def test_a_question_is_asked_first(page: Page, heard: Heard, name: str, question: str) -> None:
    heard.may_answer.set()
    page.get_by_role("button", name=name).click()
    expect(page.locator("#confirm-text")).to_have_text(question)
    page.keyboard.press("Escape")
    expect(page.locator("#confirm")).not_to_be_visible()
    assert heard.tokens == []
    page.get_by_role("button", name=name).click()
    with page.expect_response("**/kit/slow"):
        page.get_by_role("button", name="Yes, go ahead").click()
    assert len(heard.tokens) == 1


def test_a_refusal_speaks_and_leaves_the_page_as_it_was(page: Page) -> None:
    page.get_by_role("button", name="Take").click()
    expect(page.locator(".toast p")).to_have_text("Room 204 is taken")
    expect(page.locator("#out")).to_have_text("untouched")


def test_errors_of_a_form_take_the_focus(page: Page) -> None:
    page.get_by_role("button", name="Send").click()
    expect(page.locator("#summary")).to_be_focused()


def test_the_drawer_opens_by_key_and_gives_the_focus_back(page: Page) -> None:
    page.locator("#main").focus()
    page.keyboard.type("gd")
    expect(page.get_by_role("heading", name="Astrid Lindqvist")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#drawer")).not_to_be_visible()
    expect(page.locator("#open")).to_be_focused()


def test_keys_find_and_explain_and_can_be_switched_off(page: Page) -> None:
    page.keyboard.press("/")
    expect(page.locator("#search")).to_be_focused()
    page.keyboard.type("?")
    expect(page.locator("#search")).to_have_value("?")
    page.locator("#main").focus()
    page.keyboard.press("?")
    page.get_by_label("Use single keys").uncheck()
    page.keyboard.press("Escape")
    page.locator("#main").focus()
    page.keyboard.press("/")
    expect(page.locator("#search")).not_to_be_focused()


def test_live_events_arrive_gathered_and_a_break_is_made_good(page: Page, heard: Heard) -> None:
    indicator = page.locator("[data-live-indicator]")
    expect(indicator).to_have_attribute("data-state", "on")
    page.evaluate(
        "window.seen = []; for (const name of ['live:booking-updated', 'live:resync']) document.addEventListener(name, e => {"
        " seen.push([name, e.detail.items.length]);"
        " document.body.dataset.seen = seen.reduce((sum, [, n]) => sum + n, 0) })"
    )
    page.locator("#part summary").click()
    heard.may_answer.set()
    expect(page.locator("body")).to_have_attribute("data-seen", "40")
    events = page.evaluate("seen")
    assert events[0] == ["live:booking-updated", 1]
    assert len(events) <= 4
    expect(page.locator("#part output")).not_to_have_text("0")
    expect(page.locator("#part details")).to_have_attribute("open", "")
    heard.may_break.set()
    expect(page.locator("body")).to_have_attribute("data-seen", "41")
    expect(indicator).to_have_attribute("data-state", "on")
    assert page.evaluate("seen.at(-1)") == ["live:resync", 1]
    assert heard.resumed_after == ["99", "139", "139"]


CONTRAST = """(brands) => {
  const box = document.createElement("div");
  document.body.append(box);
  const context = new OffscreenCanvas(1, 1).getContext("2d", {willReadFrequently: true});
  const linear = (x) => (x /= 255) <= 0.03928 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4;
  const light = (name) => {
    box.style.backgroundColor = `var(${name})`;
    context.fillStyle = getComputedStyle(box).backgroundColor;
    context.fillRect(0, 0, 1, 1);
    const [r, g, b] = context.getImageData(0, 0, 1, 1).data;
    return 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b) + 0.05;
  };
  const pairs = [["--on-accent", "--accent"], ["--on-accent", "--accent-hover"], ["--accent-ink", "--surface"],
                 ["--accent-ink", "--accent-soft"], ["--ink-3", "--accent-soft"]];
  const poor = [];
  for (const brand of brands) {
    document.documentElement.style.setProperty("--brand", brand);
    for (const [ink, ground] of pairs) {
      const [a, b] = [light(ink), light(ground)];
      if (Math.max(a, b) / Math.min(a, b) < 4.5) poor.push(`${brand}: ${ink} on ${ground}`);
    }
  }
  return poor;
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_is_readable_in_every_colour_a_hotel_may_choose(
    new_page: Callable[..., Page], site: str, scheme: str
) -> None:
    page = new_page(color_scheme=scheme)
    page.goto(f"{site}/kit/guest")
    steps = range(0, 256, 51)
    brands = [f"#{r:02x}{g:02x}{b:02x}" for r in steps for g in steps for b in steps]
    assert page.evaluate(CONTRAST, brands) == []

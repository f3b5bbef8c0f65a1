"""A whole day of the desk in a real browser: arrivals, departures and everything between, by keyboard and pointer."""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Locator, Page, expect
from sqlalchemy import select

from tests import factories
from tests.accounts_kit import PASSWORD, person
from tests.booking_kit import day, make_shop
from tests.browser import axe_violations, listen_for_trouble, served
from webapp.core.database import db
from webapp.core.transaction import transaction
from webapp.models import Hotel, Message, Reservation, Task
from webapp.operations import services as operations

pytestmark = pytest.mark.browser
BASE = "/staff/harbour"


def make_day() -> dict[str, str]:
    """A hotel on a busy morning; the booking ids of its guests by their first names."""
    hotel = make_shop("harbour")
    made = {
        "Petra": factories.make_stay(hotel, None, 0, 2, guest_name="Petra Pending", status="PENDING_PAYMENT"),
        "Ines": factories.make_stay(hotel, "101", 0, 3, guest_name="Ines Arrives"),
        "Nils": factories.make_stay(hotel, None, 0, 1, guest_name="Nils Noshow"),
        "Anna": factories.make_stay(hotel, "101", 20, 2, guest_name="Anna"),
        "Bert": factories.make_stay(hotel, "102", 22, 2, guest_name="Bert"),
        "Carl": factories.make_stay(hotel, "103", 20, 4, guest_name="Carl"),
        "Nora": factories.make_stay(hotel, None, 20, 4, guest_name="Nora Needsaroom"),
        "Sven": factories.make_stay(hotel, "101", 30, 4, guest_name="Sven Splits"),
    }
    with transaction():
        operations.set_housekeeping(factories.room_of(hotel, "101"), "dirty")
    for role, email in (("desk", "clerk@example.com"), ("manager", "chief@example.com")):
        person(hotel, role, email=email)
    return {name: stay.booking_id for name, stay in made.items()}


def enter(page: Page, site: str, email: str) -> None:
    page.goto(f"{site}/sign-in")
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{site}{BASE}/board")


class Clerk:
    """What one does with a stay in the drawer."""

    def __init__(self, page: Page, site: str, bookings: dict[str, str], today: dt.date) -> None:
        self.page, self.site, self.bookings, self.today = page, site, bookings, today
        self.drawer = page.locator("#reservation")

    def look(self, within: str = "#reservation") -> None:
        """Let axe look at the drawer, or at another part, as it is now."""
        assert axe_violations(self.page, within) == []

    def in_days(self, ahead: int) -> str:
        return (self.today + dt.timedelta(days=ahead)).isoformat()

    def board(self, which: str = "arrivals") -> None:
        self.page.goto(f"{self.site}{BASE}/board?list={which}")

    def open(self, name: str) -> None:
        """By the search box, with the keyboard alone."""
        self.page.keyboard.press("Escape")
        self.page.keyboard.press("/")
        self.page.keyboard.type(name)
        expect(self.page.locator("#search-results .found")).to_have_count(1)
        self.page.keyboard.press("ArrowDown")
        self.page.keyboard.press("Enter")
        expect(self.drawer).to_have_attribute("data-booking", self.bookings[name])

    def press(self, label: str) -> None:
        self.drawer.get_by_role("button", name=label, exact=True).click()

    def follow(self, label: str) -> None:
        self.drawer.get_by_role("link", name=label, exact=True).click()

    def choose(self, entry: str) -> None:
        """From the menu of further actions."""
        self.drawer.get_by_text("More", exact=True).click()
        self.drawer.locator(".menu-item", has_text=entry).click()

    def told(self, text: str) -> Locator:
        toast = self.page.locator(".toast", has_text=text)
        expect(toast.first).to_be_visible()
        return toast.first


def test_a_whole_day_at_the_desk(own_database: Flask, new_page: Callable[..., Page]) -> None:
    with own_database.app_context():
        bookings = make_day()
        today = db.session.scalars(select(Hotel)).one().business_date()
    with served(own_database) as site:
        page, chief = new_page(), new_page()
        trouble = listen_for_trouble(page)
        enter(page, site, "clerk@example.com")
        clerk = Clerk(page, site, bookings, today)
        clerk.look("html")
        walk_in(clerk)
        arrivals(clerk)
        override(clerk, chief)
        words(clerk)
        room_for_one_more(clerk)
        departures_and_rooms(clerk)
        leave(clerk)
        group_and_list(clerk)
        assert trouble == []
    with own_database.app_context():
        check_books(bookings)


def walk_in(clerk: Clerk) -> None:
    """Somebody stands at the counter: one key, a name, a room."""
    page = clerk.page
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard")).to_contain_text("Walk-in")
    page.keyboard.press("Escape")
    page.keyboard.press("w")
    page.wait_for_url("**/reservations/new**")
    expect(page.get_by_label("The guest is here")).to_be_checked()
    clerk.look("html")
    page.get_by_label("Name", exact=True).fill("Wanda Walkin")
    page.get_by_label("Room type", exact=True).first.select_option(label="Single")
    page.get_by_role("button", name="Record the stay").click()
    expect(clerk.drawer).to_contain_text("In house")
    expect(clerk.drawer).to_contain_text("£60.00")
    clerk.look()


def arrivals(clerk: Clerk) -> None:
    """Confirm one, give it a room; the others get theirs by themselves."""
    clerk.board()
    clerk.open("Petra")
    clerk.press("Confirm")
    clerk.told("The stay is confirmed.")
    clerk.follow("Choose a room")
    clerk.drawer.locator(".room-choice", has_text="102").click()
    clerk.told("The stay is in room 102.")
    clerk.page.keyboard.press("Escape")
    clerk.page.get_by_role("link", name="Assign rooms to all arrivals").click()
    expect(clerk.drawer).to_contain_text("Nils Noshow")
    clerk.press("Assign 1 room")
    clerk.told("1 stay has its room.")
    clerk.page.keyboard.press("Escape")
    expect(clerk.page.locator("#today .board-line", has_text="Nils Noshow").locator(".line-room")).to_have_text("103")


def override(clerk: Clerk, chief: Page) -> None:
    """The room is not clean: the clerk is refused in words, the manager may."""
    clerk.open("Ines")
    clerk.press("Check in")
    clerk.told("Room 101 is not clean yet.")
    enter(chief, clerk.site, "chief@example.com")
    chief.goto(f"{clerk.site}{BASE}/reservations/{clerk.bookings['Ines']}")
    chief.get_by_role("button", name="Check in", exact=True).click()
    chief.get_by_role("button", name="Yes, go ahead").click()
    expect(chief.locator("#reservation")).to_contain_text("In house")
    expect(clerk.drawer.get_by_role("button", name="Check out", exact=True)).to_be_visible()


def words(clerk: Clerk) -> None:
    """What was said on the telephone, and a word among the staff."""
    clerk.follow("Write, or note a call")
    clerk.drawer.get_by_label("The guest rang").check()
    clerk.drawer.get_by_label("Text").fill("Is there a cot?")
    clerk.press("Keep or send")
    clerk.told("The call is kept.")
    expect(clerk.drawer).to_contain_text("Is there a cot?")
    clerk.drawer.get_by_label("Note for the staff").fill("Cot is in the store")
    clerk.press("Keep the note")
    clerk.told("The note is kept.")
    expect(clerk.drawer.locator(".note")).to_contain_text("Cot is in the store")


def room_for_one_more(clerk: Clerk) -> None:
    """One stay moves so that another fits; then everything is put back."""
    clerk.open("Nora")
    clerk.follow("Choose a room")
    clerk.follow("Make room by moving others")
    expect(clerk.drawer.get_by_text("After", exact=True)).to_be_visible()
    clerk.look()
    clerk.drawer.get_by_role("button", name="Move them and take room").click()
    toast = clerk.told("Room is made and the stay is placed.")
    expect(clerk.drawer).to_have_attribute("data-booking", clerk.bookings["Nora"])
    toast.get_by_role("button", name="Undo").click()
    clerk.told("Everybody is back in the room they had.")
    expect(clerk.drawer).to_contain_text("This stay has no room")


def departures_and_rooms(clerk: Clerk) -> None:
    """Longer, later on the day, shorter; and a stay in two rooms."""
    clerk.open("Ines")
    clerk.follow("Departure")
    expect(clerk.drawer).to_contain_text("Stay longer")
    clerk.look()
    clerk.press("Extend the stay")
    clerk.told("£100.00 more")
    clerk.follow("Departure")
    clerk.drawer.get_by_label("The room is kept until").fill("13:30")
    clerk.drawer.get_by_label("Fee").fill("25")
    clerk.press("Allow a late departure")
    clerk.told("kept until 13:30")
    expect(clerk.drawer).to_contain_text("13:30")
    clerk.open("Petra")
    clerk.press("Check in")
    clerk.told("The guest is checked in.")
    clerk.follow("Departure")
    clerk.press("Shorten the stay")
    clerk.told("The later nights are free again.")
    clerk.open("Sven")
    clerk.choose("Split over two rooms")
    clerk.drawer.get_by_label("First night in the other room").fill(clerk.in_days(32))
    clerk.press("Show free rooms")
    clerk.drawer.locator(".room-choice", has_text="103").click()
    clerk.told("the stay is in room 103.")


def leave(clerk: Clerk) -> None:
    """One did not come, one goes: the room waits for cleaning."""
    clerk.open("Nils")
    clerk.choose("No-show")
    clerk.page.get_by_role("button", name="Yes, go ahead").click()
    clerk.told("Noted as a no-show.")
    clerk.open("Petra")
    clerk.press("Check out")
    clerk.page.get_by_role("button", name="Yes, go ahead").click()
    clerk.told("The room waits for cleaning.")
    clerk.board("tasks")
    expect(clerk.page.locator("#today")).to_contain_text("Clean room 102")


def group_and_list(clerk: Clerk) -> None:
    """Three rooms for one party, and the list as a file."""
    page = clerk.page
    page.keyboard.press("n")
    page.wait_for_url("**/reservations/new")
    page.get_by_label("Arrival").fill(clerk.in_days(40))
    page.get_by_label("Departure").fill(clerk.in_days(42))
    page.get_by_label("Name", exact=True).fill("Greta Group")
    page.get_by_text("Further rooms of the same group").click()
    for number in (2, 3):
        row = page.get_by_role("group", name=f"Room {number}", exact=True)
        row.get_by_label("Room type").select_option(label="Single")
    page.get_by_role("button", name="Record the stay").click()
    expect(clerk.drawer).to_contain_text("Booked together")
    page.goto(f"{clerk.site}{BASE}/reservations?search=Greta&ordering=created_at")
    expect(page.get_by_text("3 reservations")).to_be_visible()
    clerk.look("main")
    with page.expect_download() as download:
        page.get_by_role("link", name="Export as CSV").click()
    rows = list(csv.DictReader(download.value.path().read_text(encoding="utf-8").splitlines()))
    assert [row["room_type"] for row in rows] == ["DBL", "SGL", "SGL"]
    assert {row["guest_name"] for row in rows} == {"Greta Group"}


def check_books(bookings: dict[str, str]) -> None:
    """What the day left in the database."""

    def stay(name: str) -> Reservation:
        return db.session.scalars(select(Reservation).filter_by(booking_id=bookings[name])).one()

    hotel = db.session.scalars(select(Hotel)).one()
    assert (stay("Ines").status, stay("Ines").check_out) == ("CHECKED_IN", day(hotel, 4))
    assert str(stay("Ines").total) == "125.00"
    assert (stay("Petra").status, stay("Petra").check_out) == ("COMPLETED", day(hotel, 1))
    assert stay("Nils").status == "NO_SHOW"
    assert stay("Nora").room_id is None
    assert stay("Sven").has_moved
    kept: Any = db.session.execute(select(Message.channel, Message.direction).order_by(Message.id)).all()
    assert [tuple(row) for row in kept] == [("phone", "in"), ("note", "out")]
    assert db.session.scalars(select(Task.kind)).all() == ["cleaning"]

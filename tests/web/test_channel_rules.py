"""The manager chooses when absence becomes a cancellation, and answers an alarm with a hold."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest

from tests import factories
from webapp.channels import alarms, judgement, services, targets, thresholds
from webapp.channels.domain import Policy
from webapp.channels.ports import Body
from webapp.core import clock, wiring
from webapp.core.audit import AuditEntry
from webapp.core.calendars import CalendarFormat
from webapp.core.database import db
from webapp.core.errors import Conflict, Invalid
from webapp.core.transaction import transaction
from webapp.models import Alert, Hotel, Reservation

NOON = dt.datetime(2026, 6, 1, 11, tzinfo=dt.UTC)
FIELDS = {"misses": "4", "hours": "6.5", "mass_minimum": "2", "mass_share": "50", "longest_stay": "90"}


@pytest.fixture(autouse=True)
def noon():
    with clock.frozen(NOON):
        yield


class Feed:
    """A calendar of Booking.com that shows one-night stays on chosen days of June."""

    def __init__(self, hotel: Hotel) -> None:
        with transaction():
            self.id = services.add_feed(
                hotel, factories.room_of(hotel, "101").id, "booking", "https://x.example/1.ics"
            ).id

    def read(self, hour: float, *days: int) -> None:
        with clock.frozen(NOON + dt.timedelta(hours=hour)):
            target = targets.target_of(self.id)
            assert target is not None
            events = "".join(
                f"BEGIN:VEVENT\r\nUID:{day}\r\nDTSTART;VALUE=DATE:202606{day:02}\r\nDTEND;VALUE=DATE:202606{day + 1:02}\r\n"
                "SUMMARY:CLOSED - Not available\r\nEND:VEVENT\r\n"
                for day in days
            )
            content = f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\n{events}END:VCALENDAR\r\n".encode()
            parsed = wiring.resolve(CalendarFormat).parse(content, ZoneInfo("Europe/London"), target.today)
            with transaction():
                judgement.take_snapshot(target, Body(content, None, None, ""), parsed)


@pytest.fixture
def feed(hotel: Hotel) -> Feed:
    return Feed(hotel)


def living() -> list[int]:
    rows = db.session.query(Reservation.check_in).filter_by(status="CONFIRMED").order_by(Reservation.check_in)
    return [row.check_in.day for row in rows]


def actions(hotel: Hotel) -> list[str]:
    rows = db.session.query(AuditEntry.action).filter(
        AuditEntry.hotel_id == hotel.id, AuditEntry.action.like("feed_h%")
    )
    return [row.action for row in rows.order_by(AuditEntry.id)]


def test_the_manager_chooses_the_numbers_and_sees_who_did(hotel: Hotel, manager):
    page = f"/staff/{hotel.slug}/channels/rules"
    assert "Usually 30." in manager.get(page).text
    assert manager.post(page, data=FIELDS).status_code == 303
    db.session.refresh(hotel)
    assert thresholds.policy_of(hotel) == Policy(misses=4, hours=6.5, mass_minimum=2, mass_share=0.5, longest_stay=90)
    shown = manager.get(page).text
    assert "30 → 50" in shown
    assert "3 → 6.5" in shown
    assert manager.post(page, data=FIELDS).status_code == 303
    assert len(thresholds.history(hotel)) == 1  # the same numbers again are no change


@pytest.mark.parametrize(
    "wrong", [{"misses": "1"}, {"hours": "0"}, {"mass_share": "101"}, {"longest_stay": "x"}, {"hours": ""}]
)
def test_numbers_out_of_bounds_are_refused(hotel: Hotel, manager, wrong):
    assert manager.post(f"/staff/{hotel.slug}/channels/rules", data={**FIELDS, **wrong}).status_code == 422
    assert thresholds.policy_of(hotel) == Policy()
    with pytest.raises(Invalid):
        thresholds.change(hotel, {"misses": 1000})


def test_the_desk_only_reads_them(hotel: Hotel, desk):
    page = f"/staff/{hotel.slug}/channels/rules"
    assert "Save" not in desk.get(page).text.partition('id="rules"')[2]
    assert desk.post(page, data=FIELDS).status_code == 403


def test_the_numbers_are_those_of_the_next_reading(hotel: Hotel, feed: Feed):
    feed.read(0, 10, 20)
    with transaction():
        thresholds.change(hotel, {"misses": 2, "hours": 1.0})
    for hour in (1, 2):
        feed.read(hour, 10)
    assert living() == [10]


def test_a_hold_keeps_what_is_missing_until_it_is_released(hotel: Hotel, feed: Feed, manager):
    days = [10, 12, 14, 16, 18]
    feed.read(0, *days)
    feed.read(1, 10)
    assert manager.post(f"/staff/{hotel.slug}/channels/feeds/{feed.id}/hold").status_code == 303
    shown = manager.get(f"/staff/{hotel.slug}/channels/feeds/{feed.id}").text
    assert "Release the hold" in shown
    for hour in range(2, 9):
        feed.read(hour, 10, 12, 14)  # too little is missing for an alarm now
    assert living() == days
    assert manager.post(f"/staff/{hotel.slug}/channels/feeds/{feed.id}/release").status_code == 303
    for hour in range(9, 14):
        feed.read(hour, 10, 12, 14)
    assert living() == [10, 12, 14]
    assert actions(hotel) == ["feed_held", "feed_hold_released"]


def test_a_hold_is_not_ended_from_the_board(hotel: Hotel, feed: Feed, desk):
    feed.read(0, 10, 12, 14, 16, 18)
    feed.read(1, 10)
    assert f"/channels/feeds/{feed.id}" in desk.get(f"/staff/{hotel.slug}/board").text
    with transaction():
        alarms.hold(hotel, feed.id)
    alarm = db.session.query(Alert).filter_by(kind="feed_vanished").one()
    refused = desk.post(f"/staff/{hotel.slug}/alerts/{alarm.id}/resolve", headers={"HX-Request": "true"})
    assert (refused.status_code, "until the hold is released" in refused.text) == (409, True)
    assert alarm.resolved_at is None


def test_a_hold_ends_by_itself_when_all_of_it_is_back(hotel: Hotel, feed: Feed):
    days = [10, 12, 14, 16, 18]
    feed.read(0, *days)
    feed.read(1, 10)
    with transaction():
        alarms.hold(hotel, feed.id)
    feed.read(2, *days)
    assert actions(hotel) == ["feed_held", "feed_hold_ended"]
    assert db.session.query(Alert).filter(Alert.kind == "feed_vanished", Alert.resolved_at.is_(None)).count() == 0
    with pytest.raises(Conflict):
        alarms.hold(hotel, feed.id)


def test_without_a_hold_the_rules_go_on_when_less_is_missing(hotel: Hotel, feed: Feed):
    days = [10, 12, 14, 16, 18]
    feed.read(0, *days)
    feed.read(1, 10)
    for hour in range(2, 9):
        feed.read(hour, 10, 12, 14)
    assert living() == [10, 12, 14]

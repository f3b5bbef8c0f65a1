"""From one snapshot to the next: what changes, what is missing, and what is never concluded."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from webapp.channels.domain import KnownItem, Policy, Provider, Reconciliation, Span, reconcile
from webapp.core.calendars import FeedEvent, ParsedCalendar, Problem
from webapp.integrations.ical.parse import parse

SAMPLES = Path(__file__).parents[1] / "data" / "ics"
ROME = ZoneInfo("Europe/Rome")
START = dt.datetime(2026, 4, 1, 10, tzinfo=dt.UTC)


def span(text: str) -> FeedEvent:
    """`04-10..04-12` of 2026, as Booking.com would show it; `X:04-10..04-12` with a UID that lasts."""
    uid, _, dates = text.rpartition(":")
    start, end = (dt.date.fromisoformat(f"2026-{part}") for part in dates.split(".."))
    return FeedEvent(uid, start, end, "Guest" if uid else "CLOSED - Not available")


class House:
    """One room with one feed, fetched at chosen instants."""

    def __init__(
        self, provider: Provider = "booking", policy: Policy | None = None, elsewhere: tuple[Span, ...] = ()
    ) -> None:
        self.provider: Provider = provider
        self.policy = policy or Policy()
        self.elsewhere = elsewhere
        self.items: tuple[KnownItem, ...] = ()
        self.now = START
        self.alarm: str | None = None
        self.last: Reconciliation | None = None
        self.accept = False

    def at(self, hours: float = 1) -> House:
        self.now += dt.timedelta(hours=hours)
        return self

    def see(self, *events: str | FeedEvent, problems: tuple[Problem, ...] = ()) -> list[str]:
        shown = tuple(span(e) if isinstance(e, str) else e for e in events)
        return self.fetch(ParsedCalendar(shown, problems))

    def fetch(self, parsed: ParsedCalendar) -> list[str]:
        today = self.now.astimezone(ROME).date()
        self.last = reconcile(
            self.items, parsed, self.policy, self.now, today, provider=self.provider, elsewhere=self.elsewhere,
            is_alarmed=self.alarm is not None, is_loss_accepted=self.accept,
        )  # fmt: skip
        self.items = tuple(i for i in self.last.items if i.state != "ended")
        self.alarm = self.last.alarm
        return [d.kind for d in self.last.decisions]

    def sample(self, name: str) -> list[str]:
        return self.fetch(parse((SAMPLES / name).read_bytes(), ROME, self.now.astimezone(ROME).date()))

    def stays(self) -> list[tuple[str, str, str]]:
        live = [i for i in self.items if i.kind == "stay" and i.state != "cancelled"]
        return sorted((f"{i.start:%m-%d}", f"{i.end:%m-%d}", i.state) for i in live)


def test_the_roll_at_midnight_keeps_one_stay_one_stay() -> None:
    house = House()
    house.now = dt.datetime(2026, 4, 3, 16, 29, tzinfo=dt.UTC)
    assert sorted(house.sample("booking_roll_day1.ics")) == ["created"] * 8 + ["rule"]
    house.now = dt.datetime(2026, 4, 4, 22, 20, tzinfo=dt.UTC)
    decisions = house.sample("booking_roll_day2.ics")
    assert decisions == ["missing"]  # 24 June really is gone; the stay that rolled is not even news
    assert ("04-04", "04-06", "present") in house.stays()
    assert ("06-24", "06-25", "missing") in house.stays()
    assert house.sample("booking_roll_day2.ics") == []


def test_a_bad_hour_cancels_nothing() -> None:
    house = House()
    house.now = dt.datetime(2026, 4, 14, 21, 42, tzinfo=dt.UTC)
    house.sample("booking_transient_1_before.ics")
    before = house.stays()
    house.now = dt.datetime(2026, 4, 14, 22, 37, tzinfo=dt.UTC)
    assert house.sample("booking_transient_2_partial.ics") == ["missing", "missing"]
    house.now = dt.datetime(2026, 4, 14, 23, 35, tzinfo=dt.UTC)
    assert sorted(house.sample("booking_transient_3_after.ics")) == ["restored", "restored"]
    assert house.stays() == before


def test_an_empty_answer_is_an_alarm_and_nothing_else() -> None:
    house = House()
    house.now = dt.datetime(2026, 4, 14, 21, 42, tzinfo=dt.UTC)
    house.sample("booking_transient_1_before.ics")
    before = house.stays()
    assert house.at().sample("booking_empty_200.ics") == ["alarm"]
    for _ in range(40):
        assert house.at().sample("booking_empty_200.ics") == []
    assert [s for s in house.stays() if s[1] > "04-17"] == [s for s in before if s[1] > "04-17"]
    assert house.sample("booking_transient_3_after.ics") == []
    assert house.alarm is None


def test_overlapping_events_of_one_feed_are_two_stays() -> None:
    house = House()
    house.now = dt.datetime(2025, 11, 22, 8, tzinfo=dt.UTC)
    assert sorted(house.sample("booking_overlapping_events.ics")) == ["created"] * 4 + ["rule"]
    assert house.at().sample("booking_overlapping_events.ics") == []


def test_missing_then_suspected_then_cancelled() -> None:
    house = House()
    house.see("04-10..04-12", "05-01..05-05")
    seen = [house.at(1).see("05-01..05-05") for _ in range(6)]
    assert seen == [["missing"], [], ["suspected"], ["cancelled"], [], []]
    assert house.stays() == [("05-01", "05-05", "present")]


def test_a_cancellation_says_why() -> None:
    house = House()
    house.see("04-10..04-12", "05-01..05-05")
    for _ in range(4):
        house.at(1).see("05-01..05-05")
    assert house.last is not None
    assert [d.reason for d in house.last.decisions] == [
        "It was missing from 4 complete fetches in a row over 3.0 hours."
    ]


def test_fetches_in_quick_succession_count_once() -> None:
    house = House()
    house.see("04-10..04-12", "05-01..05-05")
    assert house.at(1).see("05-01..05-05") == ["missing"]
    for _ in range(20):
        assert house.at(0.01).see("05-01..05-05") in ([],)


def test_one_that_comes_back_is_restored_and_starts_from_nothing() -> None:
    house = House()
    house.see("04-10..04-12")
    house.at().see("05-01..05-05")
    assert house.at().see("04-10..04-12", "05-01..05-05") == ["restored"]
    assert house.at().see("05-01..05-05") == ["missing"]


def test_one_that_comes_back_after_its_cancellation_is_restored() -> None:
    house = House()
    house.see("04-10..04-12", "05-01..05-05")
    for _ in range(5):
        house.at(1).see("05-01..05-05")
    assert house.at(1).see("04-10..04-12", "05-01..05-05") == ["restored"]
    assert len(house.stays()) == 2


def test_the_same_dates_much_later_are_a_new_guest() -> None:
    house = House()
    house.see("05-10..05-12", "05-01..05-05")
    for _ in range(5):
        house.at(1).see("05-01..05-05")
    assert house.at(24 * 5).see("05-10..05-12", "05-01..05-05") == ["created"]


def test_a_guest_in_house_is_never_missing() -> None:
    house = House()
    house.see("03-30..04-05", "05-01..05-05")
    for _ in range(30):
        assert house.at(1).see("05-01..05-05") == []


def test_an_arrival_of_today_is_suspected_but_never_cancelled() -> None:
    house = House()
    house.see("04-01..04-05", "05-01..05-05")
    kinds = [house.at(1).see("05-01..05-05") for _ in range(8)]
    assert kinds == [["missing"], [], ["suspected"], [], [], [], [], []]


def test_a_stay_that_is_over_is_not_missing() -> None:
    house = House()
    house.see("04-02..04-03")
    assert house.at(24).see("04-02..04-03") == []
    assert house.at(24).see() == []
    assert house.items == ()


@pytest.mark.parametrize(
    ("before", "after", "decisions", "stays"),
    [
        (["04-10..04-12"], ["04-10..04-14"], ["changed"], [("04-10", "04-14")]),  # extension
        (["04-10..04-14"], ["04-10..04-12"], ["changed"], [("04-10", "04-12")]),  # shortening
        (["04-10..04-14"], ["04-09..04-14"], ["changed"], [("04-09", "04-14")]),  # earlier arrival
        (["03-30..04-05"], ["04-01..04-05"], [], [("03-30", "04-05")]),  # the roll
        (["03-30..04-05"], ["04-01..04-07"], ["changed"], [("03-30", "04-07")]),  # the roll and an extension at once
        (["04-10..04-12", "04-12..04-14"], ["04-10..04-14"], [], [("04-10", "04-12"), ("04-12", "04-14")]),  # joined
        (["04-10..04-12", "04-14..04-16"], ["04-10..04-16"], ["block"], [("04-10", "04-12"), ("04-14", "04-16")]),
        (["04-10..04-12"], ["04-08..04-16"], ["block", "block"], [("04-10", "04-12")]),  # swallowed
        (["04-10..04-12"], ["04-12..04-14"], ["missing", "created"], [("04-10", "04-12"), ("04-12", "04-14")]),
        (["04-10..04-12"], ["04-10..04-12", "04-12..04-14"], ["created"], [("04-10", "04-12"), ("04-12", "04-14")]),
        (["03-30..04-01"], ["04-01..04-03"], ["created"], [("04-01", "04-03")]),  # one leaves, one comes
    ],
)
def test_dates_of_booking(
    before: list[str], after: list[str], decisions: list[str], stays: list[tuple[str, str]]
) -> None:
    house = House()
    if before == ["03-30..04-01"]:
        house.now -= dt.timedelta(days=1)
        house.see(*before)
        house.now += dt.timedelta(days=1)
    else:
        house.see(*before)
    assert house.at().see(*after) == decisions
    assert [(start, end) for start, end, _ in house.stays()] == stays
    assert house.see(*after) == []


def test_a_tail_that_moves_every_day_is_one_rule_and_hides_no_stay() -> None:
    house = House()

    def tail(start: str) -> FeedEvent:
        today = house.now.date()
        return FeedEvent("", dt.date.fromisoformat(start), today + dt.timedelta(days=548), "CLOSED - Not available")

    assert house.see("06-01..06-05", tail("2026-09-01")) == ["created", "rule"]
    for _ in range(20):
        assert house.at(24).see("06-01..06-05", tail("2026-09-01")) == []
    assert house.at(24).see(tail("2026-05-20")) == []
    assert house.at(24).see(tail("2026-05-20")) == []
    assert house.stays() == [("06-01", "06-05", "present")]


def test_a_lasting_uid_with_new_dates_is_the_same_stay() -> None:
    house = House("ical")
    house.see("A:04-10..04-12", "B:04-20..04-22")
    assert house.at().see("A:06-10..06-12", "B:04-20..04-22") == ["changed"]
    assert house.at().see("C:06-10..06-12", "B:04-20..04-22", "A:07-01..07-02") == ["changed", "created"]


def test_a_calendar_that_renews_its_uids_is_followed_by_dates_and_name() -> None:
    house = House("ical")
    house.see("A:04-10..04-12")
    assert house.at().see("Z:04-10..04-12") == []


def test_a_calendar_with_one_uid_for_all_is_followed_by_dates() -> None:
    house = House("ical")
    assert house.see("A:04-10..04-12", "A:04-20..04-22") == ["created", "created"]
    assert house.at().see("A:04-10..04-12", "A:04-20..04-22") == []


def test_an_entry_of_the_past_under_the_same_uid_does_not_take_a_stay_along() -> None:
    house = House("ical")
    today = house.now.date()
    past, ahead = (
        FeedEvent("A", today + dt.timedelta(days=days), today + dt.timedelta(days=days + 1), "Guest")
        for days in (-4, 3)
    )
    assert house.see(past, ahead) == ["created"]
    assert house.at().see(past) == ["missing"]
    assert house.at().see(past, ahead) == ["restored"]
    leaves_early = FeedEvent("A", ahead.start, ahead.start + dt.timedelta(days=2), "Guest")
    assert house.at().see(leaves_early) == ["changed"]


def test_many_at_once_are_an_alarm_until_a_person_says_otherwise() -> None:
    house = House()
    spans = [f"05-{d:02}..05-{d + 1:02}" for d in range(1, 11)]
    house.see(*spans)
    assert house.at().see(*spans[:5]) == ["alarm"]
    for _ in range(10):
        assert house.at().see(*spans[:5]) == []
    assert len(house.stays()) == 10
    house.accept = True
    kinds = [sorted(set(house.at().see(*spans[:5]))) for _ in range(4)]
    assert kinds == [["missing"], [], ["suspected"], ["cancelled"]]
    assert len(house.stays()) == 5


def test_an_event_that_cannot_be_read_protects_its_stay() -> None:
    house = House("ical")
    house.see("A:04-10..04-12", "B:04-20..04-22")
    named = Problem("ends_before_start", "…", uid="A")
    nameless = Problem("no_start", "…")
    for _ in range(6):
        assert house.at().see("B:04-20..04-22", problems=(named,)) == []
        assert house.at().see("B:04-20..04-22", problems=(nameless,)) == []


def test_an_echo_stays_one_while_the_channel_catches_up() -> None:
    airbnb = Span(dt.date(2026, 4, 10), dt.date(2026, 4, 12), "airbnb")
    house = House(elsewhere=(airbnb,))
    assert house.see("04-10..04-12") == ["echo"]
    house.elsewhere = ()
    assert house.at().see("04-10..04-12") == []
    assert house.last is not None
    assert house.last.is_pending
    assert house.at(25).see("04-10..04-12") == ["created"]


def test_a_block_that_turns_out_to_be_an_echo() -> None:
    house = House("airbnb")
    block = FeedEvent(
        "7f662ec65913-414302dbf5eaf5ea08ff10ca75f88d40@airbnb.com",
        dt.date(2026, 4, 10),
        dt.date(2026, 4, 12),
        "Airbnb (Not available)",
    )
    assert house.see(block) == ["block"]
    house.elsewhere = (Span(block.start, block.end, "booking"),)
    assert house.at().see(block) == ["echo"]


def test_a_tentative_entry_that_is_confirmed_becomes_a_stay() -> None:
    house = House("vrbo")
    uid = "138b5f92-5aaa-400d-86b6-268bfb3c8aa5"
    held = FeedEvent(uid, dt.date(2026, 4, 10), dt.date(2026, 4, 12), "Provisoire - Dominique")
    assert house.see(held) == ["block"]
    assert house.at().see(replace(held, summary="Réservée - Dominique")) == ["created"]
    assert [(i.kind, i.guest_name) for i in house.items] == [("stay", "Dominique")]


def test_a_stay_known_from_elsewhere_is_linked_not_doubled() -> None:
    house = House("airbnb")
    house.items = (
        KnownItem("r1", "stay", dt.date(2026, 4, 11), dt.date(2026, 4, 12), state="expected", reference="HMPG3S2FZD"),
    )
    uid = "1418fb94e984-852c89f27ecf42cf813dc4bdc20995fa@airbnb.com"
    text = "Reservation URL: https://www.airbnb.com/hosting/reservations/details/HMPG3S2FZD\nPhone Number (Last 4 Digits): 1265"
    shown = FeedEvent(uid, dt.date(2026, 4, 10), dt.date(2026, 4, 12), "Reserved", text)
    assert house.see(shown) == ["changed"]
    assert house.last is not None
    assert house.last.decisions[0].was == (dt.date(2026, 4, 11), dt.date(2026, 4, 12))
    assert house.see(shown) == []
    assert [(i.key, i.uid, i.phone_last4, i.state) for i in house.items] == [("r1", uid, "1265", "present")]


def test_a_stay_that_somebody_closed_is_not_brought_back() -> None:
    house = House()
    house.see("04-10..04-12", "04-20..04-22")
    house.items = tuple(replace(i, state="closed") if i.start.day == 10 else i for i in house.items)
    for _ in range(3):
        assert house.at().see("04-10..04-12", "04-20..04-22") == []
    for _ in range(5):
        house.at().see("04-20..04-22")
    assert house.at().see("04-10..04-12", "04-20..04-22") == ["created"]

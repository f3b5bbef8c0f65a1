"""What linked calendars say of each other: late, early, in a circle, or while one of them cannot be read."""

from __future__ import annotations

import dataclasses
import datetime as dt

import pytest

from tests.unit.test_channel_reconciliation import House, span
from webapp.channels.domain import Span, reconcile
from webapp.channels.domain.classification import closed_span
from webapp.core.calendars import FeedEvent, ParsedCalendar

NOON = dt.datetime(2026, 4, 1, 10, tzinfo=dt.UTC)
TODAY = NOON.date()


def nights(text: str, source: str = "airbnb", since: dt.datetime | None = None) -> Span:
    event = span(text)
    return Span(event.start, event.end, source, since)


def kinds(shown: str, **more) -> list[tuple[str, str]]:
    result = reconcile((), ParsedCalendar((span(shown),)), House().policy, NOON, TODAY, provider="booking", **more)
    return [(decision.kind, decision.code) for decision in result.decisions]


def airbnb(family: str, start: int, end: int) -> FeedEvent:
    uid = f"{family}-{start:032d}@airbnb.com"
    text = "Reserved" if family.startswith("14") else "Airbnb (Not available)"
    return FeedEvent(uid, TODAY + dt.timedelta(start), TODAY + dt.timedelta(end), text)


def vanish(house: House, *shown: FeedEvent) -> None:
    for _hour in range(5):
        house.at().see(*shown)


def test_closed_nights_bring_no_cancelled_guest_back() -> None:
    house, far = House("airbnb"), airbnb("1418fb94e984", 40, 42)
    house.see(airbnb("1418fb94e984", 10, 12), far)
    vanish(house, far)
    assert house.at().see(airbnb("7f662ec65913", 10, 12), far) == ["block"]
    assert [state for *_, state in house.stays()] == ["present"]


def test_a_tonight_that_cannot_be_booked_is_no_guest_who_is_back() -> None:
    house, far = House("airbnb"), airbnb("1418fb94e984", 40, 42)
    house.see(airbnb("1418fb94e984", 2, 3), far)
    vanish(house, far)
    house.at(48)
    assert house.see(airbnb("7f662ec65913", 2, 3), far) == ["rule"]


def test_the_late_echo_of_a_guest_elsewhere_who_stays_longer_brings_no_cancelled_guest_back() -> None:
    house = House()
    house.see("04-10..04-12", "05-01..05-03")
    for _hour in range(5):
        house.at().see("05-01..05-03")
    house.elsewhere = (nights("04-10..04-13"),)
    assert house.at().see("04-10..04-12", "05-01..05-03") == ["block"]
    assert house.stays() == [("05-01", "05-03", "present")]


def test_the_echo_of_a_new_guest_elsewhere_brings_no_cancelled_guest_back() -> None:
    house = House()
    house.see("04-10..04-12", "05-01..05-03")
    for _hour in range(5):
        house.at().see("05-01..05-03")
    house.elsewhere = (nights("04-10..04-12"),)
    assert house.at().see("04-10..04-12", "05-01..05-03") == ["echo"]


def test_the_late_echo_of_a_stay_that_has_just_ended_is_no_guest() -> None:
    assert kinds("04-10..04-12", lately=(nights("04-10..04-12"),)) == [("block", "unsure")]
    assert kinds("04-10..04-12") == [("created", "closed")]


def test_a_rule_alone_is_no_source_of_an_echo_but_may_be_part_of_one() -> None:
    tonight = nights("04-01..04-02", "rule")
    assert kinds("04-01..04-02", elsewhere=(tonight,)) == [("created", "closed")]
    assert kinds("04-01..04-04", elsewhere=(tonight, nights("04-02..04-04"))) == [("echo", "known_elsewhere")]


@pytest.mark.parametrize(
    "shown", [(airbnb("1418fb94e984", -1, 1), airbnb("7f662ec65913", 1, 2)), (airbnb("7f662ec65913", 1, 2),)]
)
def test_a_night_closed_before_its_day_is_no_advance_notice_on_it(shown: tuple[FeedEvent, ...]) -> None:
    house = House("airbnb")
    assert house.see(*shown)[-1] == "block"
    assert house.at(24).see(*shown) == []
    assert house.items[-1].kind == "block"


def test_the_last_night_of_a_closure_is_no_advance_notice() -> None:
    house, night = House("airbnb"), airbnb("7f662ec65913", 1, 3)
    house.see(night)
    house.at(48).see(dataclasses.replace(night, start=TODAY + dt.timedelta(2)))
    assert [item.kind for item in house.items] == ["block"]


def test_an_advance_notice_after_a_closure_was_lifted_is_one() -> None:
    house, closed = House("airbnb"), airbnb("7f662ec65913", 1, 2)
    house.see(closed)
    other = dataclasses.replace(closed, uid=f"7f662ec65913-{9:032d}@airbnb.com")
    assert house.at(24).see(other) == ["rule"]
    assert House("airbnb").at(24).see(closed) == ["rule"]


def test_a_running_guest_who_may_have_stayed_on_elsewhere_is_no_second_guest() -> None:
    assert kinds("04-01..04-03", elsewhere=(nights("03-30..04-01"),), is_blind=True) == [("block", "unsure")]


def test_a_guest_for_tomorrow_does_not_wait_for_another_calendar() -> None:
    assert kinds("04-02..04-05", is_blind=True) == [("created", "provisional")]
    assert kinds("04-03..04-05", is_blind=True) == [("block", "unsure")]


def test_what_was_closed_while_we_could_not_read_a_calendar_may_be_its_own_echo() -> None:
    days = TODAY, TODAY + dt.timedelta(2)
    hour = dt.timedelta(hours=1)
    assert closed_span(*days, "not_available", NOON, None) == Span(*days, "block", NOON)
    assert closed_span(*days, "not_available", NOON - hour, NOON) is not None
    assert closed_span(*days, "not_available", NOON + hour, NOON) is None
    assert closed_span(*days, "preparation", NOON + hour, NOON) == Span(*days, "block")


def test_a_range_that_waits_is_not_explained_by_what_was_closed_after_it() -> None:
    house = House(elsewhere=(nights("04-09..04-10"), nights("04-11..04-13")))
    assert house.see("04-08..04-12") == ["block"]
    later = nights("04-08..04-12", "block", house.now + dt.timedelta(hours=2))
    house.elsewhere = (later,)
    assert house.at(5).see("04-08..04-12") == ["created"]


def test_an_empty_calendar_that_had_a_guest_and_a_rule_is_an_alarm() -> None:
    house = House()
    tail = FeedEvent("", dt.date(2026, 12, 1), dt.date(2027, 10, 1), "CLOSED - Not available")
    house.see("04-10..04-12", tail)
    assert [house.at().see() for _hour in range(9)] == [["alarm"], *[[]] * 8]
    assert house.stays() == [("04-10", "04-12", "present")]


def test_a_guest_recorded_in_doubt_is_withdrawn_when_the_other_calendar_explains_it() -> None:
    first = reconcile((), ParsedCalendar((span("04-02..04-05"),)), House().policy, NOON, TODAY, provider="booking", is_blind=True)  # fmt: skip
    for elsewhere, expected in (((nights("04-02..04-05", "vrbo"),), ["echo"]), ((), [])):
        then = reconcile(first.items, ParsedCalendar((span("04-02..04-05"),)), House().policy, NOON, TODAY, provider="booking", elsewhere=elsewhere)  # fmt: skip
        assert [decision.kind for decision in then.decisions] == expected
        last = reconcile(then.items, ParsedCalendar((span("04-02..04-05"),)), House().policy, NOON, TODAY, provider="booking", elsewhere=(nights("04-02..04-05", "vrbo"),))  # fmt: skip
        assert last.decisions == ()  # once every calendar was read, equal nights are sold twice


def test_an_empty_calendar_beside_it_makes_a_nameless_range_wait_a_while() -> None:
    assert kinds("04-10..04-12", is_doubtful=True) == [("block", "unsure")]
    assert kinds("04-02..04-05", is_doubtful=True) == [("created", "provisional_empty")]


def test_a_calendar_that_is_empty_is_told_from_one_that_cannot_be_read() -> None:
    assert kinds("04-02..04-05", is_blind=True) == [("created", "provisional")]
    assert kinds("04-02..04-05", is_blind=True, is_doubtful=True) == [("created", "provisional")]

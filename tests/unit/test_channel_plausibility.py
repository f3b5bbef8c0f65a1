"""What cannot be the calendar of a room, and what only looks odd."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from webapp.channels.domain import Crowded, Policy, Provider, reconcile
from webapp.channels.domain.plausibility import MOST_ENTRIES, MOST_ON_ONE_NIGHT, MOST_STAYS
from webapp.core.calendars import FeedEvent, ParsedCalendar
from webapp.integrations.ical.parse import parse

SAMPLES = Path(__file__).parents[1] / "data" / "ics"
TODAY = dt.date(2026, 6, 1)
NOW = dt.datetime(2026, 6, 1, 11, tzinfo=dt.UTC)


def event(number: int, start: int, nights: int = 1, summary: str = "Reserved") -> FeedEvent:
    first = TODAY + dt.timedelta(start)
    return FeedEvent(f"u{number}", first, first + dt.timedelta(nights), summary)


def judged(events, provider: Provider = "ical", **more) -> int:
    """How many decisions follow."""
    parsed = ParsedCalendar(tuple(events))
    return len(reconcile((), parsed, Policy(), NOW, TODAY, provider=provider, **more).decisions)


def test_as_many_stays_on_one_night_as_joined_calendars_may_show():
    events = [event(number, 5) for number in range(MOST_ON_ONE_NIGHT)]
    assert judged(events) == MOST_ON_ONE_NIGHT
    with pytest.raises(Crowded) as caught:
        judged([*events, event(MOST_ON_ONE_NIGHT, 3, nights=4)])
    assert (caught.value.entries, caught.value.deepest) == (MOST_ON_ONE_NIGHT + 1, MOST_ON_ONE_NIGHT + 1)


def test_a_day_of_departure_is_no_night():
    leaving = [event(number, 3, nights=2) for number in range(MOST_ON_ONE_NIGHT)]
    coming = [event(100 + number, 5) for number in range(MOST_ON_ONE_NIGHT)]
    assert judged(leaving + coming) == 2 * MOST_ON_ONE_NIGHT


def test_as_many_stays_as_there_may_be():
    events = [event(number, number) for number in range(MOST_STAYS)]
    assert judged(events) == MOST_STAYS
    with pytest.raises(Crowded):
        judged([*events, event(MOST_STAYS, MOST_STAYS)])


def test_closed_ranges_are_bounded_too():
    events = [event(number, number % 700, summary="Blocked") for number in range(MOST_ENTRIES)]
    assert judged(events) == MOST_ENTRIES
    with pytest.raises(Crowded):
        judged([*events, event(MOST_ENTRIES, 1, summary="Blocked")])


def test_what_is_over_or_told_twice_does_not_count():
    past = [event(number, -2) for number in range(2_000)]
    same = [
        FeedEvent(f"u{number}", TODAY, TODAY + dt.timedelta(2), "CLOSED - Not available") for number in range(2_000)
    ]
    assert judged(past) == 0
    assert judged(same, "booking") == 1


def test_what_a_person_accepts_has_been_taken_already():
    assert (
        judged([event(number, 5) for number in range(MOST_ON_ONE_NIGHT + 1)], is_loss_accepted=True) > MOST_ON_ONE_NIGHT
    )


def test_every_real_calendar_is_far_below_the_bounds():
    """Three times what each of the real calendars shows, the one of six joined listings among them, is still taken."""
    for path in sorted(SAMPLES.glob("*.ics")):
        parsed = parse(path.read_bytes(), ZoneInfo("Europe/Rome"), TODAY)
        tripled = [
            FeedEvent(f"{copy}{one.uid}", one.start, one.end, one.summary, one.description)
            for one in parsed.events
            for copy in "xyz"
        ]
        first = min((one.start for one in tripled), default=TODAY)
        decided = reconcile((), ParsedCalendar(tuple(tripled)), Policy(), NOW, first).decisions
        assert bool(decided) == bool(tripled), path.name

"""Whatever the feeds do: order does not matter, a repeated snapshot decides nothing, and no guest is cancelled too soon."""

from __future__ import annotations

import datetime as dt
import random

from hypothesis import given, settings
from hypothesis import strategies as st

from webapp.channels.domain import KnownItem, Policy, Provider, reconcile
from webapp.core.calendars import FeedEvent, ParsedCalendar

START = dt.datetime(2026, 4, 1, 10, tzinfo=dt.UTC)
POLICY = Policy()


@st.composite
def events(draw: st.DrawFn, provider: Provider) -> FeedEvent:
    start = dt.date(2026, 3, 28) + dt.timedelta(days=draw(st.integers(0, 24)))
    nights = draw(st.sampled_from([1, 1, 2, 3, 4, 7, 14, 70, 560]))
    uid = f"uid-{draw(st.integers(0, 9))}" if provider != "booking" else ""
    summary = (
        "CLOSED - Not available"
        if provider == "booking"
        else draw(st.sampled_from(["Anna", "Ben", "Busy", "Reserved", ""]))
    )
    return FeedEvent(uid, start, start + dt.timedelta(days=nights), summary)


def snapshots(provider: Provider) -> st.SearchStrategy[list[list[FeedEvent]]]:
    return st.lists(st.lists(events(provider), max_size=7), min_size=1, max_size=6)


histories = st.sampled_from(["booking", "ical"]).flatmap(lambda p: st.tuples(st.just(p), snapshots(p)))


def step(items: tuple[KnownItem, ...], shown: list[FeedEvent], now: dt.datetime, provider: Provider):
    return reconcile(items, ParsedCalendar(tuple(shown)), POLICY, now, now.date(), provider=provider)


def living(items: tuple[KnownItem, ...]) -> tuple[KnownItem, ...]:
    return tuple(i for i in items if i.state != "ended")


@settings(max_examples=200, deadline=None)
@given(histories, st.randoms(use_true_random=False), st.floats(0.1, 30))
def test_order_does_not_matter(
    history: tuple[Provider, list[list[FeedEvent]]], shuffler: random.Random, hours: float
) -> None:
    provider, shown = history
    items: tuple[KnownItem, ...] = ()
    for number, snapshot in enumerate(shown):
        now = START + dt.timedelta(hours=hours * number)
        mixed, others = list(snapshot), list(items)
        shuffler.shuffle(mixed)
        shuffler.shuffle(others)
        first = step(items, snapshot, now, provider)
        second = step(tuple(others), mixed, now, provider)
        assert sorted(map(repr, first.decisions)) == sorted(map(repr, second.decisions))
        assert sorted(map(repr, first.items)) == sorted(map(repr, second.items))
        items = living(first.items)


@settings(max_examples=300, deadline=None)
@given(histories, st.floats(0.1, 30))
def test_the_same_snapshot_again_decides_nothing(history: tuple[Provider, list[list[FeedEvent]]], hours: float) -> None:
    provider, shown = history
    items: tuple[KnownItem, ...] = ()
    for number, snapshot in enumerate(shown):
        now = START + dt.timedelta(hours=hours * number)
        result = step(items, snapshot, now, provider)
        items = living(result.items)
        again = reconcile(
            items,
            ParsedCalendar(tuple(snapshot)),
            POLICY,
            now,
            now.date(),
            provider=provider,
            is_alarmed=result.alarm is not None,
        )
        assert again.decisions == ()
        assert set(again.items) == set(items)


@settings(max_examples=200, deadline=None)
@given(histories, st.lists(st.integers(0, 40), min_size=1, max_size=12))
def test_no_stay_is_cancelled_within_the_policy_window(
    history: tuple[Provider, list[list[FeedEvent]]], minutes: list[int]
) -> None:
    """The first snapshot is true; after that the feed does what it likes, for less than the time of the policy."""
    provider, shown = history
    result = step((), shown[0], START, provider)
    stays = {i.key for i in result.items if i.kind == "stay"}
    now, items = START, living(result.items)
    for number, pause in enumerate(minutes):
        now += dt.timedelta(minutes=pause)
        if now - START >= dt.timedelta(hours=POLICY.hours):
            break
        result = step(items, shown[number % len(shown)], now, provider)
        items = living(result.items)
        assert not any(d.kind == "cancelled" for d in result.decisions)
    kept = {i.key for i in items}
    over = {i.key for i in step((), shown[0], START, provider).items if i.end <= now.date()}
    assert stays <= kept | over


@settings(max_examples=200, deadline=None)
@given(histories, st.floats(0.2, 60))
def test_a_cancellation_is_always_suspected_first_and_never_of_a_running_stay(
    history: tuple[Provider, list[list[FeedEvent]]], hours: float
) -> None:
    provider, shown = history
    items: tuple[KnownItem, ...] = ()
    now = START
    suspected: set[str | None] = set()
    for snapshot in [*shown, *([shown[-1]] * 6)]:
        result = step(items, snapshot, now, provider)
        for decision in result.decisions:
            if decision.kind == "suspected":
                suspected.add(decision.key)
            if decision.kind == "cancelled" and decision.item_kind == "stay":
                assert decision.key in suspected
                assert decision.check_in is not None
                assert decision.check_in > now.date()
        items = living(result.items)
        now += dt.timedelta(hours=hours)


@settings(max_examples=150, deadline=None)
@given(st.integers(1, 9), st.integers(0, 5), st.integers(0, 9))
def test_a_stay_is_never_split_by_the_roll(nights: int, lead: int, extension: int) -> None:
    """A Booking.com stay lived through day by day, rewritten each midnight, once extended: one stay, true check-in."""
    check_in = START.date() + dt.timedelta(days=lead)
    check_out = check_in + dt.timedelta(days=nights)
    items: tuple[KnownItem, ...] = ()
    decisions = []
    for number in range(lead + nights + 12):
        now = START + dt.timedelta(days=number)
        today = now.date()
        if number == extension and today < check_out:
            check_out += dt.timedelta(days=1)
        shown = [FeedEvent("", max(check_in, today), check_out, "CLOSED - Not available")] if today < check_out else []
        result = step(items, shown, now, "booking")
        decisions += [d.kind for d in result.decisions]
        items = living(result.items)
        assert len(items) <= 1
        if items:
            assert (items[0].start, items[0].end) == (check_in, check_out)
    assert decisions in (["created"], ["created", "changed"])

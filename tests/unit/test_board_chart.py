"""Where things lie on the tape chart."""

from __future__ import annotations

import datetime as dt
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.board import chart, domain, queries

TODAY = dt.date(2026, 11, 20)
DAYS = st.integers(-60, 120).map(lambda n: TODAY + dt.timedelta(days=n))


@given(begins=DAYS, nights=st.integers(1, 60), days=st.sampled_from(domain.ZOOMS))
def test_a_bar_lies_inside_the_window_and_its_cut_ends_are_marked(begins, nights, days):
    window = domain.window(TODAY, None, str(days))
    ends = begins + dt.timedelta(days=nights)
    if not (begins < window.end and ends >= window.start):
        return
    x, w, before, after = window.halves(begins, ends)
    assert 0 <= x < x + w <= days * 2
    assert before == (begins < window.start)
    assert after == (ends >= window.end)
    if not before and not after:
        assert (x, w) == ((begins - window.start).days * 2 + 1, nights * 2)


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(1, 12)), max_size=12).map(sorted))
def test_things_of_one_lane_never_overlap(spans):
    lanes = domain.lanes(spans)
    for lane in set(lanes):
        mine = [span for span, its in zip(spans, lanes, strict=True) if its == lane]
        assert all(first[0] + first[1] <= second[0] for first, second in pairwise(mine))


def test_departure_and_arrival_share_a_day_without_a_conflict():
    window = domain.window(TODAY, None, "14")
    first = window.halves(TODAY, TODAY + dt.timedelta(days=2))
    second = window.halves(TODAY + dt.timedelta(days=2), TODAY + dt.timedelta(days=3))
    assert first[0] + first[1] == second[0]
    assert domain.lanes([first[:2], second[:2]]) == [0, 0]


@pytest.mark.parametrize(("country", "weekend"), [("GB", {5, 6}), ("EG", {4, 5}), ("IN", {6}), ("", {5, 6})])
def test_the_weekend_is_the_countrys(country, weekend):
    assert chart.weekend_of(country) == weekend


def test_two_stays_at_once_would_lie_in_two_lanes_and_say_so(app):
    with app.test_request_context():
        frame = chart._Frame(chart._words("en"), "/staff/x/reservations/", TODAY.toordinal(), 62)
        stays = [
            queries.Item(n, 1, TODAY, TODAY + dt.timedelta(days=2), f"BK-{n}", "CONFIRMED", "airbnb", "A <b>", False, 1)
            for n in (1, 2)
        ]
        html, number = frame.lane(stays)
    assert number == 2
    assert html.count("is-conflict lane-1") == 1
    assert "Two stays at once in this room" in html
    assert "<b>" not in html


def test_a_guest_who_moved_lies_in_both_rooms_one_after_the_other():
    item = queries.Item(7, 2, TODAY, TODAY + dt.timedelta(days=4), "BK-7", "CHECKED_IN", "desk", "Ada", False, 2)
    left = item._replace(room_id=1, ends=TODAY + dt.timedelta(days=1), status="MOVED")
    moved = {one.room_id: (one.begins, one.ends) for one in chart._after_moves([item, left], {7: left.ends})}
    assert moved == {
        1: (TODAY, TODAY + dt.timedelta(days=1)),
        2: (TODAY + dt.timedelta(days=1), TODAY + dt.timedelta(days=4)),
    }

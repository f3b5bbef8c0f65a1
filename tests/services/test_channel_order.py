"""In whatever order calendar, mail and file tell of the same stays, the picture is the same in the end."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.channel_year.papers import Line, Mail
from tests.channel_year.system import System, Wires, wired
from tests.channel_year.truth import DAY, Stay
from tests.channel_year.world import World

SOURCES = ("calendar", "mail", "file")


@st.composite
def stays(draw: st.DrawFn, room: int, channel: str) -> list[Stay]:
    """One to three stays in a row in one room."""
    found, day = [], dt.date(2026, 2, 1)
    for number in range(draw(st.integers(1, 3))):
        day += draw(st.integers(0, 9)) * DAY
        end = day + draw(st.integers(1, 6)) * DAY
        price = Decimal(draw(st.integers(1, 99_999))) / 100
        found.append(Stay(10_000_000 * (room + 1) + number, channel, room, f"Guest Number{number}", price, day, end, 0))
        day = end
    return found


def tell(system: System, world: World, source: str, booked: list[Stay]) -> None:
    if source == "calendar":
        for feed in world.feeds:
            system.read(feed, feed.says(0, world.life.today))
    elif source == "mail":
        for stay in booked:
            system.mail(Mail("new", stay, stay.start, stay.end, 0))
    else:
        for channel in ("booking", "airbnb"):
            lines = [Line(stay, stay.start, stay.end, False) for stay in booked if stay.channel == channel]
            if lines:
                system.file(channel, lines, 0)


def picture(order: tuple[str, ...], booked: list[Stay]) -> list[Any]:
    wires = Wires()
    with wired(wires):
        system = System(wires)
        world = World(1, 2, lambda: system)
        for feed in world.feeds:
            feed.notice = feed.joins = feed.room.has_preparation = False
        for stay in booked:
            world.life.rooms[stay.room].stays.append(stay)
        for source in (*order, "calendar"):
            tell(system, world, source, booked)
        system.settle()
        beliefs = system.beliefs().values()
    return sorted(
        (b.room, b.channel, b.start, b.end, b.is_living, b.reference or "", b.name or "", b.total) for b in beliefs
    )


@pytest.mark.slow
@settings(max_examples=3, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True)
@given(stays(0, "booking"), stays(1, "airbnb"), st.permutations(SOURCES))
def test_the_order_of_the_sources_does_not_matter(
    app, booking: list[Stay], airbnb: list[Stay], order: list[str]
) -> None:
    booked = [*booking, *airbnb]
    expected = sorted((s.room, s.channel, s.start, s.end, True, s.code, s.guest, s.price) for s in booked)
    assert picture(tuple(order), booked) == expected

"""The rows of the table. A module of rows registers them at import; `__main__` lists the modules."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from statistics import median
from typing import TYPE_CHECKING

from . import client, data

if TYPE_CHECKING:
    from .house import House

Measure = Callable[["Bench"], "Figures"]


@dataclass(frozen=True)
class Figures:
    """Times of single runs in seconds, and how many were done in a second when several asked at once. `note` is shown at the end."""

    times: list[float]
    per_second: float
    note: str = ""

    @property
    def p50(self) -> float:
        return median(self.times)

    @property
    def p95(self) -> float:
        return sorted(self.times)[min(len(self.times) - 1, int(len(self.times) * 0.95))]


@dataclass(frozen=True)
class Row:
    name: str
    measure: Measure
    floor: str | None
    goal: str


ROWS: dict[str, Row] = {}


def row(name: str, *, floor: str | None = None, goal: str = "") -> Callable[[Measure], Measure]:
    """Register a row. `floor` names the row that it is compared with: the same path with nothing in it."""

    def register(measure: Measure) -> Measure:
        ROWS[name] = Row(name, measure, floor, goal)
        return measure

    return register


@dataclass
class Bench:
    """What a row may ask for. Hotels are made when the first row needs them."""

    house: House
    port: int
    feed_server: str
    is_quick: bool
    results: dict[str, Figures] = field(default_factory=dict)

    @cached_property
    def small(self) -> data.BenchHotel:
        made = data.make_hotel("thirty", rooms=30, types=4)
        data.settle()
        return made

    @cached_property
    def selling(self) -> data.BenchHotel:
        """As `small`; only this one's stays become more while the table is measured."""
        made = data.make_hotel("selling", rooms=30, types=4)
        data.settle()
        return made

    @cached_property
    def big(self) -> data.BenchHotel:
        made = data.make_hotel("thousand", rooms=1000, types=10, until=100_000)
        data.settle()
        return made

    def get(
        self, path: str, hotel: data.BenchHotel | None = None, *, token: str = "", times: int = 300, at_once: int = 4
    ) -> Figures:
        """GET over kept connections from another process: first one after the other, then `at_once` together."""
        header = f"Cookie: {self.house.cookie(hotel.user_session)}" if hotel else ""
        header = f"Authorization: Bearer {token}" if token else header
        number = max(20, times // 5) if self.is_quick else times
        return Figures(*client.ask(self.port, path, header, number, at_once))

    def post(self, path: str, bodies: list[str], *, times: int, at_once: int = 4) -> Figures:
        """POST a body of its own each time, as `get` asks: `times` in a row, then as many by `at_once` together."""
        number = max(20, times // 5) if self.is_quick else times
        return Figures(*client.ask(self.port, path, "", number, at_once, bodies))

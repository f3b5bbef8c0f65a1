"""Which stays the demo has, in days from today: the same list for the same seed.

Around today the list is written by hand, so that every state can be seen at once; before and after it is drawn by lot.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

FIRST_DAY, LAST_DAY = -30, 60
_SOURCES = {"direct": 5, "desk": 2, "booking": 8, "airbnb": 4, "vrbo": 2, "expedia": 3}
REQUESTS = (
    "A quiet room, please.",
    "We arrive late, around ten in the evening.",
    "Un lit bébé, s'il vous plaît.",
    "Wir kommen mit zwei Fahrrädern.",
    "Somos vegetarianos.",
    "高层房间，谢谢。",
    "It is our tenth wedding anniversary.",
)


@dataclass(frozen=True)
class PlannedStay:
    """`arrives` in days from today. `fate`: what becomes of it besides the passing of time."""

    room: str
    arrives: int
    nights: int
    source: str = "direct"
    fate: str = ""  # cancelled, no_show, late_room (not cleaned), early (already in house), left (already gone), unplaced, unpaid
    booked_before: int = 14  # days before the arrival

    @property
    def leaves(self) -> int:
        return self.arrives + self.nights


@dataclass(frozen=True)
class HousePlan:
    """The hand-written middle of one house; `free` rooms begin and end their lottery at today."""

    rooms: tuple[str, ...]
    middle: tuple[PlannedStay, ...]
    occupancy: float = 0.8


HARBOUR = HousePlan(
    rooms=tuple(str(number) for number in range(101, 113)),
    middle=(
        PlannedStay("101", -2, 4, "booking"),
        PlannedStay("102", -3, 3, "airbnb"),  # leaves today
        PlannedStay("102", 0, 2, "booking", booked_before=30),  # and the next one arrives
        PlannedStay("103", -2, 2, "direct", "left"),
        PlannedStay("103", 0, 3, "expedia"),
        PlannedStay("104", -4, 3, "expedia"),
        PlannedStay("104", 0, 1, "desk", "early", booked_before=1),
        PlannedStay("105", -4, 7, "vrbo"),
        PlannedStay("106", -1, 1, "booking"),
        PlannedStay("106", 1, 4, "airbnb"),
        PlannedStay("107", -3, 2, "expedia", "late_room"),
        PlannedStay("107", 0, 4, "direct", booked_before=60),
        PlannedStay("108", -1, 3, "direct"),
        PlannedStay("109", 1, 5, "booking", booked_before=90),
        PlannedStay("110", -5, 9, "airbnb"),
        PlannedStay("111", 0, 2, "direct", booked_before=21),
        PlannedStay("112", -1, 2, "desk", booked_before=1),
        PlannedStay("101", 1, 3, "booking", "unplaced", booked_before=2),
        PlannedStay("104", -1, 2, "booking", "no_show"),
        PlannedStay("109", -1, 2, "airbnb", "cancelled"),
        PlannedStay("112", 2, 3, "direct", "cancelled"),
        PlannedStay("111", 3, 2, "direct", "unpaid", booked_before=0),
    ),
)
CLIFF = HousePlan(
    rooms=("1", "2", "3"),
    middle=(
        PlannedStay("1", -2, 5, "airbnb"),
        PlannedStay("2", 0, 4, "booking"),
        PlannedStay("3", -3, 3, "vrbo"),
        PlannedStay("3", 1, 7, "direct", booked_before=40),
    ),
    occupancy=0.7,
)


def stays_of(plan: HousePlan, numbers: random.Random) -> list[PlannedStay]:
    """Every stay of the house, by day of arrival. No two hold the same room on the same night, except the unplaced."""
    stays = list(plan.middle)
    for room in plan.rooms:
        held = [
            stay for stay in plan.middle if stay.room == room and stay.fate not in ("cancelled", "no_show", "unplaced")
        ]
        first, last = min((s.arrives for s in held), default=0), max((s.leaves for s in held), default=1)
        stays += _between(room, FIRST_DAY, first, plan.occupancy, numbers)
        stays += _between(room, last, LAST_DAY, plan.occupancy, numbers)
    return sorted(stays, key=lambda stay: (stay.arrives, stay.room, stay.fate))


def _between(room: str, first: int, last: int, occupancy: float, numbers: random.Random) -> Iterator[PlannedStay]:
    day = first + _gap(occupancy, numbers)
    while day < last:
        nights = min(numbers.choices((1, 2, 3, 4, 5, 7), (2, 6, 6, 4, 3, 3))[0], last - day)
        source = numbers.choices(list(_SOURCES), list(_SOURCES.values()))[0]
        stay = PlannedStay(room, day, nights, source, booked_before=1 if source == "desk" else numbers.randint(2, 75))
        yield replace(stay, fate="cancelled") if numbers.random() < 0.06 else stay
        day += nights + _gap(occupancy if day < 14 else occupancy - 0.3, numbers)


def _gap(occupancy: float, numbers: random.Random) -> int:
    """Empty nights between two stays."""
    return 0 if numbers.random() < occupancy - 0.25 else numbers.choice((1, 1, 2, 4))


def children_of(adults_limit: int, numbers: random.Random) -> tuple[int, int]:
    """(adults, children) within the room's limit."""
    adults = min(numbers.choices((1, 2, 3), (3, 8, 1))[0], adults_limit)
    children = min(numbers.choices((0, 1, 2), (7, 2, 1))[0], max(0, adults_limit - adults))
    return adults, children


def reference(source: str, numbers: random.Random) -> str | None:
    """What the channel calls the stay, in the channel's own form; Expedia's number comes with its calendar."""
    letters: Sequence[str] = "ABCDEFHJKMNPQRSTWXYZ2345689"
    if source == "airbnb":
        return "HM" + "".join(numbers.choice(letters) for _ in range(8))
    if source == "booking":
        return str(numbers.randint(4_000_000_000, 5_999_999_999))
    if source == "vrbo":
        return "HA-" + "".join(numbers.choice(letters) for _ in range(6))
    return None

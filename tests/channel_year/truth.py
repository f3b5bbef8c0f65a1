"""What really happens in the hotel, hour by hour: stays and closures as they are, whoever knows of them."""

from __future__ import annotations

import datetime as dt
import heapq
import random
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import count
from zoneinfo import ZoneInfo

from tests.channel_year.score import Score

ROME = ZoneInfo("Europe/Rome")
BEGIN = dt.datetime(2026, 1, 10, 5, 20, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
CHANNELS = (
    ("booking", "airbnb"), ("booking", "airbnb"), ("booking", "airbnb"), ("booking",), ("booking", "expedia"),
    ("airbnb", "vrbo"), ("booking", "airbnb", "vrbo"), ("airbnb", "ical"), ("booking", "vrbo"), ("booking", "airbnb", "expedia"),
)  # fmt: skip
NIGHTS = (1, 1, 1, 2, 2, 2, 3, 3, 4, 5, 7, 7, 10, 14, 28)
HELD_AFTER = 8  # hours for which the nights of a cancelled stay are not sold again
FIRST = ("Anna", "Björn", "Chloé", "Dmitri", "Emre", "Fatima", "Giulia", "Hana", "Ivan", "João", "Kaja", "Luca")
LAST = ("Rossi", "Müller", "Novák", "Silva", "Haddad", "Jensen", "Moreau", "Kovač", "O’Neill", "Tanaka", "Smith")


def instant(tick: int) -> dt.datetime:
    return BEGIN + dt.timedelta(hours=tick)


def local_day(tick: int) -> dt.date:
    return instant(tick).astimezone(ROME).date()


@dataclass(eq=False)
class Stay:
    """One stay as it really is. Times are ticks (hours since the beginning)."""

    number: int
    channel: str
    room: int
    guest: str
    price: Decimal
    start: dt.date
    end: dt.date
    booked_at: int
    cancelled_at: int | None = None
    before: list[tuple[int, dt.date, dt.date]] = field(default_factory=list)  # (changed at, dates until then)
    told_at: list[int] = field(
        default_factory=list
    )  # good readings of its room's calendars, its own first, when it last changed
    is_recognised: bool = False  # as cancelled
    is_known: bool = False

    @property
    def code(self) -> str:
        """The channel's number of the booking; "" where it gives none."""
        if self.channel == "airbnb":
            return f"HM{self.number:08d}"
        return {"booking": f"{5_000_000_000 + self.number}", "expedia": str(self.number)}.get(self.channel, "")

    def is_on(self, tick: int) -> bool:
        return self.booked_at <= tick and (self.cancelled_at is None or self.cancelled_at > tick)

    def dates_at(self, tick: int) -> tuple[dt.date, dt.date]:
        return next(((start, end) for at, start, end in self.before if at > tick), (self.start, self.end))

    def __repr__(self) -> str:
        told = f", cancelled {self.cancelled_at}" if self.cancelled_at is not None else ""
        return f"<{self.channel} {self.number} room {self.room} {self.start}..{self.end} booked {self.booked_at}{told} {self.before or ''}>"


@dataclass(eq=False)
class Closure:
    """Nights that the owner closed on one channel; nobody sleeps there."""

    number: int
    channel: str
    room: int
    start: dt.date
    end: dt.date
    made_at: int
    lifted_at: int | None = None

    def is_on(self, tick: int) -> bool:
        return self.made_at <= tick and (self.lifted_at is None or self.lifted_at > tick)


@dataclass
class Room:
    number: int
    channels: tuple[str, ...]
    has_preparation: bool  # a night after each Airbnb stay
    stays: list[Stay] = field(default_factory=list)
    closures: list[Closure] = field(default_factory=list)
    taken: dict[dt.date, object] = field(default_factory=dict)
    window: int = 300  # days ahead that Airbnb sells
    rates_until: dt.date = dt.date.max  # where Booking.com's prices end

    def is_free(self, start: dt.date, end: dt.date, besides: object = None) -> bool:
        day = start
        while day < end:
            if self.taken.get(day, besides) is not besides:
                return False
            day += DAY
        return True

    def take(self, start: dt.date, end: dt.date, by: object) -> None:
        day = start
        while day < end:
            self.taken[day] = by
            day += DAY

    def release(self, by: object) -> None:
        for day in [day for day, holder in self.taken.items() if holder is by]:
            del self.taken[day]

    def closes_after(self, stay_channel: str) -> dt.timedelta:
        """The preparation that follows a stay of this channel."""
        return DAY if self.has_preparation and stay_channel == "airbnb" else dt.timedelta()


@dataclass(frozen=True)
class Happening:
    """Something that mails and files may tell of."""

    kind: str  # new, modified, cancelled
    stay: Stay
    tick: int


class Life:
    """Plays the truth of all rooms. `touched(room)` is called for everything that a calendar may show."""

    def __init__(self, seed: int, rooms: int, score: Score, touched: Callable[[int], None]) -> None:
        self.rng = random.Random(f"life {seed}")
        self.score = score
        self.touched = touched
        self.tick = 0
        self.today = local_day(0)
        self.numbers = iter(self.rng.sample(range(10**7, 10**8), 60_000))
        self.rooms = [self._room(number) for number in range(rooms)]
        self.agenda: list[tuple[int, int, Callable[[], None]]] = []
        self._order = count()
        self.happenings: list[Happening] = []  # of this tick
        self.by_number: dict[int, Stay] = {}
        self.arrivals: defaultdict[dt.date, list[Stay]] = defaultdict(list)

    def _room(self, number: int) -> Room:
        channels = CHANNELS[number % len(CHANNELS)]
        preparation = "airbnb" in channels and self.rng.random() < 0.25
        rates = self.today + dt.timedelta(days=self.rng.randint(200, 300))
        return Room(number, channels, preparation, window=self.rng.choice((200, 300, 800)), rates_until=rates)

    def at(self, tick: int, what: Callable[[], None]) -> None:
        heapq.heappush(self.agenda, (tick, next(self._order), what))

    def hour(self, tick: int) -> None:
        self.tick, self.today, self.happenings = tick, local_day(tick), []
        while self.agenda and self.agenda[0][0] <= tick:
            heapq.heappop(self.agenda)[2]()
        for room in self.rooms:
            if self.rng.random() < 0.016:
                self._book(room)
            if self.rng.random() < 0.0004:
                self._close(room)

    # Bookings

    def _book(self, room: Room) -> None:
        rng = self.rng
        lead = rng.choice((0, 0, 1, 2, 3, 5)) if rng.random() < 0.15 else rng.randint(1, 150)
        start = self.today + dt.timedelta(days=lead)
        end = start + dt.timedelta(days=rng.choice(NIGHTS))
        channel = "direct" if rng.random() < 0.15 else rng.choice(room.channels)
        ready = end + room.closes_after(channel)
        if not self._is_open(room, ready) or not room.is_free(start, ready):
            return
        guest = f"{rng.choice(FIRST)} {rng.choice(LAST)}"
        price = Decimal(rng.randint(4000, 90000)) / 100
        stay = Stay(next(self.numbers), channel, room.number, guest, price, start, end, self.tick)
        room.stays.append(stay)
        room.take(start, ready, stay)
        self.by_number[stay.number] = stay
        self.score.counts["bookings"] += 1
        self._tell("new", stay)
        self._plan(room, stay)

    def _is_open(self, room: Room, end: dt.date) -> bool:
        return end <= room.rates_until and (end - self.today).days <= room.window

    def _plan(self, room: Room, stay: Stay) -> None:
        """What will become of it."""
        rng = self.rng
        arrival = self.tick + max(1, (stay.start - self.today).days * 24)
        if rng.random() < 0.22 and arrival - self.tick > 2:
            self.at(rng.randint(self.tick + 1, arrival - 2), lambda: self._cancel(room, stay))
        if rng.random() < 0.15:
            leaves = arrival + (stay.end - stay.start).days * 24
            self.at(rng.randint(self.tick + 1, leaves), lambda: self._change(room, stay))

    def _cancel(self, room: Room, stay: Stay) -> None:
        """Before the day of arrival: later it is for people to judge."""
        if not stay.is_on(self.tick) or stay.start <= self.today:
            return
        stay.cancelled_at = self.tick
        self.score.counts["cancellations"] += 1
        self.at(self.tick + HELD_AFTER, lambda: room.release(stay))
        self._tell("cancelled", stay)

    def _change(self, room: Room, stay: Stay) -> None:
        """Longer, shorter, or begun on another day; a guest in house only leaves on another day."""
        if not stay.is_on(self.tick) or stay.end <= self.today:
            return
        start, end = stay.start, stay.end
        which = self.rng.random()
        if which < 0.7 or start <= self.today:
            end += self.rng.choice((-2, -1, 1, 1, 2, 3)) * DAY
        elif which < 0.9:
            start += self.rng.choice((-2, -1, 1, 2)) * DAY
        else:
            start, end = start + DAY, end + DAY
        if start >= end or end <= self.today or (start != stay.start and start <= self.today):
            return
        if not (start < stay.end and stay.start < end):
            return  # a nameless calendar could not tell it from a cancellation and another guest
        room.release(stay)
        after = room.closes_after(stay.channel)
        if not room.is_free(start, end + after) or not self._is_open(room, end + after):
            room.take(stay.start, stay.end + after, stay)
            return
        stay.before.append((self.tick, stay.start, stay.end))
        stay.start, stay.end = start, end
        room.take(start, end + after, stay)
        self.score.counts["changes"] += 1
        self._tell("modified", stay)

    def _tell(self, kind: str, stay: Stay) -> None:
        self.happenings.append(Happening(kind, stay, self.tick))
        self.touched(stay.room)

    # Closures

    def _close(self, room: Room) -> None:
        """Booking.com does not tell a short closure from a stay, so there only long ones can be known for what they are."""
        rng = self.rng
        channel = rng.choice(room.channels)
        nights = rng.randint(64, 90) if channel == "booking" else rng.choice((1, 2, 3, 5, 7, 14, 21))
        start = self.today + dt.timedelta(days=rng.randint(1, 120))
        end = start + dt.timedelta(days=nights)
        if not self._is_open(room, end) or not room.is_free(start, end):
            return
        closure = Closure(next(self.numbers), channel, room.number, start, end, self.tick)
        room.closures.append(closure)
        room.take(start, end, closure)
        self.score.counts["closures"] += 1
        self.touched(room.number)
        if rng.random() < 0.5:
            self.at(self.tick + rng.randint(2, 60 * 24), lambda: self._lift(room, closure))

    def _lift(self, room: Room, closure: Closure) -> None:
        if closure.end <= self.today:
            return
        closure.lifted_at = self.tick
        self.at(self.tick + HELD_AFTER, lambda: room.release(closure))
        self.touched(room.number)

    def forget_past(self) -> None:
        """Once a day: what no calendar can show any more."""
        keep = self.today - dt.timedelta(days=62)
        for room in self.rooms:
            if (room.rates_until - self.today).days < 190:
                room.rates_until += dt.timedelta(days=90)
            room.stays = [stay for stay in room.stays if stay.end > keep and (stay.cancelled_at is None or self.tick - stay.cancelled_at < 240)]  # fmt: skip
            room.closures = [one for one in room.closures if (one.end > keep and one.lifted_at is None) or one.is_on(self.tick - 240)]  # fmt: skip
            for day in [day for day in room.taken if day < self.today - DAY]:
                del room.taken[day]

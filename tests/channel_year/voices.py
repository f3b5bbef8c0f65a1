"""What the calendars say of the truth: each in its own manner, hours late about the other channels, and sometimes nonsense."""

from __future__ import annotations

import datetime as dt
import hashlib
import random
from dataclasses import dataclass, field
from functools import lru_cache

from tests.channel_year.truth import DAY, Closure, Room, Stay
from webapp.core.calendars import FeedEvent

Range = tuple[dt.date, dt.date]
FAULTS = ("timeout", "json", "html", "nothing", "cut")  # all of them change nothing


@lru_cache(maxsize=100_000)
def md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


@dataclass(eq=False)
class Feed:
    """One calendar of one room. `mood`: normal, empty, partial, or one of the faults."""

    room: Room
    channel: str
    lag: int  # hours after which it shows what others sold
    rolls: bool  # Booking.com: a running stay begins today
    joins: bool  # touching ranges of others are shown as one
    notice: bool  # Airbnb: tonight cannot be booked
    is_french: bool  # Vrbo
    index: int = 0
    mood: str = "normal"
    good: int = 0  # readings that told the truth
    bad_until: int = -1  # the last hour in which it could not be read well
    hidden: set[int] = field(default_factory=set)

    @property
    def is_good(self) -> bool:
        return self.mood == "normal"

    def says(self, tick: int, today: dt.date) -> list[FeedEvent] | None:
        """Its events, or None when it does not answer with a calendar."""
        if self.mood in FAULTS:
            return None
        if self.mood == "empty":
            return []
        keep = today - {"airbnb": DAY, "vrbo": 60 * DAY, "expedia": 60 * DAY}.get(self.channel, dt.timedelta())
        own = [
            stay for stay in self.room.stays if stay.channel == self.channel and stay.is_on(tick) and stay.end > keep
        ]
        if self.mood == "partial":
            own = [stay for stay in own if stay.number not in self.hidden]
        closed = [c for c in self.room.closures if c.channel == self.channel and c.is_on(tick) and c.end > keep]
        return getattr(self, f"_{self.channel}")(own, closed, self._echoes(tick, today), today)

    def _echoes(self, tick: int, today: dt.date) -> list[Range]:
        """Nights of the other channels and of the house itself, as they were some hours ago."""
        then = tick - self.lag
        ranges = []
        for stay in self.room.stays:
            if stay.channel != self.channel and stay.is_on(then):
                start, end = stay.dates_at(then)
                after = self.room.closes_after(stay.channel)
                ranges += [(start, end)] if not after else [(start, end), (end, end + after)]
        ranges += [(c.start, c.end) for c in self.room.closures if c.channel != self.channel and c.is_on(then)]
        ranges = sorted((start, end) for start, end in ranges if end > today)
        if not self.joins:
            return ranges
        joined: list[Range] = []
        for start, end in ranges:
            if joined and joined[-1][1] == start:
                joined[-1] = (joined[-1][0], end)
            else:
                joined.append((start, end))
        return joined

    def _airbnb(self, own: list[Stay], closed: list[Closure], echoes: list[Range], today: dt.date) -> list[FeedEvent]:
        def block(start: dt.date, end: dt.date, why: str) -> FeedEvent:
            uid = f"7f662ec65913-{md5(f'{why} {self.room.number} {start}')}@airbnb.com"
            return FeedEvent(uid, max(start, today), end, "Airbnb (Not available)")

        events = []
        for stay in own:
            text = f"Reservation URL: https://www.airbnb.com/hosting/reservations/details/{stay.code}\nPhone Number (Last 4 Digits): {stay.number % 10000:04d}"  # fmt: skip
            events.append(FeedEvent(f"1418fb94e984-{md5(str(stay.number))}@airbnb.com", stay.start, stay.end, "Reserved", text))  # fmt: skip
            if self.room.has_preparation and stay.end >= today:
                events.append(block(stay.end, stay.end + DAY, "preparation"))
        events += [block(c.start, c.end, "owner") for c in closed if c.end > today]
        events += [block(start, end, "import") for start, end in echoes]
        if self.notice and not any(e.start <= today < e.end for e in events):
            events.append(block(today, today + DAY, "notice"))
        if self.room.window < 366:
            events.append(block(today + self.room.window * DAY, today + 366 * DAY, "window"))
        return events

    def _booking(self, own: list[Stay], closed: list[Closure], echoes: list[Range], today: dt.date) -> list[FeedEvent]:
        spans = sorted([(s.start, s.end) for s in own] + [(c.start, c.end) for c in closed] + echoes)
        if self.rolls:
            spans = [(max(start, today), end) for start, end in spans]
        spans.append((self.room.rates_until, today + 548 * DAY))
        return [
            FeedEvent(f"{md5(f'{self.room.number} {start}')}@booking.com", start, end, "CLOSED - Not available")
            for start, end in spans
            if start < end and end > today
        ]

    def _vrbo(self, own: list[Stay], closed: list[Closure], echoes: list[Range], today: dt.date) -> list[FeedEvent]:
        reserved, blocked = ("Réservée", "Indisponible") if self.is_french else ("Reserved", "Blocked")
        events = []
        for stay in own:
            h = md5(str(stay.number))
            uid = f"{h[:8]}-{h[8:12]}-4{h[13:16]}-a{h[17:20]}-{h[20:]}"
            events.append(FeedEvent(uid, stay.start, stay.end, f"{reserved} - {stay.guest.split()[0]}"))
        for start, end in [(c.start, c.end) for c in closed] + echoes:
            uid = f"{start:%m%d%Y}-{start:%m%d}-{end:%Y}-{end:%m%d}-{start:%Y%m%d}{end:%m%d}"
            events.append(FeedEvent(uid, start, end, blocked))
        return events

    def _expedia(self, own: list[Stay], closed: list[Closure], echoes: list[Range], today: dt.date) -> list[FeedEvent]:
        events = [
            FeedEvent(f"{s.number}@expedia.com", s.start, s.end, "Reserved on Expedia", f"Reserved by {s.guest}") for s in own
        ]  # fmt: skip
        for start, end in [(c.start, c.end) for c in closed] + echoes:
            uid = f"{int(md5(f'{self.room.number} {start} {end}')[:15], 16) % 10**19:019d}"
            events.append(FeedEvent(uid, start, end, "Unavailable on Expedia"))
        return events

    def _ical(self, own: list[Stay], closed: list[Closure], echoes: list[Range], today: dt.date) -> list[FeedEvent]:
        events = [FeedEvent(f"{md5(str(s.number))}@calendar.example", s.start, s.end, s.guest) for s in own]
        events += [FeedEvent(f"{md5(f'c{c.number}')}@calendar.example", c.start, c.end, "Blocked") for c in closed]
        events += [FeedEvent(f"{md5(f'{a}{b}')}@calendar.example", a, b, "Busy") for a, b in echoes]
        return events


class Moods:
    """When calendars fail, and how: outages of hours, an empty or a partial answer for at most three readings in a row."""

    def __init__(self, seed: int, feeds: list[Feed]) -> None:
        self.rng = random.Random(f"moods {seed}")
        self.next = {feed: self._pause() for feed in feeds}
        self.until: dict[Feed, int] = {}

    def _pause(self) -> int:
        return 3 + int(self.rng.expovariate(1 / 500))

    def hour(self, tick: int) -> list[Feed]:
        """The feeds whose answer may be another one now."""
        changed = []
        for feed, until in list(self.until.items()):
            changed.append(feed)
            if tick >= until:
                feed.mood = "normal"
                del self.until[feed]
                self.next[feed] = tick + self._pause()
        for feed, at in self.next.items():
            if tick == at and feed not in self.until:
                self._begin(feed, tick)
                changed.append(feed)
        return changed

    def _begin(self, feed: Feed, tick: int) -> None:
        roll = self.rng.random()
        if roll < 0.6:
            feed.mood, hours = self.rng.choice(FAULTS), self.rng.choice((1, 1, 2, 3, 6, 12, 30))
        elif roll < 0.8:
            feed.mood, hours = "partial", self.rng.randint(1, 3)
            feed.hidden = {stay.number for stay in feed.room.stays if self.rng.random() < 0.4}
        else:
            feed.mood, hours = "empty", self.rng.randint(1, 3)
        self.until[feed] = tick + hours


def make_feeds(seed: int, rooms: list[Room]) -> list[Feed]:
    rng = random.Random(f"feeds {seed}")
    return [
        Feed(
            room, channel, lag=rng.randint(1, 4), rolls=rng.random() < 0.7, joins=rng.random() < 0.3, notice=rng.random() < 0.3,
            is_french=rng.random() < 0.5, index=position,
        )
        for room in rooms
        for position, channel in enumerate(room.channels)
    ]  # fmt: skip

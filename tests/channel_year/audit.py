"""Holds what the house believes against the truth, and counts every difference that matters."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from tests.channel_year.score import Score
from tests.channel_year.truth import Life, Stay, local_day
from tests.channel_year.voices import Feed

ENOUGH = 3  # good readings after which a calendar's word must have been heard
PATIENCE = 30  # good readings after which a cancellation must have been


@dataclass(eq=False)
class Belief:
    """A stay as the house believes it to be."""

    id: Any
    room: int | None
    channel: str
    start: dt.date
    end: dt.date
    is_living: bool = True
    reference: str | None = None
    name: str | None = None
    total: Decimal = Decimal(0)


class Audit:
    """Knows for each belief which stay it is; told of everything that is made, ended and restored."""

    def __init__(self, life: Life, feeds: Iterable[Feed], score: Score) -> None:
        self.life, self.score = life, score
        self.feeds: dict[int, list[Feed]] = {}
        for feed in feeds:
            self.feeds.setdefault(feed.room.number, []).append(feed)
        self.owner: dict[Any, Stay] = {}
        self.living: dict[int, set[Any]] = {}  # number of a stay → beliefs
        self.checked: set[int] = set()
        self.provisional: dict[Any, Belief] = {}  # recorded in doubt, and nobody's

    def feeds_of(self, stay: Stay) -> list[Feed]:
        """The calendars of its room, its own channel's first."""
        return sorted(self.feeds[stay.room], key=lambda feed: feed.channel != stay.channel)

    def _readings(self, stay: Stay) -> list[int]:
        """Good readings of those calendars since something about it was new."""
        return [feed.good - told for feed, told in zip(self.feeds_of(stay), stay.told_at, strict=True)]

    def _really(self, belief: Belief) -> Stay | None:
        stays = self.life.rooms[belief.room].stays if belief.room is not None else self.life.by_number.values()
        tick = self.life.tick
        for stay in stays:
            if belief.reference and stay.code == belief.reference and stay.channel == belief.channel:
                return stay
        for stay in stays:
            if belief.reference and stay.code:
                continue
            if stay.channel == belief.channel and stay.is_on(tick) and self._fits(belief, stay):
                return stay
        return None

    def _fits(self, belief: Belief, stay: Stay) -> bool:
        """A calendar that begins running stays today cannot tell when one began that was sold after midnight's eve, or whose first
        nights were over before the calendar could be read."""
        is_first_heard = self._readings(stay)[0] <= 1
        heard_at = self.life.tick if is_first_heard else stay.booked_at + 6
        is_rolled = stay.start < belief.start <= local_day(max(heard_at, stay.booked_at + 6))
        return belief.end == stay.end and (belief.start == stay.start or is_rolled)

    def made(self, belief: Belief, *, is_provisional: bool = False) -> None:
        stay = self._really(belief)
        if stay is None and is_provisional:
            self.provisional[belief.id] = belief
            return
        if stay is None and belief.reference is None and belief.channel == "booking" and self._is_closed(belief):
            self.score.counts["undecidable"] += 1
            return
        if stay is None:
            self.score.fail("phantom", f"{belief} at {self.life.tick} ({self.life.today}): {self._near(belief)}")
            return
        if self.living.get(stay.number):
            self.score.fail("split", f"{stay} again as {belief} at {self.life.tick}")
        stay.is_known = True
        self._own(belief, stay)

    def _is_closed(self, belief: Belief) -> bool:
        """An owner's closure elsewhere that came up while this calendar could not be read: nothing tells it from a stay."""
        if belief.room is None:
            return False
        closures = [c for c in self.life.rooms[belief.room].closures if c.is_on(self.life.tick)]
        return any(
            (c.start, c.end) == (belief.start, belief.end)
            and any(f.bad_until >= c.made_at - 1 for f in self.feeds[belief.room])
            for c in closures
        )

    def _own(self, belief: Belief, stay: Stay) -> None:
        self.owner[belief.id] = stay
        self.living.setdefault(stay.number, set()).add(belief.id)

    def _near(self, belief: Belief) -> str:
        rooms = self.life.rooms if belief.room is None else [self.life.rooms[belief.room]]
        near = [
            x for room in rooms for x in (*room.stays, *room.closures) if x.start < belief.end and belief.start < x.end
        ]
        return f"truth {near}"

    def ended(self, belief: Belief, *, is_withdrawn: bool = False) -> None:
        stay = self.owner.get(belief.id)
        if stay is None:
            self.score.counts["withdrawn"] += self.provisional.pop(belief.id, None) is not None
            return
        self.living[stay.number].discard(belief.id)
        if stay.is_on(self.life.tick):
            if not self.living[stay.number]:
                self.score.fail("wrong cancellation", f"{stay} at {self.life.tick} ({self.life.today}) {belief}")
        elif not stay.is_recognised and stay.cancelled_at is not None:
            stay.is_recognised = True
            readings = self._readings(stay)[0]
            if readings > 6 and local_day(stay.cancelled_at + 8) >= stay.start:
                self.score.counts["left to a person"] += 1  # the guest was due before the rules could be sure
                return
            self.score.delays.append((readings, self.life.tick - stay.cancelled_at))
            if readings > 6:
                self.score.notes.append(f"late by {self.score.delays[-1]}: {stay}")

    def restored(self, belief: Belief) -> None:
        """A nameless range that is back may be another guest's: then the nights are right all the same."""
        stay = self.owner.get(belief.id)
        if stay is None or not stay.is_on(self.life.tick):
            stay = self._really(belief)
        if stay is None or not stay.is_on(self.life.tick):
            self.score.fail("phantom", f"restored {belief} at {self.life.tick}: {self._near(belief)}")
            return
        stay.is_known = True
        self._own(belief, stay)

    # Whether the picture is right

    def arrivals(self, beliefs: dict[Any, Belief]) -> None:
        """The stays that arrive today, and those whose cancellation nobody noticed."""
        for belief in [b for b in self.provisional.values() if b.end <= self.life.today and b.is_living]:
            del self.provisional[belief.id]
            self.score.fail("phantom", f"never withdrawn: {belief}: {self._near(belief)}")
        for room in self.life.rooms:
            for stay in room.stays:
                if stay.start == self.life.today and stay.channel != "direct":
                    self._check(stay, beliefs)

    def everything(self, beliefs: dict[Any, Belief]) -> None:
        for belief in self.provisional.values():
            if belief.id in beliefs and beliefs[belief.id].is_living:
                self.score.fail("phantom", f"never withdrawn: {belief}: {self._near(belief)}")
        for room in self.life.rooms:
            for stay in room.stays:
                if stay.start > self.life.today and stay.channel != "direct":
                    self._check(stay, beliefs)

    def _check(self, stay: Stay, beliefs: dict[Any, Belief]) -> None:
        readings, *others = self._readings(stay)
        is_heard = readings >= ENOUGH and (stay.start <= self.life.today or all(other >= ENOUGH for other in others))
        living = [beliefs[key] for key in sorted(self.living.get(stay.number, ()), key=str)]
        if stay.is_on(self.life.tick):
            if is_heard and not living:
                self.score.fail("lost", f"{stay} at {self.life.tick}: {self._near(Belief(0, stay.room, '', stay.start, stay.end))}")  # fmt: skip
            elif is_heard and not self._fits(living[0], stay):
                self.score.fail("wrong dates", f"{stay}: {living[0]}")
        elif living and not stay.is_recognised and stay.number not in self.checked:
            if stay.start <= self.life.today and readings <= 24:
                self.checked.add(stay.number)
                self.score.counts["left to a person"] += 1  # too late for the rules: the guest is due today
            elif readings > PATIENCE:
                self.checked.add(stay.number)
                self.score.fail("unrecognised", f"{stay} at {self.life.tick}")

    def enriched(self, rows: Iterable[Stay], beliefs: dict[Any, Belief], currency_price: bool = True) -> None:
        """After a file: each of its living stays has number, name and money."""
        for stay in rows:
            self.score.counts["exported stays"] += 1
            mine = [beliefs[key] for key in self.living.get(stay.number, ())]
            good = [b for b in mine if (b.reference, b.name, b.total) == (stay.code, stay.guest, stay.price)]
            if len(good) != 1 or len(mine) != 1:
                self.score.fail("not enriched", f"{stay} at {self.life.tick}: {mine}")

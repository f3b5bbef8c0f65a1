"""One hotel played from the first hour to the last, through a player that stands for the house."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from typing import Any, Protocol

from tests.channel_year.audit import Audit, Belief
from tests.channel_year.papers import TELLS, WEEK, Line, Mail, Post, file_of
from tests.channel_year.score import Score
from tests.channel_year.truth import Happening, Life, local_day
from tests.channel_year.voices import Feed, Moods, make_feeds
from webapp.core.calendars import FeedEvent


class Player(Protocol):
    """The house: is told what comes in, and says what it believes."""

    def begin(self, life: Life, feeds: list[Feed], audit: Audit) -> None: ...
    def hour(self, tick: int) -> None: ...
    def wants(self) -> Iterable[Feed]:
        """Feeds that it looks at again although they say nothing new."""
        ...

    def read(self, feed: Feed, events: list[FeedEvent] | None) -> None: ...
    def desk(self, happening: Happening) -> None: ...
    def mail(self, mail: Mail) -> None: ...
    def file(self, channel: str, lines: list[Line], made_at: int) -> None: ...
    def beliefs(self) -> dict[Any, Belief]: ...


class World:
    def __init__(self, seed: int, rooms: int, make_player: Callable[[], Player]) -> None:
        self.score = Score()
        self.due: dict[int, set[Feed]] = {}
        self.life = Life(seed, rooms, self.score, self._touched)
        self.feeds = make_feeds(seed, self.life.rooms)
        self.moods = Moods(seed, self.feeds)
        self.post = Post(seed, self.life)
        self.rng = random.Random(f"world {seed}")
        self.audit = Audit(self.life, self.feeds, self.score)
        self.player = make_player()
        self.player.begin(self.life, self.feeds, self.audit)

    def _touched(self, room: int) -> None:
        for feed in self.feeds:
            if feed.room.number == room:
                self.due.setdefault(self.life.tick, set()).add(feed)
                self.due.setdefault(self.life.tick + feed.lag, set()).add(feed)

    def play(self, days: int) -> Score:
        for tick in range(days * 24):
            self._hour(tick)
        self.audit.everything(self.player.beliefs())
        return self.score

    def _hour(self, tick: int) -> None:
        is_new_day = tick == 0 or local_day(tick) != self.life.today
        self.life.hour(tick)
        if is_new_day:
            self.life.forget_past()
        self.player.hour(tick)
        for happening in self.life.happenings:
            self._happened(happening)
        early, late = self.post.bring(tick)
        self._deliver(early)
        self._read(tick, is_new_day)
        self._deliver(late)
        if tick % WEEK == 100:
            self._files(tick)
        if (tick + 5) % 24 == 20:
            self.audit.arrivals(self.player.beliefs())

    def _happened(self, happening: Happening) -> None:
        stay = happening.stay
        if stay.channel == "direct":
            self.player.desk(happening)
            return
        stay.told_at = [feed.good for feed in self.audit.feeds_of(stay)]
        self.post.write(happening)

    def _deliver(self, mails: list[Mail]) -> None:
        for mail in mails:
            self.score.counts["mails"] += 1
            self.player.mail(mail)

    def _read(self, tick: int, is_new_day: bool) -> None:
        moody = self.moods.hour(tick)
        for feed in self.feeds:
            feed.good += feed.is_good
            feed.bad_until = feed.bad_until if feed.is_good else tick
        self.score.counts["readings"] += len(self.feeds)
        due = (
            self.due.pop(tick, set())
            | set(moody)
            | set(self.player.wants())
            | (set(self.feeds) if is_new_day else set())
        )
        for feed in sorted(due, key=lambda feed: (feed.room.number, feed.index)):
            events = feed.says(tick, self.life.today)
            self.score.counts["faults"] += not feed.is_good
            self.player.read(feed, events)

    def _files(self, tick: int) -> None:
        """Mostly fresh from the channel; one in six was made hours before somebody uploads it."""
        for channel in TELLS:
            made_at = max(0, tick - self.rng.choice((0, 0, 0, 0, 0, 9)))
            lines = file_of(self.life, channel, made_at)
            if lines:
                self.score.counts["files"] += 1
                self.player.file(channel, lines, made_at)
                if made_at == tick:
                    living = [line.stay for line in lines if not line.is_cancelled and line.end > self.life.today]
                    self.audit.enriched(living, self.player.beliefs())

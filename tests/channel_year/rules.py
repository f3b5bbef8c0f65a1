"""The house as pure rules in memory: calendars are judged by `reconcile`, files by `plan`, mails by `choose`; what follows is kept in
plain objects, in the way `channels.apply` keeps it in the database. Quick enough for many years; `system` plays the real services."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from tests.channel_year.audit import Audit, Belief
from tests.channel_year.papers import Line, Mail, export_row, listing
from tests.channel_year.truth import Happening, Life, instant
from tests.channel_year.voices import Feed
from webapp.channels.domain import Decision, KnownItem, Policy, Reconciliation, Span, reconcile
from webapp.channels.domain.classification import closed_span
from webapp.channels.uploads.plan import Entry, Place, Situation, StayView, plan
from webapp.core.calendars import FeedEvent, ParsedCalendar

POLICY = Policy()
OPEN = ("present", "missing", "suspected")
CHANGES = ("created", "changed", "cancelled", "restored", "block", "echo")


@dataclass(eq=False)
class Held(Belief):
    """A reservation."""

    status: str = "CONFIRMED"
    sources: dict[str, str] = field(default_factory=dict)
    cancelled_at: dt.datetime | None = None
    first_seen: dt.datetime | None = None

    def set_status(self, status: str) -> None:
        self.status, self.is_living = status, status == "CONFIRMED"


@dataclass
class Known:
    """What a calendar has told so far. `held`: item → reservation."""

    items: dict[str, KnownItem] = field(default_factory=dict)
    held: dict[str, Held] = field(default_factory=dict)
    last: tuple[FeedEvent, ...] | None = None
    day: dt.date | None = None
    is_settled: bool = False
    first_seen: dict[str, dt.datetime] = field(default_factory=dict)
    is_failing: bool = False
    alarm: bool = False
    unread_since: dt.datetime | None = None


class Rules:
    def begin(self, life: Life, feeds: list[Feed], audit: Audit) -> None:
        self.life, self.audit = life, audit
        self.known = {feed: Known() for feed in feeds}
        self.feeds_of = {room.number: [feed for feed in feeds if feed.room is room] for room in life.rooms}
        self.of_room: dict[int, list[Held]] = {room.number: [] for room in life.rooms}
        self.of_stay: dict[int, Held] = {}  # the desk's own
        self.numbers = iter(range(1, 10**9))
        self.now = instant(0)
        self.today = life.today

    def hour(self, tick: int) -> None:
        self.now = instant(tick)
        if self.today != self.life.today:
            self.today = self.life.today
            for number, held in self.of_room.items():
                self.of_room[number] = [h for h in held if h.end > self.today - dt.timedelta(days=3)]

    def wants(self) -> Iterable[Feed]:
        return [feed for feed, known in self.known.items() if not known.is_settled]

    def beliefs(self) -> dict[Any, Belief]:
        return {held.id: held for held in self._all()}

    def _all(self) -> list[Held]:
        return [held for of_room in self.of_room.values() for held in of_room]

    # The desk

    def desk(self, happening: Happening) -> None:
        stay = happening.stay
        if happening.kind == "new":
            held = self.of_stay[stay.number] = Held(next(self.numbers), stay.room, "direct", stay.start, stay.end)
            self.of_room[stay.room].append(held)
        held = self.of_stay[stay.number]
        if happening.kind == "cancelled":
            held.set_status("CANCELLED")
            held.cancelled_at = self.now
        held.start, held.end = stay.start, stay.end
        self._look_again(stay.room, "direct")

    def _look_again(self, room: int, besides: str) -> None:
        for feed in self.feeds_of[room]:
            if feed.channel != besides:
                self.known[feed].is_settled = False

    # Calendars

    def read(self, feed: Feed, events: list[FeedEvent] | None) -> None:
        known = self.known[feed]
        if events is None:
            known.is_failing, known.unread_since = True, known.unread_since or self.now
            return
        shown = tuple(events)
        if known.is_settled and not known.is_failing and shown == known.last and known.day == self.today:
            return
        result = self._judge(feed, shown)
        known.is_failing, known.alarm = False, result.alarm is not None
        known.unread_since = (known.unread_since or self.now) if known.alarm else None
        known.last, known.day, known.is_settled = shown, self.today, not result.is_pending
        self._apply(feed, result)
        if any(decision.kind in CHANGES for decision in result.decisions):
            for other in self.feeds_of[feed.room.number]:
                if other is not feed:
                    self.known[other].is_settled = False

    def _judge(self, feed: Feed, shown: tuple[FeedEvent, ...]) -> Reconciliation:
        known = self.known[feed]
        others = [other for other in self.feeds_of[feed.room.number] if other is not feed]
        return reconcile(
            self._items(feed), ParsedCalendar(shown), POLICY, self.now, self.today,
            provider=feed.channel, elsewhere=self._elsewhere(feed), lately=self._lately(feed),  # type: ignore[arg-type]
            is_blind=any(self.known[o].is_failing or self.known[o].last is None or self.known[o].alarm for o in others),
            is_doubtful=any(self.known[o].last == () for o in others), is_settling=self.life.tick < 24, is_alarmed=known.alarm,
        )  # fmt: skip

    def _told(self) -> set[int]:
        return {h.id for known in self.known.values() for h in known.held.values()}

    def _items(self, feed: Feed) -> list[KnownItem]:
        """As `picture.load` makes them."""
        known = self.known[feed]
        items = [_in_the_light_of(item, known.held.get(key)) for key, item in known.items.items()]
        linked = {held.id for held in known.held.values()}
        told = {h.id for o in self.feeds_of[feed.room.number] for k, h in self.known[o].held.items() if self.known[o].items[k].state in OPEN}  # fmt: skip
        for held in self.of_room[feed.room.number]:
            if held.id in linked or held.id in told or held.channel != feed.channel or held.end < self.today:
                continue
            if held.is_living or held.reference:
                state = "expected" if held.is_living else "closed"
                items.append(KnownItem(f"r{held.id}", "stay", held.start, held.end, state, reference=held.reference, cancelled_at=held.cancelled_at))  # type: ignore[arg-type]  # fmt: skip
        return items

    def _elsewhere(self, feed: Feed) -> list[Span]:
        linked = {held.id for held in self.known[feed].held.values()}
        spans = [
            Span(held.start, held.end, held.channel)
            for held in self.of_room[feed.room.number]
            if held.is_living and held.channel != feed.channel and held.id not in linked
        ]
        for other in self.feeds_of[feed.room.number]:
            if other is not feed:
                found = (self._closed(item, self.known[other].first_seen[key], self.known[feed].unread_since) for key, item in self.known[other].items.items())  # fmt: skip
                spans += [span for span in found if span]
        return spans

    def _closed(self, item: KnownItem, first_seen: dt.datetime, unread_since: dt.datetime | None) -> Span | None:
        if item.state not in OPEN or item.end <= self.today:
            return None
        if item.kind == "rule" and (item.end - item.start).days == 1:
            return Span(item.start, item.end, "rule")
        return closed_span(item.start, item.end, item.code, first_seen, unread_since) if item.kind == "block" else None

    def _lately(self, feed: Feed) -> list[Span]:
        return [
            Span(held.start, held.end, held.channel)
            for held in self.of_room[feed.room.number]
            if held.cancelled_at is not None
            and held.channel != feed.channel
            and self.now - held.cancelled_at < POLICY.echo_grace
        ]

    def _apply(self, feed: Feed, result: Reconciliation) -> None:
        known = self.known[feed]
        by_key: dict[str, list[Decision]] = {}
        for decision in result.decisions:
            by_key.setdefault(decision.key or "", []).append(decision)
        before, known.items = known.items, {}
        for item in result.items:
            if item.key.startswith("r") and item.key not in before and item.key not in by_key:
                continue  # known from elsewhere, and this calendar said nothing of it
            held = known.held.get(item.key)
            if item.key.startswith("r") and held is None:
                held = known.held[item.key] = next(
                    h for h in self.of_room[feed.room.number] if h.id == int(item.key[1:])
                )
            was = before.get(item.key)
            if was is not None and was.kind == "stay" and item.kind == "echo" and held is not None:
                self._end(held)
                del known.held[item.key]
            for decision in by_key.get(item.key, []):
                if item.kind == "stay":
                    self._stay(feed, known, item, decision)
            if item.state == "ended" or (item.state == "cancelled" and item.end <= self.today):
                known.held.pop(item.key, None)
                continue
            known.first_seen.setdefault(item.key, self.now)
            known.items[item.key] = replace(item, state="present") if item.state in ("expected", "closed") else item

    def _stay(self, feed: Feed, known: Known, item: KnownItem, decision: Decision) -> None:
        held = known.held.get(item.key)
        if decision.kind == "created":
            held = Held(next(self.numbers), feed.room.number, feed.channel, item.start, item.end, reference=item.reference, name=item.guest_name, first_seen=self.now)  # fmt: skip
            known.held[item.key] = held
            self.of_room[feed.room.number].append(held)
            self.audit.made(held, is_provisional=item.code == "provisional")
        elif held is None:
            return
        elif decision.kind == "changed":
            held.reference = held.reference or item.reference
            if decision.was is not None and held.is_living and held.sources.get("dates") not in ("export", "email"):
                held.start, held.end = item.start, item.end
        elif decision.kind == "cancelled" and held.is_living:
            self._end(held)
        elif decision.kind == "restored" and held.status == "CANCELLED":
            self._restore(held)

    def _end(self, held: Held) -> None:
        held.set_status("CANCELLED")
        held.cancelled_at = self.now
        self.audit.ended(held)

    def _restore(self, held: Held) -> None:
        held.set_status("CONFIRMED")
        held.cancelled_at = None
        self.audit.restored(held)

    # Mails

    def mail(self, mail: Mail) -> None:
        for held in self._all():
            if held.channel != mail.stay.channel or held.reference != mail.stay.code or mail.kind != "cancelled":
                continue
            if held.is_living and mail.trust == "authentic":
                self._end(held)
                held.sources["status"] = "email"
                self._look_again(held.room, held.channel)

    # Files

    def file(self, channel: str, lines: list[Line], made_at: int) -> None:
        rows = [export_row(number, line) for number, line in enumerate(lines, 2)]
        held = {h.id: h for h in self._all() if h.channel == channel}
        places = {listing(room.number): Place(room.number, room.number) for room in self.life.rooms}
        situation = Situation(
            today=self.today, currency="EUR", kind=f"{channel}_reservations", is_old=made_at < self.life.tick,  # type: ignore[arg-type]
            stays=[_view(h) for h in held.values()], places=places, types_of_rooms={r.number: r.number for r in self.life.rooms},
        )  # fmt: skip
        order = {"cancelled": 0, "no_show": 1, "updated": 2, "restored": 3, "created": 4}
        entries = [entry for entry in plan(rows, situation) if entry.is_change]
        for entry in sorted(entries, key=lambda e: (order[e.action], e.line)):
            self._carry_out(entry, held, channel)

    def _carry_out(self, entry: Entry, held: dict[int, Held], channel: str) -> None:
        values = dict(entry.values)
        if entry.stay is None:
            assert entry.place is not None
            assert entry.dates is not None
            new = Held(
                next(self.numbers),
                entry.place.room_id,
                channel,
                *entry.dates,
                reference=entry.reference,
                first_seen=self.now,
            )
            self.of_room[entry.place.room_id].append(new)  # type: ignore[index]
            self.audit.made(new)
        else:
            new = held[entry.stay.id]
            if entry.status == "cancel":
                self._end(new)
            elif entry.status == "restore":
                self._restore(new)
            if entry.dates:
                new.start, new.end = entry.dates
            if entry.status:
                new.sources["status"] = "export"
        new.reference = values.pop("channel_reference", new.reference)
        new.name = values.get("guest_name", new.name)
        new.sources |= dict.fromkeys(values, "export")
        if entry.total is not None:
            new.total, new.sources["total"] = entry.total, "export"
        self._look_again(new.room, channel)  # type: ignore[arg-type]


def _in_the_light_of(item: KnownItem, held: Held | None) -> KnownItem:
    """As `picture._state`: what people, mails and files have done with the stay of an item."""
    if held is None:
        return item
    if item.state in OPEN and not held.is_living:
        return replace(item, state="closed")
    if item.state == "cancelled" and held.is_living:
        return replace(item, state="expected")
    return item


def _view(held: Held) -> StayView:
    values = dict.fromkeys(("guest_phone", "guest_country", "booker_name", "special_requests"))
    return StayView(
        held.id, held.status, held.reference, held.start, held.end, held.room, held.room or 0,
        {**values, "guest_name": held.name, "adults": 2, "children": 0, "channel_reference": held.reference}, held.total, "EUR",
        held.sources, 1,
    )  # fmt: skip

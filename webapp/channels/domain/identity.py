"""Which known item an event is: by reference, then by a UID the provider keeps, then by dates and overlap.

Matching is deterministic and does not depend on the order of the events.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from webapp.channels.domain.types import UNSURE, KnownItem, Span, Verdict
from webapp.core.calendars import FeedEvent

ONE_DAY = timedelta(days=1)
MOST_PAIRS = (
    4_000_000  # beyond this a feed has nothing in common with what was known, and overlap is not worth the time
)


@dataclass(frozen=True)
class Seen:
    """An event with its verdict."""

    event: FeedEvent
    verdict: Verdict

    @property
    def order(self) -> tuple:
        event = self.event
        return (event.start, event.end, self.verdict.kind, self.verdict.reference or "", event.uid, event.summary)

    @property
    def identity(self) -> tuple:
        """Equal for what a feed tells twice."""
        event, verdict = self.event, self.verdict
        uid = event.uid if verdict.has_stable_uid else ""
        return (uid, event.start, event.end, verdict.reference, event.summary)


@dataclass
class Matching:
    """`pairs`: item key → event. `swallowed`: items that lie hidden in a larger closed range, and are there all the same.
    `rest`: events that are no known item, in order."""

    pairs: dict[str, Seen] = field(default_factory=dict)
    swallowed: set[str] = field(default_factory=set)
    rest: list[Seen] = field(default_factory=list)


def match(
    items: Iterable[KnownItem],
    seen: Iterable[Seen],
    today: date,
    is_recent: Callable[[KnownItem], bool],
    elsewhere: tuple[Span, ...] = (),
) -> Matching:
    """Pair every event with at most one item.

    `is_recent` says of a cancelled item whether the same dates would still be the same stay.
    """
    matcher = _Matcher(sorted(items, key=item_order), sorted(seen, key=lambda s: s.order), today, is_recent, elsewhere)
    matcher.by_reference()
    matcher.by_uid()
    matcher.by_exact_dates()
    matcher.by_swallowing()
    matcher.by_rule()
    matcher.by_overlap()
    matcher.by_long_ranges()
    result = matcher.result
    result.rest = sorted(matcher.events, key=lambda s: s.order)
    return result


def item_order(item: KnownItem) -> tuple:
    return (item.start, item.end, item.kind, item.key)


def is_rolled(item: KnownItem, start: date, end: date, today: date) -> bool:
    """Whether start..end is the running item as Booking.com rewrites it each midnight: it begins today, and ends as before
    (a closure may end a day later each day)."""
    if not item.start < start <= today < item.end:
        return False
    return end == item.end or (item.kind != "stay" and end == item.end + ONE_DAY)


class _Matcher:
    """Works through the layers; what a layer pairs is gone for the next."""

    def __init__(
        self,
        items: list[KnownItem],
        events: list[Seen],
        today: date,
        is_recent: Callable[[KnownItem], bool],
        elsewhere: tuple[Span, ...],
    ) -> None:
        self.items = {item.key: item for item in items}
        self.events = dict.fromkeys(events)  # an ordered set
        self.today = today
        self.is_recent = is_recent
        self.elsewhere = elsewhere
        self.ranges = [seen for seen in events if _is_range(seen)]
        self.hidden: dict[str, KnownItem] = {}
        self.result = Matching()

    def pair(self, item: KnownItem, seen: Seen) -> None:
        self.result.pairs[item.key] = seen
        del self.items[item.key]
        del self.events[seen]

    def by_reference(self) -> None:
        known = self._index(lambda item: item.reference)
        for seen in list(self.events):
            if seen.verdict.reference:
                self._pair_best(seen, known[seen.verdict.reference])

    def by_uid(self) -> None:
        # A UID that several events share says nothing: hand-made calendars repeat one for all.
        counts = Counter(s.event.uid for s in self.events if s.verdict.has_stable_uid)
        known = self._index(lambda item: item.uid if item.has_stable_uid else None)
        for seen in list(self.events):
            uid = seen.event.uid
            if uid and seen.verdict.has_stable_uid and counts[uid] == 1:
                same = [item for item in known[uid] if not _references_differ(item, seen)]
                self._pair_best(seen, [item for item in same if not self._is_bygone(item, seen)])

    def _is_bygone(self, item: KnownItem, seen: Seen) -> bool:
        """What is over is no new date of what lies ahead: a hand-made calendar uses one UID for several entries."""
        return seen.event.end <= min(self.today, item.start)

    def _index(self, key: Callable[[KnownItem], object]) -> defaultdict[object, list[KnownItem]]:
        found: defaultdict[object, list[KnownItem]] = defaultdict(list)
        for item in self.items.values():
            found[key(item)].append(item)
        return found

    def _pair_best(self, seen: Seen, candidates: list[KnownItem]) -> None:
        candidates = [item for item in candidates if item.key in self.items]
        if candidates:
            self.pair(min(candidates, key=lambda item: (_is_dead(item), _distance(item, seen))), seen)

    def by_exact_dates(self) -> None:
        """Same dates, or the same running stay begun today."""
        known = self._index(lambda item: (item.start, item.end))
        running = [item for item in self.items.values() if item.start < self.today < item.end]
        for seen in list(self.events):
            event = seen.event
            candidates = [item for item in known[event.start, event.end] if self._may_be(item, seen)]
            if not candidates and not seen.verdict.has_stable_uid:
                rolled = [item for item in running if is_rolled(item, event.start, event.end, self.today)]
                candidates = [item for item in rolled if self._may_be(item, seen)]
            candidates = [item for item in candidates if item.key in self.items]
            if candidates:
                best = min(candidates, key=lambda i: (i.kind != _kind(seen), _is_dead(i), _distance(i, seen)))
                self.pair(best, seen)

    def _may_be(self, item: KnownItem, seen: Seen) -> bool:
        is_never_seen = item.state == "closed" and item.cancelled_at is not None
        if (item.state == "cancelled" or is_never_seen) and not self.is_recent(item):
            return False  # the same dates, sold again
        if (
            item.state == "cancelled"
            and item.kind == "stay"
            and (_kind(seen) != "stay" or self._is_sold_elsewhere(seen))
        ):
            return False  # the nights are taken by somebody else: the guest is not back
        if _references_differ(item, seen):
            return False
        if item.has_stable_uid and seen.verdict.has_stable_uid and item.uid and item.uid != seen.event.uid:
            if item.kind == "stay" and _kind(seen) != "stay":
                return False  # closed nights, where the channel tells stays from closures: the guest is not back
            # Two reservations under two lasting UIDs are two, but a maker of calendars without lasting UIDs renews
            # them at each fetch: then only the guest's name tells.
            is_same_guest = item.guest_name == seen.verdict.guest_name
            return _kind(seen) != "stay" or (seen.verdict.code == "entry" and is_same_guest)
        return True

    def _is_sold_elsewhere(self, seen: Seen) -> bool:
        """Whether a nameless range overlaps another source's stay, and may be what the channel last knew of its nights."""
        verdict, event = seen.verdict, seen.event
        if verdict.has_stable_uid or verdict.reference or verdict.guest_name:
            return False
        stays = (span for span in self.elsewhere if span.source not in ("rule", "block", UNSURE))
        return any(span.start < event.end and event.start < span.end for span in stays)

    def by_rule(self) -> None:
        """A rolling rule is one item, however its dates move."""
        for seen in list(self.events):
            if seen.verdict.kind == "rule":
                rules = [item for item in self.items.values() if item.kind == "rule"]
                self._pair_best(seen, [item for item in rules if item.code == seen.verdict.code])

    def by_swallowing(self) -> None:
        """A larger range over several known items, or around one: they are still there, behind it.

        What a new range leaves over becomes a block: its nights are closed, and no guest is invented.
        """
        fresh = [s for s in self.events if not s.verdict.has_stable_uid and not _is_range(s)]
        if len(self.items) * len(fresh) > MOST_PAIRS:
            return
        for seen in sorted(fresh, key=lambda s: (-s.event.nights, s.order)):
            inside = self._inside(seen.event)
            if not any(item.kind == "stay" for item in inside):
                continue
            pieces = self._left_over(seen, inside)
            if len(inside) == 1 and pieces and self._shares_an_end(inside[0], seen.event):
                continue  # a stay that was extended
            for item in inside:
                self._swallow(item)
            del self.events[seen]
            self.events.update(dict.fromkeys(pieces))
        self.by_exact_dates()

    def by_long_ranges(self) -> None:
        """What lies behind a closure or a tail is still there, however long the range has been known."""
        for seen in self.ranges:
            for item in self._inside(seen.event):
                self._swallow(item)

    def _swallow(self, item: KnownItem) -> None:
        self.hidden[item.key] = item
        self.items.pop(item.key, None)
        self.result.swallowed.add(item.key)

    def _inside(self, event: FeedEvent) -> list[KnownItem]:
        """The items behind a range, those behind another range of the same snapshot included."""
        behind = (*self.items.values(), *self.hidden.values())
        return [item for item in behind if self._lies_inside(item, event)]

    def _effective_start(self, item: KnownItem) -> date:
        return max(item.start, self.today)

    def _lies_inside(self, item: KnownItem, event: FeedEvent) -> bool:
        if item.kind not in ("stay", "block") or item.state not in ("present", "missing", "suspected"):
            return False
        start = self._effective_start(item)
        return start < item.end <= event.end and event.start <= start

    def _shares_an_end(self, item: KnownItem, event: FeedEvent) -> bool:
        return self._effective_start(item) == max(event.start, self.today) or item.end == event.end

    def _left_over(self, seen: Seen, inside: list[KnownItem]) -> list[Seen]:
        pieces: list[Seen] = []
        cursor = max(seen.event.start, self.today)
        reason = "Closed together with stays we know; nothing tells of another guest."
        verdict = Verdict("block", "around_stays", reason)
        taken = [(self._effective_start(item), item.end) for item in inside]
        taken += [(s.start, s.end) for s in self.elsewhere if s.end > cursor and s.end <= seen.event.end]
        for start, end in sorted(taken):
            if start > cursor:
                pieces.append(Seen(replace(seen.event, start=cursor, end=start), verdict))
            cursor = max(cursor, end)
        if cursor < seen.event.end:
            pieces.append(Seen(replace(seen.event, start=cursor), verdict))
        return pieces

    def by_overlap(self) -> None:
        """The same start, the same end, one within the other, or half of the nights in common: a changed item."""
        if len(self.items) * len(self.events) > MOST_PAIRS:
            return
        ranked = []
        for item in self.items.values():
            for seen in self.events:
                rank = self._rank(item, seen)
                if rank is not None:
                    ranked.append((rank, item_order(item), seen.order, item, seen))
        for _, _, _, item, seen in sorted(ranked, key=lambda entry: entry[:3]):
            if item.key in self.items and seen in self.events:
                self.pair(item, seen)

    def _rank(self, item: KnownItem, seen: Seen) -> tuple[int, int] | None:
        """Smaller is likelier; None: not the same."""
        if (
            item.state in ("cancelled", "closed", "expected")
            or _kind(seen) != item.kind
            or item.kind in ("rule", "echo")
        ):
            return None
        if _references_differ(item, seen) or (item.has_stable_uid and seen.verdict.has_stable_uid):
            return None
        event = seen.event
        if item.state == "suspected" and item.start != event.start and item.end != event.end:
            return None  # a change shows itself at once; after so many readings this is another guest
        start, other = self._effective_start(item), max(event.start, self.today)
        common = (min(item.end, event.end) - max(start, other)).days
        if common <= 0:
            return None
        if start == other:
            return 0, -common
        if item.end == event.end:
            return 1, -common
        if (other <= start and item.end <= event.end) or (start <= other and event.end <= item.end):
            return 2, -common
        shorter = min((item.end - start).days, (event.end - other).days)
        return (3, -common) if common * 2 >= shorter else None


def _is_range(seen: Seen) -> bool:
    """A range that is too long to be a stay may hide stays."""
    return seen.verdict.code in ("rolling_tail", "too_long")


def _kind(seen: Seen) -> str:
    return "block" if seen.verdict.kind == "unknown" else seen.verdict.kind


def _is_dead(item: KnownItem) -> bool:
    return item.state in ("cancelled", "closed")


def _references_differ(item: KnownItem, seen: Seen) -> bool:
    return bool(item.reference and seen.verdict.reference and item.reference != seen.verdict.reference)


def _distance(item: KnownItem, seen: Seen) -> tuple:
    return (abs((item.start - seen.event.start).days) + abs((item.end - seen.event.end).days), item_order(item))

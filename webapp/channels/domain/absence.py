"""What it means that a feed no longer shows something: nothing at first, then a suspicion, and only then an end.

Never the end of a stay that is under way, never of many at once, never from one bad hour.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from webapp.channels.domain.types import Decision, DecisionKind, KnownItem, Params, Policy
from webapp.core.calendars import ParsedCalendar

_LIVE = ("present", "missing", "suspected")


@dataclass
class AbsenceOutcome:
    decisions: list[Decision] = field(default_factory=list)
    items: list[KnownItem] = field(default_factory=list)
    alarm: str | None = None
    alarm_code: str = ""
    alarm_params: Params = ()


class Absence:
    """Judges the items that a snapshot does not show."""

    def __init__(
        self,
        known: Iterable[KnownItem],
        absent: Iterable[KnownItem],
        parsed: ParsedCalendar,
        policy: Policy,
        now: datetime,
        today: date,
        seen: int,
    ) -> None:
        self.known = tuple(known)
        self.absent = tuple(absent)
        self.parsed = parsed
        self.policy = policy
        self.now = now
        self.today = today
        self.seen = seen
        self.outcome = AbsenceOutcome()

    def judge(self, is_alarmed: bool, is_loss_accepted: bool, is_held: bool = False) -> AbsenceOutcome:
        """`is_held`: a person wants what is missing kept, until all of it is back or the hold is released."""
        found = None if is_loss_accepted else self._too_many() or (self._held() if is_held else None)
        alarm, code, params = found or (None, "", ())
        self.outcome.alarm, self.outcome.alarm_code, self.outcome.alarm_params = alarm, code, params
        if alarm and not is_alarmed:
            self.outcome.decisions.append(Decision("alarm", None, "stay", code, alarm, params=params))
        for item in self.absent:
            self.outcome.items.append(self._judge_one(item, is_counted=alarm is None and self.parsed.is_complete))
        return self.outcome

    def _is_future_stay(self, item: KnownItem) -> bool:
        return item.kind == "stay" and item.state in _LIVE and item.start > self.today

    def _too_many(self) -> tuple[str, str, Params] | None:
        """The sentence of the alarm, its code and numbers, when too much is gone at once to believe it."""
        current = [i for i in self.known if i.kind in ("stay", "block") and i.state in _LIVE and i.end > self.today]
        has_more = any(i.kind in ("rule", "echo") and i.state in _LIVE and i.end > self.today for i in self.known)
        if self.seen == 0 and len(current) + has_more >= 2:
            reason = f"The calendar is empty; {len(current)} stays and blocks were known. Nothing was cancelled."
            return reason, "calendar_empty", (("known", len(current)),)
        future = sum(self._is_future_stay(item) for item in self.known)
        gone = sum(self._is_future_stay(item) for item in self.absent)
        if gone > max(self.policy.mass_minimum, self.policy.mass_share * future):
            reason = f"{gone} of {future} coming stays are missing from the calendar at once. Nothing was cancelled."
            return reason, "many_vanished", (("gone", gone), ("known", future))
        return None

    def _held(self) -> tuple[str, str, Params] | None:
        """The sentence of a hold, while something is missing."""
        gone = sum(i.kind in ("stay", "block") and i.state in _LIVE and i.end > self.today for i in self.absent)
        if not gone:
            return None
        return f"Somebody of the house holds what is missing ({gone}). Nothing is cancelled.", "held", (("gone", gone),)

    def _judge_one(self, item: KnownItem, is_counted: bool) -> KnownItem:
        if item.state == "cancelled":
            return item
        if item.end <= self.today:
            return replace(item, state="ended")
        if item.state == "expected" or (item.state == "closed" and item.cancelled_at is not None):
            return item  # this feed has never shown it
        if not is_counted or self._is_protected(item):
            return item
        if item.kind == "stay" and (item.start < self.today or item.is_in_house):
            return item  # under way: absence says nothing
        return self._count(item)

    def _is_protected(self, item: KnownItem) -> bool:
        """An event that could not be read may be this one."""
        bare = item.uid.partition("#")[0]
        return any(p.is_lost and ((p.uid and p.uid == bare) or p.start == item.start) for p in self.parsed.problems)

    def _count(self, item: KnownItem) -> KnownItem:
        if item.last_missed_at is not None and self.now - item.last_missed_at < self.policy.miss_gap:
            return item
        first = item.first_missed_at or self.now
        missed = replace(item, misses=item.misses + 1, first_missed_at=first, last_missed_at=self.now)
        if item.state == "closed" or item.kind in (
            "rule",
            "echo",
        ):  # nothing of ours hangs on it: it ends without a word
            return replace(missed, state="ended") if self._is_enough(missed) else missed
        if missed.state == "present":
            missed = replace(missed, state="missing")
            self._decide("missing", missed, "not_shown", "The feed does not show it any more. It is kept for now.")
        if missed.state == "missing" and missed.misses >= self.policy.misses:
            missed = replace(missed, state="suspected")
            reason = f"It was missing from {missed.misses} complete fetches in a row."
            self._decide("suspected", missed, "repeatedly_missing", reason, (("misses", missed.misses),))
        if missed.state == "suspected" and self._is_enough(missed) and self._may_end(missed):
            missed = replace(missed, state="cancelled", cancelled_at=self.now)
            hours = (self.now - first).total_seconds() / 3600
            reason = f"It was missing from {missed.misses} complete fetches in a row over {hours:.1f} hours."
            self._decide(
                "cancelled", missed, "vanished", reason, (("misses", missed.misses), ("hours", round(hours, 1)))
            )
        return missed

    def _is_enough(self, item: KnownItem) -> bool:
        waited = self.now - (item.first_missed_at or self.now)
        return item.misses >= self.policy.misses and waited >= timedelta(hours=self.policy.hours)

    def _may_end(self, item: KnownItem) -> bool:
        """A stay that should arrive today is for a person to judge."""
        return item.kind != "stay" or item.start > self.today

    def _decide(self, kind: DecisionKind, item: KnownItem, code: str, reason: str, params: Params = ()) -> None:
        self.outcome.decisions.append(
            Decision(
                kind, item.key, item.kind, code, reason, item.start, item.end, None, item.uid, item.reference, params
            )
        )

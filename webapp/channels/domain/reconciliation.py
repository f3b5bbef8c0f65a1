"""What follows from a snapshot: a pure function from what was known to what is known now, with every decision explained."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from webapp.channels.domain.absence import Absence
from webapp.channels.domain.classification import classify, is_echo, provider_of
from webapp.channels.domain.identity import Seen, is_rolled, match
from webapp.channels.domain.plausibility import refuse_crowd
from webapp.channels.domain.types import (
    PROVISIONAL,
    PROVISIONAL_EMPTY,
    UNSURE,
    Decision,
    DecisionKind,
    ItemKind,
    KnownItem,
    Params,
    Policy,
    Provider,
    Reconciliation,
    Span,
    Verdict,
)
from webapp.core.calendars import FeedEvent, ParsedCalendar


def reconcile(
    known: Iterable[KnownItem],
    parsed: ParsedCalendar,
    policy: Policy,
    now: datetime,
    today: date,
    *,
    provider: Provider = "ical",
    elsewhere: Iterable[Span] = (),
    lately: Iterable[Span] = (),
    is_blind: bool = False,
    is_doubtful: bool = False,
    is_settling: bool = False,
    is_alarmed: bool = False,
    is_loss_accepted: bool = False,
    is_held: bool = False,
) -> Reconciliation:
    """Decide what the snapshot `parsed` of one feed means.

    `known`: the items of this feed that are not over, the lately cancelled ones included. `elsewhere`: nights of the room
    taken by other sources; `lately`: nights that were, until a stay of another source ended just now. `is_blind`: another calendar of the room cannot be read now, so a nameless closed range may be its
    echo; `is_doubtful`: its last answer was empty, which may be a fault. `is_settling`: the room's calendars have just been connected, so what was taken for a stay may prove to be an echo.
    `is_alarmed`: an alarm about this feed is already open. `is_loss_accepted`: a person has said
    that what vanished is really gone; `is_held`: that it must be kept. Run again with the resulting items and the same instant, it decides nothing.

    Raises Crowded when the snapshot shows more than a room's calendar can.
    """
    run = _Run(
        tuple(known),
        parsed,
        policy,
        now,
        today,
        provider,
        tuple(elsewhere),
        tuple(lately),
        is_blind,
        is_settling,
        is_doubtful,
    )
    return run.result(is_alarmed, is_loss_accepted, is_held)


class _Run:
    """One reconciliation: collects decisions and the items as they will be."""

    def __init__(
        self,
        known: tuple[KnownItem, ...],
        parsed: ParsedCalendar,
        policy: Policy,
        now: datetime,
        today: date,
        provider: Provider,
        elsewhere: tuple[Span, ...],
        lately: tuple[Span, ...],
        is_blind: bool,
        is_settling: bool,
        is_doubtful: bool,
    ) -> None:
        self.known = known
        self.parsed = parsed
        self.policy = policy
        self.now = now
        self.today = today
        self.provider = provider
        self.elsewhere = elsewhere
        self.lately = lately
        self.is_blind = is_blind
        self.is_settling = is_settling
        self.is_doubtful = is_doubtful
        self.decisions: list[Decision] = []
        self.items: list[KnownItem] = []
        self.keys = {item.key for item in known}
        closed = (i for i in known if i.kind == "block" and i.uid and i.state not in ("cancelled", "ended"))
        self.closed = {(item.uid, item.end): item.start for item in closed}

    def result(self, is_alarmed: bool, is_loss_accepted: bool, is_held: bool) -> Reconciliation:
        seen = self._seen()
        if not is_loss_accepted:  # what a person looks at has been taken already
            refuse_crowd(seen, self.today)
        living = [item for item in self.known if item.state != "ended"]
        matching = match(living, seen, self.today, self._is_recent, self.elsewhere)
        absent = []
        for item in sorted(living, key=lambda i: (i.start, i.end, i.key)):
            if item.key in matching.pairs:
                self._present(item, matching.pairs[item.key])
            elif item.key in matching.swallowed:
                self._keep(item, "swallowed", "The nights are part of a larger closed range.")
            else:
                absent.append(item)
        absence = Absence(self.known, absent, self.parsed, self.policy, self.now, self.today, len(seen))
        outcome = absence.judge(is_alarmed, is_loss_accepted, is_held)
        self.decisions += outcome.decisions
        self.items += outcome.items
        for event in matching.rest:
            self._new(event)
        alarm = (outcome.alarm, outcome.alarm_code, outcome.alarm_params)
        return Reconciliation(tuple(self.decisions), tuple(self.items), *alarm)

    def _seen(self) -> list[Seen]:
        """The events that count, once each."""
        judged: dict[tuple, Seen] = {}
        first = {event: self._classify(event, ()) for event in self.parsed.events}
        stays = [event for event, verdict in first.items() if verdict.kind == "stay"]
        for event, verdict in first.items():
            if verdict.kind == "ignored":
                continue
            if verdict.kind == "block" and event.nights == 1:
                verdict = self._classify(event, stays)
            seen = Seen(event, verdict)
            judged.setdefault(seen.identity, seen)
        return list(judged.values())

    def _classify(self, event: FeedEvent, stays: Iterable[FeedEvent]):
        provider = provider_of(event, self.provider)
        closed_from = self.closed.get((event.uid, event.end))
        was_closed = closed_from is not None and closed_from <= event.start
        return classify(event, provider, self.today, self.elsewhere, self.policy, stays, was_closed=was_closed)

    def _is_recent(self, item: KnownItem) -> bool:
        if item.has_stable_uid:
            return True
        return item.cancelled_at is not None and self.now - item.cancelled_at <= self.policy.restore_within

    def decide(
        self,
        kind: DecisionKind,
        item: KnownItem,
        code: str,
        reason: str,
        was: tuple[date, date] | None = None,
        params: Params = (),
    ) -> None:
        self.decisions.append(
            Decision(
                kind, item.key, item.kind, code, reason, item.start, item.end, was, item.uid, item.reference, params
            )
        )

    def _keep(self, item: KnownItem, code: str, reason: str) -> KnownItem:
        """The item is there: forget that it was missing."""
        back = _unmissed(item)
        if item.state in ("missing", "suspected", "cancelled"):
            back = replace(back, state="present", cancelled_at=None)
            self.decide("restored", back, code, reason)
        self.items.append(back)
        return back

    def _present(self, item: KnownItem, seen: Seen) -> None:
        if item.is_unsure and seen.verdict.kind == "echo":
            seen = self._without_its_own_echoes(item, seen)
        if item.state == "closed":
            self.items.append(_unmissed(item))
        elif item.state == "expected":
            self._link(item, seen)
        elif (
            item.kind != _item_kind(seen) and item.kind != "stay" and not self._is_closure(item, seen)
        ) or self._proves_echo(item, seen):
            self._change_kind(item, seen)
        elif item.kind in ("rule", "echo"):
            self.items.append(_unmissed(_moved(item, seen.event.start, seen.event.end)))  # a rule that moves is no news
        else:
            self._update(item, seen)

    def _without_its_own_echoes(self, item: KnownItem, seen: Seen) -> Seen:
        """What other calendars have closed only after this one did is no source of it: it may be its echo."""
        since = item.first_missed_at or self.now
        older = [span for span in self.elsewhere if span.since is None or span.since <= since]
        provider = provider_of(seen.event, self.provider)
        return Seen(seen.event, classify(seen.event, provider, self.today, older, self.policy))

    def _proves_echo(self, item: KnownItem, seen: Seen) -> bool:
        """A nameless range read before the calendar that it echoes was connected. Later, equal nights may be sold twice."""
        is_nameless = item.code in ("closed", PROVISIONAL) and not item.reference and not item.guest_name
        if item.kind != "stay" or seen.verdict.kind != "echo" or not is_nameless or item.is_in_house:
            return False
        is_provisional = item.code == PROVISIONAL and not self.is_blind
        return is_provisional or (self.is_settling and item.start > self.today)

    def _link(self, item: KnownItem, seen: Seen) -> None:
        """A stay known from a mail, an export or the desk shows itself in the feed; `was` tells other dates."""
        was = (item.start, item.end)
        start, end = self._dates(item, seen)
        linked = replace(self._with_details(item, seen), state="present", start=start, end=end)
        self.items.append(linked)
        reason = "The feed shows a stay that was known already."
        self.decide("changed", linked, "linked", reason, was if was != (start, end) else None)

    def _is_closure(self, item: KnownItem, seen: Seen) -> bool:
        """A long closure whose rest, as the days go by, has become short enough to look like a stay."""
        return item.kind == "block" and item.code == "too_long" and seen.verdict.kind == "stay"

    def _change_kind(self, item: KnownItem, seen: Seen) -> None:
        """What was a block, a rule or an echo turns out to be something else."""
        kind = _item_kind(seen)
        if item.kind == "echo":
            since = item.first_missed_at or self.now
            if self.now - since < self.policy.echo_grace:
                # Its source has just gone; the channel needs some hours to notice.
                self.items.append(replace(item, first_missed_at=since, start=seen.event.start, end=seen.event.end))
                return
        if item.is_unsure and kind == "stay" and self._waits(item, seen.event):
            self.items.append(replace(item, start=self._dates(item, seen)[0], end=seen.event.end))
            return
        verdict = seen.verdict
        event = seen.event
        changed = replace(
            self._with_details(item, seen), kind=kind, code=verdict.code, start=event.start, end=event.end,
            state="present", misses=0, first_missed_at=None, last_missed_at=None, cancelled_at=None,
        )  # fmt: skip
        self.items.append(changed)
        self.decide("created" if kind == "stay" else kind, changed, verdict.code, verdict.reason, params=verdict.params)

    def _grace(self, event: FeedEvent) -> timedelta:
        """How long a nameless closed range is only kept closed, because it may be the echo of something not read yet: of a
        calendar that fails, or of a change to the stay that it overlaps; or the late echo of a stay that has ended. A guest
        nobody else knows of who may come tomorrow is not kept waiting."""
        # What follows on a running stay may be its new end, as far as its own calendar cannot tell.
        running = timedelta(days=self.is_blind and event.start <= self.today)
        known = (*self.elsewhere, *self.lately)
        is_overlapping = any(
            span.start < event.end and event.start < span.end + running for span in known if span.source != "rule"
        )
        if self.is_blind and (is_overlapping or event.start > self.today + timedelta(days=1)):
            return self.policy.blind_grace
        if self.lately and is_echo(event, self.today, known):
            return self.policy.echo_grace
        is_far = event.start > self.today + timedelta(days=1)
        return self.policy.overlap_grace if is_overlapping or (self.is_doubtful and is_far) else timedelta()

    def _waits(self, item: KnownItem, event: FeedEvent) -> bool:
        return self.now - (item.first_missed_at or self.now) < self._grace(event)

    def _with_details(self, item: KnownItem, seen: Seen) -> KnownItem:
        """What the event adds to what we know. A UID is kept as first seen, unless the provider keeps it."""
        verdict = seen.verdict
        fresh_uid = not item.uid or (verdict.has_stable_uid and not item.has_stable_uid)
        values: dict[str, Any] = {
            "uid": seen.event.uid if fresh_uid else item.uid,
            "has_stable_uid": item.has_stable_uid or verdict.has_stable_uid,
            "reference": item.reference or verdict.reference,
            "guest_name": verdict.guest_name or item.guest_name,
            "phone_last4": verdict.phone_last4 or item.phone_last4,
        }
        return item if all(getattr(item, name) == value for name, value in values.items()) else replace(item, **values)

    def _dates(self, item: KnownItem, seen: Seen) -> tuple[date, date]:
        """The item's dates now. A running stay keeps its true check-in."""
        event = seen.event
        if is_rolled(item, event.start, event.end, self.today):
            is_same = item.kind == "stay" and not seen.verdict.has_stable_uid
            return (item.start, item.end) if is_same else (item.start, event.end)
        if not seen.verdict.has_stable_uid and item.start < event.start <= self.today:
            return item.start, event.end
        return event.start, event.end

    def _update(self, item: KnownItem, seen: Seen) -> None:
        was = (item.start, item.end)
        start, end = self._dates(item, seen)
        back = self._keep(item, "reappeared", "The feed shows it again.")
        now_known = _moved(self._with_details(back, seen), start, end)
        if item.code == PROVISIONAL and not (self.is_blind or self.is_doubtful):
            now_known = replace(now_known, code=seen.verdict.code)  # every calendar has been read, and it is no echo
        self.items[-1] = now_known
        if (start, end) != was:
            reason = f"The feed moved it from {was[0]} – {was[1]} to {start} – {end}."
            moved = (
                ("was_in", str(was[0])),
                ("was_out", str(was[1])),
                ("check_in", str(start)),
                ("check_out", str(end)),
            )
            self.decide("changed", now_known, "dates", reason, was, moved)
        elif _learned(now_known) != _learned(back):
            self.decide("changed", now_known, "details", "The feed tells more about the guest than before.")

    def _new(self, seen: Seen) -> None:
        event, verdict = seen.event, seen.verdict
        if event.end <= self.today:
            return
        is_nameless = verdict.code == "closed" and verdict.reference is None
        is_unsure = is_nameless and self._grace(event) > timedelta()
        if is_unsure:
            reason = "Sold here, or the echo of another calendar: kept closed until the other has been read."
            verdict = Verdict("block", UNSURE, reason)
            seen = Seen(event, verdict)
        elif is_nameless and (self.is_blind or self.is_doubtful):
            verdict = replace(verdict, code=PROVISIONAL)
            seen = Seen(event, verdict)
        kind = _item_kind(seen)
        item = KnownItem(
            key=self._new_key(kind, event),
            kind=kind,
            start=event.start,
            end=event.end,
            uid=event.uid,
            has_stable_uid=verdict.has_stable_uid,
            code=verdict.code,
            reference=verdict.reference,
            guest_name=verdict.guest_name,
            phone_last4=verdict.phone_last4,
            first_missed_at=self.now if is_unsure else None,
        )
        self.items.append(item)
        is_only_empty = verdict.code == PROVISIONAL and not self.is_blind
        code = PROVISIONAL_EMPTY if is_only_empty else verdict.code
        self.decide("created" if kind == "stay" else kind, item, code, verdict.reason, params=verdict.params)

    def _new_key(self, kind: ItemKind, event: FeedEvent) -> str:
        base = f"new:{kind}:{event.start}:{event.end}:{event.uid}"
        number, key = 0, base
        while key in self.keys:
            number += 1
            key = f"{base}:{number}"
        self.keys.add(key)
        return key


def _item_kind(seen: Seen) -> ItemKind:
    kind = seen.verdict.kind
    if kind in ("unknown", "ignored"):
        return "block"
    return kind  # type: ignore[return-value]


def _unmissed(item: KnownItem) -> KnownItem:
    if not item.misses and item.first_missed_at is None and item.last_missed_at is None:
        return item
    return replace(item, misses=0, first_missed_at=None, last_missed_at=None)


def _moved(item: KnownItem, start: date, end: date) -> KnownItem:
    return item if (item.start, item.end) == (start, end) else replace(item, start=start, end=end)


def _learned(item: KnownItem) -> tuple:
    return item.reference, item.guest_name, item.phone_last4

"""The values that the channel rules work on. Dates are hotel-local and half-open; instants are aware UTC."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

UNSURE = "unsure"
PROVISIONAL = "provisional"  # a nameless stay recorded although a calendar of the room could not be read
PROVISIONAL_EMPTY = "provisional_empty"  # its decision where every calendar was read, but one of them was empty
Provider = Literal["airbnb", "booking", "vrbo", "expedia", "ical"]
ItemKind = Literal["stay", "block", "rule", "echo"]
Params = tuple[tuple[str, str | int | float], ...]  # what a sentence of a code is filled with
VerdictKind = Literal["stay", "block", "rule", "echo", "unknown", "ignored"]
ItemState = Literal["expected", "present", "missing", "suspected", "cancelled", "closed", "ended"]
DecisionKind = Literal[
    "created", "changed", "missing", "suspected", "cancelled", "restored", "block", "rule", "echo", "alarm"
]


@dataclass(frozen=True)
class Policy:
    """When absence becomes a cancellation, and what is too long to be a stay. A hotel may choose its own."""

    misses: int = 3  # healthy fetches without the stay before it is suspected
    hours: float = 3.0  # and at least so long since the first of them before it is cancelled
    miss_gap: timedelta = timedelta(minutes=10)  # fetches closer together count once
    mass_minimum: int = 3  # more than this many, and more than the share below, vanish together: an alarm
    mass_share: float = 0.3
    longest_stay: int = 62  # nights; a longer closed range of a feed without names is a closure
    tail_days: int = 500  # Booking.com's tail ends 546 to 550 days from today
    window_days: int = 360  # Airbnb's booking window ends about 366 days from today
    echo_grace: timedelta = timedelta(hours=24)  # an echo outlives its source until the channel refreshes
    blind_grace: timedelta = timedelta(hours=48)  # so long a new closed range waits for the room's other calendars
    overlap_grace: timedelta = timedelta(hours=4)  # and so long one that overlaps another source's stay
    restore_within: timedelta = timedelta(hours=48)  # later, the same dates are a new guest


@dataclass(frozen=True)
class Span:
    """Nights of the same room that are taken by something that is not of this feed's channel.

    `source`: a channel, `block`, `unsure` (closed by another calendar only because it may be an echo itself) or `rule`.
    `since`: when a closure that may be an echo itself was first shown; None where it surely is none.
    """

    start: date
    end: date
    source: str = ""
    since: datetime | None = None


@dataclass(frozen=True)
class Verdict:
    """What an event is, why, and what it tells about the guest. `code` is stable; `reason` is English."""

    kind: VerdictKind
    code: str
    reason: str
    reference: str | None = None
    guest_name: str | None = None
    phone_last4: str | None = None
    has_stable_uid: bool = False
    params: Params = ()


@dataclass(frozen=True)
class KnownItem:
    """What we know of one event of one feed, over time.

    `start` is the true check-in, also after Booking.com has rewritten a running stay to begin today.
    `state`: expected (known from a mail, an export or by hand; this feed has not shown it yet), present, missing, suspected,
    cancelled (by this feed's absence), closed (ended by somebody else while the feed still shows it; with `cancelled_at` when the
    feed has never shown it), ended (over).
    `is_in_house`: the guest has checked in. For an echo, `first_missed_at` is when its source was first seen gone.
    """

    key: str
    kind: ItemKind
    start: date
    end: date
    state: ItemState = "present"
    uid: str = ""
    has_stable_uid: bool = False
    code: str = ""
    reference: str | None = None
    guest_name: str | None = None
    phone_last4: str | None = None
    misses: int = 0
    first_missed_at: datetime | None = None
    last_missed_at: datetime | None = None
    cancelled_at: datetime | None = None
    is_in_house: bool = False

    @property
    def is_unsure(self) -> bool:
        """A closed range that may be the echo of a calendar which could not be read; `first_missed_at` is since when."""
        return self.kind == "block" and self.code == UNSURE


@dataclass(frozen=True)
class Decision:
    """One thing that follows from a snapshot. `key` names the item (None for an alarm); `kind` what happens to it.

    `code` and `params` are stable, `reason` is the same as a plain English sentence. `was` holds the dates before a change.
    """

    kind: DecisionKind
    key: str | None
    item_kind: ItemKind
    code: str
    reason: str
    check_in: date | None = None
    check_out: date | None = None
    was: tuple[date, date] | None = None
    uid: str = ""
    reference: str | None = None
    params: Params = ()


@dataclass(frozen=True)
class Reconciliation:
    """The decisions of one snapshot, in order, and every item as it is now (new ones have keys that begin with `new:`).

    `alarm` is the reason while too much is missing at once, None otherwise; `alarm_code` and `alarm_params` say the same.
    """

    decisions: tuple[Decision, ...]
    items: tuple[KnownItem, ...]
    alarm: str | None = None
    alarm_code: str = ""
    alarm_params: Params = ()

    @property
    def is_pending(self) -> bool:
        """True while time alone, with an unchanged feed, can bring another decision."""
        return self.alarm is not None or any(
            item.first_missed_at is not None and item.state not in ("cancelled", "ended") for item in self.items
        )

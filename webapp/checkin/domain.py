"""The steps of an online check-in: their order, which one comes next, and what each needs to be done."""

from __future__ import annotations

import datetime as dt
from typing import Any, Protocol

PARTS = ("person", "contact", "arrival")  # of the details, one question a screen
STEPS = (*PARTS, "document", "review", "rules", "confirm")
DEFAULT_DOCUMENT_DAYS = 30


class Progress(Protocol):
    """What the rules ask of a check-in."""

    details: Any
    document_given_at: dt.datetime | None
    reviewed_at: dt.datetime | None
    rules_accepted_at: dt.datetime | None
    completed_at: dt.datetime | None


def taken_at(checkin: Progress, step: str) -> str:
    """When a step was taken, as text; empty when it was not. A form carries it along: it tells a late answer from a first one."""
    if step in PARTS:
        return str((checkin.details or {}).get(step, {}).get("at", ""))
    column = {
        "document": "document_given_at",
        "review": "reviewed_at",
        "rules": "rules_accepted_at",
        "confirm": "completed_at",
    }[step]
    instant = getattr(checkin, column)
    return instant.isoformat() if instant else ""


def is_taken(checkin: Progress, step: str) -> bool:
    return bool(taken_at(checkin, step))


def next_step(checkin: Progress) -> str | None:
    """The first step that is open; None when all are taken."""
    return next((step for step in STEPS if not is_taken(checkin, step)), None)


def may_open(checkin: Progress, step: str) -> bool:
    """A step can be opened when every one before it is taken."""
    return all(is_taken(checkin, earlier) for earlier in STEPS[: STEPS.index(step)])


def is_ready_for_key(
    *, status: str, is_completed: bool, arrival: dt.date, today: dt.date, check_in_from: dt.datetime, now: dt.datetime,
    housekeeping: str | None,
) -> bool:  # fmt: skip
    """Whether a guest who checked in online is in house without a word at the desk: on the day of arrival, from check-in time
    on, with a clean room of their own (`housekeeping` None: no room yet)."""
    is_time = arrival <= today and now >= check_in_from
    return status == "CONFIRMED" and is_completed and is_time and housekeeping in ("clean", "inspected")

"""Who acts: a person, a guest or the system. Bound by the web kit and by the job runner, read by the audit trail."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Literal

Kind = Literal["staff", "guest", "system", "channel"]


@dataclass(frozen=True)
class Actor:
    kind: Kind
    label: str  # what the history shows: a staff member's name, "guest", "feed: Booking.com, 101"
    user_id: int | None = None


SYSTEM = Actor("system", "Innkeep")
_current: ContextVar[Actor] = ContextVar("actor", default=SYSTEM)


def current() -> Actor:
    return _current.get()


def bind(actor: Actor) -> None:
    """For the rest of this request or job."""
    _current.set(actor)


@contextmanager
def acting_as(actor: Actor) -> Iterator[None]:
    reset = _current.set(actor)
    try:
        yield
    finally:
        _current.reset(reset)

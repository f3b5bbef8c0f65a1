"""Asking for what follows a change of stays (mail, door codes): at once for one, together for many.

What follows looks at each stay as it is by then, so it does not matter when, or how often, it was asked for.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar

from webapp.core import outbox

_TOGETHER = 200  # stays of one job
_Asked = dict[tuple[int, str], dict[int, None]]  # (hotel, action) → stays, each once, in order
_asked: ContextVar[_Asked | None] = ContextVar("follow_ups_asked_together", default=None)


@contextmanager
def together() -> Iterator[None]:
    """What is changed inside is followed up in jobs of many stays, asked for at the end of the block, in its transaction."""
    asked: _Asked = {}
    token = _asked.set(asked)
    try:
        yield
    finally:
        _asked.reset(token)
    for (hotel_id, action), stay_ids in asked.items():
        ask_for_many(hotel_id, list(stay_ids), action)


def is_put_off(hotel_id: int, stay_id: int, action: str) -> bool:
    """Whether the change is followed up together with others, so that nothing needs to be asked for now."""
    asked = _asked.get()
    if asked is None:
        return False
    asked.setdefault((hotel_id, action), {})[stay_id] = None
    return True


def ask_for_many(hotel_id: int, stay_ids: Sequence[int], action: str) -> None:
    """Ask for what follows a change of these stays, some of them at a time."""
    for start in range(0, len(stay_ids), _TOGETHER):
        part = list(stay_ids[start : start + _TOGETHER])
        outbox.enqueue("jobs.stays.after_changes", {"reservation_ids": part, "action": action}, hotel_id=hotel_id)

"""The only clock. Instants are aware and in UTC; tests stop it with `frozen`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from zoneinfo import ZoneInfo

_frozen_at: dt.datetime | None = None


def now() -> dt.datetime:
    """The present instant, aware, UTC."""
    return _frozen_at or dt.datetime.now(dt.UTC)


def local_date(timezone: str) -> dt.date:
    """Today's date where the clocks show `timezone` (an IANA name)."""
    return now().astimezone(ZoneInfo(timezone)).date()


@contextmanager
def frozen(instant: dt.datetime) -> Iterator[None]:
    """Stop the clock of this process at `instant` (aware). For tests and for replaying history."""
    global _frozen_at
    if instant.tzinfo is None:
        raise ValueError("frozen() needs an aware instant")
    before, _frozen_at = _frozen_at, instant.astimezone(dt.UTC)
    try:
        yield
    finally:
        _frozen_at = before

"""What is unknown of a stay that a channel sold, who could tell it, and when it is asked again."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import Literal

Step = Literal["mail", "upload", "guest", "none"]
FIELDS = ("name", "reference", "phone", "price")
# What there is to know of a stay of each channel. A plain calendar sells nothing and has no numbers.
ASKED_OF: dict[str, tuple[str, ...]] = {
    "booking": FIELDS, "airbnb": FIELDS, "vrbo": FIELDS, "expedia": FIELDS, "ical": ("name", "phone")
}  # fmt: skip
MAILS_TELL: dict[str, frozenset[str]] = {
    "booking": frozenset(("reference", "name")),  # the name comes with the daily list
    "airbnb": frozenset(("reference", "name", "price")),
}
FILES_TELL: dict[str, frozenset[str]] = {"booking": frozenset(FIELDS), "airbnb": frozenset(FIELDS)}
GUESTS_TELL = frozenset(("name", "phone"))
MAIL_TRIES = 6  # over ten hours; what no mail has told by then, a file has to
_FIRST_PAUSE: dict[str, dt.timedelta] = {"mail": dt.timedelta(minutes=10), "upload": dt.timedelta(days=1)}
_LONGEST_PAUSE: dict[str, dt.timedelta] = {"mail": dt.timedelta(hours=12), "upload": dt.timedelta(days=7)}


def next_step(unknown: Collection[str], source: str, tries: int, *, has_mailbox: bool, is_over: bool) -> Step:
    """Who is asked next: the mailbox while it may still answer, then a file, then the guest; nobody when all is known."""
    if is_over or not unknown:
        return "none"
    if has_mailbox and tries < MAIL_TRIES and MAILS_TELL.get(source, frozenset()) & set(unknown):
        return "mail"
    if FILES_TELL.get(source, frozenset()) & set(unknown):
        return "upload"
    return "guest" if GUESTS_TELL & set(unknown) else "none"


def pause_before(step: Step, tries: int) -> dt.timedelta | None:
    """How long to wait before the next try: twice as long each time. None for a step that only a person takes."""
    if step not in _FIRST_PAUSE:
        return None
    doublings = tries if step == "mail" else max(0, tries - MAIL_TRIES)
    return min(_FIRST_PAUSE[step] * 2 ** min(doublings, 12), _LONGEST_PAUSE[step])

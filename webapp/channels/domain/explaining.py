"""What is unknown of a stay that a channel sold, who could tell it, and when it is asked again."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass
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
FILE_TRIES = 2  # over three days; then the guest is asked, where there is a way
GUEST_TRIES = 3  # over a week; a guest who has not answered by then is left in peace
_FIRST_PAUSE: dict[str, dt.timedelta] = {
    "mail": dt.timedelta(minutes=10), "upload": dt.timedelta(days=1), "guest": dt.timedelta(days=1),
}  # fmt: skip
_LONGEST_PAUSE: dict[str, dt.timedelta] = {
    "mail": dt.timedelta(hours=12), "upload": dt.timedelta(days=7), "guest": dt.timedelta(days=4),
}  # fmt: skip


@dataclass(frozen=True)
class Asked:
    """What was done already: how often the house was asked for a file and the guest for an answer; `is_reachable`: whether the
    guest may be asked by itself and an address or a number is known."""

    files: int = 0
    guest: int = 0
    is_reachable: bool = False

    @property
    def may_ask_guest(self) -> bool:
        return self.is_reachable and self.guest < GUEST_TRIES


def next_step(
    unknown: Collection[str], source: str, tries: int, *, has_mailbox: bool, is_over: bool, asked: Asked = Asked()
) -> Step:
    """Who is asked next: the mailbox while it may still answer, then a file, then the guest; nobody when all is known.

    A guest who can be reached is asked after the house was asked for a file in vain; after that it is the file's turn again.
    """
    if is_over or not unknown:
        return "none"
    if has_mailbox and tries < MAIL_TRIES and MAILS_TELL.get(source, frozenset()) & set(unknown):
        return "mail"
    can_guest_tell = bool(GUESTS_TELL & set(unknown))
    if FILES_TELL.get(source, frozenset()) & set(unknown) and not (
        can_guest_tell and asked.files >= FILE_TRIES and asked.may_ask_guest
    ):
        return "upload"
    return "guest" if can_guest_tell else "none"


def pause_before(step: Step, tries: int) -> dt.timedelta | None:
    """How long to wait before the next try: twice as long each time. None for a step that only a person takes. `tries`: of all
    steps so far; for the guest, how often the guest was asked."""
    if step not in _FIRST_PAUSE or (step == "guest" and tries >= GUEST_TRIES):
        return None
    doublings = max(0, tries - MAIL_TRIES) if step == "upload" else tries
    return min(_FIRST_PAUSE[step] * 2 ** min(doublings, 12), _LONGEST_PAUSE[step])

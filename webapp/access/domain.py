"""Rules of door codes: what a PIN may be, when it is valid, and which codes a stay should have."""

from __future__ import annotations

import datetime as dt
import itertools
import secrets
from collections.abc import Callable
from dataclasses import dataclass

PIN_LENGTH = 6
MOST_TRIES = 200


@dataclass(frozen=True)
class Validity:
    """From check-in to check-out, as UTC instants on whole minutes."""

    start: dt.datetime
    end: dt.datetime


def new_pin(is_taken: Callable[[str], bool]) -> str:
    """A random PIN that no code on the same locks has.

    Six digits give a million; locks stop a guesser after a few wrong tries. PINs that people try first are left out, and
    locks refuse them anyway.
    """
    for _try in range(MOST_TRIES):
        pin = "".join(secrets.choice("0123456789") for _ in range(PIN_LENGTH))
        if not is_simple(pin) and not is_taken(pin):
            return pin
    raise RuntimeError("no free PIN was found on these locks")


def is_simple(pin: str) -> bool:
    """Few different digits, a run up or down, a repeated half, or a leading zero that people drop when they say it."""
    steps = {(int(b) - int(a)) % 10 for a, b in itertools.pairwise(pin)}
    half = len(pin) // 2
    return len(set(pin)) < 4 or len(steps) == 1 or pin[:half] == pin[half:] or pin.startswith("0")


def should_have_codes(status: str, has_room: bool, has_checked_in_online: bool) -> bool:
    """A guest gets codes once they have checked in, on the phone or at the desk."""
    return has_room and (status == "CHECKED_IN" or (status == "CONFIRMED" and has_checked_in_online))


def kind_of_lock(name: str, room_numbers: list[str]) -> tuple[str, str | None]:
    """What a lock's name suggests: ("room", "101"), ("entrance", None) or ("unused", None)."""
    spoken = {word.strip(".,:;()#").casefold() for word in name.replace("-", " ").replace("_", " ").split()}
    for number in sorted(room_numbers, key=len, reverse=True):
        if number.casefold() in spoken or number.casefold() == name.strip().casefold():
            return "room", number
    if spoken & {"front", "main", "entrance", "entry", "gate", "building", "lobby"}:
        return "entrance", None
    return "unused", None

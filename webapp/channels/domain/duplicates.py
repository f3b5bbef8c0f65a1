"""Whether two records are one stay: what speaks for it and what against it, and what follows.

Rules that join by themselves need something that only the same guest has: the same number, the same phone or e-mail, the same
full name in the same nights, or a plain calendar that repeats a sale within minutes. Room and dates alone never join two sources:
that is also what a room sold twice looks like.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, field
from typing import Literal

from webapp.core.encryption import words

Verdict = Literal["same", "likely", "double", "unrelated"]
AT_THE_SAME_TIME = dt.timedelta(minutes=15)
_SELLS = (
    "booking",
    "airbnb",
    "vrbo",
    "expedia",
    "direct",
)  # the others repeat what one of these sold, or were typed by hand
_STRONG_FOR = ("same_reference", "same_phone", "same_email", "same_name")
_STRONG_AGAINST = ("other_reference", "other_phone", "other_name", "same_channel", "booked_together")


@dataclass(frozen=True)
class Record:
    """One record of a stay. `room_ids`: where it is placed, else the rooms whose calendars show it. `phone_ends`: the last four
    digits that a calendar told."""

    id: int
    source: str
    check_in: dt.date
    check_out: dt.date
    created_at: dt.datetime
    reference: str | None = None
    name: str | None = None
    email: str | None = None
    phone: str | None = None
    phone_ends: frozenset[str] = field(default_factory=frozenset)
    room_ids: frozenset[int] = field(default_factory=frozenset)
    group_id: str | None = None


@dataclass(frozen=True)
class Comparison:
    """`fors` and `againsts`: codes, the weightiest first. `rule`: why the two may be joined without a person; "" when they may not."""

    fors: tuple[str, ...]
    againsts: tuple[str, ...]
    verdict: Verdict
    rule: str = ""


def compare(one: Record, other: Record) -> Comparison:
    """The order of the two makes no difference."""
    fors, againsts = _numbers(one, other)
    for code, is_same in _people(one, other):
        (fors if is_same else againsts).append(code)
    common = (min(one.check_out, other.check_out) - max(one.check_in, other.check_in)).days
    has_same_room = bool(one.room_ids & other.room_ids)
    has_same_dates = (one.check_in, one.check_out) == (other.check_in, other.check_out)
    if common > 0:
        fors += ["same_dates"] if has_same_dates else ["overlap"]
        againsts += [] if has_same_dates else ["other_dates"]
    if has_same_room:
        fors.append("same_room")
    elif one.room_ids and other.room_ids:
        againsts.append("other_room")
    if abs(one.created_at - other.created_at) <= AT_THE_SAME_TIME:
        fors.append("same_time")
    rule = _rule(one, other, fors, againsts, common)
    return Comparison(tuple(fors), tuple(againsts), _verdict(rule, fors, againsts, common, has_same_room), rule)


def _numbers(one: Record, other: Record) -> tuple[list[str], list[str]]:
    fors: list[str] = []
    againsts: list[str] = []
    references = [_plain(record.reference) for record in (one, other)]
    if all(references):
        is_same = references[0] == references[1]
        (fors if is_same else againsts).append("same_reference" if is_same else "other_reference")
    if one.source == other.source and one.source in _SELLS:
        againsts.append("same_channel")
    if one.group_id and one.group_id == other.group_id:
        againsts.append("booked_together")
    return fors, againsts


def _people(one: Record, other: Record) -> list[tuple[str, bool]]:
    found: list[tuple[str, bool]] = []
    phone = _same_phone(one, other)
    if phone is not None:
        found.append(("same_phone" if phone else "other_phone", phone))
    if one.email and other.email and one.email.strip().casefold() == other.email.strip().casefold():
        found.append(("same_email", True))
    names = [words(record.name or "") for record in (one, other)]
    if all(names):
        first, second = sorted(map(set, names), key=len)
        if first == second and len(first) > 1:
            found.append(("same_name", True))
        elif first <= second or _is_shortened(*names):
            found.append(("name_fits", True))
        else:
            found.append(("other_name", False))
    return found


def _is_shortened(one: list[str], other: list[str]) -> bool:
    """ "Maria R." and "Maria Rossi": the same first word, and the rest begins alike."""
    return len(one) == len(other) and one[0] == other[0] and all(
        a.startswith(b) or b.startswith(a) for a, b in zip(one, other, strict=True)
    )  # fmt: skip


def _same_phone(one: Record, other: Record) -> bool | None:
    """None where one of them tells nothing. Eight digits are compared, for the country code is often left out; else the last four."""
    whole = [re.sub(r"\D", "", record.phone or "") for record in (one, other)]
    if all(len(digits) >= 6 for digits in whole):
        return whole[0][-8:] == whole[1][-8:]
    ends = [
        record.phone_ends or (frozenset((digits[-4:],)) if len(digits) >= 6 else frozenset())
        for record, digits in zip((one, other), whole, strict=True)
    ]
    return bool(ends[0] & ends[1]) if all(ends) else None


def personal_keys(name: str | None, phone: str | None, email: str | None) -> list[tuple[str, object]]:
    """What only one person has, of the same value wherever that person is named."""
    found: list[tuple[str, object]] = []
    if len(parts := frozenset(words(name or ""))) > 1:
        found.append(("name", parts))
    if len(digits := re.sub(r"\D", "", phone or "")) >= 6:
        found.append(("phone", digits[-8:]))
    if email and email.strip():
        found.append(("email", email.strip().casefold()))
    return found


def _plain(reference: str | None) -> str:
    return re.sub(r"[\s-]", "", reference or "").upper()


def _rule(one: Record, other: Record, fors: list[str], againsts: list[str], common: int) -> str:
    if set(_STRONG_AGAINST) & set(againsts) or common <= 0:
        return ""
    if "same_reference" in fors:
        return "reference"
    shorter = min((record.check_out - record.check_in).days for record in (one, other))
    if common * 2 >= shorter and "other_room" not in againsts:
        if {"same_phone", "same_email"} & set(fors):
            return "phone" if "same_phone" in fors else "email"
        if "same_name" in fors and "same_dates" in fors:
            return "name"
    is_repeated = "ical" in (one.source, other.source) and {"same_room", "same_dates", "same_time"} <= set(fors)
    return "time" if is_repeated else ""


def _verdict(rule: str, fors: list[str], againsts: list[str], common: int, has_same_room: bool) -> Verdict:
    if rule:
        return "same"
    if "booked_together" in againsts or common <= 0:
        return "unrelated"
    strong_for, strong_against = set(_STRONG_FOR) & set(fors), set(_STRONG_AGAINST) & set(againsts)
    if strong_for and not strong_against:
        return "likely"
    if not has_same_room:
        return "unrelated"
    return "double" if strong_against or "same_dates" not in fors else "likely"

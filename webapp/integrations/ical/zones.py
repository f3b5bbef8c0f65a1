"""Time zones that a calendar defines itself (VTIMEZONE), within bounds.

The library looks for the latest change before each instant by going through all changes from the first one on, so a zone that changes
every minute since 1970 would take hours and all memory. Real zones change a few times a year by a yearly rule.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import tzinfo
from typing import Any

from icalendar import Timezone

from webapp.integrations.ical.text import Block

MOST_ZONES = 50
MOST_LINES = 500
MOST_CHARACTERS = 20_000  # of one zone: the whole history of a place, date by date, is a few thousand

_RULE = re.compile(r"RRULE[^:]*:(.*)", re.IGNORECASE)
_YEARLY = re.compile(
    r"FREQ=YEARLY(;(INTERVAL=\d{1,2}|UNTIL=\d{8}(T\d{6}Z?)?|COUNT=\d{1,3}|WKST=[A-Z]{2}|BYMONTH=\d{1,2}|BYDAY=[+-]?\d?[A-Z]{2}"
    r"|BYMONTHDAY=-?\d{1,2}(,-?\d{1,2}){0,6}))*",
    re.IGNORECASE,
)


def time_zones(found: Iterable[Block]) -> dict[str, tzinfo]:
    """The zones among the blocks of a feed, by TZID. One that cannot be built, or is like none on earth, is left out."""
    zones: dict[str, tzinfo] = {}
    for block in [b for b in found if b.name == "VTIMEZONE"][:MOST_ZONES]:
        if not _is_plausible(block):
            continue
        try:
            text = "\r\n".join(["BEGIN:VTIMEZONE", *block.lines, "END:VTIMEZONE", ""])
            component: Any = Timezone.from_ical(text)
            zones[str(component["TZID"])] = component.to_tz()
        except Exception:  # noqa: S112  # whatever a stranger's time zone breaks, the feed goes on without it
            continue
    return zones


def _is_plausible(block: Block) -> bool:
    if len(block.lines) > MOST_LINES or sum(len(line) for line in block.lines) > MOST_CHARACTERS:
        return False
    rules = [found[1] for line in block.lines if (found := _RULE.match(line.strip()))]
    return all(_YEARLY.fullmatch(_freq_first(rule)) for rule in rules)


def _freq_first(rule: str) -> str:
    """The parts of a rule stand in any order."""
    parts = rule.strip().strip(";").split(";")
    return ";".join(sorted(parts, key=lambda part: not part.upper().startswith("FREQ=")))

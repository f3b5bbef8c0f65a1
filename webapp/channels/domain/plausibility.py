"""Whether what a calendar shows can be true of one room at all. What cannot is refused as a whole: it must not flood the house.

The bounds lie far above what real calendars show, because a stay that a channel sold must be recorded. Measured: the longest
calendar of one room had 388 entries, most of them past; six listings that a host had joined in one file had 176 with 6 stays on one night, which
over three channels would be some 530 and 18. A room whose every night is sold, or closed, by itself has 550 up to a channel's last day on sale, and 760 in the
window into which recurring entries are unfolded.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import date

from webapp.channels.domain.identity import Seen

MOST_STAYS = 1_000  # coming stays of one reading
MOST_ON_ONE_NIGHT = 30  # stays that one reading shows on the same night
MOST_ENTRIES = 3_000  # coming stays and closed ranges of one reading


class Crowded(ValueError):
    """A calendar that shows more than a room's can. `entries`: coming stays and closed ranges; `deepest`: the most stays on one night."""

    def __init__(self, entries: int, deepest: int) -> None:
        super().__init__(f"{entries} entries, {deepest} stays on one night")
        self.entries = entries
        self.deepest = deepest


def refuse_crowd(seen: Iterable[Seen], today: date) -> None:
    """Raises Crowded when the distinct entries `seen` show more ahead than the bounds. Rules and echoes take no nights and do not count."""
    ahead = [one for one in seen if one.event.end > today and one.verdict.kind not in ("rule", "echo", "ignored")]
    stays = [one for one in ahead if one.verdict.kind == "stay"]
    deepest = _deepest(stays, today)
    if len(stays) > MOST_STAYS or len(ahead) > MOST_ENTRIES or deepest > MOST_ON_ONE_NIGHT:
        raise Crowded(len(ahead), deepest)


def _deepest(stays: Iterable[Seen], today: date) -> int:
    """The most stays on one night, from today on; a night is given back before it is taken again."""
    steps: Counter[date] = Counter()
    for one in stays:
        steps[max(one.event.start, today)] += 1
        steps[one.event.end] -= 1
    deepest = there = 0
    for day in sorted(steps):
        there += steps[day]
        deepest = max(deepest, there)
    return deepest

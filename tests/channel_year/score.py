"""What came of a year, counted; and the table of many."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

WRONG = ("wrong cancellation", "phantom", "lost", "split", "wrong dates", "not enriched", "unrecognised")


@dataclass
class Score:
    """`delays`: for each cancellation that was recognised, the hours of readable calendars (and by the clock) it took."""

    counts: Counter[str] = field(default_factory=Counter)
    delays: list[tuple[int, int]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def fail(self, kind: str, note: str) -> None:
        self.counts[kind] += 1
        self.notes.append(f"{kind}: {note}")

    def merge(self, other: Score) -> None:
        self.counts.update(other.counts)
        self.delays += other.delays
        self.notes += other.notes

    @property
    def wrong(self) -> dict[str, int]:
        return {name: self.counts[name] for name in WRONG if self.counts[name]}

    def within(self, hours: int, *, by_clock: bool = False) -> float:
        """The share of all true cancellations that was recognised within so many hours."""
        total = len(self.delays) + self.counts["unrecognised"]
        return sum(delay[by_clock] <= hours for delay in self.delays) / total if total else 1.0

    @property
    def enriched(self) -> float:
        return 1 - self.counts["not enriched"] / max(1, self.counts["exported stays"])


def table(scores: Iterable[Score], title: str) -> str:
    """The score of all seeds together, a line for each figure."""
    total = Score()
    number = 0
    for score in scores:
        number += 1
        total.merge(score)
    c = total.counts
    lines = [
        f"{title}: {number} seeds",
        f"  bookings {c['bookings']:,}, changes {c['changes']:,}, cancellations {c['cancellations']:,}, closures {c['closures']:,}, "
        f"mails {c['mails']:,}, files {c['files']:,}, readings {c['readings']:,}, faults {c['faults']:,}",
        *(f"  {name:<24} {c[name]:>8,}   goal 0" for name in WRONG if name != "not enriched"),
        f"  cancellations recognised within 6 h of readable calendars  {total.within(6):8.3%}   goal 99.5%",
        f"  … and within 6 h by the clock, outages included            {total.within(6, by_clock=True):8.3%}",
        f"  left to a person (cancelled as the guest was due)         {c['left to a person']:8,}",
        f"  echoes recorded in doubt, withdrawn in time               {c['withdrawn']:8,}",
        f"  owner's closures that nothing tells from a stay           {c['undecidable']:8,}",
        f"  exported stays enriched after the export                  {total.enriched:8.3%}   goal 100%   ({c['exported stays']:,})",
    ]  # fmt: skip
    return "\n".join(lines)

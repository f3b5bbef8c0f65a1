"""Finds the least number of stays to move so that one more fits, in memory and exactly.

A stay that is placed in a room puts out whoever sleeps there on its nights; each of those must be placed in turn. Every solution of
fewest moves is such a chain: a stay that nobody puts out need not move. So the search places the waiting stays one after the other,
allowing 0, 1, 2, … moves in all; the first number for which it ends with nobody waiting is the least there is.

What keeps it quick, without losing a solution:
- rooms free on given nights are found by one AND over bit masks of nights;
- a waiting stay whose every place would put out more stays than may still move ends the branch;
- a waiting stay that has more free rooms than there are other placements left is served last and cannot fail: it leaves the search;
- the waiting stay with the fewest places goes first, and places that put out nobody, in the tightest gap, are tried first.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

MOST_MOVES = 8  # nobody at a desk moves more guests than this for one
MOST_STEPS = 8_000  # then the search says that it did not end


@dataclass(frozen=True)
class Slot:
    """A stay: nights `first` up to, not including, `end`, counted from the window's beginning; rooms it may sleep in."""

    key: int
    first: int
    end: int
    rooms: tuple[int, ...]  # indexes, the preferred ones first
    room: int | None = None  # where it sleeps now
    is_fixed: bool = False  # in house, pinned, blocked, …: it does not move
    preferred: int = 10**9  # so many of `rooms` are preferred


@dataclass(frozen=True)
class Solution:
    """Where the new stay goes, and who moves where. `is_proven`: no smaller number of moves would do."""

    room: int | None
    moves: tuple[tuple[int, int], ...] = ()  # (key of the stay, index of the new room)
    is_proven: bool = True

    @property
    def is_found(self) -> bool:
        return self.room is not None


class _TooLong(Exception):
    """The search has taken more steps than it may."""


@dataclass
class _Search:
    rooms: int
    nights: int
    slots: Sequence[Slot]
    guest: Slot
    steps: int = 0
    grid: list[list[int]] = field(default_factory=list)  # [room][night]: index of the slot there, or -1
    taken: list[int] = field(default_factory=list)  # [room]: bit mask of nights that are not free
    placed: dict[int, int] = field(default_factory=dict)  # index of a moved slot: its new room; -1: the guest

    def __post_init__(self) -> None:
        self.grid = [[-1] * self.nights for _room in range(self.rooms)]
        self.taken = [0] * self.rooms
        for index, slot in enumerate(self.slots):
            if slot.room is not None:
                self._write(index, slot, slot.room)

    def _slot(self, index: int) -> Slot:
        return self.guest if index == _GUEST else self.slots[index]

    def _write(self, index: int, slot: Slot, room: int) -> None:
        self.grid[room][slot.first : slot.end] = [index] * (slot.end - slot.first)
        self.taken[room] |= _mask(slot)

    def _wipe(self, slot: Slot, room: int) -> None:
        self.grid[room][slot.first : slot.end] = [-1] * (slot.end - slot.first)
        self.taken[room] &= ~_mask(slot)

    def run(self, budget: int) -> bool:
        """Whether the guest fits with at most `budget` moves; then `placed` tells how."""
        return self._place([_GUEST], budget)

    def _place(self, waiting: list[int], budget: int) -> bool:
        self.steps += 1
        if self.steps > MOST_STEPS:
            raise _TooLong
        waiting, certain = self._without_certain(waiting, budget)
        if not waiting:
            return self._settle(certain)
        best, options = self._hardest(waiting, budget)
        if not options:
            return False
        rest = [index for index in waiting if index != best]
        return any(self._try(best, room, put_out, [*rest, *certain], budget) for put_out, _gap, room in options)

    def _try(self, index: int, room: int, put_out: tuple[int, ...], rest: list[int], budget: int) -> bool:
        slot = self._slot(index)
        for other in put_out:
            self._wipe(self.slots[other], room)
        self._write(index, slot, room)
        self.placed[index] = room
        if self._place([*rest, *put_out], budget - len(put_out)):
            return True
        del self.placed[index]
        self._wipe(slot, room)
        for other in put_out:
            self._write(other, self.slots[other], room)
        return False

    def _without_certain(self, waiting: list[int], budget: int) -> tuple[list[int], list[int]]:
        """(those that must be searched, those that find a room whatever the others do)."""
        certain: list[int] = []
        others = len(waiting) - 1 + budget  # placements besides its own, each in one room
        open_ones: list[int] = []
        for index in waiting:
            slot = self._slot(index)
            mask, free = _mask(slot), 0
            for room in self._choices(index):
                free += not self.taken[room] & mask
                if free > others:
                    break
            (certain if free > others else open_ones).append(index)
        return open_ones, certain

    def _settle(self, certain: list[int]) -> bool:
        """Place those that cannot fail, each in its tightest gap."""
        for index in certain:
            slot = self._slot(index)
            mask = _mask(slot)
            free = [room for room in self._choices(index) if not self.taken[room] & mask]
            room = min(free, key=lambda room: (self._is_second_best(slot, room), self._gap(slot, room)))
            self._write(index, slot, room)
            self.placed[index] = room
        return True

    def _choices(self, index: int) -> Iterator[int]:
        """Rooms for a waiting stay. Its old room is none: somebody else sleeps there now, or it would not wait."""
        slot = self._slot(index)
        return (room for room in slot.rooms if room != slot.room)

    @staticmethod
    def _is_second_best(slot: Slot, room: int) -> bool:
        return room not in slot.rooms[: slot.preferred]

    def _hardest(self, waiting: list[int], budget: int) -> tuple[int, list[tuple[tuple[int, ...], int, int]]]:
        """The waiting stay with the fewest places, and these: (who is put out, gap, room), the mildest first."""
        best, fewest = waiting[0], None
        for index in waiting:
            options = self._options(index, budget)
            if fewest is None or len(options) < len(fewest):
                best, fewest = index, options
                if not options:
                    break
        found = fewest or []
        slot = self._slot(best)
        found.sort(key=lambda option: (len(option[0]), self._is_second_best(slot, option[2]), option[1]))
        return best, found

    def _options(self, index: int, budget: int) -> list[tuple[tuple[int, ...], int, int]]:
        slot = self._slot(index)
        mask = _mask(slot)
        found: list[tuple[tuple[int, ...], int, int]] = []
        for room in self._choices(index):
            if not self.taken[room] & mask:
                found.append(((), self._gap(slot, room), room))
            elif budget and (put_out := self._put_out(slot, room, budget)) is not None:
                found.append((put_out, self._gap_of_evicted(put_out, slot), room))
        return found

    def _put_out(self, slot: Slot, room: int, budget: int) -> tuple[int, ...] | None:
        """Who would have to leave; None when somebody cannot, or they are more than may still move."""
        row, night = self.grid[room], slot.first
        found: list[int] = []
        while night < slot.end:
            index = row[night]
            if index == -1:
                night += 1
                continue
            if index == _GUEST or index in self.placed or self.slots[index].is_fixed or len(found) == budget:
                return None
            found.append(index)
            night = self.slots[index].end
        return tuple(found)

    def _gap_of_evicted(self, put_out: tuple[int, ...], slot: Slot) -> int:
        """Short stays are easier to place than long ones."""
        return sum(self.slots[index].end - self.slots[index].first for index in put_out)

    def _gap(self, slot: Slot, room: int) -> int:
        """Free nights next to the stay in that room."""
        row, before, after = self.grid[room], slot.first, slot.end
        while before > 0 and row[before - 1] == -1:
            before -= 1
        while after < self.nights and row[after] == -1:
            after += 1
        return (slot.first - before) + (after - slot.end)


_GUEST = -2


def _mask(slot: Slot) -> int:
    return ((1 << (slot.end - slot.first)) - 1) << slot.first


def fewest_moves(rooms: int, nights: int, slots: Sequence[Slot], guest: Slot, most: int = MOST_MOVES) -> Solution:
    """The solution of fewest moves, or none up to `most` moves. `slots` are all that hold nights in these rooms."""
    search = _Search(rooms, nights, slots, guest)
    try:
        for budget in range(most + 1):
            if search.run(budget):
                moves = tuple((slots[index].key, room) for index, room in search.placed.items() if index != _GUEST)
                return Solution(search.placed[_GUEST], moves)
    except _TooLong:
        return Solution(None, is_proven=False)
    return Solution(None)

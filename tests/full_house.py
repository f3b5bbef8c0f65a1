"""A house so full that room must be made: for the tests and the benchmark of the solver."""

from __future__ import annotations

import random

from webapp.stays.solver import Slot


def large_house(
    seed: int, types: int, fixed: float, rooms: int = 200, nights: int = 90
) -> tuple[list[Slot], list[Slot]]:
    """Filled at random to 92 %, and guests for whom each night has a room but no room has each night."""
    rnd, per = random.Random(seed), rooms // types
    of = [tuple(range(kind * per, (kind + 1) * per)) for kind in range(types)]
    grid = [[False] * nights for _room in range(rooms)]
    slots: list[Slot] = []
    filled = 0
    while filled < 0.92 * rooms * nights:
        room, first = rnd.randrange(rooms), rnd.randrange(nights)
        length = min(nights - first, 1 + min(13, int(rnd.expovariate(1 / 3))))
        while length and any(grid[room][first : first + length]):
            length -= 1
        if length:
            grid[room][first : first + length] = [True] * length
            slots.append(Slot(len(slots), first, first + length, of[room // per], room, rnd.random() < fixed))
            filled += length
    guests: list[Slot] = []
    while len(guests) < 5:
        own, first, length = rnd.choice(of), rnd.randrange(nights - 8), rnd.randint(2, 7)
        nights_free = all(any(not grid[room][night] for room in own) for night in range(first, first + length))
        if nights_free and all(any(grid[room][first : first + length]) for room in own):
            guests.append(Slot(-1, first, first + length, own))
    return slots, guests

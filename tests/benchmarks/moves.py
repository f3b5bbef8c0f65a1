"""Making room where no room is free for a whole stay: the least number of moves, in memory."""

from __future__ import annotations

import time

from tests.full_house import large_house
from webapp.stays.solver import fewest_moves

from .registry import Bench, Figures, row

TYPES = (1, 4, 8, 20)  # rooms of one type only, up to ten rooms a type


@row("moves solver, 200 rooms × 90 nights, 92 % full", goal="< 1 s, least number of moves proven")
def solver(bench: Bench) -> Figures:
    times, moves = [], 0
    for seed in range(2 if bench.is_quick else 10):
        for types in TYPES:
            slots, guests = large_house(100 * seed + types, types, 0.1)
            for guest in guests:
                started = time.perf_counter()
                found = fewest_moves(200, 90, slots, guest)
                times.append(time.perf_counter() - started)
                moves = max(moves, len(found.moves))
                if not found.is_proven:
                    raise RuntimeError(f"not solved within its steps: {types} types, seed {seed}")
    return Figures(times, len(times) / sum(times), f"longest {max(times) * 1000:.0f} ms, up to {moves} moves")

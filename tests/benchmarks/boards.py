"""The staff board, and finding a guest while typing."""

from __future__ import annotations

from .registry import Bench, Figures, row

FLOOR = "page floor (empty Flask route)"


@row("board, 30 rooms × 31 days, 2,500 stays", floor=FLOOR, goal="p50 < 9.8 ms, > 95/s")
def small(bench: Bench) -> Figures:
    return bench.get(f"/staff/{bench.small.slug}/board", bench.small)


@row("board, 1,000 rooms × 31 days, 83,000 stays", floor=FLOOR, goal="p50 < 100 ms")
def big(bench: Bench) -> Figures:
    return bench.get(f"/staff/{bench.big.slug}/board", bench.big, times=60, at_once=2)


@row("search while typing, 83,000 stays", floor=FLOOR, goal="p50 < 30 ms")
def search(bench: Bench) -> Figures:
    return bench.get(f"/staff/{bench.big.slug}/search?q=naka+har", bench.big, times=100)

"""Years of a hotel with known truth: how right the picture is, and how long a year takes."""

from __future__ import annotations

import sys
import time
from concurrent.futures import ProcessPoolExecutor

from tests.channel_year.rules import Rules
from tests.channel_year.score import Score, table
from tests.channel_year.system import System, Wires, wired
from tests.channel_year.world import World

from .registry import Bench, Figures, row

SEEDS, ROOMS, DAYS = 50, 20, 365


def play_rules(seed: int, days: int) -> tuple[float, Score]:
    """A year by the pure rules; runs in a process of its own."""
    begun = time.process_time()
    score = World(seed, ROOMS, Rules).play(days)
    return time.process_time() - begun, score


@row(f"year of {ROOMS} rooms by the rules, {SEEDS} seeds", goal="see the score")
def by_the_rules(bench: Bench) -> Figures:
    seeds, days = (4, 60) if bench.is_quick else (SEEDS, DAYS)
    begun = time.perf_counter()
    with ProcessPoolExecutor(2) as pool:
        played = list(pool.map(play_rules, range(1, seeds + 1), [days] * seeds))
    _show(
        table(
            [score for _time, score in played],
            f"{days} days of {ROOMS} rooms by the rules (calendars and files; mails by number)",
        )
    )
    return Figures([seconds for seconds, _score in played], seeds / (time.perf_counter() - begun))


@row("weeks of 5 rooms through the services, 3 seeds", goal="see the score")
def through_the_services(bench: Bench) -> Figures:
    seeds, days = (1, 7) if bench.is_quick else (3, 28)
    times, scores = [], []
    for seed in range(1, seeds + 1):
        wires, begun = Wires(), time.perf_counter()
        with wired(wires):
            scores.append(World(seed, 5, lambda wires=wires: System(wires)).play(days))
        times.append(time.perf_counter() - begun)
    _show(table(scores, f"{days} days of 5 rooms through services and database (calendars, mails, files)"))
    return Figures(times, seeds / sum(times))


def _show(text: str) -> None:
    sys.stderr.write(f"{text}\n")

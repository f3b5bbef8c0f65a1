"""`make bench`: measures every row and prints one table. Options: --only TEXT (part of a row's name; may be repeated), --quick."""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from . import boards, booking, feeds, flatness, floors, listing, moves, race, uploads, years
from .house import open_house
from .registry import ROWS, Bench, Figures, Row

MODULES = (
    floors,
    boards,
    booking,
    listing,
    moves,
    race,
    feeds,
    uploads,
    flatness,
    years,
)  # the last one fills the database
WIDTH = 46


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--only", action="append", default=[], metavar="TEXT", help="rows whose name holds TEXT")
    parser.add_argument("--quick", action="store_true", help="fewer repetitions: shows that it runs, not how fast")
    options = parser.parse_args()
    wanted = _wanted(options.only)
    if not wanted:
        parser.error("no row is called that; there are: " + "; ".join(ROWS))
    with _feed_server() as feed_server, open_house(feed_server) as house, house.web() as port:
        bench = Bench(house, port, feed_server, options.quick)
        for row in wanted:
            _say(f"measuring: {row.name}", file=sys.stderr)
            bench.results[row.name] = row.measure(bench)
        _print_table(wanted, bench.results)
    return 0


def _wanted(only: list[str]) -> list[Row]:
    """The rows asked for, with the floors that they are compared with, floors first."""
    named = {name for name in ROWS if not only or any(text.lower() in name.lower() for text in only)}
    for name in tuple(named):
        while floor := ROWS[name].floor:
            named.add(floor)
            name = floor
    return sorted((ROWS[name] for name in named), key=lambda row: (row.floor is not None, list(ROWS).index(row.name)))


@contextmanager
def _feed_server() -> Iterator[str]:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.benchmarks.feed_server"], stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        yield f"http://127.0.0.1:{int(process.stdout.readline())}"
    finally:
        process.terminate()
        process.wait(10)


def _print_table(rows: list[Row], results: dict[str, Figures]) -> None:
    _say(f"{'what':<{WIDTH}} {'p50':>10} {'p95':>10} {'per second':>11} {'× floor':>8}  goal")
    for row in rows:
        figures = results[row.name]
        floor = results[row.floor].p50 if row.floor else None
        ratio = f"{figures.p50 / floor:.1f}" if floor else "–"
        _say(
            f"{row.name:<{WIDTH}} {_ms(figures.p50):>10} {_ms(figures.p95):>10} {figures.per_second:>11.1f} {ratio:>8}  {row.goal}"
            + (f" [{figures.note}]" if figures.note else "")
        )


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.2f} ms"


def _say(text: str, file=None) -> None:
    print(text, file=file, flush=True)


if __name__ == "__main__":
    sys.exit(main())

"""A file of 20,000 reservations: received, planned, agreed to and carried out, beside merely reading the same file."""

from __future__ import annotations

import datetime as dt
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.integrations.export_files import HEADERS, booking_row, text, xls, xlsx
from webapp.core.clock import now

from . import data
from .registry import Bench, Figures, row

AIRBNB = [
    "Confirmation code",
    "Status",
    "Guest name",
    "Contact",
    "# of adults",
    "Start date",
    "End date",
    "Listing",
    "Earnings",
]
TYPES, ROOMS = 10, 1000
GOAL = "< 20 s, peak < 300 MB"
FLOOR = "export floor ({}: file to rows)"
MADE = {"csv": text, "xls": xls, "xlsx": xlsx, "airbnb": text}


def table(kind: str, number: int) -> Iterator[list[Any]]:
    """As many stays over a year, of one to four nights, each with a guest, a telephone and a price of its own."""
    first = now().date() + dt.timedelta(days=1)
    yield AIRBNB if kind == "airbnb" else HEADERS
    for n in range(number):
        arrival = first + dt.timedelta(days=n % 365)
        departure = arrival + dt.timedelta(days=1 + n % 4)
        name, phone, unit = f"Anna Example{n % 977}", f"+44 7700 9{n % 100_000:05}", f"Type {n % TYPES + 1}"
        if kind == "airbnb":
            dates = [f"{day.month}/{day.day}/{day.year}" for day in (arrival, departure)]
            yield [f"HM{n:08}", "Confirmed", name, phone, 2, *dates, unit, f"£{100 + n % 300}.63"]
        else:
            yield booking_row(
                5_000_000_000 + n, check_in=str(arrival), check_out=str(departure), unit_type=unit, phone_number=phone,
                price=f"{100 + n % 300}.6314 GBP", **{"guest_name(s)": name, "duration_(nights)": 1 + n % 4},
            )  # fmt: skip


def file_of(bench: Bench, kind: str, number: int) -> Path:
    """Written once, into the folder of the run."""
    path = Path(bench.house.environment["INSTANCE_PATH"]) / f"export-{number}.{kind}"
    if not path.exists():
        path.write_bytes(MADE[kind](list(table(kind, number))))
    return path


def cost(bench: Bench, step: str, kind: str) -> Figures:
    """Let a process of its own do it. The peak is of the whole process, with the application that it has loaded."""
    number = 2000 if bench.is_quick else 20_000
    slug = f"export-{kind}"
    if step == "apply":
        data.make_hotel(slug, rooms=ROOMS, types=TYPES, stays=False)
    command = [sys.executable, "-m", "tests.benchmarks.export_rows", step, str(file_of(bench, kind, number)), slug]
    done = subprocess.run(
        command, env={**os.environ, **bench.house.environment}, capture_output=True, text=True, check=True
    )
    found = json.loads(done.stdout)
    if found["rows"] != number:
        raise RuntimeError(f"{kind}: {found['rows']} rows of {number}")
    note = f"{found['cpu']:.1f} s of its own processor time, peak {found['peak_mb']} MB"
    return Figures([found["seconds"]], number / found["seconds"], note)


def _register(kind: str, what: str) -> None:
    @row(FLOOR.format(what))
    def floor(bench: Bench) -> Figures:
        return cost(bench, "parse", kind)

    @row(f"export 20,000 rows, {what}", floor=FLOOR.format(what), goal=GOAL)
    def applied(bench: Bench) -> Figures:
        return cost(bench, "apply", kind)


for _kind, _what in (
    ("csv", "Booking .csv"),
    ("xlsx", "Booking .xlsx"),
    ("xls", "Booking .xls"),
    ("airbnb", "Airbnb .csv"),
):
    _register(_kind, _what)

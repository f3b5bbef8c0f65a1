"""Selling rooms over the public API: what is free, and a booking confirmed."""

from __future__ import annotations

import datetime as dt
import json

from webapp.core.clock import now

from .data import DAYS_AHEAD
from .registry import Bench, Figures, row

FLOOR = "API floor (empty JSON route)"
GUEST = {"first_name": "Grace", "last_name": "Hopper", "email": "grace@example.com", "phone": "+447700900456"}
NIGHTS_USED, TYPES = 120, 4  # each night of each type takes seven bookings before it is full
MOST = 1300


@row("availability, 30 rooms, 2,500 stays", floor=FLOOR, goal="p50 < 3 ms, > 1,000/s")
def availability(bench: Bench) -> Figures:
    first = now().date() + dt.timedelta(days=30)
    dates = f"check_in={first}&check_out={first + dt.timedelta(days=3)}&adults=2"
    return bench.get(f"/api/public/hotel/{bench.small.slug}/availability/?{dates}", times=1500)


@row("booking created, 30 rooms, 2,500 stays", floor=FLOOR, goal="p50 < 15 ms, > 250/s")
def booking(bench: Bench) -> Figures:
    return book(bench)


def book(bench: Bench, after: int = 0) -> Figures:
    """Bookings beginning with number `after`; up to `MOST` of them are made."""
    path = f"/api/public/hotel/{bench.selling.slug}/room-bookings/"
    return bench.post(path, [_body(number) for number in range(after, after + MOST)], times=600)


def _body(number: int) -> str:
    """One night each, spread over the nights after the last stay and over the types."""
    night = now().date() + dt.timedelta(days=DAYS_AHEAD - NIGHTS_USED + 130 + number // TYPES % NIGHTS_USED)
    stay = {
        "room_type_code": f"T{number % TYPES}", "check_in": str(night), "check_out": str(night + dt.timedelta(days=1)),
        "adults": 2, "booker_type": "SELF",
    }  # fmt: skip
    return json.dumps(GUEST | stay)

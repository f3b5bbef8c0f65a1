"""The last rooms fought for: far more attempts than rooms, over HTTP, in two web processes. It counts, and refuses to report a lie."""

from __future__ import annotations

import datetime as dt
import json
import random
from collections import Counter, defaultdict

from sqlalchemy import text

from webapp.core.clock import now
from webapp.core.database import db

from . import client
from .booking import GUEST
from .data import make_hotel
from .registry import Bench, Figures, row

AT_ONCE, ROOMS, TYPES, NIGHTS = 16, 40, 4, 25  # a thousand room nights


@row("last rooms, 10,000 attempts, 16 at a time", goal="0 sold twice, all sold, 0 refused wrongly")
def last_rooms(bench: Bench) -> Figures:
    hotel = make_hotel("fight", rooms=ROOMS, types=TYPES, stays=False)
    first, dice = now().date() + dt.timedelta(days=10), random.Random(1)
    wanted = [
        (f"T{dice.randrange(TYPES)}", dice.randrange(NIGHTS), 1 if dice.random() < 0.8 else 2)
        for _attempt in range(4_000 if bench.is_quick else 10_000)
    ]
    path = f"/api/public/hotel/{hotel.slug}/room-bookings/"
    answers = client.ask_all(bench.port, path, AT_ONCE, [_body(first, *one) for one in wanted])
    lasted = max(answered for _sent, answered, _status in answers) - min(sent for sent, _answered, _status in answers)
    capacity = ROOMS // TYPES
    sold = _sold(hotel.id, first, capacity)
    _check_answers(wanted, answers, sold, capacity, first)
    times = [answered - sent for sent, answered, _status in answers]
    return Figures(times, len(times) / lasted, f"{sum(sold.values())} nights sold, {_refused(answers)} refused rightly")


def _body(first: dt.date, code: str, night: int, nights: int) -> str:
    check_in = first + dt.timedelta(days=night)
    stay = {"room_type_code": code, "check_in": str(check_in), "check_out": str(check_in + dt.timedelta(days=nights))}
    return json.dumps(GUEST | stay | {"adults": 2})


def _sold(hotel_id: int, first: dt.date, capacity: int) -> Counter[tuple[str, dt.date]]:
    """Stays of each type and night, from the stays themselves. Raises when a night is sold twice or its count is wrong."""
    with db.engine.connect() as connection:
        rows = connection.execute(
            text("""
                SELECT t.code, day::date, count(*) AS stays, max(i.sold + i.forced) AS counted
                FROM reservation s JOIN room_type t ON t.id = s.room_type_id,
                     generate_series(s.check_in, s.check_out - 1, interval '1 day') AS day
                     JOIN inventory i ON i.night = day::date
                WHERE s.hotel_id = :hotel_id AND i.room_type_id = s.room_type_id GROUP BY 1, 2
            """),
            {"hotel_id": hotel_id},
        ).all()
    if wrong := [tuple(row) for row in rows if row.stays > capacity or row.stays != row.counted]:
        raise RuntimeError(f"sold more than there is, or miscounted: {wrong}")
    return Counter({(row.code, row[1]): row.stays for row in rows})


def _check_answers(
    wanted: list[tuple[str, int, int]],
    answers: list[tuple[float, float, int]],
    sold: Counter[tuple[str, dt.date]],
    capacity: int,
    first: dt.date,
) -> None:
    """Every answer was right. Who was refused had a night that enough others had asked for before the refusal, and got."""
    nights_of = [
        [(code, first + dt.timedelta(days=night + n)) for n in range(nights)] for code, night, nights in wanted
    ]
    asked: dict[tuple[str, dt.date], list[float]] = defaultdict(list)
    for nights, (sent, _answered, status) in zip(nights_of, answers, strict=True):
        if status not in (201, 409):
            raise RuntimeError(f"answered {status}")
        for night in nights if status == 201 else ():
            asked[night].append(sent)
    if any(len(asked[night]) != count for night, count in sold.items()):
        raise RuntimeError("more or fewer nights are sold than guests were told")
    for nights, (_sent, answered, status) in zip(nights_of, answers, strict=True):
        if status == 409 and not any(sum(sent < answered for sent in asked[night]) == capacity for night in nights):
            raise RuntimeError(f"refused although there were rooms: {nights}")
    open_nights = [(f"T{n}", first + dt.timedelta(days=night)) for n in range(TYPES) for night in range(NIGHTS)]
    if unsold := [night for night in open_nights if sold[night] != capacity]:
        raise RuntimeError(f"not sold out: {unsold}")


def _refused(answers: list[tuple[float, float, int]]) -> int:
    return sum(status == 409 for _sent, _answered, status in answers)

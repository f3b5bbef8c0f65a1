"""Bookings over HTTP at the same moment, with real commits. Each guard has its negative control."""

from __future__ import annotations

import datetime as dt
import random
import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select, text

from tests.booking_kit import GUEST, make_shop
from webapp.availability import services as guard
from webapp.booking import api, quoting
from webapp.core.clock import local_date
from webapp.core.database import db
from webapp.models import Quote, Reservation

pytestmark = pytest.mark.race

AT_ONCE = 8
ROOMS = 3  # of type DBL


@pytest.fixture
def house(own_database: Flask) -> Flask:
    with own_database.app_context():
        make_shop("race")
    return own_database


def booking(arrives_in: int, nights: int = 1, **more: Any) -> dict[str, Any]:
    first = local_date("Europe/London") + dt.timedelta(days=arrives_in)
    return {
        **GUEST, "room_type_code": "DBL", "check_in": first.isoformat(),
        "check_out": (first + dt.timedelta(days=nights)).isoformat(), **more,
    }  # fmt: skip


def post(app: Flask, body: dict[str, Any], key: str | None = None) -> Any:
    headers = {"Idempotency-Key": key} if key else {}
    return app.test_client().post("/api/public/hotel/race/room-bookings/", json=body, headers=headers)


def at_once(acts: list[Callable[[], Any]], threads: int = AT_ONCE) -> list[Any]:
    """All acts, by so many threads that begin together; the answers in the order of the acts."""
    answers: list[Any] = [None] * len(acts)
    gate = threading.Barrier(threads)

    def run(first: int) -> None:
        gate.wait(10)
        for number in range(first, len(acts), threads):
            answers[number] = acts[number]()

    workers = [threading.Thread(target=run, args=(first,)) for first in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    return answers


def codes(answers: list[Any]) -> Counter[str]:
    return Counter("booked" if answer.status_code == 201 else answer.json["error"]["code"] for answer in answers)


def sold_per_night(app: Flask) -> dict[dt.date, int]:
    with app.app_context():
        rows = db.session.execute(
            text(
                "SELECT day::date, count(*) FROM reservation, generate_series(check_in, check_out - 1, interval '1 day') AS day GROUP BY 1"
            )
        )
        return dict(map(tuple, rows))


def test_the_last_rooms_are_sold_exactly_and_nobody_is_refused_wrongly(house):
    """240 attempts for four nights of three rooms: all rooms are sold, and who was refused had a full night."""
    rng = random.Random(7)
    wanted = [(rng.randrange(4), rng.choice((1, 1, 1, 2))) for _attempt in range(240)]
    answers = at_once([lambda one=one: post(house, booking(one[0], one[1])) for one in wanted])
    assert set(codes(answers)) == {"booked", "NO_AVAILABILITY"}
    sold = sold_per_night(house)
    start = local_date("Europe/London")
    assert [sold[start + dt.timedelta(days=n)] for n in range(4)] == [ROOMS] * 4
    for (arrives_in, nights), answer in zip(wanted, answers, strict=True):
        full = any(sold.get(start + dt.timedelta(days=arrives_in + n)) == ROOMS for n in range(nights))
        assert answer.status_code == 201 or full


def test_the_last_rooms_negative_control(house, monkeypatch):
    """With the guard inside the transaction taken out, the look before it sells the same room to everybody."""
    gate = threading.Barrier(AT_ONCE)

    def take_without_looking(room_type_id: int, dates: Any) -> None:
        gate.wait(10)
        db.session.execute(
            text("UPDATE inventory SET forced = forced + 1 WHERE room_type_id = :type"), {"type": room_type_id}
        )

    monkeypatch.setattr(guard, "take_nights", take_without_looking)
    answers = at_once([lambda: post(house, booking(0)) for _attempt in range(AT_ONCE)])
    assert codes(answers)["booked"] > ROOMS


def test_one_key_makes_one_booking(house):
    answers = at_once([lambda: post(house, booking(0), "the same") for _attempt in range(AT_ONCE)])
    assert codes(answers) == {"booked": AT_ONCE}
    assert len({answer.json["booking_id"] for answer in answers}) == 1
    with house.app_context():
        assert db.session.scalar(select(func.count()).select_from(Reservation)) == 1


def test_one_key_negative_control(house, monkeypatch):
    """Looking for the key first and writing it last lets several through."""
    monkeypatch.setattr(api, "once", lambda _hotel, _key, _request, make: make())
    answers = at_once([lambda: post(house, booking(0), "the same") for _attempt in range(AT_ONCE)])
    assert len({answer.json.get("booking_id") for answer in answers} - {None}) > 1


def quoted(app: Flask) -> str:
    wanted = {name: booking(0)[name] for name in ("room_type_code", "check_in", "check_out")}
    return str(app.test_client().post("/api/public/hotel/race/pricing-quote/", json=wanted).json["quote_id"])


def test_one_quote_makes_one_booking(house):
    body = {**GUEST, "quote_id": quoted(house)}
    answers = at_once([lambda: post(house, body) for _attempt in range(AT_ONCE)])
    assert codes(answers) == {"booked": 1, "QUOTE_MISMATCH": AT_ONCE - 1}


def test_one_quote_negative_control(house, monkeypatch):
    """Without the lock on the quote it makes as many bookings as there are rooms."""
    body = {**GUEST, "quote_id": quoted(house)}
    gate = threading.Barrier(AT_ONCE)

    def read_only(_hotel_id: int, token: str) -> Quote:
        quote = db.session.scalars(select(Quote).filter_by(token=token)).one()
        gate.wait(10)
        return quote

    monkeypatch.setattr(quoting, "open_quote", read_only)
    assert codes(at_once([lambda: post(house, body) for _attempt in range(AT_ONCE)]))["booked"] > 1


def test_guests_who_change_places_do_not_wait_for_each_other_for_ever(house):
    """Each gives its nights back and takes the other's: locked in one order, nobody is stuck."""
    from webapp.availability.domain import Party
    from webapp.booking import changes
    from webapp.core.stay_dates import StayDates
    from webapp.core.transaction import transaction

    start = local_date("Europe/London")
    ids = [post(house, booking(n, 2)).json["booking_id"] for n in (0, 4)]

    def move(booking_id: str, arrives_in: int) -> Callable[[], Any]:
        def act() -> str:
            with house.app_context(), transaction():
                stay = db.session.scalars(select(Reservation).filter_by(booking_id=booking_id)).one()
                dates = StayDates(start + dt.timedelta(days=arrives_in), start + dt.timedelta(days=arrives_in + 2))
                changes.change(stay, "race", "DBL", dates.check_in, dates.check_out, Party(2))
                return "moved"

        return act

    for places in [(4, 0), (0, 4)] * 5:
        moves = [move(booking_id, arrives_in) for booking_id, arrives_in in zip(ids, places, strict=True)]
        assert at_once(moves, threads=2) == ["moved"] * 2
    assert set(sold_per_night(house).values()) == {1}

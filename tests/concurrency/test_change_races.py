"""Two clerks change one stay at the same moment: one of them wins, the other looks again. Each guard has its negative control."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select

from tests.booking_kit import make_shop
from tests.concurrency.test_lock_order import WAITERS
from tests.concurrency.test_races import race
from tests.factories import make_stay, type_of
from webapp.availability.domain import Party
from webapp.booking import changes
from webapp.core.database import db
from webapp.core.errors import AppError
from webapp.core.stay_dates import StayDates
from webapp.core.transaction import transaction
from webapp.models import Hotel, Reservation
from webapp.stays import changing, departures
from webapp.stays.pricing import Wanted

pytestmark = pytest.mark.race


@pytest.fixture
def house(own_database):
    with own_database.app_context():
        stay = make_stay(make_shop("race"), None, arrives_in=5, adults=2, total=Decimal(200))
        return own_database, stay.id


def longer(house: Any, nights: int) -> Callable[[], Any]:
    """A clerk who was shown what so many nights cost, and now agrees."""
    app, stay_id = house
    with app.app_context():
        stay = db.session.get_one(Reservation, stay_id)
        type_id = type_of(db.session.get_one(Hotel, stay.hotel_id), "DBL").id
        wanted = Wanted(StayDates(stay.check_in, stay.check_in + dt.timedelta(days=nights)), 2, 0, type_id)
        seen, total = changing.seen(stay), changing.propose(stay, wanted).bill("new").total
    return lambda: changing.change(
        db.session.get_one(Reservation, stay_id), wanted, "new", expected_total=total, expected=seen
    )


def outcome(house: Any) -> tuple[int, Decimal, Decimal]:
    app, stay_id = house
    with app.app_context():
        stay = db.session.scalars(select(Reservation).filter_by(id=stay_id)).one()
        return stay.nights, stay.total, sum((Decimal(line["amount"]) for line in stay.price_lines), Decimal(0))


def test_one_of_two_changes_is_made(house):
    ends = race(house[0], [longer(house, nights) for nights in (3, 4, 5, 6)])
    assert ends == {"done": 1, "STAY_CHANGED": 3}
    nights, total, lines = outcome(house)
    assert (total, lines) == (100 * nights, 100 * nights)


def test_one_of_two_changes_negative_control(house, monkeypatch):
    """Without a look at what the form was made from, the last one silently overwrites the others."""
    monkeypatch.setattr(changing, "seen", lambda _stay: "")
    assert race(house[0], [longer(house, nights) for nights in (3, 4, 5, 6)]) == {"done": 4}


def test_what_the_desk_charges_meanwhile_stays_on_the_bill_of_a_guest_who_changes(house):
    """The guest saw the price before; their change waits for the desk, and is then shown the price with the charge."""
    app, stay_id = house
    ends: list[str] = []

    def change() -> None:
        with app.app_context():
            stay = db.session.get_one(Reservation, stay_id)
            last = stay.check_in + dt.timedelta(days=3)
            try:
                with transaction():
                    changes.change(stay, "race", "DBL", stay.check_in, last, Party(2), Decimal(300))
                ends.append("done")
            except AppError as error:
                ends.append(error.code)

    guest = threading.Thread(target=change)
    with app.app_context(), transaction():
        departures.allow_late(db.session.get_one(Reservation, stay_id), dt.time(16), Decimal(15))
        guest.start()
        while guest.is_alive() and not db.session.scalar(WAITERS):
            guest.join(0.01)
        assert guest.is_alive(), ends
    guest.join(30)
    assert ends == ["PRICE_CHANGED"]
    assert outcome(house) == (2, Decimal(215), Decimal(215))


def test_a_request_for_several_rooms_has_one_answer(own_database):
    """Owners who say yes and no at once: one of them is heard, and every room has the same answer."""
    with own_database.app_context():
        hotel = make_shop("asked")
        values = {"source": "direct", "status": "PENDING_PAYMENT"}
        extras = {"group_id": "GR-ASKED", "awaits_approval": True}
        made = [
            make_stay(hotel, None, arrives_in=5, code=code, extras=extras, **values) for code in ("DBL", "SGL", "DBL")
        ]
        ids, seen = [stay.id for stay in made], changes.request_seen(made)

    def one(number: int) -> Reservation:
        return db.session.get_one(Reservation, ids[number])

    ends = race(
        own_database,
        [
            lambda: changes.accept(one(0), seen), lambda: changes.reject(one(2), "", seen),
            lambda: changes.accept(one(1), seen), lambda: changes.reject(one(1), "", seen),
        ],
    )  # fmt: skip
    assert ends == {"done": 1, "INVALID_TRANSITION": 3}
    with own_database.app_context():
        assert len({stay.status for stay in db.session.scalars(select(Reservation))}) == 1

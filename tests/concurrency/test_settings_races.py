"""Managers who save one form at the same moment: the first is kept, the others are told. With the negative control."""

from __future__ import annotations

import re
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests import factories
from tests.booking_kit import day, make_shop
from webapp.core import versions
from webapp.core.database import db
from webapp.models import RoomType

pytestmark = pytest.mark.race
MANAGERS = 4


@pytest.fixture
def house(own_database):
    """(app, base address of the rates, id of the double, the managers)"""
    with own_database.app_context():
        hotel = make_shop("race")
        users = [factories.make_user(hotel, role="manager").get_id() for _number in range(MANAGERS)]
        nights = {"starts_on": day(hotel, 10).isoformat(), "last_on": day(hotel, 12).isoformat()}
        return own_database, f"/staff/{hotel.slug}/rates", factories.type_of(hotel, "DBL").id, users, nights


def save_together(house: Any, page: str, forms: list[dict[str, Any]]) -> Counter[int]:
    """Every manager has opened the page before the first saves; how the requests were answered."""
    app, base, _type_id, users, _nights = house
    opened = threading.Barrier(len(forms))

    def save(number: int) -> int:
        client = app.test_client()
        with client.session_transaction() as session:
            session["_user_id"], session["_fresh"] = users[number], True
        seen = re.search(r'name="seen" value="([^"]*)"', client.get(base + page).text)[1]
        opened.wait(20)
        return client.post(base + page, data={**forms[number], "seen": seen}).status_code

    with ThreadPoolExecutor(len(forms)) as pool:
        return Counter(pool.map(save, range(len(forms))))


def types(house: Any) -> list[dict[str, Any]]:
    return [
        {
            "code": "DBL", "name": f"Double {number}", "max_occupancy": 3, "base_occupancy": 2, "base_price": 110 + number,
            "extra_guest_price": 20, "overbooking_allowance": 0, "position": 0, "is_active": "y",
        }
        for number in range(MANAGERS)
    ]  # fmt: skip


def test_one_of_several_saves_is_kept(house):
    assert save_together(house, f"/types/{house[2]}", types(house)) == {303: 1, 409: MANAGERS - 1}
    with house[0].app_context():
        kind = db.session.get_one(RoomType, house[2])
        assert kind.name == f"Double {int(kind.base_price) - 110}"


def test_one_of_several_saves_negative_control(house, monkeypatch):
    """Without the comparison under the lock, each silently undoes what the one before has saved."""
    monkeypatch.setattr(versions, "check_unchanged", lambda _seen, _values: None)
    assert save_together(house, f"/types/{house[2]}", types(house)) == {303: MANAGERS}


def test_one_of_several_prices_is_set(house):
    forms = [{**house[4], "room_type_id": house[2], "price": 150 + number} for number in range(MANAGERS)]
    assert save_together(house, "/prices", forms) == {303: 1, 409: MANAGERS - 1}

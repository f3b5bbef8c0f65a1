"""Several rooms booked at once: all or none, each at its quote, told in one mail."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from tests.booking_kit import GUEST, Shop, make_shop, override, stay_of
from webapp.core.database import db
from webapp.models import Message, Reservation


@pytest.fixture
def shop(app, client):
    return Shop(client, make_shop())


def quoted(shop, code="DBL", **more):
    return shop.quote(code=code, **more).json["quote_id"]


def together(shop, *rooms, key=None, **more):
    return shop.post({**GUEST, "rooms": list(rooms), **more}, key)


def count():
    return db.session.scalar(select(func.count()).select_from(Reservation))


def test_each_room_has_the_price_of_its_quote(shop):
    rooms = [{"quote_id": quoted(shop)}, {"quote_id": quoted(shop, "SGL", adults=1), "guest_name": "Mary Jackson"}]
    override(shop.hotel, "999.00")
    answer = together(shop, *rooms)
    assert answer.status_code == 201, answer.json
    first, second = answer.json["bookings"]
    assert (first["pricing"]["total"], second["pricing"]["total"]) == ("200.00", "120.00")
    assert answer.json["group_id"] == first["group_id"] == second["group_id"]
    assert second["guests"]["primary"]["name"] == "Mary Jackson"
    assert second["guests"]["booker"]["name"] == "Grace Hopper"
    again = together(shop, *rooms)
    assert (again.status_code, again.json["error"]["code"]) == (409, "QUOTE_MISMATCH")


def test_all_or_none(shop):
    room = {**stay_of(shop.hotel), "room_type_code": "SGL", "adults": 1}
    refused = together(shop, room, room, room)
    assert (refused.status_code, refused.json["error"]["code"]) == (409, "NO_AVAILABILITY")
    assert count() == 0
    assert shop.types()["SGL"]["rooms_left"] == 2
    assert together(shop, room, room).status_code == 201
    assert shop.types()["SGL"]["rooms_left"] == 0


def test_one_key_makes_one_group(shop):
    room = {"room_type_code": "DBL", "adults": 2}
    first = together(shop, room, room, key="twice", **stay_of(shop.hotel))
    second = together(shop, room, room, key="twice", **stay_of(shop.hotel))
    assert first.status_code == second.status_code == 201
    assert first.json == second.json
    assert count() == 2


def test_a_quote_makes_one_room(shop):
    quote = quoted(shop)
    answer = together(shop, {"quote_id": quote}, {"quote_id": quote})
    assert (answer.status_code, answer.json["error"]["code"]) == (409, "QUOTE_MISMATCH")
    both = shop.post({**GUEST, "quote_id": quote, "rooms": [{"room_type_code": "DBL"}]})
    assert both.status_code == 422
    assert together(shop, *[{"room_type_code": "DBL"}] * 11).status_code == 422


def test_one_mail_and_one_look_for_all(shop, run_jobs):
    room = {"room_type_code": "DBL", "adults": 2}
    made = together(shop, room, room, **stay_of(shop.hotel)).json
    run_jobs()
    mails = db.session.scalars(select(Message).where(Message.key.startswith("booking:"))).all()
    assert len(mails) == 1
    assert all(one["confirmation_number"] in mails[0].body for one in made["bookings"])
    assert "£400.00" in mails[0].body
    found = shop.client.get(
        "/api/bookings/lookup/",
        query_string={"email": GUEST["email"], "confirmation_number": made["bookings"][1]["confirmation_number"]},
    ).json
    assert found["booking_id"] == made["bookings"][1]["booking_id"]
    assert {one["booking_id"] for one in found["bookings"]} == {one["booking_id"] for one in made["bookings"]}

"""What tests of booking share: a hotel that costs something, and requests to its public API."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal
from typing import Any

from flask.testing import FlaskClient

from tests import factories
from webapp.core.database import db
from webapp.core.transaction import transaction
from webapp.models import Hotel, PriceOverride, StayRestriction

GUEST = {"first_name": "Grace", "last_name": "Hopper", "email": "grace@example.com", "phone": "+447700900456"}


def make_shop(slug: str | None = None, terms: dict[str, Any] | None = None) -> Hotel:
    """A hotel with DBL (three rooms, 100.00, two guests and 20.00 for a third) and SGL (two rooms, 60.00)."""
    hotel = factories.make_hotel(slug)
    with transaction():
        double, single = factories.type_of(hotel, "DBL"), factories.type_of(hotel, "SGL")
        double.base_price, double.max_occupancy = Decimal(100), 3
        double.extra_guest_price, single.base_price, single.base_occupancy = Decimal(20), Decimal(60), 1
        set_terms(hotel, **(terms or {}))
    return hotel


def set_terms(hotel: Hotel, **terms: Any) -> None:
    with transaction():
        hotel.settings = {**hotel.settings, "terms": {**hotel.settings.get("terms", {}), **terms}}
        db.session.flush()


def day(hotel: Hotel, ahead: int) -> dt.date:
    return hotel.business_date() + dt.timedelta(days=ahead)


def restrict(hotel: Hotel, starts: int = 0, ends: int = 60, code: str | None = None, **values: Any) -> None:
    with transaction():
        type_id = factories.type_of(hotel, code).id if code else None
        db.session.add(StayRestriction(
            hotel_id=hotel.id, room_type_id=type_id, starts_on=day(hotel, starts), ends_on=day(hotel, ends), **values
        ))  # fmt: skip


def override(hotel: Hotel, price: str, starts: int = 0, ends: int = 60, code: str = "DBL") -> None:
    with transaction():
        db.session.add(PriceOverride(
            hotel_id=hotel.id, room_type_id=factories.type_of(hotel, code).id, starts_on=day(hotel, starts),
            ends_on=day(hotel, ends), price=Decimal(price),
        ))  # fmt: skip


def stay_of(hotel: Hotel, arrives_in: int = 10, nights: int = 2, **more: Any) -> dict[str, Any]:
    return {
        "check_in": day(hotel, arrives_in).isoformat(), "check_out": day(hotel, arrives_in + nights).isoformat(), **more
    }  # fmt: skip


def confirmed(page: str, choice: str = "new") -> dict[str, str]:
    """The answer to a price that the desk was shown: the fields by which a change is agreed to, at the `new` price or the `kept` one."""
    seen = re.search(r'name="seen" value="(\w+)"', page)
    value = re.search(rf'name="choice" value="({choice}-[^"]+)"', page)
    assert seen, page
    assert value, page
    return {"seen": seen[1], "choice": value[1]}


class Shop:
    """The public API of one hotel."""

    def __init__(self, client: FlaskClient, hotel: Hotel) -> None:
        self.client, self.hotel, self.base = client, hotel, f"/api/public/hotel/{hotel.slug}"

    def availability(self, arrives_in: int = 10, nights: int = 2, **more: Any) -> Any:
        return self.client.get(
            f"{self.base}/availability/", query_string=stay_of(self.hotel, arrives_in, nights, **more)
        )

    def types(self, *args: Any, **more: Any) -> dict[str, dict[str, Any]]:
        answer = self.availability(*args, **more)
        assert answer.status_code == 200, answer.json
        return {one["code"]: one for one in answer.json["room_types"]}

    def reasons(self, *args: Any, code: str = "DBL", **more: Any) -> list[str]:
        return [reason["code"] for reason in self.types(*args, **more)[code]["reasons"]]

    def quote(self, arrives_in: int = 10, nights: int = 2, code: str = "DBL", **more: Any) -> Any:
        values = {"adults": 2, "children": 0, **more}
        body = stay_of(self.hotel, arrives_in, nights, room_type_code=code, **values)
        return self.client.post(f"{self.base}/pricing-quote/", json=body)

    def book(
        self, arrives_in: int = 10, nights: int = 2, code: str = "DBL", key: str | None = None, **more: Any
    ) -> Any:
        body = {**GUEST, **stay_of(self.hotel, arrives_in, nights, room_type_code=code), **more}
        return self.post(body, key)

    def post(self, body: dict[str, Any], key: str | None = None) -> Any:
        headers = {"Idempotency-Key": key} if key else {}
        return self.client.post(f"{self.base}/room-bookings/", json=body, headers=headers)

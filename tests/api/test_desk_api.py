"""New stays at the desk, longer and shorter ones, late departures, and stays in two rooms, through the JSON API."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from sqlalchemy import text

from tests import factories
from tests.api.kit import Caller, error
from webapp.availability import services as availability
from webapp.core import clock
from webapp.core.database import db
from webapp.core.transaction import transaction
from webapp.models import Reservation
from webapp.operations import services as operations

DAY = dt.timedelta(days=1)


@pytest.fixture
def desk(app, hotel):
    for code, price in (("DBL", 100), ("SGL", 60)):
        factories.type_of(hotel, code).base_price = Decimal(price)
    db.session.commit()
    return Caller(app, hotel)


def booking(hotel, *rooms, nights=2, **more):
    today = hotel.business_date()
    return {
        "guest_name": "Ada Example", "guest_email": "ada@example.com", "check_in": today.isoformat(),
        "check_out": (today + nights * DAY).isoformat(), "rooms": [{"room_type_code": code} for code in rooms], **more,
    }  # fmt: skip


class TestNew:
    def test_one_room(self, hotel, desk):
        answer = desk.post("/room-bookings/", booking(hotel, "DBL"))
        assert answer.status_code == 201, answer.json
        (made,) = answer.json["bookings"]
        assert (made["status"], made["source"], made["folio"]["total"]) == ("CONFIRMED", "desk", "200.00")
        assert [line["amount"] for line in made["folio"]["lines"]] == ["100.00", "100.00"]
        assert answer.json["group_id"] is None

    def test_a_group_is_all_or_none(self, hotel, desk):
        answer = desk.post("/room-bookings/", booking(hotel, "DBL", "DBL", "SGL"))
        assert len(answer.json["bookings"]) == 3
        assert answer.json["group_id"].startswith("GR-")
        refused = desk.post("/room-bookings/", booking(hotel, "SGL", "DBL", "DBL"))
        assert error(refused) == (409, "NO_AVAILABILITY")
        assert db.session.query(Reservation).count() == 3

    def test_rooms_of_other_people(self, hotel, desk):
        body = booking(hotel, "DBL")
        body["rooms"] = [
            {"room_type_code": "SGL", "guest_name": "Grace Example", "room_number": "202", "total": "55.50"}
        ]
        (made,) = desk.post("/room-bookings/", body).json["bookings"]
        assert (made["primary_guest"]["name"], made["booker"]["name"]) == ("Grace Example", "Ada Example")
        assert (made["assigned_room_number"], made["folio"]["total"]) == ("202", "55.50")

    def test_a_walk_in(self, hotel, desk):
        with transaction():
            operations.set_housekeeping(factories.room_of(hotel, "101"), "dirty")
        body = booking(hotel, "DBL", walk_in=True)
        del body["check_in"]
        (made,) = desk.post("/room-bookings/", body).json["bookings"]
        assert made["status"] == "CHECKED_IN"
        assert made["assigned_room_number"] in ("102", "103")

    @pytest.mark.parametrize(
        ("change", "expected"),
        [
            ({"check_out": "2020-01-01"}, (422, "INVALID_DATE_RANGE")),
            ({"check_in": "2020-01-01"}, (422, "INVALID_DATE_RANGE")),
            ({"check_out": "2099-01-01"}, (422, "INVALID_DATE_RANGE")),
            ({"rooms": [{"room_type_code": "SGL", "adults": 2}]}, (422, "OCCUPANCY_EXCEEDED")),
            ({"rooms": [{"room_type_code": "DBL", "adults": 0}]}, (422, "INVALID")),
            ({"rooms": [{"room_type_code": "DBL", "adults": 99}]}, (422, "INVALID")),
            ({"rooms": [{"room_type_code": "PENTHOUSE"}]}, (404, "NOT_FOUND")),
            ({"rooms": [{"room_type_code": "DBL", "room_number": "201"}]}, (409, "ROOM_TYPE_MISMATCH")),
            ({"rooms": []}, (422, "INVALID")),
            ({"guest_name": "x" * 5000}, (422, "INVALID")),
            ({"guest_name": None}, (400, "MALFORMED")),
        ],
    )
    def test_bad_ones(self, hotel, desk, change, expected):
        answer = desk.post("/room-bookings/", booking(hotel, "DBL", **change))
        assert (answer.status_code, answer.json["error"]["code"]) == expected, answer.json
        assert db.session.query(Reservation).count() == 0

    @pytest.mark.parametrize("name", ["Zoë Müller-Lüdenscheid", "山田 太郎", "محمد", "🛏️ Bed", "O'Brien; DROP TABLE"])
    def test_a_name_in_any_script(self, hotel, desk, name):
        (made,) = desk.post("/room-bookings/", booking(hotel, "DBL", guest_name=name)).json["bookings"]
        assert made["primary_guest"]["name"] == name
        word = name.split()[-1] if "🛏️" not in name else "bed"
        assert desk.stays(guest_name=word).json["count"] == 1


class TestDepartures:
    def test_longer(self, hotel, desk):
        stay = factories.make_stay(hotel, total=Decimal(180))
        answer = desk.act(stay, "extend", check_out=(stay.check_out + 2 * DAY).isoformat())
        assert answer.status_code == 200, answer.json
        assert answer.json["booking"]["nights"] == 4
        assert answer.json["booking"]["folio"]["total"] == "380.00"
        assert sum(Decimal(line["amount"]) for line in answer.json["booking"]["folio"]["lines"]) == 380

    def test_not_over_the_next_guest(self, hotel, desk):
        stay = factories.make_stay(hotel)
        factories.make_stay(hotel, "101", arrives_in=2)
        refused = desk.act(stay, "extend", check_out=(stay.check_out + DAY).isoformat())
        assert error(refused) == (409, "ROOM_OVERLAP_CONFLICT")
        assert error(desk.act(stay, "extend", check_out=stay.check_out.isoformat())) == (422, "INVALID_DATE_RANGE")

    def test_earlier_frees_the_nights(self, hotel, desk):
        stay = factories.make_stay(hotel, nights=5)
        desk.act(stay, "check-in")
        answer = desk.act(stay, "early-departure", check_out=(stay.check_in + 2 * DAY).isoformat())
        assert (answer.json["status"], answer.json["booking"]["nights"]) == ("CHECKED_IN", 2)
        assert factories.make_stay(hotel, "101", arrives_in=2).room_id == stay.room_id
        with clock.frozen(factories.noon(hotel, 1)):
            gone = desk.act(stay, "early-departure")
        assert (gone.json["status"], gone.json["booking"]["nights"]) == ("COMPLETED", 1)

    @pytest.mark.parametrize("day", [-1, 0, 5, 9])
    def test_an_early_departure_is_one(self, hotel, desk, day):
        stay = factories.make_stay(hotel, arrives_in=1, nights=4)
        refused = desk.act(stay, "early-departure", check_out=(hotel.business_date() + day * DAY).isoformat())
        assert error(refused) == (422, "INVALID_DATE_RANGE")

    def test_late_on_the_day(self, hotel, desk):
        stay = factories.make_stay(hotel, total=Decimal(200))
        answer = desk.act(stay, "late-departure", until="14:00", fee="25.00", reason="Late train")
        assert answer.json["booking"]["dates"]["late_departure"] == "14:00"
        assert answer.json["booking"]["folio"]["total"] == "225.00"
        assert hotel.check_out_instant(stay.check_out, stay.late_departure) > hotel.check_out_instant(stay.check_out)
        assert error(desk.act(stay, "late-departure", until="09:00")) == (422, "INVALID")
        assert desk.act(stay, "late-departure", until="25:00").status_code == 422
        taken_back = desk.act(stay, "late-departure", until=None)
        assert taken_back.json["booking"]["dates"]["late_departure"] is None


class TestSplit:
    def spans(self, desk, stay):
        first = stay.check_in.toordinal()
        return [
            (
                one["room_number"],
                *(dt.date.fromisoformat(one[end]).toordinal() - first for end in ("date_from", "date_to")),
            )
            for one in desk.detail(stay)["rooms"]
        ]

    def test_two_rooms_and_back(self, hotel, desk):
        stay = factories.make_stay(hotel, nights=4)
        answer = desk.act(stay, "split", date=(stay.check_in + DAY).isoformat(), room_number="102")
        assert answer.status_code == 200, answer.json
        assert self.spans(desk, stay) == [("101", 0, 1), ("102", 1, 4)]
        assert factories.make_stay(hotel, "101", arrives_in=1, nights=3).room_id == stay.room_id
        desk.act(stay, "extend", check_out=(stay.check_out + DAY).isoformat())
        assert self.spans(desk, stay) == [("101", 0, 1), ("102", 1, 5)]
        whole = desk.act(stay, "assign-room", room_number="102")
        assert whole.status_code == 200
        assert self.spans(desk, stay) == [("102", 0, 5)]
        assert availability.recount(hotel.id) == 0

    def test_the_guest_is_moved_on_the_day(self, hotel, desk):
        stay = factories.make_stay(hotel, nights=4)
        desk.act(stay, "split", date=(stay.check_in + 2 * DAY).isoformat(), room_number="102")
        desk.act(stay, "check-in")
        with clock.frozen(factories.noon(hotel, 2)):
            moved = desk.act(stay, "move-in-house", room_number="102")
        assert moved.status_code == 200, moved.json
        assert moved.json["booking"]["assigned_room_number"] == "102"
        assert self.spans(desk, stay) == [("101", 0, 2), ("102", 2, 4)]
        db.session.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))

    def test_what_cannot_be(self, hotel, desk):
        stay = factories.make_stay(hotel, nights=3)
        factories.make_stay(hotel, "102", arrives_in=1, nights=1)
        one, first = (stay.check_in + DAY).isoformat(), stay.check_in.isoformat()
        assert error(desk.act(stay, "split", date=one, room_number="102")) == (409, "ROOM_OVERLAP_CONFLICT")
        assert error(desk.act(stay, "split", date=first, room_number="103")) == (422, "INVALID_DATE_RANGE")
        assert error(desk.act(stay, "split", date=one, room_number="201")) == (409, "ROOM_TYPE_MISMATCH")
        unplaced = factories.make_stay(hotel, None, arrives_in=20, nights=3)
        late = (unplaced.check_in + DAY).isoformat()
        assert error(desk.act(unplaced, "split", date=late, room_number="102")) == (409, "ROOM_NOT_ASSIGNED")

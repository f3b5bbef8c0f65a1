"""The desk's JSON, as promised: paths, names and codes, line by line."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
from decimal import Decimal

import pytest

from tests import factories
from tests.api.kit import Caller, error, of
from webapp.availability import services as availability
from webapp.core.database import db
from webapp.core.transaction import transaction
from webapp.models import PartyMember, RoomBlock
from webapp.operations import services as operations
from webapp.stays import services as stays

INSTANT = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$")


@pytest.fixture
def desk_api(app, hotel):
    return Caller(app, hotel)


@pytest.fixture
def manager_api(app, hotel):
    return Caller(app, hotel, "manager")


def block(room, stay_dates, kind="out_of_order"):
    with transaction():
        closed = RoomBlock(
            hotel_id=room.hotel_id,
            room_id=room.id,
            starts_on=stay_dates.check_in,
            ends_on=stay_dates.check_out,
            kind=kind,
        )
        db.session.add(closed)
        db.session.flush()
        availability.occupy_room(room.hotel_id, room.id, stay_dates, block_id=closed.id)
        availability.close_nights(room.room_type_id, stay_dates)


class TestList:
    def test_a_page(self, hotel, desk_api):
        stay = factories.make_stay(hotel, total=Decimal(240), paid=Decimal("40.5"))
        answer = desk_api.stays()
        assert answer.status_code == 200
        assert {"count", "next", "previous", "results"} == set(answer.json)
        (line,) = answer.json["results"]
        assert line["booking_id"] == stay.booking_id
        assert re.match(r"^BK-\d{4}-\w+$", line["booking_id"])
        assert (line["total"], line["paid"], line["balance"], line["currency"]) == ("240.00", "40.50", "199.50", "GBP")
        assert line["check_in"] == stay.check_in.isoformat()
        assert INSTANT.match(line["created_at"])
        assert (line["has_room_assigned"], line["assigned_room_number"]) == (True, "101")

    @pytest.fixture
    def three(self, hotel):
        ada = factories.make_stay(hotel, "101", 0, 2, guest_name="Ada Lovelace", guest_email="countess@babbage.example")
        bob = factories.make_stay(hotel, None, 5, 2, guest_name="Bob Šustr", source="airbnb", is_fact=True)
        cy = factories.make_stay(hotel, "201", 9, 3, "SGL", guest_name="Cyd Ada-Babbage", guest_email="c@x.example")
        with transaction():
            stays.cancel(cy)
        return {"ada": ada.booking_id, "bob": bob.booking_id, "cy": cy.booking_id}

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ({}, "cy bob ada"),
            ({"status": "CONFIRMED"}, "bob ada"),
            ({"status": "confirmed,cancelled"}, "cy bob ada"),
            ({"status": "CHECKED_IN"}, ""),
            ({"guest_name": "ada"}, "cy ada"),
            ({"guest_name": "babb"}, "cy"),
            ({"guest_name": "lovelace ada"}, "ada"),
            ({"guest_name": "sustr"}, "bob"),
            ({"guest_name": "!!!"}, ""),
            ({"search": "babbage"}, "cy ada"),
            ({"search": "countess"}, "ada"),
            ({"room_number": "101"}, "ada"),
            ({"room_number": "nowhere"}, ""),
            ({"has_room_assigned": "false"}, "bob"),
            ({"has_room_assigned": "true"}, "cy ada"),
            ({"source": "airbnb"}, "bob"),
            ({"ordering": "check_in"}, "ada bob cy"),
            ({"ordering": "-check_in"}, "cy bob ada"),
            ({"ordering": "-check_out"}, "cy bob ada"),
            ({"ordering": "created_at"}, "ada bob cy"),
            ({"ordering": "status"}, "cy ada bob"),
            ({"ordering": "room_number"}, "ada cy bob"),
            ({"page_size": 2, "page": 2}, "ada"),
            ({"page": 9}, ""),
            ({"an_unknown_one": 1}, "cy bob ada"),
        ],
    )
    def test_filters(self, desk_api, three, query, found):
        answer = desk_api.stays(**query)
        assert answer.status_code == 200, answer.json
        names = {booking_id: name for name, booking_id in three.items()}
        assert " ".join(names[line["booking_id"]] for line in answer.json["results"]) == found

    def test_dates(self, hotel, desk_api, three):
        today = hotel.business_date()

        def found(first, last):
            query = {"date_from": today + dt.timedelta(days=first), "date_to": today + dt.timedelta(days=last)}
            return {line["booking_id"] for line in desk_api.stays(**query).json["results"]}

        assert found(0, 1) == {three["ada"]}
        assert found(3, 4) == set()
        assert found(7, 9) == {three["bob"], three["cy"]}

    def test_the_count_is_right_on_every_page(self, hotel, desk_api, three):
        for page in (1, 2, 3, 4, 9):
            answer = desk_api.stays(page=page, page_size=1)
            assert answer.json["count"] == 3, page
        assert "page=2" in desk_api.stays(page_size=1).json["next"]
        assert "page=1" in desk_api.stays(page_size=1, page=2).json["previous"]
        assert "page=3" in desk_api.stays(page_size=1, page=900).json["previous"]

    @pytest.mark.parametrize(
        ("query", "expected"),
        [
            ({"page_size": 1_000_000}, (422, "INVALID")),
            ({"page": 0}, (422, "INVALID")),
            ({"page": "one"}, (400, "MALFORMED")),
            ({"date_from": "2026-13-01"}, (400, "MALFORMED")),
            ({"date_from": "20261101"}, (400, "MALFORMED")),
            ({"date_from": "1999-12-31"}, (422, "INVALID")),
            ({"status": "ASLEEP"}, (422, "INVALID")),
            ({"ordering": "guest_phone"}, (422, "INVALID")),
            ({"format": "xml"}, (400, "MALFORMED")),
        ],
    )
    def test_bad_queries(self, desk_api, query, expected):
        answer = desk_api.stays(**query)
        assert (answer.status_code, answer.json["error"]["code"]) == expected
        assert answer.json["error"]["field"] in query

    def test_as_a_file(self, hotel, desk_api):
        evil = factories.make_stay(hotel, guest_name='=HYPERLINK("http://x","y")', guest_phone="+447700900123")
        answer = desk_api.stays(format="csv")
        assert answer.status_code == 200
        assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
        assert "attachment" in answer.headers["Content-Disposition"]
        (row,) = csv.DictReader(io.StringIO(answer.text))
        assert row["booking_id"] == evil.booking_id
        assert row["guest_name"] == '\'=HYPERLINK("http://x","y")'
        assert not any(cell.startswith(("=", "+", "-", "@")) for cell in row.values())

    def test_a_file_is_filtered_and_has_no_pages(self, hotel, desk_api, three):
        rows = list(csv.DictReader(io.StringIO(desk_api.stays(format="csv", guest_name="ada", page_size=1).text)))
        assert {row["booking_id"] for row in rows} == {three["ada"], three["cy"]}
        assert desk_api.stays(format="csv", status="ASLEEP").status_code == 422


class TestDetail:
    def test_all_of_it(self, hotel, desk_api):
        stay = factories.make_stay(hotel, total=Decimal(100))
        with transaction():
            stays.add_note(stay, "Likes quiet")
        detail = desk_api.detail(stay)
        assert (detail["can_check_in"], detail["has_room_assigned"]) == (True, True)
        assert [one["role"] for one in detail["party"]] == ["PRIMARY"]
        assert [one["action"] for one in detail["history"]] == ["note_added", "created"]
        assert [(one["channel"], one["body"]) for one in detail["communications"]] == [("note", "Likes quiet")]
        assert detail["folio"] == {
            "total": "100.00",
            "paid": "0.00",
            "balance": "100.00",
            "currency": "GBP",
            "lines": [],
        }
        assert detail["assigned_room"]["room_number"] == "101"
        assert detail["rooms"] == [
            {"room_number": "101", "date_from": stay.check_in.isoformat(), "date_to": stay.check_out.isoformat()}
        ]

    def test_what_stands_between_it_and_a_check_in(self, hotel, desk_api):
        later = factories.make_stay(hotel, None, arrives_in=3)
        detail = desk_api.detail(later)
        assert not detail["can_check_in"]
        assert [one["code"] for one in detail["check_in_obstacles"]] == ["ROOM_NOT_ASSIGNED", "TOO_EARLY"]

    @pytest.mark.parametrize("booking_id", ["BK-2026-NOTHING2", "none", "1", "%00", "🛏"])
    def test_an_unknown_one(self, desk_api, booking_id):
        assert error(desk_api.get(f"/room-bookings/{booking_id}/")) == (404, "NOT_FOUND")

    def test_another_hotels(self, app, desk_api):
        elsewhere = factories.make_hotel()
        stay = factories.make_stay(elsewhere)
        assert error(desk_api.get(of(stay))) == (404, "NOT_FOUND")
        for action in ("confirm", "cancel", "check-in", "assign-room", "safe-assign", "unassign-room"):
            body = {"room_number": "101"} if action == "assign-room" else {}
            assert error(desk_api.act(stay, action, **body)) == (404, "NOT_FOUND"), action

    def test_housekeeping_reads_no_guests(self, app, hotel):
        factories.make_stay(hotel)
        assert error(Caller(app, hotel, "housekeeping").stays()) == (403, "FORBIDDEN")


class TestTransitions:
    def test_from_arrival_to_departure(self, hotel, desk_api):
        stay = factories.make_stay(hotel)
        arrived = desk_api.act(stay, "check-in")
        assert (arrived.status_code, arrived.json["status"]) == (200, "CHECKED_IN")
        left = desk_api.act(stay, "check-out")
        assert left.json["booking"]["status"] == "COMPLETED"
        assert error(desk_api.act(stay, "cancel")) == (409, "INVALID_TRANSITION")

    def test_a_reason_is_kept(self, hotel, desk_api):
        stay = factories.make_stay(hotel)
        answer = desk_api.act(stay, "cancel", reason="The guest called")
        assert answer.json["booking"]["cancellation_reason"] == "The guest called"
        assert answer.json["booking"]["history"][0]["reason"] == "The guest called"
        assert answer.json["booking"]["history"][0]["actor"] == desk_api.user.name

    def test_confirm(self, hotel, desk_api):
        stay = factories.make_stay(hotel, status="PENDING_PAYMENT")
        assert desk_api.act(stay, "confirm").json["status"] == "CONFIRMED"
        assert error(desk_api.act(stay, "confirm")) == (409, "INVALID_TRANSITION")

    def test_no_show(self, hotel, desk_api):
        assert desk_api.act(factories.make_stay(hotel), "no-show", reason="Never came").json["status"] == "NO_SHOW"
        assert error(desk_api.act(factories.make_stay(hotel, arrives_in=2), "no-show")) == (409, "TOO_EARLY")

    def test_a_dirty_room_needs_a_manager(self, hotel, desk_api, manager_api):
        stay = factories.make_stay(hotel)
        with transaction():
            operations.set_housekeeping(factories.room_of(hotel, "101"), "dirty")
        assert error(desk_api.act(stay, "check-in")) == (409, "ROOM_NOT_READY")
        assert error(desk_api.act(stay, "check-in", override=True)) == (409, "ROOM_NOT_READY")
        assert manager_api.act(stay, "check-in", override=True).json["status"] == "CHECKED_IN"

    def test_a_body_is_not_needed(self, hotel, desk_api):
        stay = factories.make_stay(hotel)
        path = f"{desk_api.root}{of(stay, 'check-in')}"
        assert desk_api.client.post(path.rstrip("/"), headers=desk_api.headers).status_code == 200


class TestAssignment:
    def test_the_answer(self, hotel, desk_api):
        stay = factories.make_stay(hotel, None)
        answer = desk_api.act(stay, "assign-room", room_number="102", notes="By the lift", assignment_version=0)
        assert answer.status_code == 200
        body = answer.json
        assert body["success"] is True
        assert body["booking"]["assigned_room"]["room_number"] == "102"
        assert INSTANT.match(body["room_assigned_at"])
        assert (body["room_assigned_by"], body["assignment_notes"]) == (desk_api.user.name, "By the lift")
        assert body["assignment_version"] == 1
        again = desk_api.act(stay, "assign-room", room_id=factories.room_of(hotel, "103").id)
        assert again.json["booking"]["assigned_room_number"] == "103"

    @pytest.mark.parametrize("body", [{}, {"room_number": ""}, {"room_id": "x"}, {"room_id": -1}])
    def test_a_room_must_be_named(self, hotel, desk_api, body):
        answer = desk_api.act(factories.make_stay(hotel, None), "assign-room", **body)
        assert answer.status_code in (400, 422)

    def test_unknown_rooms(self, hotel, desk_api):
        stay = factories.make_stay(hotel, None)
        assert error(desk_api.act(stay, "assign-room", room_number="999")) == (404, "NOT_FOUND")
        assert error(desk_api.act(stay, "assign-room", room_id=2**62)) == (404, "NOT_FOUND")

    def test_hotel_mismatch(self, hotel, desk_api):
        elsewhere = factories.room_of(factories.make_hotel(), "101")
        stay = factories.make_stay(hotel, None)
        assert error(desk_api.act(stay, "assign-room", room_id=elsewhere.id)) == (409, "HOTEL_MISMATCH")

    def test_booking_status_not_assignable(self, hotel, desk_api):
        stay = factories.make_stay(hotel, None)
        with transaction():
            stays.cancel(stay)
        refused = desk_api.act(stay, "assign-room", room_number="101")
        assert error(refused) == (409, "BOOKING_STATUS_NOT_ASSIGNABLE")

    def test_booking_already_checked_in(self, hotel, desk_api):
        stay = factories.make_stay(hotel)
        desk_api.act(stay, "check-in")
        for action, body in (("assign-room", {"room_number": "102"}), ("unassign-room", {})):
            assert error(desk_api.act(stay, action, **body)) == (409, "BOOKING_ALREADY_CHECKED_IN")
        moved = desk_api.act(stay, "move-in-house", room_number="102")
        assert moved.json["booking"]["assigned_room_number"] == "102"

    def test_room_type_mismatch(self, hotel, desk_api, manager_api):
        stay = factories.make_stay(hotel, None)
        assert error(desk_api.act(stay, "assign-room", room_number="201")) == (409, "ROOM_TYPE_MISMATCH")
        meant = {"room_number": "201", "allow_type_change": True}
        assert error(desk_api.act(stay, "assign-room", **meant)) == (409, "ROOM_TYPE_MISMATCH"), "a lesser type"
        assert manager_api.act(stay, "assign-room", **meant).status_code == 200

    def test_an_upgrade_only_has_to_be_meant(self, hotel, desk_api):
        stay = factories.make_stay(hotel, None, code="SGL")
        assert error(desk_api.act(stay, "assign-room", room_number="101")) == (409, "ROOM_TYPE_MISMATCH")
        assert desk_api.act(stay, "assign-room", room_number="101", allow_type_change=True).status_code == 200

    def test_room_out_of_order(self, hotel, desk_api):
        stay = factories.make_stay(hotel, None)
        block(factories.room_of(hotel, "101"), stay.dates)
        assert error(desk_api.act(stay, "assign-room", room_number="101")) == (409, "ROOM_OUT_OF_ORDER")

    def test_room_overlap_conflict(self, hotel, desk_api):
        there = factories.make_stay(hotel, "101")
        refused = desk_api.act(factories.make_stay(hotel, None), "assign-room", room_number="101")
        assert error(refused) == (409, "ROOM_OVERLAP_CONFLICT")
        assert refused.json["error"]["details"]["conflicting_booking_ids"] == [there.booking_id]

    def test_assignment_version_conflict(self, hotel, desk_api):
        stay = factories.make_stay(hotel, None)
        desk_api.act(stay, "assign-room", room_number="101", assignment_version=0)
        for action, room in (("assign-room", "102"), ("safe-assign", None), ("unassign-room", None)):
            body = {"assignment_version": 0, **({"room_number": room} if room else {})}
            assert error(desk_api.act(stay, action, **body)) == (409, "ASSIGNMENT_VERSION_CONFLICT"), action

    def test_safe_assign_takes_the_best_fit(self, hotel, desk_api):
        factories.make_stay(hotel, "103", arrives_in=2, nights=3)
        factories.make_stay(hotel, "102", arrives_in=4, nights=3)
        answer = desk_api.act(factories.make_stay(hotel, None), "safe-assign")
        assert answer.json["booking"]["assigned_room_number"] == "103"

    def test_safe_assign_with_nothing_free(self, hotel, desk_api):
        for room in ("101", "102", "103"):
            factories.make_stay(hotel, room)
        stay = factories.make_stay(hotel, None, is_fact=True)
        assert error(desk_api.act(stay, "safe-assign")) == (409, "NO_AVAILABILITY")

    def test_unassign(self, hotel, desk_api):
        answer = desk_api.act(factories.make_stay(hotel), "unassign-room")
        assert answer.json["booking"]["has_room_assigned"] is False
        assert answer.json["booking"]["assigned_room"] is None

    def test_swap(self, hotel, desk_api):
        one, other = factories.make_stay(hotel, "101"), factories.make_stay(hotel, "102", nights=4)
        answer = desk_api.act(one, "swap-rooms", other_booking_id=other.booking_id)
        assert [booking["assigned_room_number"] for booking in answer.json["bookings"]] == ["102", "101"]
        later = factories.make_stay(hotel, "102", arrives_in=2)
        refused = desk_api.act(one, "swap-rooms", other_booking_id=other.booking_id)
        assert error(refused) == (409, "ROOM_OVERLAP_CONFLICT")
        assert refused.json["error"]["details"]["conflicting_booking_ids"] == [later.booking_id]
        assert desk_api.detail(one)["assigned_room_number"] == "102", "nothing has changed"


class TestRooms:
    def test_availability(self, hotel, desk_api):
        stay = factories.make_stay(hotel, "101", nights=2)
        closed = factories.room_of(hotel, "102")
        block(closed, stay.dates)
        query = {"check_in": stay.check_in, "check_out": stay.check_out}
        body = desk_api.get("/rooms/availability/", **query, room_type="DBL").json
        assert [room["room_number"] for room in body["available_rooms"]] == ["103"]
        taken = {room["room_number"]: room for room in body["unavailable_rooms"]}
        assert taken["101"]["conflict_reason"] == "OCCUPIED"
        assert taken["101"]["conflict_booking_id"] == stay.booking_id
        assert taken["101"]["available_from"] == stay.check_out.isoformat()
        assert (taken["102"]["conflict_reason"], taken["102"]["conflict_booking_id"]) == ("OUT_OF_ORDER", None)
        without = desk_api.get("/rooms/availability/", **query, exclude_booking=stay.booking_id).json
        assert [room["room_number"] for room in without["available_rooms"]] == ["101", "103", "201", "202"]

    def test_the_day_of_departure_is_free(self, hotel, desk_api):
        stay = factories.make_stay(hotel, "101")
        query = {"check_in": stay.check_out, "check_out": stay.check_out + dt.timedelta(days=1)}
        assert desk_api.get("/rooms/availability/", **query).json["unavailable_rooms"] == []

    @pytest.mark.parametrize(
        ("query", "expected"),
        [
            ({"check_in": "2026-12-02", "check_out": "2026-12-02"}, (422, "INVALID_DATE_RANGE")),
            ({"check_in": "2026-12-03", "check_out": "2026-12-02"}, (422, "INVALID_DATE_RANGE")),
            ({"check_in": "2026-12-03", "check_out": "2036-12-02"}, (422, "INVALID_DATE_RANGE")),
            ({"check_in": "2026-12-03"}, (400, "MALFORMED")),
            ({"check_in": "2026-12-01", "check_out": "2026-12-02", "room_type": "NONE"}, (404, "NOT_FOUND")),
            ({"check_in": "2026-12-01", "check_out": "2026-12-02", "exclude_booking": "x"}, (404, "NOT_FOUND")),
        ],
    )
    def test_bad_queries(self, desk_api, query, expected):
        answer = desk_api.get("/rooms/availability/", **query)
        assert (answer.status_code, answer.json["error"]["code"]) == expected

    def test_rooms_for_a_stay(self, hotel, desk_api):
        factories.make_stay(hotel, "103", arrives_in=2)
        factories.make_stay(hotel, "101")
        stay = factories.make_stay(hotel, None)
        for answer in (
            desk_api.get("/room-bookings/available-rooms/", booking_id=stay.booking_id),
            desk_api.get(of(stay, "available-rooms")),
        ):
            body = answer.json
            assert [room["room_number"] for room in body["available_rooms"]] == ["103", "102", "201", "202"]
            assert [room["is_same_type"] for room in body["available_rooms"]] == [True, True, False, False]
            assert [room["room_number"] for room in body["unavailable_rooms"]] == ["101"]
            assert body["assignment_version"] == 0

    def test_auto_assign(self, hotel, desk_api):
        factories.make_stay(hotel, "103", arrives_in=2)
        long = factories.make_stay(hotel, None, nights=5)
        short = factories.make_stay(hotel, None, nights=2)
        body = desk_api.post("/room-bookings/auto-assign/", {"dry_run": True}).json
        assert {one["booking_id"]: one["room_number"] for one in body["assigned"]} == {
            long.booking_id: "101",
            short.booking_id: "103",
        }
        assert desk_api.detail(long)["has_room_assigned"] is False
        body = desk_api.post("/room-bookings/auto-assign/").json
        assert body["not_assigned"] == []
        assert desk_api.detail(long)["assigned_room_number"] == "101"

    def test_auto_assign_says_what_it_could_not_place(self, hotel, desk_api):
        for room in ("101", "102", "103"):
            factories.make_stay(hotel, room)
        left = factories.make_stay(hotel, None, is_fact=True)
        (one,) = desk_api.post("/room-bookings/auto-assign/").json["not_assigned"]
        assert (one["booking_id"], one["code"]) == (left.booking_id, "NO_AVAILABILITY")


class TestParty:
    def test_people_come_and_go(self, hotel, desk_api):
        stay = factories.make_stay(hotel)
        added = desk_api.post(of(stay, "party"), {"name": "Zoë 🛏", "role": "CHILD", "is_staying": False})
        assert added.status_code == 201
        assert added.json["member"]["role"] == "CHILD"
        body = desk_api.get(of(stay, "party")).json
        assert [(one["role"], one["name"], one["is_staying"]) for one in body["party"]] == [
            ("PRIMARY", "Ada Example", True),
            ("CHILD", "Zoë 🛏", False),
        ]
        gone = desk_api.delete(of(stay, "party", str(added.json["member"]["id"])))
        assert gone.json["count"] == 1
        assert error(desk_api.delete(of(stay, "party", str(added.json["member"]["id"])))) == (404, "NOT_FOUND")

    def test_all_at_once(self, hotel, desk_api):
        stay = factories.make_stay(hotel)
        for name in ("Grace", "Edsger"):
            desk_api.post(of(stay, "party"), {"name": name})
        assert desk_api.delete(of(stay, "party")).json["count"] == 1
        assert db.session.query(PartyMember).count() == 0
        assert [one["action"] for one in desk_api.detail(stay)["history"]][:2] == [
            "party_cleared",
            "party_member_added",
        ]

    @pytest.mark.parametrize(
        "body", [{}, {"name": ""}, {"name": "x" * 5000}, {"name": "x", "role": "KING"}, {"name": "\x00"}]
    )
    def test_bad_people(self, hotel, desk_api, body):
        assert desk_api.post(of(factories.make_stay(hotel), "party"), body).status_code in (400, 422)


class TestCommunications:
    @pytest.mark.parametrize(
        ("body", "channel"),
        [
            ({"channel": "phone", "body": "Arrives late", "direction": "in"}, "phone"),
            ({"channel": "note", "body": "Allergic to feathers"}, "note"),
            ({"channel": "internal_note", "body": "Allergic to feathers"}, "note"),
            ({"channel": "mail", "subject": "Your key", "body": "It is <b>at</b> the desk"}, "mail"),
            ({"channel": "sms", "body": "Your key is at the desk"}, "sms"),
        ],
    )
    def test_each_kind(self, hotel, desk_api, run_jobs, body, channel):
        stay = factories.make_stay(hotel)
        answer = desk_api.post(of(stay, "communications"), body)
        assert answer.status_code == 201, answer.json
        run_jobs()
        found = desk_api.get(of(stay, "communications")).json
        (one,) = [entry for entry in found["results"] if entry["body"].strip().startswith(body["body"])]
        assert (one["channel"], one["created_by"]) == (channel, desk_api.user.name)
        assert one["state"] in ("sent", "delivered")
        assert one["direction"] == body.get("direction", "out")

    def test_nobody_is_written_to_without_an_address(self, hotel, desk_api):
        stay = factories.make_stay(hotel, guest_email=None, guest_phone=None)
        for channel in ("mail", "sms"):
            refused = desk_api.post(of(stay, "communications"), {"channel": channel, "body": "Hello"})
            assert error(refused) == (422, "NO_ADDRESS")

    @pytest.mark.parametrize("body", [{}, {"channel": "pigeon", "body": "x"}, {"channel": "note", "body": " "}])
    def test_bad_ones(self, hotel, desk_api, body):
        assert desk_api.post(of(factories.make_stay(hotel), "communications"), body).status_code in (400, 422)


@pytest.mark.parametrize(
    "path",
    [
        "/api/staff/hotel/%00/me/",
        "/api/staff/hotel/nowhere/room-bookings/",
        "/api/public/hotel/%00/settings/",
    ],
)
def test_addresses_that_no_database_can_hold(app, desk_api, path):
    answer = desk_api.client.get(path, headers=desk_api.headers)
    assert answer.status_code == 404


@pytest.mark.parametrize("number", [0, 10**18, 10**30, -1, "x"])
def test_numbers_that_no_database_can_hold(hotel, desk_api, number):
    stay = factories.make_stay(hotel)
    assert desk_api.delete(of(stay, "party", str(number))).status_code in (400, 404)
    assert desk_api.post(f"/moves/{number}/undo/").status_code in (400, 404)

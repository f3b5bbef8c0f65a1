"""The manager's pages of what is sold, and the owner's answers to requests."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from sqlalchemy import select

from tests import factories
from tests.booking_kit import GUEST, Shop, day, make_shop, override, set_terms, stay_of
from webapp.availability.domain import Party
from webapp.booking import changes
from webapp.core.audit import AuditEntry
from webapp.core.database import db
from webapp.core.events import LiveEvent
from webapp.core.transaction import transaction
from webapp.models import Inventory, Message, PriceOverride, Reservation, StayRestriction
from webapp.stays import services as stays

TYPE = {
    "code": "SUI", "name": "Suite", "description": "", "beds": "1 king bed", "photos": "https://example.com/a.jpg\njavascript:x",
    "max_occupancy": "4", "base_occupancy": "2", "base_price": "180.50", "extra_guest_price": "30",
    "overbooking_allowance": "0", "sellable_limit": "", "position": "0", "is_active": "y",
}  # fmt: skip
TERMS = {
    "taxes-0-name": "VAT", "taxes-0-kind": "percentage", "taxes-0-rate": "20", "taxes-1-kind": "percentage",
    "taxes-2-kind": "percentage", "taxes-3-kind": "percentage", "free_days": "3", "fee_percent": "50",
    "fee_nights": "0", "deposit_percent": "0", "deposit_nights": "1", "hold_minutes": "45", "request_hours": "24",
    "advance_days": "0", "window_days": "300",
}  # fmt: skip


@pytest.fixture
def shop(app, client):
    return Shop(client, make_shop())


@pytest.fixture
def boss(shop, sign_in):
    return sign_in(factories.make_user(shop.hotel, role="manager"))


def actions():
    query = select(AuditEntry.action).where(AuditEntry.entity_type != "reservation")
    return db.session.scalars(query.order_by(AuditEntry.id)).all()


def test_pages_open_for_the_manager_alone(shop, boss, sign_in):
    clerk = sign_in(factories.make_user(shop.hotel, role="desk"))
    for page in ("rates", "rates/prices", "rates/restrictions", "rates/terms", "rates/types/new"):
        assert boss.get(f"/staff/{shop.hotel.slug}/{page}").status_code == 200, page
        assert clerk.get(f"/staff/{shop.hotel.slug}/{page}").status_code == 403


def test_a_room_type_is_added_and_changed_with_its_history(shop, boss):
    base = f"/staff/{shop.hotel.slug}/rates/types"
    assert boss.post(f"{base}/new", data=TYPE).status_code == 303
    suite = factories.type_of(shop.hotel, "SUI")
    assert (suite.base_price, suite.beds) == (Decimal("180.50"), TYPE["beds"])
    assert boss.get(f"{base}/{suite.id}").status_code == 200
    assert boss.post(f"{base}/{suite.id}", data={**TYPE, "base_price": "190"}).status_code == 303
    entry = db.session.scalars(select(AuditEntry).where(AuditEntry.action == "type_changed")).one()
    assert (entry.before, entry.after) == ({"base_price": "180.50"}, {"base_price": "190.00"})
    assert "<del>180.50</del> → <ins>190.00</ins>" in boss.get(f"/staff/{shop.hotel.slug}/rates").text
    assert boss.post(f"{base}/new", data=TYPE).status_code == 409
    assert boss.post(f"{base}/new", data={**TYPE, "code": "X", "base_occupancy": "9"}).status_code == 422


def test_another_hotels_type_is_not_found(shop, boss):
    elsewhere = factories.type_of(make_shop(), "DBL")
    url = f"/staff/{shop.hotel.slug}/rates/types/{elsewhere.id}"
    assert boss.get(url).status_code == 404
    assert boss.post(url, data=TYPE).status_code == 404


def test_new_limits_hold_for_nights_that_are_counted_already(shop, boss):
    shop.book()
    double = factories.type_of(shop.hotel, "DBL")
    data = {**TYPE, "code": "DBL", "name": "Double", "sellable_limit": "2"}
    assert boss.post(f"/staff/{shop.hotel.slug}/rates/types/{double.id}", data=data).status_code == 303
    assert shop.types()["DBL"]["rooms_left"] == 1
    assert set(db.session.scalars(select(Inventory.sellable_limit))) == {2}
    assert (
        boss.post(f"/staff/{shop.hotel.slug}/rates/types/{double.id}", data={**data, "sellable_limit": ""}).status_code
        == 303
    )
    assert shop.types()["DBL"]["rooms_left"] == 2


def test_a_price_is_set_and_removed(shop, boss):
    url = f"/staff/{shop.hotel.slug}/rates/prices"
    data = {
        "room_type_id": factories.type_of(shop.hotel, "DBL").id,
        "starts_on": day(shop.hotel, 10),
        "last_on": day(shop.hotel, 10),
        "price": "150",
    }
    assert boss.post(url, data=data).status_code == 303
    assert [night["price"] for night in shop.types()["DBL"]["nightly"]] == ["150.00", "100.00"]
    row = db.session.scalars(select(PriceOverride)).one()
    assert "150.00" in boss.get(url).get_data(as_text=True)
    assert boss.post(f"{url}/{row.id}/remove").status_code == 303
    assert shop.types()["DBL"]["total"] == "200.00"
    assert actions()[-2:] == ["price_added", "price_removed"]
    assert boss.post(url, data={**data, "last_on": day(shop.hotel, 5)}).status_code == 422


def test_a_restriction_is_set_and_removed(shop, boss):
    url = f"/staff/{shop.hotel.slug}/rates/restrictions"
    data = {"room_type_id": 0, "starts_on": day(shop.hotel, 5), "last_on": day(shop.hotel, 15), "min_stay": "3"}
    assert boss.post(url, data=data).status_code == 303
    assert shop.reasons() == ["MIN_STAY"]
    row = db.session.scalars(select(StayRestriction)).one()
    assert "at least 3 nights" in boss.get(url).get_data(as_text=True)
    assert boss.post(f"{url}/{row.id}/remove").status_code == 303
    assert shop.reasons() == []
    assert boss.post(url, data={**data, "min_stay": ""}).status_code == 422
    assert boss.post(url, data={**data, "max_stay": "2"}).status_code == 422


def test_terms_are_changed_and_bookings_keep_theirs(shop, boss):
    before = shop.book().json
    url = f"/staff/{shop.hotel.slug}/rates/terms"
    assert boss.post(url, data=TERMS).status_code == 303
    page = boss.get(url).get_data(as_text=True)
    assert 'value="VAT"' in page
    after = shop.book().json
    assert (after["pricing"]["taxes"], after["payment"]["deposit_due"], after["status"]) == (
        "40.00",
        "100.00",
        "PENDING_PAYMENT",
    )
    shown = shop.client.get(
        f"{shop.base}/room-bookings/{before['booking_id']}/", query_string={"email": "grace@example.com"}
    ).json
    assert shown["cancellation"] == before["cancellation"]
    assert actions()[-1] == "terms_changed"
    assert boss.post(url, data={**TERMS, "fee_percent": "120"}).status_code == 422


def test_the_owner_accepts_a_request(shop, boss, run_jobs):
    set_terms(shop.hotel, request_to_book=True)
    booking = shop.book().json
    base = f"/staff/{shop.hotel.slug}/requests"
    assert "Grace Hopper" in boss.get(base).get_data(as_text=True)
    assert boss.post(f"{base}/{booking['booking_id']}/accept").status_code == 303
    assert db.session.scalars(select(Reservation)).one().status == "CONFIRMED"
    assert boss.post(f"{base}/{booking['booking_id']}/accept").status_code == 409
    run_jobs()
    mail = db.session.scalars(select(Message).where(Message.template == "booking")).one()
    assert "is confirmed" in mail.body


def test_an_accepted_request_waits_for_its_deposit(shop, boss):
    set_terms(shop.hotel, request_to_book=True, deposit={"percent": "50"})
    booking = shop.book().json
    boss.post(f"/staff/{shop.hotel.slug}/requests/{booking['booking_id']}/accept")
    stay = db.session.scalars(select(Reservation)).one()
    assert (stay.status, stay.awaits_approval) == ("PENDING_PAYMENT", False)
    assert stay.hold_expires_at is not None


def test_the_owner_declines_a_request(shop, boss, run_jobs):
    set_terms(shop.hotel, request_to_book=True)
    booking = shop.book().json
    url = f"/staff/{shop.hotel.slug}/requests/{booking['booking_id']}/reject"
    assert boss.post(url, data={"reason": "We repaint the house."}).status_code == 303
    assert shop.types()["DBL"]["rooms_left"] == 3
    run_jobs()
    mail = db.session.scalars(select(Message).where(Message.template == "booking")).one()
    assert "We repaint the house." in mail.body


def ask_for_two(shop):
    """A request for a double and a single; its stays."""
    rooms = [{"room_type_code": "DBL", "adults": 2}, {"room_type_code": "SGL", "adults": 1, "guest_name": "Gil Guest"}]
    answer = shop.post({**GUEST, **stay_of(shop.hotel), "rooms": rooms})
    assert answer.status_code == 201, answer.json
    return db.session.scalars(select(Reservation).order_by(Reservation.id)).all()


def shown_word(page):
    """What tells the rooms that the owner was shown."""
    (word,) = set(re.findall(r'name="seen" value="([^"]+)"', page))
    return {"seen": word}


def test_a_request_for_several_rooms_is_accepted_at_once(shop, boss, run_jobs):
    set_terms(shop.hotel, request_to_book=True)
    first, second = ask_for_two(shop)
    base = f"/staff/{shop.hotel.slug}/requests"
    page = boss.get(base).text
    assert ("Accept all 2 rooms" in page, "320.00" in page, page.count("/accept")) == (True, True, 1)
    with transaction():
        changes.change(first, shop.hotel.slug, "DBL", day(shop.hotel, 10), day(shop.hotel, 20), Party(2))
    late = boss.post(f"{base}/{second.booking_id}/accept", data=shown_word(page), follow_redirects=True)
    assert (late.status_code, "has changed this request" in late.text) == (409, True)
    assert {first.status, second.status} == {"PENDING_PAYMENT"}
    page = boss.get(base).text
    assert boss.post(f"{base}/{second.booking_id}/accept", data=shown_word(page)).status_code == 303
    assert {first.status, second.status} == {"CONFIRMED"}
    run_jobs()
    assert len(db.session.scalars(select(Message).where(Message.template == "booking")).all()) == 1
    assert boss.post(f"{base}/{first.booking_id}/reject").status_code == 409


def test_a_request_for_several_rooms_is_declined_at_once(shop, boss, run_jobs):
    set_terms(shop.hotel, request_to_book=True)
    stays_of_it = ask_for_two(shop)
    url = f"/staff/{shop.hotel.slug}/requests/{stays_of_it[0].booking_id}/reject"
    word = shown_word(boss.get(f"/staff/{shop.hotel.slug}/requests").text)
    assert boss.post(url, data={**word, "reason": "We are closed."}).status_code == 303
    assert {stay.status for stay in stays_of_it} == {"CANCELLED"}
    assert (shop.types()["DBL"]["rooms_left"], shop.types()["SGL"]["rooms_left"]) == (3, 2)
    run_jobs()
    mail = db.session.scalars(select(Message).where(Message.template == "booking")).one()
    assert "We are closed." in mail.body


def test_rooms_are_added_changed_and_taken_out_of_use(shop, boss):
    base = f"/staff/{shop.hotel.slug}/rates/rooms"
    double, single = (factories.type_of(shop.hotel, code) for code in ("DBL", "SGL"))
    room = {"number": " 104 ", "room_type_id": double.id, "floor": "1", "position": "4", "is_active": "y"}
    assert shop.types()["DBL"]["rooms_left"] == 3
    assert boss.post(base, data=room).status_code == 303
    assert shop.types()["DBL"]["rooms_left"] == 4
    assert boss.post(base, data=room).status_code == 409
    assert "104" in boss.get(base).text
    told = db.session.scalars(select(LiveEvent.data).where(LiveEvent.event == "room-status-changed")).one()
    assert told.keys() == {"booking_id", "status", "assigned_room_number", "room_number", "timestamp"}
    made = factories.room_of(shop.hotel, "104")
    own = f"{base}/{made.id}"
    assert boss.get(own).status_code == 200
    stay = factories.make_stay(shop.hotel, "104", arrives_in=10)
    refused = boss.post(own, data={**room, "room_type_id": single.id})
    assert (refused.status_code, "Move them first" in refused.text) == (409, True)
    assert boss.post(own, data={**room, "number": "Garden"}).status_code == 303
    with transaction():
        stays.cancel(stay)
    assert boss.post(own, data={**room, "number": "Garden", "room_type_id": single.id}).status_code == 303
    assert (shop.types()["DBL"]["rooms_left"], shop.types()["SGL"]["rooms_left"]) == (3, 3)
    without = {name: value for name, value in room.items() if name != "is_active"}
    assert boss.post(own, data={**without, "number": "Garden", "room_type_id": single.id}).status_code == 303
    assert shop.types()["SGL"]["rooms_left"] == 2
    assert "Room changed" in boss.get(base).text
    assert "room_added" in actions()
    foreign = factories.room_of(make_shop(), "101")
    assert boss.post(f"{base}/{foreign.id}", data=room).status_code == 404


def test_a_range_until_the_last_day_of_all_is_refused(shop, boss):
    form = {
        "room_type_id": factories.type_of(shop.hotel, "DBL").id,
        "starts_on": "9999-12-30",
        "last_on": "9999-12-31",
        "price": "80",
    }
    assert boss.post(f"/staff/{shop.hotel.slug}/rates/prices", data=form).status_code == 422
    rule = {**form, "min_stay": "2"}
    assert boss.post(f"/staff/{shop.hotel.slug}/rates/restrictions", data=rule).status_code == 422
    assert (db.session.scalars(select(PriceOverride)).all(), db.session.scalars(select(StayRestriction)).all()) == (
        [],
        [],
    )


def seen_on(client, url):
    """The word that the form of this page carries for what it was made from."""
    return re.search(r'name="seen" value="([^"]*)"', client.get(url).text)[1]


def test_two_managers_change_one_room_type(shop, boss):
    double = factories.type_of(shop.hotel, "DBL")
    url = f"/staff/{shop.hotel.slug}/rates/types/{double.id}"
    first = {**TYPE, "code": "DBL", "name": "Double", "seen": seen_on(boss, url)}
    assert boss.post(url, data={**first, "base_price": "120", "is_active": ""}).status_code == 303
    refused = boss.post(url, data={**first, "base_price": "130", "name": "Double room"})
    assert (refused.status_code, "Somebody else has saved this" in refused.text) == (409, True)
    assert "It now reads: 120.00" in refused.text
    assert 'value="130"' in refused.text  # what was typed is still there
    assert factories.type_of(shop.hotel, "DBL").base_price == 120
    again = {**first, "base_price": "130", "seen": re.search(r'name="seen" value="([^"]*)"', refused.text)[1]}
    assert boss.post(url, data=again).status_code == 303
    assert factories.type_of(shop.hotel, "DBL").base_price == 130
    room = f"/staff/{shop.hotel.slug}/rates/rooms/{factories.room_of(shop.hotel, '101').id}"
    values = {
        "number": "101",
        "room_type_id": double.id,
        "position": "0",
        "is_active": "y",
        "seen": seen_on(boss, room),
    }
    assert boss.post(room, data={**values, "floor": "2"}).status_code == 303
    refused = boss.post(room, data={**values, "floor": "3"})
    assert (refused.status_code, "It now reads: 2" in refused.text) == (409, True)


def test_two_managers_change_the_terms(shop, boss):
    url = f"/staff/{shop.hotel.slug}/rates/terms"
    seen = seen_on(boss, url)
    assert boss.post(url, data={**TERMS, "seen": seen}).status_code == 303
    refused = boss.post(url, data={**TERMS, "free_days": "9", "seen": seen})
    assert (refused.status_code, "It now reads: 3" in refused.text) == (409, True)
    assert boss.post(url, data={**TERMS, "free_days": "9", "seen": seen_on(boss, url)}).status_code == 303
    assert boss.post(url, data={**TERMS, "seen": "junk free_days:0 :"}).status_code == 409


def test_two_managers_set_rules_for_the_same_nights(shop, boss):
    base = f"/staff/{shop.hotel.slug}/rates"
    double, single = (factories.type_of(shop.hotel, code).id for code in ("DBL", "SGL"))
    nights = {"starts_on": day(shop.hotel, 10), "last_on": day(shop.hotel, 12)}
    price = {**nights, "room_type_id": double, "price": "150", "seen": seen_on(boss, f"{base}/prices")}
    assert boss.post(f"{base}/prices", data=price).status_code == 303
    refused = boss.post(f"{base}/prices", data={**price, "price": "90"})
    assert (refused.status_code, "Somebody else" in refused.text, "£150.00" in refused.text) == (409, True, True)
    assert boss.post(f"{base}/prices", data={**price, "room_type_id": single}).status_code == 303
    rule = {**nights, "room_type_id": 0, "min_stay": "3", "seen": seen_on(boss, f"{base}/restrictions")}
    assert boss.post(f"{base}/restrictions", data=rule).status_code == 303
    assert boss.post(f"{base}/restrictions", data={**rule, "room_type_id": double}).status_code == 409
    for seen in ("", "x" * 20_000, "-1", "9" * 40):
        assert boss.post(f"{base}/prices", data={**price, "price": "95", "seen": seen}).status_code == 303, seen[:9]


def test_a_price_that_is_over_stands_in_nobodys_way(shop, boss):
    """The page does not show it, so nobody could look at it and save again."""
    override(shop.hotel, "80", -5, -1)
    url, hotel = f"/staff/{shop.hotel.slug}/rates/prices", shop.hotel
    form = {
        "starts_on": day(hotel, -3).isoformat(), "last_on": day(hotel, 3).isoformat(), "price": "95",
        "room_type_id": factories.type_of(hotel, "DBL").id, "seen": seen_on(boss, url),
    }  # fmt: skip
    assert form["seen"] == "0"
    assert boss.post(url, data=form).status_code == 303

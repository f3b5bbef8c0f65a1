"""The public JSON API: availability, quotes, bookings, and every kind of bad input."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from sqlalchemy import func, select

from tests import factories
from tests.booking_kit import GUEST, Shop, day, make_shop, override, restrict, set_terms, stay_of
from webapp.booking import changes, queries
from webapp.core import clock
from webapp.core.database import db
from webapp.core.transaction import transaction
from webapp.models import Reservation


@pytest.fixture
def shop(app, client):
    return Shop(client, make_shop())


def code_of(answer):
    return answer.status_code, answer.json["error"]["code"]


def bookings() -> int:
    return db.session.scalar(select(func.count()).select_from(Reservation))


def test_availability_lists_every_type_with_its_price(shop):
    answer = shop.availability()
    assert answer.status_code == 200
    assert (answer.json["hotel"], answer.json["nights"]) == (shop.hotel.slug, 2)
    double = answer.json["room_types"][0]
    assert double["code"] == "DBL"
    assert double["rooms_left"] == 3
    assert double["available"] is True
    assert double["reasons"] == []
    assert [night["price"] for night in double["nightly"]] == ["100.00", "100.00"]
    assert (double["subtotal"], double["taxes"], double["total"]) == ("200.00", "0.00", "200.00")
    assert double["currency"] == "GBP"


def test_nights_that_are_taken_are_counted_and_the_day_of_departure_is_free(shop):
    factories.make_stay(shop.hotel, None, arrives_in=10, nights=2)
    assert shop.types(10, 2)["DBL"]["rooms_left"] == 2
    assert shop.types(11, 5)["DBL"]["rooms_left"] == 2
    assert shop.types(12, 1)["DBL"]["rooms_left"] == 3
    assert shop.types(9, 1)["DBL"]["rooms_left"] == 3


def test_sold_out_stays_in_the_list_and_says_so(shop):
    for _room in range(3):
        factories.make_stay(shop.hotel, None, arrives_in=10)
    double = shop.types()["DBL"]
    assert (double["available"], double["rooms_left"]) == (False, 0)
    assert double["reasons"][0]["code"] == "SOLD_OUT"


def test_when_nothing_is_free_the_next_dates_are_offered(shop):
    for _room in range(3):
        factories.make_stay(shop.hotel, None, arrives_in=10, nights=4)
    double = shop.types(10, 2)["DBL"]  # two guests: no single takes them
    assert double["next_free"][0] == stay_of(shop.hotel, 14, 2)


@pytest.mark.parametrize(
    ("rule", "nights", "reason"),
    [
        ({"min_stay": 3}, 2, "MIN_STAY"),
        ({"max_stay": 1}, 2, "MAX_STAY"),
        ({"closed_to_arrival": True}, 2, "CLOSED_TO_ARRIVAL"),
        ({"closed_to_departure": True}, 2, "CLOSED_TO_DEPARTURE"),
        ({"advance_days": 11}, 2, "ADVANCE_NOTICE"),
        ({"window_days": 9}, 2, "BOOKING_WINDOW"),
        ({"is_closed": True}, 2, "CLOSED"),
    ],
)
def test_each_restriction_refuses_with_its_reason(shop, rule, nights, reason):
    restrict(shop.hotel, 0, 60, "DBL", **rule)
    assert shop.reasons(10, nights) == [reason]
    assert shop.reasons(10, nights, code="SGL", adults=1) == []
    refused = shop.book()
    assert code_of(refused) == ((409, "NO_AVAILABILITY") if reason == "CLOSED" else (422, reason))


def test_restrictions_hold_on_their_dates_only(shop):
    restrict(shop.hotel, 5, 10, is_closed=True)
    assert shop.reasons(10, 2) == []
    assert shop.reasons(9, 2) == ["CLOSED"]
    assert shop.reasons(3, 2) == []
    restrict(shop.hotel, 20, 21, closed_to_departure=True)
    assert shop.reasons(18, 2) == ["CLOSED_TO_DEPARTURE"]
    assert shop.reasons(20, 2) == []


def test_too_many_guests_for_a_type(shop):
    assert shop.reasons(adults=3) == []
    assert shop.reasons(adults=4) == ["OCCUPANCY_EXCEEDED"]
    assert code_of(shop.book(adults=4)) == (422, "OCCUPANCY_EXCEEDED")
    assert code_of(shop.book(adults=99)) == (422, "OCCUPANCY_EXCEEDED")
    assert code_of(shop.quote(adults=3, children=1)) == (422, "OCCUPANCY_EXCEEDED")


def test_prices_change_by_date_guests_and_taxes(shop):
    set_terms(
        shop.hotel,
        taxes=[{"name": "VAT", "kind": "percentage", "rate": "20"}, {"name": "City", "kind": "per_person_night", "rate": "1.50"}],
    )  # fmt: skip
    override(shop.hotel, "150", 11, 12)
    quote = shop.quote(10, 2, adults=3).json
    kinds = [(line["kind"], line["amount"]) for line in quote["lines"]]
    assert kinds == [
        ("night", "100.00"),
        ("night", "150.00"),
        ("extra_guest", "40.00"),
        ("tax", "58.00"),
        ("tax", "9.00"),
    ]
    assert (quote["subtotal"], quote["taxes"], quote["total"]) == ("290.00", "67.00", "357.00")
    assert sum(Decimal(line["amount"]) for line in quote["lines"]) == Decimal(quote["total"])
    assert shop.types(10, 2, adults=3)["DBL"]["total"] == quote["total"]


def test_a_changed_price_is_seen_at_once(shop):
    assert shop.types()["DBL"]["total"] == "200.00"
    with transaction():
        factories.type_of(shop.hotel, "DBL").base_price = Decimal(110)
    assert shop.types()["DBL"]["total"] == "220.00"
    factories.make_room(factories.type_of(shop.hotel, "DBL"), "104")
    assert shop.types()["DBL"]["rooms_left"] == 4


def test_a_sellable_limit_holds_back_rooms(shop):
    with transaction():
        factories.type_of(shop.hotel, "DBL").sellable_limit = 1
    assert shop.types()["DBL"]["rooms_left"] == 1
    assert shop.book().status_code == 201
    assert code_of(shop.book()) == (409, "NO_AVAILABILITY")


def test_a_quote_is_kept_to_the_cent(shop):
    quote = shop.quote().json
    override(shop.hotel, "999")
    answer = shop.post({**GUEST, "quote_id": quote["quote_id"]})
    assert answer.status_code == 201
    assert answer.json["pricing"]["total"] == quote["total"] == "200.00"
    assert answer.json["pricing"]["lines"] == quote["lines"]


def test_a_quote_expires(shop):
    quote = shop.quote().json
    with clock.frozen(clock.now() + dt.timedelta(minutes=15, seconds=1)):
        assert code_of(shop.post({**GUEST, "quote_id": quote["quote_id"]})) == (410, "QUOTE_EXPIRED")


def test_a_quote_is_used_once_and_for_what_it_says(shop, client):
    quote = shop.quote().json["quote_id"]
    for other in ({"room_type_code": "SGL"}, {"adults": 1}, stay_of(shop.hotel, 11), {"promo_code": "X"}):
        assert code_of(shop.post({**GUEST, "quote_id": quote, **other})) == (409, "QUOTE_MISMATCH")
    assert shop.post({**GUEST, "quote_id": quote, **stay_of(shop.hotel)}).status_code == 201
    assert code_of(shop.post({**GUEST, "quote_id": quote})) == (409, "QUOTE_MISMATCH")
    assert code_of(shop.post({**GUEST, "quote_id": "nothing"})) == (409, "QUOTE_MISMATCH")
    elsewhere = Shop(client, make_shop())
    foreign = elsewhere.quote().json["quote_id"]
    assert code_of(shop.post({**GUEST, "quote_id": foreign})) == (409, "QUOTE_MISMATCH")


def test_a_booking_has_everything_the_guest_needs(shop):
    answer = shop.book(special_requests="A quiet room", unknown_field=1)
    assert answer.status_code == 201
    booking = answer.json
    assert booking["booking_id"].startswith(f"BK-{shop.hotel.business_date().year}-")
    assert booking["status"] == "CONFIRMED"
    assert booking["hotel"]["slug"] == shop.hotel.slug
    assert booking["room"]["room_type_code"] == "DBL"
    assert booking["dates"] == {**stay_of(shop.hotel), "nights": 2}
    assert booking["guests"]["primary"]["name"] == "Grace Hopper"
    assert booking["guests"]["total"] == 2
    assert booking["pricing"]["total"] == "200.00"
    assert booking["payment"]["status"] == "DUE_AT_HOTEL"
    assert booking["created_at"].endswith("Z")
    assert shop.types()["DBL"]["rooms_left"] == 2


@pytest.mark.parametrize(
    "guest",
    [
        {"guest": {"name": "Grace Hopper", "email": "g@example.com"}},
        {"guest_name": "Grace Hopper", "email": "g@example.com"},
        {"guest_name": "Grace Hopper", "guest_email": "g@example.com"},
        {"first_name": "Grace", "last_name": "Hopper", "email": "g@example.com"},
    ],
)
def test_guest_fields_come_flat_or_as_an_object(shop, guest):
    answer = shop.post({**stay_of(shop.hotel), "room_type_code": "DBL", **guest})
    assert answer.status_code == 201, answer.json
    assert answer.json["guests"]["primary"]["name"] == "Grace Hopper"


def test_booker_and_guest_are_kept_apart(shop):
    answer = shop.book(
        booker_type="COMPANY", booker={"name": "Travel Desk", "email": "desk@company.example", "company": "Company Ltd"},
        party=[{"name": "Anna Child", "role": "CHILD"}],
    ).json  # fmt: skip
    assert answer["guests"]["booker"]["type"] == "COMPANY"
    assert answer["guests"]["booker"]["name"] == "Travel Desk"
    assert answer["guests"]["primary"]["name"] == "Grace Hopper"
    shown = shop.client.get(f"{shop.base}/room-bookings/{answer['booking_id']}/?email=desk@company.example")
    assert shown.status_code == 200


@pytest.mark.parametrize("name", ["Ωμέγα Ñandú", "李小龍", "عبد الله", "👩‍🚀 Ada", "O'Brien <script>", "Zoë\u202eevil"])
def test_names_of_every_script_are_kept(shop, name):
    answer = shop.book(guest={"name": name, "email": "a@example.com"})
    assert answer.status_code == 201
    assert answer.json["guests"]["primary"]["name"] == name.replace("\u202e", "")


def test_what_cannot_be_a_guest_is_refused(shop):
    assert code_of(shop.book(guest={"name": "x" * 5000, "email": "a@example.com"})) == (422, "INVALID")
    assert code_of(shop.book(guest={"name": "Ada", "email": "nowhere"})) == (422, "INVALID")
    assert code_of(shop.book(guest={"name": "  ", "email": "a@example.com"})) == (422, "INVALID")
    assert code_of(shop.book(adults=0)) == (422, "INVALID")
    assert bookings() == 0


@pytest.mark.parametrize(
    ("arrives_in", "nights", "expected"),
    [
        (10, 0, (422, "INVALID_DATE_RANGE")),
        (10, -2, (422, "INVALID_DATE_RANGE")),
        (-1, 2, (422, "INVALID_DATE_RANGE")),
        (10, 366, (422, "INVALID_DATE_RANGE")),
        (5 * 365, 2, (422, "INVALID_DATE_RANGE")),
    ],
)
def test_dates_that_are_none(shop, arrives_in, nights, expected):
    assert code_of(shop.availability(arrives_in, nights)) == expected
    assert code_of(shop.quote(arrives_in, nights)) == expected
    assert code_of(shop.book(arrives_in, nights)) == expected


@pytest.mark.parametrize("number", ["12", "none", "+"])
def test_a_number_that_nobody_has(shop, number):
    refused = shop.book(phone=number)
    assert code_of(refused) == (422, "INVALID")
    assert "no telephone number" in refused.json["error"]["message"]


def test_what_our_own_checks_say_is_said_as_they_say_it(shop):
    refused = shop.client.get(f"/api/public/hotel/{shop.hotel.slug}/availability/?check_in=soon&check_out=2031-01-02")
    assert refused.status_code == 400
    assert refused.json["error"]["message"] == "check_in: a date is written YYYY-MM-DD"
    assert refused.json["error"]["details"]["fields"] == {"check_in": "a date is written YYYY-MM-DD"}


def test_dates_of_another_shape_are_malformed(shop):
    for wrong in ("31/12/2026", "2026-02-30", "1700000000", "", "2026-1-1"):
        answer = shop.client.get(f"{shop.base}/availability/?check_in={wrong}&check_out=2026-12-31")
        assert answer.status_code in (400, 422), wrong
        assert answer.json["error"]["field"] == "check_in"
    assert shop.client.get(f"{shop.base}/availability/").status_code == 400
    assert shop.client.get(f"{shop.base}/availability/?check_in=9999-12-30&check_out=9999-12-31").status_code == 422


def test_a_night_of_changing_clocks_is_one_night(shop):
    with clock.frozen(dt.datetime(2027, 3, 20, tzinfo=dt.UTC)):
        answer = shop.client.get(f"{shop.base}/availability/?check_in=2027-03-27&check_out=2027-03-29")
        assert answer.json["nights"] == 2
        assert len(answer.json["room_types"][0]["nightly"]) == 2


def test_another_hotels_type_is_not_found(shop, client):
    assert code_of(shop.book(code="SUITE")) == (404, "NOT_FOUND")
    assert (
        client.get("/api/public/hotel/nowhere/availability/?check_in=2027-01-01&check_out=2027-01-02").status_code
        == 404
    )
    assert client.get("/api/public/hotel/nowhere/settings/").status_code == 404


def test_a_code_nobody_knows(shop):
    assert code_of(shop.quote(promo_code="SPRING")) == (422, "PROMO_CODE_INVALID")
    assert code_of(shop.book(promo_code="SPRING")) == (422, "PROMO_CODE_INVALID")


def test_a_repeated_request_books_once(shop):
    first, second = shop.book(key="abc"), shop.book(key="abc")
    assert first.status_code == second.status_code == 201
    assert first.json == second.json
    assert bookings() == 1
    assert code_of(shop.book(key="abc", special_requests="other")) == (409, "IDEMPOTENCY_KEY_REUSED")
    assert shop.book(key="def").json["booking_id"] != first.json["booking_id"]
    assert code_of(shop.book(key="x" * 256)) == (400, "MALFORMED")


def test_a_key_of_a_refused_request_is_free_again(shop):
    stays = [factories.make_stay(shop.hotel, None, arrives_in=10) for _room in range(3)]
    assert code_of(shop.book(key="abc")) == (409, "NO_AVAILABILITY")
    from webapp.stays import services

    with transaction():
        services.cancel(stays[0])
    assert shop.book(key="abc").status_code == 201


def test_a_deposit_holds_the_nights_for_a_while(shop, run_jobs):
    from jobs.stays import expire_holds

    set_terms(shop.hotel, deposit={"percent": "30"}, hold_minutes=20)
    booking = shop.book().json
    assert booking["status"] == "PENDING_PAYMENT"
    assert booking["payment"]["deposit_due"] == "60.00"
    assert shop.types()["DBL"]["rooms_left"] == 2
    with clock.frozen(clock.now() + dt.timedelta(minutes=21)):
        expire_holds()
    assert shop.types()["DBL"]["rooms_left"] == 3
    stay = db.session.scalars(select(Reservation)).one()
    assert stay.status == "EXPIRED"


def test_a_request_to_book_waits_for_the_owner(shop):
    set_terms(shop.hotel, request_to_book=True, cancellation={"free_days": 30})
    booking = shop.book().json
    assert (booking["status"], booking["awaits_approval"]) == ("PENDING_PAYMENT", True)
    assert booking["cancellation"]["fee_now"] == "0.00"  # nothing was agreed yet
    assert booking["payment"]["status"] == "AWAITING_APPROVAL"


def test_the_payment_of_a_booking_that_was_cancelled(shop):
    """Nothing is due of its price any more: only a fee, or what was paid is given back."""
    with transaction():
        set_terms(shop.hotel, cancellation={"free_days": 20, "fee_percent": "50"})
    late, early, paid = (shop.book(arrives_in).json["booking_id"] for arrives_in in (5, 30, 31))

    def cancelled(booking_id, payment):
        with transaction():
            stay = db.session.scalars(select(Reservation).filter_by(booking_id=booking_id)).one()
            stay.paid = Decimal(payment)
            db.session.flush()
            changes.cancel(stay)
        url = f"{shop.base}/room-bookings/{booking_id}/"
        told = shop.client.get(url, query_string={"email": "grace@example.com"}).json["payment"]
        return told["status"], told["balance"], told["deposit_due"]

    assert cancelled(late, 0) == ("CANCELLATION_FEE_DUE", "100.00", "0.00")
    assert cancelled(early, 0) == ("NOTHING_DUE", "0.00", "0.00")
    assert cancelled(paid, 30) == ("REFUND_DUE", "-30.00", "0.00")
    with transaction():
        stay = db.session.scalars(select(Reservation).filter_by(booking_id=late)).one()
        stay.paid = Decimal(100)
    assert queries.payment_json(stay)["status"] == "PAID"


def test_a_booking_is_shown_to_who_knows_both(shop):
    booking = shop.book().json
    url = f"{shop.base}/room-bookings/{booking['booking_id']}/"
    assert shop.client.get(url, query_string={"email": "Grace@Example.com"}).json["booking_id"] == booking["booking_id"]
    assert shop.client.get(url, query_string={"email": "other@example.com"}).status_code == 404
    assert shop.client.get(url).status_code == 400
    found = shop.client.get(
        "/api/bookings/lookup/",
        query_string={"email": "grace@example.com", "confirmation_number": booking["confirmation_number"].lower()},
    )
    assert found.json["booking_id"] == booking["booking_id"]
    other = make_shop()
    elsewhere = f"/api/public/hotel/{other.slug}/room-bookings/{booking['booking_id']}/"
    assert shop.client.get(elsewhere, query_string={"email": "grace@example.com"}).status_code == 404


def test_settings_tell_what_a_page_needs(shop):
    found = shop.client.get(f"{shop.base}/settings/").json
    assert found["currency"] == "GBP"
    assert [one["code"] for one in found["room_types"]] == ["DBL", "SGL"]
    assert found["cancellation"]["free_days"] == 2


def test_a_page_asks_one_question(shop, app):
    """The kept catalogue is checked and the counts are read in one statement."""
    from sqlalchemy import event

    shop.types()
    statements: list[str] = []
    connection = db.engine

    def note(_connection, _cursor, statement, *_more):
        statements.append(statement)

    event.listen(connection, "before_cursor_execute", note)
    try:
        shop.types()
    finally:
        event.remove(connection, "before_cursor_execute", note)
    assert len([one for one in statements if one.lstrip().startswith("SELECT")]) == 1


def test_days_of_the_hotel_decide_not_those_of_the_server(shop):
    with transaction():
        shop.hotel.timezone = "Pacific/Auckland"
    with clock.frozen(dt.datetime(2026, 11, 20, 20, tzinfo=dt.UTC)):
        assert day(shop.hotel, 0) == dt.date(2026, 11, 21)
        assert shop.availability(0, 1).status_code == 200
        assert code_of(shop.availability(-1, 1)) == (422, "INVALID_DATE_RANGE")

"""The shop as a guest walks through it, without a script."""

from __future__ import annotations

import datetime as dt
import re
from contextlib import suppress

import pytest
from sqlalchemy import func, select

from tests import factories
from tests.accounts_kit import throttled
from tests.booking_kit import GUEST, Shop, day, make_shop, override, restrict, set_terms, stay_of
from webapp.booking import policies
from webapp.core import clock
from webapp.core.database import db
from webapp.core.errors import TooMany
from webapp.core.transaction import transaction
from webapp.models import Message, PartyMember, Reservation
from webapp.stays import services as stays


@pytest.fixture
def shop(app, client):
    return Shop(client, make_shop())


def page(client, url, **query):
    answer = client.get(url, query_string=query or None)
    assert answer.status_code == 200, answer.get_data(as_text=True)[:500]
    return answer.get_data(as_text=True)


def offer_of(shop, code="DBL", **more):
    form = {**stay_of(shop.hotel), "adults": 2, "children": 0, "room_type_code": code, **more}
    answer = shop.client.post(f"/hotels/{shop.hotel.slug}/book/quote", data=form)
    assert answer.status_code == 303
    return answer.headers["Location"]


def booked(shop, **more):
    url = offer_of(shop)
    answer = shop.client.post(url, data={"name": "Grace Hopper", "email": "grace@example.com", **more})
    assert answer.status_code == 303, answer.get_data(as_text=True)
    return answer.headers["Location"]


def only_stay():
    return db.session.scalars(select(Reservation)).one()


def test_the_calendar_shows_free_and_sold_days(shop):
    for number in ("101", "102", "103"):
        factories.make_stay(shop.hotel, number, arrives_in=3, nights=2)
    shown = page(shop.client, f"/hotels/{shop.hotel.slug}/book")
    sold, free = day(shop.hotel, 4), day(shop.hotel, 6)
    cells = dict(re.findall(r'(?:aria-label="|class="vh">)[^"<]*?(\d+ \w+ \d{4}), ([^"<]+)', shown))
    assert cells[f"{sold.day} {sold:%b} {sold.year}".replace("Sep ", "Sept ")] == "sold out"
    assert cells[f"{free.day} {free:%b} {free.year}".replace("Sep ", "Sept ")] == "free"


def test_the_calendar_picks_an_arrival_then_a_departure_by_links(shop):
    base = f"/hotels/{shop.hotel.slug}/book"
    arrival, departure = day(shop.hotel, 3).isoformat(), day(shop.hotel, 5).isoformat()
    links = re.findall(rf'href="({base}\?[^"]*check_in={arrival}[^"]*)"', page(shop.client, base))
    chosen = page(shop.client, links[0].replace("&amp;", "&").split("#")[0])
    assert "choose the day you leave" in chosen
    links = re.findall(rf'href="({base}\?[^"]*check_out={departure}[^"]*)"', chosen)
    found = page(shop.client, links[0].replace("&amp;", "&").split("#")[0])
    assert "Rooms for 2 nights" in found
    assert "£200.00" in found


def test_months_turn_as_a_fragment_too(shop):
    url = f"/hotels/{shop.hotel.slug}/book?month=2027-03"
    fragment = shop.client.get(url, headers={"HX-Request": "true"}).get_data(as_text=True)
    assert fragment.lstrip().startswith("<section")
    assert "March 2027" in fragment
    assert "April 2027" in fragment
    assert shop.client.get(f"/hotels/{shop.hotel.slug}/book?month=99999-13").status_code == 200


def test_rooms_say_why_they_are_not_sold_and_when_they_are(shop):
    restrict(shop.hotel, 0, 30, "DBL", min_stay=4)
    shown = page(shop.client, f"/hotels/{shop.hotel.slug}/book", adults=2, children=0, **stay_of(shop.hotel))
    assert "Stay at least 4 nights." in shown
    assert "This room takes 1 guest." in shown
    assert "Free again:" in shown


@pytest.mark.parametrize(("arrives_in", "nights"), [(-3, 2), (5, 0), (5, -2), (1900, 2), (5, 400)])
def test_dates_that_are_none_are_explained_at_the_field(shop, arrives_in, nights):
    shown = page(shop.client, f"/hotels/{shop.hotel.slug}/book", adults=2, **stay_of(shop.hotel, arrives_in, nights))
    assert "error-text" in shown
    assert "Rooms for" not in shown


def test_names_in_a_mail_are_text_and_no_markup(shop, run_jobs):
    shop.hotel.name = "Salt & <b>Pepper</b>"
    db.session.flush()
    booked(shop)
    run_jobs()
    mail = db.session.scalars(select(Message).where(Message.template == "booking")).one()
    assert "Salt & <b>Pepper</b>" in mail.body
    assert "<b>Pepper</b>" not in mail.html
    assert "&amp;amp;" not in mail.html


def test_a_whole_booking(shop, run_jobs):
    own = booked(shop, phone="+447700900111", special_requests="A quiet room, please 🙏")
    stay = only_stay()
    assert (stay.status, stay.source, str(stay.total)) == ("CONFIRMED", "direct", "200.00")
    shown = page(shop.client, own)
    assert stay.confirmation_number in shown
    assert "Your booking is confirmed" in shown
    run_jobs()
    mail = db.session.scalars(select(Message).where(Message.template == "booking")).one()
    assert stay.confirmation_number in mail.body
    attachment = mail.extras["attachments"][0]
    assert attachment["media_type"] == "text/calendar"
    run_jobs()
    assert db.session.scalar(select(func.count()).where(Message.template == "booking")) == 1


def test_a_double_click_makes_one_booking(shop):
    url = offer_of(shop)
    form = {"name": "Grace Hopper", "email": "grace@example.com"}
    first, second = shop.client.post(url, data=form), shop.client.post(url, data=form)
    assert first.headers["Location"] == second.headers["Location"]
    assert only_stay().status == "CONFIRMED"
    stranger = shop.client.post(url, data={**form, "email": "other@example.com"})
    assert "/bookings/own" not in stranger.headers["Location"]


def test_the_offer_is_kept_when_prices_change(shop):
    url = offer_of(shop)
    override(shop.hotel, "500")
    assert "£200.00" in page(shop.client, url)
    assert shop.client.post(url, data={"name": "G", "email": "g@example.com"}).status_code == 303
    assert str(only_stay().total) == "200.00"


def test_an_offer_that_is_over_leads_back_to_todays_prices(shop):
    url = offer_of(shop)
    with clock.frozen(clock.now() + dt.timedelta(minutes=16)):
        late = shop.client.post(url, data={"name": "G", "email": "g@example.com"})
        assert late.status_code == 303
        assert "check_in=" in late.headers["Location"]
        assert shop.client.get(url).status_code == 303
    assert db.session.scalars(select(Reservation)).all() == []


def test_what_is_missing_is_said_at_the_field(shop):
    answer = shop.client.post(offer_of(shop), data={"name": "", "email": "nonsense"})
    assert answer.status_code == 422
    text = answer.get_data(as_text=True)
    assert text.count("aria-invalid") == 2


def test_a_code_nobody_knows_is_refused_before_the_offer(shop):
    form = {**stay_of(shop.hotel), "adults": 2, "room_type_code": "DBL", "promo_code": "SPRING"}
    answer = shop.client.post(f"/hotels/{shop.hotel.slug}/book/quote", data=form, follow_redirects=True)
    assert "This code is not valid for this stay." in answer.get_data(as_text=True)


def test_another_hotels_offer_is_not_found(shop, client):
    token = offer_of(shop).rsplit("/", 1)[1]
    other = make_shop()
    assert client.get(f"/hotels/{other.slug}/book/offer/{token}").status_code == 404
    assert client.get("/hotels/nowhere/book").status_code == 404


def test_a_booking_is_found_by_number_and_address(shop):
    booked(shop)
    number = only_stay().confirmation_number
    found = shop.client.post(
        "/bookings/lookup", data={"confirmation_number": f" {number.lower()} ", "email": "Grace@example.com"}
    )
    assert found.status_code == 303
    assert number in page(shop.client, found.headers["Location"])
    wrong = shop.client.post("/bookings/lookup", data={"confirmation_number": number, "email": "other@example.com"})
    assert wrong.status_code == 404
    assert shop.client.get("/bookings/own/guessed").status_code == 404


def test_cancelling_shows_the_fee_first(shop):
    set_terms(shop.hotel, cancellation={"free_days": 14, "fee_percent": "50"})
    own = booked(shop)
    asked = page(shop.client, f"{own}/cancel")
    assert "£100.00" in asked
    assert shop.client.post(f"{own}/cancel", data={"fee": "0"}).status_code == 409
    assert shop.client.post(f"{own}/cancel", data={}).location.endswith("/cancel")  # first the fee is shown
    for no_amount in ("sNaN", "NaN", "Infinity", "one hundred"):
        assert shop.client.post(f"{own}/cancel", data={"fee": no_amount}).status_code == 400, no_amount
    assert shop.client.post(f"{own}/cancel", data={"fee": "100.00"}).status_code == 303
    stay = only_stay()
    assert (stay.status, str(stay.cancellation_fee)) == ("CANCELLED", "100.00")
    assert "£100.00" in page(shop.client, own)
    assert shop.types()["DBL"]["rooms_left"] == 3


def test_cancelling_in_time_is_free(shop):
    own = booked(shop)
    assert "free of charge" in page(shop.client, f"{own}/cancel")
    assert shop.client.post(f"{own}/cancel", data={"fee": "0"}).status_code == 303
    assert only_stay().cancellation_fee == 0
    assert shop.client.post(f"{own}/cancel", data={"fee": "0"}).status_code == 409


def test_dates_guests_and_room_change_through_the_guard(shop):
    own = booked(shop)
    new = {**stay_of(shop.hotel, 11, 3), "adults": 3, "children": 0, "room_type_code": "DBL"}
    shown = page(shop.client, f"{own}/change", **new)
    assert "£360.00" in shown
    assert "£160.00 more than now" in shown
    assert shop.client.post(f"{own}/change", data={**new, "total": "360.00"}).status_code == 303
    stay = only_stay()
    assert (stay.check_in, stay.nights, stay.adults, str(stay.total)) == (day(shop.hotel, 11), 3, 3, "360.00")
    assert shop.types(10, 1)["DBL"]["rooms_left"] == 3
    assert shop.types(13, 1)["DBL"]["rooms_left"] == 2


def test_ones_own_nights_do_not_stand_in_the_way(shop):
    own = booked(shop)
    for _room in range(2):
        factories.make_stay(shop.hotel, None, arrives_in=10)
    longer = {**stay_of(shop.hotel, 10, 3), "adults": 2, "children": 0, "room_type_code": "DBL"}
    assert shop.client.post(f"{own}/change", data={**longer, "total": "300.00"}).status_code == 303
    assert only_direct().nights == 3
    single = {**longer, "adults": 1, "room_type_code": "SGL"}
    assert shop.client.post(f"{own}/change", data={**single, "total": "180.00"}).status_code == 303
    assert only_direct().room_type_id == factories.type_of(shop.hotel, "SGL").id
    assert shop.types(10, 2)["DBL"]["rooms_left"] == 1


def only_direct():
    return db.session.scalars(select(Reservation).where(Reservation.source == "direct")).one()


def test_a_change_that_does_not_fit_changes_nothing(shop):
    own = booked(shop)
    for _room in range(3):
        factories.make_stay(shop.hotel, None, arrives_in=12)
    new = {**stay_of(shop.hotel, 11, 3), "adults": 2, "children": 0, "room_type_code": "DBL", "total": "300.00"}
    answer = shop.client.post(f"{own}/change", data=new, follow_redirects=True)
    assert "Sold out" in answer.get_data(as_text=True)
    assert only_direct().check_in == day(shop.hotel, 10)


def test_after_arrival_the_desk_decides(shop):
    own = booked(shop)
    stay = only_stay()
    with clock.frozen(factories.noon(shop.hotel, 10)):
        with transaction():
            stays.assign_room(stay, factories.room_of(shop.hotel, "101"))
            stays.check_in_guest(stay)
        assert shop.client.get(f"{own}/change").status_code == 303
        assert shop.client.post(f"{own}/cancel", data={"fee": "0"}).status_code == 409


def test_the_language_stays_once_chosen(shop):
    shown = page(shop.client, f"/hotels/{shop.hotel.slug}/book", lang="ar")
    assert 'dir="rtl"' in shown
    assert 'dir="rtl"' in page(shop.client, offer_of(shop))
    links = re.findall(
        r'href="(\?[^"]*lang=fr[^"]*)"', page(shop.client, f"/hotels/{shop.hotel.slug}/book", **stay_of(shop.hotel))
    )
    assert "check_in=" in links[0]


def test_search_engines_and_share_cards_are_told(shop):
    shown = page(shop.client, f"/hotels/{shop.hotel.slug}/book", adults=2, **stay_of(shop.hotel))
    assert '"@type": "Offer"' in shown
    assert 'property="og:title"' in shown
    assert 'property="og:title"' in page(shop.client, f"/hotels/{shop.hotel.slug}/")


def test_a_page_of_the_shop_is_small(shop):
    shown = page(shop.client, f"/hotels/{shop.hotel.slug}/book", adults=2, **stay_of(shop.hotel))
    assert len(shown.encode()) < 50_000


def test_a_number_that_no_message_reaches_is_asked_for_again(shop):
    form = {"name": "Grace Hopper", "email": "grace@example.com", "phone": "12"}
    refused = shop.client.post(offer_of(shop), data=form)
    assert (refused.status_code, "add the country code" in refused.text) == (422, True)
    assert shop.client.post(offer_of(shop), data=form | {"phone": "+44 7700 900456"}).status_code == 303


def test_request_to_book_says_so(shop):
    set_terms(shop.hotel, request_to_book=True)
    url = offer_of(shop)
    assert "Ask to book" in page(shop.client, url)
    own = shop.client.post(url, data={"name": GUEST["first_name"], "email": "grace@example.com"}).headers["Location"]
    assert "Your request is with the hotel" in page(shop.client, own)


def several(shop, **counts):
    form = {**stay_of(shop.hotel), "adults": 5, "children": 0, **counts}
    return shop.client.post(f"/hotels/{shop.hotel.slug}/book/quotes", data=form)


def test_several_rooms_are_chosen_booked_and_cancelled_together(shop, run_jobs):
    found = page(shop.client, f"/hotels/{shop.hotel.slug}/book", **stay_of(shop.hotel), adults=5)
    assert "5 guests are more than one room takes" in found
    url = several(shop, **{"count-DBL": 2, "adults-DBL": 2, "count-SGL": 1, "adults-SGL": 1}).headers["Location"]
    assert "£520.00" in page(shop.client, url)
    form = {"name": "Grace Hopper", "email": "grace@example.com"}
    own = shop.client.post(url, data=form).headers["Location"]
    assert shop.client.post(url, data=form).headers["Location"] == own
    shown = page(shop.client, own)
    made = db.session.scalars(select(Reservation).order_by(Reservation.id)).all()
    assert [stay.total for stay in made] == [200, 200, 120]
    assert all(stay.confirmation_number in shown for stay in made)
    run_jobs()
    assert db.session.scalar(select(func.count()).where(Message.template == "booking")) == 1
    other = re.search(r'class="together">\s*<li><a href="([^"]+)"', shown)[1]
    assert shop.client.post(f"{other}/cancel", data={"fee": "0"}).status_code == 303
    assert [stay.status for stay in made] == ["CONFIRMED", "CANCELLED", "CONFIRMED"]
    assert "2 rooms are booked together" in page(shop.client, f"{own}/cancel")
    assert shop.client.post(f"{own}/cancel", data={"fee": "1", "all": "1"}).status_code == 409
    assert shop.client.post(f"{own}/cancel", data={"fee": "0", "all": "1"}).status_code == 303
    assert {stay.status for stay in made} == {"CANCELLED"}


def test_several_rooms_need_a_sensible_number(shop):
    for counts in ({}, {"count-DBL": 0}, {"count-DBL": 11}, {"count-SGL": 1, "adults-SGL": 9}, {"count-DBL": "²"}):
        answer = several(shop, **counts)
        assert answer.headers["Location"].endswith("#several")
    assert shop.client.get(f"/hotels/{shop.hotel.slug}/book/offer/{'.'.join('abcdef')}").status_code == 404


def test_a_price_with_its_taxes_in_it_is_shown_kept_and_told(shop, run_jobs):
    set_terms(shop.hotel, taxes=[{"name": "VAT", "kind": "percentage", "rate": "20"}], prices_include_taxes=True)
    assert "taxes of £33.33 included" in page(shop.client, f"/hotels/{shop.hotel.slug}/book", **stay_of(shop.hotel))
    quote = shop.quote().json
    assert (quote["subtotal"], quote["taxes"], quote["total"], quote["taxes_included"]) == (
        "200.00",
        "0.00",
        "200.00",
        "33.33",
    )
    assert shop.types()["DBL"]["taxes_included"] == "33.33"
    shown = page(shop.client, booked(shop))
    assert re.search(r"of which VAT</th><td[^>]*>£33\.33", shown)
    assert only_stay().total == 200


def test_the_calendar_file_ends_with_the_late_departure(shop):
    own = booked(shop)
    with transaction():
        only_stay().late_departure = dt.time(14, 30)
    ends = f"{shop.hotel.check_out_instant(only_stay().check_out, dt.time(14, 30)):%Y%m%dT%H%M%SZ}"
    assert ends in page(shop.client, f"{own}/stay.ics")
    assert "14:30" in page(shop.client, own)


def test_searches_quotes_and_look_ups_are_limited(app, shop):
    search = f"/hotels/{shop.hotel.slug}/book"
    with throttled(app):
        for limit, ask in (
            (policies.SEARCHES, lambda: shop.client.get(search)),
            (policies.QUOTES, lambda: shop.client.post(f"{search}/quote", data=stay_of(shop.hotel))),
            (policies.SEARCHES, shop.availability), (policies.QUOTES, shop.quote), (policies.BOOKINGS, shop.book),
            (policies.LOOKUPS, lambda: shop.client.get("/api/bookings/lookup/?email=a@b.example&confirmation_number=X")),
            (policies.LOOKUPS, lambda: shop.client.post("/bookings/lookup", data={"email": "a@b.example", "confirmation_number": "X"})),
        ):  # fmt: skip
            limit.forget("127.0.0.1")
            assert ask().status_code != 429
            for _time in range(limit.limit):
                spend(limit)
            answer = ask()
            assert answer.status_code == 429
            if limit is not policies.LOOKUPS or answer.is_json:
                assert 0 < int(answer.headers["Retry-After"]) <= limit.seconds
            told = answer.json["error"]["message"] if answer.is_json else answer.text
            assert "Too many attempts" in told


def spend(limit):
    with suppress(TooMany):
        limit.attempt("127.0.0.1")


@pytest.mark.parametrize("day_of", ["0001-01-01", "9999-12-31", "2026-02-30", "\x00", "1e9"])
def test_dates_of_another_age_only_find_nothing(shop, day_of):
    query = {**stay_of(shop.hotel), "adults": 2}
    for name in ("check_in", "check_out"):
        answer = shop.client.get(f"/hotels/{shop.hotel.slug}/book", query_string={**query, name: day_of})
        assert answer.status_code == 200
        assert "Choose Double" not in answer.text


def party():
    query = select(PartyMember.name, PartyMember.role, PartyMember.is_staying, PartyMember.reservation_id)
    return [tuple(row) for row in db.session.execute(query.order_by(PartyMember.id))]


def test_who_comes_along_is_named_or_left_out(shop, sign_in):
    url = offer_of(shop, adults=2, children=1)
    asked = page(shop.client, url)
    assert [f"companions-{n}-name" in asked for n in range(3)] == [True, True, False]
    assert re.search(r'<option selected value="CHILD">', asked)
    guest = {"name": "Grace Hopper", "email": "grace@example.com"}
    names = {
        "companions-0-name": " Ada \u202e\n Lovelace ",
        "companions-0-role": "COMPANION",
        "companions-1-role": "CHILD",
    }
    for wrong in ({"companions-1-name": "x" * 201}, {"companions-1-name": "Bo", "companions-1-role": "PRIMARY"}):
        refused = shop.client.post(url, data={**guest, **names, **wrong})
        assert (refused.status_code, "Lovelace" in refused.text) == (422, True), wrong
    beyond = {f"companions-{n}-{part}": "CHILD" for n in range(2, 3000) for part in ("name", "role")}
    own = shop.client.post(url, data={**guest, **names, "companions-1-name": "<b>Tim</b>", **beyond}).headers[
        "Location"
    ]
    stay = only_stay()
    assert party() == [("Ada Lovelace", "COMPANION", True, stay.id), ("<b>Tim</b>", "CHILD", True, stay.id)]
    assert "Ada Lovelace, &lt;b&gt;Tim&lt;/b&gt;" in page(shop.client, own)
    desk = sign_in(factories.make_user(shop.hotel)).get(f"/staff/{shop.hotel.slug}/reservations/{stay.booking_id}").text
    assert "&lt;b&gt;Tim&lt;/b&gt;" in desk


def test_nobody_has_to_be_named(shop):
    booked(shop)
    assert party() == []


def test_companions_are_named_room_by_room(shop):
    url = several(shop, **{"count-DBL": 2, "adults-DBL": 2}).headers["Location"]
    assert "companions-2-name" in page(shop.client, url)
    names = {f"companions-{n}-name": name for n, name in enumerate(("Ada", "Bea", "Cleo"))}
    roles = {f"companions-{n}-role": "COMPANION" for n in range(3)}
    form = {"name": "Grace Hopper", "email": "grace@example.com", **names, **roles}
    assert shop.client.post(url, data=form).status_code == 303
    first, second = db.session.scalars(select(Reservation.id).order_by(Reservation.id)).all()
    assert [(name, room) for name, _role, _staying, room in party()] == [
        ("Ada", first),
        ("Bea", second),
        ("Cleo", second),
    ]

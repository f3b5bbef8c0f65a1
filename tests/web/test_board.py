"""The board through the client: page, fragments, alerts, and what each role sees."""

from __future__ import annotations

import datetime as dt
import re

import pytest

from tests import factories
from webapp.core.database import db
from webapp.core.transaction import transaction
from webapp.models import Alert
from webapp.operations import services as operations
from webapp.stays import services as stays

HX = {"HX-Request": "true", "HX-Request-Type": "partial"}


def board(client, hotel, path="", **arguments):
    return client.get(f"/staff/{hotel.slug}/board{path}", query_string=arguments)


def bar_of(html: str, stay) -> str:
    return re.search(rf'<a class="([^"]*)" id="stay-{stay.id}"', html)[1]


def test_the_board_shows_today_and_the_chart(hotel, desk):
    arriving = factories.make_stay(hotel, "101", nights=2, guest_name="Ada <Arriving>")
    guest = factories.make_stay(hotel, "102", nights=3, guest_name="Bo InHouse", source="airbnb")
    with transaction():
        stays.check_in_guest(guest)
    answer = board(desk, hotel)
    html = answer.text
    assert answer.status_code == 200
    assert "Ada &lt;Arriving&gt;" in html
    assert "Ada <Arriving>" not in html
    assert bar_of(html, arriving) == "bar x7 w4 is-confirmed"
    assert bar_of(html, guest) == "bar x7 w6 is-in-house"
    assert f'action="/staff/{hotel.slug}/reservations/{arriving.booking_id}/check-in"' in html
    assert 'data-live="/staff/' in html
    assert re.search(r'data-live-cursor="[1-9]', html)
    assert "style=" not in html


def test_stays_that_began_before_or_end_after_the_window_are_cut(hotel, desk):
    before = factories.make_stay(hotel, "101", arrives_in=-5, nights=4, is_fact=True)
    after = factories.make_stay(hotel, "101", arrives_in=2, nights=40)
    html = board(desk, hotel, "/chart", days=31).text
    assert bar_of(html, before) == "bar x0 w5 is-confirmed starts-before"
    assert bar_of(html, after) == "bar x11 w51 is-confirmed ends-after"


@pytest.mark.parametrize("which", ["arrivals", "in-house", "departures", "unplaced", "tasks", "nonsense"])
def test_each_list_of_today_has_an_address(hotel, desk, which):
    stay = factories.make_stay(hotel, None)
    with transaction():
        operations.create_task(hotel.id, "other", "Water the palms", hotel.business_date())
    html = board(desk, hotel, "/today", list=which).text
    assert html.lstrip().startswith('<section id="today"')
    assert ("Water the palms" in html) == (which == "tasks")
    assert (stay.booking_id in html) == (which in ("arrivals", "unplaced", "nonsense"))


def test_a_stay_without_a_room_waits_in_the_tray(hotel, desk):
    stay = factories.make_stay(hotel, None, guest_name="No Room")
    html = board(desk, hotel, "/chart").text
    tray = html[html.index('id="tray"') : html.index('id="tape-scroll"')]
    assert "1 stay has no room" in tray
    assert f"/reservations/{stay.booking_id}" in tray


@pytest.mark.parametrize(("start", "days", "shown"), [("2031-02-03", "7", 7), ("x", "8", 31), ("9999-99-99", "90", 90), ("0001-01-01", "14", 14)])  # fmt: skip
def test_the_window_follows_the_address_and_bad_input_means_the_usual_one(hotel, desk, start, days, shown):
    html = board(desk, hotel, "/chart", **{"from": start, "days": days}).text
    assert html.count('class="tape-date ') == shown
    assert ("is-today" in html) == (start != "2031-02-03")


def test_housekeeping_sees_the_chart_without_names(hotel, sign_in):
    factories.make_stay(hotel, "101", guest_name="Ada Secret")
    client = sign_in(factories.make_user(hotel, role="housekeeping"))
    html = board(client, hotel).text
    assert "Secret" not in html
    assert "is-confirmed" in html
    assert client.get(f"/staff/{hotel.slug}/search?q=ada").status_code == 403


def test_staff_of_another_hotel_finds_no_board(hotel, sign_in):
    stranger = sign_in(factories.make_user(factories.make_hotel(), role="owner"))
    for path in ("", "/today", "/chart", "/alerts"):
        assert board(stranger, hotel, path).status_code == 404


def test_an_alert_is_told_and_ends_when_somebody_has_seen_to_it(hotel, desk):
    factories.make_stay(hotel, "101")
    unplaced = factories.make_stay(hotel, "101", is_fact=True, source="booking")
    html = board(desk, hotel, "/alerts").text
    assert "A stay has no room" in html
    assert unplaced.booking_id in html
    alert = db.session.query(Alert).one()
    answer = desk.post(f"/staff/{hotel.slug}/alerts/{alert.id}/resolve", headers=HX)
    assert "A stay has no room" not in answer.text
    assert alert.resolved_at is not None
    assert desk.post(f"/staff/{hotel.slug}/alerts/{alert.id}/resolve").status_code == 303


def test_an_alert_of_another_hotel_is_out_of_reach(hotel, sign_in):
    with transaction():
        operations.raise_alert(hotel.id, "job_failed", "job:1", {"job": "jobs.x"})
    other = factories.make_hotel()
    client = sign_in(factories.make_user(other, role="manager"))
    assert client.post(f"/staff/{other.slug}/alerts/{db.session.query(Alert).one().id}/resolve").status_code == 404


def test_search_finds_by_any_beginning_of_a_word(hotel, desk):
    stay = factories.make_stay(
        hotel, "103", guest_name="Özgür Łukasz", guest_phone="+44 7700 900123", source="booking", channel_reference="4211133377"
    )  # fmt: skip
    factories.make_stay(hotel, "101", guest_name="Somebody Else", guest_email="else@example.com", guest_phone="1")
    for words in ("ozg", "Ł", "özgür luk", stay.booking_id, stay.confirmation_number.lower(), "42111", "900123", "103"):
        html = desk.get(f"/staff/{hotel.slug}/search", query_string={"q": words}, headers=HX).text
        assert (stay.booking_id in html) == (words != "Ł"), words
        assert "Somebody" not in html


def test_search_of_nothing_and_of_another_hotel(hotel, desk, sign_in):
    factories.make_stay(hotel, guest_name="Ada Example")
    assert "Nothing found" in desk.get(f"/staff/{hotel.slug}/search?q=zzzz", headers=HX).text
    assert desk.get(f"/staff/{hotel.slug}/search?q=", headers=HX).text.strip() == ""
    assert "Ada" in desk.get(f"/staff/{hotel.slug}/search?q=ada").text
    other = factories.make_hotel()
    client = sign_in(factories.make_user(other))
    assert "Ada" not in client.get(f"/staff/{other.slug}/search?q=ada", headers=HX).text


def test_departures_and_late_arrivals(hotel, desk):
    late = factories.make_stay(hotel, "101", arrives_in=-1, nights=3, is_fact=True, guest_name="Late Guest")
    over = factories.make_stay(hotel, "102", arrives_in=-3, nights=3, is_fact=True, guest_name="Leaving Guest")
    with transaction():
        stays.check_in_guest(over)
    assert late.booking_id in board(desk, hotel, "/today", list="arrivals").text
    departures = board(desk, hotel, "/today", list="departures").text
    assert over.booking_id in departures
    assert "/check-out" in departures
    assert hotel.business_date() - over.check_in == dt.timedelta(days=3)

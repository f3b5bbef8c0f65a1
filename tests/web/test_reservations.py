"""Reservations at the desk through the client: reading, every action, and who may not."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal

import pytest
from sqlalchemy import select

from tests import factories
from tests.booking_kit import confirmed
from webapp.core.database import db
from webapp.core.transaction import transaction
from webapp.models import Message, Reservation
from webapp.stays import services as stays

HX = {"HX-Request": "true", "HX-Request-Type": "partial"}
PANEL = {**HX, "HX-Target": "div#reservation"}


@pytest.fixture
def stay(hotel):
    return factories.make_stay(
        hotel, "101", nights=3, guest_name="Ada Example", source="airbnb", channel_reference="HMABC12345"
    )


def url(stay, path=""):
    return f"/staff/{stay.hotel.slug}/reservations/{stay.booking_id}{path}"


def toast(answer):
    return json.loads(answer.headers["HX-Trigger"])["toast"]


def test_a_reservation_as_a_page_and_in_the_drawer(desk, stay):
    page, fragment = desk.get(url(stay)), desk.get(url(stay), headers=HX)
    for expected in ("Ada Example", "HMABC12345", stay.confirmation_number, "101", "Airbnb", "Recorded", "Check in"):
        assert expected in page.text
        assert expected in fragment.text
    assert fragment.text.lstrip().startswith('<div id="reservation"')
    assert "<!doctype" not in fragment.text


def test_from_check_in_to_check_out_and_back(desk, stay):
    checked_in = desk.post(url(stay, "/check-in"), headers=PANEL)
    assert checked_in.status_code == 200
    assert "In house" in checked_in.text
    undo = toast(checked_in)["undo"]
    assert desk.post(undo, headers=HX).status_code == 204
    assert stay.status == "CONFIRMED"
    assert desk.post(url(stay, "/check-in"), data={"back": "board"}).headers["Location"].endswith("/board")
    answer = desk.post(url(stay, "/check-out"))
    assert (answer.status_code, answer.headers["Location"]) == (303, url(stay))
    assert stay.status == "COMPLETED"
    assert desk.post(url(stay, "/undo-check-out"), headers=HX).status_code == 204
    assert stay.status == "CHECKED_IN"


def test_an_impossible_step_is_refused_in_plain_words(desk, stay):
    answer = desk.post(url(stay, "/check-out"), headers=HX)
    assert answer.status_code == 409
    assert toast(answer)["message"] == "This is not possible: the stay is “Confirmed”."
    assert toast(answer)["kind"] == "error"


def test_a_dirty_room_needs_a_manager(desk, manager, stay):
    room = factories.room_of(stay.hotel, "101")
    with transaction():
        room.housekeeping = "dirty"
    assert desk.post(url(stay, "/check-in"), data={"override": "1"}, headers=HX).status_code == 409
    assert manager.post(url(stay, "/check-in"), data={"override": "1"}, headers=HX).status_code == 204


def test_a_stay_moves_to_another_room_and_the_move_can_be_taken_back(hotel, desk, stay):
    room = factories.room_of(hotel, "102")
    answer = desk.post(
        url(stay, "/room"), data={"room_id": room.id, "assignment_version": stay.assignment_version}, headers=HX
    )
    assert answer.status_code == 204
    assert stay.room_id == room.id
    assert desk.post(toast(answer)["undo"], headers=HX).status_code == 204
    assert stay.room_id == factories.room_of(hotel, "101").id


def test_a_taken_room_and_a_stale_version_are_refused(hotel, desk, stay):
    other = factories.make_stay(hotel, "102")
    taken = desk.post(
        url(stay, "/room"), data={"room_id": other.room_id, "assignment_version": stay.assignment_version}, headers=HX
    )
    assert taken.status_code == 409
    assert "taken" in toast(taken)["message"]
    free = factories.room_of(hotel, "103")
    stale = desk.post(
        url(stay, "/room"), data={"room_id": free.id, "assignment_version": stay.assignment_version - 1}, headers=HX
    )
    assert stale.status_code == 409
    assert "Somebody else" in toast(stale)["message"]
    assert stay.room_id == factories.room_of(hotel, "101").id


def test_a_room_of_another_hotel_and_rubbish_are_refused(hotel, desk, stay):
    foreign = factories.room_of(factories.make_hotel(), "101")
    assert desk.post(url(stay, "/room"), data={"room_id": foreign.id}, headers=HX).status_code == 404
    assert desk.post(url(stay, "/room"), data={"room_id": "12; drop"}, headers=HX).status_code == 400


def test_a_guest_in_house_moves_from_tonight(hotel, desk, stay):
    with transaction():
        stays.check_in_guest(stay)
    room = factories.room_of(hotel, "103")
    assert desk.post(url(stay, "/room"), data={"room_id": room.id}, headers=HX).status_code == 204
    assert stay.room_id == room.id


def test_the_rooms_to_choose_from(hotel, desk, stay):
    factories.make_stay(hotel, "102")
    html = desk.get(url(stay, "/room"), headers=HX).text
    assert "<b>103</b>" in html
    assert "<b>102</b>" not in html
    assert "Taken on some of these nights: 102" in html


def test_a_stay_is_taken_out_of_its_room(desk, stay):
    assert (
        desk.post(url(stay, "/room"), data={"assignment_version": stay.assignment_version}, headers=PANEL).status_code
        == 200
    )
    assert stay.room_id is None


def test_dates_change_or_the_form_says_why_not(hotel, desk, stay):
    factories.make_stay(hotel, "101", arrives_in=3, nights=2)
    form = {"check_in": stay.check_in.isoformat(), "check_out": "2099-01-01"}
    refused = desk.post(url(stay, "/dates"), data=form, headers=HX)
    assert refused.status_code == 422
    assert "longer than two years" in refused.text
    form["check_out"] = stay.check_in.isoformat()
    assert "after the arrival" in desk.post(url(stay, "/dates"), data=form, headers=HX).text
    assert desk.get(url(stay, "/dates")).status_code == 200
    check_out = stay.check_out
    form["check_out"] = (check_out + dt.timedelta(days=365)).isoformat()
    taken = desk.post(url(stay, "/dates"), data=form, headers=HX)
    assert taken.status_code == 422
    assert "The room is taken for part of these nights." in taken.text
    form["check_out"] = (hotel.business_date() + (check_out - stay.check_in) / 3).isoformat()
    shown = desk.post(url(stay, "/dates"), data=form)  # nothing is changed by who was not shown what it costs
    assert (shown.status_code, stay.nights) == (200, 3)
    assert desk.post(url(stay, "/dates"), data=form | confirmed(shown.text, "kept")).status_code == 303
    assert stay.nights == 1


def test_guest_details_are_checked_and_kept(desk, stay):
    assert "Ada Example" in desk.get(url(stay, "/guest"), headers=HX).text
    form = {
        "guest_name": "Ada  Lovelace ",
        "guest_email": "nonsense",
        "guest_language": "de",
        "guest_phone": "",
    }
    refused = desk.post(url(stay, "/guest"), data=form, headers=HX)
    assert refused.status_code == 422
    assert "does not look right" in refused.text
    assert (
        desk.post(url(stay, "/guest"), data={**form, "guest_email": "ada@example.org"}, headers=PANEL).status_code
        == 200
    )
    assert (stay.guest_name, stay.guest_email, stay.guest_phone) == ("Ada Lovelace", "ada@example.org", None)


def test_a_cancellation_keeps_its_reason_and_can_be_taken_back(desk, stay):
    assert "Cancel the stay" in desk.get(url(stay, "/cancel"), headers=HX).text
    answer = desk.post(url(stay, "/cancel"), data={"reason": "Fell ill"}, headers=PANEL)
    assert "Fell ill" in answer.text
    assert stay.status == "CANCELLED"
    assert desk.post(toast(answer)["undo"], headers=HX).status_code == 204
    assert stay.status == "CONFIRMED"


def test_a_no_show(desk, stay):
    assert desk.post(url(stay, "/no-show"), headers=PANEL).status_code == 200
    assert stay.status == "NO_SHOW"
    assert desk.post(url(stay, "/reinstate"), headers=HX).status_code == 204


def test_who_does_not_come_owes_what_cancelling_too_late_costs(hotel, desk):
    terms = {"cancellation": {"free_days": 2, "fee_percent": "50", "fee_nights": 0}}
    late = factories.make_stay(hotel, total=Decimal(240), paid=Decimal(50))
    late.terms = terms
    db.session.commit()
    assert "Cancellation fee: £120.00" in desk.get(url(late), headers=PANEL).text
    desk.post(url(late, "/no-show"), headers=PANEL)
    assert (late.status, late.owed, late.balance) == ("NO_SHOW", 120, 70)
    desk.post(url(late, "/reinstate"), headers=HX)
    assert (late.owed, late.balance) == (240, 190)


def test_what_was_paid_for_a_guest_who_does_not_come_is_kept_where_nothing_else_was_agreed(hotel, desk):
    sold_elsewhere = factories.make_stay(hotel, source="airbnb", total=Decimal(240), paid=Decimal(240))
    desk.post(url(sold_elsewhere, "/no-show"), headers=PANEL)
    assert (sold_elsewhere.status, sold_elsewhere.balance) == ("NO_SHOW", 0)


def test_a_note_is_shown_and_an_empty_one_refused(desk, stay):
    assert "Late flight" in desk.post(url(stay, "/notes"), data={"note": "Late flight"}, headers=PANEL).text
    assert desk.post(url(stay, "/notes"), data={"note": " "}, headers=PANEL).status_code == 422
    assert db.session.scalars(select(Message.channel)).all() == ["note"]


def test_the_list_filters_and_pages(hotel, desk, stay):
    factories.make_stay(hotel, None, arrives_in=10, guest_name="Bo Later", guest_email=None, source="desk")
    base = f"/staff/{hotel.slug}/reservations"
    assert "Ada Example" in desk.get(base).text
    for query, found in (("q=later", "Bo"), ("status=UNPLACED", "Bo"), ("source=airbnb", "Ada"), ("when=arrivals", "Ada"), ("when=unplaced", "Bo"), ("status=CANCELLED", ""), ("q=zzz", ""), ("page=9999999", ""), ("from=xx&status=yy", "Ada")):  # fmt: skip
        html = desk.get(f"{base}?{query}", headers=HX).text
        assert ("Ada Example" in html) == (found == "Ada" or query.startswith("from=xx")), query
        assert ("Bo Later" in html) == (found == "Bo" or query.startswith("from=xx")), query


def test_a_walk_in_is_recorded(hotel, desk):
    base, today = f"/staff/{hotel.slug}/reservations", hotel.business_date()
    assert desk.get(f"{base}/new").status_code == 200
    form = {
        "check_in": today.isoformat(), "check_out": (today + dt.timedelta(days=365)).isoformat(), "guest_name": "Walk In",
        "room_type_id": factories.type_of(hotel, "DBL").id, "room_id": factories.room_of(hotel, "102").id,
        "guest_language": "en", "adults": 1, "children": 0, "total": "120.50",
    }  # fmt: skip
    answer = desk.post(base, data=form)
    assert answer.status_code == 303
    made = db.session.query(Reservation).one()
    assert (made.guest_name, made.source, made.room.number, str(made.total)) == ("Walk In", "desk", "102", "120.50")
    refused = desk.post(base, data=form, headers=HX)
    assert refused.status_code == 422
    assert "The room is taken" in refused.text
    assert "Write the guest" in desk.post(base, data={**form, "guest_name": ""}, headers=HX).text
    assert db.session.query(Reservation).count() == 1


def test_other_staff_and_other_roles_are_kept_out(hotel, stay, sign_in):
    stranger = sign_in(factories.make_user(factories.make_hotel(), role="owner"))
    cleaner = sign_in(factories.make_user(hotel, role="housekeeping"))
    for path in ("", "/room", "/dates", "/guest", "/cancel"):
        assert stranger.get(url(stay, path)).status_code == 404
        assert cleaner.get(url(stay, path)).status_code == 403
    for path in ("/check-in", "/room", "/dates", "/guest", "/cancel", "/notes"):
        assert stranger.post(url(stay, path)).status_code == 404
        assert cleaner.post(url(stay, path)).status_code == 403
    other = factories.make_hotel()
    client = sign_in(factories.make_user(other))
    assert client.get(f"/staff/{other.slug}/reservations/{stay.booking_id}").status_code == 404

"""What the desk changes about stays on pages of their own: departures, second rooms, parties, groups; and what is refused."""

from __future__ import annotations

import csv
import datetime as dt
import json
from decimal import Decimal

import pytest
from sqlalchemy import select

from tests import factories
from tests.booking_kit import make_shop
from webapp.core.database import db
from webapp.core.transaction import transaction
from webapp.messaging import announcements
from webapp.models import Message, PartyMember, Reservation
from webapp.stays import services as stays

HX = {"HX-Request": "true", "HX-Request-Type": "partial", "HX-Target": "div#reservation"}


@pytest.fixture
def hotel(app):
    return make_shop()


@pytest.fixture
def stay(hotel):
    return factories.make_stay(hotel, "101", nights=3)


def url(stay, path=""):
    return f"/staff/{stay.hotel.slug}/reservations/{stay.booking_id}{path}"


def post(desk, stay, path, **form):
    return desk.post(url(stay, path), data=form, headers=HX)


def in_days(hotel, ahead):
    return (hotel.business_date() + dt.timedelta(days=ahead)).isoformat()


def toast(answer):
    return json.loads(answer.headers["HX-Trigger"])["toast"]["message"]


def test_a_departure_later_and_earlier(hotel, desk, stay):
    assert desk.get(url(stay, "/departure")).status_code == 200
    answer = post(desk, stay, "/departure/extend", check_out=in_days(hotel, 5))
    assert "£200.00 more" in toast(answer)
    assert stay.nights == 5
    assert post(desk, stay, "/departure/early", check_out=in_days(hotel, 2), reason="Work").status_code == 200
    assert stay.nights == 2
    for way, form in (
        ("extend", {"check_out": in_days(hotel, 2)}), ("extend", {"check_out": ""}), ("early", {"check_out": in_days(hotel, 9)}),
        ("late", {"until": "10:00"}), ("late", {"until": "14:00", "fee": "-1"}), ("late", {"until": "noon"}),
    ):  # fmt: skip
        assert post(desk, stay, f"/departure/{way}", **form).status_code == 422, (way, form)
    assert post(desk, stay, "/departure/never").status_code == 404
    assert stay.nights == 2


def test_a_late_departure_is_allowed_charged_and_taken_back(desk, stay):
    assert post(desk, stay, "/departure/late", until="14:00", fee="12.345").status_code == 200
    assert (stay.late_departure, str(stay.total)) == (dt.time(14), "12.35")
    assert "14:00" in desk.get(url(stay)).text
    assert "Back to the usual time" in desk.get(url(stay, "/departure")).text
    assert post(desk, stay, "/departure/on-time").status_code == 200
    assert stay.late_departure is None


def test_a_stay_in_two_rooms(hotel, desk, stay):
    factories.make_stay(hotel, "102", arrives_in=1, nights=2)
    shown = desk.get(url(stay, "/split"), query_string={"date": in_days(hotel, 1)}, headers=HX).text
    assert "<b>103</b>" in shown
    assert "<b>102</b>" not in shown
    outside = desk.get(url(stay, "/split"), query_string={"date": in_days(hotel, 3)}).text
    assert "between the first and the last" in outside
    form = {"date": in_days(hotel, 1), "room_id": factories.room_of(hotel, "103").id}
    assert post(desk, stay, "/split", **form, assignment_version=99).status_code == 409
    assert post(desk, stay, "/split", **form).status_code == 200
    assert stay.has_moved


def test_two_stays_change_rooms(hotel, desk, stay):
    other = factories.make_stay(hotel, "102", nights=1, guest_name="Bea Other")
    assert "Bea Other" in desk.get(url(stay, "/room"), headers=HX).text
    assert post(desk, stay, "/swap", other=other.booking_id).status_code == 200
    assert (stay.room.number, other.room.number) == ("102", "101")
    assert post(desk, stay, "/swap", other=stay.booking_id).status_code == 422
    foreign = factories.make_stay(factories.make_hotel(), "101")
    assert post(desk, stay, "/swap", other=foreign.booking_id).status_code == 404


def test_who_comes_along(desk, stay):
    assert "Rosa Luna" in post(desk, stay, "/party", name="Rosa  Luna", role="CHILD", is_staying="y").text
    member = db.session.scalars(select(PartyMember)).one()
    assert (member.role, member.is_staying) == ("CHILD", True)
    for name in ("x" * 5000, "  "):
        assert post(desk, stay, "/party", name=name).status_code == 422
    assert post(desk, stay, f"/party/{member.id}/remove").status_code == 200
    assert post(desk, stay, f"/party/{member.id}/remove").status_code == 404


def test_a_stay_keeps_its_room_when_room_is_made(desk, stay):
    assert post(desk, stay, "/pin").status_code == 200
    assert stay.is_pinned
    assert "Let it move to make room" in post(desk, stay, "/guest", adults=1, children=0, guest_language="en").text
    assert post(desk, stay, "/unpin").status_code == 200
    assert not stay.is_pinned


def test_calls_are_kept_and_mails_sent(desk, stay):
    assert desk.get(url(stay, "/talk")).status_code == 200
    assert post(desk, stay, "/talk", channel="phone-out", body="Called back").status_code == 200
    assert (
        desk.post(url(stay, "/talk"), data={"channel": "mail", "subject": "Hello", "body": "See you"}).status_code
        == 303
    )
    kept = db.session.execute(select(Message.channel, Message.subject).order_by(Message.id)).all()
    assert [tuple(row) for row in kept] == [("phone", None), ("mail", "Hello")]
    assert post(desk, stay, "/talk", channel="pigeon", body="x").status_code == 422
    assert post(desk, stay, "/talk", channel="mail", body=" ").status_code == 422
    with transaction():
        stays.update_guest(stay, {"guest_email": None})
    assert "no e-mail address" in post(desk, stay, "/talk", channel="mail", body="x").text
    assert "Called back" in desk.get(url(stay)).text


def test_a_group_is_booked_and_cancelled_together(hotel, desk):
    base = f"/staff/{hotel.slug}/reservations"
    double, single = (factories.type_of(hotel, code).id for code in ("DBL", "SGL"))
    form = {
        "check_in": in_days(hotel, 3), "check_out": in_days(hotel, 5), "guest_name": "Greta Group", "room_type_id": double,
        "room_id": 0, "adults": 2, "children": 0, "guest_language": "en", "further-0-room_type_id": single,
        "further-0-room_id": factories.room_of(hotel, "202").id, "further-0-adults": 1, "further-0-guest_name": "Gil Group",
        "further-0-total": "99.50",
    }  # fmt: skip
    refused = desk.post(base, data={**form, "further-1-room_type_id": single, "further-1-adults": 9})
    assert refused.status_code == 422
    assert db.session.query(Reservation).count() == 0
    assert desk.post(base, data=form).status_code == 303
    first, second = db.session.scalars(select(Reservation).order_by(Reservation.id)).all()
    assert (str(first.total), str(second.total), second.room.number) == ("200.00", "99.50", "202")
    assert first.group_id == second.group_id
    page = desk.get(url(first)).text
    assert "Booked together" in page
    assert "Gil Group" in page
    rows = list(csv.DictReader(desk.get(f"{base}?search=Group&format=csv").text.splitlines()))
    assert {row["guest_name"] for row in rows} == {"Greta Group", "Gil Group"}
    assert "Cancel every stay" in desk.get(url(first, "/cancel")).text
    assert "2 stays of the group" in toast(post(desk, first, "/cancel", whole_group="y", reason="Rain"))
    assert {first.status, second.status} == {"CANCELLED"}


def group_of_two(hotel):
    """Two stays of one booker under terms by which cancelling costs the first night, and what was told of them."""
    terms = {"cancellation": {"free_days": 30, "fee_percent": "100", "fee_nights": 1}}
    made = [
        factories.make_stay(
            hotel, None, arrives_in=5, code=code, total=Decimal(price) * 2, guest_email="greta@example.com",
            extras={"group_id": "GR-1", "terms": {**terms, "nights": [price, price]}},
        )
        for code, price in (("DBL", "100.00"), ("SGL", "60.00"))
    ]  # fmt: skip
    return made


def cancellations():
    return db.session.scalars(select(Message).where(Message.template == "cancelled").order_by(Message.id)).all()


def test_cancelling_a_group_shows_the_sum_first_and_tells_the_guest_once(hotel, desk, run_jobs):
    first, second = group_of_two(hotel)
    run_jobs()
    page = desk.get(url(first, "/cancel")).text
    assert [amount in page for amount in ("£100.00", "£60.00", "£160.00")] == [True] * 3
    form = {"whole_group": "y", "charge_fee": "y", "fee": "100.00"}
    refused = post(desk, first, "/cancel", **form, fee_of_all="150.00")
    assert (refused.status_code, "The fee has changed" in refused.text) == (409, True)
    assert {first.status, second.status} == {"CONFIRMED"}
    assert post(desk, first, "/cancel", **form, fee_of_all="160.00").status_code == 200
    assert [(stay.status, str(stay.cancellation_fee)) for stay in (first, second)] == [
        ("CANCELLED", "100.00"), ("CANCELLED", "60.00"),
    ]  # fmt: skip
    run_jobs()
    (mail,) = cancellations()
    for part in (first.confirmation_number, second.confirmation_number, "£160.00", "Your 2 rooms are cancelled"):
        assert part in f"{mail.body}{mail.html}", part
    assert "£100.00" in desk.get(url(first)).text
    assert all(mail.subject in desk.get(url(stay)).text for stay in (first, second))
    run_jobs()
    announcements.tell(second.id)
    assert len(cancellations()) == 1
    with transaction():
        stays.reinstate(second)
    assert second.cancellation_fee == 0
    run_jobs()
    with transaction():
        stays.cancel(second)
    run_jobs()
    assert len(cancellations()) == 2


def test_people_of_a_group_with_numbers_of_their_own_are_told_each(hotel, desk, run_jobs):
    """Nobody of them has an address, so each is told by a short message."""
    numbers = ("+447700900111", "+447700900222")
    made = group_of_two(hotel)
    with transaction():
        for stay, number in zip(made, numbers, strict=True):
            stays.update_guest(stay, {"guest_email": None, "guest_phone": number})
    run_jobs()
    assert post(desk, made[0], "/cancel", whole_group="y").status_code == 200
    run_jobs()
    assert sorted(one.recipient for one in cancellations()) == sorted(numbers)


def test_one_room_of_a_group_is_cancelled_alone(hotel, desk, run_jobs):
    first, second = group_of_two(hotel)
    run_jobs()
    assert post(desk, first, "/cancel", fee="100.00", fee_of_all="160.00").status_code == 200  # the fee is let off
    assert (first.status, first.cancellation_fee, second.status) == ("CANCELLED", 0, "CONFIRMED")
    run_jobs()
    (mail,) = cancellations()
    assert second.confirmation_number not in mail.body
    assert post(desk, second, "/cancel", charge_fee="y", fee="60.00").status_code == 200
    assert str(second.cancellation_fee) == "60.00"
    run_jobs()
    assert len(cancellations()) == 2
    for junk in ("NaN", "sNaN", "one"):
        assert post(desk, factories.make_stay(hotel, None), "/cancel", fee=junk).status_code == 422, junk


def test_a_walk_in_gets_a_clean_room_or_a_reason(hotel, desk):
    base = f"/staff/{hotel.slug}/reservations"
    form = {
        "check_in": in_days(hotel, 0), "check_out": in_days(hotel, 1), "guest_name": "Wim", "guest_language": "en",
        "room_type_id": factories.type_of(hotel, "SGL").id, "room_id": 0, "adults": 1, "children": 0, "is_walk_in": "y",
    }  # fmt: skip
    late = desk.post(base, data={**form, "check_in": in_days(hotel, 1), "check_out": in_days(hotel, 2)})
    assert "A walk-in arrives today." in late.text
    for _room in ("201", "202"):
        assert desk.post(base, data=form).status_code == 303
    assert {stay.status for stay in db.session.scalars(select(Reservation))} == {"CHECKED_IN"}
    assert desk.post(base, data=form).status_code == 422


def test_rooms_for_all_arrivals(hotel, desk):
    made = [factories.make_stay(hotel, None, nights=nights) for nights in (1, 2)]
    base = f"/staff/{hotel.slug}"
    assert "Assign rooms to all arrivals" in desk.get(f"{base}/board?list=arrivals").text
    assert "Assign 2 rooms" in desk.get(f"{base}/reservations/auto-assign").text
    assert all(stay.room_id is None for stay in made)
    assert desk.post(f"{base}/reservations/auto-assign").status_code == 303
    assert all(stay.room_id for stay in made)
    assert "Every arrival has its room" in desk.get(f"{base}/reservations/auto-assign?date=nonsense").text


def test_the_pages_are_for_those_who_may(hotel, stay, sign_in):
    cleaner = sign_in(factories.make_user(hotel, "housekeeping"))
    stranger = sign_in(factories.make_user(factories.make_hotel(), "owner"))
    for path in ("/departure", "/split", "/talk"):
        assert cleaner.get(url(stay, path)).status_code == 403
        assert stranger.get(url(stay, path)).status_code == 404
    for path in ("/departure/extend", "/split", "/swap", "/party", "/talk", "/pin"):
        assert cleaner.post(url(stay, path)).status_code == 403
        assert stranger.post(url(stay, path)).status_code == 404


@pytest.mark.parametrize(
    ("first", "last"), [("9999-12-29", "9999-12-31"), ("0001-01-01", "0001-01-03"), ("1999-01-01", "1999-01-02")]
)
def test_dates_of_another_age_are_refused(desk, stay, first, last):
    before = stay.dates
    assert post(desk, stay, "/dates", check_in=first, check_out=last).status_code == 422
    assert stay.dates == before
    assert desk.get(url(stay, "/room")).status_code == 200


def test_a_lesser_room_than_booked_is_given_by_a_manager_only(hotel, desk, sign_in, stay):
    single = factories.room_of(hotel, "201")
    form = {"room_id": single.id, "assignment_version": stay.assignment_version}
    assert post(desk, stay, "/room", **form).status_code == 409
    with transaction():
        stays.check_in_guest(stay, is_override=True)
    assert post(desk, stay, "/room", **form).status_code == 409
    assert stay.room_id != single.id
    manager = sign_in(factories.make_user(hotel, role="manager"))
    assert post(manager, stay, "/room", **form).status_code == 200
    assert stay.room_id == single.id


def test_a_request_that_the_desk_confirms_awaits_nobody(hotel, desk):
    extras = {"awaits_approval": True}
    stay = factories.make_stay(hotel, None, source="direct", status="PENDING_PAYMENT", extras=extras)
    assert post(desk, stay, "/confirm").status_code == 200
    assert (stay.status, stay.awaits_approval) == ("CONFIRMED", False)
    assert post(desk, stay, "/cancel", reason="Flood").status_code == 200
    stay.awaits_approval = True  # as of a request that was declined
    assert post(desk, stay, "/reinstate").status_code == 200
    assert (stay.status, stay.awaits_approval) == ("CONFIRMED", False)

"""Guests are asked what nobody else tells of their stay: by a person, or by itself after the other steps, and not for ever."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest
from flask import Flask

from jobs import enrichment as jobs
from tests import factories
from webapp.channels import enriching, enrichment, guests
from webapp.core import clock
from webapp.core.database import db
from webapp.core.errors import AppError, Conflict, Invalid, NotFound
from webapp.core.transaction import transaction
from webapp.models import ChannelMail, Enrichment, Hotel, MailAccount, Message, Reservation
from webapp.stays import services as stays
from webapp.stays.links import token_of

NOON = dt.datetime(2026, 6, 1, 12, tzinfo=dt.UTC)
NOBODY = {"guest_name": None, "guest_email": None, "guest_phone": None}


@pytest.fixture(autouse=True)
def frozen() -> Iterator[None]:
    with clock.frozen(NOON):
        yield


def sold(hotel: Hotel, room: str = "101", source: str = "vrbo", arrives_in: int = 30, **values) -> Reservation:
    stay = factories.make_stay(hotel, room, arrives_in, source=source, **{**NOBODY, **values})
    with transaction():
        enriching.look_again(stay.id)
    return stay


def questions() -> list[Message]:
    return db.session.query(Message).filter(Message.template == "ask_guest").order_by(Message.id).all()


def attempts(stay: Reservation) -> list[tuple[str, str]]:
    return [(one.step, one.code) for one in reversed(enrichment.attempts_of(stay.id))]


def state(stay: Reservation) -> Enrichment:
    db.session.expire_all()
    return db.session.get_one(Enrichment, stay.id)


def days_until_next(stay: Reservation) -> float | None:
    at = state(stay).next_try_at
    return (at - clock.now()) / dt.timedelta(days=1) if at else None


def guest_wrote(stay: Reservation, trust: str = "authentic") -> None:
    """The guest wrote through the booking site."""
    with transaction():
        account = MailAccount(hotel_id=stay.hotel_id, kind="gmail", secrets={})
        db.session.add(account)
        db.session.flush()
        db.session.add(ChannelMail(
            hotel_id=stay.hotel_id, account_id=account.id, key="1", provider="booking", kind="message", trust=trust,
            reservation_id=stay.id, state="matched", facts={"sender": "5592652343-abc@guest.booking.com"}, created_at=NOON,
        ))  # fmt: skip


def test_a_person_has_the_guest_asked_in_the_guests_language(hotel: Hotel) -> None:
    stay = sold(hotel, guest_email="ana@example.com", guest_language="es")
    with transaction():
        enriching.ask_guest(hotel, stay.booking_id)
    [message] = questions()
    assert (message.recipient, message.language, message.channel, message.state) == (
        "ana@example.com",
        "es",
        "mail",
        "queued",
    )
    assert f"/checkin/{token_of(stay, 'checkin')}" in message.body
    assert (attempts(stay), days_until_next(stay)) == ([("guest", "written")], 2)
    with pytest.raises(Conflict) as refused, transaction():
        enriching.ask_guest(hotel, stay.booking_id)
    assert refused.value.code == "ASKED_ALREADY"
    with clock.frozen(NOON + dt.timedelta(hours=2)), transaction():
        enriching.ask_guest(hotel, stay.booking_id)
    assert len(questions()) == 2


def test_the_way_to_a_guest(hotel: Hotel) -> None:
    unknown = sold(hotel)
    assert guests.contact_of(unknown) is None
    guest_wrote(unknown, trust="forwarded")
    assert guests.contact_of(unknown) is None  # a stranger may have written that
    relayed = sold(hotel, "102", "booking")
    guest_wrote(relayed)
    assert guests.contact_of(relayed) == guests.Contact("mail", "5592652343-abc@guest.booking.com")
    assert guests.contact_of(relayed).is_relay
    by_phone = sold(hotel, "103", guest_phone="+447700900100")
    assert guests.contact_of(by_phone) == guests.Contact("sms", "+447700900100")
    both = sold(hotel, "201", code="SGL", guest_phone="+447700900100", guest_email="a@example.com")
    assert guests.contact_of(both) == guests.Contact("mail", "a@example.com")


def test_a_guest_of_whom_only_the_number_is_known_gets_a_short_message(hotel: Hotel) -> None:
    stay = sold(hotel, guest_phone="+447700900100")
    with transaction():
        enriching.ask_guest(hotel, stay.booking_id)
    [message] = questions()
    assert (message.channel, message.recipient) == ("sms", "+447700900100")
    assert "has not told us your name" in message.body


@pytest.mark.parametrize("case", ["no contact", "all known", "cancelled", "of the desk", "of another hotel"])
def test_who_cannot_be_asked(hotel: Hotel, case: str) -> None:
    values = {} if case == "no contact" else {"guest_email": "a@example.com"}
    if case == "all known":
        values |= {"guest_name": "Ann Able", "guest_phone": "+447700900100"}
    stay = sold(hotel, source="desk" if case == "of the desk" else "vrbo", **values)
    if case == "cancelled":
        with transaction():
            stays.cancel(stay)
    asker = factories.make_hotel("elsewhere") if case == "of another hotel" else hotel
    with pytest.raises((Invalid, Conflict, NotFound)), transaction():
        enriching.ask_guest(asker, stay.booking_id)
    assert questions() == []


def test_guests_are_asked_by_itself_with_growing_pauses_and_then_left_in_peace(hotel: Hotel) -> None:
    stay = sold(hotel, guest_email="ana@example.com")
    assert (state(stay).step, days_until_next(stay)) == ("guest", 1)
    pauses = []
    with ExitStack() as later:
        for _time in range(3):
            due = state(stay).next_try_at
            later.enter_context(clock.frozen(due - dt.timedelta(seconds=1)))
            jobs.tick()
            later.enter_context(clock.frozen(due))
            jobs.tick()
            jobs.tick()
            pauses.append(days_until_next(stay))
        assert pauses == [2, 4, None]
        later.enter_context(clock.frozen(clock.now() + dt.timedelta(days=9)))
        jobs.tick()
    assert (len(questions()), attempts(stay)) == (3, [("guest", "written")] * 3)


def test_the_house_is_asked_for_a_file_first(hotel: Hotel) -> None:
    stay = sold(hotel, source="booking", guest_email="ana@example.com")
    with ExitStack() as later:
        for _time in range(8):
            later.enter_context(clock.frozen(state(stay).next_try_at))
            jobs.tick()
    assert attempts(stay)[:6] == [("upload", "asked")] * 2 + [("guest", "written")] * 3 + [("upload", "asked")]
    assert len(questions()) == 3


def test_an_answer_ends_the_questions(hotel: Hotel, run_jobs) -> None:
    stay = sold(hotel, guest_email="ana@example.com")
    with clock.frozen(NOON + dt.timedelta(days=1)):
        jobs.tick()
        with transaction():
            stays.update_guest(stay, {"guest_name": "Ana Diaz", "guest_phone": "+34600000000"}, said_by="guest")
        run_jobs()
    with clock.frozen(NOON + dt.timedelta(days=9)):
        jobs.tick()
    assert (len(questions()), attempts(stay)) == (1, [("guest", "written"), ("guest", "found")])
    assert state(stay).step == "none"


def test_where_no_way_is_known_it_is_said_once_and_looked_for_again(hotel: Hotel) -> None:
    stay = sold(hotel)
    for days in (1, 2, 3):
        with clock.frozen(NOON + dt.timedelta(days=days)):
            jobs.tick()
    assert attempts(stay) == [("guest", "no_contact")]
    guest_wrote(stay)
    with clock.frozen(NOON + dt.timedelta(days=4)):
        jobs.tick()
    assert [one.recipient for one in questions()] == ["5592652343-abc@guest.booking.com"]


def test_a_hotel_can_switch_it_off_and_on(hotel: Hotel) -> None:
    stay = sold(hotel, guest_email="ana@example.com")
    with transaction():
        guests.choose(hotel, False)
    with clock.frozen(NOON + dt.timedelta(days=1)):
        jobs.tick()
        assert (questions(), state(stay).next_try_at) == ([], None)
        with transaction():
            enriching.ask_guest(hotel, stay.booking_id)  # a person still may
        assert (len(questions()), state(stay).next_try_at) == (1, None)
        with transaction():
            guests.choose(hotel, True)
        assert days_until_next(stay) == 1
    with clock.frozen(NOON + dt.timedelta(days=2)):
        jobs.tick()
    assert len(questions()) == 2


@pytest.mark.parametrize(("hour", "asked_at"), [(3, 9), (8, 9), (9, 9), (19, 19), (20, 33), (23, 33)])
def test_nobody_is_asked_at_night(hotel: Hotel, hour: int, asked_at: int) -> None:
    with transaction():
        hotel.timezone = "UTC"
    midnight = NOON.replace(hour=0)
    at = guests.next_daylight(hotel, midnight + dt.timedelta(hours=hour))
    assert at == midnight + dt.timedelta(hours=asked_at)


def test_a_worker_that_comes_late_waits_for_the_morning(hotel: Hotel) -> None:
    with transaction():
        hotel.timezone = "UTC"
    stay = sold(hotel, guest_email="ana@example.com")
    with clock.frozen(NOON + dt.timedelta(days=1, hours=11)):
        jobs.tick()
        assert questions() == []
    assert state(stay).next_try_at == NOON.replace(hour=9) + dt.timedelta(days=2)


def test_two_who_ask_at_the_same_moment_ask_once(own_database: Flask) -> None:
    with own_database.app_context():
        hotel = factories.make_hotel("race")
        booking_id, hotel_id = sold(hotel, guest_email="ana@example.com").booking_id, hotel.id

    def ask(_number: int) -> str:
        with own_database.app_context():
            try:
                with clock.frozen(NOON), transaction():
                    enriching.ask_guest(db.session.get_one(Hotel, hotel_id), booking_id)
            except AppError as error:
                return error.code
            return "asked"

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(ask, range(4))) == ["ASKED_ALREADY"] * 3 + ["asked"]
    with own_database.app_context():
        assert len(questions()) == 1

"""What the house, a mail or a calendar knows better than what comes later: it is not undone silently."""

from __future__ import annotations

import datetime as dt

import pytest

from tests import factories
from tests.integrations.export_files import HEADERS, booking_row, xls
from tests.web.test_channel_rules import NOON, Feed
from webapp.channels.mails import matching
from webapp.channels.upload_ports import ExportRow
from webapp.channels.uploads import services as uploads
from webapp.channels.uploads.age import News, lacks
from webapp.core import actor, clock
from webapp.core.database import db
from webapp.core.transaction import transaction
from webapp.models import Alert, ChannelMail, Hotel, MailAccount, Reservation, RoomAlias, Upload, UploadEntry
from webapp.stays import services as stays

CLERK = actor.Actor("staff", "Kim")
LATER = NOON + dt.timedelta(hours=1)


@pytest.fixture(autouse=True)
def noon():
    with clock.frozen(NOON):
        yield


@pytest.fixture
def feed(hotel: Hotel) -> Feed:
    return Feed(hotel)


def only_stay() -> Reservation:
    return db.session.query(Reservation).one()


def contradictions() -> list[bool]:
    return [alert.resolved_at is None for alert in db.session.query(Alert).filter_by(kind="stay_contradicted")]


def cancel_at_desk(stay: Reservation) -> None:
    with actor.acting_as(CLERK), transaction():
        stays.cancel(stay, "asked by telephone")


def test_what_the_desk_cancelled_stays_cancelled_and_the_contradiction_is_shown_once(feed: Feed, run_jobs):
    feed.read(0, 10)
    stay = only_stay()
    cancel_at_desk(stay)
    assert stay.field_sources["status"] == "desk"
    run_jobs()
    feed.read(1, 10)
    assert contradictions() == []  # the channel may not have heard of it yet
    feed.read(24, 10)
    feed.read(48, 10)
    assert (stay.status, contradictions()) == ("CANCELLED", [True])
    for hour in range(49, 54):
        feed.read(hour, 20)
    assert contradictions() == [False]


def test_taking_a_cancellation_back_forgets_who_said_it(feed: Feed):
    feed.read(0, 10)
    stay = only_stay()
    cancel_at_desk(stay)
    with transaction():
        stays.reinstate(stay)
    assert "status" not in stay.field_sources


def test_what_a_feed_ended_by_itself_comes_back(feed: Feed):
    feed.read(0, 10, 20)
    for hour in range(1, 6):
        feed.read(hour, 20)
    stay = db.session.query(Reservation).filter_by(status="CANCELLED").one()
    assert stay.field_sources["status"] == "feed"
    feed.read(6, 10, 20)
    assert stay.status == "CONFIRMED"


def test_a_file_does_not_undo_the_desk(hotel: Hotel, run_jobs):
    stay = factories.make_stay(hotel, "101", 9, 2, source="booking", channel_reference="5000000001", is_fact=True)
    cancel_at_desk(stay)
    upload = put(hotel, run_jobs, row(1))
    entry = db.session.query(UploadEntry).filter_by(upload_id=upload.id).one()
    assert (entry.action, entry.code) == ("warning", "cancelled_by_house")


# Mails


@pytest.fixture
def account(hotel: Hotel) -> MailAccount:
    with transaction():
        account = MailAccount(hotel_id=hotel.id, kind="imap", secrets={})
        db.session.add(account)
    return account


def mail(
    hotel: Hotel, account: MailAccount, number: int, kind: str = "new", provider: str = "booking", **more
) -> ChannelMail:
    facts = more.pop("facts", {})
    values = {"sent_at": NOON, "arrival": dt.date(2026, 6, 10), "state": "waiting", "trust": "authentic", **more}
    with transaction():
        row = ChannelMail(
            hotel_id=hotel.id, account_id=account.id, key=f"{kind}{number}", kind=kind, provider=provider, facts=facts, tries=0,
            reference=f"500000000{number}", **values,
        )  # fmt: skip
        db.session.add(row)
        db.session.flush()
        matching.work(hotel, row)
    return row


def nameless(hotel: Hotel, room: str, **more) -> Reservation:
    values = {"guest_name": None, "guest_email": None, "guest_phone": None, "source": "booking", **more}
    return factories.make_stay(hotel, room, 9, 2, code="DBL" if room < "2" else "SGL", is_fact=True, **values)


def test_a_booking_is_no_stay_that_was_known_before_it_was_made(hotel: Hotel, account):
    nameless(hotel, "101")
    assert mail(hotel, account, 1, sent_at=LATER).state == "waiting"


def test_a_booking_that_was_cancelled_claims_no_living_stay(hotel: Hotel, account):
    mail(hotel, account, 1, "cancelled")
    stay = nameless(hotel, "101")
    assert mail(hotel, account, 1).state == "waiting"
    assert stay.channel_reference is None


def test_a_stay_that_has_just_ended_may_be_the_one_that_is_meant(hotel: Hotel, account):
    with transaction():
        stays.cancel(nameless(hotel, "101"))
    nameless(hotel, "102")
    assert mail(hotel, account, 1).state == "waiting"


def test_the_name_of_a_listing_tells_the_room(hotel: Hotel, account):
    nameless(hotel, "101", source="airbnb")
    meant = nameless(hotel, "102", source="airbnb")
    with transaction():
        room = factories.room_of(hotel, "102")
        db.session.add(
            RoomAlias(
                hotel_id=hotel.id, provider="airbnb", name_key="rose room", name="Rose Room", room_type_id=room.room_type_id, room_id=room.id,
            )
        )  # fmt: skip
    assert mail(hotel, account, 1, provider="airbnb").state == "waiting"
    told = mail(hotel, account, 2, provider="airbnb", facts={"listing_name": "Rosé  Room"})
    assert told.state == "waiting"  # the first one waits too, and names no listing
    with transaction():
        db.session.query(ChannelMail).filter_by(key="new1").one().facts = {"listing_name": "Blue Room"}
        matching.work(hotel, told)
    assert (told.state, told.reservation_id) == ("matched", meant.id)


# The age of files


def row(number: int, **more):
    values = {
        "check_in": "2026-06-10",
        "check_out": "2026-06-12",
        "unit_type": "Double",
        "booked_on": "2026-05-20 10:00:00",
    }
    return booking_row(5000000000 + number, **{**values, **more})


def put(hotel: Hotel, run_jobs, *rows) -> Upload:
    with transaction():
        upload = uploads.receive(hotel, "Check-in 2026.xls", xls([HEADERS, *rows]))
    run_jobs()
    return upload


def test_a_file_that_lacks_a_booking_of_a_later_mail_is_old(hotel: Hotel, account, run_jobs):
    assert put(hotel, run_jobs, row(1), row(3, check_in="2026-06-05", check_out="2026-06-06")).age == "FRESH"
    mail(hotel, account, 2, arrival=dt.date(2026, 6, 7))
    assert put(hotel, run_jobs, row(1), row(4, check_in="2026-06-05", check_out="2026-06-06")).age == "OLD"
    assert put(hotel, run_jobs, row(1), row(2, check_in="2026-06-07", check_out="2026-06-08")).age == "FRESH"


def test_a_file_that_still_has_what_a_later_mail_cancelled_restores_nothing(hotel: Hotel, account, run_jobs):
    stay = factories.make_stay(hotel, "101", 9, 2, source="booking", channel_reference="5000000001", is_fact=True)
    mail(hotel, account, 1, "cancelled")
    assert stay.status == "CANCELLED"
    upload = put(hotel, run_jobs, row(1))
    assert upload.age == "OLD"
    assert db.session.query(UploadEntry).filter_by(upload_id=upload.id, action="restored").count() == 0


def test_a_file_knows_nothing_beyond_its_dates() -> None:
    rows = [ExportRow(2, "A", "confirmed", dt.date(2026, 6, 1), dt.date(2026, 6, 2))]
    assert not lacks(
        rows, [News("B", False, dt.date(2026, 7, 1)), News("C", True, dt.date(2026, 6, 1)), News("D", False, None)]
    )
    assert lacks(rows, [News("B", False, dt.date(2026, 6, 1))])
    assert lacks(rows, [News("A", True, None)])
    assert not lacks([], [News("A", False, dt.date(2026, 6, 1))])

"""What is unknown of the stays of channels: who tells it next, how often it is tried, what was found, and the reminder."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import ExitStack
from decimal import Decimal

import pytest
from sqlalchemy import select

from jobs import enrichment as jobs
from tests import factories
from webapp.channels import enriching, enrichment
from webapp.channels.domain.explaining import FILE_TRIES, GUEST_TRIES, MAIL_TRIES, Asked, next_step, pause_before
from webapp.core import clock
from webapp.core.database import db
from webapp.core.transaction import transaction
from webapp.models import Alert, ChannelMail, Enrichment, Feed, FeedItem, Hotel, MailAccount, Message, Reservation
from webapp.stays import services as stays

NOON = dt.datetime(2026, 6, 1, 12, tzinfo=dt.UTC)
NOBODY = {"guest_name": None, "guest_email": None, "guest_phone": None}


@pytest.fixture(autouse=True)
def frozen() -> Iterator[None]:
    with clock.frozen(NOON):
        yield


def sold(hotel: Hotel, room: str = "101", arrives_in: int = 5, source: str = "booking", **values) -> Reservation:
    """What a calendar brings: dates and a room, no name."""
    return factories.make_stay(hotel, room, arrives_in, source=source, **{**NOBODY, **values})


def mailbox(hotel: Hotel) -> MailAccount:
    with transaction():
        account = MailAccount(hotel_id=hotel.id, kind="imap", secrets={"username": "desk@example.com"})
        account.is_active = True
        db.session.add(account)
    return account


@pytest.mark.parametrize(
    ("unknown", "source", "tries", "has_mailbox", "step"),
    [
        ((), "booking", 0, True, "none"),
        (("reference",), "booking", 0, True, "mail"),
        (("reference",), "booking", MAIL_TRIES, True, "upload"),
        (("reference",), "booking", 0, False, "upload"),
        (("phone", "price"), "booking", 0, True, "upload"),  # no mail tells these
        (("name", "phone"), "vrbo", 0, True, "guest"),
        (("reference", "price"), "vrbo", 0, True, "none"),  # nobody can
        (("name",), "ical", 0, True, "guest"),
    ],
)
def test_who_is_asked_next(unknown, source, tries, has_mailbox, step) -> None:
    assert next_step(unknown, source, tries, has_mailbox=has_mailbox, is_over=False) == step
    assert next_step(unknown, source, tries, has_mailbox=has_mailbox, is_over=True) == "none"


@pytest.mark.parametrize(
    ("asked", "step"),
    [
        (Asked(FILE_TRIES, 0, True), "guest"), (Asked(FILE_TRIES - 1, 0, True), "upload"), (Asked(FILE_TRIES, 0), "upload"),
        (Asked(FILE_TRIES, GUEST_TRIES - 1, True), "guest"), (Asked(FILE_TRIES, GUEST_TRIES, True), "upload"),
    ],
)  # fmt: skip
def test_a_guest_is_asked_after_the_files(asked, step) -> None:
    assert next_step(("phone", "price"), "booking", MAIL_TRIES, has_mailbox=True, is_over=False, asked=asked) == step
    assert next_step(("price",), "booking", MAIL_TRIES, has_mailbox=True, is_over=False, asked=asked) == "upload"


def test_the_pauses_double_up_to_a_limit() -> None:
    minutes = [pause_before("mail", tries).total_seconds() / 60 for tries in (0, 1, 5, 40)]
    assert minutes == [10, 20, 320, 720]
    assert [pause_before("upload", MAIL_TRIES + tries).days for tries in (0, 1, 9)] == [1, 2, 7]
    assert [pause_before("guest", asked) and pause_before("guest", asked).days for asked in range(4)] == [1, 2, 4, None]
    assert pause_before("none", 0) is None


def test_stays_with_something_unknown_are_listed_by_arrival(hotel: Hotel) -> None:
    late = sold(hotel, "102", 40, channel_reference="5100000008", guest_name="Jan de Vries")
    early = sold(hotel, "101", 5)
    factories.make_stay(hotel, "103", 6, source="desk", guest_name=None)  # nobody sold it to us
    sold(hotel, "201", 7, source="vrbo", code="SGL", guest_name="Ann Able", guest_phone="+447700900100", total=Decimal(90),
         channel_reference="HA-1")  # fmt: skip
    gaps, total = enrichment.unenriched(hotel)
    assert [(gap.booking_id, gap.unknown, gap.step) for gap in gaps] == [
        (early.booking_id, ("name", "reference", "phone", "price"), "upload"),
        (late.booking_id, ("phone", "price"), "upload"),
    ]
    assert total == 2
    assert gaps[0].room_number == "101"
    mailbox(hotel)
    assert [gap.step for gap in enrichment.unenriched(hotel)[0]] == ["mail", "upload"]


def test_the_list_is_narrowed_by_channel_field_and_month(hotel: Hotel) -> None:
    june, july = sold(hotel, "101", 5, guest_name="Ann Able"), sold(hotel, "102", 35, source="airbnb")
    other = factories.make_hotel()
    sold(other, "101", 5)

    def found(**wanted) -> list[str]:
        return [gap.booking_id for gap in enrichment.unenriched(hotel, **wanted)[0]]

    assert found(source="airbnb") == [july.booking_id]
    assert found(field="name") == [july.booking_id]
    assert found(month=dt.date(2026, 6, 17)) == [june.booking_id]
    assert found(source="ical") == []
    with transaction():
        stays.cancel(june)
    assert found() == [july.booking_id]


def test_the_share_that_is_known_per_channel_and_month(hotel: Hotel) -> None:
    sold(hotel, "101", 5, guest_name="Ann Able", channel_reference="5100000001", total=Decimal(90))
    sold(hotel, "102", 6, channel_reference="5100000002")
    sold(hotel, "103", 6, channel_reference="5100000003")
    sold(hotel, "101", 40, source="ical")
    rows = enrichment.coverage(hotel, dt.date(2026, 5, 1), dt.date(2026, 9, 1))
    assert [(row.source, row.month, row.stays) for row in rows] == [
        ("booking", dt.date(2026, 6, 1), 3),
        ("ical", dt.date(2026, 7, 1), 1),
    ]
    assert [rows[0].share(name) for name in enrichment.FIELDS] == [33, 100, 0, 33]
    assert [rows[1].share(name) for name in enrichment.FIELDS] == [0, None, 0, None]


def test_the_trend_follows_the_weeks_of_booking(hotel: Hotel) -> None:
    with clock.frozen(NOON - dt.timedelta(days=15)):
        sold(hotel, "101", 40)
    complete = {"guest_name": "Ann Able", "guest_phone": "+447700900100", "channel_reference": "5100000001"}
    sold(hotel, "102", 20, total=Decimal(90), **complete)
    sold(hotel, "103", 20, **complete)
    assert enrichment.trend(hotel, 4) == {"booking": [(0, 0), (1, 0), (0, 0), (2, 1)]}


# The work of learning more


def attempts(stay: Reservation) -> list[tuple[str, str, list[str]]]:
    return [(one.step, one.code, one.found) for one in reversed(enrichment.attempts_of(stay.id))]


def state(stay: Reservation) -> tuple[str, int, float | None]:
    """(next step, tries, minutes until the next)."""
    db.session.expire_all()
    row = db.session.get_one(Enrichment, stay.id)
    return row.step, row.tries, (row.next_try_at - clock.now()).total_seconds() / 60 if row.next_try_at else None


def feed_shows(stay: Reservation) -> None:
    with transaction():
        feed = Feed(
            hotel_id=stay.hotel_id,
            room_id=stay.room_id,
            provider=stay.source,
            url="https://example.com/a.ics",
            failures=0,
        )
        db.session.add(feed)
        db.session.flush()
        db.session.add(FeedItem(
            hotel_id=stay.hotel_id, feed_id=feed.id, kind="stay", uid="", starts_on=stay.check_in, ends_on=stay.check_out,
            reservation_id=stay.id, state="present",
        ))  # fmt: skip


def open_alerts(hotel: Hotel) -> list[tuple[str, dict]]:
    rows = db.session.scalars(select(Alert).where(Alert.hotel_id == hotel.id, Alert.resolved_at.is_(None)))
    return [(alert.kind, alert.details) for alert in rows]


def test_each_source_that_tells_something_is_written_down(hotel: Hotel, run_jobs) -> None:
    mailbox(hotel)
    stay = sold(hotel, extras={"field_sources": {"dates": "feed"}})
    run_jobs()
    assert (attempts(stay), state(stay)) == ([], ("mail", 0, 10))
    with transaction():
        stays.update_guest(stay, {"channel_reference": "5592652343"}, said_by="email")
    run_jobs()
    with transaction():
        stays.update_guest(stay, {"guest_name": "Ann Able", "total": Decimal(90)}, said_by="export")
        stays.update_guest(stay, {"guest_phone": "+447700900100"}, said_by="guest")
    run_jobs()
    assert attempts(stay) == [
        ("mail", "found", ["reference"]), ("upload", "found", ["name", "price"]), ("guest", "found", ["phone"]),
    ]  # fmt: skip
    assert state(stay) == ("none", 0, None)


def test_mails_are_asked_with_growing_pauses_then_a_file(hotel: Hotel, run_jobs) -> None:
    mailbox(hotel)
    stay = sold(hotel)
    run_jobs()
    pauses = []
    with ExitStack() as later:
        for _try in range(MAIL_TRIES):
            due = db.session.get_one(Enrichment, stay.id).next_try_at
            later.enter_context(clock.frozen(due - dt.timedelta(seconds=1)))
            jobs.tick()  # nothing is due yet
            later.enter_context(clock.frozen(due))
            jobs.tick()
            jobs.tick()
            pauses.append(state(stay)[2])
        assert pauses == [20, 40, 80, 160, 320, 1440]
        assert state(stay)[:2] == ("upload", MAIL_TRIES)
        later.enter_context(clock.frozen(clock.now() + dt.timedelta(days=1)))
        jobs.tick()
    assert attempts(stay) == [*[("mail", "nothing", [])] * MAIL_TRIES, ("upload", "asked", [])]


def test_a_mail_that_waits_is_tried_for_its_stay(hotel: Hotel, run_jobs) -> None:
    account = mailbox(hotel)
    stay = sold(hotel)
    run_jobs()
    with transaction():
        db.session.add(ChannelMail(
            hotel_id=hotel.id, account_id=account.id, key="1", provider="booking", kind="new", trust="authentic", reference="5592652343",
            arrival=stay.check_in, facts={}, state="waiting", tries=3, next_try_at=NOON + dt.timedelta(days=1), created_at=NOON,
        ))  # fmt: skip
    with clock.frozen(NOON + dt.timedelta(minutes=10)):
        jobs.tick()
    assert stay.channel_reference == "5592652343"
    assert attempts(stay) == [("mail", "found", ["reference"])]
    assert state(stay)[:2] == ("mail", 0)  # the daily list may still tell the name


def test_stays_of_before_are_taken_up_and_ended_ones_are_left_alone(hotel: Hotel) -> None:
    stay, ended = sold(hotel), sold(hotel, "102")
    with transaction():
        stays.cancel(ended)
    jobs.tick()
    assert state(stay)[0] == "upload"
    assert db.session.get(Enrichment, ended.id) is None
    with transaction():
        stays.cancel(stay)
        enriching.look_again(stay.id)
    assert state(stay) == ("none", 0, None)


def test_a_file_is_asked_for_while_a_stay_of_a_calendar_is_unexplained(hotel: Hotel, run_jobs) -> None:
    manager = factories.make_user(hotel, role="manager", language="en")
    factories.make_user(hotel, role="desk")
    stay, other = sold(hotel), sold(hotel, "102")
    feed_shows(stay)
    by_hand = sold(hotel, "103")  # no calendar shows it
    jobs.tick()
    assert open_alerts(hotel) == []
    with clock.frozen(NOON + dt.timedelta(hours=6)):
        jobs.tick()
        jobs.tick()
        assert open_alerts(hotel) == [("upload_wanted", {"count": 1})]
        feed_shows(other)
        jobs.tick()
        assert open_alerts(hotel) == [("upload_wanted", {"count": 2})]
        letters = db.session.scalars(select(Message).where(Message.template == "upload_wanted")).all()
        assert [(one.recipient, one.subject) for one in letters] == [
            (manager.email, "1 stay waits for a file of the booking site")
        ]
    with clock.frozen(NOON + dt.timedelta(days=1, hours=6)):
        jobs.tick()
        assert db.session.query(Message).filter(Message.template == "upload_wanted").count() == 2
        for one in (stay, other):
            with transaction():
                stays.update_guest(
                    one, {"guest_name": "Ann Able", "channel_reference": f"559265234{one.id % 10}"}, said_by="export"
                )
        jobs.tick()
        assert open_alerts(hotel) == []
    assert by_hand.guest_name is None


def test_the_patience_is_the_hotels_own(hotel: Hotel) -> None:
    feed_shows(sold(hotel))
    for chosen, wanted in ((1, 1), (True, 0), ("soon", 0), (0, 0)):
        with transaction():
            hotel.settings = {"channels": {"ask_after_hours": chosen}}
        with clock.frozen(NOON + dt.timedelta(hours=2)):
            assert enriching.waiting_for_upload(hotel) == wanted


def test_a_stay_that_we_stumble_over_keeps_no_other_waiting(hotel: Hotel, monkeypatch) -> None:
    odd, plain = sold(hotel, "101", 5), sold(hotel, "102", 6)
    enriching.take_up()
    at = NOON + dt.timedelta(days=2)
    look = enriching.unknown_of

    def stumble(stay: Reservation) -> tuple[str, ...]:
        if stay.id == odd.id:
            raise KeyError("odd")
        return look(stay)

    monkeypatch.setattr(enriching, "unknown_of", stumble)
    with clock.frozen(at):
        assert enriching.work_due() == 2
    states = {stay.id: db.session.get_one(Enrichment, stay.id) for stay in (odd, plain)}
    assert (states[odd.id].tries, states[odd.id].next_try_at) == (0, at + dt.timedelta(hours=1))
    assert states[plain.id].tries == 1

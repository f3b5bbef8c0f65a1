"""From a mail in a mailbox to the stay it speaks of, over a real IMAP connection."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal

import pytest

from jobs import mails as jobs
from tests import factories
from webapp.channels.mail_ports import MailReader
from webapp.channels.mails import services
from webapp.core import clock, wiring
from webapp.core.database import db
from webapp.core.transaction import transaction
from webapp.models import ChannelMail, Hotel, MailAccount, Reservation
from webapp.sandbox.client import SandboxControl
from webapp.sandbox.server import SandboxServer
from webapp.stays import services as stays

NOON = dt.datetime(2026, 6, 1, 12, tzinfo=dt.UTC)
NEW = "Booking.com - New booking! (559265234{}, Saturday, 20 June 2026)"
CANCELLED = NEW.replace("New booking", "Cancelled booking")
AIRBNB = "Airbnb <automated@airbnb.com>"
CONFIRMED = """NEW BOOKING CONFIRMED! JANE ARRIVES JUN 20.
Rose Room
Check-in      Checkout
Sat, Jun 20   Mon, Jun 22
2 adults, 1 child
HMA2DRKNXH
TOTAL (GBP)   £200.00
YOU EARN   £180.00
"""


@pytest.fixture(autouse=True)
def frozen():
    with clock.frozen(NOON):
        yield


@pytest.fixture
def control(sandbox: SandboxServer) -> SandboxControl:
    sandbox.control.call("POST", "/reset", services="gmail")
    return sandbox.control


@pytest.fixture
def account(hotel: Hotel, sandbox: SandboxServer, control: SandboxControl) -> MailAccount:
    with transaction():
        return services.add_imap(
            hotel, "127.0.0.1", sandbox.imap_port, "desk@harbour.example", "sandbox-imap-password", "", True
        )


@pytest.fixture
def arrive(control: SandboxControl) -> Callable[..., None]:
    def send(subject: str, minute: int = 0, **more) -> None:
        control.add_mail(subject=subject, at=(NOON - dt.timedelta(minutes=60 - minute)).isoformat(), **more)

    return send


def feed_stay(hotel: Hotel, room: str = "101", **values) -> Reservation:
    """What a calendar brings: dates and a room, no name."""
    values = {"guest_name": None, "guest_email": None, "guest_phone": None, "source": "booking", **values}
    return factories.make_stay(hotel, room, arrives_in=19, **values)


def mails() -> list[tuple[str, str]]:
    return [(mail.state, mail.code) for mail in db.session.query(ChannelMail).order_by(ChannelMail.id)]


def test_a_mail_names_the_stay_of_a_calendar(hotel: Hotel, account, arrive):
    stay = feed_stay(hotel)
    arrive(NEW.format(3))
    assert services.scan(account.id) == 1
    assert (stay.channel_reference, mails()) == ("5592652343", [("matched", "matched")])
    assert stay.field_sources["channel_reference"] == "email"


def test_each_mail_is_worked_once(hotel: Hotel, account, arrive):
    arrive(NEW.format(3))
    arrive(NEW.format(4), 1)
    assert [services.scan(account.id), services.scan(account.id)] == [2, 0]
    with transaction():
        account.cursor = None  # as after a mailbox was numbered anew
    assert services.scan(account.id) == 0
    assert len(mails()) == 2


def test_airbnbs_mail_brings_name_party_and_money(hotel: Hotel, account, arrive):
    stay = feed_stay(hotel, source="airbnb", channel_reference="HMA2DRKNXH")
    arrive("Reservation confirmed - Jane Smith arrives Jun 20", text=CONFIRMED, sender=AIRBNB)
    services.scan(account.id)
    assert (stay.guest_name, stay.adults, stay.children, stay.total) == ("Jane Smith", 2, 1, Decimal("180.00"))


def test_what_a_file_said_is_left_alone(hotel: Hotel, account, arrive):
    stay = feed_stay(hotel, source="airbnb", channel_reference="HMA2DRKNXH")
    with transaction():
        stays.update_guest(stay, {"guest_name": "From The File", "total": Decimal(90)}, said_by="export")
    arrive("Reservation confirmed - Jane Smith arrives Jun 20", text=CONFIRMED, sender=AIRBNB)
    services.scan(account.id)
    assert (stay.guest_name, stay.total) == ("From The File", Decimal(90))


def test_a_mail_waits_for_its_stay(hotel: Hotel, account, arrive):
    arrive(NEW.format(3))
    services.scan(account.id)
    assert mails() == [("waiting", "no_stay_yet")]
    stay = feed_stay(hotel)
    with clock.frozen(NOON + dt.timedelta(minutes=3)):
        jobs.tick()
    assert mails() == [("matched", "matched")]
    assert stay.channel_reference == "5592652343"


def test_two_bookings_of_one_day_are_not_guessed(hotel: Hotel, account, arrive):
    feed_stay(hotel)
    feed_stay(hotel, "102")
    arrive(NEW.format(3))
    arrive(NEW.format(4), 1)
    services.scan(account.id)
    assert mails() == [("waiting", "no_stay_yet")] * 2
    with clock.frozen(NOON + dt.timedelta(days=25)), transaction():
        services.resolve_waiting()
    assert mails() == [("over", "never_explained")] * 2


def test_a_true_cancellation_ends_the_stay_at_once(hotel: Hotel, account, arrive):
    stay = feed_stay(hotel, channel_reference="5592652343")
    arrive(CANCELLED.format(3))
    services.scan(account.id)
    assert (stay.status, mails()) == ("CANCELLED", [("matched", "cancelled")])


@pytest.mark.parametrize(
    ("mail", "expected"),
    [
        ({"authentic": False}, [("refused", "not_authenticated")]),
        ({"authentic": None}, [("refused", "not_authenticated")]),
        ({"sender": "booking.com@evil.example"}, [("refused", "look_alike")]),
    ],
)
def test_a_false_cancellation_ends_nothing(hotel: Hotel, account, arrive, mail, expected):
    stay = feed_stay(hotel, channel_reference="5592652343")
    arrive(CANCELLED.format(3), **mail)
    services.scan(account.id)
    assert (stay.status, mails()) == ("CONFIRMED", expected)


def test_a_forwarded_cancellation_waits_for_a_person(hotel: Hotel, account, arrive):
    stay = feed_stay(hotel, channel_reference="5592652343")
    inner = f"From: Booking.com <noreply@booking.com>\nSubject: {CANCELLED.format(3)}\n\nBye"
    arrive(f"Fwd: {CANCELLED.format(3)}", sender="owner@harbour.example", text=inner)
    services.scan(account.id)
    assert (stay.status, mails()) == ("CONFIRMED", [("noted", "not_trusted_enough")])


def test_a_guest_in_house_is_not_cancelled_by_a_mail(hotel: Hotel, account, arrive):
    stay = factories.make_stay(hotel, "101", 0, source="booking", channel_reference="5592652343")
    with transaction():
        stays.check_in_guest(stay)
    arrive(CANCELLED.format(3))
    services.scan(account.id)
    assert (stay.status, mails()) == ("CHECKED_IN", [("noted", "guest_in_house")])


def test_the_daily_list_names_guests(hotel: Hotel, account, arrive):
    stay = feed_stay(hotel, channel_reference="5100000008")
    arrive(
        "Reservations with today's or tomorrow's arrival date for X",
        text="5100000008 | Jan de Vries | Aankomst 20 jun 2026 | Vertrek 22 jun 2026",
    )
    services.scan(account.id)
    assert stay.guest_name == "Jan de Vries"


def test_private_mail_leaves_no_trace(account, arrive):
    arrive("Dinner on Sunday?", sender="aunt@family.example")
    arrive("Booking.com Invoice 1100000001", 1)
    services.scan(account.id)
    assert mails() == []


def test_a_mailbox_that_refuses_us_is_shown_and_recovers(account, control, arrive):
    control.mailbox(imap_refuses="[AUTHENTICATIONFAILED] Invalid credentials")
    services.scan(account.id)
    db.session.refresh(account)
    assert (account.fault_kind, account.failing_since) == ("sign_in_again", NOON)
    control.mailbox(imap_refuses="")
    services.scan(account.id)
    db.session.refresh(account)
    assert (account.fault_kind, account.last_read_at) == (None, NOON)


def test_a_crash_in_the_middle_works_every_mail_in_the_end(hotel: Hotel, account, arrive, monkeypatch):
    stay = feed_stay(hotel)
    arrive(NEW.format(3))
    arrive(NEW.replace("20 June", "21 June").format(4), 1)
    real, calls = services.matching.work, []

    def dies(*arguments):
        calls.append(1)
        if len(calls) == 2:
            raise SystemExit("killed")
        real(*arguments)

    monkeypatch.setattr(services.matching, "work", dies)
    with pytest.raises(SystemExit):
        services.scan(account.id)
    db.session.refresh(stay)
    assert (mails(), stay.channel_reference) == ([], None)
    monkeypatch.undo()
    assert services.scan(account.id) == 2
    assert len(mails()) == 2


def test_a_scan_that_was_overtaken_changes_nothing(account, arrive, sandbox):
    arrive(NEW.format(3))
    mailbox = services.wiring.resolve(services.MailboxOpener).open("imap", account.secrets)
    late = mailbox.fetch_since(None)
    assert services.scan(account.id) == 1
    with transaction():
        assert services._take(account.id, None, late) is None
    assert len(mails()) == 1


def test_the_tick_asks_for_each_mailbox_once(account, run_jobs, arrive):
    run_jobs()
    jobs.tick()
    jobs.tick()
    assert run_jobs().count("jobs.mails.scan") == 1


def test_a_mail_that_our_reader_stumbles_over_keeps_no_other_from_being_read(hotel, account, arrive):
    usual = wiring.resolve(MailReader)

    class Stumbling:
        def read(self, raw: bytes, **more: object) -> object:
            if b"5592652341" in raw:
                raise ZeroDivisionError("on purpose")
            return usual.read(raw, **more)

    arrive(NEW.format(1), 1)
    arrive(NEW.format(2), 2)
    wiring.bind(MailReader, Stumbling)
    try:
        jobs.scan(account.id)
    finally:
        wiring.bind(MailReader, lambda: usual)
    mails = db.session.scalars(db.select(ChannelMail).order_by(ChannelMail.id)).all()
    assert [(mail.state, mail.reference) for mail in mails] == [("refused", ""), ("waiting", "5592652342")]


def test_a_mail_that_cannot_be_worked_waits_and_stops_no_other(hotel, account, arrive):
    for number in (1, 2):
        arrive(NEW.format(number), number)
    jobs.scan(account.id)
    first, second = db.session.scalars(db.select(ChannelMail).order_by(ChannelMail.id)).all()
    first.facts = {**first.facts, "departure": "no date"}
    first.arrival, second.arrival = dt.date(2026, 6, 20), dt.date(2026, 6, 21)
    first.next_try_at = second.next_try_at = NOON
    db.session.flush()
    jobs.tick()
    assert first.next_try_at == NOON + services.PAUSE_AFTER_TROUBLE
    assert (second.state, second.next_try_at > NOON) == ("waiting", True)

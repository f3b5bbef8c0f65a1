"""The operator's commands: calendars read now, empty bookings removed, a hotel's bookings reset."""

from __future__ import annotations

import datetime as dt
import json
from uuid import uuid4

import pytest
from sqlalchemy import func, select, text

from tests import factories
from webapp.access import services as access
from webapp.channels import services
from webapp.core import clock
from webapp.core.database import db
from webapp.core.outbox import OutboxMessage
from webapp.core.transaction import transaction
from webapp.models import (
    AccessCode,
    Alert,
    AuditEntry,
    ChannelMail,
    Feed,
    FeedItem,
    Inventory,
    Lock,
    LockAccount,
    MailAccount,
    Message,
    Reservation,
    RoomBlock,
    RoomNight,
    Upload,
)
from webapp.stays import services as stays


@pytest.fixture
def run(app):
    def command(*arguments: str, **more):
        return app.test_cli_runner().invoke(args=["channels", *arguments], **more)

    return command


@pytest.fixture
def calendar(sandbox, hotel):
    """Connects an emulated calendar of Booking.com to a room; `put` says what it shows."""

    class Calendar:
        key = uuid4().hex

        def put(self, *ranges: tuple[int, int]) -> None:
            today = clock.now().date()
            events = [
                {"kind": "stay", "start": str(today + dt.timedelta(a)), "end": str(today + dt.timedelta(b))}
                for a, b in ranges
            ]
            sandbox.control.put_feed("booking", self.key, events, today=today.isoformat())

        def connect(self, number: str = "101") -> Feed:
            with transaction():
                url = sandbox.control.feed_url("booking", self.key)
                return services.add_feed(hotel, factories.room_of(hotel, number).id, "booking", url)

    return Calendar()


def bookings(hotel) -> list[Reservation]:
    db.session.expire_all()
    return list(db.session.scalars(select(Reservation).filter_by(hotel_id=hotel.id).order_by(Reservation.check_in)))


def database_agrees() -> None:
    """The rules that the database looks at when a transaction ends."""
    db.session.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
    db.session.execute(text("SET CONSTRAINTS ALL DEFERRED"))


def number_of(model, **where) -> int:
    return db.session.scalar(select(func.count()).select_from(model).filter_by(**where)) or 0


def test_calendars_of_a_hotel_a_room_or_one_are_read_now(hotel, run, calendar):
    calendar.put((5, 7))
    feed = calendar.connect()
    answer = run("sync", "--hotel", hotel.slug, "--room", "101")
    assert answer.exit_code == 0, answer.output
    assert answer.output == f"{feed.id}\t101\tbooking\tchanged\t1 created\n"
    assert run("sync", "--feed", str(feed.id)).output.endswith("unchanged\t\n")
    assert "no such feed" in run("sync", "--hotel", hotel.slug, "--room", "102").output
    assert "There is no hotel 'nowhere'" in run("sync", "--hotel", "nowhere").output
    assert run("sync", "--feed", "1", "--hotel", hotel.slug).exit_code == 2
    assert run("sync", "--feed", "1", "--room", "101").exit_code == 2


def test_a_calendar_that_cannot_be_read_ends_the_command_with_status_one(hotel, run, sandbox):
    with transaction():
        url = sandbox.control.feed_url("ical", "no-such-calendar")
        services.add_feed(hotel, factories.room_of(hotel, "101").id, "ical", url)
    answer = run("sync", "--hotel", hotel.slug)
    assert answer.exit_code == 1
    assert "failed" in answer.output


def vanished(hotel, run, calendar) -> list[Reservation]:
    """Three nameless stays that the calendar showed for a while; two of them get something of their own."""
    start = clock.now()
    with clock.frozen(start):
        calendar.put((15, 17), (25, 27), (35, 37), (45, 47), (55, 57))
        calendar.connect()
        run("sync", "--hotel", hotel.slug)
    calendar.put((45, 47), (55, 57))
    for hours in (1, 2, 3, 5, 6):
        with clock.frozen(start + dt.timedelta(hours=hours)):
            run("sync", "--hotel", hotel.slug)
    return bookings(hotel)


def test_empty_bookings_are_listed_first_and_removed_when_asked(hotel, run, calendar):
    gone, named, noted, *shown = vanished(hotel, run, calendar)
    assert [stay.status for stay in (gone, named, noted)] == ["CANCELLED"] * 3
    gone_id, kept_ids = gone.id, {stay.id for stay in (named, noted, *shown)}
    with transaction():
        stays.update_guest(named, {"guest_name": "Ada Example"}, said_by="email")
        stays.add_note(noted, "Called; will book again.")
    assert (
        "0 empty bookings" in run("cleanup", "--hotel", hotel.slug, "--apply", "--yes").output
    )  # it may still come back
    with clock.frozen(clock.now() + dt.timedelta(days=3)):
        listed = run("cleanup", "--hotel", hotel.slug)
        assert listed.exit_code == 0, listed.output
        assert gone.booking_id in listed.output
        assert "1 empty bookings would be removed" in listed.output
        assert len(bookings(hotel)) == 5
        assert [
            json.loads(line)["why"] for line in run("cleanup", "--hotel", hotel.slug, "--json").output.splitlines()
        ] == ["cancelled"]
        assert run("cleanup", "--hotel", hotel.slug, "--apply", input="n\n").exit_code == 1
        assert len(bookings(hotel)) == 5
        assert run("cleanup", "--hotel", hotel.slug, "--apply", "--yes").exit_code == 0
        database_agrees()
        assert {stay.id for stay in bookings(hotel)} == kept_ids
        entry = db.session.scalars(select(AuditEntry).filter_by(action="empty_booking_removed")).one()
        assert (entry.entity_id, entry.actor_label) == (gone_id, "Operator")
        assert "0 empty bookings" in run("cleanup", "--hotel", hotel.slug).output
        assert run("cleanup", "--hotel", hotel.slug, "--apply", "--dry-run").exit_code == 2


def test_a_booking_that_stands_is_empty_only_when_its_channel_was_read_since(hotel, run, calendar):
    ghost = factories.make_stay(
        hotel, "102", 20, source="booking", guest_name=None, guest_email=None, guest_phone=None, guest_language="en"
    )
    in_house = factories.make_stay(
        hotel, "103", 0, source="booking", guest_name=None, guest_email=None, guest_phone=None
    )
    with transaction():
        stays.check_in_guest(in_house)
    later = clock.now() + dt.timedelta(days=4)
    with clock.frozen(later):
        assert "0 empty" in run("cleanup", "--hotel", hotel.slug).output  # no calendar could have shown it
        feed = calendar.connect("102")
        with transaction():
            feed.last_success_at = later
            db.session.flush()
        assert ghost.booking_id in run("cleanup", "--hotel", hotel.slug).output
        run("cleanup", "--hotel", hotel.slug, "--apply", "--yes")
        assert [stay.id for stay in bookings(hotel)] == [in_house.id]
        assert db.session.scalar(select(func.sum(Inventory.sold)).where(Inventory.hotel_id == hotel.id)) == 2
        assert number_of(RoomNight, hotel_id=hotel.id) == 2


def house_with_everything(hotel, run, calendar) -> tuple[Reservation, AccessCode]:
    """A calendar's stays and block, an upload, a mail, a guest in house with a code in a lock."""
    calendar.put((15, 17), (25, 27))
    calendar.connect()
    run("sync", "--hotel", hotel.slug)
    told = bookings(hotel)[0]
    guest = factories.make_stay(hotel, "102", 0)
    with transaction():
        stays.check_in_guest(guest)
        stays.add_note(guest, "Likes quiet.")
        account = LockAccount(
            hotel_id=hotel.id,
            username="lock",
            username_hint="lo…",
            password_md5="x",
            webhook_token=uuid4().hex,
        )
        db.session.add(account)
        db.session.flush()
        lock = Lock(hotel_id=hotel.id, account_id=account.id, provider_lock_id="1", name="Room 102", kind="room",
                    room_id=guest.room_id)  # fmt: skip
        db.session.add(lock)
        db.session.flush()
        access.reconcile_codes(guest.id)
        mailbox = MailAccount(hotel_id=hotel.id, kind="imap", secrets={})
        db.session.add_all(
            [
                mailbox,
                Upload(hotel_id=hotel.id, filename="a.csv", content_digest=b"1", created_by="Ada", state="applied"),
            ]
        )
        db.session.flush()
        db.session.add(ChannelMail(hotel_id=hotel.id, account_id=mailbox.id, key="1", state="matched", code="matched",
                                   kind="new", provider="booking", reservation_id=told.id))  # fmt: skip
        room = factories.room_of(hotel, "201")
        db.session.add(RoomBlock(hotel_id=hotel.id, room_id=room.id, kind="owner", starts_on=dt.date(2030, 1, 1),
                                 ends_on=dt.date(2030, 1, 2)))  # fmt: skip
    return guest, db.session.scalars(select(AccessCode)).one()


def test_a_reset_takes_all_bookings_and_begins_anew(hotel, run, calendar, run_jobs):
    guest, code = house_with_everything(hotel, run, calendar)
    number, guest_id = guest.booking_id, guest.id
    other = factories.make_hotel()
    untouched = factories.make_stay(other, "101", 1)
    counted = run("reset", hotel.slug, "--dry-run")
    assert counted.exit_code == 0, counted.output
    assert [int(line.split()[0]) for line in counted.output.splitlines()[1:]] == [3, 1, 1, 0, 1, 1, 1]
    refused = run("reset", hotel.slug, "--confirm", hotel.slug, "--yes")
    assert refused.exit_code == 1
    assert "--include-in-house" in refused.output
    for arguments in (["--confirm", "other"], ["--yes"]):
        assert run("reset", hotel.slug, "--include-in-house", *arguments).exit_code != 0
    assert run("reset", hotel.slug, "--include-in-house", input="no\n").exit_code == 1
    assert len(bookings(hotel)) == 3
    done = run("reset", hotel.slug, "--include-in-house", input=f"{hotel.slug}\n")
    assert done.exit_code == 0, done.output
    database_agrees()
    (shell,) = bookings(hotel)
    assert (shell.id, shell.booking_id, shell.status, shell.guest_name, shell.room_id) == (
        guest_id, number, "CANCELLED", None, None
    )  # fmt: skip
    assert db.session.get_one(AccessCode, code.id).state == "removing"
    assert number_of(OutboxMessage, state="pending", key=f"code:{code.id}") == 1
    assert number_of(RoomNight, hotel_id=hotel.id) == number_of(FeedItem, hotel_id=hotel.id) == 0
    assert db.session.scalar(select(func.sum(Inventory.sold + Inventory.forced)).filter_by(hotel_id=hotel.id)) == 0
    assert number_of(Message, reservation_id=guest_id) == number_of(Upload, hotel_id=hotel.id) == 0
    assert number_of(RoomBlock, hotel_id=hotel.id, kind="owner") == 1
    mail = db.session.scalars(select(ChannelMail)).one()
    assert (mail.state, mail.reservation_id) == ("waiting", None)
    entry = db.session.scalars(select(AuditEntry).filter_by(action="reservations_reset")).one()
    assert entry.after["bookings"] == 3
    told = db.session.scalars(
        select(AuditEntry.after).filter_by(entity_type="reservation", action="created", hotel_id=hotel.id)
    )
    assert all("Ada" not in json.dumps(after) for after in told)
    assert [stay.id for stay in bookings(other)] == [untouched.id]
    assert run("sync", "--hotel", hotel.slug).output.endswith("changed\t2 created\n")
    assert [stay.status for stay in bookings(hotel)].count("CONFIRMED") == 2
    assert number_of(Alert, hotel_id=hotel.id, kind="stay_unplaced") == 0


def test_a_reset_that_fails_changes_nothing(hotel, run, calendar, monkeypatch):
    house_with_everything(hotel, run, calendar)
    db.session.execute(
        text("CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no'; END $$")
    )
    db.session.execute(text("CREATE TRIGGER refuse BEFORE DELETE ON reservation EXECUTE FUNCTION refuse()"))
    with transaction():
        pass
    assert run("reset", hotel.slug, "--confirm", hotel.slug, "--include-in-house").exit_code == 1
    assert len(bookings(hotel)) == 3
    assert number_of(FeedItem, hotel_id=hotel.id) == 2
    assert number_of(AccessCode, state="removing") == 0


def test_what_is_unknown_is_listed_with_who_is_asked_next_and_why(hotel, run, calendar):
    calendar.put((15, 17))
    calendar.connect()
    run("sync", "--hotel", hotel.slug)
    (stay,) = bookings(hotel)
    listed = run("unenriched", "--hotel", hotel.slug)
    assert listed.exit_code == 0, listed.output
    assert [word for word in listed.output.splitlines()[1].split() if word in ("booking", "101", "upload")] == [
        "booking", "101", "upload",
    ]  # fmt: skip
    assert "name, reference, phone, price" in listed.output
    (line,) = [json.loads(one) for one in run("unenriched", "--hotel", hotel.slug, "--json").output.splitlines()]
    assert (line["booking_id"], line["step"], line["tries"], line["next_try_at"]) == (
        stay.booking_id,
        "upload",
        0,
        None,
    )
    why, totals = [
        json.loads(one) for one in run("analyse-unenriched", "--hotel", hotel.slug, "--json").output.splitlines()
    ]
    assert why["why"] == {
        "name": ["no_mailbox", "no_upload", "guest_not_asked"], "reference": ["no_mailbox", "no_upload"],
        "phone": ["mails_never_tell", "no_upload", "guest_not_asked"], "price": ["mails_never_tell", "no_upload"],
    }  # fmt: skip
    assert totals["totals"]["steps"] == {"upload": 1}
    with transaction():
        db.session.add_all([
            MailAccount(hotel_id=hotel.id, kind="imap", secrets={}),
            Upload(hotel_id=hotel.id, filename="a.csv", content_digest=b"1", created_by="Ada", state="applied", provider="booking"),
        ])  # fmt: skip
    told = run("analyse-unenriched", "--hotel", hotel.slug, "--field", "reference").output
    assert "reference: no mail has spoken of it yet; the last file did not tell it" in told
    assert "1 stays are not complete." in told
    assert "0 stays" in run("unenriched", "--hotel", hotel.slug, "--channel", "airbnb").output
    with transaction():
        stays.update_guest(stay, {"guest_name": "Ada", "guest_phone": "1", "channel_reference": "1"}, said_by="desk")
    assert "1 stays" in run("unenriched", "--hotel", hotel.slug, "--field", "price").output
    assert "0 stays" in run("unenriched", "--hotel", hotel.slug, "--field", "name").output


def test_every_command_explains_itself_and_what_destroys_asks_first(app):
    runner = app.test_cli_runner()
    names = [
        f"{group} {name}" for group, one in app.cli.commands.items() if group not in ("db", "run", "shell", "routes")
        for name in getattr(one, "commands", {})
    ]  # fmt: skip
    assert "channels reset" in names
    for name in names:
        answer = runner.invoke(args=[*name.split(), "--help"])
        assert answer.exit_code == 0, name
        assert len(answer.output.splitlines()) > 3, name
        if name in (
            "channels reset",
            "channels cleanup",
            "demo reset",
            "privacy erase",
            "security rotate-keys",
            "accounts reset-password",
        ):
            assert "--yes" in answer.output, name
            assert "--dry-run" in answer.output, name

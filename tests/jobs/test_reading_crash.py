"""A worker that is killed in the middle of a scan of mails or of a reading of a calendar: what it had half done is not there, and the
next one does everything once."""

from __future__ import annotations

import datetime as dt
import subprocess
from collections import Counter
from collections.abc import Iterator
from uuid import uuid4

import pytest
from flask import Flask, current_app
from sqlalchemy import func, select, text

from tests import factories
from tests.jobs.killing import asked_for, go_on, kill_before, working
from webapp.availability import services as availability
from webapp.channels import services as channels
from webapp.channels.mails import services as mails
from webapp.core.clock import now
from webapp.core.database import db
from webapp.core.stay_dates import StayDates
from webapp.core.transaction import transaction
from webapp.models import (
    ChannelDecision,
    ChannelMail,
    FeedItem,
    FeedSnapshot,
    Hotel,
    MailAccount,
    Reservation,
    RoomNight,
)
from webapp.sandbox.server import SandboxServer


@pytest.fixture
def house(own_database: Flask) -> Iterator[Hotel]:
    with own_database.app_context():
        yield factories.make_hotel("crash")


@pytest.fixture
def worker(house: Hotel, sandbox: SandboxServer) -> Iterator[subprocess.Popen[str]]:
    settings = current_app.extensions["settings"]
    with working(SANDBOX_URL=sandbox.http_url, INSTANCE_PATH=str(settings.instance_path)) as process:
        yield process


def rows(model: type) -> int:
    return db.session.scalar(select(func.count()).select_from(model)) or 0


def test_killed_in_the_middle_of_a_scan(house: Hotel, worker: subprocess.Popen[str], sandbox: SandboxServer) -> None:
    sandbox.control.call("POST", "/reset", services="gmail")
    found = [factories.make_stay(house, f"10{n}", 20 + n, source="booking", guest_name=None) for n in (1, 2)]
    for number, stay in enumerate(found, start=1):
        subject = f"Booking.com - New booking! (559265234{number}, {stay.check_in:%A, %d %B %Y})"
        sandbox.control.add_mail(subject=subject, at=(now() - dt.timedelta(minutes=9 - number)).isoformat())
    with transaction():
        account = mails.add_imap(
            house, "127.0.0.1", sandbox.imap_port, "desk@harbour.example", "sandbox-imap-password", "", True
        )
    # The first mail is worked by then, and the second has come as far as its stay.
    kill_before(f"SELECT 1 FROM reservation WHERE id = {found[1].id} FOR UPDATE", worker, asked_for("jobs.mails.scan"))
    assert (rows(ChannelMail), [stay.channel_reference for stay in found]) == (0, [None, None])
    assert db.session.get_one(MailAccount, account.id).cursor is None
    go_on("jobs.mails.scan")
    mails.scan(account.id)
    db.session.expire_all()
    told = db.session.execute(select(ChannelMail.state, ChannelMail.reference, ChannelMail.reservation_id))
    assert sorted(map(tuple, told), key=str) == [
        ("matched", "5592652341", found[0].id), ("matched", "5592652342", found[1].id),
    ]  # fmt: skip
    assert [stay.channel_reference for stay in found] == ["5592652341", "5592652342"]
    learned = text("SELECT entity_id FROM audit_entry WHERE action = 'guest_updated'")
    assert Counter(db.session.scalars(learned)) == {stay.id: 1 for stay in found}


def test_killed_in_the_middle_of_a_reading(house: Hotel, worker: subprocess.Popen[str], sandbox: SandboxServer) -> None:
    key, today = uuid4().hex, house.business_date()
    spans = [(today + dt.timedelta(days=days), today + dt.timedelta(days=days + 2)) for days in (5, 65)]
    sandbox.control.put_feed(
        "airbnb",
        key,
        [{"kind": "stay", "start": str(start), "end": str(end)} for start, end in spans],
        today=str(today),
    )
    double = factories.type_of(house, "DBL").id
    with transaction():
        url = sandbox.control.feed_url("airbnb", key)
        feed = channels.add_feed(house, factories.room_of(house, "103").id, "airbnb", url)
        availability.fill(double, StayDates(*spans[1]))
    tables = (Reservation, FeedItem, RoomNight, ChannelDecision, FeedSnapshot)
    before = [rows(one) for one in tables]
    # The first stay is recorded by then, with its nights; the second waits for its count.
    late = f"SELECT 1 FROM inventory WHERE room_type_id = {double} AND night >= '{spans[1][0]}' FOR UPDATE"
    kill_before(late, worker, asked_for("jobs.channels.sync_feed"))
    assert [rows(one) for one in tables] == before
    assert feed.content_hash is None
    go_on("jobs.channels.sync_feed")
    db.session.expire_all()
    assert [rows(one) - known for one, known in zip(tables, before, strict=True)] == [2, 2, 4, 2, 1]
    dates = select(Reservation.check_in, Reservation.check_out).where(Reservation.source == "airbnb")
    kept = db.session.execute(dates.order_by(Reservation.check_in))
    assert [tuple(row) for row in kept] == spans
    assert (feed.content_hash is not None, availability.recount(house.id)) == (True, 0)

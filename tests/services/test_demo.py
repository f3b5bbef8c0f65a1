"""The demo hotels: complete, consistent with today, the same from run to run, and quiet about the past."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import ClassVar
from uuid import uuid4

import pytest
from sqlalchemy import func, select

from tests.conftest import database_copy, settings_for
from webapp import create_app
from webapp.access import directory
from webapp.availability import services as availability
from webapp.channels import sync
from webapp.core import outbox, wiring
from webapp.core.database import db
from webapp.core.events import LiveEvent
from webapp.core.outbox import JobQueue, OutboxMessage
from webapp.core.transaction import transaction
from webapp.demo import outside
from webapp.demo import services as demo
from webapp.models import (
    Alert,
    ChannelDecision,
    Feed,
    GuestLink,
    Hotel,
    Lock,
    LockAccount,
    Membership,
    Reservation,
    Restaurant,
    Room,
    RoomNight,
    User,
)


class Recorder:
    """Notes what would have been pushed to the queue."""

    pushed: ClassVar[list[int]] = []

    def push(self, rows):
        self.pushed.extend(row.id for row in rows)

    def push_at(self, row, instant):
        self.push([row])


@pytest.fixture(scope="module")
def demo_app(worker_id, sandbox, redis_number):
    """An application whose database holds the demo: loaded once, and only read by the tests."""
    with database_copy(f"demo_{worker_id}_{uuid4().hex[:8]}") as url:
        app = create_app(settings_for(url, sandbox, redis_number))
        app.testing = True
        app.config["WTF_CSRF_ENABLED"] = False
        before = wiring.resolve(JobQueue)
        wiring.bind(JobQueue, Recorder)
        with app.app_context(), transaction():
            demo.load()
        wiring.bind(JobQueue, lambda: before)
        yield app
        with app.app_context():
            db.engine.dispose()


@pytest.fixture
def harbour(demo_app):
    with demo_app.app_context():
        yield db.session.scalars(select(Hotel).filter_by(slug="harbour-house")).one()


def stays_of(hotel):
    return db.session.scalars(select(Reservation).filter_by(hotel_id=hotel.id).order_by(Reservation.id)).all()


def test_the_house_is_as_promised(harbour):
    rooms = db.session.scalars(select(Room).filter_by(hotel_id=harbour.id)).all()
    assert len(rooms) == 12
    assert len({room.room_type_id for room in rooms}) == 4
    assert (harbour.timezone, harbour.currency) == ("Europe/London", "GBP")
    assert db.session.scalars(select(Restaurant.slug)).all() == ["harbour-kitchen"]
    stays = stays_of(harbour)
    assert {stay.source for stay in stays} == {"direct", "desk", "booking", "airbnb", "vrbo", "expedia"}
    today = harbour.business_date()
    assert min((stay.check_in - today).days for stay in stays) <= -25
    assert max((stay.check_out - today).days for stay in stays) >= 55
    assert {stay.guest_language for stay in stays} >= {"en", "fr", "de", "zh", "ja", "ar", "hi"}


def test_everything_fits_today(harbour):
    today, stays = harbour.business_date(), stays_of(harbour)
    in_house = [s.room_id for s in stays if s.status == "CHECKED_IN"]
    assert len(in_house) == len(set(in_house))
    states = {stay.status for stay in stays}
    assert states == {"CONFIRMED", "CHECKED_IN", "COMPLETED", "CANCELLED", "NO_SHOW", "PENDING_PAYMENT"}
    assert not [s for s in stays if s.status == "CONFIRMED" and s.check_in < today]
    assert not [s for s in stays if s.status == "CHECKED_IN" and (s.check_in > today or s.check_out < today)]
    assert not [s for s in stays if s.status == "COMPLETED" and s.check_out > today]
    assert [s for s in stays if s.status == "CONFIRMED" and s.check_in == today]
    assert [s for s in stays if s.status == "CHECKED_IN" and s.check_out == today]
    assert [s for s in stays if s.balance > 0 and s.status == "CHECKED_IN"]
    unplaced = [s for s in stays if s.is_unplaced]
    assert len(unplaced) == 1
    assert db.session.scalars(select(Alert.reservation_id).where(Alert.resolved_at.is_(None))).all() == [unplaced[0].id]
    states = set(db.session.scalars(select(Room.housekeeping).filter_by(hotel_id=harbour.id)))
    assert states == {"clean", "dirty"}
    nights = db.session.scalar(select(func.count()).select_from(RoomNight).where(RoomNight.hotel_id == harbour.id))
    assert nights == sum(s.nights for s in stays if s.holds_nights and s.room_id)
    assert availability.recount(harbour.id) == 0


def test_only_those_who_arrive_today_or_tomorrow_hear_of_it(harbour):
    today = harbour.business_date()
    told = [row.arguments["reservation_id"] for row in db.session.scalars(select(OutboxMessage))]
    assert len(told) == len(set(told)) >= 5
    for number in told:
        stay = db.session.get_one(Reservation, number)
        assert stay.status == "CONFIRMED"
        assert 0 <= (stay.check_in - today).days <= 1
    assert db.session.scalar(select(func.count()).select_from(LiveEvent)) == 0
    assert sorted(Recorder.pushed) == sorted(db.session.scalars(select(OutboxMessage.id)))
    assert outbox.lag_seconds() < 600


def _fingerprint():
    stays = db.session.scalars(select(Reservation).order_by(Reservation.id))
    rows = [(s.booking_id, s.confirmation_number, s.guest_name, s.status, s.check_in, s.total, s.paid) for s in stays]
    links = [link.token for link in db.session.scalars(select(GuestLink).order_by(GuestLink.id))]
    return rows, links, db.session.scalars(select(Room.export_token).order_by(Room.id)).all()


def test_it_is_quick_the_same_from_run_to_run_and_a_reset_forgets_everything(harbour):
    first = _fingerprint()
    assert set(demo.remove()) == {"harbour-house", "cliff-cottage"}
    for model in (Reservation, User, Room, Alert):
        assert db.session.scalar(select(func.count()).select_from(model)) == 0
    began = time.process_time()
    demo.load()
    assert time.process_time() - began < 5
    assert _fingerprint() == first
    db.session.rollback()


def test_the_people_can_sign_in(demo_app):
    runner = demo_app.test_cli_runner()
    printed = runner.invoke(args=["demo", "load", "--if-empty"]).output
    password = printed.split("Password: ")[1].strip()
    for email in (
        "manager@harbour.example",
        "desk@harbour.example",
        "housekeeping@harbour.example",
        "owner@cliff.example",
    ):
        assert email in printed
        answer = demo_app.test_client().post("/sign-in", data={"email": email, "password": password})
        assert answer.status_code == 303, email
    with demo_app.app_context():
        roles = db.session.execute(select(User.email, Membership.role).join(Membership)).all()
        assert dict(map(tuple, roles))["owner@cliff.example"] == "owner"
    assert runner.invoke(args=["demo", "load"]).exit_code == 1


@pytest.fixture(scope="module")
def connected_app(demo_app):
    """The same, connected to the emulated providers."""
    with demo_app.app_context(), transaction():
        outside.connect(demo_app.extensions["settings"])
    return demo_app


def _facts(hotel):
    return [(s.id, s.status, s.check_in, s.check_out, s.room_id, s.guest_name) for s in stays_of(hotel)]


def test_the_feeds_tell_of_the_very_stays_and_change_nothing(connected_app, harbour):
    before = _facts(harbour)
    feeds = db.session.scalars(select(Feed).filter_by(hotel_id=harbour.id)).all()
    assert len(feeds) == 6
    for feed in feeds:
        sync.sync_feed(feed.id)
    db.session.expire_all()
    assert [feed.fault_message for feed in feeds] == [None] * 6
    assert sum(feed.event_count for feed in feeds) > 10
    assert _facts(harbour) == before
    reasons = set(db.session.scalars(select(ChannelDecision.reason)))
    assert reasons == {"The feed shows a stay that was known already."}


def test_the_doors_get_their_locks_and_the_guests_in_house_their_codes(connected_app, harbour):
    account = db.session.scalars(select(LockAccount).filter_by(hotel_id=harbour.id)).one()
    directory.sync_account(account.id)
    locks = db.session.scalars(select(Lock).filter_by(hotel_id=harbour.id)).all()
    assert sorted(lock.kind for lock in locks) == ["entrance"] + ["room"] * 12
    rows = db.session.scalars(select(OutboxMessage).filter_by(job="jobs.access.reconcile", hotel_id=harbour.id))
    asked = {row.arguments["reservation_id"] for row in rows}
    assert asked >= {stay.id for stay in stays_of(harbour) if stay.status == "CHECKED_IN"}


def test_without_a_sandbox_the_demo_has_its_stays_all_the_same(demo_app, harbour):
    silent = replace(demo_app.extensions["settings"], sandbox_url="http://127.0.0.1:9")
    with pytest.raises(OSError, match="refused"):
        outside.connect(silent)
    outside.connect(replace(silent, sandbox_url=None))
    assert len(stays_of(harbour)) > 200

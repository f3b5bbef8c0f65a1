"""A hotel's bookings are reset while a file is being worked: each waits for the other, in one order; without it they block each other."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from sqlalchemy import select, text

from jobs import runner
from tests import factories
from tests.integrations.export_files import HEADERS, booking_row, xls
from webapp.channels import reset
from webapp.channels.uploads import services
from webapp.core import clock
from webapp.core.database import db
from webapp.core.outbox import OutboxMessage
from webapp.core.transaction import transaction
from webapp.models import Hotel, Reservation, Upload

pytestmark = pytest.mark.race
WAITING = text("""
    SELECT count(DISTINCT pid) FROM pg_locks JOIN pg_stat_activity USING (pid)
    WHERE NOT granted AND pg_stat_activity.datname = current_database()
""")
REFERENCES = ("5000000001", "5000000002")


@pytest.fixture
def house(own_database: Flask) -> Iterator[tuple[Flask, Hotel]]:
    """A hotel with two stays that a file changes."""
    with own_database.app_context():
        hotel = factories.make_hotel("reset")
        for room, reference in zip(("101", "102"), REFERENCES, strict=True):
            factories.make_stay(hotel, room, 20, source="booking", channel_reference=reference, guest_name=None)
        yield own_database, hotel


def give_file(hotel: Hotel) -> int:
    arrival = clock.now().date() + dt.timedelta(days=20)
    dates = {"check_in": str(arrival), "check_out": str(arrival + dt.timedelta(days=2))}
    with transaction():
        return services.receive(
            hotel, "x.xls", xls([HEADERS, *(booking_row(int(one), **dates) for one in REFERENCES)])
        ).id


def asked_for(job: str) -> int:
    query = select(OutboxMessage.id).where(OutboxMessage.job == job, OutboxMessage.state == "pending")
    return db.session.scalars(query).one()


class Acts:
    """Things that happen one after the other, each in a thread, as soon as those before it wait for a lock."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.failed: list[BaseException] = []
        self.threads: list[threading.Thread] = []

    def start(self, act: Callable[[], object]) -> None:
        def run() -> None:
            with self.app.app_context():
                try:
                    with transaction():
                        act()
                except BaseException as error:
                    self.failed.append(error)

        thread = threading.Thread(target=run)
        thread.start()
        self.threads.append(thread)
        with db.engine.connect() as watch:
            while thread.is_alive() and watch.scalar(WAITING) < len(self.threads):
                thread.join(0.01)

    def end(self) -> None:
        for thread in self.threads:
            thread.join(60)
        assert not any(thread.is_alive() for thread in self.threads)


def reset_while_working(house: tuple[Flask, Hotel], work: Callable[[int], None], upload_id: int) -> list[BaseException]:
    """The reset has come as far as the second stay when the file is taken up. Returns what failed."""
    app, hotel = house
    hotel_id = hotel.id
    last = select(Reservation.id).where(Reservation.channel_reference == REFERENCES[1])
    held = f"SELECT 1 FROM reservation WHERE id = {db.session.scalar(last)} FOR UPDATE"
    db.session.remove()
    acts = Acts(app)
    with db.engine.connect() as other:
        other.execute(text(held))
        acts.start(lambda: reset.reset(db.session.get_one(Hotel, hotel_id)))
        acts.start(lambda: work(upload_id))
        other.rollback()
    acts.end()
    return acts.failed


def made_ready(hotel: Hotel, until: str) -> int:
    upload_id = give_file(hotel)
    if until == "apply":
        runner.deliver(asked_for("jobs.uploads.prepare"))
        with transaction():
            services.request_apply(hotel, upload_id)
    return upload_id


@pytest.mark.parametrize("work", ["prepare", "apply"])
def test_a_file_that_comes_during_a_reset_waits_and_finds_itself_gone(house, work):
    upload_id = made_ready(house[1], work)
    assert reset_while_working(house, getattr(services, work), upload_id) == []
    assert db.session.query(Reservation).count() == db.session.query(Upload).count() == 0


def test_a_reset_waits_for_the_file_that_is_being_applied(house):
    app, hotel = house
    upload_id, hotel_id = made_ready(hotel, "apply"), hotel.id
    last = select(Reservation.id).where(Reservation.channel_reference == REFERENCES[1])
    held = f"SELECT 1 FROM reservation WHERE id = {db.session.scalar(last)} FOR UPDATE"
    db.session.remove()
    acts, counted = Acts(app), []
    with db.engine.connect() as other:
        other.execute(text(held))
        acts.start(lambda: services.apply(upload_id))
        acts.start(lambda: counted.append(reset.reset(db.session.get_one(Hotel, hotel_id))))
        other.rollback()
    acts.end()
    assert acts.failed == []
    assert [(one.bookings, one.uploads) for one in counted] == [(2, 1)]
    assert db.session.query(Reservation).count() == db.session.query(Upload).count() == 0


def test_without_the_common_lock_they_block_each_other(house, monkeypatch):
    upload_id = made_ready(house[1], "apply")
    monkeypatch.setattr(services, "hold_uploads", lambda hotel_id: None)
    failed = reset_while_working(house, services.apply, upload_id)
    assert ["deadlock detected" in str(error) for error in failed] == [True]

"""The same reservations uploaded twice at the same moment count once; without the guards they would count twice."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import func, select, text

from jobs import runner
from tests import factories
from tests.concurrency.test_races import race
from tests.integrations.export_files import HEADERS, booking_row, xls
from tests.integrations.export_files import text as csv
from webapp.channels.uploads import services
from webapp.core import clock
from webapp.core.database import db
from webapp.core.outbox import OutboxMessage
from webapp.core.transaction import transaction
from webapp.models import Hotel, Reservation, Upload

pytestmark = pytest.mark.race


@pytest.fixture
def house(own_database: Flask) -> Iterator[tuple[Flask, int]]:
    with own_database.app_context():
        yield own_database, factories.make_hotel("race").id


def table() -> list[list[object]]:
    arrival = clock.now().date() + dt.timedelta(days=20)
    dates = {"check_in": str(arrival), "check_out": str(arrival + dt.timedelta(days=2))}
    return [
        HEADERS,
        booking_row(5000000001, **dates, unit_type="Double"),
        booking_row(5000000002, **dates, unit_type="101"),
    ]


def receive_twice(house: tuple[Flask, int]) -> dict[str, int]:
    app, hotel_id = house
    content = xls(table())
    give = [
        lambda name=name: services.receive(db.session.get_one(Hotel, hotel_id), name, content)
        for name in ("one", "two")
    ]
    return dict(race(app, give))


def test_the_same_file_at_the_same_moment_is_taken_once(house):
    assert receive_twice(house) == {"done": 1, "DUPLICATE_UPLOAD": 1}


def test_without_the_index_it_is_taken_twice(house):
    with transaction():
        db.session.execute(text("DROP INDEX uq_upload_applied"))
    assert receive_twice(house) == {"done": 2}


def run_due(job: str, app: Flask) -> None:
    """Run the waiting rows of this job, each by a worker of its own, all at once."""
    waiting = select(OutboxMessage.id).where(OutboxMessage.job == job, OutboxMessage.state == "pending")
    ids = list(db.session.scalars(waiting))
    db.session.remove()

    def work(outbox_id: int) -> None:
        with app.app_context():
            runner.deliver(outbox_id)

    workers = [threading.Thread(target=work, args=(outbox_id,)) for outbox_id in ids]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)


def test_the_same_reservations_in_two_containers_are_applied_once(house):
    app, hotel_id = house
    for content in (xls(table()), csv(table())):
        with transaction():
            services.receive(db.session.get_one(Hotel, hotel_id), "export", content)
    run_due("jobs.uploads.prepare", app)
    for upload in db.session.scalars(select(Upload)).all():
        with transaction():
            services.request_apply(db.session.get_one(Hotel, hotel_id), upload.id)
    run_due("jobs.uploads.apply", app)
    found = db.session.execute(select(Upload.state, Upload.age, Upload.fault_kind)).all()
    assert sorted(map(tuple, found), key=str) == [("applied", "FRESH", None), ("refused", "DUPLICATE", "duplicate")]
    assert db.session.scalar(select(func.count()).select_from(Reservation)) == 2

"""A worker that is killed in the middle of an upload: nothing is half done, and the job is taken up again and done once."""

from __future__ import annotations

import datetime as dt
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select, text

from jobs import runner
from tests import factories
from tests.integrations.export_files import HEADERS, booking_row, xls
from tests.jobs.killing import asked_for, go_on, kill_before, working
from webapp.availability import services as availability
from webapp.channels.uploads import services
from webapp.core import clock
from webapp.core.audit import AuditEntry
from webapp.core.database import db
from webapp.core.transaction import transaction
from webapp.models import Hotel, Reservation, RoomNight, Upload, UploadEntry

EVERYTHING = "LOCK TABLE {} IN EXCLUSIVE MODE"


@pytest.fixture
def house(own_database: Flask) -> Iterator[Hotel]:
    with own_database.app_context():
        yield factories.make_hotel("crash")


def day(offset: int) -> str:
    return str(clock.now().date() + dt.timedelta(days=offset))


def rows() -> list[list[Any]]:
    dates = {"check_in": day(20), "check_out": day(22)}
    return [
        booking_row(5000000001, **dates, unit_type="101"),
        booking_row(5000000002, **dates, unit_type="Double"),
        booking_row(5000000003, **dates, unit_type="103", status="cancelled_by_guest"),
        booking_row(5000000004, check_in=day(20), check_out=day(23), unit_type="201"),
    ]


@pytest.fixture
def worker(house: Hotel) -> Iterator[subprocess.Popen[str]]:
    with working() as process:
        yield process


def picture() -> dict[str, Any]:
    """Everything that an upload changes."""
    db.session.rollback()
    db.session.expire_all()
    stays = select(Reservation.channel_reference, Reservation.status, Reservation.guest_name, Reservation.check_out)
    counts = [db.session.scalar(select(func.count()).select_from(one)) for one in (RoomNight, AuditEntry, UploadEntry)]
    nights = db.session.execute(text("SELECT room_type_id, night, sold, forced FROM inventory WHERE sold + forced > 0"))
    return {
        "stays": sorted(map(tuple, db.session.execute(stays)), key=str), "counts": counts, "inventory": sorted(map(tuple, nights)),
        "states": list(db.session.scalars(select(Upload.state))),
    }  # fmt: skip


def test_killed_while_applying_and_while_undoing(house: Hotel, worker: subprocess.Popen[str]):
    known = factories.make_stay(
        house, "102", arrives_in=20, source="booking", channel_reference="5000000002", guest_name=None
    )
    ended = factories.make_stay(house, "103", arrives_in=20, source="booking", channel_reference="5000000003")
    with transaction():
        upload = services.receive(house, "Check-in.xls", xls([HEADERS, *rows()]))
    runner.deliver(asked_for("jobs.uploads.prepare"))
    with transaction():
        services.request_apply(house, upload.id)
    before = picture()
    assert before["states"] == ["applying"]
    for table in ("room_night", "upload_entry"):  # after the first new stays; after all of them
        kill_before(EVERYTHING.format(table), worker, asked_for("jobs.uploads.apply"))
        assert picture() == before
        db.session.execute(text("UPDATE outbox_message SET leased_until = NULL WHERE state = 'pending'"))
        db.session.commit()

    go_on("jobs.uploads.apply")
    after = picture()
    assert after["states"] == ["applied"]
    assert [(reference, status) for reference, status, *_rest in after["stays"]] == [
        ("5000000001", "CONFIRMED"), ("5000000002", "CONFIRMED"), ("5000000003", "CANCELLED"), ("5000000004", "CONFIRMED"),
    ]  # fmt: skip
    assert (known.guest_name, ended.status) == ("Anna Example", "CANCELLED")
    assert availability.recount(house.id) == 0
    db.session.rollback()

    with transaction():
        services.request_undo(house, upload.id)
    before_undo = picture()
    kill_before(EVERYTHING.format("audit_entry"), worker, asked_for("jobs.uploads.undo"))
    assert picture() == before_undo
    go_on("jobs.uploads.undo")
    assert picture()["states"] == ["undone"]
    assert (known.guest_name, ended.status) == (None, "CONFIRMED")
    assert availability.recount(house.id) == 0

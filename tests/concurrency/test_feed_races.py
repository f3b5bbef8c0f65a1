"""The same feed read twice at the same moment makes each stay once; without the lock it would make it twice."""

from __future__ import annotations

import contextlib
import threading
from uuid import uuid4

import pytest
from sqlalchemy import func, select, text

from tests import factories
from webapp.channels import judgement, picture, services, sync, targets
from webapp.core.database import db
from webapp.core.transaction import transaction
from webapp.models import Reservation

pytestmark = pytest.mark.race


def stays_after_two_readings_at_once(app, sandbox, monkeypatch) -> int:
    key = uuid4().hex
    with app.app_context():
        hotel = factories.make_hotel("race")
        sandbox.control.put_feed("airbnb", key, [{"kind": "stay", "start": "2090-06-01", "end": "2090-06-04"}])
        sandbox.control.put_raw_feed("airbnb", key, FEED)
        with transaction():
            feed = services.add_feed(
                hotel, factories.room_of(hotel, "101").id, "airbnb", sandbox.control.feed_url("airbnb", key)
            )
            feed_id = feed.id
    meeting = threading.Barrier(2)
    load = picture.load

    def load_together(*arguments):
        """Both have read what is known before either writes; under the lock the second never comes, so the first goes on."""
        found = load(*arguments)
        with contextlib.suppress(threading.BrokenBarrierError):
            meeting.wait(1)
        return found

    monkeypatch.setattr(picture, "load", load_together)

    def read() -> None:
        with app.app_context():
            sync.sync_feed(feed_id)

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join(30)
    with app.app_context():
        assert targets.target_of(feed_id) is not None
        return db.session.scalar(select(func.count()).select_from(Reservation)) or 0


FEED = (
    b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Airbnb Inc//Hosting Calendar 1.0//EN\r\nBEGIN:VEVENT\r\n"
    b"DTSTART;VALUE=DATE:20900601\r\nDTEND;VALUE=DATE:20900604\r\nSUMMARY:Reserved\r\n"
    b"UID:1418fb94e984-852c89f27ecf42cf813dc4bdc20995fa@airbnb.com\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
)


def test_two_readings_at_once_make_a_stay_once(own_database, sandbox, monkeypatch):
    assert stays_after_two_readings_at_once(own_database, sandbox, monkeypatch) == 1


def test_without_the_lock_they_make_it_twice(own_database, sandbox, monkeypatch):
    monkeypatch.setattr(judgement, "_LOCK_ROOM", text("SELECT :name"))
    assert stays_after_two_readings_at_once(own_database, sandbox, monkeypatch) == 2

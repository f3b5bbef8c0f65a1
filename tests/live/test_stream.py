"""The stream of a hotel's events: what is delivered, what is caught up with, and what happens while Redis is away."""

from __future__ import annotations

import json
import queue
import threading
from collections.abc import Iterator

import pytest
from flask import Flask
from redis.exceptions import ConnectionError as RedisConnectionError
from sqlalchemy import func, text

from tests import factories
from webapp.core import events, redis
from webapp.core.database import db
from webapp.core.errors import Unavailable
from webapp.core.events import LiveEvent
from webapp.core.transaction import transaction
from webapp.live import stream as streaming
from webapp.live.hub import Event, Hub
from webapp.live.stream import event_stream
from webapp.models import Hotel


@pytest.fixture
def house(own_database: Flask) -> Iterator[tuple[Flask, int]]:
    with own_database.app_context():
        hotel = factories.make_hotel()
        yield own_database, hotel.id


def tell(app: Flask, hotel_id: int, event: str = "booking-updated", **data: object) -> None:
    with app.app_context(), transaction():
        events.publish(hotel_id, event, dict(data))


def open_stream(app: Flask, hotel_id: int, last_event_id: str | None = None) -> Iterator[str]:
    with app.test_request_context():
        response = event_stream(hotel_id, last_event_id)
    return iter(response.response)


def read(stream: Iterator[str], count: int) -> list[tuple[str, dict]]:
    found: list[tuple[str, dict]] = []
    while len(found) < count:
        frame = next(stream)
        fields = dict(line.split(": ", 1) for line in frame.strip().splitlines() if not line.startswith(":"))
        if "event" in fields:
            found.append((fields["event"], json.loads(fields["data"])))
    return found


def test_what_happens_is_streamed_with_the_time(house):
    app, hotel_id = house
    stream = open_stream(app, hotel_id)
    next(stream)
    tell(app, hotel_id, booking_id="BK-1", status="CONFIRMED")
    [(name, data)] = read(stream, 1)
    assert name == "booking-updated"
    assert data["booking_id"] == "BK-1"
    assert data["timestamp"].endswith("Z")


def test_a_hotel_hears_only_of_itself(house):
    app, hotel_id = house
    other = factories.make_hotel()
    stream = open_stream(app, hotel_id)
    next(stream)
    tell(app, other.id, booking_id="theirs")
    tell(app, hotel_id, booking_id="ours")
    assert read(stream, 1)[0][1]["booking_id"] == "ours"


def test_a_reconnecting_stream_gets_what_it_missed(house):
    app, hotel_id = house
    tell(app, hotel_id, booking_id="seen")
    seen = db.session.scalar(db.select(LiveEvent.id))
    tell(app, hotel_id, booking_id="missed")
    assert read(open_stream(app, hotel_id, str(seen)), 1)[0][1]["booking_id"] == "missed"


def test_what_was_seen_is_not_told_again(house):
    """Whatever else is being written meanwhile."""
    app, hotel_id = house
    with app.app_context():
        db.session.execute(text("SELECT pg_current_xact_id()"))  # a transaction that goes on
        for booking_id in ("first", "second"):
            tell(app, hotel_id, booking_id=booking_id)
        db.session.rollback()
    seen = db.session.scalar(db.select(func.max(LiveEvent.id)))
    stream = open_stream(app, hotel_id, str(seen))
    tell(app, hotel_id, booking_id="third")
    assert read(stream, 1)[0][1]["booking_id"] == "third"


def test_what_has_a_lower_number_and_was_committed_later_is_not_missed(house):
    app, hotel_id = house
    with app.app_context():
        events.publish(hotel_id, "booking-updated", {"booking_id": "slow"})
        tell(app, hotel_id, booking_id="quick")
        seen = db.session.scalar(db.select(func.max(LiveEvent.id)))
        db.session.commit()
    assert read(open_stream(app, hotel_id, str(seen)), 1)[0][1]["booking_id"] == "slow"


@pytest.mark.parametrize("unknown", ["999999", "x", "1" * 40])
def test_an_unknown_position_means_start_over(house, unknown):
    app, hotel_id = house
    assert read(open_stream(app, hotel_id, unknown), 1) == [("resync", {})]


def test_nothing_is_told_of_what_was_rolled_back(house):
    app, hotel_id = house
    stream = open_stream(app, hotel_id)
    next(stream)
    with pytest.raises(ZeroDivisionError), app.app_context(), transaction():
        events.publish(hotel_id, "booking-updated", {"booking_id": "never"})
        raise ZeroDivisionError
    tell(app, hotel_id, booking_id="truly")
    assert read(stream, 1)[0][1]["booking_id"] == "truly"


def test_boards_go_on_without_redis(house, monkeypatch):
    """The hub reads the database while Redis is away."""
    app, hotel_id = house
    tell(app, hotel_id, booking_id="before")
    away = threading.Event()

    class Away:
        def pubsub(self, **_: object) -> object:
            away.set()
            raise RedisConnectionError

        def pipeline(self, **_: object) -> object:
            raise RedisConnectionError

    monkeypatch.setattr(redis, "client", Away)
    hub = Hub(app)
    reader = hub.subscribe(hotel_id)
    assert away.wait(5)
    tell(app, hotel_id, booking_id="meanwhile")
    event = reader.get(timeout=10)
    hub.unsubscribe(hotel_id, reader)
    hub.stop()
    assert event is not None
    assert event.data["booking_id"] == "meanwhile"


def test_a_slow_reader_is_told_to_start_over(house):
    app, hotel_id = house
    hub = Hub(app)
    reader = hub.subscribe(hotel_id)
    from webapp.live.hub import MOST_WAITING

    for number in range(MOST_WAITING + 1):
        hub._deliver(hotel_id, Event(number, "booking-updated", {}))
    hub.unsubscribe(hotel_id, reader)
    hub.stop()
    assert reader.get_nowait() is None


def test_a_stream_holds_no_database_connection(house):
    app, hotel_id = house
    db.session.remove()
    streams = [open_stream(app, hotel_id) for _number in range(20)]
    for stream in streams:
        next(stream)
    assert db.engine.pool.checkedout() <= 1, "only the listener of the process may hold one"
    assert db.session.get(Hotel, hotel_id) is not None


def test_what_happens_while_the_listener_begins_is_not_lost(house):
    app, hotel_id = house
    tell(app, hotel_id, booking_id="before")

    class Slow(Hub):
        def _listen_to_redis(self) -> None:
            tell(app, hotel_id, booking_id="between")
            super()._listen_to_redis()

    hub = Slow(app)
    reader = hub.subscribe(hotel_id)
    event = reader.get(timeout=10)
    hub.unsubscribe(hotel_id, reader)
    hub.stop()
    assert event is not None
    assert event.data["booking_id"] == "between"


def test_a_stream_lives_by_the_clock_and_not_by_its_events(monkeypatch):
    reader: queue.Queue[Event | None] = queue.Queue()
    lines = streaming._lines(reader, [])
    next(lines)
    for number in range(1000):
        reader.put(Event(number, "booking-updated", {}))
        assert next(lines).startswith(f"id: {number}")
    monkeypatch.setattr(streaming, "LIFETIME_SECONDS", 0)
    assert len(list(streaming._lines(reader, []))) == 1, "the browser comes again, and is asked again who it is"


def test_boards_never_take_all_threads_of_a_process(house):
    app, hotel_id = house
    limit = app.extensions["settings"].live_stream_limit
    for _number in range(limit):
        open_stream(app, hotel_id)
    with app.test_request_context(), pytest.raises(Unavailable):
        event_stream(hotel_id, None)

"""The quarter-hourly reading of feeds, and the watch over those that fail."""

from __future__ import annotations

import datetime as dt
from uuid import uuid4

import pytest
from rq import Queue
from sqlalchemy import select

from jobs import channels
from tests import factories
from webapp.channels import services
from webapp.core import clock, redis
from webapp.core.database import db
from webapp.core.transaction import transaction
from webapp.models import Alert, Feed, Reservation
from webapp.web.queue import FEED_QUEUE_NAME


@pytest.fixture
def feed(hotel, sandbox) -> Feed:
    key = uuid4().hex
    start = hotel.business_date() + dt.timedelta(days=5)
    sandbox.control.put_feed(
        "airbnb", key, [{"kind": "stay", "start": str(start), "end": str(start + dt.timedelta(days=2))}]
    )
    with transaction():
        return services.add_feed(
            hotel, factories.room_of(hotel, "101").id, "airbnb", sandbox.control.feed_url("airbnb", key)
        )


def waiting() -> list[str]:
    return Queue(FEED_QUEUE_NAME, connection=redis.client()).job_ids


def test_each_active_feed_gets_a_job_and_a_doubled_tick_none(feed, hotel):
    with transaction():
        services.add_feed(
            hotel, factories.room_of(hotel, "102").id, "ical", "https://example.com/off.ics", is_active=False
        )
    with clock.frozen(dt.datetime(2026, 6, 1, 11, 7, tzinfo=dt.UTC)):
        channels.tick()
        channels.tick()
    assert waiting() == [f"feed-{feed.id}-20260601T1100"]
    with clock.frozen(dt.datetime(2026, 6, 1, 11, 15, tzinfo=dt.UTC)):
        channels.tick()
    assert waiting() == [f"feed-{feed.id}-20260601T1100", f"feed-{feed.id}-20260601T1115"]


def test_the_job_reads_the_feed(feed):
    channels.read_feed(feed.id)
    channels.read_feed(feed.id)
    assert len(db.session.scalars(select(Reservation)).all()) == 1


def test_the_board_hears_of_a_feed_that_fails_for_an_hour(feed, sandbox):
    with transaction():
        feed.failing_since = clock.now() - dt.timedelta(minutes=59)
        feed.fault_message = "The provider took too long to answer."
    channels.check_health()
    assert db.session.scalars(select(Alert)).all() == []
    with clock.frozen(clock.now() + dt.timedelta(minutes=2)):
        channels.check_health()
        channels.check_health()
    alert = db.session.scalars(select(Alert)).one()
    assert (alert.kind, alert.details["room"]) == ("feed_failing", "101")
    channels.read_feed(feed.id)
    db.session.refresh(alert)
    assert alert.resolved_at is not None


def test_a_change_at_the_desk_lets_the_feeds_of_the_room_be_looked_at_again(feed, hotel, run_jobs):
    run_jobs()
    assert feed.content_hash is not None
    factories.make_stay(hotel, "102", arrives_in=20)
    run_jobs()
    db.session.refresh(feed)
    assert feed.content_hash is not None
    factories.make_stay(hotel, "101", arrives_in=20)
    run_jobs()
    db.session.refresh(feed)
    assert feed.content_hash is None

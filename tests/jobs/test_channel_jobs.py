"""The quarter-hourly reading of feeds, and the watch over those that fail."""

from __future__ import annotations

import datetime as dt
from uuid import uuid4

import pytest
from rq import Queue
from rq.job import Job
from sqlalchemy import select

from jobs import channels
from tests import factories
from webapp.channels import services
from webapp.channels.ports import FeedReader
from webapp.core import clock, redis, wiring
from webapp.core.database import db
from webapp.core.transaction import transaction
from webapp.integrations.feeds import HttpFeedReader
from webapp.integrations.transport import Limits
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


HOURLY = "".join(
    f"BEGIN:{name}\r\nDTSTART:1970{month}01T000000\r\nTZOFFSETFROM:+0100\r\nTZOFFSETTO:+0200\r\nRRULE:FREQ=SECONDLY\r\nEND:{name}\r\n"
    for name, month in (("STANDARD", "01"), ("DAYLIGHT", "03"))
)
BOMBS = (
    f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VTIMEZONE\r\nTZID:Nowhere\r\n{HOURLY}END:VTIMEZONE\r\n"
    "BEGIN:VEVENT\r\nUID:bomb\r\nSUMMARY:Reserved\r\nDTSTART;TZID=Nowhere:20260601T000000\r\nDURATION:P1D\r\n"
    "RRULE:FREQ=SECONDLY\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
)
BAD_DAYS: dict[str, dict[str, object]] = {
    "timeout": {"mode": "slow", "drip": True, "seconds": 20},
    "too_large": {"mode": "huge"},
    "too_many_redirects": {"mode": "redirect"},
}


def test_bad_calendars_end_in_faults_one_after_another_and_the_good_one_behind_them_is_read(hotel, sandbox):
    """One worker, in the order in which the round asks for them; each is given up at the limits of the reader."""
    control, event = sandbox.control, {"kind": "stay", "start": "2026-06-05", "end": "2026-06-07"}
    feeds: dict[str, Feed] = {}
    for number, kind in zip(("101", "102", "103", "201", "202"), [*BAD_DAYS, "not_understood", None], strict=True):
        key = uuid4().hex
        control.put_feed("airbnb", key, [event], today="2026-06-01")
        if kind == "not_understood":
            control.put_raw_feed("airbnb", key, BOMBS.encode())
        elif kind == "too_many_redirects":
            control.feed("airbnb", key, **BAD_DAYS[kind], location=f"/ota/airbnb/{key}.ics")
        elif kind is not None:
            control.feed("airbnb", key, **BAD_DAYS[kind])
        with transaction():
            room_id, url = factories.room_of(hotel, number).id, control.feed_url("airbnb", key)
            feeds[kind or "good"] = services.add_feed(hotel, room_id, "airbnb", url)
    usual = wiring.resolve(FeedReader)
    quick = HttpFeedReader(private_origins=[sandbox.http_url], limits=Limits(read=8.0, total=8.0, max_bytes=1 << 20))
    wiring.bind(FeedReader, lambda: quick)
    try:
        with clock.frozen(dt.datetime(2026, 6, 1, 11, 7, tzinfo=dt.UTC)):
            channels.tick()
            for job_id in waiting():
                Job.fetch(job_id, connection=redis.client()).perform()
    finally:
        wiring.bind(FeedReader, lambda: usual)
    db.session.expire_all()
    assert {kind: feed.fault_kind or "good" for kind, feed in feeds.items()} == {kind: kind for kind in feeds}
    assert all(feed.fault_message for kind, feed in feeds.items() if kind != "good")
    assert [stay.room_id for stay in db.session.scalars(select(Reservation))] == [feeds["good"].room_id]

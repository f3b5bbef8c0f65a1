"""From a feed over real HTTP to the board: stays appear, move, vanish and return by the rules; faults change nothing."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from uuid import uuid4

import pytest
from sqlalchemy import event, func, select

from tests import factories
from webapp.channels import services, sync, targets
from webapp.core import clock, redis, wiring
from webapp.core.calendars import CalendarFormat
from webapp.core.database import db
from webapp.core.errors import Conflict
from webapp.core.outbox import OutboxMessage
from webapp.core.transaction import transaction
from webapp.models import (
    Alert,
    AuditEntry,
    ChannelDecision,
    Feed,
    FeedItem,
    FeedSnapshot,
    Hotel,
    Inventory,
    LiveEvent,
    Reservation,
    RoomBlock,
    RoomNight,
)
from webapp.sandbox.client import SandboxControl
from webapp.sandbox.server import SandboxServer
from webapp.stays import services as stays

NOON = dt.datetime(2026, 6, 1, 11, tzinfo=dt.UTC)


class Channel:
    """One emulated calendar connected to a room of the hotel."""

    def __init__(self, control: SandboxControl, hotel: Hotel, provider: str, room: str) -> None:
        self.control, self.provider, self.key = control, provider, uuid4().hex
        self.put()
        with transaction():
            url = control.feed_url(provider, self.key)
            self.feed = services.add_feed(hotel, factories.room_of(hotel, room).id, provider, url)
        self.feed_id = self.feed.id

    def put(self, *events: dict, **more) -> None:
        self.control.put_feed(self.provider, self.key, events, today=clock.now().date().isoformat(), **more)

    def mode(self, mode: str, **more) -> None:
        self.control.feed(self.provider, self.key, mode=mode, **more)

    def raw(self, body: bytes) -> None:
        self.control.put_raw_feed(self.provider, self.key, body)

    def sync(self) -> sync.SyncReport:
        return sync.sync_feed(self.feed_id)


def stay(start: int, end: int, **more) -> dict:
    """Day offsets from 1 June 2026."""
    first = dt.date(2026, 6, 1)
    return {"kind": "stay", "start": str(first + dt.timedelta(start)), "end": str(first + dt.timedelta(end)), **more}


def block(start: int, end: int) -> dict:
    return {**stay(start, end), "kind": "block"}


@pytest.fixture(autouse=True)
def noon() -> Iterator[None]:
    with clock.frozen(NOON):
        yield


@pytest.fixture
def connect(hotel: Hotel, sandbox: SandboxServer) -> Callable[..., Channel]:
    return lambda provider="airbnb", room="101": Channel(sandbox.control, hotel, provider, room)


@contextmanager
def later(hours: float) -> Iterator[None]:
    with clock.frozen(clock.now() + dt.timedelta(hours=hours)):
        yield


def all_stays(hotel: Hotel) -> list[tuple[str, str, str]]:
    db.session.expire_all()
    rows = db.session.scalars(
        select(Reservation).where(Reservation.hotel_id == hotel.id).order_by(Reservation.check_in)
    )
    return [(f"{r.check_in:%m-%d}", f"{r.check_out:%m-%d}", r.status) for r in rows]


def open_alerts(hotel: Hotel) -> list[str]:
    return list(db.session.scalars(select(Alert.kind).where(Alert.hotel_id == hotel.id, Alert.resolved_at.is_(None))))


def decisions(feed: Feed) -> list[str]:
    query = select(ChannelDecision.decision).where(ChannelDecision.feed_id == feed.id).order_by(ChannelDecision.id)
    return list(db.session.scalars(query))


@contextmanager
def counted() -> Iterator[Counter[str]]:
    """Counts the statements that reach the database, by their first word."""
    found: Counter[str] = Counter()

    def count(connection, cursor, statement, *_) -> None:
        word = statement.split(None, 1)[0].upper()
        if word not in ("SAVEPOINT", "RELEASE", "ROLLBACK"):
            found[word] += 1

    engine = db.engine
    event.listen(engine, "before_cursor_execute", count)
    try:
        yield found
    finally:
        event.remove(engine, "before_cursor_execute", count)


def test_stays_appear_by_themselves(hotel: Hotel, connect) -> None:
    channel = connect("airbnb")
    channel.put(stay(5, 8, code="HMABCDEFGH", phone_last4="1234"), stay(10, 12), block(20, 22))
    report = channel.sync()
    assert report.outcome == "changed"
    assert report.decisions == {"created": 2, "block": 1}
    assert all_stays(hotel) == [("06-06", "06-09", "CONFIRMED"), ("06-11", "06-13", "CONFIRMED")]
    first = db.session.scalars(select(Reservation).where(Reservation.channel_reference == "HMABCDEFGH")).one()
    assert (first.source, first.room.number, first.is_unplaced) == ("airbnb", "101", False)
    assert db.session.scalar(select(func.count()).select_from(RoomNight).where(RoomNight.block_id.is_not(None))) == 2
    assert db.session.scalars(select(FeedSnapshot)).one().event_count == 3
    actors = set(db.session.scalars(select(AuditEntry.actor_label).where(AuditEntry.action == "created")))
    assert actors == {"Airbnb, 101"}


def test_an_unchanged_feed_costs_one_read_and_writes_no_row(hotel: Hotel, connect) -> None:
    for provider, conditional in (("airbnb", False), ("airbnb", True)):
        channel = connect(provider, "101" if conditional else "102")
        channel.put(stay(5, 8), conditional=conditional)
        channel.sync()
        with counted() as statements:
            report = channel.sync()
        assert report.outcome == "unchanged"
        assert statements == Counter(SELECT=1)
        assert targets.last_reads([channel.feed.id])[channel.feed.id] == NOON


def test_without_redis_an_unchanged_feed_is_looked_at_in_full_and_still_writes_nothing(hotel: Hotel, connect) -> None:
    channel = connect()
    channel.put(stay(5, 8))
    channel.sync()
    redis.client().flushdb()
    with counted() as statements:
        report = channel.sync()
    assert report.outcome == "unchanged"
    assert set(statements) == {"SELECT"}


def test_a_changed_feed_needs_few_statements_besides_those_of_the_stay(hotel: Hotel, connect) -> None:
    channel = connect()
    channel.put(stay(5, 8, id="a"), stay(10, 12, id="b"))
    channel.sync()
    channel.put(stay(5, 8, id="a"), stay(10, 12, id="b"), block(15, 16))
    targets_before = decisions(channel.feed)
    with counted() as statements:
        channel.sync()
    assert decisions(channel.feed)[len(targets_before) :] == ["block"]
    assert statements.total() <= 26, statements


def test_a_moved_stay_moves(hotel: Hotel, connect) -> None:
    channel = connect()
    channel.put(stay(5, 8, id="a"))
    channel.sync()
    channel.put(stay(6, 9, id="a"))
    channel.sync()
    assert all_stays(hotel) == [("06-07", "06-10", "CONFIRMED")]
    assert decisions(channel.feed) == ["created", "changed"]


def test_what_vanishes_is_missing_then_suspected_then_cancelled(hotel: Hotel, connect) -> None:
    channel = connect()
    channel.put(stay(5, 8, id="a"), stay(10, 12, id="b"))
    channel.sync()
    channel.put(stay(5, 8, id="a"))
    seen = []
    for quarter in range(1, 16):
        with later(quarter / 4):
            channel.sync()
            seen.append((all_stays(hotel)[1][2], open_alerts(hotel)))
    assert decisions(channel.feed) == ["created", "created", "missing", "suspected", "cancelled"]
    assert seen[0] == ("CONFIRMED", [])
    assert seen[3] == ("CONFIRMED", ["stay_suspected"])
    assert seen[-1] == ("CANCELLED", [])
    with later(5):
        channel.put(stay(5, 8, id="a"), stay(10, 12, id="b"))
        channel.sync()
        assert all_stays(hotel)[1] == ("06-11", "06-13", "CONFIRMED")
        with counted() as statements:
            channel.sync()
        assert statements == Counter(SELECT=1)


def test_a_guest_in_house_survives_an_empty_feed(hotel: Hotel, connect) -> None:
    channel = connect("booking")
    channel.put(stay(0, 4), stay(10, 12))
    channel.sync()
    guest = db.session.scalars(select(Reservation).order_by(Reservation.check_in)).first()
    with transaction():
        stays.check_in_guest(guest)
    channel.mode("empty")
    for hour in range(1, 30):
        with later(hour):
            channel.sync()
    assert [s[2] for s in all_stays(hotel)] == ["CHECKED_IN", "CONFIRMED"]
    assert open_alerts(hotel) == ["feed_vanished"]
    channel.mode("normal")
    with later(31):
        channel.put(stay(0, 4), stay(10, 12))
        channel.sync()
        assert open_alerts(hotel) == []


def test_a_person_may_accept_that_many_are_gone(hotel: Hotel, connect) -> None:
    channel = connect("airbnb")
    channel.put(*[stay(day, day + 1, id=str(day)) for day in range(5, 15)])
    channel.sync()
    channel.put(*[stay(day, day + 1, id=str(day)) for day in range(5, 9)])
    with later(1):
        channel.sync()
        assert open_alerts(hotel) == ["feed_vanished"]
        with transaction():
            services.accept_loss(hotel, channel.feed.id)
        assert Counter(s[2] for s in all_stays(hotel)) == {"CONFIRMED": 4, "CANCELLED": 6}
        assert open_alerts(hotel) == []


def test_what_is_missing_after_the_alarm_has_ended_is_not_accepted_by_a_late_click(hotel: Hotel, connect) -> None:
    channel = connect("airbnb")
    shown = [stay(day, day + 1, id=str(day)) for day in range(5, 15)]
    for hour, known in enumerate((shown, shown[:4], shown, shown[:9])):
        channel.put(*known)
        with later(hour):
            channel.sync()
    with later(4), pytest.raises(Conflict, match="look again"), transaction():
        services.accept_loss(hotel, channel.feed.id)
    assert {s[2] for s in all_stays(hotel)} == {"CONFIRMED"}


def test_the_roll_at_midnight_keeps_one_stay_one_stay(hotel: Hotel, connect) -> None:
    channel = connect("booking")
    channel.put(stay(0, 4), stay(6, 8))
    channel.sync()
    for day in (1, 2, 3):
        with later(24 * day):
            channel.put(stay(0, 4), stay(6, 8))
            channel.mode("roll")
            channel.sync()
    assert all_stays(hotel) == [("06-01", "06-05", "CONFIRMED"), ("06-07", "06-09", "CONFIRMED")]
    assert decisions(channel.feed) == ["created", "created"]


def test_a_stay_that_does_not_fit_is_recorded_unplaced_and_flagged(hotel: Hotel, connect) -> None:
    factories.make_stay(hotel, "101", arrives_in=5, nights=3)
    channel = connect("airbnb")
    channel.put(stay(6, 9, id="late"))
    channel.sync()
    late = db.session.scalars(select(Reservation).where(Reservation.source == "airbnb")).one()
    assert (late.status, late.room_id, late.is_unplaced) == ("CONFIRMED", None, True)
    assert open_alerts(hotel) == ["stay_unplaced"]


def test_a_stay_known_already_is_linked(hotel: Hotel, connect) -> None:
    known = factories.make_stay(
        hotel, None, arrives_in=5, nights=3, source="airbnb", channel_reference="HMABCDEFGH", guest_name="Ada Example"
    )
    channel = connect("airbnb")
    channel.put(stay(5, 9, code="HMABCDEFGH"))
    channel.sync()
    assert all_stays(hotel) == [("06-06", "06-10", "CONFIRMED")]
    assert db.session.scalars(select(FeedItem.reservation_id)).one() == known.id
    assert decisions(channel.feed) == ["changed"]
    assert channel.sync().outcome == "unchanged"


def test_dates_of_a_stay_that_was_cancelled_elsewhere_are_sold_again(hotel: Hotel, connect) -> None:
    known = factories.make_stay(hotel, "101", arrives_in=5, nights=3, source="booking", channel_reference="4123456789")
    with transaction():
        stays.cancel(known, "by mail")
    channel = connect("booking")
    channel.put(stay(5, 8))
    channel.sync()
    assert [s[2] for s in all_stays(hotel)] == ["CANCELLED"]  # the calendar lags behind the mail
    assert db.session.scalar(select(func.count()).select_from(FeedItem)) == 0
    with later(60):
        redis.client().flushdb()
        channel.sync()
    assert [s[2] for s in all_stays(hotel)] == ["CANCELLED", "CONFIRMED"]


def test_the_echo_of_another_channel_takes_no_nights(hotel: Hotel, connect) -> None:
    airbnb, booking = connect("airbnb"), connect("booking")
    airbnb.put(stay(5, 8, id="a"))
    airbnb.sync()
    booking.put(block(5, 8))
    booking.sync()
    assert all_stays(hotel) == [("06-06", "06-09", "CONFIRMED")]
    assert decisions(booking.feed) == ["echo"]
    assert db.session.scalar(select(func.count()).select_from(RoomBlock)) == 0


def test_an_echo_that_was_read_first_gives_its_room_to_the_stay_itself(hotel: Hotel, connect) -> None:
    booking = connect("booking")
    booking.put(block(5, 8), stay(10, 12))
    booking.sync()
    assert len(all_stays(hotel)) == 2  # nothing tells the echo from a stay yet
    airbnb = connect("airbnb")
    airbnb.put(stay(5, 8, id="a"))
    airbnb.sync()
    assert open_alerts(hotel) == ["stay_unplaced"]
    booking.sync()
    found = db.session.scalars(select(Reservation).order_by(Reservation.id)).all()
    assert [(r.source, r.status, r.room_id is not None) for r in found] == [
        ("booking", "CANCELLED", True),
        ("booking", "CONFIRMED", True),
        ("airbnb", "CONFIRMED", True),
    ]
    assert open_alerts(hotel) == []
    assert decisions(booking.feed)[-1] == "echo"
    assert booking.sync().outcome == "unchanged"


def test_equal_nights_on_settled_channels_are_shown_as_sold_twice(hotel: Hotel, connect) -> None:
    booking, airbnb = connect("booking"), connect("airbnb")
    airbnb.put(stay(40, 42, id="z"))
    airbnb.sync()
    booking.put(stay(5, 8), stay(40, 42))
    booking.sync()
    with later(25):
        airbnb.put(stay(5, 8, id="a"), stay(40, 42, id="z"))
        airbnb.sync()
        booking.sync()
    assert [s[2] for s in all_stays(hotel)] == ["CONFIRMED"] * 3
    assert open_alerts(hotel) == ["stay_unplaced"]


def test_while_a_linked_calendar_cannot_be_read_a_nameless_range_only_keeps_its_nights_closed(
    hotel: Hotel, connect
) -> None:
    booking, airbnb = connect("booking"), connect("airbnb")
    airbnb.sync()
    booking.sync()
    airbnb.mode("500")
    airbnb.sync()
    booking.put(block(5, 8), stay(10, 12))
    booking.sync()
    assert all_stays(hotel) == []
    assert db.session.scalar(select(func.count()).select_from(RoomNight)) == 5
    with later(2):
        airbnb.put(stay(5, 8, id="a"))
        airbnb.sync()
        booking.sync()
        assert all_stays(hotel) == [("06-06", "06-09", "CONFIRMED"), ("06-11", "06-13", "CONFIRMED")]
        found = db.session.scalars(select(Reservation).order_by(Reservation.check_in)).all()
        assert [(r.source, r.room_id is not None) for r in found] == [("airbnb", True), ("booking", True)]
        assert open_alerts(hotel) == []


def test_a_block_that_is_dropped_opens_its_nights(hotel: Hotel, connect) -> None:
    channel = connect("airbnb")
    channel.put(stay(1, 2, id="a"), block(5, 8))
    channel.sync()
    room_type = factories.type_of(hotel, "DBL")
    closed = select(func.coalesce(func.sum(Inventory.closed), 0)).where(Inventory.room_type_id == room_type.id)
    assert db.session.scalar(closed) == 3
    channel.put(stay(1, 2, id="a"))
    for hour in range(1, 6):
        with later(hour):
            channel.sync()
    assert db.session.scalar(closed) == 0
    assert db.session.scalar(select(func.count()).select_from(RoomBlock)) == 0


def test_a_cancellation_by_the_desk_is_not_undone_by_the_feed(hotel: Hotel, connect) -> None:
    channel = connect("airbnb")
    channel.put(stay(5, 8, id="a"), stay(10, 12, id="b"))
    channel.sync()
    with transaction():
        stays.cancel(db.session.scalars(select(Reservation).order_by(Reservation.check_in)).first(), "The guest called")
    redis.client().flushdb()
    for hour in range(1, 5):
        with later(hour):
            channel.sync()
    assert [s[2] for s in all_stays(hotel)] == ["CANCELLED", "CONFIRMED"]


BAD = {
    "html": ("not_a_calendar", lambda c: c.mode("html")),
    "json": ("not_a_calendar", lambda c: c.mode("json500", status=200)),
    "json with its status": ("http_status", lambda c: c.mode("json500")),
    "500": ("http_status", lambda c: c.mode("500")),
    "50 MB": ("too_large", lambda c: c.mode("huge")),
    "truncated": ("truncated", lambda c: c.mode("truncated")),
    "metadata service": ("forbidden_address", lambda c: c.mode("redirect", location="http://169.254.169.254/latest/")),
    "20,001 events": ("too_large", lambda c: c.raw(calendar(["UID:1\r\nDTSTART:20260610\r\nDTEND:20260611"] * 20_001))),
}


def calendar(events: list[str]) -> bytes:
    body = "".join(f"BEGIN:VEVENT\r\n{one}\r\nEND:VEVENT\r\n" for one in events)
    return f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//T//EN\r\n{body}END:VCALENDAR\r\n".encode()


@pytest.mark.parametrize("name", BAD)
def test_a_fault_changes_nothing_but_the_health_of_the_feed(hotel: Hotel, connect, name: str) -> None:
    kind, spoil = BAD[name]
    channel = connect("airbnb")
    channel.put(stay(5, 8, id="a"), stay(10, 12, id="b"))
    channel.sync()
    before = all_stays(hotel)
    spoil(channel)
    with later(1):
        report = channel.sync()
    assert report.outcome == "failed"
    assert len(report.message) > 20
    assert channel.key not in report.message
    feed = db.session.get(Feed, channel.feed.id, populate_existing=True)
    assert (feed.fault_kind, feed.fault_message, feed.failures) == (kind, report.message, 1)
    assert open_alerts(hotel) == []
    with later(2.1):
        channel.sync()
    assert open_alerts(hotel) == ["feed_failing"]
    assert all_stays(hotel) == before
    channel.put(stay(5, 8, id="a"), stay(10, 12, id="b"))
    with later(2.5):
        assert channel.sync().outcome == "unchanged"
    assert open_alerts(hotel) == []
    assert db.session.get(Feed, channel.feed.id, populate_existing=True).failing_since is None
    assert all_stays(hotel) == before


def test_bad_events_cost_no_other(hotel: Hotel, connect) -> None:
    channel = connect("ical")
    channel.raw(
        calendar(
            [
                "UID:good\r\nSUMMARY:Ada\r\nDTSTART:20260610\r\nDTEND:20260612",
                "UID:backwards\r\nSUMMARY:Bob\r\nDTSTART:20260615\r\nDTEND:20260613",
                "UID:ancient\r\nSUMMARY:Cid\r\nDTSTART:00010101\r\nDTEND:00010103",
                "UID:zone\r\nSUMMARY:Dan\r\nDTSTART;TZID=America/New_York:20260620T180000\r\nDTEND;TZID=America/New_York:20260622T100000",
            ]
        )
    )
    assert channel.sync().outcome == "changed"
    assert all_stays(hotel) == [("06-10", "06-12", "CONFIRMED"), ("06-20", "06-22", "CONFIRMED")]


def test_ten_thousand_events_are_read(hotel: Hotel, connect) -> None:
    channel = connect("ical")
    past = [
        f"UID:p{n}\r\nSUMMARY:Old\r\nDTSTART:2020{1 + n % 12:02}{1 + n % 28:02}\r\nDURATION:P2D" for n in range(9_998)
    ]
    ahead = [f"UID:f{n}\r\nSUMMARY:Ada\r\nDTSTART:202607{n + 1:02}\r\nDURATION:P1D" for n in range(2)]
    channel.raw(calendar(past + ahead))
    report = channel.sync()
    assert (report.events, report.decisions) == (10_000, {"created": 2})


def crowd(count: int, nights: int, name: str = "c") -> list[str]:
    """So many stays of one night each, spread evenly over the nights from 1 July 2026 on."""
    first = dt.date(2026, 7, 1)
    days_ = [first + dt.timedelta(n % nights) for n in range(count)]
    return [f"UID:{name}{n}\r\nSUMMARY:Reserved\r\nDTSTART:{day:%Y%m%d}\r\nDURATION:P1D" for n, day in enumerate(days_)]


def test_a_calendar_that_no_room_can_have_is_refused_whole_and_ends_nothing(hotel: Hotel, connect) -> None:
    channel = connect("ical")
    known = [
        "UID:a\r\nSUMMARY:Ada\r\nDTSTART:20260610\r\nDTEND:20260612",
        "UID:b\r\nSUMMARY:Bob\r\nDTSTART:20260620\r\nDTEND:20260622",
    ]
    channel.raw(calendar(known))
    channel.sync()
    before, told = all_stays(hotel), decisions(channel.feed)
    assert len(before) == 2
    channel.raw(calendar(crowd(10_000, 400)))
    with later(1):
        assert "10000 coming entries, with up to 25 stays on one night" in channel.sync().message
    channel.raw(calendar(crowd(31, 1)))
    for hours in range(2, 9):  # again and again: what it does not show is never missing
        with later(hours):
            report = channel.sync()
        assert (report.outcome, report.decisions) == ("failed", None)
        assert "31 coming entries, with up to 31 stays on one night" in report.message
    assert all_stays(hotel) == before
    assert decisions(channel.feed) == told
    assert open_alerts(hotel) == ["feed_failing"]
    assert db.session.scalar(select(func.count()).select_from(FeedSnapshot)) == 1
    assert db.session.get_one(Feed, channel.feed_id, populate_existing=True).fault_kind == "implausible"
    channel.raw(calendar(known))
    with later(9):
        assert channel.sync().outcome == "unchanged"
    assert open_alerts(hotel) == []


def test_joined_calendars_and_overlaps_are_recorded_and_followed_up_together(hotel: Hotel, connect) -> None:
    channel = connect("ical")
    channel.raw(calendar([*crowd(29, 1), *crowd(20, 20, "d")]))
    report = channel.sync()
    assert report.decisions == {"created": 49}
    assert db.session.scalar(select(func.count()).select_from(Reservation)) == 49
    assert open_alerts(hotel).count("stay_unplaced") == 49 - 20
    asked = db.session.scalars(select(OutboxMessage).where(OutboxMessage.job.startswith("jobs.stays."))).all()
    assert [message.job for message in asked] == ["jobs.stays.after_changes"]
    stay_ids = set(db.session.scalars(select(Reservation.id)))
    assert (set(asked[0].arguments["reservation_ids"]), asked[0].arguments["action"]) == (stay_ids, "created")


def test_few_stays_are_followed_up_each_by_itself(hotel: Hotel, connect) -> None:
    channel = connect("ical")
    channel.raw(calendar(crowd(2, 2)))
    channel.sync()
    asked = db.session.scalars(select(OutboxMessage.job).where(OutboxMessage.job.startswith("jobs.stays."))).all()
    assert list(asked) == ["jobs.stays.after_change"] * 2


def test_a_calendar_of_which_nothing_can_be_read_is_no_empty_one(hotel: Hotel, connect) -> None:
    channel = connect("ical")
    channel.raw(calendar(["UID:s\r\nSUMMARY:Ada\r\nDTSTART:20260610\r\nDURATION:P1D\r\nRRULE:FREQ=SECONDLY"]))
    report = channel.sync()
    assert report.outcome == "failed"
    assert "could not work with" in report.message


def test_a_manual_sync_tells_how_it_goes(hotel: Hotel, connect, run_jobs) -> None:
    channel = connect("airbnb")
    channel.put(stay(5, 8))
    assert "jobs.channels.sync_feed" in run_jobs()
    rows = db.session.scalars(select(LiveEvent).where(LiveEvent.event == "feed-progress").order_by(LiveEvent.id)).all()
    assert [row.data["step"] for row in rows] == ["waiting", "fetching", "reading", "done"]
    assert rows[-1].data["decisions"] == {"created": 1}


def test_a_removed_feed_leaves_its_stays_and_opens_its_blocks(hotel: Hotel, connect) -> None:
    channel = connect("airbnb")
    channel.put(stay(5, 8), block(10, 12))
    channel.sync()
    with transaction():
        services.remove_feed(hotel, channel.feed.id)
    assert all_stays(hotel) == [("06-06", "06-09", "CONFIRMED")]
    assert db.session.scalar(select(func.count()).select_from(RoomBlock)) == 0
    assert channel.sync().outcome == "skipped"


def test_what_we_cannot_work_with_is_a_fault_of_the_feed_that_the_board_hears_of(hotel: Hotel, connect) -> None:
    feed = connect()

    usual = type(wiring.resolve(CalendarFormat))

    class Broken(usual):
        def parse(self, *_arguments: object) -> object:
            raise ZeroDivisionError("on purpose")

    wiring.bind(CalendarFormat, Broken)
    try:
        with pytest.raises(ZeroDivisionError):
            feed.sync()
        with clock.frozen(clock.now() + dt.timedelta(hours=2)), pytest.raises(ZeroDivisionError):
            feed.sync()
    finally:
        wiring.bind(CalendarFormat, usual)
    assert open_alerts(hotel) == ["feed_failing"]
    assert feed.sync().outcome != "failed"

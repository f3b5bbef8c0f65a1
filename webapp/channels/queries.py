"""What the channels pages show."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import func, select

from webapp.channels import targets
from webapp.channels.apply import alarm_key
from webapp.core.clock import now
from webapp.core.database import db
from webapp.core.events import LiveEvent
from webapp.core.tenancy import of_hotel, one_of_hotel
from webapp.models import Alert, ChannelDecision, Feed, FeedItem, Hotel, Reservation, Room

PAGE = 50
PROGRESS_FOR = dt.timedelta(minutes=2)


@dataclass(frozen=True)
class FeedView:
    """A feed with its health. `progress`: the last step of a reading that somebody asked for, or None."""

    feed: Feed
    room: Room
    address: str
    last_read_at: dt.datetime | None
    progress: dict[str, Any] | None

    @property
    def is_failing(self) -> bool:
        return self.feed.failing_since is not None

    @property
    def is_busy(self) -> bool:
        return self.progress is not None and self.progress["step"] != "done"


@dataclass(frozen=True)
class RoomView:
    room: Room
    feeds: list[FeedView]


def rooms_with_feeds(hotel: Hotel) -> list[RoomView]:
    """Every room in its order, with its feeds."""
    rooms = db.session.scalars(of_hotel(Room, hotel.id).order_by(Room.position, Room.number)).all()
    feeds = db.session.scalars(of_hotel(Feed, hotel.id).order_by(Feed.provider, Feed.id)).all()
    views = _views(hotel, list(feeds), {room.id: room for room in rooms})
    return [RoomView(room, [view for view in views if view.room.id == room.id]) for room in rooms]


def feed_view(hotel: Hotel, feed_id: int) -> FeedView:
    feed = one_of_hotel(Feed, hotel.id, id=feed_id)
    room = one_of_hotel(Room, hotel.id, id=feed.room_id)
    return _views(hotel, [feed], {room.id: room})[0]


def _views(hotel: Hotel, feeds: list[Feed], rooms: dict[int, Room]) -> list[FeedView]:
    reads = targets.last_reads([feed.id for feed in feeds])
    steps = _steps(hotel) if feeds else {}
    return [
        FeedView(
            feed,
            rooms[feed.room_id],
            masked(feed.url),
            _latest(reads.get(feed.id), feed.last_success_at),
            steps.get(feed.id),
        )
        for feed in feeds
    ]


def _latest(*instants: dt.datetime | None) -> dt.datetime | None:
    return max((instant for instant in instants if instant is not None), default=None)


def _steps(hotel: Hotel) -> dict[int, dict[str, Any]]:
    """The last step of each feed that is being read, or just was."""
    rows = db.session.scalars(
        select(LiveEvent.data)
        .where(LiveEvent.hotel_id == hotel.id, LiveEvent.event == "feed-progress", LiveEvent.at > now() - PROGRESS_FOR)
        .order_by(LiveEvent.id)
    )
    return {data["feed_id"]: data for data in rows}


def masked(url: str) -> str:
    """Enough of an address to know it by; its secret stays hidden."""
    parts = urlsplit(url)
    secret = url.removesuffix(".ics")
    return f"{parts.hostname or ''}/…{secret[-4:]}"


def last_probe(feed: Feed) -> dict[str, Any] | None:
    """What the feed said when it was last tried, if that was lately."""
    rows = db.session.scalars(
        select(LiveEvent.data)
        .where(
            LiveEvent.hotel_id == feed.hotel_id,
            LiveEvent.event == "feed-probed",
            LiveEvent.at > now() - dt.timedelta(hours=1),
        )
        .order_by(LiveEvent.id.desc())
        .limit(200)
    )
    found: dict[str, Any] | None = next((data for data in rows if data["feed_id"] == feed.id), None)
    if found is None:
        return None
    ahead = [
        (dt.date.fromisoformat(start), dt.date.fromisoformat(end), kind) for start, end, kind in found.get("ahead", [])
    ]
    return {**found, "ahead": ahead}


def open_alarm(feed: Feed) -> Alert | None:
    return db.session.scalars(
        of_hotel(Alert, feed.hotel_id).where(Alert.key == alarm_key(feed.id), Alert.resolved_at.is_(None))
    ).first()


def items_of(feed: Feed, today: dt.date) -> list[tuple[FeedItem, str | None]]:
    """What the feed tells now, with the booking ids of its stays."""
    rows = db.session.execute(
        select(FeedItem, Reservation.booking_id)
        .outerjoin(Reservation, Reservation.id == FeedItem.reservation_id)
        .where(FeedItem.feed_id == feed.id, FeedItem.ends_on > today, FeedItem.state != "ended")
        .order_by(FeedItem.starts_on, FeedItem.ends_on, FeedItem.id)
        .limit(500)
    )
    return [(row.FeedItem, row.booking_id) for row in rows]


@dataclass(frozen=True)
class DecisionPage:
    rows: list[tuple[ChannelDecision, str | None]]
    page: int
    pages: int
    total: int


def decisions_of(feed: Feed, page: int) -> DecisionPage:
    """The decisions about a feed, newest first."""
    of_feed = ChannelDecision.feed_id == feed.id
    total = db.session.scalar(select(func.count()).select_from(ChannelDecision).where(of_feed)) or 0
    pages = max(1, -(-total // PAGE))
    page = min(max(1, page), pages)
    rows = db.session.execute(
        select(ChannelDecision, Reservation.booking_id)
        .outerjoin(Reservation, Reservation.id == ChannelDecision.reservation_id)
        .where(of_feed)
        .order_by(ChannelDecision.id.desc())
        .limit(PAGE)
        .offset((page - 1) * PAGE)
    )
    return DecisionPage([(row.ChannelDecision, row.booking_id) for row in rows], page, pages, total)

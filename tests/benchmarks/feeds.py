"""Reading calendar feeds as a worker does: one after the other, over HTTP, with everything that follows."""

from __future__ import annotations

import time
import urllib.request
from functools import lru_cache

from sqlalchemy import select

from webapp.channels import sync
from webapp.channels.ports import FeedReader
from webapp.core import wiring
from webapp.core.database import db
from webapp.core.transaction import transaction
from webapp.models import Feed, Room

from . import data
from .registry import Bench, Figures, row

FLOOR = "feed floor (fetch only)"


@row(FLOOR)
def fetch(bench: Bench) -> Figures:
    reader = wiring.resolve(FeedReader)  # type: ignore[type-abstract]
    addresses = [f"{bench.feed_server}/{n}.ics" for n in range(_number(bench))]
    return _timed(addresses, lambda address: reader.fetch(address))


@row("feed sync, 1,000 unchanged feeds of 20 stays", floor=FLOOR)
def unchanged(bench: Bench) -> Figures:
    return _timed(_feeds(bench), _expecting("unchanged"))


@row("feed sync, 1,000 changed feeds of 20 stays", floor=FLOOR, goal="1,000 in 60 s: p50 < 60 ms")
def changed(bench: Bench) -> Figures:
    feeds = _feeds(bench)
    _turn(bench, 1)
    return _timed(feeds, _expecting("changed"))


def _number(bench: Bench) -> int:
    return 100 if bench.is_quick else 1000


@lru_cache(maxsize=1)
def _known_feeds(server: str, number: int) -> tuple[int, ...]:
    """A hotel with a feed for each room, all of them read once, so that their stays are known."""
    hotel = data.make_hotel("feeds", rooms=number, types=10, stays=False)
    with transaction():
        rooms = db.session.scalars(select(Room.id).where(Room.hotel_id == hotel.id).order_by(Room.id)).all()
        db.session.add_all(
            Feed(
                hotel_id=hotel.id,
                room_id=room_id,
                provider="airbnb",
                url=f"{server}/{n}.ics",
                is_active=True,
                failures=0,
            )
            for n, room_id in enumerate(rooms)
        )
    feed_ids = tuple(db.session.scalars(select(Feed.id).where(Feed.hotel_id == hotel.id).order_by(Feed.id)))
    for feed_id in feed_ids:
        sync.sync_feed(feed_id)
        db.session.remove()
    data.settle()
    return feed_ids


def _feeds(bench: Bench) -> tuple[int, ...]:
    _turn(bench, 0)
    return _known_feeds(bench.feed_server, _number(bench))


def _turn(bench: Bench, turn: int) -> None:
    with urllib.request.urlopen(f"{bench.feed_server}/turn/{turn}", timeout=10) as answer:
        answer.read()


def _expecting(outcome: str):
    def read(feed_id: int) -> None:
        report = sync.sync_feed(feed_id)
        if report.outcome != outcome:
            raise RuntimeError(f"feed {feed_id}: {report}")
        db.session.remove()

    return read


def _timed(items, work) -> Figures:
    times, begun = [], time.perf_counter()
    for item in items:
        started = time.perf_counter()
        work(item)
        times.append(time.perf_counter() - started)
    return Figures(times, len(times) / (time.perf_counter() - begun))

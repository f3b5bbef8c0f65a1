"""Use cases of the channels: calendars are connected, changed, tried, removed; a person answers an alarm.

What a fetch brings is judged in `judgement.py`; `sync.py` puts fetch and judgement together.
"""

from __future__ import annotations

import datetime as dt
import zlib
from collections import Counter
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import gettext as _
from sqlalchemy import select, update

from webapp.channels import blocks, targets
from webapp.channels.apply import alarm_key, apply
from webapp.channels.domain import Crowded, Policy, Provider, Seen, classify, refuse_crowd
from webapp.channels.health import failing_key
from webapp.channels.judgement import SyncReport, counts_of, implausible, judge, lock_and_load
from webapp.channels.picture import Picture
from webapp.channels.ports import FeedFault, FeedReader
from webapp.channels.reasons import FAULTS
from webapp.channels.targets import Target
from webapp.core import audit, events, outbox, wiring
from webapp.core.calendars import CalendarFormat, ParsedCalendar
from webapp.core.database import db
from webapp.core.errors import Conflict, Invalid, NotFound
from webapp.core.tenancy import of_hotel, one_of_hotel
from webapp.models import Alert, Feed, FeedSnapshot, Hotel, Reservation, Room
from webapp.models.channels import PROVIDERS
from webapp.operations import services as operations

LONGEST_URL = 2000
MOST_SHOWN = 20  # of a tried feed


def review_after(reservation_id: int, action: str) -> None:
    """A stay has changed: look in full at the feeds whose echoes it may make or end, at their next fetch.

    A stay that changed rooms may concern any room of the hotel.
    """
    stay = db.session.get(Reservation, reservation_id)
    if stay is None:
        return
    query = update(Feed).where(Feed.hotel_id == stay.hotel_id, Feed.content_hash.is_not(None))
    if action != "cancelled":  # of what the house has cancelled its own channel may think otherwise
        query = query.where(Feed.provider != stay.source)
    if action not in ("room_assigned", "room_unassigned"):
        query = query.where(Feed.room_id == stay.room_id)
    db.session.execute(query.values(content_hash=None, etag=None, last_modified=None))


def accept_loss(hotel: Hotel, feed_id: int) -> SyncReport:
    """A person says that what the feed no longer shows is really gone: it ends now, as far as it may.

    Raises Conflict NO_ALARM when the calendar has recovered since: what is missing by now is not what the person has seen.
    """
    feed = one_of_hotel(Feed, hotel.id, id=feed_id)
    target = targets.target_of(feed.id)
    snapshot = db.session.scalars(
        select(FeedSnapshot).where(FeedSnapshot.feed_id == feed.id).order_by(FeedSnapshot.last_seen_at.desc()).limit(1)
    ).first()
    if target is None or snapshot is None:
        raise NotFound(_("This feed has not been read yet."))
    parsed = wiring.resolve(CalendarFormat).parse(  # type: ignore[type-abstract]
        zlib.decompress(snapshot.body), ZoneInfo(hotel.timezone), target.today
    )
    seen = lock_and_load(target)
    if seen is None:
        raise NotFound(_("This feed has been removed."))
    alarm = of_hotel(Alert, hotel.id).where(Alert.key == alarm_key(feed.id), Alert.resolved_at.is_(None))
    if db.session.scalars(alarm).first() is None:
        raise Conflict(_("Somebody else was quicker. Please look again."), "NO_ALARM")
    at_once = Policy(misses=1, hours=0, miss_gap=dt.timedelta())
    result = judge(seen, parsed, target, at_once, is_loss_accepted=True)
    apply(seen, result)
    operations.resolve_alert(hotel.id, alarm_key(feed.id))
    audit.record(hotel.id, "feed_loss_accepted", feed, after={"decisions": len(result.decisions)})
    return SyncReport("changed", "", len(parsed.events), counts_of(result))


def describe(target: Target, parsed: ParsedCalendar) -> dict[str, Any]:
    """What a calendar says, as it would be understood: for the person who is about to switch it on. Raises FeedFault for one that would be
    refused."""
    provider: Provider = target.provider  # type: ignore[assignment]
    judged = [Seen(event, classify(event, provider, target.today)) for event in parsed.events]
    try:
        refuse_crowd({seen.identity: seen for seen in judged}.values(), target.today)
    except Crowded as crowded:
        raise implausible(crowded) from None
    coming = (seen for seen in judged if seen.event.end > target.today)
    ahead = sorted((seen.event.start, seen.event.end, seen.verdict.kind) for seen in coming)
    hint = parsed.provider_hint
    return {
        "outcome": "ok",
        "events": len(parsed.events),
        "counts": dict(Counter(kind for _start, _end, kind in ahead)),
        "ahead": [[start.isoformat(), end.isoformat(), kind] for start, end, kind in ahead[:MOST_SHOWN]],
        "problems": [[problem.code, problem.message] for problem in parsed.problems[:MOST_SHOWN]],
        "hint": hint if hint not in (None, target.provider) else None,
    }


def request_probe(feed: Feed) -> None:
    """Ask the worker what this feed says, without believing it."""
    outbox.enqueue(
        "jobs.channels.probe_feed", {"feed_id": feed.id}, hotel_id=feed.hotel_id, key=f"feed-probe:{feed.id}"
    )
    events.publish(feed.hotel_id, "feed-probed", {"feed_id": feed.id, "outcome": "waiting"})


def switch_feed(hotel: Hotel, feed_id: int, is_active: bool) -> Feed:
    """Switch a feed on or off. What it told remains."""
    feed = one_of_hotel(Feed, hotel.id, id=feed_id)
    return change_feed(hotel, feed_id, provider=feed.provider, url=None, is_active=is_active)


def add_feed(hotel: Hotel, room_id: int, provider: str, url: str, *, is_active: bool = True) -> Feed:
    """Connect a calendar to a room; it is read at once when active."""
    room = one_of_hotel(Room, hotel.id, id=room_id)
    _check_provider(provider)
    check_address(url)
    _check_unused(hotel, url.strip(), None)
    feed = Feed(hotel_id=hotel.id, room_id=room.id, provider=provider, url=url.strip(), is_active=is_active, failures=0)
    db.session.add(feed)
    db.session.flush()
    audit.record(hotel.id, "feed_added", feed, after={"room": room.number, "provider": provider})
    if is_active:
        request_sync(feed)
    return feed


def change_feed(hotel: Hotel, feed_id: int, *, provider: str, url: str | None, is_active: bool) -> Feed:
    """Change a feed; `url` None keeps the address. Another address or channel is read from the beginning."""
    feed = one_of_hotel(Feed, hotel.id, lock=True, id=feed_id)
    address = (url or feed.url).strip()
    _check_provider(provider)
    if url:
        check_address(address)
    _check_unused(hotel, address, feed.id)
    before = {"provider": feed.provider, "is_active": feed.is_active}
    is_other = address != feed.url or provider != feed.provider
    feed.provider, feed.url, feed.is_active = provider, address, is_active
    if is_other:
        feed.etag = feed.last_modified = feed.content_hash = None
        feed.failing_since = feed.fault_kind = feed.fault_message = feed.fault_details = None
        feed.failures = 0
    db.session.flush()
    if is_other or not is_active:
        operations.resolve_alert(hotel.id, failing_key(feed.id))
    after = {"provider": provider, "is_active": is_active, "has_new_address": bool(url)}
    audit.record(hotel.id, "feed_changed", feed, before=before, after=after)
    if is_active:
        request_sync(feed)
    return feed


def remove_feed(hotel: Hotel, feed_id: int) -> None:
    """Disconnect a calendar. Its stays remain; blocks that it asked for are opened."""
    feed = one_of_hotel(Feed, hotel.id, lock=True, id=feed_id)
    target = targets.target_of(feed.id)
    seen = lock_and_load(target) if target else None
    if seen is not None:
        open_blocks(seen)
    operations.resolve_alert(hotel.id, failing_key(feed.id))
    operations.resolve_alert(hotel.id, alarm_key(feed.id))
    audit.record(hotel.id, "feed_removed", feed, before={"provider": feed.provider, "room_id": feed.room_id})
    db.session.delete(feed)
    db.session.flush()
    targets.forget([feed_id])


def open_blocks(seen: Picture) -> None:
    """Give back every night that this feed keeps closed."""
    for row in seen.rows.values():
        if row.block_id is not None:
            block_id, row.block_id = row.block_id, None
            db.session.flush()
            blocks.release_block(seen.room, block_id)


def request_sync(feed: Feed) -> None:
    """Ask the worker to read this feed now, and to say how it goes."""
    outbox.enqueue(
        "jobs.channels.sync_feed",
        {"feed_id": feed.id, "is_manual": True},
        hotel_id=feed.hotel_id,
        key=f"feed-sync:{feed.id}",
    )
    events.publish(feed.hotel_id, "feed-progress", {"feed_id": feed.id, "step": "waiting"})


def request_sync_of_hotel(hotel: Hotel) -> int:
    """Ask the worker to read every active feed of a hotel now. Returns how many."""
    feeds = db.session.scalars(of_hotel(Feed, hotel.id).where(Feed.is_active).order_by(Feed.id)).all()
    for feed in feeds:
        request_sync(feed)
    return len(feeds)


def _check_provider(provider: str) -> None:
    if provider not in PROVIDERS:
        raise Invalid(_("Choose the channel of this calendar."), field="provider")


def check_address(url: str) -> None:
    """Raises Invalid for an address that no reading could ever get through to. What its name leads to is judged when it is read."""
    address = url.strip()
    if not address.lower().startswith(("https://", "http://", "webcal://", "webcals://")) or len(address) > LONGEST_URL:
        raise Invalid(_("Paste the calendar's address; it begins with https://."), field="url")
    try:
        wiring.resolve(FeedReader).check(address)  # type: ignore[type-abstract]
    except FeedFault as fault:
        raise Invalid(str(FAULTS.get(fault.code, fault.message)), field="url") from None


def _check_unused(hotel: Hotel, address: str, own_id: int | None) -> None:
    """One calendar on two rooms would sell each of its stays twice."""
    rows = db.session.execute(
        select(Feed.id, Feed.url, Room.number).join(Room, Room.id == Feed.room_id).where(Feed.hotel_id == hotel.id)
    )
    for row in rows:
        if row.id != own_id and row.url == address:
            raise Invalid(_("This address is already connected to room %(number)s.", number=row.number), field="url")

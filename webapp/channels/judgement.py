"""What a feed said is judged and carried out: one snapshot, one transaction, one at a time for each room."""

from __future__ import annotations

import datetime as dt
import zlib
from collections import Counter
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, func, literal, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import aliased

from webapp.channels import health, picture, targets
from webapp.channels.apply import ALARM_KEY, alarm_key, apply
from webapp.channels.domain import Crowded, Policy, Reconciliation, reconcile
from webapp.channels.picture import Picture, provider_of
from webapp.channels.ports import Body, FeedFault
from webapp.channels.targets import Target
from webapp.core import actor, events
from webapp.core.calendars import ParsedCalendar
from webapp.core.clock import now
from webapp.core.database import db
from webapp.core.transaction import after_commit
from webapp.models import Alert, Feed, FeedSnapshot, Hotel, Room
from webapp.stays.domain import SOURCE_LABELS

NOT_UNDERSTOOD = (
    "The calendar was fetched, but we could not work with what it says. Nothing was changed; it is tried again."
)
_UNREADABLE = ("unreadable_event", "unknown_recurrence")
SETTLING = dt.timedelta(hours=24)  # after a calendar was connected
TAKES_OR_FREES_NIGHTS = ("created", "changed", "cancelled", "restored", "block", "echo")
Sibling = aliased(Feed)
_LOCK_ROOM = text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))")


@dataclass(frozen=True)
class SyncReport:
    """How a fetch ended. `outcome`: unchanged, changed, failed, skipped. `decisions`: how many of each kind."""

    outcome: str
    message: str = ""
    events: int = 0
    decisions: dict[str, int] | None = None


def take_snapshot(target: Target, body: Body, parsed: ParsedCalendar) -> SyncReport:
    """Judge what a feed said and carry it out; one at a time for each room.

    The content is kept once; the row of the feed is written only where it changes. Raises FeedFault, and has then changed nothing, when
    nothing of it could be read, or it shows more than a room's calendar can.
    """
    _refuse_unreadable(parsed)
    seen = lock_and_load(target)
    if seen is None:
        return SyncReport("skipped")
    try:
        result = judge(seen, parsed, target)
    except Crowded as crowded:
        raise implausible(crowded) from None
    with actor.acting_as(_actor(seen)):
        health.note_recovery(seen.feed)
        apply(seen, result)
    content_hash = bytes.fromhex(parsed.content_hash)
    is_new = seen.feed.content_hash != content_hash and _keep(seen.feed, content_hash, body.content, len(parsed.events))
    _update_feed(seen.feed, body, content_hash, len(parsed.events), result.is_pending, is_new)
    if any(decision.kind in TAKES_OR_FREES_NIGHTS for decision in result.decisions):
        _look_again_elsewhere(seen)
    after_commit("feed-read", _note_reads, (target, content_hash, result.is_pending))
    counts = counts_of(result)
    report = SyncReport("changed" if counts or is_new else "unchanged", "", len(parsed.events), counts)
    if counts:
        events.publish(
            target.hotel_id, "feed-synced", {"feed_id": target.feed_id, "outcome": "changed", "decisions": counts}
        )
    return report


def _refuse_unreadable(parsed: ParsedCalendar) -> None:
    """A calendar of which not one entry could be read is not an empty one."""
    if not parsed.events and any(problem.code in _UNREADABLE for problem in parsed.problems):
        raise FeedFault("not_understood", NOT_UNDERSTOOD)


def implausible(crowded: Crowded) -> FeedFault:
    """The refusal of a calendar that shows more than a room's can."""
    message = (
        f"The calendar shows {crowded.entries} coming entries, with up to {crowded.deepest} stays on one night. No room's calendar does, not "
        "even several joined in one file, so nothing of it was taken. Check that this is the export address of this room."
    )
    params: dict[str, str | int] = {"entries": crowded.entries, "deepest": crowded.deepest}
    return FeedFault("implausible", message, "implausible", params=params)


def counts_of(result: Reconciliation) -> dict[str, int]:
    return dict(Counter(decision.kind for decision in result.decisions))


def lock_and_load(target: Target) -> Picture | None:
    db.session.execute(_LOCK_ROOM, {"name": f"feeds of room {target.room_id}"})
    of_room = select(Sibling.id).where(Sibling.room_id == Feed.room_id, Sibling.is_active)
    is_alarmed = (
        select(Alert.id)
        .where(
            Alert.hotel_id == Sibling.hotel_id,
            Alert.key == func.concat(ALARM_KEY, Sibling.id),
            Alert.resolved_at.is_(None),
        )
        .exists()
    )
    unread = of_room.where(
        Sibling.id != Feed.id,
        or_(
            Sibling.failing_since.is_not(None),
            Sibling.event_count.is_(None),
            and_(Sibling.content_hash.is_(None), is_alarmed),
        ),
    )
    empty = of_room.where(Sibling.id != Feed.id, Sibling.event_count == 0)
    fresh = of_room.where(Sibling.created_at > now() - SETTLING)
    row = db.session.execute(
        select(
            Feed,
            Hotel,
            Room,
            unread.exists().label("is_blind"),
            fresh.exists().label("is_settling"),
            empty.exists().label("is_doubtful"),
        )
        .join(Room, Room.id == Feed.room_id)
        .join(Hotel, Hotel.id == Feed.hotel_id)
        .where(Feed.id == target.feed_id)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if row is None:
        return None
    alarm = _open_alarm(row.Feed)
    seen = picture.load(row.Feed, row.Hotel, row.Room, target.today, alarm.raised_at if alarm else None)
    seen.is_held = alarm is not None and "held_by" in alarm.details
    seen.is_blind, seen.is_settling, seen.is_doubtful = row.is_blind, row.is_settling, row.is_doubtful
    return seen


def judge(
    seen: Picture, parsed: ParsedCalendar, target: Target, policy: Policy | None = None, is_loss_accepted: bool = False
) -> Reconciliation:
    return reconcile(
        seen.known,
        parsed,
        policy or seen.policy,
        now(),
        target.today,
        provider=provider_of(seen.feed),
        elsewhere=seen.elsewhere,
        lately=seen.lately,
        is_blind=seen.is_blind,
        is_doubtful=seen.is_doubtful,
        is_settling=seen.is_settling,
        is_alarmed=seen.alarmed_since is not None,
        is_loss_accepted=is_loss_accepted,
        is_held=seen.is_held,
    )


def _open_alarm(feed: Feed) -> Alert | None:
    """The open alarm of this feed. Only a feed that must be looked at again can have one."""
    if feed.content_hash is not None:
        return None
    key = alarm_key(feed.id)
    query = select(Alert).where(Alert.hotel_id == feed.hotel_id, Alert.key == key, Alert.resolved_at.is_(None))
    return db.session.scalars(query).one_or_none()


def _actor(seen: Picture) -> actor.Actor:
    return actor.Actor("channel", f"{SOURCE_LABELS[seen.feed.provider]}, {seen.room.number}")


def _keep(feed: Feed, content_hash: bytes, content: bytes, events_: int) -> bool:
    """Store a content that was not seen before. False when it was."""
    statement = (
        insert(FeedSnapshot)
        .values(
            hotel_id=feed.hotel_id, feed_id=feed.id, content_hash=content_hash, body=zlib.compress(content, 6),
            event_count=events_, first_seen_at=now(), last_seen_at=now(),
        )
        .on_conflict_do_update(
            index_elements=["feed_id", "content_hash"], set_={"last_seen_at": now()},
            where=FeedSnapshot.last_seen_at < now() - dt.timedelta(hours=12),
        )
        .returning(literal(1))
    )  # fmt: skip
    return db.session.scalar(statement) is not None


def _update_feed(feed: Feed, body: Body, content_hash: bytes, events_: int, is_pending: bool, is_new: bool) -> None:
    """A feed on which time alone may decide something keeps no version, so that the next fetch brings it whole."""
    values: dict[str, Any] = {
        "etag": None if is_pending else body.etag,
        "last_modified": None if is_pending else body.last_modified,
        "content_hash": None if is_pending else content_hash,
        "event_count": events_,
    }
    differing = {name: value for name, value in values.items() if getattr(feed, name) != value}
    if is_new:
        differing["last_changed_at"] = now()
    if differing:
        differing["last_success_at"] = now()
    for name, value in differing.items():
        setattr(feed, name, value)
    db.session.flush()


def _look_again_elsewhere(seen: Picture) -> None:
    """What changed here may make an echo of something, or end one, in the room's other feeds."""
    db.session.execute(
        update(Feed)
        .where(Feed.room_id == seen.room.id, Feed.id != seen.feed.id, Feed.content_hash.is_not(None))
        .values(content_hash=None, etag=None, last_modified=None)
    )


def _note_reads(items: list[tuple[Target, bytes, bool]]) -> None:
    for target, content_hash, is_pending in items:
        targets.note_read(target, b"" if is_pending else content_hash)

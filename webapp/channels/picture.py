"""What is known about a feed and its room before a snapshot is judged: rows turned into the values of the rules, and back."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import and_, case, func, or_, select, union_all
from sqlalchemy.orm import aliased

from webapp.channels import thresholds
from webapp.channels.domain import KnownItem, Policy, Provider, Span
from webapp.channels.domain.classification import closed_span
from webapp.core.clock import now
from webapp.core.database import db
from webapp.models import Feed, FeedItem, Hotel, Reservation, Room, RoomBlock
from webapp.models.reservation import HOLDING_STATUSES

_OPEN = ("present", "missing", "suspected")
_Kept = aliased(Reservation)  # what a stay was merged into


@dataclass(frozen=True)
class StayFact:
    """What the rules need of a reservation; nothing personal."""

    id: int
    status: str
    source: str
    reference: str | None
    room_id: int | None
    check_in: dt.date
    check_out: dt.date
    cancelled_at: dt.datetime | None
    is_told_by_feed: bool  # some feed shows it now

    @property
    def holds_nights(self) -> bool:
        return self.status in HOLDING_STATUSES


@dataclass
class Picture:
    """A feed, its room and everything that bears on it. `rows`: item key → row; `stays`: by id."""

    feed: Feed
    hotel: Hotel
    room: Room
    rows: dict[str, FeedItem]
    stays: dict[int, StayFact]
    known: list[KnownItem] = field(default_factory=list)
    elsewhere: list[Span] = field(default_factory=list)
    lately: list[Span] = field(default_factory=list)  # as `elsewhere`, ended within the grace of an echo
    is_blind: bool = False  # another calendar of the room cannot be read
    is_doubtful: bool = False  # another calendar of the room was empty when it was last read
    is_settling: bool = False  # one of the room's calendars was connected just now
    alarmed_since: dt.datetime | None = None  # too much of this calendar was missing at once
    is_held: bool = False  # and a person wants all of it kept

    @property
    def unread_since(self) -> dt.datetime | None:
        """Since when this calendar has not told what is new, up to this reading."""
        return min((at for at in (self.feed.failing_since, self.alarmed_since) if at is not None), default=None)

    @property
    def policy(self) -> Policy:
        return thresholds.policy_of(self.hotel)


def provider_of(feed: Feed) -> Provider:
    return feed.provider  # type: ignore[return-value]


def load(feed: Feed, hotel: Hotel, room: Room, today: dt.date, alarmed_since: dt.datetime | None = None) -> Picture:
    """Everything that the judgement of a snapshot needs, in a handful of reads."""
    items = db.session.scalars(
        select(FeedItem).where(
            FeedItem.feed_id == feed.id,
            or_(FeedItem.state.in_(_OPEN), and_(FeedItem.state == "cancelled", FeedItem.ends_on > today)),
        )
    ).all()
    linked = {item.reservation_id for item in items if item.reservation_id is not None}
    rows = {f"i{item.id}": item for item in items}
    picture = Picture(feed, hotel, room, rows, _stays(feed, linked, today), alarmed_since=alarmed_since)
    picture.known = [_known(item, key, picture.stays) for key, item in picture.rows.items()]
    others = [stay for stay in picture.stays.values() if stay.id not in linked]
    for stay in others:
        if stay.source == feed.provider and stay.status != "COMPLETED" and not stay.is_told_by_feed:
            picture.known.append(_expected(stay))
        elif stay.room_id in (feed.room_id, None) and stay.holds_nights:
            picture.elsewhere.append(Span(stay.check_in, stay.check_out, stay.source))
        elif stay.room_id == feed.room_id and stay.status == "CANCELLED":
            picture.lately.append(Span(stay.check_in, stay.check_out, stay.source))
    picture.elsewhere += _closed_spans(feed, today, picture.unread_since)
    return picture


def _stays(feed: Feed, linked: set[int], today: dt.date) -> dict[int, StayFact]:
    """Stays of this room, stays this feed told of, and stays of the same channel that bear a reference.

    A stay of this channel that was merged into another one is there as that one, under its own reference.
    """
    told = select(FeedItem.id).where(FeedItem.reservation_id == func.coalesce(_Kept.id, Reservation.id))
    truth = [
        case((_Kept.id.is_(None), getattr(Reservation, name)), else_=getattr(_Kept, name)).label(name)
        for name in ("id", "status", "room_id", "check_in", "check_out", "cancelled_at")
    ]
    columns = (
        *truth, Reservation.source, Reservation.channel_reference.label("reference"), _Kept.id.is_not(None).label("is_merged"),
        told.where(FeedItem.state.in_(_OPEN)).exists().label("is_told_by_feed"),
    )  # fmt: skip
    of_hotel = and_(Reservation.hotel_id == feed.hotel_id, Reservation.check_out >= today)
    told_for_room = told.join(Feed, Feed.id == FeedItem.feed_id).where(Feed.room_id == feed.room_id)
    in_room = and_(of_hotel, Reservation.room_id == feed.room_id, Reservation.status.in_(HOLDING_STATUSES))
    waits_for_room = and_(
        of_hotel, Reservation.room_id.is_(None), Reservation.is_unplaced, Reservation.status.in_(HOLDING_STATUSES),
        told_for_room.exists(),
    )  # fmt: skip
    was_in_room = and_(
        of_hotel, Reservation.room_id == feed.room_id, Reservation.source != feed.provider,
        Reservation.cancelled_at > now() - Policy.echo_grace,
    )  # fmt: skip
    of_channel = and_(
        of_hotel, Reservation.source == feed.provider, Reservation.channel_reference.is_not(None),
        Reservation.status.in_(("CONFIRMED", "CHECKED_IN", "CANCELLED")),
    )  # fmt: skip
    untold = ~select(FeedItem.id).where(FeedItem.reservation_id == Reservation.id).exists()
    reasons = [
        in_room, waits_for_room, was_in_room,
        and_(of_channel, Reservation.merged_into_id.is_(None), untold),
        and_(of_channel, Reservation.merged_into_id.is_not(None), ~told.exists()),
        *([Reservation.id.in_(linked)] if linked else []),
    ]  # fmt: skip
    stays = select(*columns).outerjoin(_Kept, _Kept.id == Reservation.merged_into_id)
    query = union_all(
        *(stays.where(reason) for reason in reasons)
    )  # each by its own index; one OR would read the whole hotel
    found: dict[int, StayFact] = {}
    for row in sorted(db.session.execute(query), key=lambda row: row.is_merged):
        if not (row.is_merged and row.id in linked):
            values = {name: value for name, value in row._mapping.items() if name != "is_merged"}
            found[row.id] = StayFact(**values)
    return found


def _closed_spans(feed: Feed, today: dt.date, unread_since: dt.datetime | None) -> list[Span]:
    """Closed nights of the room that this feed may echo. A night closed by a rule is imported by channels like any other."""
    rows = db.session.execute(
        select(RoomBlock.starts_on, RoomBlock.ends_on, FeedItem.details, FeedItem.first_seen_at)
        .outerjoin(FeedItem, FeedItem.block_id == RoomBlock.id)
        .where(RoomBlock.room_id == feed.room_id, RoomBlock.ends_on > today, FeedItem.feed_id.is_distinct_from(feed.id))
    ).all()
    rules = db.session.execute(
        select(FeedItem.starts_on, FeedItem.ends_on)
        .join(Feed, Feed.id == FeedItem.feed_id)
        .where(
            Feed.room_id == feed.room_id, Feed.id != feed.id, FeedItem.kind == "rule", FeedItem.state.in_(_OPEN),
            FeedItem.ends_on > today, FeedItem.ends_on == FeedItem.starts_on + 1,
        )
    ).all()  # fmt: skip
    spans = [
        Span(row.starts_on, row.ends_on, "block")
        if row.first_seen_at is None
        else closed_span(
            row.starts_on, row.ends_on, (row.details or {}).get("code", ""), row.first_seen_at, unread_since
        )
        for row in rows
    ]
    return [span for span in spans if span] + [Span(row.starts_on, row.ends_on, "rule") for row in rules]


def _expected(stay: StayFact) -> KnownItem:
    """A stay of this channel that its feed has not shown yet. A cancelled one is there so as not to be made anew."""
    state = "closed" if stay.status == "CANCELLED" else "expected"
    return KnownItem(
        key=f"r{stay.id}", kind="stay", start=stay.check_in, end=stay.check_out, state=state,  # type: ignore[arg-type]
        reference=stay.reference, cancelled_at=stay.cancelled_at, is_in_house=stay.status == "CHECKED_IN",
    )  # fmt: skip


def _known(item: FeedItem, key: str, stays: dict[int, StayFact]) -> KnownItem:
    details = item.details or {}
    stay = stays.get(item.reservation_id) if item.reservation_id is not None else None
    return KnownItem(
        key=key,
        kind="block" if item.kind == "unknown" else item.kind,  # type: ignore[arg-type]
        start=item.starts_on,
        end=item.ends_on,
        state=_state(item, stay),  # type: ignore[arg-type]
        uid=item.uid,
        has_stable_uid=bool(details.get("has_stable_uid")),
        code=details.get("code", ""),
        reference=item.reference,
        guest_name=details.get("name"),
        phone_last4=details.get("phone_last4"),
        misses=item.misses,
        first_missed_at=item.missing_since,
        last_missed_at=_instant(details.get("last_missed_at")),
        cancelled_at=item.changed_at if item.state == "cancelled" else None,
        is_in_house=stay is not None and stay.status == "CHECKED_IN",
    )


def _state(item: FeedItem, stay: StayFact | None) -> str:
    """The item's state in the light of what people have done with its stay."""
    if stay is None:
        return item.state
    if item.state in _OPEN and (not stay.holds_nights or stay.status == "COMPLETED"):
        return "closed"
    if item.state == "cancelled" and stay.holds_nights:
        return "expected"  # somebody took the cancellation back
    return item.state


def write(row: FeedItem, item: KnownItem, code: str = "") -> None:
    """Bring a row in line with an item; columns that say the same are not touched."""
    details = {
        "has_stable_uid": item.has_stable_uid,
        "code": item.code or code,
        "name": item.guest_name,
        "phone_last4": item.phone_last4,
        "last_missed_at": item.last_missed_at.isoformat() if item.last_missed_at else None,
    }
    state = "present" if item.state in ("expected", "closed") else item.state
    values: dict[str, Any] = {
        "kind": "unknown" if item.kind == "block" and item.code == "unknown_summary" else item.kind,
        "state": state, "uid": item.uid, "reference": item.reference, "starts_on": item.start, "ends_on": item.end,
        "misses": item.misses, "missing_since": item.first_missed_at,
        "details": {name: value for name, value in details.items() if value not in (None, "", False)},
    }  # fmt: skip
    differing = {name: value for name, value in values.items() if getattr(row, name) != value}
    for name, value in differing.items():
        setattr(row, name, value)
    if differing:
        row.changed_at = now()


def _instant(text: str | None) -> dt.datetime | None:
    return dt.datetime.fromisoformat(text) if text else None

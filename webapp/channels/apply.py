"""Turns decisions into stays, blocks, alerts and rows, through the services of the stays and the guard of the nights."""

from __future__ import annotations

import datetime as dt
from contextlib import nullcontext

import structlog
from sqlalchemy import bindparam, insert, select

from webapp.channels import blocks, contradictions, picture
from webapp.channels.domain import Decision, KnownItem, Reconciliation
from webapp.channels.picture import Picture
from webapp.core import audit
from webapp.core.clock import now
from webapp.core.database import db
from webapp.core.errors import Conflict
from webapp.core.stay_dates import StayDates
from webapp.models import ChannelDecision, FeedItem, Reservation, StayMerge
from webapp.operations import services as operations
from webapp.stays import follow_up
from webapp.stays import services as stays

log = structlog.get_logger(__name__)
ALARM_KEY = "feed-alarm:"
FOLLOWED_ONE_BY_ONE = 10  # what follows more decisions than these is asked for together
RANKED_ABOVE = ("export", "email")  # sources whose word on a field outweighs a feed's
_SHOWN_BY_OTHERS = (
    select(FeedItem.id)
    .where(
        FeedItem.reservation_id == bindparam("stay"), FeedItem.id.is_distinct_from(bindparam("item")), FeedItem.kind == "stay",
        FeedItem.state.in_(("present", "missing", "suspected")),
    )
    .limit(1)
)  # fmt: skip
_MERGED_INTO = (
    select(StayMerge.id).where(StayMerge.kept_id == bindparam("stay"), StayMerge.undone_at.is_(None)).limit(1)
)


def apply(seen: Picture, result: Reconciliation) -> None:
    """Carry out a reconciliation. Every decision is logged, also one that changes nothing in the house."""
    with follow_up.together() if len(result.decisions) > FOLLOWED_ONE_BY_ONE else nullcontext():
        _carry_out(seen, result)


def _carry_out(seen: Picture, result: Reconciliation) -> None:
    worker = _Worker(seen)
    before = {item.key: item for item in seen.known}
    by_key: dict[str, list[Decision]] = {}
    for decision in result.decisions:
        by_key.setdefault(decision.key or "", []).append(decision)
    for item in _in_order(result.items, by_key):
        if item != before.get(item.key) or item.key in by_key:
            worker.carry_out(item, before.get(item.key), by_key.get(item.key, []))
    contradictions.flag(seen, result)
    worker.place_waiting()
    worker.alarm(result)
    worker.log_decisions(result.decisions)


def _in_order(items: tuple[KnownItem, ...], by_key: dict[str, list[Decision]]) -> list[KnownItem]:
    """What frees nights comes before what takes them, so that an exchange within one snapshot finds its room free."""

    def rank(item: KnownItem) -> int:
        kinds = {decision.kind for decision in by_key.get(item.key, [])}
        if item.state in ("ended", "cancelled") or item.kind == "echo":
            return 0
        if "changed" in kinds:
            return 1
        return 2 if item.kind == "stay" else 3

    return sorted(items, key=rank)


class _Worker:
    def __init__(self, seen: Picture) -> None:
        self.seen = seen
        self.feed = seen.feed
        self.reservations: dict[str, int | None] = {}  # item key → stay
        self.has_freed_room = False

    def carry_out(self, item: KnownItem, before: KnownItem | None, decisions: list[Decision]) -> None:
        row = self._row(item)
        self._kind_changed(row, item, before)
        self.reservations[item.key] = row.reservation_id
        if before is not None and before.kind == "stay" and item.kind == "echo":
            self._withdraw(row, decisions)
        for decision in decisions:
            if item.kind == "stay":
                self._stay(row, item, decision)
            elif item.kind == "block":
                self._block(row, item, decision)
        if item.state == "ended" and before is not None:
            self._ended(row, item)
        picture.write(row, item)
        db.session.add(row)
        db.session.flush()
        self.reservations[item.key] = row.reservation_id or self.reservations[item.key]

    def _row(self, item: KnownItem) -> FeedItem:
        row = self.seen.rows.get(item.key)
        if row is None:
            reservation_id = int(item.key[1:]) if item.key.startswith("r") else None
            row = FeedItem(
                hotel_id=self.feed.hotel_id, feed_id=self.feed.id, kind=item.kind, uid=item.uid, reference=item.reference,
                starts_on=item.start, ends_on=item.end, reservation_id=reservation_id, state="present", misses=0,
            )  # fmt: skip
        return row

    def _kind_changed(self, row: FeedItem, item: KnownItem, before: KnownItem | None) -> None:
        """A block that turned out to be something else gives its nights back first."""
        if before is not None and before.kind == "block" and item.kind != "block":
            self.has_freed_room = self.has_freed_room or row.block_id is not None
            self._release(row)

    def _withdraw(self, row: FeedItem, decisions: list[Decision]) -> None:
        """What was taken for a stay has proved to be the echo of another calendar."""
        stay = db.session.get(Reservation, row.reservation_id) if row.reservation_id is not None else None
        row.reservation_id = None
        if stay is not None and stay.status == "CONFIRMED" and not self._is_told_elsewhere(row, stay):
            stays.cancel(stay, decisions[0].reason)
            self.has_freed_room = True

    def _is_told_elsewhere(self, row: FeedItem, stay: Reservation) -> bool:
        """A stay that was merged from several sources does not end while another one of them stands."""
        if stay.source != self.feed.provider and db.session.scalar(_MERGED_INTO, {"stay": stay.id}) is not None:
            return True
        return db.session.scalar(_SHOWN_BY_OTHERS, {"stay": stay.id, "item": row.id}) is not None

    def place_waiting(self) -> None:
        """Stays that waited for this room because of an echo move in."""
        if not self.has_freed_room:
            return
        waiting = [stay.id for stay in self.seen.stays.values() if stay.room_id is None and stay.is_told_by_feed]
        for reservation_id in sorted(waiting):
            stay = db.session.get_one(Reservation, reservation_id)
            try:
                with db.session.begin_nested():
                    stays.assign_room(stay, self.seen.room)
            except Conflict:
                db.session.refresh(stay)

    def _release(self, row: FeedItem) -> None:
        if row.block_id is not None:
            block_id, row.block_id = row.block_id, None
            db.session.flush()
            blocks.release_block(self.seen.room, block_id)

    def _ended(self, row: FeedItem, item: KnownItem) -> None:
        """Over, or no longer told: a block that lies ahead is opened; a stay is only forgotten by the feed."""
        if item.kind != "stay" and item.end > self._today():
            self._release(row)
        operations.resolve_alert(self.feed.hotel_id, _suspicion(row))

    def _today(self) -> dt.date:
        return self.seen.hotel.business_date()

    # Stays

    def _stay(self, row: FeedItem, item: KnownItem, decision: Decision) -> None:
        if decision.kind == "created":
            self._create(row, item)
            return
        if decision.kind == "missing":
            return
        if decision.kind == "suspected":
            operations.raise_alert(
                self.feed.hotel_id, "stay_suspected", _suspicion(row), self._alert_details(item),
                reservation_id=row.reservation_id,
            )  # fmt: skip
            return
        stay = db.session.get(Reservation, row.reservation_id) if row.reservation_id is not None else None
        if stay is None:
            return
        if decision.kind == "changed":
            self._change(stay, item, decision)
        elif decision.kind == "cancelled":
            self._cancel(row, stay, decision)
        elif decision.kind == "restored" and stay.status == "CANCELLED" and not contradictions.is_ended_by_house(stay):
            stays.reinstate(stay, is_fact=True)
        if decision.kind in ("restored", "cancelled"):
            operations.resolve_alert(self.feed.hotel_id, _suspicion(row))

    def _create(self, row: FeedItem, item: KnownItem) -> None:
        new = stays.NewStay(
            room_type_id=self.seen.room.room_type_id,
            dates=StayDates(item.start, item.end),
            source=self.feed.provider,
            room_id=self.seen.room.id,
            guest_name=item.guest_name,
            guest_language=self.seen.hotel.language,
            channel_reference=item.reference,
            extras={"field_sources": _said_by_feed(item)},
        )
        row.reservation_id = stays.create_stay(self.seen.hotel, new, is_fact=True).id

    def _change(self, stay: Reservation, item: KnownItem, decision: Decision) -> None:
        if decision.was is not None:
            self._move(stay, item)
        values = {"guest_name": item.guest_name, "channel_reference": item.reference}
        fresh = {
            name: value
            for name, value in values.items()
            if value
            and (not getattr(stay, name) or stay.field_sources.get(name) == "feed")
            and getattr(stay, name) != value
        }
        if fresh:
            stays.update_guest(stay, fresh, said_by="feed")

    def _move(self, stay: Reservation, item: KnownItem) -> None:
        """New dates, unless a better source has spoken. A guest in house keeps the true arrival."""
        if stay.field_sources.get("dates") in RANKED_ABOVE or stay.status not in (
            "PENDING_PAYMENT",
            "CONFIRMED",
            "CHECKED_IN",
        ):
            return
        start = stay.check_in if stay.status == "CHECKED_IN" else item.start
        if start >= item.end:
            return
        try:
            with db.session.begin_nested():
                stays.change_dates(stay, StayDates(start, item.end), is_fact=True)
        except Conflict:
            db.session.refresh(stay)
            operations.raise_alert(
                stay.hotel_id, "stay_extension_conflict", f"extension:{stay.id}", self._alert_details(item),
                severity="critical", reservation_id=stay.id,
            )  # fmt: skip

    def _cancel(self, row: FeedItem, stay: Reservation, decision: Decision) -> None:
        if stay.status in ("PENDING_PAYMENT", "CONFIRMED") and not self._is_told_elsewhere(row, stay):
            stays.cancel(stay, decision.reason)
            stay.field_sources = {**stay.field_sources, "status": "feed"}  # also where a person has accepted it

    # Blocks

    def _block(self, row: FeedItem, item: KnownItem, decision: Decision) -> None:
        if decision.kind in ("block", "changed", "restored"):
            if decision.kind != "restored" or row.block_id is None:
                self._release(row)
                row.block_id = blocks.block_room(self.seen.room, item.start, item.end, decision.reason).id
        elif decision.kind == "cancelled":
            self._release(row)

    # The board and the log

    def alarm(self, result: Reconciliation) -> None:
        key = alarm_key(self.feed.id)
        if result.alarm is not None:
            details = {
                "room": self.seen.room.number,
                "provider": self.feed.provider,
                "message": result.alarm,
                "code": result.alarm_code,
                "params": dict(result.alarm_params),
                "feed_id": self.feed.id,
            }
            operations.raise_alert(self.feed.hotel_id, "feed_vanished", key, details, severity="critical")
        elif self.feed.content_hash is None:
            operations.resolve_alert(self.feed.hotel_id, key)
            if self.seen.is_held:
                audit.record(
                    self.feed.hotel_id, "feed_hold_ended", self.feed, reason="The calendar shows all of it again."
                )

    def _alert_details(self, item: KnownItem) -> dict[str, str]:
        return {
            "room": self.seen.room.number, "provider": self.feed.provider,
            "check_in": item.start.isoformat(), "check_out": item.end.isoformat(),
        }  # fmt: skip

    def log_decisions(self, decisions: tuple[Decision, ...]) -> None:
        if not decisions:
            return
        at = now()
        rows = [
            {
                "hotel_id": self.feed.hotel_id, "feed_id": self.feed.id, "at": at, "decision": d.kind,
                "reservation_id": self.reservations.get(d.key or ""), "uid": d.uid, "reference": d.reference,
                "starts_on": d.check_in, "ends_on": d.check_out, "reason": d.reason, "code": d.code,
                "params": dict(d.params),
            }
            for d in decisions
        ]  # fmt: skip
        db.session.execute(insert(ChannelDecision), rows)


def alarm_key(feed_id: int) -> str:
    return f"{ALARM_KEY}{feed_id}"


def _suspicion(row: FeedItem) -> str:
    return f"suspected:{row.id}"


def _said_by_feed(item: KnownItem) -> dict[str, str]:
    known = {"guest_name": item.guest_name, "channel_reference": item.reference}
    return {"dates": "feed", **{name: "feed" for name, value in known.items() if value}}

"""Plays a history of snapshots through the real rules, services and database, under the clock of each snapshot, and keeps nothing."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import select

from webapp.channels import health, judgement, targets
from webapp.channels.ports import Body, FeedFault
from webapp.core import clock, ids, wiring
from webapp.core.calendars import CalendarFormat
from webapp.core.database import db
from webapp.core.transaction import transaction
from webapp.models import ChannelDecision, Feed, Hotel, Room, RoomType

_NAME = re.compile(r"^([0-9]{8}T[0-9]{6})Z\.ics$")
DECISIONS = (
    "created", "changed", "missing", "suspected", "cancelled", "restored", "block", "rule", "echo", "alarm",
)  # fmt: skip


@dataclass(frozen=True, order=True)
class Snapshot:
    at: dt.datetime
    feed: str
    path: Path


class _KeepNothing(Exception):
    """Ends the transaction of a replay: the scratch hotel was never there."""


@dataclass
class Found:
    """The snapshots of a history in the order of their instants, what lies beside them and was left out, and folders with more."""

    snapshots: list[Snapshot] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    folders: list[str] = field(default_factory=list)


def find_snapshots(directory: Path, per_feed: bool) -> Found:
    """The snapshots of a directory; with `per_feed` those of its folders, each a feed, if there are any. Raises OSError."""
    found = Found()
    inside = sorted(path for path in directory.iterdir() if path.is_dir())
    for folder in inside if per_feed else []:
        _look_into(folder, found)
    if not found.snapshots:
        _look_into(directory, found)
        found.folders = [path.name for path in inside if any(_instant(one.name) for one in path.iterdir())]
    found.snapshots.sort()
    return found


def _look_into(folder: Path, found: Found) -> None:
    for path in sorted(folder.iterdir()):
        at = _instant(path.name)
        if path.is_dir() or (at is None and path.suffix.lower() not in (".ics", ".ical", ".ifb", ".icalendar")):
            continue
        if at is None:
            found.left_out.append(f"{folder.name}/{path.name}")
        else:
            found.snapshots.append(Snapshot(at, folder.resolve().name, path))


def _instant(name: str) -> dt.datetime | None:
    """The instant that a file is named by, if it is one."""
    match = _NAME.match(name)
    try:
        return dt.datetime.strptime(match[1], "%Y%m%dT%H%M%S").replace(tzinfo=dt.UTC) if match else None
    except ValueError:
        return None


def play(found: Found, provider: str, timezone: str, write: Callable[[str], object]) -> None:
    """Judge each snapshot under its own clock; `write` gets one JSON line for each decision and one of totals.

    The last line also lists the snapshots from which nothing could be concluded, and the files that were left out.
    """
    try:
        with transaction():
            _Replay(found, provider, timezone, write).run()
            raise _KeepNothing
    except _KeepNothing:
        pass


class _Replay:
    def __init__(self, found: Found, provider: str, timezone: str, write: Callable[[str], object]) -> None:
        self.snapshots = found.snapshots
        self.left_out = found.left_out
        self.provider = provider
        self.timezone = ZoneInfo(timezone)
        self.write = write
        self.form = wiring.resolve(CalendarFormat)  # type: ignore[type-abstract]
        self.totals: Counter[str] = Counter()
        self.faults: list[dict[str, str]] = []
        self.settled: dict[int, tuple[bytes, dt.date]] = {}  # feed → content that can decide nothing more that day
        self.names: dict[int, str] = {}
        self.last_decision = 0

    def run(self) -> None:
        feeds = self._scratch_hotel()
        for snapshot in self.snapshots:
            with clock.frozen(snapshot.at):
                self._judge(snapshot, feeds[snapshot.feed])
        line = {
            "snapshots": len(self.snapshots),
            "feeds": len(feeds),
            "faults": len(self.faults),
            "stays": len(self.names),
            **{name: self.totals[name] for name in DECISIONS},
        }
        beside = {"not_read": self.faults, "left_out": self.left_out}
        told = {name: value for name, value in beside.items() if value}
        self.write(json.dumps({"totals": line, **told}, ensure_ascii=False))

    def _scratch_hotel(self) -> dict[str, int]:
        with clock.frozen(self.snapshots[0].at):
            hotel = Hotel(
                slug=f"replay-{ids.token()[:12].lower()}", name="Replay", timezone=str(self.timezone), currency="EUR"
            )
            db.session.add(hotel)
            db.session.flush()
            room_type = RoomType(hotel_id=hotel.id, code="ROOM", name="Room")
            db.session.add(room_type)
            db.session.flush()
            feeds = {}
            for name in sorted({snapshot.feed for snapshot in self.snapshots}):
                room = Room(hotel_id=hotel.id, room_type_id=room_type.id, number=name[:80], export_token=ids.token())
                db.session.add(room)
                db.session.flush()
                feed = Feed(hotel_id=hotel.id, room_id=room.id, provider=self.provider, url=f"https://{name}.invalid/")
                db.session.add(feed)
                db.session.flush()
                feeds[name] = feed.id
            return feeds

    def _judge(self, snapshot: Snapshot, feed_id: int) -> None:
        try:
            with db.session.begin_nested():
                self._take(snapshot, feed_id)
        except FeedFault as fault:
            self._note(snapshot, feed_id, fault)
        except OSError as error:
            self._note(snapshot, feed_id, FeedFault("unreachable", f"The file cannot be read: {error.strerror}."))
        except Exception as error:  # as in the house: what cannot be worked with is a fault of the feed
            reason = f"It could not be worked with: {type(error).__name__}."
            self._note(snapshot, feed_id, FeedFault("not_understood", reason))

    def _take(self, snapshot: Snapshot, feed_id: int) -> None:
        """The same content is looked at once a day, as by the worker, unless time alone may decide something."""
        content, today = snapshot.path.read_bytes(), clock.local_date(str(self.timezone))
        if self.settled.get(feed_id) == (content, today):
            return
        self.settled.pop(feed_id, None)
        target = targets.target_of(feed_id)
        if target is None:
            return
        parsed = self.form.parse(content, self.timezone, today)
        judgement.take_snapshot(target, Body(content, None, None, ""), parsed)
        self._report(snapshot, feed_id)
        if db.session.get_one(Feed, feed_id).content_hash is not None:
            self.settled[feed_id] = (content, today)

    def _note(self, snapshot: Snapshot, feed_id: int, fault: FeedFault) -> None:
        self.settled.pop(feed_id, None)
        if target := targets.target_of(feed_id):
            health.note_fault(target, fault)
        self.faults.append({"feed": snapshot.feed, "snapshot": snapshot.path.name, "reason": fault.message})

    def _report(self, snapshot: Snapshot, feed_id: int) -> None:
        rows = db.session.scalars(
            select(ChannelDecision)
            .where(ChannelDecision.feed_id == feed_id, ChannelDecision.id > self.last_decision)
            .order_by(ChannelDecision.id)
        ).all()
        for row in rows:
            self.last_decision = row.id
            self.totals[row.decision] += 1
            self.write(json.dumps(self._line(snapshot, row), ensure_ascii=False))

    def _line(self, snapshot: Snapshot, row: ChannelDecision) -> dict[str, str | None]:
        stay = None
        if row.reservation_id is not None:
            stay = self.names.setdefault(row.reservation_id, f"stay-{len(self.names) + 1}")
        return {
            "at": snapshot.at.isoformat().replace("+00:00", "Z"),
            "feed": snapshot.feed,
            "decision": row.decision,
            "stay": stay,
            "uid": row.uid or None,
            "reference": row.reference,
            "check_in": row.starts_on.isoformat() if row.starts_on else None,
            "check_out": row.ends_on.isoformat() if row.ends_on else None,
            "reason": row.reason,
        }

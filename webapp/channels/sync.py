"""One fetch of one feed, from the address to the board.

The fetch itself holds no transaction: a slow provider must not keep a database connection. What follows from it is one.
"""

from __future__ import annotations

import datetime as dt
import time
from zoneinfo import ZoneInfo

import structlog

from webapp.channels import health, history, judgement, services, targets
from webapp.channels.judgement import NOT_UNDERSTOOD, SyncReport
from webapp.channels.ports import Body, FeedFault, FeedReader, NotModified
from webapp.channels.targets import Target
from webapp.core import events, wiring
from webapp.core.calendars import CalendarFormat
from webapp.core.transaction import transaction

log = structlog.get_logger(__name__)


def sync_feed(feed_id: int, *, is_manual: bool = False) -> SyncReport:
    """Fetch a feed and carry out what follows. Safe to run at any time and any number of times.

    An unchanged feed costs one read and writes no row. `is_manual`: somebody watches, so each step is told. What we cannot work
    with counts as a fault of the feed, so that the board hears of it, and is raised.
    """
    with transaction():
        target = targets.target_of(feed_id)
    if target is None or not (target.is_active or is_manual):
        return SyncReport("skipped")
    _tell(target, "fetching", is_manual)
    begun = time.perf_counter()
    try:
        report = _fetch_and_judge(target, is_manual, begun)
    except FeedFault as fault:
        log.info("feed_failed", feed_id=feed_id, kind=fault.kind, status=fault.status)
        with transaction():
            is_known = health.note_fault(target, fault)
            if is_known:
                history.note_fault(target, _since(begun), fault)
        report = SyncReport("failed" if is_known else "skipped", fault.message)
    except Exception:
        unknown = FeedFault("not_understood", NOT_UNDERSTOOD)
        with transaction():
            if health.note_fault(target, unknown):
                history.note_fault(target, _since(begun), unknown)
        _tell(target, "done", is_manual, SyncReport("failed", NOT_UNDERSTOOD))
        raise
    _tell(target, "done", is_manual, report)
    return report


def _since(begun: float) -> int:
    """Milliseconds."""
    return round((time.perf_counter() - begun) * 1000)


def _fetch_and_judge(target: Target, is_manual: bool, begun: float) -> SyncReport:
    is_settled = targets.is_settled(target)
    versions = (target.etag, target.last_modified) if is_settled else (None, None)
    answer = wiring.resolve(FeedReader).fetch(target.url, *versions)  # type: ignore[type-abstract]
    if isinstance(answer, NotModified):
        return _unchanged(target, begun)
    form = wiring.resolve(CalendarFormat)  # type: ignore[type-abstract]
    if is_settled and form.content_hash(answer.content, target.today) == (target.content_hash or b"").hex():
        return _unchanged(target, begun)
    _tell(target, "reading", is_manual)
    parsed = form.parse(answer.content, ZoneInfo(target.timezone), target.today)
    with transaction():
        report = judgement.take_snapshot(target, _body(answer), parsed)
        if report.outcome == "changed":
            history.note_news(target, _since(begun), report.events, report.decisions or {})
    if report.outcome == "unchanged":
        history.note_unchanged(target, _since(begun), report.events)
    return report


def probe_feed(feed_id: int) -> dict[str, object]:
    """Read a feed without believing it, and tell whoever watches what it says: dates and kinds, nobody's name."""
    with transaction():
        target = targets.target_of(feed_id)
    if target is None:
        return {}
    try:
        answer = wiring.resolve(FeedReader).fetch(target.url)  # type: ignore[type-abstract]
        content = answer.content if isinstance(answer, Body) else b""
        form = wiring.resolve(CalendarFormat)  # type: ignore[type-abstract]
        parsed = form.parse(content, ZoneInfo(target.timezone), target.today)
        found = services.describe(target, parsed)
    except FeedFault as fault:
        found = {"outcome": "failed", "message": fault.message, "fault": {"code": fault.code, **fault.params}}
    found = {"feed_id": feed_id, **found}
    with transaction():
        events.publish(target.hotel_id, "feed-probed", found)
    return found


def _unchanged(target: Target, begun: float) -> SyncReport:
    targets.note_read(target, target.content_hash or b"")
    history.note_unchanged(target, _since(begun), None)
    return SyncReport("unchanged")


def _body(answer: Body) -> Body:
    """The answer with versions short enough to be kept."""
    etag = answer.etag if answer.etag and len(answer.etag) <= 500 else None
    modified = answer.last_modified if answer.last_modified and len(answer.last_modified) <= 100 else None
    return Body(answer.content, etag, modified, answer.final_url)


def _tell(target: Target, step: str, is_manual: bool, report: SyncReport | None = None) -> None:
    if not is_manual:
        return
    data: dict[str, object] = {"feed_id": target.feed_id, "step": step}
    if report is not None:
        data |= {"outcome": report.outcome, "message": report.message, "decisions": report.decisions or {}}
    with transaction():
        events.publish(target.hotel_id, "feed-progress", data)


def slot_of(instant: dt.datetime) -> str:
    """The quarter of an hour that an instant lies in: `20260414T2230`."""
    return f"{instant:%Y%m%dT%H}{instant.minute // 15 * 15:02}"

"""An open stream: what was missed, then what happens, with a sign of life every fifteen seconds."""

from __future__ import annotations

import datetime as dt
import json
import queue
from collections.abc import Iterator
from time import monotonic
from typing import cast

from flask import Flask, Response, current_app
from flask_babel import gettext as _
from sqlalchemy import ColumnElement, and_, select, text

from webapp.core.database import db
from webapp.core.errors import Unavailable
from webapp.core.events import LiveEvent

from .hub import Event, Hub

HEARTBEAT_SECONDS = 15
MOST_REPLAYED = 500
LONGEST_TRANSACTION = dt.timedelta(minutes=10)
LIFETIME_SECONDS = 900  # as an access token; then the browser reconnects, with its session checked anew
HEADERS = {"Cache-Control": "no-cache, no-transform", "X-Accel-Buffering": "no", "Connection": "keep-alive"}


def hub_of(app: Flask) -> Hub:
    if "live_hub" not in app.extensions:
        app.extensions["live_hub"] = Hub(app)
    return cast(Hub, app.extensions["live_hub"])


def event_stream(hotel_id: int, last_event_id: str | None) -> Response:
    """The response that streams this hotel's events, resumed after `last_event_id` when it is a number.

    Raises Unavailable when this process holds LIVE_STREAM_LIMIT streams: a page then tries again, and pages keep being served.
    """
    app = current_app._get_current_object()  # type: ignore[attr-defined]
    hub = hub_of(app)
    if hub.is_full(app.extensions["settings"].live_stream_limit):
        raise Unavailable(_("Too many boards are open here at once. This one tries again by itself."))
    reader = hub.subscribe(hotel_id)
    try:
        missed = _missed(hotel_id, last_event_id)
    except BaseException:
        hub.unsubscribe(hotel_id, reader)
        raise
    db.session.remove()  # a stream holds no database connection
    response = Response(_lines(reader, missed), mimetype="text/event-stream", headers=HEADERS)
    response.call_on_close(lambda: hub.unsubscribe(hotel_id, reader))
    return response


def _missed(hotel_id: int, last_event_id: str | None) -> list[Event | None]:
    """Events after the given one; None in the list when there are too many, or it is unknown: start over."""
    if not last_event_id:
        return []
    if not last_event_id.isdecimal() or len(last_event_id) > 18:
        return [None]
    after = select(LiveEvent).where(LiveEvent.hotel_id == hotel_id)
    if int(last_event_id) > 0:
        known = db.session.get(LiveEvent, int(last_event_id))
        if known is None or known.hotel_id != hotel_id:
            return [None]
        after = after.where((LiveEvent.id > known.id) | _committed_later(known))
    rows = db.session.scalars(after.order_by(LiveEvent.id).limit(MOST_REPLAYED + 1)).all()
    if len(rows) > MOST_REPLAYED:
        return [None]
    return [Event(row.id, row.event, row.data) for row in rows]


def _committed_later(known: LiveEvent) -> ColumnElement[bool]:
    """Of a lower id than `known`, and perhaps told after it: its transaction was still open when `known` was written."""
    was_open = text("NOT pg_visible_in_snapshot(live_event.xact::text::xid8, CAST(:snapshot AS pg_snapshot))")
    is_another = LiveEvent.xact != known.xact
    is_near = LiveEvent.at > known.at - LONGEST_TRANSACTION
    return and_(LiveEvent.id < known.id, is_near, is_another, was_open.bindparams(snapshot=known.snapshot))


def _lines(reader: queue.Queue[Event | None], missed: list[Event | None]) -> Iterator[str]:
    yield "retry: 2000\n: connected\n\n"
    for event in missed:
        yield frame(event)
    ends = monotonic() + LIFETIME_SECONDS
    while monotonic() < ends:
        try:
            yield frame(reader.get(timeout=HEARTBEAT_SECONDS))
            while not reader.empty():
                yield frame(reader.get_nowait())
        except queue.Empty:
            yield ": alive\n\n"


def frame(event: Event | None) -> str:
    """The event as the wire has it. None: a `resync`, after which the page reads everything again."""
    if event is None:
        return "event: resync\ndata: {}\n\n"
    return f"id: {event.id}\nevent: {event.event}\ndata: {json.dumps(event.data)}\n\n"

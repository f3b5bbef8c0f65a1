"""The two addresses of a hotel's stream: with the session of a staff page, and with a bearer token."""

from __future__ import annotations

from flask import Blueprint, Response, request

from webapp.extensions import limiter
from webapp.web.auth import current_hotel, staff_api, staff_page

from .stream import event_stream

blueprint = Blueprint("live", __name__)


@blueprint.get("/staff/<slug>/events")
@limiter.exempt
@staff_page("board.view")
def staff_events() -> Response:
    return event_stream(current_hotel().id, _last_event_id())


@blueprint.get("/api/staff/hotel/<slug>/events/")
@limiter.exempt
@staff_api("board.view")
def api_events() -> Response:
    return event_stream(current_hotel().id, _last_event_id())


def _last_event_id() -> str | None:
    return request.headers.get("Last-Event-ID") or request.args.get("last_event_id")

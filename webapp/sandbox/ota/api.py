"""GET /ota/<provider>/<feed key>.ics, in whatever mood the feed was put."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from email.utils import format_datetime

from flask import Blueprint, Response, abort, jsonify, request

from webapp.sandbox.context import Sandbox, current_sandbox
from webapp.sandbox.ota import feeds, styles
from webapp.sandbox.storage import Document

blueprint = Blueprint("ota", __name__, url_prefix="/ota")
_CALENDAR = "text/calendar; charset=utf-8"
_AIRBNB_ERROR = (
    '{"code":500,"message":"There was an error processing your request. It has been logged (ID af190f3c3f821d60)."}'
)
_HTML = (
    "<!DOCTYPE html><html><head><title>Just a moment...</title></head>"
    "<body><h1>Checking your browser</h1><p>Please enable JavaScript and cookies to continue.</p></body></html>"
)
_HUGE = 50 * 1024 * 1024
_CHUNK = 64 * 1024


@blueprint.get("/<provider>/<key>.ics")
def serve_feed(provider: str, key: str) -> Response:
    sandbox = current_sandbox()
    with sandbox.storage.lock:
        feed = feeds.find(sandbox, provider, key)
        if feed is None:
            abort(404, "no such feed")
        _count_behaviour(sandbox, feed)
    if feed["raw"] is not None:
        return _raw(feed["raw"])
    return _in_mode(sandbox, feed)


def _count_behaviour(sandbox: Sandbox, feed: Document) -> None:
    """Let a behaviour that was wanted for so many requests end after the last of them."""
    behaviour = feed["behaviour"]
    if "for" in behaviour:
        left = behaviour["for"] - 1
        after = {**behaviour, "for": left} if left > 0 else {"mode": "normal"}
        sandbox.storage.put("ota.feed", f"{feed['provider']}/{feed['key']}", {**feed, "behaviour": after})


def _in_mode(sandbox: Sandbox, feed: Document) -> Response:
    behaviour = feed["behaviour"]
    mode = behaviour["mode"]
    if mode == "500":
        return Response("<html><body><h1>500 Internal Server Error</h1></body></html>", 500, mimetype="text/html")
    if mode == "json500":
        return Response(_AIRBNB_ERROR, int(behaviour.get("status", 500)), mimetype="application/json")
    if mode == "html":
        return Response(_HTML, int(behaviour.get("status", 200)), mimetype="text/html")
    if mode == "redirect":
        return Response("", int(behaviour.get("status", 302)), headers={"Location": behaviour["location"]})
    if mode == "huge":
        return Response(_huge(int(behaviour.get("bytes", _HUGE))), content_type=_CALENDAR)
    if mode == "slow" and not behaviour.get("drip"):
        sandbox.wait(float(behaviour.get("seconds", 30)))
    body = _calendar(sandbox, feed, mode)
    if mode == "truncated":
        body = body[: len(body) * 2 // 3]
    if mode == "slow" and behaviour.get("drip"):
        return Response(_drip(sandbox, body, float(behaviour.get("seconds", 30))), content_type=_CALENDAR)
    return _conditional(feed, body)


def _calendar(sandbox: Sandbox, feed: Document, mode: str) -> bytes:
    events = [] if mode == "empty" else feeds.visible_events(feed, feeds.today_of(sandbox, feed))
    if mode == "partial":
        events = feeds.without_omitted(events, feed)
    return styles.render(feed, events, sandbox.clock.now())


def _conditional(feed: Document, body: bytes) -> Response:
    """Add ETag and Last-Modified and answer 304, for feeds whose provider helps with that."""
    answer = Response(body, content_type=_CALENDAR)
    if feed["conditional"]:
        stable = b"".join(line for line in body.splitlines(True) if not line.startswith(b"DTSTAMP:"))
        answer.set_etag(hashlib.sha256(stable).hexdigest()[:32])
        answer.headers["Last-Modified"] = format_datetime(feeds.changed_at(feed), usegmt=True)
        answer.make_conditional(request.environ)
    return answer


def _raw(raw: Document) -> Response:
    return Response(base64.b64decode(raw["body"]), raw["status"], content_type=raw["content_type"])


def _huge(size: int) -> Iterator[bytes]:
    """A calendar that does not end before `size` bytes."""
    yield b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Huge//EN\r\n"
    line = b"X-FILLER:" + b"x" * 60 + b"\r\n"
    chunk = line * (_CHUNK // len(line))
    for _ in range(size // len(chunk) + 1):
        yield chunk
    yield b"END:VCALENDAR\r\n"


def _drip(sandbox: Sandbox, body: bytes, seconds: float) -> Iterator[bytes]:
    """The body in twenty pieces over the whole time: no single read is slow, the transfer is."""
    size = max(1, len(body) // 20)
    for start in range(0, len(body), size):
        sandbox.wait(seconds / 20)
        yield body[start : start + size]


@blueprint.errorhandler(404)
def show_missing(error: Exception) -> tuple[Response, int]:
    return jsonify({"error": str(error)}), 404

"""Control of the feeds: what is in them and how they behave."""

from __future__ import annotations

import base64
from datetime import date
from typing import Any

from flask import Blueprint, abort, jsonify, request
from flask.typing import ResponseReturnValue

from webapp.sandbox.context import Sandbox, current_sandbox
from webapp.sandbox.guards import json_body
from webapp.sandbox.ota import feeds
from webapp.sandbox.storage import Document

blueprint = Blueprint("ota_control", __name__, url_prefix="/control/ota")
_FEED = {"timezone", "language", "horizon_days", "today", "conditional", "organizer", "events"}
_BEHAVIOUR = {"mode", "for", "fraction", "omit", "seconds", "drip", "location", "status", "bytes"}
_SWITCHES = {"today", "conditional", "horizon_days", "language", "organizer"}


@blueprint.get("")
def list_feeds() -> ResponseReturnValue:
    return jsonify({"feeds": [_picture(feed) for feed in feeds.every(current_sandbox())]})


@blueprint.put("/<provider>/<key>")
def put_feed(provider: str, key: str) -> ResponseReturnValue:
    """Create or replace a feed. Its behaviour becomes normal again unless `?keep_mode=1`."""
    sandbox, given = current_sandbox(), json_body(_FEED)
    try:
        feed = feeds.new_feed(provider, key, given)
    except (ValueError, KeyError, TypeError) as error:
        abort(400, f"{type(error).__name__}: {error}")
    old = feeds.find(sandbox, provider, key)
    if old is not None and request.args.get("keep_mode"):
        feed["behaviour"] = old["behaviour"]
    return jsonify(_picture(feeds.save(sandbox, feed)))


@blueprint.get("/<provider>/<key>")
def show_feed(provider: str, key: str) -> ResponseReturnValue:
    return jsonify(_picture(_feed(current_sandbox(), provider, key)))


@blueprint.delete("/<provider>/<key>")
def delete_feed(provider: str, key: str) -> ResponseReturnValue:
    feeds.delete(current_sandbox(), provider, key)
    return jsonify({"deleted": f"{provider}/{key}"})


@blueprint.patch("/<provider>/<key>")
def change_behaviour(provider: str, key: str) -> ResponseReturnValue:
    """`mode` with what it takes (it replaces the mode before), and switches such as `today` and `conditional`."""
    sandbox, given = current_sandbox(), json_body(_BEHAVIOUR | _SWITCHES)
    feed = _feed(sandbox, provider, key)
    behaviour = {name: value for name, value in given.items() if name in _BEHAVIOUR}
    if behaviour:
        _check_behaviour(behaviour)
        feed["behaviour"] = behaviour
    if given.get("today"):
        try:
            date.fromisoformat(given["today"])
        except ValueError as error:
            abort(400, str(error))
    feed.update({name: value for name, value in given.items() if name in _SWITCHES})
    return jsonify(_picture(feeds.save(sandbox, feed)))


@blueprint.post("/<provider>/<key>/events")
def add_event(provider: str, key: str) -> ResponseReturnValue:
    """Add one event, or replace the one of the same `id`."""
    sandbox, given = current_sandbox(), json_body(None)
    with sandbox.storage.lock:
        feed = _feed(sandbox, provider, key)
        try:
            event = feeds.event_document(provider, key, given)
        except (ValueError, KeyError, TypeError) as error:
            abort(400, f"{type(error).__name__}: {error}")
        feed["events"] = [old for old in feed["events"] if old["id"] != event["id"]] + [event]
        feeds.save(sandbox, feed)
    return jsonify(event), 201


@blueprint.delete("/<provider>/<key>/events/<event_id>")
def delete_event(provider: str, key: str, event_id: str) -> ResponseReturnValue:
    """A cancellation: the event is simply gone from the next answer on."""
    sandbox = current_sandbox()
    with sandbox.storage.lock:
        feed = _feed(sandbox, provider, key)
        left = [event for event in feed["events"] if event["id"] != event_id]
        if len(left) == len(feed["events"]):
            abort(404, "no such event")
        feeds.save(sandbox, {**feed, "events": left})
    return jsonify({"deleted": event_id})


@blueprint.put("/<provider>/<key>/raw")
def put_raw(provider: str, key: str) -> ResponseReturnValue:
    """Serve exactly these bytes, with the request's Content-Type and `?status=`, until DELETE or a new PUT of the feed."""
    sandbox = current_sandbox()
    feed = feeds.find(sandbox, provider, key) or _new(provider, key)
    feed["raw"] = {
        "body": base64.b64encode(request.get_data()).decode(),
        "content_type": request.content_type or "text/calendar; charset=utf-8",
        "status": request.args.get("status", 200, type=int),
    }
    feeds.save(sandbox, feed)
    return jsonify({"bytes": len(request.get_data())})


@blueprint.delete("/<provider>/<key>/raw")
def delete_raw(provider: str, key: str) -> ResponseReturnValue:
    sandbox = current_sandbox()
    feeds.save(sandbox, {**_feed(sandbox, provider, key), "raw": None})
    return jsonify({"raw": None})


def _new(provider: str, key: str) -> Document:
    try:
        return feeds.new_feed(provider, key, {})
    except ValueError as error:
        abort(400, str(error))


def _feed(sandbox: Sandbox, provider: str, key: str) -> Document:
    feed = feeds.find(sandbox, provider, key)
    if feed is None:
        abort(404, "no such feed")
    return feed


def _check_behaviour(behaviour: dict[str, Any]) -> None:
    mode = behaviour.get("mode")
    if mode not in feeds.MODES:
        abort(400, f"mode is one of {', '.join(feeds.MODES)}")
    if mode == "redirect" and not behaviour.get("location"):
        abort(400, "redirect needs a location")


def _picture(feed: Document) -> Document:
    return {**feed, "raw": feed["raw"] is not None, "path": f"/ota/{feed['provider']}/{feed['key']}.ics"}

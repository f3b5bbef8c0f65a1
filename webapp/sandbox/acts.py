"""The pages on which people play the outside world: type a code at a door, book or cancel at a channel, break a feed."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, redirect, render_template, request
from flask.typing import ResponseReturnValue

from webapp.sandbox.context import Sandbox, current_sandbox
from webapp.sandbox.ota import feeds
from webapp.sandbox.storage import Document
from webapp.sandbox.ttlock import codes, door, records

blueprint = Blueprint("acts", __name__)
# The modes that need nothing but their name.
_MODES = tuple(mode for mode in feeds.MODES if mode != "redirect")


@blueprint.get("/doors")
def doors() -> ResponseReturnValue:
    return _doors_page(None, None)


@blueprint.post("/doors/<int:lock_id>")
def try_door(lock_id: int) -> ResponseReturnValue:
    """Type a code; the answer is shown beside the door and the record goes to the callback URL."""
    sandbox = current_sandbox()
    lock = sandbox.storage.get("ttlock.lock", lock_id)
    if lock is None:
        abort(404)
    pin, at = request.form.get("pin", "").strip(), sandbox.clock.milliseconds()
    result = door.try_pin(sandbox, lock, pin, at)
    records.push(sandbox, lock, records.PASSCODE_UNLOCK, success=result["opens"], at=at, pin=pin, name=result["name"])
    return _doors_page(lock_id, result)


@blueprint.get("/feeds")
def feed_list() -> ResponseReturnValue:
    return render_template("sandbox/feeds.html", feeds=feeds.every(current_sandbox()))


@blueprint.get("/feeds/<provider>/<key>")
def feed_detail(provider: str, key: str) -> ResponseReturnValue:
    sandbox = current_sandbox()
    return _feed_page(sandbox, _feed(sandbox, provider, key), "")


@blueprint.post("/feeds/<provider>/<key>")
def change_feed(provider: str, key: str) -> ResponseReturnValue:
    """One act: `mode`, `cancel` (an event's id), or a new stay with `start`, `end` and `name`."""
    sandbox = current_sandbox()
    with sandbox.storage.lock:
        feed = _feed(sandbox, provider, key)
        try:
            feeds.save(sandbox, _changed(feed, request.form))
        except (ValueError, KeyError) as error:
            return _feed_page(sandbox, feed, str(error)), 422
    return redirect(f"/feeds/{provider}/{key}", 303)


def _changed(feed: Document, form: Any) -> Document:
    if form.get("mode"):
        if form["mode"] not in _MODES:
            raise ValueError(f"mode is one of {', '.join(_MODES)}")
        return {**feed, "behaviour": {"mode": form["mode"]}}
    if form.get("cancel"):
        return {**feed, "events": [event for event in feed["events"] if event["id"] != form["cancel"]]}
    given = {"kind": form.get("kind", "stay"), "start": form["start"], "end": form["end"], "name": form.get("name", "")}
    if given["start"] >= given["end"]:
        raise ValueError("the end must be after the start")
    event = feeds.event_document(feed["provider"], feed["key"], given)
    return {**feed, "events": [old for old in feed["events"] if old["id"] != event["id"]] + [event]}


def _doors_page(tried: int | None, result: Document | None) -> str:
    sandbox = current_sandbox()
    locks = [
        {**lock, "on_lock": sandbox.storage.all(codes.ON_LOCK, prefix=f"{lock['lockId']}/")}
        for lock in sandbox.storage.all("ttlock.lock")
    ]
    return render_template("sandbox/doors.html", locks=locks, tried=tried, result=result)


def _feed_page(sandbox: Sandbox, feed: Document, error: str) -> str:
    today = feeds.today_of(sandbox, feed)
    shown = {event.id for event in feeds.visible_events(feed, today)}
    return render_template("sandbox/feed.html", feed=feed, today=today, shown=shown, modes=_MODES, error=error)


def _feed(sandbox: Sandbox, provider: str, key: str) -> Document:
    feed = feeds.find(sandbox, provider, key)
    if feed is None:
        abort(404)
    return feed

"""A feed's contents: stays, blocks and booking windows by control call, and what of them shows on a given day."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from webapp.sandbox.context import Sandbox
from webapp.sandbox.storage import Document

PROVIDERS = ("booking", "airbnb", "vrbo", "expedia", "ical")
KINDS = ("stay", "block", "window")
MODES = ("normal", "empty", "partial", "500", "json500", "html", "slow", "truncated", "huge", "redirect", "roll")
_KIND = "ota.feed"
_CODE_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
_OPTIONAL = {"name", "code", "phone_last4", "id", "tentative"}
# provider -> days that ended events stay, days ahead that are shown, days ahead where an open end lies
_SPAN = {
    "airbnb": (1, 366, 365),
    "booking": (0, 550, 548),
    "vrbo": (190, 730, 730),
    "expedia": (400, 730, 730),
    "ical": (3650, 3650, 730),
}


@dataclass(frozen=True)
class Event:
    """One entry of a calendar; `end` is the checkout day. `id` is what the provider knows it by."""

    kind: str
    start: date
    end: date
    id: str
    name: str = ""
    code: str = ""
    phone_last4: str = ""
    tentative: bool = False


def digest(*parts: object) -> str:
    """32 hex digits that depend on the parts alone."""
    return hashlib.md5("|".join(map(str, parts)).encode(), usedforsecurity=False).hexdigest()


def find(sandbox: Sandbox, provider: str, key: str) -> Document | None:
    return sandbox.storage.get(_KIND, f"{provider}/{key}")


def every(sandbox: Sandbox) -> list[Document]:
    return sandbox.storage.all(_KIND)


def save(sandbox: Sandbox, feed: Document) -> Document:
    feed = {**feed, "changed": sandbox.clock.now().isoformat()}
    sandbox.storage.put(_KIND, f"{feed['provider']}/{feed['key']}", feed)
    return feed


def delete(sandbox: Sandbox, provider: str, key: str) -> bool:
    return sandbox.storage.delete(_KIND, f"{provider}/{key}")


def new_feed(provider: str, key: str, given: dict[str, Any]) -> Document:
    """A feed from the body of a PUT. Raises ValueError on a shape that no provider could have."""
    ZoneInfo(given.get("timezone", "UTC"))
    if provider not in PROVIDERS:
        raise ValueError(f"provider is one of {', '.join(PROVIDERS)}")
    if given.get("today"):
        date.fromisoformat(given["today"])
    return {
        "provider": provider,
        "key": key,
        "timezone": given.get("timezone", "UTC"),
        "language": given.get("language", "en"),
        "horizon_days": given.get("horizon_days"),
        "today": given.get("today"),
        "conditional": bool(given.get("conditional", provider == "ical")),
        "organizer": bool(given.get("organizer", True)),
        "events": [event_document(provider, key, event) for event in given.get("events", [])],
        "behaviour": {"mode": "normal"},
        "raw": None,
    }


def event_document(provider: str, key: str, given: dict[str, Any]) -> Document:
    """An event as it is stored: checked, and with the id, code and phone digits that it was not given."""
    kind = given.get("kind", "stay")
    unknown = set(given) - _OPTIONAL - {"kind", "start", "end"}
    if kind not in KINDS or unknown:
        raise ValueError(f"kind is one of {', '.join(KINDS)}; unknown: {sorted(unknown)}")
    start = date.fromisoformat(given["start"])
    end = date.fromisoformat(given["end"]) if given.get("end") else None
    if end is None and kind != "window":
        raise ValueError("a stay or block needs an end")
    identity = str(given.get("id") or given.get("code") or f"{kind}-{start}-{end}")
    event: Document = {"kind": kind, "start": str(start), "end": str(end) if end else None, "id": identity}
    event["name"] = given.get("name") or ""
    event["tentative"] = bool(given.get("tentative"))
    secret = digest(provider, key, identity)
    event["code"] = given.get("code") or "HM" + "".join(
        _CODE_LETTERS[int(secret[n : n + 4], 16) % 36] for n in range(8)
    )
    last4 = given.get("phone_last4", f"{int(secret[:8], 16) % 10000:04d}")
    event["phone_last4"] = last4 or ""
    return event


def today_of(sandbox: Sandbox, feed: Document) -> date:
    """The property's local day, or the day that the feed was told it is."""
    if feed["today"]:
        return date.fromisoformat(feed["today"])
    return sandbox.clock.now().astimezone(ZoneInfo(feed["timezone"])).date()


def visible_events(feed: Document, today: date) -> list[Event]:
    """The events that the provider shows on a day, in order of their start."""
    kept_days, ahead_days, open_days = _SPAN[feed["provider"]]
    found = [_event(event, today + timedelta(days=open_days)) for event in feed["events"]]
    if feed["horizon_days"]:
        start = today + timedelta(days=feed["horizon_days"])
        found.append(Event("window", start, today + timedelta(days=open_days), f"window-{start}"))
    if feed["behaviour"]["mode"] == "roll":
        found = [replace(e, start=today) if e.start < today <= e.end else e for e in found]
    earliest, latest = today - timedelta(days=kept_days), today + timedelta(days=ahead_days)
    shown = [e for e in found if e.end >= earliest and e.start <= latest and e.start < e.end]
    return sorted(shown, key=lambda e: (e.start, e.end, e.id))


def without_omitted(events: list[Event], feed: Document) -> list[Event]:
    """What a partial feed leaves: `omit` ids are missing, or about the `fraction` of all that lie latest."""
    behaviour = feed["behaviour"]
    if behaviour.get("omit"):
        return [event for event in events if event.id not in behaviour["omit"]]
    missing = round(len(events) * float(behaviour.get("fraction", 0.5)))
    return events[: len(events) - missing]


def _event(event: Document, open_end: date) -> Event:
    return Event(
        kind=event["kind"],
        start=date.fromisoformat(event["start"]),
        end=date.fromisoformat(event["end"]) if event["end"] else open_end,
        id=event["id"],
        name=event["name"],
        code=event["code"],
        phone_last4=event["phone_last4"],
        tentative=event["tentative"],
    )


def changed_at(feed: Document) -> datetime:
    return datetime.fromisoformat(feed["changed"])

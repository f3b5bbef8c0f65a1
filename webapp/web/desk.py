"""The frame of the staff pages: navigation, the hotel and its siblings, who is signed in, the live stream.

Features add their entries in `init_app` with `add_link`; an entry is shown to those whose role has its permission. Nothing here is
computed for a fragment, which has no frame.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flask import current_app, g, request, url_for
from flask_babel import lazy_gettext as _
from sqlalchemy import select
from werkzeug.local import LocalProxy

from webapp.core.database import db
from webapp.core.events import last_event_id
from webapp.models import Hotel, Membership

if TYPE_CHECKING:
    from flask import Flask

ROLE_LABELS = {
    "owner": _("Owner"),
    "manager": _("Manager"),
    "desk": _("Front desk"),
    "housekeeping": _("Housekeeping"),
}
EXTENSION = "desk_links"


@dataclass(frozen=True)
class DeskLink:
    """An entry of the menu: `endpoint` takes the hotel's slug; `place` orders the entries; `key` opens it ("g b")."""

    label: Any  # lazy
    endpoint: str
    icon: str
    permission: str
    place: int
    key: str = ""


def add_link(app: Flask, link: DeskLink) -> None:
    links = app.extensions.setdefault(EXTENSION, [])
    links.append(link)
    links.sort(key=lambda one: one.place)


class _Lazily:
    """A list made when a template first looks at it."""

    def __init__(self, make: Any) -> None:
        self._make = make
        self._items: list[dict[str, Any]] | None = None

    def _loaded(self) -> list[dict[str, Any]]:
        if self._items is None:
            self._items = self._make()
        return self._items

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return iter(self._loaded())

    def __len__(self) -> int:
        return len(self._loaded())


def _context() -> dict[str, Any]:
    hotel = g.get("hotel")
    if hotel is None or "user" not in g:
        return {}
    return {
        "desk_nav": _Lazily(_links),
        "desk_hotel": hotel,
        "desk_hotels": _Lazily(_hotels),
        "desk_user": {"name": g.user.name, "email": g.user.email, "role": ROLE_LABELS[g.role]},
        "live_url": url_for("live.staff_events", slug=hotel.slug),
        "live_cursor": LocalProxy(lambda: str(last_event_id(hotel.id))),
        "search_url": f"/staff/{hotel.slug}/search" if "stays.view" in g.permissions else None,
        "sandbox": current_app.extensions["settings"].is_sandboxed,
    }


def _links() -> list[dict[str, Any]]:
    shown = [link for link in current_app.extensions.get(EXTENSION, ()) if link.permission in g.permissions]
    current = _current(shown)
    return [
        {
            "label": link.label,
            "url": url_for(link.endpoint, slug=g.hotel.slug),
            "icon": link.icon,
            "key": link.key,
            "active": link is current,
        }
        for link in shown
    ]


def _current(links: list[DeskLink]) -> DeskLink | None:
    """The entry of this page: its own, else the one whose address it lies below, else the first of its feature."""
    endpoint = request.endpoint or ""
    own = [link for link in links if link.endpoint == endpoint]
    own += [link for link in links if request.path.startswith(f"{url_for(link.endpoint, slug=g.hotel.slug)}/")]
    feature = [link for link in links if link.endpoint.split(".")[0] == endpoint.split(".")[0]]
    return next(iter(own + feature), None)


def _hotels() -> list[dict[str, Any]]:
    """The hotels to switch between; whoever has one only needs no list."""
    if g.get("hotel_count", 0) < 2:
        return []
    rows = db.session.execute(
        select(Hotel.slug, Hotel.name).join(Membership).where(Membership.user_id == g.user.id).order_by(Hotel.name)
    )
    return [{"name": row.name, "url": f"/staff/{row.slug}/board", "current": row.slug == g.hotel.slug} for row in rows]


def init_app(app: Flask) -> None:
    app.context_processor(_context)

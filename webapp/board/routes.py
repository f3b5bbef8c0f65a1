"""The board's addresses: the page, its fragments, and search. A fragment comes from the same block as its part of the page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import structlog
from flask import Blueprint, Response, request, url_for
from flask_babel import gettext as _

from webapp.core.transaction import transaction
from webapp.operations import services as operations
from webapp.stays import queries as stays
from webapp.stays.domain import SOURCE_LABELS
from webapp.web import htmx
from webapp.web.auth import current_hotel, may, staff_page

from . import chart, queries
from .alerts import worded
from .domain import Window, window

log = structlog.get_logger(__name__)
blueprint = Blueprint("board", __name__, template_folder="templates", url_prefix="/staff/<slug>")
PAGE = "board/board.html"
LISTS = (*queries.STAY_LISTS, "tasks")


@blueprint.get("/board")
@staff_page("board.view")
def board() -> Response:
    return htmx.render(PAGE, **(_today() | _chart()), desk_keys=_keys())


def _keys() -> list[tuple[str, str]]:
    """What single keys do on the board."""
    acts = [("n", _("New reservation")), ("w", _("Walk-in"))] if may("stays.manage") else []
    walk = [("← ↑ ↓ →", _("From stay to stay")), ("m", _("Move the stay to another room"))]
    return [*acts, ("t", _("Today")), ("[", _("Earlier")), ("]", _("Later")), *walk]


@blueprint.get("/board/today")
@staff_page("board.view")
def today() -> Response:
    return htmx.render_only(PAGE, "today", **_today(), window=_window())


@blueprint.get("/board/chart")
@staff_page("board.view")
def chart_of() -> Response:
    return htmx.render_only(PAGE, "chart", list=_chosen_list(), **_chart())


@blueprint.get("/board/alerts")
@staff_page("board.view")
def alerts() -> Response:
    return _alerts()


def _alerts() -> Response:
    summary = queries.summary(current_hotel().id, current_hotel().business_date())
    return htmx.render_only(PAGE, "alerts", hotel=current_hotel(), alerts=worded(summary.alerts))


@blueprint.post("/alerts/<int:alert_id>/resolve")
@staff_page("tasks.manage")
def resolve_alert(alert_id: int) -> Response:
    hotel = current_hotel()
    with transaction():
        operations.dismiss_alert(hotel.id, alert_id)
    if htmx.is_fragment():
        return _alerts()
    return htmx.see_other(url_for("board.board", slug=hotel.slug))


@blueprint.get("/search")
@staff_page("stays.view")
def search() -> Response:
    hotel, words = current_hotel(), request.args.get("q", "")
    found = stays.search(hotel.id, words, hotel.business_date())
    log.info("personal_data_read", what="search", rows=len(found))
    return htmx.render("board/search.html", "found", hotel=hotel, found=found, words=words, source_labels=SOURCE_LABELS)


def _chosen_list() -> str:
    wanted = request.args.get("list", "arrivals")
    return wanted if wanted in LISTS else "arrivals"


def _window() -> Window:
    return window(current_hotel().business_date(), request.args.get("from"), request.args.get("days"))


def _today() -> dict[str, Any]:
    hotel, which = current_hotel(), _chosen_list()
    date = hotel.business_date()
    summary = queries.summary(hotel.id, date)
    found: Sequence[Any] = ()
    if which == "tasks":
        found = queries.open_tasks(hotel.id, date)
    elif may("stays.view"):
        found = queries.todays(hotel.id, date, which)
    return {
        "hotel": hotel, "today": date, "summary": summary, "list": which, "lines": found, "most": queries.MOST_LISTED,
        "alerts": worded(summary.alerts), "live_cursor": summary.cursor, "source_labels": SOURCE_LABELS,
    }  # fmt: skip


def _chart() -> dict[str, Any]:
    hotel, view = current_hotel(), _window()
    drawn = chart.draw(
        hotel.slug, view, queries.rooms(hotel.id), queries.on_chart(hotel.id, view), queries.rooms_left(hotel.id, view),
        names=may("stays.view"), weekend=chart.weekend_of(hotel.country), most_in_tray=queries.MOST_IN_TRAY,
    )  # fmt: skip
    return {"hotel": hotel, "chart": drawn, "window": view}

"""What is known of the stays of channels: the share per channel and month, and lists of what is unknown."""

from __future__ import annotations

import datetime as dt
from typing import Any

from flask import Blueprint, Response, request

from webapp.channels import enriching, enrichment
from webapp.stays.domain import SOURCE_LABELS
from webapp.web import htmx
from webapp.web.auth import current_hotel, staff_page
from webapp.web.i18n import stay_date

from . import labels

blueprint = Blueprint("known", __name__, url_prefix="/staff/<slug>/channels/known", template_folder="../templates")
PAGE_SIZE = 50
MONTHS_BACK, MONTHS_AHEAD = 2, 6


@blueprint.get("")
@staff_page("channels.view")
def known() -> Response:
    """The dashboard."""
    hotel = current_hotel()
    shown = _shown_months()
    by_channel: dict[str, list[enrichment.Coverage]] = {}
    for line in enrichment.coverage(hotel, shown[0], enrichment.following_month(shown[-1])):
        by_channel.setdefault(line.source, []).append(line)
    return htmx.render(
        "channels/known.html", "known", hotel=hotel, by_channel=by_channel, trend=enrichment.trend(hotel), fields=enrichment.FIELDS,
        waiting=enriching.waiting_for_upload(hotel), steps=enrichment.steps(hotel), labels=labels, sources=SOURCE_LABELS,
    )  # fmt: skip


@blueprint.get("/stays")
@staff_page("channels.view")
def unknown() -> Any:
    """Stays of which something is unknown, by arrival."""
    hotel = current_hotel()
    wanted: dict[str, Any] = {
        "source": _one_of("channel", enrichment.CHANNELS), "field": _one_of("field", enrichment.FIELDS), "month": _month(),
        "step": _one_of("step", enrichment.STEPS),
    }  # fmt: skip
    page = max(1, min(request.args.get("page", 1, type=int), 10_000))
    is_whole_month = wanted["month"] is not None
    gaps, total = enrichment.unenriched(hotel, **wanted, with_past=is_whole_month, page=page, size=PAGE_SIZE)
    chosen = {
        "channel": wanted["source"], "field": wanted["field"], "step": wanted["step"],
        "month": f"{wanted['month']:%Y-%m}" if wanted["month"] else None,
    }  # fmt: skip
    return htmx.render(
        "channels/unknown.html", "unknown", hotel=hotel, gaps=gaps, total=total, page=page, pages=max(1, -(-total // PAGE_SIZE)),
        chosen={name: value for name, value in chosen.items() if value}, months=_months(),
        channels=[(name, SOURCE_LABELS[name]) for name in enrichment.CHANNELS],
        steps=[(step, label) for step, (label, _icon) in labels.STEPS.items()], labels=labels, sources=SOURCE_LABELS,
    )  # fmt: skip


def _shown_months() -> list[dt.date]:
    """The first days of the months around today."""
    month = current_hotel().business_date().replace(day=1)
    for _step in range(MONTHS_BACK):
        month = enrichment.month_before(month)
    found = [month]
    while len(found) <= MONTHS_BACK + MONTHS_AHEAD:
        found.append(enrichment.following_month(found[-1]))
    return found


def _months() -> list[tuple[str, str]]:
    months = _shown_months()
    if (asked := _month()) and asked not in months:
        months = sorted([*months, asked])
    return [(f"{month:%Y-%m}", stay_date(month, "month")) for month in months]


def _one_of(name: str, allowed: tuple[str, ...]) -> str | None:
    value = request.args.get(name, "")
    return value if value in allowed else None


def _month() -> dt.date | None:
    try:
        month = dt.datetime.strptime(request.args.get("month", ""), "%Y-%m").date()  # noqa: DTZ007
    except ValueError:
        return None
    return month if month.year < dt.MAXYEAR else None

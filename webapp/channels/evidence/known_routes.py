"""What is known of the stays of channels: the share per channel and month, and lists of what is unknown."""

from __future__ import annotations

import datetime as dt
from typing import Any

from flask import Blueprint, Response, flash, request, url_for
from flask_babel import gettext as _

from webapp.channels import enriching, enrichment, guests
from webapp.channels.domain.explaining import GUESTS_TELL
from webapp.core.errors import Conflict, Invalid
from webapp.core.transaction import transaction
from webapp.extensions import db, limiter
from webapp.models import Enrichment
from webapp.stays.domain import SOURCE_LABELS
from webapp.stays.queries import stay_by_id
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
        asks_guests=guests.may_ask_by_itself(hotel),
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


@blueprint.get("/stays/<booking_id>")
@staff_page("channels.view")
def of_stay(booking_id: str) -> Any:
    """One stay: what is unknown, whether the guest can be asked, and what was tried."""
    return _of_stay(booking_id)


@blueprint.post("/stays/<booking_id>")
@limiter.limit("60 per hour")
@staff_page("channels.manage")
def ask_guest(booking_id: str) -> Any:
    """Write to the guest now."""
    hotel = current_hotel()
    try:
        with transaction():
            enriching.ask_guest(hotel, booking_id)
    except (Invalid, Conflict) as error:
        return _of_stay(booking_id, str(error.message), error.status)
    if htmx.is_fragment():
        return htmx.with_toast(_of_stay(booking_id), _("The guest is asked."))
    flash(_("The guest is asked."), "success")
    return htmx.see_other(url_for("known.of_stay", slug=hotel.slug, booking_id=booking_id))


@blueprint.post("/settings")
@staff_page("channels.manage")
def change_settings() -> Any:
    """Whether guests are asked by itself."""
    hotel = current_hotel()
    with transaction():
        guests.choose(hotel, "ask_guests" in request.form)
    flash(_("Saved."), "success")
    return htmx.see_other(url_for("known.known", slug=hotel.slug))


def _of_stay(booking_id: str, refusal: str = "", status: int = 200) -> Response:
    hotel = current_hotel()
    stay = stay_by_id(hotel.id, booking_id)
    unknown = enrichment.unknown_of(stay)
    is_open = stay.status in enrichment.LIVING and stay.merged_into_id is None
    wanted = [name for name in unknown if name in GUESTS_TELL] if is_open else []
    return htmx.render(
        "channels/ask.html", "ask", status=status, hotel=hotel, stay=stay, unknown=unknown, wanted=wanted, refusal=refusal,
        contact=guests.contact_of(stay) if wanted else None, attempts=enrichment.attempts_of(stay.id), labels=labels,
        state=db.session.get(Enrichment, stay.id), is_automatic=guests.may_ask_by_itself(hotel), sources=SOURCE_LABELS,
    )  # fmt: skip


def _shown_months() -> list[dt.date]:
    """The first days of the months around today."""
    month = current_hotel().business_date().replace(day=1)
    for _month_back in range(MONTHS_BACK):
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

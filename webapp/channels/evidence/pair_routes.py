"""Duplicates and double bookings, side by side with the evidence."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, request, url_for
from flask_babel import gettext as _

from webapp.channels import pairs as records
from webapp.core.database import db
from webapp.core.tenancy import of_hotel, one_of_hotel
from webapp.core.transaction import transaction
from webapp.models import Reservation
from webapp.stays import joining
from webapp.stays.domain import SOURCE_LABELS
from webapp.web import htmx
from webapp.web.auth import current_hotel, staff_page

from . import labels

blueprint = Blueprint("pairs", __name__, url_prefix="/staff/<slug>/channels/duplicates", template_folder="../templates")


@blueprint.get("")
@staff_page("channels.view")
def pairs() -> Response:
    return _page()


def _page() -> Response:
    hotel, asked = current_hotel(), _asked()
    chosen, problems = _chosen(asked)
    pairs = [chosen] if chosen else []
    pairs += [pair for pair in records.pairs_of(hotel) if not chosen or pair.key != chosen.key]
    return htmx.render(
        "channels/pairs.html", "pairs", hotel=hotel, pairs=pairs, merges=records.merges_of(hotel), asked=asked, problems=problems,
        echoes=records.echoes_of(hotel), told_apart=records.told_apart(hotel), labels=labels, sources=SOURCE_LABELS,
    )  # fmt: skip


def _asked() -> dict[str, str]:
    """The numbers of the two stays that somebody wants to see side by side: both, one or none."""
    return {name: value[:80] for name in ("one", "other") if (value := request.args.get(name, "").strip())}


def _chosen(asked: dict[str, str]) -> tuple[records.Pair | None, dict[str, str]]:
    """(The pair that was asked for, what is wrong with each number)."""
    query = of_hotel(Reservation, current_hotel().id).where(Reservation.booking_id.in_(asked.values()))
    found = {stay.booking_id: stay for stay in db.session.scalars(query)} if asked else {}
    problems = {name: _("There is no such booking.") for name, value in asked.items() if value not in found}
    if len(found) < 2:
        return None, problems
    return records.pair_of(current_hotel(), found[asked["one"]], found[asked["other"]]), problems


def _stay(name: str) -> Reservation:
    return one_of_hotel(Reservation, current_hotel().id, booking_id=request.form.get(name, "")[:80])


@blueprint.post("/merge")
@staff_page("stays.manage")
def merge() -> Any:
    with transaction():
        kept, gone = _stay("kept"), _stay("gone")
        joining.join(current_hotel(), kept.id, gone.id)
    return _answer(_("Merged into %(booking_id)s.", booking_id=kept.booking_id))


@blueprint.post("/tell-apart")
@staff_page("stays.manage")
def tell_apart() -> Any:
    with transaction():
        joining.tell_apart(current_hotel(), _stay("one").id, _stay("other").id)
    return _answer(_("Noted: these are two stays."))


@blueprint.post("/merges/<int:merge_id>/separate")
@staff_page("stays.manage")
def separate(merge_id: int) -> Any:
    with transaction():
        joining.separate(current_hotel(), merge_id)
    return _answer(_("Both stays are what they were."))


@blueprint.post("/told-apart/<int:mark_id>/look-again")
@staff_page("stays.manage")
def look_again(mark_id: int) -> Any:
    with transaction():
        joining.look_again(current_hotel(), mark_id)
    return _answer(_("The two are compared again."))


def _answer(message: str) -> Response:
    if htmx.is_fragment():
        return htmx.with_toast(_page(), message)
    return htmx.see_other(url_for("pairs.pairs", slug=current_hotel().slug))

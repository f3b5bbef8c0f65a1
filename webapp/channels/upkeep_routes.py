"""The page of empty bookings: what a calendar once told of, shows no more, and nobody knows anything about."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from webapp.core.transaction import transaction
from webapp.stays.domain import SOURCE_LABELS
from webapp.web import htmx
from webapp.web.auth import current_hotel, staff_page

from . import labels, upkeep

blueprint = Blueprint("upkeep", __name__, url_prefix="/staff/<slug>/channels/empty", template_folder="templates")


@blueprint.get("")
@staff_page("channels.manage")
def empty() -> Any:
    hotel = current_hotel()
    return htmx.render(
        "channels/empty.html",
        hotel=hotel,
        bookings=upkeep.empty_bookings(hotel),
        sources=SOURCE_LABELS,
        labels=labels,
    )


@blueprint.post("")
@staff_page("channels.manage")
def clean_up() -> Any:
    """Remove those that were shown and are still empty; one that came to be so meanwhile is shown first."""
    hotel = current_hotel()
    given = request.form.getlist("shown")
    shown = {int(number) for number in given if number.isascii() and number.isdecimal() and len(number) < 18}
    with transaction():
        removed = upkeep.clean_up(hotel, shown)
    told = ngettext("%(num)d empty booking is removed.", "%(num)d empty bookings are removed.", len(removed))
    flash(told if removed else _("Nothing was removed."), "success")
    return htmx.see_other(url_for("upkeep.empty", slug=hotel.slug))

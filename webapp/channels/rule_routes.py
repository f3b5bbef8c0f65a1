"""The page of the thresholds, and the answers to an alarm."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, url_for
from flask_babel import gettext as _

from webapp.core.errors import Invalid
from webapp.core.transaction import transaction
from webapp.web import htmx
from webapp.web.auth import current_hotel, staff_page
from webapp.web.forms import show_error

from . import alarms, labels, thresholds
from .domain import Policy
from .forms import ThresholdForm

blueprint = Blueprint("channel_rules", __name__, url_prefix="/staff/<slug>/channels", template_folder="templates")


@blueprint.get("/rules")
@staff_page("channels.view")
def rules() -> Any:
    return _page(_filled())


@blueprint.post("/rules")
@staff_page("channels.manage")
def change_rules() -> Any:
    form = ThresholdForm()
    if not form.validate_on_submit():
        return _page(form, 422)
    try:
        with transaction():
            thresholds.change(current_hotel(), form.values())
    except Invalid as error:
        show_error(form, error)
        return _page(form, 422)
    if htmx.is_fragment():
        return htmx.with_toast(_page(_filled()), _("Saved."))
    return htmx.see_other(url_for("channel_rules.rules", slug=current_hotel().slug))


@blueprint.post("/feeds/<int:feed_id>/hold")
@staff_page("channels.manage")
def hold(feed_id: int) -> Any:
    with transaction():
        alarms.hold(current_hotel(), feed_id)
    return _back(feed_id)


@blueprint.post("/feeds/<int:feed_id>/release")
@staff_page("channels.manage")
def release(feed_id: int) -> Any:
    with transaction():
        alarms.release(current_hotel(), feed_id)
    return _back(feed_id)


def _back(feed_id: int) -> Response:
    return htmx.see_other(url_for("channels.feed", slug=current_hotel().slug, feed_id=feed_id))


def _filled() -> ThresholdForm:
    values = thresholds.values_of(current_hotel())
    return ThresholdForm(formdata=None, data={**values, "mass_share": round(values["mass_share"] * 100)})


def _page(form: ThresholdForm, status: int = 200) -> Response:
    hotel = current_hotel()
    return htmx.render(
        "channels/rules.html", "rules", status=status, hotel=hotel, form=form, usual=ThresholdForm.shown(vars(Policy())),
        history=thresholds.history(hotel), names=labels.THRESHOLDS, shown=ThresholdForm.shown,
    )  # fmt: skip

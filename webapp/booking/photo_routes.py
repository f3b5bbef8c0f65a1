"""The manager's photos of a room type. Every change is a POST of its own; the page of the type shows what there is."""

from __future__ import annotations

from typing import Any

from flask import flash, request, url_for
from flask_babel import gettext as _

from webapp.core.errors import AppError
from webapp.core.photos import MOST_BYTES
from webapp.core.transaction import transaction
from webapp.extensions import limiter
from webapp.web.auth import current_hotel, staff_page
from webapp.web.forms import show_error
from webapp.web.htmx import see_other

from . import room_photos
from .stock_forms import AltForm, PhotoForm
from .stock_routes import blueprint, show_type

PHOTOS = "/staff/<slug>/rates/types/<int:type_id>/photos"


def _back(type_id: int, told: str) -> Any:
    flash(told, "success")
    return see_other(url_for("stock.type_page", slug=current_hotel().slug, type_id=type_id) + "#photos")


def _address() -> str:
    return request.form.get("address", "")[:500]


@blueprint.post(PHOTOS)
@limiter.limit("120 per hour")
@staff_page("settings.manage")
def add_photo(type_id: int) -> Any:
    form = PhotoForm()
    if not form.validate_on_submit():
        return show_type(type_id, 422, photo_form=form)
    data = form.photo.data.stream.read(MOST_BYTES + 1)
    try:
        with transaction():
            room_photos.add(current_hotel(), type_id, data, form.alt.data)
    except AppError as error:
        show_error(form, error)
        return show_type(type_id, error.status, photo_form=form)
    return _back(type_id, _("The photo is added."))


@blueprint.post(f"{PHOTOS}/describe")
@staff_page("settings.manage")
def describe_photo(type_id: int) -> Any:
    form = AltForm()
    if not form.validate_on_submit():
        flash(_("Say what the photo shows."), "error")
        return show_type(type_id, 422)
    with transaction():
        room_photos.describe(current_hotel(), type_id, _address(), form.alt.data)
    return _back(type_id, _("The description is saved."))


@blueprint.post(f"{PHOTOS}/move")
@staff_page("settings.manage")
def move_photo(type_id: int) -> Any:
    with transaction():
        room_photos.move(current_hotel(), type_id, _address(), 1 if request.form.get("later") else -1)
    return _back(type_id, _("The order is changed."))


@blueprint.post(f"{PHOTOS}/remove")
@staff_page("settings.manage")
def remove_photo(type_id: int) -> Any:
    with transaction():
        room_photos.remove(current_hotel(), type_id, _address())
    return _back(type_id, _("The photo is removed."))

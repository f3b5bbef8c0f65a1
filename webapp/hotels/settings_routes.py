"""The settings page of a hotel."""

from __future__ import annotations

from typing import Any

from flask import flash, request, url_for
from flask_babel import gettext, lazy_gettext, lazy_pgettext
from flask_babel import gettext as _

from webapp.core.errors import AppError
from webapp.core.transaction import transaction
from webapp.core.versions import ChangedMeanwhile, seen_of
from webapp.models import Hotel
from webapp.web.auth import current_hotel, staff_page
from webapp.web.forms import show_error
from webapp.web.htmx import render, see_other
from webapp.web.i18n import LANGUAGES

from . import queries, services
from .forms import SettingsForm, info_from, rules_from
from .routes import blueprint

FIELD_LABELS = {
    "name": lazy_gettext("Name"),
    "description": lazy_gettext("Description"),
    "check_in_time": lazy_gettext("Arrival from"),
    "check_out_time": lazy_gettext("Departure until"),
    "timezone": lazy_gettext("Time zone"),
    "currency": lazy_gettext("Currency"),
    "country": lazy_gettext("Country"),
    "language": lazy_gettext("Language of the house"),
    "address": lazy_pgettext("postal", "Address"),
    "latitude": lazy_gettext("Latitude"),
    "longitude": lazy_gettext("Longitude"),
    "phone": lazy_gettext("Telephone"),
    "email": lazy_gettext("E-mail"),
    "accent_color": lazy_gettext("Accent colour"),
    "languages": lazy_gettext("Languages of your guests"),
    "house_rules": lazy_gettext("House rules"),
    "wifi_name": lazy_gettext("Wi-Fi network"),
    "wifi_password": lazy_gettext("Wi-Fi password"),
    "house_info": lazy_gettext("About the house"),
    "document_days": lazy_gettext("Days that identity documents are kept after departure"),
}


def _page(form: SettingsForm, status: int = 200) -> Any:
    hotel = current_hotel()
    texts = {"rules": rules_from(request.form, hotel), "info": info_from(request.form, hotel)}
    return render(
        "hotels/settings.html", status=status, hotel=hotel, form=form, history=queries.history_of(hotel),
        texts={name: _shown(known, hotel) for name, known in texts.items()},
        labels=FIELD_LABELS, seen=seen_of(services.facts(hotel)),
    )  # fmt: skip


def _show_fresh_texts(form: SettingsForm, error: AppError) -> None:
    """What somebody else has written meanwhile, by language; it has no field of its own in the form."""
    fresh = error.fresh if isinstance(error, ChangedMeanwhile) else {}
    for name in ("house_rules", "house_info"):
        for code, lines in (fresh.get(name) or {}).items():
            text = gettext("It now reads: %(value)s", value=" · ".join(lines))
            form.form_errors.append(f"{FIELD_LABELS[name]}, {LANGUAGES.get(code, code)}. {text}")


def _shown(known: dict[str, list[str]], hotel: Hotel) -> dict[str, str]:
    """By language, a line each: of the languages of the guests, and others that something is written in."""
    return {code: "\n".join(known.get(code, [])) for code in LANGUAGES if code in hotel.languages or code in known}


@blueprint.get("/staff/<slug>/settings")
@staff_page("settings.manage")
def settings() -> Any:
    return _page(SettingsForm.showing(current_hotel()))


@blueprint.post("/staff/<slug>/settings")
@staff_page("settings.manage")
def save_settings() -> Any:
    form, hotel = SettingsForm(), current_hotel()
    if not form.validate_on_submit():
        return _page(form, 422)
    try:
        with transaction():
            by_language = {"house_rules": rules_from(request.form, hotel), "house_info": info_from(request.form, hotel)}
            services.update_settings(hotel, {**form.values(), **by_language}, request.form.get("seen", ""))
    except AppError as error:
        show_error(form, error)
        _show_fresh_texts(form, error)
        return _page(form, error.status)
    flash(_("The settings are saved."), "success")
    return see_other(url_for("hotels.settings", slug=hotel.slug))

"""The settings form of a hotel."""

from __future__ import annotations

from typing import Any
from zoneinfo import available_timezones

from flask_babel import lazy_gettext as _
from flask_babel import lazy_pgettext
from flask_wtf import FlaskForm
from wtforms import (
    ColorField,
    EmailField,
    IntegerField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
    TimeField,
)
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, Email, InputRequired, Length, NumberRange, Optional, Regexp
from wtforms.widgets import CheckboxInput, ListWidget

from webapp.models import Hotel
from webapp.web.forms import NumberField
from webapp.web.i18n import LANGUAGES

from .services import CURRENCIES, rules_from_text

_NEEDED = _("Please fill this in.")


class SettingsForm(FlaskForm):
    name = StringField(_("Name"), [DataRequired(_NEEDED), Length(max=120)])
    description = TextAreaField(_("Description"), [Length(max=2000)], render_kw={"rows": 4})
    check_in_time = TimeField(_("Arrival from"), [InputRequired(_NEEDED)])
    check_out_time = TimeField(_("Departure until"), [InputRequired(_NEEDED)])
    timezone = SelectField(
        _("Time zone"), choices=[SelectChoice(name, name.replace("_", " ")) for name in sorted(available_timezones())]
    )
    currency = SelectField(
        _("Currency"), choices=[SelectChoice(code, code) for code in CURRENCIES],
        description=_("Of new bookings. Look at your prices after a change."),
    )  # fmt: skip
    country = StringField(
        _("Country"),
        [Optional(), Regexp(r"[A-Za-z]{2}$", message=_("Two letters, as in GB."))],
        render_kw={"maxlength": 2},
    )
    language = SelectField(
        _("Language of the house"), choices=[SelectChoice(code, name) for code, name in LANGUAGES.items()]
    )
    address = StringField(
        lazy_pgettext("postal", "Address"), [Length(max=300)], render_kw={"autocomplete": "street-address"}
    )
    latitude = NumberField(_("Latitude"), [Optional(), NumberRange(-90, 90)], places=None, render_kw={"step": "any"})
    longitude = NumberField(
        _("Longitude"), [Optional(), NumberRange(-180, 180)], places=None, render_kw={"step": "any"}
    )
    phone = StringField(_("Telephone"), [Length(max=40)], render_kw={"type": "tel", "dir": "ltr"})
    email = EmailField(_("E-mail"), [Optional(), Length(max=254), Email(_("Please check this address."))])
    accent_color = ColorField(
        _("Accent colour"), [DataRequired(_NEEDED)], description=_("Buttons and links on the pages of your guests.")
    )
    languages = SelectMultipleField(
        _("Languages of your guests"), choices=[SelectChoice(code, name) for code, name in LANGUAGES.items()], option_widget=CheckboxInput(),
        widget=ListWidget(prefix_label=False),
    )  # fmt: skip

    wifi_name = StringField(
        _("Wi-Fi network"), [Length(max=32)], render_kw={"autocomplete": "off", "spellcheck": "false", "dir": "ltr"}
    )
    wifi_password = StringField(
        _("Wi-Fi password"), [Optional(), Length(8, 63, _("A Wi-Fi password has 8 to 63 characters."))],
        description=_("Guests see it on the page of their stay, once they have checked in."),
        render_kw={"autocomplete": "off", "spellcheck": "false", "dir": "ltr"},
    )  # fmt: skip
    document_days = IntegerField(
        _("Days that identity documents are kept after departure"), [Optional(), NumberRange(0, 365)],
        description=_("Empty: 30. As few as the law of your country asks for."), render_kw={"inputmode": "numeric"},
    )  # fmt: skip

    @classmethod
    def showing(cls, hotel: Hotel) -> SettingsForm:
        kept = {name: hotel.settings.get(name) for name in ("wifi_name", "wifi_password", "document_days")}
        return cls(obj=hotel, data=kept)

    def values(self) -> dict[str, Any]:
        """The columns of the hotel and its settings, without what is written by language."""
        values = {name: field.data for name, field in self._fields.items() if name != "csrf_token"}
        for name in ("latitude", "longitude"):
            values[name] = float(values[name]) if values[name] is not None else None
        for name in ("name", "description", "address", "phone", "email", "wifi_name", "wifi_password"):
            values[name] = (values[name] or "").strip()
        values["country"] = (values["country"] or "").upper()
        values["accent_color"] = values["accent_color"].lower()
        values["languages"] = [code for code in LANGUAGES if code in values["languages"]]
        return values


def rules_from(form: Any, hotel: Hotel) -> dict[str, list[str]]:
    """House rules by language from the text fields `rules-<language>`; languages that were not shown keep theirs."""
    return _by_language(form, "rules", hotel.house_rules)


def info_from(form: Any, hotel: Hotel) -> dict[str, list[str]]:
    """What guests in house may want to know, by language, from the fields `info-<language>`."""
    return _by_language(form, "info", hotel.settings.get("house_info") or {})


def _by_language(form: Any, name: str, known: dict[str, list[str]]) -> dict[str, list[str]]:
    found = dict(known)
    for code in LANGUAGES:
        if f"{name}-{code}" in form:
            found[code] = rules_from_text(form[f"{name}-{code}"])
    return {code: lines for code, lines in found.items() if lines}

"""Forms of the channels pages."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import BooleanField, FloatField, IntegerField, SelectChoice, SelectField, StringField
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from webapp.models.channels import PROVIDERS
from webapp.stays.domain import SOURCE_LABELS

from . import labels

PROVIDER_CHOICES = [SelectChoice(name, SOURCE_LABELS[name]) for name in PROVIDERS]


class FeedForm(FlaskForm):
    """A new calendar of a room."""

    room_id = SelectField(_("Room"), coerce=int)
    provider = SelectField(_("Channel"), choices=PROVIDER_CHOICES)
    url = StringField(
        _("Calendar address"),
        [InputRequired(_("Paste the address that the channel shows as “export calendar”.")), Length(max=2000)],
    )
    is_active = BooleanField(_("Switch on at once"))


class FeedChangeForm(FlaskForm):
    """A calendar that is there already; its address is not shown again, only replaced."""

    provider = SelectField(_("Channel"), choices=PROVIDER_CHOICES)
    url = StringField(_("New calendar address"), [Optional(), Length(max=2000)])
    is_active = BooleanField(_("Switched on"))


class ThresholdForm(FlaskForm):
    """When absence becomes a cancellation. The share is shown in per cent."""

    misses = IntegerField(labels.THRESHOLDS["misses"], [InputRequired(), NumberRange(2, 50)])
    hours = FloatField(labels.THRESHOLDS["hours"], [InputRequired(), NumberRange(1, 240)])
    mass_minimum = IntegerField(labels.THRESHOLDS["mass_minimum"], [InputRequired(), NumberRange(1, 100)])
    mass_share = IntegerField(labels.THRESHOLDS["mass_share"], [InputRequired(), NumberRange(5, 100)])
    longest_stay = IntegerField(labels.THRESHOLDS["longest_stay"], [InputRequired(), NumberRange(7, 400)])

    @staticmethod
    def shown(values: dict[str, Any]) -> dict[str, Any]:
        """The thresholds among `values` as people read and type them."""
        return {
            name: round(value * 100) if name == "mass_share" else f"{value:g}"
            for name, value in values.items()
            if name in labels.THRESHOLDS
        }

    def values(self) -> dict[str, Any]:
        found = {name: float(self[name].data) for name in labels.THRESHOLDS}
        return {**found, "mass_share": found["mass_share"] / 100}

"""The manager's forms: a room type, a price, a restriction, the terms."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from flask_babel import gettext, lazy_gettext
from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired
from wtforms import (
    BooleanField,
    DateField,
    FieldList,
    Form,
    FormField,
    IntegerField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange, Optional, Regexp, ValidationError

from webapp.rates.terms import Terms
from webapp.web.forms import NumberField

_ = lazy_gettext
_NEEDED = _("Please fill this in.")
_PRICE = NumberRange(0, 1_000_000)
MOST_TAXES = 4


class TypeForm(FlaskForm):
    code = StringField(
        _("Code"), [DataRequired(_NEEDED), Length(max=20), Regexp(r"[A-Za-z0-9_-]+$", message=_("Letters, digits, - and _ only."))]
    )  # fmt: skip
    name = StringField(_("Name"), [DataRequired(_NEEDED), Length(max=80)])
    description = TextAreaField(_("Description"), [Length(max=2000)], render_kw={"rows": 3})
    beds = StringField(_("Beds"), [Length(max=80)], description=_("As guests read it: one double bed and a sofa bed."))
    max_occupancy = IntegerField(_("Most guests"), [InputRequired(_NEEDED), NumberRange(1, 50)], default=2)
    base_occupancy = IntegerField(_("Guests in the price"), [InputRequired(_NEEDED), NumberRange(1, 50)], default=2)
    base_price = NumberField(_("Price of a night"), [InputRequired(_NEEDED), _PRICE], places=2)
    extra_guest_price = NumberField(
        _("Each further guest, a night"), [InputRequired(_NEEDED), _PRICE], places=2, default=Decimal(0)
    )
    overbooking_allowance = IntegerField(
        _("May be sold beyond the rooms there are"), [InputRequired(_NEEDED), NumberRange(0, 50)], default=0
    )
    sellable_limit = IntegerField(
        _("Sell at most this many a night"), [Optional(), NumberRange(0, 1000)], description=_("Empty: all of them.")
    )
    position = IntegerField(_("Place in the list"), [InputRequired(_NEEDED), NumberRange(0, 1000)], default=0)
    is_active = BooleanField(_("On sale"), default=True)

    def values(self) -> dict[str, Any]:
        values = {name: field.data for name, field in self._fields.items() if name != "csrf_token"}
        for name in ("base_price", "extra_guest_price"):
            values[name] = values[name].quantize(Decimal("0.01"))
        for name in ("code", "name", "description", "beds"):
            values[name] = (values[name] or "").strip()
        return values


class PhotoForm(FlaskForm):
    photo = FileField(
        _("Photo"), [FileRequired(_("Choose a photo first."))], description=_("JPEG, PNG or HEIC, up to 15 MB."),
        render_kw={"accept": "image/jpeg,image/png,image/heic,image/heif"},
    )  # fmt: skip
    alt = StringField(
        _("What it shows"), [DataRequired(_NEEDED), Length(max=200)],
        description=_("For those who cannot see it, and for search engines."),
    )  # fmt: skip


class AltForm(FlaskForm):
    alt = StringField(_("What it shows"), [DataRequired(_NEEDED), Length(max=200)])


class RoomForm(FlaskForm):
    number = StringField(_("Number or name"), [DataRequired(_NEEDED), Length(max=20)])
    room_type_id = SelectField(_("Room type"), coerce=int)
    floor = StringField(_("Floor"), [Length(max=20)])
    position = IntegerField(_("Place in the list"), [InputRequired(_NEEDED), NumberRange(0, 100_000)], default=0)
    is_active = BooleanField(_("In use"), default=True)

    def offering(self, types: Any) -> RoomForm:
        self.room_type_id.choices = [SelectChoice(one.id, one.name) for one in types]
        return self

    def values(self) -> dict[str, Any]:
        texts = {name: " ".join((self[name].data or "").split()) for name in ("number", "floor")}
        return {**texts, **{name: self[name].data for name in ("room_type_id", "position", "is_active")}}


class RangeForm(FlaskForm):
    """What a price and a restriction share. The last day is meant too; stored ranges are half-open."""

    room_type_id = SelectField(_("Room type"), coerce=int)
    starts_on = DateField(_("From the night of"), [InputRequired(_NEEDED)])
    last_on = DateField(_("To the night of"), [InputRequired(_NEEDED)])
    note = StringField(_("Note"), [Length(max=120)])

    def validate_last_on(self, field: Any) -> None:
        if field.data == dt.date.max:  # a range ends on the day after
            raise ValidationError(_("These dates are too far ahead."))

    def offering(self, types: Any, everything: str = "") -> Any:
        first = [SelectChoice(0, everything)] if everything else []
        self.room_type_id.choices = first + [SelectChoice(one.id, one.name) for one in types]
        return self

    def range_values(self) -> dict[str, Any]:
        return {
            "room_type_id": self.room_type_id.data or None, "starts_on": self.starts_on.data,
            "ends_on": self.last_on.data + dt.timedelta(days=1), "note": (self.note.data or "").strip(),
        }  # fmt: skip


class PriceForm(RangeForm):
    price = NumberField(_("Price of a night"), [InputRequired(_NEEDED), _PRICE], places=2)

    def values(self) -> dict[str, Any]:
        return {**self.range_values(), "price": self.price.data.quantize(Decimal("0.01"))}


class RestrictionForm(RangeForm):
    min_stay = IntegerField(_("Shortest stay, nights"), [Optional(), NumberRange(1, 365)])
    max_stay = IntegerField(_("Longest stay, nights"), [Optional(), NumberRange(1, 365)])
    advance_days = IntegerField(_("Book at least this many days ahead"), [Optional(), NumberRange(0, 1095)])
    window_days = IntegerField(_("Book at most this many days ahead"), [Optional(), NumberRange(0, 1095)])
    closed_to_arrival = BooleanField(_("No arrivals"))
    closed_to_departure = BooleanField(_("No departures"))
    is_closed = BooleanField(_("Not for sale"))

    def values(self) -> dict[str, Any]:
        names = (
            "min_stay",
            "max_stay",
            "advance_days",
            "window_days",
            "closed_to_arrival",
            "closed_to_departure",
            "is_closed",
        )
        return {**self.range_values(), **{name: self[name].data for name in names}}


class TaxForm(Form):
    name = StringField(_("Name"), [Length(max=60)])
    kind = SelectField(
        _("Kind"),
        choices=[
            SelectChoice("percentage", _("Percent of the price")),
            SelectChoice("per_person_night", _("Amount for each adult and night")),
        ],
    )  # fmt: skip
    rate = NumberField(_("Rate"), [Optional(), NumberRange(0, 100_000)], places=2)


class TermsForm(FlaskForm):
    taxes = FieldList(FormField(TaxForm, label=""), min_entries=MOST_TAXES, max_entries=MOST_TAXES)
    prices_include_taxes = BooleanField(
        _("Prices are shown with the percentages in them"),
        description=_("Then nothing is added for them, and the price says how much of it is tax."),
    )
    free_days = IntegerField(
        _("Free until this many days before arrival"), [InputRequired(_NEEDED), NumberRange(0, 365)]
    )
    fee_percent = NumberField(
        _("After that: percent of the price"), [InputRequired(_NEEDED), NumberRange(0, 100)], places=2
    )
    fee_nights = IntegerField(
        _("Or the first nights, instead of a percentage"), [InputRequired(_NEEDED), NumberRange(0, 365)]
    )
    deposit_percent = NumberField(
        _("Deposit, percent of the price"), [InputRequired(_NEEDED), NumberRange(0, 100)], places=2
    )
    deposit_nights = IntegerField(
        _("Or the first nights, instead of a percentage"), [InputRequired(_NEEDED), NumberRange(0, 365)]
    )
    hold_minutes = IntegerField(
        _("Minutes that an unpaid booking is held"), [InputRequired(_NEEDED), NumberRange(1, 10_080)]
    )
    request_to_book = BooleanField(_("I decide about each booking of the website myself"))
    request_hours = IntegerField(_("Hours that I have to decide"), [InputRequired(_NEEDED), NumberRange(1, 336)])
    advance_days = IntegerField(_("Book at least this many days ahead"), [InputRequired(_NEEDED), NumberRange(0, 1095)])
    window_days = IntegerField(_("Book at most this many days ahead"), [InputRequired(_NEEDED), NumberRange(0, 1095)])

    @classmethod
    def showing(cls, terms: Terms) -> TermsForm:
        return cls(formdata=None, **terms.facts())

    def as_terms(self) -> dict[str, Any]:
        """The terms as JSON; rows of taxes without a name are left out."""
        taxes = [
            {"name": row.form.name.data.strip(), "kind": row.form.kind.data, "rate": str(row.form.rate.data or 0)}
            for row in self.taxes if (row.form.name.data or "").strip()
        ]  # fmt: skip
        names = (
            "prices_include_taxes",
            "hold_minutes",
            "request_to_book",
            "request_hours",
            "advance_days",
            "window_days",
        )
        return {
            "taxes": taxes,
            "cancellation": {
                "free_days": self.free_days.data, "fee_percent": str(self.fee_percent.data), "fee_nights": self.fee_nights.data
            },
            "deposit": {"percent": str(self.deposit_percent.data), "nights": self.deposit_nights.data},
            **{name: self[name].data for name in names},
        }  # fmt: skip


def everything() -> str:
    return gettext("All room types")

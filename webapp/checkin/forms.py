"""What a guest types. Bounded, in any script, and as forgiving as can be."""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from typing import Any

from babel import Locale
from email_validator import EmailNotValidError, validate_email
from flask_babel import get_locale, gettext
from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import (
    EmailField,
    Field,
    Form,
    HiddenField,
    IntegerField,
    SelectField,
    StringField,
    TelField,
    TextAreaField,
)
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, NumberRange, Optional, ValidationError

from webapp.core.encryption import normalised
from webapp.messaging.domain import as_e164

# Codes of CLDR that are no nationality: groups, and places outside ISO 3166.
_NO_COUNTRY = frozenset(
    (
        "EU",
        "EZ",
        "UN",
        "QO",
        "XA",
        "XB",
        "ZZ",
        "AC",
        "CP",
        "CQ",
        "DG",
        "EA",
        "IC",
        "TA",
        "AQ",
        "BV",
        "HM",
        "TF",
        "GS",
        "UM",
        "IO",
    )
)


def clean(text: str | None) -> str | None:
    """As typed, in one normal form, without control characters and blanks around it."""
    if text is None:
        return None
    kept = (
        c
        for c in unicodedata.normalize("NFC", text)
        if c == "\n" or unicodedata.category(c) not in ("Cc", "Cs", "Co", "Cn")
    )
    return "".join(kept).strip()


def says_something(_form: Form, field: Field) -> None:
    """At least one letter or digit, in whatever script."""
    if field.data and not any(unicodedata.category(c)[0] in "LN" for c in field.data):
        raise ValidationError(_("Please write this in letters or digits."))


@lru_cache(maxsize=16)
def countries(language: str) -> list[tuple[str, str]]:
    """ISO 3166 codes and names, in the order of the language's alphabet as far as plain comparison goes."""
    names = Locale.parse(language).territories
    known = [
        (code, name) for code, name in names.items() if len(code) == 2 and code.isalpha() and code not in _NO_COUNTRY
    ]
    return sorted(known, key=lambda pair: normalised(pair[1]))


def country_name(code: str) -> str:
    locale = get_locale() or Locale.parse("en")
    return str(locale.territories.get(code, code))


class StepForm(FlaskForm):
    """One screen. `seen`: the state of the step that the form was made from."""

    seen = HiddenField()

    def values(self) -> dict[str, Any]:
        return {f.name: f.data for f in self if f.name not in ("seen", "csrf_token")}


class PersonForm(StepForm):
    name = StringField(
        _("Full name"), [InputRequired(_("Please enter your name.")), Length(max=120), says_something], [clean],
        description=_("As you write it yourself."),
        render_kw={"autocomplete": "name", "maxlength": 120, "dir": "auto"},
    )  # fmt: skip
    nationality = SelectField(_("Nationality"), [InputRequired(_("Please choose your nationality."))])
    guests = IntegerField(
        _("How many are you?"),
        [InputRequired(_("Please enter a number.")), NumberRange(1, 50, _("Please enter a number from 1 to 50."))],
        render_kw={"inputmode": "numeric", "min": 1, "max": 50},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        locale = get_locale()
        pairs = countries(locale.language if locale else "en")
        self.nationality.choices = [
            SelectChoice("", gettext("Please choose")),
            *(SelectChoice(code, name) for code, name in pairs),
        ]


class ContactForm(StepForm):
    """At least one of phone and e-mail: the door code has to go somewhere."""

    phone = TelField(
        _("Mobile number"), [Optional(), Length(max=40)], [clean],
        description=_("With the country code, for example +44 …"),
        render_kw={"autocomplete": "tel", "maxlength": 40, "dir": "ltr"},
    )  # fmt: skip
    email = EmailField(
        _("E-mail address"), [Optional(), Length(max=254)], [clean],
        render_kw={"autocomplete": "email", "maxlength": 254, "dir": "ltr"},
    )  # fmt: skip
    address = TextAreaField(
        _("Home address"), [InputRequired(_("Please enter your address.")), Length(max=400), says_something], [clean],
        render_kw={"autocomplete": "street-address", "rows": 3, "maxlength": 400, "dir": "auto"},
    )  # fmt: skip
    country = ""  # of the hotel: for numbers without a country code

    def validate_phone(self, field: Field) -> None:
        number = as_e164(field.data, self.country)
        if number is None:
            raise ValidationError(_("This number does not look complete. Please add the country code, such as +44."))
        field.data = number

    def validate_email(self, field: Field) -> None:
        try:
            field.data = validate_email(field.data, check_deliverability=False).normalized
        except EmailNotValidError:
            raise ValidationError(_("This address does not look right. Please check it.")) from None

    def validate(self, extra_validators: Any = None) -> bool:
        is_valid = super().validate(extra_validators)
        if is_valid and not self.phone.data and not self.email.data:
            self.phone.errors = [
                _("Please give us a mobile number or an e-mail address, so that your door code can reach you.")
            ]
            return False
        return is_valid


class ArrivalForm(StepForm):
    arrival_time = SelectField(_("Arrival time"), [Optional()], default="")

    def offer(self, choices: list[tuple[str, str]]) -> None:
        self.arrival_time.choices = [SelectChoice(value, label) for value, label in choices]


class AnswerForm(StepForm):
    """A screen with a button only."""

"""The forms of the shop."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from flask_babel import gettext, ngettext
from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import (
    DateField,
    EmailField,
    Field,
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

from webapp.availability.domain import Party
from webapp.core.errors import Invalid
from webapp.messaging.domain import as_e164
from webapp.rates.domain import Catalogue
from webapp.web.i18n import language

from .domain import MOST_COMPANIONS, MOST_ROOMS, Companion, Contact, NewBooking
from .wording import BOOKER_TYPES

_NEEDED = _("Please fill this in.")
_ADDRESS = Regexp(re.compile(r"\s*[^@\s,;<>]+@[^@\s,;<>]+\.[^@\s.,;<>]+\s*"), message=_("Please check this address."))
_CONTROL = re.compile(r"[\x00-\x09\x0b\x0c\x0e-\x1f\x7f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


def _clean(text: str | None) -> str:
    return _CONTROL.sub("", text or "").strip()


class SearchForm(FlaskForm):
    """When and for how many; sent by GET, so it carries no token."""

    class Meta:
        csrf = False

    check_in = DateField(_("Arrival"), [InputRequired(_NEEDED)])
    check_out = DateField(_("Departure"), [InputRequired(_NEEDED)])
    adults = IntegerField(_("Adults"), [InputRequired(_NEEDED), NumberRange(1, 99)], default=2)
    children = IntegerField(_("Children"), [Optional(), NumberRange(0, 99)], default=0)


class CompanionForm(Form):
    """Somebody who comes along; without a name, nobody."""

    name = StringField(_("Name"), [Optional(), Length(max=200)], render_kw={"autocomplete": "off"})
    role = SelectField(
        _("Adult or child"), choices=[SelectChoice("COMPANION", _("Adult")), SelectChoice("CHILD", _("Child"))],
        default="COMPANION",
    )  # fmt: skip


def places_beside(parties: Sequence[Party]) -> list[tuple[int, str]]:
    """(number of the room, usual role) of each place of a booking besides the guest's own, which is in the first room."""
    found = [
        (number, role)
        for number, party in enumerate(parties)
        for role in ["COMPANION"] * (party.adults - (number == 0)) + ["CHILD"] * party.children
    ]
    return found[:MOST_COMPANIONS]


class GuestForm(FlaskForm):
    name = StringField(
        _("Name of the guest"), [DataRequired(_NEEDED), Length(max=200)], render_kw={"autocomplete": "name"}
    )
    email = EmailField(
        _("E-mail"), [DataRequired(_NEEDED), Length(max=254), _ADDRESS],
        description=_("We send the confirmation there."), render_kw={"autocomplete": "email", "dir": "ltr"},
    )  # fmt: skip
    phone = StringField(
        _("Telephone"), [Optional(), Length(max=40)],
        render_kw={"type": "tel", "autocomplete": "tel", "dir": "ltr", "inputmode": "tel"},
    )  # fmt: skip
    special_requests = TextAreaField(_("Wishes"), [Optional(), Length(max=2000)], render_kw={"rows": 3})
    booker_type = SelectField(
        _("Who books?"), choices=[SelectChoice(code, label) for code, label in BOOKER_TYPES.items()], default="SELF"
    )
    booker_name = StringField(_("Your name"), [Optional(), Length(max=200)])
    booker_email = EmailField(_("Your e-mail"), [Optional(), Length(max=254), _ADDRESS], render_kw={"dir": "ltr"})
    booker_company = StringField(_("Company"), [Optional(), Length(max=200)])
    companions = FieldList(FormField(CompanionForm, label=""), label=_("Who comes along"), max_entries=MOST_COMPANIONS)
    places: list[tuple[int, str]]
    country = ""  # of the hotel: for numbers without a country code

    @classmethod
    def of(cls, parties: Sequence[Party], country: str, **given: Any) -> GuestForm:
        """With a line for each place of these rooms besides the guest's; what is sent beyond is dropped."""
        form = cls(**given)
        form.country = country
        form.places = places_beside(parties)
        while len(form.companions) > len(form.places):
            form.companions.pop_entry()
        for _room, role in form.places[len(form.companions) :]:
            form.companions.append_entry({"role": role})
        return form

    def validate_phone(self, field: Field) -> None:
        if field.data and as_e164(field.data, self.country) is None:
            raise ValidationError(_("This number does not look complete. Please add the country code, such as +44."))

    def lines_of(self, room: int) -> list[Any]:
        """The lines of the places of a room."""
        lines = zip(self.places, self.companions, strict=True)
        return [line.form for (number, _role), line in lines if number == room]

    def as_booking(self, quote_id: str, room: int = 0) -> NewBooking:
        """What is asked for in the room of this number, at this quote."""
        booker = None
        if self.booker_type.data != "SELF":
            booker = Contact(
                _clean(self.booker_name.data), _clean(self.booker_email.data), company=_clean(self.booker_company.data)
            )
        guest = Contact(
            _clean(self.name.data), _clean(self.email.data), _clean(self.phone.data), language=language()
        )  # fmt: skip
        return NewBooking(
            guest=guest, booker=booker, booker_type=self.booker_type.data or "SELF", quote_id=quote_id,
            special_requests=_clean(self.special_requests.data), companions=self._companions(room),
        )  # fmt: skip

    def _companions(self, room: int) -> tuple[Companion, ...]:
        lines = [(" ".join(_clean(line.name.data).split()), line.role.data) for line in self.lines_of(room)]
        return tuple(Companion(name, role) for name, role in lines if name)


class LookupForm(FlaskForm):
    confirmation_number = StringField(
        _("Confirmation number"), [DataRequired(_NEEDED), Length(max=40)],
        render_kw={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false", "dir": "ltr"},
    )  # fmt: skip
    email = EmailField(_("E-mail"), [DataRequired(_NEEDED), Length(max=254)], render_kw={"dir": "ltr"})


class ChangeForm(SearchForm):
    """New dates, party or room; sent by GET to see what it would cost."""

    room_type_code = SelectField(_("Room"))

    def offering(self, types: Any) -> ChangeForm:
        self.room_type_code.choices = [SelectChoice(one.code, one.name) for one in types]
        return self


def rooms_wanted(given: Mapping[str, str], catalogue: Catalogue) -> list[tuple[str, Party]]:
    """(type code, party) of each room, from the fields `count-CODE`, `adults-CODE`, `children-CODE`. Raises Invalid."""
    found: list[tuple[str, Party]] = []
    for sold in catalogue.types:
        count, adults, children = (_whole(given.get(f"{name}-{sold.code}")) for name in ("count", "adults", "children"))
        found += [(sold.code, Party(max(1, adults), children))] * min(count, MOST_ROOMS + 1)
    if not found:
        raise Invalid(gettext("Say how many rooms you need."))
    if len(found) > MOST_ROOMS:
        raise Invalid(ngettext("Up to %(num)d room can be booked at once.", "Up to %(num)d rooms can be booked at once.", MOST_ROOMS))  # fmt: skip
    return found


def _whole(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdecimal() and len(text) < 4 else 0

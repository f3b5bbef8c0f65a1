"""The desk's forms about a stay."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from werkzeug.datastructures import MultiDict
from wtforms import (
    BooleanField,
    DateField,
    EmailField,
    FieldList,
    Form,
    FormField,
    IntegerField,
    RadioField,
    SelectField,
    StringField,
    TelField,
    TextAreaField,
    TimeField,
)
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, Email, InputRequired, Length, NumberRange, Optional, ValidationError

from webapp.core.stay_dates import StayDates
from webapp.web.forms import NumberField
from webapp.web.i18n import LANGUAGES

from .pricing import Wanted

LONGEST_STAY = 730
FURTHER_ROOMS = 9
MOST_MONEY = Decimal(1_000_000)


def _stripped(value: str | None) -> str:
    return " ".join((value or "").split())


class DatesForm(FlaskForm):
    check_in = DateField(_("Arrival"), [InputRequired(_("Choose the day of arrival."))])
    check_out = DateField(_("Departure"), [InputRequired(_("Choose the day of departure."))])

    def validate_check_out(self, field: Any) -> None:
        if self.check_in.data is None or field.data is None:
            return
        if field.data <= self.check_in.data:
            raise ValidationError(_("The departure must be after the arrival."))
        if (field.data - self.check_in.data).days > LONGEST_STAY:
            raise ValidationError(_("That is longer than two years."))

    @property
    def dates(self) -> StayDates:
        return StayDates(self.check_in.data, self.check_out.data)


class PartyFields(FlaskForm):
    adults = IntegerField(_("Adults"), [InputRequired(), NumberRange(1, 50)], default=1)
    children = IntegerField(_("Children"), [InputRequired(), NumberRange(0, 50)], default=0)


class ChangeForm(DatesForm, PartyFields):
    """Other dates, guests or room type of a stay: sent by GET to see what it would cost, by POST to do it."""

    class Meta:
        csrf = False  # of the address; a POST is checked by the application

    room_type_id = SelectField(_("Room type"), coerce=int)
    choice = RadioField(
        _("Price"), [InputRequired(_("Choose the price."))],
        choices=[SelectChoice("new", _("New price")), SelectChoice("kept", _("Keep the agreed price"))],
    )  # fmt: skip
    total = NumberField(validators=[InputRequired(), NumberRange(-(10**11), 10**11)], places=2)
    seen = StringField(validators=[InputRequired(), Length(max=40)])

    @classmethod
    def of(cls, stay: Any, types: list[Any], given: Any = None) -> ChangeForm:
        """For this stay; where the guest is in house, only the departure and the party change."""
        names = ("check_in", "check_out", "adults", "children", "room_type_id")
        known = {name: getattr(stay, name) for name in names}
        fixed = {"check_in": stay.check_in.isoformat(), "room_type_id": str(stay.room_type_id)}
        if given is not None:
            plain = {
                name: value.isoformat() if isinstance(value, dt.date) else str(value) for name, value in known.items()
            }
            given = MultiDict({**plain, **given.to_dict(), **(fixed if stay.status == "CHECKED_IN" else {})})
        form = cls(given, data=known)
        form.room_type_id.choices = [
            SelectChoice(one.id, one.name) for one in types if one.is_active or one.id == stay.room_type_id
        ]
        return form

    def asking(self) -> ChangeForm:
        """Only what is asked for, without the answer to the price."""
        for name in ("choice", "total", "seen"):
            del self[name]
        return self

    @property
    def wanted(self) -> Wanted:
        return Wanted(self.dates, self.adults.data or 1, self.children.data or 0, self.room_type_id.data)


class GuestForm(FlaskForm):
    guest_name = StringField(_("Name"), [Optional(), Length(max=200)], filters=[_stripped])
    guest_email = EmailField(
        _("E-mail"), [Optional(), Email(_("That address does not look right.")), Length(max=254)], filters=[_stripped]
    )
    guest_phone = TelField(_("Phone"), [Optional(), Length(max=40)], filters=[_stripped])
    guest_language = SelectField(_("Language"), choices=[SelectChoice(code, name) for code, name in LANGUAGES.items()])
    special_requests = TextAreaField(_("Wishes"), [Optional(), Length(max=4000)])

    def values(self) -> dict[str, Any]:
        """The columns of a reservation; an empty text means: not known."""
        texts = ("guest_name", "guest_email", "guest_phone", "special_requests")
        return {**{name: self[name].data or None for name in texts}, "guest_language": self.guest_language.data}


class RoomForm(Form):
    """One room of a group, besides the first. Without a room type the row is left out."""

    room_type_id = SelectField(_("Room type"), coerce=int, default=0)
    room_id = SelectField(_("Room"), coerce=int, default=0)
    adults = IntegerField(_("Adults"), [Optional(), NumberRange(1, 50)], default=1)
    children = IntegerField(_("Children"), [Optional(), NumberRange(0, 50)], default=0)
    guest_name = StringField(_("Who sleeps there"), [Optional(), Length(max=200)], filters=[_stripped])
    total = NumberField(_("Price of the stay"), [Optional(), NumberRange(0, MOST_MONEY)], places=2)


class NewStayForm(DatesForm, PartyFields, GuestForm):
    """A stay of one room, or of several that belong together."""

    guest_name = StringField(
        _("Name"), [DataRequired(_("Write the guest's name.")), Length(max=200)], filters=[_stripped]
    )
    room_type_id = SelectField(_("Room type"), coerce=int)
    room_id = SelectField(_("Room"), coerce=int, default=0)
    total = NumberField(_("Price of the stay"), [Optional(), NumberRange(0, MOST_MONEY)], places=2)
    further = FieldList(FormField(RoomForm, label=""), min_entries=FURTHER_ROOMS, max_entries=FURTHER_ROOMS)
    is_walk_in = BooleanField(_("The guest is here: check in at once"))

    def offer(self, types: list[Any], rooms: list[Any], today: dt.date) -> None:
        kinds = [SelectChoice(str(one.id), one.name) for one in types]
        numbers = [SelectChoice(str(room.id), f"{room.number} · {room.type_name}") for room in rooms]
        numbers.insert(0, SelectChoice("0", str(_("Choose later"))))
        self.room_type_id.choices, self.room_id.choices = kinds, numbers
        for row in self.further:
            row.form.room_type_id.choices = [SelectChoice("0", str(_("No further room"))), *kinds]
            row.form.room_id.choices = numbers
        if not self.is_submitted():
            self.check_in.data = self.check_in.data or today
            self.check_out.data = self.check_out.data or today + dt.timedelta(days=1)

    @property
    def rows(self) -> list[Any]:
        """The rooms that are wanted, each with the fields of `RoomForm`."""
        return [self, *(row.form for row in self.further if row.form.room_type_id.data)]

    def guest(self) -> dict[str, Any]:
        """Who books: columns of a reservation."""
        return self.values()


class ReasonForm(FlaskForm):
    reason = StringField(_("Reason"), [Optional(), Length(max=300)], filters=[_stripped])


class NoteForm(FlaskForm):
    note = TextAreaField(_("Note for the staff"), [DataRequired(_("Write the note first.")), Length(max=4000)])


class CancelForm(ReasonForm):
    whole_group = BooleanField(_("Cancel every stay of the group that has not begun"))
    charge_fee = BooleanField(_("Charge the fee"))
    fee = NumberField(validators=[Optional()])
    fee_of_all = NumberField(validators=[Optional()])


class ExtendForm(FlaskForm):
    check_out = DateField(_("New departure"), [InputRequired(_("Choose the day of departure."))])


class LeaveEarlyForm(ReasonForm):
    check_out = DateField(_("New departure"), [InputRequired(_("Choose the day of departure."))])


class LateForm(ReasonForm):
    until = TimeField(_("The room is kept until"), [InputRequired(_("Say until when."))])
    fee = NumberField(_("Fee"), [Optional(), NumberRange(0, MOST_MONEY)], places=2)


class SplitForm(FlaskForm):
    """Sent by GET: from which night on another room is wanted."""

    class Meta:
        csrf = False

    date = DateField(_("First night in the other room"), [InputRequired(_("Choose a night."))])


class MemberForm(FlaskForm):
    name = StringField(_("Name"), [DataRequired(_("Write the name.")), Length(max=200)], filters=[_stripped])
    role = SelectField(_("Who"), choices=[SelectChoice("COMPANION", _("Companion")), SelectChoice("CHILD", _("Child"))])
    is_staying = BooleanField(_("Sleeps here"), default=True)

"""The desk's forms about a stay."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    DateField,
    DecimalField,
    EmailField,
    FieldList,
    Form,
    FormField,
    IntegerField,
    SelectField,
    StringField,
    TelField,
    TextAreaField,
    TimeField,
)
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, Email, InputRequired, Length, NumberRange, Optional, ValidationError

from webapp.core.stay_dates import StayDates
from webapp.web.i18n import LANGUAGES

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


class GuestForm(FlaskForm):
    guest_name = StringField(_("Name"), [Optional(), Length(max=200)], filters=[_stripped])
    guest_email = EmailField(
        _("E-mail"), [Optional(), Email(_("That address does not look right.")), Length(max=254)], filters=[_stripped]
    )
    guest_phone = TelField(_("Phone"), [Optional(), Length(max=40)], filters=[_stripped])
    guest_language = SelectField(_("Language"), choices=[SelectChoice(code, name) for code, name in LANGUAGES.items()])
    adults = IntegerField(_("Adults"), [InputRequired(), NumberRange(1, 50)], default=1)
    children = IntegerField(_("Children"), [InputRequired(), NumberRange(0, 50)], default=0)
    special_requests = TextAreaField(_("Wishes"), [Optional(), Length(max=4000)])

    def values(self) -> dict[str, Any]:
        """The columns of a reservation; an empty text means: not known."""
        texts = ("guest_name", "guest_email", "guest_phone", "special_requests")
        return {
            **{name: self[name].data or None for name in texts},
            "guest_language": self.guest_language.data,
            "adults": self.adults.data,
            "children": self.children.data,
        }


class RoomForm(Form):
    """One room of a group, besides the first. Without a room type the row is left out."""

    room_type_id = SelectField(_("Room type"), coerce=int, default=0)
    room_id = SelectField(_("Room"), coerce=int, default=0)
    adults = IntegerField(_("Adults"), [Optional(), NumberRange(1, 50)], default=1)
    children = IntegerField(_("Children"), [Optional(), NumberRange(0, 50)], default=0)
    guest_name = StringField(_("Who sleeps there"), [Optional(), Length(max=200)], filters=[_stripped])
    total = DecimalField(_("Price of the stay"), [Optional(), NumberRange(0, MOST_MONEY)], places=2)


class NewStayForm(DatesForm, GuestForm):
    """A stay of one room, or of several that belong together."""

    guest_name = StringField(
        _("Name"), [DataRequired(_("Write the guest's name.")), Length(max=200)], filters=[_stripped]
    )
    room_type_id = SelectField(_("Room type"), coerce=int)
    room_id = SelectField(_("Room"), coerce=int, default=0)
    total = DecimalField(_("Price of the stay"), [Optional(), NumberRange(0, MOST_MONEY)], places=2)
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
        return {name: value for name, value in self.values().items() if name not in ("adults", "children")}


class ReasonForm(FlaskForm):
    reason = StringField(_("Reason"), [Optional(), Length(max=300)], filters=[_stripped])


class NoteForm(FlaskForm):
    note = TextAreaField(_("Note for the staff"), [DataRequired(_("Write the note first.")), Length(max=4000)])


class CancelForm(ReasonForm):
    whole_group = BooleanField(_("Cancel every stay of the group that has not begun"))


class ExtendForm(FlaskForm):
    check_out = DateField(_("New departure"), [InputRequired(_("Choose the day of departure."))])


class LeaveEarlyForm(ReasonForm):
    check_out = DateField(_("New departure"), [InputRequired(_("Choose the day of departure."))])


class LateForm(ReasonForm):
    until = TimeField(_("The room is kept until"), [InputRequired(_("Say until when."))])
    fee = DecimalField(_("Fee"), [Optional(), NumberRange(0, MOST_MONEY)], places=2)


class SplitForm(FlaskForm):
    """Sent by GET: from which night on another room is wanted."""

    class Meta:
        csrf = False

    date = DateField(_("First night in the other room"), [InputRequired(_("Choose a night."))])


class MemberForm(FlaskForm):
    name = StringField(_("Name"), [DataRequired(_("Write the name.")), Length(max=200)], filters=[_stripped])
    role = SelectField(_("Who"), choices=[SelectChoice("COMPANION", _("Companion")), SelectChoice("CHILD", _("Child"))])
    is_staying = BooleanField(_("Sleeps here"), default=True)

"""Forms of the house: a task, and a period in which a room is closed."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import DateField, SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, Optional, ValidationError

from webapp.core.stay_dates import StayDates

LONGEST_BLOCK = 1100


class TaskForm(FlaskForm):
    title = StringField(_("What is to be done"), [InputRequired(_("Say what is to be done.")), Length(max=200)])
    kind = SelectField(
        _("Kind"),
        choices=[
            SelectChoice("other", _("Other")),
            SelectChoice("cleaning", _("Cleaning")),
            SelectChoice("maintenance", _("Repair")),
        ],
    )
    room_id = SelectField(_("Room"), coerce=int, default=0)
    due_on = DateField(_("Due"), [InputRequired(_("Choose a day."))])


class BlockForm(FlaskForm):
    room_id = SelectField(_("Room"), coerce=int)
    starts_on = DateField(_("First night"), [InputRequired(_("Choose a day."))])
    ends_on = DateField(_("Free again on"), [InputRequired(_("Choose a day."))])
    kind = SelectField(
        _("Why"),
        choices=[SelectChoice("out_of_order", _("Out of order")), SelectChoice("owner", _("Kept by the owner"))],
    )
    reason = StringField(_("Reason"), [Optional(), Length(max=200)])

    def validate_ends_on(self, field: Any) -> None:
        if self.starts_on.data is None or field.data is None:
            return
        if field.data <= self.starts_on.data:
            raise ValidationError(_("This must be after the first night."))
        if (field.data - self.starts_on.data).days > LONGEST_BLOCK:
            raise ValidationError(_("That is longer than three years."))

    @property
    def dates(self) -> StayDates:
        return StayDates(self.starts_on.data, self.ends_on.data)

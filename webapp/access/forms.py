"""Forms of the locks page."""

from __future__ import annotations

from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import PasswordField, SelectField, StringField
from wtforms.validators import InputRequired, Length


class LockAccountForm(FlaskForm):
    username = StringField(
        _("User name of the TTLock app"),
        [InputRequired(_("Enter the user name, for example +447700900123.")), Length(max=120)],
    )
    password = PasswordField(
        _("Password of the TTLock app"), [InputRequired(_("Enter the password of the app.")), Length(max=200)]
    )


class LockForm(FlaskForm):
    """Which door a lock is on: "room:<id>", "entrance" or "unused"."""

    door = SelectField(_("Door"), validate_choice=True)

"""Forms of accounts. What a password must be is decided by the services; forms only see that something was typed."""

from __future__ import annotations

from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import EmailField, PasswordField, RadioField, SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, Email, Length

from webapp.web.desk import ROLE_LABELS
from webapp.web.i18n import LANGUAGES

from .domain import LONGEST_PASSWORD, SHORTEST_PASSWORD

_ROLES = [SelectChoice(role, label) for role, label in ROLE_LABELS.items()]
_NEEDED = _("Please fill this in.")
_PASSWORD_HINT = _(
    "At least %(number)s characters; a few words in a row are easy to remember.", number=SHORTEST_PASSWORD
)


def _email_field() -> EmailField:
    return EmailField(
        _("E-mail"),
        [DataRequired(_NEEDED), Length(max=254), Email(_("Please check this address."))],
        render_kw={"autocomplete": "username", "inputmode": "email", "autocapitalize": "none", "spellcheck": "false"},
    )


def _known_password(label: object, **more: object) -> PasswordField:
    return PasswordField(
        label,
        [DataRequired(_NEEDED), Length(max=LONGEST_PASSWORD + 1)],
        render_kw={"autocomplete": "current-password", **more},
    )


def _new_password() -> PasswordField:
    return PasswordField(
        _("New password"),
        [DataRequired(_NEEDED)],
        description=_PASSWORD_HINT,
        render_kw={"autocomplete": "new-password", "minlength": SHORTEST_PASSWORD},
    )


class SignInForm(FlaskForm):
    email = EmailField(
        _("E-mail"),
        [DataRequired(_NEEDED), Length(max=254)],
        render_kw={"autocomplete": "username", "inputmode": "email", "autocapitalize": "none", "spellcheck": "false"},
    )
    password = _known_password(_("Password"))


class CodeForm(FlaskForm):
    code = StringField(
        _("Code"),
        [DataRequired(_NEEDED), Length(max=40)],
        render_kw={"autocomplete": "one-time-code", "inputmode": "text", "autocapitalize": "characters", "dir": "ltr"},
    )


class ResetRequestForm(FlaskForm):
    email = _email_field()


class NewPasswordForm(FlaskForm):
    password = _new_password()


class InvitationForm(FlaskForm):
    name = StringField(_("Your name"), [DataRequired(_NEEDED), Length(max=120)], render_kw={"autocomplete": "name"})
    password = _new_password()


class JoinForm(FlaskForm):
    """For somebody who has an account already: nothing to type."""


class ChangePasswordForm(FlaskForm):
    current = _known_password(_("Current password"))
    password = _new_password()


class DetailsForm(FlaskForm):
    name = StringField(_("Your name"), [DataRequired(_NEEDED), Length(max=120)], render_kw={"autocomplete": "name"})
    language = SelectField(
        _("Language"), [DataRequired(_NEEDED)], choices=[SelectChoice(code, name) for code, name in LANGUAGES.items()]
    )


class PasswordForm(FlaskForm):
    password = _known_password(_("Your password"))


class InviteForm(FlaskForm):
    email = EmailField(
        _("E-mail"),
        [DataRequired(_NEEDED), Length(max=254), Email(_("Please check this address."))],
        render_kw={"autocomplete": "off"},
    )
    role = RadioField(_("Role"), choices=_ROLES, default="desk")


class RoleForm(FlaskForm):
    role = SelectField(_("Role"), choices=_ROLES)

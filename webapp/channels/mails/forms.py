"""The form of a mailbox."""

from __future__ import annotations

from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import BooleanField, IntegerField, PasswordField, StringField
from wtforms.validators import InputRequired, Length, NumberRange

RECEIVER_LABEL = _("Name of the receiving server")


class MailboxForm(FlaskForm):
    host = StringField(
        _("Mail server"), [InputRequired(_("Type the name of the server, such as imap.gmail.com.")), Length(max=250)]
    )
    port = IntegerField(_("Port"), [NumberRange(1, 65535)], default=993)
    username = StringField(_("User name"), [InputRequired(_("Type the user name of the mailbox.")), Length(max=320)])
    password = PasswordField(
        _("Password"), [InputRequired(_("Type the password; many providers want an app password.")), Length(max=200)]
    )
    receiver = StringField(RECEIVER_LABEL, [Length(max=250)])
    must_be_authentic = BooleanField(_("Only mails whose sender this server vouches for"), default=True)


class ReceiverForm(FlaskForm):
    receiver = StringField(
        RECEIVER_LABEL, [InputRequired(_("Type the name of the receiving server.")), Length(max=250)]
    )

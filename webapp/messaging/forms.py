"""The form in which the desk writes to a guest, or keeps a telephone call."""

from __future__ import annotations

from flask_babel import gettext, lazy_gettext
from flask_wtf import FlaskForm
from wtforms import RadioField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, Length, Optional

_ = lazy_gettext


class TalkForm(FlaskForm):
    channel = RadioField(
        _("What is it?"), default="phone-in",
        choices=[
            SelectChoice("phone-in", _("The guest rang")), SelectChoice("phone-out", _("We rang the guest")),
            SelectChoice("mail", _("Mail to the guest")), SelectChoice("sms", _("Short message to the guest")),
        ],
    )  # fmt: skip
    subject = StringField(_("Subject"), [Optional(), Length(max=200)], description=_("Of a mail."), default="")
    body = TextAreaField(
        _("Text"), [DataRequired(_("Write something first.")), Length(max=4000)], render_kw={"rows": 4}
    )

    def meant(self) -> tuple[str, str]:
        """(channel, direction)"""
        channel, _dash, direction = (self.channel.data or "").partition("-")
        return channel, direction or "out"

    def told(self) -> str:
        if self.meant()[0] == "phone":
            return gettext("The call is kept.")
        return gettext("The message is on its way.")

"""Who is at the door: password, second step, and the epoch that ends every session at once."""

from __future__ import annotations

from flask_babel import gettext as _
from sqlalchemy import select, update

from webapp.accounts.domain import normal_email
from webapp.core import audit
from webapp.core.clock import now
from webapp.core.database import db
from webapp.core.errors import Invalid, Unauthenticated
from webapp.models import AccountToken, User

from . import one_time_codes, passwords


def user_of_password(email: str, password: str) -> User:
    """The active user of this address and password.

    Raises Unauthenticated, in the same words and time for a wrong password, an unknown address, an invitation that was not
    accepted and a closed account.
    """
    user = db.session.scalar(select(User).where(User.email == normal_email(email)))
    if not passwords.is_password_of(user, password) or user is None or not user.is_active:
        raise Unauthenticated(_("The e-mail address or the password is not right."), "WRONG_CREDENTIALS")
    return user


def check_code(user: User, code: str) -> None:
    """The second step. Raises Unauthenticated when the code is wrong or was used."""
    if not one_time_codes.take(user, code):
        raise Unauthenticated(
            _("This code is not right, or it was used already. Wait for the next one and try that."), "TOTP_WRONG"
        )


def note_sign_in(user: User) -> None:
    user.last_signed_in_at = now()
    db.session.flush()
    audit.record(None, "signed_in", user)


def sign_out_everywhere(user: User) -> None:
    """End every session, every token of the JSON API, and links to a new password that somebody may have asked for."""
    user.session_epoch += 1
    db.session.flush()
    _end_tokens(user, "api_refresh", "password_reset")
    audit.record(None, "signed_out_everywhere", user)


def end_refresh_tokens(user: User) -> None:
    _end_tokens(user, "api_refresh")


def _end_tokens(user: User, *purposes: str) -> None:
    db.session.execute(
        update(AccountToken)
        .where(AccountToken.user_id == user.id, AccountToken.purpose.in_(purposes), AccountToken.used_at.is_(None))
        .values(used_at=now())
    )


def change_password(user: User, current: str, new: str) -> None:
    """Change the password; every session and token ends, the caller signs this one in anew."""
    if not passwords.is_password_of(user, current):
        raise Invalid(_("That is not your current password."), "WRONG_PASSWORD", field="current")
    passwords.set_password(user, new)
    audit.record(None, "password_changed", user)
    sign_out_everywhere(user)


def require_password(user: User, password: str) -> None:
    """Before something that matters. Raises Invalid."""
    if not passwords.is_password_of(user, password):
        raise Invalid(_("That is not your password."), "WRONG_PASSWORD", field="password")

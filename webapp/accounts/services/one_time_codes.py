"""The second step of a sign-in: codes of an authenticator app (TOTP, RFC 6238), and recovery codes for a lost telephone."""

from __future__ import annotations

import datetime as dt
import hmac
from collections.abc import Sequence

import pyotp
from flask_babel import gettext as _
from sqlalchemy import delete, update

from webapp.accounts.domain import TOTP_STEP_SECONDS, normal_recovery_code
from webapp.core import audit, ids
from webapp.core.clock import now
from webapp.core.database import db
from webapp.core.errors import Conflict, Invalid
from webapp.models import AccountToken, User

ISSUER = "Innkeep"
RECOVERY_CODES, RECOVERY_LENGTH = 10, 16  # 72 bits each
_FAR = dt.timedelta(days=3650)


def is_on(user: User) -> bool:
    return user.totp_confirmed_at is not None


def begin(user: User) -> None:
    """Make a secret, to be confirmed with its first code; it stays the same until then."""
    if is_on(user):
        raise Conflict(_("One-time codes are on already."), "TOTP_ALREADY_ON")
    if user.totp_secret is None:
        user.totp_secret = pyotp.random_base32()
        db.session.flush()


def address_of(user: User) -> str:
    """The otpauth:// address of the secret, for the QR code."""
    return pyotp.TOTP(user.totp_secret or "").provisioning_uri(name=user.email, issuer_name=ISSUER)


def confirm(user: User, code: str) -> list[str]:
    """Switch on with the first code. Returns the recovery codes: the only time they can be read."""
    _lock(user)
    if is_on(user) or user.totp_secret is None:
        raise Conflict(_("Start again from the security page."), "TOTP_NOT_STARTED")
    if not _take_code(user, code):
        raise Invalid(_wrong_code(), "TOTP_WRONG", field="code")
    user.totp_confirmed_at = now()
    db.session.flush()
    audit.record(None, "one_time_codes_on", user)
    return new_recovery_codes(user)


def switch_off(user: User) -> None:
    """Sign in with the password alone again. The caller has asked for the password."""
    _lock(user)
    user.totp_secret = user.totp_confirmed_at = user.totp_last_step = None
    _forget_recovery_codes(user)
    db.session.flush()
    audit.record(None, "one_time_codes_off", user)


def renew_recovery_codes(user: User) -> list[str]:
    """New recovery codes instead of the old ones. Raises Conflict while one-time codes are off."""
    _lock(user)
    if not is_on(user):
        raise Conflict(_("Switch one-time codes on first."), "TOTP_OFF")
    audit.record(None, "recovery_codes_renewed", user)
    return new_recovery_codes(user)


def new_recovery_codes(user: User) -> list[str]:
    """Replace the recovery codes. Returns them in groups of four, to be written down."""
    _forget_recovery_codes(user)
    codes = [ids.readable(RECOVERY_LENGTH) for _number in range(RECOVERY_CODES)]
    for code in codes:
        db.session.add(
            AccountToken(
                user_id=user.id, purpose="recovery_code", token_hash=_recovery_hash(user, code), expires_at=now() + _FAR
            )
        )
    db.session.flush()
    return ["-".join(code[i : i + 4] for i in range(0, RECOVERY_LENGTH, 4)) for code in codes]


def take(user: User, code: str) -> bool:
    """Whether `code` is right, now or as a recovery code. Right once: the same code is wrong the second time."""
    _lock(user)
    if not is_on(user):
        return False
    return _take_code(user, code) or _take_recovery_code(user, code)


def matching_step(secret: str, code: str, at: dt.datetime, after_step: int | None) -> int | None:
    """The time step (one before to one after `at`) whose code this is, if it is later than `after_step`."""
    typed = "".join(code.split())
    if len(typed) != 6 or not typed.isascii() or not typed.isdigit():
        return None
    totp = pyotp.TOTP(secret, interval=TOTP_STEP_SECONDS)
    current = int(at.timestamp()) // TOTP_STEP_SECONDS
    found: int | None = None
    for step in _steps_around(current):
        if hmac.compare_digest(totp.generate_otp(step), typed) and (after_step is None or step > after_step):
            found = step
    return found


def _steps_around(step: int) -> Sequence[int]:
    return (step - 1, step, step + 1)


def _take_code(user: User, code: str) -> bool:
    step = matching_step(user.totp_secret or "", code, now(), user.totp_last_step)
    if step is None:
        return False
    user.totp_last_step = step
    db.session.flush()
    return True


def _take_recovery_code(user: User, code: str) -> bool:
    typed = normal_recovery_code(code)
    if len(typed) != RECOVERY_LENGTH:
        return False
    statement = (
        update(AccountToken)
        .where(
            AccountToken.user_id == user.id,
            AccountToken.purpose == "recovery_code",
            AccountToken.token_hash == _recovery_hash(user, typed),
            AccountToken.used_at.is_(None),
        )
        .values(used_at=now())
        .returning(AccountToken.id)
    )
    is_right = db.session.scalar(statement) is not None
    if is_right:
        audit.record(None, "recovery_code_used", user)
    return is_right


def _recovery_hash(user: User, code: str) -> bytes:
    return ids.token_hash(f"recovery:{user.id}:{code}")


def _forget_recovery_codes(user: User) -> None:
    db.session.execute(
        delete(AccountToken).where(AccountToken.user_id == user.id, AccountToken.purpose == "recovery_code")
    )


def _lock(user: User) -> None:
    """Two requests with the same code at the same time: one waits here and then sees that it is used."""
    db.session.flush()
    db.session.refresh(user, with_for_update=True)


def _wrong_code() -> str:
    return _("This code is not right, or it was used already. Wait for the next one and try that.")

"""Rules of accounts: what makes a password, what a role may hand out, which addresses a sign-in may lead to."""

from __future__ import annotations

import re

from flask_babel import lazy_gettext as _

from webapp.core.errors import Invalid

SHORTEST_PASSWORD, LONGEST_PASSWORD = 12, 256
TOTP_STEP_SECONDS = 30

STAFF_ROLES = ("owner", "manager", "desk", "housekeeping")
ROLE_NOTES = {
    "owner": _("Everything, and who else may work here"),
    "manager": _("Everything but the team"),
    "desk": _("Stays, guests, messages"),
    "housekeeping": _("Rooms and tasks"),
}

# The most common passwords of twelve characters and more in public breach lists, as letters and digits only.
_COMMON = frozenset(
    [
        "123456789012",
        "1234567890123",
        "12345678901234",
        "123456789123",
        "1234567891011",
        "0123456789ab",
        "012345678901",
        "111111111111",
        "000000000000",
        "121212121212",
        "123123123123",
        "112233445566",
        "987654321098",
        "qwertyuiopas",
        "qwertyuiop12",
        "qwertyuiop123",
        "qwerty123456",
        "qwerty1234567",
        "qwertyuiopasdf",
        "qwertyuiopasdfghjkl",
        "1qaz2wsx3edc",
        "1qaz2wsx3edc4rfv",
        "1q2w3e4r5t6y",
        "1q2w3e4r5t6y7u8i",
        "1234qwerasdf",
        "qwer1234asdf",
        "asdfghjkl123",
        "zxcvbnm12345",
        "password1234",
        "password12345",
        "password123456",
        "passwordpassword",
        "passw0rd1234",
        "mypassword123",
        "adminadmin12",
        "administrator",
        "administrator1",
        "admin123456789",
        "welcome12345",
        "welcome123456",
        "letmein12345",
        "iloveyou1234",
        "iloveyou12345",
        "changeme1234",
        "changeme12345",
        "sunshine1234",
        "princess1234",
        "football1234",
        "baseball1234",
        "monkey123456",
        "dragon123456",
        "abcdefghijkl",
        "abcdefghijklm",
        "abcdefgh1234",
        "abcd12345678",
        "a1b2c3d4e5f6",
        "aaaaaaaaaaaa",
        "correcthorsebatterystaple",
        "secretsecret",
        "hotelhotel12",
        "hotel1234567",
        "superman1234",
        "michael12345",
        "trustno1trustno1",
        "q1w2e3r4t5y6",
        "123qweasdzxc",
        "1qazxsw23edc",
        "testtesttest",
        "test12345678",
        "guestguest12",
    ]
)


def check_password(password: str, email: str) -> None:
    """Raises Invalid, with what to do, for a password that is short, endless, common, or the person's own address."""
    plain = re.sub(r"[\W_]", "", password.casefold())
    address = email.casefold()
    if len(password) < SHORTEST_PASSWORD:
        raise Invalid(
            _("Use at least %(number)s characters. A few words in a row are fine.", number=SHORTEST_PASSWORD),
            "PASSWORD_TOO_SHORT", field="password",
        )  # fmt: skip
    if len(password) > LONGEST_PASSWORD:
        raise Invalid(
            _("Use at most %(number)s characters.", number=LONGEST_PASSWORD), "PASSWORD_TOO_LONG", field="password"
        )
    if plain in _COMMON or len(set(plain)) < 4:
        raise Invalid(
            _("Many people use this password, so it is tried first. Please choose another."),
            "PASSWORD_COMMON", field="password",
        )  # fmt: skip
    if password.casefold() == address or plain == re.sub(r"[\W_]", "", address):
        raise Invalid(_("Your e-mail address is no good as a password."), "PASSWORD_IS_EMAIL", field="password")


def normal_email(text: str) -> str:
    """How addresses are stored and compared."""
    return text.strip().lower()


def safe_next(target: str | None) -> str | None:
    """`target` when it is a path of our own, else None. Browsers read `//x`, `/\\x` and tabs as another site."""
    if not target or not target.startswith("/") or target.startswith("//"):
        return None
    if "\\" in target or any(ord(c) < 32 or ord(c) == 127 for c in target):
        return None
    return target


def normal_recovery_code(text: str) -> str:
    return re.sub(r"[^0-9A-Z]", "", text.upper())

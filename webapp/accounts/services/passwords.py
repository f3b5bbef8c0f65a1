"""Password hashes: argon2id, verified in the same time whether the account exists or not."""

from __future__ import annotations

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

from webapp.accounts.domain import LONGEST_PASSWORD, check_password
from webapp.core.database import db
from webapp.models import User

# RFC 9106 asks for as much memory as the server can spare; OWASP's first choice is 46 MiB with one pass and one lane.
hasher = PasswordHasher(time_cost=1, memory_cost=47_104, parallelism=1, hash_len=32, salt_len=16, type=Type.ID)

# Of a password that nobody knows: verified for unknown accounts, so that they take as long as known ones.
_NOBODY = hasher.hash("\x00 nobody has this password \x00")


def set_password(user: User, password: str) -> None:
    """Give `user` a new password. Raises Invalid when the rules refuse it. The caller decides what it ends."""
    check_password(password, user.email)
    user.password_hash = hasher.hash(password)
    db.session.flush()


def is_password_of(user: User | None, password: str) -> bool:
    """Whether this is the user's password. Takes the time of one hash whatever is asked.

    A hash of older parameters is replaced while the password is at hand.
    """
    stored = user.password_hash if user is not None and user.password_hash else _NOBODY
    try:
        hasher.verify(stored, password[: LONGEST_PASSWORD + 1])
    except (VerificationError, InvalidHashError):
        return False
    if user is None or not user.password_hash:
        return False
    if hasher.check_needs_rehash(stored):
        user.password_hash = hasher.hash(password)
        db.session.flush()
    return True

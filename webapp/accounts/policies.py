"""How often somebody may try."""

from __future__ import annotations

from webapp.accounts.domain import normal_email
from webapp.web.throttle import Throttle

_QUARTER, _HOUR = 900, 3600
BY_ADDRESS = Throttle("sign-in-address", 60, _QUARTER)  # a hotel's staff share one address
BY_ACCOUNT = Throttle("sign-in-account", 10, _QUARTER)
BY_CODE = Throttle("sign-in-code", 6, _QUARTER)
RESET_BY_ADDRESS = Throttle("reset-address", 20, _HOUR)
RESET_BY_ACCOUNT = Throttle("reset-account", 3, _HOUR)
INVITATIONS = Throttle("invitations", 50, _HOUR)


def attempt_password(email: str, address: str) -> None:
    """Before a password is looked at. Raises TooMany."""
    BY_ADDRESS.attempt(address)
    BY_ACCOUNT.attempt(normal_email(email))


def attempt_code(user_id: int, address: str) -> None:
    """Before a one-time code is looked at. Raises TooMany."""
    BY_ADDRESS.attempt(address)
    BY_CODE.attempt(str(user_id))


def forget_attempts(email: str, user_id: int) -> None:
    """After a complete sign-in."""
    BY_ACCOUNT.forget(normal_email(email))
    BY_CODE.forget(str(user_id))


def attempt_reset(email: str, address: str) -> None:
    RESET_BY_ADDRESS.attempt(address)
    RESET_BY_ACCOUNT.attempt(normal_email(email))

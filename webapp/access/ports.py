"""What access needs from a lock company: accounts, locks, gateways and keypad codes.

Instants are aware UTC datetimes. A provider client does one call per method and never tries again by itself: what to do
after a failure is the caller's policy, and the class of the error says which policy.

| error | what the caller does |
| --- | --- |
| LockBusy | try again a little later; with `is_outcome_unknown` list the codes first |
| LockOffline | mark the lock offline, try again later, tell the staff |
| PinRejected | choose another code and try again at once |
| CodeMissing | the provider does not know the code: a deletion is done, a change must become an addition |
| StorageFull | the lock's memory is full: remove ended codes, then try again |
| AuthExpired | refresh the tokens, then try again |
| AuthRejected | the hotel must sign in to the lock account again |
| QuotaExceeded | nothing works until `resets_at` |
| LockRefused | never try again: the request or the set-up is wrong |
| ChangeRefused | a LockRefused: this code cannot be changed; delete it, confirm, and add another |
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol

CodeState = Literal[
    "normal", "adding", "add_failed", "changing", "change_failed", "deleting", "delete_failed", "unknown"
]


@dataclass(frozen=True)
class Tokens:
    """The right to act for one lock account. Secrets stay out of the repr."""

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_at: datetime
    account_id: str = ""  # the provider's number of the account; empty after a refresh


@dataclass(frozen=True)
class ProviderLock:
    """A lock as the provider lists it."""

    lock_id: str
    name: str
    mac: str
    battery_percent: int | None
    has_gateway: bool


@dataclass(frozen=True)
class Gateway:
    """A bridge between the locks near it and the Internet. It does one command at a time."""

    gateway_id: str
    name: str
    mac: str
    is_online: bool | None  # None where the provider does not say; its lists may be half an hour old
    rssi: int | None = None  # signal to the lock that was asked about, in dBm: above -75 strong, below -85 weak


@dataclass(frozen=True)
class ProviderCode:
    """A keypad code as the provider lists it. The PIN stays out of the repr."""

    provider_code_id: str
    lock_id: str
    pin: str = field(repr=False)
    name: str
    valid_from: datetime | None  # None: no limit
    valid_until: datetime | None
    state: CodeState = "unknown"  # unknown: listed, and the provider says nothing more; as good as normal
    is_custom: bool = True


@dataclass(frozen=True)
class RandomCode:
    """A code the provider computed. It needs no gateway, but must be used once within a day of its start."""

    provider_code_id: str
    pin: str = field(repr=False)


class LockError(Exception):
    """A lock company said no, or did not answer. `errcode` is its number, None where there was no readable answer.

    `message` is a short English sentence for logs and staff; it never holds a token, a password or a PIN.
    """

    def __init__(self, errcode: int | None, message: str) -> None:
        super().__init__(f"{message} ({errcode})" if errcode is not None else message)
        self.errcode = errcode
        self.message = message


class LockBusy(LockError):
    """Try again later. With `is_outcome_unknown` the command may have been carried out: read the codes first."""

    def __init__(self, errcode: int | None, message: str, *, is_outcome_unknown: bool = False) -> None:
        super().__init__(errcode, message)
        self.is_outcome_unknown = is_outcome_unknown


class LockOffline(LockError):
    """The lock or its gateway cannot be reached now."""


class PinRejected(LockError):
    """The lock does not take this PIN: it exists already or is too simple."""


class CodeMissing(LockError):
    """The provider does not know this code."""


class StorageFull(LockError):
    """The lock holds as many codes as it can."""


class AuthExpired(LockError):
    """The access token is no longer good; the refresh token may be."""


class AuthRejected(LockError):
    """The account, its password, the refresh token or our application keys are refused."""


class QuotaExceeded(LockError):
    """Our application made too many calls; none works before `resets_at`."""

    def __init__(self, errcode: int | None, message: str, resets_at: datetime) -> None:
        super().__init__(errcode, message)
        self.resets_at = resets_at


class LockRefused(LockError):
    """Wrong in a way that no repetition cures."""


class ChangeRefused(LockRefused):
    """The code exists but cannot be changed, for instance before its first use."""


class LockProvider(Protocol):
    """Every method may raise any LockError. Commands that reach the lock (add, change, delete, unlock) take 3 to 30 s."""

    def authorise(self, username: str, password_md5: str) -> Tokens:
        """Sign in to a lock account. `password_md5`: 32 lower-case hex digits; the password itself is never kept."""
        ...

    def refresh(self, refresh_token: str) -> Tokens:
        """New tokens; both old ones end."""
        ...

    def list_locks(self, tokens: Tokens) -> Sequence[ProviderLock]: ...

    def list_gateways(self, tokens: Tokens) -> Sequence[Gateway]: ...

    def gateways_of_lock(self, tokens: Tokens, lock_id: str) -> Sequence[Gateway]: ...

    def add_code(
        self, tokens: Tokens, lock_id: str, pin: str, name: str, valid_from: datetime, valid_until: datetime
    ) -> str:
        """Write a PIN of 4 to 9 digits into the lock through its gateway; the provider's id of the code.

        Seconds are cut off both ends: a validity has whole minutes.
        """
        ...

    def random_code(
        self, tokens: Tokens, lock_id: str, name: str, valid_from: datetime, valid_until: datetime
    ) -> RandomCode:
        """A code that works without a gateway. The provider cuts its validity to whole hours."""
        ...

    def change_code(
        self,
        tokens: Tokens,
        lock_id: str,
        provider_code_id: str,
        name: str,
        pin: str | None,
        valid_from: datetime,
        valid_until: datetime,
    ) -> None:
        """Change name and validity, and the PIN unless it is None, in the lock itself."""
        ...

    def delete_code(self, tokens: Tokens, lock_id: str, provider_code_id: str) -> None: ...

    def list_codes(self, tokens: Tokens, lock_id: str) -> Sequence[ProviderCode]:
        """All codes of a lock as the provider's cloud knows them."""
        ...

    def unlock(self, tokens: Tokens, lock_id: str) -> None: ...

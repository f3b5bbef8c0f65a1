"""What each errcode of TTLock means for the caller: one table.

Source: the open platform's error code page. The service answers 200 for every error; only `errcode` tells.
"""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from webapp.access.ports import (
    AuthExpired,
    AuthRejected,
    ChangeRefused,
    CodeMissing,
    LockBusy,
    LockError,
    LockOffline,
    LockRefused,
    PinRejected,
    QuotaExceeded,
    StorageFull,
)

_BEIJING = timezone(timedelta(hours=8))
_UNKNOWN_OUTCOME = (1, 90000)  # the command may have reached the lock

POLICIES: dict[int, tuple[type[LockError], str]] = {
    1: (LockBusy, "The lock did not confirm the command; its gateway may have failed or remote unlocking may be off"),
    # The account and our application
    10000: (AuthRejected, "The application's client id is not known to TTLock"),
    10001: (AuthRejected, "The application's client id or secret is wrong"),
    10003: (AuthExpired, "The access token does not exist any more"),
    10004: (AuthExpired, "The access token has ended"),
    10007: (AuthRejected, "The TTLock account or its password is wrong"),
    10011: (AuthRejected, "The refresh token is not accepted; sign in to the TTLock account again"),
    20002: (LockRefused, "The account is not the administrator of this lock"),
    30002: (LockRefused, "The user name may only have letters and digits"),
    30003: (LockRefused, "The user is registered already"),
    30004: (LockRefused, "The user was not registered by this application"),
    30005: (AuthRejected, "The password was not sent as an MD5 of 32 lower-case digits"),
    30006: (QuotaExceeded, "The application has made too many calls"),
    30007: (QuotaExceeded, "The application has used up its calls of this month"),
    30008: (LockRefused, "The account belongs to another region; change TTLOCK_BASE_URL"),
    80000: (LockRefused, "This server's clock is more than five minutes wrong; set it by NTP"),
    80002: (LockRefused, "TTLock could not read the request"),
    90000: (LockBusy, "TTLock has an internal error"),
    -3: (LockRefused, "TTLock does not accept a parameter"),
    # The lock and its codes
    -1003: (LockRefused, "TTLock does not know this lock"),
    -1007: (LockRefused, "The lock has no code data; reset its codes in the TTLock app"),
    -1008: (CodeMissing, "TTLock does not know this key"),
    -1026: (LockRefused, "The random code of this hour was given out and deleted before; choose another hour"),
    -2009: (CodeMissing, "TTLock does not know this code"),
    -2012: (LockOffline, "No gateway near the lock is online"),
    -2018: (LockRefused, "The account may not do this with the lock"),
    -2025: (LockRefused, "The lock is frozen; unfreeze it in the TTLock app"),
    -2032: (PinRejected, "The lock finds this code too simple"),
    -3002: (LockOffline, "The gateway is offline"),
    -3003: (LockBusy, "The gateway is busy with another command"),
    -3006: (LockRefused, "A code must have 4 to 9 digits"),
    -3007: (PinRejected, "The lock has this code already"),
    -3008: (ChangeRefused, "The code was never used on the lock and so cannot be changed"),
    -3009: (StorageFull, "The lock holds as many codes as it can"),
    -3034: (LockOffline, "The lock has no network"),
    -3035: (LockOffline, "The lock is saving power and does not listen"),
    -3036: (LockOffline, "The lock is offline"),
    -3037: (LockBusy, "The lock is busy"),
    -3046: (LockRefused, "The account may not unlock remotely; allow it in the TTLock app"),
    -4037: (LockOffline, "The lock's gateway does not exist any more"),
    -4043: (LockRefused, "The lock cannot do this"),
    -4056: (StorageFull, "The lock's memory is full"),
}


def error_for(errcode: int, said: str, now: datetime) -> LockError:
    """The error for `errcode`. `said`: TTLock's own text, used for codes that are not in the table.

    A code we do not know is treated as passing: a guest without a door code is worse than a few tries in vain, and the
    caller raises an alert when they end.
    """
    kind, message = POLICIES.get(errcode, (LockBusy, f"TTLock answered: {said}" if said else "TTLock gave no reason"))
    if kind is QuotaExceeded:
        return QuotaExceeded(errcode, message, _reset_of(errcode, now))
    if kind is LockBusy:
        is_unknown = errcode in _UNKNOWN_OUTCOME or errcode not in POLICIES
        return LockBusy(errcode, message, is_outcome_unknown=is_unknown)
    return kind(errcode, message)


def _reset_of(errcode: int, now: datetime) -> datetime:
    """The monthly quota begins anew on the 1st in Beijing; for the other limit no time is published, so an hour."""
    if errcode != 30007:
        return now + timedelta(hours=1)
    first = now.astimezone(_BEIJING).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return (first + timedelta(days=32)).replace(day=1).astimezone(now.tzinfo)

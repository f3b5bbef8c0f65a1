"""The error codes of the platform and the bodies that carry them. Everything is HTTP 200."""

from __future__ import annotations

from typing import Any

CLIENT_UNKNOWN = 10000
CLIENT_SECRET_WRONG = 10001
TOKEN_UNKNOWN = 10003
TOKEN_EXPIRED = 10004
ACCOUNT_WRONG = 10007
REFRESH_TOKEN_WRONG = 10011
NOT_ADMIN = 20002
PASSWORD_NOT_MD5 = 30005
DATE_SKEW = 80000
FAILED = 1
PARAMETER = -3
LOCK_UNKNOWN = -1003
PERIOD_ALREADY_DELETED = -1026
CODE_UNKNOWN = -2009
NO_GATEWAY = -2012
LOCK_FROZEN = -2025
CODE_TOO_SIMPLE = -2032
GATEWAY_OFFLINE = -3002
GATEWAY_BUSY = -3003
CODE_LENGTH = -3006
CODE_EXISTS = -3007
CODE_NEVER_USED = -3008
CODE_SPACE_FULL = -3009
GATEWAY_UNKNOWN = -4037
NOT_SUPPORTED = -4043

MESSAGES = {
    0: "none error message or means yes",
    FAILED: "failed or means no",
    CLIENT_UNKNOWN: "invalid client_id",
    CLIENT_SECRET_WRONG: "invalid client",
    TOKEN_UNKNOWN: "invalid token",
    TOKEN_EXPIRED: "invalid grant, access token expired or revoked",
    ACCOUNT_WRONG: "invalid account or invalid password",
    REFRESH_TOKEN_WRONG: "invalid refresh_token",
    NOT_ADMIN: "not lock admin",
    30006: "The number of API calls is restricted.",
    30007: "The developer account has exceeded the monthly limit for API calls.",
    30008: "Please use the address of the region of your account.",
    PASSWORD_NOT_MD5: "password must be md5 encrypted",
    DATE_SKEW: "date must be current time, in 5 minutes",
    80002: "invalid json",
    90000: "internal server error",
    PARAMETER: "invalid parameter",
    LOCK_UNKNOWN: "lock does not exist",
    -1007: "No password data of this lock",
    PERIOD_ALREADY_DELETED: "A passcode of this period was got and deleted, please choose another period.",
    -1008: "ekey does not exist",
    CODE_UNKNOWN: "passcode does not exist",
    NO_GATEWAY: "There is no usable gateway near the lock.",
    -2018: "Permission denied",
    LOCK_FROZEN: "The lock is frozen.",
    CODE_TOO_SIMPLE: "The passcode is too simple, please use another one.",
    GATEWAY_OFFLINE: "The gateway is offline, please check and try again.",
    GATEWAY_BUSY: "The gateway is currently busy",
    CODE_LENGTH: "Invalid passcode length. Passcodes must be between 4 and 9 digits in length.",
    CODE_EXISTS: "The same passcode already exists. Please use another one.",
    CODE_NEVER_USED: "A passcode that was never used on the lock cannot be changed.",
    CODE_SPACE_FULL: "There is no space for more custom passcodes in the lock.",
    -3034: "The WiFi lock has no network.",
    -3035: "The lock is in power saving mode.",
    -3036: "The lock is offline.",
    -3037: "The lock is busy.",
    -3046: "No right of remote unlock.",
    GATEWAY_UNKNOWN: "The gateway does not exist.",
    NOT_SUPPORTED: "The function is not supported for this lock.",
    -4056: "The storage is full.",
}


class TTLockError(Exception):
    """A call that the platform answers with an error code."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


def body_of(code: int) -> dict[str, Any]:
    """The JSON body of an error, or of a call that succeeds without data (code 0)."""
    message = MESSAGES.get(code, "failed")
    return {"errcode": code, "errmsg": message, "description": "表示成功或是" if code == 0 else message}

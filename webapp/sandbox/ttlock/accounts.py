"""OAuth of the platform: password grant, refresh, and the checks that every call begins with."""

from __future__ import annotations

import re
import secrets

from webapp.sandbox.context import Sandbox
from webapp.sandbox.storage import Document
from webapp.sandbox.ttlock import errors, seed
from webapp.sandbox.ttlock.errors import TTLockError
from webapp.sandbox.ttlock.params import Params

TOKEN_SECONDS = 7_776_000  # 90 days
_SKEW = 5 * 60 * 1000
_MD5 = re.compile(r"[0-9a-f]{32}")


def issue_token(sandbox: Sandbox, params: Params) -> Document:
    """Answer POST /oauth2/token."""
    _check_client(params.text("clientId", "client_id"), params.text("clientSecret", "client_secret"))
    if params.optional("grant_type") == "refresh_token":
        return _refresh(sandbox, params.text("refresh_token"))
    username, password = params.text("username"), params.text("password")
    if not _MD5.fullmatch(password):
        raise TTLockError(errors.PASSWORD_NOT_MD5)
    account = sandbox.storage.get("ttlock.account", username)
    if account is None or account["passwordMd5"] != password:
        raise TTLockError(errors.ACCOUNT_WRONG)
    token = _new_token(sandbox, username)
    return {
        "access_token": token["access_token"],
        "uid": account["uid"],
        "refresh_token": token["refresh_token"],
        "expires_in": token["expires_in"],
    }


def caller(sandbox: Sandbox, params: Params) -> str:
    """The account behind a call; checks client, date and token."""
    if params.text("clientId") != seed.CLIENT_ID:
        raise TTLockError(errors.CLIENT_UNKNOWN)
    now = sandbox.clock.milliseconds()
    if abs(params.number("date") - now) > _SKEW:
        raise TTLockError(errors.DATE_SKEW)
    token = sandbox.storage.get("ttlock.token", params.text("accessToken"))
    if token is None:
        raise TTLockError(errors.TOKEN_UNKNOWN)
    if token["expires_at"] <= now:
        raise TTLockError(errors.TOKEN_EXPIRED)
    return token["username"]


def expire_tokens(sandbox: Sandbox, username: str | None, refresh_too: bool) -> int:
    """Let access tokens be expired from now on; with `refresh_too` their refresh tokens no longer work either."""
    tokens = [t for t in sandbox.storage.all("ttlock.token") if username in (None, t["username"])]
    for token in tokens:
        sandbox.storage.put("ttlock.token", token["access_token"], {**token, "expires_at": 0})
        if refresh_too:
            sandbox.storage.delete("ttlock.refresh", token["refresh_token"])
    return len(tokens)


def _check_client(client_id: str, secret: str) -> None:
    if client_id != seed.CLIENT_ID:
        raise TTLockError(errors.CLIENT_UNKNOWN)
    if secret != seed.CLIENT_SECRET:
        raise TTLockError(errors.CLIENT_SECRET_WRONG)


def _refresh(sandbox: Sandbox, refresh_token: str) -> Document:
    """A new pair; the old access token and the old refresh token end, so that a client must store the answer."""
    with sandbox.storage.lock:
        old = sandbox.storage.get("ttlock.refresh", refresh_token)
        if old is None:
            raise TTLockError(errors.REFRESH_TOKEN_WRONG)
        sandbox.storage.delete("ttlock.refresh", refresh_token)
        access = sandbox.storage.get("ttlock.token", old["access_token"])
        if access is not None:
            sandbox.storage.put("ttlock.token", old["access_token"], {**access, "expires_at": 0})
        return _new_token(sandbox, old["username"])


def _new_token(sandbox: Sandbox, username: str) -> Document:
    seconds = sandbox.settings("ttlock").get("token_seconds", TOKEN_SECONDS)
    pair = {"access_token": secrets.token_hex(16), "refresh_token": secrets.token_hex(16), "expires_in": seconds}
    expires_at = sandbox.clock.milliseconds() + seconds * 1000
    sandbox.storage.put("ttlock.token", pair["access_token"], {**pair, "username": username, "expires_at": expires_at})
    sandbox.storage.put("ttlock.refresh", pair["refresh_token"], {**pair, "username": username})
    return pair

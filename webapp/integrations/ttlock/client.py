"""The calls of TTLock's cloud API that a hotel needs.

One call per method, once. Three parameters default to "the phone has already done it by Bluetooth" and would make the
cloud believe in a code that opens no door: `addType`, `changeType` and `deleteType` are always 2, through the gateway.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any, TypeVar
from urllib.parse import urlencode

from webapp.access.ports import (
    AuthRejected,
    Gateway,
    LockBusy,
    LockError,
    LockRefused,
    ProviderCode,
    ProviderLock,
    RandomCode,
    Tokens,
)

from ..transport import Answer, Limits, Resolver, Transport, TransportError, system_resolver
from . import mapping
from .errors import error_for

T = TypeVar("T")
Parameters = dict[str, str | int]

GATEWAY_LIMITS = Limits(connect=5.0, read=30.0, total=30.0, max_bytes=8 * 1024 * 1024)
_THROUGH_GATEWAY = 2
_PERIOD = 3
_PAGES = 100
_LONGEST_TOKEN = 366 * 86_400  # seconds; the real ones last 90 days
_SECRETS = ("accessToken", "clientSecret", "password", "refresh_token", "keyboardPwd", "newKeyboardPwd")


class TTLockClient:
    """Implements access.ports.LockProvider. `now` gives the true time: TTLock refuses a date five minutes off."""

    def __init__(
        self,
        client_id: str,
        client_secret: str,
        base_url: str,
        *,
        now: Callable[[], datetime],
        limits: Limits = GATEWAY_LIMITS,
        resolver: Resolver = system_resolver,
        ca_file: str | None = None,
    ) -> None:
        self._client_id = client_id
        self._client_secret = client_secret
        self._base_url = base_url.rstrip("/")
        self._now = now
        self._transport = Transport(limits, resolver=resolver, ca_file=ca_file)

    def authorise(self, username: str, password_md5: str) -> Tokens:
        if not re.fullmatch(r"[0-9a-f]{32}", password_md5):
            raise AuthRejected(30005, "The password must be an MD5 of 32 lower-case digits")
        return self._token({"username": username, "password": password_md5, "grant_type": "password"})

    def refresh(self, refresh_token: str) -> Tokens:
        return self._token({"grant_type": "refresh_token", "refresh_token": refresh_token})

    def list_locks(self, tokens: Tokens) -> list[ProviderLock]:
        return list(self._pages("/v3/lock/list", tokens, {}, 1000, mapping.lock))

    def list_gateways(self, tokens: Tokens) -> list[Gateway]:
        return list(self._pages("/v3/gateway/list", tokens, {}, 200, mapping.gateway))

    def gateways_of_lock(self, tokens: Tokens, lock_id: str) -> list[Gateway]:
        return list(self._pages("/v3/gateway/listByLock", tokens, {"lockId": lock_id}, 200, mapping.gateway))

    def list_codes(self, tokens: Tokens, lock_id: str) -> list[ProviderCode]:
        rows = self._pages(
            "/v3/lock/listKeyboardPwd", tokens, {"lockId": lock_id}, 200, lambda row: mapping.code(row, lock_id)
        )
        return list(rows)

    def add_code(
        self, tokens: Tokens, lock_id: str, pin: str, name: str, valid_from: datetime, valid_until: datetime
    ) -> str:
        _check_pin(pin)
        parameters: Parameters = {
            "lockId": lock_id,
            "keyboardPwd": pin,
            "keyboardPwdName": name,
            "keyboardPwdType": _PERIOD,
            "addType": _THROUGH_GATEWAY,
            **_validity(valid_from, valid_until),
        }
        answer = self._post("/v3/keyboardPwd/add", self._signed(tokens) | parameters)
        return _needed(answer, "keyboardPwdId")

    def random_code(
        self, tokens: Tokens, lock_id: str, name: str, valid_from: datetime, valid_until: datetime
    ) -> RandomCode:
        parameters: Parameters = {
            "lockId": lock_id,
            "keyboardPwdType": _PERIOD,
            "keyboardPwdName": name,
            **_validity(valid_from, valid_until),
        }
        answer = self._post("/v3/keyboardPwd/get", self._signed(tokens) | parameters)
        return RandomCode(_needed(answer, "keyboardPwdId"), _needed(answer, "keyboardPwd"))

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
        parameters: dict[str, str | int] = {
            "lockId": lock_id,
            "keyboardPwdId": provider_code_id,
            "keyboardPwdName": name,
            "changeType": _THROUGH_GATEWAY,
            **_validity(valid_from, valid_until),  # both: with the end alone the call succeeds and changes nothing
        }
        if pin is not None:
            _check_pin(pin)
            parameters["newKeyboardPwd"] = pin
        _confirm(self._post("/v3/keyboardPwd/change", self._signed(tokens) | parameters))

    def delete_code(self, tokens: Tokens, lock_id: str, provider_code_id: str) -> None:
        parameters: Parameters = {
            "lockId": lock_id,
            "keyboardPwdId": provider_code_id,
            "deleteType": _THROUGH_GATEWAY,
        }
        _confirm(self._post("/v3/keyboardPwd/delete", self._signed(tokens) | parameters))

    def unlock(self, tokens: Tokens, lock_id: str) -> None:
        _confirm(self._post("/v3/lock/unlock", self._signed(tokens) | {"lockId": lock_id}))

    def _token(self, parameters: Parameters) -> Tokens:
        ours: Parameters = {"clientId": self._client_id, "clientSecret": self._client_secret}
        answer = self._post("/oauth2/token", {**ours, **parameters})
        lifetime = mapping.whole_number(answer.get("expires_in")) or 0
        return Tokens(
            access_token=_needed(answer, "access_token"),
            refresh_token=_needed(answer, "refresh_token"),
            expires_at=self._now() + timedelta(seconds=min(max(lifetime, 0), _LONGEST_TOKEN)),
            account_id=str(answer.get("uid") or ""),
        )

    def _signed(self, tokens: Tokens) -> dict[str, str | int]:
        return {
            "clientId": self._client_id,
            "accessToken": tokens.access_token,
            "date": mapping.milliseconds(self._now()),
        }

    def _pages(
        self, path: str, tokens: Tokens, parameters: Parameters, size: int, read: Callable[[dict[str, Any]], T]
    ) -> Iterator[T]:
        """All rows of a list, page by page."""
        for number in range(1, _PAGES + 1):
            answer = self._get(path, self._signed(tokens) | {**parameters, "pageNo": number, "pageSize": size})
            rows = answer.get("list")
            if not isinstance(rows, list):
                raise LockBusy(None, "TTLock answered without a list")
            try:
                yield from [read(row) for row in rows]
            except (KeyError, TypeError, AttributeError):
                raise LockBusy(None, "TTLock answered with an incomplete list") from None
            pages = mapping.whole_number(answer.get("pages"))
            if (number >= pages) if pages is not None else (len(rows) < size):
                return

    def _get(self, path: str, parameters: Parameters) -> dict[str, Any]:
        return self._call("GET", f"{self._base_url}{path}?{urlencode(parameters)}", None, parameters)

    def _post(self, path: str, parameters: Parameters) -> dict[str, Any]:
        return self._call("POST", f"{self._base_url}{path}", urlencode(parameters).encode(), parameters)

    def _call(self, method: str, url: str, body: bytes | None, parameters: Parameters) -> dict[str, Any]:
        headers = {"Accept": "application/json", "User-Agent": "Innkeep/1.0"}
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        try:
            answer = self._transport.exchange(method, url, headers=headers, body=body)
        except TransportError as error:
            raise LockBusy(None, f"TTLock: {error}", is_outcome_unknown=error.was_sent) from None
        return self._read(answer, parameters)

    def _read(self, answer: Answer, parameters: Parameters) -> dict[str, Any]:
        try:
            data = json.loads(answer.content)
        except (ValueError, RecursionError):
            data = None
        if not isinstance(data, dict):
            text = f"TTLock answered with status {answer.status} and no JSON"
            raise LockBusy(None, text, is_outcome_unknown=True)
        errcode = mapping.whole_number(data.get("errcode", 0))
        if errcode is None or errcode != 0:
            raise self._error(errcode, data, parameters)
        if answer.status != 200:
            raise LockBusy(None, f"TTLock answered with status {answer.status}", is_outcome_unknown=True)
        return data

    def _error(self, errcode: int | None, data: dict[str, Any], parameters: Parameters) -> LockError:
        said = " ".join(str(data.get("errmsg") or "").split())
        for name in _SECRETS:
            if parameters.get(name):
                said = said.replace(str(parameters[name]), "…")
        if errcode is None:
            return LockBusy(None, "TTLock answered with an error without a number", is_outcome_unknown=True)
        return error_for(errcode, said[:120], self._now())


def _needed(answer: dict[str, Any], name: str) -> str:
    value = answer.get(name)
    if value is None or value == "":
        raise LockBusy(None, f"TTLock answered without {name}", is_outcome_unknown=True)
    return str(value)


def _confirm(answer: dict[str, Any]) -> None:
    """A command counts as done only when TTLock says so: its answer must hold errcode 0."""
    if "errcode" not in answer:
        raise LockBusy(None, "TTLock did not confirm the command", is_outcome_unknown=True)


def _check_pin(pin: str) -> None:
    if not re.fullmatch(r"[0-9]{4,9}", pin):
        raise LockRefused(-3006, "A code must have 4 to 9 digits")


def _validity(valid_from: datetime, valid_until: datetime) -> dict[str, int]:
    start, end = mapping.whole_minute(valid_from), mapping.whole_minute(valid_until)
    if start >= end:
        raise ValueError("a code must end after it begins")
    return {"startDate": start, "endDate": end}

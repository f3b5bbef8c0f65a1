"""Signing in with Google: once by a person, who gets sent there and comes back with a code, then by the refresh token."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlencode

from ..transport import Limits, Transport, TransportError
from .answers import fault, json_of, transport_fault

AUTH_URL = "https://accounts.google.com/o/oauth2/v2/auth"
TOKEN_URL = "https://oauth2.googleapis.com/token"  # noqa: S105
SCOPE = "https://www.googleapis.com/auth/gmail.readonly"
_LIMITS = Limits(connect=5.0, read=15.0, total=20.0, max_bytes=256 * 1024)


@dataclass(frozen=True)
class Grant:
    """`refresh_token` is secret and lasts until it is revoked; "" when Google gave none (not the first consent)."""

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_in: int


class GoogleSignIn:
    """Speaks to Google's sign-in for one application."""

    def __init__(
        self,
        client_id: str,
        client_secret: str,
        *,
        auth_url: str = AUTH_URL,
        token_url: str = TOKEN_URL,
        transport: Transport | None = None,
    ) -> None:
        self._client = {"client_id": client_id, "client_secret": client_secret}
        self._auth_url, self._token_url = auth_url, token_url
        self._transport = transport or Transport(_LIMITS)

    def address(self, redirect_uri: str, state: str, hint: str = "") -> str:
        """Where a person is sent. `state` comes back and must be compared; `hint`: the mailbox's address."""
        asked = {
            "client_id": self._client["client_id"], "redirect_uri": redirect_uri, "response_type": "code", "scope": SCOPE,
            "access_type": "offline", "prompt": "consent", "state": state, **({"login_hint": hint} if hint else {}),
        }  # fmt: skip
        return f"{self._auth_url}?{urlencode(asked)}"

    def redeem(self, code: str, redirect_uri: str) -> Grant:
        """The tokens for a code. Raises MailboxFault; `sign_in_again` also when Google gives no refresh token."""
        grant = self._ask({"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri})
        if not grant.refresh_token:
            raise fault("sign_in_again")
        return grant

    def refresh(self, refresh_token: str) -> Grant:
        """A new access token. Raises MailboxFault; `sign_in_again` when the refresh token has ended."""
        return self._ask({"grant_type": "refresh_token", "refresh_token": refresh_token})

    def _ask(self, form: dict[str, str]) -> Grant:
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        body = urlencode({**self._client, **form}).encode()
        try:
            answer = self._transport.exchange("POST", self._token_url, headers=headers, body=body)
        except TransportError as error:
            raise transport_fault(error) from None
        said = json_of(answer)
        token, again, seconds = said.get("access_token"), said.get("refresh_token", ""), said.get("expires_in", 3600)
        if not isinstance(token, str) or not token.isascii() or not token.isprintable() or not isinstance(again, str):
            raise fault("try_again")
        return Grant(token, again, seconds if isinstance(seconds, int) else 3600)

"""The HTTP client that Twilio's library is given: our transport instead of theirs.

Theirs logs addresses and parameters, bounds no whole exchange and cannot be pointed at another base URL.
"""

from __future__ import annotations

import logging
from base64 import b64encode
from urllib.parse import urlencode

from twilio.http import HttpClient
from twilio.http.response import Response

from ..transport import Limits, Resolver, Transport, TransportError, system_resolver

TWILIO_API = "https://api.twilio.com"
SMS_LIMITS = Limits(connect=5.0, read=15.0, total=20.0, max_bytes=1024 * 1024)


class TransportClient(HttpClient):
    """Sends the library's requests for `https://api.twilio.com` to `base_url`. Raises TransportError."""

    def __init__(
        self,
        base_url: str,
        limits: Limits = SMS_LIMITS,
        *,
        resolver: Resolver = system_resolver,
        ca_file: str | None = None,
    ) -> None:
        super().__init__(logging.getLogger(__name__), is_async=False, timeout=limits.total)
        self._base_url = base_url.rstrip("/")
        self._transport = Transport(limits, resolver=resolver, ca_file=ca_file)

    def request(
        self,
        method: str,
        uri: str,
        params: dict[str, object] | None = None,
        data: dict[str, object] | None = None,
        headers: dict[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        timeout: float | None = None,
        allow_redirects: bool = False,
    ) -> Response:
        if not uri.startswith(f"{TWILIO_API}/"):
            raise TransportError("url", "not an address of Twilio's API")
        url = self._base_url + uri.removeprefix(TWILIO_API)
        if params:
            url += "?" + urlencode(params, doseq=True)
        sent = dict(headers or {})
        if auth:
            sent["Authorization"] = "Basic " + b64encode(f"{auth[0]}:{auth[1]}".encode()).decode()
        body = urlencode(data or {}, doseq=True).encode() if method.upper() in ("POST", "PUT") else None
        answer = self._transport.exchange(method.upper(), url, headers=sent, body=body)
        return Response(answer.status, answer.content.decode("utf-8", "replace"), dict(answer.headers.items()))

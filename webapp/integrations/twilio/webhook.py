"""Tells Twilio's webhooks from forgeries, with the library's own validator.

Two ways of signing are known: HMAC-SHA1 with the account's auth token, and HMAC-SHA256 with a shared key that the request
names in a second header. A request chooses its key and algorithm only among those we hold.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import parse_qs, urlsplit

from twilio.request_validator import (
    HMAC_SHA1,
    SIGNATURE_HEADER,
    SIGNATURE_SETTINGS_HEADER,
    RequestValidator,
    get_signature_algorithm,
)

Parameters = Mapping[str, str | Sequence[str]]


class TwilioVerifier:
    """Implements messaging.ports.SmsWebhookVerifier. `shared_keys`: key ids (`webhooks_sharedkey_…`) and their secrets."""

    def __init__(self, auth_token: str, *, shared_keys: Mapping[str, str] | None = None) -> None:
        self._auth_token = auth_token
        self._shared_keys = dict(shared_keys or {})

    def is_authentic(self, url: str, params: Parameters | str, headers: Mapping[str, str]) -> bool:
        lowered = {name.lower(): value for name, value in headers.items()}
        signature = lowered.get(SIGNATURE_HEADER.lower(), "")
        settings = lowered.get(SIGNATURE_SETTINGS_HEADER.lower(), "")
        secret = self._secret(settings)
        if not signature or not signature.isascii() or not secret:
            return False
        try:
            if isinstance(params, str) and not parse_qs(urlsplit(url).query).get("bodySHA256"):
                return False  # nothing would tie the body to the signature
            algorithm = get_signature_algorithm(settings)
            given = params if isinstance(params, str) else _Form(params)
            return bool(RequestValidator(secret).validate(url, given, signature, algorithm))
        except ValueError:  # an address that is none
            return False

    def _secret(self, settings: str) -> str:
        key = next((part.strip()[4:] for part in settings.split(",") if part.strip().startswith("key=")), "")
        if key:
            return self._shared_keys.get(key, "")
        return self._auth_token if get_signature_algorithm(settings).upper() == HMAC_SHA1 else ""


class _Form(dict[str, list[str]]):
    """A form with several values per name, as the validator wants to ask for them."""

    def __init__(self, params: Parameters) -> None:
        super().__init__({name: [value] if isinstance(value, str) else list(value) for name, value in params.items()})

    def getlist(self, name: str) -> list[str]:
        return self[name]

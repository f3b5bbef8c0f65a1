"""X-Twilio-Signature, written out from its description rather than taken from the library that the app checks it with."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterable


def sign(url: str, params: Iterable[tuple[str, str]], token: str, algorithm: str = "sha1") -> str:
    """HMAC of the URL followed by every name and value, sorted by name; of equal names the distinct values, sorted.

    A JSON body is not signed here: its hash is in the URL's `bodySHA256` and `params` is empty.
    """
    text = url + "".join(name + value for name, value in sorted(set(params)))
    digest = hmac.new(token.encode(), text.encode(), getattr(hashlib, algorithm)).digest()
    return base64.b64encode(digest).decode()

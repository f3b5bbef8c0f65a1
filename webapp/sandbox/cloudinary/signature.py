"""Cloudinary's request, response and delivery signatures."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping

ALGORITHMS = ("sha1", "sha256")
_UNSIGNED = {"file", "api_key", "cloud_name", "resource_type", "signature"}


def string_to_sign(params: Mapping[str, str], version: int = 2) -> str:
    """`k=v` of the filled-in parameters, sorted and joined with `&`; version 2 escapes an `&` inside of one."""
    pairs = [f"{name}={value}" for name, value in params.items() if value and name not in _UNSIGNED]
    if version == 2:
        pairs = [pair.replace("&", "%26") for pair in pairs]
    return "&".join(sorted(pairs))


def sign(text: str, secret: str, algorithm: str = "sha1") -> str:
    return hashlib.new(algorithm, (text + secret).encode(), usedforsecurity=False).hexdigest()


def delivery_signatures(path: str, secret: str) -> set[str]:
    """The `s--…--` parts of a signed delivery URL, short (SHA-1) and long (SHA-256).

    `path` is what follows the version: transformation, public id and extension.
    """
    found = set()
    for algorithm, length in (("sha1", 8), ("sha256", 32)):
        digest = hashlib.new(algorithm, (path + secret).encode(), usedforsecurity=False).digest()
        found.add(f"s--{base64.urlsafe_b64encode(digest).decode()[:length]}--")
    return found

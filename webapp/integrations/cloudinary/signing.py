"""Cloudinary's signatures. Algorithm and rules as in its Python library, version 1.46."""

from __future__ import annotations

import hashlib
from base64 import urlsafe_b64encode
from collections.abc import Mapping, Sequence
from typing import Literal

Value = str | int | bool | Sequence[str] | None
Algorithm = Literal["sha1", "sha256"]

_NOT_SIGNED = ("file", "api_key", "cloud_name", "resource_type", "signature")


def sign(parameters: Mapping[str, Value], secret: str, algorithm: Algorithm = "sha1", version: int = 2) -> str:
    """The signature of an API call, in hex.

    Version 2 writes `&` inside a value as `%26`, so that one parameter cannot pass for two; version 1, which signs answers,
    does not.
    """
    pairs = []
    for name, value in parameters.items():
        text = _text(value)
        if name not in _NOT_SIGNED and text:
            pair = f"{name}={text}"
            pairs.append(pair.replace("&", "%26") if version == 2 else pair)
    return hashlib.new(algorithm, ("&".join(sorted(pairs)) + secret).encode()).hexdigest()


def delivery_signature(public_id: str, secret: str, algorithm: Algorithm = "sha1") -> str:
    """The `s--…--` part of a delivery address of an asset without transformations."""
    digest = hashlib.new(algorithm, (public_id + secret).encode()).digest()
    length = 8 if algorithm == "sha1" else 32
    return f"s--{urlsafe_b64encode(digest).decode()[:length]}--"


def _text(value: Value) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str | int):
        return str(value)
    return ",".join(value)

"""Who may use the control calls and pages, and reading their JSON."""

from __future__ import annotations

import ipaddress
from typing import Any
from urllib.parse import urlsplit

from flask import abort, request


def allow_only_this_machine() -> None:
    """Refuse clients elsewhere, and pages of other sites that a browser on this machine has open.

    A foreign name in Host means DNS rebinding; a foreign Origin means a form or script of another site.
    """
    if not _is_loopback(request.remote_addr or "") or not _is_loopback(urlsplit(f"//{request.host}").hostname or ""):
        abort(403, "only for clients on this machine")
    origin = request.headers.get("Origin")
    if origin is not None and origin != f"http://{request.host}":
        abort(403, "not for pages of other sites")


def json_body(fields: set[str] | None) -> dict[str, Any]:
    """The JSON object of a control call; only the named fields, or any when None."""
    body = request.get_json(silent=True)
    if not isinstance(body, dict):
        abort(400, "a JSON object is needed")
    unknown = sorted(set(body) - fields) if fields is not None else []
    if unknown:
        abort(400, f"unknown fields: {', '.join(unknown)}")
    return body


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False

"""Headers that keep pages to themselves, cookies, and bounds on what may be sent to us."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from flask import g, request

if TYPE_CHECKING:
    from flask import Flask, Response

    from config import Settings

MOST_BYTES = 32 * 1024 * 1024  # of a request; routes that take less say so themselves
PRIVATE = ("/staff/", "/account/", "/api/staff/")  # what they show stays in no browser's cache; going back asks again
MOST_FORM_BYTES = 1024 * 1024  # of the text fields of a form


def csp_nonce() -> str:
    """The nonce of this response, for the rare inline script or style."""
    if "csp_nonce" not in g:
        g.csp_nonce = secrets.token_urlsafe(16)
    return str(g.csp_nonce)


def policy() -> str:
    nonce = f"'nonce-{g.csp_nonce}'" if "csp_nonce" in g else ""
    return "; ".join(
        (
            "default-src 'self'",
            f"script-src 'self' {nonce}".rstrip(),
            f"style-src 'self' {nonce}".rstrip(),
            "img-src 'self' data: blob: https://res.cloudinary.com",
            "font-src 'self'",
            "connect-src 'self'",
            "frame-ancestors 'none'",
            "base-uri 'none'",
            "form-action 'self'",
            "object-src 'none'",
        )
    )


def init_app(app: Flask, settings: Settings) -> None:
    is_https = settings.public_url.startswith("https://")
    app.config.update(
        MAX_CONTENT_LENGTH=MOST_BYTES,
        MAX_FORM_MEMORY_SIZE=MOST_FORM_BYTES,
        MAX_FORM_PARTS=500,
        SESSION_COOKIE_NAME="__Host-innkeep" if is_https else "innkeep",
        SESSION_COOKIE_SECURE=is_https,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_PATH="/",
        SESSION_REFRESH_EACH_REQUEST=False,
        REMEMBER_COOKIE_SECURE=is_https,
        REMEMBER_COOKIE_HTTPONLY=True,
        REMEMBER_COOKIE_SAMESITE="Lax",
    )

    @app.after_request
    def set_headers(response: Response) -> Response:
        headers = response.headers
        headers.setdefault("Content-Security-Policy", policy())
        headers.setdefault("X-Content-Type-Options", "nosniff")
        headers.setdefault("Referrer-Policy", "same-origin")
        headers.setdefault("Permissions-Policy", "camera=(self), microphone=(), geolocation=(), payment=(self)")
        headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
        if is_https:
            headers.setdefault("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
        if request.endpoint != "static":
            is_kept_nowhere = "Set-Cookie" in headers or request.path.startswith(PRIVATE)
            headers.setdefault("Cache-Control", "no-store" if is_kept_nowhere else "private, no-cache")
        return response

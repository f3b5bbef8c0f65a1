"""The door of the JSON API."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, g, jsonify, request
from flask_babel import gettext as _

from webapp.core.errors import Unauthenticated
from webapp.core.transaction import transaction
from webapp.models import User
from webapp.web import api
from webapp.web.auth import ACCESS_TOKEN_SECONDS, current_hotel, issue_access_token, staff_api

from . import policies
from .schemas import Me, RefreshRequest, TokenPair, TokenRequest
from .services import api_tokens, one_time_codes, signing_in
from .session import bind_actor

blueprint = Blueprint("accounts_api", __name__)


def _pair(user: User, refresh_token: str) -> Any:
    pair = TokenPair(
        access_token=issue_access_token(user), refresh_token=refresh_token, expires_in=ACCESS_TOKEN_SECONDS
    )
    response = jsonify(pair.model_dump())
    response.headers["Cache-Control"] = "no-store"
    return response


@blueprint.post("/api/auth/token/")
@api.validate(tags=["Sign-in"], resp=api.Answers(HTTP_200=TokenPair))
def token(json: TokenRequest) -> Any:
    """Sign in and get tokens.

    401 `TOTP_REQUIRED` when the account has a second step and `totp` is missing.
    """
    address = request.remote_addr or "unknown"
    policies.attempt_password(json.email, address)
    with transaction():
        user = signing_in.user_of_password(json.email, json.password)
        bind_actor(user)
        if one_time_codes.is_on(user):
            _check_code(user, json.totp, address)
        refresh_token = api_tokens.issue_refresh_token(user, request.headers.get("User-Agent", ""))
        signing_in.note_sign_in(user)
    policies.forget_attempts(user.email, user.id)
    return _pair(user, refresh_token)


def _check_code(user: User, code: str | None, address: str) -> None:
    if not code:
        raise Unauthenticated(_("This account needs a one-time code: send it as totp."), "TOTP_REQUIRED", field="totp")
    policies.attempt_code(user.id, address)
    signing_in.check_code(user, code)


@blueprint.post("/api/auth/refresh/")
@api.validate(tags=["Sign-in"], resp=api.Answers(HTTP_200=TokenPair))
def refresh(json: RefreshRequest) -> Any:
    """Exchange a refresh token for a new pair.

    Each refresh token works once. One that comes again was copied, and ends all of the user's refresh tokens.
    """
    policies.BY_ADDRESS.attempt(request.remote_addr or "unknown")
    with transaction():
        rotated = api_tokens.rotate(json.refresh_token)
    if rotated is None:
        raise api_tokens.refused()
    return _pair(*rotated)


@blueprint.get("/api/staff/hotel/<slug>/me/")
@staff_api("board.view")
@api.validate(tags=["Staff"], resp=api.Answers(HTTP_200=Me), security=api.BEARER)
def me() -> Any:
    """Profile, role and permissions of the caller in this hotel."""
    user, hotel = g.user, current_hotel()
    return jsonify(
        user={"email": user.email, "name": user.name, "language": user.language},
        hotel={
            "slug": hotel.slug, "name": hotel.name, "timezone": hotel.timezone, "currency": hotel.currency,
            "business_date": hotel.business_date().isoformat(),
        },
        role=g.role,
        permissions=sorted(g.permissions),
    )  # fmt: skip

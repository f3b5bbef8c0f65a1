"""Tokens of the JSON API: short access tokens (signed) and refresh tokens (stored by hash), each of which works once.

A refresh token that comes a second time was copied: every refresh token of that user ends.
"""

from __future__ import annotations

import datetime as dt

import structlog
from flask_babel import gettext as _
from sqlalchemy import func, select

from webapp.core import audit, ids
from webapp.core.clock import now
from webapp.core.database import db
from webapp.core.errors import NotFound, Unauthenticated
from webapp.models import AccountToken, User

from . import signing_in

log = structlog.get_logger(__name__)
LONGEST_CLIENT = 120  # characters of what a program calls itself
REFRESH_LIFETIME = dt.timedelta(days=30)


def issue_refresh_token(user: User, client: str = "", begun_at: dt.datetime | None = None) -> str:
    """A new token of `user` for a program that calls itself `client`, signed in since `begun_at`."""
    token = ids.token()
    db.session.add(
        AccountToken(
            user_id=user.id,
            purpose="api_refresh",
            token_hash=ids.token_hash(token),
            expires_at=now() + REFRESH_LIFETIME,
            client=client[:LONGEST_CLIENT],
            begun_at=begun_at or now(),
        )
    )
    db.session.flush()
    return token


def rotate(token: str) -> tuple[User, str] | None:
    """The user of a refresh token and the next one. None when it was used before; then all of that user's have just ended.

    The caller commits before it refuses, or the end would be rolled back with it. Raises Unauthenticated for an unknown or
    ended token.
    """
    row = db.session.scalar(
        select(AccountToken)
        .where(AccountToken.token_hash == ids.token_hash(token), AccountToken.purpose == "api_refresh")
        .with_for_update()
    )
    if row is None or row.expires_at <= now():
        raise refused()
    user = db.session.get_one(User, row.user_id)
    if row.used_at is not None:
        log.warning("refresh_token_reused", user_id=user.id)
        audit.record(None, "refresh_token_reused", user)
        signing_in.end_refresh_tokens(user)
        return None
    if not user.is_active:
        raise refused()
    row.used_at = now()
    return user, issue_refresh_token(user, row.client, row.begun_at or row.created_at)


def revoke(user: User, token_id: int) -> None:
    """Sign out the program of one of the user's refresh tokens, also when it has renewed that token meanwhile. It is refused from
    now on, without a word on the others. Raises NotFound."""
    own = select(AccountToken).where(AccountToken.user_id == user.id, AccountToken.purpose == "api_refresh")
    row = db.session.scalar(own.where(AccountToken.id == token_id))
    if row is None:
        raise NotFound(_("This program is not signed in any more."))
    begun_at = func.coalesce(AccountToken.begun_at, AccountToken.created_at)
    of_program = own.where(AccountToken.client == row.client, begun_at == (row.begun_at or row.created_at))
    db.session.scalars(of_program.order_by(AccountToken.id).with_for_update()).all()  # a renewal under way ends first
    living = of_program.where(AccountToken.used_at.is_(None), AccountToken.expires_at > now())
    for token in db.session.scalars(living.execution_options(populate_existing=True)).all():
        token.expires_at = now()
        db.session.flush()
        audit.record(None, "refresh_token_revoked", user, after={"client": token.client})


def refused() -> Unauthenticated:
    return Unauthenticated(_("The refresh token is not valid or has ended. Sign in again."))

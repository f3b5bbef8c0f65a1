"""Who is asking, in which hotel, and may they. Sessions by Flask-Login, the JSON API by bearer tokens.

`@staff_page("stays.view")` and `@staff_api(…)` are the only doors to a hotel's rows: they load the hotel of the URL's slug together
with the caller's membership, and answer 404 to anybody who is not on its staff, so that slugs cannot be probed.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any, cast

import jwt
import structlog
from flask import current_app, g, redirect, request, session, url_for
from flask_babel import gettext as _
from flask_login import current_user
from sqlalchemy import bindparam, exists, func, select
from sqlalchemy.orm import aliased

from webapp.core import actor
from webapp.core.clock import now
from webapp.core.database import db
from webapp.core.errors import Forbidden, NotFound, Unauthenticated
from webapp.core.ids import token_hash
from webapp.extensions import csrf, login
from webapp.models import EndedSession, Hotel, Membership, User

from .htmx import is_fragment

if TYPE_CHECKING:
    from flask import Flask

ACCESS_TOKEN_SECONDS = 900
SESSION_ID = "id"  # in the cookie; random, so that one session can be ended without the others
_DESK = frozenset(
    ("board.view", "stays.view", "stays.manage", "documents.view", "messages.view", "messages.send", "tasks.manage")
)
_MANAGER = _DESK | {
    "channels.view", "channels.manage", "locks.view", "locks.manage", "settings.manage", "audit.view", "stays.override"
}  # fmt: skip
PERMISSIONS: dict[str, frozenset[str]] = {
    "housekeeping": frozenset(("board.view", "tasks.manage", "rooms.clean")),
    "desk": _DESK | {"channels.view", "locks.view", "rooms.clean"},
    "manager": _MANAGER | {"rooms.clean", "team.view"},
    "owner": _MANAGER | {"rooms.clean", "team.view", "team.manage"},
}


def current_hotel() -> Hotel:
    """The hotel of this staff request."""
    return cast(Hotel, g.hotel)


def may(permission: str) -> bool:
    """Whether the caller's role in the hotel of this request allows `permission`."""
    return permission in g.get("permissions", ())


def staff_page(permission: str) -> Callable:
    """Guard of a page below /staff/<slug>. The view gets no slug: it asks `current_hotel()`."""

    def decorate(view: Callable) -> Callable:
        @wraps(view)
        def guarded(slug: str, **arguments: Any) -> Any:
            if not current_user.is_authenticated:
                return _to_sign_in()
            _enter_hotel(cast(User, current_user), slug, permission)
            return view(**arguments)

        guarded.staff_permission = permission  # type: ignore[attr-defined]
        return guarded

    return decorate


def staff_api(permission: str) -> Callable:
    """Guard of a JSON endpoint below /api/staff/hotel/<slug>. Takes a bearer token only, so needs no CSRF token."""

    def decorate(view: Callable) -> Callable:
        @wraps(view)
        def guarded(slug: str, **arguments: Any) -> Any:
            _enter_hotel(user_of_bearer_token(), slug, permission)
            return view(**arguments)

        guarded.staff_permission = permission  # type: ignore[attr-defined]
        return cast(Callable, csrf.exempt(guarded))

    return decorate


_OWN = aliased(Membership)
_HOTEL_AND_ROLE = (
    select(
        Hotel,
        Membership.role,
        select(func.count(_OWN.id)).where(_OWN.user_id == bindparam("user_id")).scalar_subquery(),
    )
    .outerjoin(Membership, (Membership.hotel_id == Hotel.id) & (Membership.user_id == bindparam("user_id")))
    .where(Hotel.slug == bindparam("slug"))
)


def _enter_hotel(user: User, slug: str, permission: str) -> None:
    row = db.session.execute(_HOTEL_AND_ROLE, {"user_id": user.id, "slug": slug}).first()
    role = "owner" if user.is_administrator else row[1] if row is not None else None
    if row is None or role is None:
        raise NotFound(_("There is no such hotel, or you are not on its staff."))
    g.hotel, g.role, g.permissions, g.user, g.hotel_count = row[0], role, PERMISSIONS[role], user, row[2]
    actor.bind(actor.Actor("staff", user.name, user.id))
    structlog.contextvars.bind_contextvars(hotel=slug, user_id=user.id)
    if permission not in g.permissions:
        raise Forbidden(_("Your role does not allow this. Ask a manager of the hotel."))


def _to_sign_in() -> Any:
    url = url_for("accounts.sign_in", next=request.full_path.rstrip("?") if request.method == "GET" else None)
    if is_fragment():
        return current_app.response_class(status=204, headers={"HX-Redirect": url})
    return redirect(url)


def issue_access_token(user: User) -> str:
    """A signed token of fifteen minutes that ends with the user's session epoch."""
    issued = now()
    claims = {
        "sub": str(user.id),
        "epoch": user.session_epoch,
        "use": "access",
        "iat": issued,
        "exp": issued + dt.timedelta(seconds=ACCESS_TOKEN_SECONDS),
    }
    return jwt.encode(claims, current_app.config["SECRET_KEY"], algorithm="HS256")


def user_of_bearer_token() -> User:
    """The user of the Authorization header. Raises Unauthenticated with what to do."""
    scheme, _space, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Unauthenticated(_("Send an access token: Authorization: Bearer …"))
    try:
        claims = jwt.decode(token.strip(), current_app.config["SECRET_KEY"], algorithms=["HS256"])
        user_id, epoch = int(claims["sub"]), int(claims["epoch"])
    except (jwt.InvalidTokenError, KeyError, ValueError):
        raise Unauthenticated(_("The access token is not valid or has ended. Get a new one.")) from None
    user = db.session.get(User, user_id)
    if claims.get("use") != "access" or user is None or not user.is_active or user.session_epoch != epoch:
        raise Unauthenticated(_("The access token is not valid or has ended. Get a new one."))
    return user


@login.user_loader
def _load_user(identity: str) -> User | None:
    user_id, _dot, epoch = identity.partition(".")
    if not (user_id.isdecimal() and epoch.isdecimal()):
        return None
    is_ended = exists().where(EndedSession.session_hash == token_hash(session.get(SESSION_ID, "")))
    user = db.session.scalar(select(User).where(User.id == int(user_id), ~is_ended))
    return user if user and user.is_active and user.session_epoch == int(epoch) else None


def init_app(app: Flask) -> None:
    login.init_app(app)
    login.session_protection = None
    login.unauthorized_handler(_to_sign_in)
    app.jinja_env.globals.update(may=may)

    @app.before_request
    def begin_as_nobody() -> None:
        actor.bind(actor.Actor("guest", "Guest"))

    @app.teardown_request
    def end_as_nobody(_error: BaseException | None) -> None:
        actor.bind(actor.SYSTEM)

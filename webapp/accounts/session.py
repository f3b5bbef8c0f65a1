"""The staff session in its signed cookie: begun afresh at every sign-in, ended after twelve idle hours, and after some weeks anyway."""

from __future__ import annotations

import datetime as dt
from typing import Any

from flask import Flask, current_app, request, session
from flask_login import current_user, login_user
from sqlalchemy.dialects.postgresql import insert

from webapp.core import actor, ids
from webapp.core.clock import now
from webapp.core.database import db
from webapp.core.errors import Unauthenticated
from webapp.core.transaction import transaction
from webapp.models import EndedSession, User
from webapp.web.auth import SESSION_ID

IDLE_LIFETIME = dt.timedelta(hours=12)
SECOND_STEP_LIFETIME = dt.timedelta(minutes=10)
_TOUCH_AFTER = 600  # seconds; the cookie is written anew at most this often


def enter(user: User) -> None:
    """Begin a session as `user`. Nothing of the session before survives, so that a planted one is worth nothing."""
    session.clear()
    session.permanent = True
    session["seen"], session["begun"], session[SESSION_ID] = _seconds(), _seconds(), ids.token()
    login_user(user)
    bind_actor(user)


def leave() -> None:
    """End this session, for whoever else holds its cookie too."""
    if known := session.get(SESSION_ID):
        ended = insert(EndedSession).values(session_hash=ids.token_hash(known), ended_at=now())
        with transaction():
            db.session.execute(ended.on_conflict_do_nothing())
    session.clear()


def await_code(user: User, next_url: str | None) -> None:
    """The password was right; remember who it was until the second step."""
    session.clear()
    session["second_step"] = {"user": user.id, "epoch": user.session_epoch, "at": _seconds(), "next": next_url}


def awaiting() -> tuple[User, str | None]:
    """The user of the first step, and where to go. Raises Unauthenticated when there was none or it is too long ago."""
    known: dict[str, Any] = session.get("second_step") or {}
    user = db.session.get(User, known.get("user", 0))
    is_late = known.get("at", 0) < _seconds() - SECOND_STEP_LIFETIME.total_seconds()
    if user is None or is_late or not user.is_active or user.session_epoch != known.get("epoch"):
        raise Unauthenticated("", "SIGN_IN_AGAIN")
    return user, known.get("next")


def bind_actor(user: User) -> None:
    actor.bind(actor.Actor("staff", user.name, user.id))


def _seconds() -> int:
    return int(now().timestamp())


def _keep_alive() -> None:
    """End an idle or an old session, prolong one in use. A live stream that reconnects by itself is no use."""
    if "_user_id" not in session or request.path.startswith("/api/"):
        return
    seen, present = session.get("seen"), _seconds()
    begun = session.get("begun")
    is_idle = seen is not None and seen < present - IDLE_LIFETIME.total_seconds()
    if is_idle or (begun is not None and begun < present - _longest().total_seconds()):
        session.clear()
        return
    if begun is None:  # a session from before sessions knew when they began
        session["begun"] = present
    if (seen is None or seen < present - _TOUCH_AFTER) and not (request.endpoint or "").startswith("live."):
        session["seen"] = present


def _longest() -> dt.timedelta:
    return dt.timedelta(days=current_app.extensions["settings"].session_days)


def init_app(app: Flask) -> None:
    app.config["PERMANENT_SESSION_LIFETIME"] = IDLE_LIFETIME
    app.before_request(_keep_alive)


def signed_in_user() -> User:
    """The user of a page that needs a sign-in; history written by it carries their name."""
    user: User = current_user._get_current_object()
    bind_actor(user)
    return user

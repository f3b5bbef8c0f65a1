"""Errors as a person or a program can use them: JSON under /api and for webhooks, a fragment for htmx, a page otherwise."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psycopg
import structlog
from flask import Response, g, jsonify, make_response, render_template, request
from flask_babel import lazy_gettext as _
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DataError, OperationalError
from sqlalchemy.orm.exc import StaleDataError
from werkzeug.exceptions import HTTPException, InternalServerError

from webapp.core import errors
from webapp.core.database import db
from webapp.extensions import login

from .htmx import is_fragment, with_toast

if TYPE_CHECKING:
    from flask import Flask

log = structlog.get_logger(__name__)

MESSAGES = {
    400: _("We could not understand that request."),
    401: _("Please sign in first."),
    403: _("You are not allowed to do that."),
    404: _("There is nothing at this address. It may have moved, or the link may be incomplete."),
    405: _("That cannot be done at this address."),
    409: _("Somebody else changed this at the same moment. Please look again and repeat your change."),
    410: _("This is no longer available."),
    413: _("That is larger than we can take."),
    415: _("We cannot read that kind of content here."),
    422: _("Some of the entries need another look."),
    429: _("Too many attempts in a short time. Please wait a moment and try again."),
    500: _("Something went wrong on our side. Nothing was lost; please try again."),
    503: _("We are busy for a moment. Please try again shortly."),
}
CODES = {400: "MALFORMED", 401: "UNAUTHENTICATED", 403: "FORBIDDEN", 404: "NOT_FOUND", 405: "METHOD_NOT_ALLOWED"} | {
    409: "CONFLICT", 410: "GONE", 413: "TOO_LARGE", 415: "UNSUPPORTED_MEDIA_TYPE", 422: "INVALID"
} | {429: "TOO_MANY_REQUESTS", 500: "INTERNAL_ERROR", 503: "UNAVAILABLE"}  # fmt: skip


RETRY_SECONDS = 5


def wants_json() -> bool:
    return request.path.startswith(("/api/", "/hooks/"))


def answer(error: errors.AppError) -> Response:
    """The error in the form that this request expects."""
    if wants_json():
        return make_response(jsonify(error.as_json()), error.status)
    context = {"status": error.status, "message": error.message, "code": error.code, "request_id": g.get("request_id")}
    if is_fragment():
        response = make_response(render_template("errors/fragment.html", **context), error.status)
        return with_toast(response, str(error.message), kind="error")
    template = "errors/session.html" if error.code == "CSRF" else "errors/error.html"
    return make_response(render_template(template, **context), error.status)


def _from_status(status: int, code: str | None = None) -> errors.AppError:
    error = errors.AppError(str(MESSAGES.get(status, MESSAGES[500])), code or CODES.get(status, "ERROR"))
    error.status = status
    return error


def _on_app_error(error: errors.AppError) -> Response:
    db.session.rollback()
    log.info("refused", code=error.code, status=error.status)
    response = answer(error)
    if wait := (error.details or {}).get("retry_after"):
        response.headers["Retry-After"] = str(wait)
    return response


def _on_http_error(error: HTTPException) -> Any:
    if error.response is not None:
        return error.response
    if error.code is None or error.code < 400:
        return error
    response = answer(_from_status(error.code))
    for name, value in error.get_headers():
        if name in ("Allow", "Retry-After"):
            response.headers[name] = value
    return response


def _on_stale_data(error: StaleDataError) -> Response:
    db.session.rollback()
    return answer(_from_status(409))


def _on_data_error(error: DataError) -> Response:
    """A value that no column can hold: a NUL in a text, a number without end. Nothing that we store looks like that."""
    db.session.rollback()
    return answer(_from_status(404 if request.method in ("GET", "HEAD") else 400))


def _on_csrf(error: CSRFError) -> Response:
    return answer(_from_status(400, "CSRF"))


def _on_crash(error: InternalServerError) -> Response:
    """A fault of ours is 500. A database that is away or starting again is none: 503, and the same request may succeed soon."""
    original = error.original_exception
    log.error("crashed", rule=request.url_rule.rule if request.url_rule else None, exc_info=original)
    db.session.rollback()
    if isinstance(original, OperationalError | psycopg.OperationalError):
        g._login_user = login.anonymous_user()  # who it is cannot be asked for, and the page would
        response = answer(_from_status(503))
        response.headers["Retry-After"] = str(RETRY_SECONDS)
        return response
    return answer(_from_status(500))


def init_app(app: Flask) -> None:
    app.register_error_handler(errors.AppError, _on_app_error)
    app.register_error_handler(CSRFError, _on_csrf)
    app.register_error_handler(StaleDataError, _on_stale_data)
    app.register_error_handler(DataError, _on_data_error)
    app.register_error_handler(InternalServerError, _on_crash)
    app.register_error_handler(HTTPException, _on_http_error)

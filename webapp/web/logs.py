"""Structured logs with the request's id; JSON in production, readable lines elsewhere. No personal data in them."""

from __future__ import annotations

import logging
import re
import sys
import time
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import structlog
from flask import g, request

if TYPE_CHECKING:
    from flask import Flask, Response

    from config import Settings

log = structlog.get_logger(__name__)
_GIVEN_ID = re.compile(r"[A-Za-z0-9-]{8,64}")


def configure(settings: Settings) -> None:
    """Set up structlog for this process (web, worker, scheduler and commands alike)."""
    level = logging.getLevelNamesMapping().get(settings.log_level, logging.INFO)
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]
    if settings.is_production:
        # Frames without their variables: these hold names, codes and passwords.
        frames = structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
        ending: list[Any] = [structlog.processors.ExceptionRenderer(frames), structlog.processors.JSONRenderer()]
    else:
        plain = structlog.dev.plain_traceback
        ending = [structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=plain)]
    structlog.configure(
        processors=[*shared, *ending],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=settings.environment != "testing",
    )
    logging.basicConfig(
        level=max(level, logging.WARNING), stream=sys.stderr, format="%(levelname)s %(name)s %(message)s"
    )


def init_app(app: Flask, settings: Settings) -> None:
    configure(settings)
    app.before_request(_begin)
    app.after_request(_end)


def _begin() -> None:
    given = request.headers.get("X-Request-ID", "")
    g.request_id = given if _GIVEN_ID.fullmatch(given) else uuid4().hex
    g.started = time.perf_counter()
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(request_id=g.request_id)


def _end(response: Response) -> Response:
    request_id = g.get("request_id")
    if request_id is None:
        return response
    response.headers["X-Request-ID"] = request_id
    milliseconds = (time.perf_counter() - g.started) * 1000
    response.headers["Server-Timing"] = f"app;dur={milliseconds:.1f}"
    # The rule, not the path: paths hold tokens.
    rule = request.url_rule.rule if request.url_rule else "(none)"
    log.debug("request", method=request.method, rule=rule, status=response.status_code, ms=round(milliseconds, 1))
    return response

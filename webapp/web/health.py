"""/api/health says that this process answers; /api/db-health what it depends on, with 503 when the database is away.

Both answer within seconds whatever hangs: a probe that waits tells nobody anything.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psycopg
from flask import Blueprint, jsonify
from redis.exceptions import RedisError
from rq import Worker
from sqlalchemy.exc import SQLAlchemyError

from webapp.core import outbox, redis
from webapp.core.clock import now
from webapp.core.database import db
from webapp.extensions import limiter

if TYPE_CHECKING:
    from flask import Flask

blueprint = Blueprint("health", __name__)
SCHEDULER_HEARTBEAT = "innkeep:scheduler:heartbeat"
SLOW_OUTBOX_SECONDS = 300
DATABASE_SECONDS = 3


@blueprint.get("/api/health")
@limiter.exempt
def health() -> Any:
    return jsonify(status="ok", time=now().isoformat().replace("+00:00", "Z"))


@blueprint.get("/api/db-health")
@limiter.exempt
def db_health() -> Any:
    database = _database()
    is_up = database == "ok"
    checks = {"database": database, **_redis(), "outbox_lag_seconds": _outbox_lag() if is_up else None}
    is_well = is_up and checks["redis"] == "ok" and checks["workers"] and checks["scheduler"] == "ok"
    is_late = (checks["outbox_lag_seconds"] or 0) > SLOW_OUTBOX_SECONDS
    status = "ok" if is_well and not is_late else "degraded" if is_up else "down"
    return jsonify(status=status, **checks), 200 if is_up else 503


def _database() -> str:
    """By a connection of its own: those of the pool would wait without end for a server that hangs."""
    arguments, options = db.engine.dialect.create_connect_args(db.engine.url)
    try:
        with psycopg.connect(*arguments, **{**options, "connect_timeout": DATABASE_SECONDS}) as connection:
            connection.execute("SELECT 1")
    except psycopg.Error:
        return "unreachable"
    return "ok"


def _redis() -> dict[str, Any]:
    try:
        beat = redis.brief().get(SCHEDULER_HEARTBEAT)
        workers = Worker.count(connection=redis.brief())
    except RedisError:
        return {"redis": "unreachable", "workers": 0, "scheduler": "unknown"}
    return {"redis": "ok", "workers": workers, "scheduler": "ok" if beat else "silent"}


def _outbox_lag() -> float | None:
    try:
        return round(outbox.lag_seconds(), 1)
    except SQLAlchemyError:
        db.session.rollback()
        return None


def init_app(app: Flask) -> None:
    app.register_blueprint(blueprint)

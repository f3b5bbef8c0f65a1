"""/api/health says that this process answers; /api/db-health what it depends on, with 503 when the database is away."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Blueprint, jsonify
from redis.exceptions import RedisError
from rq import Worker
from sqlalchemy import text
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


@blueprint.get("/api/health")
@limiter.exempt
def health() -> Any:
    return jsonify(status="ok", time=now().isoformat().replace("+00:00", "Z"))


@blueprint.get("/api/db-health")
@limiter.exempt
def db_health() -> Any:
    checks = {"database": _database(), "redis": _redis(), **_processes(), "outbox_lag_seconds": _outbox_lag()}
    is_up = checks["database"] == "ok"
    is_well = is_up and checks["redis"] == "ok" and checks["workers"] and checks["scheduler"] == "ok"
    is_late = (checks["outbox_lag_seconds"] or 0) > SLOW_OUTBOX_SECONDS
    status = "ok" if is_well and not is_late else "degraded" if is_up else "down"
    return jsonify(status=status, **checks), 200 if is_up else 503


def _database() -> str:
    try:
        db.session.execute(text("SELECT 1"))
    except SQLAlchemyError:
        db.session.rollback()
        return "unreachable"
    return "ok"


def _redis() -> str:
    try:
        redis.client().ping()
    except RedisError:
        return "unreachable"
    return "ok"


def _processes() -> dict[str, Any]:
    try:
        beat = redis.client().get(SCHEDULER_HEARTBEAT)
        return {"workers": Worker.count(connection=redis.client()), "scheduler": "ok" if beat else "silent"}
    except RedisError:
        return {"workers": 0, "scheduler": "unknown"}


def _outbox_lag() -> float | None:
    try:
        return round(outbox.lag_seconds(), 1)
    except SQLAlchemyError:
        db.session.rollback()
        return None


def init_app(app: Flask) -> None:
    app.register_blueprint(blueprint)

"""The one connection pool to Redis. Nothing here is the truth: everything in Redis may be lost at any moment."""

from __future__ import annotations

from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

# A server that hangs keeps nobody waiting: no second attempt, and a second for the first.
BRIEF: dict[str, Any] = {"socket_connect_timeout": 1, "socket_timeout": 1, "retry": Retry(NoBackoff(), 0)}

_client: redis.Redis | None = None
_brief: redis.Redis | None = None


def configure(url: str) -> None:
    """Set the server of this process (called by create_app). Connections are made when first used."""
    global _client, _brief
    _brief = redis.Redis.from_url(url, **BRIEF)
    _client = redis.Redis.from_url(url, socket_connect_timeout=2, socket_timeout=10, health_check_interval=30)


def client() -> redis.Redis:
    """Raises redis.RedisError on use when the server is away; callers carry on without it."""
    if _client is None:
        raise RuntimeError("redis.configure() was not called")
    return _client


def brief() -> redis.Redis:
    """For what a page waits for: one attempt, and an answer or redis.RedisError within a second or two."""
    if _brief is None:
        raise RuntimeError("redis.configure() was not called")
    return _brief

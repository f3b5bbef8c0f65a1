"""The one connection pool to Redis. Nothing here is the truth: everything in Redis may be lost at any moment."""

from __future__ import annotations

import redis

_client: redis.Redis | None = None


def configure(url: str) -> None:
    """Set the server of this process (called by create_app). Connections are made when first used."""
    global _client
    _client = redis.Redis.from_url(url, socket_connect_timeout=2, socket_timeout=10, health_check_interval=30)


def client() -> redis.Redis:
    """Raises redis.RedisError on use when the server is away; callers carry on without it."""
    if _client is None:
        raise RuntimeError("redis.configure() was not called")
    return _client

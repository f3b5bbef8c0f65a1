"""Counts attempts at something that may be guessed, in Redis, and refuses in clear words.

A key is hashed before it is stored. While Redis is away each process counts for itself.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from time import monotonic

import structlog
from flask import current_app
from flask_babel import ngettext
from redis.exceptions import RedisError

from webapp.core import redis
from webapp.core.errors import TooMany

log = structlog.get_logger(__name__)
_here: dict[str, tuple[int, float]] = {}
_MOST_HERE = 10_000


@dataclass(frozen=True)
class Throttle:
    """At most `limit` attempts for one key within `seconds`."""

    name: str
    limit: int
    seconds: int

    def attempt(self, key: str) -> None:
        """Count one attempt. Raises TooMany, with how long to wait, when it is one too many."""
        if not current_app.config["RATELIMIT_ENABLED"]:
            return
        count, left = self._count(self._address(key))
        if count > self.limit:
            minutes = max(1, math.ceil(left / 60))
            log.warning("throttled", throttle=self.name)
            raise TooMany(
                ngettext(
                    "Too many attempts. Please wait %(num)d minute and try again.",
                    "Too many attempts. Please wait %(num)d minutes and try again.",
                    minutes,
                ),
                details={"retry_after": math.ceil(left)},
            )

    def forget(self, key: str) -> None:
        """It was right: count from nought again."""
        address = self._address(key)
        _here.pop(address, None)
        try:
            redis.brief().delete(address)
        except RedisError:
            log.info("throttle_without_redis")

    def _address(self, key: str) -> str:
        return f"innkeep:throttle:{self.name}:{hashlib.sha256(key.encode()).hexdigest()[:32]}"

    def _count(self, address: str) -> tuple[int, float]:
        """(attempts with this one, seconds until they are forgotten)"""
        try:
            pipeline = redis.brief().pipeline()
            pipeline.incr(address)
            pipeline.expire(address, self.seconds, nx=True)
            pipeline.ttl(address)
            count, _set, left = pipeline.execute()
            return int(count), float(left)
        except RedisError:
            log.info("throttle_without_redis")
            return self._count_here(address)

    def _count_here(self, address: str) -> tuple[int, float]:
        if len(_here) > _MOST_HERE:
            _here.clear()
        count, until = _here.get(address, (0, 0.0))
        if until <= monotonic():
            count, until = 0, monotonic() + self.seconds
        _here[address] = (count + 1, until)
        return count + 1, until - monotonic()

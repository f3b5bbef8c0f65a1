"""Tells a container engine whether the process of this container is well: `healthcheck web | worker | scheduler`.

The answer is the exit status; a line on stderr says what is wrong.
"""

from __future__ import annotations

import http.client
import os
import socket
import sys

SCHEDULER_HEARTBEAT = "innkeep:scheduler:heartbeat"  # written by jobs.scheduler, gone half a minute after it stops


def web() -> str | None:
    """None when the web server of this container answers, else what is wrong; so with the others."""
    connection = http.client.HTTPConnection("127.0.0.1", int(os.environ.get("PORT") or 8000), timeout=4)
    try:
        connection.request("GET", "/api/health")
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        return f"no answer: {error}"
    finally:
        connection.close()
    return None if status == http.HTTPStatus.OK else f"/api/health answers {status}"


def worker() -> str | None:
    from redis import Redis
    from redis.exceptions import RedisError
    from rq import Worker

    here = socket.gethostname()
    try:
        with Redis.from_url(os.environ["REDIS_URL"], socket_timeout=4) as connection:
            known = [worker.hostname for worker in Worker.all(connection=connection)]
    except RedisError as error:
        return f"Redis: {error}"
    return None if here in known else "no worker of this host is registered"


def scheduler() -> str | None:
    from redis import Redis
    from redis.exceptions import RedisError

    try:
        with Redis.from_url(os.environ["REDIS_URL"], socket_timeout=4) as connection:
            is_alive = connection.exists(SCHEDULER_HEARTBEAT)
    except RedisError as error:
        return f"Redis: {error}"
    return None if is_alive else "the scheduler is silent"


CHECKS = {"web": web, "worker": worker, "scheduler": scheduler}


def main(arguments: list[str]) -> int:
    check = CHECKS.get(arguments[0]) if len(arguments) == 1 else None
    if check is None:
        sys.stderr.write(f"usage: healthcheck {' | '.join(CHECKS)}\n")
        return 2
    problem = check()
    if problem:
        sys.stderr.write(f"{problem}\n")
    return 1 if problem else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

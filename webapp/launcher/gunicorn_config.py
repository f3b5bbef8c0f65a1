"""gunicorn's settings, for the launcher, the Procfile and the container alike.

HOST and PORT say where to listen (in a container HOST=0.0.0.0); WEB_CONCURRENCY the number of processes, and TRUSTED_PROXIES
how many proxies stand in front, as in `config.Settings`. Pages are served by threads (`web_worker`); `live` overrides the worker class.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

bind = f"{os.environ.get('HOST') or '127.0.0.1'}:{os.environ.get('PORT') or '8000'}"
workers = int(os.environ.get("WEB_CONCURRENCY") or 2)
worker_class = "webapp.launcher.web_worker.WebWorker"
threads = 32
backlog = 512
timeout = 60  # seconds without a sign of life before a worker is replaced
graceful_timeout = 5  # seconds for requests under way; open live streams are cut and resume elsewhere
keepalive = 15
accesslog = None  # the application logs requests itself, by rule and without tokens
loglevel = "warning"
# The application counts proxies itself; gunicorn only has to accept what the outermost trusted one says.
forwarded_allow_ips = "*" if int(os.environ.get("TRUSTED_PROXIES") or 0) else "127.0.0.1"
control_socket_disable = True
if Path("/dev/shm").is_dir():  # noqa: S108
    worker_tmp_dir = "/dev/shm"  # noqa: S108  # heartbeats must not wait for a slow disk


def child_exit(_server: Any, worker: Any) -> None:
    """In the master, after a worker has ended."""
    from webapp.launcher.web_worker import forget

    forget(worker)


def worker_int(_worker: Any) -> None:
    """A quick end is asked for: at once, as a thread that holds an open stream would keep the process."""
    os._exit(0)

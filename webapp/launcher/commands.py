"""The commands of the house, in one place: the launcher runs them, and Procfile and compose.yaml say the same."""

from __future__ import annotations

from dataclasses import dataclass

Command = tuple[str, ...]

GUNICORN = ("gunicorn", "--config", "python:webapp.launcher.gunicorn_config")
LIVE = (*GUNICORN, "--worker-class", "gevent", "--worker-connections", "1000", "wsgi:app")


@dataclass(frozen=True)
class Plan:
    """What a house is made of. Steps end by themselves; processes are kept running."""

    migrate: Command = ("flask", "--app", "wsgi", "db", "upgrade")
    demo: Command = ("flask", "--app", "wsgi", "demo", "load", "--if-empty")
    sandbox: Command = ("python", "-m", "webapp.sandbox")
    web: Command = (*GUNICORN, "wsgi:app")
    worker: Command = ("python", "-m", "jobs.worker")
    scheduler: Command = ("python", "-m", "jobs.scheduler")

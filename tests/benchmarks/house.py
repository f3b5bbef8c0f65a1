"""The servers of a run: embedded PostgreSQL and Valkey with the settings of production, and gunicorn as `make run` starts it."""

from __future__ import annotations

import http.client
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from flask import Flask
from flask_migrate import upgrade

from config import Settings
from webapp import create_app
from webapp.launcher.embedded import EmbeddedPostgres, EmbeddedValkey

ROOT = Path(__file__).parents[2]
START_SECONDS = 30


@dataclass
class House:
    """What the rows of the table measure."""

    app: Flask
    environment: dict[str, str]

    def cookie(self, user_session: str) -> str:
        """The session cookie of a signed-in user."""
        serializer = self.app.session_interface.get_signing_serializer(self.app)  # type: ignore[attr-defined]
        value = serializer.dumps({"_user_id": user_session, "_fresh": True})
        return f"{self.app.config['SESSION_COOKIE_NAME']}={value}"

    @contextmanager
    def web(self) -> Iterator[int]:
        """The web server, as in production; its port."""
        port = _free_port()
        command = [
            sys.executable, "-m", "gunicorn", "--config", "python:webapp.launcher.gunicorn_config", "tests.benchmarks.wsgi:app",
        ]  # fmt: skip
        environment = {**os.environ, **self.environment, "PORT": str(port), "HOST": "127.0.0.1", "WEB_CONCURRENCY": "2"}
        process = subprocess.Popen(command, env=environment, cwd=ROOT)
        try:
            _wait_for(port, process)
            yield port
        finally:
            process.terminate()
            process.wait(15)


@contextmanager
def open_house(feed_server: str) -> Iterator[House]:
    """Everything but the web server, migrated and empty; gone afterwards. Feeds may be fetched from `feed_server`."""
    with tempfile.TemporaryDirectory(prefix="innkeep-bench-", ignore_cleanup_errors=True) as folder:
        postgres, valkey = EmbeddedPostgres(Path(folder) / "postgres"), EmbeddedValkey(Path(folder) / "valkey")
        try:
            postgres.start()
            valkey.start()
            environment = {
                "INNKEEP_ENV": "testing", "DATABASE_URL": postgres.url, "REDIS_URL": valkey.url, "RATELIMIT_ENABLED": "0",
                "PUBLIC_URL": "http://localhost", "INSTANCE_PATH": folder, "LOG_LEVEL": "ERROR",
                "SANDBOX_URL": feed_server,
            }  # fmt: skip
            app = create_app(Settings.from_env(environment))
            with app.app_context():
                upgrade(directory=str(ROOT / "migrations"))
                yield House(app, environment)
        finally:
            valkey.stop()
            postgres.stop()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", "/bench/empty")
            if connection.getresponse().status == 200:
                return
        except OSError:
            time.sleep(0.05)
        finally:
            connection.close()
    raise RuntimeError("the web server did not start")

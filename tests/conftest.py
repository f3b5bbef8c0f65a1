"""Real servers for the tests: one PostgreSQL and one Valkey for the whole run, a database for each worker, a savepoint for each
test; the provider emulators over real HTTP and SMTP; no other network.

`db_session` (through `app`, `client`, …) rolls back after the test. Tests that need real commits (races, several processes) take
`own_database`: a fresh copy with an application of its own.
"""

from __future__ import annotations

import os
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from flask import Flask
from hypothesis import HealthCheck, settings
from sqlalchemy import event, text

from config import Settings
from tests import servers
from webapp import create_app
from webapp.core import redis
from webapp.core.database import db
from webapp.live.stream import hub_of
from webapp.sandbox.server import SandboxServer

pytest_plugins = ["tests.fixtures", "tests.browser"]

# The same cases each time, so that a run says what a change did; `--hypothesis-profile=explore` looks for new ones.
# A machine that is busy with something else for a second says nothing about our code.
settings.register_profile("explore", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("house", settings.get_profile("explore"), derandomize=True)
settings.load_profile("house")

_running: servers.Servers | None = None


def pytest_configure(config: pytest.Config) -> None:
    """The controlling process starts the servers; workers find them in their environment."""
    global _running
    if not hasattr(config, "workerinput") and not config.option.collectonly:
        _running = servers.start()
        os.environ.update(_running.environment())


def pytest_unconfigure(config: pytest.Config) -> None:
    if _running is not None:
        _running.stop()


@pytest.fixture(autouse=True, scope="session")
def only_loopback() -> Iterator[None]:
    """No test reaches another machine, by mistake or otherwise."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: object) -> object:
        if isinstance(address, tuple) and address[0] not in ("127.0.0.1", "::1", "localhost"):
            raise PermissionError(f"a test tried to reach {address[0]}")
        return connect(self, address)

    patch = pytest.MonkeyPatch()
    patch.setattr(socket.socket, "connect", guarded)
    yield
    patch.undo()


@pytest.fixture(scope="session")
def sandbox() -> Iterator[SandboxServer]:
    """The provider emulators, without their latency."""
    server = SandboxServer().start()
    yield server
    server.stop()


def settings_for(database_url: str, sandbox: SandboxServer, redis_number: int, **env: str) -> Settings:
    return Settings.from_env(
        {
            "INNKEEP_ENV": "testing",
            "DATABASE_URL": database_url,
            "REDIS_URL": servers.redis_url(redis_number),
            "SANDBOX_URL": sandbox.http_url,
            "MAIL_HOST": "127.0.0.1",
            "MAIL_PORT": str(sandbox.smtp_port),
            "MAIL_STARTTLS": "0",
            "RATELIMIT_ENABLED": "0",
            "PUBLIC_URL": "http://localhost",
            "INSTANCE_PATH": str(Path(tempfile.gettempdir()) / "innkeep-tests"),
            "LOG_LEVEL": "CRITICAL",
            **env,
        }
    )


def _worker_number(worker_id: str) -> int:
    return 0 if worker_id == "master" else int(worker_id.removeprefix("gw")) + 1


@pytest.fixture(scope="session")
def redis_number(worker_id: str) -> int:
    """Each worker has a Redis database of its own."""
    return _worker_number(worker_id)


@contextmanager
def database_copy(name: str) -> Iterator[str]:
    """A fresh copy of the migrated database; its URL."""
    with psycopg.connect(servers.admin_url(), autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE {servers.TEMPLATE} STRATEGY FILE_COPY')
    try:
        yield servers.database_url(name)
    finally:
        with psycopg.connect(servers.admin_url(), autocommit=True) as connection:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture(scope="session")
def worker_app(worker_id: str, sandbox: SandboxServer, redis_number: int) -> Iterator[Flask]:
    with database_copy(f"test_{worker_id}_{uuid4().hex[:8]}") as url:
        app = create_app(settings_for(url, sandbox, redis_number))
        app.testing = True
        app.config["WTF_CSRF_ENABLED"] = False
        yield app
        with app.app_context():
            db.engine.dispose()


@pytest.fixture
def app(worker_app: Flask) -> Iterator[Flask]:
    """The application inside a transaction that is rolled back; deferred rules of the database are checked first."""
    with worker_app.app_context():
        engines = db._app_engines[worker_app]
        engine = engines[None]
        with engine.connect() as connection:
            outer = connection.begin()
            engines[None] = connection  # type: ignore[assignment]
            db.session.configure(join_transaction_mode="create_savepoint")
            try:
                yield worker_app
                db.session.rollback()
                if outer.is_active:
                    connection.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
            finally:
                db.session.remove()
                db.session.configure(join_transaction_mode="conditional_savepoint")
                engines[None] = engine
                outer.rollback()
    redis.client().flushdb()


def _close(connection: psycopg.Connection | None, record: object) -> None:
    if connection is not None:
        connection.close()


@pytest.fixture
def own_database(worker_id: str, sandbox: SandboxServer, redis_number: int) -> Iterator[Flask]:
    """An application on a database of its own, with real commits. The caller pushes app contexts itself."""
    with database_copy(f"own_{worker_id}_{uuid4().hex[:8]}") as url:
        app = create_app(settings_for(url, sandbox, redis_number))
        app.testing = True
        app.config["WTF_CSRF_ENABLED"] = False
        yield app
        hub_of(app).stop()
        with app.app_context():
            db.session.remove()
            event.listen(db.engine.pool, "checkin", _close)  # a thread that is late gives its connection to nobody
            db.engine.dispose()
        redis.client().flushdb()
        redis.client().close()

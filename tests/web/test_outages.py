"""When the database or Redis is away, or accepts connections and says nothing: who asks is told, soon."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from uuid import uuid4

import pytest

from tests import servers
from tests.conftest import database_copy, settings_for
from webapp import create_app
from webapp.core import redis
from webapp.core.database import db
from webapp.live.stream import hub_of


class Silent:
    """A server that takes connections and never answers; `taken` are those it has taken."""

    def __init__(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.taken: list[socket.socket] = []
        self._thread = threading.Thread(target=self._take)
        self._thread.start()

    def _take(self) -> None:
        with suppress(OSError):  # closed: the test is over
            while True:
                self.taken.append(self.listener.accept()[0])

    def close(self) -> None:
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self._thread.join()
        for connection in self.taken:
            connection.close()


@pytest.fixture
def silent() -> Iterator[Silent]:
    server = Silent()
    yield server
    server.close()


@pytest.fixture
def migrated() -> Iterator[str]:
    with database_copy(f"outage_{uuid4().hex[:8]}") as url:
        yield url


@pytest.fixture
def house_with(sandbox, redis_number) -> Iterator[Callable]:
    """Makes a client of an application whose database or Redis is where the test says."""
    apps = []

    def make(database_url: str, **env: str):
        apps.append(create_app(settings_for(database_url, sandbox, redis_number, **env)))
        return apps[-1].test_client()

    yield make
    for app in apps:
        hub_of(app).stop()
        with app.app_context():
            db.session.remove()
            db.engine.dispose()
    redis.configure(servers.redis_url(redis_number))


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def test_a_database_that_hangs_is_reported(house_with, silent):
    answer = house_with(f"postgresql://nobody@127.0.0.1:{silent.port}/none").get("/api/db-health")
    assert (answer.status_code, answer.json["status"], answer.json["database"]) == (503, "down", "unreachable")
    assert answer.json["redis"] == "ok"


def test_a_redis_that_hangs_is_asked_once_and_reported(house_with, silent):
    answer = house_with(servers.admin_url(), REDIS_URL=f"redis://127.0.0.1:{silent.port}/0").get("/api/db-health")
    assert (answer.status_code, answer.json["status"], answer.json["redis"]) == (200, "degraded", "unreachable")
    assert len(silent.taken) == 1


def test_pages_with_limits_go_on_without_a_redis_that_hangs(migrated, house_with, silent):
    redis_url = f"redis://127.0.0.1:{silent.port}/0"
    client = house_with(migrated, REDIS_URL=redis_url, RATELIMIT_ENABLED="1")
    assert client.get("/checkin/nothing").status_code == 404
    assert silent.taken, "the limits were asked for"


@pytest.mark.parametrize("path", ["/", "/api/public/hotel/harbour-house/settings/"])
def test_while_the_database_is_away_visitors_are_asked_to_come_back(house_with, path):
    answer = house_with(f"postgresql://nobody@127.0.0.1:{closed_port()}/none").get(path)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")


def test_while_the_database_is_away_staff_are_asked_to_come_back_too(house_with):
    client = house_with(f"postgresql://nobody@127.0.0.1:{closed_port()}/none")
    with client.session_transaction() as session:
        session.update({"_user_id": "1.0", "_fresh": True})
    answer = client.get("/staff/harbour-house/board")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")

"""The embedded servers: they start, keep the data, end with their owner, and forgive what an earlier one left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import psycopg
import pytest
import redis

from tests.launcher.support import ROOT, as_ordinary_user, holder, is_alive, until
from webapp.launcher import embedded, placement
from webapp.launcher.embedded import EmbeddedPostgres, EmbeddedServerError, EmbeddedValkey


def _one(url: str, query: str) -> object:
    with psycopg.connect(url, autocommit=True) as connection:
        row = connection.execute(query).fetchone()
        return None if row is None else row[0]


def test_both_answer_on_private_sockets_and_keep_the_data(open_folder: Path) -> None:
    with EmbeddedPostgres(open_folder / "postgres") as url, EmbeddedValkey(open_folder / "valkey") as redis_url:
        assert str(_one(url, "SHOW server_version")).startswith("18.")
        assert _one(url, "SHOW listen_addresses") == ""
        assert _one(url, "SHOW synchronous_commit") == "on"
        with psycopg.connect(url) as connection:
            connection.execute("CREATE TABLE kept (word text)")
            connection.execute("INSERT INTO kept VALUES ('Zürich')")
        client = redis.Redis.from_url(redis_url)
        assert client.ping()
        assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
        assert client.config_get("port") == {"port": "0"}
        client.close()
        assert (open_folder / "run" / "postgres").stat().st_mode & 0o777 == 0o700
    with EmbeddedPostgres(open_folder / "postgres") as url:
        assert _one(url, "SELECT word FROM kept") == "Zürich"
    assert not list((open_folder / "run").iterdir())


def test_fast_mode_gives_up_durability_only(open_folder: Path) -> None:
    server = EmbeddedPostgres(open_folder / "postgres", fast=True)
    with server as url:
        assert _one(url, "SHOW fsync") == "off"
        assert server.start() == url, "a second start of a running server changes nothing"
        assert _one(server.url_of("template1"), "SELECT current_database()") == "template1"
    server.stop()
    assert server.process_id is None


def test_nothing_outlives_a_killed_owner_and_the_next_start_works(open_folder: Path) -> None:
    with holder(open_folder) as (owner, said):
        pids = [pid for server in said["pids"] for pid in [server, *(c.pid for c in psutil.Process(server).children())]]
        assert len(pids) > 3
        assert all(map(is_alive, pids))
        os.kill(owner.pid, signal.SIGKILL)
        until(lambda: not any(map(is_alive, pids)), "servers end with their owner")
    with EmbeddedPostgres(open_folder / "postgres") as url, EmbeddedValkey(open_folder / "valkey"):
        assert _one(url, "SELECT 1") == 1


def test_orphans_are_stopped_and_stale_files_removed(open_folder: Path) -> None:
    """A server that nobody owns, then a pid file that names somebody else's process, and sockets nobody listens on."""
    server = EmbeddedPostgres(open_folder / "postgres")
    server.start()
    orphan = server._process
    assert orphan is not None
    server._process, server._socket_dir = None, None
    server.stop()
    assert is_alive(orphan.pid), "still running, without an owner"
    with EmbeddedPostgres(open_folder / "postgres") as url:
        assert orphan.wait(1) == 0
        assert _one(url, "SELECT 1") == 1
    sockets = open_folder / "run" / "postgres"
    sockets.mkdir()
    (sockets / ".s.PGSQL.5432.lock").write_text(f"{os.getpid()}\n")
    (sockets / ".s.PGSQL.5432").write_text("")
    (open_folder / "postgres" / "postmaster.pid").write_text(
        f"{os.getpid()}\n{open_folder / 'postgres'}\n1\n5432\n\n\n\nready\n"
    )
    with EmbeddedPostgres(open_folder / "postgres") as url:
        assert _one(url, "SELECT 1") == 1


def test_second_start_says_who_is_there(open_folder: Path) -> None:
    with EmbeddedValkey(open_folder / "valkey"):
        code = "import sys; from webapp.launcher.embedded import *; EmbeddedValkey(sys.argv[1]).start()"
        second = subprocess.run(
            [sys.executable, "-c", code, open_folder / "valkey"], cwd=ROOT, capture_output=True, text=True, check=False
        )
        assert second.returncode != 0
        assert f"already in use by process {os.getpid()}" in second.stderr


def test_ordinary_user(open_folder: Path) -> None:
    python, arguments = as_ordinary_user(open_folder)
    home = open_folder / "home"
    home.mkdir()
    if arguments:
        os.chown(home, arguments["user"], arguments["group"])
    with holder(home / "instance", python, **arguments) as (owner, said):
        expected = arguments.get("user", os.geteuid())
        assert [psutil.Process(pid).uids().real for pid in (owner.pid, *said["pids"])] == [expected] * 3
        assert _one(said["database_url"], "SELECT current_user") == "innkeep"


def test_long_and_awkward_paths(open_folder: Path) -> None:
    folder = open_folder / ("a folder with spaces, 100% ünusual " + "x" * 80)
    with EmbeddedPostgres(folder / "postgres", fast=True) as url, EmbeddedValkey(folder / "valkey") as redis_url:
        assert _one(url, "SELECT 1") == 1
        client = redis.Redis.from_url(redis_url)
        assert client.ping()
        client.close()


def test_closed_folder_does_not_lock_postgres_out(tmp_path: Path) -> None:
    """Root's own home is closed to the account that PostgreSQL runs as; nothing of it is opened."""
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    with EmbeddedPostgres(closed / "postgres", fast=True) as url:
        assert _one(url, "SELECT 1") == 1
        place = (closed / "postgres").resolve()
        assert place.is_dir()
        assert closed.stat().st_mode & 0o777 == 0o700
    assert place.is_relative_to(tmp_path) or not place.exists(), "a temporary place goes with the server"


def test_failed_start_shows_the_log_and_leaves_nothing(open_folder: Path) -> None:
    data = open_folder / "postgres"
    with EmbeddedPostgres(data, fast=True):
        pass
    (data / "postgresql.conf").write_text("no_such_setting = 1\n")
    server = EmbeddedPostgres(data, fast=True)
    with pytest.raises(EmbeddedServerError, match="no_such_setting"):
        server.start()
    assert server.process_id is None
    (data / "postgresql.conf").write_text("")
    with server as url:
        assert _one(url, "SELECT 1") == 1


def test_data_of_another_release_is_refused_untouched(open_folder: Path) -> None:
    data = open_folder / "postgres"
    data.mkdir()
    (data / "PG_VERSION").write_text("16\n")
    with pytest.raises(EmbeddedServerError, match="PostgreSQL 16"):
        EmbeddedPostgres(data).start()
    assert [path.name for path in data.iterdir()] == ["PG_VERSION"]


def test_foreign_socket_folder_is_refused(open_folder: Path) -> None:
    (open_folder / "elsewhere").mkdir()
    (open_folder / "sockets").symlink_to(open_folder / "elsewhere")
    with pytest.raises(placement.PlacementError, match="not a folder of ours"):
        placement.private_dir(open_folder / "sockets", None)


def test_a_server_is_stopped_only_by_the_process_that_started_it(open_folder: Path) -> None:
    with EmbeddedValkey(open_folder / "valkey") as url:
        server = embedded.EmbeddedValkey(open_folder / "valkey")
        server.stop()
        client = redis.Redis.from_url(url)
        assert client.ping()
        client.close()

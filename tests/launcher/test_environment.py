"""A command in a second terminal finds the servers of the first, and says what to do when there are none."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from webapp.launcher import environment
from webapp.launcher.embedded import EmbeddedValkey
from webapp.launcher.environment import Running, resolve


def test_what_is_set_is_left_alone(tmp_path: Path) -> None:
    given = {"DATABASE_URL": "postgresql://db/x", "REDIS_URL": "redis://cache/0", "INSTANCE_PATH": str(tmp_path)}
    assert resolve(given) == given


def test_production_is_never_filled_in(tmp_path: Path) -> None:
    environment.write(tmp_path, Running(1, "http://x", {"DATABASE_URL": "postgresql://demo"}))
    given = {"INNKEEP_ENV": "production", "INSTANCE_PATH": str(tmp_path)}
    assert resolve(given) == given


def test_nothing_running_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match=r"no DATABASE_URL and no REDIS_URL.*make run"):
        resolve({"INSTANCE_PATH": str(tmp_path)})


@pytest.mark.parametrize("text", ["", "{", "[]", '{"pid": 1, "unknown": 2}'])
def test_damaged_file_counts_as_nothing(tmp_path: Path, text: str) -> None:
    (tmp_path / environment.RUN_FILE).write_text(text)
    with pytest.raises(SystemExit, match="make run"):
        resolve({"INSTANCE_PATH": str(tmp_path)})


def test_a_killed_launcher_offers_nothing(tmp_path: Path) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    environment.write(
        tmp_path, Running(gone.pid, "http://x", {"DATABASE_URL": "postgresql://x", "REDIS_URL": "redis://x"})
    )
    with pytest.raises(SystemExit, match="make run"):
        resolve({"INSTANCE_PATH": str(tmp_path)})


def test_running_servers_are_found_until_they_stop(open_folder: Path) -> None:
    server = EmbeddedValkey(open_folder / "valkey")
    with server as url:
        variables = {"DATABASE_URL": "postgresql://here", "REDIS_URL": url, "SANDBOX_URL": "http://127.0.0.1:9"}
        sockets = [str(server.socket_path)]
        environment.write(open_folder, Running(1, "http://127.0.0.1:8000", variables, sockets))
        assert (open_folder / environment.RUN_FILE).stat().st_mode & 0o777 == 0o600
        found = resolve({"INSTANCE_PATH": str(open_folder), "SANDBOX_URL": "http://mine"})
        assert found["REDIS_URL"] == url
        assert found["SANDBOX_URL"] == "http://mine", "what the caller sets wins"
    with pytest.raises(SystemExit, match="make run"):
        resolve({"INSTANCE_PATH": str(open_folder)})
    environment.remove(open_folder)
    assert environment.read(open_folder) is None

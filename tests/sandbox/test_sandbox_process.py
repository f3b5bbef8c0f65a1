"""The sandbox as a process of its own: start, ports, persistence, end; and what it may import."""

from __future__ import annotations

import ast
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from webapp.sandbox import SandboxControl, SandboxServer

ROOT = Path(__file__).parents[2]


def start(*arguments: str, **env: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "webapp.sandbox", "--http-port", "0", "--smtp-port", "0", *arguments],
        cwd=ROOT,
        env={**os.environ, "INNKEEP_ENV": "development", **env},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_says_its_ports_keeps_its_state_and_ends_quickly(tmp_path: Path, number: signal.Signals) -> None:
    with start("--data-dir", str(tmp_path), "--latency", "none") as process:
        assert process.stdout is not None
        ports = json.loads(process.stdout.readline())
        control = SandboxControl(f"http://127.0.0.1:{ports['http']}")
        control.put_feed("ical", "room", [{"kind": "stay", "start": "2026-09-01", "end": "2026-09-02"}])
        macs = [lock["lockMac"] for lock in control.locks()]
        started = time.monotonic()
        process.send_signal(number)
        assert process.wait(5) == 0
        assert time.monotonic() - started < 2
        assert process.stderr is not None
        assert process.stderr.read() == ""
    with SandboxServer(data_dir=tmp_path) as server:
        assert (server.http_port, server.smtp_port) == (ports["http"], ports["smtp"]), "stored addresses stay good"
        assert server.control.call("GET", "/ota")["feeds"][0]["key"] == "room"
        assert [lock["lockMac"] for lock in server.control.locks()] == macs


def test_refuses_production() -> None:
    with start(INNKEEP_ENV="production") as process:
        out, error = process.communicate(timeout=10)
    assert process.returncode == 2
    assert out == ""
    assert "INNKEEP_ENV=production" in error


def test_says_when_a_port_is_taken(server: SandboxServer) -> None:
    with start("--http-port", str(server.http_port)) as process:
        _, error = process.communicate(timeout=10)
    assert process.returncode == 2
    assert "cannot listen" in error


def test_stops_while_a_client_waits(server: SandboxServer) -> None:
    other = SandboxServer().start()
    control = other.control
    control.put_feed("ical", "room", [])
    control.feed("ical", "room", mode="slow", seconds=60, times=1)
    code = f"import urllib.request; urllib.request.urlopen({control.feed_url('ical', 'room')!r})"
    with subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.DEVNULL) as client:
        assert other.sandbox.storage.wait_for(lambda: _is_normal(other), 10), "the request has arrived"
        started = time.monotonic()
        other.stop()
        assert time.monotonic() - started < 2
        assert client.wait(5) is not None


def _is_normal(server: SandboxServer) -> bool:
    feed = server.sandbox.storage.get("ota.feed", "ical/room")
    return feed is not None and feed["behaviour"]["mode"] == "normal"


def test_seeded_locks_differ_only_by_seed() -> None:
    with SandboxServer(seed=1) as one, SandboxServer(seed=1) as same, SandboxServer(seed=2) as other:
        first, again, different = (s.control.locks() for s in (one, same, other))
    assert first == again
    assert [lock["lockId"] for lock in first] == [lock["lockId"] for lock in different]
    assert first != different
    assert [lock["lockAlias"] for lock in first[:3]] == ["Front door", "Room 101", "Room 102"]
    assert [lock["owner"] for lock in first].count("cliff") == 4


def test_a_taken_port_of_the_last_run_is_given_up(tmp_path: Path) -> None:
    with SandboxServer(data_dir=tmp_path / "one") as first:
        (tmp_path / "two").mkdir()
        for file in (tmp_path / "one").iterdir():
            (tmp_path / "two" / file.name).write_bytes(file.read_bytes())
        with SandboxServer(data_dir=tmp_path / "two") as second:
            assert second.http_port != first.http_port
            assert second.smtp_port != first.smtp_port


def test_a_server_that_does_not_run_says_so() -> None:
    with pytest.raises(RuntimeError, match="not running"):
        _ = SandboxServer().http_url


def test_imports_nothing_else_of_ours() -> None:
    foreign = []
    for path in (ROOT / "webapp" / "sandbox").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                assert node.level == 0, f"{path}: relative import"
                names = [node.module or ""]
            ours = [n for n in names if n.split(".")[0] in ("webapp", "config", "jobs", "wsgi", "tests")]
            foreign += [f"{path}: {n}" for n in ours if not n.startswith("webapp.sandbox")]
    assert foreign == []

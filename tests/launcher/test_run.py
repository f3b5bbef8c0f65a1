"""The launcher as a process: it opens, tells where, restarts what dies, and leaves nothing behind however it ends."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from tests.launcher.support import ROOT, family, is_alive, until
from webapp.launcher import environment
from webapp.launcher.processes import StartError
from webapp.launcher.run import demand_free_port

STAND_IN = str(Path(__file__).with_name("stand_in.py"))
START = """
import os, sys
from webapp.launcher.commands import Plan
from webapp.launcher.run import Launcher
roles = dict(pair.split("=") for pair in sys.argv[2:])
python, path = sys.executable, sys.argv[1]
def role(name): return (python, path, roles.get(name, name))
plan = Plan(migrate=role("migrate"), demo=role("demo"), sandbox=role("sandbox"), web=role("web"),
            worker=role("worker"), scheduler=role("scheduler"))
sys.exit(Launcher(os.environ, plan=plan).run())
"""


class Started:
    """A launcher in a process of its own, with its output."""

    def __init__(self, instance: Path, port: int, *roles: str) -> None:
        env = {
            k: v
            for k, v in os.environ.items()
            if k not in (*environment.SERVERS, "INNKEEP_ENV", "SANDBOX_URL", "MAIL_HOST")
        }
        self.process = subprocess.Popen(
            [sys.executable, "-c", START, STAND_IN, *roles],
            cwd=ROOT,
            env={**env, "INSTANCE_PATH": str(instance), "PORT": str(port)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self.output = ""
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.output += line

    def says(self, pattern: str) -> re.Match[str]:
        def said() -> bool:
            return re.search(pattern, self.output) is not None or self.process.poll() is not None

        until(said, f"the launcher says {pattern!r}; it said:\n{self.output}")
        match = re.search(pattern, self.output)
        assert match, self.output
        return match

    def end(self) -> int:
        """Wait for its end and for all of its output."""
        status = self.process.wait(15)
        self._reader.join(5)
        if self.process.stdout is not None:
            self.process.stdout.close()
        return status


@pytest.fixture
def instance(open_folder: Path) -> Path:
    return open_folder / "instance"


@pytest.fixture
def launch(instance: Path, port: int) -> Iterator[Callable[..., Started]]:
    """Starts launchers on `instance`; whatever still runs there after a failed test is ended."""
    started: list[Started] = []

    def start(*roles: str) -> Started:
        started.append(Started(instance, port, *roles))
        return started[-1]

    yield start
    for launcher in started:
        launcher.process.kill()
    for process in psutil.process_iter():
        if _belongs(process, instance):
            process.kill()
    for launcher in started:
        launcher.end()


def test_opens_restarts_what_dies_and_closes_on_ctrl_c(
    launch: Callable[..., Started], instance: Path, port: int
) -> None:
    launcher = launch()
    launcher.says(f"Innkeep is open at http://127.0.0.1:{port}")
    launcher.says("manager@harbour.example")
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/health", timeout=5) as answer:
        seen = json.load(answer)
    assert seen["DATABASE_URL"].startswith("postgresql://innkeep@/innkeep?host=")
    assert seen["REDIS_URL"].startswith("unix://")
    assert (seen["SANDBOX_URL"], seen["MAIL_PORT"]) == ("http://127.0.0.1:4011", "4012")

    found = environment.resolve({"INSTANCE_PATH": str(instance)})
    assert {name: found[name] for name in seen} == seen, "a second terminal sees the same servers"

    first = int(launcher.says(r"worker +\| worker (\d+)")[1])
    os.kill(first, signal.SIGKILL)
    launcher.says(r"worker ended with status -9 and starts again")
    until(lambda: len(re.findall(r"worker +\| worker \d+", launcher.output)) == 2, "the worker runs again")

    everything = family(launcher.process.pid)
    os.killpg(launcher.process.pid, signal.SIGINT)
    assert launcher.end() == 0, launcher.output
    assert not any(map(is_alive, everything))
    assert environment.read(instance) is None


def test_an_embedded_server_that_dies_is_started_again(
    launch: Callable[..., Started], instance: Path, port: int
) -> None:
    launcher = launch()
    launcher.says(f"Innkeep is open at http://127.0.0.1:{port}")
    for title, program in (("PostgreSQL", "postgres"), ("Valkey", "valkey")):
        next(p for p in psutil.Process(launcher.process.pid).children() if p.name().startswith(program)).kill()
        launcher.says(f"The embedded {title} has ended; starting it again")
    until(
        lambda: all(map(_takes_connections, environment.read(instance).sockets)), "both servers answer where they did"
    )


def _takes_connections(path: str) -> bool:
    with socket.socket(socket.AF_UNIX) as client:
        return client.connect_ex(path) == 0


def test_kill_leaves_nothing_and_the_next_start_works(
    launch: Callable[..., Started], instance: Path, port: int
) -> None:
    launcher = launch("worker=stubborn_worker")
    launcher.says("Innkeep is open")
    stubborn = {int(pid) for pid in launcher.says(r"worker (\d+) stray (\d+)").groups()}
    everything = family(launcher.process.pid)
    assert stubborn < set(everything)
    os.kill(launcher.process.pid, signal.SIGKILL)
    launcher.process.wait(5)
    until(lambda: not any(map(is_alive, set(everything) - stubborn)), "launcher, servers and the other processes end")
    assert all(map(is_alive, stubborn)), (
        "they ignore every request to end, so that the next start has something to find"
    )
    again = launch()
    again.says("Innkeep is open")
    assert not any(map(is_alive, everything))
    os.kill(again.process.pid, signal.SIGTERM)
    assert (again.end(), launcher.end()) == (0, -signal.SIGKILL)


def test_what_ignores_the_request_to_stop_is_gone_within_ten_seconds(
    launch: Callable[..., Started], instance: Path, port: int
) -> None:
    launcher = launch("worker=stubborn_worker")
    launcher.says("Innkeep is open")
    launcher.says(r"stray (\d+)")
    everything = family(launcher.process.pid)
    os.killpg(launcher.process.pid, signal.SIGINT)
    launcher.says("stopping")
    os.killpg(launcher.process.pid, signal.SIGINT)
    assert launcher.end() == 0
    assert not any(map(is_alive, everything))


def test_ctrl_c_while_it_starts(launch: Callable[..., Started], instance: Path) -> None:
    launcher = launch("migrate=scheduler")
    until(
        lambda: any(_belongs(p, instance) and "scheduler" in p.cmdline() for p in psutil.process_iter()), "it migrates"
    )
    everything = family(launcher.process.pid)
    assert len(everything) > 5
    os.killpg(launcher.process.pid, signal.SIGINT)
    assert launcher.end() == 0
    assert "Innkeep is open" not in launcher.output
    assert not any(map(is_alive, everything))


@pytest.mark.parametrize(
    ("host", "wanted", "message"),
    [
        ("127.0.0.1", "http", "PORT is 'http'"),
        ("127.0.0.1", "70000", "from 1 to 65535"),
        ("192.0.2.1", "8000", "cannot be used"),
    ],
)
def test_impossible_addresses_are_refused(host: str, wanted: str, message: str) -> None:
    with pytest.raises(StartError, match=message):
        demand_free_port(host, wanted)


def test_busy_port_and_second_start_are_told_apart(launch: Callable[..., Started], instance: Path, port: int) -> None:
    with socket.create_server(("127.0.0.1", port)):
        refused = launch()
        assert refused.end() == 1
    assert f"port {port} of 127.0.0.1 cannot be used" in refused.output
    assert f"process {os.getpid()}" in refused.output
    assert f"PORT={port + 1}" in refused.output

    first = launch()
    first.says("Innkeep is open")
    second = launch()
    assert second.end() == 1
    assert f"already runs from {instance} as process {first.process.pid} at http://127.0.0.1:{port}" in second.output
    os.kill(first.process.pid, signal.SIGTERM)
    assert first.end() == 0


@pytest.mark.parametrize(
    ("role", "reason"), [("web=broken_web", "the reason why"), ("sandbox=demo", "should say where")]
)
def test_what_cannot_start_says_why_and_leaves_nothing(
    launch: Callable[..., Started], instance: Path, role: str, reason: str
) -> None:
    launcher = launch(role)
    assert launcher.end() == 1
    assert reason in launcher.output
    assert "cannot start" in launcher.output
    marked = [p for p in psutil.process_iter() if _belongs(p, instance)]
    assert marked == []


def test_env_runs_a_command_with_servers_of_its_own(instance: Path) -> None:
    code = "import os; print(os.environ['DATABASE_URL'], os.environ['REDIS_URL']); raise SystemExit(7)"
    env = {k: v for k, v in os.environ.items() if k not in environment.SERVERS}
    done = subprocess.run(
        [sys.executable, "-m", "webapp.launcher", "env", "--", "python", "-c", code],
        cwd=ROOT, env={**env, "INSTANCE_PATH": str(instance)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 7, done.stderr
    assert done.stdout.startswith("postgresql://innkeep@/innkeep?host=")
    assert [p for p in psutil.process_iter() if _belongs(p, instance)] == []


def _belongs(process: psutil.Process, instance: Path) -> bool:
    try:
        return is_alive(process.pid) and process.environ().get("INNKEEP_LAUNCHER") == str(instance)
    except psutil.Error:
        return False

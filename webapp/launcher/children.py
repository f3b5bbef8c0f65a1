"""Child processes of the launcher: started so that they cannot outlive it, stopped as whole groups.

The kernel ties a child to the *thread* that started it, so start children from a thread that lasts (the main one).
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

import psutil

PATIENT_SHARE = 0.3  # of the time to stop, until those that still run are asked again
_CHILD = Path(__file__).with_name("child.py")


def spawn(
    command: Sequence[str | Path],
    *,
    output: int | IO[bytes] | None = None,
    death_signal: signal.Signals = signal.SIGTERM,
    user: tuple[int, int] | None = None,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    separate_output: bool = False,
) -> subprocess.Popen[bytes]:
    """Start `command` in a process group of its own; it gets `death_signal` when this process dies.

    `user` is the (uid, gid) to run as, for a launcher that is root. `output` takes stdout and stderr, or with
    `separate_output` stdout only.
    """
    who = "-" if user is None else f"{user[0]}:{user[1]}"
    return subprocess.Popen(  # noqa: S603
        [sys.executable, "-I", "-S", str(_CHILD), str(os.getpid()), str(int(death_signal)), who, *map(str, command)],
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=None if separate_output else (subprocess.STDOUT if output is not None else None),
        env=None if env is None else dict(env),
        cwd=cwd,
        start_new_session=True,
    )


def signal_group(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    """Send `number` to the whole group of a child made by `spawn`, also when its leader is gone."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)


def stop_all(
    processes: Iterable[subprocess.Popen[bytes]],
    timeout: float,
    while_waiting: Callable[[], object] = lambda: time.sleep(0.02),
) -> None:
    """End these children and all that they have started: SIGTERM, and SIGKILL for what is left after `timeout` seconds.

    In between, SIGINT asks again: gunicorn then cuts open streams, and a worker its job, which may safely run twice. What
    they have started is ended too where it has left their groups. `while_waiting` is called again and again meanwhile and
    should take a few hundredths of a second.
    """
    mine = list(processes)
    descendants = [child for process in mine for child in _descendants(process.pid)]
    for process in mine:
        if process.poll() is None:
            signal_group(process, signal.SIGTERM)
    started = time.monotonic()
    has_asked_again = False
    while (waited := time.monotonic() - started) < timeout and any(process.poll() is None for process in mine):
        if waited > timeout * PATIENT_SHARE and not has_asked_again:
            has_asked_again = True
            for process in mine:
                signal_group(process, signal.SIGINT)
        while_waiting()
    for process in mine:
        signal_group(process, signal.SIGKILL)
        process.wait()
    end_strays(find(descendants.__contains__), signal.SIGKILL, timeout=2)


def _descendants(pid: int) -> list[psutil.Process]:
    try:
        return psutil.Process(pid).children(recursive=True)
    except psutil.Error:
        return []


def find(matches: Callable[[psutil.Process], bool]) -> list[psutil.Process]:
    """The running processes (never this one) for which `matches` is true; those we may not look at do not count."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):
            if process.pid != os.getpid() and process.status() != psutil.STATUS_ZOMBIE and matches(process):
                found.append(process)
    return found


def end_strays(strays: list[psutil.Process], first: signal.Signals, timeout: float) -> None:
    """End processes that are not our children: `first`, then SIGKILL after `timeout` seconds."""
    for process in strays:
        with suppress(psutil.Error):
            process.send_signal(first)
    _, alive = psutil.wait_procs(strays, timeout=timeout)
    for process in alive:
        with suppress(psutil.Error):
            process.kill()
    psutil.wait_procs(alive, timeout=5)

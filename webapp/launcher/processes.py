"""Keeps a set of processes running, with their output in one terminal.

One thread, one loop: it reads the output of all, restarts what died with growing pauses, and ends everything at once when
told to. Every process is the leader of a group of its own, so that Ctrl-C in the terminal reaches the launcher alone.
"""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

from webapp.launcher import children

STEADY_SECONDS = 60.0  # a process that ran this long starts again without a pause
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0
_COLOURS = (36, 33, 32, 35, 34, 31)
_LABEL_WIDTH = 9
_CHUNKS_AT_ONCE = 16  # of 64 KiB, then the others have their turn


class StartError(Exception):
    """Something that the house cannot do without does not start; the message says what."""


@dataclass
class Service:
    """One process to keep running, or a step to wait for."""

    name: str
    command: Sequence[str]
    is_shown: bool = True  # whether its lines go to the terminal
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    failures: int = 0
    restart_at: float | None = None
    lines: deque[str] = field(default_factory=lambda: deque(maxlen=500))  # the last ones, without line ends
    unfinished: bytes = b""  # of a line that has not come to its end

    @property
    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None


class Supervisor:
    """Owns the processes. Use it as a context manager: leaving it ends them all."""

    def __init__(self, env: Mapping[str, str], cwd: Path, out: TextIO = sys.stdout) -> None:
        self.env = dict(env)
        self.cwd = cwd
        self.out = out
        self._services: list[Service] = []
        self._selector = selectors.DefaultSelector()
        self._is_coloured = out.isatty() and not self.env.get("NO_COLOR")
        self._colours: dict[str, int] = {}

    def __enter__(self) -> Supervisor:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def say(self, text: str, name: str = "innkeep") -> None:
        """Write lines under a name; a terminal that has gone away is no error."""
        label = f"{name:<{_LABEL_WIDTH}} |"
        if self._is_coloured:
            colour = self._colours.setdefault(name, _COLOURS[len(self._colours) % len(_COLOURS)])
            label = f"\x1b[{colour}m{label}\x1b[0m"
        with suppress(OSError, ValueError):
            self.out.writelines(f"{label} {line}\n" for line in text.splitlines())
            self.out.flush()

    def keep(self, name: str, command: Sequence[str], *, is_shown: bool = True) -> Service:
        """Start a process and keep it running from now on."""
        service = Service(name, command, is_shown)
        self._services.append(service)
        self._start(service)
        return service

    def run_step(self, name: str, command: Sequence[str], *, is_shown: bool = True) -> list[str]:
        """Run a command to its end and return its lines; raises StartError when it fails.

        The other processes are looked after meanwhile. The output of a step that is not shown is shown when it fails.
        """
        step = Service(name, command, is_shown)
        process = self._start(step)
        while process.poll() is None:
            self.tick()
        self._finish_output(step)
        if process.returncode:
            if not is_shown:
                self.say("\n".join(step.lines), name)
            raise StartError(f"`{' '.join(command)}` failed with status {process.returncode}")
        return list(step.lines)

    def keep_after_first_line(self, name: str, command: Sequence[str], timeout: float = 30.0) -> str:
        """Start a process, keep it running, and return the first line that it prints (which is not shown)."""
        service = self.keep(name, command, is_shown=False)
        deadline = time.monotonic() + timeout
        while not service.lines:
            self.tick()
            if service.failures:
                raise StartError("\n".join([f"`{' '.join(command)}` stopped before it was ready:", *service.lines]))
            if time.monotonic() > deadline:
                raise StartError(f"`{' '.join(command)}` is not ready after {timeout:.0f} seconds")
        service.is_shown = True
        return service.lines[0]

    def change_command(self, name: str, command: Sequence[str]) -> None:
        """What to run when this process has to start again."""
        for service in self._services:
            if service.name == name:
                service.command = command

    def tick(self, patience: float = 0.1) -> None:
        """Pass on what has been said, notice deaths, restart what is due. Returns after `patience` seconds at the latest."""
        self._pass_on(patience)
        now = time.monotonic()
        for service in self._services:
            if service.process is not None and service.process.poll() is not None:
                self._plan_restart(service, service.process, now)
            if service.restart_at is not None and now >= service.restart_at:
                self._start(service)

    def stop(self, timeout: float = 6.0) -> None:
        """End every process and all that they have started, within `timeout` seconds and a moment."""
        open_outputs: list[Service] = [key.data for key in self._selector.get_map().values()]
        concerned = {id(s): s for s in (*open_outputs, *self._services) if s.process is not None}.values()
        processes = [service.process for service in concerned if service.process is not None]
        children.stop_all(processes, timeout, while_waiting=lambda: self._pass_on(0.05))
        for service in concerned:
            self._finish_output(service)
        self._services.clear()

    def _start(self, service: Service) -> subprocess.Popen[bytes]:
        service.restart_at = None
        service.started = time.monotonic()
        process = children.spawn(service.command, output=subprocess.PIPE, env=self.env, cwd=self.cwd)
        service.process = process
        if process.stdout is not None:
            os.set_blocking(process.stdout.fileno(), False)
            self._selector.register(process.stdout, selectors.EVENT_READ, service)
        return process

    def _plan_restart(self, service: Service, process: subprocess.Popen[bytes], now: float) -> None:
        """Collect a process that died by itself, with its group, and decide when it starts again."""
        self._finish_output(service)
        children.signal_group(process, signal.SIGKILL)
        service.process = None
        service.failures = 1 if now - service.started > STEADY_SECONDS else service.failures + 1
        pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (service.failures - 1))
        service.restart_at = now + pause
        self.say(f"{service.name} ended with status {process.returncode} and starts again in {pause:g} s")

    def _pass_on(self, patience: float) -> None:
        for key, _ in self._selector.select(patience):
            self._read_available(key.data)

    def _read_available(self, service: Service) -> None:
        """Take what a process has written so far; close its output when it has come to the end."""
        stream = service.process.stdout if service.process is not None else None
        if stream is None or stream.closed:
            return
        for _ in range(_CHUNKS_AT_ONCE):
            try:
                chunk = os.read(stream.fileno(), 65536)
            except BlockingIOError:
                return
            if not chunk:
                self._close(service)
                return
            *complete, service.unfinished = (service.unfinished + chunk).split(b"\n")
            self._take(service, complete)

    def _finish_output(self, service: Service) -> None:
        """The last words of a process that has ended. A grandchild that keeps the pipe open is not waited for."""
        self._read_available(service)
        self._close(service)

    def _close(self, service: Service) -> None:
        stream = service.process.stdout if service.process is not None else None
        if stream is None or stream.closed:
            return
        if service.unfinished:
            self._take(service, [service.unfinished])
            service.unfinished = b""
        self._selector.unregister(stream)
        stream.close()

    def _take(self, service: Service, lines: list[bytes]) -> None:
        texts = [line.decode(errors="replace").rstrip("\r") for line in lines]
        service.lines.extend(texts)
        if texts and service.is_shown:
            self.say("\n".join(texts), service.name)

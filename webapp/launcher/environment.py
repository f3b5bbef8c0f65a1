"""Where a command finds the servers that `make run` has started.

`run` leaves `run.json` in the instance folder while it runs: its process, its address, and the variables that point to the
embedded servers and the sandbox. A command in another terminal takes from it what its own environment does not set.
"""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path

RUN_FILE = "run.json"
SERVERS = ("DATABASE_URL", "REDIS_URL")


@dataclass(frozen=True)
class Running:
    """What a launcher that runs has put at the disposal of other commands."""

    pid: int
    address: str
    variables: dict[str, str] = field(default_factory=dict)  # only what the launcher itself has chosen
    sockets: list[str] = field(default_factory=list)  # of the embedded servers

    def is_alive(self) -> bool:
        """Whether the launcher runs and every embedded server takes connections."""
        return _runs(self.pid) and all(map(_takes_connections, self.sockets))


def instance_path(environ: Mapping[str, str]) -> Path:
    """The instance folder, as the settings see it."""
    return Path(environ.get("INSTANCE_PATH") or "instance").absolute()


def completed(environ: Mapping[str, str]) -> dict[str, str]:
    """`environ`, with what a running `make run` offers where DATABASE_URL or REDIS_URL is unset. Not in production."""
    environment = dict(environ)
    if all(environment.get(name) for name in SERVERS) or environment.get("INNKEEP_ENV") == "production":
        return environment
    running = read(instance_path(environment))
    if running is not None and running.is_alive():
        for name, value in running.variables.items():
            if not environment.get(name):
                environment[name] = value
    return environment


def resolve(environ: Mapping[str, str]) -> dict[str, str]:
    """`completed`, for an application that cannot do without the servers.

    Exits with a message that says what to do when they are unset and nothing runs. In production the settings name what is
    missing.
    """
    environment = completed(environ)
    missing = [name for name in SERVERS if not environment.get(name)]
    if missing and environment.get("INNKEEP_ENV") != "production":
        raise SystemExit(
            f"Innkeep has no {' and no '.join(missing)}. Start it with `make run` in another terminal, "
            "put `python -m webapp.launcher env --` before the command, or set the variable."
        )
    return environment


def read(instance: Path) -> Running | None:
    """What the last launcher on this instance wrote, None when there is none or it cannot be read."""
    with suppress(OSError, ValueError, TypeError):
        return Running(**json.loads((instance / RUN_FILE).read_text()))
    return None


def write(instance: Path, running: Running) -> None:
    """Tell other commands about `running`. Only this user may read it."""
    temporary = instance / f".{RUN_FILE}.new"
    with open(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:  # noqa: PTH123
        json.dump(asdict(running), file, indent=1)
    temporary.replace(instance / RUN_FILE)


def remove(instance: Path) -> None:
    (instance / RUN_FILE).unlink(missing_ok=True)


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _takes_connections(path: str) -> bool:
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(2)
            connection.connect(path)
    except OSError:
        return False
    return True

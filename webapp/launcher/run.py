"""`run`: from an empty folder to a house that answers, and back to nothing running. `env`: one command with the servers up."""

from __future__ import annotations

import fcntl
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import IO

import psutil

from webapp.launcher import children, environment
from webapp.launcher.commands import Plan
from webapp.launcher.embedded import EmbeddedPostgres, EmbeddedServerError, EmbeddedValkey
from webapp.launcher.environment import Running
from webapp.launcher.processes import StartError, Supervisor

ROOT = Path(__file__).resolve().parents[2]
HEALTH_PATH = "/api/health"
HEALTH_TIMEOUT = 60.0  # seconds until the web server must answer
STOP_TIMEOUT = 6.0  # seconds for the processes to end by themselves; the embedded servers follow
MARK = "INNKEEP_LAUNCHER"  # in the environment of everything that `run` starts: its instance folder
# While one of these is unset, its provider is emulated.
PROVIDER_KEYS = ("MAIL_HOST", "TWILIO_ACCOUNT_SID", "TTLOCK_CLIENT_ID", "CLOUDINARY_CLOUD_NAME")


class Stopped(BaseException):
    """The user or the system asked the launcher to end. Not an error."""


class Launcher:
    """One run of the house. `run` does everything; the rest are its steps, in their order."""

    def __init__(self, environ: Mapping[str, str], root: Path = ROOT, plan: Plan | None = None) -> None:
        self.root = root
        self.plan = plan or Plan()
        self.instance = environment.instance_path(environ)
        self.is_production = environ.get("INNKEEP_ENV") == "production"
        self.host = environ.get("HOST") or "127.0.0.1"
        self.port = environ.get("PORT") or "8000"
        self.env = dict(environ)
        self.chosen: dict[str, str] = {}  # variables that were unset and got a value here
        self.sockets: list[str] = []
        self.servers: list[EmbeddedPostgres | EmbeddedValkey] = []

    def run(self) -> int:
        """Start the house and look after it until a signal comes. Returns the exit status."""
        with _signals_raise(), ExitStack() as servers, Supervisor(self.env, self.root) as house:
            try:
                self._prepare(servers)
                self._start_servers(servers)
                self._start_sandbox(house)
                self._publish(servers)
                self._open(house)
                while True:
                    house.tick(0.5)
                    self._revive_servers(house)
            except (StartError, EmbeddedServerError, OSError) as error:
                house.say(f"Innkeep cannot start: {error}")
                return 1
            except Stopped:
                house.say("stopping")
                self._close(house)
                return 0

    @property
    def address(self) -> str:
        host = "127.0.0.1" if self.host in ("0.0.0.0", "::") else self.host  # noqa: S104
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}"

    def _prepare(self, servers: ExitStack) -> None:
        self.instance.mkdir(parents=True, exist_ok=True)
        servers.enter_context(_only_one(self.instance))
        demand_free_port(self.host, self.port)
        self._end_leftovers()
        here = str(Path(sys.executable).parent)
        self.env |= {
            "PATH": os.pathsep.join([here, self.env.get("PATH", os.defpath)]),
            "PYTHONUNBUFFERED": "1",
            "INSTANCE_PATH": str(self.instance),
            "HOST": self.host,
            "PORT": self.port,
            MARK: str(self.instance),
        }
        if not self.is_production:
            self._choose(PUBLIC_URL=self.address)

    def _choose(self, **variables: str) -> None:
        """Give a value to variables that have none."""
        for name, value in variables.items():
            if not self.env.get(name):
                self.env[name] = self.chosen[name] = value

    def _end_leftovers(self) -> None:
        """End what an earlier run on this instance has left: we hold its lock, so nobody looks after it."""
        ours = {os.getpid(), *(parent.pid for parent in psutil.Process().parents())}
        strays = children.find(lambda p: p.pid not in ours and p.environ().get(MARK) == str(self.instance))
        children.end_strays(strays, signal.SIGTERM, timeout=2)

    def _start_servers(self, servers: ExitStack) -> None:
        missing = [name for name in environment.SERVERS if not self.env.get(name)]
        if missing and self.is_production:
            raise StartError(f"production needs {' and '.join(missing)}")
        for server in embedded_servers(self.instance, missing):
            servers.callback(server.stop)
            self._choose(**{server.variable: server.start()})
            self.sockets.append(str(server.socket_path))
            self.servers.append(server)

    def _revive_servers(self, house: Supervisor) -> None:
        """Start an embedded server that ended by itself (out of memory, killed) again, at its old address."""
        for server in self.servers:
            if server.process_id is None:
                house.say(f"{server.title} has ended; starting it again")
                server.stop()
                server.start()

    def _start_sandbox(self, house: Supervisor) -> None:
        house.env = self.env
        if self.is_production or self.env.get("SANDBOX_URL") or all(self.env.get(key) for key in PROVIDER_KEYS):
            return
        options = ("--host", "127.0.0.1", "--http-port", "0", "--smtp-port", "0")
        folder = ("--data-dir", str(self.instance / "sandbox"))
        line = house.keep_after_first_line("sandbox", (*self.plan.sandbox, *options, *folder))
        try:
            ports = json.loads(line)
            http_port, smtp_port = int(ports["http"]), int(ports["smtp"])
        except (ValueError, KeyError, TypeError):
            raise StartError(f"the sandbox should say where it listens and said: {line}") from None
        if not self.env.get("MAIL_HOST"):
            self._choose(MAIL_HOST="127.0.0.1", MAIL_PORT=str(smtp_port), MAIL_STARTTLS="0")
        self._choose(SANDBOX_URL=f"http://127.0.0.1:{http_port}")
        # A restarted sandbox must be found at the same place.
        again = ("--host", "127.0.0.1", "--http-port", str(http_port), "--smtp-port", str(smtp_port))
        house.change_command("sandbox", (*self.plan.sandbox, *again, *folder))

    def _publish(self, servers: ExitStack) -> None:
        environment.write(self.instance, Running(os.getpid(), self.address, self.chosen, self.sockets))
        servers.callback(environment.remove, self.instance)

    def _open(self, house: Supervisor) -> None:
        """Migrate, load the demo, start the processes, and say where the house is once it answers."""
        house.env = self.env
        house.run_step("migrate", self.plan.migrate, is_shown=False)
        welcome = [] if self.is_production else house.run_step("demo", self.plan.demo, is_shown=False)
        web = house.keep("web", self.plan.web)
        house.keep("worker", self.plan.worker)
        house.keep("scheduler", self.plan.scheduler)
        deadline = time.monotonic() + HEALTH_TIMEOUT
        while not self._answers():
            if web.failures:
                raise StartError("the web server stopped while starting; what it said is above")
            if time.monotonic() > deadline:
                raise StartError(f"{self.address}{HEALTH_PATH} does not answer after {HEALTH_TIMEOUT:.0f} seconds")
            house.tick(0.05)
        lines = [f"Innkeep is open at {self.address}", *welcome]
        if "SANDBOX_URL" in self.chosen:
            lines.append(f"Providers without keys are emulated; what they were told: {self.chosen['SANDBOX_URL']}")
        house.say("\n".join(["", *lines, "Ctrl-C stops it.", ""]))

    def _answers(self) -> bool:
        host = "127.0.0.1" if self.host == "0.0.0.0" else self.host  # noqa: S104
        connection = http.client.HTTPConnection(host, int(self.port), timeout=2)
        try:
            connection.request("GET", HEALTH_PATH)
            return connection.getresponse().status == http.HTTPStatus.OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def _close(self, house: Supervisor) -> None:
        try:
            house.stop(STOP_TIMEOUT)
        except Stopped:  # asked again: no more patience
            house.stop(timeout=0)
        finally:
            _ignore_signals()


def run_command(environ: Mapping[str, str], command: Sequence[str]) -> int:
    """Run one command with DATABASE_URL and REDIS_URL: those of a running house, or of servers started for its time."""
    env = environment.completed(environ)
    env["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), env.get("PATH", os.defpath)])
    missing = [name for name in environment.SERVERS if not env.get(name)]
    is_production = env.get("INNKEEP_ENV") == "production"
    with ExitStack() as servers, _signals_raise(signal.SIGTERM, signal.SIGHUP):
        for server in [] if is_production else embedded_servers(environment.instance_path(env), missing):
            servers.callback(server.stop)
            env[server.variable] = server.start()
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the command decides what Ctrl-C means
        process = subprocess.Popen([sys.executable, "-c", _WITH_CTRL_C, *command], env=env)  # noqa: S603
        try:
            return process.wait()
        except Stopped:
            process.terminate()
            return process.wait()


_WITH_CTRL_C = """import os, signal, sys
signal.signal(signal.SIGINT, signal.SIG_DFL)
try:
    os.execvp(sys.argv[1], sys.argv[1:])
except OSError as error:
    sys.exit(f"cannot run {sys.argv[1]}: {error}")
"""


def embedded_servers(instance: Path, missing: Sequence[str]) -> list[EmbeddedPostgres | EmbeddedValkey]:
    """The servers that stand in for the variables in `missing`; not started."""
    known = (EmbeddedPostgres(instance / "postgres"), EmbeddedValkey(instance / "valkey"))
    return [server for server in known if server.variable in missing]


def demand_free_port(host: str, port: str) -> None:
    """Raises StartError when nobody could listen there now."""
    if not port.isdecimal() or not 0 < int(port) < 65536:
        raise StartError(f"PORT is {port!r}; use a number from 1 to 65535")
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, int(port), type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except socket.gaierror:
        raise StartError(f"HOST is {host!r}, which is no address of this machine") from None
    except OSError as error:
        raise StartError(
            f"port {port} of {host} cannot be used ({error.strerror}{_who_listens(int(port))}). "
            f"Stop what uses it, or choose another: make run PORT={int(port) + 1}"
        ) from None


def _who_listens(port: int) -> str:
    with suppress(psutil.Error, OSError):
        for connection in psutil.net_connections("tcp"):
            if connection.status == psutil.CONN_LISTEN and connection.laddr.port == port and connection.pid:
                return f"; process {connection.pid}, {psutil.Process(connection.pid).name()}, listens there"
    return ""


@contextmanager
def _only_one(instance: Path) -> Iterator[None]:
    """Holds the instance folder for one launcher at a time."""
    lock: IO[str]
    with (instance / ".launcher.lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            running = environment.read(instance)
            where = f" as process {running.pid} at {running.address}" if running else ""
            raise StartError(
                f"it already runs from {instance}{where}. Stop that one first, or set INSTANCE_PATH to another folder"
            ) from None
        yield


@contextmanager
def _signals_raise(*numbers: signal.Signals) -> Iterator[None]:
    """Turns the signals that ask for an end into Stopped."""

    def stop(_number: int, _frame: object) -> None:
        raise Stopped

    for number in numbers or (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stop)
    yield


def _ignore_signals() -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)

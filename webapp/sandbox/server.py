"""The sandbox as a running server: HTTP on threads, SMTP on a loop of its own."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler

from webapp.sandbox.app import create_sandbox_app
from webapp.sandbox.client import SandboxControl
from webapp.sandbox.context import Latency, Sandbox
from webapp.sandbox.imap import ImapServer
from webapp.sandbox.smtp import MailServer

T = TypeVar("T")


class _Handler(WSGIRequestHandler):
    """Quiet, and known to the server while its connection is open."""

    server: _HttpServer
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # headers and body are two writes; waiting between them would cost 40 ms

    def setup(self) -> None:
        super().setup()
        self.server.connections.add(self.connection)

    def finish(self) -> None:
        self.server.connections.discard(self.connection)
        with contextlib.suppress(OSError):
            super().finish()

    def log(self, type: str, message: str, *args: Any) -> None:
        """The journal is the log."""


class _HttpServer(ThreadedWSGIServer):
    def __init__(self, host: str, port: int, app: Any) -> None:
        """Raises OSError when the port is taken; werkzeug by itself would end the process."""
        self.connections: set[socket.socket] = set()
        with socket.create_server((host, port), backlog=128) as listener:
            super().__init__(host, port, app, handler=_Handler, fd=listener.fileno())

    def log(self, type: str, message: str, *args: Any) -> None:
        """The journal is the log."""

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is not an event; errors of the application are answered by Flask."""

    def cut_connections(self) -> None:
        for connection in list(self.connections):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


def _listen(open_on: Callable[[int], T], wanted: int, before: int | None) -> T:
    """Listen on the wanted port; for 0 on the one of the last run, since stored feed addresses hold it, or a free one."""
    if wanted == 0 and before:
        with contextlib.suppress(OSError):
            return open_on(before)
    return open_on(wanted)


class SandboxServer:
    """All emulators on free ports of this machine, in threads of the current process.

    With a data directory a later run listens where the one before did. Usable as a context manager. `control` speaks to the control API over HTTP.
    """

    def __init__(
        self,
        host: str = "127.0.0.1",
        http_port: int = 0,
        smtp_port: int = 0,
        data_dir: Path | None = None,
        seed: int = 1,
        latency: Latency = "none",
        imap_port: int = 0,
    ) -> None:
        self.host = host
        self.sandbox = Sandbox(data_dir=data_dir, seed=seed, latency=latency)
        self._wanted = (http_port, smtp_port, imap_port)
        self._http: _HttpServer | None = None
        self._mail: MailServer | None = None
        self._imap: ImapServer | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> SandboxServer:
        """Listen on all ports; raises OSError when one is taken."""
        app = create_sandbox_app(self.sandbox)
        before = self.sandbox.storage.get("server.ports", "all") or {}
        http_port, smtp_port, imap_port = self._wanted
        mail = _listen(lambda port: MailServer(self.sandbox, self.host, port).start(), smtp_port, before.get("smtp"))
        try:
            imap = _listen(
                lambda port: ImapServer(self.sandbox, self.host, port).start(), imap_port, before.get("imap")
            )
        except BaseException:
            mail.stop()
            raise
        try:
            self._http = _listen(lambda port: _HttpServer(self.host, port, app), http_port, before.get("http"))
        except BaseException:
            mail.stop()
            imap.stop()
            raise
        self._mail, self._imap = mail, imap
        self.sandbox.storage.put(
            "server.ports", "all", {"http": self.http_port, "smtp": self.smtp_port, "imap": self.imap_port}
        )
        self._thread = threading.Thread(
            target=self._http.serve_forever, kwargs={"poll_interval": 0.1}, name="sandbox-http", daemon=True
        )
        self._thread.start()
        return self

    def stop(self) -> None:
        """End in well under two seconds: waits are cut short and open connections closed."""
        self.sandbox.interrupt()
        if self._http is not None:
            self._http.shutdown()
            self._http.cut_connections()
            self._http.server_close()
            self._http = None
        if self._thread is not None:
            self._thread.join(1)
            self._thread = None
        if self._mail is not None:
            self._mail.stop()
            self._mail = None
        if self._imap is not None:
            self._imap.stop()
            self._imap = None
        self.sandbox.close()

    @property
    def http_port(self) -> int:
        if self._http is None:
            raise RuntimeError("the sandbox is not running")
        return self._http.port

    @property
    def smtp_port(self) -> int:
        if self._mail is None:
            raise RuntimeError("the sandbox is not running")
        return self._mail.port

    @property
    def imap_port(self) -> int:
        if self._imap is None:
            raise RuntimeError("the sandbox is not running")
        return self._imap.port

    @property
    def http_url(self) -> str:
        return f"http://{self.host}:{self.http_port}"

    @property
    def control(self) -> SandboxControl:
        return SandboxControl(self.http_url)

    def __enter__(self) -> SandboxServer:
        return self.start()

    def __exit__(self, *details: object) -> None:
        self.stop()

"""One HTTP exchange with another company, bounded in every direction.

Owns name resolution, the connection, TLS and the reading of the answer, on the standard library alone, because the
common clients bound single reads and not whole exchanges, follow redirects, keep cookies, obey proxy variables, and
write addresses with their secrets into debug logs and error texts. Here:

- a `Deadline` ends the exchange whatever the other side does (a drip of bytes, an endless header, a stalled handshake);
- the body is read, and decompressed, up to a limit and no further;
- the address that was checked is the address that is connected to (`Policy`);
- nothing is logged, nothing is retried, no redirect is followed, and no error text holds an address or a header.
"""

from __future__ import annotations

import contextlib
import http.client
import ipaddress
import queue
import socket
import ssl
import threading
import time
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal
from urllib.parse import SplitResult, urlsplit

import certifi

Kind = Literal["url", "name", "refused_address", "connect", "tls", "timeout", "too_large", "truncated", "protocol"]
Policy = Callable[[SplitResult, str], bool]  # may we connect to this IP address for this URL?
Resolver = Callable[[str, int], Sequence[str]]  # IP addresses of a host

MAX_ADDRESSES = 4
MAX_ERROR_BODY = 64 * 1024
RESOLVE_SECONDS = 5.0
_CHUNK = 64 * 1024


class TransportError(Exception):
    """No usable answer. `was_sent`: the request may have reached the other side and may have been acted upon."""

    def __init__(self, kind: Kind, message: str, *, was_sent: bool = False) -> None:
        super().__init__(message)
        self.kind: Kind = kind
        self.was_sent = was_sent


@dataclass(frozen=True)
class Answer:
    """A complete answer; `content` is decompressed. Bodies of errors are cut at 64 KB, those of redirects not read."""

    status: int
    headers: http.client.HTTPMessage = field(repr=False)
    content: bytes = field(repr=False)

    def header(self, name: str) -> str | None:
        return self.headers.get(name)


class Deadline:
    """The end of an exchange, in seconds from now. When it comes, the sockets under watch are shut down."""

    def __init__(self, seconds: float) -> None:
        self._ends = time.monotonic() + seconds
        self._sockets: list[socket.socket] = []
        self._lock = threading.Lock()
        self._timer = threading.Timer(seconds, self._shut_down)
        self._timer.daemon = True

    def __enter__(self) -> Deadline:
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()
        with self._lock:
            for sock in self._sockets:
                sock.close()
            self._sockets.clear()

    @property
    def has_passed(self) -> bool:
        return time.monotonic() >= self._ends

    def at_most(self, seconds: float) -> float:
        """`seconds`, or what is left if that is less. Raises TransportError when nothing is left."""
        left = self._ends - time.monotonic()
        if left <= 0:
            raise TransportError("timeout", "no answer in time")
        return min(seconds, left)

    def check(self) -> None:
        """Raises TransportError when the time is up."""
        self.at_most(0)

    def watch(self, sock: socket.socket) -> None:
        """Shut `sock` down at the end. A duplicate is kept, since TLS takes the original's descriptor over."""
        with self._lock:
            self._sockets.append(sock.dup())

    def _shut_down(self) -> None:
        with self._lock:
            for sock in self._sockets:
                with contextlib.suppress(OSError):
                    sock.shutdown(socket.SHUT_RDWR)


@dataclass(frozen=True)
class Limits:
    """Seconds to connect, seconds without a byte, seconds in all, and bytes of the body before and after decompression."""

    connect: float = 5.0
    read: float = 20.0
    total: float = 30.0
    max_bytes: int = 5 * 1024 * 1024


def system_resolver(host: str, port: int) -> list[str]:
    """The addresses the system gives for `host`, in its order of preference."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(sockaddr[0]) for *_, sockaddr in found))


@lru_cache(maxsize=4)
def tls_context(ca_file: str | None = None) -> ssl.SSLContext:
    """A verifying context: the system's authorities and certifi's, plus those in `ca_file`."""
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    if ca_file:
        context.load_verify_locations(ca_file)
    return context


class Transport:
    """Makes exchanges within its limits. Keeps no connection and no state, so it may be shared between threads."""

    def __init__(
        self,
        limits: Limits = Limits(),
        *,
        policy: Policy | None = None,
        resolver: Resolver = system_resolver,
        ca_file: str | None = None,
    ) -> None:
        self.limits = limits
        self._policy = policy
        self._resolver = resolver
        self._ca_file = ca_file

    def exchange(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        deadline: Deadline | None = None,
    ) -> Answer:
        """One request, one answer of any status. Raises TransportError. `url` must be http(s) and already encoded."""
        if deadline is None:
            with Deadline(self.limits.total) as own:
                return self.exchange(method, url, headers=headers, body=body, deadline=own)
        parts = split_url(url)
        sock = self._connect(parts, deadline)
        with contextlib.closing(sock):
            try:
                return self._converse(sock, parts, method, headers or {}, body, deadline)
            except TransportError as error:
                raise TransportError(error.kind, str(error), was_sent=True) from None
            except (OSError, http.client.HTTPException, ValueError) as error:
                if deadline.has_passed or isinstance(error, TimeoutError):
                    raise TransportError("timeout", "no answer in time", was_sent=True) from None
                kind: Kind = "truncated" if isinstance(error, http.client.IncompleteRead) else "protocol"
                raise TransportError(kind, "the connection broke off", was_sent=True) from None

    def _connect(self, parts: SplitResult, deadline: Deadline) -> socket.socket:
        host, port = str(parts.hostname), port_of(parts)
        failure = TransportError("connect", "no connection")
        for address in self._addresses(parts, host, port, deadline):
            try:
                sock = socket.create_connection((address, port), timeout=deadline.at_most(self.limits.connect))
            except OSError as error:
                if isinstance(error, TimeoutError):
                    failure = TransportError("timeout", "no connection in time")
                continue
            return self._secure(sock, parts, deadline)
        raise failure

    def _secure(self, sock: socket.socket, parts: SplitResult, deadline: Deadline) -> socket.socket:
        deadline.watch(sock)
        if parts.scheme == "http":
            return sock
        try:
            sock.settimeout(deadline.at_most(self.limits.connect))
            return tls_context(self._ca_file).wrap_socket(sock, server_hostname=str(parts.hostname).rstrip("."))
        except (OSError, ValueError) as error:
            sock.close()
            if deadline.has_passed or isinstance(error, TimeoutError):
                raise TransportError("timeout", "no connection in time") from None
            raise TransportError("tls", "no secure connection") from None

    def _addresses(self, parts: SplitResult, host: str, port: int, deadline: Deadline) -> list[str]:
        found = resolve(host, port, self._resolver, deadline.at_most(RESOLVE_SECONDS))
        allowed = [address for address in found if self._policy is None or self._policy(parts, address)]
        if not allowed:
            raise TransportError("refused_address", "an address we do not connect to")
        return allowed[:MAX_ADDRESSES]

    def _converse(
        self,
        sock: socket.socket,
        parts: SplitResult,
        method: str,
        headers: Mapping[str, str],
        body: bytes | None,
        deadline: Deadline,
    ) -> Answer:
        sock.settimeout(deadline.at_most(self.limits.read))
        connection = http.client.HTTPConnection(str(parts.hostname))
        connection.sock = sock
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        sent = {"Host": host_header(parts), "Connection": "close", "Accept-Encoding": "gzip", **headers}
        connection.request(method, target, body=body, headers=sent)
        response = connection.getresponse()
        with contextlib.closing(response):
            content = b""
            if 200 <= response.status < 300:
                content = self._read(response, deadline)
            elif response.status >= 400:
                content = _read_some(response, deadline)
            return Answer(response.status, response.headers, content)

    def _read(self, response: http.client.HTTPResponse, deadline: Deadline) -> bytes:
        """The whole body, decompressed. Raises TransportError when it is too large or breaks off."""
        limit = self.limits.max_bytes
        if (response.length or 0) > limit:
            raise TransportError("too_large", "the answer is too large")
        decoder = _Decoder(response.getheader("Content-Encoding"), limit)
        received = 0
        while chunk := response.read1(_CHUNK):
            received += len(chunk)
            decoder.feed(chunk)
            deadline.check()
            if received > limit or decoder.is_full:
                raise TransportError("too_large", "the answer is too large")
        deadline.check()  # a socket that was shut down reads like the end of the answer
        if response.length or not decoder.is_complete:
            raise TransportError("truncated", "the answer broke off")
        return decoder.content


def _read_some(response: http.client.HTTPResponse, deadline: Deadline) -> bytes:
    """The beginning of an error's body, as much of it as came: the status counts, the text only explains it."""
    try:
        decoder = _Decoder(response.getheader("Content-Encoding"), MAX_ERROR_BODY)
    except TransportError:
        return b""
    with contextlib.suppress(TransportError, OSError, http.client.HTTPException, ValueError):
        while not decoder.is_full and not deadline.has_passed and (chunk := response.read1(_CHUNK)):
            decoder.feed(chunk)
    return decoder.content


class _Decoder:
    """Undoes gzip and deflate, never producing more than `limit` + 1 bytes."""

    def __init__(self, encoding: str | None, limit: int) -> None:
        name = (encoding or "identity").strip().lower()
        if name not in ("identity", "gzip", "x-gzip", "deflate", ""):
            raise TransportError("protocol", "the answer has a compression we did not ask for")
        self._is_plain = name in ("identity", "")
        self._inflate = zlib.decompressobj(wbits=47)  # gzip or zlib, told from the first bytes
        self._room = limit + 1
        self._parts: list[bytes] = []

    def feed(self, chunk: bytes) -> None:
        while chunk and self._room > 0:
            if self._is_plain:
                piece, chunk = chunk[: self._room], b""
            else:
                piece, chunk = self._inflated(chunk)
            self._room -= len(piece)
            self._parts.append(piece)

    def _inflated(self, chunk: bytes) -> tuple[bytes, bytes]:
        if self._inflate.eof:  # gzip allows several members one after the other
            self._inflate = zlib.decompressobj(wbits=47)
        try:
            piece = self._inflate.decompress(chunk, self._room)
        except zlib.error:
            raise TransportError("protocol", "the answer's compression is broken") from None
        return piece, self._inflate.unused_data if self._inflate.eof else b""

    @property
    def is_full(self) -> bool:
        return self._room <= 0

    @property
    def is_complete(self) -> bool:
        return self._is_plain or self._inflate.eof or not self._parts

    @property
    def content(self) -> bytes:
        return b"".join(self._parts)


def split_url(url: str) -> SplitResult:
    """The parts of an http(s) URL. Raises TransportError for everything else, also for names and passwords in it."""
    try:
        parts = urlsplit(url)
        port_of(parts)
        parts.netloc.encode("ascii")
    except ValueError:
        raise TransportError("url", "not a web address") from None
    has_odd_character = any(ord(character) <= 32 or ord(character) >= 127 for character in url)
    if parts.scheme not in ("http", "https") or not parts.hostname or "\\" in parts.netloc or has_odd_character:
        raise TransportError("url", "not a web address")
    if parts.username is not None or parts.password is not None:
        raise TransportError("url", "a web address with a user name in it")
    return parts


def port_of(parts: SplitResult) -> int:
    return parts.port or (443 if parts.scheme == "https" else 80)


def host_header(parts: SplitResult) -> str:
    host = str(parts.hostname).rstrip(".")
    host = f"[{host}]" if ":" in host else host
    return host if parts.port is None else f"{host}:{parts.port}"


def resolve(host: str, port: int, resolver: Resolver, seconds: float) -> list[str]:
    """IP addresses of `host`, asked for once. The system's resolver knows no time limit, so it runs beside us."""
    with contextlib.suppress(ValueError):
        return [str(ipaddress.ip_address(host))]
    answers: queue.SimpleQueue[Sequence[str]] = queue.SimpleQueue()

    def ask() -> None:
        try:
            answers.put(resolver(host, port))
        except (OSError, ValueError):
            answers.put(())

    threading.Thread(target=ask, daemon=True).start()
    try:
        found = answers.get(timeout=seconds)
    except queue.Empty:
        raise TransportError("timeout", "the name was not found in time") from None
    if not found:
        raise TransportError("name", "the name is not known")
    return list(found)

"""Fetches one calendar address: conditionally, within limits, following at most three redirects by hand.

Every hop is looked up once, judged by `addresses`, and connected to at the judged address, so that a name which changes
its mind between the question and the connection gains nothing.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from urllib.parse import SplitResult, quote, urljoin, urlsplit

import idna

from webapp.channels.ports import Body, FaultKind, FeedAnswer, FeedFault, NotModified

from ..transport import (
    Answer,
    Deadline,
    Limits,
    Resolver,
    Transport,
    TransportError,
    port_of,
    split_url,
    system_resolver,
)
from .addresses import is_local_name, is_public_address, literal_address
from .contents import check_calendar, html_title, json_message

USER_AGENT = "Mozilla/5.0 (compatible; Innkeep/1.0; calendar import)"
MAX_REDIRECTS = 3
FEED_LIMITS = Limits(connect=5.0, read=20.0, total=60.0, max_bytes=10 * 1024 * 1024)

_REDIRECTS = (301, 302, 303, 307, 308)
_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?", re.IGNORECASE)
_SENDABLE = re.compile(r"[\x20-\x7e]{1,1000}")
_SAFE = "!#$%&'()*+,/:;=?@[]~"  # kept by quote(): what is already encoded stays as it is


class HttpFeedReader:
    """Implements channels.ports.FeedReader.

    `private_origins`: exact origins (`http://127.0.0.1:9000`) that may be at addresses which are otherwise refused; for the
    sandbox, empty in production.
    """

    def __init__(
        self,
        *,
        private_origins: Collection[str] = (),
        limits: Limits = FEED_LIMITS,
        user_agent: str = USER_AGENT,
        resolver: Resolver = system_resolver,
        ca_file: str | None = None,
    ) -> None:
        self._private_origins = frozenset(_origin(urlsplit(origin)) for origin in private_origins)
        self._user_agent = user_agent
        self._total = limits.total
        self._transport = Transport(limits, policy=self._may_connect, resolver=resolver, ca_file=ca_file)

    def check(self, url: str) -> None:
        try:
            self._check(url)
        except TransportError as error:
            raise _fault(error) from None

    def _check(self, url: str) -> str:
        """`url` as it goes over the wire. Raises TransportError."""
        if any(unicodedata.category(character) == "Cc" for character in url.strip()):
            raise TransportError("url", "a control character in the address")  # urlsplit would drop it silently
        tidy = _tidy_url(url)
        parts = split_url(tidy)
        host = str(parts.hostname)
        address = literal_address(host)
        if address is None and not _is_name(host):
            raise TransportError("url", "not the name of a computer")
        is_here = address is not None or is_local_name(host)
        if is_here and not self._may_connect(parts, address or ""):
            raise TransportError("refused_address", "an address we do not connect to")
        return tidy

    def fetch(self, url: str, etag: str | None = None, last_modified: str | None = None) -> FeedAnswer:
        headers = {"User-Agent": self._user_agent, "Accept": "text/calendar, text/plain;q=0.9, */*;q=0.5"}
        conditions = {"If-None-Match": etag, "If-Modified-Since": last_modified}
        known = {name: value for name, value in conditions.items() if value and _SENDABLE.fullmatch(value)}
        try:
            return self._fetch(url, headers, known)
        except TransportError as error:
            raise _fault(error) from None
        except FeedFault as fault:
            fault.message = _without_secrets(fault.message, url)
            if isinstance(said := fault.params.get("said"), str):
                fault.params["said"] = _without_secrets(said, url)
            fault.args = (f"{fault.kind}: {fault.message}",)
            raise

    def _fetch(self, url: str, headers: dict[str, str], known: dict[str, str]) -> FeedAnswer:
        with Deadline(self._total) as deadline:
            final_url, answer = self._follow(self._check(url), headers | known, deadline)
        if answer.status == 304 and known:
            return NotModified()
        if answer.status not in (200, 203):
            raise _status_fault(answer)
        check_calendar(answer.content)
        return Body(answer.content, answer.header("ETag"), answer.header("Last-Modified"), final_url)

    def _follow(self, url: str, headers: dict[str, str], deadline: Deadline) -> tuple[str, Answer]:
        for _ in range(MAX_REDIRECTS + 1):
            answer = self._transport.exchange("GET", url, headers=headers, deadline=deadline)
            location = answer.header("Location")
            if answer.status not in _REDIRECTS or not location:
                return url, answer
            url = _tidy_url(location, url)
        raise FeedFault(
            "too_many_redirects",
            "The address forwards from one place to another and never arrives. Copy the address again from the provider.",
        )

    def _may_connect(self, parts: SplitResult, address: str) -> bool:
        return _origin(parts) in self._private_origins or is_public_address(address)


def _is_name(host: str) -> bool:
    labels = host.removesuffix(".").split(".")
    return len(host) <= 254 and all(_LABEL.fullmatch(label) for label in labels)


def _origin(parts: SplitResult) -> tuple[str, str, int]:
    return parts.scheme, str(parts.hostname), port_of(parts)


def _tidy_url(url: str, base: str = "") -> str:
    """`url`, seen from `base`, as it goes over the wire: webcal means https, international names and characters are encoded, no fragment."""
    try:
        parts = urlsplit(urljoin(base, url.strip()))
        host, port = parts.hostname or "", parts.port
        if not host.isascii():
            host = idna.encode(host, uts46=True).decode("ascii")
    except (ValueError, UnicodeError):
        raise TransportError("url", "not a web address") from None
    if parts.username is not None or parts.password is not None:
        raise TransportError("url", "a web address with a user name in it")
    scheme = "https" if parts.scheme in ("webcal", "webcals") else parts.scheme
    netloc = (f"[{host}]" if ":" in host else host) + (f":{port}" if port else "")
    return SplitResult(scheme, netloc, quote(parts.path, safe=_SAFE), quote(parts.query, safe=_SAFE), "").geturl()


def _without_secrets(message: str, url: str) -> str:
    """`message` without the parts of the address a server might have quoted in its answer."""
    for piece in re.split(r"[/?&=;#]", url.partition("//")[2].partition("/")[2]):
        if len(piece) >= 6:
            message = message.replace(piece, "…")
    return message


_SENTENCES: dict[str, tuple[FaultKind, str]] = {
    "url": (
        "forbidden_address",
        "This is not an address a calendar can be read from. It must begin with https:// and have no user name in it.",
    ),
    "refused_address": (
        "forbidden_address",
        "This address leads to a private network, where no booking site keeps its calendars. It is not opened.",
    ),
    "name": ("unreachable", "No computer goes by the name in this address. Check it for typing mistakes."),
    "connect": ("unreachable", "The provider's computer does not answer. It is tried again at the next turn."),
    "tls": (
        "unreachable",
        "No secure connection to the provider could be made: its certificate is not valid for this address.",
    ),
    "protocol": ("unreachable", "The provider closed the connection without a proper answer. It is tried again."),
    "timeout": ("timeout", "The provider took too long to answer. It is tried again at the next turn."),
    "too_large": ("too_large", "The answer is larger than 10 MB; no room's calendar is. Check the address."),
    "truncated": (
        "truncated",
        "The connection broke off in the middle of the calendar. It is kept as it was, and fetched again at the next turn.",
    ),
}


def _fault(error: TransportError) -> FeedFault:
    return FeedFault(*_SENTENCES[error.kind], error.kind)


def _status_fault(answer: Answer) -> FeedFault:
    status = answer.status
    if status in (401, 403):
        code, message = (
            "status_refused",
            (
                "The provider refuses to show this calendar. Copy its address again: the secret part may have been renewed."
            ),
        )
    elif status in (404, 410):
        code, message = (
            "status_gone",
            "The provider no longer has a calendar at this address. Copy the address again from the provider.",
        )
    elif status == 429:
        code, message = "status_limit", "The provider says that we ask too often. We wait and try again."
    elif status >= 500:
        code, message = "status_provider", "The provider has a problem of its own. It is tried again at the next turn."
    else:
        code, message = "status_other", "The provider answered in a way that no calendar does."
    said = json_message(answer.content) or html_title(answer.content)
    quoted = f" It says: “{said}”" if said else ""
    return FeedFault(
        "http_status", f"{message} (Status {status}.){quoted}", code, status=status, retry_after=_seconds(answer),
        params={"status": status, "said": said},
    )  # fmt: skip


def _seconds(answer: Answer) -> int | None:
    text = (answer.header("Retry-After") or "").strip()
    return min(int(text), 86_400) if text.isascii() and text.isdecimal() and len(text) < 10 else None

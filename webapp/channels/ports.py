"""What channels need from outside: a reader that fetches a calendar address safely."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, Protocol

FaultKind = Literal[
    "unreachable",
    "timeout",
    "too_large",
    "too_many_redirects",
    "forbidden_address",
    "http_status",
    "not_a_calendar",
    "truncated",
    "not_understood",
    "implausible",
]


@dataclass(frozen=True)
class NotModified:
    """The server said that nothing changed since the version our `etag` or `last_modified` names."""


@dataclass(frozen=True)
class Body:
    """A complete calendar as the server sent it, decoded from any transfer compression."""

    content: bytes = field(repr=False)
    etag: str | None
    last_modified: str | None
    final_url: str = field(repr=False)  # after redirects; as secret as the address itself


FeedAnswer = NotModified | Body


class FeedFault(Exception):
    """A feed could not be read. Nothing may be concluded from it about any stay.

    `message` is an English sentence a hotelier understands, without the address's secret token; `kind`, and `code` with `params`,
    which say the same in more detail, are stable.
    `status`: the HTTP status where there was one. `retry_after`: the seconds the server asked us to wait, if it did.
    """

    def __init__(
        self,
        kind: FaultKind,
        message: str,
        code: str = "",
        *,
        status: int | None = None,
        retry_after: int | None = None,
        params: dict[str, str | int] | None = None,
    ) -> None:
        super().__init__(f"{kind}: {message}")
        self.kind: FaultKind = kind
        self.message = message
        self.code = code or kind
        self.params = params or {}
        self.status = status
        self.retry_after = retry_after


class FeedReader(Protocol):
    def check(self, url: str) -> None:
        """Raises FeedFault `forbidden_address` (code `url` or `refused_address`) when the address can be seen to be hopeless as it stands:
        nothing is connected to and no name is looked up. `fetch` does the same first, and judges what names lead to."""
        ...

    def fetch(self, url: str, etag: str | None = None, last_modified: str | None = None) -> FeedAnswer:
        """Fetch a calendar, conditionally where we know a version. Raises FeedFault.

        The Body is whole: it begins and ends a VCALENDAR. It may hold no event, or events that make no sense.
        """
        ...

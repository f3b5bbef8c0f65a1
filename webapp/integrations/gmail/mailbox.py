"""One Gmail mailbox as a `Mailbox`: by its history where we know a place in it, by a search of the last days otherwise."""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, urlencode

from webapp.channels.mail_ports import Batch, MailboxFault, MailMessage

from ..ota_mail.senders import is_worth_reading
from ..transport import Limits, Transport, TransportError
from .answers import fault, json_of, transport_fault
from .oauth import GoogleSignIn

API_URL = "https://gmail.googleapis.com"
DAYS_BACK = 30
_MAX_RAW = 25 * 1024 * 1024
_LIMITS = Limits(connect=5.0, read=30.0, total=60.0, max_bytes=48 * 1024 * 1024)  # base64 of 25 MB and its JSON
_SEARCH = (
    "{{from:booking.com from:airbnb.com from:expediagroup.com subject:booking.com subject:airbnb}} newer_than:{days}d"
)
_LONGEST_CURSOR = 4_000


class GmailMailbox:
    """Not shared between threads. A batch is read whole or not at all; what was deleted meanwhile is left out."""

    def __init__(
        self,
        sign_in: GoogleSignIn,
        refresh_token: str,
        *,
        base_url: str = API_URL,
        days_back: int = DAYS_BACK,
        is_wanted: Callable[[str, str], bool] = is_worth_reading,
        transport: Transport | None = None,
    ) -> None:
        self._sign_in, self._refresh_token = sign_in, refresh_token
        self._base = f"{base_url.rstrip('/')}/gmail/v1/users/me"
        self._days, self._is_wanted = days_back, is_wanted
        self._transport = transport or Transport(_LIMITS)
        self._access_token = ""

    def address(self) -> str:
        """The mailbox's own address. Raises MailboxFault."""
        return str(self._get("/profile").get("emailAddress", ""))[:320]

    def watch(self, topic: str) -> dt.datetime:
        """Have new mails told to a topic. Until when: Google ends it after seven days. Raises MailboxFault."""
        ends = _instant(self._call("POST", "/watch", body={"topicName": topic}).get("expiration"))
        if ends is None:
            raise fault("try_again")
        return ends

    def fetch_since(self, cursor: str | None, limit: int = 50) -> Batch:
        """See `Mailbox.fetch_since`. After a place in the history that Google has forgotten, the last days are read again."""
        place = _place(cursor)
        if place is None:
            return self._search({"h": self._history_id(), "p": ""}, limit, was_reset=cursor is not None)
        if place["m"] == "search":
            return self._search(place, limit, was_reset=bool(place.get("r")))
        try:
            return self._history(place, limit)
        except MailboxFault as error:
            if error.kind != "not_found":
                raise
        return self._search({"h": self._history_id(), "p": ""}, limit, was_reset=True)

    def _history_id(self) -> str:
        """The newest place. Taken before the search, so that what comes in the meantime is read twice and not never."""
        place = self._get("/profile").get("historyId")
        if not _is_number(place):
            raise fault("try_again")
        return str(place)

    def _search(self, place: dict[str, Any], limit: int, *, was_reset: bool) -> Batch:
        asked = {
            "q": _SEARCH.format(days=self._days),
            "maxResults": limit,
            **({"pageToken": place["p"]} if place["p"] else {}),
        }
        page = self._get("/messages", asked)
        identifiers = _identifiers(page.get("messages"))
        more = _token(page)
        following = (
            {"m": "search", "h": place["h"], "p": more, "r": was_reset}
            if more
            else {"m": "history", "h": place["h"], "p": ""}
        )
        messages, too_large = self._read(identifiers)
        return Batch(messages, json.dumps(following), bool(more), too_large, was_reset)

    def _history(self, place: dict[str, Any], limit: int) -> Batch:
        asked = {"startHistoryId": place["h"], "historyTypes": "messageAdded", "maxResults": limit}
        page = self._get("/history", asked | ({"pageToken": place["p"]} if place["p"] else {}))
        records = page.get("history")
        added = [entry for record in records if isinstance(record, dict) for entry in record.get("messagesAdded") or []] if isinstance(records, list) else []  # fmt: skip
        identifiers = _identifiers([entry.get("message") for entry in added if isinstance(entry, dict)])
        more, newest = _token(page), page.get("historyId")
        following = {"m": "history", "h": place["h"], "p": more}
        if not more and _is_number(newest):
            following["h"] = str(newest)
        messages, too_large = self._read(identifiers)
        return Batch(messages, json.dumps(following), bool(more), too_large)

    def _read(self, identifiers: list[str]) -> tuple[tuple[MailMessage, ...], tuple[str, ...]]:
        """Those mails that are wanted, oldest first. Private mail is told by its headers and never fetched."""
        found: list[MailMessage] = []
        too_large: list[str] = []
        for identifier in identifiers:
            try:
                about = self._get(
                    f"/messages/{quote(identifier, safe='')}",
                    {"format": "metadata", "metadataHeaders": ["From", "Subject"]},
                )
                if not self._is_wanted(_header(about, "From"), _header(about, "Subject")):
                    continue
                size = about.get("sizeEstimate")
                if isinstance(size, int) and size > _MAX_RAW:
                    too_large.append(identifier)
                    continue
                message = self._get(f"/messages/{quote(identifier, safe='')}", {"format": "raw"})
            except MailboxFault as error:
                if error.kind == "not_found":  # deleted since
                    continue
                raise
            raw = _raw(message)
            if raw is not None:
                found.append(MailMessage(identifier, raw, _instant(message.get("internalDate"))))
        found.sort(key=lambda message: message.received_at or dt.datetime.min.replace(tzinfo=dt.UTC))
        return tuple(found), tuple(too_large)

    def _get(self, path: str, query: dict[str, Any] | None = None) -> dict[str, Any]:
        return self._call("GET", path, query)

    def _call(
        self, method: str, path: str, query: dict[str, Any] | None = None, body: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        """One call; an access token that has ended is renewed once."""
        content = json.dumps(body).encode() if body is not None else None
        kind = {"Content-Type": "application/json"} if body is not None else {}
        url = self._base + path + (f"?{urlencode(query, doseq=True)}" if query else "")
        for is_second in (False, True):
            if not self._access_token:
                self._access_token = self._sign_in.refresh(self._refresh_token).access_token
            headers = {"Authorization": f"Bearer {self._access_token}", "Accept": "application/json", **kind}
            try:
                answer = self._transport.exchange(method, url, headers=headers, body=content)
            except TransportError as error:
                raise transport_fault(error) from None
            if answer.status == 401 and not is_second:
                self._access_token = ""
                continue
            return json_of(answer)
        raise fault("sign_in_again")


def _place(cursor: str | None) -> dict[str, Any] | None:
    """What a cursor says; None for one that is missing or not ours."""
    try:
        place = json.loads(cursor) if cursor and len(cursor) < _LONGEST_CURSOR else None
    except ValueError:
        return None
    if not isinstance(place, dict) or place.get("m") not in ("search", "history"):
        return None
    return place if _is_number(place.get("h")) and isinstance(place.get("p"), str) else None


def _is_number(value: object) -> bool:
    return isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) <= 20


def _token(page: dict[str, Any]) -> str:
    token = page.get("nextPageToken")
    return token if isinstance(token, str) and len(token) < 2_000 else ""


def _identifiers(listed: object) -> list[str]:
    """Message ids in their order, each once. The key is absent when there is none."""
    found = [entry["id"] for entry in listed if isinstance(entry, dict) and isinstance(entry.get("id"), str)] if isinstance(listed, list) else []  # fmt: skip
    return list(dict.fromkeys(identifier for identifier in found if identifier.isascii() and len(identifier) < 100))


def _header(about: dict[str, Any], name: str) -> str:
    payload = about.get("payload")
    headers = payload.get("headers") if isinstance(payload, dict) else None
    for header in headers if isinstance(headers, list) else []:
        if isinstance(header, dict) and str(header.get("name", "")).lower() == name.lower():
            return str(header.get("value", ""))[:2_000]
    return ""


def _raw(message: dict[str, Any]) -> bytes | None:
    text = message.get("raw")
    if not isinstance(text, str):
        return None
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        return None


def _instant(milliseconds: object) -> dt.datetime | None:
    if not _is_number(milliseconds):
        return None
    try:
        return dt.datetime.fromtimestamp(int(str(milliseconds)) / 1000, dt.UTC)
    except (OverflowError, ValueError, OSError):
        return None

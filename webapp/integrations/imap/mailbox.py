"""One IMAP mailbox as a `Mailbox`: the folder of all mail, read by unique ids from where it was left, never marked as seen."""

from __future__ import annotations

import datetime as dt
import email
import imaplib
import json
import re
from collections.abc import Callable, Iterator
from typing import Any

from webapp.channels.mail_ports import Batch, MailMessage

from ..ota_mail.mime import decoded
from ..ota_mail.senders import is_worth_reading
from .connection import Connection, fault, open_connection

DAYS_BACK = 30
_MAX_RAW = 25 * 1024 * 1024
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_FOLDER = re.compile(rb'^\((?P<flags>[^)]*)\)\s+(?:"(?:[^"\\]|\\.)*"|NIL)\s+(?P<name>.+)$', re.DOTALL)
_UID = re.compile(rb"\bUID (\d{1,10})\b")
_SIZE = re.compile(rb"\bRFC822\.SIZE (\d{1,12})\b")
_RECEIVED = re.compile(rb'INTERNALDATE "([^"]{10,40})"')


class ImapMailbox:
    """Opens a connection for every batch and closes it. Not shared between threads."""

    def __init__(
        self,
        host: str,
        username: str,
        password: str,
        *,
        now: Callable[[], dt.datetime],
        port: int = 993,
        use_tls: bool = True,
        is_private_allowed: bool = False,
        ca_file: str | None = None,
        days_back: int = DAYS_BACK,
        is_wanted: Callable[[str, str], bool] = is_worth_reading,
    ) -> None:
        self._where = (host, port, username, password)
        self._options: dict[str, Any] = {
            "use_tls": use_tls,
            "is_private_allowed": is_private_allowed,
            "ca_file": ca_file,
        }
        self._now, self._days, self._is_wanted = now, days_back, is_wanted

    def fetch_since(self, cursor: str | None, limit: int = 50) -> Batch:
        """See `Mailbox.fetch_since`. Where the server has numbered its mails anew, the last days are read again."""
        connection = open_connection(*self._where, **self._options)
        try:
            return self._batch(connection, _place(cursor), cursor is not None, limit)
        except (imaplib.IMAP4.error, OSError, EOFError):
            raise fault("try_again") from None
        finally:
            connection.shutdown()

    def _batch(self, connection: Connection, place: dict[str, int] | None, was_read: bool, limit: int) -> Batch:
        _open_folder(connection)
        validity, following = _number(connection, "UIDVALIDITY"), _number(connection, "UIDNEXT")
        is_known = place is not None and place["v"] == validity
        last = place["n"] if place is not None and is_known else 0
        uids = [uid for uid in self._search(connection, last if is_known else None) if uid > last]
        taken = uids[:limit]
        messages, too_large = self._read(connection, taken, validity)
        has_more = len(uids) > len(taken)
        reached = taken[-1] if taken else last
        if not has_more and following:
            reached = max(reached, following - 1)
        return Batch(
            messages,
            json.dumps({"v": validity, "n": reached}),
            has_more,
            too_large,
            was_reset=was_read and not is_known,
        )

    def _search(self, connection: Connection, last: int | None) -> list[int]:
        """Unique ids in rising order. `n:*` also names the newest mail when it is older, so callers compare."""
        day = self._now().date() - dt.timedelta(days=self._days)
        wanted = (
            ["UID", f"{last + 1}:*"]
            if last is not None
            else ["SINCE", f"{day.day}-{_MONTHS[day.month - 1]}-{day.year}"]
        )
        status, data = connection.uid("SEARCH", *wanted)
        if status != "OK":
            raise fault("try_again")
        found = b" ".join(part for part in data if isinstance(part, bytes)).split()
        return sorted({int(uid) for uid in found if uid.isdigit() and len(uid) <= 10})

    def _read(
        self, connection: Connection, uids: list[int], validity: int
    ) -> tuple[tuple[MailMessage, ...], tuple[str, ...]]:
        if not uids:
            return (), ()
        found: list[MailMessage] = []
        too_large: list[str] = []
        listed = ",".join(map(str, uids))
        about = _fetch(connection, listed, "(UID RFC822.SIZE INTERNALDATE BODY.PEEK[HEADER.FIELDS (FROM SUBJECT)])")
        for uid, said, headers in about:
            message = email.message_from_bytes(headers[:100_000])
            if not self._is_wanted(decoded(str(message.get("From", ""))), decoded(str(message.get("Subject", "")))):
                continue
            key, size = f"{validity}.{uid}", _SIZE.search(said)
            if size is None or int(size[1]) > _MAX_RAW:
                too_large.append(key)
                continue
            for _uid, _around, raw in _fetch(connection, str(uid), f"(UID BODY.PEEK[]<0.{_MAX_RAW}>)"):
                found.append(MailMessage(key, raw, _instant(said)))
        return tuple(found), tuple(too_large)


def _place(cursor: str | None) -> dict[str, int] | None:
    try:
        place = json.loads(cursor) if cursor and len(cursor) < 200 else None
    except ValueError:
        return None
    is_ours = isinstance(place, dict) and isinstance(place.get("v"), int) and isinstance(place.get("n"), int)
    return place if is_ours else None


def _open_folder(connection: Connection) -> None:
    """Open the folder of all mail for reading: the one with the flag `\\All`, whatever it is called, else the inbox."""
    status, data = connection.list()
    names = [name for flags, name in _folders(data) if b"\\all" in flags.lower().split()] if status == "OK" else []
    for name in [*names, '"INBOX"']:
        if connection.select(name, readonly=True)[0] == "OK":
            return
    raise fault("not_found")


def _folders(data: list[Any]) -> Iterator[tuple[bytes, str]]:
    """Flags and quoted name of each folder. A name may come quoted, bare, or as a literal after its line."""
    for entry in data:
        line, literal = (entry[0], entry[1]) if isinstance(entry, tuple) else (entry, None)
        match = _FOLDER.match(line) if isinstance(line, bytes) else None
        if match is None:
            continue
        name = literal if literal is not None else match["name"].strip()
        if literal is None and name.startswith(b'"') and name.endswith(b'"'):
            name = re.sub(rb"\\(.)", rb"\1", name[1:-1])
        if name.isascii() and b"\r" not in name and b"\n" not in name:
            text = name.decode("ascii").replace("\\", "\\\\").replace('"', '\\"')
            yield match["flags"], f'"{text}"'


def _number(connection: Connection, name: str) -> int:
    data = connection.response(name)[1]
    value = data[0] if data else None
    return int(value) if isinstance(value, bytes) and value.isdigit() and len(value) <= 10 else 0


def _fetch(connection: Connection, uids: str, items: str) -> Iterator[tuple[int, bytes, bytes]]:
    """(uid, what was said around it, the bytes asked for) of each mail; one that is gone by now is left out."""
    status, data = connection.uid("FETCH", uids, items)
    if status != "OK":
        raise fault("try_again")
    for place, entry in enumerate(data):
        if not isinstance(entry, tuple) or len(entry) < 2:
            continue
        after = data[place + 1] if place + 1 < len(data) and isinstance(data[place + 1], bytes) else b""
        said = entry[0] + b" " + after
        uid = _UID.search(said)
        if uid:
            yield int(uid[1]), said, entry[1]


def _instant(said: bytes) -> dt.datetime | None:
    match = _RECEIVED.search(said)
    if match is None:
        return None
    try:
        return dt.datetime.strptime(match[1].decode("ascii").strip(), "%d-%b-%Y %H:%M:%S %z").astimezone(dt.UTC)
    except (ValueError, UnicodeError):
        return None

"""The emulated mailbox over IMAP4rev1, as Gmail shows it: a localised folder of all mail, found only by its flag.

Understands what a reading client needs: CAPABILITY, LOGIN, LIST, EXAMINE, SELECT, UID SEARCH, UID FETCH, NOOP, LOGOUT.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import ssl
import threading
from datetime import UTC, date, datetime

from webapp.sandbox import inbox
from webapp.sandbox.context import Sandbox
from webapp.sandbox.storage import Document

USERNAME = "desk@harbour.example"
PASSWORD = "sandbox-imap-password"  # noqa: S105
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_WORD = re.compile(r'"((?:[^"\\]|\\.)*)"|(\S+)')


class _Session:
    """One connection: answers command after command."""

    def __init__(self, sandbox: Sandbox, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._sandbox, self._reader, self._writer = sandbox, reader, writer
        self._is_signed_in = self._is_open = False

    async def run(self) -> None:
        self._say("* OK Sandbox IMAP ready")
        while True:
            await self._writer.drain()
            line = await self._reader.readline()
            if not line:
                return
            tag, _, rest = line.decode("utf-8", "replace").strip().partition(" ")
            reply = self._answer(rest)
            self._record(rest, reply)
            self._say(f"{tag} {reply}")
            if rest.upper().startswith("LOGOUT"):
                await self._writer.drain()
                return

    def _say(self, line: str) -> None:
        self._writer.write(line.encode("utf-8") + b"\r\n")

    def _record(self, command: str, reply: str) -> None:
        shown = "LOGIN •••" if command.upper().startswith("LOGIN") else command
        self._sandbox.journal.record(
            "gmail",
            direction="in",
            method="IMAP",
            target=shown[:200],
            status=reply.split(" ")[0],
            request=shown,
            response=reply,
        )

    def _answer(self, command: str) -> str:
        words = [
            (match[1] or match[2] or "").replace('\\"', '"').replace("\\\\", "\\") for match in _WORD.finditer(command)
        ]
        verb = words[0].upper() if words else ""
        if verb == "CAPABILITY":
            self._say("* CAPABILITY IMAP4rev1 SPECIAL-USE UIDPLUS")
            return "OK done"
        if verb == "LOGIN":
            return self._login(words[1:])
        if verb in ("NOOP", "LOGOUT", "CLOSE"):
            return "OK done"
        if not self._is_signed_in:
            return "NO sign in first"
        if verb == "LIST":
            return self._list()
        if verb in ("EXAMINE", "SELECT"):
            return self._open(words[1] if len(words) > 1 else "")
        if verb == "UID" and self._is_open and len(words) > 2:
            return self._search(command) if words[1].upper() == "SEARCH" else self._fetch(words[2], command)
        return "BAD not understood"

    def _login(self, words: list[str]) -> str:
        refusal = self._setting("imap_refuses", "")
        if refusal:
            return f"NO {refusal}"
        self._is_signed_in = words == [USERNAME, PASSWORD]
        return "OK signed in" if self._is_signed_in else "NO [AUTHENTICATIONFAILED] Invalid credentials (Failure)"

    def _setting(self, name: str, default: object) -> object:
        return self._sandbox.settings("gmail").get(name, default)

    def _list(self) -> str:
        self._say('* LIST (\\HasNoChildren) "/" "INBOX"')
        self._say('* LIST (\\HasChildren \\Noselect) "/" "[Gmail]"')
        name = str(self._setting("all_mail", "[Gmail]/Alle e-mail")).replace('"', '\\"')
        if name:
            self._say(f'* LIST (\\All \\HasNoChildren) "/" "{name}"')
        return "OK done"

    def _open(self, name: str) -> str:
        if name not in ("INBOX", self._setting("all_mail", "[Gmail]/Alle e-mail")):
            return "NO [NONEXISTENT] Unknown Mailbox"
        self._is_open = True
        mails = inbox.every(self._sandbox)
        self._say(f"* {len(mails)} EXISTS")
        self._say(f"* OK [UIDVALIDITY {self._setting('uidvalidity', 77)}] UIDs valid.")
        self._say(f"* OK [UIDNEXT {(mails[-1]['id'] if mails else 0) + 1}] Predicted next UID.")
        return "OK [READ-ONLY] selected"

    def _search(self, command: str) -> str:
        mails = inbox.every(self._sandbox)
        span = re.search(r"\bUID (\d+):\*", command.partition("SEARCH")[2])
        since = re.search(r"\bSINCE (\d{1,2})-(\w{3})-(\d{4})", command)
        found = [mail["id"] for mail in mails]
        if span:  # "n:*" always names the newest one too, as the standard wants
            found = [uid for uid in found if uid >= int(span[1])] or found[-1:]
        if since:
            day = date(int(since[3]), _MONTHS.index(since[2]) + 1, int(since[1]))
            found = [mail["id"] for mail in mails if _received(mail).date() >= day]
        self._say("* SEARCH" + "".join(f" {uid}" for uid in found))
        return "OK done"

    def _fetch(self, uids: str, command: str) -> str:
        wanted = {int(uid) for uid in uids.split(",") if uid.isdecimal()}
        headers = re.search(r"BODY\.PEEK\[HEADER\.FIELDS \(([^)]*)\)\]", command)
        whole = re.search(r"BODY\.PEEK\[\](?:<(\d+)\.(\d+)>)?", command)
        for position, mail in enumerate(inbox.every(self._sandbox), 1):
            if mail["id"] not in wanted:
                continue
            content, name = inbox.content_of(mail), "BODY[]<0>"
            if headers:
                names = headers[1].lower().split()
                lines = [f"{n}: {v}" for n, v in inbox.headers_of(mail) if n.lower() in names]
                content, name = (
                    ("\r\n".join(lines) + "\r\n\r\n").encode("utf-8", "surrogateescape"),
                    f"BODY[HEADER.FIELDS ({headers[1]})]",
                )
            elif whole and whole[2]:
                content = content[int(whole[1]) : int(whole[1]) + int(whole[2])]
            at = _received(mail)
            stamp = f"{at.day:2d}-{_MONTHS[at.month - 1]}-{at.year} {at:%H:%M:%S} +0000"
            self._writer.write(
                f'* {position} FETCH (UID {mail["id"]} RFC822.SIZE {mail["size"]} INTERNALDATE "{stamp}" {name} {{{len(content)}}}\r\n'.encode()
            )
            self._writer.write(content + b")\r\n")
        return "OK done"


def _received(mail: Document) -> datetime:
    return datetime.fromisoformat(mail["at"]).astimezone(UTC)


class ImapServer:
    """Listens on an event loop in a thread of its own; with `tls` every connection begins with TLS."""

    def __init__(self, sandbox: Sandbox, host: str, port: int, tls: ssl.SSLContext | None = None) -> None:
        self._sandbox, self._host, self._wanted_port, self._tls = sandbox, host, port, tls
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="sandbox-imap", daemon=True)
        self._server: asyncio.AbstractServer | None = None
        self.port = 0

    def start(self) -> ImapServer:
        """Listen; raises OSError when the port is taken."""
        self._thread.start()
        try:
            asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result(10)
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """Close the socket, cut the open connections and end the thread."""
        if self._thread.is_alive():
            asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(2)
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(2)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_forever()
        finally:
            self._loop.close()

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._serve, self._host, self._wanted_port, ssl=self._tls)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.CancelledError, ssl.SSLError):
            await _Session(self._sandbox, reader, writer).run()
        writer.close()

    async def _close(self) -> None:
        if self._server is not None:
            self._server.close()
        tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.sleep(0)

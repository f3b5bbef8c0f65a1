"""The mail server: accepts every mail and keeps it, refuses or stalls for the recipients that it was told to."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from webapp.sandbox import mailbox
from webapp.sandbox.context import Sandbox

USERNAME = "sandbox"
PASSWORD = "sandbox-password"  # noqa: S105
_SIZE_LIMIT = 32 * 1024 * 1024
_STALL = 3600.0  # seconds; a stalled command ends with the connection or the server


class _Handler:
    """aiosmtpd calls these per command; each returns the reply line."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        refusal = await self._refusal(session, envelope, address, "rcpt")
        if refusal:
            return refusal
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        for address in envelope.rcpt_tos:
            refusal = await self._refusal(session, envelope, address, "data")
            if refusal:
                return refusal
        content = envelope.content if isinstance(envelope.content, bytes) else str(envelope.content).encode()
        number = mailbox.store(self._sandbox, envelope.mail_from or "", list(envelope.rcpt_tos), content)
        reply = f"250 2.0.0 Ok: queued as {number}"
        self._record(session, envelope, ", ".join(envelope.rcpt_tos), "DATA", reply, content.decode(errors="replace"))
        return reply

    async def _refusal(self, session: Session, envelope: Envelope, address: str, stage: str) -> str | None:
        rule = mailbox.take_rule(self._sandbox, address, stage)
        if rule is None:
            return None
        code = rule["code"]
        reply = mailbox.REPLIES[code]
        sender = f"MAIL FROM:<{envelope.mail_from}>\nRCPT TO:<{address}>"
        self._record(session, envelope, address, stage.upper(), reply, sender)
        if code == "timeout":
            await asyncio.sleep(_STALL)
        return reply

    def _record(self, session: Session, envelope: Envelope, target: str, method: str, reply: str, request: str) -> None:
        status = reply.split(" ", 1)[0].rstrip(",")
        self._sandbox.journal.record(
            "smtp",
            direction="in",
            method=method,
            target=target,
            status=int(status) if status.isdecimal() else status,
            request=request,
            response=reply,
        )


def _authenticate(server: SMTP, session: Session, envelope: Envelope, mechanism: str, auth_data: Any) -> AuthResult:
    if not isinstance(auth_data, LoginPassword):
        return AuthResult(success=False, handled=False)
    right = auth_data.login == USERNAME.encode() and auth_data.password == PASSWORD.encode()
    return AuthResult(success=right, handled=False)


class MailServer:
    """Runs aiosmtpd on an event loop in a thread of its own."""

    def __init__(self, sandbox: Sandbox, host: str, port: int) -> None:
        self._sandbox, self._host, self._wanted_port = sandbox, host, port
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="sandbox-smtp", daemon=True)
        self._server: asyncio.AbstractServer | None = None
        self.port = 0

    def start(self) -> MailServer:
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
        self._server = await self._loop.create_server(self._protocol, self._host, self._wanted_port)
        self.port = self._server.sockets[0].getsockname()[1]

    def _protocol(self) -> SMTP:
        return SMTP(
            _Handler(self._sandbox),
            hostname="sandbox.example",
            ident="Sandbox SMTP",
            data_size_limit=_SIZE_LIMIT,
            enable_SMTPUTF8=True,
            authenticator=_authenticate,
            auth_require_tls=False,
            loop=self._loop,
        )

    async def _close(self) -> None:
        if self._server is not None:
            self._server.close()
        tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.sleep(0)

"""The connection to an IMAP server: bounded in time and size, and only to addresses on the internet.

The host is typed in by a hotelier, so it is checked like a feed's address: the address that was checked is connected to.
"""

from __future__ import annotations

import imaplib
import socket
import ssl

from webapp.channels.mail_ports import MailboxFault, MailboxFaultKind

from ..feeds import is_public_address
from ..transport import TransportError, resolve, system_resolver, tls_context

SECONDS = 30.0
MAX_LITERAL = 26 * 1024 * 1024
_SENTENCES: dict[MailboxFaultKind, str] = {
    "try_again": "The mail server does not answer properly just now. The mailbox is read again at the next turn.",
    "sign_in_again": "The mail server does not accept the name or the password. Some providers want an app password.",
    "quota": "The mail server says that we ask too often. We wait and try again.",
    "not_allowed": "No secure connection to the mail server could be made. Check its name and its certificate.",
    "not_found": "The mailbox has no folder that holds incoming mail.",
}


def fault(kind: MailboxFaultKind, message: str = "") -> MailboxFault:
    return MailboxFault(kind, message or _SENTENCES[kind])


class Connection(imaplib.IMAP4):
    """imaplib's client over a socket that we opened; refuses literals larger than any mail we read."""

    def __init__(self, host: str, port: int, *, use_tls: bool, is_private_allowed: bool, ca_file: str | None) -> None:
        self._use_tls, self._is_private_allowed, self._ca_file = use_tls, is_private_allowed, ca_file
        super().__init__(host, port, SECONDS)

    def _create_socket(self, timeout: float | None) -> socket.socket:
        addresses = resolve(self.host, self.port, system_resolver, 5.0)
        allowed = [a for a in addresses if self._is_private_allowed or is_public_address(a)]
        if not allowed:
            raise fault(
                "not_allowed", "This name leads to a private network, where no mail provider is. It is not opened."
            )
        sock = socket.create_connection((allowed[0], self.port), timeout=timeout)
        if not self._use_tls:
            return sock
        try:
            return tls_context(self._ca_file).wrap_socket(sock, server_hostname=self.host)
        except BaseException:
            sock.close()
            raise

    def read(self, size: int) -> bytes:
        if size > MAX_LITERAL:
            raise self.abort("literal too large")
        return super().read(size)


def open_connection(
    host: str, port: int, username: str, password: str, *, use_tls: bool, is_private_allowed: bool, ca_file: str | None
) -> Connection:
    """A signed-in connection. Raises MailboxFault."""
    if not use_tls and not is_private_allowed:
        raise fault("not_allowed")
    try:
        connection = Connection(host, port, use_tls=use_tls, is_private_allowed=is_private_allowed, ca_file=ca_file)
    except ssl.SSLError:
        raise fault("not_allowed") from None
    except (OSError, imaplib.IMAP4.error, TransportError, ValueError):
        raise fault("try_again") from None
    try:
        connection.login(username, password)
    except imaplib.IMAP4.abort:
        connection.shutdown()
        raise fault("try_again") from None
    except imaplib.IMAP4.error as error:
        connection.shutdown()
        raise _login_fault(str(error)) from None
    except (OSError, ValueError, UnicodeError):
        connection.shutdown()
        raise fault("try_again") from None
    return connection


def _login_fault(said: str) -> MailboxFault:
    words = said.upper()
    if "[UNAVAILABLE]" in words or "[INUSE]" in words or "[SERVERBUG]" in words:
        return fault("try_again")
    if "[LIMIT]" in words or "TOO MANY" in words:
        return fault("quota")
    return fault("sign_in_again")

"""Hands one mail to the mail server, step by step, so that a failure says whether the mail may be on its way."""

from __future__ import annotations

import contextlib
import re
import smtplib
import ssl
from collections.abc import Callable
from datetime import datetime

from webapp.messaging.ports import OutgoingMail, SendError, SendFailed, SendRejected

from ..transport import tls_context
from .letter import Letter, compose, sender_of

TIMEOUT = 20.0
_ABOUT_US = (454, 530, 534, 535, 538)  # signing in and encryption: our set-up, not this mail
_ADDRESS = re.compile(r"<?[^\s<>@]+@[^\s<>@]+>?")


class SmtpSender:
    """Implements messaging.ports.MailSender. `sender`: `Name <address>`; `now`: the instant for the Date header."""

    def __init__(
        self,
        host: str,
        port: int,
        *,
        sender: str,
        now: Callable[[], datetime],
        username: str = "",
        password: str = "",
        use_starttls: bool = False,
        use_ssl: bool = False,
        timeout: float = TIMEOUT,
        ca_file: str | None = None,
    ) -> None:
        self._host = host
        self._port = port
        self._sender = sender
        self._now = now
        self._username = username
        self._password = password
        self._use_starttls = use_starttls and not use_ssl
        self._use_ssl = use_ssl
        self._timeout = timeout
        self._ca_file = ca_file
        self._helo = sender_of(sender)[1].rpartition("@")[2]

    def send(self, mail: OutgoingMail) -> str:
        letter = compose(mail, self._sender, self._now())
        try:
            server = self._connect()
        except smtplib.SMTPResponseException as error:
            raise _unavailable(error) from None
        except ssl.SSLError:
            raise SendFailed("tls", "No secure connection to the mail server: its certificate is not valid") from None
        except smtplib.SMTPNotSupportedError:
            raise SendFailed("unsupported", "The mail server offers no STARTTLS or no sign-in") from None
        except (smtplib.SMTPException, OSError, ValueError) as error:
            raise _broken(error) from None
        with contextlib.closing(server):
            self._hand_over(server, letter)
            with contextlib.suppress(OSError, smtplib.SMTPException):
                server.quit()
        return letter.message_id

    def _connect(self) -> smtplib.SMTP:
        """Connected, encrypted as configured, and signed in. Encryption that was asked for is never given up."""
        server = self._open()
        try:
            server.ehlo_or_helo_if_needed()
            if self._use_starttls:
                server.starttls(context=tls_context(self._ca_file))
                server.ehlo()
            if self._username:
                server.login(self._username, self._password)
        except BaseException:
            server.close()
            raise
        return server

    def _open(self) -> smtplib.SMTP:
        if self._use_ssl:
            context = tls_context(self._ca_file)
            return smtplib.SMTP_SSL(self._host, self._port, self._helo, timeout=self._timeout, context=context)
        return smtplib.SMTP(self._host, self._port, self._helo, timeout=self._timeout)

    def _hand_over(self, server: smtplib.SMTP, letter: Letter) -> None:
        if letter.needs_utf8 and not server.has_extn("smtputf8"):
            raise SendRejected("smtputf8", "The mail server cannot write to an address with such letters")
        content = letter.as_bytes()
        is_out = False
        try:
            _expect(server.mail(letter.sender, ["SMTPUTF8", "BODY=8BITMIME"] if letter.needs_utf8 else []))
            _expect(server.rcpt(letter.recipient))
            is_out = True
            _expect(server.data(content))
        except smtplib.SMTPResponseException as error:
            raise _refusal(error.smtp_code, error.smtp_error) from None
        except (smtplib.SMTPException, OSError) as error:
            raise _broken(error, may_have_been_sent=is_out) from None


def _broken(error: Exception, *, may_have_been_sent: bool = False) -> SendFailed:
    """smtplib wraps a timeout into its own "disconnected"; the timeout is what it was raised from."""
    if isinstance(error, TimeoutError) or isinstance(error.__context__, TimeoutError):
        return SendFailed("timeout", "The mail server did not answer in time", may_have_been_sent=may_have_been_sent)
    return SendFailed("connection", "No connection to the mail server", may_have_been_sent=may_have_been_sent)


def _expect(answer: tuple[int, bytes]) -> None:
    code, text = answer
    if not 200 <= code < 300:
        raise smtplib.SMTPResponseException(code, text)


def _refusal(code: int, said: bytes | str) -> SendError:
    """5xx is final, unless it is about our own sign-in; 4xx is for now. -1: an answer that is none."""
    text = f"The mail server answered: {_shortened(said)}"
    if 500 <= code < 600 and code not in _ABOUT_US:
        return SendRejected(str(code), text)
    return SendFailed(str(code), text)


def _unavailable(error: smtplib.SMTPResponseException) -> SendFailed:
    """Refused before the mail was named: whatever the code, it says nothing about the mail."""
    return SendFailed(str(error.smtp_code), f"The mail server does not serve us: {_shortened(error.smtp_error)}")


def _shortened(said: bytes | str) -> str:
    """The server's words on one line, without mail addresses, at most 200 characters."""
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    return _ADDRESS.sub("<address>", " ".join(text.split()))[:200]

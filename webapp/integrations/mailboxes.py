"""Opens the mailbox of a kind. Which kinds there are is decided by what is set up."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from webapp.channels.mail_ports import Mailbox, MailboxFault

from .gmail import GmailMailbox, GoogleSignIn
from .imap import ImapMailbox
from .ota_mail.receivers import GOOGLE, is_name, names_of_host


class Mailboxes:
    """`sign_in`: our application at Google, where there is one; `push_topic`: where it tells of new mails; `is_private_allowed`: the sandbox's server may be read."""

    def __init__(
        self,
        *,
        now: Callable[[], dt.datetime],
        sign_in: GoogleSignIn | None = None,
        api_url: str = "",
        push_topic: str = "",
        is_private_allowed: bool = False,
    ) -> None:
        self._now, self._sign_in, self._api_url, self._is_private_allowed = now, sign_in, api_url, is_private_allowed
        self._push_topic = push_topic

    def consent_address(self, redirect_uri: str, state: str) -> str:
        """Where a person lets us read their Gmail; "" when Google is not set up."""
        return self._sign_in.address(redirect_uri, state) if self._sign_in else ""

    def redeem(self, code: str, redirect_uri: str) -> dict[str, Any]:
        """The secrets of a Gmail mailbox for the code that came back. Raises MailboxFault."""
        if self._sign_in is None:
            raise MailboxFault("not_allowed", "This kind of mailbox is not set up here.")
        grant = self._sign_in.redeem(code, redirect_uri)
        mailbox = GmailMailbox(self._sign_in, grant.refresh_token, **self._api())
        return {"refresh_token": grant.refresh_token, "username": mailbox.address()}

    def _api(self) -> dict[str, Any]:
        return {"base_url": self._api_url} if self._api_url else {}

    def watch(self, kind: str, secrets: dict[str, Any]) -> dt.datetime | None:
        """Have Gmail tell of new mails. Until when it does; None for a mailbox that cannot. Raises MailboxFault."""
        if kind != "gmail" or self._sign_in is None or not self._push_topic:
            return None
        return GmailMailbox(self._sign_in, str(secrets.get("refresh_token", "")), **self._api()).watch(self._push_topic)

    def receivers(self, kind: str, secrets: dict[str, Any], typed: str) -> tuple[str, ...]:
        """In which names the mailbox's provider signs its Authentication-Results; () when that is not known."""
        host = str(secrets.get("host", ""))
        if kind == "gmail" or self._is_local(host):  # the emulated server plays Google's
            return GOOGLE
        return names_of_host(host) or ((typed,) if is_name(typed) else ())

    def _is_local(self, host: str) -> bool:
        return self._is_private_allowed and host == "127.0.0.1"

    def open(self, kind: str, secrets: dict[str, Any]) -> Mailbox:
        """Raises MailboxFault for a kind that is not set up."""
        if kind == "gmail" and self._sign_in is not None:
            return GmailMailbox(self._sign_in, str(secrets.get("refresh_token", "")), **self._api())
        if kind == "imap":
            host = str(secrets.get("host", ""))
            is_local = self._is_local(host)  # it speaks without TLS
            return ImapMailbox(
                host, str(secrets.get("username", "")), str(secrets.get("password", "")), now=self._now,
                port=int(secrets.get("port", 993)), use_tls=not is_local, is_private_allowed=is_local,
            )  # fmt: skip
        raise MailboxFault("not_allowed", "This kind of mailbox is not set up here.")

"""Whose `Authentication-Results` count: the line that the mailbox's own provider wrote last, and no other.

Anybody can send a mail with such lines in any server's name. Providers put theirs on top, so just the topmost is believed, and only
in a name that the provider is known to write at every mail. A name is exact (`mx.google.com`), any server below a domain
(`.yahoo.com`), or NAMELESS, for a provider whose lines begin with the results.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Collection
from dataclasses import dataclass

from .mime import Mail

NAMELESS = "="
GOOGLE = ("mx.google.com",)
_MICROSOFT, _YAHOO, _APPLE, _FASTMAIL = (NAMELESS,), (".yahoo.com",), ("dmarc.icloud.com",), (".messagingengine.com",)
# IMAP server → in which names its provider writes. Only providers of which real mails were seen.
_OF_HOST: dict[str, tuple[str, ...]] = {
    "imap.gmail.com": GOOGLE, "imap.googlemail.com": GOOGLE,
    "outlook.office365.com": _MICROSOFT, "imap-mail.outlook.com": _MICROSOFT,
    "imap.mail.yahoo.com": _YAHOO, "imap.aol.com": _YAHOO,
    "imap.mail.me.com": _APPLE,
    "imap.fastmail.com": _FASTMAIL,
    "imap.gmx.net": ("gmx.net",), "imap.gmx.com": ("gmx.net",),
    "imap.web.de": ("web.de",),
}  # fmt: skip
_PROVIDERS = frozenset(name for names in _OF_HOST.values() for name in names)
_BESIDE = frozenset(("bimi.icloud.com", "arc.icloud.com"))  # Apple writes a line for each method; these stand above
_NAME = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,62}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,62}[a-z0-9_])?)*")
_COMMENT = re.compile(r"\([^()]*\)")
_BY = re.compile(r"\bby\s+([^\s;()]+)", re.IGNORECASE)
_MOST_HEADERS = 2_000


@dataclass(frozen=True)
class Statement:
    """A line `Authentication-Results`. `server`: lower case, NAMELESS for a line without one; `is_inside`: it stands above every
    server of somebody else that handed the mail on."""

    server: str
    results: str
    is_inside: bool


def names_of_host(host: str) -> tuple[str, ...]:
    """In which names the provider of this IMAP server writes; () for one that we do not know."""
    return _OF_HOST.get(host.strip().lower().rstrip("."), ())


def is_name(text: str) -> bool:
    """Whether a hotelier may have typed this as the name of a server of their own. The names of the large providers count only
    for mailboxes there: at any other they could come from the sender alone."""
    if len(text) > 250 or _NAME.fullmatch(text) is None:
        return False
    return not any(matches(text, known) for known in _PROVIDERS)


def matches(server: str, name: str) -> bool:
    return server.endswith(name) if name.startswith(".") else server == name


def statement_for(mail: Mail, names: Collection[str]) -> Statement | None:
    """The topmost statement, when one of these servers wrote it. Those further down came with the mail."""
    wanted = [name.lower() for name in names if name]
    found = topmost(mail, _BESIDE if set(wanted) & set(_APPLE) else frozenset())
    if found is None or not any(matches(found.server, name) for name in wanted):
        return None
    return found if found.is_inside or _PROVIDERS.issuperset(wanted) else None


def topmost(mail: Mail, beside: Collection[str] = ()) -> Statement | None:
    """The statement that was written last; those of the servers `beside` are passed over."""
    handed_on: list[str] = []
    for name, value in mail.message.raw_items():
        if name.lower() == "received":
            handed_on.append(_by(str(value)))
        if name.lower() != "authentication-results":
            continue
        server, results = _parts(str(value)[:20_000])
        if server not in beside:
            return Statement(server, results, _is_inside(server, handed_on[:_MOST_HEADERS]))
    return None


def _parts(value: str) -> tuple[str, str]:
    text = _COMMENT.sub(" ", value)
    first, _, rest = text.partition(";")
    server = (first.split() or [""])[0].lower()
    return (NAMELESS, text) if "=" in server else (server, rest)


def _by(received: str) -> str:
    found = _BY.search(_COMMENT.sub(" ", received[:2_000]))
    return found[1].lower().strip("[].") if found else ""


def _is_inside(server: str, handed_on: list[str]) -> bool:
    """`handed_on`: the servers above the statement, the last one first. That one delivered the mail, so it is the provider's."""
    own = {_organisation(server), _organisation(handed_on[0]) if handed_on else ""}
    return all(_is_private(one) or _organisation(one) in own for one in handed_on)


def _is_private(host: str) -> bool:
    """No server that the world knows by this name: `localhost`, a store in the provider's own network."""
    if "." not in host or host.endswith((".internal", ".local", ".lan", ".localdomain")):
        return True
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _organisation(host: str) -> str:
    labels = host.split(".")
    is_double = len(labels) > 2 and len(labels[-1]) == 2 and labels[-2] in ("co", "com", "net", "org", "ac", "gov")
    return ".".join(labels[-3:] if is_double else labels[-2:])

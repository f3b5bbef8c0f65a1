"""Mails that a person passed on: the header block inside the text, or the mail attached to it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from webapp.integrations.spoken_dates import fold, tidy

from .mime import Mail, lines_of, open_attached
from .senders import Sender, sender_of

_PREFIX = re.compile(r"^\s*(?:fwd?|wg|tr|rv|i|enc|doorst|prosl|vs|pd|fs|přep|пересл)\s*:\s*", re.I)
_FROM = ("from", "von", "de", "da", "van", "od", "від", "от", "差出人", "expediteur", "remitente")
_SUBJECT = (
    "subject",
    "betreff",
    "objet",
    "asunto",
    "oggetto",
    "onderwerp",
    "assunto",
    "predmet",
    "temat",
    "тема",
    "件名",
)
_FIELD = re.compile(r"^[>\s*]*([^\W\d_]{1,12})\s*[:：]\*?\s*(.+)$")
_ADDRESS = re.compile(r"[<\[(]?(?:mailto:)?([A-Za-z0-9._%+=-]{1,200}@[A-Za-z0-9.-]{1,200})[>\])]?")
_BLOCK = 12


@dataclass(frozen=True)
class Inner:
    sender: Sender
    subject: str
    mail: Mail


def is_forward(subject: str) -> bool:
    return _PREFIX.match(subject) is not None


def inner_of(mail: Mail) -> Inner | None:
    """The mail inside a forwarded one, when it is of a booking site."""
    for attached in mail.attached:
        inner = open_attached(attached)
        sender = sender_of(inner.headers("From"))
        if sender.provider is not None:
            return Inner(sender, inner.header("Subject"), inner)
    return _in_text(mail)


def _in_text(mail: Mail) -> Inner | None:
    lines = lines_of(mail.text[:200_000])
    for place, line in enumerate(lines):
        match = _FIELD.match(line)
        if match is None or fold(match[1]) not in _FROM:
            continue
        address = _ADDRESS.search(match[2])
        sender = sender_of([address[1]]) if address else None
        if sender is None or sender.provider is None:
            continue
        for offset, following in enumerate(lines[place + 1 : place + _BLOCK], place + 1):
            field = _FIELD.match(following)
            if field and fold(field[1]) in _SUBJECT:
                return Inner(sender, _unwrapped(field[2], lines[offset + 1 : offset + 2]), mail)
    return None


def _unwrapped(subject: str, following: list[str]) -> str:
    """A subject that the mail program broke in two is one again, told by its open bracket."""
    if subject.count("(") > subject.count(")") and following and not _FIELD.match(following[0]):
        subject = f"{subject} {following[0]}"
    return tidy(subject.replace("*", ""))[:2_000]

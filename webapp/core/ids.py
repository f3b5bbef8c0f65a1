"""Identifiers that people read out, and tokens that nobody can guess."""

from __future__ import annotations

import base64
import hashlib
import random
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

# Without 0 O 1 I L U V and 5 S, 2 Z, 8 B pairs that are misheard or misread.
ALPHABET = "34679ACDEFGHJKMNPQRTWXY"


_source: ContextVar[random.Random] = ContextVar("source of identifiers", default=secrets.SystemRandom())  # noqa: B039


@contextmanager
def repeatable(seed: str) -> Iterator[None]:
    """Identifiers made inside are the same from run to run, so anybody can know them: for the demo, never for guests."""
    reset = _source.set(random.Random(seed))
    try:
        yield
    finally:
        _source.reset(reset)


def readable(length: int) -> str:
    """Random, unambiguous, upper case; 4.5 bits a character."""
    source = _source.get()
    return "".join(source.choice(ALPHABET) for _ in range(length))


BOOKING_ID_BEGINS = re.compile(
    r"\bBK-\d{4}(?:-|\b)", re.IGNORECASE
)  # every booking id of a year: it tells nothing of one


def booking_id(year: int) -> str:
    """`BK-2026-XXXXXXXX`: 36 bits, unique by constraint, not guessable by counting."""
    return f"BK-{year}-{readable(8)}"


def confirmation_number() -> str:
    """Ten characters, 45 bits: what a guest types together with the e-mail address."""
    return readable(10)


def token() -> str:
    """256 random bits for links, URL-safe, 43 characters."""
    return base64.urlsafe_b64encode(_source.get().getrandbits(256).to_bytes(32, "big")).rstrip(b"=").decode()


def token_hash(value: str) -> bytes:
    """How a token is stored for look-up: SHA-256. Tokens carry 256 bits, so a slow hash would add nothing."""
    return hashlib.sha256(value.encode()).digest()

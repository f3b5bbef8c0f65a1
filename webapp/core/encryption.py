"""Encryption of personal data at rest, and search over what is encrypted.

Values are sealed with AES-256-GCM under the first key of ENCRYPTION_KEYS and opened with whichever key sealed them, so keys
rotate by prepending a new one and running `flask security rotate-keys`. A sealed value is: version (1 byte), key id (4),
nonce (12), ciphertext and tag.

Search works on keyed hashes ("blind index"): each word's prefixes are hashed with a key derived from an encryption key; the
table keeps only the hashes. What leaks is which rows share a prefix, not the prefix.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import LargeBinary
from sqlalchemy.types import TypeDecorator

from .ids import BOOKING_ID_BEGINS

VERSION = b"\x01"
SHORTEST_PREFIX, LONGEST_PREFIX = 2, 12
MOST_TOKENS = 400
NAME = "name:"  # before words of names alone; a word never holds a colon


class DecryptionError(Exception):
    """The value was sealed with a key that is no longer configured, or it was altered."""


class Keyring:
    """The configured keys, newest first."""

    def __init__(self, keys: tuple[bytes, ...]) -> None:
        if not keys or any(len(key) != 32 for key in keys):
            raise ValueError("a keyring needs at least one key, each of 32 bytes")
        self._ids = [hashlib.sha256(b"innkeep key id" + key).digest()[:4] for key in keys]
        self._ciphers = {key_id: AESGCM(key) for key_id, key in zip(self._ids, keys, strict=True)}
        self._index_keys = [hmac.digest(key, b"innkeep blind index", "sha256") for key in keys]
        self.open = lru_cache(maxsize=50_000)(self._open)

    @property
    def newest_id(self) -> bytes:
        return self._ids[0]

    def seal(self, plain: bytes) -> bytes:
        nonce = os.urandom(12)
        return VERSION + self._ids[0] + nonce + self._ciphers[self._ids[0]].encrypt(nonce, plain, None)

    def _open(self, sealed: bytes) -> bytes:
        cipher = self._ciphers.get(sealed[1:5])
        if sealed[:1] != VERSION or cipher is None:
            raise DecryptionError("sealed with a key that is not in ENCRYPTION_KEYS")
        try:
            return cipher.decrypt(sealed[5:17], sealed[17:], None)
        except InvalidTag:
            raise DecryptionError("the sealed value was altered") from None

    def is_current(self, sealed: bytes) -> bool:
        return sealed[1:5] == self._ids[0]

    def index(self, word: str) -> int:
        """Signed 64-bit keyed hash of `word` under the newest key."""
        return self._hash(self._index_keys[0], word)

    def index_all(self, marked: Iterable[str]) -> list[int]:
        """`index` of each, sorted, without repetitions: a stay has some sixty, so this is a tight loop."""
        key, digest, number = self._index_keys[0], hmac.digest, int.from_bytes
        return sorted({number(digest(key, word.encode(), "sha256")[:8], "big", signed=True) for word in marked})

    def index_any(self, word: str) -> list[int]:
        """The same under every key, for rows that a rotation has not reached yet."""
        return [self._hash(key, word) for key in self._index_keys]

    @staticmethod
    def _hash(key: bytes, word: str) -> int:
        return int.from_bytes(hmac.digest(key, word.encode(), "sha256")[:8], "big", signed=True)


_keyring: Keyring | None = None


def configure(keys: tuple[bytes, ...]) -> None:
    """Set the keys of this process (called by create_app)."""
    global _keyring
    _keyring = Keyring(keys)


def keyring() -> Keyring:
    if _keyring is None:
        raise RuntimeError("encryption.configure() was not called")
    return _keyring


class EncryptedBytes(TypeDecorator[bytes]):
    """Bytes, sealed in the column."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: bytes | None, dialect: Any) -> bytes | None:
        return None if value is None else keyring().seal(value)

    def process_result_value(self, value: Any | None, dialect: Any) -> bytes | None:
        return None if value is None else keyring()._open(bytes(value))


class EncryptedText(TypeDecorator[str]):
    """Text, sealed in the column. NULL stays NULL."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Any) -> bytes | None:
        return None if value is None else keyring().seal(value.encode())

    def process_result_value(self, value: Any | None, dialect: Any) -> str | None:
        return None if value is None else keyring().open(bytes(value)).decode()


class EncryptedJSON(TypeDecorator[Any]):
    """Any JSON value, sealed in the column."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: Any | None, dialect: Any) -> bytes | None:
        return None if value is None else keyring().seal(json.dumps(value, ensure_ascii=False).encode())

    def process_result_value(self, value: Any | None, dialect: Any) -> Any | None:
        return None if value is None else json.loads(keyring().open(bytes(value)))


_ASCII_WORDS = re.compile(r"[a-z0-9]+")
_STROKED = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "ħ": "h", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th", "ð": "d"})


def normalised(text: str) -> str:
    """Without accents and case, so that "Özgür" is found by "ozgur"."""
    if text.isascii():
        return text.lower()
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join(c for c in decomposed if not unicodedata.combining(c)).casefold().translate(_STROKED)


def words(text: str) -> list[str]:
    """Runs of letters, digits and the vowel signs between them that scripts such as Devanagari use.

    Without what all booking ids begin with: a word that finds every stay costs most and helps nobody.
    """
    text = normalised(BOOKING_ID_BEGINS.sub(" ", text))
    if text.isascii():
        return _ASCII_WORDS.findall(text)
    return "".join(c if unicodedata.category(c)[0] in "LMN" else " " for c in text).split()


def _has_no_spaces(word: str) -> bool:
    """Scripts written without spaces between words: every position may begin a word."""
    return any("\u0e00" <= c <= "\u0eff" or "\u3040" <= c <= "\u30ff" or "\u3400" <= c <= "\u9fff" for c in word)


def _prefixes(word: str) -> set[str]:
    if _has_no_spaces(word):
        short = word[:LONGEST_PREFIX]
        return {short[i:j] for i in range(len(short)) for j in range(i + 1, len(short) + 1)}
    if word.isdigit() and len(word) >= 4:
        word = word[-15:]
        starts = range(len(word) - 3)
        return {word[i:] for i in starts} | {word[:j] for j in range(4, len(word) + 1)}
    return {word[:n] for n in range(SHORTEST_PREFIX, min(len(word), LONGEST_PREFIX) + 1)} | {word[:LONGEST_PREFIX]}


def search_tokens(*texts: str | None, names: tuple[str | None, ...] = ()) -> list[int]:
    """What to store so that any of these texts is found by the beginning of its words, or by a number's end.

    `names` are among the texts; they are also found when only names are asked for.
    """
    found, of_names = _beginnings((*texts, *names)), _beginnings(names)
    marked = [*sorted(found)[:MOST_TOKENS], *(NAME + word for word in sorted(of_names)[:MOST_TOKENS])]
    return keyring().index_all(marked)


def _beginnings(texts: tuple[str | None, ...]) -> set[str]:
    found: set[str] = set()
    for text in filter(None, texts):
        for word in words(text):
            found |= _prefixes(word)
    return found


def query_tokens(text: str, *, of_name: bool = False) -> list[list[int]]:
    """For each word typed, its hash under every key: a row matches when, for each word, it holds one of them."""
    mark = NAME if of_name else ""
    found = [word[-15:] if word.isdigit() else word[:LONGEST_PREFIX] for word in words(text)[:8]]
    return [keyring().index_any(mark + word) for word in found]


def fingerprint(text: str) -> bytes:
    """Keyed hash for exact comparison of a short secret (a door code) without storing it in the clear."""
    return hmac.digest(keyring()._index_keys[0], text.encode(), "sha256")


def fingerprints(text: str) -> list[bytes]:
    """The same under every key, for rows that a rotation has not reached yet."""
    return [hmac.digest(key, text.encode(), "sha256") for key in keyring()._index_keys]

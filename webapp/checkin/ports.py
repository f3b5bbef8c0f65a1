"""What check-in needs from outside: a place that keeps the guests' documents.

A store only ever sees ciphertext: the caller encrypts before `put` and decrypts after `get`.
"""

from __future__ import annotations

from typing import Protocol


class DocumentStoreError(Exception):
    """A store did not do what it was asked. `is_permanent`: the same call will not succeed later either."""

    def __init__(self, message: str, *, is_permanent: bool = False) -> None:
        super().__init__(message)
        self.message = message
        self.is_permanent = is_permanent


class DocumentMissing(DocumentStoreError):
    """There is nothing under this storage key."""

    def __init__(self, message: str = "The document is not in the store.") -> None:
        super().__init__(message, is_permanent=True)


class DocumentStore(Protocol):
    def put(self, document_id: str, content: bytes, media_type: str) -> str:
        """Keep `content` (encrypted) under our own id; the storage key to ask for it again. The same id replaces it.

        `media_type` is that of the content as it is handed over. Raises DocumentStoreError.
        """
        ...

    def get(self, storage_key: str) -> bytes:
        """The bytes that were put. Raises DocumentMissing or DocumentStoreError."""
        ...

    def delete(self, storage_key: str) -> None:
        """Remove it for good; already gone is fine. Raises DocumentStoreError."""
        ...

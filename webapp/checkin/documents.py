"""Photos of identity documents: taken in, sealed, shown to who may see them, removed when their time is over.

In the database by default; with an outside store configured, its ciphertext moves there after the commit, and the store never
sees more than that.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import structlog
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import defer

from webapp.core import audit, encryption, outbox, wiring
from webapp.core.clock import now
from webapp.core.database import db
from webapp.core.errors import NotFound
from webapp.core.photos import Photo
from webapp.core.tenancy import one_of_hotel
from webapp.models import Document, Hotel, Reservation

from .ports import DocumentStore
from .services import days_documents_are_kept, note_document

log = structlog.get_logger(__name__)


def give_document(stay: Reservation, photo: Photo, *, seen: str) -> Document:
    """Keep the photo of the guest's document; an earlier one of this check-in goes."""
    note_document(stay, seen=seen)
    for earlier in documents_of_stay(stay.id):
        remove(earlier, "replaced")
    document = Document(
        hotel_id=stay.hotel_id, reservation_id=stay.id, content=photo.content, width=photo.width, height=photo.height,
        size=len(photo.content), store="database", uploaded_at=now(),
    )  # fmt: skip
    db.session.add(document)
    db.session.flush()
    if wiring.is_bound(DocumentStore):
        outbox.enqueue("jobs.checkin.move_document", {"document_id": document.id}, hotel_id=stay.hotel_id)
    return document


def documents_of_stay(reservation_id: int) -> Sequence[Document]:
    """Without their contents, which are read when asked for."""
    query = select(Document).where(Document.reservation_id == reservation_id, Document.deleted_at.is_(None))
    return db.session.scalars(query.options(defer(Document.content)).order_by(Document.id)).all()


def content_of(document: Document) -> bytes:
    """The photo, opened. Raises NotFound when it was removed; DocumentStoreError when the outside store does not answer."""
    if document.deleted_at is not None:
        raise NotFound(_("This document has been deleted."))
    if document.content is not None:
        return document.content
    sealed = wiring.resolve(DocumentStore).get(document.storage_key or "")  # type: ignore[type-abstract]
    return encryption.keyring()._open(sealed)


def read_document(hotel_id: int, document_id: int, *, reservation_id: int | None = None) -> tuple[Document, bytes]:
    """A document for a member of staff (with `reservation_id`: of that stay). Every reading is in the history of the stay."""
    narrower: dict[str, Any] = {} if reservation_id is None else {"reservation_id": reservation_id}
    document: Document = one_of_hotel(Document, hotel_id, id=document_id, **narrower)
    content = content_of(document)
    stay = db.session.get_one(Reservation, document.reservation_id)
    audit.record(hotel_id, "document_read", stay, after={"document": document.id})
    log.info("document_read", document_id=document.id)
    return document, content


def sealed_for_store(document_id: int) -> bytes | None:
    """The photo as the outside store may have it; None when it is there already, or deleted."""
    document = db.session.get_one(Document, document_id, populate_existing=True)
    if document.deleted_at is not None or document.content is None:
        return None
    return encryption.keyring().seal(document.content)


def put_into_store(document_id: int, sealed: bytes) -> str:
    """Hand a sealed photo to the outside store, with no transaction open; where it lies there. Raises DocumentStoreError."""
    store = wiring.resolve(DocumentStore)  # type: ignore[type-abstract]
    return store.put(f"document-{document_id}", sealed, "application/octet-stream")


def note_stored(document_id: int, storage_key: str) -> None:
    """The outside store has it: empty our own copy. A photo that was deleted meanwhile is deleted there too."""
    document = db.session.get_one(Document, document_id, with_for_update=True, populate_existing=True)
    if document.deleted_at is not None:
        outbox.enqueue("jobs.checkin.delete_stored", {"storage_key": storage_key}, hotel_id=document.hotel_id)
        return
    document.store, document.storage_key, document.content = "cloudinary", storage_key, None
    db.session.flush()


def remove(document: Document, why: str) -> None:
    """Forget the photo. What is at an outside store is deleted by a job; the row stays as a trace without content."""
    db.session.refresh(document, ["store", "storage_key", "deleted_at"], with_for_update=True)
    if document.deleted_at is not None:
        return
    if document.store != "database" and document.storage_key:
        outbox.enqueue("jobs.checkin.delete_stored", {"storage_key": document.storage_key}, hotel_id=document.hotel_id)
    document.content, document.deleted_at = None, now()
    audit.record(document.hotel_id, "document_deleted", document, reason=why)
    db.session.flush()


def stored_documents() -> Sequence[int]:
    """Ids of the documents that lie at the outside store."""
    return db.session.scalars(
        select(Document.id).where(Document.store != "database", Document.deleted_at.is_(None))
    ).all()


def storage_key_of(document_id: int) -> str | None:
    """Where a photo lies at the outside store; None when it lies there no more."""
    document = db.session.get_one(Document, document_id, populate_existing=True)
    return document.storage_key if document.deleted_at is None and document.storage_key else None


def seal_stored_anew(document_id: int, storage_key: str) -> str | None:
    """Seal what lies at the outside store with the newest key, with no transaction open. Where it lies now; None when it was already."""
    store = wiring.resolve(DocumentStore)  # type: ignore[type-abstract]
    ring, sealed = encryption.keyring(), store.get(storage_key)
    if ring.is_current(sealed):
        return None
    return store.put(f"document-{document_id}", ring.seal(ring._open(sealed)), "application/octet-stream")


def note_sealed_anew(document_id: int, was: str, storage_key: str) -> bool:
    """Remember where the newly sealed photo lies. False when it was removed meanwhile; then it is removed there too."""
    document = db.session.get_one(Document, document_id, with_for_update=True, populate_existing=True)
    if document.deleted_at is not None or document.storage_key != was:
        if document.storage_key != storage_key:
            outbox.enqueue("jobs.checkin.delete_stored", {"storage_key": storage_key}, hotel_id=document.hotel_id)
        return False
    document.storage_key = storage_key
    db.session.flush()
    return True


def delete_stored(storage_key: str) -> None:
    wiring.resolve(DocumentStore).delete(storage_key)  # type: ignore[type-abstract]


def remove_outdated(hotel_id: int) -> int:
    """Remove the documents of a hotel's stays that ended long enough ago, by its own setting. Says how many."""
    hotel = db.session.get_one(Hotel, hotel_id)
    last_day = hotel.business_date() - days_documents_are_kept(hotel)
    query = select(Document).join(Reservation, Reservation.id == Document.reservation_id)
    query = query.where(Document.hotel_id == hotel.id, Document.deleted_at.is_(None), Reservation.check_out < last_day)
    documents = db.session.scalars(query.options(defer(Document.content)).limit(1000)).all()
    for document in documents:
        remove(document, "kept long enough")
    return len(documents)

"""Photos of documents on their way to an outside store."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from jobs import checkin as jobs
from tests import factories
from webapp.checkin import documents
from webapp.checkin.ports import DocumentMissing, DocumentStore, DocumentStoreError
from webapp.core import wiring
from webapp.core.clock import now
from webapp.core.database import db
from webapp.core.outbox import RetryLater
from webapp.core.transaction import transaction
from webapp.models import Document


class Shelf:
    """A store in memory. `meanwhile` happens while it takes a photo."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}
        self.is_away = False
        self.meanwhile = lambda: None

    def put(self, document_id: str, content: bytes, media_type: str) -> str:
        if self.is_away:
            raise DocumentStoreError("away")
        assert not db.session().in_transaction(), "nobody waits for another company with a transaction open"
        self.meanwhile()
        self.kept[document_id] = content
        return document_id

    def get(self, storage_key: str) -> bytes:
        if storage_key not in self.kept:
            raise DocumentMissing()
        return self.kept[storage_key]

    def delete(self, storage_key: str) -> None:
        self.kept.pop(storage_key, None)


@pytest.fixture
def shelf(app) -> Iterator[Shelf]:
    store = Shelf()
    wiring.bind(DocumentStore, lambda: store)
    yield store
    wiring.unbind(DocumentStore)


def photo_of(hotel) -> int:
    stay = factories.make_stay(hotel)
    with transaction():
        document = Document(
            hotel_id=hotel.id, reservation_id=stay.id, content=b"a photo", width=1, height=1, size=7, uploaded_at=now()
        )
        db.session.add(document)
        db.session.flush()
    return document.id


def test_a_photo_moves_sealed_and_once(hotel, shelf):
    number = photo_of(hotel)
    for _time in range(2):
        jobs.move_document(number)
    [sealed] = shelf.kept.values()
    assert b"a photo" not in sealed
    document = db.session.get_one(Document, number)
    assert (document.store, document.content) == ("cloudinary", None)
    assert documents.content_of(document) == b"a photo"


def test_a_photo_that_is_deleted_on_its_way_is_deleted_there_too(hotel, shelf, run_jobs):
    number = photo_of(hotel)

    def delete() -> None:
        with transaction():
            documents.remove(db.session.get_one(Document, number), "replaced")

    shelf.meanwhile = delete
    jobs.move_document(number)
    assert len(shelf.kept) == 1
    run_jobs()
    assert shelf.kept == {}


def test_while_the_store_is_away_the_photo_stays(hotel, shelf):
    number = photo_of(hotel)
    shelf.is_away = True
    with pytest.raises(RetryLater):
        jobs.move_document(number)
    assert db.session.get_one(Document, number).content == b"a photo"

"""Guests who checked in online come in house when their room is ready; their documents move, and go when their time is over."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import select

from webapp.checkin import documents
from webapp.checkin import services as checkin
from webapp.checkin.ports import DocumentStoreError
from webapp.core.clock import now
from webapp.core.database import db
from webapp.core.outbox import RetryLater
from webapp.core.transaction import transaction
from webapp.models import CheckIn, Hotel, Reservation

from .runner import each, job_context

STORE_PAUSE = dt.timedelta(minutes=5)


def check_in_the_ready() -> None:
    """Recurring: from check-in time on, guests who checked in online and whose room is clean are in house."""
    with job_context():
        today = now().date()
        query = (
            select(Reservation.id)
            .join(CheckIn, CheckIn.reservation_id == Reservation.id)
            .where(
                Reservation.status == "CONFIRMED", CheckIn.completed_at.is_not(None), Reservation.room_id.is_not(None)
            )
            .where(Reservation.check_in <= today + dt.timedelta(days=1), Reservation.check_out >= today)
        )
        ids = db.session.scalars(query).all()
        each("online-check-ins", ids, lambda number: checkin.check_in_if_ready(db.session.get_one(Reservation, number)))


def move_document(document_id: int) -> None:
    """Hand a sealed photo to the outside store. While the store is away the photo stays in the database."""
    with transaction():
        sealed = documents.sealed_for_store(document_id)
    if sealed is None:
        return
    try:
        storage_key = documents.put_into_store(document_id, sealed)
    except DocumentStoreError as error:
        if error.is_permanent:
            raise
        raise RetryLater(STORE_PAUSE, error.message) from error
    with transaction():
        documents.note_stored(document_id, storage_key)


def delete_stored(storage_key: str) -> None:
    """Delete a photo at the outside store; already gone is fine."""
    try:
        documents.delete_stored(storage_key)
    except DocumentStoreError as error:
        if error.is_permanent:
            raise
        raise RetryLater(STORE_PAUSE, error.message) from error


def remove_outdated_documents() -> None:
    """Recurring: documents of guests who left long enough ago are deleted."""
    with job_context():
        each("documents", db.session.scalars(select(Hotel.id)).all(), documents.remove_outdated)

"""Takes stays out of the house with all that hangs on them. Only for records that were never a guest's, or with a whole hotel's.

What other tables keep about a stay is found in the model itself, so that a new table is not forgotten.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Column, Select, Table, delete, exists, false, or_, select, text, update
from sqlalchemy.sql.elements import ColumnElement

from webapp.availability import services as availability
from webapp.checkin import documents
from webapp.core.audit import AuditEntry
from webapp.core.database import db
from webapp.core.outbox import OutboxMessage
from webapp.models import AccessCode, ChannelDecision, Document, Reservation

REDACTED = {"redacted": True}
NOT_ATTACHED = ("feed_item", "room_night", "alert", "enrichment", "enrichment_attempt")  # what a stay has by itself
_GO_WITH_THE_STAY = ("quote", "task", "alert", "message")  # although they could do without it


def references() -> Iterator[tuple[Table, Column[Any]]]:
    """Every column of the model that names a stay, last tables first."""
    for table in reversed(db.metadata.sorted_tables):
        for constraint in table.foreign_key_constraints:
            if constraint.referred_table.name == "reservation":
                yield table, next(column for column in constraint.columns if column.name != "hotel_id")


def has_attachment() -> ColumnElement[bool]:
    """SQL: something that a person, a mail or a file has brought hangs on the stay."""
    found = []
    for table, column in references():
        if table.name not in NOT_ATTACHED:
            other = table.alias()
            found.append(exists(select(1).select_from(other).where(other.c[column.name] == Reservation.id)))
    return or_(false(), *found)


@contextmanager
def rewriting_the_trail() -> Iterator[None]:
    """Trails are append-only; what they tell of a stay that is no more is made unreadable, and the database is told so."""
    db.session.flush()
    db.session.execute(text("SET LOCAL innkeep.rewrite_trail = 'yes'"))
    yield
    db.session.flush()
    db.session.execute(text("SET LOCAL innkeep.rewrite_trail = 'no'"))


def remove(hotel_id: int, reservation_ids: Collection[int]) -> None:
    """Delete these stays of a hotel. In the trail remains who did what and when; what it said of the guest is gone.

    The caller holds the rooms, and counts the nights anew.
    """
    ids = sorted(reservation_ids)
    if not ids:
        return
    availability.vacate_stays(ids)
    strip(hotel_id, ids)
    _execute(delete(AccessCode).where(AccessCode.reservation_id.in_(ids)))
    _execute(delete(Reservation).where(Reservation.id.in_(ids)))
    db.session.expire_all()


def strip(hotel_id: int, ids: list[int]) -> None:
    """Take away everything that hangs on these stays but their nights and door codes, and what the trail says of the guests."""
    for reservation_id in db.session.scalars(_with_documents(ids)).all():
        for document in documents.documents_of_stay(reservation_id):
            documents.remove(document, "stay removed")
    with rewriting_the_trail():
        _redact_trail(hotel_id, ids)
        _withdraw_work(hotel_id, ids)
        for table, column in references():
            if table.name in ("room_night", "access_code"):
                continue
            if column.nullable and table.name not in _GO_WITH_THE_STAY:
                db.session.execute(table.update().where(column.in_(ids)).values({column.name: None}))
            else:
                db.session.execute(table.delete().where(column.in_(ids)))
        forgotten = update(ChannelDecision).where(ChannelDecision.reservation_id.in_(ids)).values(reservation_id=None)
        _execute(forgotten)


def _with_documents(ids: list[int]) -> Select[int]:
    kept = select(Document.reservation_id).where(Document.reservation_id.in_(ids), Document.deleted_at.is_(None))
    return kept.distinct()


def _execute(statement: Any) -> None:
    db.session.execute(statement.execution_options(synchronize_session=False))


def _redact_trail(hotel_id: int, ids: list[int]) -> None:
    """Entries about the stays, and about what hung on them."""
    for table, column in references():
        if "id" in table.columns and table.name not in ("feed_item", "reservation"):
            numbers = select(table.c.id).where(column.in_(ids))
            _redact(hotel_id, table.name, AuditEntry.entity_id.in_(numbers))
    _redact(hotel_id, "reservation", AuditEntry.entity_id.in_(ids))


def _redact(hotel_id: int, kind: str, which: ColumnElement[bool]) -> None:
    told = or_(AuditEntry.before.is_not(None), AuditEntry.after.is_not(None), AuditEntry.reason.is_not(None))
    statement = update(AuditEntry).where(AuditEntry.hotel_id == hotel_id, AuditEntry.entity_type == kind, which, told)
    _execute(statement.values(before=REDACTED, after=REDACTED, reason=None))


def _withdraw_work(hotel_id: int, ids: list[int]) -> None:
    """What is still to be done for these stays has nothing left to be done for."""
    waiting = select(OutboxMessage.id, OutboxMessage.arguments).where(
        OutboxMessage.hotel_id == hotel_id, OutboxMessage.state == "pending"
    )
    gone = {"reservation_id": set(ids)}
    for table, column in references():
        if table.name in ("message", "document"):
            gone[f"{table.name}_id"] = set(db.session.scalars(select(table.c.id).where(column.in_(ids))))
    doomed = [
        row.id
        for row in db.session.execute(waiting)
        if any(row.arguments.get(name) in numbers for name, numbers in gone.items())
    ]
    _execute(delete(OutboxMessage).where(OutboxMessage.id.in_(doomed)))

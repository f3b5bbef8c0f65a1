"""Seals everything anew under the first key of ENCRYPTION_KEYS, in small transactions: it may be stopped and run again at any time.

A row is rewritten only where it still holds the sealed value that was read, so that a change made meanwhile is never undone.
What is derived from a key (search tokens, fingerprints) is recomputed too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import structlog
from sqlalchemy import (
    Column,
    ColumnElement,
    LargeBinary,
    Select,
    Table,
    func,
    or_,
    select,
    text,
    true,
    type_coerce,
    update,
)

from webapp.checkin import documents
from webapp.core import encryption
from webapp.core.database import db
from webapp.core.encryption import DecryptionError, EncryptedBytes, EncryptedJSON, EncryptedText
from webapp.core.transaction import transaction
from webapp.messaging import queueing
from webapp.models import AccessCode, Message, Reservation
from webapp.stays import services as stays

log = structlog.get_logger(__name__)
BATCH, BATCH_OF_FILES = 500, 20
_SEALED = (EncryptedBytes, EncryptedJSON, EncryptedText)


@dataclass
class Progress:
    """What has been done to one table. `unreadable`: rows sealed with a key that is not configured."""

    table: str
    rewritten: int = 0
    unreadable: int = 0


def sealed_columns() -> dict[Table, list[Column]]:
    """Every table with sealed columns."""
    found = {table: [c for c in table.columns if isinstance(c.type, _SEALED)] for table in db.metadata.sorted_tables}
    return {table: columns for table, columns in found.items() if columns}


def outdated() -> list[Progress]:
    """How many rows of each table hold something sealed with an older key, in `rewritten`."""
    counts = []
    for table, columns in sealed_columns().items():
        query: Select[int] = select(func.count()).select_from(table).where(_is_outdated(columns))
        counts.append(Progress(table.name, db.session.execute(query).scalar_one()))
    return counts


def rotate() -> Iterator[Progress]:
    """Rewrite every table; yields each when it is done. Commits as it goes."""
    for table, columns in sealed_columns().items():
        yield _rotate_table(table, columns)
    yield _refresh(Reservation, _refresh_search, "search of reservations")
    yield _refresh(AccessCode, _refresh_fingerprint, "fingerprints of door codes")
    yield _refresh(Message, _refresh_stop, "numbers that said STOP", Message.key.startswith("sms-stop:"))
    yield _rotate_stored_documents()


def _raw(column: Column) -> Column:
    return type_coerce(column, LargeBinary)  # type: ignore[return-value]


def _is_outdated(columns: list[Column]) -> ColumnElement[bool]:
    newest = encryption.keyring().newest_id
    return or_(*(func.substr(_raw(column), 2, 4) != newest for column in columns))


def _rotate_table(table: Table, columns: list[Column]) -> Progress:
    progress = Progress(table.name)
    size = BATCH_OF_FILES if any(isinstance(c.type, EncryptedBytes) for c in columns) else BATCH
    last = 0
    while True:
        with transaction():
            db.session.execute(text("SET LOCAL innkeep.rewrite_trail = 'yes'"))
            query = select(table.c.id, *map(_raw, columns)).where(table.c.id > last, _is_outdated(columns))
            rows = db.session.execute(query.order_by(table.c.id).limit(size)).all()
            for row in rows:
                _rewrite(table, columns, tuple(row), progress)
        if len(rows) < size:
            return progress
        last = rows[-1][0]


def _rewrite(table: Table, columns: list[Column], row: tuple, progress: Progress) -> None:
    ring = encryption.keyring()
    number, *values = row
    old = {column: bytes(value) for column, value in zip(columns, values, strict=True) if value is not None}
    try:
        new = {c.name: ring.seal(ring._open(value)) for c, value in old.items() if not ring.is_current(value)}
    except DecryptionError:
        progress.unreadable += 1
        log.error("sealed_value_unreadable", table=table.name, row=number)
        return
    unchanged = [_raw(column) == value for column, value in old.items() if column.name in new]
    statement = update(table).where(table.c.id == number, *unchanged)
    written = db.session.execute(statement.values({name: type_coerce(v, LargeBinary) for name, v in new.items()}))
    progress.rewritten += written.rowcount  # type: ignore[attr-defined]


def _refresh(
    model: Any, refresh: Callable[[Any], bool], name: str, condition: ColumnElement[bool] | None = None
) -> Progress:
    """Call `refresh(row)` for every row of `model`; it says whether it changed something."""
    wanted = true() if condition is None else condition
    progress, last = Progress(name), 0
    while True:
        with transaction():
            db.session.execute(text("SET LOCAL innkeep.rewrite_trail = 'yes'"))
            query = select(model).where(model.id > last, wanted).order_by(model.id).limit(BATCH)
            rows = db.session.scalars(query.with_for_update().execution_options(populate_existing=True)).all()
            progress.rewritten += sum(map(refresh, rows))
            last = rows[-1].id if rows else last
            db.session.flush()
            db.session.expunge_all()
        if len(rows) < BATCH:
            return progress


def _refresh_search(stay: Reservation) -> bool:
    before = stay.search_tokens
    stays.refresh_search(stay)
    return before != stay.search_tokens


def _refresh_fingerprint(code: AccessCode) -> bool:
    before, code.pin_fingerprint = code.pin_fingerprint, encryption.fingerprint(code.pin)
    return before != code.pin_fingerprint


def _refresh_stop(message: Message) -> bool:
    if not message.recipient:  # of somebody who was erased: the mark ends with the key it was made under
        return False
    before, message.key = message.key, queueing.stop_keys(message.recipient)[0]
    return before != message.key


def _rotate_stored_documents() -> Progress:
    """What lies at the outside store is sealed as well."""
    progress = Progress("documents at the outside store")
    for number in documents.stored_documents():
        with transaction():
            was = documents.storage_key_of(number)
        fresh = documents.seal_stored_anew(number, was) if was else None
        if was and fresh:
            with transaction():
                progress.rewritten += documents.note_sealed_anew(number, was, fresh)
    return progress

"""What a file says beside what the file before it said: new, gone, changed and the same, by booking number."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, text

from webapp.core.database import among, db
from webapp.core.tenancy import of_hotel
from webapp.models import Reservation, Upload, UploadEntry

from .labels import COMPARED, SAID, STATUSES
from .queries import PAGE, shielded

_COMPARED = """
    WITH these AS (
        SELECT DISTINCT ON (reference) reference, id, arrival, said_digest FROM upload_entry
        WHERE hotel_id = :hotel_id AND upload_id = :this AND reference <> '' ORDER BY reference, id
    ), those AS (
        SELECT DISTINCT ON (reference) reference, id, arrival, said_digest FROM upload_entry
        WHERE hotel_id = :hotel_id AND upload_id = :before AND reference <> '' ORDER BY reference, id
    ), period AS (SELECT min(arrival) AS first, max(arrival) AS last FROM these),
    compared AS (
        SELECT reference, n.id AS now_id, w.id AS was_id, coalesce(n.arrival, w.arrival) AS arrival,
               CASE WHEN w.id IS NULL THEN 'new'
                    WHEN n.id IS NULL AND w.arrival BETWEEN p.first AND p.last THEN 'gone'
                    WHEN n.id IS NULL THEN 'outside'
                    WHEN n.said_digest <> w.said_digest THEN 'changed'
                    ELSE 'same' END AS what
        FROM these n FULL JOIN those w USING (reference) CROSS JOIN period p
    )
"""
_COUNTS = text(_COMPARED + "SELECT what, count(*) AS number FROM compared GROUP BY what")  # noqa: S608 (the parts are ours)
_PAGE = text(f"""
    {_COMPARED} SELECT reference, now_id, was_id, arrival, what FROM compared
    WHERE what = :what OR (:what = '' AND what NOT IN ('same', 'outside'))
    ORDER BY arrival, reference LIMIT :limit OFFSET :offset
""")  # noqa: S608 (the parts are ours)


@dataclass(frozen=True)
class Difference:
    """A booking that one of two files, or each of them, tells of. `changes`: label, before, now."""

    what: str
    reference: str
    booking_id: str | None
    arrival: dt.date | None
    guest: str
    changes: list[tuple[Any, Any, Any]]


@dataclass(frozen=True)
class Comparison:
    """One page of the differences of some kind, and how many there are of each."""

    rows: list[Difference]
    counts: dict[str, int]
    page: int
    pages: int
    total: int

    @property
    def in_both(self) -> int:
        return self.counts["same"] + self.counts["changed"]


def compare(upload: Upload, before: Upload, what: str, page: int) -> Comparison:
    """The differences of one kind, or with "" of all kinds that ask for a look."""
    counts = _counts(upload, before)
    shown = [what] if what in COMPARED else ["new", "gone", "changed"]
    total = sum(counts[one] for one in shown)
    pages = max(1, -(-total // PAGE))
    page = min(max(1, page), pages)
    return Comparison(
        _differences(upload, before, what if what in COMPARED else "", (page - 1) * PAGE, PAGE),
        counts,
        page,
        pages,
        total,
    )


def _counts(upload: Upload, before: Upload) -> dict[str, int]:
    found = db.session.execute(_COUNTS, _both(upload, before))
    return dict.fromkeys(COMPARED, 0) | {row.what: row.number for row in found}


def _both(upload: Upload, before: Upload) -> dict[str, Any]:
    return {"hotel_id": upload.hotel_id, "this": upload.id, "before": before.id}


def _differences(upload: Upload, before: Upload, what: str, offset: int, limit: int) -> list[Difference]:
    values = {**_both(upload, before), "what": what, "offset": offset, "limit": limit}
    rows = db.session.execute(_PAGE, values).all()
    ids = [entry_id for row in rows for entry_id in (row.now_id, row.was_id) if entry_id is not None]
    entries = {entry.id: entry for entry in _entries(upload, ids)}
    booking_ids = _booking_ids(upload, list(entries.values()))
    return [_difference(row, entries, booking_ids) for row in rows]


def _entries(upload: Upload, ids: Sequence[int]) -> Sequence[UploadEntry]:
    return db.session.scalars(of_hotel(UploadEntry, upload.hotel_id).where(among(UploadEntry.id, ids))).all()


def _booking_ids(upload: Upload, entries: Sequence[UploadEntry]) -> dict[int, str]:
    chosen = [entry.reservation_id for entry in entries if entry.reservation_id is not None]
    stays = of_hotel(Reservation, upload.hotel_id).where(among(Reservation.id, chosen))
    rows = db.session.execute(stays.with_only_columns(Reservation.id, Reservation.booking_id))
    return {row.id: row.booking_id for row in rows}


def _difference(row: Row[Any], entries: dict[int, UploadEntry], booking_ids: dict[int, str]) -> Difference:
    now, was = entries.get(row.now_id), entries.get(row.was_id)
    said_now, said_before = (((one.details or {}).get("said") or {}) if one else {} for one in (now, was))
    changes = []
    for name, label in SAID.items():
        new, old = _shown(name, said_now.get(name)), _shown(name, said_before.get(name))
        if new != old:
            changes.append((label, old, new))
    stay_id = next((one.reservation_id for one in (now, was) if one and one.reservation_id), None)
    guest = said_now.get("guest") or said_before.get("guest") or ""
    return Difference(row.what, row.reference, booking_ids.get(stay_id or 0), row.arrival, guest, changes)


def _shown(name: str, value: Any) -> Any:
    if value in (None, ""):
        return ""
    if name in ("arrival", "departure"):
        return dt.date.fromisoformat(value)
    return STATUSES.get(value, value) if name == "status" else value


def as_csv(upload: Upload, before: Upload) -> Iterator[str]:
    """Every difference, line by line; what is the same is left out."""
    yield _csv(("what", "reference", "booking", "arrival", "guest", "changes"))
    for what in ("new", "gone", "changed", "outside"):
        offset = 0
        while rows := _differences(upload, before, what, offset, 1000):
            offset += len(rows)
            for row in rows:
                changes = "; ".join(f"{label}: {old} → {new}" for label, old, new in row.changes)
                yield _csv(
                    (COMPARED[what][0], row.reference, row.booking_id or "", row.arrival or "", row.guest, changes)
                )


def _csv(cells: Sequence[Any]) -> str:
    out = io.StringIO()
    csv.writer(out).writerow([shielded(str(cell)) for cell in cells])
    return out.getvalue()

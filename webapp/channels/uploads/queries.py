"""Reads for the upload pages."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, func, select

from webapp.core.database import db
from webapp.core.tenancy import of_hotel, one_of_hotel
from webapp.models import Hotel, Reservation, Room, RoomType, Upload, UploadEntry

from .labels import ACTIONS, CODES, VALUES

PAGE = 50
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True)
class Line:
    """An entry as the page shows it. `changes`: label, old, new."""

    entry: UploadEntry
    booking_id: str | None
    changes: list[tuple[Any, Any, Any]]
    dates: list[dt.date]
    note: str


@dataclass(frozen=True)
class Lines:
    rows: list[Line]
    page: int
    pages: int
    total: int


def newest(hotel: Hotel, limit: int = 50) -> list[Upload]:
    return list(db.session.scalars(of_hotel(Upload, hotel.id).order_by(Upload.id.desc()).limit(limit)))


def upload_of(hotel: Hotel, upload_id: int) -> Upload:
    """Raises NotFound."""
    return one_of_hotel(Upload, hotel.id, id=upload_id)


def before(upload: Upload) -> Upload | None:
    """The file of the same kind that was applied before this one."""
    query = of_hotel(Upload, upload.hotel_id).where(
        Upload.kind == upload.kind, Upload.state == "applied", Upload.id < upload.id
    )
    return db.session.scalars(query.order_by(Upload.id.desc()).limit(1)).first()


def last_applied(hotel: Hotel) -> Upload | None:
    query = of_hotel(Upload, hotel.id).where(Upload.state == "applied")
    return db.session.scalars(query.order_by(Upload.applied_at.desc(), Upload.id.desc()).limit(1)).first()


def reasons_of(upload: Upload) -> list[tuple[str, str, int]]:
    """Why lines were left out or ask for a look: action, reason, how many; the most frequent first."""
    number = func.count()
    query = (
        select(UploadEntry.action, UploadEntry.code, number)
        .where(UploadEntry.hotel_id == upload.hotel_id, UploadEntry.upload_id == upload.id)
        .where(UploadEntry.action.in_(("skipped", "warning")))
        .group_by(UploadEntry.action, UploadEntry.code)
    )
    rows = db.session.execute(query.order_by(number.desc(), UploadEntry.action, UploadEntry.code))
    return [(row[0], row[1], int(row[2])) for row in rows]


def _chosen(upload: Upload, action: str, code: str) -> list[ColumnElement[bool]]:
    """Entries of one action, those that leave a wrong room, those of unknown rooms, or all that are not unchanged."""
    chosen = [UploadEntry.upload_id == upload.id]
    if action in ACTIONS:
        chosen.append(UploadEntry.action == action)
    elif action == "fixed":
        chosen.append(UploadEntry.is_fix.is_(True))
    elif action == "unknown_rooms":
        chosen.append(UploadEntry.code == "unknown_room")
    else:
        chosen.append(UploadEntry.action != "unchanged")
    return [*chosen, UploadEntry.code == code] if code in CODES else chosen


def lines_of(upload: Upload, action: str, page: int, code: str = "") -> Lines:
    """A page of the entries that are asked for."""
    chosen = _chosen(upload, action, code)
    total = db.session.scalar(select(func.count()).select_from(UploadEntry).where(*chosen)) or 0
    pages = max(1, -(-total // PAGE))
    page = min(max(1, page), pages)
    rows = db.session.execute(
        select(UploadEntry, Reservation.booking_id)
        .outerjoin(Reservation, Reservation.id == UploadEntry.reservation_id)
        .where(UploadEntry.hotel_id == upload.hotel_id, *chosen)
        .order_by(UploadEntry.line, UploadEntry.id)
        .limit(PAGE)
        .offset((page - 1) * PAGE)
    ).all()
    return Lines([_line(entry, booking_id) for entry, booking_id in rows], page, pages, total)


def _line(entry: UploadEntry, booking_id: str | None) -> Line:
    details = entry.details or {}
    new, old = details.get("new") or {}, details.get("old") or {}
    changes = [(VALUES.get(name, name), old.get(name), value) for name, value in new.items()]
    dates = [dt.date.fromisoformat(day) for day in details.get("dates") or ()]
    return Line(entry, booking_id, changes, dates, details.get("note") or "")


def places_of(hotel: Hotel) -> list[tuple[str, str]]:
    """What a name can mean: kinds of room, and single rooms. The values go back to `name_room`."""
    types = db.session.scalars(
        of_hotel(RoomType, hotel.id).where(RoomType.is_active).order_by(RoomType.position, RoomType.name)
    )
    rooms = db.session.scalars(of_hotel(Room, hotel.id).where(Room.is_active).order_by(Room.position, Room.number))
    return [(f"type:{kind.id}", kind.name) for kind in types] + [(f"room:{room.id}", room.number) for room in rooms]


def report(upload: Upload) -> Iterator[str]:
    """The report as CSV, line by line. Cells that a spreadsheet would calculate are kept as text."""
    heads = ("line", "action", "reason", "reference", "booking", "changes")
    yield _csv(heads)
    query = (
        select(UploadEntry, Reservation.booking_id)
        .outerjoin(Reservation, Reservation.id == UploadEntry.reservation_id)
        .where(UploadEntry.upload_id == upload.id, UploadEntry.hotel_id == upload.hotel_id)
        .order_by(UploadEntry.line, UploadEntry.id)
    )
    for entry, booking_id in db.session.execute(query).all():
        line = _line(entry, booking_id)
        said = "; ".join(f"{label}: {old or ''} → {new}" for label, old, new in line.changes) or line.note
        yield _csv(
            (
                entry.line,
                ACTIONS[entry.action][0],
                CODES.get(entry.code, entry.code),
                entry.reference,
                booking_id or "",
                said,
            )
        )


def _csv(cells: tuple[Any, ...]) -> str:
    out = io.StringIO()
    texts = [str(cell) for cell in cells]
    csv.writer(out).writerow([shielded(text) for text in texts])
    return out.getvalue()


def shielded(text: str) -> str:
    """A cell that a spreadsheet would calculate stays text."""
    return "'" + text if text.startswith(_FORMULA) else text

"""How the entries of a plan are written down, so that they can be shown, compared with those of another file, and agreed to."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from webapp.channels.upload_ports import ExportRow, RowProblem
from webapp.core import encryption
from webapp.models import Upload

from .plan import Entry, unit_of
from .situation import as_json


def row_of(upload: Upload, entry: Entry) -> dict[str, Any]:
    """An entry as a row of `upload_entry`."""
    values = {**entry.values, **({"total": entry.total} if entry.total is not None else {})}
    stay = entry.stay
    old = {name: stay.values.get(name) if name != "total" else stay.total for name in values} if stay else {}
    said = said_by(entry.row) if entry.row else {}
    details: dict[str, Any] = {"new": as_json(values), "old": as_json(old), "note": entry.note, "said": said}
    if entry.dates:
        details["dates"] = [day.isoformat() for day in entry.dates]
        details["old_dates"] = [stay.check_in.isoformat(), stay.check_out.isoformat()] if stay else None
    if entry.place:
        details["place"] = [entry.place.room_type_id, entry.place.room_id]
    return {
        "hotel_id": upload.hotel_id, "upload_id": upload.id, "line": entry.line, "action": entry.action, "code": entry.code,
        "reference": entry.reference[:80], "reservation_id": stay.id if stay else None, "is_fix": entry.is_fix,
        "arrival": entry.row.check_in if entry.row else None, "said_digest": _said_digest(said),
        "details": {key: value for key, value in details.items() if value},
    }  # fmt: skip


def row_of_problem(upload: Upload, problem: RowProblem) -> dict[str, Any]:
    """A line, or something in it, that could not be used."""
    return {
        "hotel_id": upload.hotel_id, "upload_id": upload.id, "line": problem.line, "reference": "", "reservation_id": None,
        "action": "warning" if problem.severity != "note" else "skipped", "code": problem.code, "is_fix": False,
        "arrival": None, "said_digest": None, "details": {"note": problem.value, "column": problem.column},
    }  # fmt: skip


def said_by(row: ExportRow) -> dict[str, Any]:
    """What a line says, as far as people compare it; what it does not say is left out."""
    money = row.price or row.earnings
    said = {
        "status": row.status or row.status_text, "arrival": row.check_in and row.check_in.isoformat(),
        "departure": row.check_out and row.check_out.isoformat(), "guest": row.guest_name, "booker": row.booker_name,
        "room": unit_of(row), "rooms": row.room_count, "adults": row.adults if row.adults is not None else row.persons,
        "children": row.children, "price": f"{money[0]:.2f} {money[1]}" if money else "", "phone": row.phone,
        "remarks": row.remarks,
    }  # fmt: skip
    return {name: value for name, value in said.items() if value not in (None, "")}


def _said_digest(said: dict[str, Any]) -> bytes | None:
    return encryption.fingerprint(repr(sorted(said.items())))[:16] if said else None


def digest_of(entries: Sequence[Entry]) -> bytes:
    """Of everything that a person agrees to."""
    total = hashlib.sha256()
    for entry in entries:
        said = (
            entry.line, entry.action, entry.code, entry.stay.id if entry.stay else None, entry.status, entry.dates, entry.place,
            sorted(entry.values.items()), entry.total,
        )  # fmt: skip
        total.update(repr(said).encode())
    return total.digest()

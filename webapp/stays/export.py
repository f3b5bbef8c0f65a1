"""The list of stays as a file: streamed, so that a long one needs no memory, and harmless in a spreadsheet."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any

from flask import Response, stream_with_context
from sqlalchemy import Row

from webapp.models import Hotel

from . import answers
from .listing import StayFilters, all_stays, balance_of

CSV_COLUMNS = (
    "booking_id", "confirmation_number", "status", "source", "channel_reference", "guest_name", "guest_email",
    "guest_phone", "check_in", "check_out", "nights", "adults", "children", "room_type", "room_number", "total", "paid",
    "currency", "created_at",
)  # fmt: skip


def as_csv(hotel: Hotel, filters: StayFilters) -> Response:
    """Every stay that matches, as a file to download."""
    return Response(
        stream_with_context(_lines(hotel.id, filters)),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="stays-{hotel.slug}-{hotel.business_date()}.csv"'},
    )


def line_of(row: Row[Any]) -> answers.StayLine:
    return answers.StayLine(
        booking_id=row.booking_id, confirmation_number=row.confirmation_number, status=row.status, source=row.source,
        channel_reference=row.channel_reference, guest_name=row.guest_name, guest_email=row.guest_email,
        guest_phone=row.guest_phone, check_in=row.check_in, check_out=row.check_out,
        nights=(row.check_out - row.check_in).days, adults=row.adults, children=row.children,
        room_type=answers.TypeRef(code=row.type_code, name=row.type_name),
        has_room_assigned=row.room_number is not None, assigned_room_number=row.room_number,
        is_unplaced=row.is_unplaced, total=row.total, paid=row.paid, balance=balance_of(row),
        currency=row.currency, created_at=row.created_at,
    )  # fmt: skip


def _lines(hotel_id: int, filters: StayFilters) -> Iterator[str]:
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(CSV_COLUMNS)
    for row in all_stays(hotel_id, filters):
        line = line_of(row).model_dump(mode="json")
        line.update(room_type=row.type_code, room_number=row.room_number)
        writer.writerow([_cell(line[name]) for name in CSV_COLUMNS])
        if buffer.tell() > 32_000:
            yield buffer.getvalue()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue()


def _cell(value: Any) -> str:
    """A cell that a spreadsheet takes for text: what would begin a formula is led by an apostrophe."""
    text = "" if value is None else str(value)
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text

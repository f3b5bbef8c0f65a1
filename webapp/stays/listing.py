"""The desk's list of stays, on the page and for programs: any filter, any order, any page, in two queries.

Each order has a covering index, so that no filter reads the wide rows that it drops; only the rows of the page are read whole. The
count is another such scan, and is left out where the page itself tells it. A page in the second half is counted from the end.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import Row, func, select

from webapp.core import encryption
from webapp.core.database import db
from webapp.core.ids import BOOKING_ID_BEGINS
from webapp.models import Reservation, Room, RoomType
from webapp.models.reservation import HOLDING_STATUSES

from .queries import holds_words

_COLUMNS = (
    Reservation.id, Reservation.booking_id, Reservation.confirmation_number, Reservation.status, Reservation.source,
    Reservation.channel_reference, Reservation.guest_name, Reservation.guest_email, Reservation.guest_phone,
    Reservation.check_in, Reservation.check_out, Reservation.adults, Reservation.children, Reservation.is_unplaced,
    Reservation.total, Reservation.paid, Reservation.cancellation_fee, Reservation.currency, Reservation.created_at,
    Room.number.label("room_number"), RoomType.code.label("type_code"), RoomType.name.label("type_name"),
)  # fmt: skip
_ORDERS: dict[str, tuple[Any, ...]] = {
    "check_in": (Reservation.check_in,),
    "check_out": (Reservation.check_out,),
    "created_at": (),
    "status": (Reservation.status, Reservation.check_in),
    "room_number": (Reservation.listed_room, Reservation.check_in),
}
CSV_ROWS_AT_ONCE = 500


@dataclass(frozen=True)
class StayFilters:
    """What the list is narrowed to. None means: everything."""

    statuses: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    date_from: dt.date | None = None
    date_to: dt.date | None = None
    guest_name: str | None = None
    search: str | None = None
    room_number: str | None = None
    has_room_assigned: bool | None = None
    ordering: str = "-created_at"
    arrives_from: dt.date | None = None
    arrives_until: dt.date | None = None

    @property
    def order(self) -> str:
        return self.ordering.removeprefix("-")


def balance_of(row: Row[Any]) -> Decimal:
    """What is open of a line: of its price, or of the fee once its nights are given back. As `Reservation.balance`."""
    owed: Decimal = row.total if row.status in HOLDING_STATUSES else row.cancellation_fee
    return owed - row.paid


def page_of_stays(hotel_id: int, filters: StayFilters, page: int, size: int) -> tuple[Sequence[Row[Any]], int]:
    """(the stays of a page, how many match in all)."""
    if page == 1:
        rows = _rows(hotel_id, filters, size, 0)
        return rows, len(rows) if len(rows) < size else _count(hotel_id, filters)
    offset, count = (page - 1) * size, _count(hotel_id, filters)
    shown = min(size, count - offset)
    if shown <= 0:
        return [], count
    if offset <= count // 2:
        return _rows(hotel_id, filters, shown, offset), count
    return _rows(hotel_id, filters, shown, count - offset - shown, is_from_end=True)[::-1], count


def _rows(
    hotel_id: int, filters: StayFilters, size: int, offset: int, *, is_from_end: bool = False
) -> Sequence[Row[Any]]:
    """So many rows of the list, without reading those before them whole; from its end, the last one first."""
    order = _order(filters, is_reversed=is_from_end)
    page = _ids(hotel_id, filters).order_by(*order).limit(size).offset(offset).subquery()
    return db.session.execute(_lines().join(page, page.c.id == Reservation.id).order_by(*order)).all()


def _ids(hotel_id: int, filters: StayFilters) -> Any:
    return select(Reservation.id).where(*_conditions(hotel_id, filters))


def all_stays(hotel_id: int, filters: StayFilters) -> Iterator[Row[Any]]:
    """Every stay that matches, read in portions, so that a long list needs no memory."""
    query = _lines().where(*_conditions(hotel_id, filters)).order_by(*_order(filters))
    yield from db.session.execute(query, execution_options={"yield_per": CSV_ROWS_AT_ONCE})


def _lines() -> Any:
    return (
        select(*_COLUMNS)
        .select_from(Reservation)
        .outerjoin(Room, Room.id == Reservation.room_id)
        .join(RoomType, RoomType.id == Reservation.room_type_id)
    )


def _count(hotel_id: int, filters: StayFilters) -> int:
    query = select(func.count()).select_from(Reservation).where(*_conditions(hotel_id, filters))
    return db.session.scalar(query) or 0


def _order(filters: StayFilters, *, is_reversed: bool = False) -> list[Any]:
    """By the wanted column, then by id: a stay is on one page only."""
    columns = (*_ORDERS[filters.order], Reservation.id)
    is_downward = filters.ordering.startswith("-") != is_reversed
    return [column.desc() for column in columns] if is_downward else list(columns)


def _conditions(hotel_id: int, filters: StayFilters) -> list[Any]:
    found: list[Any] = [Reservation.hotel_id == hotel_id]
    if filters.statuses:
        found.append(Reservation.status.in_(filters.statuses))
    if filters.sources:
        found.append(Reservation.source.in_(filters.sources))
    if filters.date_from:
        found.append(Reservation.check_out >= filters.date_from)
    if filters.date_to:
        found.append(Reservation.check_in <= filters.date_to)
    if filters.arrives_from:
        found.append(Reservation.check_in >= filters.arrives_from)
    if filters.arrives_until:
        found.append(Reservation.check_in <= filters.arrives_until)
    if filters.has_room_assigned is not None:
        found.append(Reservation.room_id.is_not(None) if filters.has_room_assigned else Reservation.room_id.is_(None))
    if filters.room_number:
        found.append(Reservation.listed_room == filters.room_number)
    if filters.search:
        words = encryption.query_tokens(filters.search)
        if words or not BOOKING_ID_BEGINS.fullmatch(filters.search.strip()):
            found.append(holds_words(words))
    if filters.guest_name:
        found.append(holds_words(encryption.query_tokens(filters.guest_name, of_name=True)))
    return found

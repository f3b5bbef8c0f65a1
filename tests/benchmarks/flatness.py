"""The same with a thousand hotels in the database: costs must not grow with the number of houses."""

from __future__ import annotations

from sqlalchemy import text

from webapp.core.database import db
from webapp.core.transaction import transaction

from . import boards, booking, data
from .listing import path_of, token_of
from .registry import Bench, Figures, row

HOTELS, STAYS_EACH = 1000, 120
FIRST_COPY, APART = 1000, 10_000_000  # ids of a copy: those of the original and a multiple of `APART`
GOAL = "at most 1.2 × one hotel's"
LIST_OF_ONE = "staff list, 30 rooms, 2,500 stays"
_IDS = ("id", "hotel_id", "room_type_id", "inventory_type_id", "room_id", "reservation_id")
_UNIQUE = ("slug", "booking_id", "confirmation_number", "export_token")


@row(LIST_OF_ONE)
def list_of_one(bench: Bench) -> Figures:
    return bench.get(path_of(bench.small, "ordering=check_in&guest_name=na"), token=token_of(bench.small))


@row("availability, 1,000 hotels", floor="availability, 30 rooms, 2,500 stays", goal=GOAL)
def availability(bench: Bench) -> Figures:
    _crowd(bench)
    return booking.availability(bench)


@row("booking created, 1,000 hotels", floor="booking created, 30 rooms, 2,500 stays", goal=GOAL)
def booked(bench: Bench) -> Figures:
    _crowd(bench)
    return booking.book(bench, after=booking.MOST)


@row("board, 1,000 hotels", floor="board, 30 rooms × 31 days, 2,500 stays", goal=GOAL)
def board(bench: Bench) -> Figures:
    _crowd(bench)
    return boards.small(bench)


@row("staff list, 1,000 hotels", floor=LIST_OF_ONE, goal=GOAL)
def list_of_a_thousand(bench: Bench) -> Figures:
    _crowd(bench)
    return list_of_one(bench)


def _crowd(bench: Bench) -> None:
    """The small hotel again and again, under other names, with a part of its stays: straight into the tables, once."""
    original, last = bench.small.id, FIRST_COPY + (100 if bench.is_quick else HOTELS)
    if db.session.scalar(text("SELECT max(id) FROM hotel")) >= FIRST_COPY * APART:
        return
    some = f"t.id IN (SELECT id FROM reservation WHERE hotel_id = {original} ORDER BY id LIMIT {STAYS_EACH})"
    with transaction() as session:
        session.execute(text("SET LOCAL session_replication_role = replica"))
        for table, which in (
            ("hotel", f"t.id = {original}"),
            ("room_type", f"t.hotel_id = {original}"),
            ("room", f"t.hotel_id = {original}"),
            ("reservation", f"t.hotel_id = {original} AND {some}"),
            ("room_night", f"t.hotel_id = {original} AND {some.replace('t.id', 't.reservation_id')}"),
            ("inventory", f"t.hotel_id = {original} AND t.night < current_date + 60"),
        ):
            session.execute(text(_copying(table, which, last)))
    data.settle()


def _copying(table: str, which: str, last: int) -> str:
    """An INSERT of the rows `which` of a table, once for each copy of the hotel."""
    columns = [column.name for column in db.metadata.tables[table].columns]
    values = ", ".join(_copied(column, table) for column in columns)
    return (
        f"INSERT INTO {table} ({', '.join(columns)}) OVERRIDING SYSTEM VALUE SELECT {values} "
        f"FROM {table} t, generate_series({FIRST_COPY}, {last}) AS n WHERE {which}"
    )


def _copied(column: str, table: str) -> str:
    if column in _IDS:
        return f"t.{column} + n * {APART}::bigint"
    if column in _UNIQUE:
        return f"t.{column} || '-' || n"
    if column == "export_hash":
        return "sha256(t.export_hash || convert_to(n::text, 'UTF8'))"
    return "gen_random_uuid()" if (table, column) == ("hotel", "catalogue_version") else f"t.{column}"

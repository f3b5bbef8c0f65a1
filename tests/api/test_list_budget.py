"""The list of stays stays quick: four queries, and pages found in indexes alone whatever is filtered and sorted."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from sqlalchemy import Column, event, select
from sqlalchemy.sql import visitors

from tests import factories
from tests.api.kit import Caller
from webapp.core.database import db
from webapp.core.tenancy import one_of_hotel
from webapp.core.transaction import transaction
from webapp.models import Hotel, Reservation, Room
from webapp.stays import listing, placing
from webapp.stays.listing import StayFilters


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"status": "CONFIRMED", "source": "desk", "has_room_assigned": "true", "ordering": "-check_in"},
        {"search": "ada", "guest_name": "example", "room_number": "101", "ordering": "room_number"},
        {"date_from": "2020-01-01", "date_to": "2099-01-01", "page_size": 1, "page": 2},
    ],
)
def test_four_queries_at_most(app, hotel, query):
    for room in ("101", "102", "103"):
        factories.make_stay(hotel, room)
    desk = Caller(app, hotel)
    statements: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        if not statement.startswith(("SAVEPOINT", "RELEASE")):
            statements.append(statement)

    db.session.expunge_all()
    event.listen(db.engine, "before_cursor_execute", note)
    try:
        assert desk.stays(**query).status_code == 200
    finally:
        event.remove(db.engine, "before_cursor_execute", note)
    assert len(statements) <= 4, statements


@pytest.mark.parametrize(
    ("ordering", "index", "columns"),
    [
        ("check_in", "ix_reservation_arrivals", ["check_in"]),
        ("-check_out", "ix_reservation_leaving", ["check_out"]),
        ("created_at", "ix_reservation_newest", []),
        ("-status", "ix_reservation_by_status", ["status", "check_in"]),
        ("room_number", "ix_reservation_by_room", ["listed_room", "check_in"]),
    ],
)
def test_an_index_holds_all_that_a_page_is_found_by(ordering, index, columns):
    """Every column that filters or sorts, in the wanted order: PostgreSQL can then do with the index alone."""
    day = dt.date(2026, 11, 20)
    filters = StayFilters(("CONFIRMED",), ("airbnb",), day, day, None, None, None, False, ordering)
    query = listing._ids(1, filters).order_by(*listing._order(filters))
    needed = {
        column.name
        for column in visitors.iterate(query)
        if isinstance(column, Column) and column.table is Reservation.__table__
    }
    found = next(one for one in Reservation.__table__.indexes if one.name == index)
    kept = [column.name for column in found.columns]
    assert needed <= {*kept, *found.dialect_options["postgresql"]["include"]}
    assert kept == ["hotel_id", *columns, "id"]


def test_pages_of_the_second_half_are_counted_from_the_end(app, hotel):
    """Every stay once, in the order of the whole list, however the pages are cut and whichever way it runs."""
    for number in range(11):
        factories.make_stay(hotel, ("101", "102", "103")[number % 3], nights=2, arrives_in=3 * (number // 3))
    for ordering in ("check_in", "-check_out", "-created_at", "status", "-room_number"):
        filters = StayFilters(ordering=ordering)
        whole, count = listing.page_of_stays(hotel.id, filters, 1, 200)
        assert count == 11
        for size in (2, 3, 5, 10):
            pages = [listing.page_of_stays(hotel.id, filters, page, size) for page in range(1, 11 // size + 3)]
            assert [row.id for rows, _count in pages for row in rows] == [row.id for row in whole], (ordering, size)
            assert {count for _rows, count in pages} == {11}


def test_the_room_of_the_list_follows_the_stay_and_the_room(app, hotel):
    stay = factories.make_stay(hotel, "101")
    assert listed_room(stay) == "101"
    with transaction():
        placing.unassign_room(stay)
    assert listed_room(stay) is None
    with transaction():
        placing.assign_room(stay, one_of_hotel(Room, hotel.id, number="102"))
    assert listed_room(stay) == "102"
    with transaction():
        one_of_hotel(Room, hotel.id, number="102").number = "Garden"
    assert listed_room(stay) == "Garden"
    rows, _count = listing.page_of_stays(hotel.id, StayFilters(room_number="Garden"), 1, 50)
    assert [row.id for row in rows] == [stay.id]


def listed_room(stay: Reservation) -> str | None:
    return db.session.scalar(select(Reservation.listed_room).where(Reservation.id == stay.id))


def test_what_all_booking_ids_begin_with_narrows_nothing(app, hotel):
    stay, other = factories.make_stay(hotel, "101"), factories.make_stay(hotel, "102")
    found = {text: ids_found(hotel, text) for text in ("BK-2026", stay.booking_id, stay.booking_id.lower()[:12], "BK!")}
    assert found["BK-2026"] == {stay.id, other.id}
    assert found[stay.booking_id] == found[stay.booking_id.lower()[:12]] == {stay.id}
    assert found["BK!"] == set()


def ids_found(hotel: Hotel, text: str) -> set[int]:
    return {row.id for row in listing.page_of_stays(hotel.id, StayFilters(search=text), 1, 50)[0]}

"""Who needs several locks takes stays before rooms, and rooms before counts: while one waits for the first, the next is free."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import pytest
from sqlalchemy import select, text

from jobs.stays import after_change
from tests import factories
from tests.concurrency.test_races import house
from webapp.booking import changes, stock_rooms
from webapp.core.database import db
from webapp.core.transaction import transaction
from webapp.models import Hotel, Reservation
from webapp.stays import desk_sales

__all__ = ["house"]
pytestmark = pytest.mark.race

COUNTS = "SELECT 1 FROM inventory WHERE room_type_id = {} ORDER BY night FOR NO KEY UPDATE NOWAIT"
ROOM = "SELECT 1 FROM room WHERE id = {} FOR NO KEY UPDATE NOWAIT"
STAY = "SELECT 1 FROM reservation WHERE id = {} FOR NO KEY UPDATE NOWAIT"
KNOWN = "SELECT 1 FROM enrichment WHERE reservation_id = {} FOR UPDATE NOWAIT"
WAITERS = text("SELECT count(*) FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))")


def check_order(
    house: Any, first: str, then: str, act: Callable[[], Any], begin: Callable[[], Any] = transaction
) -> None:
    """While `first` is held by somebody else, `act` waits for it and does not hold `then` yet. `begin`: of what has transactions of its own."""
    failed: list[BaseException] = []

    def run() -> None:
        with house[0].app_context():
            try:
                with begin():
                    act()
            except BaseException as error:
                failed.append(error)

    thread = threading.Thread(target=run)
    with db.engine.connect() as other:
        other.execute(text(first))
        thread.start()
        while thread.is_alive() and not other.scalar(WAITERS):
            thread.join(0.01)
        assert thread.is_alive(), failed
        try:
            other.execute(text(then))
        finally:
            other.rollback()
            thread.join(30)
    assert not failed


@pytest.fixture
def hotel(house: Any) -> Hotel:
    return db.session.get_one(Hotel, house[1])


def group(hotel: Hotel, arrives_in: int) -> str:
    """A stay of the type that is counted last, then one of the first."""
    group_id = f"GR-{arrives_in}"
    for code, room in (("SGL", "201"), ("DBL", "101")):
        factories.make_stay(hotel, room, arrives_in, code=code, source="direct", extras={"group_id": group_id})
    return group_id


def members(group_id: str) -> list[Reservation]:
    return list(db.session.scalars(select(Reservation).filter_by(group_id=group_id)))


@pytest.mark.parametrize("who", ["desk", "guest"])
def test_a_group_is_cancelled_in_the_order_of_the_counts(house, hotel, who):
    group_id, hotel_id = group(hotel, 3), hotel.id
    first, last = (COUNTS.format(factories.type_of(hotel, code).id) for code in ("DBL", "SGL"))

    def cancel() -> None:
        if who == "desk":
            desk_sales.cancel_group(db.session.get_one(Hotel, hotel_id), group_id)
        else:
            changes.cancel_together(members(group_id))

    check_order(house, first, last, cancel)
    db.session.expire_all()
    assert {stay.status for stay in members(group_id)} == {"CANCELLED"}


@pytest.mark.parametrize("is_walk_in", [False, True])
def test_a_sale_holds_its_rooms_before_the_counts(house, hotel, is_walk_in):
    factories.make_stay(hotel, None)  # so that the nights are counted
    room_id, type_id, hotel_id = factories.room_of(hotel, "101").id, factories.type_of(hotel, "DBL").id, hotel.id
    today = hotel.business_date()
    rooms = [desk_sales.RoomWanted("DBL", None if is_walk_in else "101")] * (1 if is_walk_in else 2)
    rooms[1:] = [desk_sales.RoomWanted("DBL")] * len(rooms[1:])
    sale = desk_sales.Sale({"guest_name": "Ada"}, today, today + dt.timedelta(days=1), rooms, is_walk_in)
    check_order(
        house, ROOM.format(room_id), COUNTS.format(type_id),
        lambda: desk_sales.sell(db.session.get_one(Hotel, hotel_id), sale),
    )  # fmt: skip


def test_a_room_gets_another_number_after_its_stays_are_held(house, hotel):
    stay, room = factories.make_stay(hotel, "101"), factories.room_of(hotel, "101")
    hotel_id, room_id = hotel.id, room.id
    values = {
        name: getattr(room, name) for name in ("room_type_id", "floor", "position", "is_active")
    } | {"number": "Garden"}  # fmt: skip
    check_order(
        house, STAY.format(stay.id), ROOM.format(room_id),
        lambda: stock_rooms.save(db.session.get_one(Hotel, hotel_id), room_id, values),
    )  # fmt: skip
    assert db.session.scalar(select(Reservation.listed_room).filter_by(id=stay.id)) == "Garden"


def test_what_is_known_of_a_stay_is_held_before_the_stay(house, hotel):
    """As the work on all that is due does, which then changes stays by the mails that it finds."""
    stay_id = factories.make_stay(hotel, "101", source="booking").id
    after_change(stay_id, "created")
    check_order(
        house, KNOWN.format(stay_id), STAY.format(stay_id), lambda: after_change(stay_id, "guest_updated"), nullcontext
    )

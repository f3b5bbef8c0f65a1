"""Stays through their services: transitions, nights, and what is told to whom."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import func, select

from tests import factories
from webapp.core.audit import AuditEntry
from webapp.core.database import db
from webapp.core.errors import Conflict
from webapp.core.events import LiveEvent
from webapp.core.stay_dates import StayDates
from webapp.core.transaction import transaction
from webapp.models import Alert, Inventory, Reservation, RoomNight, Task
from webapp.operations import services as operations
from webapp.stays import services as stays


def held_nights(stay: Reservation) -> int:
    return db.session.scalar(select(func.count()).where(RoomNight.reservation_id == stay.id)) or 0


def sold(stay: Reservation) -> list[tuple[int, int]]:
    rows = db.session.execute(
        select(Inventory.sold, Inventory.forced)
        .where(Inventory.room_type_id == stay.inventory_type_id, Inventory.night >= stay.check_in)
        .where(Inventory.night < stay.check_out)
        .order_by(Inventory.night)
    )
    return [tuple(row) for row in rows]


def test_a_new_stay_holds_its_nights_and_is_told(hotel):
    stay = factories.make_stay(hotel, nights=3)
    assert held_nights(stay) == 3
    assert sold(stay) == [(1, 0)] * 3
    assert db.session.scalars(select(AuditEntry.action).where(AuditEntry.entity_id == stay.id)).all() == ["created"]
    assert db.session.scalars(select(LiveEvent.event)).all() == ["booking-created"]


def test_the_day_of_departure_can_be_sold_again(hotel):
    factories.make_stay(hotel, "101", arrives_in=0, nights=2)
    assert held_nights(factories.make_stay(hotel, "101", arrives_in=2, nights=1)) == 1


def test_a_taken_room_is_refused_with_the_booking_in_the_way(hotel):
    first = factories.make_stay(hotel, "101", nights=2)
    with pytest.raises(Conflict) as refused:
        factories.make_stay(hotel, "101", arrives_in=1, nights=2)
    assert refused.value.code == "ROOM_OVERLAP_CONFLICT"
    assert refused.value.details == {"conflicting_booking_ids": [first.booking_id], "is_blocked": False}


def test_a_type_sells_exactly_what_it_has(hotel):
    for _number in range(3):
        factories.make_stay(hotel, None, nights=1)
    with pytest.raises(Conflict) as refused:
        factories.make_stay(hotel, None, nights=2)
    assert refused.value.code == "NO_AVAILABILITY"
    assert refused.value.details == {"nights": [hotel.business_date().isoformat()]}
    assert factories.make_stay(hotel, None, arrives_in=1, nights=1).status == "CONFIRMED"


def test_a_stay_that_a_channel_sold_is_recorded_when_the_room_is_taken(hotel):
    factories.make_stay(hotel, "101")
    stay = factories.make_stay(hotel, "101", is_fact=True, source="airbnb")
    assert (stay.room_id, stay.is_unplaced, held_nights(stay)) == (None, True, 0)
    alert = db.session.scalars(select(Alert)).one()
    assert (alert.kind, alert.reservation_id) == ("stay_unplaced", stay.id)


def test_a_stay_beyond_what_there_is_is_counted_as_forced(hotel):
    for room in ("101", "102", "103"):
        factories.make_stay(hotel, room)
    extra = factories.make_stay(hotel, "101", is_fact=True, source="booking")
    assert sold(extra) == [(3, 1)] * 2
    with transaction():
        stays.cancel(extra)
    assert sold(extra) == [(3, 0)] * 2


def test_from_arrival_to_departure(hotel):
    stay = factories.make_stay(hotel, nights=2)
    with transaction():
        stays.check_in_guest(stay)
    with transaction():
        stays.check_out_guest(stay)
    room = factories.room_of(hotel, "101")
    assert (stay.status, room.housekeeping) == ("COMPLETED", "dirty")
    assert stay.check_out == stay.check_in + dt.timedelta(days=1), "leaving early gives the second night back"
    assert held_nights(stay) == 1
    assert db.session.scalars(select(Task.kind)).all() == ["cleaning"]


def test_a_dirty_room_takes_no_guest_unless_overridden(hotel):
    stay = factories.make_stay(hotel)
    with transaction():
        operations.set_housekeeping(factories.room_of(hotel, "101"), "dirty")
    with pytest.raises(Conflict) as refused, transaction():
        stays.check_in_guest(stay)
    assert refused.value.code == "ROOM_NOT_READY"
    with transaction():
        stays.check_in_guest(stay, is_override=True)
    assert stay.status == "CHECKED_IN"


@pytest.mark.parametrize("step", [stays.check_out_guest, stays.expire])
def test_a_status_cannot_be_skipped(hotel, step):
    stay = factories.make_stay(hotel)
    with pytest.raises(Conflict) as refused, transaction():
        step(stay)
    assert refused.value.code == "INVALID_TRANSITION"


def test_cancelling_frees_the_nights_and_reinstating_takes_them_again(hotel):
    stay = factories.make_stay(hotel)
    with transaction():
        stays.cancel(stay, "guest asked")
    assert (held_nights(stay), sold(stay)) == (0, [(0, 0)] * 2)
    with transaction():
        stays.reinstate(stay)
    assert (stay.status, held_nights(stay), sold(stay)) == ("CONFIRMED", 2, [(1, 0)] * 2)


def test_reinstating_into_a_taken_room_leaves_the_stay_without_room(hotel):
    stay = factories.make_stay(hotel, "101")
    with transaction():
        stays.cancel(stay)
    factories.make_stay(hotel, "101")
    with transaction():
        stays.reinstate(stay)
    assert (stay.room_id, held_nights(stay)) == (None, 0)


def test_extending_over_the_next_guest_is_refused_and_changes_nothing(hotel):
    stay = factories.make_stay(hotel, "101", nights=2)
    factories.make_stay(hotel, "101", arrives_in=2)
    with pytest.raises(Conflict), transaction():
        stays.change_dates(stay, StayDates(stay.check_in, stay.check_out + dt.timedelta(days=1)))
    db.session.refresh(stay)
    assert (stay.nights, held_nights(stay)) == (2, 2)


def test_moving_to_another_type_counts_there(hotel):
    stay = factories.make_stay(hotel, "101")
    with transaction():
        stays.assign_room(stay, factories.room_of(hotel, "201"))
    assert sold(stay) == [(1, 0)] * 2
    double = factories.type_of(hotel, "DBL")
    assert db.session.scalar(select(func.sum(Inventory.sold)).where(Inventory.room_type_id == double.id)) == 0


def test_two_clerks_with_the_same_version(hotel):
    stay = factories.make_stay(hotel, None)
    seen = stay.assignment_version
    with transaction():
        stays.assign_room(stay, factories.room_of(hotel, "101"), expected_version=seen)
    with pytest.raises(Conflict) as refused, transaction():
        stays.assign_room(stay, factories.room_of(hotel, "102"), expected_version=seen)
    assert refused.value.code == "ASSIGNMENT_VERSION_CONFLICT"

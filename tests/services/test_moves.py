"""Guests who change rooms or dates while they are in house."""

from __future__ import annotations

import datetime as dt

import pytest
from flask_babel import force_locale
from sqlalchemy import select

from tests import factories
from webapp.core import clock
from webapp.core.database import db
from webapp.core.errors import Conflict, Invalid
from webapp.core.stay_dates import StayDates
from webapp.core.transaction import transaction
from webapp.models import Message, Room, RoomNight
from webapp.operations import queries as operations
from webapp.operations.wording import title_of
from webapp.stays import services as stays

DAY = dt.timedelta(days=1)


@pytest.fixture
def guest(hotel):
    """In house in 101 for four nights, on the evening of the second day."""
    stay = factories.make_stay(hotel, "101", nights=4)
    with transaction():
        stays.check_in_guest(stay)
    with clock.frozen(factories.noon(hotel, 1)):
        yield stay


def nights_by_room(stay) -> dict[str, int]:
    rows = db.session.execute(
        select(Room.number).join(RoomNight, RoomNight.room_id == Room.id).where(RoomNight.reservation_id == stay.id)
    ).scalars()
    numbers = list(rows)
    return {number: numbers.count(number) for number in numbers}


def test_a_move_in_house_leaves_the_slept_nights_where_they_were(hotel, guest):
    with transaction():
        stays.move_in_house(guest, factories.room_of(hotel, "102"), expected_version=guest.assignment_version)
    assert nights_by_room(guest) == {"101": 1, "102": 3}
    assert factories.room_of(hotel, "101").housekeeping == "dirty"
    (task,) = operations.tasks(hotel.id)
    with force_locale("en"):
        assert title_of(task) == "Clean room 101"
    assert task.title == ""  # it is named in the words of whoever reads it


def test_a_move_into_a_taken_room_is_refused(hotel, guest):
    factories.make_stay(hotel, "102", arrives_in=1, nights=1)
    with pytest.raises(Conflict) as refused, transaction():
        stays.move_in_house(guest, factories.room_of(hotel, "102"))
    assert refused.value.code == "ROOM_OVERLAP_CONFLICT"
    assert nights_by_room(guest) == {"101": 4}


def test_a_moved_guest_can_stay_longer_though_the_first_nights_of_the_room_were_anothers(hotel, guest):
    factories.make_stay(hotel, "102", arrives_in=-1, nights=1, is_fact=True)
    with transaction():
        stays.move_in_house(guest, factories.room_of(hotel, "102"))
        stays.change_dates(guest, StayDates(guest.check_in, guest.check_out + DAY))
    assert nights_by_room(guest) == {"101": 1, "102": 4}
    with transaction():
        stays.change_dates(guest, StayDates(guest.check_in, guest.check_out - 3 * DAY))
    assert nights_by_room(guest) == {"101": 1, "102": 1}


def test_only_a_guest_in_house_moves(hotel):
    stay = factories.make_stay(hotel, "101")
    with pytest.raises(Conflict) as refused:
        stays.move_in_house(stay, factories.room_of(hotel, "102"))
    assert refused.value.code == "BOOKING_STATUS_NOT_ASSIGNABLE"


def test_a_note_is_kept_with_its_author_and_an_empty_one_is_not(hotel):
    stay = factories.make_stay(hotel)
    with transaction():
        stays.add_note(stay, "  Allergic to feathers ")
    note = db.session.scalars(select(Message).where(Message.channel == "note")).one()
    assert (note.body, note.reservation_id, note.created_by) == ("Allergic to feathers", stay.id, "Innkeep")
    with pytest.raises(Invalid):
        stays.add_note(stay, "  ")

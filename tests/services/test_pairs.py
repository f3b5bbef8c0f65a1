"""Pairs that a person has to look at, and those that are surely one stay."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from tests import factories
from webapp.channels import pairs
from webapp.channels import services as channels
from webapp.core.database import db
from webapp.core.errors import Conflict
from webapp.core.transaction import transaction
from webapp.models import AuditEntry, Feed, FeedItem, Hotel, Reservation, StayMerge
from webapp.stays import joining
from webapp.stays import services as stays

NOBODY = {"guest_name": None, "guest_email": None, "guest_phone": None}


def feed_of(hotel: Hotel, room: str, provider: str) -> Feed:
    with transaction():
        url = f"https://example.com/{provider}-{room}.ics"
        return channels.add_feed(hotel, factories.room_of(hotel, room).id, provider, url, is_active=False)


def shown(
    hotel: Hotel, room: str = "101", source: str = "airbnb", phone_end: str | None = None, **values: Any
) -> Reservation:
    """A stay that a calendar of this room brought; unplaced where the room is taken."""
    stay = factories.make_stay(hotel, room, 5, is_fact=True, source=source, **{**NOBODY, **values})
    with transaction():
        db.session.add(FeedItem(
            hotel_id=hotel.id, feed_id=feed_of(hotel, room, source).id, kind="stay", uid="x", starts_on=stay.check_in,
            ends_on=stay.check_out, reservation_id=stay.id, state="present", details={"phone_last4": phone_end} if phone_end else {},
        ))  # fmt: skip
    return stay


def found(hotel: Hotel) -> list[tuple[str, str, str]]:
    return [
        (pair.kept.stay.booking_id, pair.gone.stay.booking_id, pair.comparison.verdict)
        for pair in pairs.pairs_of(hotel)
    ]


def test_a_stay_without_a_room_is_compared_with_who_has_it(hotel: Hotel) -> None:
    typed = factories.make_stay(hotel, "101", 5)
    factories.make_stay(hotel, "102", 5, guest_name="Another Guest", guest_email=None, guest_phone=None)
    sold = shown(hotel, "101", channel_reference="HMA2DRKNXH")
    assert found(hotel) == [(typed.booking_id, sold.booking_id, "likely")]
    pair = pairs.pairs_of(hotel)[0]
    assert pair.comparison.fors == ("same_dates", "same_room", "same_time")
    assert (pair.gone.wanted_rooms, pair.gone.feeds, pair.kept.room_number) == (("101",), ("airbnb",), "101")


def test_a_room_that_two_channels_sold_is_shown_as_sold_twice(hotel: Hotel) -> None:
    first = shown(hotel, "101", "booking", channel_reference="5592652343")
    second = shown(hotel, "101", channel_reference="HMA2DRKNXH")
    assert found(hotel) == [(first.booking_id, second.booking_id, "double")]
    assert pairs.merge_the_sure(hotel) == 0


def test_the_same_guest_in_another_room_is_found_by_name_and_number(hotel: Hotel) -> None:
    typed = factories.make_stay(hotel, "102", 5, guest_name="Maria Rossi", guest_email=None, guest_phone=None)
    sold = shown(hotel, "101", guest_name="Maria Rossi")
    assert found(hotel) == [(typed.booking_id, sold.booking_id, "likely")]
    with transaction():
        stays.update_guest(typed, {"channel_reference": "HMA2DRKNXH"})
        stays.update_guest(sold, {"channel_reference": "HMA2DRKNXH"})
    assert pairs.merge_the_sure(hotel) == 1
    assert (sold.merged_into_id, typed.source) == (typed.id, "airbnb")
    assert db.session.query(StayMerge).one().rule == "reference"
    actors = select(AuditEntry.actor_kind).where(AuditEntry.action == "merged_away")
    assert db.session.scalars(actors).all() == ["system"]
    assert found(hotel) == []


def test_the_end_of_a_phone_number_joins_a_call_with_a_calendar(hotel: Hotel) -> None:
    typed = factories.make_stay(hotel, "101", 5)
    sold = shown(hotel, "101", phone_end="0123")
    assert pairs.merge_the_sure(hotel) == 1
    assert (sold.status, sold.merged_into_id) == ("CANCELLED", typed.id)
    assert pairs.merge_the_sure(hotel) == 0


def test_what_was_told_apart_is_neither_shown_nor_merged_again(hotel: Hotel) -> None:
    typed = factories.make_stay(hotel, "101", 5)
    sold = shown(hotel, "101", phone_end="0123")
    pairs.merge_the_sure(hotel)
    merge = db.session.query(StayMerge).one()
    with transaction():
        joining.separate(hotel, merge.id)
    assert (pairs.merge_the_sure(hotel), found(hotel), pairs.count_of(hotel)) == (0, [], 0)
    ((mark, one, other),) = pairs.told_apart(hotel)
    assert (one.id, other.id) == (typed.id, sold.id)
    with transaction():
        joining.look_again(hotel, mark.id)
    assert pairs.count_of(hotel) == 1


def test_who_has_arrived_is_kept_and_two_who_have_are_not_one(hotel: Hotel) -> None:
    sold = factories.make_stay(hotel, "103", 0, source="airbnb", guest_email=None, guest_phone=None)
    typed = factories.make_stay(hotel, "101", 0, guest_email=None, guest_phone=None)
    with transaction():
        stays.check_in_guest(sold)
    (pair,) = pairs.pairs_of(hotel)
    assert (pair.kept.stay.id, pair.obstacle) == (sold.id, "")
    with transaction():
        stays.check_in_guest(typed)
    assert "Both guests have arrived" in pairs.pairs_of(hotel)[0].obstacle
    assert pairs.merge_the_sure(hotel) == 0
    with pytest.raises(Conflict), transaction():
        joining.join(hotel, sold.id, typed.id)


def test_echoes_name_the_stay_that_they_repeat(hotel: Hotel) -> None:
    sold = shown(hotel, "101")
    booking = feed_of(hotel, "101", "booking")
    with transaction():
        db.session.add(FeedItem(
            hotel_id=hotel.id, feed_id=booking.id, kind="echo", uid="", starts_on=sold.check_in, ends_on=sold.check_out, state="present"
        ))  # fmt: skip
    (echo,) = pairs.echoes_of(hotel)
    assert (echo.provider, echo.room_number, echo.stay) == ("booking", "101", sold)


def test_another_hotels_stays_are_not_compared(hotel: Hotel) -> None:
    factories.make_stay(hotel, "101", 5, channel_reference="X1")
    factories.make_stay(factories.make_hotel(), "101", 5, channel_reference="X1", source="airbnb")
    assert found(hotel) == []

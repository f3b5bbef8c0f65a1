"""Housekeeping, tasks and closed rooms through the client."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import select

from tests import factories
from webapp.availability import blocks
from webapp.core.database import db
from webapp.core.stay_dates import StayDates
from webapp.core.transaction import transaction
from webapp.models import Inventory, RoomBlock, RoomNight, Task
from webapp.operations import services as operations

HX = {"HX-Request": "true", "HX-Request-Type": "partial"}


@pytest.fixture
def cleaner(hotel, sign_in):
    return sign_in(factories.make_user(hotel, role="housekeeping"))


def base(hotel):
    return f"/staff/{hotel.slug}"


def test_housekeeping_marks_rooms(hotel, cleaner):
    room = factories.room_of(hotel, "101")
    factories.make_stay(hotel, "101", guest_name="Not Shown")
    html = cleaner.get(f"{base(hotel)}/housekeeping").text
    assert "Arrives today" in html
    assert "Not Shown" not in html
    answer = cleaner.post(f"{base(hotel)}/rooms/{room.id}/housekeeping", data={"state": "dirty"}, headers=HX)
    assert (answer.status_code, room.housekeeping) == (204, "dirty")
    assert cleaner.post(f"{base(hotel)}/rooms/{room.id}/housekeeping", data={"state": "inspected"}).status_code == 303
    assert (
        cleaner.post(f"{base(hotel)}/rooms/{room.id}/housekeeping", data={"state": "x"}, headers=HX).status_code == 422
    )
    foreign = factories.room_of(factories.make_hotel(), "101")
    assert cleaner.post(f"{base(hotel)}/rooms/{foreign.id}/housekeeping", data={"state": "dirty"}).status_code == 404


def test_a_dirty_room_that_expects_a_guest_comes_first(hotel, cleaner):
    factories.make_stay(hotel, "103")
    with transaction():
        for number in ("102", "103"):
            factories.room_of(hotel, number).housekeeping = "dirty"
    html = cleaner.get(f"{base(hotel)}/housekeeping", headers=HX).text
    assert html.index("<b>103</b>") < html.index("<b>102</b>") < html.index("<b>101</b>")


def test_tasks_are_added_and_done(hotel, cleaner):
    tasks = f"{base(hotel)}/tasks"
    assert "Nothing is left to do" in cleaner.get(tasks).text
    form = {"title": "Fix the lamp", "kind": "maintenance", "room_id": factories.room_of(hotel, "101").id, "due_on": hotel.business_date()}  # fmt: skip
    assert cleaner.post(tasks, data={**form, "title": ""}, headers=HX).status_code == 422
    assert cleaner.post(tasks, data=form).status_code == 303
    assert "Fix the lamp" in cleaner.get(tasks, headers=HX).text
    task = db.session.scalars(select(Task)).one()
    assert cleaner.post(f"{tasks}/{task.id}/done", headers=HX).status_code == 204
    assert cleaner.post(f"{tasks}/{task.id}/done").status_code == 303
    assert "Fix the lamp" in cleaner.get(f"{tasks}?state=done").text


def test_a_task_of_another_hotel_is_out_of_reach(hotel, cleaner):
    other = factories.make_hotel()
    with transaction():
        operations.create_task(other.id, "other", "Theirs", other.business_date())
    task = db.session.scalars(select(Task)).one()
    assert cleaner.post(f"{base(hotel)}/tasks/{task.id}/done").status_code == 404


def closing(hotel, number="101", days=2, **values):
    today = hotel.business_date()
    return {
        "room_id": factories.room_of(hotel, number).id, "starts_on": today, "ends_on": today + dt.timedelta(days=days),
        "kind": "out_of_order", "reason": "Boiler", **values,
    }  # fmt: skip


def test_a_closed_room_is_not_sold_until_it_is_opened(hotel, desk):
    closed = f"{base(hotel)}/closed-rooms"
    assert desk.post(closed, data=closing(hotel)).status_code == 303
    assert "Boiler" in desk.get(closed).text
    assert "is-block" in desk.get(f"{base(hotel)}/board/chart").text
    assert [one for one in db.session.scalars(select(Inventory.closed)) if one] == [1, 1]
    refused = desk.post(closed, data=closing(hotel), headers=HX)
    assert refused.status_code == 422
    assert "taken for part of these nights" in refused.text
    block = db.session.scalars(select(RoomBlock)).one()
    assert desk.post(f"{closed}/{block.id}/open").status_code == 303
    assert db.session.scalars(select(RoomNight)).all() == []
    assert not any(db.session.scalars(select(Inventory.closed)))


def test_a_room_with_a_guest_is_not_closed(hotel, desk):
    factories.make_stay(hotel, "101")
    answer = desk.post(f"{base(hotel)}/closed-rooms", data=closing(hotel), headers=HX)
    assert answer.status_code == 422
    assert db.session.scalars(select(RoomBlock)).all() == []
    assert "must be after" in desk.post(f"{base(hotel)}/closed-rooms", data=closing(hotel, "102", 0), headers=HX).text


def test_nights_that_a_channel_closed_are_opened_there(hotel, desk):
    today = hotel.business_date()
    with transaction():
        block = blocks.block_room(
            factories.room_of(hotel, "101"), StayDates(today, today + dt.timedelta(days=1)), "owner"
        )
        block.kind = "channel"
    assert desk.post(f"{base(hotel)}/closed-rooms/{block.id}/open", headers=HX).status_code == 409


def test_who_may_not(hotel, cleaner, sign_in):
    stranger = sign_in(factories.make_user(factories.make_hotel(), role="owner"))
    for path in ("housekeeping", "tasks", "closed-rooms"):
        assert stranger.get(f"{base(hotel)}/{path}").status_code == 404
    assert cleaner.post(f"{base(hotel)}/closed-rooms", data=closing(hotel)).status_code == 403
    assert sign_in(factories.make_user(hotel, role="desk")).get(f"{base(hotel)}/housekeeping").status_code == 200

"""Two clerks merge the same two records at the same moment: one does it, the other is told; without the lock each record
goes into the other, and no stay is left."""

from __future__ import annotations

import contextlib
import threading

import pytest
from flask import Flask
from sqlalchemy import select

from tests import factories
from webapp.core.database import db
from webapp.core.errors import Conflict
from webapp.core.transaction import transaction
from webapp.models import Hotel, Reservation, RoomNight, StayMerge
from webapp.stays import joining

pytestmark = pytest.mark.race


def two_clerks(app: Flask, monkeypatch: pytest.MonkeyPatch) -> tuple[list[str], int, int]:
    """How the attempts ended, of which the second goes the other way round; how many merges and living stays there are."""
    with app.app_context():
        hotel = factories.make_hotel("race")
        ids = [factories.make_stay(hotel, room, 5, total=0).id for room in ("101", "102")]
        hotel_id = hotel.id
    meeting = threading.Barrier(2)
    obstacle = joining.obstacle
    ends: list[str] = []

    def look_together(*stays: Reservation) -> Conflict | None:
        found = obstacle(*stays)
        with contextlib.suppress(threading.BrokenBarrierError):
            meeting.wait(1)  # under the lock the other one is not here yet
        return found

    monkeypatch.setattr(joining, "obstacle", look_together)

    def merge(kept_id: int, gone_id: int) -> None:
        with app.app_context():
            try:
                with transaction():
                    joining.join(db.session.get_one(Hotel, hotel_id), kept_id, gone_id)
                ends.append("merged")
            except Conflict as error:
                ends.append(error.code)
            except Exception as error:
                ends.append(type(error).__name__)

    clerks = [threading.Thread(target=merge, args=pair) for pair in (ids, ids[::-1])]
    for clerk in clerks:
        clerk.start()
    for clerk in clerks:
        clerk.join(30)
    with app.app_context():
        merges = len(db.session.scalars(select(StayMerge.id)).all())
        living = set(db.session.scalars(select(Reservation.id).where(Reservation.status == "CONFIRMED")))
        assert set(db.session.scalars(select(RoomNight.reservation_id))) <= living
        return sorted(ends), merges, len(living)


def test_one_clerk_merges_and_the_other_is_told(own_database: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    assert two_clerks(own_database, monkeypatch) == (["ALREADY_MERGED", "merged"], 1, 1)


def test_without_the_lock_each_record_goes_into_the_other_and_none_is_left(own_database, monkeypatch) -> None:
    def hold_nothing(hotel: Hotel, *ids: int) -> list[Reservation]:
        return [db.session.get_one(Reservation, number) for number in ids]

    monkeypatch.setattr(joining, "_hold", hold_nothing)
    assert two_clerks(own_database, monkeypatch)[1:] == (2, 0)

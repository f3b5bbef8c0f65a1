"""Which stay a line of a file means, where the calendars gave no number."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from webapp.channels.upload_ports import ExportRow
from webapp.channels.uploads.plan import Place, Situation, StayView, plan

TODAY = dt.date(2026, 4, 10)
PLACES = {"101": Place(1, 1), "102": Place(1, 2)}


def stay(number: int, room: int, start: int, end: int, **more: Any) -> StayView:
    dates = TODAY + dt.timedelta(start), TODAY + dt.timedelta(end)
    view: dict[str, Any] = {"status": "CONFIRMED", "reference": None, **more}
    return StayView(number, view["status"], view["reference"], *dates, room, 1, {}, Decimal(0), "EUR", {}, 1)


def row(line: int, room: str, start: int, end: int, status: Any = "confirmed") -> ExportRow:
    dates = TODAY + dt.timedelta(start), TODAY + dt.timedelta(end)
    return ExportRow(line, f"{5_000_000_000 + line}", status, *dates, rooms=(room,), unit_text=room)


def meant(rows: list[ExportRow], *stays: StayView) -> list[tuple[str, int | None]]:
    types = {1: 1, 2: 1}
    situation = Situation(TODAY, "EUR", "booking_reservations", False, stays, PLACES, types)
    return [(entry.action, entry.stay.id if entry.stay else None) for entry in plan(rows, situation)]


@pytest.mark.parametrize("order", [1, -1])
def test_a_stay_belongs_to_the_line_of_its_room_whatever_the_order(order: int) -> None:
    rows = [row(1, "102", 5, 7), row(2, "101", 5, 7)][::order]
    assert meant(rows, stay(1, 1, 5, 7)) == [("created", None), ("updated", 1)][::order]


def test_a_running_guest_whose_first_night_no_calendar_told_of_is_the_one_of_the_line() -> None:
    assert meant([row(1, "101", -1, 7)], stay(1, 1, 0, 7)) == [("updated", 1)]
    assert meant([row(1, "101", -1, 7)], stay(1, 2, 0, 7)) == [("created", None)]
    assert meant([row(1, "101", 1, 7)], stay(1, 1, 2, 7)) == [("created", None)]


def test_a_cancelled_line_ends_no_guest_who_came_later() -> None:
    assert meant([row(1, "101", -1, 7, "cancelled")], stay(1, 1, 0, 7)) == [("skipped", None)]

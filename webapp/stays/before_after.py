"""A proposal of moves as two small tape charts, before and after. Reads only."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text

from webapp.core.database import db
from webapp.core.stay_dates import ONE_DAY, StayDates
from webapp.models import Reservation, Room

from .occupancy import Proposal

ZOOMS = (7, 14, 31, 90)  # what the style sheet knows
_STATES = {"PENDING_PAYMENT": "is-pending", "CHECKED_IN": "is-in-house", "COMPLETED": "is-departed"}


@dataclass(frozen=True)
class Bar:
    """A stay in a room: what it says, where it lies (classes of the tape chart), and whether it is one of those that move."""

    label: str
    classes: str
    is_moved: bool = False
    is_new: bool = False


@dataclass(frozen=True)
class Chart:
    """Rooms down, days across."""

    zoom: int
    days: list[dt.date]
    rows: list[tuple[Room, list[Bar]]]


@dataclass(frozen=True)
class _Held:
    label: str
    status: str
    room_id: int
    dates: StayDates
    stay_id: int | None


def charts(stay: Reservation, proposal: Proposal) -> tuple[Chart, Chart]:
    """(before, after) of the rooms that take part."""
    reach = [proposal.dates, *(one.stay.dates for one in proposal.moves)]
    first = min(dates.check_in for dates in reach) - ONE_DAY
    nights = (max(dates.check_out for dates in reach) + ONE_DAY - first).days
    zoom = next((zoom for zoom in ZOOMS if zoom >= nights), ZOOMS[-1])
    window = StayDates(first, first + dt.timedelta(days=zoom))
    held = _held(proposal, window)
    goes_to = {one.stay.id: one.to_room.id for one in proposal.moves}
    after = [
        _Held(one.label, one.status, goes_to.get(one.stay_id or 0, one.room_id), one.dates, one.stay_id) for one in held
    ]
    assert proposal.room is not None  # charts are drawn of proposals that were found  # noqa: S101
    after.append(_Held(stay.guest_name or stay.booking_id, "NEW", proposal.room.id, stay.dates, stay.id))
    return _chart(proposal, window, held, goes_to), _chart(proposal, window, after, goes_to)


_HELD = text("""
    SELECT n.room_id, n.reservation_id AS stay_id, min(n.night) AS first, max(n.night) + 1 AS ends
    FROM room_night n
    WHERE n.room_id = ANY(:rooms) AND n.night >= :first AND n.night < :ends
    GROUP BY n.room_id, n.reservation_id, n.block_id
    ORDER BY n.room_id, first
""")


def _held(proposal: Proposal, window: StayDates) -> list[_Held]:
    values = {"rooms": [room.id for room in proposal.rows], "first": window.check_in, "ends": window.check_out}
    rows = db.session.execute(_HELD, values).all()
    ids = [row.stay_id for row in rows if row.stay_id is not None]
    stays = {one.id: one for one in db.session.query(Reservation).where(Reservation.id.in_(ids))}
    found = []
    for row in rows:
        stay = stays.get(row.stay_id)
        dates = StayDates(row.first, row.ends)
        label = (stay.guest_name or stay.booking_id) if stay else ""
        found.append(_Held(label, stay.status if stay else "BLOCK", row.room_id, dates, row.stay_id))
    return found


def _chart(proposal: Proposal, window: StayDates, held: list[_Held], moved: dict[int, int]) -> Chart:
    rows = [(room, [_bar(one, window, moved) for one in held if one.room_id == room.id]) for room in proposal.rows]
    return Chart(window.nights, list(window), rows)


def _bar(one: _Held, window: StayDates, moved: dict[int, int]) -> Bar:
    begin = 2 * (one.dates.check_in - window.check_in).days + 1
    end = min(2 * window.nights, 2 * (one.dates.check_out - window.check_in).days + 1)
    state: Any = "is-block" if one.status == "BLOCK" else _STATES.get(one.status, "is-confirmed")
    is_moved = one.stay_id in moved
    return Bar(one.label, f"x{begin} w{end - begin} {state}", is_moved, one.status == "NEW")

"""Selling a stay anew: other dates, another type, another party, another price; through the same guard as a new one."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from flask_babel import gettext as _

from webapp.availability import services as availability
from webapp.core import audit
from webapp.core.database import db
from webapp.core.errors import Conflict
from webapp.core.stay_dates import StayDates
from webapp.models import Reservation, Room

from .records import changed, forget_room, lock


@dataclass(frozen=True)
class Sale:
    """What a stay is to be from now on. `terms` (further columns of Reservation) go along."""

    room_type_id: int
    dates: StayDates
    adults: int
    children: int
    total: Decimal
    terms: dict[str, Any] = field(default_factory=dict)
    note: dict[str, Any] = field(default_factory=dict)  # what the history says besides


def sell_again(stay: Reservation, sale: Sale) -> None:
    """Change what an expected stay has bought. It keeps its room where that is of the type and free, else it waits for another.

    Raises Conflict INVALID_TRANSITION once the guest has arrived or the stay has ended, NO_AVAILABILITY when the nights are taken;
    then nothing has changed.
    """
    lock(stay)
    if stay.status not in ("PENDING_PAYMENT", "CONFIRMED"):
        raise Conflict(_("This booking can no longer be changed."), "INVALID_TRANSITION")
    values = {
        "check_in": sale.dates.check_in, "check_out": sale.dates.check_out, "room_type_id": sale.room_type_id,
        "adults": sale.adults, "children": sale.children, "total": sale.total,
    }  # fmt: skip
    before, after = audit.changes(stay, values)
    if after.keys() & {"check_in", "check_out", "room_type_id"}:
        _move(stay, sale.room_type_id, sale.dates)
    for name, value in {**values, **sale.terms}.items():
        setattr(stay, name, value)
    db.session.flush()
    if after:
        action = "dates_changed" if after.keys() & {"check_in", "check_out"} else "sale_changed"
        changed(stay, action, "booking-updated", before=before, after={**after, **sale.note})


def _move(stay: Reservation, room_type_id: int, dates: StayDates) -> None:
    old_type_id, old_dates, room_id = stay.inventory_type_id, stay.dates, stay.room_id
    has_type_changed = room_type_id != stay.room_type_id
    if room_id is not None:
        availability.lock_rooms([room_id])
        availability.vacate_room(reservation_id=stay.id)
    keeps_room = (
        room_id is not None
        and (not has_type_changed or db.session.get_one(Room, room_id).room_type_id == room_type_id)
        and availability.room_conflict(room_id, dates, stay.id) is None
    )
    stay.check_in, stay.check_out, stay.room_type_id = dates.check_in, dates.check_out, room_type_id
    if not keeps_room:
        if room_id is not None:
            forget_room(stay)
        stay.inventory_type_id = room_type_id
    db.session.flush()
    if keeps_room and room_id is not None:
        stay.has_moved = False
        availability.occupy_room(stay.hotel_id, room_id, dates, reservation_id=stay.id)
    availability.exchange_nights(old_type_id, old_dates, stay.inventory_type_id, dates)

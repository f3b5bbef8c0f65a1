"""What the desk's JSON endpoints share: their blueprint, the stay of the address, and the answer after a change."""

from __future__ import annotations

from typing import Any

import structlog
from flask import Blueprint

from webapp.core.database import db
from webapp.models import Reservation
from webapp.web.auth import current_hotel

from . import answers
from .detail import detail_of, stay_by_id

log = structlog.get_logger(__name__)

ROOT = "/api/staff/hotel/<slug>"
STAYS = f"{ROOT}/room-bookings"
ONE = f"{STAYS}/<booking_id>"
blueprint = Blueprint("stays_api", __name__)


def stay_of(booking_id: str) -> Reservation:
    """The stay of the address. Raises NotFound, for another hotel's stay too."""
    return stay_by_id(current_hotel().id, booking_id)


def told(stay: Reservation) -> answers.StayDetail:
    """The stay with everything, as the database has it now; that somebody read it is logged."""
    db.session.refresh(stay)
    log.info("personal_data_read", reservation_id=stay.id, what="reservation")
    return detail_of(stay, current_hotel())


def changed(stay: Reservation) -> answers.Changed:
    return answers.Changed(booking_id=stay.booking_id, status=stay.status, booking=told(stay))


def assigned(stay: Reservation) -> answers.Assigned:
    booking = told(stay)
    names: dict[str, Any] = {
        name: getattr(booking, name)
        for name in ("assigned_room", "room_assigned_at", "room_assigned_by", "assignment_notes", "assignment_version")
    }
    return answers.Assigned(booking_id=stay.booking_id, status=stay.status, booking=booking, **names)

"""The desk's JSON about what was written to a guest, said and noted."""

from __future__ import annotations

from typing import Any

import structlog
from flask import Blueprint

from webapp.core.transaction import transaction
from webapp.stays.answers import Communication, CommunicationList
from webapp.stays.detail import communications_of, stay_by_id
from webapp.web import api
from webapp.web.auth import current_hotel, staff_api

from . import letters
from .schemas import NewCommunication

log = structlog.get_logger(__name__)
blueprint = Blueprint("messaging_api", __name__)
_PATH = "/api/staff/hotel/<slug>/room-bookings/<booking_id>/communications/"


@blueprint.get(_PATH)
@staff_api("messages.view")
@api.validate(tags=["Guests"], resp=api.answers(CommunicationList), security=api.BEARER)
def read_communications(booking_id: str) -> Any:
    """Mails, short messages, phone calls and notes of a stay, newest first."""
    stay = stay_by_id(current_hotel().id, booking_id)
    found = communications_of(stay)
    log.info("personal_data_read", reservation_id=stay.id, what="communications")
    return CommunicationList(count=len(found), results=found)


@blueprint.post(_PATH)
@staff_api("messages.send")
@api.validate(tags=["Guests"], resp=api.answers(Communication, 201, 409), security=api.BEARER)
def communicate(booking_id: str, json: NewCommunication) -> Any:
    """Write to the guest, or note a phone call or something for the staff.

    A `mail` or `sms` is sent at once; 422 `NO_ADDRESS` when the guest has no address for it.
    """
    with transaction():
        stay = stay_by_id(current_hotel().id, booking_id)
        message = letters.communicate(stay, json.channel, json.body, subject=json.subject, direction=json.direction)
    return Communication.model_validate(message), 201

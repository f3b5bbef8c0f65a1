"""The address of a booking for who made it: sealed, so that nobody finds another one by counting."""

from __future__ import annotations

from flask import current_app, url_for
from flask_babel import gettext as _
from itsdangerous import BadSignature, URLSafeSerializer

from webapp.core.errors import NotFound
from webapp.models import Reservation


def _seal() -> URLSafeSerializer:
    return URLSafeSerializer(current_app.config["SECRET_KEY"], salt="booking-page")


def token_of(stay: Reservation) -> str:
    return str(_seal().dumps(stay.booking_id))


def booking_id_of(token: str) -> str:
    """Raises NotFound for a token that we did not make."""
    try:
        return str(_seal().loads(token))
    except BadSignature:
        raise NotFound(_("There is no such booking. Please find it with its confirmation number.")) from None


def page_of(stay: Reservation, action: str = "own") -> str:
    """Path of the booking's page, or of one of its actions (change, cancel, calendar)."""
    return url_for(f"booking.{action}", token=token_of(stay))

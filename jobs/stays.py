"""What follows a change of a stay, and holds that run out."""

from __future__ import annotations

import structlog
from sqlalchemy import select

from webapp.access import services as access
from webapp.booking import letters as booking
from webapp.channels import enriching
from webapp.channels import services as channels
from webapp.core import outbox
from webapp.core.clock import now
from webapp.core.database import db
from webapp.core.transaction import transaction
from webapp.messaging import services as messaging
from webapp.models import Reservation
from webapp.stays import many
from webapp.stays import services as stays

from .runner import each, job_context

log = structlog.get_logger(__name__)


def after_change(reservation_id: int, action: str) -> None:
    """Bring door codes and messages in line with the stay as it is now. Safe to run twice: both compare with what is."""
    with transaction():
        access.reconcile_codes(reservation_id)
        channels.review_after(reservation_id, action)
    with transaction():  # by itself: what is known of a stay is held before the stay, never after it
        enriching.look_again(reservation_id)
    with transaction():
        booking.tell(reservation_id)
        messaging.tell_guest_of_change(reservation_id, action)


def after_changes(reservation_ids: list[int], action: str) -> None:
    """`after_change` for many stays. One that cannot be done now is asked for again by itself, so that it holds up no other."""
    for reservation_id in reservation_ids:
        try:
            after_change(reservation_id, action)
        except Exception:
            db.session.rollback()
            log.exception("after_change_failed", reservation_id=reservation_id)
            with transaction():
                hotel_id = db.session.scalar(select(Reservation.hotel_id).where(Reservation.id == reservation_id))
                values = {"reservation_id": reservation_id, "action": action}
                outbox.enqueue("jobs.stays.after_change", values, hotel_id=hotel_id)


def index(hotel_id: int, reservation_ids: list[int]) -> None:
    """Let stays that came in very great number be found by name, number and telephone. Safe to run twice."""
    with transaction():
        many.index_stays(hotel_id, reservation_ids)


def expire_holds() -> None:
    """End every unpaid hold whose time is over, each in a transaction of its own."""
    with job_context():
        due = select(Reservation.id).where(Reservation.status == "PENDING_PAYMENT", Reservation.hold_expires_at < now())
        each("holds", db.session.scalars(due).all(), _expire)


def _expire(reservation_id: int) -> None:
    stay = db.session.get_one(Reservation, reservation_id, with_for_update=True, populate_existing=True)
    if stay.status == "PENDING_PAYMENT" and stay.hold_expires_at and stay.hold_expires_at < now():
        stays.expire(stay)

"""The use cases of an online check-in. Each step locks the check-in, decides on what is there now, and is stored at once.

A form says which state of its step it was made from (`seen`). When another window or another guest has answered the step
since, nothing is overwritten: the guest is shown what is there (StepTaken).
"""

from __future__ import annotations

import datetime as dt
from typing import Any

import structlog
from flask_babel import gettext as _
from sqlalchemy.dialects.postgresql import insert

from webapp.core import audit, events, ids, outbox
from webapp.core.actor import Actor, acting_as
from webapp.core.clock import now
from webapp.core.database import db
from webapp.core.errors import Conflict, Gone, NotFound
from webapp.messaging import services as messaging
from webapp.models import CheckIn, GuestLink, Hotel, Reservation, Room
from webapp.stays import services as stays
from webapp.stays.links import address_of, following, link_for

from .domain import PARTS, is_ready_for_key, may_open, taken_at

__all__ = [
    "StepTaken",
    "accept_rules",
    "address_of",
    "begin",
    "check_in_if_ready",
    "complete",
    "give_part",
    "link_for",
    "open_link",
    "resend_link",
    "review",
    "set_language",
]
log = structlog.get_logger(__name__)


class StepTaken(Conflict):
    """The step was answered in the meantime, elsewhere."""

    default_code = "STEP_TAKEN"


class AlreadyCheckedIn(Conflict):
    default_code = "ALREADY_CHECKED_IN"


def open_link(token: str, purpose: str) -> GuestLink:
    """The link of this token, for a stay that can still use it.

    Raises NotFound for a token that is none, Gone for one whose stay is over, called off or no longer open. A Gone carries the
    hotel's id in its details, so that the page can say whom to ask.
    """
    query = db.select(GuestLink).filter_by(token_hash=ids.token_hash(token), purpose=purpose)
    link = db.session.scalars(query).one_or_none()
    if link is None:
        raise NotFound(
            _("This link is not complete, or it was never ours. Please open it again from our message."), "LINK_UNKNOWN"
        )
    hotel = {"hotel_id": link.hotel_id}
    if link.revoked_at is not None:
        raise Gone(
            _("This link was replaced by a newer one. Please look for our latest message."),
            "LINK_REVOKED",
            details=hotel,
        )
    link = following(link)
    status = link.reservation.status
    if status in ("CANCELLED", "EXPIRED", "NO_SHOW"):
        raise Gone(
            _("This stay is cancelled. If you did not expect this, please call us."), "STAY_CANCELLED", details=hotel
        )
    if link.expires_at <= now() or (purpose == "checkin" and status == "COMPLETED"):
        raise Gone(_("This stay is over. Thank you for having been with us."), "LINK_EXPIRED", details=hotel)
    return link


def begin(stay: Reservation) -> CheckIn:
    """The check-in of this stay, held for update; made when there is none."""
    statement = insert(CheckIn).values(hotel_id=stay.hotel_id, reservation_id=stay.id, created_at=now(), version=1)
    db.session.execute(statement.on_conflict_do_nothing(index_elements=["reservation_id"]))
    return db.session.scalars(
        db.select(CheckIn).filter_by(reservation_id=stay.id).with_for_update().execution_options(populate_existing=True)
    ).one()


def _step(stay: Reservation, step: str, seen: str) -> CheckIn:
    """The check-in, if this step may be answered now from a form that saw `seen`."""
    checkin = _open(stay)
    if taken_at(checkin, step) != seen:
        raise StepTaken(
            _(
                "This was answered a moment ago in another window or by somebody else in your party. We kept that answer."
            )
        )
    if not may_open(checkin, step):
        raise Conflict(_("Something before this step is still missing."), "STEP_TOO_EARLY")
    return checkin


def _open(stay: Reservation) -> CheckIn:
    checkin = begin(stay)
    if checkin.completed_at is not None:
        raise AlreadyCheckedIn(_("You are already checked in. Nothing was changed."))
    return checkin


def set_language(stay: Reservation, language: str) -> CheckIn:
    checkin = begin(stay)
    if checkin.completed_at is None:
        checkin.language = language
        db.session.flush()
    return checkin


def give_part(stay: Reservation, part: str, values: dict[str, Any], *, seen: str, language: str) -> CheckIn:
    """Store one part of the details (person, contact, arrival). What was reviewed before must be reviewed again.

    The same answer given twice (its first reply was lost on the way) is the same answer.
    """
    known = dict(_open(stay).details or {})
    before = {name: value for name, value in known.get(part, {}).items() if name != "at"}
    if before == values:
        return _open(stay)
    checkin = _step(stay, part, seen)
    known[part] = {**values, "at": now().isoformat()}
    checkin.details, checkin.language = known, language
    checkin.reviewed_at = None
    if all(name in known for name in PARTS):
        checkin.details_given_at = now()
    db.session.flush()
    return checkin


def note_document(stay: Reservation, *, seen: str) -> CheckIn:
    """The step of the document is taken (see `documents.give_document`)."""
    checkin = _step(stay, "document", seen)
    checkin.document_given_at, checkin.reviewed_at = now(), None
    db.session.flush()
    return checkin


def review(stay: Reservation, *, seen: str) -> CheckIn:
    """The guest has looked through the answers and finds them right. Said twice it is said once."""
    if (checkin := _open(stay)).reviewed_at is None:
        _step(stay, "review", seen).reviewed_at = now()
        db.session.flush()
    return checkin


def accept_rules(stay: Reservation, *, seen: str) -> CheckIn:
    """The guest accepts the house rules. Said twice it is said once."""
    if (checkin := _open(stay)).rules_accepted_at is None:
        _step(stay, "rules", seen).rules_accepted_at = now()
        db.session.flush()
    return checkin


def complete(stay: Reservation) -> CheckIn:
    """The guest confirms: the stay learns what the guest said, the board is told, and door codes are asked for."""
    checkin = _step(stay, "confirm", "")
    db.session.refresh(stay, with_for_update=True)
    if stay.status not in ("CONFIRMED", "CHECKED_IN"):
        raise Conflict(
            _("This stay is not confirmed, so you cannot check in yet. Please call us."), "STAY_NOT_CONFIRMED"
        )
    checkin.completed_at = now()
    db.session.flush()
    stays.update_guest(stay, _guest_values(stay, checkin), said_by="guest")
    audit.record(stay.hotel_id, "checked_in_online", stay)
    db.session.flush()
    room = db.session.get(Room, stay.room_id) if stay.room_id is not None else None
    events.publish(
        stay.hotel_id, "booking-updated",
        {"booking_id": stay.booking_id, "status": stay.status, "assigned_room_number": room.number if room else None,
         "checked_in_online": True},
    )  # fmt: skip
    outbox.enqueue(
        "jobs.stays.after_change", {"reservation_id": stay.id, "action": "checked_in_online"}, hotel_id=stay.hotel_id
    )
    check_in_if_ready(stay)
    return checkin


def _guest_values(stay: Reservation, checkin: CheckIn) -> dict[str, Any]:
    """What the reservation takes over. The guest's word counts more than the channel's; an empty answer erases nothing."""
    details = checkin.details or {}
    person, contact = details["person"], details["contact"]
    said = {
        "guest_name": person["name"],
        "guest_email": contact.get("email"),
        "guest_phone": contact.get("phone"),
        "guest_language": checkin.language,
        "guest_country": person.get("nationality"),
    }
    return {name: value for name, value in said.items() if value}


def check_in_if_ready(stay: Reservation) -> bool:
    """Turn a completed online check-in into a guest in house, when it is time and the room is clean. Says whether it did."""
    db.session.refresh(stay, with_for_update=True)
    hotel = db.session.get_one(Hotel, stay.hotel_id)
    checkin = db.session.scalars(db.select(CheckIn).filter_by(reservation_id=stay.id)).one_or_none()
    room = db.session.get(Room, stay.room_id) if stay.room_id is not None else None
    is_ready = is_ready_for_key(
        status=stay.status, is_completed=checkin is not None and checkin.completed_at is not None,
        arrival=stay.check_in, today=hotel.business_date(), check_in_from=hotel.check_in_instant(stay.check_in),
        now=now(), housekeeping=room.housekeeping if room else None,
    )  # fmt: skip
    if not is_ready or stay.check_out <= hotel.business_date():
        return False
    with acting_as(Actor("guest", "Online check-in")):
        stays.check_in_guest(stay)
    log.info("checked_in_by_itself", reservation_id=stay.id)
    return True


def resend_link(stay: Reservation) -> bool:
    """Send the guest the check-in link once more. False when the stay has no address."""
    is_sent = messaging.send_checkin_link(stay.id)
    if is_sent:
        audit.record(stay.hotel_id, "checkin_link_sent", stay)
    return is_sent


def days_documents_are_kept(hotel: Hotel) -> dt.timedelta:
    """After departure. The hotel's setting `document_days`, 0 to 365."""
    days = hotel.settings.get("document_days", 30)
    return dt.timedelta(days=min(max(int(days), 0), 365) if isinstance(days, int) else 30)

"""What every change of a stay has in common: hold the row, note the room, write the trail, tell the boards.

For the services of this feature only; others call those.
"""

from __future__ import annotations

from typing import Any

from webapp.core import changes, encryption, events
from webapp.core.actor import current as current_actor
from webapp.core.clock import now
from webapp.core.database import db
from webapp.models import Reservation, Room
from webapp.operations import services as operations

from . import follow_up


def refresh_search(stay: Reservation) -> None:
    """Recompute what the stay is found by."""
    stay.search_tokens = encryption.search_tokens(
        stay.guest_email, stay.guest_phone, stay.booking_id, stay.confirmation_number, stay.channel_reference,
        stay.booker_email, names=(stay.guest_name, stay.booker_name),
    )  # fmt: skip


def summary(stay: Reservation) -> dict[str, Any]:
    """What the history keeps of a new stay."""
    return {
        **dates_json(stay), "status": stay.status, "source": stay.source, "room": room_number(stay.room_id),
        "guest_name": stay.guest_name, "reference": stay.channel_reference,
    }  # fmt: skip


def lock(stay: Reservation) -> None:
    """Hold the row and read it as it is now. Everything after this line decides on the truth."""
    db.session.flush()
    db.session.refresh(stay, with_for_update=True)


def note_assignment(stay: Reservation, room: Room, notes: str = "") -> None:
    stay.room_id, stay.inventory_type_id, stay.is_unplaced = room.id, room.room_type_id, False
    stay.assignment_version = (stay.assignment_version or 0) + 1
    stay.room_assigned_at, stay.room_assigned_by, stay.assignment_notes = now(), current_actor().label, notes
    db.session.flush()
    operations.resolve_alert(stay.hotel_id, f"unplaced:{stay.id}")


def forget_room(stay: Reservation) -> None:
    stay.room_id, stay.inventory_type_id, stay.has_moved = None, stay.room_type_id, False
    stay.room_assigned_at = stay.room_assigned_by = None
    stay.assignment_version += 1


def flag_unplaced(stay: Reservation, room: Room) -> None:
    """Invariant: what a channel sold is never dropped. It waits in the tray and the board says so."""
    stay.is_unplaced = True
    db.session.flush()
    operations.raise_alert(
        stay.hotel_id, "stay_unplaced", f"unplaced:{stay.id}", {"booking_id": stay.booking_id, "room": room.number},
        severity="critical", reservation_id=stay.id,
    )  # fmt: skip


def changed(
    stay: Reservation,
    action: str,
    event: str,
    *,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    reason: str = "",
) -> None:
    """Write the trail, tell the boards, and let follow what must (mail, door code)."""
    db.session.flush()
    job = None if follow_up.is_put_off(stay.hotel_id, stay.id, action) else "jobs.stays.after_change"
    arguments = {"reservation_id": stay.id, "action": action}
    changes.note(
        stay.hotel_id, stay, changes.Change(action, event, _told(stay), job, arguments, before, after, reason or None)
    )


def tell_boards(stay: Reservation, event: str = "booking-updated") -> None:
    """What boards and the API's stream hear of a stay: every event has these fields, and a `timestamp`."""
    events.publish(stay.hotel_id, event, _told(stay))


def _told(stay: Reservation) -> dict[str, Any]:
    return {"booking_id": stay.booking_id, "status": stay.status, "assigned_room_number": room_number(stay.room_id)}


def room_number(room_id: int | None) -> str | None:
    return db.session.get_one(Room, room_id).number if room_id is not None else None


def dates_json(stay: Reservation) -> dict[str, str]:
    return {"check_in": stay.check_in.isoformat(), "check_out": stay.check_out.isoformat()}

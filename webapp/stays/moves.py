"""Moving stays to make room for one more: proposed, applied all at once, and undone.

A proposal is only read. Applying it computes it again, so that what happens is what was shown (by its fingerprint) or nothing; then
it locks every stay it touches by id, and their rooms by id, and looks once more under the lock.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _

from webapp.availability import services as availability
from webapp.core.actor import current as current_actor
from webapp.core.clock import now
from webapp.core.database import db
from webapp.core.errors import Conflict
from webapp.core.stay_dates import StayDates
from webapp.core.tenancy import one_of_hotel
from webapp.models import Hotel, MoveBatch, Reservation, Room

from . import occupancy, placing, records
from .occupancy import Proposal


def propose_moves(stay: Reservation, *, allow_upgrades: bool = True) -> Proposal:
    """The least number of moves that frees a room for a stay that has none. Reads only.

    Guests stay within their type when that is enough; `allow_upgrades` lets some of them move to a better one when it is not.
    """
    _check_waiting(stay)
    hotel = db.session.get_one(Hotel, stay.hotel_id)
    return occupancy.propose(
        hotel, stay.room_type_id, stay.dates, guests=stay.adults + stay.children, version=stay.assignment_version,
        subject=stay.booking_id, allow_upgrades=allow_upgrades,
    )  # fmt: skip


def _check_waiting(stay: Reservation) -> None:
    if stay.status not in ("PENDING_PAYMENT", "CONFIRMED"):
        raise Conflict(_("A stay in this status takes no room."), "BOOKING_STATUS_NOT_ASSIGNABLE")
    if stay.room_id is not None:
        raise Conflict(_("The stay has a room already."), "ROOM_ALREADY_ASSIGNED")


@dataclass(frozen=True)
class _Step:
    """One stay on its way from room to room."""

    stay: Reservation
    from_room: Room | None
    to_room: Room


def apply_moves(stay: Reservation, *, fingerprint: str | None = None, allow_upgrades: bool = True) -> MoveBatch:
    """Make room for a stay and place it: all or nothing. Raises Conflict NO_AVAILABILITY or MOVES_OUTDATED."""
    proposal = propose_moves(stay, allow_upgrades=allow_upgrades)
    if proposal.room is None:
        raise Conflict(_("No set of moves frees a room for this stay."), "NO_AVAILABILITY")
    if fingerprint is not None and fingerprint != proposal.fingerprint:
        raise _outdated()
    steps = [_Step(one.stay, one.from_room, one.to_room) for one in proposal.moves]
    before = {one.stay.id: (one.stay.assignment_version, one.stay.room_id, one.stay.dates) for one in proposal.moves}
    before[stay.id] = (stay.assignment_version, None, stay.dates)
    _lock_all([stay, *(step.stay for step in steps)], [proposal.room, *_rooms_of(steps)])
    for one in (stay, *(step.stay for step in steps)):
        is_movable = one.status in ("PENDING_PAYMENT", "CONFIRMED") and not (one.is_pinned and one is not stay)
        if not is_movable or before[one.id] != (one.assignment_version, one.room_id, one.dates):
            raise _outdated()
    reason = _("To make room for %(booking)s.", booking=stay.booking_id)
    try:
        _resettle(steps, reason)
        placing.assign_room(stay, proposal.room)
    except Conflict as conflict:
        raise _outdated() from conflict
    return _kept(stay, [*steps, _Step(stay, None, proposal.room)])


def _outdated() -> Conflict:
    return Conflict(_("The rooms have changed since this was proposed. Please look again."), "MOVES_OUTDATED")


def _rooms_of(steps: list[_Step]) -> list[Room]:
    return [room for step in steps for room in (step.from_room, step.to_room) if room is not None]


def _lock_all(stays: list[Reservation], rooms: list[Room]) -> None:
    for stay in sorted(stays, key=lambda stay: stay.id):
        records.lock(stay)
    availability.lock_rooms(list({room.id for room in rooms}))


def _resettle(steps: list[_Step], reason: str) -> None:
    """Everybody leaves, then everybody enters: so that rooms may change hands in a circle."""
    for step in steps:
        availability.vacate_room(reservation_id=step.stay.id)
    for step in sorted(steps, key=lambda step: (step.to_room.room_type_id, step.stay.check_in)):
        stay, dates = step.stay, step.stay.dates
        availability.occupy_room(stay.hotel_id, step.to_room.id, dates, reservation_id=stay.id)
        _count_in(stay, step.to_room, dates)
        records.note_assignment(stay, step.to_room, stay.assignment_notes)
        records.changed(
            stay, "moved_to_make_room", "room-assignment-changed", reason=reason,
            before={"room": step.from_room.number if step.from_room else None}, after={"room": step.to_room.number},
        )  # fmt: skip


def _count_in(stay: Reservation, room: Room, dates: StayDates) -> None:
    """In another type the stay is counted like a sale there: through the guard."""
    if room.room_type_id != stay.inventory_type_id:
        availability.hold_nights([stay.inventory_type_id, room.room_type_id], dates)
        availability.release_nights(stay.inventory_type_id, dates)
        availability.take_nights(room.room_type_id, dates)


def _kept(stay: Reservation, steps: list[_Step]) -> MoveBatch:
    batch = MoveBatch(
        hotel_id=stay.hotel_id, reservation_id=stay.id, created_by=current_actor().label,
        moves=[
            {
                "reservation_id": step.stay.id, "from_room_id": step.from_room.id if step.from_room else None,
                "to_room_id": step.to_room.id, "version": step.stay.assignment_version,
            }
            for step in steps
        ],
    )  # fmt: skip
    db.session.add(batch)
    db.session.flush()
    return batch


def undo_moves(hotel: Hotel, batch_id: int) -> MoveBatch:
    """Put everybody back where they were; the stay that room was made for waits again. All or nothing.

    Raises NotFound, or Conflict MOVES_OUTDATED when one of the stays was changed since.
    """
    batch = one_of_hotel(MoveBatch, hotel.id, lock=True, id=batch_id)
    if batch.undone_at is not None:
        raise Conflict(_("These moves were undone already."), "MOVES_ALREADY_UNDONE")
    steps = [_step_back(hotel, move) for move in batch.moves]
    stays = [step.stay for step in steps]
    _lock_all(stays, _rooms_of(steps))
    versions = {move["reservation_id"]: (move["version"], move["to_room_id"]) for move in batch.moves}
    for stay in stays:
        if versions[stay.id] != (stay.assignment_version, stay.room_id) or stay.status == "CHECKED_IN":
            raise _outdated()
    placing.unassign_room(next(stay for stay in stays if stay.id == batch.reservation_id))
    try:
        _resettle([step for step in steps if step.stay.id != batch.reservation_id], _("Moves were undone."))
    except Conflict as conflict:
        raise _outdated() from conflict
    batch.undone_at, batch.undone_by = now(), current_actor().label
    db.session.flush()
    return batch


def _step_back(hotel: Hotel, move: dict[str, Any]) -> _Step:
    stay = one_of_hotel(Reservation, hotel.id, id=move["reservation_id"])
    to_room = one_of_hotel(Room, hotel.id, id=move["to_room_id"])
    back_to = one_of_hotel(Room, hotel.id, id=move["from_room_id"]) if move["from_room_id"] else to_room
    return _Step(stay, to_room, back_to)

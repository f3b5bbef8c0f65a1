"""What is done with a stay. One function for each transition; each locks the reservation, decides inside the transaction,
takes or gives back nights through `availability`, writes the audit trail and tells the boards. Rooms are the work of `placing`.

What follows a change (mail, door codes) is one outbox row, `jobs.stays.after_change`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Protocol

from flask_babel import gettext as _
from sqlalchemy import select

from webapp.availability import services as availability
from webapp.core import audit, ids
from webapp.core.actor import current as current_actor
from webapp.core.clock import now
from webapp.core.database import db, insert_at_once
from webapp.core.errors import Conflict, Invalid
from webapp.core.stay_dates import StayDates
from webapp.core.tenancy import one_of_hotel
from webapp.models import Hotel, Message, Reservation, Room, RoomNight
from webapp.operations import services as operations

from .domain import check_status, check_transition
from .fees import fee_of_no_show
from .placing import assign_room, move_in_house, needs_cleaning, unassign_room
from .records import (
    changed,
    dates_json,
    flag_unplaced,
    forget_room,
    lock,
    note_assignment,
    refresh_search,
    summary,
    tell_boards,
)

__all__ = [
    "NewStay", "add_note", "assign_room", "cancel", "change_dates", "check_in_guest", "check_out_guest", "confirm",
    "create_stay", "expire", "hold_together", "mark_no_show", "move_in_house", "note_change", "reinstate", "room_needed",
    "unassign_room", "undo_check_in", "undo_check_out", "update_guest",
]  # fmt: skip


@dataclass(frozen=True)
class NewStay:
    """What is needed to record a stay. Names and addresses are as the source gave them."""

    room_type_id: int
    dates: StayDates
    source: str = "desk"
    status: str = "CONFIRMED"
    room_id: int | None = None
    adults: int = 1
    children: int = 0
    guest_name: str | None = None
    guest_email: str | None = None
    guest_phone: str | None = None
    guest_language: str = "en"
    guest_country: str = ""
    channel_reference: str | None = None
    special_requests: str | None = None
    total: Decimal = Decimal(0)
    paid: Decimal = Decimal(0)
    extras: dict[str, Any] = field(default_factory=dict)  # further columns of Reservation


class House(Protocol):
    """What `create_stay` needs of a hotel."""

    @property
    def id(self) -> int: ...
    @property
    def currency(self) -> str: ...
    def business_date(self) -> dt.date: ...


def create_stay(hotel: House, new: NewStay, *, is_fact: bool = False) -> Reservation:
    """Record a stay and take its nights.

    With `is_fact` (a channel sold it already) it is recorded whatever there is: beyond the count if need be, and unplaced with an
    alert when its room is taken. Otherwise raises Conflict NO_AVAILABILITY or ROOM_OVERLAP_CONFLICT.
    """
    stay = Reservation(
        hotel_id=hotel.id, booking_id=ids.booking_id(hotel.business_date().year),
        confirmation_number=ids.confirmation_number(), status=new.status, source=new.source,
        channel_reference=new.channel_reference, check_in=new.dates.check_in, check_out=new.dates.check_out,
        room_type_id=new.room_type_id, inventory_type_id=new.room_type_id, adults=new.adults, children=new.children,
        guest_name=new.guest_name, guest_email=new.guest_email, guest_phone=new.guest_phone,
        guest_language=new.guest_language, guest_country=new.guest_country, special_requests=new.special_requests,
        currency=hotel.currency, total=new.total, paid=new.paid, **new.extras,
    )  # fmt: skip
    refresh_search(stay)
    insert_at_once(stay)
    _place_new(hotel, stay, new.room_id, is_fact)
    changed(stay, "created", "booking-created", after=summary(stay))
    return stay


def _place_new(hotel: House, stay: Reservation, room_id: int | None, is_fact: bool) -> None:
    if room_id is not None:
        room = one_of_hotel(Room, hotel.id, id=room_id)
        if is_fact:
            availability.lock_rooms([room_id])
        if is_fact and availability.room_conflict(room_id, stay.dates):
            flag_unplaced(stay, room)
        else:
            availability.occupy_room(hotel.id, room.id, stay.dates, reservation_id=stay.id)
            note_assignment(stay, room)
    take = availability.force_nights if is_fact else availability.take_nights
    take(stay.inventory_type_id, stay.dates)
    db.session.flush()


def confirm(stay: Reservation) -> None:
    """PENDING_PAYMENT → CONFIRMED; the nights are held already."""
    lock(stay)
    check_status(stay.status, ["PENDING_PAYMENT"], "CONFIRMED")
    _to(stay, "CONFIRMED", "confirmed", hold_expires_at=None, awaits_approval=False)


def check_in_guest(stay: Reservation, *, is_override: bool = False) -> None:
    """CONFIRMED → CHECKED_IN. Needs an assigned, clean room; `is_override` lets a role that may accept a dirty one."""
    lock(stay)
    check_status(stay.status, ["CONFIRMED"], "CHECKED_IN")
    hotel = db.session.get_one(Hotel, stay.hotel_id)
    if stay.room_id is None:
        raise Conflict(_("Assign a room first."), "ROOM_NOT_ASSIGNED", field="room_id")
    if hotel.business_date() < stay.check_in:
        raise Conflict(_("The stay begins on a later day. Change its dates first."), "TOO_EARLY")
    room = db.session.get_one(Room, stay.room_id)
    if room.housekeeping == "dirty" and not is_override:
        raise Conflict(_("Room %(number)s is not clean yet.", number=room.number), "ROOM_NOT_READY")
    _to(stay, "CHECKED_IN", "checked_in", checked_in_at=now())


def check_out_guest(stay: Reservation) -> None:
    """CHECKED_IN → COMPLETED. Leaving early gives the remaining nights back; the room needs cleaning."""
    lock(stay)
    check_transition(stay.status, "COMPLETED")
    hotel = db.session.get_one(Hotel, stay.hotel_id)
    today = hotel.business_date()
    if today < stay.check_out:
        _set_dates(stay, StayDates(stay.check_in, max(today, stay.check_in + dt.timedelta(days=1))), is_fact=True)
    _to(stay, "COMPLETED", "checked_out", checked_out_at=now())
    needs_cleaning(db.session.get_one(Room, stay.room_id), stay, today)


def cancel(stay: Reservation, reason: str = "") -> None:
    """PENDING_PAYMENT or CONFIRMED → CANCELLED; the nights are free again. What a person cancelled is noted as said by that person,
    so that no calendar and no file takes it back."""
    lock(stay)
    check_transition(stay.status, "CANCELLED")
    _release(stay)
    said_by = {"staff": "desk", "guest": "guest"}.get(current_actor().kind)
    if said_by:
        stay.field_sources = {**stay.field_sources, "status": said_by}
    _to(stay, "CANCELLED", "cancelled", reason=reason, cancelled_at=now(), cancellation_reason=reason)


def hold_together(stays: Iterable[Reservation]) -> None:
    """Lock stays, their rooms and the counts of their nights before several are ended at once: whoever works on some of them too
    takes the same locks in the same order."""
    ordered = sorted(stays, key=lambda stay: stay.id)
    for stay in ordered:
        lock(stay)
    holding = [stay for stay in ordered if stay.holds_nights]
    if holding:
        availability.lock_rooms([stay.room_id for stay in holding if stay.room_id is not None])
        availability.hold_nights([stay.inventory_type_id for stay in holding], *(stay.dates for stay in holding))


def mark_no_show(stay: Reservation, reason: str = "") -> None:
    """CONFIRMED → NO_SHOW, from the day of arrival on; the nights are free again, and the fee of the terms is due."""
    lock(stay)
    check_transition(stay.status, "NO_SHOW")
    if db.session.get_one(Hotel, stay.hotel_id).business_date() < stay.check_in:
        raise Conflict(_("The guest is not expected yet."), "TOO_EARLY")
    _release(stay)
    _to(stay, "NO_SHOW", "marked_no_show", reason=reason, cancellation_fee=fee_of_no_show(stay))


def expire(stay: Reservation) -> None:
    """PENDING_PAYMENT → EXPIRED, when the hold has ended."""
    lock(stay)
    check_transition(stay.status, "EXPIRED")
    _release(stay)
    _to(stay, "EXPIRED", "expired")


def reinstate(stay: Reservation, *, is_fact: bool = False) -> None:
    """CANCELLED, NO_SHOW or EXPIRED → CONFIRMED, through the same guard as a new stay; in its old room if that is free."""
    lock(stay)
    check_status(stay.status, ["CANCELLED", "NO_SHOW", "EXPIRED"], "CONFIRMED")
    if stay.merged_into_id is not None:
        raise Conflict(_("This stay lives on in another one. Take the two apart under Channels, Duplicates."), "MERGED")
    room_id, stay.room_id, stay.inventory_type_id = stay.room_id, None, stay.room_type_id
    stay.field_sources = {name: source for name, source in stay.field_sources.items() if name != "status"}
    is_free = room_id is not None
    if room_id is not None:
        availability.lock_rooms([room_id])
        is_free = availability.room_conflict(room_id, stay.dates) is None
    values: dict[str, Any] = {
        "cancelled_at": None,
        "cancellation_fee": Decimal(0),
        "cancellation_reason": "",
        "hold_expires_at": None,
        "awaits_approval": False,
    }
    _to(stay, "CONFIRMED", "reinstated", **values)
    hotel = db.session.get_one(Hotel, stay.hotel_id)
    _place_new(hotel, stay, room_id if is_free or is_fact else None, is_fact)


def undo_check_in(stay: Reservation) -> None:
    """CHECKED_IN → CONFIRMED: it was a mistake."""
    lock(stay)
    if stay.status != "CHECKED_IN":
        check_transition(stay.status, "CHECKED_IN")
    _to(stay, "CONFIRMED", "check_in_undone", checked_in_at=None)


def undo_check_out(stay: Reservation) -> None:
    """COMPLETED → CHECKED_IN: it was a mistake. Nights given back by an early departure stay given back."""
    lock(stay)
    if stay.status != "COMPLETED":
        check_transition(stay.status, "COMPLETED")
    _to(stay, "CHECKED_IN", "check_out_undone", checked_out_at=None)


def change_dates(stay: Reservation, dates: StayDates, *, is_fact: bool = False) -> None:
    """Move, shorten or extend a stay through the same guard. With `is_fact`, as in `create_stay`."""
    lock(stay)
    if not stay.holds_nights or stay.status == "COMPLETED":
        raise Conflict(_("The dates of an ended stay cannot be changed."), "INVALID_TRANSITION")
    if dates == stay.dates:
        return
    if stay.status == "CHECKED_IN" and dates.check_in != stay.check_in:
        raise Conflict(_("The guest has arrived; only the departure can change."), "BOOKING_ALREADY_CHECKED_IN")
    before = dates_json(stay)
    _set_dates(stay, dates, is_fact=is_fact)
    changed(stay, "dates_changed", "booking-updated", before=before, after=dates_json(stay))


def _set_dates(stay: Reservation, dates: StayDates, *, is_fact: bool) -> None:
    room, added = room_needed(stay, dates)
    old_dates, old_type_id = stay.dates, stay.inventory_type_id
    if room is not None:
        availability.lock_rooms([room.id])
        is_same_arrival = dates.check_in == old_dates.check_in
        availability.vacate_room(reservation_id=stay.id, since=dates.check_out if is_same_arrival else None)
    stay.check_in, stay.check_out = dates.check_in, dates.check_out
    db.session.flush()
    if room is not None and added is not None:
        _keep_room(stay, room, added, is_fact)
    if room is not None and stay.room_id is None:
        stay.inventory_type_id = stay.room_type_id
    availability.exchange_nights(old_type_id, old_dates, stay.inventory_type_id, dates, is_fact=is_fact)
    db.session.flush()


def room_needed(stay: Reservation, dates: StayDates) -> tuple[Room | None, StayDates | None]:
    """(the room that other dates of a stay are written into, the nights that it must be free on for that); None for none.

    With the same arrival only the difference moves: earlier nights may have been slept in another room.
    """
    if stay.room_id is None:
        return None, None
    room = db.session.get_one(Room, stay.room_id)
    if dates.check_in != stay.check_in:
        return room, dates
    added = StayDates(stay.check_out, dates.check_out) if dates.check_out > stay.check_out else None
    return _last_room(stay) if stay.has_moved else room, added


def _last_room(stay: Reservation) -> Room:
    """Where the stay sleeps on its last night: a stay in several rooms is made longer there."""
    query = select(Room).join(RoomNight, RoomNight.room_id == Room.id).where(RoomNight.reservation_id == stay.id)
    return db.session.scalars(query.order_by(RoomNight.night.desc()).limit(1)).one()


def _keep_room(stay: Reservation, room: Room, added: StayDates, is_fact: bool) -> None:
    """Write the added nights into the same room; a fact that does not fit there becomes unplaced (not a guest in house)."""
    if is_fact and stay.status != "CHECKED_IN" and availability.room_conflict(room.id, added, stay.id):
        availability.vacate_room(reservation_id=stay.id)
        forget_room(stay)
        flag_unplaced(stay, room)
        return
    availability.occupy_room(stay.hotel_id, room.id, added, reservation_id=stay.id)


def update_guest(stay: Reservation, values: dict[str, Any], *, said_by: str = "desk") -> None:
    """Change guest fields (names as in the model) and note who said so."""
    lock(stay)
    before, after = audit.changes(stay, values)
    if not after:
        return
    for name in after:
        setattr(stay, name, values[name])
    stay.field_sources = {**stay.field_sources, **dict.fromkeys(after, said_by)}
    refresh_search(stay)
    db.session.flush()
    changed(stay, "guest_updated", "booking-updated", before=before, after=after)


def note_change(stay: Reservation, action: str, after: dict[str, Any]) -> None:
    """Record and announce a change that the caller has made to a stay without a service of its own here."""
    db.session.flush()
    changed(stay, action, "booking-updated", after=after)


def add_note(stay: Reservation, note: str) -> None:
    """A word among the staff about this stay; the guest never sees it."""
    note = note.strip()
    if not note:
        raise Invalid(_("Write the note first."), field="note")
    message = Message(
        hotel_id=stay.hotel_id, reservation_id=stay.id, channel="note", state="sent", recipient="", body=note[:4000],
        created_by=current_actor().label, sent_at=now(),
    )  # fmt: skip
    db.session.add(message)
    db.session.flush()
    audit.record(stay.hotel_id, "note_added", stay)
    tell_boards(stay)


def _to(stay: Reservation, status: str, action: str, *, reason: str = "", **values: Any) -> None:
    check_transition(stay.status, status)
    before = {"status": stay.status}
    stay.status = status
    for name, value in values.items():
        setattr(stay, name, value)
    if status != "CONFIRMED":
        stay.is_unplaced = False
        operations.resolve_alert(stay.hotel_id, f"unplaced:{stay.id}")
    db.session.flush()
    after = {"status": status}
    if status in ("CANCELLED", "NO_SHOW") and stay.cancellation_fee:
        after["cancellation_fee"] = f"{stay.cancellation_fee:.2f}"
    changed(stay, action, "booking-updated", before=before, after=after, reason=reason)


def _release(stay: Reservation) -> None:
    """Give the nights back; the room stays noted, for a reinstatement."""
    if stay.room_id is not None:
        availability.lock_rooms([stay.room_id])
        availability.vacate_room(reservation_id=stay.id)
    availability.release_nights(stay.inventory_type_id, stay.dates)

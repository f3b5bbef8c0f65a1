"""The rooms of the house: added, renumbered, given another type, taken out of use; each change with its history.

What is sold follows at once: the counts of every night are made anew when a type gains or loses a room.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import Row, exists, select
from sqlalchemy.exc import IntegrityError

from webapp.availability import services as availability
from webapp.core import audit, events, ids, versions
from webapp.core.database import db
from webapp.core.errors import Conflict
from webapp.core.tenancy import one_of_hotel
from webapp.models import Hotel, Reservation, Room, RoomNight, RoomType

_COUNTED = frozenset(("room_type_id", "is_active"))


def rooms_of(hotel: Hotel) -> Sequence[Row[Room, str]]:
    """(room, name of its type), in the order of the board."""
    query = select(Room, RoomType.name).join(RoomType, RoomType.id == Room.room_type_id)
    query = query.where(Room.hotel_id == hotel.id)
    return db.session.execute(query.order_by(RoomType.position, RoomType.id, Room.position, Room.number)).all()


def save(hotel: Hotel, room_id: int | None, values: dict[str, Any], seen: str = "") -> Room:
    """Add or change a room (columns of Room).

    Raises Conflict NUMBER_TAKEN, CHANGED_MEANWHILE when it was changed since `seen` (the word for `facts`), or ROOM_IN_USE when a room that is to change its type or leave has stays or closed nights ahead.
    """
    one_of_hotel(RoomType, hotel.id, id=values["room_type_id"])
    if room_id is None:
        room = Room(hotel_id=hotel.id, export_token=ids.token(), **values)
        before: dict[str, Any] = {}
        after = {name: audit.as_json(value) for name, value in values.items()}
        db.session.add(room)
    else:
        if one_of_hotel(Room, hotel.id, id=room_id).number != values["number"]:
            _hold_stays(hotel, room_id)
        room = one_of_hotel(Room, hotel.id, lock=True, id=room_id)
        versions.check_unchanged(seen, facts(room))
        before, after = audit.changes(room, values)
        if after.keys() & _COUNTED:
            _check_unused(hotel, room)
        for name in after:
            setattr(room, name, values[name])
    try:
        db.session.flush()
    except IntegrityError as error:
        raise Conflict(_("Another room has this number."), "NUMBER_TAKEN", field="number") from error
    if room_id is None or after.keys() & _COUNTED:
        availability.recount(hotel.id)
    if after:
        audit.record(hotel.id, "room_changed" if room_id else "room_added", room, before=before, after=after)
        told = {"booking_id": None, "assigned_room_number": room.number, "room_number": room.number}
        events.publish(hotel.id, "room-status-changed", {**told, "status": room.housekeeping})
    return room


def facts(room: Room) -> dict[str, Any]:
    """What the form of a room shows, by the names of its fields."""
    return {name: getattr(room, name) for name in ("number", "room_type_id", "floor", "position", "is_active")}


def _hold_stays(hotel: Hotel, room_id: int) -> None:
    """Stays keep the number of their room to be listed by; whoever changes both holds stays before rooms."""
    query = select(Reservation.id).where(Reservation.hotel_id == hotel.id, Reservation.room_id == room_id)
    db.session.execute(query.order_by(Reservation.id).with_for_update(key_share=True))


def _check_unused(hotel: Hotel, room: Room) -> None:
    nights = exists().where(RoomNight.room_id == room.id, RoomNight.night >= hotel.business_date())
    here = exists().where(Reservation.room_id == room.id, Reservation.status == "CHECKED_IN")
    if db.session.scalar(select(nights | here)):
        raise Conflict(
            _("Room %(number)s has stays or closed nights ahead. Move them first.", number=room.number), "ROOM_IN_USE",
            field="room_type_id",
        )  # fmt: skip

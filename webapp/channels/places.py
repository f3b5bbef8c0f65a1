"""What a channel's name of a room means: as a person said of a file, else by the names the house uses itself."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from webapp.core.database import db
from webapp.core.encryption import normalised
from webapp.core.tenancy import of_hotel
from webapp.models import Hotel, Room, RoomAlias, RoomType


@dataclass(frozen=True)
class Meant:
    """A kind of room, or one room of it."""

    room_type_id: int
    room_id: int | None


def key_of(name: str) -> str:
    """A name without accents, case and odd spaces."""
    return " ".join(normalised(name).split())


def place_of(hotel: Hotel, provider: str, name: str) -> Meant | None:
    """What one name means; None for a name nobody knows."""
    key = key_of(name)
    if not key:
        return None
    said = db.session.scalars(of_hotel(RoomAlias, hotel.id).filter_by(provider=provider, name_key=key)).one_or_none()
    if said is not None:
        return Meant(said.room_type_id, said.room_id)
    room = db.session.scalars(of_hotel(Room, hotel.id).where(Room.is_active, Room.number == name.strip())).first()
    if room is not None:
        return Meant(room.room_type_id, room.id)
    types = db.session.scalars(of_hotel(RoomType, hotel.id).where(RoomType.is_active))
    kind = next((kind for kind in types if key in (key_of(kind.name), key_of(kind.code))), None)
    if kind is None:
        return None
    rooms = db.session.scalars(select(Room.id).where(Room.room_type_id == kind.id, Room.is_active).limit(2)).all()
    return Meant(kind.id, rooms[0] if len(rooms) == 1 else None)

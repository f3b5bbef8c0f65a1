"""The house as a plan needs it, read in a handful of queries: stays of the channel, and what names of rooms mean."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from sys import intern
from typing import Any

from sqlalchemy import Select, and_, func, or_, select

from webapp.channels.places import key_of
from webapp.channels.upload_ports import Export, ExportRow
from webapp.core.database import among, db
from webapp.core.tenancy import of_hotel
from webapp.models import Hotel, Reservation, Room, RoomAlias, RoomType, Upload
from webapp.stays.queries import living_of

from .plan import Place, Situation, StayView, unit_of

FIELDS = (
    "guest_name", "guest_phone", "guest_country", "booker_name", "special_requests", "adults", "children", "channel_reference",
)  # fmt: skip


def situation_of(hotel: Hotel, export: Export, *, is_old: bool) -> Situation:
    rooms = db.session.scalars(of_hotel(Room, hotel.id).where(Room.is_active)).all()
    return Situation(
        today=hotel.business_date(),
        currency=hotel.currency,
        kind=export.kind,
        is_old=is_old,
        stays=_stays(hotel, export),
        places=_places(hotel, export, rooms),
        types_of_rooms={room.id: room.room_type_id for room in rooms},
    )


_COLUMNS = (
    Reservation.id, Reservation.status, Reservation.check_in, Reservation.check_out, Reservation.room_id, Reservation.room_type_id,
    Reservation.total, Reservation.currency, Reservation.field_sources, Reservation.version, Reservation.cancellation_reason,
    Reservation.group_id,    *(getattr(Reservation, name) for name in FIELDS),
)  # fmt: skip


def view_of(stay: Any) -> StayView:
    """Of a stay, or of a row with its columns."""
    return StayView(
        id=stay.id, status=stay.status, reference=stay.channel_reference, check_in=stay.check_in, check_out=stay.check_out,
        room_id=stay.room_id, room_type_id=stay.room_type_id, values={name: getattr(stay, name) for name in FIELDS},
        total=stay.total, currency=stay.currency, sources=_interned(stay.field_sources), version=stay.version,
        cancellation_reason=stay.cancellation_reason, group_id=stay.group_id,
    )  # fmt: skip


def _interned(sources: dict[str, Any]) -> dict[str, Any]:
    """The same few words stand in every one of very many stays: each is kept once."""
    return {intern(name): intern(said) if isinstance(said, str) else said for name, said in sources.items()}


def views_of(hotel: Hotel, stay_ids: Sequence[int]) -> list[StayView]:
    query = select(*_COLUMNS).where(Reservation.hotel_id == hotel.id, among(Reservation.id, stay_ids))
    return [view_of(row) for row in _streamed(query.order_by(Reservation.id))]


def _streamed(query: Select[Any]) -> Iterator[Any]:
    """Rows that may be very many, never all of them in memory at once."""
    return iter(db.session.execute(query.execution_options(yield_per=1000)))


def _stays(hotel: Hotel, export: Export) -> list[StayView]:
    """Stays of this channel that bear a number of the file, or none while their dates are in it."""
    references = sorted({row.reference for row in export.rows})
    arrivals = {row.check_in for row in export.rows if row.check_in}
    named = among(Reservation.channel_reference, references)
    nameless = and_(Reservation.channel_reference.is_(None), among(Reservation.check_in, sorted(arrivals)))
    found = select(*_COLUMNS, Reservation.merged_into_id).where(
        Reservation.hotel_id == hotel.id, Reservation.source == export.provider, or_(named, nameless)
    )
    views: dict[int, StayView] = {}
    for row in _streamed(found.order_by(Reservation.merged_into_id.is_not(None), Reservation.id)):
        if row.merged_into_id is None:
            views.setdefault(row.id, view_of(row))
        elif row.channel_reference:  # one that was merged answers under its own number
            stay = living_of([db.session.get_one(Reservation, row.id)])[0]
            views.setdefault(stay.id, replace(view_of(stay), reference=row.channel_reference))
    return list(views.values())


def names_in(rows: Iterable[ExportRow]) -> list[str]:
    return list(dict.fromkeys(name for row in rows for name in (unit_of(row), *row.rooms)))


def _places(hotel: Hotel, export: Export, rooms: Sequence[Room]) -> dict[str, Place | None]:
    """What each name of the file means: as a person said, else by the names the house uses itself."""
    aliases = of_hotel(RoomAlias, hotel.id).where(RoomAlias.provider == export.provider)
    said = {alias.name_key: Place(alias.room_type_id, alias.room_id) for alias in db.session.scalars(aliases)}
    types = db.session.scalars(of_hotel(RoomType, hotel.id).where(RoomType.is_active)).all()
    by_type = {kind.id: [room.id for room in rooms if room.room_type_id == kind.id] for kind in types}
    own: dict[str, Place] = {}
    for kind in types:
        place = Place(kind.id, by_type[kind.id][0] if len(by_type[kind.id]) == 1 else None)
        own[key_of(kind.name)] = own[key_of(kind.code)] = place
    for room in rooms:
        own[key_of(room.number)] = Place(room.room_type_id, room.id)
    if len(types) == 1:  # where there is one kind of room only, a file without names means that
        own[""] = own[key_of(types[0].name)]
    return {name: said.get(key_of(name)) or own.get(key_of(name)) for name in names_in(export.rows)}


def newest_known(hotel: Hotel, provider: str, except_id: int) -> dt.datetime | None:
    """The newest change of this channel that an earlier file told."""
    applied = select(func.max(Upload.newest_at)).where(
        Upload.hotel_id == hotel.id, Upload.provider == provider, Upload.state == "applied", Upload.id != except_id
    )
    return db.session.scalar(applied)


def house_of(hotel: Hotel) -> Any:
    """Another answer means that a stay was added or changed meanwhile."""
    facts = select(func.count(), func.max(Reservation.id), func.sum(Reservation.version))
    return db.session.execute(facts.where(Reservation.hotel_id == hotel.id)).one()


def versions_of(hotel_id: int, stay_ids: Iterable[int]) -> dict[int, int]:
    query = select(Reservation.id, Reservation.version).where(
        Reservation.hotel_id == hotel_id, among(Reservation.id, stay_ids)
    )
    return {row.id: row.version for row in db.session.execute(query)}


def as_json(values: dict[str, Any]) -> dict[str, Any]:
    """Dates and amounts as text, so that they can be kept."""
    return {
        name: str(value) if isinstance(value, dt.date) or hasattr(value, "quantize") else value
        for name, value in values.items()
    }

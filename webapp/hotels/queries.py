"""Reads of hotels for public pages and settings."""

from __future__ import annotations

from collections.abc import Sequence

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import selectinload

from webapp.core.audit import AuditEntry
from webapp.core.database import db
from webapp.core.errors import NotFound
from webapp.core.tenancy import of_hotel
from webapp.models import Hotel, Restaurant, RoomPhoto, RoomType


def all_hotels() -> Sequence[Hotel]:
    return db.session.scalars(select(Hotel).order_by(Hotel.name)).all()


def all_restaurants() -> Sequence[Restaurant]:
    return db.session.scalars(
        select(Restaurant).options(selectinload(Restaurant.hotel)).order_by(Restaurant.name)
    ).all()


def hotel_of_slug(slug: str) -> Hotel:
    """Raises NotFound."""
    hotel = db.session.scalar(select(Hotel).where(Hotel.slug == slug))
    if hotel is None:
        raise NotFound(_("There is no hotel at this address."))
    return hotel


def room_types_on_show(hotel: Hotel) -> Sequence[RoomType]:
    """What the hotel offers, in its own order."""
    query = select(RoomType).where(RoomType.hotel_id == hotel.id, RoomType.is_active)
    return db.session.scalars(query.order_by(RoomType.position, RoomType.id)).all()


def photos_of(types: Sequence[RoomType]) -> dict[int, list[tuple[str, str]]]:
    """Of each type its photos in order: (address as in `RoomType.photos`, what it shows)."""
    query = select(RoomPhoto.token, RoomPhoto.alt).where(RoomPhoto.room_type_id.in_([kind.id for kind in types]))
    alts = {f"photo:{token}": alt for token, alt in map(tuple, db.session.execute(query))}
    return {kind.id: [(address, alts.get(address, "")) for address in kind.photos] for kind in types}


def photo_content(slug: str, token: str, size: str) -> bytes:
    """The JPEG `small` or `large`. Raises NotFound."""
    column = RoomPhoto.large if size == "large" else RoomPhoto.small
    query = select(column).join(Hotel, Hotel.id == RoomPhoto.hotel_id)
    content = db.session.scalar(query.where(Hotel.slug == slug, RoomPhoto.token == token))
    if content is None:
        raise NotFound(_("There is no such photo."))
    return content


def restaurants_of(hotel: Hotel) -> Sequence[Restaurant]:
    query = select(Restaurant).where(Restaurant.hotel_id == hotel.id).order_by(Restaurant.name)
    return db.session.scalars(query).all()


def history_of(hotel: Hotel) -> Sequence[AuditEntry]:
    """The latest changes of the settings, newest first."""
    query = of_hotel(AuditEntry, hotel.id).where(AuditEntry.entity_type == "hotel", AuditEntry.entity_id == hotel.id)
    return db.session.scalars(query.order_by(AuditEntry.id.desc()).limit(20)).all()

"""Reads of hotels for public pages and settings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import and_, false, func, or_, select
from sqlalchemy.orm import joinedload

from webapp.core.audit import AuditEntry
from webapp.core.database import db
from webapp.core.errors import NotFound
from webapp.core.tenancy import of_hotel
from webapp.models import Hotel, Restaurant, RoomPhoto, RoomType

PAGE_SIZE = 24
LONGEST_SEARCH, MOST_WORDS = 100, 8


@dataclass(frozen=True)
class HotelPage:
    """A page of hotels by name, and the restaurants that go with it. `words`: what was searched for, as it was understood."""

    hotels: Sequence[Hotel]
    restaurants: Sequence[Restaurant]
    words: str
    page: int
    count: int

    @property
    def pages(self) -> int:
        return max(1, -(-self.count // PAGE_SIZE))


def page_of_hotels(search: str = "", page: int = 1) -> HotelPage:
    """Hotels whose name or address holds every word of `search`; a page beyond the last is the last. Three queries, however many there are."""
    words = " ".join(search[:LONGEST_SEARCH].replace("\x00", " ").split()[:MOST_WORDS])
    found = [_holds(word, Hotel.name, Hotel.address) for word in words.split()]
    count = db.session.scalar(select(func.count()).select_from(Hotel).where(*found)) or 0
    page = max(1, min(page, -(-count // PAGE_SIZE)))
    query = select(Hotel).where(*found).order_by(Hotel.name, Hotel.id)
    hotels = db.session.scalars(query.limit(PAGE_SIZE).offset((page - 1) * PAGE_SIZE)).all()
    return HotelPage(hotels, _restaurants_beside(hotels, words), words, page, count)


def _restaurants_beside(hotels: Sequence[Hotel], words: str) -> Sequence[Restaurant]:
    """Those of these hotels, and those that bear the words in their own name."""
    is_theirs = Restaurant.hotel_id.in_([hotel.id for hotel in hotels])
    is_named = and_(*(_holds(word, Restaurant.name) for word in words.split())) if words else false()
    query = select(Restaurant).options(joinedload(Restaurant.hotel)).where(or_(is_theirs, is_named))
    return db.session.scalars(query.order_by(Restaurant.name, Restaurant.id).limit(PAGE_SIZE)).all()


def _holds(word: str, *columns: Any) -> Any:
    return or_(*(column.icontains(word, autoescape=True) for column in columns))


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

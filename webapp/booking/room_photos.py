"""Photos of room types: taken in through the same pipeline as every photo, ordered, described, removed; each with its history."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _

from webapp.core import audit, ids
from webapp.core.database import db
from webapp.core.errors import Conflict, Invalid, NotFound
from webapp.core.photos import clean_photo, preview_of
from webapp.core.tenancy import one_of_hotel
from webapp.models import Hotel, RoomPhoto, RoomType

MOST_PHOTOS = 12
SMALL_SIDE = 640
PREFIX = "photo:"


def add(hotel: Hotel, type_id: int, data: bytes, alt: str) -> RoomPhoto:
    """Keep a photo, last in the order. Raises Invalid or TooLarge for what is no photo, Conflict when there are enough."""
    one_of_hotel(RoomType, hotel.id, id=type_id)
    if not alt.strip():
        raise Invalid(_("Say what the photo shows."), field="alt")
    clean = clean_photo(data)
    small = preview_of(clean.content, SMALL_SIDE)
    kind = _locked(hotel, type_id)  # not before: sales of this type wait for its row, and decoding takes seconds
    if len(kind.photos) >= MOST_PHOTOS:
        raise Conflict(
            _("A room type has up to %(count)d photos.", count=MOST_PHOTOS), "TOO_MANY_PHOTOS", field="photo"
        )
    photo = RoomPhoto(
        hotel_id=hotel.id, room_type_id=kind.id, token=ids.token()[:32], alt=alt.strip()[:200], width=clean.width,
        height=clean.height, large=clean.content, small=small,
    )  # fmt: skip
    db.session.add(photo)
    kind.photos = [*kind.photos, PREFIX + photo.token]
    _note(hotel, kind, "photo_added", None, {"alt": photo.alt})
    return photo


def describe(hotel: Hotel, type_id: int, address: str, alt: str) -> None:
    """Change what a photo is said to show."""
    kind = _locked(hotel, type_id)
    photo = _photo(hotel, kind, address)
    if photo is None:
        raise NotFound(_("There is no such photo."))
    before, after = audit.changes(photo, {"alt": alt.strip()[:200]})
    if after:
        photo.alt = after["alt"]
        _note(hotel, kind, "photo_described", before, after)


def move(hotel: Hotel, type_id: int, address: str, places: int) -> None:
    """Show a photo earlier (negative) or later by so many places."""
    kind = _locked(hotel, type_id)
    photos = list(kind.photos)
    before = _place_of(photos, address)
    photos.insert(max(0, before + places), photos.pop(before))
    if photos != kind.photos:
        kind.photos = photos
        _note(hotel, kind, "photo_moved", {"place": before + 1}, {"place": photos.index(address) + 1})


def remove(hotel: Hotel, type_id: int, address: str) -> None:
    """Take a photo away for good."""
    kind = _locked(hotel, type_id)
    _place_of(kind.photos, address)
    photo = _photo(hotel, kind, address)
    kind.photos = [one for one in kind.photos if one != address]
    _note(hotel, kind, "photo_removed", {"alt": photo.alt if photo else address}, None)
    if photo is not None:
        db.session.delete(photo)
    db.session.flush()


def _locked(hotel: Hotel, type_id: int) -> RoomType:
    return one_of_hotel(RoomType, hotel.id, lock=True, id=type_id)


def _place_of(photos: list[str], address: str) -> int:
    if address not in photos:
        raise NotFound(_("There is no such photo."))
    return photos.index(address)


def _photo(hotel: Hotel, kind: RoomType, address: str) -> RoomPhoto | None:
    """The row of a photo that we keep; None for one that lies elsewhere."""
    if not address.startswith(PREFIX):
        return None
    return one_of_hotel(RoomPhoto, hotel.id, room_type_id=kind.id, token=address.removeprefix(PREFIX))


def _note(
    hotel: Hotel, kind: RoomType, action: str, before: dict[str, Any] | None, after: dict[str, Any] | None
) -> None:
    db.session.flush()
    audit.record(hotel.id, action, kind, before=before, after=after)

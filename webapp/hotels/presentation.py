"""How a hotel is shown: its photo, its place on a map, its rules in the reader's language, what search engines read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from flask import current_app, url_for
from flask_babel import gettext as _

from webapp.models import Hotel, RoomType
from webapp.web.i18n import language
from webapp.web.templating import asset


def photo_path(hotel: Hotel) -> str:
    """Address of the photo; empty when there is none."""
    if not hotel.photo or hotel.photo.startswith("https://"):
        return hotel.photo
    return asset(hotel.photo)


def shown_photos(slug: str, name: str, photos: Sequence[tuple[str, str]]) -> list[dict[str, str]]:
    """Photos of a room type as pages show them: {small, large, alt}. `photos`: (address as in `RoomType.photos`, what it shows)."""
    return [
        {**_addresses(slug, address), "alt": alt or _("%(room)s, photo %(number)d", room=name, number=number)}
        for number, (address, alt) in enumerate(photos, 1)
    ]


def _addresses(slug: str, address: str) -> dict[str, str]:
    kind, _colon, token = address.partition(":")
    if kind == "photo":
        urls = {size: url_for("hotels.room_photo", slug=slug, token=token, size=size) for size in ("small", "large")}
        return {**urls, "srcset": f"{urls['small']} 640w, {urls['large']} 1600w"}
    url = address if kind == "https" else asset(address)
    return {"small": url, "large": url, "srcset": ""}


def absolute(url: str) -> str:
    """With the site before it, for those who read it elsewhere."""
    return f"{current_app.extensions['settings'].public_url}{url}" if url.startswith("/") else url


def rules_in_language(hotel: Hotel) -> list[str]:
    """In the reader's language, else in the hotel's own, else in English."""
    for code in (language(), hotel.language, "en"):
        if hotel.house_rules.get(code):
            return list(hotel.house_rules[code])
    return []


def map_url(hotel: Hotel) -> str:
    """A page with a map; empty when the place is unknown."""
    if hotel.latitude is None or hotel.longitude is None:
        return ""
    place = f"{hotel.latitude:.5f}/{hotel.longitude:.5f}"
    return f"https://www.openstreetmap.org/?mlat={hotel.latitude:.5f}&mlon={hotel.longitude:.5f}#map=17/{place}"


def card(hotel: Hotel) -> dict[str, Any]:
    return {"hotel": hotel, "photo": photo_path(hotel), "url": url_for("hotels.hotel_page", slug=hotel.slug)}


def share_card(hotel: Hotel, rooms: Iterable[list[dict[str, str]]] = (), url: str = "") -> dict[str, str]:
    """What a shared address of the hotel shows. Messengers draw no SVG: then the first photo of a room stands in."""
    image = photo_path(hotel)
    if not image or image.endswith(".svg"):
        image = next((photos[0]["large"] for photos in rooms if photos), image)
    url = absolute(url or url_for("hotels.hotel_page", slug=hotel.slug))
    return {"title": hotel.name, "description": hotel.description[:200], "image": absolute(image), "url": url}


def structured_data(
    hotel: Hotel, types: Sequence[RoomType] = (), photos: Mapping[int, list[dict[str, str]]] | None = None
) -> dict[str, Any]:
    """The hotel in the words of schema.org, with its kinds of rooms where they are given."""
    site = current_app.extensions["settings"].public_url
    photo = photo_path(hotel)
    facts: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "Hotel",
        "name": hotel.name,
        "description": hotel.description,
        "url": site + url_for("hotels.hotel_page", slug=hotel.slug),
        "checkinTime": f"{hotel.check_in_time:%H:%M}",
        "checkoutTime": f"{hotel.check_out_time:%H:%M}",
        "currenciesAccepted": hotel.currency,
        "address": {"@type": "PostalAddress", "streetAddress": hotel.address, "addressCountry": hotel.country},
        "telephone": hotel.phone,
        "email": hotel.email,
        "image": f"{site}{photo}" if photo.startswith("/") else photo,
    }
    if hotel.latitude is not None and hotel.longitude is not None:
        facts["geo"] = {"@type": "GeoCoordinates", "latitude": hotel.latitude, "longitude": hotel.longitude}
    facts["containsPlace"] = [
        room_facts(kind.name, kind.description, kind.beds, kind.max_occupancy, (photos or {}).get(kind.id, []))
        for kind in types
    ]
    return {name: value for name, value in facts.items() if value}


def room_facts(name: str, description: str, beds: str, guests: int, photos: list[dict[str, str]]) -> dict[str, Any]:
    """A kind of room in the words of schema.org."""
    facts = {
        "@type": "HotelRoom", "name": name, "description": description,
        "bed": {"@type": "BedDetails", "typeOfBed": beds} if beds else None,
        "image": [absolute(photo["large"]) for photo in photos],
        "occupancy": {"@type": "QuantitativeValue", "maxValue": guests},
    }  # fmt: skip
    return {key: value for key, value in facts.items() if value}

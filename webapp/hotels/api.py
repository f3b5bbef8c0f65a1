"""What is public about a hotel, as JSON."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, current_app, jsonify

from webapp.models import Hotel
from webapp.rates.terms import Terms
from webapp.web import api

from . import queries
from .presentation import absolute, photo_path, rules_in_language, shown_photos
from .schemas import PublicRestaurant, PublicRoomType, PublicSettings

blueprint = Blueprint("hotels_api", __name__)


@blueprint.get("/api/public/hotel/<slug>/settings/")
@api.validate(tags=["Public"], resp=api.Answers(HTTP_200=PublicSettings))
def public_settings(slug: str) -> Any:
    """Name, times, place and room types of a hotel."""
    return jsonify(_settings(queries.hotel_of_slug(slug)).model_dump())


def _settings(hotel: Hotel) -> PublicSettings:
    photo = photo_path(hotel)
    site = current_app.extensions["settings"].public_url
    terms = Terms.of(hotel.settings).as_json()
    return PublicSettings(
        slug=hotel.slug, name=hotel.name, description=hotel.description, timezone=hotel.timezone,
        currency=hotel.currency, country=hotel.country, language=hotel.language, languages=hotel.languages,
        check_in_time=f"{hotel.check_in_time:%H:%M}", check_out_time=f"{hotel.check_out_time:%H:%M}",
        address=hotel.address, latitude=hotel.latitude, longitude=hotel.longitude, phone=hotel.phone, email=hotel.email,
        accent_color=hotel.accent_color, photo_url=f"{site}{photo}" if photo.startswith("/") else photo or None,
        house_rules=rules_in_language(hotel),
        room_types=_room_types(hotel),
        restaurants=[PublicRestaurant.model_validate(one) for one in queries.restaurants_of(hotel)],
        **{name: terms[name] for name in ("taxes", "prices_include_taxes", "cancellation", "deposit", "hold_minutes", "request_to_book")},
    )  # fmt: skip


def _room_types(hotel: Hotel) -> list[PublicRoomType]:
    types = queries.room_types_on_show(hotel)
    photos = queries.photos_of(types)
    found = []
    for kind in types:
        shown = PublicRoomType.model_validate(kind)
        shown.photos = [absolute(photo["large"]) for photo in shown_photos(hotel.slug, kind.name, photos[kind.id])]
        found.append(shown)
    return found

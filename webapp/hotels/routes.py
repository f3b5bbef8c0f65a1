"""Public pages of hotels, and the chooser of the staff."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, make_response, request
from flask_login import current_user, login_required

from webapp.accounts import queries as accounts
from webapp.web.desk import ROLE_LABELS
from webapp.web.htmx import render, see_other

from . import queries
from .presentation import card, map_url, photo_path, rules_in_language, share_card, shown_photos, structured_data

blueprint = Blueprint("hotels", __name__, template_folder="templates")


@blueprint.get("/")
def index() -> Any:
    """Hotels in pages, `q` narrows them by name and place."""
    found = queries.page_of_hotels(request.args.get("q", ""), request.args.get("page", 1, type=int))
    return render(
        "hotels/index.html", found=found, cards=[card(hotel) for hotel in found.hotels],
        restaurants=[{"restaurant": one, **card(one.hotel)} for one in found.restaurants],
        arguments={"q": found.words} if found.words else {},
    )  # fmt: skip


@blueprint.get("/hotels/<slug>/")
def hotel_page(slug: str) -> Any:
    hotel = queries.hotel_of_slug(slug)
    shown, types = card(hotel), queries.room_types_on_show(hotel)
    known = queries.photos_of(types)
    photos = {kind.id: shown_photos(hotel.slug, kind.name, known[kind.id]) for kind in types}
    return render(
        "hotels/hotel.html", hotel=hotel, photo=photo_path(hotel), map_url=map_url(hotel), rules=rules_in_language(hotel),
        room_types=types, photos=photos, restaurants=queries.restaurants_of(hotel),
        structured=structured_data(hotel, types, photos), card=share_card(hotel, photos.values()),
        public_hotel={"name": hotel.name, "url": shown["url"], "accent": hotel.accent_color},
    )  # fmt: skip


@blueprint.get("/hotels/<slug>/photos/<token>/<any(small, large):size>.jpg")
def room_photo(slug: str, token: str, size: str) -> Any:
    """A photo of a room type. Its address is of this picture alone, so it may be kept for good."""
    response = make_response(queries.photo_content(slug, token, size))
    response.mimetype = "image/jpeg"
    response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    return response


@blueprint.get("/staff/")
@login_required
def chooser() -> Any:
    """The hotels of the user; straight on when there is only one."""
    hotels = accounts.hotels_of(current_user)
    if len(hotels) == 1:
        return see_other(desk_of(hotels[0][0].slug))
    shown = [(hotel, ROLE_LABELS[role], desk_of(hotel.slug)) for hotel, role in hotels]
    return render("hotels/chooser.html", hotels=shown)


def desk_of(slug: str) -> str:
    """Where the work in a hotel begins."""
    return f"/staff/{slug}/board"

"""The manager's pages of the rooms themselves."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _

from webapp.core.tenancy import one_of_hotel
from webapp.core.versions import seen_of
from webapp.models import Room
from webapp.rates import queries as rates
from webapp.web.auth import current_hotel, staff_page

from . import stock_rooms
from .stock_forms import RoomForm
from .stock_routes import blueprint, save_and_show, seen_word, show_page


def _rooms_page(form: RoomForm, status: int = 200) -> Any:
    rooms = stock_rooms.rooms_of(current_hotel())
    return show_page("booking/stock/rooms.html", "rooms", status, form=form, rooms=rooms)


def _form(**more: Any) -> RoomForm:
    return RoomForm(**more).offering(rates.types_of(current_hotel().id))


@blueprint.get("/staff/<slug>/rates/rooms", endpoint="stock_rooms")
@staff_page("settings.manage")
def list_rooms() -> Any:
    return _rooms_page(_form(formdata=None))


@blueprint.post("/staff/<slug>/rates/rooms")
@staff_page("settings.manage")
def add_room() -> Any:
    form, hotel = _form(), current_hotel()
    return save_and_show(
        form, lambda: stock_rooms.save(hotel, None, form.values()), _rooms_page, "rooms", _("The room is added.")
    )


@blueprint.get("/staff/<slug>/rates/rooms/<int:room_id>")
@staff_page("settings.manage")
def room_page(room_id: int) -> Any:
    room = one_of_hotel(Room, current_hotel().id, id=room_id)
    return _room_page(room)(_form(formdata=None, obj=room))


def _room_page(room: Room) -> Any:
    return lambda form, status=200: show_page(
        "booking/stock/room.html", "rooms", status, form=form, room=room, seen=seen_of(stock_rooms.facts(room))
    )


@blueprint.post("/staff/<slug>/rates/rooms/<int:room_id>")
@staff_page("settings.manage")
def save_room(room_id: int) -> Any:
    form, hotel = _form(), current_hotel()
    room = one_of_hotel(Room, hotel.id, id=room_id)
    return save_and_show(
        form, lambda: stock_rooms.save(hotel, room_id, form.values(), seen_word()), _room_page(room), "rooms",
        _("The room is saved."),
    )  # fmt: skip

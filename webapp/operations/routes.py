"""Housekeeping on a phone, tasks, and rooms out of order."""

from __future__ import annotations

from flask import Blueprint, Response, request, url_for
from flask_babel import gettext as _
from sqlalchemy import select
from wtforms.fields.choices import SelectChoice

from webapp.availability import blocks
from webapp.core.database import db
from webapp.core.errors import AppError
from webapp.core.tenancy import one_of_hotel
from webapp.core.transaction import transaction
from webapp.models import Room
from webapp.web import htmx
from webapp.web.auth import current_hotel, staff_page
from webapp.web.forms import show_error

from . import queries, services
from .forms import BlockForm, TaskForm

blueprint = Blueprint("operations", __name__, template_folder="templates", url_prefix="/staff/<slug>")


@blueprint.get("/housekeeping")
@staff_page("rooms.clean")
def housekeeping() -> Response:
    hotel = current_hotel()
    rooms = queries.rooms_today(hotel.id, hotel.business_date())
    return htmx.render("operations/housekeeping.html", "rooms", hotel=hotel, rooms=rooms, today=hotel.business_date())


@blueprint.post("/rooms/<int:room_id>/housekeeping")
@staff_page("rooms.clean")
def set_housekeeping(room_id: int) -> Response:
    hotel = current_hotel()
    with transaction():
        room = one_of_hotel(Room, hotel.id, lock=True, id=room_id)
        services.set_housekeeping(room, request.form.get("state", ""))
    if htmx.is_fragment():
        return Response(status=204)
    return htmx.see_other(url_for("operations.housekeeping", slug=hotel.slug))


@blueprint.get("/tasks")
@staff_page("tasks.manage")
def tasks() -> Response:
    return _tasks_page(_task_form())


def _task_form() -> TaskForm:
    form = TaskForm()
    form.room_id.choices = [SelectChoice("0", _("No room")), *_rooms()]
    if not form.is_submitted():
        form.due_on.data = current_hotel().business_date()
    return form


def _rooms() -> list[SelectChoice]:
    query = select(Room.id, Room.number).where(Room.hotel_id == current_hotel().id, Room.is_active)
    return [
        SelectChoice(str(row.id), row.number) for row in db.session.execute(query.order_by(Room.position, Room.number))
    ]


def _tasks_page(form: TaskForm, status: int = 200) -> Response:
    hotel = current_hotel()
    state = "done" if request.args.get("state") == "done" else "open"
    return htmx.render(
        "operations/tasks.html", "tasks", status=status, hotel=hotel, today=hotel.business_date(), state=state,
        tasks=queries.tasks(hotel.id, state), form=form,
    )  # fmt: skip


@blueprint.post("/tasks")
@staff_page("tasks.manage")
def create_task() -> Response:
    hotel, form = current_hotel(), _task_form()
    if not form.validate():
        return _tasks_page(form, 422)
    with transaction():
        services.create_task(
            hotel.id, form.kind.data, form.title.data.strip(), form.due_on.data, room_id=form.room_id.data or None
        )
    return htmx.see_other(url_for("operations.tasks", slug=hotel.slug))


@blueprint.post("/tasks/<int:task_id>/done")
@staff_page("tasks.manage")
def finish_task(task_id: int) -> Response:
    hotel = current_hotel()
    with transaction():
        services.finish_task(hotel.id, task_id)
    if htmx.is_fragment():
        return htmx.with_toast(Response(status=204), _("Done."))
    return htmx.see_other(url_for("operations.tasks", slug=hotel.slug))


@blueprint.get("/closed-rooms")
@staff_page("board.view")
def closed_rooms() -> Response:
    form = _block_form()
    form.room_id.data = request.args.get("room_id", type=int)
    return _blocks_page(form)


def _block_form() -> BlockForm:
    form = BlockForm()
    form.room_id.choices = _rooms()
    if not form.is_submitted():
        form.starts_on.data = current_hotel().business_date()
    return form


def _blocks_page(form: BlockForm, status: int = 200) -> Response:
    hotel = current_hotel()
    found = queries.blocks(hotel.id, hotel.business_date())
    return htmx.render(
        "operations/closed_rooms.html",
        "blocks",
        status=status,
        hotel=hotel,
        blocks=found,
        form=form,
        kinds=blocks.KINDS,
    )


@blueprint.post("/closed-rooms")
@staff_page("stays.manage")
def close_room() -> Response:
    hotel, form = current_hotel(), _block_form()
    if not form.validate():
        return _blocks_page(form, 422)
    try:
        with transaction():
            room = one_of_hotel(Room, hotel.id, id=form.room_id.data)
            blocks.block_room(room, form.dates, form.kind.data, form.reason.data or "")
    except AppError as error:
        db.session.rollback()
        show_error(form, error)
        return _blocks_page(form, 422)
    return htmx.see_other(url_for("operations.closed_rooms", slug=hotel.slug))


@blueprint.post("/closed-rooms/<int:block_id>/open")
@staff_page("stays.manage")
def open_room(block_id: int) -> Response:
    hotel = current_hotel()
    with transaction():
        blocks.unblock_room(hotel.id, block_id)
    return htmx.see_other(url_for("operations.closed_rooms", slug=hotel.slug))

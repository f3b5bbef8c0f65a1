"""Stays made at the desk (one room, several of a group, a walk-in), and rooms for all arrivals of a day."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from flask import Response, flash, request, url_for
from flask_babel import ngettext
from sqlalchemy import select

from webapp.core.database import db
from webapp.core.errors import AppError
from webapp.core.money import rounded
from webapp.core.tenancy import of_hotel
from webapp.core.transaction import transaction
from webapp.models import Room, RoomType
from webapp.web import htmx
from webapp.web.auth import current_hotel, staff_page
from webapp.web.forms import show_error

from . import assignment, desk_sales
from .forms import NewStayForm
from .routes import blueprint, url_of


@blueprint.get("/new")
@staff_page("stays.manage")
def new() -> Response:
    """`room_id`, `check_in` and `walk_in` of the address fill the form in."""
    form = _new_form()
    form.room_id.data = request.args.get("room_id", 0, type=int)
    form.is_walk_in.data = bool(request.args.get("walk_in"))
    return _new_page(form)


@blueprint.post("")
@staff_page("stays.manage")
def create() -> Response:
    form = _new_form()
    if not form.validate():
        return _new_page(form, 422)
    try:
        with transaction():
            made = desk_sales.sell(current_hotel(), _sale_of(form))
    except AppError as error:
        db.session.rollback()
        show_error(form, error)
        return _new_page(form, 422)
    if len(made) > 1:
        flash(ngettext("%(num)d room is booked.", "%(num)d rooms are booked.", len(made)), "success")
    return htmx.see_other(url_of("reservation", made[0]))


def _sale_of(form: NewStayForm) -> desk_sales.Sale:
    codes = {row.id: row.code for row in _types()}
    numbers = {row.id: row.number for row in _rooms()}
    wanted = [
        desk_sales.RoomWanted(
            codes[row.room_type_id.data], numbers.get(row.room_id.data), row.adults.data or 1, row.children.data or 0,
            row.guest_name.data or None, _amount(row.total.data),
        )
        for row in form.rows
    ]  # fmt: skip
    return desk_sales.Sale(form.guest(), form.check_in.data, form.check_out.data, wanted, form.is_walk_in.data)


def _amount(given: Decimal | None) -> Decimal | None:
    return None if given is None else rounded(given, current_hotel().currency)


def _types() -> list[Any]:
    query = of_hotel(RoomType, current_hotel().id).where(RoomType.is_active)
    return list(db.session.scalars(query.order_by(RoomType.position, RoomType.id)))


def _rooms() -> list[Any]:
    query = (
        select(Room.id, Room.number, RoomType.name.label("type_name"))
        .join(RoomType, RoomType.id == Room.room_type_id)
        .where(Room.hotel_id == current_hotel().id, Room.is_active)
    )
    return list(db.session.execute(query.order_by(RoomType.position, Room.position, Room.number)))


def _new_form() -> NewStayForm:
    form = NewStayForm()
    form.offer(_types(), _rooms(), current_hotel().business_date())
    return form


def _new_page(form: NewStayForm, status: int = 200) -> Response:
    return htmx.render("stays/new.html", "form", status=status, hotel=current_hotel(), form=form)


@blueprint.get("/auto-assign")
@staff_page("stays.manage")
def auto_assign() -> Response:
    """What would be done for the arrivals of a day, before it is done."""
    return _plan_page(assignment.assign_arrivals(current_hotel(), _day_meant(), is_dry_run=True))


@blueprint.post("/auto-assign")
@staff_page("stays.manage")
def do_auto_assign() -> Response:
    with transaction():
        plan = assignment.assign_arrivals(current_hotel(), _day_meant())
    told = ngettext("%(num)d stay has its room.", "%(num)d stays have their rooms.", len(plan.placed))
    if htmx.is_fragment():
        return htmx.with_toast(_plan_page(plan, is_done=True), told)
    flash(told, "success")
    return htmx.see_other(url_for("board.board", slug=current_hotel().slug))


def _day_meant() -> dt.date:
    try:
        return dt.date.fromisoformat(request.values.get("date", ""))
    except ValueError:
        return current_hotel().business_date()


def _plan_page(plan: assignment.DayPlan, *, is_done: bool = False) -> Response:
    return htmx.render("stays/auto_assign.html", "panel", hotel=current_hotel(), plan=plan, is_done=is_done)

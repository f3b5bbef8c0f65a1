"""The locks page, and the address that the lock company calls."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, request, url_for
from flask_babel import gettext as _

from webapp.core import wiring
from webapp.core.tenancy import of_hotel, one_of_hotel
from webapp.core.transaction import transaction
from webapp.extensions import csrf, db, limiter
from webapp.models import Lock, LockAccount, Room
from webapp.web import htmx
from webapp.web.auth import current_hotel, staff_page

from . import queries, records, services
from .forms import LockAccountForm, LockForm
from .ports import LockProvider

blueprint = Blueprint("access", __name__, template_folder="templates")
MOST_CALLBACK_BYTES = 512 * 1024


def _page(block: str | None = None, status: int = 200, form: LockAccountForm | None = None) -> Any:
    hotel = current_hotel()
    return htmx.render(
        "access/locks.html", block, status=status, hotel=hotel, form=form or LockAccountForm(),
        accounts=queries.accounts_of(hotel.id), locks=queries.locks_of(hotel.id),
        under_way=queries.codes_under_way(hotel.id), doors=_doors(),
        is_available=wiring.is_bound(LockProvider),
    )  # fmt: skip


def _doors() -> list[tuple[str, str]]:
    rooms = db.session.scalars(of_hotel(Room, current_hotel().id).order_by(Room.position, Room.number))
    fixed = [("unused", _("Not used")), ("entrance", _("Entrance for all guests"))]
    return fixed + [(f"room:{room.id}", _("Room %(number)s", number=room.number)) for room in rooms]


@blueprint.get("/staff/<slug>/locks")
@staff_page("locks.view")
def locks() -> Any:
    return _page("locks")


@blueprint.post("/staff/<slug>/locks/accounts")
@limiter.limit("10 per hour")
@staff_page("locks.manage")
def connect() -> Any:
    form = LockAccountForm()
    if not form.validate_on_submit():
        return _page("account", 422, form)
    with transaction():
        services.connect_account(current_hotel(), form.username.data or "", form.password.data or "")
    return _back(_("The account is connected; its locks are being read."))


@blueprint.post("/staff/<slug>/locks/accounts/<int:account_id>/sync")
@staff_page("locks.manage")
def sync(account_id: int) -> Any:
    with transaction():
        services.request_sync(one_of_hotel(LockAccount, current_hotel().id, id=account_id))
    return _back(_("The locks are being read."))


@blueprint.post("/staff/<slug>/locks/<int:lock_id>/door")
@staff_page("locks.manage")
def set_door(lock_id: int) -> Any:
    form = LockForm()
    form.door.choices = _doors()
    if not form.validate_on_submit():
        return _page("locks", 422)
    kind, _colon, room_id = (form.door.data or "").partition(":")
    with transaction():
        hotel_id = current_hotel().id
        room = one_of_hotel(Room, hotel_id, id=int(room_id)) if room_id else None
        services.map_lock(one_of_hotel(Lock, hotel_id, lock=True, id=lock_id), kind, room)
    return _back(_("Saved."))


@blueprint.post("/staff/<slug>/locks/<int:lock_id>/unlock")
@limiter.limit("20 per hour")
@staff_page("locks.manage")
def unlock(lock_id: int) -> Any:
    with transaction():
        services.request_unlock(one_of_hotel(Lock, current_hotel().id, id=lock_id))
    return _back(_("The door is being opened."))


@blueprint.post("/staff/<slug>/locks/codes/<int:code_id>/retry")
@staff_page("stays.manage")
def retry(code_id: int) -> Any:
    with transaction():
        services.try_again(services.code_of_hotel(current_hotel().id, code_id))
    return _back(_("Another attempt is under way."))


def _back(message: str) -> Any:
    if htmx.is_fragment():
        return htmx.with_toast(_page("locks"), message)
    return htmx.see_other(url_for("access.locks", slug=current_hotel().slug))


@blueprint.post("/hooks/ttlock/<token>")
@csrf.exempt
@limiter.limit("600 per minute")
def callback(token: str) -> Any:
    request.max_content_length = MOST_CALLBACK_BYTES
    with transaction():
        records.receive(token, request.form.to_dict())
    return "success", 200, {"Content-Type": "text/plain; charset=utf-8"}

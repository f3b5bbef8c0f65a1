"""The desk's JSON about moving stays to make room for one more."""

from __future__ import annotations

from typing import Any

from flask import url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from webapp.core.database import db
from webapp.core.transaction import transaction
from webapp.models import MoveBatch, Reservation, Room
from webapp.web import api
from webapp.web.auth import current_hotel, staff_api

from . import answers, moves
from .api_kit import ONE, ROOT, blueprint, log, stay_of
from .occupancy import Proposal
from .schemas import ApplyMoves

TAG = ["Moves"]


@blueprint.get(f"{ONE}/make-room/")
@staff_api("stays.view")
@api.validate(tags=TAG, resp=api.answers(answers.Proposal, 200, 409), security=api.BEARER)
def propose(booking_id: str) -> Any:
    """The fewest moves of other stays that free a room for this one.

    Guests in house, pinned stays and stays that change rooms are left alone. Guests stay within their type when that is enough.
    """
    stay = stay_of(booking_id)
    proposal = moves.propose_moves(stay)
    log.info("personal_data_read", reservation_id=stay.id, what="moves")
    return answers.Proposal(
        booking_id=stay.booking_id, check_in=stay.check_in, check_out=stay.check_out,
        is_possible=proposal.room is not None, message=in_words(proposal), fingerprint=proposal.fingerprint,
        room_number=proposal.room.number if proposal.room else None, is_optimal=proposal.is_optimal,
        moves=[
            _move(one.stay, one.from_room, one.to_room, one.is_upgrade, one.stay.assignment_version)
            for one in proposal.moves
        ],
    )  # fmt: skip


def in_words(proposal: Proposal) -> str:
    if proposal.room is None:
        return _("No set of moves frees a room for this stay.")
    if not proposal.moves:
        return _("Room %(number)s is free; nobody has to move.", number=proposal.room.number)
    return ngettext(
        "Room %(room)s becomes free when %(num)d stay moves.", "Room %(room)s becomes free when %(num)d stays move.",
        len(proposal.moves), room=proposal.room.number,
    )  # fmt: skip


def _move(stay: Reservation, from_room: Room, to_room: Room, is_upgrade: bool, version: int) -> answers.Move:
    return answers.Move(
        booking_id=stay.booking_id, guest_name=stay.guest_name, check_in=stay.check_in, check_out=stay.check_out,
        from_room=from_room.number, to_room=to_room.number, is_upgrade=is_upgrade, assignment_version=version,
    )  # fmt: skip


@blueprint.post(f"{ONE}/make-room/")
@staff_api("stays.manage")
@api.validate(tags=TAG, resp=api.answers(answers.MovesApplied, 200, 409), security=api.BEARER)
def apply(booking_id: str, json: ApplyMoves) -> Any:
    """Apply the moves and place the stay: all or nothing.

    409 `MOVES_OUTDATED` when the proposal with this `fingerprint` no longer stands; `NO_AVAILABILITY` when there is none.
    """
    with transaction():
        batch = moves.apply_moves(stay_of(booking_id), fingerprint=json.fingerprint, allow_upgrades=json.allow_upgrades)
    return answers.MovesApplied(
        batch_id=batch.id, room_number=db.session.get_one(Room, batch.moves[-1]["to_room_id"]).number,
        moves=[_kept_move(move) for move in batch.moves if move["from_room_id"]], undo_url=undo_url(batch),
    )  # fmt: skip


def _kept_move(move: dict[str, Any]) -> answers.Move:
    stay = db.session.get_one(Reservation, move["reservation_id"])
    from_room, to_room = (db.session.get_one(Room, move[name]) for name in ("from_room_id", "to_room_id"))
    is_upgrade = to_room.room_type_id not in (from_room.room_type_id, stay.room_type_id)
    return _move(stay, from_room, to_room, is_upgrade, move["version"])


def undo_url(batch: MoveBatch) -> str:
    return url_for("stays_api.undo", slug=current_hotel().slug, batch_id=batch.id)


@blueprint.post(f"{ROOT}/moves/<int:batch_id>/undo/")
@staff_api("stays.manage")
@api.validate(tags=TAG, resp=api.answers(answers.MovesUndone, 200, 409), security=api.BEARER)
def undo(batch_id: int) -> Any:
    """Put everybody back where they were. 409 `MOVES_OUTDATED` when one of the stays was changed since."""
    with transaction():
        batch = moves.undo_moves(current_hotel(), batch_id)
    return answers.MovesUndone.model_validate({"batch_id": batch.id, "undone_at": batch.undone_at})

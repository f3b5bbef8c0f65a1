"""Making room at the desk: the proposal as two charts in the drawer, applied by one press, taken back by another."""

from __future__ import annotations

from flask import Blueprint, Response, request, url_for
from flask_babel import gettext as _

from webapp.core.transaction import transaction
from webapp.web import htmx
from webapp.web.auth import current_hotel, staff_page

from . import before_after, moves
from .api_moves import in_words
from .detail import stay_by_id
from .routes import answer

blueprint = Blueprint("stay_moves", __name__, url_prefix="/staff/<slug>")


@blueprint.get("/reservations/<booking_id>/make-room")
@staff_page("stays.manage")
def make_room(booking_id: str) -> Response:
    stay = stay_by_id(current_hotel().id, booking_id)
    proposal = moves.propose_moves(stay)
    return htmx.render(
        "stays/make_room.html", "panel", hotel=current_hotel(), stay=stay, proposal=proposal, message=in_words(proposal),
        charts=before_after.charts(stay, proposal) if proposal.room else None,
    )  # fmt: skip


@blueprint.post("/reservations/<booking_id>/make-room")
@staff_page("stays.manage")
def apply(booking_id: str) -> Response:
    """Apply what was shown, then show the stay in its room; the toast takes it back."""
    with transaction():
        stay = stay_by_id(current_hotel().id, booking_id)
        batch = moves.apply_moves(stay, fingerprint=request.form.get("fingerprint", "")[:64])
    undo_url = url_for("stay_moves.undo", slug=current_hotel().slug, batch_id=batch.id)
    return answer(stay, _("Room is made and the stay is placed."), undo_url)


@blueprint.post("/moves/<int:batch_id>/undo")
@staff_page("stays.manage")
def undo(batch_id: int) -> Response:
    with transaction():
        moves.undo_moves(current_hotel(), batch_id)
    if not htmx.is_fragment():
        return htmx.see_other(url_for("board.board", slug=current_hotel().slug))
    return htmx.with_toast(Response(status=204), _("Everybody is back in the room they had."))

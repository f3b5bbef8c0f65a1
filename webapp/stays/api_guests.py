"""The desk's JSON about the people of a stay."""

from __future__ import annotations

from typing import Any

from webapp.core.transaction import transaction
from webapp.models import Reservation
from webapp.web import api
from webapp.web.auth import staff_api

from . import answers, party
from .api_kit import ONE, blueprint, log, stay_of
from .detail import party_of
from .schemas import NewMember

TAG = ["Guests"]


@blueprint.get(f"{ONE}/party/")
@staff_api("stays.view")
@api.validate(tags=TAG, resp=api.answers(answers.Party), security=api.BEARER)
def read_party(booking_id: str) -> Any:
    """Who comes: the primary guest first, then the others."""
    stay = stay_of(booking_id)
    log.info("personal_data_read", reservation_id=stay.id, what="party")
    return answers.Party(**_party(stay))


@blueprint.post(f"{ONE}/party/")
@staff_api("stays.manage")
@api.validate(tags=TAG, resp=api.answers(answers.MemberAdded, 201, 409), security=api.BEARER)
def add_to_party(booking_id: str, json: NewMember) -> Any:
    """Add somebody to the party."""
    with transaction():
        stay = stay_of(booking_id)
        member = party.add_member(stay, **json.model_dump())
    return answers.MemberAdded(**_party(stay), member=answers.Member.model_validate(member)), 201


@blueprint.delete(f"{ONE}/party/")
@staff_api("stays.manage")
@api.validate(tags=TAG, resp=api.answers(answers.Party), security=api.BEARER)
def clear_party(booking_id: str) -> Any:
    """Take everybody but the primary guest out of the party."""
    with transaction():
        stay = stay_of(booking_id)
        party.clear(stay)
    return answers.Party(**_party(stay))


@blueprint.delete(f"{ONE}/party/<int:member_id>/")
@staff_api("stays.manage")
@api.validate(tags=TAG, resp=api.answers(answers.Party), security=api.BEARER)
def remove_from_party(booking_id: str, member_id: int) -> Any:
    """Take one person out of the party."""
    with transaction():
        stay = stay_of(booking_id)
        party.remove_member(stay, member_id)
    return answers.Party(**_party(stay))


def _party(stay: Reservation) -> dict[str, Any]:
    members = party_of(stay)
    return {"booking_id": stay.booking_id, "count": len(members), "party": members}

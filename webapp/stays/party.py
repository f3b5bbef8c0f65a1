"""Who comes along. The primary guest is part of the stay itself (`services.update_guest`)."""

from __future__ import annotations

from flask_babel import gettext as _
from sqlalchemy import delete, func, select

from webapp.core.database import db
from webapp.core.errors import Conflict, NotFound
from webapp.core.tenancy import one_of_hotel
from webapp.models import PartyMember, Reservation

from . import records

LARGEST_PARTY = 100


def add_member(
    stay: Reservation,
    *,
    name: str,
    role: str = "COMPANION",
    email: str | None = None,
    phone: str | None = None,
    is_staying: bool = True,
) -> PartyMember:
    """Add a person. Raises Conflict PARTY_TOO_LARGE."""
    records.lock(stay)
    count = select(func.count()).select_from(PartyMember).where(PartyMember.reservation_id == stay.id)
    if (db.session.scalar(count) or 0) >= LARGEST_PARTY:
        raise Conflict(_("The party is as large as we can take."), "PARTY_TOO_LARGE")
    member = PartyMember(
        hotel_id=stay.hotel_id, reservation_id=stay.id, name=name, role=role, email=email or None, phone=phone or None,
        is_staying=is_staying,
    )  # fmt: skip
    db.session.add(member)
    db.session.flush()
    after = {"name": name, "role": role, "is_staying": is_staying}
    records.changed(stay, "party_member_added", "booking-updated", after=after)
    return member


def remove_member(stay: Reservation, member_id: int) -> None:
    """Take a person out. Raises NotFound."""
    records.lock(stay)
    try:
        member = one_of_hotel(PartyMember, stay.hotel_id, id=member_id, reservation_id=stay.id)
    except NotFound:
        raise NotFound(_("There is no such person in this party.")) from None
    before = {"name": member.name, "role": member.role}
    db.session.delete(member)
    db.session.flush()
    records.changed(stay, "party_member_removed", "booking-updated", before=before)


def clear(stay: Reservation) -> None:
    """Take everybody out but the primary guest. Twice changes nothing."""
    records.lock(stay)
    names = db.session.scalars(select(PartyMember.name).where(PartyMember.reservation_id == stay.id)).all()
    if not names:
        return
    db.session.execute(delete(PartyMember).where(PartyMember.reservation_id == stay.id))
    records.changed(stay, "party_cleared", "booking-updated", before={"party": list(names)})

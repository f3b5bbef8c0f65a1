"""The unguessable links of a stay: one to check in, one to the portal. A link keeps its token for as long as it lives."""

from __future__ import annotations

import datetime as dt

from sqlalchemy.dialects.postgresql import Insert, insert

from webapp.core import ids
from webapp.core.clock import now
from webapp.core.database import db
from webapp.models import GuestLink, Hotel, Reservation

from .queries import living_of

PORTAL_STAYS_OPEN = dt.timedelta(days=14)  # after departure: times, invoice, lost property


def link_for(stay: Reservation, purpose: str) -> GuestLink:
    """The link of this stay for `checkin` or `stay`. Both are made when there are none; their end follows the dates of the stay."""
    query = db.select(GuestLink).filter_by(reservation_id=stay.id, purpose=purpose)
    link = db.session.scalars(query).one_or_none()
    if link is None:
        db.session.execute(_new(stay))
        link = db.session.scalars(query).one()
    ends = _ends(stay, purpose)
    if link.expires_at != ends:
        link.expires_at = ends
        db.session.flush()
    return link


def token_of(stay: Reservation, purpose: str) -> str:
    """Token of a link that exists: of a stay that has one link, as both are made together. Writes nothing."""
    query = db.select(GuestLink).filter_by(reservation_id=stay.id, purpose=purpose)
    return db.session.scalars(query).one().token


def following(link: GuestLink) -> GuestLink:
    """The link that counts where the stay was merged into another one. Writes nothing."""
    kept = living_of([link.reservation])[0]
    if kept.id == link.reservation_id:
        return link
    query = db.select(GuestLink).filter_by(reservation_id=kept.id, purpose=link.purpose)
    return db.session.scalars(query).one_or_none() or link


def address_of(link: GuestLink, public_url: str) -> str:
    """What the guest opens."""
    return f"{public_url}/{link.purpose}/{link.token}"


def refresh_ends(stay: Reservation) -> None:
    """After a change of dates: links that exist end with the stay."""
    for link in db.session.scalars(db.select(GuestLink).filter_by(reservation_id=stay.id)):
        if link.expires_at != _ends(stay, link.purpose):
            link.expires_at = _ends(stay, link.purpose)
    db.session.flush()


def _new(stay: Reservation) -> Insert:
    rows = []
    for purpose in ("checkin", "stay"):
        token = ids.token()
        rows.append({
            "hotel_id": stay.hotel_id, "reservation_id": stay.id, "purpose": purpose, "token": token,
            "token_hash": ids.token_hash(token), "expires_at": _ends(stay, purpose), "created_at": now(),
        })  # fmt: skip
    return insert(GuestLink).values(rows).on_conflict_do_nothing(index_elements=["reservation_id", "purpose"])


def _ends(stay: Reservation, purpose: str) -> dt.datetime:
    hotel = db.session.get_one(Hotel, stay.hotel_id)
    leaves = hotel.check_out_instant(stay.check_out, stay.late_departure)
    return leaves if purpose == "checkin" else leaves + PORTAL_STAYS_OPEN

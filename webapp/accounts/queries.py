"""Reads of accounts for screens and the API."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from webapp.core.clock import now
from webapp.core.database import db
from webapp.core.tenancy import of_hotel
from webapp.models import AccountToken, Hotel, Membership, User


def members_of(hotel: Hotel) -> Sequence[Membership]:
    """The team, owners first, with their users."""
    rank = func.array_position(["owner", "manager", "desk", "housekeeping"], Membership.role)
    return db.session.scalars(
        of_hotel(Membership, hotel.id).options(joinedload(Membership.user)).order_by(rank, Membership.id)
    ).all()


def open_invitations_of(hotel: Hotel) -> Sequence[AccountToken]:
    return db.session.scalars(
        of_hotel(AccountToken, hotel.id)
        .where(AccountToken.purpose == "invitation", AccountToken.used_at.is_(None), AccountToken.expires_at > now())
        .options(joinedload(AccountToken.user))
        .order_by(AccountToken.id)
    ).all()


def hotels_of(user: User) -> list[tuple[Hotel, str]]:
    """The hotels that `user` works in, each with the role; an administrator owns them all."""
    if user.is_administrator:
        return [(hotel, "owner") for hotel in db.session.scalars(select(Hotel).order_by(Hotel.name))]
    rows = db.session.execute(
        select(Hotel, Membership.role)
        .join(Membership, Membership.hotel_id == Hotel.id)
        .where(Membership.user_id == user.id)
        .order_by(Hotel.name)
    )
    return [(row.Hotel, row.role) for row in rows]


def programs_of(user: User) -> Sequence[AccountToken]:
    """The refresh tokens that still let a program in, the one that renewed last first."""
    return db.session.scalars(
        select(AccountToken)
        .where(AccountToken.user_id == user.id, AccountToken.purpose == "api_refresh", AccountToken.used_at.is_(None))
        .where(AccountToken.expires_at > now())
        .order_by(AccountToken.id.desc())
        .limit(100)
    ).all()


def recovery_codes_left(user: User) -> int:
    return (
        db.session.scalar(
            select(func.count()).where(
                AccountToken.user_id == user.id,
                AccountToken.purpose == "recovery_code",
                AccountToken.used_at.is_(None),
            )
        )
        or 0
    )

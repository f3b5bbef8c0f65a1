"""Who works in a hotel, and as what. A hotel never loses its last owner."""

from __future__ import annotations

from flask_babel import gettext as _
from sqlalchemy import func, select, text

from webapp.accounts.domain import STAFF_ROLES, normal_email
from webapp.core import audit
from webapp.core.actor import current as current_actor
from webapp.core.database import db
from webapp.core.errors import Conflict, Invalid
from webapp.core.tenancy import one_of_hotel
from webapp.models import AccountToken, Hotel, Membership, User

from . import links, passwords


def create_user(email: str, name: str, password: str | None = None, *, is_administrator: bool = False) -> User:
    """An account. Without a password it waits for an invitation to be accepted. Raises Conflict for a known address."""
    address = normal_email(email)
    if db.session.scalar(select(User.id).where(User.email == address)) is not None:
        raise Conflict(_("There is an account with this e-mail address already."), "EMAIL_TAKEN", field="email")
    user = User(email=address, name=name.strip() or address, is_administrator=is_administrator)
    db.session.add(user)
    db.session.flush()
    if password is not None:
        passwords.set_password(user, password)
    audit.record(None, "account_created", user, after={"email": address, "is_administrator": is_administrator})
    return user


def add_member(hotel: Hotel, user: User, role: str) -> Membership:
    """Make `user` a member without an invitation (operator commands, the demo)."""
    _check_role(role)
    member = Membership(user_id=user.id, hotel_id=hotel.id, role=role)
    db.session.add(member)
    db.session.flush()
    audit.record(hotel.id, "member_added", member, after={"email": user.email, "role": role})
    return member


def invite(hotel: Hotel, email: str, role: str, public_url: str) -> AccountToken:
    """Send somebody a link to join the team. Whether the address has an account already is not told."""
    _check_role(role)
    address = normal_email(email)
    user = db.session.scalar(select(User).where(User.email == address))
    if user is None:
        user = User(email=address, name=address, language=hotel.language)
        db.session.add(user)
        db.session.flush()
    elif db.session.scalar(select(Membership.id).filter_by(user_id=user.id, hotel_id=hotel.id)) is not None:
        raise Conflict(_("This person is on the team already."), "ALREADY_MEMBER", field="email")
    invitation = links.send_invitation(user, hotel, role, current_actor().label, public_url)
    audit.record(hotel.id, "member_invited", invitation, after={"email": address, "role": role})
    return invitation


def change_details(user: User, name: str, language: str) -> None:
    """What colleagues read on the person's work, and the language that pages and mails speak to the person."""
    before, after = audit.changes(user, {"name": name.strip(), "language": language})
    if not after:
        return
    user.name, user.language = name.strip(), language
    db.session.flush()
    audit.record(None, "account_changed", user, before=before, after=after)


def change_role(hotel: Hotel, member_id: int, role: str) -> Membership:
    _check_role(role)
    _lock_team(hotel)
    member = one_of_hotel(Membership, hotel.id, lock=True, id=member_id)
    if member.role == role:
        return member
    if member.role == "owner":
        _keep_an_owner(hotel)
    before, member.role = member.role, role
    db.session.flush()
    audit.record(hotel.id, "role_changed", member, before={"role": before}, after={"role": role})
    return member


def remove_member(hotel: Hotel, member_id: int) -> None:
    """Take somebody off the team. The account stays; it may work in other hotels."""
    _lock_team(hotel)
    member = one_of_hotel(Membership, hotel.id, lock=True, id=member_id)
    if member.role == "owner":
        _keep_an_owner(hotel)
    user = db.session.get_one(User, member.user_id)
    audit.record(hotel.id, "member_removed", member, before={"email": user.email, "role": member.role})
    db.session.delete(member)
    db.session.flush()


def _lock_team(hotel: Hotel) -> None:
    """Two owners who remove each other at the same time: the second one waits, and is then the last."""
    db.session.execute(text("SELECT 1 FROM hotel WHERE id = :id FOR NO KEY UPDATE"), {"id": hotel.id})


def _keep_an_owner(hotel: Hotel) -> None:
    owners = db.session.scalar(select(func.count()).where(Membership.hotel_id == hotel.id, Membership.role == "owner"))
    if (owners or 0) < 2:
        raise Conflict(_("A hotel needs an owner. Make somebody else one first."), "LAST_OWNER")


def _check_role(role: str) -> None:
    if role not in STAFF_ROLES:
        raise Invalid(_("Choose one of the roles."), field="role")

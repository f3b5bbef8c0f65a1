"""Links sent by mail: to join a hotel's team, to choose a new password. Each works once, for a while; only hashes are kept."""

from __future__ import annotations

import datetime as dt

from flask_babel import gettext as _
from sqlalchemy import select, update

from webapp.accounts.domain import normal_email
from webapp.core import audit, ids, outbox
from webapp.core.actor import Actor, acting_as
from webapp.core.clock import now
from webapp.core.database import db
from webapp.core.errors import Gone
from webapp.messaging import services as messaging
from webapp.models import AccountToken, Hotel, Membership, User

from . import passwords, signing_in

INVITATION_LIFETIME = dt.timedelta(days=7)
RESET_LIFETIME = dt.timedelta(hours=1)


def request_password_reset(email: str) -> None:
    """Ask for a reset mail. Does the same work for every address; a job decides whether there is somebody to write to."""
    user_id = db.session.scalar(
        select(User.id).where(
            User.email == normal_email(email), User.password_hash.is_not(None), User.is_active_account
        )
    )
    outbox.enqueue("jobs.accounts.send_password_reset", {"user_id": user_id or 0})


def send_password_reset(user_id: int, public_url: str) -> None:
    """Write the reset mail of this user, if there is one. An earlier link ends."""
    user = db.session.get(User, user_id)
    if user is None or not user.is_active or user.password_hash is None:
        return
    _end(user.id, "password_reset")
    token = _new_token(user, "password_reset", RESET_LIFETIME)
    messaging.queue_mail(
        hotel_id=None, recipient=user.email, language=user.language, template="accounts/emails/password_reset",
        context={"name": user.name, "url": f"{public_url}/reset/{token}", "minutes": int(RESET_LIFETIME.total_seconds() // 60)},
    )  # fmt: skip


def user_of_reset(token: str, *, lock: bool = False) -> User:
    """Whose password this link may change. Raises Gone for a link that is wrong, used or ended."""
    return db.session.get_one(User, _open_token(token, "password_reset", lock).user_id)


def reset_password(token: str, password: str) -> User:
    """Choose a new password by mail. The link, every session and every token end; the second step stays on."""
    row = _open_token(token, "password_reset", lock=True)
    user = db.session.get_one(User, row.user_id)
    passwords.set_password(user, password)
    _end(user.id, "password_reset")
    with acting_as(Actor("staff", user.name, user.id)):
        audit.record(None, "password_reset", user)
        signing_in.sign_out_everywhere(user)
    return user


def send_invitation(user: User, hotel: Hotel, role: str, invited_by: str, public_url: str) -> AccountToken:
    """Mail a link that makes `user` a member of `hotel`. An earlier invitation to the same hotel ends."""
    _end(user.id, "invitation", hotel.id)
    token = _new_token(user, "invitation", INVITATION_LIFETIME, hotel_id=hotel.id, role=role)
    messaging.queue_mail(
        hotel_id=hotel.id, recipient=user.email, language=user.language, template="accounts/emails/invitation",
        context={
            "hotel": hotel.name, "invited_by": invited_by, "role": role,
            "url": f"{public_url}/invitation/{token}", "days": INVITATION_LIFETIME.days,
        },
    )  # fmt: skip
    return db.session.scalars(select(AccountToken).where(AccountToken.token_hash == ids.token_hash(token))).one()


def open_invitation(token: str, *, lock: bool = False) -> AccountToken:
    """The invitation of this link. Raises Gone for one that is wrong, used, withdrawn or ended."""
    return _open_token(token, "invitation", lock)


def accept_invitation(token: str, name: str = "", password: str = "") -> User:
    """Join the hotel. Who has no password yet chooses one, and their name; who has one keeps both."""
    row = open_invitation(token, lock=True)
    user = db.session.get_one(User, row.user_id)
    if user.password_hash is None:
        passwords.set_password(user, password)
        user.name = name.strip()
    member = db.session.scalar(select(Membership).filter_by(user_id=user.id, hotel_id=row.hotel_id))
    if member is None:
        member = Membership(user_id=user.id, hotel_id=row.hotel_id, role=row.role)
        db.session.add(member)
    row.used_at = now()
    db.session.flush()
    audit.record(
        row.hotel_id, "member_joined", member, after={"email": user.email, "role": member.role},
        actor=Actor("staff", user.name, user.id),
    )  # fmt: skip
    return user


def withdraw_invitation(hotel: Hotel, invitation_id: int) -> None:
    """End an open invitation. Doing it twice changes nothing."""
    db.session.execute(
        update(AccountToken)
        .where(
            AccountToken.id == invitation_id,
            AccountToken.purpose == "invitation",
            AccountToken.hotel_id == hotel.id,
            AccountToken.used_at.is_(None),
        )
        .values(used_at=now())
    )


def _new_token(user: User, purpose: str, lifetime: dt.timedelta, **values: object) -> str:
    token = ids.token()
    db.session.add(
        AccountToken(
            user_id=user.id, purpose=purpose, token_hash=ids.token_hash(token), expires_at=now() + lifetime, **values
        )
    )
    db.session.flush()
    return token


def _open_token(token: str, purpose: str, lock: bool) -> AccountToken:
    query = select(AccountToken).filter_by(token_hash=ids.token_hash(token), purpose=purpose)
    row = db.session.scalar(query.with_for_update() if lock else query)
    if row is None or row.used_at is not None or row.expires_at <= now():
        raise Gone(_("This link was used already, has ended, or is not complete. Ask for a new one."), "LINK_ENDED")
    return row


def _end(user_id: int, purpose: str, hotel_id: int | None = None) -> None:
    statement = update(AccountToken).where(
        AccountToken.user_id == user_id, AccountToken.purpose == purpose, AccountToken.used_at.is_(None)
    )
    if hotel_id is not None:
        statement = statement.where(AccountToken.hotel_id == hotel_id)
    db.session.execute(statement.values(used_at=now()))

"""People who sign in: staff and clients, what they may do where, and the secrets that let them in."""

from __future__ import annotations

from flask_login import UserMixin
from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.core.clock import now
from webapp.core.database import Base, Id, Instant, Short
from webapp.core.encryption import EncryptedText

from .hotel import Hotel

ROLES = ("owner", "manager", "desk", "housekeeping", "administrator", "client")


class User(UserMixin, Base):
    __tablename__ = "user_account"

    id: Mapped[Id]
    email: Mapped[str] = mapped_column(unique=True)  # lower case
    name: Mapped[str]
    password_hash: Mapped[str | None]  # argon2id; None until the invitation is accepted
    language: Mapped[str] = mapped_column(String(5), default="en")
    is_administrator: Mapped[bool] = mapped_column(default=False)  # of the whole installation
    is_active_account: Mapped[bool] = mapped_column(default=True)
    session_epoch: Mapped[int] = mapped_column(default=0)  # counts up to end every session and token
    totp_secret: Mapped[str | None] = mapped_column(EncryptedText)
    totp_confirmed_at: Mapped[Instant | None]
    totp_last_step: Mapped[int | None]  # the last time step used, so that a code works once
    created_at: Mapped[Instant] = mapped_column(default=now)
    last_signed_in_at: Mapped[Instant | None]

    memberships: Mapped[list[Membership]] = relationship(back_populates="user", cascade="all, delete-orphan")

    @property
    def is_active(self) -> bool:
        return self.is_active_account

    def get_id(self) -> str:
        """Identity in the session cookie; it stops working when the epoch moves on."""
        return f"{self.id}.{self.session_epoch}"


class Membership(Base):
    __tablename__ = "membership"
    __table_args__ = (
        UniqueConstraint("user_id", "hotel_id"),
        CheckConstraint("role IN ('owner', 'manager', 'desk', 'housekeeping')", "role"),
    )

    id: Mapped[Id]
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id", ondelete="CASCADE"))
    hotel_id: Mapped[int] = mapped_column(ForeignKey("hotel.id"), index=True)
    role: Mapped[str] = mapped_column(Short)
    created_at: Mapped[Instant] = mapped_column(default=now)

    user: Mapped[User] = relationship(back_populates="memberships")
    hotel: Mapped[Hotel] = relationship(viewonly=True)


class EndedSession(Base):
    """A session that its user has signed out of. Its cookie is signed and good for hours; whoever copied it is refused by this."""

    __tablename__ = "ended_session"

    session_hash: Mapped[bytes] = mapped_column(primary_key=True)
    ended_at: Mapped[Instant] = mapped_column(default=now)


class AccountToken(Base):
    """A secret that lets a person in: an invitation or password reset sent by mail, a refresh token of an API client, a
    recovery code on paper. Only its hash is kept; each works once.
    """

    __tablename__ = "account_token"
    __table_args__ = (
        CheckConstraint("purpose IN ('invitation', 'password_reset', 'api_refresh', 'recovery_code')", "purpose"),
        CheckConstraint("(purpose = 'invitation') = (hotel_id IS NOT NULL AND role IS NOT NULL)", "invitation"),
    )

    id: Mapped[Id]
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id", ondelete="CASCADE"), index=True)
    purpose: Mapped[str] = mapped_column(Short)
    token_hash: Mapped[bytes] = mapped_column(unique=True)
    created_at: Mapped[Instant] = mapped_column(default=now)
    expires_at: Mapped[Instant]
    used_at: Mapped[Instant | None]
    hotel_id: Mapped[int | None] = mapped_column(ForeignKey("hotel.id"), index=True)  # of an invitation: where to
    role: Mapped[str | None] = mapped_column(Short)  # and as what
    client: Mapped[str] = mapped_column(
        default="", server_default=""
    )  # of a refresh token: what the program calls itself
    begun_at: Mapped[Instant | None]  # and when it signed in; created_at is when it last renewed its token

    user: Mapped[User] = relationship(viewonly=True)
    hotel: Mapped[Hotel | None] = relationship(viewonly=True)

"""Locks, the accounts they belong to, and the codes that open them."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship, validates

from webapp.core.clock import now
from webapp.core.database import Base, Id, Instant, Short, hash_of
from webapp.core.encryption import EncryptedText
from webapp.core.ids import token_hash

from .hotel import Hotel, Room
from .reservation import Reservation

CODE_STATES = ("requested", "sent", "verified", "removing", "removed", "failed")


class LockAccount(Base):
    """A hotel's account at a lock provider, with its current tokens."""

    __tablename__ = "lock_account"
    __table_args__ = (UniqueConstraint("hotel_id", "id"), UniqueConstraint("hotel_id", "provider", "username_hint"))

    id: Mapped[Id]
    hotel_id: Mapped[int] = mapped_column(ForeignKey("hotel.id"))
    provider: Mapped[str] = mapped_column(Short, default="ttlock")
    username: Mapped[str] = mapped_column(EncryptedText)
    username_hint: Mapped[str] = mapped_column(Short)  # "+44…17": enough to tell accounts apart on the page
    password_md5: Mapped[str] = mapped_column(EncryptedText)
    access_token: Mapped[str | None] = mapped_column(EncryptedText)
    refresh_token: Mapped[str | None] = mapped_column(EncryptedText)
    token_expires_at: Mapped[Instant | None]
    fault: Mapped[str | None]
    synced_at: Mapped[Instant | None]
    # In the URL that the provider calls; the row is found by its hash.
    webhook_token: Mapped[str] = mapped_column("webhook_sealed", EncryptedText, deferred=True)
    webhook_hash: Mapped[bytes] = mapped_column(default=hash_of("webhook_sealed"), unique=True, deferred=True)

    hotel: Mapped[Hotel] = relationship(viewonly=True)

    @validates("webhook_token")
    def _found_by(self, _name: str, token: str) -> str:
        self.webhook_hash = token_hash(token)
        return token


class Lock(Base):
    __tablename__ = "lock"
    __table_args__ = (
        UniqueConstraint("hotel_id", "id"),
        UniqueConstraint("account_id", "provider_lock_id"),
        ForeignKeyConstraint(["hotel_id", "account_id"], ["lock_account.hotel_id", "lock_account.id"]),
        ForeignKeyConstraint(["hotel_id", "room_id"], ["room.hotel_id", "room.id"]),
        CheckConstraint("kind IN ('room', 'entrance', 'unused')", "kind"),
        CheckConstraint("kind <> 'room' OR room_id IS NOT NULL", "room_lock_has_room"),
        Index("ix_lock_room", "room_id"),
    )

    id: Mapped[Id]
    hotel_id: Mapped[int] = mapped_column(ForeignKey("hotel.id"))
    account_id: Mapped[int]
    provider_lock_id: Mapped[str] = mapped_column(Short)
    gateway: Mapped[str | None] = mapped_column(Short)  # commands go one at a time through it
    name: Mapped[str]
    kind: Mapped[str] = mapped_column(Short, default="unused")
    room_id: Mapped[int | None]
    battery: Mapped[int | None]  # per cent
    offline_since: Mapped[Instant | None]
    fault: Mapped[str | None]
    seen_at: Mapped[Instant | None]

    account: Mapped[LockAccount] = relationship(
        viewonly=True, primaryjoin="Lock.account_id == LockAccount.id", foreign_keys="Lock.account_id"
    )
    room: Mapped[Room | None] = relationship(
        viewonly=True, primaryjoin="Lock.room_id == Room.id", foreign_keys="Lock.room_id"
    )


class AccessCode(Base):
    """A door code of a stay on one lock, with what the lock is known to hold.

    requested: to be sent; sent: the provider took it; verified: seen in the lock's own list; removing and removed: the
    same on the way out; failed: needs a person.
    """

    __tablename__ = "access_code"
    __table_args__ = (
        ForeignKeyConstraint(["hotel_id", "reservation_id"], ["reservation.hotel_id", "reservation.id"]),
        ForeignKeyConstraint(["hotel_id", "lock_id"], ["lock.hotel_id", "lock.id"]),
        CheckConstraint(f"state IN {CODE_STATES!r}", "state"),
        CheckConstraint("valid_until > valid_from", "validity"),
        Index(
            "uq_access_code_pin",
            "physical_lock",
            "pin_fingerprint",
            unique=True,
            postgresql_where=text("state <> 'removed'"),
        ),
        Index(
            "uq_access_code_stay",
            "reservation_id",
            "lock_id",
            unique=True,
            postgresql_where=text("state IN ('requested', 'sent', 'verified')"),
        ),
        Index("ix_access_code_lock", "lock_id"),
        Index("ix_access_code_open", "hotel_id", postgresql_where=text("state <> 'removed'")),
    )

    id: Mapped[Id]
    hotel_id: Mapped[int]
    reservation_id: Mapped[int]
    lock_id: Mapped[int]
    physical_lock: Mapped[str] = mapped_column(Short)  # the lock itself, also where two hotels share it
    pin: Mapped[str] = mapped_column(EncryptedText)
    pin_fingerprint: Mapped[bytes]
    valid_from: Mapped[Instant]
    valid_until: Mapped[Instant]
    state: Mapped[str] = mapped_column(Short, default="requested")
    provider_code_id: Mapped[str | None] = mapped_column(Short)
    provider_valid_from: Mapped[Instant | None]  # what the lock was last told
    provider_valid_until: Mapped[Instant | None]
    attempts: Mapped[int] = mapped_column(default=0)
    fault: Mapped[str | None]
    requested_at: Mapped[Instant] = mapped_column(default=now)
    sent_at: Mapped[Instant | None]
    verified_at: Mapped[Instant | None]
    removed_at: Mapped[Instant | None]
    first_used_at: Mapped[Instant | None]

    lock: Mapped[Lock] = relationship(
        viewonly=True, primaryjoin="AccessCode.lock_id == Lock.id", foreign_keys="AccessCode.lock_id"
    )
    reservation: Mapped[Reservation] = relationship(
        viewonly=True,
        primaryjoin="AccessCode.reservation_id == Reservation.id",
        foreign_keys="AccessCode.reservation_id",
    )

"""Contactless check-in: how far the guest has come, and the documents they gave."""

from __future__ import annotations

from typing import Any

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.core.clock import now
from webapp.core.database import Base, Id, Instant, Short
from webapp.core.encryption import EncryptedBytes, EncryptedJSON

from .reservation import Reservation


class CheckIn(Base):
    """One for a reservation; survives reloads and second tabs because every step is stored when it is taken."""

    __tablename__ = "check_in"
    __table_args__ = (ForeignKeyConstraint(["hotel_id", "reservation_id"], ["reservation.hotel_id", "reservation.id"]),)

    id: Mapped[Id]
    hotel_id: Mapped[int]
    reservation_id: Mapped[int] = mapped_column(unique=True)
    language: Mapped[str | None] = mapped_column(String(5))
    details: Mapped[Any | None] = mapped_column(EncryptedJSON)
    details_given_at: Mapped[Instant | None]
    document_given_at: Mapped[Instant | None]
    reviewed_at: Mapped[Instant | None]
    rules_accepted_at: Mapped[Instant | None]
    completed_at: Mapped[Instant | None]
    created_at: Mapped[Instant] = mapped_column(default=now)
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012

    reservation: Mapped[Reservation] = relationship(
        viewonly=True, primaryjoin="CheckIn.reservation_id == Reservation.id", foreign_keys="CheckIn.reservation_id"
    )


class Document(Base):
    """A photo of an identity document, decoded and written anew, sealed at rest."""

    __tablename__ = "document"
    __table_args__ = (
        ForeignKeyConstraint(["hotel_id", "reservation_id"], ["reservation.hotel_id", "reservation.id"]),
        CheckConstraint("store IN ('database', 'cloudinary')", "store"),
        Index("ix_document_reservation", "reservation_id"),
    )

    id: Mapped[Id]
    hotel_id: Mapped[int]
    reservation_id: Mapped[int]
    kind: Mapped[str] = mapped_column(Short, default="identity")
    store: Mapped[str] = mapped_column(Short, default="database")
    storage_key: Mapped[str | None]  # at an outside store
    content: Mapped[bytes | None] = mapped_column(EncryptedBytes)  # in our own
    media_type: Mapped[str] = mapped_column(Short, default="image/jpeg")
    width: Mapped[int]
    height: Mapped[int]
    size: Mapped[int]  # bytes before sealing
    uploaded_at: Mapped[Instant] = mapped_column(default=now)
    deleted_at: Mapped[Instant | None]

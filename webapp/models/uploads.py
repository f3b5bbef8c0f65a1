"""Reservation files that were uploaded, what each of them changes, and what the sites call the rooms."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from webapp.core.clock import now
from webapp.core.database import Base, Id, Instant, Short
from webapp.core.encryption import EncryptedBytes, EncryptedJSON

UPLOAD_STATES = (
    "reading", "mapping", "preview", "applying", "applied", "undoing", "undone", "refused", "discarded",
)  # fmt: skip
UPLOAD_ACTIONS = ("created", "updated", "cancelled", "no_show", "restored", "unchanged", "skipped", "warning")


class Upload(Base):
    """A file of a booking site. The file itself is kept sealed as long as its plan may have to be made anew.

    `age`: FRESH; OLD, when more is known already than the file knows; DUPLICATE, when another file said the same.
    """

    __tablename__ = "upload"
    __table_args__ = (
        UniqueConstraint("hotel_id", "id"),
        CheckConstraint(f"state IN {UPLOAD_STATES!r}", "state"),
        CheckConstraint("age IN ('FRESH', 'OLD', 'DUPLICATE')", "age"),
        Index("ix_upload_newest", "hotel_id", "id"),
        # The same file cannot count twice, not even when two people upload it at the same moment.
        Index(
            "uq_upload_applied", "hotel_id", "content_digest", unique=True,
            postgresql_where=text("state IN ('reading', 'mapping', 'preview', 'applying', 'applied', 'undoing')"),
        ),
    )  # fmt: skip

    id: Mapped[Id]
    hotel_id: Mapped[int] = mapped_column(ForeignKey("hotel.id"))
    filename: Mapped[str]
    content: Mapped[bytes | None] = mapped_column(EncryptedBytes, deferred=True)
    content_digest: Mapped[bytes]
    rows_digest: Mapped[bytes | None]
    state: Mapped[str] = mapped_column(Short, default="reading")
    kind: Mapped[str] = mapped_column(Short, default="")
    provider: Mapped[str] = mapped_column(Short, default="")
    age: Mapped[str] = mapped_column(Short, default="FRESH")
    # Headers with their fields, and header → field as a person chose it. Examples, and headers of a file without any, name guests.
    columns: Mapped[list[Any]] = mapped_column("columns_sealed", EncryptedJSON, default=list, nullable=True)
    mapping: Mapped[dict[str, Any]] = mapped_column("mapping_sealed", EncryptedJSON, default=dict, nullable=True)
    newest_at: Mapped[Instant | None]  # the newest booking or cancellation that the file knows
    lines: Mapped[int] = mapped_column(default=0)
    counts: Mapped[dict[str, Any]] = mapped_column(default=dict)  # action → number, and "fixed", "unknown_rooms"
    plan_digest: Mapped[bytes | None]  # of what was shown: nothing else is applied
    fault_kind: Mapped[str | None] = mapped_column(Short)
    message: Mapped[str] = mapped_column(default="")  # why it was refused, or what came up since the preview
    created_by: Mapped[str]
    created_at: Mapped[Instant] = mapped_column(default=now)
    applied_at: Mapped[Instant | None]
    applied_by: Mapped[str | None]
    undone_at: Mapped[Instant | None]
    undone_by: Mapped[str | None]


class UploadEntry(Base):
    """What one line of a file does to one stay: first a plan, then a report, with what is needed to take it back."""

    __tablename__ = "upload_entry"
    __table_args__ = (
        ForeignKeyConstraint(["hotel_id", "upload_id"], ["upload.hotel_id", "upload.id"], ondelete="CASCADE"),
        ForeignKeyConstraint(["hotel_id", "reservation_id"], ["reservation.hotel_id", "reservation.id"]),
        CheckConstraint(f"action IN {UPLOAD_ACTIONS!r}", "action"),
        Index("ix_upload_entry_upload", "upload_id", "action", "id"),
        Index("ix_upload_entry_reference", "upload_id", "reference", "id"),
        Index("ix_upload_entry_reservation", "reservation_id"),
    )

    id: Mapped[Id]
    hotel_id: Mapped[int]
    upload_id: Mapped[int]
    line: Mapped[int]
    action: Mapped[str] = mapped_column(Short)
    code: Mapped[str] = mapped_column(Short, default="")  # why
    reference: Mapped[str] = mapped_column(Short, default="")
    arrival: Mapped[dt.date | None]  # as the line says it
    said_digest: Mapped[bytes | None]  # keyed, of all that the line says: the next file may say the same again
    is_fix: Mapped[bool] = mapped_column(default=False, server_default=text("false"))  # a stay leaves a wrong room
    reservation_id: Mapped[int | None]
    details: Mapped[Any | None] = mapped_column(
        EncryptedJSON
    )  # what the line says; names and money: new and old values
    undo: Mapped[Any | None] = mapped_column(EncryptedJSON)  # the stay before, once applied
    version_after: Mapped[int | None]  # of the stay; another one by now means that somebody changed it


class RoomAlias(Base):
    """What a booking site calls a room or a kind of room, said once by a person."""

    __tablename__ = "room_alias"
    __table_args__ = (
        UniqueConstraint("hotel_id", "provider", "name_key"),
        ForeignKeyConstraint(["hotel_id", "room_id"], ["room.hotel_id", "room.id"]),
        ForeignKeyConstraint(["hotel_id", "room_type_id"], ["room_type.hotel_id", "room_type.id"]),
    )

    id: Mapped[Id]
    hotel_id: Mapped[int] = mapped_column(ForeignKey("hotel.id"))
    provider: Mapped[str] = mapped_column(Short)
    name_key: Mapped[str]  # without accents, case and odd spaces
    name: Mapped[str]
    room_type_id: Mapped[int]
    room_id: Mapped[int | None]  # None: any room of the type

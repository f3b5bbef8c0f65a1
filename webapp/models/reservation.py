"""Reservations, who comes with them, the nights they hold, and the counts that sales are decided on.

`RoomNight` is occupancy: one row for each room and night that is taken, by a stay or a block; its primary key makes a
double booking impossible. `Inventory` counts nights per room type; `sold + closed` never exceeds what there is, `forced` counts
stays that a channel sold beyond that. Both are changed only by `webapp.availability.services`.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.core.clock import now
from webapp.core.database import Base, Id, Instant, Short
from webapp.core.encryption import EncryptedText
from webapp.core.stay_dates import StayDates

from .hotel import Hotel, Room, RoomType

STATUSES = ("PENDING_PAYMENT", "CONFIRMED", "CHECKED_IN", "COMPLETED", "CANCELLED", "NO_SHOW", "EXPIRED")
HOLDING_STATUSES = ("PENDING_PAYMENT", "CONFIRMED", "CHECKED_IN", "COMPLETED")  # these hold their nights
SOURCES = ("direct", "desk", "booking", "airbnb", "vrbo", "expedia", "ical")
_LISTED = ["check_in", "check_out", "status", "source", "room_id"]  # what the list filters by


def _list_index(name: str, *columns: str) -> Index:
    """An order of the desk's list, with what is filtered by: a page is found without reading the rows that it drops."""
    rest = [column for column in _LISTED if column not in columns]
    return Index(f"ix_reservation_{name}", "hotel_id", *columns, "id", postgresql_include=rest)


_HOLDING = "status IN ('PENDING_PAYMENT', 'CONFIRMED', 'CHECKED_IN', 'COMPLETED')"


class Client(Base):
    """A guest or booker known to the house over several stays. Personal data is sealed."""

    __tablename__ = "client"

    id: Mapped[Id]
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"), unique=True)
    name: Mapped[str | None] = mapped_column(EncryptedText)
    email: Mapped[str | None] = mapped_column(EncryptedText)
    phone: Mapped[str | None] = mapped_column(EncryptedText)
    email_fingerprint: Mapped[bytes | None] = mapped_column(index=True)
    language: Mapped[str] = mapped_column(String(5), default="en")
    country: Mapped[str] = mapped_column(String(2), default="")
    created_at: Mapped[Instant] = mapped_column(default=now)
    erased_at: Mapped[Instant | None]


class Reservation(Base):
    __tablename__ = "reservation"
    __table_args__ = (
        UniqueConstraint("hotel_id", "id"),
        ForeignKeyConstraint(["hotel_id", "room_id"], ["room.hotel_id", "room.id"]),
        ForeignKeyConstraint(["hotel_id", "room_type_id"], ["room_type.hotel_id", "room_type.id"]),
        ForeignKeyConstraint(["hotel_id", "inventory_type_id"], ["room_type.hotel_id", "room_type.id"]),
        CheckConstraint("check_out > check_in", "dates"),
        CheckConstraint("adults BETWEEN 0 AND 200 AND children BETWEEN 0 AND 200", "party"),
        CheckConstraint(f"status IN {STATUSES!r}", "status"),
        CheckConstraint(f"source IN {SOURCES!r}", "source"),
        CheckConstraint("status <> 'CHECKED_IN' OR room_id IS NOT NULL", "in_house_has_room"),
        Index("ix_reservation_dates", "hotel_id", "check_in", "check_out", postgresql_where=text(_HOLDING)),
        Index("ix_reservation_departures", "hotel_id", "check_out", postgresql_where=text(_HOLDING)),
        Index(
            "ix_reservation_unplaced", "hotel_id", "check_in", postgresql_where=text(f"room_id IS NULL AND {_HOLDING}")
        ),
        Index("ix_reservation_in_house", "hotel_id", "check_out", postgresql_where=text("status = 'CHECKED_IN'")),
        Index(
            "ix_reservation_expected",
            "hotel_id",
            "check_in",
            "check_out",
            postgresql_where=text("status IN ('PENDING_PAYMENT', 'CONFIRMED')"),
        ),
        Index("ix_reservation_room", "room_id", "check_out"),
        Index("ix_reservation_moved", "hotel_id", "check_out", postgresql_where=text("has_moved")),
        ForeignKeyConstraint(["hotel_id", "merged_into_id"], ["reservation.hotel_id", "reservation.id"]),
        Index("ix_reservation_merged", "merged_into_id", postgresql_where=text("merged_into_id IS NOT NULL")),
        Index("ix_reservation_reference", "hotel_id", "channel_reference"),
        Index("ix_reservation_search", "search_tokens", postgresql_using="gin"),
        _list_index("newest"),
        _list_index("arrivals", "check_in"),
        _list_index("leaving", "check_out"),
        _list_index("by_status", "status", "check_in"),
        _list_index("by_room", "listed_room", "check_in"),
    )

    id: Mapped[Id]
    hotel_id: Mapped[int] = mapped_column(ForeignKey("hotel.id"))
    booking_id: Mapped[str] = mapped_column(Short, unique=True)  # BK-2026-…: what staff and the API call it
    confirmation_number: Mapped[str] = mapped_column(Short, unique=True)  # what the guest was given
    status: Mapped[str] = mapped_column(Short)
    source: Mapped[str] = mapped_column(Short)
    channel_reference: Mapped[str | None] = mapped_column(Short)  # HM…, ten digits, …

    check_in: Mapped[dt.date]
    check_out: Mapped[dt.date]
    room_type_id: Mapped[int]  # what was sold
    inventory_type_id: Mapped[int]  # whose nights are counted: the assigned room's type, else the sold one
    room_id: Mapped[int | None]  # None: not placed yet
    listed_room: Mapped[str | None] = mapped_column(
        Short, deferred=True
    )  # its number, kept by the database to order lists by
    late_departure: Mapped[dt.time | None]  # the room is kept until then on the day of departure
    is_unplaced: Mapped[bool] = mapped_column(default=False)  # a channel sold it and no room was free: needs a person
    is_pinned: Mapped[bool] = mapped_column(default=False)  # not to be moved to make room
    has_moved: Mapped[bool] = mapped_column(default=False, server_default=text("false"))  # nights in several rooms
    assignment_version: Mapped[int] = mapped_column(default=0)
    room_assigned_at: Mapped[Instant | None]
    room_assigned_by: Mapped[str | None]
    assignment_notes: Mapped[str] = mapped_column(default="")

    adults: Mapped[int] = mapped_column(default=1)
    children: Mapped[int] = mapped_column(default=0)
    guest_name: Mapped[str | None] = mapped_column(EncryptedText)
    guest_email: Mapped[str | None] = mapped_column(EncryptedText)
    guest_phone: Mapped[str | None] = mapped_column(EncryptedText)
    guest_language: Mapped[str] = mapped_column(String(5), default="en")
    guest_country: Mapped[str] = mapped_column(String(2), default="")
    client_id: Mapped[int | None] = mapped_column(ForeignKey("client.id"))
    booker_type: Mapped[str] = mapped_column(Short, default="SELF")
    booker_name: Mapped[str | None] = mapped_column(EncryptedText)
    booker_email: Mapped[str | None] = mapped_column(EncryptedText)
    booker_phone: Mapped[str | None] = mapped_column(EncryptedText)
    booker_company: Mapped[str | None] = mapped_column(EncryptedText)
    special_requests: Mapped[str | None] = mapped_column(EncryptedText)
    search_tokens: Mapped[list[int]] = mapped_column(ARRAY(BigInteger), default=list)
    field_sources: Mapped[dict[str, Any]] = mapped_column(default=dict)  # {"guest_name": "export"}: who said it

    currency: Mapped[str] = mapped_column(String(3))
    total: Mapped[Decimal] = mapped_column(default=Decimal(0))
    paid: Mapped[Decimal] = mapped_column(default=Decimal(0))
    price_lines: Mapped[list[Any]] = mapped_column(
        default=list
    )  # [{kind, description, date?, amount}]: what total sums
    terms: Mapped[dict[str, Any]] = mapped_column(default=dict)  # cancellation and deposit as they were agreed
    deposit_due: Mapped[Decimal] = mapped_column(default=Decimal(0))
    cancellation_fee: Mapped[Decimal] = mapped_column(default=Decimal(0))  # what cancelling cost
    promo_code: Mapped[str] = mapped_column(Short, default="")
    referral_code: Mapped[str] = mapped_column(Short, default="")
    group_id: Mapped[str | None] = mapped_column(Short, index=True)  # stays booked together
    merged_into_id: Mapped[int | None]  # it proved to be the same stay, and lives on there

    awaits_approval: Mapped[bool] = mapped_column(default=False)  # the owner has not said yes yet
    hold_expires_at: Mapped[Instant | None]  # of PENDING_PAYMENT
    checked_in_at: Mapped[Instant | None]
    checked_out_at: Mapped[Instant | None]
    cancelled_at: Mapped[Instant | None]
    cancellation_reason: Mapped[str] = mapped_column(default="")
    created_at: Mapped[Instant] = mapped_column(default=now)
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012

    hotel: Mapped[Hotel] = relationship(viewonly=True)
    room: Mapped[Room | None] = relationship(
        viewonly=True, primaryjoin="Reservation.room_id == Room.id", foreign_keys="Reservation.room_id"
    )
    room_type: Mapped[RoomType] = relationship(
        viewonly=True, primaryjoin="Reservation.room_type_id == RoomType.id", foreign_keys="Reservation.room_type_id"
    )
    party: Mapped[list[PartyMember]] = relationship(order_by="PartyMember.id", viewonly=True)

    @property
    def dates(self) -> StayDates:
        return StayDates(self.check_in, self.check_out)

    @property
    def nights(self) -> int:
        return (self.check_out - self.check_in).days

    @property
    def holds_nights(self) -> bool:
        return self.status in HOLDING_STATUSES

    @property
    def owed(self) -> Decimal:
        """What the stay costs as it stands: its price, or what cancelling cost once its nights are given back."""
        return self.total if self.holds_nights else self.cancellation_fee

    @property
    def balance(self) -> Decimal:
        return self.owed - self.paid


class PartyMember(Base):
    """A person of the party besides the primary guest."""

    __tablename__ = "party_member"
    __table_args__ = (
        ForeignKeyConstraint(["hotel_id", "reservation_id"], ["reservation.hotel_id", "reservation.id"]),
        Index("ix_party_member_reservation", "reservation_id"),
        CheckConstraint("role IN ('PRIMARY', 'COMPANION', 'CHILD')", "role"),
    )

    id: Mapped[Id]
    hotel_id: Mapped[int]
    reservation_id: Mapped[int]
    role: Mapped[str] = mapped_column(Short, default="COMPANION")
    name: Mapped[str] = mapped_column(EncryptedText)
    email: Mapped[str | None] = mapped_column(EncryptedText)
    phone: Mapped[str | None] = mapped_column(EncryptedText)
    is_staying: Mapped[bool] = mapped_column(default=True)


class RoomNight(Base):
    """One room, one night, one stay or block."""

    __tablename__ = "room_night"
    __table_args__ = (
        ForeignKeyConstraint(["hotel_id", "room_id"], ["room.hotel_id", "room.id"]),
        ForeignKeyConstraint(["hotel_id", "reservation_id"], ["reservation.hotel_id", "reservation.id"]),
        ForeignKeyConstraint(["hotel_id", "block_id"], ["room_block.hotel_id", "room_block.id"]),
        CheckConstraint("num_nonnulls(reservation_id, block_id) = 1", "one_holder"),
        UniqueConstraint("reservation_id", "night"),
        Index("ix_room_night_block", "block_id", postgresql_where=text("block_id IS NOT NULL")),
    )

    room_id: Mapped[int] = mapped_column(primary_key=True)
    night: Mapped[dt.date] = mapped_column(primary_key=True)
    hotel_id: Mapped[int]
    reservation_id: Mapped[int | None]
    block_id: Mapped[int | None]


class Inventory(Base):
    """What there is and what is taken, per room type and night."""

    __tablename__ = "inventory"
    __table_args__ = (
        ForeignKeyConstraint(["hotel_id", "room_type_id"], ["room_type.hotel_id", "room_type.id"]),
        CheckConstraint("sold >= 0 AND forced >= 0 AND closed >= 0 AND capacity >= 0", "not_negative"),
        CheckConstraint("sold <= greatest(0, least(capacity - closed + allowance, sellable_limit))", "never_oversold"),
    )

    room_type_id: Mapped[int] = mapped_column(primary_key=True)
    night: Mapped[dt.date] = mapped_column(primary_key=True)
    hotel_id: Mapped[int]
    capacity: Mapped[int]  # rooms of the type
    allowance: Mapped[int] = mapped_column(default=0)  # rooms that may be sold beyond it
    sellable_limit: Mapped[int | None]  # at most this many, whatever there is
    closed: Mapped[int] = mapped_column(default=0)  # rooms under a block
    sold: Mapped[int] = mapped_column(default=0)
    forced: Mapped[int] = mapped_column(default=0)  # stays beyond what there is, recorded all the same


class GuestLink(Base):
    """An unguessable link of a guest: to check in, or to the portal of the stay."""

    __tablename__ = "guest_link"
    __table_args__ = (
        ForeignKeyConstraint(["hotel_id", "reservation_id"], ["reservation.hotel_id", "reservation.id"]),
        UniqueConstraint("reservation_id", "purpose"),
        CheckConstraint("purpose IN ('checkin', 'stay')", "purpose"),
    )

    id: Mapped[Id]
    hotel_id: Mapped[int]
    reservation_id: Mapped[int]
    purpose: Mapped[str] = mapped_column(Short)
    token_hash: Mapped[bytes] = mapped_column(unique=True)
    token: Mapped[str] = mapped_column(EncryptedText)  # to be sent again
    expires_at: Mapped[Instant]
    revoked_at: Mapped[Instant | None]
    created_at: Mapped[Instant] = mapped_column(default=now)

    reservation: Mapped[Reservation] = relationship(
        viewonly=True, primaryjoin="GuestLink.reservation_id == Reservation.id", foreign_keys="GuestLink.reservation_id"
    )

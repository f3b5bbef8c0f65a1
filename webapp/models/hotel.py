"""Hotels, their room types and rooms, periods out of order, and their restaurants."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, String, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column, relationship, validates

from webapp.core import clock
from webapp.core.database import Base, Id, Instant, Short, hash_of
from webapp.core.encryption import EncryptedText
from webapp.core.ids import token_hash
from webapp.core.stay_dates import local_instant


class Hotel(Base):
    __tablename__ = "hotel"

    id: Mapped[Id]
    slug: Mapped[str] = mapped_column(Short, unique=True)
    name: Mapped[str]
    description: Mapped[str] = mapped_column(default="")
    timezone: Mapped[str] = mapped_column(Short)  # IANA name
    currency: Mapped[str] = mapped_column(String(3))  # ISO 4217
    country: Mapped[str] = mapped_column(String(2), default="")  # ISO 3166
    language: Mapped[str] = mapped_column(String(5), default="en")  # what the hotel itself speaks
    languages: Mapped[list[str]] = mapped_column(ARRAY(String(5)), default=list)
    check_in_time: Mapped[dt.time] = mapped_column(default=dt.time(15))
    check_out_time: Mapped[dt.time] = mapped_column(default=dt.time(11))
    address: Mapped[str] = mapped_column(default="")
    latitude: Mapped[float | None]
    longitude: Mapped[float | None]
    phone: Mapped[str] = mapped_column(default="")
    email: Mapped[str] = mapped_column(default="")
    accent_color: Mapped[str] = mapped_column(Short, default="#1f5f8b")
    photo: Mapped[str] = mapped_column(default="")  # path below /static, or an https URL
    house_rules: Mapped[dict[str, Any]] = mapped_column(default=dict)  # {language: [rule, …]}
    settings: Mapped[dict[str, Any]] = mapped_column(default=dict)  # feature switches and thresholds
    created_at: Mapped[Instant] = mapped_column(default=clock.now)
    # New after every change of the hotel, its types, rooms, prices and restrictions: set by the database alone.
    catalogue_version: Mapped[UUID] = mapped_column(server_default=text("gen_random_uuid()"), deferred=True)

    room_types: Mapped[list[RoomType]] = relationship(order_by="RoomType.position", viewonly=True)

    def business_date(self) -> dt.date:
        """Today, where the hotel is."""
        return clock.local_date(self.timezone)

    def check_in_instant(self, arrival: dt.date) -> dt.datetime:
        return local_instant(arrival, self.check_in_time, self.timezone)

    def check_out_instant(self, departure: dt.date, late: dt.time | None = None) -> dt.datetime:
        """When the room is given back; `late`: until when a guest was allowed to keep it."""
        return local_instant(departure, late or self.check_out_time, self.timezone)


class RoomType(Base):
    __tablename__ = "room_type"
    __table_args__ = (
        UniqueConstraint("hotel_id", "code"),
        UniqueConstraint("hotel_id", "id"),
        CheckConstraint("max_occupancy BETWEEN 1 AND 50", "max_occupancy"),
        CheckConstraint("base_occupancy >= 1", "base_occupancy"),
        CheckConstraint("sellable_limit >= 0", "sellable_limit"),
    )

    id: Mapped[Id]
    hotel_id: Mapped[int] = mapped_column(ForeignKey("hotel.id"))
    code: Mapped[str] = mapped_column(Short)
    name: Mapped[str]
    description: Mapped[str] = mapped_column(default="")
    beds: Mapped[str] = mapped_column(default="")  # "1 king bed"
    photos: Mapped[list[str]] = mapped_column(
        ARRAY(Text), default=list
    )  # in order: photo:<token>, a path below /static, https
    max_occupancy: Mapped[int] = mapped_column(default=2)
    base_occupancy: Mapped[int] = mapped_column(default=2)  # guests that the price of a night includes
    base_price: Mapped[Decimal] = mapped_column(default=Decimal(0))  # a night, in the hotel's currency
    extra_guest_price: Mapped[Decimal] = mapped_column(default=Decimal(0))  # a night, for each guest beyond that
    overbooking_allowance: Mapped[int] = mapped_column(default=0)
    sellable_limit: Mapped[int | None]  # at most this many are sold a night, whatever there is
    position: Mapped[int] = mapped_column(default=0)
    is_active: Mapped[bool] = mapped_column(default=True)

    hotel: Mapped[Hotel] = relationship(viewonly=True)


class RoomPhoto(Base):
    """A photo of a room type, written anew by us in two sizes. `RoomType.photos` says in which order they are shown."""

    __tablename__ = "room_photo"
    __table_args__ = (
        ForeignKeyConstraint(["hotel_id", "room_type_id"], ["room_type.hotel_id", "room_type.id"]),
        Index("ix_room_photo_room_type", "room_type_id"),
    )

    id: Mapped[Id]
    hotel_id: Mapped[int]
    room_type_id: Mapped[int]
    token: Mapped[str] = mapped_column(Short, unique=True)  # in its public address
    alt: Mapped[str] = mapped_column(default="")  # what it shows, for those who cannot see it
    width: Mapped[int]
    height: Mapped[int]
    large: Mapped[bytes] = mapped_column(deferred=True)  # JPEG
    small: Mapped[bytes] = mapped_column(deferred=True)  # JPEG, for cards and telephones
    created_at: Mapped[Instant] = mapped_column(default=clock.now)


class Room(Base):
    __tablename__ = "room"
    __table_args__ = (
        UniqueConstraint("hotel_id", "number"),
        UniqueConstraint("hotel_id", "id"),
        ForeignKeyConstraint(["hotel_id", "room_type_id"], ["room_type.hotel_id", "room_type.id"]),
        CheckConstraint("housekeeping IN ('clean', 'dirty', 'inspected')", "housekeeping"),
    )

    id: Mapped[Id]
    hotel_id: Mapped[int] = mapped_column(ForeignKey("hotel.id"))
    room_type_id: Mapped[int]
    number: Mapped[str] = mapped_column(Short)  # "101", "Garden"
    floor: Mapped[str] = mapped_column(Short, default="")
    position: Mapped[int] = mapped_column(default=0)
    housekeeping: Mapped[str] = mapped_column(Short, default="clean")
    is_active: Mapped[bool] = mapped_column(default=True)
    # In the URL of our own calendar of this room; the row is found by its hash.
    export_token: Mapped[str] = mapped_column("export_sealed", EncryptedText, deferred=True)
    export_hash: Mapped[bytes] = mapped_column(default=hash_of("export_sealed"), unique=True, deferred=True)

    hotel: Mapped[Hotel] = relationship(viewonly=True)
    room_type: Mapped[RoomType] = relationship(viewonly=True)

    @validates("export_token")
    def _found_by(self, _name: str, token: str) -> str:
        self.export_hash = token_hash(token)
        return token


class RoomBlock(Base):
    """A room that cannot be sold for some nights: out of order, kept by the owner, or closed on a channel."""

    __tablename__ = "room_block"
    __table_args__ = (
        UniqueConstraint("hotel_id", "id"),
        ForeignKeyConstraint(["hotel_id", "room_id"], ["room.hotel_id", "room.id"]),
        CheckConstraint("ends_on > starts_on", "dates"),
        CheckConstraint("kind IN ('out_of_order', 'owner', 'channel')", "kind"),
    )

    id: Mapped[Id]
    hotel_id: Mapped[int] = mapped_column(ForeignKey("hotel.id"))
    room_id: Mapped[int]
    starts_on: Mapped[dt.date]
    ends_on: Mapped[dt.date]  # the first night that is free again
    kind: Mapped[str] = mapped_column(Short)
    reason: Mapped[str] = mapped_column(default="")
    created_at: Mapped[Instant] = mapped_column(default=clock.now)

    room: Mapped[Room] = relationship(viewonly=True)


class Restaurant(Base):
    __tablename__ = "restaurant"

    id: Mapped[Id]
    hotel_id: Mapped[int] = mapped_column(ForeignKey("hotel.id"))
    slug: Mapped[str] = mapped_column(Short, unique=True)
    name: Mapped[str]
    description: Mapped[str] = mapped_column(default="")
    opening_hours: Mapped[str] = mapped_column(default="")
    phone: Mapped[str] = mapped_column(default="")

    hotel: Mapped[Hotel] = relationship(viewonly=True)

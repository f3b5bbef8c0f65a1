"""Prices and restrictions by date range. Ranges are half-open: `ends_on` is the first date that is not meant.

What is changed here, in room types, rooms or the hotel gives the hotel a new `catalogue_version` (see the migrations), by which
every process knows that its copy of the catalogue is old.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column

from webapp.core.clock import now
from webapp.core.database import Base, Id, Instant


class StayRestriction(Base):
    """Under which conditions nights of a date range are sold, for one room type or (None) for all."""

    __tablename__ = "stay_restriction"
    __table_args__ = (
        ForeignKeyConstraint(["hotel_id", "room_type_id"], ["room_type.hotel_id", "room_type.id"]),
        CheckConstraint("ends_on > starts_on", "dates"),
        CheckConstraint("min_stay IS NULL OR max_stay IS NULL OR min_stay <= max_stay", "lengths"),
        Index("ix_stay_restriction_hotel", "hotel_id", "starts_on"),
    )

    id: Mapped[Id]
    hotel_id: Mapped[int] = mapped_column(ForeignKey("hotel.id"))
    room_type_id: Mapped[int | None]
    starts_on: Mapped[dt.date]
    ends_on: Mapped[dt.date]
    min_stay: Mapped[int | None]  # nights, of stays that arrive within the range
    max_stay: Mapped[int | None]
    advance_days: Mapped[int | None]  # arrivals must be booked this many days ahead
    window_days: Mapped[int | None]  # and no earlier than this many
    closed_to_arrival: Mapped[bool] = mapped_column(default=False)
    closed_to_departure: Mapped[bool] = mapped_column(default=False)
    is_closed: Mapped[bool] = mapped_column(default=False)  # no night of the range is sold
    note: Mapped[str] = mapped_column(default="")
    created_at: Mapped[Instant] = mapped_column(default=now)


class PriceOverride(Base):
    """The price of a night in a date range, in place of the type's base price. Of several, the newest counts."""

    __tablename__ = "price_override"
    __table_args__ = (
        ForeignKeyConstraint(["hotel_id", "room_type_id"], ["room_type.hotel_id", "room_type.id"]),
        CheckConstraint("ends_on > starts_on", "dates"),
        CheckConstraint("price >= 0", "price"),
        Index("ix_price_override_hotel", "hotel_id", "starts_on"),
    )

    id: Mapped[Id]
    hotel_id: Mapped[int] = mapped_column(ForeignKey("hotel.id"))
    room_type_id: Mapped[int]
    starts_on: Mapped[dt.date]
    ends_on: Mapped[dt.date]
    price: Mapped[Decimal]
    note: Mapped[str] = mapped_column(default="")
    created_at: Mapped[Instant] = mapped_column(default=now)

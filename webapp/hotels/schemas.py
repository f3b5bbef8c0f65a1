"""Shapes of what is public about a hotel."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from webapp.web.api import Amount, Shape


class PublicRoomType(Shape):
    code: str
    name: str
    description: str
    beds: str
    photos: list[str]
    max_occupancy: int
    base_occupancy: int = Field(description="Guests that the price of a night includes")
    base_price: Amount = Field(description="A night, from, in the hotel's currency")
    extra_guest_price: Amount = Field(description="A night, for each guest beyond those")


class PublicRestaurant(Shape):
    slug: str
    name: str
    description: str
    opening_hours: str
    phone: str


class PublicSettings(Shape):
    """What anybody may know of a hotel."""

    slug: str
    name: str
    description: str
    timezone: str = Field(examples=["Europe/London"])
    currency: str = Field(examples=["GBP"])
    country: str
    language: str
    languages: list[str]
    check_in_time: str = Field(examples=["15:00"])
    check_out_time: str = Field(examples=["11:00"])
    address: str
    latitude: float | None
    longitude: float | None
    phone: str
    email: str
    accent_color: str
    photo_url: str | None
    house_rules: list[str] = Field(description="In the language asked for with ?lang, else the hotel's own")
    room_types: list[PublicRoomType]
    restaurants: list[PublicRestaurant]
    taxes: list[dict[str, Any]]
    prices_include_taxes: bool = Field(description="Percentages are contained in the prices, not added to them")
    cancellation: dict[str, Any]
    deposit: dict[str, Any]
    hold_minutes: int
    request_to_book: bool

"""Shapes of the public JSON API. Bodies may hold more than we know: unknown fields are left alone."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, AliasChoices, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from webapp.web.api import Amount, Instant, Shape, iso_day
from webapp.web.i18n import supported

from .domain import MOST_ROOMS, PAYMENT_STATES

FEWEST_DIGITS = 5  # no country has shorter numbers for people
_EMAIL = re.compile(r"[^@\s,;<>]+@[^@\s,;<>]+\.[^@\s.,;<>]+")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


def _as_text(value: str) -> str:
    """Without characters that only control how others are shown; they hide what somebody wrote."""
    return _CONTROL.sub("", value).strip()


def _as_email(value: str) -> str:
    if value and not _EMAIL.fullmatch(value):
        raise ValueError("this is no e-mail address")
    return value


def _as_phone(value: str) -> str:
    text = _as_text(value)
    if text and sum(character.isdigit() for character in text) < FEWEST_DIGITS:
        raise ValueError("this is no telephone number")
    return text


Day = Annotated[dt.date, BeforeValidator(iso_day)]
Text = Annotated[str, AfterValidator(_as_text)]
Name = Annotated[str, Field(max_length=200), AfterValidator(_as_text)]
Email = Annotated[str, Field(max_length=254), AfterValidator(_as_email)]
Phone = Annotated[str, Field(max_length=40), AfterValidator(_as_phone)]
Code = Annotated[str, Field(max_length=40), AfterValidator(_as_text)]


class Lenient(BaseModel):
    """Base of what clients send here."""

    model_config = ConfigDict(extra="ignore", str_strip_whitespace=True, populate_by_name=True)


class AvailabilityQuery(Lenient):
    """When, and for how many."""

    check_in: Day
    check_out: Day
    adults: int = Field(2, ge=1, le=99)
    children: int = Field(0, ge=0, le=99)


class QuoteRequest(AvailabilityQuery):
    """A stay to be priced."""

    room_type_code: str = Field(max_length=80)
    promo_code: Code | None = None
    referral_code: Code | None = None


class Person(Lenient):
    """Somebody with a name and ways to be reached."""

    name: Name = Field("", validation_alias=AliasChoices("name", "full_name", "guest_name"))
    first_name: Name = ""
    last_name: Name = ""
    email: Email = ""
    phone: Phone = ""
    country: str = Field("", max_length=2)
    language: str = Field("", max_length=10)
    company: Name = ""

    @property
    def full_name(self) -> str:
        return self.name or " ".join(filter(None, (self.first_name, self.last_name)))


class PartyPerson(Lenient):
    """One of those who come along."""

    name: Name = Field(min_length=1)
    role: Literal["COMPANION", "CHILD"] = "COMPANION"
    is_staying: bool = True


class RoomPerson(Lenient):
    """One of several rooms: by quote, or by type, dates and party. What is left out is as in the booking itself."""

    quote_id: str | None = Field(None, max_length=80)
    room_type_code: str | None = Field(None, max_length=80)
    check_in: Day | None = None
    check_out: Day | None = None
    adults: int | None = Field(None, ge=1, le=99)
    children: int | None = Field(None, ge=0, le=99)
    guest_name: Name = Field("", description="Who sleeps there, when it is not the guest of the booking")
    party: list[PartyPerson] = Field([], max_length=60)


_FLAT = ("first_name", "last_name", "email", "phone", "country", "language")


class BookingRequest(Lenient):
    """A booking: by `quote_id`, or by room type, dates and party. The guest as an object, or as flat fields."""

    guest: Person = Field(description="name, or first_name and last_name; email; phone, country, language")
    booker: Person | None = Field(None, description="Who books, when it is not the guest")
    booker_type: Literal["SELF", "COMPANY", "AGENT", "GIFT"] = "SELF"
    quote_id: str | None = Field(None, max_length=80)
    room_type_code: str | None = Field(None, max_length=80)
    check_in: Day | None = None
    check_out: Day | None = None
    adults: int | None = Field(None, ge=1, le=99)
    children: int | None = Field(None, ge=0, le=99)
    party: list[PartyPerson] = Field([], max_length=60)
    rooms: list[RoomPerson] = Field(
        [], max_length=MOST_ROOMS, description="Several rooms at once, all or none; the booking's own quote and type are left out then"
    )  # fmt: skip
    special_requests: Text = Field("", max_length=2000)
    promo_code: Code | None = None
    referral_code: Code | None = None

    @model_validator(mode="before")
    @classmethod
    def _gather(cls, data: Any) -> Any:
        """Flat fields of the guest and the booker become objects."""
        if not isinstance(data, dict):
            return data
        data = dict(data)
        if "guest" not in data:
            data["guest"] = _person(data, "guest_") or _person(data, "primary_") or {}
        if "booker" not in data:
            data["booker"] = _person({key: data[key] for key in data if key.startswith("booker_")}, "booker_")
        kind = data.get("booker_type")
        if isinstance(kind, str):
            data["booker_type"] = kind.upper()
        return data

    @model_validator(mode="after")
    def _complete(self) -> BookingRequest:
        if not self.guest.full_name:
            raise ValueError("the guest has no name")
        if self.rooms and (self.quote_id or self.room_type_code):
            raise ValueError("give quote_id and room_type_code in the rooms")
        if not self.guest.email and not (self.booker and self.booker.email):
            raise ValueError("an e-mail address is needed")
        return self


def _person(data: dict[str, Any], prefix: str) -> dict[str, Any] | None:
    found = {name: data[prefix + name] for name in (*_FLAT, "name", "company") if data.get(prefix + name) is not None}
    if prefix == "guest_":
        found = {**{name: data[name] for name in _FLAT if data.get(name) is not None}, **found}
    return found if any(name in found for name in ("name", "first_name", "last_name", "email")) else None


class EmailQuery(Lenient):
    """The address given when booking."""

    email: str = Field(max_length=254)


class LookupQuery(EmailQuery):
    """What the guest was sent."""

    confirmation_number: str = Field(max_length=40)


class ReasonShape(Shape):
    code: str = Field(examples=["MIN_STAY"])
    message: str


class NightShape(Shape):
    date: dt.date
    price: Amount


class DatesShape(Shape):
    check_in: dt.date
    check_out: dt.date


class TypeOffer(Shape):
    """A room type for these dates; not sold when there are reasons."""

    code: str
    name: str
    max_occupancy: int
    rooms_left: int
    available: bool
    reasons: list[ReasonShape]
    nightly: list[NightShape]
    subtotal: Amount
    taxes: Amount
    taxes_included: Amount = Field(
        Decimal(0), description="Taxes that the prices contain, where the hotel shows them so"
    )
    total: Amount
    currency: str
    next_free: list[DatesShape] | None = None


class Availability(Shape):
    """All room types of the hotel for these dates."""

    hotel: str
    check_in: dt.date
    check_out: dt.date
    nights: int
    room_types: list[TypeOffer]


class LineShape(Shape):
    kind: str
    description: str
    amount: Amount
    date: dt.date | None = None
    contained: Amount | None = Field(None, description="Of a tax that the price contains; its amount is 0")


class QuoteShape(Shape):
    """A price that is kept until `expires_at`."""

    quote_id: str
    room_type_code: str
    check_in: dt.date
    check_out: dt.date
    adults: int
    children: int
    lines: list[LineShape]
    subtotal: Amount
    taxes: Amount
    taxes_included: Amount = Field(
        Decimal(0), description="Taxes that the prices contain, where the hotel shows them so"
    )
    total: Amount
    currency: str
    deposit_due: Amount
    cancellation: dict[str, Any]
    expires_at: Instant


class BookingShape(Shape):
    """A booking, for who made it."""

    booking_id: str = Field(examples=["BK-2026-7KQ4MXWD"])
    confirmation_number: str
    status: str
    awaits_approval: bool
    hotel: dict[str, Any]
    room: dict[str, Any]
    dates: dict[str, Any]
    guests: dict[str, Any]
    pricing: dict[str, Any]
    cancellation: dict[str, Any]
    special_requests: str
    promo_code: str
    group_id: str | None = None
    created_at: Instant
    payment: dict[str, Any] = Field(
        description="`status`: " + "; ".join(f"{name}, {meaning}" for name, meaning in PAYMENT_STATES.items())
    )
    bookings: list[dict[str, Any]] | None = Field(
        None, description="Every room of a booking of several, this one first"
    )


def language_of(asked: str, otherwise: str) -> str:
    """One of our languages."""
    return supported(asked) or supported(otherwise) or "en"

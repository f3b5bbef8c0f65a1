"""Shapes of the desk's JSON: what is asked for. What is answered is in `answers`.

Unknown fields are ignored, so that a newer client can talk to an older house.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, ConfigDict, Field, field_validator, model_validator

from webapp.models.reservation import SOURCES, STATUSES
from webapp.web.api import LARGEST_PAGE, Taken, iso_day

EARLIEST, LATEST = dt.date(2000, 1, 1), dt.date(2100, 1, 1)


def _day(value: Any) -> Any:
    day: dt.date = iso_day(value)
    if not EARLIEST <= day < LATEST:
        raise ValueError("this date is not in our calendar")
    return day


Day = Annotated[dt.date, BeforeValidator(_day)]


def _listed(text: str | None, allowed: tuple[str, ...], fold: Any) -> str | None:
    names = [fold(name.strip()) for name in (text or "").split(",") if name.strip()]
    if unknown := [name for name in names if name not in allowed]:
        raise ValueError(f"{unknown[0][:40]} is none of {', '.join(allowed)}")
    return ",".join(names) or None


ORDERINGS = ("check_in", "check_out", "created_at", "status", "room_number")


class StayQuery(Taken):
    """Which stays, in which order, and which page of them."""

    status: str | None = Field(
        None, max_length=200, description=f"One or several of {', '.join(STATUSES)}, with commas"
    )
    date_from: Day | None = Field(None, description="Stays whose departure is on this day or later")
    date_to: Day | None = Field(None, description="Stays whose arrival is on this day or earlier")
    guest_name: str | None = Field(None, max_length=100, description="Beginnings of words of the name, in any order")
    search: str | None = Field(
        None, max_length=100, description="Beginnings of words of names, addresses and references, or of numbers"
    )
    room_number: str | None = Field(None, max_length=80, examples=["101"])
    has_room_assigned: bool | None = None
    source: str | None = Field(None, max_length=200, description=f"One or several of {', '.join(SOURCES)}, with commas")
    ordering: str = Field(
        "-created_at", max_length=40, description=f"One of {', '.join(ORDERINGS)}; with - in front, backwards"
    )
    page: int = Field(1, ge=1, le=100_000)
    page_size: int = Field(50, ge=1, le=LARGEST_PAGE)
    format: Literal["json", "csv"] = Field("json", description="csv: all stays that match, streamed, without pages")

    @field_validator("status", mode="after")
    @classmethod
    def known_statuses(cls, value: str | None) -> str | None:
        return _listed(value, STATUSES, str.upper)

    @field_validator("source", mode="after")
    @classmethod
    def known_sources(cls, value: str | None) -> str | None:
        return _listed(value, SOURCES, str.lower)

    @field_validator("ordering", mode="after")
    @classmethod
    def known_ordering(cls, value: str) -> str:
        if value.removeprefix("-") not in ORDERINGS:
            raise ValueError(f"order by one of {', '.join(ORDERINGS)}")
        return value


class Reason(Taken):
    """Why something was done; kept in the history."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "The guest called"}]})

    reason: str = Field("", max_length=500)


class CheckInOptions(Reason):
    """How to check in."""

    override: bool = Field(False, description="Into a room that is not clean yet; a manager may")


class CheckOutOptions(Reason):
    """How to check out. Before the day of departure, the remaining nights become free."""


class AssignRoom(Taken):
    """The room for a stay, by its id or its number."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"room_number": "101", "notes": "Near the lift", "assignment_version": 0}]}
    )

    room_id: int | None = Field(None, ge=1, le=2**63 - 1)
    room_number: str | None = Field(None, min_length=1, max_length=80)
    notes: str = Field("", max_length=500)
    assignment_version: int | None = Field(
        None, ge=0, le=2**31, description="As it was read; refused when somebody changed the room since"
    )
    allow_type_change: bool = Field(False, description="A room of another type is meant: an upgrade, say")


class NeededRoom(AssignRoom):
    """The room for a stay, by its id or its number: one of them is needed."""

    @model_validator(mode="after")
    def one_room(self) -> NeededRoom:
        if self.room_id is None and self.room_number is None:
            raise ValueError("send room_id or room_number")
        return self


class Unassign(Taken):
    """Which version of the assignment was read."""

    assignment_version: int | None = Field(None, ge=0, le=2**31)


class Pin(Reason):
    """Whether a stay keeps its room when room is made for others."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"pinned": True, "reason": "Promised the sea view"}]})

    pinned: bool = True


class Swap(Taken):
    """With whom to change rooms."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"other_booking_id": "BK-2026-ACDE3467"}]})

    other_booking_id: str = Field(max_length=40)
    allow_type_change: bool = False


class AutoAssign(Taken):
    """Which arrivals to place."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"date": "2026-11-20", "dry_run": True}]})

    date: Day | None = Field(None, description="Day of arrival; today when left out")
    dry_run: bool = Field(False, description="Only say what would be done")


class BookingOnly(Taken):
    """Which stay."""

    booking_id: str = Field(max_length=40, examples=["BK-2026-ACDE3467"])


class RoomsQuery(Taken):
    """For which nights, and for whom."""

    check_in: Day
    check_out: Day
    room_type: str | None = Field(None, max_length=80, description="Code of a room type", examples=["DBL"])
    exclude_booking: str | None = Field(None, max_length=40, description="This stay's own nights are no obstacle")


class NewMember(Taken):
    """A person who comes along."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "Grace Example", "role": "COMPANION"}]})

    name: str = Field(min_length=1, max_length=200)
    role: Literal["COMPANION", "CHILD"] = "COMPANION"
    email: str | None = Field(None, max_length=254)
    phone: str | None = Field(None, max_length=40)
    is_staying: bool = Field(True, description="False for somebody who books or pays but does not sleep here")


class NewDeparture(Taken):
    """The new day of departure."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"check_out": "2026-11-24"}]})

    check_out: Day


class EarlyDeparture(Reason):
    """The new, earlier day of departure; today when left out, and then the guest is checked out."""

    check_out: Day | None = None


class LateDeparture(Reason):
    """Until when the room is kept on the day of departure."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"until": "14:00", "fee": "25.00"}]})

    until: str | None = Field(None, pattern=r"^([01]\d|2[0-3]):[0-5]\d$", description="HH:MM; null takes it back")
    fee: Decimal | None = Field(
        None, ge=0, le=1_000_000, decimal_places=2, description="Added to the total of the stay"
    )


class Split(NeededRoom):
    """From which night on the stay sleeps in another room."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"date": "2026-11-22", "room_number": "102"}]})

    date: Day


class NewRoomStay(Taken):
    """One room of a booking."""

    room_type_code: str = Field(max_length=80, examples=["DBL"])
    room_number: str | None = Field(None, max_length=80, description="Left out: any room of the type, chosen later")
    adults: int = Field(1, ge=1, le=50)
    children: int = Field(0, ge=0, le=50)
    guest_name: str | None = Field(None, max_length=200, description="Who sleeps there, if not the booker")
    total: Decimal | None = Field(
        None, ge=0, le=1_000_000, decimal_places=2, description="Agreed price; otherwise the type's price a night"
    )


class NewBooking(Taken):
    """A stay made at the desk: one room, several rooms of a group, or somebody who stands at the counter."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "guest_name": "Ada Example", "guest_email": "ada@example.com", "check_in": "2026-12-01",
                    "check_out": "2026-12-03", "rooms": [{"room_type_code": "DBL", "adults": 2}],
                }
            ]
        }
    )  # fmt: skip

    guest_name: str = Field(min_length=1, max_length=200)
    guest_email: str | None = Field(None, max_length=254)
    guest_phone: str | None = Field(None, max_length=40)
    guest_language: str = Field("en", min_length=2, max_length=5)
    guest_country: str = Field("", max_length=2)
    check_in: Day | None = Field(None, description="Today for a walk-in")
    check_out: Day
    rooms: list[NewRoomStay] = Field(min_length=1, max_length=50)
    special_requests: str | None = Field(None, max_length=4000)
    walk_in: bool = Field(False, description="The guest is here: a room is chosen and the guest checked in at once")


class ApplyMoves(Taken):
    """Which proposal to apply."""

    fingerprint: str | None = Field(
        None, max_length=64, description="Of the proposal that was shown; refused when it would be another one by now"
    )
    allow_upgrades: bool = Field(True, description="Guests may be moved to a better type when the same does not do")

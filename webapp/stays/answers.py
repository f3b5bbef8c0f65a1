"""Shapes of the desk's JSON: what is answered."""

from __future__ import annotations

import datetime as dt
from typing import Any

from pydantic import Field

from webapp.web.api import Amount, Instant, Shape


class TypeRef(Shape):
    code: str = Field(examples=["DBL"])
    name: str = Field(examples=["Double"])


class RoomRef(Shape):
    """A room."""

    room_id: int
    room_number: str = Field(examples=["101"])
    room_type: TypeRef
    floor: str = ""
    housekeeping: str = Field(examples=["clean"], description="clean, dirty or inspected")


class StayLine(Shape):
    """A stay as a line of the list."""

    booking_id: str = Field(examples=["BK-2026-ACDE3467"])
    confirmation_number: str
    status: str = Field(examples=["CONFIRMED"])
    source: str = Field(examples=["direct"])
    channel_reference: str | None
    guest_name: str | None = Field(examples=["Ada Example"])
    guest_email: str | None
    guest_phone: str | None
    check_in: dt.date
    check_out: dt.date
    nights: int
    adults: int
    children: int
    room_type: TypeRef
    has_room_assigned: bool
    assigned_room_number: str | None
    is_unplaced: bool = Field(description="A channel sold it and no room was free: somebody must look")
    total: Amount = Field(examples=["240.00"])
    paid: Amount
    balance: Amount
    currency: str = Field(examples=["GBP"])
    created_at: Instant


class StayList(Shape):
    """A page of stays."""

    count: int
    next: str | None
    previous: str | None
    results: list[StayLine]


class Obstacle(Shape):
    """Why something cannot be done now."""

    code: str = Field(examples=["ROOM_NOT_READY"])
    message: str


class HotelRef(Shape):
    slug: str
    name: str


class Person(Shape):
    name: str | None
    email: str | None
    phone: str | None


class PrimaryGuest(Person):
    language: str
    country: str


class Booker(Shape):
    type: str = Field(examples=["SELF"])
    name: str | None
    email: str | None


class Member(Person):
    """Somebody of the party; the primary guest has no id of their own."""

    id: int | None
    role: str = Field(examples=["COMPANION"], description="PRIMARY, COMPANION or CHILD")
    is_staying: bool


class Party(Shape):
    booking_id: str
    count: int
    party: list[Member]


class MemberAdded(Party):
    member: Member


class HistoryEntry(Shape):
    at: Instant
    actor: str
    actor_kind: str = Field(description="staff, guest, channel or system")
    action: str = Field(examples=["room_assigned"])
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    reason: str | None


class Communication(Shape):
    id: int
    channel: str = Field(examples=["mail"], description="mail, sms, whatsapp, phone or note")
    direction: str = Field(description="out or in")
    subject: str | None
    body: str
    recipient: str
    state: str = Field(examples=["delivered"])
    created_by: str
    created_at: Instant
    sent_at: Instant | None
    delivered_at: Instant | None
    fault: str | None


class CommunicationList(Shape):
    count: int
    results: list[Communication]


class Dates(Shape):
    check_in: dt.date
    check_out: dt.date
    nights: int
    late_departure: str | None = Field(examples=["14:00"])


class Guests(Shape):
    adults: int
    children: int
    total: int


class RoomSpan(Shape):
    """Nights of a stay in one room, half open."""

    room_number: str
    date_from: dt.date
    date_to: dt.date


class FolioLine(Shape):
    description: str
    amount: Amount


class Folio(Shape):
    """What the stay costs and what is paid."""

    total: Amount
    paid: Amount
    balance: Amount
    currency: str
    lines: list[FolioLine]


class StayDetail(Shape):
    """A stay with everything that belongs to it."""

    booking_id: str
    confirmation_number: str
    status: str
    source: str
    channel_reference: str | None
    hotel: HotelRef
    dates: Dates
    check_in: dt.date
    check_out: dt.date
    nights: int
    guests: Guests
    primary_guest: PrimaryGuest
    booker: Booker
    special_requests: str | None
    room_type: TypeRef
    has_room_assigned: bool
    assigned_room: RoomRef | None
    assigned_room_number: str | None
    rooms: list[RoomSpan]
    assignment_version: int
    room_assigned_at: Instant | None
    room_assigned_by: str | None
    assignment_notes: str
    is_pinned: bool
    is_unplaced: bool
    can_check_in: bool
    check_in_obstacles: list[Obstacle]
    allowed_transitions: list[str]
    folio: Folio
    party: list[Member]
    history: list[HistoryEntry]
    communications: list[Communication]
    created_at: Instant
    checked_in_at: Instant | None
    checked_out_at: Instant | None
    cancelled_at: Instant | None
    cancellation_reason: str


class Changed(Shape):
    """The stay after a change."""

    success: bool = True
    booking_id: str
    status: str
    booking: StayDetail


class Assigned(Changed):
    """The stay after a change of its room."""

    assigned_room: RoomRef | None
    room_assigned_at: Instant | None
    room_assigned_by: str | None
    assignment_notes: str
    assignment_version: int


class Swapped(Shape):
    success: bool = True
    bookings: list[StayDetail]


class FreeRoom(RoomRef):
    """A room that is free on every night."""

    is_same_type: bool = Field(description="Of the type that was sold, or asked for")
    is_upgrade: bool


class TakenRoom(RoomRef):
    """A room that is not free on every night, and why."""

    conflict_reason: str = Field(examples=["OCCUPIED"], description="OCCUPIED, OUT_OF_ORDER, BLOCKED or NOT_IN_USE")
    message: str
    conflict_booking_id: str | None
    conflicting_booking_ids: list[str]
    available_from: dt.date | None = Field(description="First day from which it is free for as many nights")


class RoomsFound(Shape):
    """Rooms for these nights: those that are free, best first, and the others with the reason."""

    check_in: dt.date
    check_out: dt.date
    nights: int
    available_rooms: list[FreeRoom]
    unavailable_rooms: list[TakenRoom]


class RoomsForStay(RoomsFound):
    booking_id: str
    assignment_version: int


class Placed(Shape):
    booking_id: str
    room_number: str
    why: str


class NotPlaced(Shape):
    booking_id: str
    code: str
    message: str


class AutoAssigned(Shape):
    """What was placed where, and what could not be placed."""

    date: dt.date
    dry_run: bool
    assigned: list[Placed]
    not_assigned: list[NotPlaced]


class Created(Shape):
    """The stays that were made, and what they have in common."""

    booking_id: str = Field(description="Of the first room")
    confirmation_number: str
    status: str
    group_id: str | None
    bookings: list[StayDetail]


class Move(Shape):
    """One stay that changes rooms."""

    booking_id: str
    guest_name: str | None
    check_in: dt.date
    check_out: dt.date
    from_room: str
    to_room: str
    is_upgrade: bool
    assignment_version: int


class Proposal(Shape):
    """The least number of moves that frees a room for a stay."""

    booking_id: str
    check_in: dt.date
    check_out: dt.date
    is_possible: bool
    message: str
    room_number: str | None = Field(description="The room that would be free")
    moves: list[Move]
    fingerprint: str | None
    is_optimal: bool = Field(description="Proven: fewer moves would not do")


class MovesApplied(Shape):
    success: bool = True
    batch_id: int
    room_number: str
    moves: list[Move]
    undo_url: str


class MovesUndone(Shape):
    success: bool = True
    batch_id: int
    undone_at: Instant

"""A stay as the JSON API tells it: what it is, who comes, which rooms, what was done and said, and what may be done next."""

from __future__ import annotations

import datetime as dt

from flask_babel import gettext as _
from sqlalchemy import select

from webapp.core.audit import AuditEntry
from webapp.core.database import db
from webapp.core.tenancy import of_hotel, one_of_hotel
from webapp.models import Hotel, PartyMember, Reservation, Room, RoomNight, RoomType

from . import answers
from .domain import TRANSITIONS
from .queries import messages_of

MOST_ENTRIES = 100


def stay_by_id(hotel_id: int, booking_id: str) -> Reservation:
    """Raises NotFound, also for a stay of another hotel."""
    return one_of_hotel(Reservation, hotel_id, booking_id=booking_id.replace("\x00", "").strip().upper()[:80])


def detail_of(stay: Reservation, hotel: Hotel) -> answers.StayDetail:
    types = types_of(hotel.id)
    room = db.session.get(Room, stay.room_id) if stay.room_id is not None else None
    obstacles = check_in_obstacles(stay, hotel, room)
    members = party_of(stay)
    plain = (
        "booking_id", "confirmation_number", "status", "source", "channel_reference", "check_in", "check_out", "nights",
        "special_requests", "assignment_version", "room_assigned_at", "room_assigned_by", "assignment_notes",
        "is_pinned", "is_unplaced", "created_at", "checked_in_at", "checked_out_at", "cancelled_at", "cancellation_reason",
    )  # fmt: skip
    return answers.StayDetail(
        **{name: getattr(stay, name) for name in plain},
        hotel=answers.HotelRef(slug=hotel.slug, name=hotel.name),
        dates=_dates(stay),
        guests=answers.Guests(adults=stay.adults, children=stay.children, total=stay.adults + stay.children),
        primary_guest=answers.PrimaryGuest(
            name=stay.guest_name, email=stay.guest_email, phone=stay.guest_phone, language=stay.guest_language,
            country=stay.guest_country,
        ),
        booker=answers.Booker(type=stay.booker_type, name=stay.booker_name, email=stay.booker_email),
        room_type=type_ref(types[stay.room_type_id]),
        has_room_assigned=room is not None,
        assigned_room=room_ref(room, types) if room else None,
        assigned_room_number=room.number if room else None,
        rooms=room_spans(stay),
        can_check_in=not obstacles,
        check_in_obstacles=obstacles,
        allowed_transitions=sorted(TRANSITIONS[stay.status]),
        folio=_folio(stay),
        party=members,
        history=_history(stay),
        communications=communications_of(stay),
    )  # fmt: skip


def types_of(hotel_id: int) -> dict[int, RoomType]:
    return {one.id: one for one in db.session.scalars(of_hotel(RoomType, hotel_id))}


def type_ref(room_type: RoomType) -> answers.TypeRef:
    return answers.TypeRef(code=room_type.code, name=room_type.name)


def room_ref(room: Room, types: dict[int, RoomType]) -> answers.RoomRef:
    return answers.RoomRef(
        room_id=room.id, room_number=room.number, room_type=type_ref(types[room.room_type_id]), floor=room.floor,
        housekeeping=room.housekeeping,
    )  # fmt: skip


def check_in_obstacles(stay: Reservation, hotel: Hotel, room: Room | None) -> list[answers.Obstacle]:
    """What stands between this stay and its check-in, in the order in which it is asked for."""
    found: list[tuple[str, str]] = []
    if stay.status != "CONFIRMED":
        found.append(("INVALID_TRANSITION", _("Only a confirmed stay can be checked in.")))
    if room is None:
        found.append(("ROOM_NOT_ASSIGNED", _("Assign a room first.")))
    if hotel.business_date() < stay.check_in:
        found.append(("TOO_EARLY", _("The stay begins on a later day. Change its dates first.")))
    if room is not None and room.housekeeping == "dirty":
        found.append(("ROOM_NOT_READY", _("Room %(number)s is not clean yet.", number=room.number)))
    return [answers.Obstacle(code=code, message=message) for code, message in found]


def room_spans(stay: Reservation) -> list[answers.RoomSpan]:
    """Where the stay sleeps, from when to when; several entries for a stay that changes rooms."""
    rows = db.session.execute(
        select(RoomNight.night, Room.number)
        .join(Room, Room.id == RoomNight.room_id)
        .where(RoomNight.reservation_id == stay.id)
        .order_by(RoomNight.night)
    )
    spans: list[answers.RoomSpan] = []
    for night, number in rows:
        if not spans or spans[-1].room_number != number:
            spans.append(answers.RoomSpan(room_number=number, date_from=night, date_to=night))
        spans[-1].date_to = night + dt.timedelta(days=1)
    return spans


def party_of(stay: Reservation) -> list[answers.Member]:
    """The primary guest, who is part of the stay itself, then those who come along."""
    members = db.session.scalars(
        select(PartyMember).where(PartyMember.reservation_id == stay.id).order_by(PartyMember.id)
    ).all()
    primary = answers.Member(
        id=None, role="PRIMARY", name=stay.guest_name, email=stay.guest_email, phone=stay.guest_phone, is_staying=True
    )
    return [primary, *(answers.Member.model_validate(member) for member in members)]


def communications_of(stay: Reservation) -> list[answers.Communication]:
    """Everything written, said and noted, newest first."""
    return [answers.Communication.model_validate(row) for row in messages_of(stay, MOST_ENTRIES)]


def _history(stay: Reservation) -> list[answers.HistoryEntry]:
    entries = db.session.scalars(
        of_hotel(AuditEntry, stay.hotel_id)
        .where(AuditEntry.entity_type == "reservation", AuditEntry.entity_id == stay.id)
        .order_by(AuditEntry.id.desc())
        .limit(MOST_ENTRIES)
    )
    return [
        answers.HistoryEntry(
            at=entry.at, actor=entry.actor_label, actor_kind=entry.actor_kind, action=entry.action,
            before=entry.before, after=entry.after, reason=entry.reason,
        )
        for entry in entries
    ]  # fmt: skip


def _dates(stay: Reservation) -> answers.Dates:
    late = stay.late_departure.strftime("%H:%M") if stay.late_departure else None
    return answers.Dates(check_in=stay.check_in, check_out=stay.check_out, nights=stay.nights, late_departure=late)


def _folio(stay: Reservation) -> answers.Folio:
    lines = [
        answers.FolioLine(description=str(line.get("description", "")), amount=line["amount"])
        for line in getattr(stay, "price_lines", None) or []
    ]
    return answers.Folio(total=stay.total, paid=stay.paid, balance=stay.balance, currency=stay.currency, lines=lines)

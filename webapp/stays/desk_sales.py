"""Stays sold at the desk: one room, several rooms of a group, or somebody who stands at the counter."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from flask_babel import gettext as _
from sqlalchemy.orm import selectinload

from webapp.availability import services as availability
from webapp.availability.domain import stay_dates
from webapp.core import ids
from webapp.core.database import db
from webapp.core.errors import Conflict, Invalid, NotFound
from webapp.core.stay_dates import StayDates
from webapp.core.tenancy import of_hotel
from webapp.models import Hotel, Reservation
from webapp.rates.domain import Catalogue, SoldType, price_stay
from webapp.rates.queries import current_catalogue

from . import assignment, fees, placing, services
from . import rooms as rooms_of_house
from .services import NewStay


@dataclass(frozen=True)
class RoomWanted:
    """One room of a booking. Without a `total`, the price of the hotel's catalogue."""

    room_type_code: str
    room_number: str | None = None
    adults: int = 1
    children: int = 0
    guest_name: str | None = None
    total: Decimal | None = None


@dataclass(frozen=True)
class Sale:
    """Who books, for when, and which rooms."""

    guest: dict[str, Any]  # guest_name, guest_email, … as in NewStay
    check_in: dt.date | None
    check_out: dt.date
    rooms: Sequence[RoomWanted]
    is_walk_in: bool = False


def sell(hotel: Hotel, sale: Sale) -> list[Reservation]:
    """Make the stays: all or none. A walk-in gets a clean room and is checked in at once.

    Raises Invalid INVALID_DATE_RANGE or OCCUPANCY_EXCEEDED, Conflict NO_AVAILABILITY, ROOM_OVERLAP_CONFLICT or ROOM_NOT_READY.
    """
    today = hotel.business_date()
    if sale.is_walk_in and sale.check_in not in (None, today):
        raise Invalid(_("A walk-in arrives today."), "INVALID_DATE_RANGE", field="check_in")
    dates = stay_dates(sale.check_in or today, sale.check_out, today)
    catalogue = current_catalogue(hotel.slug)
    wanted = [(_sold_type(catalogue, one), one) for one in sale.rooms]
    group_id = f"GR-{ids.readable(8)}" if len(wanted) > 1 else None
    _hold_rooms(hotel, sale)
    if group_id:
        for type_id in sorted({sold.id for sold, _one in wanted}):
            availability.fill(type_id, dates)
        availability.hold_nights([sold.id for sold, _one in wanted], dates)
    made = [_make(hotel, catalogue, sale, sold, one, dates, group_id) for sold, one in wanted]
    if sale.is_walk_in:
        for stay in made:
            _receive(stay)
    return made


def _hold_rooms(hotel: Hotel, sale: Sale) -> None:
    """Lock every room that may be given away, before any count is: a walk-in gets one that is looked for later."""
    if sale.is_walk_in:
        availability.lock_rooms(rooms_of_house.room_ids(hotel.id))
    elif named := [one.room_number for one in sale.rooms if one.room_number]:
        availability.lock_rooms([assignment.room_meant(hotel, None, number).id for number in named])


def _sold_type(catalogue: Catalogue, wanted: RoomWanted) -> SoldType:
    sold = catalogue.by_code.get(wanted.room_type_code)
    if sold is None:
        raise NotFound(_("The hotel has no room type of this code."), field="room_type_code")
    if wanted.adults + wanted.children > sold.max_occupancy:
        raise Invalid(
            _("A “%(type)s” takes %(num)d people at most.", type=sold.name, num=sold.max_occupancy), "OCCUPANCY_EXCEEDED",
            field="adults",
        )  # fmt: skip
    return sold


def _make(
    hotel: Hotel,
    catalogue: Catalogue,
    sale: Sale,
    sold: SoldType,
    wanted: RoomWanted,
    dates: StayDates,
    group_id: str | None,
) -> Reservation:
    price = price_stay(catalogue, sold, dates, wanted.adults, wanted.children)
    is_agreed = wanted.total is not None
    extras: dict[str, Any] = {
        "group_id": group_id, "price_lines": [] if is_agreed else [line.as_json() for line in price.lines]
    }  # fmt: skip
    booker = sale.guest["guest_name"]
    if wanted.guest_name and wanted.guest_name != booker:
        extras.update(booker_name=booker, booker_email=sale.guest.get("guest_email"))
    room = assignment.room_meant(hotel, None, wanted.room_number) if wanted.room_number else None
    if room is not None and room.room_type_id != sold.id:
        raise Conflict(
            _("The room is of another type than the one that is sold."), "ROOM_TYPE_MISMATCH", field="room_number"
        )
    if room is not None and not room.is_active:
        raise Conflict(_("The room is not in use."), "ROOM_OUT_OF_ORDER", field="room_number")
    new = NewStay(
        room_type_id=sold.id, dates=dates, source="desk", room_id=room.id if room else None, adults=wanted.adults,
        children=wanted.children, total=price.total if wanted.total is None else wanted.total, extras=extras,
        **{**sale.guest, "guest_name": wanted.guest_name or booker},
    )  # fmt: skip
    return services.create_stay(hotel, new)


def _receive(stay: Reservation) -> None:
    if stay.room_id is None:
        ready = [place for place in assignment.best_places(stay) if place.room.housekeeping != "dirty"]
        if not ready:
            raise Conflict(_("No clean room of this type is free."), "ROOM_NOT_READY")
        placing.assign_room(stay, ready[0].room)
    services.check_in_guest(stay)


def living_of_group(hotel: Hotel, group_id: str) -> Sequence[Reservation]:
    """The stays of a group that have not begun, in the order in which they are held."""
    query = of_hotel(Reservation, hotel.id).where(
        Reservation.group_id == group_id, Reservation.status.in_(("PENDING_PAYMENT", "CONFIRMED"))
    )
    return db.session.scalars(query.options(selectinload(Reservation.room_type)).order_by(Reservation.id)).all()


def cancel_group(
    hotel: Hotel, group_id: str, reason: str = "", *, is_charged: bool = False, expected_fee: Decimal | None = None
) -> list[Reservation]:
    """Cancel every stay of a group that has not begun: all or none. Those that were cancelled. Otherwise as `cancel`."""
    stays = living_of_group(hotel, group_id)
    services.hold_together(stays)
    living = [stay for stay in stays if stay.status in ("PENDING_PAYMENT", "CONFIRMED")]
    _cancel(hotel, living, reason, is_charged, expected_fee)
    return living


def cancel(
    hotel: Hotel,
    stay: Reservation,
    reason: str = "",
    *,
    is_charged: bool = False,
    expected_fee: Decimal | None = None,
) -> None:
    """Cancel one stay; with `is_charged` for the fee of its terms. Raises Conflict PRICE_CHANGED when that is not the one that was shown."""
    services.hold_together([stay])
    _cancel(hotel, [stay], reason, is_charged, expected_fee)


def _cancel(
    hotel: Hotel, stays: Sequence[Reservation], reason: str, is_charged: bool, expected_fee: Decimal | None
) -> None:
    due = {stay.id: fees.fee_now(stay, hotel) if is_charged else Decimal(0) for stay in stays}
    if is_charged and expected_fee is not None and expected_fee != sum(due.values(), Decimal(0)):
        raise Conflict(_("The fee has changed. Please look at it again."), "PRICE_CHANGED")
    for stay in stays:
        stay.cancellation_fee = due[stay.id]
        services.cancel(stay, reason)

"""What the desk changes about a stay that it sold or that a channel sold: its dates, its party, its room type; and what it costs then.

The price is shown before it is agreed to. What is confirmed is what was shown: of the stay as it was, and at that price.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from flask_babel import gettext as _

from webapp.availability import queries as availability
from webapp.availability import services as guard
from webapp.core.database import db
from webapp.core.errors import AppError, Conflict, Invalid
from webapp.core.stay_dates import StayDates
from webapp.core.tenancy import one_of_hotel
from webapp.models import Hotel, Reservation, RoomType
from webapp.rates.queries import current_catalogue

from . import departures, pricing, records, services
from .pricing import Bill, Wanted
from .resale import Sale, sell_again

CHANGEABLE = ("PENDING_PAYMENT", "CONFIRMED", "CHECKED_IN")


@dataclass(frozen=True)
class Proposal:
    """A change as it would be. `new` is None where the price is not ours to set, or cannot be told: `why` says the reason."""

    wanted: Wanted
    room_type: RoomType
    old_total: Decimal
    kept: Bill
    new: Bill | None
    why: str = ""
    loses_room: bool = False  # it is of another type than the one that is wanted

    @property
    def difference(self) -> Decimal:
        """How much more (or, below 0, less) the new price is."""
        return self.new.total - self.old_total if self.new else Decimal(0)

    def bill(self, choice: str) -> Bill:
        """Of the choice `new` or `kept`. Raises Conflict when there is no new price."""
        if choice == "kept":
            return self.kept
        if self.new is None:
            raise Conflict(self.why or _("The price has changed. Please look at it again."), "PRICE_CHANGED")
        return self.new


def seen(stay: Reservation) -> str:
    """A word for the stay as a form was made from it: another one as soon as what the form changes is changed."""
    facts = (
        stay.check_in,
        stay.check_out,
        stay.adults,
        stay.children,
        stay.room_type_id,
        stay.room_id,
        f"{stay.total:.2f}",
        stay.status,
    )
    return hashlib.sha256(repr([str(fact) for fact in facts]).encode()).hexdigest()[:16]


def propose(stay: Reservation, wanted: Wanted) -> Proposal:
    """What the change would cost. Reads only; whether the nights are free at the end, the guard decides.

    Raises Invalid INVALID_DATE_RANGE or OCCUPANCY_EXCEEDED, Conflict INVALID_TRANSITION, BOOKING_ALREADY_CHECKED_IN,
    NO_AVAILABILITY or ROOM_OVERLAP_CONFLICT.
    """
    hotel = db.session.get_one(Hotel, stay.hotel_id)
    kind = one_of_hotel(RoomType, stay.hotel_id, id=wanted.room_type_id)
    _check(stay, hotel, wanted, kind)
    _check_free(stay, hotel, wanted)
    new, why = _new_bill(stay, hotel, wanted)
    has_new_type = wanted.room_type_id != stay.room_type_id
    room_type_id = stay.room.room_type_id if stay.room else kind.id
    return Proposal(
        wanted, kind, stay.total, pricing.kept_bill(stay, wanted, kind.name), new, why,
        loses_room=has_new_type and room_type_id != kind.id,
    )  # fmt: skip


def _new_bill(stay: Reservation, hotel: Hotel, wanted: Wanted) -> tuple[Bill | None, str]:
    if not pricing.is_ours(stay):
        return None, _("A channel sold this stay at its own price; that price stands.")
    try:
        return pricing.new_bill(stay, current_catalogue(hotel.slug), wanted), ""
    except AppError as error:
        return None, str(error.message)


def _check(stay: Reservation, hotel: Hotel, wanted: Wanted, kind: RoomType) -> None:
    if stay.status not in CHANGEABLE:
        raise Conflict(_("The dates of an ended stay cannot be changed."), "INVALID_TRANSITION")
    departures.check_dates(hotel, wanted.dates)
    if stay.status == "CHECKED_IN" and wanted.dates.check_in != stay.check_in:
        raise Conflict(_("The guest has arrived; only the departure can change."), "BOOKING_ALREADY_CHECKED_IN")
    if stay.status == "CHECKED_IN" and wanted.dates.check_out < hotel.business_date():
        raise Invalid(
            _("The guest is in house; the departure is today or later."), "INVALID_DATE_RANGE", field="check_out"
        )
    if stay.status == "CHECKED_IN" and wanted.room_type_id != stay.room_type_id:
        raise Conflict(_("The guest is in house: move them to another room instead."), "BOOKING_ALREADY_CHECKED_IN")
    has_new_guests = (wanted.adults, wanted.children) != (stay.adults, stay.children)
    if has_new_guests or wanted.room_type_id != stay.room_type_id:
        _check_party(wanted, kind)


def _check_party(wanted: Wanted, kind: RoomType) -> None:
    if wanted.adults + wanted.children > kind.max_occupancy:
        raise Invalid(
            _("A “%(type)s” takes %(num)d people at most.", type=kind.name, num=kind.max_occupancy), "OCCUPANCY_EXCEEDED",
            field="adults",
        )  # fmt: skip


def _check_free(stay: Reservation, hotel: Hotel, wanted: Wanted) -> None:
    """Say early what the guard would say, as far as one sees it without holding anything."""
    is_same_type = wanted.room_type_id == stay.room_type_id
    room, nights = services.room_needed(stay, wanted.dates)
    if room is not None and nights is not None and is_same_type and guard.room_conflict(room.id, nights, stay.id):
        raise Conflict(_("The room is taken for part of these nights."), "ROOM_OVERLAP_CONFLICT", field="check_out")
    counted = stay.inventory_type_id if is_same_type else wanted.room_type_id
    catalogue = current_catalogue(hotel.slug)
    left = availability.free_nights(catalogue, wanted.dates.check_in, wanted.dates.check_out)
    held = stay.dates if counted == stay.inventory_type_id else None
    added = [night for night in wanted.dates if held is None or night not in held]
    if any(left.get((counted, night), 1) <= 0 for night in added):
        raise Conflict(
            _("No room of this type is free on every night of the stay."), "NO_AVAILABILITY", field="room_type_id"
        )


def change(stay: Reservation, wanted: Wanted, choice: str, *, expected_total: Decimal, expected: str) -> Proposal:
    """Make the stay what was proposed, at the `new` price or the `kept` one.

    Raises Conflict STAY_CHANGED or PRICE_CHANGED when that is not what was shown, and what `propose` raises; then nothing changed.
    """
    records.lock(stay)
    if expected != seen(stay):
        raise Conflict(_("This stay was changed in the meantime. Please look at it again."), "STAY_CHANGED")
    proposal = propose(stay, wanted)
    bill = proposal.bill(choice)
    if bill.total != expected_total:
        raise Conflict(_("The price has changed. Please look at it again."), "PRICE_CHANGED")
    columns = {
        "price_lines": bill.lines, "terms": bill.terms, "deposit_due": bill.deposit_due,
        "field_sources": _sources(stay, wanted, bill),
    }  # fmt: skip
    if wanted.room_type_id != stay.room_type_id:
        note = {"room_type": proposal.room_type.name, "price": choice}
        sale = Sale(wanted.room_type_id, wanted.dates, wanted.adults, wanted.children, bill.total, columns, note)
        sell_again(stay, sale)
    else:
        departures.move(stay, wanted.dates)
        _set(stay, wanted, bill, columns, choice)
    return proposal


def _sources(stay: Reservation, wanted: Wanted, bill: Bill) -> dict[str, str]:
    """What the desk changes is said by the desk: no file and no mail of a channel takes it back."""
    values = {"adults": wanted.adults, "children": wanted.children, "total": bill.total}
    changed = [name for name, value in values.items() if getattr(stay, name) != value]
    return {**stay.field_sources, **dict.fromkeys(changed, "desk")}


def _set(stay: Reservation, wanted: Wanted, bill: Bill, columns: dict[str, Any], choice: str) -> None:
    values = {"adults": wanted.adults, "children": wanted.children, "total": bill.total}
    before = {name: str(getattr(stay, name)) for name in values}
    for name, value in {**values, **columns}.items():
        setattr(stay, name, value)
    db.session.flush()
    after = {**{name: str(value) for name, value in values.items()}, "price": choice}
    records.changed(stay, "sale_changed", "booking-updated", before=before, after=after)


def wanted_now(stay: Reservation) -> Wanted:
    """The stay as it is."""
    return Wanted(StayDates(stay.check_in, stay.check_out), stay.adults, stay.children, stay.room_type_id)

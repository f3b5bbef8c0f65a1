"""What a guest does with a booking afterwards, and what the owner says to a request."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from flask_babel import gettext as _

from webapp.availability import queries as availability
from webapp.availability.domain import Party, refusals, refused, stay_dates
from webapp.core.clock import now
from webapp.core.database import db
from webapp.core.errors import Conflict
from webapp.core.stay_dates import StayDates
from webapp.core.versions import seen_of
from webapp.models import Hotel, Reservation
from webapp.rates.domain import Catalogue, Price, SoldType, price_stay
from webapp.rates.queries import current_catalogue
from webapp.stays import pricing
from webapp.stays import services as stays
from webapp.stays.resale import Sale, sell_again

from . import quoting
from .queries import booked_together, fee_now


@dataclass(frozen=True)
class Proposal:
    """What a change would make of a booking."""

    catalogue: Catalogue
    sold: SoldType
    dates: StayDates
    party: Party
    price: Price
    lines: list[dict[str, Any]]  # of the price, and of what was charged besides
    total: Decimal

    def difference(self, stay: Reservation) -> Decimal:
        return self.total - stay.total


def may_change(stay: Reservation, hotel: Hotel) -> bool:
    """Whether the guest may still change or cancel by themselves: until the day of arrival is over."""
    return stay.status in ("PENDING_PAYMENT", "CONFIRMED") and hotel.business_date() <= stay.check_in


def propose(stay: Reservation, slug: str, code: str, check_in: dt.date, check_out: dt.date, party: Party) -> Proposal:
    """The booking with other dates, type or party, at the prices of today. Raises what a new booking would.

    The nights that the booking holds itself count as free.
    """
    catalogue = current_catalogue(slug)
    pricing.check_currency(stay, catalogue)
    today = catalogue.business_date()
    dates = stay_dates(check_in, check_out, today)
    sold = quoting.sold_type(catalogue, code)
    known = availability.free_nights(catalogue, dates.check_in, dates.check_out)
    own = stay.dates if sold.id == stay.inventory_type_id and stay.holds_nights else None
    left = min(known.get((sold.id, night), sold.rooms) + (1 if own and night in own else 0) for night in dates)
    if reasons := refusals(catalogue, sold, dates, party, left, today):
        raise refused(reasons)
    discount = quoting.discount_for(catalogue, sold, dates, stay.promo_code or None)
    price = price_stay(catalogue, sold, dates, party.adults, party.children, discount)
    return Proposal(catalogue, sold, dates, party, price, *pricing.lines_with_charges(stay, price))


def change(
    stay: Reservation, slug: str, code: str, check_in: dt.date, check_out: dt.date, party: Party,
    expected_total: Decimal | None = None,
) -> None:  # fmt: skip
    """Make the booking what `propose` proposes. Raises Conflict PRICE_CHANGED when that is not at the price the guest saw."""
    db.session.refresh(stay, with_for_update=True)  # what the house charges in this moment is on the bill too
    _check_own(stay)
    proposal = propose(stay, slug, code, check_in, check_out, party)
    if expected_total is not None and expected_total != proposal.total:
        raise Conflict(_("The price has changed. Please look at it again."), "PRICE_CHANGED")
    terms = quoting.agreed_terms(proposal.catalogue, proposal.price)
    columns = {"price_lines": proposal.lines, "terms": terms,
               "deposit_due": quoting.deposit_of(terms)}  # fmt: skip
    sell_again(stay, Sale(proposal.sold.id, proposal.dates, party.adults, party.children, proposal.total, columns))


def _check_own(stay: Reservation) -> None:
    if not may_change(stay, db.session.get_one(Hotel, stay.hotel_id)):
        raise Conflict(_("This booking can no longer be changed here. Please contact the hotel."), "INVALID_TRANSITION")


def cancel(stay: Reservation, expected_fee: Decimal | None = None) -> Decimal:
    """Cancel by the guest, for the fee of the terms; the fee. Raises Conflict PRICE_CHANGED when it is not the one they saw."""
    db.session.refresh(stay, with_for_update=True)
    _check_own(stay)
    fee = fee_now(stay, db.session.get_one(Hotel, stay.hotel_id))
    if expected_fee is not None and expected_fee != fee:
        raise Conflict(_("The fee has changed. Please look at it again."), "PRICE_CHANGED")
    stay.cancellation_fee = fee
    stays.cancel(stay, reason=_("Cancelled by the guest"))
    return fee


def cancel_together(members: Sequence[Reservation], expected_fee: Decimal | None = None) -> Decimal:
    """Cancel all of these stays, for the sum of their fees; all or none. Raises what `cancel` raises."""
    ordered = sorted(members, key=lambda stay: stay.id)
    stays.hold_together(ordered)
    hotel = db.session.get_one(Hotel, ordered[0].hotel_id)
    fee = sum((fee_now(stay, hotel) for stay in ordered), Decimal(0))
    if expected_fee is not None and expected_fee != fee:
        raise Conflict(_("The fee has changed. Please look at it again."), "PRICE_CHANGED")
    return sum((cancel(stay) for stay in ordered), Decimal(0))


def accept(stay: Reservation, seen: str = "") -> list[Reservation]:
    """The owner says yes to a request, to every room of it: they stand, or wait for their deposit. Those that were accepted.

    `seen`: the word for what the owner was shown (`request_seen`). Raises Conflict INVALID_TRANSITION when the request was answered or changed since.
    """
    members = _asked_together(stay, seen)
    minutes = current_catalogue(db.session.get_one(Hotel, stay.hotel_id).slug).terms.hold_minutes
    for one in members:
        one.awaits_approval = False
        if one.deposit_due > one.paid:
            one.hold_expires_at = now() + dt.timedelta(minutes=minutes)
            stays.note_change(one, "request_accepted", {"awaits_approval": False})
        else:
            stays.confirm(one)
    return members


def reject(stay: Reservation, reason: str, seen: str = "") -> list[Reservation]:
    """The owner says no to every room of a request; the nights are free again. The mail to the guest quotes `reason`. As `accept`."""
    members = _asked_together(stay, seen)
    for one in members:
        stays.cancel(one, reason=reason.strip()[:500])
    return members


def request_seen(rooms: Sequence[Reservation]) -> str:
    """A word for the rooms of a request: another one as soon as the guest has changed one of them, or not all of them wait any more."""
    return seen_of({
        one.booking_id: [str(one.check_in), str(one.check_out), one.room_type_id, one.adults, one.children, f"{one.total:.2f}"]
        for one in sorted(rooms, key=lambda one: one.id)
    })  # fmt: skip


def _asked_together(stay: Reservation, seen: str) -> list[Reservation]:
    """The stays of one request that wait for an answer, all of them held."""
    asked = booked_together(stay)
    stays.hold_together(asked)
    open_ones = [one for one in asked if one.awaits_approval and one.status == "PENDING_PAYMENT"]
    if stay not in open_ones:
        raise Conflict(_("This request has been answered already."), "INVALID_TRANSITION")
    if seen and seen != request_seen(open_ones):
        raise Conflict(_("The guest has changed this request. Please look at it again."), "INVALID_TRANSITION")
    return open_ones


def proposal_json(proposal: Proposal) -> dict[str, Any]:
    """The proposal as hidden fields of a form."""
    return {
        "check_in": proposal.dates.check_in, "check_out": proposal.dates.check_out, "adults": proposal.party.adults,
        "children": proposal.party.children, "room_type_code": proposal.sold.code, "total": proposal.total,
    }  # fmt: skip

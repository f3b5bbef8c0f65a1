"""Quotes: a price that the hotel stands by for a quarter of an hour, to the cent, for one booking."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from flask_babel import gettext as _

from webapp.availability import queries as availability
from webapp.availability.domain import Party, refusals, refused, stay_dates
from webapp.core import ids
from webapp.core.clock import now
from webapp.core.database import db
from webapp.core.errors import Conflict, Gone, Invalid, NotFound
from webapp.core.stay_dates import StayDates
from webapp.models import Quote
from webapp.rates.discounts import discount_for
from webapp.rates.domain import Catalogue, Price, SoldType, price_stay

VALID_FOR = dt.timedelta(minutes=15)


def sold_type(catalogue: Catalogue, code: str) -> SoldType:
    """Raises NotFound."""
    try:
        return catalogue.by_code[code]
    except KeyError:
        raise NotFound(_("The hotel has no room type “%(code)s”.", code=code[:40]), field="room_type_code") from None


def check(
    slug: str, code: str, check_in: dt.date, check_out: dt.date, party: Party
) -> tuple[Catalogue, SoldType, StayDates]:
    """The type, when the hotel sells it for these dates to this party. Raises why not, with the next free dates."""
    catalogue, left = availability.rooms_left(slug, _readable(check_in, check_out))
    today = catalogue.business_date()
    dates = stay_dates(check_in, check_out, today)
    sold = sold_type(catalogue, code)
    if reasons := refusals(catalogue, sold, dates, party, left[sold.id], today):
        raise refused(reasons, {"next_free": next_free(catalogue, sold, dates, party)})
    return catalogue, sold, dates


def _readable(check_in: dt.date, check_out: dt.date) -> StayDates:
    if check_out <= check_in:
        raise Invalid(_("The departure must be after the arrival."), "INVALID_DATE_RANGE", field="check_out")
    return StayDates(check_in, check_out)


def next_free(catalogue: Catalogue, sold: SoldType, dates: StayDates, party: Party) -> list[dict[str, str]]:
    found = availability.next_free_dates(catalogue, [sold], dates, party).get(sold.code, [])
    return [{"check_in": one.check_in.isoformat(), "check_out": one.check_out.isoformat()} for one in found]


def price(
    slug: str, code: str, check_in: dt.date, check_out: dt.date, party: Party, promo_code: str | None = None
) -> tuple[Catalogue, SoldType, StayDates, Price]:
    """What the stay costs now, when it is sold."""
    catalogue, sold, dates = check(slug, code, check_in, check_out, party)
    discount = discount_for(catalogue, sold, dates, promo_code)
    return catalogue, sold, dates, price_stay(catalogue, sold, dates, party.adults, party.children, discount)


def make_quote(
    slug: str, code: str, check_in: dt.date, check_out: dt.date, party: Party, promo_code: str | None = None,
    referral_code: str | None = None,
) -> Quote:  # fmt: skip
    """Write a quote. Raises what `check` and `discount_for` raise."""
    catalogue, sold, dates, found = price(slug, code, check_in, check_out, party, promo_code)
    quote = Quote(
        token=ids.token()[:32], hotel_id=catalogue.id, room_type_id=sold.id, check_in=dates.check_in,
        check_out=dates.check_out, adults=party.adults, children=party.children, promo_code=promo_code or "",
        referral_code=referral_code or "", currency=catalogue.currency, lines=[line.as_json() for line in found.lines],
        subtotal=found.subtotal, taxes=found.taxes, total=found.total,
        terms=agreed_terms(catalogue, found), expires_at=now() + VALID_FOR,
    )  # fmt: skip
    db.session.add(quote)
    db.session.flush()
    return quote


def agreed_terms(catalogue: Catalogue, found: Price) -> dict[str, object]:
    """The terms as a booking keeps them, with the prices of the nights that fees may be counted in."""
    due = catalogue.terms.deposit.due(found.total, found.nights, found.currency)
    return {
        **catalogue.terms.agreed(),
        "nights": [f"{amount:.2f}" for amount in found.nights],
        "deposit_due": f"{due:.2f}",
    }


def deposit_of(terms: dict[str, object]) -> Decimal:
    return Decimal(str(terms.get("deposit_due", 0)))


def open_quote(hotel_id: int, token: str) -> Quote:
    """The quote, locked so that it makes one booking.

    Raises Conflict QUOTE_MISMATCH when it is unknown here or was used, Gone QUOTE_EXPIRED when it is too old.
    """
    query = db.select(Quote).filter_by(hotel_id=hotel_id, token=token).with_for_update()
    quote = db.session.scalars(query.execution_options(populate_existing=True)).one_or_none()
    if quote is None:
        raise Conflict(_("This quote does not belong to this hotel."), "QUOTE_MISMATCH", field="quote_id")
    if quote.used_by is not None:
        raise Conflict(
            _("This quote has been booked already."), "QUOTE_MISMATCH", field="quote_id", details={"is_used": True}
        )
    if quote.expires_at <= now():
        raise Gone(_("This quote has expired. Please ask for a new one."), "QUOTE_EXPIRED", field="quote_id")
    return quote

"""What is left to sell: one query over the counts of the nights, which also tells whether the kept catalogue is still true.

Nights without a row of `inventory` are those that nobody asked for yet: all rooms are free.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from flask_babel import gettext as _
from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import BigInteger

from webapp.core.database import read
from webapp.core.errors import Unavailable
from webapp.core.stay_dates import ONE_DAY, StayDates
from webapp.rates.domain import Catalogue, SoldType
from webapp.rates.queries import catalogue_of, kept_catalogue

from .domain import Offer, Party, next_free, refusals

_FREE = "greatest(0, least(i.capacity - i.closed + i.allowance, i.sellable_limit)) - i.sold - i.forced"

_LEFT = text(f"""
    SELECT h.catalogue_version, i.room_type_id, min({_FREE}), count(i.night)
    FROM hotel h
    LEFT JOIN inventory i ON i.room_type_id = ANY(:type_ids) AND i.night >= :check_in AND i.night < :check_out
    WHERE h.slug = :slug GROUP BY 1, 2
""").bindparams(bindparam("type_ids", type_=ARRAY(BigInteger)))  # noqa: S608

_NIGHTS = text(f"""
    SELECT i.room_type_id, i.night, {_FREE}
    FROM inventory i WHERE i.room_type_id = ANY(:type_ids) AND i.night >= :check_in AND i.night < :check_out
""").bindparams(bindparam("type_ids", type_=ARRAY(BigInteger)))  # noqa: S608

LOOK_AHEAD = dt.timedelta(days=120)


def rooms_left(slug: str, dates: StayDates) -> tuple[Catalogue, dict[int, int]]:
    """The catalogue, and for each type of it the least number of rooms free on a night. Raises NotFound.

    One query while this process's copy of the catalogue is true, three when it is not.
    """
    catalogue = kept_catalogue(slug) or catalogue_of(slug)
    for _attempt in range(5):
        rows = read(_LEFT, {
            "slug": slug, "type_ids": catalogue.type_ids, "check_in": dates.check_in, "check_out": dates.check_out
        })  # fmt: skip
        if rows and rows[0][0] == catalogue.version:
            break
        catalogue = catalogue_of(slug)
    else:
        raise Unavailable(_("The hotel is being changed at this moment. Please try again."))
    left = {sold.id: sold.rooms for sold in catalogue.types}
    for _version, type_id, least, known in map(tuple, rows):
        if type_id is not None:
            left[type_id] = max(0, least if known == dates.nights else min(least, left[type_id]))
    return catalogue, left


def offers(slug: str, dates: StayDates, party: Party) -> tuple[Catalogue, list[Offer]]:
    """Every type of the hotel in its order, sold or with the reasons why not."""
    catalogue, left = rooms_left(slug, dates)
    today = catalogue.business_date()
    return catalogue, [
        Offer(sold, left[sold.id], refusals(catalogue, sold, dates, party, left[sold.id], today))
        for sold in catalogue.types
    ]


def free_nights(catalogue: Catalogue, starts_on: dt.date, ends_on: dt.date) -> dict[tuple[int, dt.date], int]:
    """Rooms free of (type, night), for the nights that have a count."""
    rows = read(_NIGHTS, {"type_ids": catalogue.type_ids, "check_in": starts_on, "check_out": ends_on})
    return {(type_id, night): free for type_id, night, free in map(tuple, rows)}


def next_free_dates(
    catalogue: Catalogue, types: list[SoldType], dates: StayDates, party: Party
) -> dict[str, list[StayDates]]:
    """For each of these types (by code) the next dates of the same length on which it is sold."""
    horizon = dates.check_in + LOOK_AHEAD + ONE_DAY * dates.nights
    known = free_nights(catalogue, dates.check_in, horizon)
    today = catalogue.business_date()

    def free_of(sold: SoldType) -> Callable[[dt.date], int]:
        return lambda night: known.get((sold.id, night), sold.rooms)

    return {
        sold.code: next_free(catalogue, sold, dates, party, free_of(sold), today, horizon)
        for sold in types if sold.max_occupancy >= party.guests and sold.rooms > 0
    }  # fmt: skip

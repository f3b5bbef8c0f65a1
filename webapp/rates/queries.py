"""Reads of the catalogue. Each process keeps a copy of those it used; `version` tells whether a copy is still true."""

from __future__ import annotations

import datetime as dt
from collections import OrderedDict
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import select, text

from webapp.core.database import db, read
from webapp.core.errors import NotFound
from webapp.core.tenancy import of_hotel
from webapp.models import PriceOverride, RoomType, StayRestriction

from .domain import Catalogue, Override, Restriction, SoldType
from .terms import Terms

MOST_KEPT = 2000
_kept: OrderedDict[str, Catalogue] = OrderedDict()

_CATALOGUE = text("""
    SELECT h.id, h.slug, h.name, h.timezone, h.currency, h.settings, h.catalogue_version AS version,
        (SELECT json_agg(json_build_object(
            'id', t.id, 'code', t.code, 'name', t.name, 'description', t.description, 'beds', t.beds,
            'photos', (SELECT coalesce(json_agg(json_build_array(a.address, coalesce(p.alt, '')) ORDER BY a.n), '[]')
                       FROM unnest(t.photos) WITH ORDINALITY AS a (address, n)
                       LEFT JOIN room_photo p ON p.token = substr(a.address, 7) AND a.address LIKE 'photo:%'
                           AND p.hotel_id = t.hotel_id),
            'max_occupancy', t.max_occupancy, 'base_occupancy', t.base_occupancy,
            'base_price', t.base_price::text, 'extra_guest_price', t.extra_guest_price::text,
            'rooms', greatest(0, least(
                t.overbooking_allowance + (SELECT count(*) FROM room r WHERE r.room_type_id = t.id AND r.is_active),
                t.sellable_limit))) ORDER BY t.position, t.id)
         FROM room_type t WHERE t.hotel_id = h.id AND t.is_active) AS types,
        (SELECT json_agg(r) FROM stay_restriction r WHERE r.hotel_id = h.id) AS restrictions,
        (SELECT json_agg(json_build_object(
            'room_type_id', p.room_type_id, 'starts_on', p.starts_on, 'ends_on', p.ends_on, 'price', p.price::text)
            ORDER BY p.id DESC)
         FROM price_override p WHERE p.hotel_id = h.id) AS overrides
    FROM hotel h WHERE h.slug = :slug
""")  # one statement: its parts and the version are of the same moment

_VERSION = text("SELECT catalogue_version FROM hotel WHERE slug = :slug")


def kept_catalogue(slug: str) -> Catalogue | None:
    """This process's copy, which may be old: compare `version` with the hotel's `catalogue_version`."""
    return _kept.get(slug)


def catalogue_of(slug: str) -> Catalogue:
    """The catalogue as it is now. Raises NotFound."""
    rows = read(_CATALOGUE, {"slug": slug})
    if not rows:
        raise NotFound(_("There is no hotel at this address."))
    row = rows[0]
    catalogue = Catalogue(
        id=row.id, slug=row.slug, name=row.name, timezone=row.timezone, currency=row.currency, version=row.version,
        terms=Terms.of(row.settings), types=tuple(_sold_type(one) for one in row.types or ()),
        restrictions=tuple(_restriction(one) for one in row.restrictions or ()), overrides=_overrides(row.overrides),
    )  # fmt: skip
    _kept[slug] = catalogue
    while len(_kept) > MOST_KEPT:
        _kept.popitem(last=False)
    return catalogue


def current_catalogue(slug: str) -> Catalogue:
    """The kept catalogue where it is still true, else a fresh one. Raises NotFound."""
    kept = _kept.get(slug)
    if kept is not None:
        rows = read(_VERSION, {"slug": slug})
        if rows and rows[0].catalogue_version == kept.version:
            return kept
    return catalogue_of(slug)


def _sold_type(data: dict[str, Any]) -> SoldType:
    amounts = {name: Decimal(data[name]) for name in ("base_price", "extra_guest_price")}
    return SoldType(**{**data, **amounts, "photos": tuple(map(tuple, data["photos"]))})


def _restriction(data: dict[str, Any]) -> Restriction:
    names = (
        "room_type_id", "min_stay", "max_stay", "advance_days", "window_days", "closed_to_arrival",
        "closed_to_departure", "is_closed",
    )  # fmt: skip
    return Restriction(
        starts_on=dt.date.fromisoformat(data["starts_on"]), ends_on=dt.date.fromisoformat(data["ends_on"]),
        **{name: data[name] for name in names},
    )  # fmt: skip


def _overrides(rows: Sequence[dict[str, Any]] | None) -> dict[int, tuple[Override, ...]]:
    found: dict[int, tuple[Override, ...]] = {}
    for row in rows or ():
        override = Override(
            dt.date.fromisoformat(row["starts_on"]), dt.date.fromisoformat(row["ends_on"]), Decimal(row["price"])
        )
        found[row["room_type_id"]] = (*found.get(row["room_type_id"], ()), override)
    return found


def types_of(hotel_id: int) -> Sequence[RoomType]:
    """Every type of the hotel, those that are not sold last."""
    query = of_hotel(RoomType, hotel_id).order_by(RoomType.is_active.desc(), RoomType.position, RoomType.id)
    return db.session.scalars(query).all()


def restrictions_of(hotel_id: int, from_day: dt.date) -> Sequence[tuple[StayRestriction, str | None]]:
    """(restriction, name of its type) of those that are not over, in the order of their dates."""
    query = (
        select(StayRestriction, RoomType.name)
        .outerjoin(RoomType, RoomType.id == StayRestriction.room_type_id)
        .where(StayRestriction.hotel_id == hotel_id, StayRestriction.ends_on > from_day)
        .order_by(StayRestriction.starts_on, StayRestriction.id)
    )
    return [(row[0], row[1]) for row in db.session.execute(query)]


def overrides_of(hotel_id: int, from_day: dt.date) -> Sequence[tuple[PriceOverride, str]]:
    """(price, name of its type) of those that are not over, in the order of their dates."""
    query = (
        select(PriceOverride, RoomType.name)
        .join(RoomType, RoomType.id == PriceOverride.room_type_id)
        .where(PriceOverride.hotel_id == hotel_id, PriceOverride.ends_on > from_day)
        .order_by(PriceOverride.starts_on, PriceOverride.id)
    )
    return [(row[0], row[1]) for row in db.session.execute(query)]

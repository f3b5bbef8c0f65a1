"""The guard of `services` for many stays at once: the same two tables, the same rules, a handful of statements.

Whoever changes many nights takes all locks first, in the order of the house: stays by id, rooms by id, counts by type and night.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import text

from webapp.core.database import db
from webapp.core.stay_dates import StayDates

Night = tuple[int, dt.date]  # a room or a type of rooms, and the date of an evening

_FILL = text("""
    INSERT INTO inventory (hotel_id, room_type_id, night, capacity, allowance, sellable_limit, closed, sold, forced)
    SELECT t.hotel_id, t.id, n.night, coalesce(r.number, 0), t.overbooking_allowance, t.sellable_limit, 0, 0, 0
    FROM unnest(CAST(:types AS bigint[]), CAST(:nights AS date[])) AS n (room_type_id, night)
    JOIN room_type t ON t.id = n.room_type_id
    LEFT JOIN (SELECT room_type_id, count(*) AS number FROM room WHERE is_active AND room_type_id = ANY(:types) GROUP BY 1) r
        ON r.room_type_id = t.id
    ORDER BY t.id, n.night
    ON CONFLICT DO NOTHING
""")

_HOLD = text("""
    SELECT 1 FROM inventory i
    JOIN unnest(CAST(:types AS bigint[]), CAST(:nights AS date[])) AS n (room_type_id, night) USING (room_type_id, night)
    ORDER BY i.room_type_id, i.night FOR NO KEY UPDATE OF i
""")

_SHIFT = text("""
    WITH target AS (
        SELECT i.room_type_id, i.night, i.sold + i.forced + n.change AS demand,
               greatest(0, least(capacity - closed + allowance, sellable_limit)) AS most
        FROM inventory i
        JOIN unnest(CAST(:types AS bigint[]), CAST(:nights AS date[]), CAST(:changes AS bigint[]))
            AS n (room_type_id, night, change) USING (room_type_id, night)
        ORDER BY i.room_type_id, i.night FOR NO KEY UPDATE OF i
    )
    UPDATE inventory
    SET sold = least(target.demand, target.most), forced = target.demand - least(target.demand, target.most)
    FROM target
    WHERE inventory.room_type_id = target.room_type_id AND inventory.night = target.night
""")

_OCCUPY = text("""
    INSERT INTO room_night (room_id, night, hotel_id, reservation_id)
    SELECT p.room_id, day::date, :hotel_id, p.reservation_id
    FROM unnest(CAST(:rooms AS bigint[]), CAST(:stays AS bigint[]), CAST(:arrivals AS date[]), CAST(:departures AS date[]))
        AS p (room_id, reservation_id, check_in, check_out),
        generate_series(p.check_in, p.check_out - 1, interval '1 day') AS day
""")


@dataclass(frozen=True)
class Placed:
    """A stay in a room."""

    reservation_id: int
    room_id: int
    dates: StayDates


def hold_nights(nights: Collection[Night]) -> None:
    """Make the counts of these nights of types that have none yet, and lock them all, in their order."""
    if nights:
        ordered = sorted(nights)
        values = {"types": [one for one, _night in ordered], "nights": [night for _one, night in ordered]}
        db.session.execute(_FILL, values)
        db.session.execute(_HOLD, values)


def count_nights(changes: Mapping[Night, int]) -> None:
    """Count so many stays of a type more, or less, on each night: beyond the limit where it must be, for they are facts."""
    ordered = sorted((night, change) for night, change in changes.items() if change)
    if ordered:
        db.session.execute(
            _SHIFT,
            {
                "types": [one for (one, _night), _change in ordered],
                "nights": [night for (_one, night), _change in ordered],
                "changes": [change for _night, change in ordered],
            },
        )


def taken_nights(room_ids: Collection[int], first: dt.date, last: dt.date) -> set[Night]:
    """The nights of these rooms that somebody holds, from `first` up to, not including, `last`."""
    rows = db.session.execute(
        text("SELECT room_id, night FROM room_night WHERE room_id = ANY(:ids) AND night >= :first AND night < :last"),
        {"ids": sorted(room_ids), "first": first, "last": last},
    )
    return {(room_id, night) for room_id, night in rows}


def occupy_rooms(hotel_id: int, placed: Iterable[Placed]) -> None:
    """Write the nights of stays into rooms that the caller has locked and found free."""
    chosen = list(placed)
    if chosen:
        db.session.execute(
            _OCCUPY,
            {
                "hotel_id": hotel_id,
                "rooms": [one.room_id for one in chosen],
                "stays": [one.reservation_id for one in chosen],
                "arrivals": [one.dates.check_in for one in chosen],
                "departures": [one.dates.check_out for one in chosen],
            },
        )


def vacate_rooms(reservation_ids: Collection[int]) -> None:
    """Give back every night that these stays hold."""
    if reservation_ids:
        db.session.execute(
            text("DELETE FROM room_night WHERE reservation_id = ANY(:ids)"), {"ids": sorted(reservation_ids)}
        )

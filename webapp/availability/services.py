"""The guard that every night passes through: counts per room type (`inventory`) and occupancy per room (`room_night`).

No other module writes these two tables, but for `many`, which does the same for many stays at once. Every function works inside the caller's transaction and locks what it reads, always in
the order reservation, room (by id), inventory (by type and night), so that two transactions cannot wait for each other.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import text

from webapp.core.database import db
from webapp.core.errors import Conflict
from webapp.core.stay_dates import StayDates

_LIMIT = "greatest(0, least(capacity - closed + allowance, sellable_limit))"

# Nothing is locked while a night has no row yet: whoever makes rows may wait for others who do, and must hold none meanwhile.
_TAKE = text(f"""
    WITH known AS (
        SELECT count(*) = :nights AS is_complete FROM inventory
        WHERE room_type_id = :room_type_id AND night >= :check_in AND night < :check_out
    ), target AS (
        SELECT night, sold + forced < {_LIMIT} AS is_free
        FROM inventory
        WHERE room_type_id = :room_type_id AND night >= :check_in AND night < :check_out
          AND (SELECT is_complete FROM known)
        ORDER BY night FOR NO KEY UPDATE
    ), verdict AS (SELECT count(*) FILTER (WHERE is_free) = :nights AS fits FROM target)
    UPDATE inventory SET sold = inventory.sold + 1
    FROM target, verdict
    WHERE verdict.fits AND inventory.room_type_id = :room_type_id AND inventory.night = target.night
""")  # noqa: S608

_SHIFT = text("""
    WITH target AS (
        SELECT night, sold + forced + :demand AS demand, closed + :closed AS closed,
               greatest(0, least(capacity - closed - :closed + allowance, sellable_limit)) AS most
        FROM inventory
        WHERE room_type_id = :room_type_id AND night >= :check_in AND night < :check_out
        ORDER BY night FOR NO KEY UPDATE
    )
    UPDATE inventory
    SET sold = least(target.demand, target.most), forced = target.demand - least(target.demand, target.most),
        closed = target.closed
    FROM target
    WHERE inventory.room_type_id = :room_type_id AND inventory.night = target.night
""")

_FILL = text("""
    INSERT INTO inventory (hotel_id, room_type_id, night, capacity, allowance, sellable_limit, closed, sold, forced)
    SELECT t.hotel_id, t.id, day::date,
           (SELECT count(*) FROM room r WHERE r.room_type_id = t.id AND r.is_active), t.overbooking_allowance,
           t.sellable_limit, 0, 0, 0
    FROM room_type t, generate_series(
        date_trunc('month', CAST(:check_in AS date)::timestamp),
        date_trunc('month', (CAST(:check_out AS date) - 1)::timestamp) + interval '1 month' - interval '1 day',
        interval '1 day') AS day
    WHERE t.id = :room_type_id
    ORDER BY day
    ON CONFLICT DO NOTHING
""")


@dataclass(frozen=True)
class RoomConflict:
    """Nights of a room that somebody else holds."""

    reservation_ids: tuple[int, ...]
    booking_ids: tuple[str, ...]
    is_blocked: bool


def take_nights(room_type_id: int, dates: StayDates) -> None:
    """Count one more stay of this type on each night, or none at all.

    Raises Conflict NO_AVAILABILITY with the nights that are full.
    """
    if _run(_TAKE, room_type_id, dates) == dates.nights:
        return
    fill(room_type_id, dates)
    if _run(_TAKE, room_type_id, dates) != dates.nights:
        raise Conflict(
            _("No room of this type is free on every night of the stay."),
            "NO_AVAILABILITY",
            details={"nights": [night.isoformat() for night in full_nights(room_type_id, dates)]},
        )


def force_nights(room_type_id: int, dates: StayDates) -> None:
    """Count a stay that is a fact already (a channel sold it, or the desk insists): beyond the limit where it must be."""
    fill(room_type_id, dates)
    _run(_SHIFT, room_type_id, dates, demand=1, closed=0)


def release_nights(room_type_id: int, dates: StayDates) -> None:
    """Count one stay less on each night."""
    _run(_SHIFT, room_type_id, dates, demand=-1, closed=0)


def close_nights(room_type_id: int, dates: StayDates) -> None:
    """One room of the type cannot be sold on these nights."""
    fill(room_type_id, dates)
    _run(_SHIFT, room_type_id, dates, demand=0, closed=1)


def open_nights(room_type_id: int, dates: StayDates) -> None:
    """Undo `close_nights`."""
    _run(_SHIFT, room_type_id, dates, demand=0, closed=-1)


def exchange_nights(
    old_type_id: int, old: StayDates, new_type_id: int, new: StayDates, *, is_fact: bool = False
) -> None:
    """Count a stay on other nights, or as another type. Nights that it keeps are not put to the test again.

    Raises Conflict NO_AVAILABILITY like `take_nights`, unless it is a fact.
    """
    fill(new_type_id, new)
    hold_nights([old_type_id, new_type_id], old, new)
    is_same = old_type_id == new_type_id
    for part in old.minus(new) if is_same else [old]:
        release_nights(old_type_id, part)
    for part in new.minus(old) if is_same else [new]:
        (force_nights if is_fact else take_nights)(new_type_id, part)


def hold_nights(room_type_ids: list[int], *ranges: StayDates) -> None:
    """Lock the counts of all these nights at once and in order, before some are given back and others taken."""
    db.session.execute(
        text("""
            SELECT 1 FROM inventory
            WHERE room_type_id = ANY(:ids) AND night >= :first AND night < :last
            ORDER BY room_type_id, night FOR NO KEY UPDATE
        """),
        {
            "ids": room_type_ids, "first": min(one.check_in for one in ranges),
            "last": max(one.check_out for one in ranges),
        },
    )  # fmt: skip


def _run(statement: Any, room_type_id: int, dates: StayDates, **values: int) -> int:
    parameters: dict[str, Any] = {
        "room_type_id": room_type_id, "check_in": dates.check_in, "check_out": dates.check_out, **values
    }  # fmt: skip
    if statement is _TAKE:
        parameters["nights"] = dates.nights
    return db.session.execute(statement, parameters).rowcount  # type: ignore[attr-defined]


def fill(room_type_id: int, dates: StayDates) -> None:
    """Make the inventory rows of nights that nobody asked for before, and of the other nights of their months with them."""
    db.session.execute(_FILL, {"room_type_id": room_type_id, "check_in": dates.check_in, "check_out": dates.check_out})


def full_nights(room_type_id: int, dates: StayDates) -> list[Any]:
    """The nights of `dates` on which the type is sold out."""
    rows = db.session.execute(
        text(f"""
            SELECT night FROM inventory
            WHERE room_type_id = :room_type_id AND night >= :check_in AND night < :check_out
              AND sold + forced >= {_LIMIT} ORDER BY night
        """),  # noqa: S608
        {"room_type_id": room_type_id, "check_in": dates.check_in, "check_out": dates.check_out},
    )
    return list(rows.scalars())


def recount(hotel_id: int) -> int:
    """Rebuild the counts of a hotel from its stays, rooms and blocks. Returns how many nights were wrong before."""
    lock = text("SELECT 1 FROM inventory WHERE hotel_id = :hotel_id ORDER BY room_type_id, night FOR NO KEY UPDATE")
    db.session.execute(lock, {"hotel_id": hotel_id})
    return db.session.execute(_RECOUNT, {"hotel_id": hotel_id}).rowcount  # type: ignore[attr-defined]


_RECOUNT = text("""
    WITH stays AS (
        SELECT s.inventory_type_id AS room_type_id, day::date AS night, count(*) AS demand
        FROM reservation s, generate_series(s.check_in, s.check_out - 1, interval '1 day') AS day
        WHERE s.hotel_id = :hotel_id AND s.status IN ('PENDING_PAYMENT', 'CONFIRMED', 'CHECKED_IN', 'COMPLETED')
        GROUP BY 1, 2
    ), blocks AS (
        SELECT r.room_type_id, n.night, count(*) AS closed
        FROM room_night n JOIN room r ON r.id = n.room_id
        WHERE n.hotel_id = :hotel_id AND n.block_id IS NOT NULL GROUP BY 1, 2
    ), truth AS (
        SELECT i.room_type_id, i.night, coalesce(s.demand, 0) AS demand, coalesce(b.closed, 0) AS closed,
               (SELECT count(*) FROM room r WHERE r.room_type_id = t.id AND r.is_active) AS capacity,
               t.overbooking_allowance AS allowance, t.sellable_limit
        FROM inventory i JOIN room_type t ON t.id = i.room_type_id
        LEFT JOIN stays s USING (room_type_id, night) LEFT JOIN blocks b USING (room_type_id, night)
        WHERE i.hotel_id = :hotel_id
    ), wanted AS (
        SELECT *, least(demand, greatest(0, least(capacity - closed + allowance, sellable_limit))) AS sold FROM truth
    )
    UPDATE inventory i
    SET capacity = w.capacity, allowance = w.allowance, sellable_limit = w.sellable_limit, closed = w.closed,
        sold = w.sold, forced = w.demand - w.sold
    FROM wanted w
    WHERE i.room_type_id = w.room_type_id AND i.night = w.night
      AND (i.capacity, i.allowance, i.sellable_limit, i.closed, i.sold, i.forced)
          IS DISTINCT FROM (w.capacity, w.allowance, w.sellable_limit, w.closed, w.sold, w.demand - w.sold)
""")


def occupy_room(hotel_id: int, room_id: int, dates: StayDates, *, reservation_id: int | None = None,
                block_id: int | None = None) -> None:  # fmt: skip
    """Write the nights of a stay or a block into a room.

    Raises Conflict ROOM_OVERLAP_CONFLICT with `conflicting_booking_ids` when one of them is taken, ROOM_OUT_OF_ORDER when only
    a block is in the way.
    """
    lock_rooms([room_id])
    if conflict := room_conflict(room_id, dates, except_reservation_id=reservation_id):
        is_closed = conflict.is_blocked and not conflict.booking_ids
        raise Conflict(
            _("The room is taken for part of these nights."),
            "ROOM_OUT_OF_ORDER" if is_closed else "ROOM_OVERLAP_CONFLICT",
            field="room_id",
            details={"conflicting_booking_ids": list(conflict.booking_ids), "is_blocked": conflict.is_blocked},
        )
    db.session.execute(
        text("""
            INSERT INTO room_night (room_id, night, hotel_id, reservation_id, block_id)
            SELECT :room_id, day::date, :hotel_id, :reservation_id, :block_id
            FROM generate_series(CAST(:check_in AS date), CAST(:check_out AS date) - 1, interval '1 day') AS day
        """),
        {
            "room_id": room_id, "hotel_id": hotel_id, "reservation_id": reservation_id, "block_id": block_id,
            "check_in": dates.check_in, "check_out": dates.check_out,
        },
    )  # fmt: skip


def lock_rooms(room_ids: list[int]) -> None:
    """Hold these rooms until the end of the transaction, so that nobody else places a stay in them meanwhile."""
    db.session.execute(
        text("SELECT 1 FROM room WHERE id = ANY(:ids) ORDER BY id FOR NO KEY UPDATE"), {"ids": sorted(room_ids)}
    )


def vacate_room(
    *, reservation_id: int | None = None, block_id: int | None = None, since: dt.date | None = None
) -> None:
    """Give back every night that a stay or a block holds, or those from `since` on."""
    db.session.execute(
        text("""
            DELETE FROM room_night
            WHERE (reservation_id = :reservation_id OR block_id = :block_id) AND night >= coalesce(CAST(:since AS date), CAST('-infinity' AS date))
        """),
        {"reservation_id": reservation_id, "block_id": block_id, "since": since},
    )


def vacate_stays(reservation_ids: list[int]) -> None:
    """Give back every room night of these stays; the caller counts anew."""
    db.session.execute(text("DELETE FROM room_night WHERE reservation_id = ANY(:ids)"), {"ids": reservation_ids})


def room_conflict(room_id: int, dates: StayDates, except_reservation_id: int | None = None) -> RoomConflict | None:
    """Who holds nights of this room within `dates`, besides the given stay."""
    rows = db.session.execute(
        text("""
            SELECT n.reservation_id, s.booking_id, bool_or(n.block_id IS NOT NULL) AS is_blocked
            FROM room_night n LEFT JOIN reservation s ON s.id = n.reservation_id
            WHERE n.room_id = :room_id AND n.night >= :check_in AND n.night < :check_out
              AND n.reservation_id IS DISTINCT FROM CAST(:except_id AS bigint)
            GROUP BY 1, 2 ORDER BY 1
        """),
        {
            "room_id": room_id, "check_in": dates.check_in, "check_out": dates.check_out,
            "except_id": except_reservation_id if except_reservation_id is not None else -1,
        },
    ).all()  # fmt: skip
    if not rows:
        return None
    stays = [row for row in rows if row.reservation_id is not None]
    return RoomConflict(
        tuple(row.reservation_id for row in stays),
        tuple(row.booking_id for row in stays),
        any(row.is_blocked for row in rows),
    )

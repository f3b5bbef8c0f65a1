"""Hotels of a given size, written straight into the tables: the same every time, and quick."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import psycopg
from sqlalchemy import text

from webapp.core import encryption, ids
from webapp.core.clock import now
from webapp.core.database import db
from webapp.core.transaction import transaction
from webapp.models import Hotel, Membership, Room, RoomType, User

DAYS_BACK, DAYS_AHEAD = 120, 306  # fourteen months
STAYS_PER_ROOM = 2500 / 30
FIRST = ("Ada", "Astrid", "Amélie", "Björn", "Chidi", "Diego", "Élodie", "Fatima", "Giulia", "Haruto", "Ines", "Jürgen",
         "Kenji", "Leila", "Marta", "Nadia", "Olga", "Pedro", "Quentin", "Rosa", "Söreņ", "Tomás", "Uma", "Yuki")  # fmt: skip
LAST = ("Okafor", "Lindqvist", "Moreau", "Nakamura", "Silva", "Osei", "Delacroix", "Haddad", "Novák", "Rossi", "Müller",
        "García", "Kowalski", "Ferreira", "Jensen", "Tanaka", "Dubois", "Bauer", "Costa", "Nguyen", "Patel", "Smith")  # fmt: skip
SOURCES = ("booking", "airbnb", "direct", "desk", "expedia", "vrbo")


@dataclass(frozen=True)
class BenchHotel:
    id: int
    slug: str
    user_session: str  # what Flask-Login keeps in the session
    stays: int


def make_hotel(slug: str, rooms: int, types: int, *, stays: bool = True, until: int = 0) -> BenchHotel:
    """A hotel with `rooms` rooms and, with `stays`, fourteen months of them, committed; with more that came to nothing
    until there are `until`."""
    with transaction():
        hotel = Hotel(
            slug=slug, name=slug.replace("-", " ").title(), timezone="Europe/London", currency="GBP", country="GB"
        )
        user = User(email=f"desk@{slug}.example", name="Bench Desk")
        db.session.add_all([hotel, user])
        db.session.flush()
        db.session.add(Membership(user_id=user.id, hotel_id=hotel.id, role="manager"))
        kinds = [RoomType(hotel_id=hotel.id, code=f"T{n}", name=f"Type {n + 1}", position=n) for n in range(types)]
        db.session.add_all(kinds)
        db.session.flush()
        per_type = -(-rooms // types)
        made = [
            Room(
                hotel_id=hotel.id, room_type_id=kinds[n // per_type].id, number=str(100 + n // 20 * 100 + n % 20 + 1),
                position=n, export_token=ids.token(), housekeeping=("clean", "dirty", "inspected")[n % 3],
            )
            for n in range(rooms)
        ]  # fmt: skip
        db.session.add_all(made)
    written = list(_stays(hotel, made)) if stays else []
    written += [_lost(hotel, made, number) for number in range(len(written), until)]
    if written:
        _copy(written)
        with transaction():
            _derive(hotel.id)
    return BenchHotel(hotel.id, slug, user.get_id(), len(written))


def _stays(hotel: Hotel, rooms: list[Room]) -> Iterator[tuple[Any, ...]]:
    dice, today = random.Random(hotel.slug), hotel.business_date()
    for room in rooms:
        date = today - dt.timedelta(days=DAYS_BACK - dice.randrange(4))
        until = today + dt.timedelta(days=DAYS_AHEAD)
        while date < until:
            leaves = date + dt.timedelta(days=dice.choice((1, 2, 2, 3, 3, 4, 5, 7, 7)))
            yield _stay(hotel, room, date, leaves, today, dice)
            date = leaves + dt.timedelta(days=dice.choice((0, 0, 1, 1, 2, 4)))


def _stay(
    hotel: Hotel, room: Room, check_in: dt.date, check_out: dt.date, today: dt.date, dice: random.Random
) -> tuple[Any, ...]:
    name = f"{dice.choice(FIRST)} {dice.choice(LAST)}"
    booking_id, source = ids.booking_id(today.year), dice.choice(SOURCES)
    reference = str(dice.randrange(10**9, 10**10)) if source in ("booking", "airbnb") else None
    if check_out < today or (check_out == today and dice.random() < 0.4):
        status = "COMPLETED"
    elif check_in < today or (check_in == today and dice.random() < 0.4):
        status = "CHECKED_IN"
    else:
        status = "PENDING_PAYMENT" if dice.random() < 0.03 else "CONFIRMED"
    total = Decimal(dice.randrange(80, 400)) * (check_out - check_in).days
    confirmation = ids.confirmation_number()
    tokens = encryption.search_tokens(name, booking_id, confirmation, reference)
    return (
        hotel.id, booking_id, confirmation, status, source, reference, check_in, check_out, room.room_type_id,
        room.room_type_id, room.id, room.number, encryption.keyring().seal(name.encode()), tokens, "GBP", total,
        total if dice.random() < 0.8 else Decimal(0), dice.randrange(1, 4), now(), 1,
    )  # fmt: skip


def _lost(hotel: Hotel, rooms: list[Room], number: int) -> tuple[Any, ...]:
    """A stay that holds no nights: cancelled, expired, or of a guest who did not come."""
    dice, today = random.Random(f"{hotel.slug} {number}"), hotel.business_date()
    date = today - dt.timedelta(days=dice.randrange(-DAYS_AHEAD, DAYS_BACK))
    stay = list(_stay(hotel, dice.choice(rooms), date, date + dt.timedelta(days=dice.randrange(1, 8)), today, dice))
    stay[3] = dice.choice(("CANCELLED", "CANCELLED", "EXPIRED", "NO_SHOW"))
    stay[10] = stay[11] = None  # no room
    return tuple(stay)


_COLUMNS = """hotel_id, booking_id, confirmation_number, status, source, channel_reference, check_in, check_out, room_type_id,
    inventory_type_id, room_id, listed_room, guest_name, search_tokens, currency, total, paid, adults, created_at, assignment_version"""
_DEFAULTS = """children, guest_language, guest_country, booker_type, field_sources, is_unplaced, is_pinned, assignment_notes,
    cancellation_reason, version"""


def _copy(stays: list[tuple[Any, ...]]) -> None:
    """By COPY, without the triggers that check each row: the rows are right by construction, but for a number drawn twice."""
    stays = list({stay[2]: stay for stay in {stay[1]: stay for stay in stays}.values()}.values())
    connection = db.engine.raw_connection()
    try:
        raw: psycopg.Connection = connection.driver_connection  # type: ignore[assignment]
        with raw.cursor() as cursor:
            cursor.execute("SET session_replication_role = replica")
            with cursor.copy(f"COPY reservation ({_COLUMNS}, {_DEFAULTS}) FROM STDIN") as copy:
                for stay in stays:
                    copy.write_row((*stay, 0, "en", "", "SELF", "{}", False, False, "", "", 1))
            cursor.execute("SET session_replication_role = DEFAULT")
        raw.commit()
    finally:
        connection.close()


def _derive(hotel_id: int) -> None:
    """Room nights and counts from the stays."""
    values = {"hotel_id": hotel_id}
    db.session.execute(text("SET LOCAL session_replication_role = replica"))
    db.session.execute(
        text("""
            INSERT INTO room_night (room_id, night, hotel_id, reservation_id)
            SELECT room_id, day::date, hotel_id, id
            FROM reservation, generate_series(check_in, check_out - 1, interval '1 day') AS day
            WHERE hotel_id = :hotel_id AND room_id IS NOT NULL
        """),
        values,
    )
    db.session.execute(
        text("""
            INSERT INTO inventory (room_type_id, night, hotel_id, capacity, allowance, closed, sold, forced)
            SELECT t.id, n.night, t.hotel_id, (SELECT count(*) FROM room WHERE room_type_id = t.id), 0, 0, count(*), 0
            FROM room_night n JOIN room r ON r.id = n.room_id JOIN room_type t ON t.id = r.room_type_id
            WHERE t.hotel_id = :hotel_id GROUP BY t.id, n.night
        """),
        values,
    )


def settle() -> None:
    """What autovacuum would have done on a database that has been used for a while."""
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))

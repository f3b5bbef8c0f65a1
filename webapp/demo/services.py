"""Loads and removes the demo hotels. Their history is played through the services at the times at which it would have happened."""

from __future__ import annotations

import datetime as dt
import random

from flask_babel import force_locale
from sqlalchemy import delete, select, text

from webapp.accounts.services import team
from webapp.booking import room_photos
from webapp.core import clock, ids
from webapp.core.actor import Actor, acting_as
from webapp.core.database import db
from webapp.core.errors import Conflict
from webapp.models import Hotel, Restaurant, Room, RoomType, User

from . import pictures
from .history import History
from .houses import HOUSES, LANGUAGES, PASSWORD, DemoHouse

SEED = "innkeep demo"


def load() -> None:
    """Make the demo hotels, their people and ninety days of stays. Raises Conflict when one of them is there already."""
    taken = db.session.scalars(select(Hotel.slug).where(Hotel.slug.in_([house.slug for house in HOUSES]))).all()
    if taken:
        raise Conflict(f"There is a hotel {', '.join(taken)} already. `flask demo reset` removes the demo hotels.")
    with ids.repeatable(SEED), force_locale("en"), acting_as(Actor("system", "Demo")):
        for house in HOUSES:
            hotel = _open(house)
            _staff(hotel, house)
            History(hotel, house.plan, random.Random(f"{SEED} {house.slug}")).play()


def _open(house: DemoHouse) -> Hotel:
    """The hotel as it opened, well before the first stay."""
    with clock.frozen(clock.now() - dt.timedelta(days=200)):
        hotel = Hotel(
            slug=house.slug,
            languages=LANGUAGES,
            house_rules=house.rules,
            settings=dict(house.settings),
            **house.columns,
        )
        db.session.add(hotel)
        db.session.flush()
        for position, kind in enumerate(house.types):
            room_type = RoomType(
                hotel_id=hotel.id, code=kind.code, name=kind.name, description=kind.description, position=position,
                max_occupancy=kind.max_occupancy, base_price=kind.price, beds=kind.beds,
                base_occupancy=kind.base_occupancy, extra_guest_price=kind.extra_guest_price,
            )  # fmt: skip
            db.session.add(room_type)
            db.session.flush()
            for picture, shown in zip((pictures.room(kind.look), pictures.view(kind.look)), kind.shows, strict=True):
                room_photos.add(hotel, room_type.id, picture, shown)
            db.session.add_all(_room(house, hotel, room_type, number) for number in kind.rooms)
        if house.restaurant:
            db.session.add(Restaurant(hotel_id=hotel.id, **house.restaurant))
        db.session.flush()
    return hotel


def _room(house: DemoHouse, hotel: Hotel, room_type: RoomType, number: str) -> Room:
    is_upstairs = bool(house.first_floor_from) and number >= house.first_floor_from
    return Room(
        hotel_id=hotel.id, room_type_id=room_type.id, number=number, position=int(number),
        floor="1" if is_upstairs else "0", export_token=ids.token(),
    )  # fmt: skip


def _staff(hotel: Hotel, house: DemoHouse) -> None:
    for email, name, role in house.team:
        user = db.session.scalar(select(User).where(User.email == email))
        if user is None:
            user = team.create_user(email, name, PASSWORD)
        team.add_member(hotel, user, role)


def sign_ins() -> list[str]:
    """What to tell whoever starts the demo; empty when there is none."""
    known = select(Hotel.slug).where(Hotel.slug.in_([house.slug for house in HOUSES]))
    present = set(db.session.scalars(known))
    emails = [email for house in HOUSES if house.slug in present for email, _name, _role in house.team]
    return [f"Sign in as {', '.join(emails)}", f"Password: {PASSWORD}"] if emails else []


def has_hotels() -> bool:
    return db.session.scalar(select(Hotel.id).limit(1)) is not None


def remove() -> list[str]:
    """Take the demo hotels and all that belongs to them out of the database. Returns their slugs; other hotels stay."""
    hotels = db.session.scalars(select(Hotel).where(Hotel.slug.in_([house.slug for house in HOUSES]))).all()
    numbers, slugs = [hotel.id for hotel in hotels], [hotel.slug for hotel in hotels]
    db.session.flush()
    db.session.execute(text("SET LOCAL innkeep.rewrite_trail = 'yes'"))
    for table in reversed(db.metadata.sorted_tables):
        if table.name != "hotel" and "hotel_id" in table.columns:
            db.session.execute(table.delete().where(table.c.hotel_id.in_(numbers)))
    db.session.execute(delete(Hotel).where(Hotel.id.in_(numbers)))
    _remove_people()
    db.session.expunge_all()
    return slugs


def _remove_people() -> None:
    """The demo's own accounts, unless somebody has made them members of another hotel."""
    emails = [email for house in HOUSES for email, _name, _role in house.team]
    leftover = text("""
        SELECT id FROM user_account u WHERE email = ANY(:emails)
        AND NOT EXISTS (SELECT 1 FROM membership m WHERE m.user_id = u.id)
    """)
    people = list(db.session.scalars(leftover, {"emails": emails}))
    db.session.execute(text("DELETE FROM audit_entry WHERE actor_id = ANY(:ids)"), {"ids": people})
    db.session.execute(
        text("DELETE FROM audit_entry WHERE entity_type = 'user_account' AND entity_id = ANY(:ids)"), {"ids": people}
    )
    db.session.execute(text("DELETE FROM user_account WHERE id = ANY(:ids)"), {"ids": people})

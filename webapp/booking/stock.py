"""What the manager sells: room types, prices, restrictions and terms, each change with its history."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from webapp.availability import services as availability
from webapp.core import audit, events, versions
from webapp.core.audit import AuditEntry
from webapp.core.database import db
from webapp.core.errors import Conflict, Invalid
from webapp.core.tenancy import of_hotel, one_of_hotel
from webapp.models import Hotel, PriceOverride, Room, RoomType, StayRestriction
from webapp.rates.terms import MOST_NIGHTS, SETTINGS_KEY, Terms

LONGEST_RANGE = dt.timedelta(days=1100)
ACTIONS = ("terms_changed", "room_added", "room_changed")
TYPE_FIELDS = (
    "code", "name", "description", "beds", "max_occupancy", "base_occupancy", "base_price", "extra_guest_price",
    "overbooking_allowance", "sellable_limit", "position", "is_active",
)  # fmt: skip
ENTITIES = ("room_type", "price_override", "stay_restriction")


def save_type(hotel: Hotel, type_id: int | None, values: dict[str, Any], seen: str = "") -> RoomType:
    """Add or change a room type (columns of RoomType). New limits hold at once, for every night that is counted already.

    `seen`: the word for the type as the form showed it (of `type_facts`). Raises Conflict when the code is taken or the type was changed
    since, Invalid for what makes no sense.
    """
    if values["base_occupancy"] > values["max_occupancy"]:
        raise Invalid(_("The price cannot include more guests than the room takes."), field="base_occupancy")
    if type_id is None:
        kind = RoomType(hotel_id=hotel.id, **values)
        before: dict[str, Any] = {}
        after = {name: audit.as_json(value) for name, value in values.items()}
        db.session.add(kind)
    else:
        kind = one_of_hotel(RoomType, hotel.id, lock=True, id=type_id)
        versions.check_unchanged(seen, type_facts(kind))
        before, after = audit.changes(kind, values)
        for name in after:
            setattr(kind, name, values[name])
    try:
        db.session.flush()
    except IntegrityError as error:
        raise Conflict(_("Another room type has this code."), "CODE_TAKEN", field="code") from error
    if after.keys() & {"overbooking_allowance", "sellable_limit"} and type_id is not None:
        availability.recount(hotel.id)
    if after:
        _note(hotel, "type_changed" if type_id else "type_added", kind, before, after)
    return kind


def type_facts(kind: RoomType) -> dict[str, Any]:
    """What the form of a type shows, by the names of its fields."""
    return {name: getattr(kind, name) for name in TYPE_FIELDS}


def save_terms(hotel: Hotel, data: dict[str, Any], seen: str = "") -> bool:
    """Change taxes, cancellation, deposit and the like; False when nothing changed. Bookings keep the terms they were made under.

    Raises Conflict when they were changed since `seen`.
    """
    try:
        terms = Terms.from_json(data).as_json()
    except (ValueError, KeyError, TypeError):
        raise Invalid(_("These terms make no sense. Please look at the numbers again.")) from None
    db.session.refresh(hotel, with_for_update=True)
    versions.check_unchanged(seen, Terms.of(hotel.settings).facts())
    before = Terms.of(hotel.settings).as_json()
    changed = {name: value for name, value in terms.items() if before[name] != value}
    if not changed:
        return False
    hotel.settings = {**hotel.settings, SETTINGS_KEY: terms}
    db.session.flush()
    _note(hotel, "terms_changed", hotel, {name: before[name] for name in changed}, changed)
    return True


def add_price(hotel: Hotel, values: dict[str, Any], seen: int | None = None) -> PriceOverride:
    """A price for the nights of a date range, over whatever was there; but for what was set since `seen`, the newest that was shown."""
    _check_range(values)
    _check_newest(hotel, PriceOverride, values, seen)
    one_of_hotel(RoomType, hotel.id, id=values["room_type_id"])
    return _add(hotel, PriceOverride(hotel_id=hotel.id, **values), "price_added", values)


def add_restriction(hotel: Hotel, values: dict[str, Any], seen: int | None = None) -> StayRestriction:
    """A restriction of a date range, for one type or all. Raises Invalid when it restricts nothing. `seen` as in `add_price`."""
    _check_range(values)
    _check_newest(hotel, StayRestriction, values, seen)
    if values["room_type_id"] is not None:
        one_of_hotel(RoomType, hotel.id, id=values["room_type_id"])
    rules = {
        name: value for name, value in values.items() if name not in ("room_type_id", "starts_on", "ends_on", "note")
    }
    if not any(value is not None and value is not False for value in rules.values()):
        raise Invalid(_("Say what is to be restricted."), field="min_stay")
    shortest, longest = values.get("min_stay"), values.get("max_stay")
    if shortest and longest and shortest > longest:
        raise Invalid(_("The shortest stay is longer than the longest."), field="max_stay")
    return _add(hotel, StayRestriction(hotel_id=hotel.id, **values), "restriction_added", values)


def remove(hotel: Hotel, model: type[PriceOverride] | type[StayRestriction], row_id: int) -> None:
    """Take a price or a restriction back."""
    row: Any = one_of_hotel(model, hotel.id, lock=True, id=row_id)
    columns = [column.key for column in model.__table__.columns if column.key not in ("id", "hotel_id", "created_at")]
    before = {
        name: audit.as_json(getattr(row, name)) for name in columns if getattr(row, name) not in (None, False, "")
    }
    action = "price_removed" if model is PriceOverride else "restriction_removed"
    _note(hotel, action, row, before, None)
    db.session.delete(row)
    db.session.flush()


def _check_range(values: dict[str, Any]) -> None:
    if values["ends_on"] <= values["starts_on"]:
        raise Invalid(_("The end must be after the beginning."), field="ends_on")
    if values["ends_on"] - values["starts_on"] > LONGEST_RANGE:
        raise Invalid(_("This is too long."), field="ends_on")
    for name in ("min_stay", "max_stay"):
        if values.get(name) is not None and not 1 <= values[name] <= MOST_NIGHTS:
            raise Invalid(_("A stay has at most %(nights)d nights.", nights=MOST_NIGHTS), field=name)


def newest(rows: Sequence[tuple[Any, Any]]) -> int:
    """The id of the newest rule among those that a page shows; 0 when there is none."""
    return max((row.id for row, _name in rows), default=0)


def _check_newest(
    hotel: Hotel, model: type[PriceOverride] | type[StayRestriction], values: dict[str, Any], seen: int | None
) -> None:
    """Raises Conflict when somebody has set a rule for some of these nights that the page did not show yet. It shows none that is over."""
    if seen is None:
        return
    db.session.refresh(hotel, with_for_update=True)
    begins = max(values["starts_on"], hotel.business_date())
    query = of_hotel(model, hotel.id).where(
        model.id > seen, model.starts_on < values["ends_on"], model.ends_on > begins
    )
    if values["room_type_id"] is not None:
        query = query.where((model.room_type_id == values["room_type_id"]) | model.room_type_id.is_(None))
    if db.session.scalars(query.limit(1)).one_or_none() is not None:
        raise Conflict(
            _("Somebody else has set something for these nights in the meantime; it is in the list now. Save again to set yours over it."),
            "CHANGED_MEANWHILE",
        )  # fmt: skip


def _add(hotel: Hotel, row: Any, action: str, values: dict[str, Any]) -> Any:
    db.session.add(row)
    db.session.flush()
    after = {name: audit.as_json(value) for name, value in values.items() if value not in (None, False, "")}
    _note(hotel, action, row, None, after)
    return row


def _note(hotel: Hotel, action: str, row: Any, before: dict[str, Any] | None, after: dict[str, Any] | None) -> None:
    audit.record(hotel.id, action, row, before=before, after=after)
    events.publish(hotel.id, "rates-changed", {"action": action})


def history(hotel: Hotel) -> Sequence[AuditEntry]:
    """The latest changes of what is sold, newest first."""
    query = of_hotel(AuditEntry, hotel.id).where(AuditEntry.entity_type.in_(ENTITIES) | AuditEntry.action.in_(ACTIONS))
    return db.session.scalars(query.order_by(AuditEntry.id.desc()).limit(20)).all()


def rooms_by_type(hotel: Hotel) -> dict[int, int]:
    """How many rooms in use each type has."""
    query = select(Room.room_type_id, db.func.count()).where(Room.hotel_id == hotel.id, Room.is_active)
    return dict(map(tuple, db.session.execute(query.group_by(Room.room_type_id))))

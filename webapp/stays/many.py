"""What is done with many stays at once, because a file of a channel says so: the rules of `services` in a few statements for each
thousand stays. What a channel says is a fact: it is recorded whatever there is.

The caller has locked everything by `hold` before; boards hear of many stays by one event, and what follows a change is asked
for in batches.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, TypeVar

from flask_babel import gettext as _
from sqlalchemy import Row, RowMapping, Table, bindparam, func, select, text, update

from webapp.availability import many as availability
from webapp.availability import services as one_by_one
from webapp.availability.many import Night, Placed
from webapp.core import audit, encryption, events, ids, outbox
from webapp.core.actor import current as current_actor
from webapp.core.audit import Said
from webapp.core.clock import now
from webapp.core.database import among, copy_rows, db
from webapp.core.errors import Conflict
from webapp.core.stay_dates import StayDates
from webapp.models import Reservation, Room
from webapp.operations import services as operations

from .follow_up import ask_for_many
from .services import House, NewStay

T = TypeVar("T")
_BATCH = 1000  # rows of one statement
_TOLD_ONE_BY_ONE = 20  # more stays than these are one event
_INDEXED_AT_ONCE = 500  # what more stays than these are found by is worked out by jobs, right afterwards
_GUEST = (
    "guest_name", "guest_phone", "guest_country", "booker_name", "special_requests", "adults", "children", "channel_reference",
    "total",
)  # fmt: skip
_STAY: Table = Reservation.__table__  # type: ignore[assignment]
_ONE = update(_STAY).where(_STAY.c.id == bindparam("stay_id"))
_TELL = _ONE.values(version=_STAY.c.version + 1, **{name: bindparam(name) for name in (*_GUEST, "field_sources")})
_TELL_AND_INDEX = _TELL.values(search_tokens=bindparam("search_tokens"))
_INDEX = _ONE.values(search_tokens=bindparam("search_tokens"))


@dataclass(frozen=True)
class GuestChange:
    """New values of guest fields (names as in the model), and who said each field from now on."""

    stay_id: int
    values: Mapping[str, Any]
    sources: Mapping[str, Any]


def hold(hotel_id: int, stay_ids: Collection[int], nights: Collection[Night]) -> None:
    """Lock these stays, and with `nights` all rooms of the hotel and the counts of these nights, until the transaction ends."""
    if stay_ids:
        lock = select(Reservation.id).where(Reservation.hotel_id == hotel_id, among(Reservation.id, stay_ids))
        db.session.execute(lock.order_by(Reservation.id).with_for_update())
        _forget(stay_ids)
    if nights:
        one_by_one.lock_rooms(list(db.session.scalars(select(Room.id).where(Room.hotel_id == hotel_id))))
        availability.hold_nights(nights)


# New stays


def create_stays(hotel: House, news: Sequence[NewStay]) -> list[int]:
    """Record stays that a channel has sold, and take their nights; unplaced with an alert where the room is taken.

    Returns their ids in the order of `news`.
    """
    if not news:
        return []
    found = db.session.execute(select(Room.id, Room.number, Room.room_type_id).where(Room.hotel_id == hotel.id))
    rooms: dict[int, Any] = {room.id: room for room in found}
    number = func.generate_series(1, len(news)).table_valued("n")
    numbers = select(func.nextval(func.pg_get_serial_sequence("reservation", "id"))).select_from(number)
    stay_ids = list(db.session.scalars(numbers))
    is_free = _allot(news)
    is_indexed = len(news) <= _INDEXED_AT_ONCE
    for start in range(0, len(news), _BATCH):
        part = slice(start, start + _BATCH)
        _insert(hotel, list(zip(stay_ids[part], news[part], is_free[part], strict=True)), rooms, is_indexed)
    counts: Counter[Night] = Counter()
    for new, is_placed in zip(news, is_free, strict=True):
        type_id = rooms[new.room_id].room_type_id if is_placed and new.room_id else new.room_type_id
        counts.update((type_id, night) for night in new.dates)
    availability.count_nights(counts)
    if not is_indexed:
        _ask_to_index(hotel.id, stay_ids)
    ask_for_many(hotel.id, stay_ids, "created")
    return stay_ids


def _allot(news: Sequence[NewStay]) -> list[bool]:
    """For each new stay whether the room that it names is free on its nights: the first comer has it."""
    wanted = [new for new in news if new.room_id is not None]
    if not wanted:
        return [False] * len(news)
    taken = availability.taken_nights(
        {new.room_id for new in wanted if new.room_id}, min(new.dates.check_in for new in wanted),
        max(new.dates.check_out for new in wanted),
    )  # fmt: skip
    is_free = []
    for new in news:
        nights = [(new.room_id, night) for night in new.dates] if new.room_id is not None else []
        is_free.append(bool(nights) and taken.isdisjoint(nights))
        if is_free[-1]:
            taken.update(nights)
    return is_free


def _insert(
    hotel: House, part: list[tuple[int, NewStay, bool]], rooms: Mapping[int, Row[Any]], is_indexed: bool
) -> None:
    rows = [_row(hotel, stay_id, new, is_placed, rooms) for stay_id, new, is_placed in part]
    if is_indexed:
        for row in rows:
            row["search_tokens"] = _tokens(row)
    copy_rows(_STAY, rows)
    availability.occupy_rooms(
        hotel.id, [Placed(stay_id, new.room_id or 0, new.dates) for stay_id, new, is_placed in part if is_placed]
    )
    numbers = {room_id: room.number for room_id, room in rooms.items()}
    audit.record_many(
        hotel.id, "created", "reservation", [Said(row["id"], after=_summary(row, numbers)) for row in rows]
    )
    unplaced = [
        (f"unplaced:{row['id']}", {"booking_id": row["booking_id"], "room": numbers[new.room_id or 0]}, row["id"])
        for row, (_id, new, _placed) in zip(rows, part, strict=True)
        if row["is_unplaced"]
    ]
    operations.raise_alerts(hotel.id, "stay_unplaced", unplaced, severity="critical")
    _tell(
        hotel.id, "booking-created", [(row["booking_id"], row["status"], numbers.get(row["room_id"])) for row in rows]
    )


def _row(hotel: House, stay_id: int, new: NewStay, is_placed: bool, rooms: Mapping[int, Row[Any]]) -> dict[str, Any]:
    room = rooms[new.room_id] if is_placed and new.room_id is not None else None
    row = {
        **_DEFAULTS, "id": stay_id, "hotel_id": hotel.id, "booking_id": ids.booking_id(hotel.business_date().year),
        "confirmation_number": ids.confirmation_number(), "status": new.status, "source": new.source,
        "channel_reference": new.channel_reference, "check_in": new.dates.check_in, "check_out": new.dates.check_out,
        "room_type_id": new.room_type_id, "inventory_type_id": room.room_type_id if room else new.room_type_id,
        "room_id": room.id if room else None, "is_unplaced": new.room_id is not None and room is None,
        "adults": new.adults, "children": new.children, "guest_name": new.guest_name, "guest_email": new.guest_email,
        "guest_phone": new.guest_phone, "guest_language": new.guest_language, "guest_country": new.guest_country,
        "special_requests": new.special_requests, "currency": hotel.currency, "total": new.total, "paid": new.paid,
        "created_at": now(), **new.extras,
    }  # fmt: skip
    if room:
        row |= {"assignment_version": 1, "room_assigned_at": now(), "room_assigned_by": current_actor().label}
    return row


def _defaults() -> dict[str, Any]:
    """What a column holds when nobody says anything: a factory of Python's, a plain value, or nothing."""
    values: dict[str, Any] = {}
    for column in _STAY.columns:
        default: Any = column.default
        if column.name == "id" or (default is None and not column.nullable):
            continue
        values[column.name] = None if default is None else {} if default.is_callable else default.arg
    return {**values, "search_tokens": [], "price_lines": []}


_DEFAULTS = _defaults()


def _tokens(row: Mapping[str, Any] | RowMapping) -> list[int]:
    return encryption.search_tokens(
        row["guest_email"], row["guest_phone"], row["booking_id"], row["confirmation_number"], row["channel_reference"],
        row["booker_email"], names=(row["guest_name"], row["booker_name"]),
    )  # fmt: skip


def _summary(row: Mapping[str, Any], numbers: Mapping[int, str]) -> dict[str, Any]:
    return {
        "check_in": row["check_in"].isoformat(), "check_out": row["check_out"].isoformat(), "status": row["status"],
        "source": row["source"], "room": numbers.get(row["room_id"]), "guest_name": row["guest_name"],
        "reference": row["channel_reference"],
    }  # fmt: skip


def link_stays(hotel_id: int, groups: Mapping[int, str]) -> None:
    """Note of stays that they were booked together: their ids, and the group of each."""
    statement = text("""
        UPDATE reservation SET group_id = n.group_id
        FROM unnest(CAST(:ids AS bigint[]), CAST(:groups AS text[])) AS n (id, group_id)
        WHERE reservation.hotel_id = :hotel_id AND reservation.id = n.id
    """)
    if groups:
        ordered = sorted(groups.items())
        values = {"ids": [stay_id for stay_id, _group in ordered], "groups": [group for _stay_id, group in ordered]}
        db.session.execute(statement, {**values, "hotel_id": hotel_id})
        _forget(groups)


# Guests


def update_guests(hotel_id: int, changes: Iterable[GuestChange]) -> None:
    """Change guest fields of stays and note who said so."""
    stay_ids: list[int] = []
    for part in _parts(changes):
        is_indexed = len(stay_ids) + len(part) <= _INDEXED_AT_ONCE
        stay_ids += [change.stay_id for change in part]
        found = {row["id"]: row for row in _read(hotel_id, [change.stay_id for change in part])}
        written, said = [], []
        for change in part:
            row = found[change.stay_id]
            values = {name: change.values.get(name, row[name]) for name in _GUEST}
            differing = [name for name in _GUEST if values[name] != row[name]]
            before, after = ({name: audit.as_json(one[name]) for name in differing} for one in (row, values))
            said.append(Said(change.stay_id, before, after))
            written.append({
                **values, "stay_id": change.stay_id, "field_sources": dict(change.sources),
                **({"search_tokens": _tokens({**row, **values})} if is_indexed else {}),
            })  # fmt: skip
        db.session.execute(_TELL_AND_INDEX if is_indexed else _TELL, written)
        if not is_indexed:
            _ask_to_index(hotel_id, [change.stay_id for change in part])
        audit.record_many(hotel_id, "guest_updated", "reservation", said)
        _tell(hotel_id, "booking-updated", [_told(found[change.stay_id]) for change in part])
        _forget([change.stay_id for change in part])
    ask_for_many(hotel_id, stay_ids, "guest_updated")


# Search


def index_stays(hotel_id: int, stay_ids: Sequence[int]) -> None:
    """Work out what these stays are found by. They are held meanwhile, so that no newer name is overwritten by an older one."""
    hold(hotel_id, stay_ids, ())
    for part in _parts(stay_ids):
        written = [{"stay_id": row["id"], "search_tokens": _tokens(row)} for row in _read(hotel_id, part)]
        if written:
            db.session.execute(_INDEX, written)
    _forget(stay_ids)


def _ask_to_index(hotel_id: int, stay_ids: Iterable[int]) -> None:
    for part in _parts(stay_ids):
        outbox.enqueue("jobs.stays.index", {"hotel_id": hotel_id, "reservation_ids": part}, hotel_id=hotel_id)


# Ends


def cancel_stays(hotel_id: int, stay_ids: Sequence[int], reason: str, *, said_by: str = "") -> None:
    """PENDING_PAYMENT or CONFIRMED → CANCELLED, for each; their nights are free again."""
    values = {"cancelled_at": now(), "cancellation_reason": reason}
    _end(hotel_id, stay_ids, ("PENDING_PAYMENT", "CONFIRMED"), "CANCELLED", "cancelled", reason, said_by, values)


def mark_no_shows(hotel_id: int, stay_ids: Sequence[int], reason: str, *, said_by: str = "") -> None:
    """CONFIRMED → NO_SHOW, for each; their nights are free again, and what was paid is kept: the channel says what is due.

    The caller has seen that the guests were expected.
    """
    values = {"cancellation_fee": _STAY.c.paid}
    _end(hotel_id, stay_ids, ("CONFIRMED",), "NO_SHOW", "marked_no_show", reason, said_by, values)


def _end(
    hotel_id: int,
    stay_ids: Sequence[int],
    from_statuses: tuple[str, ...],
    status: str,
    action: str,
    reason: str,
    said_by: str,
    values: dict[str, Any],
) -> None:
    counts: Counter[Night] = Counter()
    for part in _parts(stay_ids):
        rows = _read(hotel_id, part)
        if len(rows) != len(part) or any(row["status"] not in from_statuses for row in rows):
            raise Conflict(_("Somebody else was quicker. Please look again."), "INVALID_TRANSITION")
        for row in rows:
            counts.subtract((row["inventory_type_id"], night) for night in StayDates(row["check_in"], row["check_out"]))
        availability.vacate_rooms(part)
        statement = update(_STAY).where(_STAY.c.id.in_(part)).values(status=status, is_unplaced=False, **values)
        if said_by:
            statement = statement.values(field_sources=_STAY.c.field_sources.op("||")({"status": said_by}))
        db.session.execute(statement.values(version=_STAY.c.version + 1))
        said = [Said(row["id"], {"status": row["status"]}, {"status": status}, reason or None) for row in rows]
        audit.record_many(hotel_id, action, "reservation", said)
        operations.resolve_alerts(hotel_id, [f"unplaced:{row['id']}" for row in rows if row["is_unplaced"]])
        _tell(hotel_id, "booking-updated", [(row["booking_id"], status, _told(row)[2]) for row in rows])
        _forget(part)
    availability.count_nights(counts)
    ask_for_many(hotel_id, stay_ids, action)


# What all of them have in common


def _parts(items: Iterable[T]) -> Iterator[list[T]]:
    source = iter(items)
    while part := list(islice(source, _BATCH)):
        yield part


_READ = select(
    *(column for column in _STAY.c if column.name != "search_tokens"), Room.number.label("room_number")
).outerjoin(Room, Room.id == _STAY.c.room_id)


def _read(hotel_id: int, stay_ids: Sequence[int]) -> list[RowMapping]:
    rows = db.session.execute(_READ.where(_STAY.c.hotel_id == hotel_id, _STAY.c.id.in_(stay_ids)).order_by(_STAY.c.id))
    return [row._mapping for row in rows]


def _told(row: RowMapping) -> tuple[str, str, str | None]:
    return row["booking_id"], row["status"], row["room_number"]


def _tell(hotel_id: int, event: str, stays: Sequence[tuple[str, str, str | None]]) -> None:
    """A few stays are told of one by one; of many it is said how many there are, and whoever shows stays looks anew."""
    if len(stays) <= _TOLD_ONE_BY_ONE:
        for booking_id, status, number in stays:
            events.publish(
                hotel_id, event, {"booking_id": booking_id, "status": status, "assigned_room_number": number}
            )
        return
    several = {"booking_id": None, "status": None, "assigned_room_number": None, "stays": len(stays)}
    events.publish(hotel_id, event, several)


def _forget(stay_ids: Collection[int]) -> None:
    """What this session has loaded of these stays is read anew when it is next looked at."""
    chosen = set(stay_ids)
    for loaded in list(db.session.identity_map.values()):
        if isinstance(loaded, Reservation) and loaded.id in chosen:
            db.session.expire(loaded)

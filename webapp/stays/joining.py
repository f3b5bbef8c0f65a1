"""Two records that prove to be one stay become one, and are taken apart again exactly.

The record that goes is cancelled without a word to the guest and points to the one that is kept; its nights are free, and what hung
on it (calendar entries, mails, messages, documents, party) moves over. All of it is one transaction of the caller.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import select, update

from webapp.access import queries as access
from webapp.availability import services as availability
from webapp.core.actor import current as current_actor
from webapp.core.clock import now
from webapp.core.database import db
from webapp.core.encryption import normalised
from webapp.core.errors import Conflict, Invalid
from webapp.core.stay_dates import ONE_DAY, StayDates
from webapp.core.tenancy import one_of_hotel
from webapp.models import (
    Alert,
    ChannelMail,
    CheckIn,
    DistinctStays,
    Document,
    FeedItem,
    GuestLink,
    Hotel,
    Message,
    PartyMember,
    Reservation,
    Room,
    RoomNight,
    StayMerge,
    Task,
)
from webapp.operations import services as operations

from . import joined_fields
from .placing import assign_room, unassign_room
from .records import changed, refresh_search
from .wording import FIELDS as FIELD_LABELS

_IN_HOUSE = ("CHECKED_IN", "COMPLETED")
_LIVING = ("CONFIRMED", *_IN_HOUSE)
_MOVES = (FeedItem, ChannelMail, Message, Document)
_ROOM_FACTS = ("room_id", "inventory_type_id", "is_unplaced", "has_moved", "room_assigned_by", "assignment_notes")


def obstacle(kept: Reservation, gone: Reservation, codes: tuple[bool, bool] | None = None) -> Conflict | None:
    """Why `gone` cannot become part of `kept`; None when it can. `codes`: whether each has door codes, where that is known."""
    if kept.merged_into_id or gone.merged_into_id:
        return Conflict(_("These two have just been merged."), "ALREADY_MERGED")
    for stay in (kept, gone):
        if stay.status not in _LIVING:
            return Conflict(
                _("%(booking_id)s is neither confirmed nor in house, so it is not merged.", booking_id=stay.booking_id),
                "NOT_LIVING",
            )
    if kept.status in _IN_HOUSE and gone.status in _IN_HOUSE:
        return Conflict(_("Both guests have arrived: these are two stays."), "BOTH_IN_HOUSE")
    with_codes = access.stays_with_codes({kept.id, gone.id}) if codes is None else set()
    codes_kept, codes_gone = codes or (kept.id in with_codes, gone.id in with_codes)
    if codes_kept and codes_gone:
        return Conflict(
            _("Both have door codes that somebody may hold. Take the codes of one back first."), "BOTH_HAVE_CODES"
        )
    if gone.status in _IN_HOUSE:
        return Conflict(
            _("The guest of %(booking_id)s has arrived: keep that one.", booking_id=gone.booking_id), "KEEP_OTHER"
        )
    if codes_gone:
        return Conflict(
            _("%(booking_id)s has door codes that its guest may hold: keep that one.", booking_id=gone.booking_id), "KEEP_OTHER"
        )  # fmt: skip
    return None


def join(hotel: Hotel, kept_id: int, gone_id: int, *, rule: str = "") -> StayMerge:
    """Make `gone` part of `kept`. Raises Conflict with the reason when they cannot be one."""
    kept, gone = _hold(hotel, kept_id, gone_id)
    if error := obstacle(kept, gone):
        raise error
    undo: dict[str, Any] = {
        "gone": _place_of(gone),
        "kept_unplaced": kept.is_unplaced,
        "kept_alert": _unplaced_alert(kept),
    }
    took_room = _give_up_nights(kept, gone)
    values = joined_fields.joined(kept, gone)
    before = {name: getattr(kept, name) for name in values}
    for name, value in values.items():
        setattr(kept, name, value)
    refresh_search(kept)
    undo |= {
        "before": joined_fields.sealed(before), "after": joined_fields.sealed(values), "took_room": took_room,
        "moved": _move_rows(kept, gone),
    }  # fmt: skip
    merge = StayMerge(
        hotel_id=hotel.id, kept_id=kept.id, gone_id=gone.id, rule=rule, undo=undo, merged_by=current_actor().label
    )
    db.session.add(merge)
    db.session.flush()
    _tell(kept, "merged", joined_fields.sealed(before), {**joined_fields.sealed(values), "merged": gone.booking_id})
    _tell(gone, "merged_away", {"status": "CONFIRMED"}, {"status": "CANCELLED", "merged_into": kept.booking_id})
    return merge


def _hold(hotel: Hotel, *ids: int) -> list[Reservation]:
    """Lock both, always in the same order, and read them as they are now."""
    if len(set(ids)) < len(ids):
        raise Invalid(_("Choose two different stays."), field="gone")
    found = {number: one_of_hotel(Reservation, hotel.id, id=number) for number in ids}
    db.session.flush()
    for number in sorted(ids):
        db.session.refresh(found[number], with_for_update=True)
    return [found[number] for number in ids]


def _tell(stay: Reservation, action: str, before: dict[str, Any], after: dict[str, Any]) -> None:
    hidden = ("field_sources", "price_lines", "terms")

    def told(values: dict[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in values.items() if name not in hidden}

    changed(stay, action, "booking-updated", before=told(before), after=told(after))


def _place_of(stay: Reservation) -> dict[str, Any]:
    """What has to be known to put a stay back where it was."""
    nights = db.session.execute(
        select(RoomNight.room_id, RoomNight.night).where(RoomNight.reservation_id == stay.id).order_by(RoomNight.night)
    )
    return {
        **{name: getattr(stay, name) for name in _ROOM_FACTS},
        "room_assigned_at": stay.room_assigned_at.isoformat() if stay.room_assigned_at else None,
        "cancellation_reason": stay.cancellation_reason, "alert": _unplaced_alert(stay),
        "nights": [[row.room_id, row.night.isoformat()] for row in nights],
    }  # fmt: skip


def _unplaced_alert(stay: Reservation) -> dict[str, Any] | None:
    """What the open alert of a stay without a room says."""
    query = select(Alert.details).where(
        Alert.hotel_id == stay.hotel_id, Alert.key == f"unplaced:{stay.id}", Alert.resolved_at.is_(None)
    )
    return db.session.scalar(query)


def _give_up_nights(kept: Reservation, gone: Reservation) -> bool:
    """Free the nights of the one that goes. True when the kept one, which had no room, moves into its room."""
    room_id = gone.room_id
    availability.lock_rooms(sorted({number for number in (room_id, kept.room_id) if number is not None}))
    availability.hold_nights([gone.inventory_type_id, kept.inventory_type_id], gone.dates, kept.dates)
    availability.vacate_room(reservation_id=gone.id)
    availability.release_nights(gone.inventory_type_id, gone.dates)
    gone.status, gone.merged_into_id, gone.cancelled_at = "CANCELLED", kept.id, now()
    gone.cancellation_reason = _("The same stay as %(booking_id)s.", booking_id=kept.booking_id)
    gone.is_unplaced = False
    operations.resolve_alert(gone.hotel_id, f"unplaced:{gone.id}")
    db.session.flush()
    if room_id is None or kept.room_id is not None or kept.status != "CONFIRMED":
        return False
    try:
        with db.session.begin_nested():
            assign_room(kept, db.session.get_one(Room, room_id))
    except Conflict:
        db.session.refresh(kept)
        return False
    return True


def _move_rows(kept: Reservation, gone: Reservation) -> dict[str, list[int]]:
    """Everything that hangs on `gone` and has no place of its own there. Returns the ids by table."""
    moved: dict[str, list[int]] = {}

    def move(model: Any, *conditions: Any) -> None:
        ids = list(
            db.session.scalars(select(model.id).where(model.reservation_id == gone.id, *conditions).order_by(model.id))
        )
        if ids:
            _give(model, ids, kept.id)
            moved[model.__tablename__] = ids

    for model in _MOVES:
        move(model)
    move(Task, Task.state == "open")
    move(Alert, Alert.resolved_at.is_(None))
    if not _has(CheckIn, kept):
        move(CheckIn)
    if not _has(GuestLink, kept):
        move(GuestLink)
    known = {_key(kept.guest_name)} | {_key(member.name) for member in _party(kept)}
    fresh = [member.id for member in _party(gone) if _key(member.name) not in known]
    move(PartyMember, PartyMember.id.in_(fresh))
    return moved


def _give(model: Any, ids: list[int], to_id: int) -> None:
    statement = update(model).where(model.id.in_(ids)).values(reservation_id=to_id)
    db.session.execute(statement.execution_options(synchronize_session="fetch"))


def _has(model: Any, stay: Reservation) -> bool:
    return db.session.scalar(select(model.id).where(model.reservation_id == stay.id).limit(1)) is not None


def _party(stay: Reservation) -> list[PartyMember]:
    query = select(PartyMember).where(PartyMember.reservation_id == stay.id)
    return list(db.session.scalars(query.order_by(PartyMember.id)))


def _key(name: str | None) -> str:
    return " ".join(normalised(name or "").split())


# Taking apart


def separate(hotel: Hotel, merge_id: int) -> StayMerge:
    """Make both stays what they were, or raise Conflict and change nothing. They are never merged again by themselves."""
    merge = one_of_hotel(StayMerge, hotel.id, id=merge_id)
    kept, gone = _hold(hotel, merge.kept_id, merge.gone_id)
    db.session.refresh(merge, with_for_update=True)
    _refuse(hotel, merge, kept, gone)
    undo = merge.undo or {}
    if undo["took_room"]:
        unassign_room(kept)
        kept.is_unplaced = undo["kept_unplaced"]
        _alert(kept, undo["kept_alert"])
    before, after = joined_fields.opened(undo["before"]), joined_fields.opened(undo["after"])
    joined_fields.take_back(kept, before)
    refresh_search(kept)
    _put_back(hotel, gone, undo["gone"])
    for model in (*_MOVES, Task, Alert, CheckIn, GuestLink, PartyMember):
        ids = undo["moved"].get(model.__tablename__, [])
        still_there = select(model.id).where(model.id.in_(ids), model.reservation_id == kept.id)
        _give(model, list(db.session.scalars(still_there)) if ids else [], gone.id)
    merge.undone_at, merge.undone_by = now(), current_actor().label
    tell_apart(hotel, kept.id, gone.id)
    _tell(
        kept, "separated", joined_fields.sealed(after), {**joined_fields.sealed(before), "separated": gone.booking_id}
    )
    _tell(gone, "separated", {"status": "CANCELLED"}, {"status": "CONFIRMED"})
    return merge


def _refuse(hotel: Hotel, merge: StayMerge, kept: Reservation, gone: Reservation) -> None:
    """Raises Conflict CHANGED_SINCE with what stands in the way."""
    undo = merge.undo
    reason = ""
    if merge.undone_at is not None:
        raise Conflict(_("These two have been taken apart already."), "ALREADY_SEPARATED")
    if undo is None:
        reason = _("The guest's data were erased since.")
    elif kept.merged_into_id is not None:
        reason = _(
            "%(booking_id)s was merged into another stay since; take those apart first.", booking_id=kept.booking_id
        )
    elif kept.status not in _LIVING:
        reason = _("%(booking_id)s has ended since. Reinstate it first.", booking_id=kept.booking_id)
    elif gone.check_out <= hotel.business_date():
        reason = _("The nights of %(booking_id)s are over.", booking_id=gone.booking_id)
    elif undo["took_room"] and (kept.status in _IN_HOUSE or kept.room_id != undo["gone"]["room_id"]):
        reason = _("%(booking_id)s has moved or arrived since.", booking_id=kept.booking_id)
    elif names := _changed_since(kept, undo):
        reason = _("These were changed since: %(fields)s.", fields=", ".join(names))
    if reason:
        raise Conflict(_("They stay together, and nothing was changed: %(reason)s", reason=reason), "CHANGED_SINCE")


def _changed_since(kept: Reservation, undo: dict[str, Any]) -> list[str]:
    """What of the joined fields is no longer what it became by the merge, in words."""
    after = joined_fields.opened(undo["after"])
    names = [name for name, value in after.items() if name != "field_sources" and getattr(kept, name) != value]
    return list(dict.fromkeys(str(FIELD_LABELS.get(name, name)) for name in names))


def _put_back(hotel: Hotel, gone: Reservation, place: dict[str, Any]) -> None:
    """Into its old nights, through the same guard as everyone. Raises Conflict when they are taken."""
    gone.status, gone.merged_into_id, gone.cancelled_at = "CONFIRMED", None, None
    gone.cancellation_reason = place["cancellation_reason"]
    for name in _ROOM_FACTS:
        setattr(gone, name, place[name])
    assigned_at = place["room_assigned_at"]
    gone.room_assigned_at = dt.datetime.fromisoformat(assigned_at) if assigned_at else None
    gone.assignment_version += 1
    db.session.flush()
    try:
        for room_id, dates in _spans(place["nights"]):
            availability.occupy_room(hotel.id, room_id, dates, reservation_id=gone.id)
        # A channel's stay is a fact, whatever was sold meanwhile.
        take = availability.take_nights if gone.source in ("desk", "direct") else availability.force_nights
        take(gone.inventory_type_id, gone.dates)
    except Conflict as error:
        taken = ", ".join((error.details or {}).get("conflicting_booking_ids", []))
        reason = _("its nights were given to %(stays)s", stays=taken) if taken else str(error.message)
        raise Conflict(
            _("They stay together, and nothing was changed: %(reason)s", reason=reason), "CHANGED_SINCE", details=error.details
        ) from None  # fmt: skip
    _alert(gone, place["alert"])


def _alert(stay: Reservation, details: dict[str, Any] | None) -> None:
    """The board says again that this stay has no room, where it did so before."""
    db.session.flush()
    if details is not None:
        operations.raise_alert(
            stay.hotel_id, "stay_unplaced", f"unplaced:{stay.id}", details, severity="critical", reservation_id=stay.id
        )


def _spans(nights: list[list[Any]]) -> list[tuple[int, StayDates]]:
    """[room, night] in order, as ranges of one room."""
    found: list[tuple[int, StayDates]] = []
    for room_id, text in nights:
        night = dt.date.fromisoformat(text)
        if found and found[-1][0] == room_id and found[-1][1].check_out == night:
            found[-1] = (room_id, StayDates(found[-1][1].check_in, night + ONE_DAY))
        else:
            found.append((room_id, StayDates(night, night + ONE_DAY)))
    return found


# Not the same


def tell_apart(hotel: Hotel, one_id: int, other_id: int) -> None:
    """Note that these two are different stays. Saying it twice changes nothing. Raises Invalid for one and the same."""
    first, second = sorted((one_id, other_id))
    if first == second:
        raise Invalid(_("Choose two different stays."), field="other")
    for number in (first, second):
        one_of_hotel(Reservation, hotel.id, id=number)
    known = select(DistinctStays.id).where(DistinctStays.first_id == first, DistinctStays.second_id == second)
    if db.session.scalar(known) is None:
        db.session.add(
            DistinctStays(hotel_id=hotel.id, first_id=first, second_id=second, said_by=current_actor().label)
        )
        db.session.flush()


def look_again(hotel: Hotel, mark_id: int) -> None:
    """Take back that two stays are different."""
    mark = one_of_hotel(DistinctStays, hotel.id, lock=True, id=mark_id)
    db.session.delete(mark)
    db.session.flush()

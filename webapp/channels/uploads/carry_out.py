"""Turns the entries of a plan into changes of stays, through the services of the stays, and takes them back again."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from flask_babel import gettext as _

from webapp.availability import services as availability
from webapp.availability.many import Night
from webapp.core import audit, ids
from webapp.core.database import among, db
from webapp.core.errors import Conflict
from webapp.core.stay_dates import StayDates
from webapp.core.tenancy import of_hotel
from webapp.models import Hotel, Reservation, Room, UploadEntry
from webapp.operations import services as operations
from webapp.stays import many
from webapp.stays import services as stays
from webapp.stays.services import NewStay

from .plan import Entry, Place, StayView
from .situation import as_json, view_of, views_of

SAID_BY = "export"
# What frees nights comes before what takes them.
_ORDER = {"cancelled": 0, "no_show": 1, "updated": 2, "restored": 3, "created": 4}
_UNDO_ORDER = {"restored": 1, "updated": 2, "no_show": 3, "cancelled": 4}
_COMING = ("PENDING_PAYMENT", "CONFIRMED")


@dataclass(frozen=True)
class Done:
    """What came of an entry: the stay, and what it was before; None for a stay that is new."""

    entry: Entry
    stay_id: int
    before: StayView | None


def carry_out_all(hotel: Hotel, entries: list[Entry], provider: str) -> list[Done]:
    """Do what the entries say, under `hold`. Stays that merely end, come or learn something go together; the others one after the other."""
    changes = sorted(
        (entry for entry in entries if entry.is_change), key=lambda entry: (_ORDER[entry.action], entry.line)
    )
    known = [(entry, entry.stay) for entry in changes if entry.stay is not None]
    together = [(entry, stay) for entry, stay in known if is_simple(entry)]
    done = [Done(entry, stay.id, stay) for entry, stay in together]
    _tell_guests(hotel, together)
    for status, end in (("cancel", _cancel), ("no_show", _mark_no_shows)):
        if ended := [stay.id for entry, stay in together if entry.status == status]:
            end(hotel, ended)
    for entry, stay in known:
        if not is_simple(entry):
            done.append(Done(entry, stay.id, _change(entry, db.session.get_one(Reservation, stay.id))))
    created = [entry for entry in changes if entry.stay is None]
    groups = _link(hotel, entries)
    made = many.create_stays(hotel, [_new(hotel, entry, provider, groups) for entry in created])
    return [*done, *(Done(entry, stay_id, None) for entry, stay_id in zip(created, made, strict=True))]


def is_simple(entry: Entry) -> bool:
    return not entry.dates and not entry.place and entry.status != "restore"


def hold(hotel: Hotel, entries: list[Entry]) -> None:
    """Take every lock before anything is changed, so that this and a sale at the desk never wait for each other."""
    types = {room.id: room.room_type_id for room in db.session.scalars(of_hotel(Room, hotel.id))}
    nights: set[Night] = set()
    changes = [entry for entry in entries if entry.is_change]
    for entry in changes:
        kinds, spans = set[int](), []
        if entry.place:
            kinds |= {entry.place.room_type_id, types.get(entry.place.room_id or 0, entry.place.room_type_id)}
        if entry.dates:
            spans.append(entry.dates)
        if entry.stay and (entry.status or entry.dates or entry.place):
            kinds |= {entry.stay.room_type_id, types.get(entry.stay.room_id or 0, entry.stay.room_type_id)}
            spans.append((entry.stay.check_in, entry.stay.check_out))
        nights.update((kind, night) for kind in kinds for span in spans for night in StayDates(*span))
    many.hold(hotel.id, [entry.stay.id for entry in changes if entry.stay], nights)


def _tell_guests(hotel: Hotel, together: list[tuple[Entry, StayView]]) -> None:
    said = (
        many.GuestChange(stay.id, values, {**stay.sources, **dict.fromkeys(values, SAID_BY)})
        for entry, stay in together
        if (values := values_of(entry))
    )
    many.update_guests(hotel.id, said)


def _cancel(hotel: Hotel, stay_ids: list[int]) -> None:
    many.cancel_stays(hotel.id, stay_ids, _("The uploaded file says that it was cancelled."), said_by=SAID_BY)


def _mark_no_shows(hotel: Hotel, stay_ids: list[int]) -> None:
    many.mark_no_shows(hotel.id, stay_ids, _("The uploaded file says that the guest did not come."), said_by=SAID_BY)


def values_of(entry: Entry) -> dict[str, Any]:
    return {**entry.values, **({"total": entry.total} if entry.total is not None else {})}


def _change(entry: Entry, stay: Reservation) -> StayView:
    """Other nights, another room, or back again: each through the guard. Returns what the stay was before."""
    before = view_of(stay)
    if entry.status == "cancel":
        stays.cancel(stay, _("The uploaded file says that it was cancelled."))
    elif entry.status == "no_show":
        stays.mark_no_show(stay, _("The uploaded file says that the guest did not come."))
    elif entry.status == "restore":
        stays.reinstate(stay, is_fact=True)
    if entry.dates:
        _change_dates(stay, entry)
    if entry.place:
        move(stay, entry.place)
    if values := values_of(entry):
        stays.update_guest(stay, values, said_by=SAID_BY)
    if entry.status:
        stay.field_sources = {**stay.field_sources, "status": SAID_BY}
    db.session.flush()
    return before


def _link(hotel: Hotel, entries: list[Entry]) -> dict[str, str]:
    """Rooms of one booking are stays that belong together. Returns the group of each number that has several."""
    rooms: dict[str, dict[int, Entry]] = {}
    for entry in entries:
        if entry.stay is not None or entry.action == "created":
            rooms.setdefault(entry.reference, {})[entry.stay.id if entry.stay else -id(entry)] = entry
    groups: dict[str, str] = {}
    joined: dict[int, str] = {}
    for reference, found in rooms.items():
        if len(found) > 1 and any(entry.is_change for entry in found.values()):
            known = [entry.stay for entry in found.values() if entry.stay]
            groups[reference] = next((stay.group_id for stay in known if stay.group_id), "") or f"GR-{ids.readable(8)}"
            joined |= {stay.id: groups[reference] for stay in known if not stay.group_id}
    many.link_stays(hotel.id, joined)
    return groups


def _new(hotel: Hotel, entry: Entry, provider: str, groups: dict[str, str]) -> NewStay:
    if entry.place is None or entry.dates is None:
        raise ValueError("a new stay needs a place and dates")
    values = dict(entry.values)
    extras = {name: values.pop(name) for name in ("booker_name",) if name in values}
    said = dict.fromkeys([*entry.values, "channel_reference", *(["total"] if entry.total is not None else [])], SAID_BY)
    return NewStay(
        room_type_id=entry.place.room_type_id, room_id=entry.place.room_id, dates=StayDates(*entry.dates), source=provider,
        channel_reference=entry.reference, total=entry.total or Decimal(0), guest_language=hotel.language,
        extras={**extras, "field_sources": said, "group_id": groups.get(entry.reference)}, **values,
    )  # fmt: skip


def _change_dates(stay: Reservation, entry: Entry) -> None:
    """A guest in house whose room is taken on the added nights keeps the dates for now; the board says so."""
    try:
        with db.session.begin_nested():
            stays.change_dates(stay, StayDates(*(entry.dates or ())), is_fact=True)
    except Conflict:
        db.session.refresh(stay)
        entry.code, entry.dates = "extension_conflict", None
        operations.raise_alert(
            stay.hotel_id, "stay_extension_conflict", f"extension:{stay.id}", {"booking_id": stay.booking_id},
            severity="critical", reservation_id=stay.id,
        )  # fmt: skip


def move(stay: Reservation, place: Place) -> None:
    """Out of the wrong room, to the right kind, and into the one room that is meant when it is free."""
    if stay.room_id is not None:
        stays.unassign_room(stay)
    if stay.room_type_id != place.room_type_id:
        _change_type(stay, place.room_type_id)
    if place.room_id is not None:
        try:
            with db.session.begin_nested():
                stays.assign_room(stay, db.session.get_one(Room, place.room_id))
        except Conflict:
            db.session.refresh(stay)


def _change_type(stay: Reservation, room_type_id: int) -> None:
    """Count a stay without a room as one of another type."""
    before = {"room_type_id": stay.room_type_id}
    availability.release_nights(stay.inventory_type_id, stay.dates)
    stay.room_type_id = stay.inventory_type_id = room_type_id
    db.session.flush()
    availability.force_nights(room_type_id, stay.dates)
    audit.record(stay.hotel_id, "room_type_changed", stay, before=before, after={"room_type_id": room_type_id})
    db.session.flush()


# Undo


def snapshot_of(stay: StayView) -> dict[str, Any]:
    """What has to be known to take a change back."""
    return as_json({
        "status": stay.status, "check_in": stay.check_in, "check_out": stay.check_out, "room_id": stay.room_id,
        "room_type_id": stay.room_type_id, "total": stay.total, "field_sources": dict(stay.sources),
        "cancellation_reason": stay.cancellation_reason, "values": dict(stay.values),
    })  # fmt: skip


def take_back_all(hotel: Hotel, entries: list[UploadEntry]) -> None:
    """Make the stays what they were before. Raises Conflict when one was changed since."""
    found = {view.id: view for view in views_of(hotel, [entry.reservation_id or 0 for entry in entries])}
    created = [entry for entry in entries if entry.undo is None]
    ended = [entry.reservation_id or 0 for entry in created if found[entry.reservation_id or 0].status in _COMING]
    _hold_for_undo(hotel, entries, found)
    refuse_changed(entries)  # only now can nobody change one of them any more
    many.cancel_stays(hotel.id, ended, _("The upload that brought it was undone."))
    known = sorted(
        (entry for entry in entries if entry.undo is not None),
        key=lambda entry: (_UNDO_ORDER[entry.action], -entry.line),
    )
    told = []
    for entry in known:
        stay, before = found[entry.reservation_id or 0], entry.undo or {}
        if _only_told(stay, before):
            told.append(many.GuestChange(stay.id, _values_before(before), before["field_sources"]))
        else:
            _take_back(db.session.get_one(Reservation, stay.id), before)
    many.update_guests(hotel.id, told)


def _only_told(stay: StayView, before: dict[str, Any]) -> bool:
    """Whether nothing but words about the guest and money has changed."""
    now_is = snapshot_of(stay)
    return all(now_is[name] == before[name] for name in ("status", "check_in", "check_out", "room_id", "room_type_id"))


def _values_before(before: dict[str, Any]) -> dict[str, Any]:
    return {**before["values"], "total": Decimal(before["total"])}


def _hold_for_undo(hotel: Hotel, entries: list[UploadEntry], found: dict[int, StayView]) -> None:
    types = {room.id: room.room_type_id for room in db.session.scalars(of_hotel(Room, hotel.id))}
    nights: set[Night] = set()
    for entry in entries:
        stay = found[entry.reservation_id or 0]
        if entry.undo is not None and _only_told(stay, entry.undo):
            continue
        before = entry.undo or snapshot_of(stay)
        spans = [StayDates(stay.check_in, stay.check_out), _dates_before(before)]
        kinds = {stay.room_type_id, before["room_type_id"]}
        kinds |= {types[room_id] for room_id in (stay.room_id, before["room_id"]) if room_id in types}
        nights.update((kind, night) for kind in kinds for span in spans for night in span)
    many.hold(hotel.id, list(found), nights)


def _dates_before(before: dict[str, Any]) -> StayDates:
    return StayDates(dt.date.fromisoformat(before["check_in"]), dt.date.fromisoformat(before["check_out"]))


def _take_back(stay: Reservation, before: dict[str, Any]) -> None:
    if stay.holds_nights and before["status"] in ("CANCELLED", "NO_SHOW"):
        stays.cancel(stay, before["cancellation_reason"])
    elif not stay.holds_nights and before["status"] not in ("CANCELLED", "NO_SHOW", "EXPIRED"):
        stays.reinstate(stay, is_fact=True)
    dates = _dates_before(before)
    if stay.holds_nights and dates != stay.dates:
        stays.change_dates(stay, dates, is_fact=True)
    place = Place(before["room_type_id"], before["room_id"])
    if stay.status in _COMING and (stay.room_id, stay.room_type_id) != (place.room_id, place.room_type_id):
        move(stay, place)
    differing = {name: value for name, value in _values_before(before).items() if getattr(stay, name) != value}
    if differing:
        stays.update_guest(stay, differing, said_by="undo")
    stay.field_sources = before["field_sources"]
    db.session.flush()


def refuse_changed(entries: list[UploadEntry]) -> None:
    """Raises Conflict when one of these stays was changed after the upload."""
    versions = {entry.reservation_id: entry.version_after for entry in entries}
    rows = db.session.query(Reservation.id, Reservation.version, Reservation.booking_id).filter(
        among(Reservation.id, versions)
    )
    changed = [row.booking_id for row in rows if row.version != versions[row.id]]
    if changed:
        raise Conflict(
            _("These stays were changed since, so nothing was undone: %(stays)s", stays=", ".join(sorted(changed)[:20])),
            "CHANGED_SINCE", details={"booking_ids": sorted(changed)},
        )  # fmt: skip

"""What a file says against what the house knows: pure rules that turn rows into entries of a plan.

The file is the truth for status, money and names; what people of the house or the guests themselves wrote outranks it, and a
guest in house is never moved. An old file only fills gaps.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from webapp.channels.upload_ports import ExportRow

HOLDING = ("PENDING_PAYMENT", "CONFIRMED", "CHECKED_IN", "COMPLETED")
CANCELLED = ("cancelled", "cancelled_by_guest", "cancelled_by_hotel")
STATEMENTS = ("booking_payout", "airbnb_transactions", "booking_finance")  # about money: they bring no new stays
_OUTRANKED = (None, "feed", "email", "export")  # whose word on a field a file may replace


@dataclass(frozen=True, slots=True)
class StayView:
    """What the rules need of a stay."""

    id: int
    status: str
    reference: str | None
    check_in: dt.date
    check_out: dt.date
    room_id: int | None
    room_type_id: int
    values: Mapping[str, Any]  # guest_name, guest_phone, … as in the model
    total: Decimal
    currency: str
    sources: Mapping[str, Any]
    version: int
    cancellation_reason: str = ""
    group_id: str | None = None  # of stays that were booked together

    def has_dates_of(self, row: ExportRow) -> bool:
        return (self.check_in, self.check_out) == (row.check_in, row.check_out)


@dataclass(frozen=True)
class Place:
    """What a name of a room means: a type, or one room of it."""

    room_type_id: int
    room_id: int | None


@dataclass(slots=True)
class Entry:
    """What happens to one stay because of one line. Only what differs is set."""

    line: int
    reference: str
    action: str
    code: str = ""
    stay: StayView | None = None
    status: str = ""  # "cancel", "restore", "no_show"
    dates: tuple[dt.date, dt.date] | None = None
    place: Place | None = None  # of a new stay, or where a stay belongs instead
    values: dict[str, Any] = field(default_factory=dict)
    total: Decimal | None = None
    note: str = ""
    row: ExportRow | None = None  # the line itself

    @property
    def is_change(self) -> bool:
        return self.action in ("created", "updated", "cancelled", "no_show", "restored")

    @property
    def is_fix(self) -> bool:
        """Whether a stay leaves a wrong room."""
        return self.place is not None and self.stay is not None


@dataclass(frozen=True)
class Situation:
    """The house as the plan finds it. `places`: what a room's name means, None for one nobody knows."""

    today: dt.date
    currency: str
    kind: str
    is_old: bool
    stays: Sequence[StayView]
    places: Mapping[str, Place | None]
    types_of_rooms: Mapping[int, int]


def plan(rows: Iterable[ExportRow], situation: Situation) -> list[Entry]:
    """The entries of a file, in the order of its lines."""
    return _Planner(situation).run(list(rows))


class _Planner:
    def __init__(self, situation: Situation) -> None:
        self.s = situation
        self.by_reference: dict[str, list[StayView]] = {}
        self.by_dates: dict[tuple[dt.date, dt.date], list[StayView]] = {}
        self.running: list[StayView] = []
        self.claimed: set[int] = set()
        self.told: set[str] = set()
        for stay in situation.stays:
            if stay.reference:
                self.by_reference.setdefault(stay.reference, []).append(stay)
            else:
                self.by_dates.setdefault((stay.check_in, stay.check_out), []).append(stay)
                if stay.check_in <= situation.today and stay.status in HOLDING:
                    self.running.append(stay)

    def run(self, rows: list[ExportRow]) -> list[Entry]:
        """What a row claims, nobody else may be: see `_turn`."""
        entries: dict[int, list[Entry]] = {}
        for row in sorted(rows, key=self._turn):
            entries[id(row)] = self._row(row)
            for entry in entries[id(row)]:
                entry.row = row
        return [entry for row in rows for entry in entries[id(row)]]

    def _turn(self, row: ExportRow) -> tuple[bool, bool, bool, int]:
        """Rows whose stays are known by their number come first, then those with a stay in the very room they name."""
        room = self._room_of(row, 0)
        is_at_home = any(self._distance(stay, room) == 0 for stay in self.by_dates.get(span_of(row), ()))
        return row.reference not in self.by_reference, not is_at_home, not room, row.line

    def _row(self, row: ExportRow) -> list[Entry]:
        if row.check_in is None or row.check_out is None:
            return self._money_only(row)
        if self.s.kind in STATEMENTS and row.reference in self.told:
            return [Entry(row.line, row.reference, "skipped", "only_money")]
        self.told.add(row.reference)
        count = max(1, min(len(row.rooms) or row.room_count or 1, 50))
        stays = self._stays_of(row, count)
        is_gone = row.status in (*CANCELLED, "no_show")
        entries = [self._known(row, stay, place, count) for place, stay in enumerate(stays)]
        if not is_gone or not stays:
            entries += [self._unknown(row, place) for place in range(len(stays), count)]
        if not is_gone and len(stays) > count and sum(stay.status in HOLDING for stay in stays) > count:
            entries.append(Entry(row.line, row.reference, "warning", "more_stays_than_rooms", stays[0]))
        return entries if not is_gone or stays else entries[:1]

    # Which stays are meant

    def _stays_of(self, row: ExportRow, count: int) -> list[StayView]:
        known = sorted(self.by_reference.get(row.reference, []), key=lambda stay: (stay.status not in HOLDING, stay.id))
        if len(known) < count and self.s.kind not in STATEMENTS and row.status != "no_show":
            known += self._nameless(row, count, len(known))
        self.claimed |= {stay.id for stay in known}
        return known

    def _nameless(self, row: ExportRow, count: int, found: int) -> list[StayView]:
        """Stays that a calendar told of by their dates alone: in the right room, then of the right type, then any."""
        candidates = [stay for stay in self.by_dates.get(span_of(row), []) if stay.id not in self.claimed]
        chosen: list[StayView] = []
        for place in range(found, count):
            wanted = self._room_of(row, place)
            fitting = [stay for stay in candidates if stay not in chosen and self._fits(stay, row, wanted)]
            fitting = fitting or [stay for stay in self._begun_late(row, wanted) if stay not in chosen]
            if fitting:
                chosen.append(
                    min(fitting, key=lambda stay: (self._distance(stay, wanted), stay.status not in HOLDING, stay.id))
                )
        return chosen

    def _begun_late(self, row: ExportRow, wanted: Place | None) -> list[StayView]:
        """The guest in the very room until the same day, whose first nights were over when the calendar told of the stay."""
        arrival, departure = span_of(row)
        if row.status in CANCELLED:
            return []
        return [
            stay
            for stay in self.running
            if arrival < stay.check_in < departure == stay.check_out
            and stay.id not in self.claimed
            and self._distance(stay, wanted) == 0
            and self._fits(stay, row, wanted)
        ]

    def _fits(self, stay: StayView, row: ExportRow, wanted: Place | None) -> bool:
        """A cancelled row only ends a stay that surely is its own; a stay that lives is not one that a person ended."""
        if stay.status == "CHECKED_IN" and row.status in CANCELLED:
            return False
        name = stay.values.get("guest_name")
        if (
            name
            and row.guest_name
            and stay.sources.get("guest_name") != "feed"
            and not _same_person(name, row.guest_name)
        ):
            return False
        is_sure = self._distance(stay, wanted) < 2
        return is_sure if row.status in CANCELLED or stay.status not in HOLDING else True

    def _distance(self, stay: StayView, wanted: Place | None) -> int:
        if wanted is None:
            return 2
        if wanted.room_id is not None and stay.room_id == wanted.room_id:
            return 0
        type_id = self.s.types_of_rooms.get(stay.room_id or 0, stay.room_type_id)
        if type_id == wanted.room_type_id and (wanted.room_id is None or stay.room_id is None):
            return 1
        return 3

    def _room_of(self, row: ExportRow, place: int) -> Place | None:
        whole = self.s.places.get(unit_of(row))
        if whole is not None:
            return whole
        return self.s.places.get(row.rooms[place]) if place < len(row.rooms) else None

    # What happens to them

    def _unknown(self, row: ExportRow, place: int) -> Entry:
        entry = Entry(row.line, row.reference, "skipped")
        wanted = self._room_of(row, place)
        if row.status in (*CANCELLED, "no_show"):
            entry.code = "never_known"
        elif self.s.kind in STATEMENTS:
            entry.code = "only_money"
        elif span_of(row)[1] <= self.s.today or row.status == "past":
            entry.code = "past"
        elif row.status is None:
            entry.action, entry.code = "warning", "unknown_status"
        elif self.s.is_old:
            entry.code = "old_file"
        elif wanted is None:
            entry.action, entry.code, entry.note = (
                "warning",
                "unknown_room",
                (row.rooms[place] if place < len(row.rooms) else unit_of(row)),
            )
        else:
            entry.action, entry.place, entry.dates = "created", wanted, span_of(row)
            entry.values, entry.total = (
                self._said(row),
                self._total(row, place, max(1, len(row.rooms) or row.room_count or 1)),
            )
        return entry

    def _known(self, row: ExportRow, stay: StayView, place: int, count: int) -> Entry:
        entry = Entry(row.line, row.reference, "unchanged", stay=stay)
        if place >= count and row.status not in CANCELLED:
            return entry
        if place < count:
            self._fields(entry, row, stay, place, count)
        if not self.s.is_old and self.s.kind not in STATEMENTS:
            self._status(entry, row, stay)
            if entry.action in ("unchanged", "updated", "restored") and row.status not in (*CANCELLED, "no_show"):
                self._dates(entry, row, stay)
                self._place(entry, row, stay, place)
        if entry.action == "unchanged" and (entry.values or entry.total is not None or entry.dates or entry.place):
            entry.action = "updated"
        return entry

    def _status(self, entry: Entry, row: ExportRow, stay: StayView) -> None:
        if row.status in CANCELLED:
            if stay.status in ("PENDING_PAYMENT", "CONFIRMED"):
                entry.action, entry.status, entry.code = "cancelled", "cancel", row.status or ""
            elif stay.status == "CHECKED_IN":
                entry.action, entry.code = "warning", "cancelled_but_in_house"
        elif row.status == "no_show":
            if stay.status == "CONFIRMED" and stay.check_in <= self.s.today:
                entry.action, entry.status = "no_show", "no_show"
        elif row.status is not None and stay.status == "CANCELLED" and row.check_out and row.check_out > self.s.today:
            if stay.sources.get("status") in ("desk", "guest"):
                entry.action, entry.code = "warning", "cancelled_by_house"
            else:
                entry.action, entry.status, entry.code = "restored", "restore", "still_booked"

    def _dates(self, entry: Entry, row: ExportRow, stay: StayView) -> None:
        if stay.has_dates_of(row) or (
            stay.status not in ("PENDING_PAYMENT", "CONFIRMED", "CHECKED_IN") and entry.status != "restore"
        ):
            return
        arrival, departure = span_of(row)
        arrival = stay.check_in if stay.status == "CHECKED_IN" else arrival
        if (arrival, departure) == (stay.check_in, stay.check_out) or departure <= arrival:
            return
        if stay.status == "CHECKED_IN" and departure <= self.s.today:
            entry.action, entry.code = "warning", "leaves_before_today"
            return
        entry.dates = (arrival, departure)

    def _place(self, entry: Entry, row: ExportRow, stay: StayView, place: int) -> None:
        """A stay that stands in the wrong room leaves it, unless the guest is there already."""
        wanted = self._room_of(row, place)
        if wanted is None:
            if unit_of(row) and not entry.code:
                entry.code, entry.note = "unknown_room", unit_of(row)
            return
        if stay.status not in ("PENDING_PAYMENT", "CONFIRMED") and entry.status != "restore":
            return
        if stay.sources.get("room") == "desk":
            return
        type_now = self.s.types_of_rooms.get(stay.room_id or 0, stay.room_type_id)
        is_right = (
            stay.room_id == wanted.room_id
            if wanted.room_id is not None and stay.room_id
            else type_now == wanted.room_type_id
        )
        if not is_right:
            entry.place = wanted

    def _fields(self, entry: Entry, row: ExportRow, stay: StayView, place: int, count: int) -> None:
        for name, value in self._said(row).items():
            known, source = stay.values.get(name), stay.sources.get(name)
            is_empty = known in (None, "", 0) or (name == "adults" and known == 1 and source is None)
            if value == known or not (is_empty or (not self.s.is_old and source in _OUTRANKED)):
                continue
            entry.values[name] = value
        if not stay.reference:
            entry.values["channel_reference"] = row.reference
        total = self._total(row, place, count)
        if (
            total is not None
            and total != stay.total
            and (stay.total == 0 or not self.s.is_old)
            and stay.sources.get("total") in _OUTRANKED
        ):
            entry.total = total
        elif self._is_foreign(row):
            entry.code = entry.code or "other_currency"

    def _said(self, row: ExportRow) -> dict[str, Any]:
        """What the row says about the guest, in the words of the model."""
        said = {
            "guest_name": row.guest_name, "guest_phone": row.phone, "guest_country": row.country.upper() if len(row.country) == 2 else "",
            "booker_name": row.booker_name if row.booker_name != row.guest_name else "", "special_requests": row.remarks,
        }  # fmt: skip
        found: dict[str, Any] = {name: value for name, value in said.items() if value}
        if (row.room_count or 1) == 1:
            adults = row.adults if row.adults is not None else row.persons
            found |= {"adults": min(adults, 200)} if adults else {}
            found |= {"children": min(row.children, 200)} if row.children is not None else {}
        return found

    def _total(self, row: ExportRow, place: int, count: int) -> Decimal | None:
        """The share of this room; the first one bears what does not divide. None when the row has no money of ours."""
        money = row.price or row.earnings
        if money is None or self._is_foreign(row) or row.status in CANCELLED or money[0] < 0:
            return None
        cent = Decimal("0.01")
        whole = money[0].quantize(cent)
        share = (whole / count).quantize(cent, rounding="ROUND_DOWN")
        return whole - share * (count - 1) if place == 0 else share

    def _is_foreign(self, row: ExportRow) -> bool:
        money = row.price or row.earnings
        return money is not None and money[1] != self.s.currency

    def _money_only(self, row: ExportRow) -> list[Entry]:
        stays = self.by_reference.get(row.reference, [])
        if not stays:
            return [Entry(row.line, row.reference, "skipped", "only_money")]
        return [Entry(row.line, row.reference, "unchanged", stay=stay) for stay in stays]


def span_of(row: ExportRow) -> tuple[dt.date, dt.date]:
    """Arrival and departure; rows without them never come here."""
    return row.check_in or dt.date.min, row.check_out or dt.date.max


def unit_of(row: ExportRow) -> str:
    """What the row calls the room: small houses sell each home as a property of its own."""
    return row.unit_text or row.property_name


def _same_person(one: str, other: str) -> bool:
    first, second = set(one.casefold().replace(",", " ").split()), set(other.casefold().replace(",", " ").split())
    return bool(first & second)

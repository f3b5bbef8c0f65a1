"""The body of the tape chart as markup. Written straight in Python: it is the largest thing that we send, with every change.

Every text that comes from a person passes through `escape`; everything else is ours.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

from babel import Locale
from babel.dates import format_skeleton, get_day_names
from flask import current_app
from flask_babel import gettext as _
from flask_babel import ngettext
from markupsafe import Markup, escape

from webapp.channels import reasons
from webapp.stays.domain import SOURCE_LABELS, STATUS_LABELS
from webapp.web.i18n import language

from .domain import ONE_DAY, Window, lanes
from .queries import Item

STATUS_CLASSES = {
    "CONFIRMED": "is-confirmed", "CHECKED_IN": "is-in-house", "PENDING_PAYMENT": "is-pending", "COMPLETED": "is-departed",
}  # fmt: skip
STATUS_ICONS = {"CHECKED_IN": "door-open", "PENDING_PAYMENT": "credit-card", "COMPLETED": "log-out"}
SOURCE_MARKS = {"direct": "W", "desk": "D", "booking": "B", "airbnb": "A", "vrbo": "V", "expedia": "E", "ical": "C"}
MOVABLE = frozenset(("CONFIRMED", "PENDING_PAYMENT", "CHECKED_IN"))
MOST_LANES = 4
SATURDAY_SUNDAY = frozenset((5, 6))
WEEKENDS = {
    **dict.fromkeys(
        ("BH", "DZ", "EG", "IL", "IQ", "JO", "KW", "LY", "OM", "QA", "SA", "SD", "SY", "YE"), frozenset((4, 5))
    ),
    "AF": frozenset((3, 4)), "IR": frozenset((4,)), "IN": frozenset((6,)), "UG": frozenset((6,)),
}  # fmt: skip


@dataclass(frozen=True)
class Chart:
    """What the template puts together."""

    window: Window
    dates: Markup
    stripes: Markup
    rows: Markup
    tray: Markup
    unplaced: int
    rooms: Sequence[Any]


class _Words:
    """Texts of one language, looked up once and not once for each bar."""

    def __init__(self) -> None:
        self.sources = {code: str(label) for code, label in SOURCE_LABELS.items()}
        self.statuses = {code: str(label) for code, label in STATUS_LABELS.items()}
        self.owes = _("balance due")
        self.guest = _("Guest")
        self.no_name = _("No name yet")
        self.moved = _("Moved to another room")
        self.conflict = _("Two stays at once in this room")
        self.blocks = {
            "out_of_order": _("Out of order"), "owner": _("Kept by the owner"), "channel": _("Closed on a channel"),
        }  # fmt: skip
        self.dirty, self.inspected = _("Dirty"), _("Inspected")
        self.left = _("Rooms left to sell")
        self._nights: dict[int, str] = {}

    def nights(self, number: int) -> str:
        if number not in self._nights:
            self._nights[number] = ngettext("%(num)d night", "%(num)d nights", number)
        return self._nights[number]


@lru_cache(maxsize=32)
def _words(_language: str) -> _Words:
    return _Words()


@lru_cache(maxsize=64)
def icon(name: str) -> str:
    return str(current_app.jinja_env.globals["ui"].icon(name))  # type: ignore[attr-defined]


def _stay(
    words: _Words, base: str, stay_id: int, booking_id: str, status: str, source: str, guest_name: str, owes: bool,
    version: int, nights: int, x: int, w: int, cut: str, lane: int,
) -> str:  # fmt: skip
    name = escape(guest_name)
    label = f"{name}, {words.nights(nights)}, {words.statuses[status]}, {words.sources[source]}"
    dot = ""
    if owes:
        label, dot = f"{label}, {words.owes}", '<i class="owes"></i>'
    if lane:
        label = f"{label}, {words.conflict}"
    sign = icon("triangle-alert") if lane else icon(STATUS_ICONS[status]) if status in STATUS_ICONS else ""
    marks = f"{cut} is-conflict lane-{lane}" if lane else cut
    drag = f' data-version="{version}"' if status in MOVABLE else ""
    return (
        f'<a class="bar x{x} w{w} {STATUS_CLASSES[status]}{marks}" id="stay-{stay_id}"{_link(base, booking_id)}{drag}>'
        f'<span class="vh">{label}</span>{sign}<span class="name" aria-hidden="true">{name}</span>{dot}'
        f'<span class="nights" aria-hidden="true">{nights}</span>'
        f'<span class="source" aria-hidden="true">{SOURCE_MARKS[source]}</span></a>'
    )


def _link(base: str, booking_id: str) -> str:
    """Who may not read stays gets a bar that is no link."""
    return f' href="{base}{booking_id}"' if base else ""


def _block(words: _Words, block_id: int, kind: str, reason: str, x: int, w: int, cut: str, lane: int) -> str:
    reason = reasons.of_stored(reason) if kind == "channel" else reason
    what = words.blocks[kind]
    marks = f"{cut} is-conflict lane-{lane}" if lane else cut
    return (
        f'<span class="bar x{x} w{w} is-block{marks}" id="block-{block_id}-{x}" role="img" '
        f'aria-label="{what}: {escape(reason)}">{icon("wrench")}<span class="name">{escape(reason or what)}</span></span>'
    )


def _moved(words: _Words, base: str, item: Item, name: str, x: int, w: int, cut: str) -> str:
    return (
        f'<a class="bar x{x} w{w} is-departed ends-after{cut}" id="moved-{item.id}-{item.room_id}"'
        f'{_link(base, item.booking_id)}><span class="vh">{escape(name)}, {words.moved}</span>'
        f'<span class="name" aria-hidden="true">{escape(name)}</span></a>'
    )


@dataclass(frozen=True)
class _Frame:
    """What all bars of a chart share. `base` is empty for those who may not see who the guests are."""

    words: _Words
    base: str
    first: int  # ordinal of the first day
    most: int  # halves in the window

    def place(self, begins: dt.date, ends: dt.date) -> tuple[int, int, str]:
        """`Window.halves`, with the classes of what is cut off. Kept short: it runs once for each bar."""
        x, until, cut = (begins.toordinal() - self.first) * 2 + 1, (ends.toordinal() - self.first) * 2 + 1, ""
        if x < 0:
            x, cut = 0, " starts-before"
        if until > self.most:
            until, cut = self.most, f"{cut} ends-after"
        return x, until - x, cut

    def bar(self, item: Item, x: int, w: int, cut: str, lane: int) -> str:
        if item.status == "BLOCK":
            return _block(self.words, item.id, item.source, item.booking_id, x, w, cut, lane)
        name = (item.guest_name or self.words.no_name) if self.base else self.words.guest
        if item.status == "MOVED":
            return _moved(self.words, self.base, item, name, x, w, cut)
        nights = item.ends.toordinal() - item.begins.toordinal()
        return _stay(
            self.words, self.base, item.id, item.booking_id, item.status, item.source, name, item.owes, item.version,
            nights, x, w, cut, lane,
        )  # fmt: skip

    def lane(self, items: Sequence[Item]) -> tuple[str, int]:
        """(bars of one room, number of lanes). Overlaps cannot happen; if they did, nobody must overlook them."""
        placed = [self.place(item.begins, item.ends) for item in items]
        end, is_plain = 0, True
        for x, w, _cut in placed:
            if x < end:
                is_plain = False
                break
            end = x + w
        if is_plain:
            return "".join([self.bar(i, x, w, cut, 0) for i, (x, w, cut) in zip(items, placed, strict=True)]), 1
        found = [min(lane, MOST_LANES - 1) for lane in lanes([(x, w) for x, w, _cut in placed])]
        bars = [self.bar(i, x, w, cut, lane) for i, (x, w, cut), lane in zip(items, placed, found, strict=True)]
        return "".join(bars), max(found) + 1


# A board is drawn again with every change, and nearly all of its rooms are as they were: what a room's row looks like depends on
# these values and on nothing else.
@lru_cache(maxsize=6_000)
def _room(frame: _Frame, room: Any, items: tuple[Item, ...]) -> str:
    bars, number = frame.lane(items)
    more = f" lanes-{number}" if number > 1 else ""
    sign = ""
    if room.housekeeping == "dirty":
        sign = _housekeeping("is-dirty", frame.words.dirty, "brush-cleaning")
    elif room.housekeeping == "inspected":
        sign = _housekeeping("", frame.words.inspected, "badge-check")
    return (
        f'<div class="tape-row" id="room-{room.id}" data-room="{room.id}"><div class="tape-room">{escape(room.number)}{sign}'
        f'</div><div class="tape-lane{more}">{bars}</div></div>'
    )


def _type_head(frame: _Frame, room: Any, left: dict[int, int], capacity: int) -> str:
    cells = []
    for n in range(frame.most // 2):
        free = left.get(n, capacity)
        cells.append(f'<span class="tape-left x{n * 2}{" is-none" if free <= 0 else ""}">{free}</span>')
    return (
        f'<div class="tape-type" id="type-{room.type_id}"><div>{escape(room.type_name)}</div>'
        f'<div role="img" aria-label="{frame.words.left}">{"".join(cells)}</div></div>'
    )


def _rows(
    frame: _Frame, rooms: Sequence[Any], by_room: dict[int, list[Item]], left: dict[int, dict[int, int]]
) -> Markup:
    capacity: dict[int, int] = defaultdict(int)
    for room in rooms:
        capacity[room.type_id] += 1
    parts, current = [], None
    for room in rooms:
        if room.type_id != current:
            current = room.type_id
            parts.append(_type_head(frame, room, left.get(current, {}), capacity[current]))
        parts.append(_room(frame, room, tuple(by_room.get(room.id, ()))))
    return Markup("".join(parts))  # noqa: S704  (every foreign text in it was escaped above)


def _housekeeping(look: str, label: str, sign: str) -> str:
    return f'<span class="hk {look}" title="{label}">{icon(sign)}<span class="vh">{label}</span></span>'


def draw(
    slug: str, window: Window, rooms: Sequence[Any], items: Sequence[Item], left: dict[int, dict[int, int]], *, names: bool,
    weekend: frozenset[int], most_in_tray: int,
) -> Chart:  # fmt: skip
    """The chart of these rooms and of what lies on it (sorted by first day)."""
    moved: dict[int, dt.date] = {}
    for item in items:
        if item.status == "MOVED":
            moved[item.id] = max(item.ends, moved.get(item.id, item.ends))
    by_room: dict[int, list[Item]] = defaultdict(list)
    unplaced = []
    for item in _after_moves(items, moved) if moved else items:
        if item.room_id is not None:
            by_room[item.room_id].append(item)
        elif item.status in MOVABLE and item.ends > window.today:
            unplaced.append(item)
    frame = _Frame(
        _words(language()), f"/staff/{slug}/reservations/" if names else "", window.start.toordinal(), window.days * 2
    )
    tray = "".join(_in_tray(frame, item) for item in unplaced[:most_in_tray])
    return Chart(
        window, _dates(slug, window, weekend, language()), _stripes(window, weekend), _rows(frame, rooms, by_room, left),
        Markup(tray), len(unplaced), rooms,  # noqa: S704
    )  # fmt: skip


def _after_moves(items: Sequence[Item], moved: dict[int, dt.date]) -> list[Item]:
    """A guest who changed rooms lies in the present one only from the day of the move (`moved`)."""
    placed = [
        item._replace(begins=moved[item.id]) if item.id in moved and item.status in STATUS_CLASSES else item
        for item in items
    ]
    return sorted(placed, key=lambda item: item.begins)


def _in_tray(frame: _Frame, item: Item) -> str:
    bar = frame.bar(item, 0, 1, "", 0)
    when = escape(short_date(item.begins, language()))
    return bar.replace('<span class="nights"', f'<span class="when">{when}</span><span class="nights"', 1)


def weekend_of(country: str) -> frozenset[int]:
    """Weekdays (Monday is 0) that are the weekend in a country (ISO 3166), as Unicode CLDR has them."""
    return WEEKENDS.get(country, SATURDAY_SUNDAY)


@lru_cache(maxsize=128)
def _dates(slug: str, window: Window, weekend: frozenset[int], code: str) -> Markup:
    """The head of the chart: a link for each day; the month where one begins, and on the first day shown."""
    names = _weekdays(code, "narrow" if window.days > 31 else "abbreviated")
    parts = []
    for n, date in enumerate(window.dates):
        look = f"{' is-weekend' if date.weekday() in weekend else ''}{' is-today' if date == window.today else ''}"
        month = (
            f'<span class="full" aria-hidden="true">{_month(code, date.month)}</span>'
            if n == 0 or date.day == 1
            else ""
        )
        parts.append(
            f'<a class="tape-date x{n * 2} w2{look}" href="/staff/{slug}/board?from={date}&amp;days={window.days}" tabindex="-1">'
            f'<span class="vh">{short_date(date, code)}</span><span aria-hidden="true">{names[date.weekday()]}</span>'
            f'<b aria-hidden="true">{date.day}</b>{month}</a>'
        )
    return Markup("".join(parts))  # noqa: S704


@lru_cache(maxsize=128)
def _stripes(window: Window, weekend: frozenset[int]) -> Markup:
    parts = [
        f'<i class="x{n * 2} w2 is-weekend"></i>' for n, date in enumerate(window.dates) if date.weekday() in weekend
    ]
    if window.start <= window.today < window.end:
        parts.append(f'<i class="x{(window.today - window.start) // ONE_DAY * 2 + 1} w1 is-today"></i>')
    return Markup("".join(parts))  # noqa: S704


@lru_cache(maxsize=64)
def _weekdays(code: str, width: Literal["narrow", "abbreviated"]) -> dict[int, str]:
    return dict(get_day_names(width, context="stand-alone", locale=_locale(code)))


@lru_cache(maxsize=256)
def _month(code: str, month: int) -> str:
    return str(format_skeleton("MMM", dt.date(2024, month, 1), locale=_locale(code)))


@lru_cache(maxsize=8192)
def short_date(date: dt.date, code: str) -> str:
    """Fri 20 Nov, in the language `code`."""
    return str(format_skeleton("MMMEd", date, locale=_locale(code)))


def _locale(code: str) -> Locale:
    return Locale.parse("en_GB" if code == "en" else code)

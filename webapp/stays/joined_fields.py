"""Whose word counts, field by field, when two records of one stay become one."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from webapp.models import Reservation

# Who said it → what that is worth. What stands on a stay of the house without a source was typed by a person.
_WORTH = {"desk": 4, "guest": 4, "undo": 4, "export": 3, "email": 2, "feed": 1}
_TYPED = ("desk", "direct")
_YIELDS = ("desk", "ical")  # a stay of these sources is known better by the one who sold it
_PLAIN = ("guest_name", "guest_email", "guest_phone", "guest_country", "guest_language")
_WHERE_EMPTY = (
    "booker_name", "booker_email", "booker_phone", "booker_company", "client_id", "group_id", "promo_code", "referral_code",
    "late_departure",
)  # fmt: skip
_MONEY = ("total", "price_lines", "terms", "deposit_due")
_AMOUNTS = ("total", "paid", "deposit_due")


def joined(kept: Reservation, gone: Reservation) -> dict[str, Any]:
    """The fields of `kept` that become other ones, with their new values; `field_sources` goes along."""
    values = _person(kept, gone) | _money(kept, gone) | _origin(kept, gone)
    values = {name: value for name, value in values.items() if value != getattr(kept, name)}
    said = dict(kept.field_sources)
    for name in values:
        if name in gone.field_sources:
            said[name] = gone.field_sources[name]
        elif gone.source in _TYPED and name in _PLAIN:
            said[name] = "desk"
    return {**values, "field_sources": said} if said != kept.field_sources else values


def _person(kept: Reservation, gone: Reservation) -> dict[str, Any]:
    values: dict[str, Any] = {name: getattr(gone, name) for name in _PLAIN if _is_better(kept, gone, name)}
    for name in ("adults", "children"):
        if _worth(gone, name) > _worth(kept, name):
            values[name] = getattr(gone, name)
    for name in _WHERE_EMPTY:
        if not getattr(kept, name) and getattr(gone, name):
            values[name] = getattr(gone, name)
    if gone.special_requests and gone.special_requests != kept.special_requests:
        values["special_requests"] = "\n".join(filter(None, (kept.special_requests, gone.special_requests)))
    return values


def _money(kept: Reservation, gone: Reservation) -> dict[str, Any]:
    """The price of the better source with its lines and terms; what was paid on both."""
    values: dict[str, Any] = {"paid": kept.paid + gone.paid}  # money that came in is never dropped
    if gone.total and (not kept.total or _worth(gone, "total") > _worth(kept, "total")):
        values |= {name: getattr(gone, name) for name in _MONEY}
    return values


def _worth(stay: Reservation, name: str) -> int:
    said = stay.field_sources.get(name)
    return _WORTH.get(said, 0) if said else (4 if stay.source in _TYPED else 0)


def _is_better(kept: Reservation, gone: Reservation, name: str) -> bool:
    if not getattr(gone, name) or (name == "guest_language" and name not in gone.field_sources):
        return False
    return not getattr(kept, name) or _worth(gone, name) > _worth(kept, name)


def _origin(kept: Reservation, gone: Reservation) -> dict[str, Any]:
    """Who sold it, and under which number: later mails, files and calendars find it by these."""
    if kept.source in _YIELDS and gone.source not in _YIELDS:
        return {"source": gone.source, "channel_reference": gone.channel_reference or kept.channel_reference}
    if kept.source == gone.source and not kept.channel_reference and gone.channel_reference:
        return {"channel_reference": gone.channel_reference}
    return {}


def take_back(kept: Reservation, before: dict[str, Any]) -> None:
    """Make the fields what they were. Fields that were told since keep their source."""
    said, said_before = dict(kept.field_sources), before.get("field_sources", kept.field_sources)
    for name, value in before.items():
        if name == "field_sources":
            continue
        setattr(kept, name, value)
        said.pop(name, None)
        if name in said_before:
            said[name] = said_before[name]
    kept.field_sources = said


def sealed(values: dict[str, Any]) -> dict[str, Any]:
    """As JSON."""
    return {name: str(value) if isinstance(value, Decimal | dt.time) else value for name, value in values.items()}


def opened(values: dict[str, Any]) -> dict[str, Any]:
    """Undo `sealed`."""
    found = dict(values)
    for name in _AMOUNTS:
        if name in found:
            found[name] = Decimal(found[name])
    if found.get("late_departure"):
        found["late_departure"] = dt.time.fromisoformat(found["late_departure"])
    return found

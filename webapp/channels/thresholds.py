"""When absence becomes a cancellation: each hotel's own numbers over the usual ones, their bounds, and who changed them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _

from webapp.channels.domain import Policy
from webapp.core import audit
from webapp.core.audit import AuditEntry
from webapp.core.database import db
from webapp.core.errors import Invalid
from webapp.core.tenancy import of_hotel
from webapp.models import Hotel

CHANGED = "channel_thresholds_changed"


@dataclass(frozen=True)
class Bounds:
    kind: type
    low: float
    high: float


BOUNDS = {
    "misses": Bounds(int, 2, 50),
    "hours": Bounds(float, 1, 240),
    "mass_minimum": Bounds(int, 1, 100),
    "mass_share": Bounds(float, 0.05, 1.0),
    "longest_stay": Bounds(int, 7, 400),
}


def policy_of(hotel: Hotel) -> Policy:
    """The hotel's own thresholds over the usual ones; what makes no sense is left aside."""
    chosen = hotel.settings.get("channels") or {}
    return Policy(
        **{name: bounds.kind(chosen[name]) for name, bounds in BOUNDS.items() if _fits(bounds, chosen.get(name))}
    )


def _fits(bounds: Bounds, value: Any) -> bool:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return is_number and bounds.low <= value <= bounds.high


def values_of(hotel: Hotel) -> dict[str, Any]:
    """The thresholds in force, by name."""
    policy = policy_of(hotel)
    return {name: getattr(policy, name) for name in BOUNDS}


def change(hotel: Hotel, values: dict[str, Any]) -> None:
    """Choose thresholds. They hold from the next reading of each calendar on. Raises Invalid for one out of its bounds."""
    for name, value in values.items():
        if name not in BOUNDS or not _fits(BOUNDS[name], value):
            raise Invalid(_("This number is out of its bounds."), field=name)
    hotel = db.session.get_one(Hotel, hotel.id, with_for_update=True, populate_existing=True)
    before = values_of(hotel)
    after = {
        name: BOUNDS[name].kind(value) for name, value in values.items() if BOUNDS[name].kind(value) != before[name]
    }
    if not after:
        return
    hotel.settings = {**hotel.settings, "channels": {**(hotel.settings.get("channels") or {}), **after}}
    db.session.flush()
    audit.record(hotel.id, CHANGED, hotel, before={name: before[name] for name in after}, after=after)


def history(hotel: Hotel) -> Sequence[AuditEntry]:
    """The latest changes, newest first."""
    of = of_hotel(AuditEntry, hotel.id).where(AuditEntry.action == CHANGED)
    return db.session.scalars(of.order_by(AuditEntry.id.desc()).limit(20)).all()

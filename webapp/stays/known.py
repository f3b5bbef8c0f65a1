"""What is still unknown of one stay that a channel sold, with every attempt to learn it; and what became of its record."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import lazy_gettext
from sqlalchemy import select

from webapp.core.database import db
from webapp.models import Enrichment, EnrichmentAttempt, Reservation, StayMerge

MOST_ATTEMPTS = 20
FIELDS = {
    "name": lazy_gettext("Name"),
    "reference": lazy_gettext("Number"),
    "phone": lazy_gettext("Phone"),
    "price": lazy_gettext("Price"),
}
# (what is next, icon)
STEPS: dict[str, tuple[Any, str]] = {
    "mail": (lazy_gettext("Mails are searched"), "mail"),
    "upload": (lazy_gettext("Upload a file"), "upload"),
    "guest": (lazy_gettext("Ask the guest"), "users"),
    "none": (lazy_gettext("Nobody can tell"), "circle-question-mark"),
}
TELLERS = {
    "mail": lazy_gettext("Mail"),
    "upload": lazy_gettext("File"),
    "feed": lazy_gettext("Calendar"),
    "guest": lazy_gettext("Guest"),
    "desk": lazy_gettext("Front desk"),
}
OUTCOMES = {
    "found": lazy_gettext("found"),
    "nothing": lazy_gettext("found nothing"),
    "asked": lazy_gettext("the house was asked for one"),
    "written": lazy_gettext("was asked"),
    "no_contact": lazy_gettext("no address or number is known to write to"),
}


@dataclass(frozen=True)
class Known:
    """`unknown`: labels of what is unknown; `step`: who is asked next; `attempts`: the newest first."""

    unknown: list[Any]
    step: tuple[Any, str]
    tries: int
    next_try_at: dt.datetime | None
    attempts: list[tuple[EnrichmentAttempt, Any, Any, list[Any]]]
    guest_can_tell: bool


def known_of(stay: Reservation) -> Known | None:
    """None for a stay that nobody has to look into."""
    state = db.session.get(Enrichment, stay.id)
    if state is None:
        return None
    query = select(EnrichmentAttempt).where(EnrichmentAttempt.reservation_id == stay.id)
    rows = db.session.scalars(query.order_by(EnrichmentAttempt.id.desc()).limit(MOST_ATTEMPTS)).all()
    attempts = [
        (row, TELLERS.get(row.step, row.step), OUTCOMES[row.code], [FIELDS[name] for name in row.found]) for row in rows
    ]
    unknown = [FIELDS[name] for name in state.unknown]
    return Known(unknown, STEPS[state.step], state.tries, state.next_try_at, attempts, _guest_can_tell(stay, state))


def _guest_can_tell(stay: Reservation, state: Enrichment) -> bool:
    return stay.status in ("CONFIRMED", "CHECKED_IN") and bool({"name", "phone"} & set(state.unknown))


def merge_of(stay: Reservation) -> int | None:
    """The merge by which this record became part of another one, while it stands."""
    if stay.merged_into_id is None:
        return None
    return db.session.scalar(select(StayMerge.id).where(StayMerge.gone_id == stay.id, StayMerge.undone_at.is_(None)))


def merged_with(stay: Reservation) -> tuple[Reservation | None, Sequence[Reservation]]:
    """(what this record lives on in, the records that live on in this one)."""
    into = db.session.get(Reservation, stay.merged_into_id) if stay.merged_into_id is not None else None
    parts = select(Reservation).join(StayMerge, StayMerge.gone_id == Reservation.id).where(
        StayMerge.kept_id == stay.id, StayMerge.undone_at.is_(None)
    )  # fmt: skip
    return into, db.session.scalars(parts.order_by(Reservation.id)).all()

"""Stays that the house has cancelled while their channel goes on selling them: nothing is undone, and a person is told."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import select

from webapp.channels.domain import Reconciliation
from webapp.channels.picture import Picture
from webapp.core.clock import now
from webapp.core.database import db
from webapp.models import Alert, Reservation
from webapp.operations import services as operations

PATIENCE = dt.timedelta(hours=3)  # in which a channel hears of a cancellation


def is_ended_by_house(stay: Reservation) -> bool:
    return stay.status == "CANCELLED" and stay.field_sources.get("status") in ("desk", "guest")


def flag(seen: Picture, result: Reconciliation) -> None:
    """Tell the board, once, of each such stay that this calendar still shows; take it back when it no longer does."""
    shown, gone = set(), set()
    for item in result.items:
        row = seen.rows.get(item.key)
        if item.kind == "stay" and row is not None and row.reservation_id is not None:
            if item.state == "closed" and not item.misses and item.end > seen.hotel.business_date():
                shown.add(row.reservation_id)
            elif item.state == "ended":
                gone.add(row.reservation_id)
    for stay_id in sorted(gone):
        operations.resolve_alert(seen.feed.hotel_id, _key(stay_id))
    for stay in db.session.scalars(select(Reservation).where(Reservation.id.in_(shown)).order_by(Reservation.id)):
        is_patient = stay.cancelled_at is not None and now() - stay.cancelled_at < PATIENCE
        if is_ended_by_house(stay) and not is_patient and not _was_told(stay):
            operations.raise_alert(
                stay.hotel_id, "stay_contradicted", _key(stay.id),
                {
                    "room": seen.room.number, "provider": seen.feed.provider,
                    "check_in": stay.check_in.isoformat(), "check_out": stay.check_out.isoformat(),
                },
                reservation_id=stay.id,
            )  # fmt: skip


def _was_told(stay: Reservation) -> bool:
    """Whether the board was told of this cancellation already, also when somebody has put the alert aside."""
    told = select(Alert.id).where(
        Alert.hotel_id == stay.hotel_id, Alert.key == _key(stay.id), Alert.raised_at >= stay.cancelled_at
    )
    return db.session.scalar(told.limit(1)) is not None


def _key(stay_id: int) -> str:
    return f"contradiction:{stay_id}"

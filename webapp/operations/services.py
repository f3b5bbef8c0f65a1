"""Alerts and tasks: raised once, resolved once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import text, update
from sqlalchemy.dialects.postgresql import insert

from webapp.core import actor, audit, events
from webapp.core.clock import now
from webapp.core.database import db
from webapp.core.errors import Conflict, Invalid
from webapp.core.tenancy import one_of_hotel
from webapp.models import Alert, Room, Task


def raise_alert(
    hotel_id: int,
    kind: str,
    key: str,
    details: dict[str, Any] | None = None,
    *,
    severity: str = "warning",
    reservation_id: int | None = None,
) -> bool:
    """Show an alert on the board until it is resolved. False when one with this key is open already."""
    statement = (
        insert(Alert)
        .values(
            hotel_id=hotel_id, kind=kind, key=key, severity=severity, details=details or {},
            reservation_id=reservation_id, raised_at=now(),
        )
        .on_conflict_do_nothing(index_elements=["hotel_id", "key"], index_where=text("resolved_at IS NULL"))
        .returning(Alert.id)
    )  # fmt: skip
    is_new = db.session.scalar(statement) is not None
    if is_new:
        events.publish(hotel_id, "alert-raised", {"kind": kind})
    return is_new


def raise_alerts(hotel_id: int, kind: str, alerts: Sequence[tuple[str, dict[str, Any], int]], *, severity: str) -> None:
    """Show many alerts of one kind, each with its key, details and stay; the boards hear of it once."""
    if not alerts:
        return
    rows = [
        {"hotel_id": hotel_id, "kind": kind, "key": key, "severity": severity, "details": details, "reservation_id": stay_id,
         "raised_at": now()}
        for key, details, stay_id in alerts
    ]  # fmt: skip
    statement = insert(Alert).on_conflict_do_nothing(
        index_elements=["hotel_id", "key"], index_where=text("resolved_at IS NULL")
    )
    db.session.execute(statement, rows)
    events.publish(hotel_id, "alert-raised", {"kind": kind})


def resolve_alerts(hotel_id: int, keys: Sequence[str]) -> None:
    """End the open alerts of these keys; the boards hear of it once, if there were any."""
    statement = (
        update(Alert)
        .where(Alert.hotel_id == hotel_id, Alert.key.in_(keys), Alert.resolved_at.is_(None))
        .values(resolved_at=now(), resolved_by=actor.current().label)
        .returning(Alert.id)
    )
    if keys and db.session.scalars(statement).all():
        events.publish(hotel_id, "alert-resolved", {})


def resolve_alert(hotel_id: int, key: str) -> bool:
    """End the open alert of this key. False when there is none."""
    statement = (
        update(Alert)
        .where(Alert.hotel_id == hotel_id, Alert.key == key, Alert.resolved_at.is_(None))
        .values(resolved_at=now(), resolved_by=actor.current().label)
        .returning(Alert.id)
    )
    is_resolved = db.session.scalar(statement) is not None
    if is_resolved:
        events.publish(hotel_id, "alert-resolved", {})
    return is_resolved


def dismiss_alert(hotel_id: int, alert_id: int) -> None:
    """A person has seen to it. Doing it twice changes nothing. Raises Conflict HELD for one that holds stays: those who may manage
    the channels release it there."""
    alert = one_of_hotel(Alert, hotel_id, lock=True, id=alert_id)
    if alert.resolved_at is None and (who := alert.details.get("held_by")):
        raise Conflict(
            _("%(who)s holds it: nothing of this calendar is cancelled until it shows everything again, or until the hold is released.", who=who),
            "HELD",
        )  # fmt: skip
    if alert.resolved_at is None:
        resolve_alert(hotel_id, alert.key)


def create_task(
    hotel_id: int,
    kind: str,
    title: str,
    due_on: dt.date,
    *,
    key: str | None = None,
    room_id: int | None = None,
    reservation_id: int | None = None,
) -> None:
    """Add a task; with a `key` that exists already, nothing happens. Without a `title` its kind and room name it to whoever reads it."""
    statement = insert(Task).values(
        hotel_id=hotel_id, kind=kind, title=title, due_on=due_on, key=key, room_id=room_id,
        reservation_id=reservation_id, created_at=now(), state="open",
    )  # fmt: skip
    db.session.execute(statement.on_conflict_do_nothing(index_elements=["hotel_id", "key"]))
    events.publish(hotel_id, "task-created", {"kind": kind})


def finish_task(hotel_id: int, task_id: int) -> Task:
    """Mark a task done. Doing it twice changes nothing."""
    task = one_of_hotel(Task, hotel_id, lock=True, id=task_id)
    if task.state == "open":
        task.state, task.done_at, task.done_by = "done", now(), actor.current().label
        db.session.flush()
        events.publish(hotel_id, "task-done", {"task_id": task.id})
    return task


def set_housekeeping(room: Room, state: str) -> None:
    """clean, dirty or inspected."""
    if state not in ("clean", "dirty", "inspected"):
        raise Invalid(_("A room is clean, dirty or inspected."), field="housekeeping")
    if room.housekeeping == state:
        return
    before, room.housekeeping = room.housekeeping, state
    db.session.flush()
    audit.record(room.hotel_id, "housekeeping_set", room, before={"state": before}, after={"state": state})
    events.publish(
        room.hotel_id, "room-status-changed",
        {"booking_id": None, "status": state, "room_number": room.number, "assigned_room_number": room.number},
    )  # fmt: skip

"""What a person answers to the alarm that much has vanished at once: keep it all, or let the rules go on. (That it is really gone
is `services.accept_loss`.)"""

from __future__ import annotations

from flask_babel import gettext as _
from sqlalchemy import select

from webapp.channels.apply import alarm_key
from webapp.core import audit, events
from webapp.core.actor import current as current_actor
from webapp.core.clock import now
from webapp.core.database import db
from webapp.core.errors import Conflict
from webapp.core.tenancy import one_of_hotel
from webapp.models import Alert, Feed, Hotel


def hold(hotel: Hotel, feed_id: int) -> None:
    """Keep everything that this feed does not show, also what is too little for an alarm, until the feed shows all of it again or
    the hold is released. Raises Conflict NO_ALARM when there is nothing to hold."""
    feed, alarm = _alarm(hotel, feed_id)
    if "held_by" in alarm.details:
        return
    alarm.details = {**alarm.details, "held_by": current_actor().label, "held_at": now().isoformat()}
    alarm.severity = "warning"
    _changed(feed, "feed_held")


def release(hotel: Hotel, feed_id: int) -> None:
    """End a hold: the rules judge again what is missing, from the next reading on."""
    feed, alarm = _alarm(hotel, feed_id)
    if "held_by" not in alarm.details:
        return
    alarm.details = {name: value for name, value in alarm.details.items() if name not in ("held_by", "held_at")}
    alarm.severity = "critical"
    _changed(feed, "feed_hold_released")


def _alarm(hotel: Hotel, feed_id: int) -> tuple[Feed, Alert]:
    feed = one_of_hotel(Feed, hotel.id, lock=True, id=feed_id)
    query = select(Alert).where(
        Alert.hotel_id == hotel.id, Alert.key == alarm_key(feed.id), Alert.resolved_at.is_(None)
    )
    alarm = db.session.scalars(query.with_for_update()).one_or_none()
    if alarm is None:
        raise Conflict(_("The calendar shows everything again; there is nothing to hold."), "NO_ALARM")
    return feed, alarm


def _changed(feed: Feed, action: str) -> None:
    db.session.flush()
    audit.record(feed.hotel_id, action, feed)
    events.publish(feed.hotel_id, "alert-raised", {"kind": "feed_vanished"})
    events.publish(feed.hotel_id, "feed-synced", {"feed_id": feed.id, "outcome": "changed"})

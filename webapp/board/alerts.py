"""Alerts in the reader's words: each kind is a sentence with what its details hold. An unknown kind is shown by its name."""

from __future__ import annotations

import datetime as dt
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext, ngettext

from webapp.channels import reasons
from webapp.messaging.wording import told as told_of_message
from webapp.stays.domain import SOURCE_LABELS
from webapp.web.i18n import stay_date

TONES = {"critical": "bad", "warning": "warn", "info": "info"}
TITLES: dict[str, Any] = {
    "stay_unplaced": lazy_gettext("A stay has no room"),
    "feed_failing": lazy_gettext("A calendar does not answer"),
    "feed_vanished": lazy_gettext("A calendar lost many stays at once"),
    "stay_suspected": lazy_gettext("A stay has vanished from its calendar"),
    "stay_contradicted": lazy_gettext("A channel still sells a stay that the house has cancelled"),
    "upload_wanted": lazy_gettext("A file of the booking site would help"),
    "stay_extension_conflict": lazy_gettext("A longer stay meets another guest"),
    "door_code_late": lazy_gettext("A door code is not on its lock yet"),
    "door_code_failed": lazy_gettext("A door code could not be set"),
    "lock_account_refused": lazy_gettext("The lock account does not let us in"),
    "lock_battery_low": lazy_gettext("The battery of a lock is low"),
    "unlock_failed": lazy_gettext("A door could not be opened from here"),
    "message_failed": lazy_gettext("A message could not be delivered"),
    "message_unknown": lazy_gettext("Nobody knows whether a message went out"),
    "job_failed": lazy_gettext("Something could not be done in the background"),
}


def _sentence(kind: str, details: dict[str, Any]) -> str:
    room = details.get("room", "")
    if kind == "stay_unplaced":
        return _("A channel sold it, but room %(room)s is taken. Choose another room.", room=room)
    if kind == "feed_failing":
        why = reasons.worded_fault(details.get("fault"), details.get("message") or "")
        told = _("%(place)s: the stays remain as they were, and we keep trying.", place=_place(details))
        return f"{told} {why}".strip()
    if kind == "feed_vanished":
        return f"{_place(details)} · {reasons.of_alarm(details)}"
    if kind == "stay_suspected":
        return _("%(place)s. We keep the stay until its cancellation is certain.", place=_place(details))
    if kind == "stay_contradicted":
        return _("%(place)s. Cancel it at the channel too, or take our cancellation back.", place=_place(details))
    if kind == "stay_extension_conflict":
        return _("%(place)s. The guest is in house; another room is needed for one of the two.", place=_place(details))
    if kind == "upload_wanted":
        stays = ngettext("%(num)d stay", "%(num)d stays", details.get("count", 1))
        return _(
            "No mail has explained %(stays)s of the calendars. Upload the reservations under Channels.", stays=stays
        )
    if kind == "lock_battery_low":
        return _("%(lock)s: %(battery)s %% left.", lock=details.get("lock", ""), battery=details.get("battery", "?"))
    if kind in ("message_failed", "message_unknown"):
        return told_of_message(details)
    if kind == "job_failed":
        return _("It was tried several times. Tell whoever runs the system: %(job)s.", job=details.get("job", ""))
    said = details.get("message") or details.get("reason") or ""
    return " · ".join(part for part in (_place(details), details.get("lock", ""), said) if part)


def _place(details: dict[str, Any]) -> str:
    """Room 101, Booking.com, 3 Dec to 5 Dec: as much of it as the details hold."""
    parts = []
    if details.get("room"):
        parts.append(_("Room %(room)s", room=details["room"]))
    if details.get("provider"):
        parts.append(str(SOURCE_LABELS.get(details["provider"], details["provider"])))
    if details.get("check_in") and details.get("check_out"):
        dates = [stay_date(dt.date.fromisoformat(details[name]), "short") for name in ("check_in", "check_out")]
        parts.append(_("%(arrival)s to %(departure)s", arrival=dates[0], departure=dates[1]))
    return ", ".join(parts)


def worded(alerts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each alert with `tone`, `title`, `text` and, where it is about a stay or a calendar, its `booking_id` or `feed_id`."""
    return [
        {
            "id": alert["id"],
            "tone": TONES[alert["severity"]],
            "title": str(TITLES.get(alert["kind"]) or alert["details"].get("title") or alert["kind"].replace("_", " ")),
            "text": _sentence(alert["kind"], alert["details"]),
            "booking_id": alert["booking_id"],
            "feed_id": alert["details"].get("feed_id"),
        }
        for alert in alerts
    ]

"""The history of a stay in plain words."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from itertools import groupby
from typing import Any

from flask_babel import lazy_gettext, lazy_pgettext, ngettext

from webapp.core.audit import AuditEntry
from webapp.models import Reservation
from webapp.web.i18n import stay_date

from .domain import SOURCE_LABELS, STATUS_LABELS

ACTIONS: dict[str, tuple[Any, str]] = {
    "created": (lazy_gettext("Recorded"), "plus"),
    "confirmed": (lazy_gettext("Confirmed"), "circle-check"),
    "checked_in": (lazy_gettext("Checked in"), "door-open"),
    "checked_out": (lazy_gettext("Checked out"), "log-out"),
    "cancelled": (lazy_gettext("Cancelled"), "ban"),
    "marked_no_show": (lazy_gettext("Did not come"), "circle-x"),
    "expired": (lazy_gettext("Expired without payment"), "clock"),
    "reinstated": (lazy_gettext("Reinstated"), "rotate-ccw"),
    "check_in_undone": (lazy_gettext("Check-in taken back"), "undo-2"),
    "check_out_undone": (lazy_gettext("Check-out taken back"), "undo-2"),
    "dates_changed": (lazy_gettext("Dates changed"), "calendar-days"),
    "room_assigned": (lazy_gettext("Room assigned"), "bed"),
    "room_unassigned": (lazy_gettext("Taken out of the room"), "bed"),
    "moved": (lazy_gettext("Moved to another room"), "bed"),
    "guest_updated": (lazy_gettext("Guest details changed"), "pencil"),
    "note_added": (lazy_gettext("Note added"), "file-text"),
    "document_read": (lazy_gettext("Identity document looked at"), "eye"),
    "checked_in_online": (lazy_gettext("Checked in online"), "badge-check"),
    "door_codes_requested": (lazy_gettext("Door codes asked for"), "key-round"),
    "extended": (lazy_gettext("Stays longer"), "calendar-days"),
    "charged": (lazy_gettext("Charged"), "credit-card"),
    "late_departure_set": (lazy_gettext("Late departure"), "clock"),
    "early_departure_noted": (lazy_gettext("Leaves early"), "log-out"),
    "split": (lazy_gettext("Split over two rooms"), "bed-double"),
    "pinned": (lazy_gettext("Keeps its room"), "lock"),
    "unpinned": (lazy_gettext("May move again"), "lock"),
    "sale_changed": (lazy_gettext("Booking changed"), "pencil"),
    "room_type_changed": (lazy_gettext("Room type changed"), "bed"),
    "request_accepted": (lazy_gettext("Request accepted"), "circle-check"),
    "party_member_added": (lazy_gettext("Added to the party"), "user-plus"),
    "party_member_removed": (lazy_gettext("Removed from the party"), "users"),
    "party_cleared": (lazy_gettext("Party cleared"), "users"),
    "mail_written": (lazy_gettext("Mail written"), "mail"),
    "sms_written": (lazy_gettext("Short message written"), "message-square"),
    "phone_call_noted": (lazy_gettext("Phone call noted"), "phone"),
    "merged": (lazy_gettext("Another record proved to be this stay"), "link"),
    "merged_away": (lazy_gettext("Proved to be another stay and lives on there"), "link"),
    "separated": (lazy_gettext("Taken apart again"), "undo-2"),
    "guest_asked": (lazy_gettext("Asked the guest for what is unknown"), "send"),
    "checkin_link_sent": (lazy_gettext("Check-in link sent again"), "send"),
}
FIELDS: dict[str, Any] = {
    "status": lazy_gettext("Status"),
    "source": lazy_gettext("Source"),
    "room": lazy_gettext("Room"),
    "check_in": lazy_gettext("Arrival"),
    "check_out": lazy_gettext("Departure"),
    "guest_name": lazy_gettext("Name"),
    "guest_email": lazy_gettext("E-mail"),
    "guest_phone": lazy_gettext("Phone"),
    "guest_language": lazy_gettext("Language"),
    "guest_country": lazy_gettext("Country"),
    "adults": lazy_gettext("Adults"),
    "children": lazy_gettext("Children"),
    "reference": lazy_gettext("Reference"),
    "special_requests": lazy_gettext("Wishes"),
    "total": lazy_gettext("Total"),
    "paid": lazy_gettext("Paid"),
    "cancellation_fee": lazy_gettext("Cancellation fee"),
    "price": lazy_gettext("Price"),
    "room_type": lazy_gettext("Room type"),
    "late_departure": lazy_gettext("Late departure"),
    "from": lazy_pgettext("date", "From"),
    "then": lazy_gettext("Then room"),
    "name": lazy_gettext("Name"),
    "merged": lazy_gettext("Merged with"),
    "merged_into": lazy_gettext("Lives on in"),
    "separated": lazy_gettext("Taken apart from"),
    "channel_reference": lazy_gettext("Reference"),
}


PRICE_CHOICES = {"new": lazy_gettext("New price"), "kept": lazy_gettext("Keep the agreed price")}
ORDERS: dict[str, Any] = {
    "check_in": lazy_gettext("Arrival, earliest first"),
    "-check_in": lazy_gettext("Arrival, latest first"),
    "check_out": lazy_gettext("Departure, earliest first"),
    "-check_out": lazy_gettext("Departure, latest first"),
    "-created_at": lazy_gettext("Newest first"),
    "created_at": lazy_gettext("Oldest first"),
    "status": lazy_gettext("Status"),
    "-status": lazy_gettext("Status, backwards"),
    "room_number": lazy_gettext("Room"),
    "-room_number": lazy_gettext("Room, backwards"),
}


def folio(stay: Reservation) -> list[tuple[str, Decimal]]:
    """The lines of the price of a stay, as one reads them."""
    return bill_lines(stay.price_lines)


def bill_lines(price_lines: list[dict[str, Any]]) -> list[tuple[str, Decimal]]:
    """Lines of a price, equal nights in one. They sum to its total."""
    found: list[tuple[str, Decimal]] = []
    added = [line for line in price_lines if line["kind"] != "included_tax"]
    for (kind, text), lines in groupby(added, key=lambda line: (line["kind"], line["description"])):
        amounts = [Decimal(line["amount"]) for line in lines]
        if kind == "night":
            text = ngettext("%(num)d night, %(room)s", "%(num)d nights, %(room)s", len(amounts), room=text)
        found.append((text, sum(amounts, Decimal(0))))
    return found


def contained_taxes(stay: Reservation) -> list[tuple[str, Decimal]]:
    """(name, amount) of the taxes that the price contains."""
    found: dict[str, Decimal] = {}
    for line in stay.price_lines:
        if line["kind"] == "included_tax":
            found[line["description"]] = found.get(line["description"], Decimal(0)) + Decimal(line["contained"])
    return list(found.items())


def worded(entries: Any) -> list[dict[str, Any]]:
    """Each entry as {at, who, what, icon, reason, changes: [(field, before, after)]}."""
    return [
        {
            "id": entry.id,
            "at": entry.at,
            "who": entry.actor_label,
            "what": str(ACTIONS[entry.action][0])
            if entry.action in ACTIONS
            else entry.action.replace("_", " ").capitalize(),
            "icon": ACTIONS.get(entry.action, ("", "history"))[1],
            "reason": entry.reason,
            "changes": _changes(entry),
        }
        for entry in entries
    ]


def _changes(entry: AuditEntry) -> list[tuple[str, str, str]]:
    before, after = entry.before or {}, entry.after or {}
    names = [name for name in {**before, **after} if name in FIELDS]
    found = [(str(FIELDS[name]), _value(name, before.get(name)), _value(name, after.get(name))) for name in names]
    return [change for change in found if change[1] != change[2]]


def _value(name: str, value: Any) -> str:
    if value is None or value == "":
        return ""
    if name == "status":
        return str(STATUS_LABELS.get(value, value))
    if name == "price":
        return str(PRICE_CHOICES.get(value, value))
    if name == "source":
        return str(SOURCE_LABELS.get(value, value))
    if name in ("check_in", "check_out", "from"):
        return stay_date(dt.date.fromisoformat(value), "short")
    return str(value)

"""Rules of a stay: which status may follow which, and what a source's word is worth."""

from __future__ import annotations

from collections.abc import Collection

from flask_babel import lazy_gettext as _

from webapp.core.errors import Conflict

STATUS_LABELS = {
    "PENDING_PAYMENT": _("Awaiting payment"),
    "CONFIRMED": _("Confirmed"),
    "CHECKED_IN": _("In house"),
    "COMPLETED": _("Departed"),
    "CANCELLED": _("Cancelled"),
    "NO_SHOW": _("No-show"),
    "EXPIRED": _("Expired"),
}
SOURCE_LABELS = {
    "direct": _("Website"),
    "desk": _("Front desk"),
    "booking": "Booking.com",
    "airbnb": "Airbnb",
    "vrbo": "Vrbo",
    "expedia": "Expedia",
    "ical": _("Calendar"),
}

# Also in the database: the trigger reservation_transition (see the migrations) refuses any other step.
TRANSITIONS: dict[str, frozenset[str]] = {
    "PENDING_PAYMENT": frozenset(("CONFIRMED", "CANCELLED", "EXPIRED")),
    "CONFIRMED": frozenset(("CHECKED_IN", "CANCELLED", "NO_SHOW")),
    "CHECKED_IN": frozenset(("COMPLETED", "CONFIRMED")),  # back to CONFIRMED: checked in by mistake
    "COMPLETED": frozenset(("CHECKED_IN",)),  # checked out by mistake
    "CANCELLED": frozenset(("CONFIRMED",)),  # reinstated, if the nights are still free
    "NO_SHOW": frozenset(("CONFIRMED",)),
    "EXPIRED": frozenset(("CONFIRMED",)),  # the payment came after all
}


def check_transition(current: str, wanted: str) -> None:
    """Raises Conflict INVALID_TRANSITION with both statuses when `wanted` cannot follow `current`."""
    check_status(current, [status for status, following in TRANSITIONS.items() if wanted in following], wanted)


def check_status(current: str, allowed: Collection[str], wanted: str) -> None:
    """Raises Conflict INVALID_TRANSITION when a step to `wanted` does not begin at `current`."""
    if current not in allowed:
        raise Conflict(
            _("This is not possible: the stay is “%(status)s”.", status=STATUS_LABELS[current]),
            "INVALID_TRANSITION",
            details={"from": current, "to": wanted},
        )

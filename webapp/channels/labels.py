"""What the channels pages call things."""

from __future__ import annotations

from flask_babel import lazy_gettext as _

# kind → (label, tone, icon)
DECISIONS = {
    "created": (_("New stay"), "good", "plus"),
    "changed": (_("Changed"), "info", "pencil"),
    "missing": (_("Missing"), "warn", "eye-off"),
    "suspected": (_("Suspected"), "warn", "circle-question-mark"),
    "cancelled": (_("Cancelled"), "mute", "ban"),
    "restored": (_("Back again"), "good", "rotate-ccw"),
    "block": (_("Block"), "mute", "lock"),
    "rule": (_("Channel's rule"), "mute", "calendar"),
    "echo": (_("Echo"), "mute", "link"),
    "alarm": (_("Alarm"), "bad", "triangle-alert"),
}
ITEMS = {
    "stay": _("Stay"),
    "block": _("Block"),
    "rule": _("Channel's rule"),
    "echo": _("Echo of another source"),
    "unknown": _("Not understood"),
    "ignored": _("Left out"),
}
STATES = {
    "present": (_("shown"), "good"),
    "missing": (_("missing"), "warn"),
    "suspected": (_("suspected"), "warn"),
    "cancelled": (_("cancelled"), "mute"),
}
WHY_EMPTY = {
    "cancelled": _("Cancelled when its calendar no longer showed it"),
    "not_shown": _("Stands, but no calendar shows it"),
}
OUTCOMES = {
    "unchanged": (_("No news"), "mute", "circle-check"),
    "changed": (_("News"), "good", "refresh-cw"),
    "failed": (_("Failed"), "bad", "triangle-alert"),
}
STEPS = {
    "waiting": _("Waiting for its turn"),
    "fetching": _("Asking the channel"),
    "reading": _("Reading the calendar"),
}
THRESHOLDS = {
    "misses": _("Complete readings without the stay before it is suspected"),
    "hours": _("Hours it must have been missing before it is cancelled"),
    "mass_minimum": _("Coming stays that may vanish together without an alarm"),
    "mass_share": _("Share of the coming stays that may vanish together without an alarm, in per cent"),
    "longest_stay": _("Nights of the longest stay; a longer nameless range is a closure"),
}

"""What the pages of evidence call things."""

from __future__ import annotations

from flask_babel import lazy_gettext as _

from webapp.stays.known import OUTCOMES, TELLERS

__all__ = ["AGAINSTS", "FIELDS", "FORS", "OUTCOMES", "RULES", "STEPS", "TELLERS", "VERDICTS"]

VERDICTS = {
    "same": (_("Surely one stay"), "good", "link"),
    "likely": (_("Probably one stay"), "info", "circle-question-mark"),
    "double": (_("Sold twice"), "bad", "triangle-alert"),
}
FORS = {
    "same_reference": _("The reservation number is the same."),
    "same_phone": _("The phone number is the same."),
    "same_email": _("The e-mail address is the same."),
    "same_name": _("The full name is the same."),
    "name_fits": _("One name may be short for the other."),
    "same_dates": _("Arrival and departure are the same."),
    "overlap": _("The nights overlap."),
    "same_room": _("Both want the same room."),
    "same_time": _("Both were recorded within a quarter of an hour."),
}
AGAINSTS = {
    "other_reference": _("Each has a reservation number of its own."),
    "other_phone": _("The phone numbers differ."),
    "other_name": _("The names have nothing in common."),
    "same_channel": _("Both come from one channel, and it tells each stay once."),
    "other_dates": _("The dates differ."),
    "other_room": _("They are in different rooms."),
}
RULES = {
    "": _("By hand"),
    "reference": _("Same reservation number"),
    "phone": _("Same phone number"),
    "email": _("Same e-mail address"),
    "name": _("Same name and dates"),
    "time": _("Same room, dates and time"),
}
FIELDS = {"name": _("Name"), "reference": _("Number"), "phone": _("Phone"), "price": _("Price")}
# step → (label, icon)
STEPS = {
    "mail": (_("Mails are searched"), "mail"),
    "upload": (_("Upload a file"), "upload"),
    "guest": (_("Ask the guest"), "users"),
    "none": (_("Nobody can tell"), "circle-question-mark"),
}

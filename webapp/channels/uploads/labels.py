"""What the upload pages call things."""

from __future__ import annotations

from flask_babel import lazy_gettext as _

KINDS = {
    "booking_reservations": _("Booking.com, reservations"),
    "booking_group": _("Booking.com, several properties"),
    "booking_finance": _("Booking.com, invoice"),
    "booking_payout": _("Booking.com, payouts"),
    "airbnb_reservations": _("Airbnb, reservations"),
    "airbnb_transactions": _("Airbnb, transactions"),
    "unknown": _("Not understood yet"),
}
# state → (label, tone, icon)
STATES = {
    "reading": (_("Being read"), "info", "refresh-cw"),
    "mapping": (_("Needs your help"), "warn", "circle-question-mark"),
    "preview": (_("Waits for your yes"), "warn", "eye"),
    "applying": (_("Being applied"), "info", "refresh-cw"),
    "applied": (_("Applied"), "good", "check"),
    "undoing": (_("Being undone"), "info", "refresh-cw"),
    "undone": (_("Undone"), "mute", "undo-2"),
    "refused": (_("Refused"), "bad", "ban"),
    "discarded": (_("Put aside"), "mute", "trash-2"),
}
ACTIONS = {
    "created": (_("New stay"), "good", "plus"),
    "updated": (_("Changed"), "info", "pencil"),
    "cancelled": (_("Cancelled"), "mute", "ban"),
    "no_show": (_("No-show"), "mute", "ban"),
    "restored": (_("Back again"), "good", "rotate-ccw"),
    "warning": (_("Look at this"), "warn", "triangle-alert"),
    "skipped": (_("Left out"), "mute", "eye-off"),
    "unchanged": (_("The same"), "mute", "check"),
}
# What the numbers on the page lead to, besides the actions.
SHOWN = {
    **{name: label for name, (label, _tone, _icon) in ACTIONS.items()},
    "fixed": _("Rooms put right"),
    "unknown_rooms": _("Unknown rooms"),
}
# age → (label, tone, icon)
AGES = {
    "FRESH": (_("Newer than what was known"), "good", "check"),
    "OLD": (_("Older than what is known: it only fills gaps"), "warn", "history"),
    "DUPLICATE": (_("Says nothing new"), "mute", "history"),
}
# What became of a booking from one file to the next → (label, tone, icon)
COMPARED = {
    "new": (_("New in this file"), "good", "plus"),
    "gone": (_("No longer in the file"), "warn", "eye-off"),
    "changed": (_("Told differently"), "info", "pencil"),
    "same": (_("The same in both"), "mute", "check"),
    "outside": (_("Outside the period of this file"), "mute", "history"),
}
SAID = {
    "status": _("Status"),
    "arrival": _("Arrival"),
    "departure": _("Departure"),
    "guest": _("Guest"),
    "booker": _("Booker"),
    "room": _("Name of the room"),
    "rooms": _("Number of rooms"),
    "adults": _("Adults"),
    "children": _("Children"),
    "price": _("Price"),
    "phone": _("Telephone"),
    "remarks": _("Remarks"),
}
STATUSES = {
    "confirmed": _("Confirmed"),
    "cancelled": _("Cancelled"),
    "cancelled_by_guest": _("Cancelled by the guest"),
    "cancelled_by_hotel": _("Cancelled by the house"),
    "no_show": _("No-show"),
    "in_house": _("In house"),
    "past": _("Departed"),
}
CODES = {
    "cancelled": _("The file says that it was cancelled."),
    "cancelled_by_guest": _("The guest cancelled it."),
    "cancelled_by_hotel": _("The house cancelled it at the booking site."),
    "still_booked": _("It was cancelled here, but the booking site still has it."),
    "cancelled_by_house": _("Somebody of the house cancelled it; the booking site still has it."),
    "cancelled_but_in_house": _("The file says cancelled, but the guest is in house."),
    "more_stays_than_rooms": _("There are more stays with this number than rooms in the file."),
    "leaves_before_today": _("The file lets the guest leave before today, but the guest is in house."),
    "extension_conflict": _("The room is taken on the added nights; the dates stay as they were."),
    "never_known": _("It was cancelled before it was ever known here."),
    "only_money": _("A line about money; its stay is not known here."),
    "past": _("It is over."),
    "old_file": _("The file is older than what is known, so it brings no new stays."),
    "unknown_status": _("The status is not known."),
    "no_status": _("The file has no column for the status; every line is taken as a booking that stands."),
    "unknown_room": _("Nobody knows which room this is."),
    "other_currency": _("The amount is in another currency and was not taken over."),
    "no_reference": _("The line has no booking number."),
    "bad_reference": _("This is no booking number."),
    "no_dates": _("The line has no arrival or departure."),
    "bad_date": _("This is not a date."),
    "open_dates": _("The dates read both ways."),
    "dates_backwards": _("The departure is not after the arrival."),
    "bad_number": _("This is not a number."),
    "bad_amount": _("This is not an amount of money."),
    "no_currency": _("This amount has no currency."),
    "nights_differ": _("The number of nights does not fit the dates."),
    "rooms_differ": _("The names of the rooms do not fit their number."),
    "payout_summary": _("A line about a payout, not about a stay."),
    "repeated": _("It stands in an earlier line already."),
    "conflicting": _("It stands in an earlier line with other content; that line counts."),
    "formula": _("A cell with a formula: it was not calculated, its stored value was used."),
    "loose_quotes": _("Quotes in the file do not pair up."),
}
FAULTS = {
    "empty": _("The file is empty. Download it again from the booking site."),
    "too_large": _("The file is larger than 20 MB; no export of a house is. Choose a shorter period."),
    "too_many_rows": _("The file has more than 100,000 rows. Export a shorter period."),
    "too_many_columns": _("The file has more than 200 columns; no export has. Check that it is the right file."),
    "too_slow": _("Reading the file took too long, so it was stopped. Export a shorter period."),
    "zip_bomb": _("The file unpacks to far more than an export holds. It was not opened."),
    "encrypted": _("The file is protected by a password. Upload it as it came from the booking site."),
    "truncated": _("The file ends in the middle: the download was cut off. Download it again."),
    "damaged": _("The file is damaged and cannot be opened. Download it again from the booking site."),
    "web_page": _("This is a web page and not an export, perhaps because the sign-in had ended. Download it again."),
    "not_a_table": _("This is not a table of reservations. Upload the .xls, .xlsx or .csv file of the booking site."),
    "no_rows": _("The file has headers but no reservation below them. Choose another period at the booking site."),
    "duplicate": _("Another file with the same reservations was applied already."),
}
# What a column can be, in the order of the list on the page.
FIELDS = {
    "reference": _("Booking number"),
    "confirmation_code": _("Confirmation code (Airbnb)"),
    "check_in": _("Arrival"),
    "check_out": _("Departure"),
    "status": _("Status"),
    "guest_names": _("Guest"),
    "booked_by": _("Booker"),
    "booked_on": _("Booked on"),
    "cancelled_on": _("Cancelled on"),
    "rooms": _("Number of rooms"),
    "unit_type": _("Name of the room"),
    "persons": _("Guests"),
    "adults": _("Adults"),
    "children": _("Children"),
    "nights": _("Nights"),
    "price": _("Price"),
    "currency": _("Currency"),
    "earnings": _("Earnings"),
    "commission_amount": _("Commission"),
    "phone": _("Telephone"),
    "country": _("Country"),
    "remarks": _("Remarks"),
}
VALUES = {
    "guest_name": _("Guest"),
    "guest_phone": _("Telephone"),
    "guest_country": _("Country"),
    "booker_name": _("Booker"),
    "special_requests": _("Remarks"),
    "adults": _("Adults"),
    "children": _("Children"),
    "channel_reference": _("Booking number"),
    "total": _("Price"),
}

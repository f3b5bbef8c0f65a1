"""Messages and their faults in the words of the staff."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _

TEMPLATES: dict[str, Any] = {
    "checkin_link": _("Check-in link"),
    "reminder": _("Reminder of the arrival"),
    "dates_changed": _("New dates"),
    "cancelled": _("Cancellation"),
    "door_codes": _("Door code"),
    "ask_guest": _("Question to the guest"),
    "stop": _("No more messages, please"),
    "start": _("Messages are welcome again"),
}
# Codes of Twilio and of mail servers (vendors' documentation) in words that help at the desk.
FAULT_WORDS: dict[str, Any] = {
    "21211": _("this is not a telephone number that can be reached"),
    "21408": _("messages to this country are not switched on with the provider"),
    "21610": _("the guest has asked for no more messages"),
    "21614": _("this number cannot receive short messages"),
    "30003": _("the phone is switched off or out of reach"),
    "30005": _("the number does not exist"),
    "30006": _("this is a landline"),
    "30007": _("the guest's network filtered the message"),
    "550": _("there is no such mailbox"),
    "552": _("the mailbox is full"),
    "address": _("the mail address is not complete"),
    "not_configured": _("sending is not set up here"),
    "timeout": _("the provider did not answer in time"),
}


def fault_in_words(fault: str | None) -> Any:
    """What a stored fault ("30003: undelivered") means; the provider's own words where we have none."""
    code, _colon, text = (fault or "").partition(": ")
    return FAULT_WORDS.get(code) or text or code


def told(details: dict[str, Any]) -> str:
    """The sentence of an alert about a message: what it was, by which way, and what is known of the fault."""
    what = str(TEMPLATES.get(details.get("template", "")) or gettext("Message"))
    way = gettext("SMS") if details.get("channel") == "sms" else gettext("mail")
    reason = str(fault_in_words(details.get("fault")) or gettext("no reason was given"))
    return gettext("%(what)s by %(way)s: %(reason)s.", what=what, way=way, reason=reason)

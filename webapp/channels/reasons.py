"""Why something was concluded from a calendar, and why one could not be read, in the reader's language.

What is stored is a code and what its sentence is filled with; rows from before the codes have only an English sentence.
"""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

from flask_babel import format_decimal, lazy_gettext
from flask_babel import gettext as _

from webapp.models import ChannelDecision, Feed
from webapp.stays.domain import SOURCE_LABELS
from webapp.web.i18n import stay_date

_NOT_AVAILABLE = lazy_gettext("%(channel)s shows the nights as not available.")
_RESERVED = lazy_gettext("%(channel)s shows a reservation.")
DECISIONS: dict[str, Any] = {
    "own_export": lazy_gettext("Our own calendar, read back."),
    "known_elsewhere": lazy_gettext("The same nights of this room are taken by another source."),
    "preparation": lazy_gettext("One night beside a stay: probably preparation time."),
    "reserved": _RESERVED,
    "unknown_summary": lazy_gettext("%(channel)s says “%(summary)s”, which we do not know."),
    "booking_window": lazy_gettext("Nights beyond the listing's booking window."),
    "advance_notice": lazy_gettext("Tonight only: the listing's advance notice."),
    "not_available": _NOT_AVAILABLE,
    "unavailable": _NOT_AVAILABLE,
    "blocked": _NOT_AVAILABLE,
    "taken": lazy_gettext("The calendar shows the nights as taken, without a guest."),
    "hold_ended": lazy_gettext("The calendar shows all of it again."),
    "mail_cancelled": lazy_gettext("The booking site wrote that it was cancelled."),
    "rolling_tail": lazy_gettext("Closed up to the last day that %(channel)s can sell: there are no rates yet."),
    "too_long": lazy_gettext("%(nights)s nights are too long for a stay: a closure."),
    "closed": lazy_gettext("%(channel)s shows the nights as sold or closed; it does not say which."),
    "provisional": lazy_gettext(
        "%(channel)s shows the nights as sold or closed, while another calendar of the room cannot be read."
    ),
    "provisional_empty": lazy_gettext(
        "%(channel)s shows the nights as sold or closed, while another calendar of the room is empty, which may be a fault."
    ),
    "around_stays": lazy_gettext("Closed together with stays we know; nothing tells of another guest."),
    "tentative": lazy_gettext("A request that is not confirmed yet holds the nights."),
    "entry": lazy_gettext("The calendar has an entry for a guest."),
    "unsure": lazy_gettext("Sold here, or the echo of another calendar: kept closed until the other has been read."),
    "swallowed": lazy_gettext("The nights are part of a larger closed range."),
    "reappeared": lazy_gettext("The calendar shows it again."),
    "linked": lazy_gettext("The calendar shows a stay that was known already."),
    "details": lazy_gettext("The calendar tells more about the guest than before."),
    "dates": lazy_gettext("The calendar moved it from %(was_in)s – %(was_out)s to %(check_in)s – %(check_out)s."),
    "not_shown": lazy_gettext("The calendar does not show it any more. It is kept for now."),
    "repeatedly_missing": lazy_gettext("It was missing from %(misses)s complete readings in a row."),
    "vanished": lazy_gettext("It was missing from %(misses)s complete readings in a row over %(hours)s hours."),
    "many_vanished": lazy_gettext(
        "%(gone)s of %(known)s coming stays are missing from the calendar at once. Nothing was cancelled."
    ),
    "held": lazy_gettext(
        "Somebody of the house holds the %(gone)s stays and blocks that are missing. Nothing is cancelled."
    ),
    "calendar_empty": lazy_gettext(
        "The calendar is empty; %(known)s stays and blocks were known. Nothing was cancelled."
    ),
}
FAULTS: dict[str, Any] = {
    "url": lazy_gettext(
        "This is not an address a calendar can be read from. It must begin with https:// and have no user name in it."
    ),
    "refused_address": lazy_gettext(
        "This address leads to a private network, where no booking site keeps its calendars. It is not opened."
    ),
    "name": lazy_gettext("No computer goes by the name in this address. Check it for typing mistakes."),
    "connect": lazy_gettext("The provider's computer does not answer. It is tried again at the next turn."),
    "tls": lazy_gettext(
        "No secure connection to the provider could be made: its certificate is not valid for this address."
    ),
    "protocol": lazy_gettext("The provider closed the connection without a proper answer. It is tried again."),
    "timeout": lazy_gettext("The provider took too long to answer. It is tried again at the next turn."),
    "too_large": lazy_gettext("The answer is larger than any room's calendar. Check the address."),
    "truncated": lazy_gettext(
        "The calendar breaks off in the middle. It is kept as it was, and read again at the next turn."
    ),
    "too_many_redirects": lazy_gettext(
        "The address forwards from one place to another and never arrives. Copy the address again from the provider."
    ),
    "status_refused": lazy_gettext(
        "The provider refuses to show this calendar. Copy its address again: the secret part may have been renewed."
    ),
    "status_gone": lazy_gettext(
        "The provider no longer has a calendar at this address. Copy the address again from the provider."
    ),
    "status_limit": lazy_gettext("The provider says that we ask too often. We wait and try again."),
    "status_provider": lazy_gettext("The provider has a problem of its own. It is tried again at the next turn."),
    "status_other": lazy_gettext("The provider answered in a way that no calendar does."),
    "nothing": lazy_gettext("The address answered with nothing at all, not even an empty calendar."),
    "error_answer": lazy_gettext("The provider answered with an error instead of a calendar."),
    "web_page": lazy_gettext(
        "The address answered with a web page, not with a calendar. Copy the calendar's export address (it often ends in .ics) from "
        "the provider, not the page it is shown on."
    ),
    "xml": lazy_gettext("The address answered with an XML document, not with a calendar."),
    "piece": lazy_gettext("The address answered with a piece of a calendar: its first line is missing."),
    "not_a_calendar": lazy_gettext("The address answered with something that is not a calendar."),
    "implausible": lazy_gettext(
        "The calendar shows %(entries)s coming entries, with up to %(deepest)s stays on one night. No room's calendar does, not even "
        "several joined in one file, so nothing of it was taken. Check that this is the export address of this room."
    ),
    "not_understood": lazy_gettext(
        "The calendar was read, but we could not work with what it says. Nothing was changed; it is tried again."
    ),
}
PROBLEMS: dict[str, Any] = {
    "unreadable_event": lazy_gettext("An entry could not be read."),
    "no_start": lazy_gettext("An entry has no first day."),
    "no_end": lazy_gettext("An entry has no last day."),
    "ends_before_start": lazy_gettext("An entry ends before it begins."),
    "ends_at_start": lazy_gettext("An entry ends on the day it begins; it is taken as one night."),
    "no_night": lazy_gettext("An entry holds no night."),
    "unclosed_event": lazy_gettext("An entry breaks off."),
    "date_out_of_range": lazy_gettext("An entry lies too far away in time."),
    "unknown_time_zone": lazy_gettext("A time zone is unknown; the time is taken as local."),
    "unknown_recurrence": lazy_gettext("How an entry is repeated could not be read."),
    "text_cut": lazy_gettext("A very long text was cut."),
    "too_many_events": lazy_gettext("There are too many entries; only the first ones were read."),
}


# What a calendar's decision leaves behind as the reason of a cancelled stay or a closed room is stored as the English sentence.
_STORED = tuple(
    (re.compile(pattern), code)
    for pattern, code in (
        (r"It was missing from (?P<misses>\d+) complete fetches in a row over (?P<hours>[\d.]+) hours\.", "vanished"),
        (
            r"(?P<channel>Airbnb|Vrbo|Expedia) shows the nights as (?:not available|blocked|unavailable)\.",
            "not_available",
        ),
        (r"(?P<nights>\d+) nights are too long for a stay(?:: a closure)?\.", "too_long"),
        (r"(?P<channel>\w+) says “(?P<summary>.*)”, which we do not know\.", "unknown_summary"),
        (r"(?:A request that is not confirmed yet|A tentative entry) holds the nights\.", "tentative"),
        (r"The calendar shows the nights as taken, without a guest\.", "taken"),
        (r"One night beside a stay: probably preparation time\.", "preparation"),
        (r"Sold here, or the echo of another calendar: kept closed until the other has been read\.", "unsure"),
        (r"Closed together with stays we know; nothing tells of another guest\.", "around_stays"),
        (r"The same nights of this room are taken by another source\.", "known_elsewhere"),
        (r"Our own calendar, read back\.", "own_export"),
        (r"The calendar shows all of it again\.", "hold_ended"),
        (r"The booking site wrote that it was cancelled\.", "mail_cancelled"),
    )
)


def of_stored(text: str) -> str:
    """A reason that a calendar or a mail left with a stay or a closed room, in the reader's language; a person's words as they are."""
    for pattern, code in _STORED:
        if found := pattern.fullmatch(text):
            return _filled(DECISIONS[code], found.groupdict()) or text
    return text


def of_decision(row: ChannelDecision) -> str:
    """Why this was concluded."""
    return _filled(DECISIONS.get(row.code), row.params) or row.reason


def of_fault(feed: Feed) -> str:
    """Why the feed cannot be read."""
    return worded_fault(feed.fault_details, feed.fault_message or "")


def worded_fault(details: dict[str, Any] | None, message: str) -> str:
    """`details` as stored with a fault; `message`, in English, where they are missing."""
    details = details or {}
    parts = [_filled(FAULTS.get(details.get("code", "")), details)]
    if not parts[0]:
        return message or str(details.get("message", ""))
    if details.get("status"):
        parts.append(_("(Status %(status)s.)", status=details["status"]))
    if details.get("said"):
        parts.append(_("It says: “%(said)s”", said=details["said"]))
    return " ".join(parts)


def of_alarm(details: dict[str, Any]) -> str:
    """Why nothing was cancelled although much has vanished."""
    return _filled(DECISIONS.get(details.get("code", "")), details.get("params") or {}) or str(
        details.get("message", "")
    )


def of_problem(code: str, message: str) -> str:
    """What of a calendar could not be taken as it stands."""
    return str(PROBLEMS.get(code, message))


def _filled(sentence: Any, params: dict[str, Any]) -> str:
    """The sentence with its values; empty when there is none, or something is missing for it."""
    if sentence is None:
        return ""
    values = {name: _shown(name, value) for name, value in params.items()}
    text = str(sentence)
    try:
        return text % values if "%(" in text else text
    except (KeyError, ValueError):
        return ""


def _shown(name: str, value: Any) -> str:
    if name == "channel":
        return str(SOURCE_LABELS.get(value, value))
    if name in ("was_in", "was_out", "check_in", "check_out"):
        return stay_date(dt.date.fromisoformat(value), "short")
    return str(format_decimal(value)) if isinstance(value, int | float) else str(value)

"""Sentences of the shop that several pages and mails share."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext, ngettext

from webapp.models import Reservation
from webapp.web.i18n import stay_date

BOOKER_TYPES = {
    "SELF": lazy_gettext("I am staying myself"),
    "COMPANY": lazy_gettext("My company books for a guest"),
    "AGENT": lazy_gettext("I am a travel agent"),
    "GIFT": lazy_gettext("It is a present"),
}


def cancellation_sentence(agreed: Mapping[str, Any], check_in: dt.date, today: dt.date) -> str:
    """The terms of cancelling, as one reads them."""
    terms = agreed.get("cancellation")
    if not terms:
        return ""
    percent, nights = Decimal(str(terms["fee_percent"])), int(terms["fee_nights"])
    if not nights and not percent:
        return _("You can cancel free of charge until you arrive.")
    if nights:
        cost = ngettext("the first night", "the first %(num)d nights", nights)
    elif percent == 100:
        cost = _("the full price")
    else:
        cost = _("%(percent)s %% of the price", percent=f"{percent.normalize():f}")
    until = check_in - dt.timedelta(days=int(terms["free_days"]))
    if until < today:
        return _("Cancelling costs %(cost)s.", cost=cost)
    return _("Cancel free of charge until %(date)s. After that it costs %(cost)s.", date=stay_date(until), cost=cost)


def state_of(stay: Reservation) -> str:
    """Where a booking stands, in one word: for pages and mails to choose their sentences by."""
    if stay.awaits_approval:
        return {"PENDING_PAYMENT": "requested", "EXPIRED": "declined", "CANCELLED": "declined"}.get(
            stay.status, "confirmed"
        )
    return {
        "PENDING_PAYMENT": "held", "CANCELLED": "cancelled", "EXPIRED": "expired", "NO_SHOW": "cancelled"
    }.get(stay.status, "confirmed")  # fmt: skip


def party_sentence(adults: int, children: int) -> str:
    people = ngettext("%(num)d adult", "%(num)d adults", adults)
    return people + (", " + ngettext("%(num)d child", "%(num)d children", children) if children else "")

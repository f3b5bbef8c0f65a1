"""What a manager changes about the hotel itself."""

from __future__ import annotations

import re
from typing import Any
from zoneinfo import available_timezones

from babel.core import get_global
from babel.numbers import get_currency_precision
from flask_babel import gettext as _

from webapp.access import services as access
from webapp.core import audit, events, versions
from webapp.core.database import db
from webapp.core.errors import Invalid
from webapp.models import Hotel

MOST_RULES, LONGEST_RULE = 30, 300
MOST_DOCUMENT_DAYS = 365
_COLOUR = re.compile(r"#[0-9a-f]{6}")
EDITABLE = frozenset(
    ("name", "description", "check_in_time", "check_out_time", "address", "latitude", "longitude", "phone", "email",
     "accent_color", "house_rules", "languages", "timezone", "currency", "country", "language")
)  # fmt: skip
CURRENCIES = tuple(sorted(code for code in get_global("all_currencies") if get_currency_precision(code) <= 2))
IN_SETTINGS = frozenset(("wifi_name", "wifi_password", "house_info", "document_days"))  # keys of `Hotel.settings`
_HIDDEN = frozenset(("wifi_password",))  # the history says that they changed, not what they were


def update_settings(hotel: Hotel, values: dict[str, Any], seen: str = "") -> bool:
    """Change columns of the hotel (names in EDITABLE) and its settings (IN_SETTINGS); what changed is in its history.

    False when nothing did. A setting that is None or empty is taken back to what holds without it.

    `seen`: the word for the settings as the form showed them (of `facts`); raises Conflict CHANGED_MEANWHILE when they are others now.
    New times of arrival or departure, or another time zone, move the validity of the door codes that have been given out.
    """
    unknown = set(values) - EDITABLE - IN_SETTINGS
    if unknown:
        raise Invalid(_("This cannot be changed here."), field=min(unknown))
    _check(values)
    db.session.refresh(hotel, with_for_update=True)
    versions.check_unchanged(seen, facts(hotel))
    before, after = audit.changes(hotel, {name: value for name, value in values.items() if name in EDITABLE})
    for name in after:
        setattr(hotel, name, values[name])
    _change_settings(hotel, {name: value for name, value in values.items() if name in IN_SETTINGS}, before, after)
    if not after:
        return False
    db.session.flush()
    audit.record(hotel.id, "settings_changed", hotel, before=before, after=after)
    events.publish(hotel.id, "settings-changed", {"fields": sorted(after)})
    if after.keys() & {"check_in_time", "check_out_time", "timezone"}:
        access.request_reconciliation_of_hotel(hotel.id)
    return True


def facts(hotel: Hotel) -> dict[str, Any]:
    """What the form of the settings shows, by the names of its fields."""
    columns = {name: getattr(hotel, name) for name in sorted(EDITABLE)}
    return {**columns, **{name: hotel.settings.get(name) for name in sorted(IN_SETTINGS)}}


def _change_settings(hotel: Hotel, values: dict[str, Any], before: dict[str, Any], after: dict[str, Any]) -> None:
    """Write the settings that differ, and note them in `before` and `after`."""
    settings = dict(hotel.settings)
    for name, value in values.items():
        wanted = None if value in ("", {}) else value
        known = settings.pop(name, None)
        if wanted is not None:
            settings[name] = wanted
        if wanted != known:
            before[name], after[name] = (
                ("…" if known else "", "…" if wanted else "") if name in _HIDDEN else (known, wanted)
            )
    if settings != hotel.settings:
        hotel.settings = settings


def rules_from_text(text: str) -> list[str]:
    """One rule a line."""
    return [line.strip()[:LONGEST_RULE] for line in text.splitlines() if line.strip()][:MOST_RULES]


def _check(values: dict[str, Any]) -> None:
    if "name" in values and not values["name"].strip():
        raise Invalid(_("The hotel needs a name."), field="name")
    if values.get("timezone", "UTC") not in available_timezones():
        raise Invalid(_("This time zone is not known."), field="timezone")
    if values.get("currency", CURRENCIES[0]) not in CURRENCIES:
        raise Invalid(_("This currency is not known."), field="currency")
    if "accent_color" in values and not _COLOUR.fullmatch(values["accent_color"]):
        raise Invalid(_("Give the colour as # and six digits or letters a to f."), field="accent_color")
    if (days := values.get("document_days")) is not None and not 0 <= days <= MOST_DOCUMENT_DAYS:
        raise Invalid(_("Documents are kept for 0 to 365 days."), field="document_days")
    password = values.get("wifi_password") or ""
    if password and not (8 <= len(password) <= 63 and password.isprintable()):
        raise Invalid(_("A Wi-Fi password has 8 to 63 characters."), field="wifi_password")
    if password and not values.get("wifi_name"):
        raise Invalid(_("Give the name of the network too."), field="wifi_name")
    for name, most in (("latitude", 90), ("longitude", 180)):
        if values.get(name) is not None and abs(values[name]) > most:
            raise Invalid(_("This is no place on earth."), field=name)

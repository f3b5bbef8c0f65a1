"""Rules of messages without a database: telephone numbers, colours, keywords, what a person may see of an address."""

from __future__ import annotations

import hashlib

import phonenumbers

LANGUAGES = ("en", "fr", "de", "es", "zh", "it", "pt", "ar", "ja", "hi")
STOP_WORDS = frozenset(("STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"))
START_WORDS = frozenset(("START", "YES", "UNSTOP"))
ANNOUNCEMENTS = ("checkin_link", "dates_changed", "cancelled")  # these tell a guest where the stay stands


def as_e164(text: str | None, country: str = "") -> str | None:
    """A telephone number as "+447700900123", or None when it is none. `country` (ISO 3166) for numbers without a prefix."""
    try:
        number = phonenumbers.parse(text or "", country.upper() or None)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def language_of(code: str | None) -> str:
    """`code` as one of ours ("pt-BR" is "pt"), otherwise English."""
    short = (code or "").replace("_", "-").split("-")[0].lower()
    return short if short in LANGUAGES else "en"


def masked(recipient: str) -> str:
    """Enough of an address to recognise it: "a…@example.com", "+44 … 123"."""
    local, at, domain = recipient.rpartition("@")
    if at:
        return f"{local[:1]}…@{domain}"
    return f"{recipient[:3]} … {recipient[-3:]}" if len(recipient) > 6 else "…"


def keyword(body: str) -> str | None:
    """ "stop" or "start" when the whole message is such a word."""
    word = body.strip().strip(".!").upper()
    if word in STOP_WORDS:
        return "stop"
    return "start" if word in START_WORDS else None


def readable_on_white(colour: str) -> str:
    """`colour` (#rrggbb), darkened until white text on it has a contrast of at least 4.5."""
    try:
        red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    except ValueError:
        return "#1f5f8b"
    while 1.05 / (_luminance(red, green, blue) + 0.05) < 4.5:
        red, green, blue = int(red * 0.94), int(green * 0.94), int(blue * 0.94)
    return f"#{red:02x}{green:02x}{blue:02x}"


def _luminance(*channels: int) -> float:
    linear = [c / 255 / 12.92 if c <= 10 else ((c / 255 + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def digest(*parts: object) -> str:
    """A short name for a set of facts, to tell one message from another."""
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]

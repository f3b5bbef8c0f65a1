"""Mails of Airbnb: the template's name tells the kind, the subject the name and the code, the body the rest."""

from __future__ import annotations

import datetime as dt
import itertools
import re
from collections.abc import Sequence
from typing import Any

from webapp.channels.mail_ports import MailKind, NotOurs
from webapp.integrations.exports.values import AmountStyle, amount, currency_of, decimal_mark
from webapp.integrations.spoken_dates import fold, spoken_dates, tidy

from .dates import date_range, dated, first_date
from .mime import Mail, lines_of
from .senders import is_own_link

_CODE = re.compile(r"(?<![A-Z0-9])HM[A-Z0-9]{8}(?![A-Z0-9])")
# X-Template of the host's mails; only the first was seen word for word, so the others are told by their words.
_TEMPLATES: tuple[tuple[str, MailKind | None], ...] = (
    ("BOOKING_CONFIRMATION_TO_HOST", "new"),
    ("PAYOUT", None),
    ("REVIEW", None),
    ("ALTERATION_REQUEST", "change_request"),
    ("ALTERATION", "modified"),
    ("CANCEL", "cancelled"),
    ("INQUIRY", None),
    ("BOOKING_REQUEST", "request"),
    ("RESERVATION_REQUEST", "request"),
)
# (language, pattern over the plain subject, kind). Named groups: name, dates.
_SUBJECTS: tuple[tuple[str, str, MailKind | None], ...] = (
    ("en", r"^Reservation confirmed - (?P<name>.{1,120}) arrives (?P<when>.{3,30})$", "new"),
    ("es", r"^Reserva confirmada: (?P<name>.{1,120}) llega el (?P<when>.{3,30})$", "new"),
    ("ja", r"^予約確定 - (?P<name>.{1,120})さんが(?P<when>.{3,12})ご到着です", "new"),
    ("de", r"^Buchung bestätigt\s*[:–-]\s*(?P<name>.{1,120}) kommt am (?P<when>.{3,30})(?: an)?$", "new"),
    ("fr", r"^Réservation confirmée\s*[:–-]\s*(?P<name>.{1,120}) arrive le (?P<when>.{3,30})$", "new"),
    ("it", r"^Prenotazione confermata\s*[:–-]\s*(?P<name>.{1,120}) arriva il (?P<when>.{3,30})$", "new"),
    ("en", r"^Cancell?ed: Reservation (?P<code>HM[A-Z0-9]{8}) for (?P<dates>.{3,60})$", "cancelled"),
    ("es", r"^Cancelada: reserva (?P<code>HM[A-Z0-9]{8}) \((?P<dates>.{3,60})\)$", "cancelled"),
    ("ja", r"^キャンセルのお知らせ：(?P<dates>.{3,60})のご予約（(?P<code>HM[A-Z0-9]{8})）", "cancelled"),
    ("en", r"^Reservation cancell?ed: (?P<dates>.{3,60})$", "cancelled"),
    ("en", r"^Reservation updated\b", "modified"),
    ("en", r"^Your reservation change was accepted\b", "modified"),
    ("en", r"^(?P<name>.{1,120}) wants to change their reservation", "change_request"),
    ("es", r"^(?P<name>.{1,120}) quiere hacer un cambio en su reserva", "change_request"),
    ("ja", r"^(?P<name>.{1,120}?)(?:さん)?が予約変更をご希望です", "change_request"),
    (
        "en",
        r"^Reservation (?:request )?(?:for|at) (?P<listing>.{1,160}), (?P<dates>[^,]{3,40}(?:, \d{4})?)$",
        "message",
    ),
    ("en", r"^(?:Request to book|Reservation request|Booking request|Pending: Reservation [Rr]equest)\b", "request"),
    ("en", r"^We sent a payout of ", None),
    ("en", r"left a \d.star review|wrote you a review|^Write a review for ", None),
)
_ARRIVE = ("check-in", "checkin", "llegada", "arrivee", "anreise", "inchecken", "チェックイン", "entrada", "arrivo")
_LEAVE = ("checkout", "check-out", "salida", "depart", "abreise", "uitchecken", "チェックアウト", "saida", "partenza")
_TOTAL = re.compile(r"^(?:total|gesamt|totaal|totale|合計)\s*(?:\(([a-z]{3})\))?\s+(.+)$")
_EARN = re.compile(r"^(?:you earn|tu ganas|ganas|du verdienst|vous gagnez|guadagni|je verdient|voce ganha)\s+(.+)$")
_PARTY = re.compile(
    r"(\d{1,2})\s*(adult|erwachsene|volwassene|大人)|(\d{1,2})\s*(child|nino|kind|enfant|bambin|crianca|子ども)"
    r"|(\d{1,2})\s*(infant|bebe|kleinkind|neonat|乳幼児)"
)
_ANNOUNCED = re.compile(r"^(?:new booking confirmed|nueva reserva confirmada|reserva confirmada)", re.I)


def read_airbnb(mail: Mail, subject: str, sent: dt.date | None) -> dict[str, Any] | NotOurs:
    """The facts of a mail of Airbnb, as fields of MailFacts."""
    language = mail.header("X-Locale")[:2].lower()
    kind, told, spoken = _subject(subject)
    language = language or spoken
    template = next((k for name, k in _TEMPLATES if name in mail.header("X-Template").upper()), "")
    if template is None or (not template and kind is None and not told):
        return NotOurs("noise", "not about a booking")
    found: MailKind = template or kind or "unclear"  # type: ignore[assignment]
    lines = lines_of(mail.text)
    codes = _codes(mail, subject, found)
    facts: dict[str, Any] = {
        "kind": found, "language": language, "reference": codes[0] if codes else "", "references": codes,
        "guest_name": tidy(told.get("name") or "")[:200], "listing_name": tidy(told.get("listing") or "")[:200], **_listing(mail, lines),
    }  # fmt: skip
    facts |= _dates(told, lines, sent, language, found)
    if found in ("new", "request"):
        facts |= _money(lines) | _party(lines)
    return facts


def _subject(subject: str) -> tuple[MailKind | None, dict[str, str | None], str]:
    """Kind, what the subject tells, and its language. Nothing told and no kind: noise, or words nobody knows."""
    plain = re.sub(r"^(?:(?:re|aw)\s*:\s*)+", "", subject, flags=re.I)
    for language, pattern, kind in _SUBJECTS:
        match = re.search(pattern, plain, re.I)
        if match:
            return kind, match.groupdict(), language
    codes = _CODE.findall(plain)
    return ("unclear", {"code": codes[0]}, "") if codes else (None, {}, "")


def _codes(mail: Mail, subject: str, kind: MailKind) -> tuple[str, ...]:
    """The code in the subject, else those in links to the booking, else those in the text."""
    linked = [
        code
        for link in mail.links()
        if is_own_link(link.hostname or "", "airbnb")
        for code in _CODE.findall(f"{link.path}?{link.query}")
    ]
    found = [*_CODE.findall(subject), *linked, *_CODE.findall(mail.text[:200_000])]
    return tuple(dict.fromkeys(found))[:20]


def _listing(mail: Mail, lines: Sequence[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for link in mail.links():
        room = re.match(r"/rooms/(?:plus/)?(\d{1,25})\b", link.path)
        if room and is_own_link(link.hostname or "", "airbnb"):
            found["listing_id"] = room[1]
            break
    else:
        numbers = [match[1] for line in lines if (match := re.search(r"Listing #(\d{1,25})\b", line))]
        if numbers:
            found["listing_id"] = numbers[0]
    for line, following in itertools.pairwise(lines):
        if _ANNOUNCED.match(line) and not following.lower().startswith("http"):
            found["listing_name"] = following[:200]
            break
    return found


def _dates(
    told: dict[str, str | None], lines: Sequence[str], sent: dt.date | None, language: str, kind: MailKind
) -> dict[str, Any]:
    if told.get("dates"):
        span = date_range(told["dates"] or "", sent, language)
        return {"arrival": span[0], "departure": span[1], "is_year_told": span[2]} if span else {}
    if kind not in ("new", "request", "cancelled"):
        return {}  # of a change only the code is sure: the dates in the mail may be the old ones
    arrival, is_told = first_date(told.get("when") or "", sent, language)
    columns = _columns(lines, sent, language)
    if columns and (arrival is None or (columns[0].month, columns[0].day) == (arrival.month, arrival.day)):
        return {"arrival": columns[0], "departure": columns[1], "is_year_told": columns[2]}
    return {"arrival": arrival, "is_year_told": is_told}


def _columns(lines: Sequence[str], sent: dt.date | None, language: str) -> tuple[dt.date, dt.date, bool] | None:
    """Arrival and departure below their labels, side by side or one after the other."""
    for place, line in enumerate(lines):
        words = fold(line)
        if not any(label in words for label in _ARRIVE) or len(words) > 60:
            continue
        nearby = [found for following in lines[place : place + 6] for found in spoken_dates(following, language)]
        if len(nearby) < 2 or not any(label in fold(" ".join(lines[place : place + 5])) for label in _LEAVE):
            continue
        arrival = dated(*nearby[0], sent)
        departure = dated(*nearby[1], arrival) if arrival else None
        if arrival and departure and departure > arrival:
            return arrival, departure, nearby[0][0] is not None
    return None


def _money(lines: Sequence[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    style = AmountStyle(decimal_mark(line for line in lines if any(sign.isdigit() for sign in line)), 2)
    currency = ""
    for line in lines:
        words = fold(line)
        total, earned = _TOTAL.match(words), _EARN.match(words)
        if total and "total" not in found:
            currency = (total[1] or "").upper() or currency_of(line, "")
        match = total or earned
        if match is None:
            continue
        try:
            number = amount(tidy(match[match.lastindex or 1]), style)
        except ValueError:
            continue
        said = currency or currency_of(line, "")
        if number is not None and said:
            found.setdefault("total" if total else "earnings", (number, said))
    return found


def _party(lines: Sequence[str]) -> dict[str, Any]:
    for line in lines:
        found: dict[str, Any] = {}
        for match in _PARTY.finditer(fold(line)) if len(line) < 120 else ():
            for name, place in (("adults", 1), ("children", 3), ("infants", 5)):
                if match[place]:
                    found.setdefault(name, int(match[place]))
        if "adults" in found:
            return {"children": 0, **found}
    return {}

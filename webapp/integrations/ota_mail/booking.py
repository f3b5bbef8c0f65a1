"""Mails of Booking.com: the subject tells kind, number and arrival; the body hardly anything."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any
from urllib.parse import parse_qs

from webapp.channels.mail_ports import DigestEntry, MailKind, NotOurs
from webapp.integrations.spoken_dates import fold, spoken_dates, tidy

from .dates import dated, first_date
from .mime import Mail, lines_of
from .senders import Sender, is_own_link

# language: new | last minute | modified | cancelled, as the subject begins after "Booking.com -"; without accents.
_STEMS = {
    "en": "new booking | new last-minute booking | modified booking | cancelled booking / canceled booking",
    "nl": "nieuwe boeking / nieuwe reservering | nieuwe last-minutereservering / nieuwe last-minuteboeking"
    " | gewijzigde boeking / gewijzigde reservering | geannuleerde boeking / geannuleerde reservering",
    "fr": "nouvelle reservation | nouvelle reservation de derniere minute | reservation modifiee / modification de reservation"
    " | reservation annulee / annulation de reservation",
    "de": "neue buchung | neue last-minute-buchung | geanderte buchung / buchung geandert | stornierte buchung / buchung storniert",
    "es": "nueva reserva | nueva reserva de ultima hora / nueva reserva de ultimo minuto | reserva modificada | reserva cancelada",
    "it": "nuova prenotazione | nuova prenotazione last minute / nuova prenotazione last-minute"
    " | prenotazione modificata | prenotazione cancellata / prenotazione annullata",
    "pt": "nova reserva | nova reserva de ultima hora / nova reserva de ultimo minuto | reserva modificada / reserva alterada"
    " | reserva cancelada",
    "hr": "nova rezervacija | nova rezervacija u zadnji cas / nova last minute rezervacija"
    " | izmijenjena rezervacija / promijenjena rezervacija | otkazana rezervacija",
    "cs": "nova rezervace | nova rezervace na posledni chvili / nova last minute rezervace"
    " | zmenena rezervace / upravena rezervace | zrusena rezervace / stornovana rezervace",
    "uk": "нове бронювання | нове бронювання в останню хвилину | змінене бронювання / змінено бронювання"
    " | скасоване бронювання / скасовано бронювання",
    "ru": "новое бронирование | новое бронирование в последнюю минуту | измененное бронирование / изменено бронирование"
    " | отмененное бронирование / отменено бронирование",
    "pl": "nowa rezerwacja | nowa rezerwacja last minute | zmieniona rezerwacja | anulowana rezerwacja",
}  # fmt: skip
_KINDS: tuple[MailKind, ...] = ("new", "new", "modified", "cancelled")
_SUBJECT = re.compile(
    r"^Booking\.com\s*[-–—:]\s*(?P<words>[^()]{3,80}?)\s*!?\s*\((?P<number>\d{10})\s*,\s*(?P<when>[^()]{4,60})\)$", re.I
)
_REQUEST = re.compile(r"^new booking request\b|^nieuwe boekingsaanvraag\b|^nouvelle demande de reservation\b")
_DIGEST = re.compile(r"^reservations with today.s or tomorrow.s arrival date")
_NUMBER = re.compile(r"(?<!\d)\d{10}(?!\d)")
_LABELLED = re.compile(
    r"(?:confirmation number|booking number|reservation number|bevestigingsnummer|reserveringsnummer|boekingsnummer"
    r"|numero de (?:confirmation|reservation)|bestatigungsnummer|buchungsnummer|numero de (?:confirmacion|reserva)"
    r"|numero di (?:conferma|prenotazione)|numero da reserva)\W{0,12}(\d{10})(?!\d)"
)
_MESSAGE_FROM = re.compile(
    r"^(?:we received this message from|wij hebben dit bericht ontvangen van|nous avons recu ce message de"
    r"|wir haben diese nachricht erhalten von|hemos recibido este mensaje de)\s+(.{1,120})$"
)
_CANCELLED_FOR = (
    r"{number}\s+(?:for|voor|pour|für|para|per|de)\s+(.{{1,80}}?)\s+(?:is|has|was|wurde|a été|ha sido|è stata|foi)\b"
)


def read_booking(mail: Mail, sender: Sender, subject: str, sent: dt.date | None) -> dict[str, Any] | NotOurs:
    """The facts of a mail of Booking.com, as fields of MailFacts."""
    if sender.is_guest:
        return _guest_message(mail, sender, subject)
    match = _SUBJECT.match(subject)
    if match:
        return _booking(mail, match, sent)
    words = fold(subject)
    if _REQUEST.match(words):
        return {"kind": "request", "language": "en", **_property(mail)}
    if _DIGEST.match(words):
        return _digest(mail, sent)
    return NotOurs("noise", "not about a booking")


def kind_of(words: str) -> tuple[MailKind, bool, str]:
    """Kind, last minute, and language of the words of a subject; `unclear` for words that nobody knows."""
    said = fold(words).strip(" !.")
    for language, stems in _STEMS.items():
        for place, variants in enumerate(stems.split(" | ")):
            if said in variants.split(" / "):
                return _KINDS[place], place == 1, language
    return "unclear", False, ""


def _booking(mail: Mail, match: re.Match[str], sent: dt.date | None) -> dict[str, Any]:
    kind, is_last_minute, language = kind_of(match["words"])
    arrival, is_told = first_date(match["when"], sent, language)
    number = match["number"]
    facts: dict[str, Any] = {
        "kind": kind, "reference": number, "references": (number,), "arrival": arrival, "is_year_told": is_told,
        "is_last_minute": is_last_minute, "language": language, **_property(mail),
    }  # fmt: skip
    if kind == "cancelled":
        name = re.search(_CANCELLED_FOR.format(number=number), tidy(mail.text[:50_000]))
        facts["guest_name"] = tidy(name[1])[:200] if name else ""
    return facts


def _property(mail: Mail) -> dict[str, Any]:
    """The property's number, from a link that leads to Booking.com itself."""
    for link in mail.links():
        if is_own_link(link.hostname or "", "booking"):
            numbers = (
                parse_qs(link.query[:2_000], max_num_fields=50).get("hotel_id", [""])
                if link.query.count("&") < 50
                else [""]
            )
            if numbers[0].isascii() and numbers[0].isdecimal() and len(numbers[0]) < 13:
                return {"listing_id": numbers[0]}
    return {}


def _guest_message(mail: Mail, sender: Sender, subject: str) -> dict[str, Any]:
    local = sender.address.partition("@")[0]
    number = re.match(r"(\d{10})-", local)
    labelled = _LABELLED.search(fold(mail.text[:50_000]))
    reference = number[1] if number else labelled[1] if labelled else ""
    said = re.sub(r"^(?:re|aw|sv|antw|odp)\s*:\s*", "", subject, flags=re.I)
    name = _MESSAGE_FROM.match(fold(said))
    return {
        "kind": "message", "reference": reference, "references": (reference,) if reference else (),
        "guest_name": said[len(said) - len(name[1]) :][:200] if name else "", **_property(mail),
    }  # fmt: skip


def _digest(mail: Mail, sent: dt.date | None) -> dict[str, Any]:
    entries: list[DigestEntry] = []
    for line in lines_of(mail.text):
        pieces = [piece.strip() for piece in line.split("|")]
        if len(pieces) < 3 or not _NUMBER.fullmatch(pieces[0]) or len(entries) >= 500:
            continue
        days = [dated(*found, sent) for piece in pieces[2:5] for found in spoken_dates(piece)]
        entries.append(DigestEntry(pieces[0], pieces[1][:200], *([*days, None, None])[:2]))
    return {
        "kind": "digest",
        "digest": tuple(dict.fromkeys(entries)),
        "references": tuple(dict.fromkeys(e.reference for e in entries)),
    }

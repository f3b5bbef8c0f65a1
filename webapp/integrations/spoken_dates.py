"""Dates as people and mail templates write them: `22 May 2026`, `22. svibnja 2026.`, `Dec 21, 2026`, `2026年5月4日`.

Owns the names of the months in the languages that the booking sites use. The same word can be another month in another
language (`listopad` is October in Croatian and November in Czech), so a language decides where it is known.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

# Twelve entries each: nominative, genitive and short forms, without accents and in lower case.
_MONTHS = {
    "en": "january jan|february feb|march mar|april apr|may|june jun|july jul|august aug|september sep sept|october oct"
    "|november nov|december dec",
    "de": "januar janner jan|februar feb|marz mrz maerz|april apr|mai|juni jun|juli jul|august aug|september sep sept"
    "|oktober okt|november nov|dezember dez",
    "fr": "janvier janv|fevrier fevr fev|mars|avril avr|mai|juin|juillet juil|aout|septembre sept|octobre oct"
    "|novembre nov|decembre dec",
    "es": "enero ene|febrero feb|marzo mar|abril abr|mayo may|junio jun|julio jul|agosto ago|septiembre setiembre sept sep"
    "|octubre oct|noviembre nov|diciembre dic",
    "it": "gennaio gen|febbraio feb|marzo mar|aprile apr|maggio mag|giugno giu|luglio lug|agosto ago|settembre set sett"
    "|ottobre ott|novembre nov|dicembre dic",
    "nl": "januari jan|februari feb|maart mrt|april apr|mei|juni jun|juli jul|augustus aug|september sep sept|oktober okt"
    "|november nov|december dec",
    "pt": "janeiro jan|fevereiro fev|marco mar|abril abr|maio mai|junho jun|julho jul|agosto ago|setembro set|outubro out"
    "|novembro nov|dezembro dez",
    "hr": "sijecanj sijecnja sij|veljaca veljace velj|ozujak ozujka ozu|travanj travnja tra|svibanj svibnja svi"
    "|lipanj lipnja lip|srpanj srpnja srp|kolovoz kolovoza kol|rujan rujna ruj|listopad listopada lis"
    "|studeni studenoga studenog stu|prosinac prosinca pro",
    "cs": "leden ledna led|unor unora uno|brezen brezna bre|duben dubna dub|kveten kvetna kve|cerven cervna cvn"
    "|cervenec cervence cvc|srpen srpna srp|zari zar|rijen rijna rij|listopad listopadu lis|prosinec prosince pro",
    "uk": "січень січня січ|лютий лютого лют|березень березня бер|квітень квітня квіт|травень травня трав"
    "|червень червня черв|липень липня лип|серпень серпня серп|вересень вересня вер|жовтень жовтня жовт"
    "|листопад листопада лист|грудень грудня груд",
    "ru": "январь января янв|февраль февраля фев февр|март марта мар|апрель апреля апр|май мая|июнь июня июн|июль июля июл"
    "|август августа авг|сентябрь сентября сен сент|октябрь октября окт|ноябрь ноября ноя нояб|декабрь декабря дек",
    "pl": "styczen stycznia sty|luty lutego lut|marzec marca mar|kwiecien kwietnia kwi|maj maja|czerwiec czerwca cze"
    "|lipiec lipca lip|sierpien sierpnia sie|wrzesien wrzesnia wrz|pazdziernik pazdziernika paz|listopad listopada lis"
    "|grudzien grudnia gru",
}  # fmt: skip
LANGUAGES = tuple(_MONTHS)
_ZERO_WIDTH = dict.fromkeys(map(ord, "\ufeff\u200b\u200c\u200d\u200e\u200f\u2060\u00ad"))
_SPACES = re.compile(r"\s+")
_WORD_DATE = re.compile(
    r"(?<!\d)(\d{1,2})\s*[.,]?(?:st|nd|rd|th|er|º|°)?\s*(?:de |d')?\s*([^\W\d_]{2,12})\.?,?\s*(?:de |del )?\s*(\d{4})?(?!\d)"
)
_MONTH_FIRST = re.compile(r"(?<![^\W_])([^\W\d_]{3,12})\.?\s+(\d{1,2})(?:st|nd|rd|th)?(?!\d)(?:\s*,?\s+(\d{4})(?!\d))?")
_NUMERIC_ISO = re.compile(r"(?<!\d)(\d{4})-(\d{1,2})-(\d{1,2})(?!\d)")
_EAST_ASIAN = re.compile(r"(?:(\d{4})\s*年\s*)?(\d{1,2})\s*月\s*(\d{1,2})\s*日")


def tidy(text: str) -> str:
    """Text with every kind of space as one plain space and nothing invisible in it."""
    return _SPACES.sub(" ", text.translate(_ZERO_WIDTH)).strip()


def fold(text: str) -> str:
    """`tidy`, without accents, in lower case: for comparing words of any source."""
    decomposed = unicodedata.normalize("NFKD", tidy(text).translate({ord("đ"): "d", ord("Đ"): "d", ord("ł"): "l"}))
    return "".join(character for character in decomposed if not unicodedata.combining(character)).casefold()


@lru_cache(maxsize=1)
def _months() -> dict[str, dict[str, int]]:
    """Word to {language: month}."""
    found: dict[str, dict[str, int]] = {}
    for language, table in _MONTHS.items():
        for number, words in enumerate(table.split("|"), 1):
            for word in words.split():
                found.setdefault(fold(word), {})[language] = number
    return found


def month_of(word: str, language: str = "") -> int | None:
    """The month that a word names; None when no language has it, or when languages disagree and none is given."""
    named = _months().get(fold(word).rstrip("."))
    if not named:
        return None
    if language in named:
        return named[language]
    numbers = set(named.values())
    return numbers.pop() if len(numbers) == 1 else None


def spoken_dates(text: str, language: str = "") -> Iterator[tuple[int | None, int, int]]:
    """(year or None, month, day) of every date in a text, in order. Days that no month has are left out."""
    text = tidy(text)[:2000]
    found: list[tuple[int, tuple[int | None, int, int]]] = []
    for match in _NUMERIC_ISO.finditer(text):
        found.append((match.start(), (int(match[1]), int(match[2]), int(match[3]))))
    for match in _EAST_ASIAN.finditer(text):
        found.append((match.start(), (int(match[1]) if match[1] else None, int(match[2]), int(match[3]))))
    taken: list[tuple[int, int]] = []
    for pattern, month_group, day_group in ((_MONTH_FIRST, 1, 2), (_WORD_DATE, 2, 1)):
        for match in pattern.finditer(text):
            month = month_of(match[month_group], language)
            # `1 ago. 3 sep`: the month of one date is not the beginning of the next one.
            if month is None or any(start < match.end() and match.start() < end for start, end in taken):
                continue
            if pattern is _MONTH_FIRST and _has_day_before(text, match.start()):
                continue
            taken.append((match.start(), match.end()))
            found.append((match.start(), (int(match[3]) if match[3] else None, month, int(match[day_group]))))
    for _position, (year, month, day) in sorted(found, key=lambda pair: pair[0]):
        if 1 <= month <= 12 and 1 <= day <= _longest(month, year):
            yield year, month, day


def _has_day_before(text: str, start: int) -> bool:
    return re.search(r"\d{1,2}\s*[.,]?\s*(?:de |d')?$", text[max(0, start - 8) : start]) is not None


def _longest(month: int, year: int | None) -> int:
    if month == 2:
        return 29 if year is None or (year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)) else 28
    return 30 if month in (4, 6, 9, 11) else 31


def spoken_date(text: str, language: str = "") -> dt.date | None:
    """The one date with a year that a text says; None when it says none or several."""
    found = [parts for parts in spoken_dates(text, language) if parts[0] is not None]
    if len(found) != 1:
        return None
    year, month, day = found[0]
    try:
        return dt.date(year or 0, month, day)
    except ValueError:
        return None

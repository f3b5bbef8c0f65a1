"""Single values as the files write them: dates, amounts, whole numbers, names, references. Each raises ValueError with nothing
but a stable code; None is an empty cell."""

from __future__ import annotations

import datetime as dt
import html
import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Literal

from webapp.integrations.spoken_dates import spoken_date, tidy

from .table import Cell

DateOrder = Literal["dmy", "mdy", ""]
_EMPTY = {"", "-", "–", "—", "n/a", "#n/a", "null", "none"}
_EARLIEST, _LATEST = dt.date(1990, 1, 1), dt.date(2100, 12, 31)
_EXCEL_EPOCH = dt.datetime(1899, 12, 30)  # noqa: DTZ001 (wall clock, as everything in the files)
_ISO = re.compile(
    r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[T ,]+(\d{1,2}):(\d{2})(?::(\d{2}))?(?:\.\d+)?\s*(?:Z|UTC|[+-]\d{2}:?\d{2})?)?"
)
_NUMERIC = re.compile(
    r"(\d{1,2})([/.-])\s?(\d{1,2})\2\s?(\d{4}|\d{2})\.?(?:[T ,]+(\d{1,2}):(\d{2})(?::(\d{2}))?\s*([AaPp])?\.?[Mm]?\.?)?"
)
_TIME = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2}))?")
_NUMBER = re.compile(r"\d[\d.,'’ ]*")
_CODE = re.compile(r"(?<![A-Z])[A-Z]{3}(?![A-Z])")
_DOLLARS = (
    "USD",
    "CAD",
    "AUD",
    "NZD",
    "MXN",
    "ARS",
    "CLP",
    "COP",
    "SGD",
    "HKD",
    "TWD",
    "UYU",
    "BBD",
    "BSD",
    "JMD",
    "FJD",
)
_CROWNS = ("SEK", "NOK", "DKK", "ISK")
# Longest first: "US$" is not "$".
_SIGNS = {
    "us$": "USD", "ca$": "CAD", "au$": "AUD", "nz$": "NZD", "hk$": "HKD", "mx$": "MXN", "mex$": "MXN", "sg$": "SGD",
    "nt$": "TWD", "r$": "BRL", "a$": "AUD", "c$": "CAD", "s$": "SGD", "€": "EUR", "£": "GBP", "¥": "JPY", "￥": "JPY",
    "円": "JPY", "元": "CNY", "₹": "INR", "₱": "PHP", "₽": "RUB", "руб": "RUB", "₴": "UAH", "грн": "UAH", "zł": "PLN",
    "kč": "CZK", "ft": "HUF", "₺": "TRY", "₩": "KRW", "฿": "THB", "₫": "VND", "₪": "ILS", "₦": "NGN", "₡": "CRC",
    "₲": "PYG", "lei": "RON", "лв": "BGN", "kn": "HRK", "fr.": "CHF", "sfr": "CHF", "din": "RSD", "km": "BAM", "rp": "IDR",
    "rm": "MYR", "s/": "PEN",
}  # fmt: skip
CURRENCIES = frozenset(
    """
AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CLP CNY
COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HRK HTG HUF IDR ILS
INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU
MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK
SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VES VND VUV WST XAF XCD
XOF XPF YER ZAR ZMW
""".split()  # noqa: SIM905 (a page of single words)
)


def text_of(cell: Cell) -> str:
    """A cell as a person reads it: entities resolved, one kind of space, nothing invisible; numbers without `.0`."""
    if cell is None or cell == "":
        return ""
    if isinstance(cell, str):
        return _tidied(cell) if len(cell) < 40 else _tidy_text(cell)
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    if isinstance(cell, dt.datetime):
        return cell.isoformat(sep=" ")
    return str(cell)


def _tidy_text(text: str) -> str:
    if text.isascii() and text.isprintable() and "&" not in text and "  " not in text:  # nearly every cell
        text = text.strip()
        return "" if len(text) < 6 and text.casefold() in _EMPTY else text
    if "&" in text:
        text = html.unescape(html.unescape(text))
    text = "".join(c for c in text if c.isprintable() or c.isspace()) if not text.isprintable() else text
    text = tidy(text)
    return "" if text.casefold() in _EMPTY else text


_tidied = lru_cache(maxsize=4096)(_tidy_text)  # statuses, counts, rooms, dates: most cells of a file repeat others


def reference_of(cell: Cell) -> str:
    """A booking's number or code, upper case, without spaces and without the `.0` of a number that was a float."""
    return re.sub(r"(?<=\d)\.0+$", "", re.sub(r"[\s#'’]", "", text_of(cell)).upper())


def whole(cell: Cell) -> int | None:
    """A count. Raises ValueError."""
    text = text_of(cell)
    if not text:
        return None
    match = re.fullmatch(r"(-?\d{1,6})(?:[.,]0+)?", text)
    if match is None:
        raise ValueError("not_a_number")
    return int(match[1])


def percent(cell: Cell) -> Decimal | None:
    """`12`, `11.37%`, `15,00 %`. Raises ValueError."""
    text = text_of(cell).replace("%", "").strip()
    if not text:
        return None
    try:
        return Decimal(text.replace(",", "."))
    except InvalidOperation:
        raise ValueError("not_a_number") from None


# Dates ---------------------------------------------------------------------------------------------------------------


def date_order(cells: Iterable[Cell]) -> DateOrder:
    """Whether the day or the month comes first, where numbers above 12 tell; "" when none does, or both do."""
    day_first = month_first = False
    for cell in cells:
        match = _NUMERIC.match(cell.strip()) if isinstance(cell, str) else None
        if match is None:
            continue
        if match[2] == "." or int(match[1]) > 12:
            day_first = True
        elif int(match[3]) > 12:
            month_first = True
    return "" if day_first == month_first else "dmy" if day_first else "mdy"


def is_open_order(cell: Cell) -> bool:
    """Whether a date reads both ways."""
    match = _NUMERIC.match(cell.strip()) if isinstance(cell, str) else None
    return (
        match is not None and match[2] != "." and int(match[1]) <= 12 and int(match[3]) <= 12 and match[1] != match[3]
    )


def instant(cell: Cell, order: DateOrder, language: str = "") -> dt.datetime | None:
    """A date with its time where there is one, without a zone. Raises ValueError."""
    if cell is None or isinstance(cell, dt.datetime):
        return cell
    if isinstance(cell, int | float):
        return _serial(float(cell))
    text = text_of(cell)
    return _instant(text, order, language) if text else None


@lru_cache(maxsize=4096)
def _instant(text: str, order: DateOrder, language: str) -> dt.datetime:
    try:
        found = _iso(text) or _numeric(text, order) or _spoken(text, language)
    except ValueError:
        raise ValueError("not_a_date") from None
    if found is None:
        if re.fullmatch(r"\d{5}(\.\d+)?", text):
            return _serial(float(text))
        raise ValueError("not_a_date")
    if not _EARLIEST <= found.date() <= _LATEST:
        raise ValueError("not_a_date")
    return found


def date_of(cell: Cell, order: DateOrder, language: str = "") -> dt.date | None:
    """Raises ValueError."""
    found = instant(cell, order, language)
    return found.date() if found else None


def _serial(number: float) -> dt.datetime:
    """Excel's count of days; only of our times, so that a price in a date column is noticed."""
    if not 32_874 <= number <= 73_415:
        raise ValueError("not_a_date")
    return _EXCEL_EPOCH + dt.timedelta(seconds=round(number * 86_400))


def _wall_clock(year: int, month: int, day: int, hour: int, minute: int, second: int) -> dt.datetime:
    return dt.datetime(year, month, day, hour, minute, second)  # noqa: DTZ001 (the files name no zone)


def _iso(text: str) -> dt.datetime | None:
    match = _ISO.fullmatch(text)
    if match is None:
        return None
    year, month, day, hour, minute, second = (int(part or 0) for part in match.groups())
    return _wall_clock(year, month, day, hour, minute, second)


def _numeric(text: str, order: DateOrder) -> dt.datetime | None:
    match = _NUMERIC.fullmatch(text)
    if match is None:
        return None
    first, second = int(match[1]), int(match[3])
    is_day_first = match[2] == "." or first > 12 or (order != "mdy" and second <= 12)
    day, month = (first, second) if is_day_first else (second, first)
    year = int(match[4]) + (2000 if len(match[4]) == 2 else 0)
    hour = int(match[5] or 0)
    if match[8] and hour <= 12:
        hour = hour % 12 + (12 if match[8].lower() == "p" else 0)
    return _wall_clock(year, month, day, hour, int(match[6] or 0), int(match[7] or 0))


def _spoken(text: str, language: str) -> dt.datetime | None:
    day = spoken_date(text[:80], language)
    if day is None:
        return None
    time = _TIME.search(text)
    if time is None:
        return dt.datetime.combine(day, dt.time())
    hour, minute, second = (int(part or 0) for part in time.groups())
    return dt.datetime.combine(day, dt.time(hour, minute, second))


# Amounts -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class AmountStyle:
    """How a file writes amounts. `decimal`: "." or "," where the file shows it; `digits`: after it at most."""

    decimal: str = ""
    digits: int = 2


def decimal_mark(cells: Iterable[Cell]) -> str:
    """The decimal mark of a column where its values tell: by both marks in one value, or by other than three digits."""
    points = {".": 0, ",": 0}
    for cell in cells:
        if not isinstance(cell, str):
            continue
        match = _NUMBER.search(cell)
        number = match[0].strip(" .,'’") if match else ""
        dot, comma = number.rfind("."), number.rfind(",")
        if dot >= 0 and comma >= 0:
            points["." if dot > comma else ","] += 2
        elif max(dot, comma) >= 0:
            mark = "." if dot >= 0 else ","
            if number.count(mark) > 1:
                points["," if mark == "." else "."] += 1
            elif len(number) - number.rfind(mark) - 1 != 3:
                points[mark] += 2
    return "" if points["."] == points[","] else max(points, key=lambda mark: points[mark])


def amount(cell: Cell, style: AmountStyle) -> Decimal | None:
    """The number in `126.6314 EUR`, `1.234,56 €`, `$412.50`, `(12.79)`, `€-1 200`. Raises ValueError."""
    if isinstance(cell, int | float) and not isinstance(cell, bool):
        return Decimal(repr(cell)) if isinstance(cell, float) and not float(cell).is_integer() else Decimal(int(cell))
    text = text_of(cell)
    if not text:
        return None
    numbers = _NUMBER.findall(text)
    if len(numbers) != 1 or len(numbers[0]) > 30:
        raise ValueError("not_an_amount")
    before = text[: text.index(numbers[0])]
    is_negative = "-" in before or "−" in before or (text.startswith("(") and text.endswith(")")) or text.endswith("-")
    value = _plain(numbers[0].strip(" .,'’"), style)
    return -value if is_negative else value


def _plain(number: str, style: AmountStyle) -> Decimal:
    number = re.sub(r"['’ ]", "", number)
    mark = _mark_of(number, style)
    if mark:
        whole_part, _, fraction = number.rpartition(mark)
        number = re.sub(r"[.,]", "", whole_part) + "." + fraction
    else:
        number = re.sub(r"[.,]", "", number)
    try:
        return Decimal(number)
    except InvalidOperation:
        raise ValueError("not_an_amount") from None


def _mark_of(number: str, style: AmountStyle) -> str:
    """Which mark in this number parts the fraction; "" for none. Three digits after a single mark read both ways."""
    dot, comma = number.rfind("."), number.rfind(",")
    if dot >= 0 and comma >= 0:
        return "." if dot > comma else ","
    mark = "." if dot >= 0 else "," if comma >= 0 else ""
    if not mark or number.count(mark) > 1:
        return ""
    if len(number) - number.rfind(mark) - 1 != 3:
        return mark
    if style.decimal:
        return mark if mark == style.decimal and style.digits > 2 else ""
    return mark if mark == "." and style.digits > 2 else ""


def currency_of(cell: Cell, usual: str) -> str:
    """The ISO currency that a cell names; "" when it names none. `usual` decides what "$" and "kr" are."""
    text = text_of(cell)
    code = next((code for code in _CODE.findall(text.upper()) if code in CURRENCIES), "")
    if code:
        return code
    lowered = text.lower()
    for sign, currency in _SIGNS.items():
        if sign in lowered:
            return currency
    if "$" in lowered:
        return usual if usual in _DOLLARS else "USD"
    if "kr" in lowered:
        return usual if usual in _CROWNS else "SEK"
    return ""


# People and rooms ----------------------------------------------------------------------------------------------------


def booker_name(cell: Cell) -> str:
    """`Muster, Lukas` as `Lukas Muster`."""
    text = text_of(cell)
    last, comma, first = text.partition(",")
    return tidy(f"{first} {last}")[:200] if comma and first.strip() and "," not in first else text[:200]


def guest_names(cell: Cell, booker: Cell) -> tuple[str, ...]:
    """The guests of a booking, as they are called. A comma parts guests, unless the cell repeats `Last, First`."""
    text = text_of(cell)
    if not text:
        return ()
    if ";" not in text and text.count(",") == 1:
        pieces = [piece.strip() for piece in text.split(",")]
        if text == text_of(booker) or all(piece and " " not in piece for piece in pieces):
            return (booker_name(text),)
    names = [booker_name(name) if ";" in text else name for name in re.split(r";" if ";" in text else r",", text)]
    return tuple(tidy(name)[:200] for name in names if name.strip())[:50]


def rooms_of(text: str, count: int | None) -> tuple[tuple[str, ...], bool]:
    """The names of the rooms, one for each, and whether they agree with the count.

    A name may have commas itself (`Double Room, Sea View`), so the count decides how the pieces go together.
    """
    if not text:
        return (), True
    several = re.fullmatch(r"(\d{1,2})\s*[x×]\s*(.+)", text, re.IGNORECASE)
    if several and (count is None or int(several[1]) == count):
        return (several[2].strip(),) * int(several[1]), True
    if count is None or count <= 1:
        return (text,), True
    pieces = [piece.strip() for piece in re.split(r"[,;\n]", text) if piece.strip()]
    if len(pieces) == 1:
        return tuple(pieces) * min(count, 100), True
    if len(pieces) % count == 0:
        size = len(pieces) // count
        return tuple(", ".join(pieces[at : at + size]) for at in range(0, len(pieces), size)), True
    return tuple(pieces), False


def ages_of(cell: Cell) -> tuple[int, ...]:
    """Every age in a cell such as `6` or `3, 11`."""
    return tuple(int(age) for age in re.findall(r"\d{1,2}", text_of(cell)))[:20]

"""Which line holds the headers, what each column means, and which of the files it is."""

from __future__ import annotations

import difflib
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from webapp.channels.upload_ports import ExportKind, HeaderColumn
from webapp.integrations.spoken_dates import fold, tidy

from .table import Cell, Line
from .vocabulary import TABLES

_HEAD_LINES = 25
_FEWEST_KNOWN = 3
_SAMPLES = 3
_APOSTROPHES = str.maketrans({"’": "'", "‘": "'", "ʼ": "'", "`": "'", "´": "'", "′": "'"})

REQUIRED: dict[ExportKind, tuple[str, ...]] = {
    "booking_reservations": ("reference", "check_in", "check_out"),
    "booking_group": ("reference", "check_in", "check_out"),
    "booking_finance": ("reference", "check_in", "check_out"),
    "booking_payout": ("reference", "check_in", "check_out"),
    "airbnb_reservations": ("confirmation_code", "check_in", "check_out"),
    "airbnb_transactions": ("confirmation_code", "transaction_type"),
    "unknown": ("reference", "check_in", "check_out"),
}


@dataclass(frozen=True)
class Header:
    line: int  # 0: no line looks like headers
    columns: tuple[HeaderColumn, ...]
    language: str
    kind: ExportKind

    @property
    def fields(self) -> dict[str, int]:
        """Field to column; of two columns with the same meaning the first."""
        found: dict[str, int] = {}
        for column in self.columns:
            if column.field:
                found.setdefault(column.field, column.index)
        return found

    @property
    def missing(self) -> tuple[str, ...]:
        return tuple(field for field in REQUIRED[self.kind] if field not in self.fields)


def normal(header: str) -> str:
    """A header without noise: marks, odd spaces and apostrophes, accents, case, a colon at the end."""
    return re.sub(r"\s*[:*]+$", "", fold(header.translate(_APOSTROPHES)).strip("\"' "))


@lru_cache(maxsize=1)
def _known() -> dict[str, dict[str, str]]:
    """Normal header to {language: field}."""
    found: dict[str, dict[str, str]] = {}
    for language, table in TABLES.items():
        for line in table.strip().splitlines():
            field, _, headers = line.partition(":")
            for header in headers.split(" | "):
                found.setdefault(normal(header), {}).setdefault(language, field.strip())
    return found


def known_fields() -> tuple[str, ...]:
    """Every meaning a column can have, for the page where a person maps headers."""
    return tuple(sorted({field for languages in _known().values() for field in languages.values()}))


def score(texts: Sequence[str]) -> int:
    """How many of these are headers that we know."""
    known = _known()
    return len({normal(text) for text in texts if text and len(text) < 80} & known.keys())


def find_header(lines: Sequence[Line], mapping: Mapping[str, str]) -> Header:
    """The headers of a sheet: the line among the first with most known headers, else the first line of words."""
    mapped = {normal(text): field for text, field in mapping.items()}
    known = _known().keys() | mapped.keys()
    best, best_points = -1, 0
    for position, (_line, cells) in enumerate(lines[:_HEAD_LINES]):
        points = len({normal(cell) for cell in cells if isinstance(cell, str) and cell and len(cell) < 80} & known)
        if points > best_points:
            best, best_points = position, points
    if best_points < _FEWEST_KNOWN:
        best = next((at for at, (_line, cells) in enumerate(lines[:_HEAD_LINES]) if _is_words(cells)), -1)
    if best < 0:
        return Header(0, (), "", "unknown")
    return _understood(lines, best, mapped)


def _is_words(cells: Sequence[Cell]) -> bool:
    texts = [cell for cell in cells if isinstance(cell, str) and cell.strip()]
    return len(texts) >= _FEWEST_KNOWN and not any(any(c.isdigit() for c in text) for text in texts[:4])


def _understood(lines: Sequence[Line], position: int, mapped: Mapping[str, str]) -> Header:
    line, cells = lines[position]
    texts = [tidy(cell) if isinstance(cell, str) else "" for cell in cells]
    language = _language(texts)
    columns = []
    for index, text in enumerate(texts):
        field = mapped.get(normal(text)) or _field(text, language) if text else ""
        samples = tuple(
            tidy(str(row[index]))[:60] for _line, row in lines[position + 1 : position + 1 + _SAMPLES]
            if len(row) > index and row[index] not in (None, "")
        )  # fmt: skip
        if text or samples:
            columns.append(HeaderColumn(index, text[:80], field or "", () if field else _suggestions(text), samples))
    fields = {column.field for column in columns if column.field}
    return Header(line, tuple(columns), language, kind_of(fields))


def _language(texts: Sequence[str]) -> str:
    """The language that knows most of the headers; of equals, the one first in the tables."""
    points: Counter[str] = Counter()
    for text in texts:
        points.update(_known().get(normal(text), {}).keys())
    return max(TABLES, key=lambda language: points[language]) if points else ""


def _field(text: str, language: str) -> str:
    meanings = _known().get(normal(text), {})
    return meanings.get(language) or meanings.get("en") or next(iter(meanings.values()), "")


def _suggestions(text: str) -> tuple[str, ...]:
    """Fields whose known headers look most like this one."""
    if not text:
        return ()
    close = difflib.get_close_matches(normal(text), _known().keys(), n=4, cutoff=0.6)
    fields = [field for header in close for field in _known()[header].values()]
    return tuple(dict.fromkeys(fields))[:3]


def kind_of(fields: set[str]) -> ExportKind:
    """Which file has these columns. Two languages may share a word, so marks that only one file has decide."""
    if "confirmation_code" in fields:
        is_history = "transaction_type" in fields or bool({"paid_out", "gross_earnings"} & fields)
        return "airbnb_transactions" if is_history else "airbnb_reservations"
    if "reference" not in fields:
        return "unknown"
    if "invoice_number" in fields:
        return "booking_finance"
    if "transaction_type" in fields and fields & {
        "payout_amount",
        "payable_amount",
        "payout_date",
        "transaction_amount",
    }:
        return "booking_payout"
    if "total_payment" in fields:
        return "booking_group"
    if "check_in" in fields and "check_out" in fields:
        return "booking_reservations"
    return "unknown"

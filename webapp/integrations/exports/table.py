"""A table as every container gives it: lines of plain values."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field

Cell = str | int | float | dt.datetime | None
Line = tuple[int, list[Cell]]  # the line number a person sees, and its cells


@dataclass
class Sheet:
    """The lines with content of one sheet, and the formula cells met in it (`P12`), of which only stored values count."""

    lines: list[Line] = field(default_factory=list)
    formulas: list[str] = field(default_factory=list)
    has_loose_quotes: bool = False  # a text file whose quotes do not pair up


Sheets = Iterator[Sheet]


def has_content(cells: list[Cell]) -> bool:
    return any(cell is not None and (not isinstance(cell, str) or cell.strip() != "") for cell in cells)


def column_name(index: int) -> str:
    """A, B, …, Z, AA, … of a column counted from 0."""
    name = ""
    index += 1
    while index:
        index, letter = divmod(index - 1, 26)
        name = chr(65 + letter) + name
    return name

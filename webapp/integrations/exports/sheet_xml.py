"""The two large parts of an .xlsx file as expat tells them: shared strings and a sheet's cells."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from xml.parsers import expat

from .limits import MAX_CELL, MAX_COLUMNS, MAX_ROWS, MAX_STRINGS, fault
from .table import Cell, Sheet, has_content

_MOST_FORMULAS = 50
_SERIAL_LIMIT = 2_958_466  # 31 December 9999


def _parser() -> expat.XMLParserType:
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = _refuse_doctype  # entities are a way to fill the memory
    return parser


def _refuse_doctype(*_: object) -> None:
    raise fault("zip_bomb")


class SharedStrings:
    """Collects the texts that cells refer to by number; phonetic readings are left out."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self._parts: list[str] | None = None
        self._is_text = False
        self._phonetic = 0
        self.parser = _parser()
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._data

    def _start(self, name: str, _attributes: dict[str, str]) -> None:
        local = name.rpartition(":")[2]
        if local == "si":
            if len(self.texts) >= MAX_STRINGS:
                raise fault("zip_bomb")
            self._parts = []
        elif local == "rPh":
            self._phonetic += 1
        elif local == "t":
            self._is_text = self._parts is not None and self._phonetic == 0

    def _end(self, name: str) -> None:
        local = name.rpartition(":")[2]
        if local == "si" and self._parts is not None:
            self.texts.append("".join(self._parts)[:MAX_CELL])
            self._parts = None
        elif local == "rPh":
            self._phonetic -= 1
        elif local == "t":
            self._is_text = False

    def _data(self, data: str) -> None:
        if self._is_text and self._parts is not None:
            self._parts.append(data)


class SheetXml:
    """Collects the lines of a sheet. Of formulas only the values that were stored with them are used."""

    def __init__(self, strings: list[str], date_styles: frozenset[int], as_date: Callable[[float], object]) -> None:
        self.sheet = Sheet()
        self._strings, self._date_styles, self._as_date = strings, date_styles, as_date
        self._columns: dict[str, int] = {}
        self._row_number = 0
        self._row: list[Cell] = []
        self._column = -1
        self._type = self._style = self._reference = ""
        self._text: list[str] = []
        self._is_value = False
        self._is_phonetic = False
        self.parser = _parser()
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._data

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        local = name.rpartition(":")[2] if ":" in name else name
        if local == "c":
            self._type, self._style = attributes.get("t", "n"), attributes.get("s", "")
            self._reference = attributes.get("r", "")
            self._column = self._column_of(self._reference) if self._reference else self._column + 1
            self._text = []
        elif local == "v" or local == "t":
            self._is_value = not self._is_phonetic
        elif local == "row":
            number = attributes.get("r", "")
            self._row_number = int(number) if number.isdecimal() and len(number) < 9 else self._row_number + 1
            self._row, self._column = [], -1
        elif local == "f":
            if len(self.sheet.formulas) < _MOST_FORMULAS:
                self.sheet.formulas.append(self._reference or f"row {self._row_number}")
        elif local == "rPh":
            self._is_phonetic = True

    def _end(self, name: str) -> None:
        local = name.rpartition(":")[2] if ":" in name else name
        if local == "v" or local == "t":
            self._is_value = False
        elif local == "c":
            if self._text:
                self._keep("".join(self._text))
        elif local == "row":
            if has_content(self._row):
                if len(self.sheet.lines) > MAX_ROWS:
                    raise fault("too_many_rows")
                self.sheet.lines.append((self._row_number, self._row))
            self._row = []
        elif local == "rPh":
            self._is_phonetic = False

    def _data(self, data: str) -> None:
        if self._is_value:
            self._text.append(data)

    def _column_of(self, reference: str) -> int:
        letters = reference.rstrip("0123456789")
        column = self._columns.get(letters)
        if column is None:
            if not letters.isascii() or not letters.isalpha() or len(letters) > 3:
                raise fault("damaged")
            column = 0
            for letter in letters.upper():
                column = column * 26 + ord(letter) - 64
            self._columns[letters] = column = column - 1
        return column

    def _keep(self, text: str) -> None:
        if self._column >= MAX_COLUMNS:
            if text.strip():
                raise fault("too_many_columns")
            return
        row = self._row
        while len(row) < self._column:
            row.append(None)
        value = self._value(text)
        if len(row) == self._column:
            row.append(value)
        else:
            row[self._column] = value

    def _value(self, text: str) -> Cell:
        kind = self._type
        if kind == "s":
            return self._strings[int(text)]
        if kind == "n":
            return self._number(text)
        if kind == "b":
            return "TRUE" if text.strip() == "1" else "FALSE"
        return text[:MAX_CELL]

    def _number(self, text: str) -> Cell:
        number = float(text)
        if self._style and int(self._style) in self._date_styles and 0 <= number < _SERIAL_LIMIT:
            value = self._as_date(number)
            if isinstance(value, dt.datetime):
                return value
            if isinstance(value, dt.date):
                return dt.datetime.combine(value, dt.time())
        return number

"""Real BIFF workbooks (.xls), as Booking.com's extranet makes them."""

from __future__ import annotations

import io
import struct
from typing import Any

import xlrd
from xlrd.compdoc import CompDocError

from .limits import MAX_CELL, MAX_COLUMNS, MAX_ROWS, MAX_SHEETS, Budget, fault
from .table import Cell, Sheet, Sheets, column_name, has_content

_ENCRYPTED_PACKAGE = "EncryptedPackage".encode("utf-16-le")
_FORMULA_RECORDS = (0x0006, 0x0206, 0x0406)
_END_OF_SHEET = 0x000A
_MOST_FORMULAS = 50


def read_xls(content: bytes, budget: Budget) -> Sheets:
    """The sheets of a workbook, one after the other. Raises ExportFault."""
    if _ENCRYPTED_PACKAGE in content:
        raise fault("encrypted")
    _refuse_cut(content)
    book = _open(content)
    try:
        for index in range(min(book.nsheets, MAX_SHEETS)):
            budget.check()
            yield _sheet(book, index, budget)
    finally:
        book.release_resources()


def _refuse_cut(content: bytes) -> None:
    """The header counts the sectors of the allocation table; each tells of 128 sectors, all but the last full."""
    if len(content) < 512:
        raise fault("truncated")
    tables, sector = struct.unpack_from("<I", content, 44)[0], 1 << min(struct.unpack_from("<H", content, 30)[0], 16)
    if sector >= 128 and tables > 1 and 512 + (tables - 1) * (sector // 4) * sector > len(content):
        raise fault("truncated")


def _open(content: bytes) -> Any:
    said = io.StringIO()
    try:
        return xlrd.open_workbook(file_contents=content, on_demand=True, ragged_rows=True, logfile=said)
    except xlrd.XLRDError as error:
        if "encrypted" in str(error).lower():
            raise fault("encrypted") from None
        if "Can't find workbook" in str(error):
            raise fault("not_a_table") from None
        raise fault("damaged") from None
    except CompDocError:
        raise fault("truncated") from None
    except Exception:  # xlrd trusts what it reads: a broken file may raise anything
        raise fault("damaged") from None


def _sheet(book: Any, index: int, budget: Budget) -> Sheet:
    try:
        source = book.sheet_by_index(index)
    except Exception:  # as above
        raise fault("damaged") from None
    if source.ncols > MAX_COLUMNS and any(
        len(_trimmed(source.row_values(r))) > MAX_COLUMNS for r in range(source.nrows)
    ):
        raise fault("too_many_columns")
    sheet = Sheet()
    for number in range(source.nrows):
        if number % 2000 == 0:
            budget.check()
        cells = [
            _value(value, kind, book.datemode)
            for value, kind in zip(source.row_values(number), source.row_types(number), strict=True)
        ]
        if has_content(cells):
            if len(sheet.lines) > MAX_ROWS:
                raise fault("too_many_rows")
            sheet.lines.append((number + 1, cells))
    sheet.formulas = _formulas(book, index)
    book.unload_sheet(index)
    return sheet


def _trimmed(values: list[Any]) -> list[Any]:
    while values and values[-1] in ("", None):
        values.pop()
    return values


def _value(value: Any, kind: int, datemode: int) -> Cell:
    if kind == xlrd.XL_CELL_TEXT:
        return str(value)[:MAX_CELL]
    if kind == xlrd.XL_CELL_NUMBER:
        return float(value)
    if kind == xlrd.XL_CELL_DATE:
        try:
            return xlrd.xldate_as_datetime(value, datemode)
        except (ValueError, OverflowError):
            return float(value)
    if kind == xlrd.XL_CELL_BOOLEAN:
        return "TRUE" if value else "FALSE"
    if kind == xlrd.XL_CELL_ERROR:
        return str(xlrd.error_text_from_code.get(value, "#ERROR"))
    return None


def _formulas(book: Any, index: int) -> list[str]:
    """Where formulas stand: xlrd gives only their stored values, so the records are walked once more."""
    found: list[str] = []
    stream, at = book.mem, book._sh_abs_posn[index]
    while at + 4 <= len(stream):
        opcode, length = struct.unpack_from("<HH", stream, at)
        if opcode in _FORMULA_RECORDS and length >= 4:
            row, column = struct.unpack_from("<HH", stream, at + 4)
            found.append(f"{column_name(column)}{row + 1}")
        at += 4 + length
        if opcode == _END_OF_SHEET or len(found) >= _MOST_FORMULAS:
            break
    return found

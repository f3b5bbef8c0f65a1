"""Text files: which encoding, which delimiter, and the lines with their quoted newlines."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable

from .limits import MAX_CELL, MAX_COLUMNS, MAX_ROWS, Budget, fault
from .table import Cell, Sheet, has_content

_DELIMITERS = (",", ";", "\t", "|")
_LEGACY = ("cp1252", "cp1250", "cp1251")  # Western, Central European, Cyrillic Excel
_HEAD_LINES = 25
Score = Callable[[list[str]], int]  # how many of these are headers we know


def looks_like_text(content: bytes) -> bool:
    if content.startswith((b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf")):
        return True
    head = content[:4096]
    if b"\0" in head:
        return _utf16_without_mark(head) is not None
    return sum(byte < 32 and byte not in (9, 10, 11, 12, 13) for byte in head) == 0


def read_text(content: bytes, budget: Budget, score: Score) -> Sheet:
    """The lines of a delimited text. Raises ExportFault when it breaks off in the middle of a line."""
    text = _decode(content, score)
    text, delimiter = _delimiter(text, score)
    sheet = Sheet()
    try:
        _read(text, delimiter, sheet, budget, strict=True)
    except csv.Error as error:
        if "unexpected end of data" in str(error) or "field larger" in str(error):
            raise fault("truncated") from None
        sheet = Sheet(has_loose_quotes=True)
        try:
            _read(text, delimiter, sheet, budget, strict=False)
        except csv.Error:
            raise fault("damaged") from None
    _refuse_cut(sheet)
    return sheet


def _read(text: str, delimiter: str, sheet: Sheet, budget: Budget, *, strict: bool) -> None:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=strict)
    line = 1
    for count, cells in enumerate(reader):
        if count % 2000 == 0:
            budget.check()
        if len(cells) > MAX_COLUMNS:
            raise fault("too_many_columns")
        row: list[Cell] = [cell[:MAX_CELL] for cell in cells]
        if has_content(row):
            if len(sheet.lines) > MAX_ROWS:
                raise fault("too_many_rows")
            sheet.lines.append((line, row))
        line = reader.line_num + 1


def _refuse_cut(sheet: Sheet) -> None:
    """A last line that alone is shorter than all others was cut: its dates or its price would be wrong."""
    widths = [len(cells) for _line, cells in sheet.lines]
    if len(widths) > 1 and widths[-1] < min(widths[:-1]) and min(widths[:-1]) > 2:
        raise fault("truncated")


def _decode(content: bytes, score: Score) -> str:
    for mark, encoding in ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if content.startswith(mark):
            return _strictly(content, encoding)
    wide = _utf16_without_mark(content[:4096])
    if wide:
        return _strictly(content, wide)
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.start >= len(content) - 3 and error.reason == "unexpected end of data" and error.start > 0:
            raise fault("truncated") from None
    return _legacy(content, score)


def _strictly(content: bytes, encoding: str) -> str:
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        raise fault("truncated" if error.start >= len(content) - 4 else "damaged") from None


def _legacy(content: bytes, score: Score) -> str:
    """The single-byte encoding under which the headers make most sense; Western Europe's when they do not say."""
    best, best_score = content.decode("cp1252", errors="replace"), -1
    for encoding in _LEGACY:
        head = content[:8192].decode(encoding, errors="replace")
        points = max((score(_split(line, mark)) for line in head.splitlines()[:5] for mark in _DELIMITERS), default=0)
        if points > best_score:
            best, best_score = content.decode(encoding, errors="replace"), points
    return best


def _utf16_without_mark(head: bytes) -> str | None:
    if len(head) < 4:
        return None
    even, odd = head[0::2].count(0), head[1::2].count(0)
    half = len(head) // 2
    if odd > half * 0.4 and even < half * 0.05:
        return "utf-16-le"
    if even > half * 0.4 and odd < half * 0.05:
        return "utf-16-be"
    return None


def _delimiter(text: str, score: Score) -> tuple[str, str]:
    """The text without Excel's `sep=` line, and what parts its cells."""
    first, _, rest = text.partition("\n")
    said = first.strip().strip('"').lower()
    if said.startswith("sep=") and len(first.rstrip("\r\n")) >= 5:
        return rest, first.rstrip("\r\n").strip('"')[4]
    head = text[:65536].splitlines()[:_HEAD_LINES]
    by_headers = {mark: max((score(_split(line, mark)) for line in head), default=0) for mark in _DELIMITERS}
    best = max(_DELIMITERS, key=lambda mark: by_headers[mark])
    if by_headers[best] >= 2:
        return text, best
    return text, max(_DELIMITERS, key=lambda mark: max((line.count(mark) for line in head[:5]), default=0))


def _split(line: str, mark: str) -> list[str]:
    return [cell.strip().strip('"') for cell in line.split(mark)]

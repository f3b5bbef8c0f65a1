"""`read_export`: the whole way from bytes to an `Export`."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, replace
from operator import attrgetter

from webapp.channels.upload_ports import Export, ExportKind, ExportRow, RowProblem

from .containers import container_of, open_sheets
from .headers import Header, find_header, score
from .limits import SECONDS, Budget, fault
from .rows import Reader, repeated
from .table import Line, Sheet
from .values import reference_of

_STATEMENTS = ("booking_payout", "airbnb_transactions")  # several lines for one booking are right there
_LOOKED_AT = 50
_SAID = attrgetter(*(field.name for field in fields(ExportRow) if field.name != "line"))


def read_export(
    content: bytes,
    filename: str = "",
    *,
    mapping: Mapping[str, str] | None = None,
    currency: str = "",
    seconds: float = SECONDS,
) -> Export:
    """Read a file of a booking site. Raises ExportFault when it cannot be read as a whole.

    `mapping`: header text to field; `currency`: what signs that several currencies share, and bare numbers, mean.
    """
    budget = Budget(seconds)
    container = container_of(content)
    sheet, header = _best_sheet(open_sheets(content, container, budget, score), mapping or {})
    lines = [line for line in sheet.lines if line[0] > header.line] if header.line else []
    header = _by_content(header, lines)
    problems = _about_sheet(sheet)
    rows: tuple[ExportRow, ...] = ()
    if header.kind != "unknown" and not header.missing:
        if not lines:
            raise fault("no_rows")
        reader = Reader(header, header.kind, currency.upper(), problems)
        rows = _rows(reader, lines, budget)
    return Export(
        kind=header.kind, rows=rows, problems=tuple(sorted(problems, key=lambda problem: problem.line)),
        columns=header.columns, header_language=header.language, container=container, missing_fields=header.missing,
        lines=len(lines), newest_at=max((at for row in rows for at in (row.booked_at, row.cancelled_at) if at), default=None),
        properties=tuple(dict.fromkeys(row.property_name or row.property_id for row in rows if row.property_name or row.property_id)),
        content_digest=hashlib.sha256(content).digest(), rows_digest=_digest(rows),
    )  # fmt: skip


def _best_sheet(sheets: Iterable[Sheet], mapping: Mapping[str, str]) -> tuple[Sheet, Header]:
    """The first sheet whose headers are understood; else the first with headers. Raises ExportFault when none has content."""
    fallback: tuple[Sheet, Header] | None = None
    has_content = False
    for sheet in sheets:
        if not sheet.lines:
            continue
        has_content = True
        header = find_header(sheet.lines, mapping)
        if header.kind != "unknown" and not header.missing:
            return sheet, header
        if header.line and fallback is None:
            fallback = (sheet, header)
    if fallback is not None:
        return fallback
    raise fault("not_a_table" if has_content else "empty")


def _by_content(header: Header, lines: Sequence[Line]) -> Header:
    """Airbnb's list under headers that also Booking.com's could have (mapped by hand, or a shared word) is told by its codes."""
    at = header.fields.get("reference")
    if at is None or header.kind not in ("booking_reservations", "unknown"):
        return header
    codes = [
        reference_of(cells[at]) for _line, cells in lines[:_LOOKED_AT] if len(cells) > at and cells[at] is not None
    ]
    if not codes or sum(code.startswith("HM") and len(code) == 10 for code in codes) * 2 <= len(codes):
        return header
    columns = tuple(replace(c, field="confirmation_code") if c.index == at else c for c in header.columns)
    kind: ExportKind = "airbnb_reservations"
    return replace(header, kind=kind, columns=columns)


def _about_sheet(sheet: Sheet) -> list[RowProblem]:
    problems = [
        RowProblem(
            0,
            "formula",
            "This cell holds a formula. It was not calculated; the stored value was used.",
            "note",
            "",
            cell,
        )
        for cell in sheet.formulas
    ]
    if sheet.has_loose_quotes:
        said = "Quotes in the file do not pair up; check the lines with long remarks."
        problems.append(RowProblem(0, "loose_quotes", said, "warning"))
    return problems


def _rows(reader: Reader, lines: Sequence[Line], budget: Budget) -> tuple[ExportRow, ...]:
    reader.learn(lines)
    seen: dict[str, ExportRow] = {}
    rows: list[ExportRow] = []
    for count, (line, cells) in enumerate(lines):
        if count % 500 == 0:
            budget.check()
        row = reader.read(line, cells)
        if row is None:
            continue
        earlier = seen.get(row.reference)
        if earlier is not None and reader.kind not in _STATEMENTS:
            reader.problems.append(repeated(row, replace(row, line=earlier.line) == earlier))
            continue
        seen[row.reference] = row
        rows.append(row)
    return tuple(rows)


def _digest(rows: Sequence[ExportRow]) -> bytes:
    """What the rows say, whatever the container, the order and the line numbers are."""
    total = hashlib.sha256()
    for said in sorted(repr(_SAID(row)) for row in rows):
        total.update(said.encode())
    return total.digest()


class ExportFiles:
    """The reader that the uploads use."""

    def read(self, content: bytes, filename: str, *, mapping: Mapping[str, str] | None, currency: str) -> Export:
        return read_export(content, filename, mapping=mapping, currency=currency)

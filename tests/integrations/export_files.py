"""Makes export files for tests: the same table as .xls, .xlsx and text."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Any

import openpyxl
import xlwt

from webapp.integrations.exports.vocabulary import TABLES

HEADERS = [
    "Book number",
    "Booked by",
    "Guest name(s)",
    "Check-in",
    "Check-out",
    "Booked on",
    "Status",
    "Rooms",
    "Persons",
    "Adults",
    "Children",
    "Children's age(s)",
    "Price",
    "Commission %",
    "Commission amount",
    "Payment status",
    "Payment method (Payment Provider)",
    "Remarks",
    "Booker group",
    "Booker country",
    "Travel purpose",
    "Device",
    "Unit type",
    "Duration (nights)",
    "Cancellation date",
    "Address",
    "Phone number",
]
Table = Sequence[Sequence[Any]]


def booking_row(number: Any = "5000000001", **changes: Any) -> list[Any]:
    """A line of Booking.com's detailed file; `changes` by header with underscores, as `Check_in="2026-02-01"`."""
    row = dict(
        zip(
            HEADERS,
            [number, "Example, Anna", "Anna Example", "2026-02-01", "2026-02-03", "2026-01-10 18:05:01", "ok", 1, 2, 2, 0, "",
             "310.5 GBP", 15, "46.575 GBP", "", "", "", "", "gb", "Leisure", "Desktop", "Double Room", 2, "", "", "+44 7700 900123"],
            strict=True,
        )
    )  # fmt: skip
    for key, value in changes.items():
        header = next(h for h in HEADERS if h.lower().replace("-", "_").replace(" ", "_") == key.lower())
        row[header] = value
    return list(row.values())


def xls(*tables: Table) -> bytes:
    book = xlwt.Workbook()
    for number, table in enumerate(tables):
        sheet = book.add_sheet(f"Sheet{number + 1}")
        for r, row in enumerate(table):
            for c, value in enumerate(row):
                if value is not None:
                    sheet.write(r, c, value)
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def xlsx(*tables: Table) -> bytes:
    book = openpyxl.Workbook(write_only=True)
    for table in tables:
        sheet = book.create_sheet()
        for row in table:
            sheet.append(list(row))
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def text(table: Table, delimiter: str = ",", encoding: str = "utf-8") -> bytes:
    content = io.StringIO()
    csv.writer(content, delimiter=delimiter).writerows(table)
    return content.getvalue().encode(encoding)


def headers_in(language: str, fields: str) -> list[str]:
    """The first header of each field in a language's table."""
    table = dict(line.split(": ", 1) for line in TABLES[language].strip().splitlines())
    return [table[field].split(" | ")[0] for field in fields.split()]

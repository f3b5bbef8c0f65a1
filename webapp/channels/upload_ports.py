"""What uploads need from outside: a reader that turns a file of a booking site into rows, and says what it could not use."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal, Protocol

ExportKind = Literal[
    "booking_reservations",  # one row for each booking, with guests, rooms and price
    "booking_group",  # the short list over several properties
    "booking_finance",  # commission invoice
    "booking_payout",  # what was paid out
    "airbnb_reservations",
    "airbnb_transactions",
    "unknown",  # the headers do not say; a mapping is needed
]
RowStatus = Literal["confirmed", "cancelled", "cancelled_by_guest", "cancelled_by_hotel", "no_show", "in_house", "past"]
Severity = Literal["error", "warning", "note"]
FaultKind = Literal[
    "empty",
    "too_large",
    "too_many_rows",
    "too_many_columns",
    "too_slow",
    "zip_bomb",
    "encrypted",
    "truncated",
    "damaged",
    "web_page",
    "not_a_table",
    "no_rows",
]
Money = tuple[Decimal, str]  # an amount, exactly as told, and its ISO currency


@dataclass(frozen=True, slots=True)
class ExportRow:
    """One line of a file. Dates are hotel-local; instants are wall clock of the channel, without a zone.

    `rooms`: names of what was sold, one for each room of the booking where the file allows to tell them apart;
    `unit_text`: the same as the file has it. `price`: what the guest pays; `earnings`: what the host receives.
    """

    line: int
    reference: str
    status: RowStatus | None  # None: not told, or a word that we do not know (then it is a problem too)
    check_in: dt.date | None
    check_out: dt.date | None
    status_text: str = ""
    guest_name: str = ""
    guests: tuple[str, ...] = ()
    booker_name: str = ""
    booked_at: dt.datetime | None = None
    cancelled_at: dt.datetime | None = None
    nights: int | None = None
    rooms: tuple[str, ...] = ()
    unit_text: str = ""
    room_count: int | None = None
    persons: int | None = None
    adults: int | None = None
    children: int | None = None
    infants: int | None = None
    children_ages: tuple[int, ...] = ()
    price: Money | None = None
    commission: Money | None = None
    commission_percent: Decimal | None = None
    earnings: Money | None = None
    payment_status: str = ""
    phone: str = ""
    country: str = ""
    remarks: str = ""
    property_name: str = ""
    property_id: str = ""


@dataclass(frozen=True, slots=True)
class RowProblem:
    """Something about a line, or about the file (`line` 0). With severity `error` the line gave no row.

    `message` is an English sentence; `code` and `value` are for translated ones. `value` is at most 200 characters.
    """

    line: int
    code: str
    message: str
    severity: Severity = "error"
    column: str = ""
    value: str = ""


@dataclass(frozen=True, slots=True)
class HeaderColumn:
    """A column as the file has it: what it was understood as (`field` "" for not at all), and what it might be."""

    index: int
    header: str
    field: str
    suggestions: tuple[str, ...] = ()
    samples: tuple[str, ...] = ()


@dataclass(frozen=True)
class Export:
    kind: ExportKind
    rows: tuple[ExportRow, ...]
    problems: tuple[RowProblem, ...]
    columns: tuple[HeaderColumn, ...]
    header_language: str  # "en", …; "" when the headers were mapped by hand or not understood
    container: Literal["xls", "xlsx", "text"]
    missing_fields: tuple[str, ...] = ()  # without these no row can be read
    lines: int = 0  # lines with content below the header
    newest_at: dt.datetime | None = None  # the latest booking or cancellation the file knows of: its age
    properties: tuple[str, ...] = ()
    content_digest: bytes = field(default=b"", repr=False)  # of the bytes
    rows_digest: bytes = field(default=b"", repr=False)  # of what the rows say: the same in another container

    @property
    def provider(self) -> str:
        return self.kind.split("_")[0] if self.kind != "unknown" else ""

    @property
    def unknown_columns(self) -> tuple[HeaderColumn, ...]:
        return tuple(column for column in self.columns if not column.field)


class ExportFault(Exception):
    """The file as a whole cannot be read. `message` is an English sentence a hotelier understands; `kind` is stable."""

    def __init__(self, kind: FaultKind, message: str) -> None:
        super().__init__(f"{kind}: {message}")
        self.kind: FaultKind = kind
        self.message = message


class ExportReader(Protocol):
    def read(self, content: bytes, filename: str, *, mapping: Mapping[str, str] | None, currency: str) -> Export:
        """Read a file. `mapping`: header text to field, for headers nobody knows; `currency`: of signs such as "$".

        Raises ExportFault. The name of the file is not trusted and only used in messages.
        """
        ...

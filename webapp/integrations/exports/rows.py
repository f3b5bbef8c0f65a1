"""From the cells of a line to a row, with a problem for everything that could not be used."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from webapp.channels.upload_ports import ExportKind, ExportRow, Money, RowProblem, RowStatus, Severity

from . import values
from .headers import Header
from .statuses import status_of
from .table import Cell, Line
from .values import AmountStyle, DateOrder

_SENTENCES = {
    "no_reference": "This line has no booking number.",
    "bad_reference": "This is not a booking number of the channel.",
    "no_dates": "This line has no arrival or departure.",
    "bad_date": "This is not a date.",
    "dates_backwards": "The departure is not after the arrival.",
    "unknown_status": "This status is not known; the booking's status is left as it is.",
    "bad_number": "This is not a number.",
    "bad_amount": "This is not an amount of money.",
    "no_currency": "This amount has no currency.",
    "nights_differ": "The number of nights does not fit the dates.",
    "rooms_differ": "The names of the rooms do not fit their number.",
    "payout_summary": "A line about a payout, not about a stay.",
    "repeated": "The same booking stands in an earlier line with the same content.",
    "conflicting": "The same booking stands in an earlier line with other content; that line counts.",
}
_LISTS = ("booking_reservations", "booking_group", "airbnb_reservations")  # what hosts see as their reservations
_BOOKING = re.compile(r"\d{8,12}")
_AIRBNB = re.compile(r"HM[A-Z0-9]{8}")
_SUMMARY = re.compile(r"\(?payout\)?|auszahlung|versement|pago|pagamento|uitbetaling|isplata|výplata|виплата|выплата")


@dataclass
class Reader:
    """Reads the lines of one file, whose habits (date order, decimal mark) were found first. Collects the problems."""

    header: Header
    kind: ExportKind
    currency: str
    problems: list[RowProblem] = field(default_factory=list)
    stay_order: DateOrder = ""
    stamp_order: DateOrder = ""
    style: AmountStyle = field(default_factory=AmountStyle)
    _cells: Sequence[Cell] = ()
    _line: int = 0

    def __post_init__(self) -> None:
        self._at = self.header.fields
        names = {column.index: column.header for column in self.header.columns}
        self._names = {field: names[index] for field, index in self._at.items()}

    @property
    def is_airbnb(self) -> bool:
        return self.kind.startswith("airbnb")

    def learn(self, lines: Sequence[Line]) -> None:
        """Find out how this file writes dates and amounts, from all its values together."""
        stays, stamps = self._order(lines, "check_in", "check_out"), self._order(lines, "booked_on", "cancelled_on")
        self.stay_order = stays or stamps or self._order_by_nights(lines) or self._guess(lines)
        self.stamp_order = stamps or self.stay_order
        places = [self._at[name] for name in _AMOUNTS if name in self._at]
        mark = values.decimal_mark(cells[at] for at in places for _line, cells in lines if len(cells) > at)
        self.style = AmountStyle(mark, 2 if self.is_airbnb else 6)
        if "status" not in self._at and self.kind in _LISTS:
            said = "The file has no column for the status; every line is taken as a booking that stands."
            self.problems.append(RowProblem(0, "no_status", said, "warning"))

    def _order(self, lines: Sequence[Line], *fields: str) -> DateOrder:
        places = [self._at[name] for name in fields if name in self._at]
        return values.date_order(cells[at] for _line, cells in lines for at in places if len(cells) > at)

    def _guess(self, lines: Sequence[Line]) -> DateOrder:
        """Airbnb writes the month first whatever the language of the account is; elsewhere that is the American habit."""
        guess: DateOrder = "mdy" if self.is_airbnb else "dmy"
        at = self._at.get("check_in", 0)
        line = next((line for line, cells in lines if len(cells) > at and values.is_open_order(cells[at])), None)
        if line is not None:
            shown = "month/day/year" if guess == "mdy" else "day/month/year"
            said = f"The dates read both ways; they were read as {shown}."
            self.problems.append(RowProblem(line, "open_dates", said, "warning", self._names.get("check_in", "")))
        return guess

    def _order_by_nights(self, lines: Sequence[Line]) -> DateOrder:
        """The order under which the dates agree with the column of nights."""
        if not {"nights", "check_in", "check_out"} <= self._at.keys():
            return ""
        agree = {"dmy": 0, "mdy": 0}
        for _number, cells in lines[:500]:
            self._cells = cells
            for order in agree:
                try:
                    start, end = (values.date_of(self._cell(name), order) for name in ("check_in", "check_out"))  # type: ignore[arg-type]
                    agree[order] += bool(start and end and (end - start).days == values.whole(self._cell("nights")))
                except ValueError:
                    continue
        if agree["dmy"] == agree["mdy"]:
            return ""
        return "dmy" if agree["dmy"] > agree["mdy"] else "mdy"

    def read(self, line: int, cells: Sequence[Cell]) -> ExportRow | None:
        """The row of a line; None when there is none, which is a problem by then."""
        self._line, self._cells = line, cells
        if self._is_summary():
            return self._refuse("payout_summary", "transaction_type", "note")
        reference = self._reference()
        dates = self._dates() if reference else None
        if reference is None or dates is None:
            return None
        count = self._count("rooms")
        unit = self._text("unit_type") or self._text("listing")
        rooms, is_agreed = values.rooms_of(unit, count)
        if not is_agreed:
            self._note("rooms_differ", "unit_type")
        status_text = self._text("status")[:80]
        cancelled_at = self._instant("cancelled_on")
        booker, guests = values.booker_name(self._cell("booked_by")), self._guests()
        return ExportRow(
            line=line, reference=reference, status=self._status(status_text, cancelled_at), status_text=status_text,
            check_in=dates[0], check_out=dates[1], nights=self._nights(dates), guest_name=guests[0] if guests else booker,
            guests=guests, booker_name=booker, booked_at=self._instant("booked_on"), cancelled_at=cancelled_at,
            rooms=rooms, unit_text=unit[:500], room_count=count, persons=self._count("persons"), adults=self._count("adults"),
            children=self._count("children"), infants=self._count("infants"),
            children_ages=values.ages_of(self._cell("children_ages")), price=self._price(),
            commission=self._money("commission_amount", "commission"), commission_percent=self._percent(),
            earnings=self._money("earnings", "amount", "transaction_amount"), payment_status=self._text("payment_status")[:200],
            phone=self._text("phone")[:60], country=self._text("country")[:60].lower(), remarks=self._text("remarks")[:2000],
            property_name=self._text("property_name")[:200], property_id=self._text("property_id")[:60],
        )  # fmt: skip

    def _is_summary(self) -> bool:
        return "transaction_type" in self._at and _SUMMARY.fullmatch(self._text("transaction_type").lower()) is not None

    def _reference(self) -> str | None:
        field = "confirmation_code" if self.is_airbnb and "confirmation_code" in self._at else "reference"
        reference = values.reference_of(self._cell(field))
        if not reference:
            return self._refuse("no_reference", field, "note" if self.kind == "airbnb_transactions" else "error")
        if not (_AIRBNB if self.is_airbnb else _BOOKING).fullmatch(reference):
            return self._refuse("bad_reference", field)
        return reference

    def _dates(self) -> tuple[dt.date | None, dt.date | None] | None:
        found: list[dt.date | None] = []
        for name in ("check_in", "check_out"):
            try:
                found.append(values.date_of(self._cell(name), self.stay_order, self.header.language))
            except ValueError:
                return self._refuse("bad_date", name)
        check_in, check_out = found
        if check_in is None or check_out is None:
            if self.kind == "airbnb_transactions":  # corrections of a booking have no dates of their own
                return check_in, check_out
            return self._refuse("no_dates", "check_in" if check_in is None else "check_out")
        if check_out <= check_in:
            return self._refuse("dates_backwards", "check_out")
        return check_in, check_out

    def _nights(self, dates: tuple[dt.date | None, dt.date | None]) -> int | None:
        nights = self._count("nights")
        if dates[0] and dates[1]:
            if nights not in (None, 0, (dates[1] - dates[0]).days):
                self._note("nights_differ", "nights")
            return (dates[1] - dates[0]).days
        return nights

    def _guests(self) -> tuple[str, ...]:
        return values.guest_names(self._cell("guest_names"), self._cell("booked_by"))

    def _status(self, text: str, cancelled_at: dt.datetime | None) -> RowStatus | None:
        status = status_of(text) if text else None
        if "status" not in self._at and self.kind in _LISTS:
            status = "confirmed"  # said once for the file, see `learn`
        if text and status is None:
            self._note("unknown_status", "status")
        if cancelled_at is not None and status in (None, "confirmed"):
            return "cancelled"  # Booking.com fills the date only then
        return status

    def _instant(self, name: str) -> dt.datetime | None:
        try:
            return values.instant(self._cell(name), self.stamp_order, self.header.language)
        except ValueError:
            self._note("bad_date", name)
            return None

    def _count(self, name: str) -> int | None:
        try:
            number = values.whole(self._cell(name))
        except ValueError:
            self._note("bad_number", name)
            return None
        return number if number is None or number >= 0 else None

    def _percent(self) -> Decimal | None:
        try:
            return values.percent(self._cell("commission_percent"))
        except ValueError:
            self._note("bad_number", "commission_percent")
            return None

    def _price(self) -> Money | None:
        if self.is_airbnb:  # what guests pay is not in Airbnb's files
            return None
        return self._money("price", "total_payment", "final_amount", "original_amount", "gross_amount")

    def _money(self, *names: str) -> Money | None:
        """The first of these columns that the file has and that holds an amount."""
        for name in names:
            if name in self._at:
                try:
                    number = values.amount(self._cell(name), self.style)
                except ValueError:
                    self._note("bad_amount", name)
                    return None
                if number is not None:
                    return self._with_currency(number, name)
        return None

    def _with_currency(self, number: Decimal, name: str) -> Money | None:
        said = values.currency_of(self._cell(name), self.currency) or values.currency_of(
            self._cell("currency"), self.currency
        )
        currency = said or self.currency
        if not currency:
            self._note("no_currency", name)
            return None
        return number, currency

    def _cell(self, name: str) -> Cell:
        at = self._at.get(name)
        return None if at is None or at >= len(self._cells) else self._cells[at]

    def _text(self, name: str) -> str:
        return values.text_of(self._cell(name))

    def _refuse(self, code: str, name: str, severity: Severity = "error") -> Any:
        """Reports, and gives the None that stands for a line without a row."""
        self._report(code, name, severity)
        return None

    def _note(self, code: str, name: str) -> None:
        self._report(code, name, "warning")

    def _report(self, code: str, name: str, severity: Severity) -> None:
        value = values.text_of(self._cell(name))[:200]
        self.problems.append(RowProblem(self._line, code, _SENTENCES[code], severity, self._names.get(name, ""), value))


_AMOUNTS = (
    "price", "total_payment", "final_amount", "original_amount", "gross_amount", "commission_amount", "commission",
    "earnings", "amount", "transaction_amount",
)  # fmt: skip


def repeated(row: ExportRow, is_same: bool) -> RowProblem:
    code = "repeated" if is_same else "conflicting"
    return RowProblem(row.line, code, _SENTENCES[code], "note" if is_same else "warning", "", row.reference)

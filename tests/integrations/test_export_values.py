"""Amounts, dates, names, rooms and statuses as the files write them, and lines that cannot be read."""

from __future__ import annotations

import datetime as dt
import random
from decimal import Decimal

import pytest

from webapp.integrations.exports import read_export

from .export_files import HEADERS, booking_row, text, xls, xlsx


def read_one(**changes):
    export = read_export(xlsx([HEADERS, booking_row(**changes)]))
    return (export.rows[0] if export.rows else None), [problem.code for problem in export.problems]


@pytest.mark.parametrize(
    ("written", "amount"),
    [
        ("126.6314 EUR", ("126.6314", "EUR")), ("15.195 EUR", ("15.195", "EUR")), ("1.234,56 €", ("1234.56", "EUR")),
        ("$412.50", ("412.50", "USD")), ("US$1,412.50", ("1412.50", "USD")), ("1,234 USD", ("1234", "USD")),
        ("€ 1 234,50", ("1234.50", "EUR")), ("1'234.50 CHF", ("1234.50", "CHF")), ("R$ 99,90", ("99.90", "BRL")),
        ("1.234.567 IDR", ("1234567", "IDR")), ("₱1,899.00", ("1899.00", "PHP")), ("0 GBP", ("0", "GBP")), ("950 Kč", ("950", "CZK")),
        ("1\u202f234,56\u00a0€", ("1234.56", "EUR")), ("(12.79) EUR", ("12.79", "EUR")),
    ],
)  # fmt: skip
def test_amounts(written, amount):
    row, codes = read_one(price=written)
    assert codes == []
    assert row.price == (Decimal(amount[0]), amount[1])


def test_three_digits_after_the_mark_follow_the_rest_of_the_file():
    rows = [
        booking_row(5000000000 + n, price=price) for n, price in enumerate(["99,90 EUR", "1.234 EUR", "1.000,00 EUR"])
    ]
    assert [row.price[0] for row in read_export(xls([HEADERS, *rows])).rows] == [
        Decimal("99.90"),
        Decimal(1234),
        Decimal(1000),
    ]


def test_a_bare_dollar_is_the_hotels():
    content = text([HEADERS, booking_row(price="$80")])
    assert read_export(content, currency="MXN").rows[0].price == (Decimal(80), "MXN")
    assert read_export(content, currency="EUR").rows[0].price == (Decimal(80), "USD")


@pytest.mark.parametrize(
    ("arrival", "departure"),
    [
        ("2026-05-22", "2026-05-25"), ("22 May 2026", "25 May 2026"), ("22.05.2026", "25.05.2026."), ("5/22/2026", "5/25/2026"),
        ("22/05/2026", "25/05/2026"), ("22. svibnja 2026.", "25. svibnja 2026."), ("May 22, 2026", "May 25, 2026"),
        ("22 de mayo de 2026", "25 de mayo de 2026"), ("22 травня 2026 р.", "25 травня 2026 р."), ("5/22/26", "5/25/26"),
        ("Fri, 22 May 2026", "Mon, 25 May 2026"), ("2026-05-22T15:00:00", "2026-05-25T10:00:00"), ("46164", "46167"),
    ],
)  # fmt: skip
def test_dates(arrival, departure):
    row, codes = read_one(check_in=arrival, check_out=departure)
    assert row is not None, codes
    assert (row.check_in, row.check_out) == (dt.date(2026, 5, 22), dt.date(2026, 5, 25))


def test_dates_that_read_both_ways_are_decided_by_the_nights_or_reported():
    headers = ["Book number", "Check-in", "Check-out", "Duration (nights)", "Status"]
    told = read_export(text([headers, ["5000000001", "03/04/2026", "05/04/2026", "2", "ok"]]))
    assert told.rows[0].check_in == dt.date(2026, 4, 3)
    assert told.problems == ()
    open_ = read_export(text([headers[:3], ["5000000001", "03/04/2026", "05/04/2026"]]))
    assert open_.rows[0].check_in == dt.date(2026, 4, 3)
    assert [(problem.code, problem.severity) for problem in open_.problems] == [
        ("no_status", "warning"),
        ("open_dates", "warning"),
    ]


@pytest.mark.parametrize(
    ("written", "guests"),
    [
        ("Anna Example", ("Anna Example",)), ("Anna Example; Bob Sample", ("Anna Example", "Bob Sample")),
        ("Anna Example, Bob Sample", ("Anna Example", "Bob Sample")), ("Example, Anna", ("Anna Example",)),
        ("Hauck, Lukas; Hauck, Mia", ("Lukas Hauck", "Mia Hauck")), ("", ()),
    ],
)  # fmt: skip
def test_names(written, guests):
    words = [*HEADERS]
    row = booking_row()
    row[words.index("Guest name(s)")] = written
    read = read_export(xlsx([words, row])).rows[0]
    assert (
        read.guests == guests and read.guest_name == "Anna Example"
        if guests[:1] != ("Lukas Hauck",)
        else read.guests == guests
    )


@pytest.mark.parametrize(
    ("unit", "count", "rooms"),
    [
        ("Double Room, Twin Room", 2, ("Double Room", "Twin Room")), ("Double Room, Sea View", 1, ("Double Room, Sea View",)),
        ("Double Room, Sea View, Double Room, Sea View", 2, ("Double Room, Sea View",) * 2), ("Double Room", 3, ("Double Room",) * 3),
        ("2 x Double Room", 2, ("Double Room",) * 2),
    ],
)  # fmt: skip
def test_rooms_of_a_booking(unit, count, rooms):
    row, codes = read_one(unit_type=unit, rooms=count)
    assert row.rooms == rooms
    assert codes == []


def test_rooms_that_do_not_fit_their_number_are_said():
    row, codes = read_one(unit_type="A, B, C", rooms=2)
    assert row.rooms == ("A", "B", "C")
    assert codes == ["rooms_differ"]


@pytest.mark.parametrize(
    ("word", "status"),
    [("ok", "confirmed"), ("cancelled_by_guest", "cancelled_by_guest"), ("cancelled_by_hotel", "cancelled_by_hotel"), ("no_show", "no_show"),
     ("Canceled by guest", "cancelled_by_guest"), ("Cancelled by guest", "cancelled_by_guest"), ("Currently hosting", "in_house"),
     ("Past guest", "past"), ("OK", "confirmed"), ("Storniert", "cancelled")],
)  # fmt: skip
def test_statuses(word, status):
    row, codes = read_one(status=word)
    assert (row.status, codes) == (status, [])


def test_an_unknown_status_is_reported_and_changes_nothing():
    row, codes = read_one(status="hyväksytty")
    assert (row.status, row.status_text, codes) == (None, "hyväksytty", ["unknown_status"])


def test_a_cancellation_date_cancels():
    row, _codes = read_one(status="ok", cancellation_date="2026-01-12 10:00:00")
    assert row.status == "cancelled"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"number": ""}, "no_reference"), ({"number": "12"}, "bad_reference"), ({"check_in": "soon"}, "bad_date"),
        ({"check_out": ""}, "no_dates"), ({"check_out": "2026-02-01"}, "dates_backwards"), ({"check_in": "2026-02-31"}, "bad_date"),
    ],
)  # fmt: skip
def test_a_bad_line_is_a_problem_with_its_number(changes, code):
    export = read_export(xlsx([HEADERS, booking_row(5000000009), booking_row(**changes)]))
    assert len(export.rows) == 1
    assert [(p.line, p.code, p.severity) for p in export.problems] == [(3, code, "error")]


def test_every_line_is_a_row_or_a_problem():
    random_ = random.Random(4)
    words = [
        "",
        "x",
        "2026-02-30",
        "-",
        "5000000001",
        "12",
        "1e309",
        "9" * 400,
        "=1+1",
        "\u202e",
        "0000-00-00",
        "31/31/2026",
    ]
    table = [booking_row(5000000000 + n) for n in range(300)]
    for row in table:
        for column in range(len(row)):
            if random_.random() < 0.15:
                row[column] = random_.choice(words)
    export = read_export(text([HEADERS, *table]))
    used = {row.line for row in export.rows} | {problem.line for problem in export.problems}
    assert used >= set(range(2, 302))
    assert export.lines == 300


def test_the_same_booking_twice_in_a_file():
    rows = [booking_row(), booking_row(), booking_row(price="1 GBP")]
    export = read_export(text([HEADERS, *rows]))
    assert len(export.rows) == 1
    assert [(p.line, p.code, p.severity) for p in export.problems] == [
        (3, "repeated", "note"),
        (4, "conflicting", "warning"),
    ]


def test_the_digest_of_the_rows_ignores_their_order():
    one, two = booking_row(5000000001), booking_row(5000000002)
    first, second = read_export(text([HEADERS, one, two])), read_export(xls([HEADERS, two, one]))
    assert first.rows_digest == second.rows_digest
    assert first.content_digest != second.content_digest

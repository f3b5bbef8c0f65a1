"""Files of the booking sites, in every container, language and state of health that was met."""

# ruff: noqa: DTZ001 (the files tell wall clock)

# ruff: noqa: DTZ001 (the files tell wall clock)

from __future__ import annotations

import datetime as dt
import io
import random
import re
import time
import tracemalloc
import zipfile
from decimal import Decimal
from pathlib import Path

import pytest
import xlwt
from hypothesis import given
from hypothesis import strategies as st

from webapp.channels.upload_ports import ExportFault
from webapp.integrations.exports import read_export
from webapp.integrations.exports.headers import find_header, known_fields
from webapp.integrations.exports.vocabulary import TABLES

from .export_files import HEADERS, booking_row, text, xls, xlsx

SAMPLES = Path(__file__).parent.parent / "data" / "exports"


def sample(name: str) -> bytes:
    return (SAMPLES / name).read_bytes()


def fault_of(content: bytes, **options) -> str:
    with pytest.raises(ExportFault) as raised:
        read_export(content, **options)
    assert raised.value.message.endswith(".")
    return raised.value.kind


# The samples ---------------------------------------------------------------------------------------------------------


def test_bookings_detailed_file():
    export = read_export(sample("booking_detailed_header_and_row.tsv"))
    assert (export.kind, export.header_language, export.provider) == ("booking_reservations", "en", "booking")
    assert export.problems == ()
    assert export.unknown_columns == ()
    first, multi, cancelled = export.rows
    assert first.reference == "6547074679"
    assert (first.guest_name, first.booker_name) == ("Lukas Muster", "Lukas Muster")
    assert (first.check_in, first.check_out, first.nights) == (dt.date(2025, 12, 15), dt.date(2025, 12, 17), 2)
    assert first.price == (Decimal("126.6314"), "EUR")
    assert first.commission == (Decimal("15.195768"), "EUR")
    assert first.booked_at == dt.datetime(2025, 12, 9, 0, 26, 33)
    assert first.country == "de"
    assert multi.rooms == ("Double Room", "Twin Room")
    assert multi.children_ages == (6,)
    assert multi.phone == "+44 7700 900123"
    assert cancelled.status == "cancelled_by_guest"
    assert cancelled.remarks == "Late arrival & cot"
    assert export.newest_at == cancelled.cancelled_at == dt.datetime(2026, 2, 20, 11, 12, 13)


def test_bookings_finance_file():
    (row,) = read_export(sample("booking_finance_header_and_row.csv")).rows
    assert (row.reference, row.status, row.price) == ("5896495358", "confirmed", (Decimal("272.0000"), "EUR"))
    assert row.booked_at == dt.datetime(2026, 2, 18, 10, 2, 17)
    assert row.property_id == "15527381"


def test_bookings_payout_file():
    export = read_export(sample("booking_payout_header_and_rows.csv"))
    assert export.kind == "booking_payout"
    assert export.properties == ("Example Studio",)
    (row,) = export.rows
    assert (row.reference, row.status, row.commission) == ("4649972566", "confirmed", (Decimal("-12.79"), "EUR"))
    assert row.commission_percent == Decimal("11.37")
    assert row.earnings == (Decimal("95.26"), "EUR")
    assert [(problem.line, problem.code) for problem in export.problems] == [(2, "payout_summary")]


def test_airbnbs_reservations():
    export = read_export(sample("airbnb_reservations_header_and_row.csv"))
    assert (export.kind, export.provider) == ("airbnb_reservations", "airbnb")
    first, second = export.rows
    assert (first.reference, first.check_in, first.booked_at) == (
        "HMEXAMPLE1",
        dt.date(2024, 9, 19),
        dt.datetime(2024, 1, 11),
    )
    assert (first.earnings, first.price, first.unit_text) == ((Decimal(100), "EUR"), None, "del 1800 in Valle")
    assert (second.earnings, second.phone) == ((Decimal("412.50"), "USD"), "+1 (412) 555-4321")


def test_bookings_group_file():
    headers = "Property name|Location|Booker name|Genius booker|Arrival|Departure|Booked on|Status|Total payment|Commission|Currency|Reservation number"
    row = ["Sea House", "Split", "Anna Example", "Yes", "22 May 2026", "25 May 2026", "3 January 2026", "ok", "300", "45.5", "EUR", 5000000001.0]  # fmt: skip
    export = read_export(xls([headers.split("|"), row]))
    assert export.kind == "booking_group"
    assert export.rows[0].reference == "5000000001"
    assert export.rows[0].check_in == dt.date(2026, 5, 22)
    assert export.rows[0].price == (Decimal(300), "EUR")
    assert export.rows[0].property_name == "Sea House"


def test_the_older_english_variant():
    older = [
        {"Book number": "Book Number", "Persons": "People", "Commission amount": "Commission Amount"}.get(h, h)
        for h in HEADERS
    ]
    export = read_export(xls([older, booking_row(6547074679.0)]))
    assert export.unknown_columns == ()
    assert export.rows[0].persons == 2
    assert export.rows[0].reference == "6547074679"


def test_airbnbs_german_history_in_both_encodings():
    headers = ["Typ", "Bestätigungs-Code", "Buchungsdatum", "Startdatum", "Enddatum", "Gast", "Inserat", "Betrag", "Servicegebühr",
               "Reinigungsgebühr", "Bruttoeinkünfte", "Von Airbnb abgeführte Steuer", "Ausgezahlt"]  # fmt: skip
    rows = [["Payout", "", "", "", "", "", "", "", "", "", "", "", "80,00"],
            ["Buchung", "HMABCDEFGH", "01/30/2026", "04/02/2026", "04/05/2026", "Jörg Müller", "Zimmer\nRose", "80,00", "-3,00", "10,00",
             "83,00", "1,20", ""]]  # fmt: skip
    before = read_export(text([headers, *rows], "\t", "cp1252"), currency="EUR")
    after = read_export(text([headers, *rows], ",", "utf-8-sig"), currency="EUR")
    assert before.kind == after.kind == "airbnb_transactions"
    assert before.rows_digest == after.rows_digest
    (row,) = after.rows
    assert (row.check_in, row.guest_name, row.unit_text) == (dt.date(2026, 4, 2), "Jörg Müller", "Zimmer Rose")
    assert row.earnings == (Decimal("80.00"), "EUR")
    assert after.header_language == "de"
    assert [problem.code for problem in after.problems] == ["payout_summary"]


# Containers ----------------------------------------------------------------------------------------------------------

TABLE = [HEADERS, booking_row(5000000001.0), booking_row("5000000002", Status="no_show")]


@pytest.mark.parametrize(
    "content",
    [xls(TABLE), xlsx(TABLE)]
    + [text(TABLE, mark, code) for mark in ",;\t|" for code in ("utf-8", "utf-8-sig", "cp1252", "utf-16", "utf-16-le")],
)
def test_the_same_rows_from_every_container(content):
    export = read_export(content, "name does not matter.pdf")
    assert [row.reference for row in export.rows] == ["5000000001", "5000000002"]
    assert export.rows_digest == read_export(xls(TABLE)).rows_digest


@pytest.mark.parametrize(("encoding", "name"), [("cp1250", "Šárka Dvořák"), ("cp1251", "Олена Коваль")])
def test_legacy_encodings_are_told_by_the_headers(encoding, name):
    language = {"cp1250": "cs", "cp1251": "uk"}[encoding]
    words = headers_in(language, "reference check_in check_out guest_names status cancelled_on")
    export = read_export(text([words, ["5000000001", "2026-02-01", "2026-02-03", name, "ok", ""]], ";", encoding))
    assert export.header_language == language
    assert export.rows[0].guest_name == name


def test_excels_separator_line_and_titles_above_the_headers():
    content = b"sep=;\r\n" + text([["Reservations of March"], [], HEADERS, booking_row()], ";")
    export = read_export(content)
    assert [row.line for row in export.rows] == [4]
    assert export.problems == ()


def test_real_dates_and_numbers_in_cells():
    when = dt.datetime(2026, 2, 1, 14, 30)
    row = booking_row(5000000001, Check_in=dt.date(2026, 3, 1), Check_out=dt.datetime(2026, 3, 4), Booked_on=when)
    row[HEADERS.index("Price")] = "1.234,56 €"
    (read,) = read_export(xlsx([HEADERS, row])).rows
    assert (read.check_in, read.check_out, read.booked_at) == (dt.date(2026, 3, 1), dt.date(2026, 3, 4), when)
    style = xlwt.easyxf(num_format_str="YYYY-MM-DD")
    book = xlwt.Workbook()
    sheet = book.add_sheet("A")
    for column, (header, value) in enumerate(zip(HEADERS, row, strict=True)):
        sheet.write(0, column, header)
        sheet.write(1, column, value, *([style] if isinstance(value, dt.date) else []))
    content = io.BytesIO()
    book.save(content)
    (old,) = read_export(content.getvalue()).rows
    assert (old.check_in, old.price) == (dt.date(2026, 3, 1), (Decimal("1234.56"), "EUR"))


def test_the_first_sheet_that_is_understood():
    assert len(read_export(xlsx([["Notes"]], [], TABLE)).rows) == 2
    assert len(read_export(xls([["Notes"]], TABLE)).rows) == 2


# Headers -------------------------------------------------------------------------------------------------------------


def headers_in(language: str, fields: str) -> list[str]:
    """The first header of each field in a language's table."""
    table = dict(line.split(": ", 1) for line in TABLES[language].strip().splitlines())
    return [table[field].split(" | ")[0] for field in fields.split()]


@pytest.mark.parametrize("language", TABLES)
def test_headers_of_every_language(language):
    fields = "reference booked_by guest_names check_in check_out booked_on status rooms persons adults children price unit_type nights cancelled_on phone"
    words = [word.upper() for word in headers_in(language, fields)]
    row = ["5000000001", "Example, Anna", "Anna Example", "2026-02-01", "2026-02-03", "2026-01-10 18:05:01", "ok", 1, 2, 2, 0,
           "310.5 GBP", "Double Room", 2, "", "+44 7700 900123"]  # fmt: skip
    export = read_export(xlsx([words, row]))
    assert (export.kind, export.unknown_columns, export.missing_fields) == ("booking_reservations", (), ())
    assert export.header_language == language
    assert export.rows[0].guest_name == "Anna Example"
    assert export.rows[0].price == (Decimal("310.5"), "GBP")


def test_a_file_without_a_column_for_the_status():
    export = read_export(text([HEADERS[:6], booking_row()[:6]]))
    assert [row.status for row in export.rows] == ["confirmed"]
    assert [problem.code for problem in export.problems] == ["no_status"]


@pytest.mark.parametrize("language", TABLES)
def test_airbnbs_headers_of_every_language(language):
    words = headers_in(language, "confirmation_code status guest_names check_in check_out listing earnings")
    export = read_export(text([words, ["HMABCDEFGH", "Confirmed", "Jo Lee", "9/19/2026", "9/20/2026", "Rose", "€100"]]))
    assert export.kind == "airbnb_reservations"
    assert len(export.rows) == 1


def test_no_language_says_one_thing_twice():
    for language, table in TABLES.items():
        seen: dict[str, str] = {}
        for line in table.strip().splitlines():
            field, headers = line.split(": ", 1)
            for header in headers.split(" | "):
                assert seen.setdefault(header, field) == field, (language, header)


def test_noise_in_headers():
    noisy = ["\ufeffBook\u00a0number ", "CHECK-IN:", "Check\u200b-out", "Children’s age(s)", "Guest  name(s)"]
    export = read_export(text([noisy, ["5000000001", "2026-02-01", "2026-02-03", "3, 11", "Anna &amp; Bo O&#39;Hara"]]))
    assert export.unknown_columns == ()
    assert export.rows[0].children_ages == (3, 11)
    assert export.rows[0].guest_name == "Anna & Bo O'Hara"


def test_croatian_headers_as_seen():
    header = [
        "Broj rezervacije",
        "Nositelj rezervacije",
        "Ime(na) gosta",
        "Prijava",
        "Odjava",
        "Rezervirano",
        "Status",
        "Jedinice",
        "Osobe",
        "Odrasli",
        "Djeca",
        "Dob djece",
        "Cijena",
        "Provizija %",
        "Iznos provizije",
        "Status plaćanja",
        "Način plaćanja (pružatelj usluga naplate)",
        "Napomene",
        "Booker country",
        "Svrha putovanja",
        "Uređaj",
        "Vrsta jedinice",
        "Trajanje (noćenja)",
        "Datum otkazivanja",
        "Adresa",
        "Broj telefona",
    ]
    row = [cell for name, cell in zip(HEADERS, booking_row(), strict=True) if name != "Booker group"]
    export = read_export(xls([header, row]))
    assert export.unknown_columns == ()
    assert export.header_language == "hr"
    assert export.rows[0].country == "gb"


def test_unknown_headers_ask_for_a_mapping_and_take_it():
    words = ["Varausnumero", "Saapuminen", "Lähtö", "Vieras", "Statuss"]
    content = text([words, ["5000000001", "2026-02-01", "2026-02-03", "Anna", "ok"]])
    export = read_export(content)
    assert export.kind == "unknown"
    assert export.rows == ()
    assert set(export.missing_fields) >= {"reference", "check_in"}
    assert [column.header for column in export.unknown_columns] == words
    assert export.columns[0].samples == ("5000000001",)
    assert "status" in export.columns[4].suggestions
    mapping = dict(zip(words, ["reference", "check_in", "check_out", "guest_names", "status"], strict=True))
    assert set(mapping.values()) <= set(known_fields())
    mapped = read_export(content, mapping=mapping)
    assert mapped.kind == "booking_reservations"
    assert mapped.rows[0].guest_name == "Anna"


def test_airbnbs_codes_under_a_mapped_reference_are_airbnb():
    content = text([["A", "B", "C", "D"], ["HMABCDEFGH", "9/19/2026", "9/20/2026", "Jo"]])
    export = read_export(content, mapping={"A": "reference", "B": "check_in", "C": "check_out", "D": "guest_names"})
    assert export.kind == "airbnb_reservations"
    assert export.rows[0].reference == "HMABCDEFGH"


# Values --------------------------------------------------------------------------------------------------------------


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


# Bad files -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"", "empty"), (b"\xef\xbb\xbf\r\n", "empty"), (b"PK\x03\x04 broken", "truncated"), (b"%PDF-1.7 ...", "not_a_table"),
        (b"<html><table><tr><td>Sign in</td></tr></table>", "web_page"), (b"{\"error\": 1}", "not_a_table"),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), "not_a_table"), (b"x" * (20 * 1024 * 1024 + 1), "too_large"),
        (b"just some words\nand more\n", "not_a_table"), (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "truncated"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(4096), "truncated"),
    ],
)  # fmt: skip
def test_files_that_are_no_export(content, kind):
    assert fault_of(content) == kind


def test_headers_without_rows():
    assert fault_of(xls([HEADERS])) == "no_rows"


def test_a_password_is_named_as_the_reason():
    package = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(1024) + "EncryptedPackage".encode("utf-16-le")
    assert fault_of(package) == "encrypted"
    locked = bytearray(xls(TABLE))
    at = locked.index(b"\x42\x00\x02\x00\xb0\x04")  # the CODEPAGE record of the globals becomes FILEPASS
    locked[at : at + 2] = b"\x2f\x00"
    assert fault_of(bytes(locked)) == "encrypted"


@pytest.mark.parametrize("make", [xls, xlsx])
def test_a_workbook_cut_anywhere_is_refused(make):
    whole = make([HEADERS, *[booking_row(5000000000 + n) for n in range(300)]])
    for share in range(1, 20):
        assert fault_of(whole[: len(whole) * share // 20]) in ("truncated", "damaged")


def test_a_text_cut_in_a_line_is_refused():
    whole = text([HEADERS, *[booking_row(5000000000 + n) for n in range(20)]])
    last_line = whole.rstrip().rindex(b"\n")
    assert fault_of(whole[: last_line + 40]) == "truncated"
    assert (
        fault_of(text([HEADERS, booking_row(remarks='say "hi"')])[:-70] + b',"unclosed remark, and more') == "truncated"
    )


def zipped(parts: dict[str, bytes]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    return content.getvalue()


def parts_of(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_a_zip_that_unpacks_to_too_much_is_not_opened():
    parts = parts_of(xlsx(TABLE))
    assert fault_of(zipped({**parts, "xl/media/a.bin": bytes(50 * 1024 * 1024)})) == "zip_bomb"
    assert fault_of(zipped({**parts, **{f"x{n}": b"" for n in range(2001)}})) == "zip_bomb"
    assert fault_of(zipped({"readme.txt": b"no workbook"})) == "not_a_table"


def test_entities_in_a_workbook_are_refused():
    parts = parts_of(xlsx(TABLE))
    bomb = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    for name in ("xl/worksheets/sheet1.xml", "xl/workbook.xml", "xl/sharedStrings.xml"):
        if name in parts:
            declared = re.sub(rb"^(<\?xml[^>]*\?>)?", lambda match: match[0] + bomb, parts[name], count=1)
            assert fault_of(zipped({**parts, name: declared})) == "zip_bomb"


def test_a_sheet_of_a_million_rows_or_of_too_many_columns():
    parts = parts_of(xlsx(TABLE))
    rows = b"".join(b'<row r="%d"><c r="A%d"><v>1</v></c></row>' % (n, n) for n in range(1, 130_000))
    sheet = b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>%s</sheetData></worksheet>'
    assert fault_of(zipped({**parts, "xl/worksheets/sheet1.xml": sheet % rows})) == "too_many_rows"
    wide = b'<row r="1"><c r="XFD1"><v>1</v></c></row>'
    assert fault_of(zipped({**parts, "xl/worksheets/sheet1.xml": sheet % wide})) == "too_many_columns"
    assert fault_of(text([["a"] * 201])) == "too_many_columns"
    endless = b"<row>" + b"<c/>" * 1_500_000 + b"</row>"
    tracemalloc.start()
    assert fault_of(zipped({**parts, "xl/worksheets/sheet1.xml": sheet % endless})) in ("empty", "zip_bomb")
    assert tracemalloc.get_traced_memory()[1] < 60_000_000
    tracemalloc.stop()


def test_formulas_are_not_calculated_but_reported():
    parts = parts_of(xlsx([HEADERS, booking_row(status="ok")]))
    sheet = parts["xl/worksheets/sheet1.xml"]
    formula = b'<c r="M2" t="str"><f>WEBSERVICE("http://192.0.2.1/")</f><v>99 EUR</v></c>'
    changed = re.sub(rb'<c r="M2".*?</c>', lambda _match: formula, sheet)
    assert changed != sheet
    export = read_export(zipped({**parts, "xl/worksheets/sheet1.xml": changed}))
    assert export.rows[0].price == (Decimal(99), "EUR")
    assert [(p.code, p.value, p.severity) for p in export.problems] == [("formula", "M2", "note")]
    row = booking_row()
    row[HEADERS.index("Remarks")] = xlwt.Formula("1+1")
    export = read_export(xls([HEADERS, row]))
    assert [(p.code, p.value) for p in export.problems] == [("formula", "R2")]


def test_links_to_other_workbooks_are_not_followed():
    parts = parts_of(xlsx(TABLE))
    rels = parts["xl/_rels/workbook.xml.rels"].replace(
        b"</Relationships>",
        b'<Relationship Id="rId99" TargetMode="External" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet"'
        b' Target="file:///etc/passwd"/></Relationships>',
    )
    assert len(read_export(zipped({**parts, "xl/_rels/workbook.xml.rels": rels})).rows) == 2


def test_the_time_is_bounded():
    assert fault_of(text([HEADERS, booking_row()]), seconds=-1.0) == "too_slow"


@given(st.binary(max_size=400), st.sampled_from([b"", b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"\xff\xfe", b"Book number,Check-in,Check-out\n"]))  # fmt: skip
def test_any_bytes_are_an_export_or_a_fault(noise, start):
    try:
        export = read_export(start + noise)
    except ExportFault:
        return
    assert export.lines >= len(export.rows)


@given(st.lists(st.lists(st.text(max_size=12), min_size=1, max_size=5), min_size=1, max_size=6))
def test_headers_are_found_in_any_table(table):
    header = find_header([(number + 1, list(row)) for number, row in enumerate(table)], {})
    assert 0 <= header.line <= len(table)


@pytest.mark.slow
@pytest.mark.parametrize(("make", "number"), [(text, 20_000), (xls, 4_000), (xlsx, 4_000)])
def test_many_rows_take_little_time(make, number):
    """Workbooks take the time to be written here, not to be read; 20,000 of their rows were measured at 3 seconds."""
    rows = [booking_row(5000000000 + n, booked_by=f"Last{n}, First", price=f"{n}.6314 EUR") for n in range(number)]
    content = make([HEADERS, *rows])
    began = time.process_time()
    export = read_export(content)
    assert time.process_time() - began < number / 4_000
    assert len(export.rows) == number
    assert export.problems == ()

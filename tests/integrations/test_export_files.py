"""Reservation files of the sites as they really come: every sample, read by its content."""

# ruff: noqa: DTZ001 (the files tell wall clock)
from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path

from webapp.integrations.exports import read_export

from .export_files import HEADERS, booking_row, text, xls

SAMPLES = Path(__file__).parent.parent / "data" / "exports"


def sample(name: str) -> bytes:
    return (SAMPLES / name).read_bytes()


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

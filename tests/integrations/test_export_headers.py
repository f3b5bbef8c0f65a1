"""What the columns are called in every language, and what is done with headers that nobody knows."""

from __future__ import annotations

from decimal import Decimal

import pytest

from webapp.integrations.exports import read_export
from webapp.integrations.exports.headers import known_fields
from webapp.integrations.exports.vocabulary import TABLES

from .export_files import HEADERS, booking_row, headers_in, text, xls, xlsx


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

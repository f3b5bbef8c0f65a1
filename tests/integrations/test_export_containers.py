"""The same rows from every container and encoding, and files that are no export, are broken, or would cost too much."""

# ruff: noqa: DTZ001 (the files tell wall clock)
from __future__ import annotations

import datetime as dt
import io
import re
import time
import tracemalloc
import zipfile
from decimal import Decimal

import pytest
import xlwt
from hypothesis import given
from hypothesis import strategies as st

from webapp.channels.upload_ports import ExportFault
from webapp.integrations.exports import read_export
from webapp.integrations.exports.headers import find_header

from .export_files import HEADERS, booking_row, headers_in, text, xls, xlsx


def fault_of(content: bytes, **options) -> str:
    with pytest.raises(ExportFault) as raised:
        read_export(content, **options)
    assert raised.value.message.endswith(".")
    return raised.value.kind


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

"""What a file may cost, and the sentences for files that cannot be read at all."""

from __future__ import annotations

import time

from webapp.channels.upload_ports import ExportFault, FaultKind

MAX_BYTES = 20 * 1024 * 1024
MAX_UNPACKED = 160 * 1024 * 1024  # a sheet of 100,000 rows is about 100 MB of XML
MAX_SMALL_PART = 4 * 1024 * 1024  # workbook, styles and relations, which are read into a tree
MAX_RATIO = 200  # a real sheet packs about 15 times, one of repeated rows 60 times
MAX_PARTS = 2_000
MAX_ROWS = 100_000
MAX_COLUMNS = 200
MAX_STRINGS = 1_000_000
MAX_CELL = 32_767  # Excel's own limit of characters
MAX_SHEETS = 10
SECONDS = 60.0

_SENTENCES: dict[FaultKind, str] = {
    "empty": "The file is empty. Download it again from the booking site.",
    "too_large": "The file is larger than 20 MB; no export of a house is. Choose a shorter period.",
    "too_many_rows": "The file has more than 100,000 rows. Export a shorter period.",
    "too_many_columns": "The file has more than 200 columns; no export has. Check that it is the right file.",
    "too_slow": "Reading the file took too long, so it was stopped. Export a shorter period.",
    "zip_bomb": "The file unpacks to far more than an export holds. It was not opened.",
    "encrypted": "The file is protected by a password. Save it without one, or upload it as it came from the site.",
    "truncated": "The file ends in the middle: the download was cut off. Download it again.",
    "damaged": "The file is damaged and cannot be opened. Download it again from the booking site.",
    "web_page": "This is a web page and not an export, perhaps because the sign-in had ended. Download it again.",
    "not_a_table": "This is not a table of reservations. Upload the .xls, .xlsx or .csv file of the booking site.",
    "no_rows": "The file has headers but no reservation below them. Choose another period at the booking site.",
}


def fault(kind: FaultKind) -> ExportFault:
    return ExportFault(kind, _SENTENCES[kind])


class Budget:
    """The time that one file may take. `check` is called every so often and raises ExportFault when it is over."""

    def __init__(self, seconds: float = SECONDS) -> None:
        self._ends = time.monotonic() + seconds

    def check(self) -> None:
        if time.monotonic() > self._ends:
            raise fault("too_slow")

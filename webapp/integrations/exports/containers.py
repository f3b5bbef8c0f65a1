"""What kind of file it is, by its first bytes and never by its name."""

from __future__ import annotations

import re
from typing import Literal

from .limits import MAX_BYTES, Budget, fault
from .table import Sheets
from .text import Score, looks_like_text, read_text
from .xls import read_xls
from .xlsx import read_xlsx

Container = Literal["xls", "xlsx", "text"]
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ZIP = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
_BARE_BIFF = re.compile(rb"\x09[\x00\x02\x04\x08][\x04\x06\x08\x10]\x00")  # a workbook without its OLE envelope
_WEB_PAGE = re.compile(
    rb"^\s*(?:<\?xml[^>]{0,200}\?>\s*)?<(?:!doctype\s+html|html|head|body|table|meta)\b", re.IGNORECASE
)


def container_of(content: bytes) -> Container:
    """Raises ExportFault for an empty file, one too large, and everything that is no table."""
    if not content.strip(b"\0 \r\n\t\xef\xbb\xbf\xff\xfe"):
        raise fault("empty")
    if len(content) > MAX_BYTES:
        raise fault("too_large")
    if content.startswith(_OLE) or _BARE_BIFF.match(content):
        return "xls"
    if content.startswith(_ZIP):
        return "xlsx"
    if len(content) < 8 and _OLE.startswith(content):
        raise fault("truncated")
    if _WEB_PAGE.match(content.removeprefix(b"\xef\xbb\xbf")[:2048]):
        raise fault("web_page")
    if content.lstrip()[:1] in (b"{", b"<") or content.startswith(b"%PDF") or not looks_like_text(content):
        raise fault("not_a_table")
    return "text"


def open_sheets(content: bytes, container: Container, budget: Budget, score: Score) -> Sheets:
    """The sheets of a file; a text has one."""
    if container == "xls":
        yield from read_xls(content, budget)
    elif container == "xlsx":
        yield from read_xlsx(content, budget)
    else:
        yield read_text(content, budget, score)

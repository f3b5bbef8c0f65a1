"""Workbooks in zips (.xlsx): read as a stream, nothing evaluated, no link followed.

openpyxl's own reader builds a tree for every row, however long a hostile one is, and needs several times the time that an
upload may take; so the sheets and the shared strings go through expat, and openpyxl gives the rules of dates and styles.
"""

from __future__ import annotations

import posixpath
import zipfile
from collections.abc import Iterator
from io import BytesIO
from xml.etree import ElementTree
from xml.parsers import expat

from openpyxl.styles.numbers import BUILTIN_FORMATS, is_date_format
from openpyxl.utils.datetime import MAC_EPOCH, WINDOWS_EPOCH, from_excel

from .limits import MAX_PARTS, MAX_RATIO, MAX_SHEETS, MAX_SMALL_PART, MAX_UNPACKED, Budget, fault
from .sheet_xml import SharedStrings, SheetXml
from .table import Sheet, Sheets

_CHUNK = 256 * 1024
_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_STRICT = "{http://purl.oclc.org/ooxml/spreadsheetml/main}"


def read_xlsx(content: bytes, budget: Budget) -> Sheets:
    """The sheets of a workbook, one after the other. Raises ExportFault."""
    archive = _open(content)
    with archive:
        names = {info.filename.lower(): info.filename for info in archive.infolist()}
        _refuse_other_zips(archive, names)
        try:
            yield from _sheets(archive, names, budget)
        except (zipfile.BadZipFile, EOFError, ElementTree.ParseError, expat.ExpatError, KeyError, ValueError):
            raise fault("damaged") from None
        except (NotImplementedError, RuntimeError):  # a compression or an encryption that zipfile does not know
            raise fault("damaged") from None


def _open(content: bytes) -> zipfile.ZipFile:
    try:
        archive = zipfile.ZipFile(BytesIO(content))
    except (zipfile.BadZipFile, ValueError, EOFError):
        raise fault("truncated") from None  # the directory stands at the end
    parts = archive.infolist()
    if any(info.flag_bits & 0x1 for info in parts):
        raise fault("encrypted")
    unpacked = sum(info.file_size for info in parts)
    if len(parts) > MAX_PARTS or unpacked > MAX_UNPACKED:
        raise fault("zip_bomb")
    if unpacked > 1024 * 1024 and unpacked > MAX_RATIO * max(1, sum(info.compress_size for info in parts)):
        raise fault("zip_bomb")
    return archive


def _refuse_other_zips(archive: zipfile.ZipFile, names: dict[str, str]) -> None:
    if "xl/workbook.xml" not in names and not any(name.startswith("xl/") for name in names):
        raise fault("not_a_table")
    for info in archive.infolist():
        if info.filename.lower().startswith("xl/workbook.bin"):
            raise fault("not_a_table")


def _sheets(archive: zipfile.ZipFile, names: dict[str, str], budget: Budget) -> Iterator[Sheet]:
    workbook = _tree(archive, names, "xl/workbook.xml")
    epoch = MAC_EPOCH if _uses_1904(workbook) else WINDOWS_EPOCH
    date_styles = _date_styles(archive, names)
    strings = SharedStrings()
    if "xl/sharedstrings.xml" in names:
        _feed(archive, names["xl/sharedstrings.xml"], strings.parser, budget)
    for path in _sheet_paths(archive, names, workbook)[:MAX_SHEETS]:
        reader = SheetXml(strings.texts, date_styles, lambda serial: from_excel(serial, epoch))
        _feed(archive, path, reader.parser, budget)
        yield reader.sheet


def _feed(archive: zipfile.ZipFile, name: str, parser: expat.XMLParserType, budget: Budget) -> None:
    with archive.open(name) as part:
        while chunk := part.read(_CHUNK):
            budget.check()
            parser.Parse(chunk, False)
        parser.Parse(b"", True)


def _tree(archive: zipfile.ZipFile, names: dict[str, str], name: str) -> ElementTree.Element:
    """A small part as a tree. Raises ExportFault for a large one, and for one that declares entities."""
    info = archive.getinfo(names[name])
    if info.file_size > MAX_SMALL_PART:
        raise fault("zip_bomb")
    content = archive.read(info)
    probe = expat.ParserCreate()
    probe.StartDoctypeDeclHandler = _refuse_doctype
    probe.Parse(content, True)
    return ElementTree.fromstring(content)  # noqa: S314 (no document type, at most 4 MB)


def _refuse_doctype(*_: object) -> None:
    raise fault("zip_bomb")


def _uses_1904(workbook: ElementTree.Element) -> bool:
    said = [element.get("date1904") for element in workbook.iter() if element.tag.endswith("}workbookPr")]
    return bool(said) and said[0] in ("1", "true")


def _date_styles(archive: zipfile.ZipFile, names: dict[str, str]) -> frozenset[int]:
    """Numbers of the cell styles that show dates."""
    if "xl/styles.xml" not in names:
        return frozenset()
    styles = _tree(archive, names, "xl/styles.xml")
    formats = dict(BUILTIN_FORMATS)
    for element in styles.iter():
        if element.tag.endswith("}numFmt"):
            formats[int(element.get("numFmtId", "0"))] = element.get("formatCode", "")
    for main in (_MAIN, _STRICT):
        found = styles.find(f"{main}cellXfs")
        if found is not None:
            kinds = [int(style.get("numFmtId", "0")) for style in found]
            return frozenset(n for n, kind in enumerate(kinds) if is_date_format(formats.get(kind, "General")))
    return frozenset()


def _sheet_paths(archive: zipfile.ZipFile, names: dict[str, str], workbook: ElementTree.Element) -> list[str]:
    """The parts of the sheets in the order of their tabs; without relations, in the order of their names."""
    targets: dict[str, str] = {}
    if "xl/_rels/workbook.xml.rels" in names:
        for relation in _tree(archive, names, "xl/_rels/workbook.xml.rels"):
            if relation.get("TargetMode") != "External" and relation.get("Type", "").endswith("/worksheet"):
                targets[relation.get("Id", "")] = _resolved(relation.get("Target", ""))
    ordered = []
    for element in workbook.iter():
        if element.tag.endswith("}sheet"):
            identifiers = [value for key, value in element.attrib.items() if key.endswith("}id")]
            ordered += [names[targets[i].lower()] for i in identifiers if targets.get(i, "").lower() in names]
    return ordered or sorted(
        names[name] for name in names if name.startswith("xl/worksheets/") and name.endswith(".xml")
    )


def _resolved(target: str) -> str:
    return target.lstrip("/") if target.startswith("/") else posixpath.normpath(posixpath.join("xl", target))

"""A file as sheets of cells: its encoding, its separator, its empty edges. What a cell means is not decided here.

A CSV's cells are text. A workbook's keep their types: numbers, booleans, dates, times, percentages.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Cell = Any  # str, int, float, bool, date, datetime, time, timedelta, Percent

MOST_UNPACKED = 400 * 1024 * 1024  # a workbook is a zip archive: 1 MB may become a thousand
OLD_EXCEL = b"\xd0\xcf\x11\xe0"
ZIP = b"PK\x03\x04"
_SEPARATORS = (",", ";", "\t")
_SEPARATOR_LINE = re.compile(r'"?sep=(.)"?(\n|$)', re.IGNORECASE)


class Unclear(ValueError):
    """A file that cannot be read as it is: sentences, each of which says what to do."""

    def __init__(self, *sentences: str) -> None:
        self.sentences = sentences
        super().__init__("; ".join(sentences))


class Percent(float):
    """A share that a workbook shows in percent: 0.3 shown as 30 %."""


@dataclass
class Sheet:
    """Rows without the empty ones; ``lines`` numbers them as the reader of the file sees them, from 1."""

    title: str
    rows: list[list[Cell]] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    widths: list[int] = field(default_factory=list)  # how many cells the file has in each row, empty ones too
    hidden: bool = False

    def add(self, line: int, row: list[Cell]) -> None:
        if any(map(filled, row)):
            self.rows.append(row)
            self.lines.append(line)
            self.widths.append(len(row))


def filled(cell: Cell) -> bool:
    return cell is not None and (not isinstance(cell, str) or bool(cell.strip()))


def sheets_of(path: Path) -> list[Sheet]:
    content = path.read_bytes()
    if content.startswith(OLD_EXCEL):
        raise Unclear(f"{path.name} is of the old Excel format .xls; save it as .xlsx or as CSV UTF-8")
    if content.startswith(ZIP):
        return _workbook(path.name, content)
    if path.suffix.lower() == ".xlsx":
        raise Unclear(f"{path.name} is not an Excel workbook")
    return [_csv_sheet(path.name, decoded(path.name, content))]


# --- CSV -----------------------------------------------------------------------------------------------------------


def decoded(name: str, content: bytes) -> str:
    """UTF-16 says so in its first bytes; what is no UTF-8 is cp1252, as Excel saves CSV in the West."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        text = _decoded(name, content, "utf-16")
    else:
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = _decoded(name, content, "cp1252")
    if "\0" in text:
        raise Unclear(f"{name} holds NUL bytes; it is not a CSV file")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _decoded(name: str, content: bytes, encoding: str) -> str:
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        raise Unclear(f"{name} is no text in {encoding} (byte {error.start}); save it as CSV UTF-8") from None


def _csv_sheet(name: str, text: str) -> Sheet:
    told = _SEPARATOR_LINE.match(text)
    skipped = 1 if told else 0
    body = text[told.end() :] if told else text
    reader = csv.reader(io.StringIO(body), delimiter=told[1] if told else separator(body), strict=True)
    sheet = Sheet("")
    try:
        for row in reader:
            sheet.add(reader.line_num + skipped, list(row))
    except csv.Error as error:
        raise Unclear(f"{name}, line {reader.line_num + skipped}: {error}") from None
    return without_empty_edges(sheet)


def separator(text: str) -> str:
    """The one that the first line with any has most of, outside quotation marks."""
    for line in text.split("\n")[:20]:
        bare = re.sub(r'"[^"]*"', "", line)
        counts = {each: bare.count(each) for each in _SEPARATORS}
        if any(counts.values()):
            return max(counts, key=lambda each: counts[each])
    return ","


# --- XLSX ----------------------------------------------------------------------------------------------------------


def _workbook(name: str, content: bytes) -> list[Sheet]:
    import openpyxl

    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if sum(part.file_size for part in archive.infolist()) > MOST_UNPACKED:
                raise Unclear(f"{name} unpacks to more than {MOST_UNPACKED // 2**20} MiB")
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        sheets = [_worksheet(sheet) for sheet in book.worksheets]
    except Unclear:
        raise
    except Exception as error:  # noqa: BLE001  a damaged workbook fails in whatever its XML breaks first
        raise Unclear(f"{name} is not an Excel workbook (.xlsx) that can be read: {error}") from None
    return [without_empty_edges(sheet) for sheet in sheets]


def _worksheet(source: Any) -> Sheet:
    sheet = Sheet(source.title.strip(), hidden=source.sheet_state != "visible")
    source.reset_dimensions()  # other programs write a wrong one, and rows would be lost
    for line, row in enumerate(source.iter_rows(), 1):
        sheet.add(line, [_typed(cell) for cell in row])
    return sheet


def _typed(cell: Any) -> Cell:
    value = cell.value
    if isinstance(value, dt.datetime) and value.date() <= dt.date(1900, 1, 1):  # more than a day of hours: [h]:mm
        return value - dt.datetime(1899, 12, 30)  # noqa: DTZ001  (a length of time, in Excel's own words)
    if isinstance(value, int | float) and not isinstance(value, bool) and "%" in str(cell.number_format):
        return Percent(value)
    return value


# --- both ----------------------------------------------------------------------------------------------------------


def without_empty_edges(sheet: Sheet) -> Sheet:
    """Columns before the first and after the last that holds anything in any row; rows keep their own width."""
    first = min((_first(row) for row in sheet.rows), default=0)
    sheet.rows = [_cut(row, first) for row in sheet.rows]
    sheet.widths = [width - first for width in sheet.widths]
    return sheet


def _cut(row: list[Cell], first: int) -> list[Cell]:
    row = row[first:]
    while row and not filled(row[-1]):
        row.pop()
    return row


def _first(row: Iterable[Cell]) -> int:
    return next(number for number, cell in enumerate(row) if filled(cell))


def texts(row: Iterable[Cell]) -> Iterator[str]:
    for cell in row:
        yield str(cell).strip() if filled(cell) else ""

"""From bytes to objects and rows. What cannot be one is refused as a whole, with nothing of it read."""

import csv
import io
import re
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import orjson
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from athletes.wearables.readings import Item, Payload, Tally, Unreadable, parsed_offset

MOST_BYTES = 64 * 1024 * 1024  # of what is held in memory at once; Apple's export is streamed instead
UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\.?")
MOST_ARCHIVE_BYTES = 1024 * 1024 * 1024  # of many small files, of which one is held at a time
MOST_VALUES = 4_000_000  # of JSON: each takes about 100 bytes of memory, in a bomb as few as two of the body
NOTHING = {"", "-", "--", "---", "n/a", "na", "nan", "null", "none", "nil", "#n/a", "?"}
DELIMITERS = (",", ";", "\t")


def raw_bytes(payload: Payload) -> bytes:
    if isinstance(payload, dict | list):
        raise Unreadable("not_a_file", _("A file was expected."))
    raw = payload if isinstance(payload, bytes) else payload.read(MOST_BYTES + 1)
    if len(raw) > MOST_BYTES:
        raise Unreadable("too_large", at_most(MOST_BYTES))
    return raw


def at_most(size_bytes: int) -> str:
    return _("At most %(most)d MiB, unpacked, of what is read.") % {"most": size_bytes // 2**20}


def held(payload: Payload) -> Payload:
    """In memory, where it was a file: so that its beginning can be looked at."""
    return payload if isinstance(payload, dict | list) else raw_bytes(payload)


def loaded_json(payload: Payload) -> Any:
    if isinstance(payload, dict | list):
        return payload
    raw = raw_bytes(payload)
    if sum(map(raw.count, (b"{", b"[", b","))) > MOST_VALUES:
        raise Unreadable(
            "too_many_values",
            _("A JSON document of more than %(most)d values: send it in parts.") % {"most": MOST_VALUES},
        )
    try:
        loaded = orjson.loads(raw.removeprefix(b"\xef\xbb\xbf"))
    except orjson.JSONDecodeError as refusal:
        if refusal.msg.startswith("Not enough memory"):  # so orjson says it
            raise MemoryError from None
        raise Unreadable("not_json", _("Not a JSON document, or cut off.")) from None
    if not isinstance(loaded, dict | list):
        raise Unreadable("not_an_object", _("A JSON object or list was expected."))
    return loaded


@contextmanager
def zip_in_order() -> Iterator[None]:
    """Around whatever opens or unpacks a zip: every way in which a damaged one fails is one refusal."""
    try:
        yield
    except Unreadable:
        raise
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError, ValueError):
        raise Unreadable("not_a_zip", _("Not a zip file, encrypted, damaged or cut off.")) from None


def is_zip(payload: Payload) -> bool:
    if isinstance(payload, dict | list):
        return False
    if isinstance(payload, bytes):
        return payload.startswith(b"PK")
    head = payload.read(2)
    payload.seek(0)
    return head == b"PK"


Patterns = Mapping[str, re.Pattern[str]]


def zip_members(payload: Payload, wanted: Patterns, tally: Tally) -> dict[str, list[bytes]]:
    """The files of an export whose names (without folders, in small letters) fit; every other one is counted."""
    return {kind: list(files.values()) for kind, files in named_members(payload, wanted, tally).items()}


def named_members(payload: Payload, wanted: Patterns, tally: Tally) -> dict[str, dict[str, bytes]]:
    """As above, by their paths."""
    assert not isinstance(payload, dict | list)
    file, held_bytes = io.BytesIO(payload) if isinstance(payload, bytes) else payload, 0
    found: dict[str, dict[str, bytes]] = {kind: {} for kind in wanted}
    with zip_in_order(), zipfile.ZipFile(file) as archive:
        for info in archive.infolist():
            name = info.filename.rsplit("/", 1)[-1]
            kind = next((kind for kind, pattern in wanted.items() if pattern.fullmatch(name.lower())), None)
            if kind:
                content = found[kind][info.filename] = unpacked(archive, info, held_bytes)
                held_bytes += len(content)
            elif name:
                tally.ignored[f"file {undated(name)}"[:80]] += 1
    return found


def members(payload: Payload, wanted: re.Pattern[str], tally: Tally) -> Iterator[bytes]:
    """One file of an archive after the other, so that only one is held; the others are counted by their ending."""
    assert not isinstance(payload, dict | list)
    file, total = io.BytesIO(payload) if isinstance(payload, bytes) else payload, 0
    with zip_in_order(), zipfile.ZipFile(file) as archive:
        for info in archive.infolist():
            name = info.filename.rsplit("/", 1)[-1].lower()
            if wanted.fullmatch(name):
                content = unpacked(archive, info, 0)
                total += len(content)
                if total > MOST_ARCHIVE_BYTES:
                    raise Unreadable("too_large", at_most(MOST_ARCHIVE_BYTES))
                yield content
            elif name:
                tally.ignored[f"file *.{name.partition('.')[2]}"[:80]] += 1


def gunzipped(raw: bytes) -> bytes:
    """As it is, where it is not packed."""
    if not raw.startswith(b"\x1f\x8b"):
        return raw
    try:
        unpacker = zlib.decompressobj(16 + zlib.MAX_WBITS)
        content = unpacker.decompress(raw, MOST_BYTES)
    except zlib.error:
        raise Unreadable("not_gzip", _("Not a gzip file, damaged or cut off.")) from None
    if not unpacker.eof:
        raise Unreadable("not_gzip", _("The gzip file is cut off, or too large unpacked."))
    return content


def undated(name: str) -> str:
    """heart_rate-2026-11-22.json and its hundreds of brothers are one kind of file."""
    return re.sub(r"[ _.-]*(?<![a-zA-Z])\d[\d_-]*", "", UUID.sub("", name))


def unpacked(archive: zipfile.ZipFile, info: zipfile.ZipInfo, before: int) -> bytes:
    """At most MOST_BYTES together, whatever the archive says of itself."""
    with archive.open(info) as file:
        content = file.read(MOST_BYTES - before + 1)
    if len(content) > MOST_BYTES - before:
        raise Unreadable("too_large", at_most(MOST_BYTES))
    return content


def json_object(payload: Payload, tally: Tally) -> Item:
    loaded = loaded_json(payload)
    if not isinstance(loaded, dict):
        raise Unreadable("not_an_object", _("A JSON object was expected."))
    return Item(loaded, tally)


def looks_like_json(payload: Payload) -> bool:
    return isinstance(payload, dict | list) or (
        isinstance(payload, bytes) and payload.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in (b"{", b"[")
    )


# --- CSV -------------------------------------------------------------------------------------------------------------


def decoded(raw: bytes) -> str:
    if b"\x00" in raw and not raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise Unreadable("not_text", _("Not a text file."))
    encodings = ("utf-16",) if raw.startswith((b"\xff\xfe", b"\xfe\xff")) else ("utf-8-sig", "cp1252")
    for encoding in encodings:
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise Unreadable("not_text", _("Not a text file."))


def csv_rows(
    payload: Payload, tally: Tally, wanted: Sequence[frozenset[str]], *, settle: bool = True, may_run_on: bool = False,
    lines_above: int = 0, may_repeat: bool = False,
) -> Iterator[Item]:  # fmt: skip
    """Each row as an item named by its line. `wanted`: sets of columns, one of which the header must hold.

    `may_run_on`: rows may have more cells than the header, behind those it names. `lines_above` the header are no part
    of the table. `may_repeat`: a column that stands in the header again is called `Distance 2`.
    """
    text = decoded(raw_bytes(payload)).replace("\r\n", "\n").replace("\r", "\n")
    first = "".join(text.split("\n", lines_above + 1)[lines_above : lines_above + 1])
    delimiter = max(DELIMITERS, key=first.count)
    reader = csv.reader(io.StringIO(text), delimiter=delimiter)
    try:
        for _line in range(lines_above):
            next(reader, [])
        header = header_of(next(reader, []), wanted, may_repeat=may_repeat)
        for cells in reader:
            line = f"line {reader.line_num}"
            if not any(cell.strip() for cell in cells):
                continue
            if len(cells) > len(header) and may_run_on:
                tally.ignored.update("cells behind the last column" for cell in cells[len(header) :] if cell)
                cells = cells[: len(header)]
            if len(cells) != len(header):
                counts = {"cells": len(cells), "columns": len(header)}
                tally.find(line, "wrong_number_of_cells", _("Has %(cells)d cells, the header %(columns)d.") % counts)
                continue
            row = Item({n: told(c, delimiter) for n, c in zip(header, cells, strict=True)}, tally, where=line)
            row.texts = True
            yield row
            if settle:
                row.settle()
    except csv.Error:
        raise Unreadable("not_csv", _("Not a CSV file from line %(line)d on.") % {"line": reader.line_num}) from None


def header_of(cells: Sequence[str], wanted: Sequence[frozenset[str]], *, may_repeat: bool) -> list[str]:
    header = [name.strip() for name in cells]
    if may_repeat:
        header = numbered(header)
    if not any(columns <= set(header) for columns in wanted):
        raise Unreadable("wrong_columns", _("The header lacks the columns of this export."))
    if len(set(header) - {""}) < len([name for name in header if name]):
        raise Unreadable("double_column", _("A column stands twice in the header."))
    return header


def numbered(header: Sequence[str]) -> list[str]:
    seen: Counter[str] = Counter()
    names = []
    for name in header:
        seen[name] += 1
        names.append(name if seen[name] == 1 or not name else f"{name} {seen[name]}")
    return names


def told(cell: str, delimiter: str) -> str | None:
    cell = cell.strip()
    if cell.lower() in NOTHING:
        return None
    if delimiter == ";" and re.fullmatch(r"[+-]?\d+,\d+", cell):
        return cell.replace(",", ".")  # a file with semicolons is one from where the comma is decimal
    return cell


# --- dates that do not say which way round they are -------------------------------------------------------------------

ORDER_NAMES = {
    "year first": gettext_noop("year first"), "year, day, month": gettext_noop("year, day, month"),
    "day first": gettext_noop("day first"), "month first": gettext_noop("month first"),
}  # fmt: skip
ORDERS = {
    r"(?P<y>\d{4})[-/.](?P<m>\d{1,2})[-/.](?P<d>\d{1,2})": "year first",
    r"(?P<y>\d{4})[-/.](?P<d>\d{1,2})[-/.](?P<m>\d{1,2})": "year, day, month",
    r"(?P<d>\d{1,2})[-/.](?P<m>\d{1,2})[-/.](?P<y>\d{4})": "day first",
    r"(?P<m>\d{1,2})[-/.](?P<d>\d{1,2})[-/.](?P<y>\d{4})": "month first",
}
CLOCK = (
    r"(?:[T ,]+(?P<H>\d{1,2}):(?P<M>\d{2})(?::(?P<S>\d{2})(?:\.\d+)?)?(?: ?(?P<half>[AaPp])\.? ?[Mm]\.?)?"
    r"(?: ?(?P<offset>[+-]\d{2}:?\d{2}|Z))?)?"
)
NARROW_SPACES = str.maketrans({"\u202f": " ", "\xa0": " "})  # phones put them before AM and PM

ReadDate = Callable[[str], datetime | None]


def dates_read_as(order: str) -> str:
    return _("All dates of the file were read as: %(order)s.") % {"order": _(ORDER_NAMES[order])}


def date_order(texts: Iterable[str]) -> tuple[str, ReadDate]:
    """The one way of reading that fits most of a column's dates. Where two fit equally well the file says nothing.

    Raises Unreadable when every date can be read both ways (03/04/2026): half of the nights would be misdated.
    """
    distinct = sorted({text.strip() for text in texts})
    scored = [(sum(read_date(pattern, text) is not None for text in distinct), pattern) for pattern in ORDERS]
    best = max(count for count, _ in scored)
    fitting = [pattern for count, pattern in scored if count == best and count]
    if not fitting:
        raise Unreadable("no_dates", _("No date of the file can be read."))
    year_first = next(iter(ORDERS))
    if len(fitting) > 1 and fitting[0] != year_first and not all_alike(fitting, distinct):
        raise Unreadable("ambiguous_dates", _("The dates can be read as day first and as month first."))
    chosen = fitting[0]
    return ORDERS[chosen], lambda text: read_date(chosen, text.strip())


def all_alike(patterns: list[str], texts: list[str]) -> bool:
    return all(len({read_date(pattern, text) for pattern in patterns}) == 1 for text in texts)


def read_date(pattern: str, text: str) -> datetime | None:
    """Without an offset a wall clock: the caller knows the zone."""
    match = re.fullmatch(pattern + CLOCK, text.translate(NARROW_SPACES), re.ASCII)
    if match is None:
        return None
    hour = int(match["H"] or 0)
    if match["half"]:
        hour = hour % 12 + (12 if match["half"].lower() == "p" else 0)
    offset = parsed_offset(match["offset"]) if match["offset"] else None
    try:
        return datetime(
            int(match["y"]), int(match["m"]), int(match["d"]), hour, int(match["M"] or 0), int(match["S"] or 0),
            tzinfo=offset,
        )  # fmt: skip
    except ValueError:
        return None

"""How a sheet is laid out: a row per athlete and date, athletes as columns, or a sheet per athlete.

Every layout ends as blocks: rows of one kind, each column with its meaning. Whose rows they are is a column, the
sheet's title, or what the person said.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from measures.season_columns import ALL_COLUMNS
from mlmodels.spreadsheets.headers import UNUSED, Answers, Meaning, meaning
from mlmodels.spreadsheets.sheets import Cell, Sheet, filled, texts
from mlmodels.spreadsheets.values import as_text, is_date

HEADER_WITHIN = 20  # rows: titles and legends stand above it
_NOBODYS_TITLE = re.compile(
    r"(sheet|tabelle|blatt|feuil|feuille|hoja|工作表|table|data|daten|données|datos)? ?\d*", re.I
)


@dataclass
class Column:
    header: str
    meaning: Meaning
    cells: list[Cell]


@dataclass
class Table:
    """A sheet from its header on. ``widths`` begin with the header's; ``groups``: a second header row, spread out."""

    sheet: str
    headers: list[str]
    rows: list[list[Cell]]
    lines: list[int]
    widths: list[int]
    title: str = ""
    groups: list[str] = field(default_factory=list)

    def cells(self, number: int) -> list[Cell]:
        return [row[number] if number < len(row) else None for row in self.rows]

    @property
    def own(self) -> bool:
        """In the format that an export writes, which has decimal points and as many cells in each row."""
        return not self.groups and {*self.headers} <= {*ALL_COLUMNS}


@dataclass
class Block:
    sheet: str
    lines: list[int]
    columns: list[Column]
    athlete: str = ""  # where no column says it
    wide: bool = False


def table_of(sheet: Sheet, answers: Answers) -> Table | None:
    """None where nothing in the sheet says that a column holds dates."""
    rows = sheet.rows[:HEADER_WITHIN]
    for number, row in enumerate(rows):
        if any(meaning(header, answers).target == "date" for header in texts(row)):
            return _from(sheet, number)
    first = next((number for number, row in enumerate(rows) if filled(row[0]) and is_date(row[0])), 0)
    return _from(sheet, first - 1) if first else None


def _from(sheet: Sheet, number: int) -> Table:
    headers, body = list(texts(sheet.rows[number])), number + 1
    above = list(texts(sheet.rows[number - 1])) if number else []
    groups = _spread(above, len(headers)) if sum(map(bool, above)) > 1 else []
    below = list(texts(sheet.rows[body])) if body < len(sheet.rows) else []
    if not groups and _is_second_header(headers, below):
        width = max(len(headers), len(below))
        groups, headers, body = _spread(headers, width), _named(headers, below, width), body + 1
    title = next((text for row in sheet.rows[:number] for text in texts(row) if text), "")
    return Table(sheet.title, headers, sheet.rows[body:], sheet.lines[body:], sheet.widths[number:], title, groups)


def _is_second_header(headers: Sequence[str], below: Sequence[str]) -> bool:
    """Names above and measures below, or the other way round; a row of values has a date."""
    above = [meaning(header) for header in headers]
    if any(is_date(text) for text in below if text) or any(each.target == "athlete" for each in above):
        return False
    measures = any(any(meaning(text).targets) for text in below if text)
    repeated = any(any(each.targets) and each.target != "date" for each in above) and bool(below) and not below[0]
    return measures or (repeated and any(text and not text[0].isdigit() for text in below))


def _spread(names: Sequence[str], width: int) -> list[str]:
    """A merged cell holds its name once, over all its columns."""
    padded = [*names, *[""] * (width - len(names))]
    return list(itertools.accumulate(padded, _or_last))


def _or_last(last: str, name: str) -> str:
    return name or last


def _named(headers: Sequence[str], below: Sequence[str], width: int) -> list[str]:
    """The row of measures, with the name of the date column from the row above."""
    pairs = itertools.zip_longest(headers, below, fillvalue="")
    return [under or (over if meaning(over).target == "date" else "") for over, under in itertools.islice(pairs, width)]


# --- blocks --------------------------------------------------------------------------------------------------------


def blocks_of(table: Table, answers: Answers) -> list[Block]:
    meanings = [meaning(header, answers) for header in table.headers]
    dates = next((number for number, each in enumerate(meanings) if each.target == "date"), 0)
    meanings[dates] = Meaning(("date",))  # the first column, where its header does not say it
    if is_wide(table, meanings, dates, answers):
        return list(_by_athlete(table, dates, answers))
    columns = [Column(header, each, table.cells(i)) for i, (header, each) in _enumerated(table.headers, meanings)]
    return [Block(table.sheet, table.lines, columns)]


def _enumerated(headers: Sequence[str], meanings: Sequence[Meaning]) -> Iterator[tuple[int, tuple[str, Meaning]]]:
    yield from enumerate(zip(headers, meanings, strict=True))


def is_wide(table: Table, meanings: Sequence[Meaning], dates: int, answers: Answers) -> bool:
    """Nothing but names beside the dates, or a second row of headers."""
    others = [each for number, each in enumerate(meanings) if number != dates]
    if any(each.target == "athlete" for each in others) or answers.athlete:
        return False
    if table.groups:
        return True
    return any(not each.targets for each in others) and not any(any(each.targets) for each in others)


def measure_of(table: Table, answers: Answers) -> Meaning:
    """What the cells of a sheet of athletes are: said, in the sheet's title, or above its header."""
    if answers.values:
        return meaning("values", Answers(columns={"values": answers.values}))
    found = (meaning(text, answers) for text in (table.title, table.sheet) if text)
    return next((each for each in found if any(each.targets)), Meaning())


def _by_athlete(table: Table, dates: int, answers: Answers) -> Iterator[Block]:
    whole = measure_of(table, answers)
    own: dict[str, list[tuple[int, str, Meaning]]] = {}
    for number, header in enumerate(table.headers):
        group = table.groups[number] if table.groups else ""
        if number == dates or not (header or group):
            continue
        name, label, measure = _name_and_measure(header, group, whole, answers)
        if name:
            own.setdefault(name, []).append((number, label, measure))
    for name, columns in own.items():
        yield _block_of(table, dates, name, columns)


def _name_and_measure(header: str, group: str, whole: Meaning, answers: Answers) -> tuple[str, str, Meaning]:
    """Whose column it is, which header says its measure, and the measure. No name: notes, averages."""
    said, over = meaning(header, answers), meaning(group, answers)
    if group and group != header and any(said.targets):
        return group, header, said
    if said.targets:
        return "", header, said
    return (header, group, over) if any(over.targets) else (header, "", whole)


def _block_of(table: Table, dates: int, name: str, columns: Sequence[tuple[int, str, Meaning]]) -> Block:
    taken = [number for number, *_ in columns]
    days = table.cells(dates)
    rows = [i for i, row in enumerate(table.rows) if any(n < len(row) and filled(row[n]) for n in taken)]
    rows = [i for i in rows if meaning(as_text(days[i])).targets != (UNUSED,)]  # the average below the days
    kept = [Column(label, each, [table.cells(n)[i] for i in rows]) for n, label, each in columns]
    date_column = Column(table.headers[dates], Meaning(("date",)), [days[i] for i in rows])
    return Block(table.sheet, [table.lines[i] for i in rows], [date_column, *kept], athlete=name, wide=True)


def is_nobodys(title: str) -> bool:
    """A sheet's name that the program gave it."""
    return _NOBODYS_TITLE.fullmatch(title.strip()) is not None

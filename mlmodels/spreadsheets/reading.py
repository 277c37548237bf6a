"""A coach's file to text cells in a season log's columns. What the file leaves open is asked, all of it at once."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from measures.season_columns import ALL_COLUMNS, COLUMNS, FLAGS, REQUIRED, TEXTS
from mlmodels.spreadsheets import values
from mlmodels.spreadsheets.headers import (
    FAMILY,
    GIVEN,
    RPE,
    SESSION,
    UNUSED,
    Answers,
    Meaning,
    faults,
    meaning,
    plain,
)
from mlmodels.spreadsheets.layouts import Block, Column, Table, blocks_of, is_nobodys, table_of
from mlmodels.spreadsheets.sheets import Cell, Sheet, Unclear, filled, sheets_of, texts
from mlmodels.spreadsheets.together import one_row_a_date, with_session_loads

_WORDS = {*TEXTS, "athlete", GIVEN, FAMILY}  # no number, and "none" is a word there
_NOT_NUMBERS = {*_WORDS, "date", UNUSED}


@dataclass
class Reading:
    """``cells``: text in a season log's columns, with ``line`` and ``sheet``; ``used``: header to column."""

    cells: pd.DataFrame
    notes: list[str] = field(default_factory=list)
    used: dict[str, str] = field(default_factory=dict)


def read_table(path: Path, answers: Answers | None = None) -> Reading:
    """Raises ``Unclear`` with every question that the file as a whole leaves open."""
    answers = answers or Answers()
    if wrong := faults(answers):
        raise Unclear(*(f"{path.name}: {fault}" for fault in wrong))
    return _Reader(path.name, answers).read(sheets_of(path))


class _Reader:
    def __init__(self, name: str, answers: Answers) -> None:
        self.name, self.answers = name, answers
        self.questions: list[str] = []
        self.notes: list[str] = []
        self.used: dict[str, str] = {}
        self.ignored: dict[str, str] = {}

    def read(self, sheets: Sequence[Sheet]) -> Reading:
        tables = self._tables(sheets)
        own = len(tables) == 1 and tables[0].own and not self.answers.columns
        blocks = [block for table in tables for block in blocks_of(table, self.answers)]
        self._named(blocks)
        for block in blocks:
            self._understand(block)
        self._mistyped(tables)
        self._stop()
        if not any(block.lines for block in blocks):
            raise Unclear(f"{self.name} holds a header and no rows")
        decimal, order = self._decimal(blocks, own), self._order(blocks)
        self._stop()
        cells = pd.concat([self._cells(block, decimal, order) for block in blocks], ignore_index=True).fillna("")
        if own:
            _check_widths(cells, tables[0])
        return Reading(self._together(cells, blocks), [*self._unused(), *self.notes], self.used)

    def _stop(self) -> None:
        if self.questions:
            raise Unclear(*(f"{self.name}: {question}" for question in dict.fromkeys(self.questions)))

    # --- which sheets, whose rows

    def _tables(self, sheets: Sequence[Sheet]) -> list[Table]:
        seen = [sheet for sheet in sheets if not sheet.hidden]
        found = [(sheet, table_of(sheet, self.answers)) for sheet in seen]
        tables = [table for _, table in found if table is not None]
        if not tables:
            first = next((sheet for sheet in seen if sheet.rows), Sheet("", [[]]))
            raise Unclear(self._lacks([meaning(header, self.answers) for header in texts(first.rows[0])]))
        left_out = [sheet.title for sheet, table in found if table is None and sheet.rows]
        left_out += [sheet.title for sheet in sheets if sheet.hidden]
        if left_out:
            self.notes.append(f"sheets that are not used: {_quoted(left_out)}")
        return tables

    def _lacks(self, meanings: Iterable[Meaning]) -> str:
        targets = {each.target for each in meanings}
        missing = ", ".join(name for name in REQUIRED if name not in targets)
        return f"{self.name} lacks the column(s) {missing}; the columns are {', '.join(COLUMNS)}"

    def _named(self, blocks: Sequence[Block]) -> None:
        """Whose a block is that has no column for it: said beside the file, or its sheet's title."""
        nameless = [block for block in blocks if not block.athlete and not {"athlete", FAMILY} & _targets(block)]
        titled = len({block.sheet for block in nameless}) > 1
        for block in nameless:
            if self.answers.athlete:
                block.athlete = self.answers.athlete
            elif titled and not is_nobodys(block.sheet):
                block.athlete = block.sheet
            else:
                where = f" in the sheet {block.sheet!r}" if titled else ""
                lacks = "lacks the column(s) athlete"
                self.questions.append(f'{lacks}{where}: say whose rows they are, --athlete "NAME", {_which(block)}')

    # --- which columns

    def _understand(self, block: Block) -> None:
        for column in block.columns:
            column.meaning = self._settled(column, block)
        self._repeated(block)
        for column in block.columns:
            target = column.meaning.target
            if target != UNUSED and column.header:
                self.used.setdefault(column.header, target)
            elif target == UNUSED and column.header:
                self.ignored.setdefault(column.header, column.meaning.why)

    def _settled(self, column: Column, block: Block) -> Meaning:
        """A meaning that its cells or the other columns decide; else it is asked."""
        means, targets = column.meaning, _targets(block)
        if means.target in ("illness", "injury") and _all_flags(column.cells):
            return Meaning(({"illness": "ill", "injury": "injured"}[means.target],))
        if block.wide and not column.header and (means.open or not means.targets):
            self.questions.append("say what the cells are: --values hrv_rmssd_ms (or another column of a season log)")
            return Meaning()
        if not means.open:
            return means
        if means.targets[0] in targets or (means.open == "session" and not _loads_are_sessions(targets)):
            return Meaning()
        if means.open in ("sleep", "session") and _all_clocks(column.cells, means.open):
            return Meaning(means.targets[:1])
        self.questions.append(_question(column.header, means))
        return Meaning()

    def _repeated(self, block: Block) -> None:
        headers: dict[str, list[str]] = {}
        for column in block.columns:
            if column.meaning.target != UNUSED:
                headers.setdefault(column.meaning.target, []).append(column.header)
        for target, same in headers.items():
            if len(same) > 1:
                way = f'--ignore "{same[-1]}"' if len({*same}) == len(same) else "give each a name of its own"
                self.questions.append(f"repeats the column(s) {target} ({_quoted(same)}): {way}")

    def _mistyped(self, tables: Sequence[Table]) -> None:
        there = {plain(header) for table in tables for header in (*table.headers, *table.groups)}
        self.questions += [f"has no column {name!r}" for name in self.answers.columns if plain(name) not in there]

    def _unused(self) -> list[str]:
        if not self.ignored:
            return []
        reasons = "; ".join(dict.fromkeys(why for why in self.ignored.values() if why))
        return [f"columns that are not used: {_quoted(self.ignored)}" + (f" ({reasons})" if reasons else "")]

    # --- what the whole file decides

    def _decimal(self, blocks: Sequence[Block], own: bool) -> str:
        numbers = (cell for block in blocks for column in block.columns if column.meaning.target not in _NOT_NUMBERS
                   for cell in column.cells if isinstance(cell, str))  # fmt: skip
        shown, depends = values.decimal_sign(numbers, own=own)
        told = self.answers.decimal
        if told and shown and told != shown:
            self.questions.append(f"--decimal {told} is said, and the file has numbers with a decimal {shown}")
        if depends and not (told or shown):
            self.questions.append(f"{depends!r} may be a thousand or a decimal: --decimal comma, or --decimal point")
        return told or shown

    def _order(self, blocks: Sequence[Block]) -> str:
        cells = [cell for block in blocks for column in block.columns if column.meaning.target == "date"
                 for cell in column.cells if filled(cell)]  # fmt: skip
        shown, depends = values.date_order([values.date_text(cell) for cell in cells])
        told = self.answers.dates
        if len(shown) > 1:
            self.questions.append("has dates with the day first and others with the month first; make them one kind")
        elif told and shown and told not in shown:
            self.questions.append(f"--dates {told} is said, and the file has dates that are not")
        elif not told and shown and _also_typed(cells):
            self.questions.append(_MIXED)
        elif depends and not (told or shown):
            self.questions.append(f"{depends!r} may be two dates: --dates day-first, or --dates month-first")
        return told or next(iter(shown), "")

    # --- cells

    def _cells(self, block: Block, decimal: str, order: str) -> pd.DataFrame:
        frame = pd.DataFrame({"line": block.lines, "sheet": block.sheet})
        if block.athlete:
            frame["athlete"] = values.name(block.athlete)
        for column in block.columns:
            if column.meaning.target != UNUSED:
                frame[column.meaning.target] = [*map(_reader(column.meaning, decimal, order), column.cells)]
        if "athlete" not in frame:
            frame["athlete"] = (frame[GIVEN] + " " + frame[FAMILY] if GIVEN in frame else frame[FAMILY]).map(
                values.name
            )
        return frame.drop(columns=[GIVEN, FAMILY], errors="ignore")

    def _together(self, cells: pd.DataFrame, blocks: Sequence[Block]) -> pd.DataFrame:
        if "load_au" not in cells and {RPE, SESSION} <= {*cells.columns}:
            self.notes.append("load_au is RPE x minutes (session RPE, Foster); sessions of a date are added up")
            cells = one_row_a_date(with_session_loads(self.name, cells))
        elif RPE in cells:
            self.notes.append("RPE is not used: " + ("the load column counts" if "load_au" in cells else "no minutes"))
        if any(block.wide for block in blocks) and len(blocks) > 1:
            cells = one_row_a_date(cells)
        order = ["line", "sheet", *(name for name in ALL_COLUMNS if name in cells), *({"cells"} & {*cells.columns})]
        table = cells[order]
        table.attrs = cells.attrs
        return table


def _reader(means: Meaning, decimal: str, order: str) -> Callable[[Cell], str]:
    """Chosen once a column: a log has millions of cells."""
    if means.target == "athlete":
        return values.name
    if means.target in _WORDS:
        return values.as_text
    if means.target == "date":
        return _unless_empty(lambda cell: values.iso_date(values.date_text(cell), order))
    if means.target in FLAGS:
        return _unless_empty(values.flags)
    read, factor = values.READERS.get(means.target, values.numbers), means.factor
    return _unless_empty(lambda cell: read(cell, decimal, factor))


def _unless_empty(read: Callable[[Cell], str]) -> Callable[[Cell], str]:
    def text_of(cell: Cell) -> str:
        cell = values.emptied(cell)
        return "" if cell is None else read(cell)

    return text_of


def _check_widths(cells: pd.DataFrame, table: Table) -> None:
    """A row of an export has as many cells as its header; Excel leaves empty ones out as it likes."""
    header, *rows = table.widths
    full = [max(width, len(row)) if len(row) > len(table.headers) else min(width, header)
            for width, row in zip(rows, table.rows, strict=True)]  # fmt: skip
    cells["cells"] = [len(table.headers) if width == header else width for width in full]
    cells.attrs["width"] = len(table.headers)


def _targets(block: Block) -> set[str]:
    return {column.meaning.target for column in block.columns} - {UNUSED}


def _loads_are_sessions(targets: set[str]) -> bool:
    return RPE in targets and "load_au" not in targets


def _all_flags(cells: Iterable[Cell]) -> bool:
    given = [cell for cell in map(values.emptied, cells) if filled(cell)]
    return bool(given) and all(values.flags(cell) in ("0", "1") for cell in given)


def _all_clocks(cells: Iterable[Cell], kind: str) -> bool:
    """7:30 is a night's hours, and 22:45 may be a bedtime."""
    given = [values.clock_h(cell) for cell in map(values.emptied, cells) if filled(cell)]
    hours = [each for each in given if each is not None]
    if not hours or len(hours) < len(given):
        return False
    return kind == "session" or (max(hours) <= 16 and 3 <= statistics.median(hours) <= 14)


def _also_typed(cells: Iterable[Cell]) -> bool:
    kinds = {isinstance(cell, str) for cell in cells if not isinstance(cell, str) or values.day_or_month(cell)}
    return len(kinds) > 1


_MIXED = (
    "has text like '31/05/2026' beside real dates, in which the program may have taken day for month: make them one "
    "kind, or say --dates day-first (or month-first)"
)
_ASKS = {  # what is open about a header, and what answers it
    "hrv": ("does not say whether it is rMSSD", "hrv_rmssd_ms", ""),
    "sleep": ("may be hours, minutes or a score", "sleep_h", " (or sleep_min, sleep_score)"),
    "session": ("does not say its unit", SESSION, " (or duration_h)"),
}


def _question(header: str, means: Meaning) -> str:
    if means.open not in _ASKS:
        return f'{header!r}: {means.open}: --ignore "{header}"'
    what, target, others = _ASKS[means.open]
    return f'{header!r} {what}: --column "{header}={target}"{others}, or --ignore "{header}"'


def _which(block: Block) -> str:
    header = next((column.header for column in block.columns if column.meaning.target == UNUSED), "HEADER")
    return f'or which column says it, --column "{header}=athlete"'


def _quoted(names: Iterable[str]) -> str:
    return ", ".join(f"{name!r}" for name in names)

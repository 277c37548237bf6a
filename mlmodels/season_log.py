"""The season log: one row per athlete and local date; what everything is fitted on.

A coach's own CSV or workbook becomes these columns in ``mlmodels.spreadsheets``. Checking is strict: every bad cell is
named with line and column, wrong units are called by their name, and an athlete with one bad cell is left out as a
whole, because a silently shortened season changes every average after the gap. One file: a column, its range and its
refusal belong together.
"""

from __future__ import annotations

import datetime as dt
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from measures.answers import TIMING_FAT, TIMING_HAND, TIMING_TRIAL
from measures.season_columns import ALL_COLUMNS, CODES, COLUMNS, FLAGS, LONGEST_ADDRESS, LONGEST_NAME, MARKS, REQUIRED
from mlmodels.spreadsheets import values as cell_values
from mlmodels.spreadsheets.headers import Answers
from mlmodels.spreadsheets.reading import read_table
from mlmodels.spreadsheets.sheets import Unclear
from mlmodels.state.arrays import FloatArray
from mlmodels.state.days import Evening, Morning

TIMINGS = {"": TIMING_TRIAL, "trial": TIMING_TRIAL, "app": TIMING_HAND, "hand": TIMING_HAND,
           "gates": TIMING_FAT, "fat": TIMING_FAT}  # fmt: skip
MAX_BYTES = 200 * 1024 * 1024
EARLIEST, LATEST = dt.date(1990, 1, 1), dt.date(2100, 1, 1)

_ERA = "(rmssd|sdnn)/[a-z0-9_]{1,24}/[a-z0-9_]{1,24}"
_READING = _ERA + "=[0-9.e-]{1,25}"
_TEXTS: dict[str, re.Pattern[str]] = {
    "hrv_era": re.compile(_ERA),
    "hrv_readings": re.compile(f"{_READING}( {_READING})*"),
    "illness": re.compile("above_neck|below_neck|fever"),
    "injury": re.compile("niggle"),
    "red_flag": re.compile("none|chest_pain|fainting|palpitations|breathless_at_rest|head_injury"),
}
_BOOLEANS = {"True": "1", "False": "0"}  # as pandas writes a column of booleans
_ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_PLAIN_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class Problem:
    """One bad cell. ``line`` counts from 1 with the header as line 1; 0 = the file as a whole."""

    line: int
    column: str
    athlete: str
    message: str
    sheet: str = ""
    kind: str = ""  # the message without the cell: problems of one kind in one column are told in one line

    def __str__(self) -> str:
        where = f"sheet {self.sheet!r}, line {self.line}" if self.sheet else f"line {self.line}"
        return f"{where}, {self.column}: {self.message}" if self.line else self.message


def told(problems: Iterable[Problem]) -> Iterator[str]:
    """A line for each kind of problem in each column: the first cell, how many more, and whose they are."""
    same: dict[tuple[str, ...], list[Problem]] = defaultdict(list)
    for problem in problems:
        same[(problem.column, problem.kind or problem.message, problem.sheet)].append(problem)
    for first, *others in same.values():
        lines = ", ".join(str(problem.line) for problem in others[:5]) + (", ..." if len(others) > 5 else "")
        more = f"; so are {len(others)} more cells of the column, in line {lines}" if others else ""
        names = list(dict.fromkeys(problem.athlete for problem in (first, *others) if problem.athlete))
        whose = f" ({', '.join(names[:5])}{', ...' if len(names) > 5 else ''})" if names else ""
        yield f"{first}{more}{whose}"


class SeasonLogError(ValueError):
    """A file that cannot be used at all, or, from ``read_season_log``, one with bad cells."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        lines = list(told(problems))
        more = f"; and {len(lines) - 5} more kinds" if len(lines) > 5 else ""
        super().__init__(f"{len(problems)} problem(s): {'; '.join(lines[:5])}{more}")


@dataclass
class Log:
    """``frame``: the rows of the athletes without a bad cell; ``notes``: how the file was understood."""

    frame: pd.DataFrame
    problems: list[Problem]
    notes: list[str] = field(default_factory=list)
    used: dict[str, str] = field(default_factory=dict)


def read_season_log(path: Path | str) -> pd.DataFrame:
    """The whole log, or ``SeasonLogError`` with every bad cell."""
    frame, problems = read_good_athletes(path)
    if problems:
        raise SeasonLogError(problems)
    return frame


def read_good_athletes(path: Path | str) -> tuple[pd.DataFrame, list[Problem]]:
    """The rows of the athletes without a bad cell, and every bad cell of the others."""
    log = read_log(path)
    return log.frame, log.problems


def read_log(path: Path | str, answers: Answers | None = None) -> Log:
    """A log in this format or a coach's own table; ``answers``: what the file leaves open.

    Raises ``SeasonLogError`` where the file as a whole cannot be read: no such columns, not text, too large.
    """
    path = Path(path)
    if path.stat().st_size > MAX_BYTES:
        raise _whole(f"{path.name} is larger than {MAX_BYTES // 2**20} MiB")
    if path.suffix.lower() in (".parquet", ".pq"):
        return Log(*check_season_log(_read_parquet(path)))
    try:
        reading = read_table(path, answers)
    except Unclear as unclear:
        raise SeasonLogError([Problem(0, "", "", sentence) for sentence in unclear.sentences]) from None
    return Log(*check_season_log(reading.cells), reading.notes, reading.used)


def check_season_log(cells: pd.DataFrame) -> tuple[pd.DataFrame, list[Problem]]:
    """Text cells (a ``line`` column beside them) to typed rows of good athletes, sorted by athlete and date."""
    checker = _Checker(cells)
    frame = checker.typed()
    bad = {problem.athlete for problem in checker.problems}
    good = frame[~frame["athlete"].isin(bad)].drop(columns="line")
    return good.sort_values(["athlete", "date"], ignore_index=True), checker.sorted_problems()


def write_season_log(frame: pd.DataFrame, path: Path | str) -> None:
    """Write a log in this format. Numbers keep all their digits; what is not known stays empty.

    A name that a spreadsheet would take for a formula gets an apostrophe before it, and loses it when it is read.
    """
    path = Path(path)
    marks = [name for name in MARKS if name in frame and (frame[name].notna() & (frame[name] != "")).any()]
    table = frame.reindex(columns=[*COLUMNS, *marks]).copy()
    table["date"] = pd.to_datetime(table["date"]).dt.strftime("%Y-%m-%d")
    if path.suffix.lower() in (".parquet", ".pq"):
        table.to_parquet(path, index=False)
        return
    table["athlete"] = table["athlete"].map(_harmless)
    for name in {*FLAGS, *CODES} & {*table.columns}:
        table[name] = pd.to_numeric(table[name]).astype("Int64")
    table.to_csv(path, index=False, lineterminator="\n")


def _harmless(name: Any) -> str:
    return f"'{name}" if str(name).lstrip("'").startswith(_FORMULA) else str(name)


def _as_named(cell: str) -> str:
    return cell[1:] if cell.startswith("'") and cell.lstrip("'").startswith(_FORMULA) else cell


# --- Reading cells -------------------------------------------------------------------------------------------------


def _whole(message: str) -> SeasonLogError:
    return SeasonLogError([Problem(0, "", "", message)])


def _read_parquet(path: Path) -> pd.DataFrame:
    try:
        frame = pd.read_parquet(path)
    except (OSError, ValueError) as error:  # pyarrow's ArrowInvalid is a ValueError
        raise _whole(f"{path.name} is not a Parquet file: {error}") from None
    _check_header([str(name) for name in frame.columns], path.name)
    if frame.empty:
        raise _whole(f"{path.name} holds no rows")
    return as_cells(frame)


def as_cells(frame: pd.DataFrame) -> pd.DataFrame:
    """A typed frame as text cells, numbered as its CSV would be, so that one checker serves both."""
    cells = pd.DataFrame({name: [_as_text(value) for value in frame[name]] for name in frame.columns}, dtype=str)
    cells["athlete"] = cells["athlete"].map(_harmless)
    cells["line"] = np.arange(2, len(frame) + 2)
    return cells


def _as_text(value: Any) -> str:
    if value is None or value is pd.NaT or value is pd.NA or (isinstance(value, float) and value != value):
        return ""
    if isinstance(value, pd.Timestamp | dt.datetime):
        midnight = value.time() == dt.time(0)
        return value.strftime("%Y-%m-%d") if midnight else value.isoformat()
    if isinstance(value, bool | np.bool_):
        return str(int(value))
    return repr(float(value)) if isinstance(value, float | np.floating) else str(value)


def _check_header(header: list[str], name: str) -> None:
    missing = [column for column in REQUIRED if column not in header]
    unknown = [column for column in header if column not in ALL_COLUMNS]
    double = sorted({column for column in header if header.count(column) > 1})
    faults = [
        text
        for names, text in (
            (missing, f"lacks the column(s) {', '.join(missing)}"),
            (unknown, f"has unknown column(s) {', '.join(map(repr, unknown))}"),
            (double, f"repeats the column(s) {', '.join(double)}"),
        )
        if names
    ]
    if any("sdnn" in column.lower() for column in unknown):
        faults.append("SDNN is another measure than rMSSD and is never converted: leave it out")
    if faults:
        raise _whole(f"{name} {'; '.join(faults)}; the columns are {', '.join(COLUMNS)}")


# --- Checking cells ------------------------------------------------------------------------------------------------


class _Checker:
    """Types one table of text cells column by column and collects what is wrong with them."""

    def __init__(self, cells: pd.DataFrame) -> None:
        self.cells = cells.assign(**{name: "" for name in COLUMNS if name not in cells.columns})
        self.lines = self.cells["line"].to_numpy()
        self.athletes = self.cells["athlete"].map(cell_values.name).map(_as_named)
        sheets = self.cells.get("sheet", pd.Series("", index=self.cells.index))
        self.sheets = sheets if sheets.nunique() > 1 else sheets.map(lambda _: "")
        self.problems: list[Problem] = []

    def typed(self) -> pd.DataFrame:
        frame = pd.DataFrame({"athlete": self.athletes, "date": self._dates()})
        self._check_athletes()
        self._check_widths()
        for name in (*COLUMNS[2:], *(mark for mark in MARKS if mark in self.cells)):
            if name == "timing":
                frame[name] = self._timings()
            elif name in _TEXTS:
                frame[name] = self._texts(name)
            else:
                frame[name] = self._numbers(name)
        self._check_duplicates(frame)
        for name, table in _LIMITS.items():
            if name in frame:
                self._check_range(name, frame[name], *table)
        self._check_pairs(frame)
        for name, check in _UNIT_CHECKS.items():
            self._check_units(name, frame, check)
        frame["line"] = self.lines
        return frame

    def sorted_problems(self) -> list[Problem]:
        return sorted(self.problems, key=lambda p: (p.line, ALL_COLUMNS.index(p.column)))

    def _add(self, rows: NDArray[np.bool_] | pd.Series[bool], column: str, message: str) -> None:
        for i in np.flatnonzero(np.asarray(rows, dtype=bool)):
            cell = str(self.cells[column].iloc[i])[:40]
            self._tell(int(i), column, message.format(cell=repr(cell)), message)

    def _tell(self, i: int, column: str, message: str, kind: str) -> None:
        athlete, sheet = str(self.athletes.iloc[i]), str(self.sheets.iloc[i])
        self.problems.append(Problem(int(self.lines[i]), column, athlete, message, sheet, kind))

    def _check_athletes(self) -> None:
        self._add(self.athletes == "", "athlete", "is empty")
        long = (self.athletes.str.len() > LONGEST_NAME) & ~self.athletes.str.contains("@", regex=False)
        self._add(long, "athlete", f"{{cell}}... is longer than {LONGEST_NAME} characters; write a shorter name")
        self._add(self.athletes.str.len() > LONGEST_ADDRESS, "athlete", "{cell}... is too long for an e-mail address")
        formulas = self.cells["athlete"].str.strip().str.startswith(_FORMULA)
        self._add(formulas, "athlete", "{cell} looks like a spreadsheet formula")

    def _check_widths(self) -> None:
        width = self.cells.attrs.get("width")
        if width is None:
            return
        for i in np.flatnonzero(self.cells["cells"] != width):
            message = f"this line has {self.cells['cells'].iloc[i]} cells, the header has {width}"
            self._tell(int(i), "athlete", message, message)

    def _dates(self) -> pd.Series[Any]:
        text = self.cells["date"].str.strip()
        shaped = text.map(lambda value: _ISO_DATE.fullmatch(value) is not None)
        parsed = pd.to_datetime(text.where(shaped), format="%Y-%m-%d", errors="coerce")
        swapped = parsed.isna() & pd.to_datetime(text.where(shaped), format="%Y-%d-%m", errors="coerce").notna()
        self._add(~shaped, "date", "{cell} is not a date like 2026-05-31")
        self._add(shaped & parsed.isna() & ~swapped, "date", "{cell} is no day of the calendar")
        self._add(swapped, "date", "{cell} is no day of the calendar; is it year-day-month? Write year-month-day")
        outside = (parsed < pd.Timestamp(EARLIEST)) | (parsed > pd.Timestamp(LATEST))
        self._add(outside, "date", f"{{cell}} is not between {EARLIEST} and {LATEST}")
        if swapped.any() and not (parsed.dt.day > 12).any():
            raise SeasonLogError(self.sorted_problems())  # every other date of the file is as suspect
        return parsed

    def _numbers(self, name: str) -> pd.Series[float]:
        text = self.cells[name].str.strip()
        if name in FLAGS:
            text = text.replace(_BOOLEANS)
        given = text != ""
        plain = text.map(lambda value: _PLAIN_NUMBER.fullmatch(value) is not None)
        formula = given & ~plain & text.str.startswith(("=", "+", "-", "@"))
        comma = given & ~plain & text.str.fullmatch(r"[+-]?\d+,\d+")
        self._add(formula, name, "{cell} looks like a spreadsheet formula; paste values")
        self._add(comma, name, "{cell} has a decimal comma; write a point")
        self._add(given & ~plain & ~formula & ~comma, name, "{cell} is not a number; leave what is not known empty")
        # float() reads back every digit that repr() wrote; pandas' own parser may be one bit off
        return text.where(given & plain, "nan").map(float)

    def _timings(self) -> pd.Series[str]:
        text = self.cells["timing"].str.strip().str.lower()
        self._add(~text.isin(list(TIMINGS)), "timing", "{cell} is none of fat, gates, hand, app, trial")
        return text

    def _texts(self, name: str) -> pd.Series[str]:
        text = self.cells[name].str.strip()
        known = text.map(lambda value: not value or _TEXTS[name].fullmatch(value) is not None)
        self._add(~known, name, "{cell} is nothing that an export writes here")
        if name == "hrv_readings":
            self._add(known & ~text.map(_plausible_readings), name, "{cell} holds a value outside 0 to 500 ms")
        return text

    def _check_duplicates(self, frame: pd.DataFrame) -> None:
        double = frame["date"].notna() & frame.duplicated(["athlete", "date"])
        self._add(double, "date", "{cell} appears twice for this athlete")

    def _check_range(self, name: str, values: pd.Series[float], low: float, high: float, above_low: bool) -> None:
        sentinel = values.isin([0.0, -1.0]) if above_low else values == -1.0
        outside = values.notna() & ~((values > low if above_low else values >= low) & (values <= high))
        self._add(outside & sentinel, name, "{cell} stands for a missing value; leave the cell empty")
        unit = pd.Series(False, index=values.index)
        for hint_low, hint_high, message in _UNIT_HINTS.get(name, ()):
            hinted = outside & ~sentinel & (values >= hint_low) & (values <= hint_high)
            self._add(hinted, name, "{cell} " + message)
            unit |= hinted
        limits = f"{'above' if above_low else 'from'} {low:g} to {high:g}"
        self._add(outside & ~sentinel & ~unit, name, f"{{cell}} is outside the range, {limits}")
        if name in (*FLAGS, *CODES):
            self._add(values.notna() & ~outside & (values != np.floor(values)), name, "{cell} is not a whole number")

    def _check_pairs(self, frame: pd.DataFrame) -> None:
        trained_on_rest = (frame["rest_day"] == 1) & (frame["load_au"] > 0)
        self._add(trained_on_rest, "rest_day", "a rest day with a load above 0")
        if {"hrv_era", "hrv_readings"} & {*frame.columns}:
            eras = frame.get("hrv_era", pd.Series("", index=frame.index))
            read = frame.get("hrv_readings", pd.Series("", index=frame.index))
            named = frame["hrv_rmssd_ms"].notna() & (eras != "")
            pairs = zip(eras, read, frame["hrv_rmssd_ms"], strict=True)
            told = [f"{era}={ms!r}" in text.split() for era, text, ms in pairs]
            self._add(named & ~np.array(told, dtype=bool), "hrv_rmssd_ms", "{cell} is not what hrv_readings says")

    def _check_units(self, name: str, frame: pd.DataFrame, check: tuple[float, float, str]) -> None:
        """A whole column in the wrong unit: the median of an athlete's values tells, one value does not."""
        low, high, message = check
        medians = frame.groupby("athlete")[name].transform("median")
        counts = frame.groupby("athlete")[name].transform("count")
        known = frame[frame[name].notna()].drop_duplicates("athlete").index
        odd = (counts >= 3) & ((medians < low) | (medians > high))
        self._add(odd & frame.index.isin(known), name, message)


def _plausible_readings(text: str) -> bool:
    try:
        return all(0 < float(pair.partition("=")[2]) <= 500 for pair in text.split())
    except ValueError:
        return False


def fits(name: str, value: Any) -> bool:
    """Whether a log may hold this value."""
    if name not in _LIMITS or value is None:
        return True
    low, high, above_low = _LIMITS[name]
    return bool((value > low if above_low else value >= low) and value <= high)


# column -> lowest, highest, whether the lowest itself is excluded. The widest values that a person can have.
_LIMITS: dict[str, tuple[float, float, bool]] = {
    "hrv_rmssd_ms": (0.0, 500.0, True),
    "sleep_score": (0.0, 100.0, False),
    "sleep_h": (0.0, 24.0, True),
    "load_au": (0.0, 12_000.0, False),  # two sessions of 10 h at RPE 10, as a day here
    "high_intensity_share": (0.0, 1.0, False),
    "rest_day": (0.0, 1.0, False),
    "t400_s": (40.0, 240.0, False),
    "ill": (0.0, 1.0, False),
    "injured": (0.0, 1.0, False),
    "planned_load_au": (0.0, 6000.0, False),
    "planned_high_intensity_share": (0.0, 1.0, False),
    "action": (0.0, 3.0, False),
    "hrv_doubted_ms": (0.0, 500.0, True),
    "resting_hr_bpm": (20.0, 150.0, False),
    "fatigue_1_5": (1.0, 5.0, False),
    "soreness_1_5": (1.0, 5.0, False),
    "readiness_1_5": (1.0, 5.0, False),
    "worst_item_1_5": (1.0, 5.0, False),
    "pain_0_10": (0.0, 10.0, False),
    "note_asks": (0.0, 1.0, False),
    "load_estimated": (0.0, 1.0, False),
    "assumed_load_au": (0.0, 12_000.0, False),
    "assumed_high_intensity_share": (0.0, 1.0, False),
    "advised": (0.0, 3.0, False),
}
# column -> values outside its limits that betray another unit
_UNIT_HINTS: dict[str, tuple[tuple[float, float, str], ...]] = {
    "sleep_h": (
        (60.0, 1440.0, "looks like minutes; hours are wanted"),
        (3600.0, 86400.0, "looks like seconds; hours are wanted"),
    ),
    "load_au": ((12_000.0, 1e6, "looks like RPE x seconds; RPE x minutes is wanted"),),
    "planned_load_au": ((6000.0, 1e6, "looks like RPE x seconds; RPE x minutes is wanted"),),
    "t400_s": ((0.6, 4.0, "looks like minutes; seconds are wanted"), (40000.0, 240000.0, "looks like milliseconds")),
    "high_intensity_share": ((1.0, 100.0, "looks like percent; a share from 0 to 1 is wanted"),),
    "planned_high_intensity_share": ((1.0, 100.0, "looks like percent; a share from 0 to 1 is wanted"),),
}  # fmt: skip
# column -> plausible median of an athlete, lowest and highest, and what an implausible one looks like
_UNIT_CHECKS: dict[str, tuple[float, float, str]] = {
    "hrv_rmssd_ms": (5.0, 250.0, "this athlete's values look like seconds or another measure; rMSSD in ms is wanted"),
    "sleep_score": (5.0, 100.0, "this athlete's scores look like a 0-1 or 1-5 scale; 0-100 is wanted"),
    "sleep_h": (2.0, 14.0, "this athlete's values look like another unit; hours are wanted"),
    "load_au": (0.0, 2500.0, "this athlete's loads look like RPE x seconds; RPE x minutes is wanted"),
}


# --- The daily grid ------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Grid:
    """A log on one daily calendar: arrays (days, athletes), NaN = not known; a day without a row is all NaN.

    ``first_day``: index of each athlete's first row.
    """

    athletes: list[str]
    dates: list[dt.date]
    first_day: NDArray[np.int64]
    values: dict[str, FloatArray]

    def morning(self, t: int) -> Morning:
        n, v = len(self.athletes), self.values
        return Morning.of(
            n,
            hrv_rmssd_ms=v["hrv_rmssd_ms"][t],
            sleep_score=v["sleep_score"][t],
            sleep_h=v["sleep_h"][t],
            ill=np.nan_to_num(v["ill"][t]),
            injured=np.nan_to_num(v["injured"][t]),
            planned_load_au=v["planned_load_au"][t],
            planned_high_intensity_share=v["planned_high_intensity_share"][t],
            weekday=np.full(n, float(self.dates[t].weekday())),
        )

    def evening(self, t: int) -> Evening:
        v = self.values
        return Evening.of(
            len(self.athletes),
            load_au=v["load_au"][t],
            high_intensity_share=v["high_intensity_share"][t],
            t400_s=v["t400_s"][t],
            timing=v["timing"][t],
            action_taken=np.nan_to_num(v["action"][t], nan=-1.0),
        )


def scan(days: pd.DataFrame, *, until: dt.date | None = None) -> Grid:
    """A checked log as a daily grid to ``until`` inclusive (default: the last row); later rows are not looked at.

    A rest day without a load is 0. Raises ``SeasonLogError`` when a date appears twice for an athlete.
    """
    dates = pd.to_datetime(days["date"])
    if until is not None:
        days, dates = days[dates <= pd.Timestamp(until)], dates[dates <= pd.Timestamp(until)]
    if days.empty:
        return Grid([], [], np.zeros(0, dtype=np.int64), {})
    codes, names = pd.factorize(days["athlete"].astype(str), sort=True)
    start, end = dates.min(), pd.Timestamp(until) if until is not None else dates.max()
    calendar = [stamp.date() for stamp in pd.date_range(start, end)]
    t = ((dates - start) // pd.Timedelta(days=1)).to_numpy(dtype=np.int64)
    if len(np.unique(t * len(names) + codes)) != len(t):
        raise _whole("a date appears twice for an athlete")
    codes = np.asarray(codes, dtype=np.int64)
    first = np.full(len(names), len(calendar), dtype=np.int64)
    np.minimum.at(first, codes, t)
    values = {name: _on_grid(days, name, t, codes, (len(calendar), len(names))) for name in _GRID_COLUMNS}
    rest = (values["rest_day"] == 1) & np.isnan(values["load_au"])
    values["load_au"][rest] = 0.0
    return Grid([str(name) for name in names], calendar, first, values)


_GRID_COLUMNS = COLUMNS[2:]


def _on_grid(days: pd.DataFrame, name: str, t: NDArray[Any], codes: NDArray[Any], shape: tuple[int, int]) -> FloatArray:
    grid = np.full(shape, float(TIMING_TRIAL) if name == "timing" else np.nan)
    if name not in days.columns:
        return grid
    if name == "timing":
        grid[t, codes] = days[name].map(lambda text: TIMINGS.get(text, TIMING_TRIAL) if isinstance(text, str) else 0)
    else:
        grid[t, codes] = pd.to_numeric(days[name], errors="raise").astype(np.float64)
    return grid


# --- What cannot be refused and should be said ---------------------------------------------------------------------

HIGH_RMSSD_MS = 120.0  # median of a squad: overnight SDNN of the fit lies there, rMSSD of a squad below (convention)
STEADY_SD_LN = 0.10  # of ln rMSSD within an athlete: rMSSD varies by 0.12-0.25 from day to day, averages and SDNN less
MANY_GAPS = 0.2


def doubts(frame: pd.DataFrame) -> list[str]:
    """What a checked log cannot be refused for: sentences for whoever fits on it, empty where nothing is odd."""
    said = [*_hrv_doubts(frame)]
    athletes = frame["athlete"].nunique()
    if athletes == 1:
        said.append("one athlete: what is called the group is this athlete alone, and says nothing about anybody else")
    days = pd.to_datetime(frame["date"])
    span = frame.assign(day=days).groupby("athlete")["day"].agg(lambda own: (own.max() - own.min()).days + 1).sum()
    known = int((frame["load_au"].notna() | (frame["rest_day"] == 1)).sum()) if "load_au" in frame else 0
    if known < (1 - MANY_GAPS) * span:
        said.append(
            f"{100 * (1 - known / span):.0f} % of the days have no load: plan or usual day stand in for them, so that"
            " what an athlete answers to is partly a guess"
        )
    return said


def _hrv_doubts(frame: pd.DataFrame) -> list[str]:
    ln = np.log(pd.to_numeric(frame["hrv_rmssd_ms"], errors="coerce").where(lambda ms: ms > 0)).dropna()
    own = ln.groupby(frame["athlete"].loc[ln.index])
    if not len(ln):
        return []
    level, spread = float(np.exp(own.median().median())), float(own.std().median())
    if level > HIGH_RMSSD_MS:
        return [f"the squad's median HRV is {level:.0f} ms, high for rMSSD: if the column holds SDNN, leave it empty"]
    if spread < STEADY_SD_LN and (own.size() >= 14).any():
        return [
            f"HRV varies by {100 * spread:.0f} % from day to day, less than rMSSD does:"
            " if the column holds SDNN or averages of days, leave it empty"
        ]
    return []

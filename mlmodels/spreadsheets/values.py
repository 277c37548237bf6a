"""What cells mean, decided by the whole file: decimal comma or point, order of day and month, words for yes and no.

Each function turns cells into the text that a season log holds, and leaves alone what it does not understand, so that
the log's own check names it with line and column. Where two readings are possible nothing is chosen.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence

from mlmodels.spreadsheets.sheets import Cell, Percent, filled

COMMA, POINT = "comma", "point"
DAY_FIRST, MONTH_FIRST = "day-first", "month-first"
NOTHING = {
    "", "na", "n/a", "n.a.", "n.a", "nan", "null", "nil", "none", "-", "–", "—", "--", "---", "−", "?", ".", "#n/a",
    "#nv", "#n/d", "k.a.", "k. a.", "k.a", "keine", "keine angabe", "n.d.", "nd", "s/o", "s.o.", "sin dato", "vide",
    "缺失", "无数据", "未测", "/",
}  # fmt: skip
YES = {"true", "vrai", "wahr", "verdadero", "真", "yes", "ja", "oui", "sí", "si", "是", "有", "y", "j", "o", "x",
       "✓", "✔", "✅", "☑", "1", "1.0"}  # fmt: skip
NO = {"false", "faux", "falsch", "falso", "假", "no", "nein", "non", "否", "无", "没有", "n", "✗", "✘", "❌", "☐",
      "0", "0.0"}  # fmt: skip
_SPACED = re.compile(r"([+-]?\d{1,3})((?:[ '’\u00a0\u202f\u2009]\d{3})+)(?=\D|$)")
_SIMPLE = re.compile(r"[0-9]*(\.[0-9]+)?")  # almost every cell: nothing to decide
_A_POINT = re.compile(r"[0-9]+\.([0-9]{1,2}|[0-9]{4,})")
_GROUPS = re.compile(r"[+-]?[1-9]\d{0,2}([.,])\d{3}")  # 1,050 or 1.050: thousands or decimals
_DECIMAL = re.compile(r"[+-]?\d*([.,])\d+([eE][+-]?\d{1,3})?")
_THOUSANDS = re.compile(r"[+-]?\d{1,3}(?:([.,])\d{3})+(?:([.,])\d+)?")
_CLOCK = re.compile(r"(\d{1,3}):([0-5]\d)(?::([0-5]\d))?(?:[.,]0+)?")
_HOURS = re.compile(r"(\d{1,3}) ?(?:h|std\.?|小时|时)(?: ?([0-5]?\d) ?(?:min|m|分钟?|')?)?", re.IGNORECASE)
_LAP = re.compile(r"(?:0{1,2}:)?(\d{1,2})[:'′](\d{2}(?:[.,]\d{1,3})?)(?:\"|''|″)?")


def as_text(cell: Cell) -> str:
    """Numbers with all their digits; whole ones without a point."""
    if not filled(cell):
        return ""
    if isinstance(cell, float):
        return repr(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(float(cell))
    return str(cell).strip()


def emptied(cell: Cell) -> Cell:
    """None where a cell says that there is nothing, in any of the ways that people and programs say it."""
    if isinstance(cell, str):
        return None if cell.strip().casefold() in NOTHING else cell.strip()
    return None if isinstance(cell, float) and cell != cell else cell


def name(cell: Cell) -> str:
    """A person's name as it is compared: composed (NFC), without white space or marks of no width around it."""
    return unicodedata.normalize("NFC", as_text(cell).strip(" \t\u00a0\u200b\u200e\u200f\ufeff"))


# --- numbers -------------------------------------------------------------------------------------------------------


def signs(text: str) -> set[str]:
    """Which decimal sign this number shows: one, none, or with ``?`` one of the two (1,050)."""
    if "." not in text and "," not in text:
        return set()
    if _A_POINT.fullmatch(text):
        return {"."}
    text = ungrouped(text)
    if match := _GROUPS.fullmatch(text):
        return {"?" + match[1]}
    if match := _DECIMAL.fullmatch(text):
        return {match[1]}
    match = _THOUSANDS.fullmatch(text)
    if not match:
        return set()
    if match[2]:
        return {match[2]} if match[1] != match[2] else set()
    return {"," if match[1] == "." else "."}


def decimal_sign(texts: Iterable[str], *, own: bool) -> tuple[str, str]:
    """COMMA, POINT or nothing where the file does not say; and the first number that depends on it.

    ``own``: an export's format, which has decimal points.
    """
    seen: set[str] = set()
    open_text = ""
    for text in texts:
        shown = signs(text)
        if own and shown == {"?."}:
            shown = {"."}
        open_text = open_text or (text if any(sign.startswith("?") for sign in shown) else "")
        seen |= shown
    seen &= {",", "."}
    return ({frozenset(","): COMMA, frozenset("."): POINT}.get(frozenset(seen), ""), open_text)


def ungrouped(text: str) -> str:
    """1 050 and 1'050 are thousands in every language."""
    text = unicodedata.normalize("NFKC", text.replace("’", "'")).strip()
    return _SPACED.sub(lambda match: match[1] + re.sub(r"\D", "", match[2]), text)


def number(text: str, decimal: str) -> str:
    """With a decimal point and no thousands' signs; as it was where it is no number of that kind."""
    if decimal != COMMA and _SIMPLE.fullmatch(text):
        return text
    plain = ungrouped(text)
    own, group = (",", ".") if decimal == COMMA else (".", ",")
    if _THOUSANDS.fullmatch(plain) and re.fullmatch(rf"[+-]?\d{{1,3}}(\{group}\d{{3}})+(\{own}\d+)?", plain):
        return plain.replace(group, "").replace(own, ".")
    if decimal == COMMA and (match := _DECIMAL.fullmatch(plain)) and match[1] == ",":
        return plain.replace(",", ".")
    return text if decimal == COMMA and "." in plain else plain


# --- what a column holds -------------------------------------------------------------------------------------------


def numbers(cell: Cell, decimal: str, factor: float = 1.0) -> str:
    """A workbook's number is one: only text has a decimal sign to decide."""
    return scaled(number(cell, decimal) if isinstance(cell, str) else as_text(cell), factor)


def scaled(text: str, factor: float) -> str:
    if factor == 1.0:
        return text
    try:
        return as_text(float(text) * factor)
    except ValueError:
        return text


def shares(cell: Cell, decimal: str, factor: float = 1.0) -> str:
    """0.3, 30 % and a workbook's 30 % are one share."""
    if isinstance(cell, Percent):
        return repr(float(cell))
    text = as_text(cell)
    if text.endswith(("%", "％")):
        return scaled(number(text[:-1].strip(), decimal), 0.01)
    return numbers(cell, decimal, factor)


def scores(cell: Cell, decimal: str, factor: float = 1.0) -> str:
    if isinstance(cell, Percent):
        return as_text(float(cell) * 100)
    return numbers(cell.rstrip("%％ ") if isinstance(cell, str) else cell, decimal, factor)


def flags(cell: Cell, decimal: str = "", factor: float = 1.0) -> str:
    if isinstance(cell, bool):
        return str(int(cell))
    word = as_text(cell).casefold()
    return "1" if word in YES else "0" if word in NO else as_text(cell)


def clock_h(cell: Cell) -> float | None:
    """7:30, 7h30, a workbook's time or length of time, in hours."""
    if isinstance(cell, dt.timedelta):
        return cell.total_seconds() / 3600
    if isinstance(cell, dt.time):
        return cell.hour + cell.minute / 60 + cell.second / 3600
    text = as_text(cell)
    if match := _CLOCK.fullmatch(text):
        return int(match[1]) + int(match[2]) / 60 + int(match[3] or 0) / 3600
    match = _HOURS.fullmatch(text)
    return int(match[1]) + int(match[2] or 0) / 60 if match else None


def hours(cell: Cell, decimal: str, factor: float = 1.0) -> str:
    told = clock_h(cell)
    return numbers(cell, decimal, factor) if told is None else as_text(told)


def minutes(cell: Cell, decimal: str, factor: float = 1.0) -> str:
    """1:15 is an hour and a quarter; from 10:00 on it may be minutes and seconds, and stays as it is."""
    told = clock_h(cell)
    if told is None:
        return numbers(cell, decimal, factor)
    return as_text(round(told * 60, 6)) if told < 10 or not isinstance(cell, str) else as_text(cell)


def laps(cell: Cell, decimal: str, factor: float = 1.0) -> str:
    """0:52.31 and a workbook's time, in seconds."""
    if isinstance(cell, dt.timedelta):
        return as_text(cell.total_seconds())
    if isinstance(cell, dt.time):
        return as_text(cell.hour * 3600 + cell.minute * 60 + cell.second + cell.microsecond / 1e6)
    match = _LAP.fullmatch(as_text(cell))
    if not match:
        return numbers(cell, decimal, factor)
    return as_text(round(int(match[1]) * 60 + float(match[2].replace(",", ".")), 3))


def words(cell: Cell, decimal: str = "", factor: float = 1.0) -> str:
    return as_text(cell)


READERS: dict[str, Callable[[Cell, str, float], str]] = {
    "sleep_h": hours, "sleep_score": scores, "t400_s": laps, "duration_min": minutes, "high_intensity_share": shares,
    "planned_high_intensity_share": shares, "assumed_high_intensity_share": shares,
}  # fmt: skip


# --- dates ---------------------------------------------------------------------------------------------------------

_MONTHS = {
    name: number
    for number, names in enumerate((
        "jan january januar jänner janv janvier ene enero", "feb february februar févr fév février febrero",
        "mar march märz mrz mär mars marzo", "apr april avr avril abr abril", "may mai mayo",
        "jun june juni juin junio", "jul july juli juil juillet julio", "aug august août ago agosto",
        "sep sept september septembre septiembre",
        "oct october okt oktober octobre octubre", "nov november novembre noviembre",
        "dec december dez dezember déc décembre dic diciembre",
    ), 1)
    for name in names.split()
}  # fmt: skip
_YEAR_FIRST = re.compile(r"(\d{4})(?:[-/.]|年)(\d{1,2})(?:[-/.]|月)(\d{1,2})日?")
_COMPACT = re.compile(r"((?:19|20)\d\d)(\d\d)(\d\d)")
_DOTS = re.compile(r"(\d{1,2})\. ?(\d{1,2})\. ?(\d{4}|\d{2})")
_SLASHES = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4}|\d{2})|(\d{1,2})-(\d{1,2})-(\d{4})")
_NAMED = re.compile(r"(\d{1,2})[. \-/]*(?:de )?([^\W\d_]+)[. \-/,]*(?:de )?(\d{4}|\d{2})")
_NAMED_US = re.compile(r"([^\W\d_]+)\.? (\d{1,2})(?:st|nd|rd|th)?,? (\d{4})")
_WEEKDAY = re.compile(r"^[^\W\d_]{2,10}\.?,? +(?=\d)")
_MIDNIGHT = re.compile(r"[T ]\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?( ?[AaPp]\.?[Mm]\.?)?$")  # a time of day without offset
_FIRST_SERIAL, _LAST_SERIAL = 32874, 73051  # 1990 to 2100
_EPOCH = dt.date(1899, 12, 30)
_ISO = re.compile(r"\d{4}-\d{2}-\d{2}")


def date_text(cell: Cell) -> str:
    """A cell of a date column as text: ISO where a workbook or its serial number says the date."""
    if isinstance(cell, dt.datetime):
        return cell.date().isoformat()
    if isinstance(cell, dt.date):
        return cell.isoformat()
    text = as_text(cell)
    if text.isdecimal() and _FIRST_SERIAL <= int(text) <= _LAST_SERIAL:
        return (_EPOCH + dt.timedelta(days=int(text))).isoformat()
    return text


def day_or_month(text: str) -> tuple[int, int] | None:
    """The two numbers of 03/04/2026, whose order another date of the column must tell."""
    match = _SLASHES.fullmatch(_bare(text))
    return (int(match[1] or match[4]), int(match[2] or match[5])) if match else None


def date_order(texts: Sequence[str]) -> tuple[set[str], str]:
    """The orders that the column's dates show, and the first date that depends on them."""
    shown: set[str] = set()
    open_text = ""
    for text in texts:
        pair = day_or_month(text)
        if pair is None:
            continue
        shown |= {DAY_FIRST} if pair[0] > 12 else {MONTH_FIRST} if pair[1] > 12 else set()
        open_text = open_text or (text if pair[0] != pair[1] and max(pair) <= 12 else "")
    return shown, open_text


def iso_date(text: str, order: str) -> str:
    """As a season log writes it; as it was where it is no date."""
    if _ISO.fullmatch(text):
        return text
    parts = _parts(_bare(text), order)
    if parts is None:
        return text
    year, month, day = parts
    try:
        return dt.date(whole_year(year), month, day).isoformat()
    except ValueError:
        return text


def _parts(text: str, order: str) -> tuple[str, int, int] | None:
    if match := _YEAR_FIRST.fullmatch(text) or _COMPACT.fullmatch(text):
        return match[1], int(match[2]), int(match[3])
    if match := _DOTS.fullmatch(text):
        return match[3], int(match[2]), int(match[1])
    if match := _SLASHES.fullmatch(text):
        first, second = int(match[1] or match[4]), int(match[2] or match[5])
        day, month = (second, first) if order == MONTH_FIRST else (first, second)
        return match[3] or match[6], month, day
    return _named_parts(text)


def _named_parts(text: str) -> tuple[str, int, int] | None:
    if (match := _NAMED.fullmatch(text)) and (month := _MONTHS.get(match[2].casefold())):
        return match[3], month, int(match[1])
    if (match := _NAMED_US.fullmatch(text)) and (month := _MONTHS.get(match[1].casefold())):
        return match[3], month, int(match[2])
    return None


def whole_year(year: str) -> int:
    """Two digits are the latest such year that is not after next year."""
    if len(year) == 4:
        return int(year)
    latest = dt.datetime.now(dt.UTC).year + 1
    return latest - (latest - int(year)) % 100


def _bare(text: str) -> str:
    """Without weekday and time of day; Mar may be a month or a Tuesday."""
    if _NAMED_US.fullmatch(text):
        return text
    return _MIDNIGHT.sub("", _WEEKDAY.sub("", text)).strip()


def is_date(cell: Cell) -> bool:
    text = date_text(cell)
    return bool(_ISO.fullmatch(text)) or day_or_month(text) is not None or iso_date(text, DAY_FIRST) != text

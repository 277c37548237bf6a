"""Several rows of a date: sessions are added up to the day's load, sheets of one measure each are laid side by side."""

from __future__ import annotations

import pandas as pd

from mlmodels.spreadsheets.headers import RPE, SESSION
from mlmodels.spreadsheets.sheets import Unclear
from mlmodels.spreadsheets.values import as_text

MOST_RPE = 10  # CR10; Borg's older scale goes from 6 to 20, and is another measure
_DAY = ["athlete", "date"]
_PLACES = ("line", "sheet")


def with_session_loads(name: str, cells: pd.DataFrame) -> pd.DataFrame:
    """The load of a day is the sum of RPE x minutes of its sessions.

    Foster et al. 2001, doi 10.1519/00124278-200102000-00019. A session without one of the two leaves its
    day's load unknown.
    """
    rpe, minutes = (pd.to_numeric(cells[column], errors="coerce") for column in (RPE, SESSION))
    if (rpe > MOST_RPE).any():
        line = int(cells["line"][rpe > MOST_RPE].iloc[0])
        raise Unclear(f"{name}: RPE of {as_text(float(rpe.max()))} (line {line}): loads are made of RPE from 0 to 10; "
                      "leave the column out or write CR10 values")  # fmt: skip
    loads = _session_load(cells, rpe, minutes)
    sums = [_day_load(loads.loc[rows].tolist()) for rows in cells.groupby(_DAY, sort=False).groups.values()]
    by_day = dict(zip(cells.groupby(_DAY, sort=False).groups, sums, strict=True))
    return cells.assign(load_au=[by_day[day] for day in zip(cells["athlete"], cells["date"], strict=True)])


def _session_load(cells: pd.DataFrame, rpe: pd.Series[float], minutes: pd.Series[float]) -> pd.Series[str]:
    """A number, nothing, or what cannot be multiplied, for the check to refuse in its place."""
    products = (rpe * minutes).map(lambda load: "" if load != load else as_text(float(load)))
    said = cells[RPE] != "", cells[SESSION] != ""
    bad = (said[0] & rpe.isna()) | (said[1] & minutes.isna())
    half = (said[0] ^ said[1]) & ~bad
    return products.mask(half, _HALF).mask(bad, cells[RPE] + " x " + cells[SESSION])


_HALF = "?"


def _day_load(loads: list[str]) -> str:
    given = [load for load in loads if load]
    if bad := next((load for load in given if " x " in load), ""):
        return bad
    if not given or _HALF in given:
        return ""
    return as_text(sum(map(float, given)))


def one_row_a_date(cells: pd.DataFrame) -> pd.DataFrame:
    """Rows of one date become one where they say nothing different; else they stay, and are refused as double."""
    cells = cells.drop(columns=[RPE, SESSION], errors="ignore")
    double = cells.duplicated(_DAY, keep=False) & (cells["date"] != "")
    rows = [row for _, group in cells[double].groupby(_DAY, sort=False) for row in _joined(group)]
    if not rows:
        return cells
    together = pd.concat([cells[~double], pd.DataFrame(rows, columns=cells.columns)])
    return together.sort_values("line", kind="stable", ignore_index=True)


def _joined(group: pd.DataFrame) -> list[dict[str, object]]:
    columns = [name for name in group.columns if name not in _PLACES]
    said = {name: [value for value in group[name].unique() if value != ""] for name in columns}
    if any(len(different) > 1 for different in said.values()):
        return group.to_dict("records")  # type: ignore[return-value]
    first = group.iloc[0]
    return [{name: first[name] for name in _PLACES} | {name: (each or [""])[0] for name, each in said.items()}]

"""A season log as daily grids: every array has shape (athletes, days), NaN where nothing was recorded."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from measures import risk
from measures.actions import Action

if TYPE_CHECKING:
    import pandas as pd  # the worker makes a history of rows, and never loads it

Floats = NDArray[np.float64]

NUMERIC = (
    "hrv_rmssd_ms",
    "sleep_score",
    "load_au",
    "high_intensity_share",
    "t400_s",
    "ill",
    "injured",
    "planned_load_au",
    "planned_high_intensity_share",
    "action",
)


@dataclass(frozen=True)
class SeasonHistory:
    """One squad's logged season(s) on a common calendar. Loads in AU, times in seconds, shares 0-1."""

    athletes: tuple[str, ...]
    first_weekday: int  # of column 0, Monday = 0
    fingerprint: str  # sha256 of the rows the grids were made from
    hrv_rmssd_ms: Floats
    sleep_score: Floats
    load_au: Floats
    high_intensity_share: Floats
    t400_s: Floats
    ill: Floats
    injured: Floats
    planned_load_au: Floats
    planned_high_intensity_share: Floats
    action: Floats

    @classmethod
    def of(cls, log: pd.DataFrame) -> SeasonHistory:
        """Grids from a season log (``mlmodels.season_log``). Columns that are absent become all NaN."""
        import pandas as pd

        log = log.assign(date=pd.to_datetime(log["date"]), athlete=log["athlete"].astype(str))
        names = tuple(sorted(log["athlete"].unique()))
        days = pd.date_range(log["date"].min(), log["date"].max(), freq="D")
        row = log["athlete"].map({name: i for i, name in enumerate(names)}).to_numpy()
        column = (log["date"] - days[0]).dt.days.to_numpy()
        grids = {}
        for name in NUMERIC:
            grid = np.full((len(names), len(days)), np.nan)
            if name in log:
                grid[row, column] = pd.to_numeric(log[name], errors="coerce").to_numpy(dtype=float, na_value=np.nan)
            grids[name] = grid
        if "rest_day" in log:
            rest = np.zeros((len(names), len(days)), dtype=bool)
            rest[row, column] = log["rest_day"].isin([True, 1, "true", "True", "1"]).to_numpy()
            grids["load_au"] = np.where(rest & np.isnan(grids["load_au"]), 0.0, grids["load_au"])
        return cls(names, days[0].weekday(), fingerprint(log), **grids)

    @property
    def shape(self) -> tuple[int, int]:
        athletes, days = self.load_au.shape
        return athletes, days

    def usual_load_au(self) -> Floats:
        """Each athlete's mean reported load per day, rest days counted, not below 50 AU; shape (athletes,)."""
        known = np.isfinite(self.load_au)
        total = np.where(known, self.load_au, 0.0).sum(1)
        mean: Floats = total / np.maximum(known.sum(1), 1)
        return np.maximum(mean, risk.LREF_FLOOR_AU)

    def filled_load_au(self) -> Floats:
        """Loads with unreported days taken from the plan, else from the athlete's usual day."""
        fallback = np.where(np.isfinite(self.planned_load_au), self.planned_load_au, self.usual_load_au()[:, None])
        return np.where(np.isfinite(self.load_au), self.load_au, fallback)

    def filled_planned_share(self) -> Floats:
        planned = self.planned_high_intensity_share
        return np.where(np.isfinite(planned), planned, risk.DEFAULT_HIGH_SHARE)

    def filled_share(self) -> Floats:
        return np.where(np.isfinite(self.high_intensity_share), self.high_intensity_share, self.filled_planned_share())

    def known_action(self) -> NDArray[np.int64]:
        """The logged action, or as planned where the log does not say."""
        return np.where(np.isfinite(self.action), self.action, Action.AS_PLANNED).astype(np.int64)


def fingerprint(log: pd.DataFrame) -> str:
    """sha256 over the log's rows in a canonical order, so the same season gives the same value from CSV and Parquet."""
    import pandas as pd

    columns = ["athlete", "date", *[name for name in NUMERIC if name in log]]
    canonical = log[columns].sort_values(["athlete", "date"], ignore_index=True)
    canonical = canonical.assign(date=pd.to_datetime(canonical["date"]).dt.strftime("%Y-%m-%d"))
    for name in columns[2:]:
        canonical[name] = pd.to_numeric(canonical[name], errors="coerce").astype(float).round(6)
    return hashlib.sha256(canonical.to_csv(index=False).encode()).hexdigest()


def running_mean(values: Floats, days: float, start: Floats) -> Floats:
    """First-order average with time constant ``days``: column t holds the value *after* day t; shape of ``values``."""
    out = np.empty_like(values)
    level = np.asarray(start, dtype=float)
    for t in range(values.shape[1]):
        level = level + (values[:, t] - level) / days
        out[:, t] = level
    return out


def before(after: Floats, start: Floats) -> Floats:
    """The same averages as known in the morning of each day (shifted one day)."""
    return np.column_stack([start, after[:, :-1]])

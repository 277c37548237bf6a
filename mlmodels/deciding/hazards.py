"""Warnings as pure functions of what was observed: a level per kind, and the hysteresis that opens and closes them.

A warning says that something is associated with a higher risk; none of them predicts an injury. Texts are elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import ArrayLike, NDArray

from measures import risk
from mlmodels.state.arrays import BoolArray, FloatArray, IntArray
from mlmodels.state.layouts import Row
from mlmodels.state.observation import Observation

HAZARD_VERSION = 1
CLEAR_DAYS = 2  # d under the line before a warning steps down

# Conventions of the warnings alone
MISSING_DAYS = 3.0
TEST_OVERDUE_DAYS = 28.0
DEVICE_CHANGED_DAYS = 21.0  # of daily readings: 14 of them lie more than a week back, and there is a normal range
UNDER_RECOVERY_TESTS = 2.0
UNDER_RECOVERY_HRV_DAYS = 14.0
AVAILABILITY_WINDOW_DAYS = 28.0
AVAILABILITY_LEAST = 0.80


class Level(IntEnum):
    """How serious, mildest first."""

    NONE = 0
    INFO = 1
    CAUTION = 2
    WARNING = 3
    DANGER = 4


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of warning: its level rule, the values it rests on, the signal they come from, and the source.

    ``persistent``: the rule itself waits for days or for two signals, so that it may push by itself.
    """

    code: str
    signal: str
    inputs: tuple[str, ...]
    citation: str
    persistent: bool
    level: Callable[[Observation], IntArray]


@dataclass(frozen=True, slots=True)
class Hazard:
    """A warning of one athlete, with what it rests on."""

    kind: str
    level: Level
    inputs: dict[str, float | int | None]
    citation: str
    rule_version: int
    may_push: bool


def _steps(*conditions: tuple[Level, BoolArray]) -> IntArray:
    """The level of the last condition that holds."""
    level = np.zeros(len(conditions[0][1]), dtype=np.int64)
    for step, holds in conditions:
        level = np.where(holds, np.int64(step), level)
    return level


def _hrv_below(o: Observation) -> IntArray:
    lasting = o.hrv_low_days >= risk.HRV_LOW_LASTING_DAYS
    deep = o.hrv_very_low_days >= risk.HRV_VERY_LOW_LASTING_DAYS
    return _steps((Level.CAUTION, o.hrv_low_days >= risk.HRV_LOW_HOLD_DAYS), (Level.WARNING, lasting | deep))


def _sleep_debt(o: Observation) -> IntArray:
    short = (o.sleep_h < risk.SLEEP_VERY_SHORT_H) | (o.sleep_short_nights >= risk.SLEEP_SHORT_NIGHTS)
    return _steps((Level.CAUTION, short), (Level.WARNING, o.sleep_mean_3d_h < risk.SLEEP_SHORT_MEAN_H))


def _monotony(o: Observation) -> IntArray:
    high = o.monotony > risk.MONOTONY_HIGH
    return _steps((Level.INFO, high), (Level.CAUTION, high & (o.strain_rank >= risk.STRAIN_OWN_TOP)))


def _missing(o: Observation) -> IntArray:
    had_hrv = o.hrv_age_days < risk.NEVER_DAYS
    hrv, load = had_hrv & (o.hrv_age_days >= MISSING_DAYS), o.load_unlogged_days >= MISSING_DAYS
    return _steps((Level.INFO, hrv | load), (Level.CAUTION, o.load_unlogged_days > risk.LOAD_STALE_DAYS))


def _range_is_being_built(o: Observation) -> BoolArray:
    """A device one returns to, or wore beside the other, brings its range along: nothing to say."""
    without_range = ~(o.hrv_baseline_days >= risk.HRV_MIN_BASELINE_PROVISIONAL)
    return (o.hrv_era_changes > 0) & (o.hrv_era_days < DEVICE_CHANGED_DAYS) & without_range


def _under_recovery(o: Observation) -> IntArray:
    slower = o.tests_down >= UNDER_RECOVERY_TESTS
    return _steps((Level.WARNING, slower & (o.hrv_low_days >= UNDER_RECOVERY_HRV_DAYS)))


def _availability(o: Observation) -> IntArray:
    share = 1.0 - o.unavailable_28d / AVAILABILITY_WINDOW_DAYS
    return _steps((Level.CAUTION, (o.days_seen >= AVAILABILITY_WINDOW_DAYS) & (share < AVAILABILITY_LEAST)))


def _between(values: FloatArray, low: float, high: float) -> BoolArray:
    return (values >= low) & (values < high)


_LOAD_SOURCES = (
    "EWMA ACWR: Williams 2017 10.1136/bjsports-2016-096589; associated with injury: Murray 2017 "
    "10.1136/bjsports-2016-097152; disputed: Impellizzeri 2021 10.1007/s40279-020-01378-6"
)
_HRV_SOURCE = "Plews 2013 10.1007/s40279-013-0071-8"
_OWN = "convention of this project"

KINDS: tuple[Kind, ...] = (
    Kind(
        "load_rising", "load", ("acwr", "acute_au", "chronic_au"), _LOAD_SOURCES, False,
        lambda o: _steps((Level.CAUTION, _between(o.acwr, risk.ACWR_CAUTION, risk.ACWR_WARNING))),
    ),
    Kind(
        "load_doubled", "load", ("acwr", "acute_au", "chronic_au"), _LOAD_SOURCES, False,
        lambda o: _steps((Level.WARNING, (o.acwr >= risk.ACWR_WARNING) & (o.acwr <= risk.ACWR_DANGER))),
    ),
    Kind(
        "load_spike", "load", ("acwr", "acute_au", "chronic_au"), _LOAD_SOURCES, False,
        lambda o: _steps((Level.DANGER, o.acwr > risk.ACWR_DANGER)),
    ),
    Kind(
        "load_dropping", "load", ("acwr", "acwr_low_days"), _LOAD_SOURCES, True,
        lambda o: _steps((Level.INFO, o.acwr_low_days >= risk.ACWR_DROPPING_DAYS)),
    ),
    Kind(
        "hrv_below_range", "hrv", ("hrv_z", "hrv_mean_7d_ms", "hrv_range_low_ms", "hrv_low_days", "hrv_very_low_days"),
        _HRV_SOURCE, True, _hrv_below,
    ),
    Kind(
        "possible_illness", "illness", ("resting_hr_delta_bpm", "hrv_today_z", "illness_signal_days"),
        "Mishra 2020 10.1038/s41551-020-00640-6", True,
        lambda o: _steps((Level.WARNING, o.illness_signal_days >= risk.ILLNESS_SIGNAL_DAYS)),
    ),
    Kind(
        "sleep_debt", "sleep", ("sleep_h", "sleep_mean_3d_h", "sleep_short_nights"), "Watson 2015 10.5665/sleep.4716",
        True, _sleep_debt,
    ),
    Kind(
        "monotony", "load", ("monotony", "strain", "strain_rank"), "Foster 1998 10.1097/00005768-199807000-00023",
        True, _monotony,
    ),
    Kind("missing_data", "data", ("hrv_age_days", "load_unlogged_days"), _OWN, True, _missing),
    Kind(
        "test_overdue", "data", ("test_age_days",), _OWN, True,
        lambda o: _steps((Level.INFO, (o.test_count > 0) & (o.test_age_days > TEST_OVERDUE_DAYS))),
    ),
    Kind(
        "device_changed", "data", ("hrv_era_days", "hrv_baseline_days"), _OWN, True,
        lambda o: _steps((Level.INFO, _range_is_being_built(o))),
    ),
    Kind(
        "possible_under_recovery", "performance", ("tests_down", "hrv_low_days", "performance_pct"),
        "Meeusen 2013 10.1249/MSS.0b013e318279a10a", True, _under_recovery,
    ),
    Kind(
        "low_availability", "illness", ("unavailable_28d",), "Raysmith 2016 10.1016/j.jsams.2015.12.515", True,
        _availability,
    ),
)  # fmt: skip
KIND_CODES: tuple[str, ...] = tuple(kind.code for kind in KINDS)


def warning_levels(obs: Observation) -> IntArray:
    """(n, len(KINDS)) ``Level`` of every kind today, in the order of ``KIND_CODES``; NaN fires nothing."""
    return np.stack([kind.level(obs) for kind in KINDS], axis=1)


def may_push(levels: IntArray) -> BoolArray:
    """(n, len(KINDS)): warning or danger that persisted, or that a second, independent signal stands beside."""
    signals = sorted({kind.signal for kind in KINDS} - {"data"})
    raised = np.stack(
        [
            (levels[:, [i for i, kind in enumerate(KINDS) if kind.signal == signal]] >= Level.CAUTION).any(axis=1)
            for signal in signals
        ],
        axis=1,
    )
    independent = np.count_nonzero(raised, axis=1) >= 2
    persistent = np.array([kind.persistent for kind in KINDS])
    return np.asarray((levels >= Level.WARNING) & (persistent | independent[:, None]))


def hazards_of(obs: Observation, rows: Sequence[Row] | None = None) -> list[tuple[Hazard, ...]]:
    """Per athlete the warnings of today, most serious first, each with its evidence; ``rows``: those of ``obs``."""
    rows = obs.rows() if rows is None else rows
    levels = warning_levels(obs)
    pushes = may_push(levels)
    result: list[tuple[Hazard, ...]] = [()] * len(obs)
    for i in np.flatnonzero(levels.any(axis=1)).tolist():
        found = [
            Hazard(
                kind=kind.code,
                level=Level(int(levels[i, k])),
                inputs={name: rows[i][name] for name in kind.inputs},
                citation=kind.citation,
                rule_version=HAZARD_VERSION,
                may_push=bool(pushes[i, k]),
            )
            for k, kind in enumerate(KINDS)
            if levels[i, k] > 0
        ]
        result[i] = tuple(sorted(found, key=lambda hazard: -hazard.level))
    return result


def step(
    previous_level: ArrayLike, level_now: ArrayLike, days_below: ArrayLike
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Hysteresis, one day on: up at once, down after ``CLEAR_DAYS`` days under the line; arrays broadcast.

    Returns the level to show (0 = closed) and the days below it so far. The caller keeps both.
    """
    before, now = np.asarray(previous_level, dtype=np.int64), np.asarray(level_now, dtype=np.int64)
    below = np.where(now < before, np.asarray(days_below, dtype=np.int64) + 1, 0)
    down = below >= CLEAR_DAYS
    return np.where((now >= before) | down, now, before), np.where(down, 0, below)

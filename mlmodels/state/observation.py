"""What comes out of the tracker: every named value that features, guard, warnings and wording need."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from measures import risk
from mlmodels.state import features
from mlmodels.state.arrays import BoolArray, FloatArray, StrArray
from mlmodels.state.layouts import WHOLE, Row
from mlmodels.state.table import ROWS, STATE_VERSION, TABLE


@dataclass
class Observation:
    """Every named value that features, guard, warnings and wording need; arrays of n, NaN = not known.

    Not changed once made: features and refusals are worked out once and kept. One that a tracker made holds its values
    as rows of one ``table``: what is asked of many of them is asked of a block of rows at once.

    Flags and counts are float64 as well (exact up to 2**53), so that a row is one flat record that survives JSON.
    Ages and counts of "never" are ``risk.NEVER_DAYS``. Day counters ``..._days`` include this morning.
    """

    # Today as planned and as reported
    weekday: FloatArray
    planned_load_au: FloatArray
    planned_share: FloatArray
    plan_automatic: FloatArray  # 1: no coach's plan, the automatic one stands in
    ill: FloatArray
    injured: FloatArray
    niggle: FloatArray
    illness: FloatArray
    red_flag: FloatArray
    pain_0_10: FloatArray
    pain_rising: FloatArray  # 1: higher than yesterday, which was higher than the day before
    soreness_1_5: FloatArray
    fatigue_1_5: FloatArray
    readiness_1_5: FloatArray
    worst_item_1_5: FloatArray
    note_asks: FloatArray  # 1: the note may tell of a warning sign, which was not answered
    zones_to_settle: FloatArray
    soreness_worst_days: FloatArray
    readiness_worst_days: FloatArray
    check_in_age_days: FloatArray
    days_to_main_race: FloatArray
    hours_since_top_speed_h: FloatArray
    age_years: FloatArray
    advice_hold: FloatArray
    # HRV
    hrv_rmssd_ms: FloatArray
    hrv_today_z: FloatArray
    hrv_doubted_ms: FloatArray
    hrv_doubted_z: FloatArray
    hrv_mean_7d_ms: FloatArray
    hrv_baseline_ms: FloatArray
    hrv_range_low_ms: FloatArray
    hrv_range_high_ms: FloatArray
    hrv_z: FloatArray
    hrv_valid_7d: FloatArray
    hrv_baseline_days: FloatArray
    hrv_age_days: FloatArray
    hrv_low_days: FloatArray  # 7-day z below -0.5, held on one day above it: two in a row end the run
    hrv_very_low_days: FloatArray  # 7-day z below -1, the same
    hrv_low_lifting: FloatArray  # 1: today is the first day above
    hrv_very_low_lifting: FloatArray
    hrv_era_days: FloatArray  # since the first reading of this era
    hrv_era_changes: FloatArray
    # Sleep
    sleep_h: FloatArray
    sleep_mean_3d_h: FloatArray
    sleep_short_nights: FloatArray
    sleep_score: FloatArray
    sleep_today_z: FloatArray
    sleep_z: FloatArray
    sleep_age_days: FloatArray
    # Resting heart rate
    resting_hr_bpm: FloatArray
    resting_hr_delta_bpm: FloatArray
    illness_signal_days: FloatArray
    # Load
    acute_au: FloatArray
    chronic_au: FloatArray
    lref_au: FloatArray
    acwr: FloatArray
    acwr_low_days: FloatArray
    last_load_au: FloatArray
    load_unlogged_days: FloatArray
    week_load_au: FloatArray  # days t-7..t-1
    previous_week_load_au: FloatArray  # days t-14..t-8
    six_day_load_au: FloatArray  # days t-6..t-1
    week_before_load_au: FloatArray  # days t-13..t-7
    largest_load_28d_au: FloatArray  # of one day
    monotony: FloatArray
    strain: FloatArray
    strain_rank: FloatArray  # share of the own last 84 values below it
    monotonous: FloatArray  # 1: high monotony and top strain when last known
    days_off: FloatArray
    return_week: FloatArray  # 1 or 2 after a layoff, else 0
    former_chronic_au: FloatArray
    days_since_illness: FloatArray
    hard_days_6d: FloatArray
    hard_run_days: FloatArray  # hard days in a row up to yesterday
    unavailable_28d: FloatArray
    high_average_au: FloatArray
    low_average_au: FloatArray
    high_reference_au: FloatArray
    low_reference_au: FloatArray
    high_fatigue_au: FloatArray
    low_fatigue_au: FloatArray
    # 400 m
    performance_pct: FloatArray
    performance_sd_pct: FloatArray
    t400_level_s: FloatArray
    test_age_days: FloatArray
    test_count: FloatArray
    tests_down: FloatArray
    # What was done, and how much is known
    intensity_run: FloatArray
    intensity_6d: FloatArray
    recovery_3d: FloatArray
    days_seen: FloatArray
    load_known_days: FloatArray
    load_known_28d: FloatArray
    hrv_known_days: FloatArray  # valid in the last 67 days of this era, today included
    seeded: FloatArray  # 1: both averages run from a seed; 0: still the mean of the first known days
    eased_au: FloatArray  # AU/d that recovery days on advice took off the plan, averaged as the chronic load is
    # Habits of about four weeks (averaged as the chronic load is): how this athlete trains and measures
    load_unevenness: FloatArray  # mean square of the day's load / Lref: 1 where all days are alike
    hard_unevenness: FloatArray  # the same of high-intensity load / its own 84-day average, at most 6
    plan_of_usual: FloatArray  # planned load / Lref on days with a coach's plan
    day_off_share: FloatArray
    logged_share: FloatArray  # of days with a reported load
    sick_share: FloatArray
    hrv_share: FloatArray  # of mornings with a reading
    hrv_scatter: FloatArray  # mean square of the readings' z
    sleep_share: FloatArray
    sleep_scatter: FloatArray

    def __len__(self) -> int:
        return int(self.acwr.shape[0])

    @property
    def under_18(self) -> BoolArray:
        return self.age_years < risk.ADULT_YEARS

    @cached_property
    def table(self) -> FloatArray:
        """(values, n), rows in the order of ``TABLE``."""
        return np.array([getattr(self, name) for name in TABLE], dtype=np.float64)

    @cached_property
    def shared(self) -> dict[str, float]:
        """Values that are known to be the same for everybody, by name."""
        return {}

    @classmethod
    def of_table(cls, table: FloatArray, shared: dict[str, float]) -> Observation:
        """``table``: (values, n), rows in the order of ``TABLE``; from now on read only."""
        observation = cls.__new__(cls)
        table.flags.writeable = False
        observation.__dict__.update(table=table, shared=shared)
        return observation

    @cached_property
    def refused(self) -> NDArray[np.int8]:
        """Per athlete which of ``REFUSALS``, 0 = none."""
        acute_chronic, planned = self.table[ROWS["acute_au", "chronic_au"]], self.planned_load_au
        known = np.isfinite(acute_chronic).all(axis=0) & np.isfinite(planned)
        known &= (self.seeded > 0) | (self.load_known_days >= risk.MIN_KNOWN_DAYS_UNSEEDED)
        stale = self.load_unlogged_days > risk.LOAD_STALE_DAYS
        whole = np.isfinite(self._scaled).all(axis=0)
        if np.count_nonzero(known & whole) == len(known) and not np.count_nonzero(stale):
            return np.zeros(len(known), dtype=np.int8)
        return np.select([~known, stale, ~whole], [np.int8(1), np.int8(2), np.int8(3)], default=np.int8(0))

    @cached_property
    def refusal(self) -> StrArray:
        """Per athlete "" or why there is no state: insufficient_history, stale_data, out_of_range."""
        return np.array(REFUSALS)[self.refused]

    @property
    def measured(self) -> BoolArray:
        """Who has a believed HRV of this morning and a record of last night."""
        return np.asarray((self.hrv_age_days == 0) & (self.sleep_age_days == 0))

    def as_if_measured(self) -> Observation:
        """The same mornings, had HRV and last night been measured and found what is known without them."""
        table = self.table.copy()
        table[ROWS["hrv_age_days"]] = table[ROWS["sleep_age_days"]] = 0.0
        return Observation.of_table(table, self.shared)

    @property
    def flags(self) -> dict[str, BoolArray]:
        """Which features stand on less than a measurement of their own."""
        return {
            "hrv_missing": np.isnan(self.hrv_z),
            "hrv_provisional": self.hrv_baseline_days < risk.HRV_MIN_BASELINE,
            "sleep_missing": np.isnan(self.sleep_z),
            "load_imputed": self.load_unlogged_days > 0,
            "seed_provisional": self.seeded == 0,
            "plan_automatic": self.plan_automatic > 0,
            "performance_missing": self.test_count == 0,
            "performance_held": (self.test_count > 0) & (self.test_age_days > risk.PERFORMANCE_HOLD_DAYS),
        }

    def features(self, set_name: str) -> NDArray[np.float32]:
        """(n, k) float32 in the order of ``FEATURE_SETS[set_name]``; finite wherever ``refusal`` is ""."""
        if set_name not in self._features:
            out = self._scaled[features.FEATURE_ROWS[set_name]].T.astype(np.float32, order="C")
            out.flags.writeable = False
            self._features[set_name] = out
        return self._features[set_name]

    @cached_property
    def _features(self) -> dict[str, NDArray[np.float32]]:
        return {}

    @cached_property
    def _scaled(self) -> FloatArray:
        with np.errstate(all="ignore"):  # a damaged row gives what is not finite, and ``refusal`` says so
            return features.scaled(self.table)

    def select(self, index: Any) -> Observation:
        return Observation.of_table(self.table[:, index], self.shared)

    def row(self, i: int) -> Row:
        """Athlete i as plain JSON values; None = not known. ``from_rows`` gives back the same bits."""
        return self.select([i]).rows()[0]

    def rows(self) -> list[Row]:
        """Every athlete's ``row``; column by column, which takes 7 us an athlete where value by value takes 40."""
        columns = [_plain(getattr(self, name), name in WHOLE) for name in _OBSERVATION_FIELDS]
        return [dict(zip(_OBSERVATION_FIELDS, values, strict=True)) for values in zip(*columns, strict=True)]

    @classmethod
    def from_rows(cls, rows: Sequence[Mapping[str, float | int | None]]) -> Observation:
        """The inverse of ``row``. A row of another version lacks or adds names and is a ValueError."""
        for row in rows:
            if row.keys() != set(_OBSERVATION_FIELDS):
                odd = sorted(row.keys() ^ set(_OBSERVATION_FIELDS))
                raise ValueError(f"not an observation of version {STATE_VERSION}: {odd}")
        return cls(
            *(np.array([np.nan if (v := row[name]) is None else v for row in rows], dtype=np.float64)
              for name in _OBSERVATION_FIELDS)
        )  # fmt: skip


_OBSERVATION_FIELDS = tuple(f.name for f in fields(Observation))
REFUSALS = ("", "insufficient_history", "stale_data", "out_of_range")
assert sorted(TABLE) == sorted(_OBSERVATION_FIELDS)


class _Column:
    """A field of an observation that came as a table: taken out of it when first asked for."""

    def __init__(self, name: str) -> None:
        self._name, self._row = name, ROWS[name]

    def __get__(self, observation: Observation | None, owner: type) -> Any:
        if observation is None:
            return self
        column = observation.__dict__["table"][self._row]
        observation.__dict__[self._name] = column
        return column


for _name in TABLE:
    setattr(Observation, _name, _Column(_name))


def _plain(values: FloatArray, whole: bool) -> list[float | int | None]:
    if np.isinf(values).any():
        raise ValueError("an observation holds no infinite value")
    if whole and (values == np.floor(values)).all() and (np.abs(values) < 2**53).all() and not _negative_zero(values):
        return cast(list[float | int | None], values.astype(np.int64).tolist())
    plain = cast(list[float | int | None], values.tolist())
    for i in np.flatnonzero(np.isnan(values)).tolist():
        plain[i] = None
    return plain


def _negative_zero(values: FloatArray) -> bool:
    return bool((np.signbit(values) & (values == 0)).any())

"""What goes into the tracker, what comes out of it, and how that becomes features.

One file, as the fields of an ``Observation``, the rows of its table and the features made of them are checked against
each other when it is loaded.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cached_property, lru_cache
from typing import Any, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from measures import risk
from measures.answers import HOLD_NONE, TIMING_TRIAL
from measures.wellness import NO_SLEEP_H, OF_HOURS, OF_QUALITY
from mlmodels.state.arrays import BoolArray, FloatArray, StrArray
from mlmodels.state.carry import HabitValues, LoadValues, PerformanceValues, SignalValues
from mlmodels.state.layouts import WHOLE, Row

STATE_VERSION = 3

# Feature -> how the named quantities become a float32. The text is hashed into every model's card.
SCALING: dict[str, str] = {
    "hrv": "clip(z of the 7-day mean ln rMSSD, -3, 3)/3; missing 0",
    "sleep": "clip(z of the weighted 3-night mean, -3, 3)/3; missing 0",
    "acute": "clip(A/Lref - 1, -1, 2)/2",
    "chronic": "clip(C/Lref - 1, -1, 2)/2",
    "acwr": "clip(A/max(C, 0.15 Lref), 0, 2.5) - 1",
    "performance": "clip(% faster than baseline, -5, 5)/5; held 21 d, then halved every 21 d; missing 0",
    "hrv_today": "clip(z of today's ln rMSSD, -3, 3)/3; missing 0",
    "sleep_today": "clip(z of last night, -3, 3)/3; missing 0",
    "last_load": "clip(yesterday's load/max(C, 0.15 Lref), 0, 3) - 1",
    "intensity_average": "clip(gated high load, tau 40 d / high load, 84 d - 1, -1, 2)/2",
    "volume_average": "clip(gated low load, tau 50 d / low load, 84 d - 1, -1, 2)/2",
    "sick": "1 when ill or injured",
    "intensity_fatigue": "clip(high load, tau 8 d / high load, 84 d - 1, -1, 2)/2",
    "volume_fatigue": "clip(low load, tau 8 d / low load, 84 d - 1, -1, 2)/2",
    "planned_load": "clip(planned load/Lref, 0, 3) - 1",
    "planned_high_load": "clip(planned load x planned share/high load, 84 d, 0, 3) - 1",
}
FEATURE_SETS: dict[str, tuple[str, ...]] = {
    "paper-6": ("hrv", "sleep", "acute", "chronic", "acwr", "performance"),
    "observable": tuple(SCALING),
}


def feature_set_hash(name: str) -> str:
    """sha256 over version, names, order and scaling: a model trained on anything else is refused."""
    described = [STATE_VERSION, name, [[feature, SCALING[feature]] for feature in FEATURE_SETS[name]]]
    return hashlib.sha256(json.dumps(described).encode()).hexdigest()


def sleep_score_from_report(
    sleep_h: ArrayLike, quality_1_5: ArrayLike = 3.0, *, under_18: ArrayLike = False
) -> FloatArray:
    """0-100 from hours and self-rated quality (5 best), for athletes without a watch (convention)."""
    need = np.where(np.asarray(under_18, dtype=bool), risk.SLEEP_NEED_UNDER_18_H, risk.SLEEP_NEED_H)
    slept = np.clip((np.asarray(sleep_h, dtype=np.float64) - NO_SLEEP_H) / (need - NO_SLEEP_H), 0.0, 1.0)
    rated = (np.asarray(quality_1_5, dtype=np.float64) - 1.0) / 4.0
    return 100.0 * (OF_HOURS * slept + OF_QUALITY * rated)


def absorption_gate(hrv_z: ArrayLike) -> FloatArray:
    """Fraction of a load that is absorbed (0.2-1) given the morning's 7-day HRV z; a missing z counts as 0."""
    z = np.asarray(hrv_z, dtype=np.float64)
    z = np.where(z == z, z, 0.0)
    sigmoid = 1.0 / (1.0 + np.exp((risk.GATE_CENTRE_SD - z) / risk.GATE_WIDTH_SD))
    return risk.GATE_FLOOR + (1.0 - risk.GATE_FLOOR) * sigmoid


# --- Inputs --------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=64)
def constant_column(n: int, value: float) -> FloatArray:
    """One value for everybody, kept once: its stride of 0 tells so (see ``same_for_all``)."""
    return np.broadcast_to(np.float64(value), (n,))


def same_for_all(column: FloatArray) -> bool:
    """One value kept once stands for everybody, so that what follows from it need not be asked athlete by athlete."""
    return column.strides == (0,)


def _column(n: int, value: ArrayLike | None, default: float) -> FloatArray:
    if value is None:
        return constant_column(n, default)
    array = np.asarray(value, dtype=np.float64)
    return array if array.shape == (n,) else np.broadcast_to(array, (n,))


@dataclass(slots=True)
class Profiles:
    """What is known of n athletes beforehand.

    ``seed_load_au``: usual week / 7, AU/d, NaN if unknown; ``age_years``: NaN if unknown; ``advice_hold``: HOLD_ codes.
    """

    seed_load_au: FloatArray
    age_years: FloatArray
    advice_hold: FloatArray

    @classmethod
    def of(
        cls,
        n: int,
        *,
        seed_load_au: ArrayLike | None = None,
        age_years: ArrayLike | None = None,
        advice_hold: ArrayLike | None = None,
    ) -> Profiles:
        return cls(_column(n, seed_load_au, np.nan), _column(n, age_years, np.nan), _column(n, advice_hold, HOLD_NONE))

    @classmethod
    def default(cls, n: int) -> Profiles:
        return cls.of(n)

    def select(self, index: Any) -> Profiles:
        return Profiles(self.seed_load_au[index], self.age_years[index], self.advice_hold[index])


@dataclass(slots=True)
class Morning:
    """What is known in the morning of the day, arrays of n, NaN = not measured.

    Wellness items are 1-5 with 5 best (McLean 2010). ``hrv_era`` numbers (metric, provider, context); a reading of
    another era starts a new baseline; 0 = unknown, which belongs to any era. ``illness``: ILLNESS_ codes.
    """

    hrv_rmssd_ms: FloatArray
    hrv_era: FloatArray
    sleep_score: FloatArray
    sleep_h: FloatArray
    ill: FloatArray
    injured: FloatArray
    planned_load_au: FloatArray
    planned_high_intensity_share: FloatArray
    weekday: FloatArray
    illness: FloatArray
    red_flag: FloatArray
    pain_0_10: FloatArray
    soreness_1_5: FloatArray
    fatigue_1_5: FloatArray
    readiness: FloatArray
    resting_hr_bpm: FloatArray
    days_to_main_race: FloatArray
    hours_since_top_speed_h: FloatArray
    niggle: FloatArray  # 1: a complaint that is no open injury
    worst_item_1_5: FloatArray  # the lowest of this morning's answers
    hrv_doubted_ms: FloatArray  # a reading that does not count until it is confirmed
    note_asks: FloatArray  # 1: words of a warning sign in the note, and the question after one not answered
    zones_to_settle: FloatArray  # time zones crossed lately, less one for each day since

    @classmethod
    def of(cls, n: int, **arrays: ArrayLike | None) -> Morning:
        """The arrays given, the rest not measured. An unknown name is a TypeError."""
        unknown = arrays.keys() - _MORNING_DEFAULTS.keys()
        if unknown:
            raise TypeError(f"Morning has no {sorted(unknown)}")
        return cls(*(_column(n, arrays.get(name), default) for name, default in _MORNING_DEFAULTS.items()))

    def select(self, index: Any) -> Morning:
        return Morning(*(getattr(self, name)[index] for name in _MORNING_DEFAULTS))


_ZERO_WHEN_UNKNOWN = (
    "hrv_era", "ill", "injured", "weekday", "illness", "red_flag", "niggle", "note_asks", "zones_to_settle",
)  # fmt: skip
_MORNING_DEFAULTS = {f.name: 0.0 if f.name in _ZERO_WHEN_UNKNOWN else np.nan for f in fields(Morning)}


@dataclass(slots=True)
class Evening:
    """What is known once the day is over, arrays of n.

    ``load_au``: session-RPE load, 0 = a confirmed rest day, NaN = nobody reported (Foster 2001,
    doi 10.1519/00124278-200102000-00019); ``action_taken``: -1 unknown; ``timing``: TIMING_ codes of the 400 m test;
    ``load_assumed``: 1 = the load is the plan's over the minutes trained: used as an imputed one is, and not logged.
    """

    load_au: FloatArray
    high_intensity_share: FloatArray
    t400_s: FloatArray
    action_taken: FloatArray
    timing: FloatArray
    load_assumed: FloatArray

    @classmethod
    def of(
        cls,
        n: int,
        *,
        load_assumed: ArrayLike | None = None,
        load_au: ArrayLike | None = None,
        high_intensity_share: ArrayLike | None = None,
        t400_s: ArrayLike | None = None,
        action_taken: ArrayLike | None = None,
        timing: ArrayLike | None = None,
    ) -> Evening:
        return cls(
            _column(n, load_au, np.nan),
            _column(n, high_intensity_share, np.nan),
            _column(n, t400_s, np.nan),
            _column(n, action_taken, -1.0),
            _column(n, timing, TIMING_TRIAL),
            _column(n, load_assumed, 0.0),
        )


# --- Output --------------------------------------------------------------------------------------------------------


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
            out = self._scaled[_FEATURE_ROWS[set_name]].T.astype(np.float32, order="C")
            out.flags.writeable = False
            self._features[set_name] = out
        return self._features[set_name]

    @cached_property
    def _features(self) -> dict[str, NDArray[np.float32]]:
        return {}

    @cached_property
    def _scaled(self) -> FloatArray:
        with np.errstate(all="ignore"):  # a damaged row gives what is not finite, and ``refusal`` says so
            return _scaled_features(self)

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

# The table's rows: neighbours are what is worked out, copied or tested together. What the tracker carries is shown in
# the order of its declaration (``carry``); up to ``MAY_BE_MISSING`` a tracker leaves nothing open.
_KNOWN = (
    "weekday", "planned_load_au", "planned_share", "plan_automatic", "ill", "injured", "niggle", "illness", "red_flag",
    "note_asks", "zones_to_settle", "pain_rising", "advice_hold", "hrv_valid_7d", "hrv_baseline_days", "hrv_era_days",
    "hrv_era_changes", "lref_au", "acwr", "return_week", "hard_days_6d", "unavailable_28d", "test_age_days",
    "intensity_6d", "recovery_3d", "load_known_28d", "hrv_known_days",
)  # fmt: skip
_MISSING = (
    "week_load_au", "previous_week_load_au", "six_day_load_au", "week_before_load_au", "largest_load_28d_au",
    "hrv_z", "sleep_z", "hrv_today_z", "sleep_today_z",
    "hrv_mean_7d_ms", "hrv_baseline_ms", "hrv_range_low_ms", "hrv_range_high_ms", "t400_level_s",
    "performance_pct", "performance_sd_pct", "hrv_rmssd_ms", "hrv_doubted_ms", "hrv_doubted_z", "sleep_h",
    "sleep_mean_3d_h", "sleep_score", "resting_hr_bpm", "resting_hr_delta_bpm", "pain_0_10", "soreness_1_5",
    "fatigue_1_5", "readiness_1_5", "worst_item_1_5", "days_to_main_race", "hours_since_top_speed_h", "age_years",
)  # fmt: skip
_CARRIED = (*SignalValues.shown(), *PerformanceValues.shown(), *HabitValues.shown(), *LoadValues.shown())
TABLE = (*_KNOWN, *_CARRIED, *_MISSING)
MAY_BE_MISSING = TABLE[TABLE.index("monotony") :]
assert sorted(TABLE) == sorted(_OBSERVATION_FIELDS)


class _Rows:
    """``ROWS[name]``: its row in the table; ``ROWS[first, last]``: the block of rows from one to the other."""

    def __init__(self) -> None:
        self._of = {name: row for row, name in enumerate(TABLE)}

    def __getitem__(self, names: Any) -> Any:
        if isinstance(names, str):
            return self._of[names]
        first, last = names
        return slice(self._of[first], self._of[last] + 1)


ROWS = _Rows()


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


def over_chronic(load: FloatArray, chronic: FloatArray, lref: FloatArray) -> FloatArray:
    """A load (AU/d) over the chronic load, which counts as at least 0.15 Lref; of the acute load this is ACWR."""
    return load / np.maximum(chronic, risk.CHRONIC_FLOOR_OF_LREF * lref)


_FEATURE_ROWS = {name: [list(SCALING).index(feature) for feature in FEATURE_SETS[name]] for name in FEATURE_SETS}
_Z, _AVERAGES = ROWS["hrv_z", "sleep_today_z"], ROWS["acute_au", "low_fatigue_au"]
_REFERENCES = ROWS["high_reference_au", "low_reference_au"]


@lru_cache(maxsize=64)
def _everywhere(n: int, value: float) -> FloatArray:
    """A bound as an array: clipping to it takes a third of what clipping to a number takes."""
    column = np.full(n, value)
    column.flags.writeable = False
    return column


def _between(values: FloatArray, low: float, high: float) -> FloatArray:
    """Clipped in place, (..., n)."""
    n = values.shape[-1]
    return np.minimum(np.maximum(values, _everywhere(n, low), out=values), _everywhere(n, high), out=values)


def _scaled_features(obs: Observation) -> FloatArray:
    """(16, n): every feature in the order of ``SCALING``, which says in words what is done here block by block."""
    table, lref = obs.table, obs.lref_au
    out = np.empty((len(SCALING), len(lref)))
    z = table[_Z]
    z = _between(np.where(z == z, z, 0.0), -3.0, 3.0) / 3.0
    out[0:2], out[6:8] = z[:2], z[2:]  # hrv, sleep, hrv_today, sleep_today
    references = np.empty((6, len(lref)))
    references[0:2] = lref
    references[2:4] = references[4:6] = np.maximum(table[_REFERENCES], 0.05 * lref)
    relative = _between(table[_AVERAGES] / references - 1.0, -1.0, 2.0) / 2.0
    out[2:4], out[9:11], out[12:14] = relative[0:2], relative[2:4], relative[4:6]  # acute .. volume_fatigue
    ratios = np.empty((2, len(lref)))
    ratios[0] = over_chronic(obs.last_load_au, obs.chronic_au, lref)
    np.divide(obs.planned_load_au, lref, out=ratios[1])
    out[8], out[14] = _between(ratios, 0.0, 3.0) - 1.0  # last_load, planned_load
    np.subtract(_between(obs.acwr.copy(), 0.0, 2.5), 1.0, out=out[4])
    performance = obs.performance_pct
    performance = _between(np.where(performance == performance, performance, 0.0), -5.0, 5.0)
    np.divide(performance, 5.0, out=out[5])
    out[11] = (obs.ill > 0) | (obs.injured > 0)  # sick
    # What is called intense differs between coaches: today's counts against the athlete's own usual high load.
    np.divide(obs.planned_load_au * obs.planned_share, references[2], out=out[15])
    _between(out[15], 0.0, 3.0)
    out[15] -= 1.0
    return out

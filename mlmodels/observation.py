"""What goes into the tracker, what comes out of it, and how that becomes features.

``mlmodels.state`` is the door: it gives out these names together with the tracker.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cached_property, lru_cache
from typing import Any, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mlmodels import risk
from mlmodels.actions import FloatArray

BoolArray = NDArray[np.bool_]
IntArray = NDArray[np.int64]
StrArray = NDArray[np.str_]
Row = dict[str, float | int | None]

STATE_VERSION = 1

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
    "planned_share": "planned share of high intensity, 0-1",
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
    slept = np.clip((np.asarray(sleep_h, dtype=np.float64) - 4.0) / (need - 4.0), 0.0, 1.0)
    rated = (np.asarray(quality_1_5, dtype=np.float64) - 1.0) / 4.0
    return 100.0 * (0.6 * slept + 0.4 * rated)


def absorption_gate(hrv_z: ArrayLike) -> FloatArray:
    """Fraction of a load that is absorbed (0.2-1) given the morning's 7-day HRV z; a missing z counts as 0."""
    z = np.asarray(hrv_z, dtype=np.float64)
    z = np.where(z == z, z, 0.0)
    sigmoid = 1.0 / (1.0 + np.exp((risk.GATE_CENTRE_SD - z) / risk.GATE_WIDTH_SD))
    return risk.GATE_FLOOR + (1.0 - risk.GATE_FLOOR) * sigmoid


# --- Inputs --------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=64)
def constant_column(n: int, value: float) -> FloatArray:
    column = np.full(n, value, dtype=np.float64)
    column.flags.writeable = False
    return column


def _column(n: int, value: ArrayLike | None, default: float) -> FloatArray:
    if value is None:
        return constant_column(n, default)
    array = np.asarray(value, dtype=np.float64)
    return array if array.shape == (n,) else np.broadcast_to(array, (n,))


HOLD_NONE, HOLD_CLINICIAN, HOLD_PREGNANCY, HOLD_HEART, HOLD_REDS = range(5)
ILLNESS_NONE, ILLNESS_ABOVE_NECK, ILLNESS_BELOW_NECK, ILLNESS_FEVER = range(4)
TIMING_TRIAL, TIMING_HAND, TIMING_FAT = range(3)


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

    @classmethod
    def of(cls, n: int, **arrays: ArrayLike | None) -> Morning:
        """The arrays given, the rest not measured. An unknown name is a TypeError."""
        unknown = arrays.keys() - _MORNING_DEFAULTS.keys()
        if unknown:
            raise TypeError(f"Morning has no {sorted(unknown)}")
        return cls(*(_column(n, arrays.get(name), default) for name, default in _MORNING_DEFAULTS.items()))

    def select(self, index: Any) -> Morning:
        return Morning(*(getattr(self, name)[index] for name in _MORNING_DEFAULTS))


_ZERO_WHEN_UNKNOWN = ("hrv_era", "ill", "injured", "weekday", "illness", "red_flag", "niggle")
_MORNING_DEFAULTS = {f.name: 0.0 if f.name in _ZERO_WHEN_UNKNOWN else np.nan for f in fields(Morning)}


@dataclass(slots=True)
class Evening:
    """What is known once the day is over, arrays of n.

    ``load_au``: session-RPE load, 0 = a confirmed rest day, NaN = nobody reported (Foster 2001,
    doi 10.1519/00124278-200102000-00019); ``action_taken``: -1 unknown; ``timing``: TIMING_ codes of the 400 m test.
    """

    load_au: FloatArray
    high_intensity_share: FloatArray
    t400_s: FloatArray
    action_taken: FloatArray
    timing: FloatArray

    @classmethod
    def of(
        cls,
        n: int,
        *,
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
        )


# --- Output --------------------------------------------------------------------------------------------------------


@dataclass
class Observation:
    """Every named value that features, guard, warnings and wording need; arrays of n, NaN = not known.

    Not changed once made: features and refusals are worked out once and kept.

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
    hrv_mean_7d_ms: FloatArray
    hrv_baseline_ms: FloatArray
    hrv_range_low_ms: FloatArray
    hrv_range_high_ms: FloatArray
    hrv_z: FloatArray
    hrv_valid_7d: FloatArray
    hrv_baseline_days: FloatArray
    hrv_age_days: FloatArray
    hrv_low_days: FloatArray  # 7-day z below -0.5
    hrv_very_low_days: FloatArray  # 7-day z below -1
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

    def __len__(self) -> int:
        return int(self.acwr.shape[0])

    @property
    def under_18(self) -> BoolArray:
        return self.age_years < risk.ADULT_YEARS

    @cached_property
    def refusal(self) -> StrArray:
        """Per athlete "" or why there is no state: insufficient_history, stale_data, out_of_range."""
        finite = np.isfinite(self.acute_au) & np.isfinite(self.chronic_au) & np.isfinite(self.planned_load_au)
        known = finite & ((self.seeded > 0) | (self.load_known_days >= risk.MIN_KNOWN_DAYS_UNSEEDED))
        stale = self.load_unlogged_days > risk.LOAD_STALE_DAYS
        broken = known & ~np.isfinite(self.features("observable")).all(axis=1)
        reasons = ["insufficient_history", "stale_data", "out_of_range"]
        return np.select([~known, stale, broken], reasons, default="").astype(np.str_)

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
            out = np.empty((len(self), len(FEATURE_SETS[set_name])), dtype=np.float32)
            with np.errstate(all="ignore"):  # a damaged row gives what is not finite, and ``refusal`` says so
                for column, name in enumerate(FEATURE_SETS[set_name]):
                    out[:, column] = _FEATURES[name](self)
            out.flags.writeable = False
            self._features[set_name] = out
        return self._features[set_name]

    @cached_property
    def _features(self) -> dict[str, NDArray[np.float32]]:
        return {}

    def select(self, index: Any) -> Observation:
        return Observation(*(getattr(self, name)[index] for name in _OBSERVATION_FIELDS))

    def row(self, i: int) -> Row:
        """Athlete i as plain JSON values; None = not known. ``from_rows`` gives back the same bits."""
        return self.select([i]).rows()[0]

    def rows(self) -> list[Row]:
        """Every athlete's ``row``; column by column, which takes 7 us an athlete where value by value takes 40."""
        columns = [_plain(getattr(self, name), name in _WHOLE) for name in _OBSERVATION_FIELDS]
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
# Flags, codes and counts: written as whole numbers.
_WHOLE = frozenset(
    name
    for name in _OBSERVATION_FIELDS
    if name.endswith(("_days", "_nights", "_run", "_6d", "_3d", "_7d", "_28d", "_count", "_changes", "_since_illness"))
    or name in ("weekday", "plan_automatic", "ill", "injured", "niggle", "illness", "red_flag", "pain_rising",
                "advice_hold", "monotonous", "days_off", "return_week", "tests_down", "days_seen", "seeded")
)  # fmt: skip


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


def _clip(values: FloatArray, low: float, high: float) -> FloatArray:
    return np.minimum(np.maximum(values, low), high)


def _zero_if_missing(values: FloatArray) -> FloatArray:
    return np.where(values == values, values, 0.0)


def _z_feature(z: FloatArray) -> FloatArray:
    return _clip(_zero_if_missing(z), -3.0, 3.0) / 3.0


def _relative(load: FloatArray, reference: FloatArray) -> FloatArray:
    return _clip(load / reference - 1.0, -1.0, 2.0) / 2.0


def _high_reference(obs: Observation) -> FloatArray:
    return np.maximum(obs.high_reference_au, 0.05 * obs.lref_au)


def _low_reference(obs: Observation) -> FloatArray:
    return np.maximum(obs.low_reference_au, 0.05 * obs.lref_au)


def over_chronic(load: FloatArray, chronic: FloatArray, lref: FloatArray) -> FloatArray:
    """A load (AU/d) over the chronic load, which counts as at least 0.15 Lref; of the acute load this is ACWR."""
    return load / np.maximum(chronic, risk.CHRONIC_FLOOR_OF_LREF * lref)


_FEATURES: dict[str, Callable[[Observation], FloatArray]] = {
    "hrv": lambda o: _z_feature(o.hrv_z),
    "sleep": lambda o: _z_feature(o.sleep_z),
    "acute": lambda o: _relative(o.acute_au, o.lref_au),
    "chronic": lambda o: _relative(o.chronic_au, o.lref_au),
    "acwr": lambda o: _clip(o.acwr, 0.0, 2.5) - 1.0,
    "performance": lambda o: _clip(_zero_if_missing(o.performance_pct), -5.0, 5.0) / 5.0,
    "hrv_today": lambda o: _z_feature(o.hrv_today_z),
    "sleep_today": lambda o: _z_feature(o.sleep_today_z),
    "last_load": lambda o: _clip(over_chronic(o.last_load_au, o.chronic_au, o.lref_au), 0.0, 3.0) - 1.0,
    "intensity_average": lambda o: _relative(o.high_average_au, _high_reference(o)),
    "volume_average": lambda o: _relative(o.low_average_au, _low_reference(o)),
    "sick": lambda o: np.where((o.ill > 0) | (o.injured > 0), 1.0, 0.0),
    "intensity_fatigue": lambda o: _relative(o.high_fatigue_au, _high_reference(o)),
    "volume_fatigue": lambda o: _relative(o.low_fatigue_au, _low_reference(o)),
    "planned_load": lambda o: _clip(o.planned_load_au / o.lref_au, 0.0, 3.0) - 1.0,
    "planned_share": lambda o: _clip(o.planned_share, 0.0, 1.0),
}

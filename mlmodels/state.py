"""One definition of every feature: an incremental tracker of n athletes, one local day at a time.

Serving, training and evaluation all run this code. ``morning`` answers with what is known before today's session and
does not advance; ``evening`` closes the day. Days follow one another without gaps: a day of which nothing is known is
a ``Morning`` and an ``Evening`` of NaN.

Method: Zhang, Wang & Niu 2026, doi 10.1038/s41598-026-41946-w (the six-part state); windows and lines in ``risk``.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import fields
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mlmodels import risk
from mlmodels.actions import Action, FloatArray, automatic_plan
from mlmodels.observation import (
    FEATURE_SETS,
    HOLD_CLINICIAN,
    HOLD_HEART,
    HOLD_NONE,
    HOLD_PREGNANCY,
    HOLD_REDS,
    ILLNESS_ABOVE_NECK,
    ILLNESS_BELOW_NECK,
    ILLNESS_FEVER,
    ILLNESS_NONE,
    SCALING,
    STATE_VERSION,
    TIMING_FAT,
    TIMING_HAND,
    TIMING_TRIAL,
    BoolArray,
    Evening,
    IntArray,
    Morning,
    Observation,
    Profiles,
    StrArray,
    absorption_gate,
    constant_column,
    feature_set_hash,
    over_chronic,
    sleep_score_from_report,
)

__all__ = [
    "FEATURE_SETS",
    "HOLD_CLINICIAN",
    "HOLD_HEART",
    "HOLD_NONE",
    "HOLD_PREGNANCY",
    "HOLD_REDS",
    "HRV_MEMORY_D",
    "ILLNESS_ABOVE_NECK",
    "ILLNESS_BELOW_NECK",
    "ILLNESS_FEVER",
    "ILLNESS_NONE",
    "SCALING",
    "STATE_VERSION",
    "TIMING_FAT",
    "TIMING_HAND",
    "TIMING_TRIAL",
    "BoolArray",
    "Evening",
    "IntArray",
    "Morning",
    "Observation",
    "Profiles",
    "StrArray",
    "Tracker",
    "absorption_gate",
    "feature_set_hash",
    "sleep_score_from_report",
]


HRV_MEMORY_D = risk.HRV_BASELINE_LAST_LAG

_SCALARS = (
    "days", "seeded", "seed_sum", "known_days", "acute", "chronic", "lref", "unlogged", "adherence_load",
    "adherence_plan", "last_load", "monotony", "strain", "strain_rank", "monotonous", "high_average", "low_average",
    "high_reference", "low_reference", "high_fatigue", "low_fatigue", "days_off", "former_chronic", "return_day",
    "since_illness", "acwr_low_days", "hard_run",
    "hrv_n", "hrv_sum", "hrv_squares", "hrv_age", "hrv_era", "hrv_era_days", "hrv_era_changes",
    "hrv_low", "hrv_very_low",
    "sleep_n", "sleep_sum", "sleep_squares", "sleep_age", "sleep_source", "sleep_short",
    "resting_hr", "resting_hr_n", "illness_signal",
    "level", "level_variance", "baseline_sum", "tests", "test_age", "tests_down", "level_before_down",
    "soreness_worst", "readiness_worst", "check_in_age", "intensity_run",
)  # fmt: skip
_RINGS = {
    "hrv": HRV_MEMORY_D,  # ln rMSSD minus HRV_ORIGIN, of one era
    "sleep": 67,
    "load": 28,  # as used: reported or imputed
    "load_known": 28,  # as reported
    "chronic": 28,
    "strain": 84,
    "unavailable": 28,
    "action": 7,
    "hard": 6,
    "pain": 2,
    "sleep_h": 2,
}
_NAN_RINGS = ("hrv", "sleep", "load", "load_known", "chronic", "strain", "action", "pain", "sleep_h")
_NAN_SCALARS = ("acute", "chronic", "lref", "last_load", "monotony", "strain", "strain_rank", "high_average",
                "low_average", "high_reference", "low_reference", "high_fatigue", "low_fatigue", "former_chronic",
                "resting_hr", "level", "level_variance", "level_before_down")  # fmt: skip
_NEVER_SCALARS = ("since_illness", "hrv_age", "sleep_age", "test_age", "check_in_age")
_ROW_VALUES = len(_SCALARS) + sum(_RINGS.values())
_HEADER = struct.Struct("<4sHHQ")  # magic, STATE_VERSION, values in the row, reserved
_MAGIC = b"HSTR"

HRV_ORIGIN = 4.0  # ln ms; readings are kept relative to it so that sums of squares keep their digits
_DAY_VARIANCE = risk.T400_PROCESS_SD_PER_WEEK**2 / 7.0
_TEST_VARIANCE = np.array([risk.T400_SD_TRIAL, risk.T400_SD_HAND, risk.T400_SD_FAT]) ** 2
_HIGH_LAMBDA, _LOW_LAMBDA, _FATIGUE_LAMBDA = (1.0 - np.exp(-1.0 / tau) for tau in (40.0, 50.0, 8.0))
_LAGS = {length: np.arange(1, length + 1) for length in set(_RINGS.values()) | {3, 7, 14}}
_SAME_WEEKDAY = np.array([7, 14, 21, 28])


class _Hrv(NamedTuple):
    new_era: BoolArray
    value: FloatArray  # ln rMSSD - HRV_ORIGIN, NaN = no reading
    mean_7d: FloatArray
    valid_7d: FloatArray
    baseline: FloatArray
    baseline_sd: FloatArray
    baseline_days: FloatArray
    z: FloatArray
    today_z: FloatArray
    age: FloatArray
    low_days: FloatArray
    very_low_days: FloatArray


class _Sleep(NamedTuple):
    first_score: BoolArray
    score: FloatArray
    today_z: FloatArray
    z: FloatArray
    age: FloatArray
    short_nights: FloatArray
    mean_3d_h: FloatArray


class Tracker:
    """The carry of n athletes: about 50 scalars and 11 ring buffers each (3 KB), all float64.

    A step of ``morning`` and ``evening`` costs O(n) numpy work and no Python loop over athletes.
    """

    def __init__(self, n: int, profiles: Profiles | None = None) -> None:
        self.n = n
        self.profiles = Profiles.default(n) if profiles is None else profiles
        self._clock = 0
        self._looked: tuple[Morning, int, _Hrv, _Sleep] | None = None
        self._set(np.zeros((len(_SCALARS), n)), {name: np.zeros((size, n)) for name, size in _RINGS.items()})
        for name in _NAN_RINGS:
            self._rings[name].fill(np.nan)
        for name in _NAN_SCALARS:
            getattr(self, name).fill(np.nan)
        for name in _NEVER_SCALARS:
            getattr(self, name).fill(risk.NEVER_DAYS)
        self._seed(np.isfinite(self.profiles.seed_load_au), self.profiles.seed_load_au)
        self.lref[:] = self.chronic

    def _set(self, scalars: FloatArray, rings: dict[str, FloatArray]) -> None:
        self._scalars, self._rings = scalars, rings
        for name, row in zip(_SCALARS, scalars, strict=True):
            setattr(self, name, row)

    # Rows of ``_scalars``; every write goes in place, so that the matrix stays the one copy.
    days: FloatArray
    seeded: FloatArray
    seed_sum: FloatArray
    known_days: FloatArray
    acute: FloatArray
    chronic: FloatArray
    lref: FloatArray
    unlogged: FloatArray
    adherence_load: FloatArray
    adherence_plan: FloatArray
    last_load: FloatArray
    monotony: FloatArray
    strain: FloatArray
    strain_rank: FloatArray
    monotonous: FloatArray
    high_average: FloatArray
    low_average: FloatArray
    high_reference: FloatArray
    low_reference: FloatArray
    high_fatigue: FloatArray
    low_fatigue: FloatArray
    days_off: FloatArray
    former_chronic: FloatArray
    return_day: FloatArray
    since_illness: FloatArray
    acwr_low_days: FloatArray
    hard_run: FloatArray
    hrv_n: FloatArray
    hrv_sum: FloatArray
    hrv_squares: FloatArray
    hrv_age: FloatArray
    hrv_era: FloatArray
    hrv_era_days: FloatArray
    hrv_era_changes: FloatArray
    hrv_low: FloatArray
    hrv_very_low: FloatArray
    sleep_n: FloatArray
    sleep_sum: FloatArray
    sleep_squares: FloatArray
    sleep_age: FloatArray
    sleep_source: FloatArray
    sleep_short: FloatArray
    resting_hr: FloatArray
    resting_hr_n: FloatArray
    illness_signal: FloatArray
    level: FloatArray
    level_variance: FloatArray
    baseline_sum: FloatArray
    tests: FloatArray
    test_age: FloatArray
    tests_down: FloatArray
    level_before_down: FloatArray
    soreness_worst: FloatArray
    readiness_worst: FloatArray
    check_in_age: FloatArray
    intensity_run: FloatArray

    def morning(self, m: Morning) -> Observation:
        """What is known this morning. Does not advance; may be asked again with other values for the same day."""
        hrv, sleep = self._hrv(m), self._sleep(m)
        self._looked = m, self._clock, hrv, sleep
        lref = np.maximum(self.lref, risk.LREF_FLOOR_AU)
        return Observation(
            **self._see_today(m, lref),
            **self._see_hrv(m, hrv),
            **self._see_sleep(m, sleep),
            **self._see_resting_hr(m, hrv),
            **self._see_load(lref),
            **self._see_breaks(m),
            **self._see_averages(),
            **self._see_performance(),
            **self._see_coverage(hrv),
        )

    def evening(self, m: Morning, e: Evening) -> None:
        """Close the day of ``m`` with what became known of it, and advance one local day."""
        hrv, sleep = self._signals(m)
        self._close_hrv(m, hrv)
        self._close_sleep(m, sleep)
        self._close_resting_hr(m, hrv)
        self._close_reports(m)
        self._close_actions(e)
        self._close_test(e)
        self._close_load(m, e, hrv)
        self._clock += 1
        self.days += 1.0

    def _signals(self, m: Morning) -> tuple[_Hrv, _Sleep]:
        """What ``morning`` made of this very morning, if it was the last one it saw: a quarter of an evening's time."""
        if self._looked is not None and self._looked[0] is m and self._looked[1] == self._clock:
            return self._looked[2:]
        return self._hrv(m), self._sleep(m)

    # --- morning, piece by piece ---

    def _see_today(self, m: Morning, lref: FloatArray) -> dict[str, FloatArray]:
        soreness, readiness, check_in_age = self._reports(m)
        planned, share, automatic = self._plan(m, lref)
        return {
            "weekday": m.weekday,
            "planned_load_au": planned,
            "planned_share": share,
            "plan_automatic": automatic,
            "ill": _flag(m.ill),
            "injured": _flag(m.injured),
            "niggle": _flag(m.niggle),
            "illness": m.illness,
            "red_flag": _flag(m.red_flag),
            "pain_0_10": m.pain_0_10,
            "pain_rising": self._pain_rising(m),
            "soreness_1_5": m.soreness_1_5,
            "fatigue_1_5": m.fatigue_1_5,
            "readiness_1_5": m.readiness,
            "soreness_worst_days": soreness,
            "readiness_worst_days": readiness,
            "check_in_age_days": check_in_age,
            "days_to_main_race": m.days_to_main_race,
            "hours_since_top_speed_h": m.hours_since_top_speed_h,
            "age_years": self.profiles.age_years,
            "advice_hold": self.profiles.advice_hold,
        }

    def _see_hrv(self, m: Morning, hrv: _Hrv) -> dict[str, FloatArray]:
        middle, half_width = hrv.baseline + HRV_ORIGIN, risk.HRV_RANGE_SD * hrv.baseline_sd
        return {
            "hrv_rmssd_ms": m.hrv_rmssd_ms,
            "hrv_today_z": hrv.today_z,
            "hrv_mean_7d_ms": np.exp(hrv.mean_7d + HRV_ORIGIN),
            "hrv_baseline_ms": np.exp(middle),
            "hrv_range_low_ms": np.exp(middle - half_width),
            "hrv_range_high_ms": np.exp(middle + half_width),
            "hrv_z": hrv.z,
            "hrv_valid_7d": hrv.valid_7d,
            "hrv_baseline_days": hrv.baseline_days,
            "hrv_age_days": hrv.age,
            "hrv_low_days": hrv.low_days,
            "hrv_very_low_days": hrv.very_low_days,
            "hrv_era_days": np.where(hrv.new_era, 0.0, self.hrv_era_days),
            "hrv_era_changes": self.hrv_era_changes + hrv.new_era,
        }

    def _see_sleep(self, m: Morning, sleep: _Sleep) -> dict[str, FloatArray]:
        return {
            "sleep_h": m.sleep_h,
            "sleep_mean_3d_h": sleep.mean_3d_h,
            "sleep_short_nights": sleep.short_nights,
            "sleep_score": sleep.score,
            "sleep_today_z": sleep.today_z,
            "sleep_z": sleep.z,
            "sleep_age_days": sleep.age,
        }

    def _see_resting_hr(self, m: Morning, hrv: _Hrv) -> dict[str, FloatArray]:
        delta, illness_signal = self._resting_hr(m, hrv)
        return {
            "resting_hr_bpm": m.resting_hr_bpm,
            "resting_hr_delta_bpm": delta,
            "illness_signal_days": illness_signal,
        }

    def _see_load(self, lref: FloatArray) -> dict[str, FloatArray]:
        six, week, before, previous = self._week_loads()
        return {
            "acute_au": self.acute.copy(),
            "chronic_au": self.chronic.copy(),
            "lref_au": lref,
            "acwr": over_chronic(self.acute, self.chronic, lref),
            "acwr_low_days": self.acwr_low_days.copy(),
            "last_load_au": self.last_load.copy(),
            "load_unlogged_days": self.unlogged.copy(),
            "week_load_au": week,
            "previous_week_load_au": previous,
            "six_day_load_au": six,
            "week_before_load_au": before,
            "monotony": self.monotony.copy(),
            "strain": self.strain.copy(),
            "strain_rank": self.strain_rank.copy(),
            "monotonous": self.monotonous.copy(),
        }

    def _see_breaks(self, m: Morning) -> dict[str, FloatArray]:
        return {
            "days_off": self.days_off.copy(),
            "return_week": self._return_week(),
            "former_chronic_au": self.former_chronic.copy(),
            "days_since_illness": self._days_since_illness(m),
            "hard_days_6d": self._rings["hard"].sum(axis=0),
            "hard_run_days": self.hard_run.copy(),
            "unavailable_28d": self._rings["unavailable"].sum(axis=0),
        }

    def _see_averages(self) -> dict[str, FloatArray]:
        return {
            "high_average_au": self.high_average.copy(),
            "low_average_au": self.low_average.copy(),
            "high_reference_au": self.high_reference.copy(),
            "low_reference_au": self.low_reference.copy(),
            "high_fatigue_au": self.high_fatigue.copy(),
            "low_fatigue_au": self.low_fatigue.copy(),
        }

    def _see_performance(self) -> dict[str, FloatArray]:
        performance, performance_sd = self._performance()
        return {
            "performance_pct": performance,
            "performance_sd_pct": performance_sd,
            "t400_level_s": np.exp(self.level),
            "test_age_days": np.minimum(self.test_age + 1.0, risk.NEVER_DAYS),
            "test_count": self.tests.copy(),
            "tests_down": self.tests_down.copy(),
        }

    def _see_coverage(self, hrv: _Hrv) -> dict[str, FloatArray]:
        return {
            "intensity_run": self.intensity_run.copy(),
            "intensity_6d": _count(self._back("action", _LAGS[6]) == Action.INCREASE_INTENSITY),
            "recovery_3d": _count(self._back("action", _LAGS[3]) == Action.ACTIVE_RECOVERY),
            "days_seen": self.days.copy(),
            "load_known_days": self.known_days.copy(),
            "load_known_28d": _count(self._rings["load_known"] >= 0),
            "hrv_known_days": np.minimum(hrv.baseline_days + hrv.valid_7d, risk.NEVER_DAYS),
            "seeded": self.seeded.copy(),
        }

    def sleep_baseline(self, same: BoolArray | bool = True) -> tuple[FloatArray, FloatArray]:
        """Own mean and SD of the sleep score, NaN below the least number of nights; ``same``: no new source today."""
        return _shrunk(self.sleep_n * same, self.sleep_sum, self.sleep_squares, risk.SLEEP_MIN_BASELINE,
                       risk.SLEEP_PRIOR_SD, risk.SLEEP_PRIOR_WEIGHT, risk.SLEEP_FLOOR_SD)  # fmt: skip

    def recent_loads_au(self) -> FloatArray:
        """Loads of the last 28 days as used (reported or imputed), (28, n), yesterday first."""
        return self._back("load", _LAGS[28])

    def hrv_turns(self, m: Morning) -> BoolArray:
        """Whose HRV is of another era from this morning on, whether that era has read anything today or not."""
        turned: BoolArray = (m.hrv_era > 0) & (self.hrv_era > 0) & (m.hrv_era != self.hrv_era)
        return turned

    def turn_hrv(self, index: IntArray, era: FloatArray, past_ms: FloatArray) -> None:
        """Go on with another HRV era, whose own readings take the place of the former one's in every window.

        ``index``, ``era``: (k,) which athletes, and the number of the era; ``past_ms``: (67, k) rMSSD ms of the days
        before today, yesterday first, NaN where that era read nothing. An era that nobody turned to starts anew.
        """
        read = past_ms > 0
        past = np.where(read, np.log(np.where(read, past_ms, 1.0)) - HRV_ORIGIN, np.nan)
        ring = self._rings["hrv"]
        ring[np.ix_((self._clock - _LAGS[len(ring)]) % len(ring), index)] = past
        window = slice(risk.HRV_BASELINE_FIRST_LAG - 1, risk.HRV_BASELINE_LAST_LAG)
        values = np.where(read, past, 0.0)[window]
        self.hrv_n[index] = read[window].sum(axis=0)
        self.hrv_sum[index], self.hrv_squares[index] = values.sum(axis=0), (values * values).sum(axis=0)
        self.hrv_era[index] = era
        self.hrv_era_changes[index] += 1.0
        for since_the_turn in (self.hrv_era_days, self.hrv_low, self.hrv_very_low):
            since_the_turn[index] = 0.0
        self._looked = None

    def _back(self, ring: str, lags: NDArray[np.int64]) -> FloatArray:
        """Values ``lags`` days before today, (len(lags), n); lag 1 is yesterday."""
        buffer = self._rings[ring]
        return buffer[(self._clock - lags) % len(buffer)]

    def _push(self, ring: str, values: ArrayLike) -> None:
        buffer = self._rings[ring]
        buffer[self._clock % len(buffer)] = values

    def _hrv(self, m: Morning) -> _Hrv:
        with np.errstate(divide="ignore", invalid="ignore"):
            value = np.log(np.where(m.hrv_rmssd_ms > 0, m.hrv_rmssd_ms, np.nan)) - HRV_ORIGIN
        read = value == value
        new_era = self.hrv_turns(m)
        same = ~new_era
        week = self._back("hrv", _LAGS[6])
        seen = week == week
        count = seen.sum(axis=0) * same + read
        total = np.where(seen, week, 0.0).sum(axis=0) * same + np.where(read, value, 0.0)
        mean_7d = np.where(count >= risk.HRV_MIN_OF_7, total / np.maximum(count, 1), np.nan)
        days = self.hrv_n * same
        baseline, sd = _shrunk(days, self.hrv_sum, self.hrv_squares, risk.HRV_MIN_BASELINE_PROVISIONAL,
                               risk.HRV_PRIOR_SD_LN, risk.HRV_PRIOR_WEIGHT, risk.HRV_FLOOR_SD_LN)  # fmt: skip
        z = (mean_7d - baseline) / sd
        return _Hrv(
            new_era, value, mean_7d, count.astype(np.float64), baseline, sd, days, z, (value - baseline) / sd,
            np.where(read, 0.0, np.minimum(self.hrv_age + 1.0, risk.NEVER_DAYS)),
            _run(self.hrv_low * same, z < risk.HRV_LOW_SD, z == z),
            _run(self.hrv_very_low * same, z < risk.HRV_VERY_LOW_SD, z == z),
        )  # fmt: skip

    def _sleep(self, m: Morning) -> _Sleep:
        scored = m.sleep_score == m.sleep_score
        slept = m.sleep_h == m.sleep_h
        first_score = scored & (self.sleep_source == 2)
        from_hours = ~scored & slept & (self.sleep_source != 1)
        score = m.sleep_score
        if from_hours.any():
            own = sleep_score_from_report(m.sleep_h, under_18=self.profiles.age_years < risk.ADULT_YEARS)
            score = np.where(from_hours, own, score)
        same = ~first_score
        mean, sd = self.sleep_baseline(same)
        nights = np.where(first_score, np.nan, self._back("sleep", _LAGS[2]))
        three = _weighted_nights(score, nights[0], nights[1])
        hours = self._back("sleep_h", _LAGS[2])
        lately = slept | (hours == hours).any(axis=0)
        return _Sleep(
            first_score, score, (score - mean) / sd, (three - mean) / sd,
            np.where(scored | slept, 0.0, np.minimum(self.sleep_age + 1.0, risk.NEVER_DAYS)),
            _run(self.sleep_short * lately, m.sleep_h < risk.SLEEP_SHORT_H, slept),
            _mean_of_known(m.sleep_h, hours[0], hours[1]),
        )  # fmt: skip

    def _resting_hr(self, m: Morning, hrv: _Hrv) -> tuple[FloatArray, FloatArray]:
        known = self.resting_hr_n >= risk.RESTING_HR_MIN_DAYS
        delta = np.where(known, m.resting_hr_bpm - self.resting_hr, np.nan)
        low = (hrv.today_z < risk.HRV_LOW_SD) | (hrv.z < risk.HRV_LOW_SD)
        return delta, _run(self.illness_signal, (delta > risk.RESTING_HR_RISE_BPM) & low)

    def _reports(self, m: Morning) -> tuple[FloatArray, FloatArray, FloatArray]:
        sore, ready = m.soreness_1_5 == m.soreness_1_5, m.readiness == m.readiness
        reported = sore | ready | (m.pain_0_10 == m.pain_0_10) | (m.fatigue_1_5 == m.fatigue_1_5)
        older = np.where(self.check_in_age >= risk.REPORTER_DAYS, risk.NEVER_DAYS, self.check_in_age + 1.0)
        return (
            _run(self.soreness_worst, m.soreness_1_5 <= risk.WELLNESS_WORST, sore),
            _run(self.readiness_worst, m.readiness <= risk.WELLNESS_WORST, ready),
            np.where(reported, 0.0, older),
        )

    def _pain_rising(self, m: Morning) -> FloatArray:
        yesterday, before = self._back("pain", _LAGS[2])
        rising = (m.pain_0_10 > yesterday) & (yesterday > before)
        return np.where(rising, 1.0, 0.0)

    def _plan(self, m: Morning, lref: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        planned, share = m.planned_load_au, m.planned_high_intensity_share
        given = planned >= 0
        if given.all():
            return planned, np.where(share == share, share, risk.DEFAULT_HIGH_SHARE), constant_column(self.n, 0.0)
        own, own_share = automatic_plan(m.weekday, lref, self.chronic, self.days // 7)
        return (
            np.where(given, planned, own),
            np.where(given, np.where(share == share, share, risk.DEFAULT_HIGH_SHARE), own_share),
            (~given).astype(np.float64),
        )

    def _performance(self) -> tuple[FloatArray, FloatArray]:
        tests = np.minimum(self.tests, risk.T400_BASELINE_TESTS)
        faster = 100.0 * (self.baseline_sum / np.maximum(tests, 1.0) - self.level)
        over = np.maximum(self.test_age + 1.0 - risk.PERFORMANCE_HOLD_DAYS, 0.0)
        return faster * 0.5 ** (over / risk.PERFORMANCE_HALF_LIFE_DAYS), 100.0 * np.sqrt(self.level_variance)

    def _week_loads(self) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
        loads = self._back("load", _LAGS[14])
        six, between = loads[:6].sum(axis=0), loads[7:13].sum(axis=0)
        return six, six + loads[6], loads[6] + between, between + loads[13]

    def _return_week(self) -> FloatArray:
        first = (self.days_off > risk.DAYS_OFF) | ((self.return_day >= 1) & (self.return_day <= 6))
        return np.where(first, 1.0, np.where((self.return_day >= 7) & (self.return_day <= 13), 2.0, 0.0))

    def _days_since_illness(self, m: Morning) -> FloatArray:
        below_neck = (m.illness >= ILLNESS_BELOW_NECK) | ((m.ill > 0) & (m.illness < ILLNESS_ABOVE_NECK))
        return np.where(below_neck, 0.0, np.minimum(self.since_illness + 1.0, risk.NEVER_DAYS))

    # --- evening, piece by piece ---

    def _close_hrv(self, m: Morning, hrv: _Hrv) -> None:
        if hrv.new_era.any():
            self._rings["hrv"][:, hrv.new_era] = np.nan
            for sums in (self.hrv_n, self.hrv_sum, self.hrv_squares):
                sums[hrv.new_era] = 0.0
        entering, leaving = self._back("hrv", _HRV_EDGES)
        _slide(self.hrv_n, self.hrv_sum, self.hrv_squares, entering, leaving)
        self._push("hrv", hrv.value)
        self.hrv_age[:] = hrv.age
        read = hrv.age == 0
        self.hrv_era_days += (self.hrv_era_days > 0) | read
        self.hrv_era_days[hrv.new_era] = read[hrv.new_era]
        self.hrv_era_changes += hrv.new_era
        np.copyto(self.hrv_era, m.hrv_era, where=m.hrv_era > 0)
        self.hrv_low[:] = hrv.low_days
        self.hrv_very_low[:] = hrv.very_low_days

    def _close_sleep(self, m: Morning, sleep: _Sleep) -> None:
        if sleep.first_score.any():
            self._rings["sleep"][:, sleep.first_score] = np.nan
            for sums in (self.sleep_n, self.sleep_sum, self.sleep_squares):
                sums[sleep.first_score] = 0.0
        entering, leaving = self._back("sleep", _HRV_EDGES)
        _slide(self.sleep_n, self.sleep_sum, self.sleep_squares, entering, leaving)
        self._push("sleep", sleep.score)
        self._push("sleep_h", m.sleep_h)
        self.sleep_age[:] = sleep.age
        scored = m.sleep_score == m.sleep_score
        np.copyto(self.sleep_source, 2.0, where=(self.sleep_source == 0) & (m.sleep_h == m.sleep_h))
        np.copyto(self.sleep_source, 1.0, where=scored)
        self.sleep_short[:] = sleep.short_nights

    def _close_resting_hr(self, m: Morning, hrv: _Hrv) -> None:
        _, self.illness_signal[:] = self._resting_hr(m, hrv)
        read = m.resting_hr_bpm == m.resting_hr_bpm
        if not read.any():
            return
        self.resting_hr_n += read
        step = np.maximum(risk.RESTING_HR_LAMBDA, 1.0 / np.maximum(self.resting_hr_n, 1.0))
        before = np.where(self.resting_hr == self.resting_hr, self.resting_hr, m.resting_hr_bpm)
        np.copyto(self.resting_hr, before + step * (m.resting_hr_bpm - before), where=read)

    def _close_reports(self, m: Morning) -> None:
        self.soreness_worst[:], self.readiness_worst[:], self.check_in_age[:] = self._reports(m)
        self._push("pain", m.pain_0_10)
        self.since_illness[:] = self._days_since_illness(m)
        self._push("unavailable", (m.ill > 0) | (m.injured > 0))

    def _close_actions(self, e: Evening) -> None:
        self._push("action", e.action_taken)
        harder = e.action_taken == Action.INCREASE_INTENSITY
        self.intensity_run[:] = _run(self.intensity_run, harder, e.action_taken >= 0)

    def _close_test(self, e: Evening) -> None:
        self.test_age += 1.0
        self.level_variance += _DAY_VARIANCE
        tested = e.t400_s > 0
        if not tested.any():
            return
        time_ln = np.log(np.where(tested, e.t400_s, 1.0))
        noise = _TEST_VARIANCE[e.timing.astype(np.int64)]
        first = tested & (self.tests == 0)
        down = tested & ~first & (time_ln > np.where(self.tests_down > 0, self.level_before_down, self.level)
                                  + risk.PERFORMANCE_DOWN_LN)  # fmt: skip
        np.copyto(self.level_before_down, self.level, where=down & (self.tests_down == 0))
        self.tests_down[:] = np.where(tested, np.where(down, self.tests_down + 1.0, 0.0), self.tests_down)
        gain = self.level_variance / (self.level_variance + noise)
        level = np.where(first, time_ln, self.level + gain * (time_ln - self.level))
        np.copyto(self.level, level, where=tested)
        np.copyto(self.level_variance, np.where(first, noise, (1.0 - gain) * self.level_variance), where=tested)
        self.baseline_sum += np.where(tested & (self.tests < risk.T400_BASELINE_TESTS), time_ln, 0.0)
        self.tests += tested
        self.test_age[tested] = 0.0

    def _close_load(self, m: Morning, e: Evening, hrv: _Hrv) -> None:
        known = e.load_au >= 0
        seeded = self.seeded > 0
        chronic_before = self.chronic.copy()
        reported = np.where(known, e.load_au, np.nan)
        used = reported
        if not known.all():
            used = np.where(known | ~seeded, reported, self._imputed(m))
        self._close_adherence(m, reported, known)
        self._push("load_known", reported)
        self._push("load", used)
        self.unlogged[:] = np.where(known, 0.0, self.unlogged + 1.0)
        self.known_days += known
        share = _first_known(e.high_intensity_share, m.planned_high_intensity_share, risk.DEFAULT_HIGH_SHARE)
        self._close_averages(used, share, hrv, seeded)
        if not seeded.all():
            self._close_seeding(reported, known, ~seeded)
        self._close_lref()
        self._close_foster()
        self._close_break(reported, known, chronic_before)
        np.copyto(self.last_load, used, where=used == used)
        hard = used * share >= risk.HARD_DAY_HIGH_OF_LREF * np.maximum(self.lref, risk.LREF_FLOOR_AU)
        self._push("hard", hard)
        self.hard_run[:] = np.where(hard, self.hard_run + 1.0, 0.0)

    def _imputed(self, m: Morning) -> FloatArray:
        """Plan x adherence, else the median of the known loads of the same weekday, else the chronic load."""
        adherence = np.where(self.adherence_plan > 0, self.adherence_load / np.maximum(self.adherence_plan, 1e-9), 1.0)
        median = _median_of_known(self._back("load_known", _SAME_WEEKDAY))
        fallback = np.where(median == median, median, self.chronic)
        return np.where(
            m.planned_load_au >= 0, m.planned_load_au * np.minimum(np.maximum(adherence, 0.2), 1.5), fallback
        )

    def _close_adherence(self, m: Morning, reported: FloatArray, known: BoolArray) -> None:
        both = known & (m.planned_load_au >= 0)
        for total, value in ((self.adherence_load, reported), (self.adherence_plan, m.planned_load_au)):
            np.copyto(total, total + risk.CHRONIC_LAMBDA * (value - total), where=both)

    def _close_averages(self, used: FloatArray, share: FloatArray, hrv: _Hrv, seeded: BoolArray) -> None:
        high = used * share
        low = used - high
        gate = absorption_gate(hrv.z)
        for average, value, step in (
            (self.acute, used, risk.ACUTE_LAMBDA),
            (self.chronic, used, risk.CHRONIC_LAMBDA),
            (self.high_average, gate * high, _HIGH_LAMBDA),
            (self.low_average, gate * low, _LOW_LAMBDA),
            (self.high_reference, high, risk.LREF_LAMBDA),
            (self.low_reference, low, risk.LREF_LAMBDA),
            (self.high_fatigue, high, _FATIGUE_LAMBDA),
            (self.low_fatigue, low, _FATIGUE_LAMBDA),
        ):
            np.copyto(average, average + step * (value - average), where=seeded)

    def _close_seeding(self, reported: FloatArray, known: BoolArray, unseeded: BoolArray) -> None:
        """Until the seed is known both averages are the mean of the known days, so that ACWR reads 1."""
        self.seed_sum += np.where(unseeded & known, reported, 0.0)
        some = unseeded & (self.known_days > 0)
        mean = self.seed_sum / np.maximum(self.known_days, 1.0)
        self._spread(some, mean)
        self.seeded[unseeded & (self.known_days >= risk.SEED_KNOWN_DAYS)] = 1.0

    def _spread(self, where: BoolArray, load: FloatArray) -> None:
        high = risk.DEFAULT_HIGH_SHARE * load
        for average in (self.acute, self.chronic):
            np.copyto(average, load, where=where)
        for average in (self.high_average, self.high_reference, self.high_fatigue):
            np.copyto(average, high, where=where)
        for average in (self.low_average, self.low_reference, self.low_fatigue):
            np.copyto(average, load - high, where=where)

    def _seed(self, where: BoolArray, load: FloatArray) -> None:
        self._spread(where, load)
        np.copyto(self.last_load, load, where=where)
        self._rings["load"][:, where] = load[where]
        self.seeded[where] = 1.0

    def _close_lref(self) -> None:
        self._push("chronic", self.chronic)
        early = self.days + 1.0 <= risk.LREF_FIRST_DAYS
        late = ~early
        if late.any():
            start = np.where(self.lref == self.lref, self.lref, self.chronic)
            np.copyto(self.lref, start + risk.LREF_LAMBDA * (self.chronic - start), where=late)
        if early.any():
            median = _median_of_known(self._rings["chronic"][:, early])
            self.lref[early] = np.where(median == median, median, self.lref[early])

    def _close_foster(self) -> None:
        """Monotony and strain of the seven days that end today; NaN when one of them was not reported."""
        week = self._rings["load_known"][(self._clock - _LAGS[7] + 1) % 28]
        mean = week.sum(axis=0) / 7.0
        sd = np.sqrt(((week - mean) ** 2).sum(axis=0) / 6.0)
        with np.errstate(divide="ignore", invalid="ignore"):
            monotony = np.where(mean > 0, np.minimum(mean / sd, risk.MONOTONY_CEILING), np.nan)
        self.monotony[:] = monotony
        self.strain[:] = 7.0 * mean * monotony
        past = self._rings["strain"]
        values, below = _count(past == past), _count(past < self.strain)
        enough = (values >= risk.STRAIN_MIN_VALUES) & (self.strain == self.strain)
        self.strain_rank[:] = np.where(enough, below / np.maximum(values, 1), np.nan)
        self._push("strain", self.strain)
        high = (self.monotony > risk.MONOTONY_HIGH) & (self.strain_rank >= risk.STRAIN_OWN_TOP)
        np.copyto(self.monotonous, high, where=self.strain == self.strain)
        acwr = over_chronic(self.acute, self.chronic, np.maximum(self.lref, risk.LREF_FLOOR_AU))
        self.acwr_low_days[:] = _run(self.acwr_low_days, acwr < risk.ACWR_DROPPING)

    def _close_break(self, reported: FloatArray, known: BoolArray, chronic_before: FloatArray) -> None:
        """A day nobody reported counts as a day off: less data must not end a layoff."""
        off = ~known | (reported <= risk.OFF_OF_LREF * np.maximum(self.lref, risk.LREF_FLOOR_AU))
        np.copyto(self.former_chronic, chronic_before, where=off & (self.days_off == 0) & (self.return_day == 0))
        back = ~off & (self.days_off > risk.DAYS_OFF)
        running = np.where(self.return_day > 0, self.return_day + 1.0, 0.0)
        running = np.where(running > 13, 0.0, running)
        self.return_day[:] = np.where(back, 1.0, running)
        self.days_off[:] = np.where(off, self.days_off + 1.0, 0.0)

    # --- rows, bytes ---

    def _canonical(self) -> FloatArray:
        """(values, n) with every ring oldest first, so that equal histories give equal bytes whatever the clock."""
        rings = [np.roll(self._rings[name], -(self._clock % size), axis=0) for name, size in _RINGS.items()]
        return np.concatenate([self._scalars, *rings], axis=0)

    def _adopt(self, values: FloatArray) -> None:
        rings, start = {}, len(_SCALARS)
        for name, size in _RINGS.items():
            rings[name] = np.ascontiguousarray(values[start : start + size])
            start += size
        self._clock, self._looked = 0, None
        self._set(np.ascontiguousarray(values[: len(_SCALARS)]), rings)

    @classmethod
    def _from(cls, values: FloatArray, profiles: Profiles) -> Tracker:
        tracker = cls.__new__(cls)
        tracker.n, tracker.profiles = values.shape[1], profiles
        tracker._adopt(values)
        return tracker

    def select(self, index: Any) -> Tracker:
        """A copy of some athletes (any numpy index)."""
        return Tracker._from(self._canonical()[:, index], self.profiles.select(index))

    def put(self, index: Any, other: Tracker) -> None:
        """Replace the athletes at ``index`` by those of ``other``, profiles included: a new season in their place."""
        values = self._canonical()
        values[:, index] = other._canonical()
        self._adopt(values)
        columns = [getattr(self.profiles, f.name).copy() for f in fields(Profiles)]
        for column, f in zip(columns, fields(Profiles), strict=True):
            column[index] = getattr(other.profiles, f.name)
        self.profiles = Profiles(*columns)

    def pack(self) -> list[bytes]:
        """One row of bytes an athlete, bit-exact; ``unpack`` refuses another version."""
        header = _HEADER.pack(_MAGIC, STATE_VERSION, _ROW_VALUES, 0)
        return [header + row.tobytes() for row in np.ascontiguousarray(self._canonical().T)]

    @classmethod
    def unpack(cls, blobs: Sequence[bytes], profiles: Profiles | None = None) -> Tracker:
        """Athletes from their rows. A row of another version or length is a ValueError: rebuild it from the days."""
        size = _HEADER.size + 8 * _ROW_VALUES
        expected = _HEADER.pack(_MAGIC, STATE_VERSION, _ROW_VALUES, 0)
        for i, blob in enumerate(blobs):
            if len(blob) != size or bytes(blob[: _HEADER.size]) != expected:
                raise ValueError(f"row {i} is no tracker row of version {STATE_VERSION}; rebuild it from the days")
        table = np.frombuffer(b"".join(blobs), dtype=np.uint8).reshape(len(blobs), size)[:, _HEADER.size :]
        values = np.ascontiguousarray(table).view(np.float64)
        return cls._from(values.T.copy(), Profiles.default(len(blobs)) if profiles is None else profiles)


_HRV_EDGES = np.array([risk.HRV_BASELINE_FIRST_LAG - 1, risk.HRV_BASELINE_LAST_LAG])
_LAGS |= {2: np.arange(1, 3)}


def _flag(values: FloatArray) -> FloatArray:
    return np.where(values > 0, 1.0, 0.0)


def _count(seen: BoolArray) -> FloatArray:
    """How many of up to 255 rows; adding bytes takes a fifth of what ``count_nonzero`` takes along this axis."""
    return np.asarray(np.add.reduce(seen.view(np.uint8), axis=0, dtype=np.uint8), dtype=np.float64)


def _run(previous: FloatArray, now: BoolArray, known: BoolArray | bool = True) -> FloatArray:
    """Length of a run of days: one longer, back to 0, or held where today is not known."""
    if known is True:
        return np.where(now, previous + 1.0, 0.0)
    return np.where(now, previous + 1.0, np.where(known, 0.0, previous))


def _shrunk(
    n: FloatArray, total: FloatArray, squares: FloatArray, least: int, prior: float, weight: float, floor: float
) -> tuple[FloatArray, FloatArray]:
    """Mean and SD of a window from its sums; the variance is pulled towards ``prior`` as ``weight`` days would."""
    count = np.maximum(n, 1.0)
    mean = total / count
    scatter = np.maximum(squares - total * mean, 0.0)
    sd = np.maximum(np.sqrt((scatter + weight * prior * prior) / (count - 1.0 + weight)), floor)
    enough = n >= least
    return np.where(enough, mean, np.nan), np.where(enough, sd, np.nan)


def _slide(n: FloatArray, total: FloatArray, squares: FloatArray, entering: FloatArray, leaving: FloatArray) -> None:
    came, went = entering == entering, leaving == leaving
    new, old = np.where(came, entering, 0.0), np.where(went, leaving, 0.0)
    n += came
    n -= went
    total += new
    total -= old
    squares += new * new
    squares -= old * old


def _weighted_nights(last: FloatArray, second: FloatArray, third: FloatArray) -> FloatArray:
    """Weighted mean of the known ones of three nights; NaN when none is."""
    total, weights = np.zeros_like(last), np.zeros_like(last)
    for night, weight in zip((last, second, third), risk.SLEEP_NIGHT_WEIGHTS, strict=True):
        known = night == night
        total += np.where(known, weight * night, 0.0)
        weights += weight * known
    return np.where(weights > 0, total / np.maximum(weights, 0.1), np.nan)


def _mean_of_known(*nights: FloatArray) -> FloatArray:
    """Mean of at least two known values of three."""
    stacked = np.stack(nights)
    known = _count(stacked == stacked)
    total = np.where(stacked == stacked, stacked, 0.0).sum(axis=0)
    return np.where(known >= 2, total / np.maximum(known, 1.0), np.nan)


def _median_of_known(rows: FloatArray) -> FloatArray:
    """Median over axis 0 of the values that are not NaN; NaN where none is."""
    ordered = np.sort(rows, axis=0)  # NaN last
    count = np.count_nonzero(rows == rows, axis=0)
    columns = np.arange(rows.shape[1])
    low, high = np.maximum(count - 1, 0) // 2, count // 2
    middle: FloatArray = ordered[low, columns] + ordered[np.minimum(high, len(rows) - 1), columns]
    return 0.5 * middle


def _first_known(first: FloatArray, second: FloatArray, default: float) -> FloatArray:
    return np.where(first == first, first, np.where(second == second, second, default))

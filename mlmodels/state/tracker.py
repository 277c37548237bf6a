"""One definition of every feature: an incremental tracker of n athletes, one local day at a time.

Serving, training and evaluation all run this code. ``morning`` answers with what is known before today's session and
does not advance; ``evening`` closes the day. Days follow one another without gaps: a day of which nothing is known is
a ``Morning`` and an ``Evening`` of NaN. One file, as all its values lie in one block of memory and are advanced
together.

Method: Zhang, Wang & Niu 2026, doi 10.1038/s41598-026-41946-w (the six-part state); windows and lines in ``risk``.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from dataclasses import fields
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from measures import risk
from measures.actions import Action
from measures.answers import (
    ILLNESS_ABOVE_NECK,
    ILLNESS_BELOW_NECK,
)
from mlmodels.state.actions import PLAN_RECOVERING_D, FloatArray, automatic_plan
from mlmodels.state.observation import (
    CARRIED,
    HABITS,
    LOOKED,
    ROWS,
    STATE_VERSION,
    TABLE,
    BoolArray,
    Evening,
    IntArray,
    Morning,
    Observation,
    Profiles,
    absorption_gate,
    constant_column,
    over_chronic,
    same_for_all,
    sleep_score_from_report,
)

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
    "soreness_worst", "readiness_worst", "check_in_age", "intensity_run", "seed_high_sum", "eased", *HABITS,
    "hrv_low_lifting", "hrv_very_low_lifting",
)  # fmt: skip
# In memory they lie so that what is advanced or shown together is one block: first what a morning works out (the rows
# of ``LOOKED``), then what it shows as it is (``CARRIED``), windows, the rest. A packed row keeps its own order.
_IN_MEMORY = (
    "hrv_age", "sleep_age", "since_illness", "hrv_low", "hrv_very_low", "sleep_short", "soreness_worst",
    "readiness_worst", "illness_signal", "check_in_age", "hrv_low_lifting", "hrv_very_low_lifting",
    "acute", "chronic", "high_average", "low_average", "high_fatigue", "low_fatigue", "high_reference",
    "low_reference", "last_load", "acwr_low_days", "unlogged", "monotonous", "days_off", "hard_run", "tests",
    "tests_down", "intensity_run", "days", "known_days", "seeded", "eased", *HABITS,
    "monotony", "strain", "strain_rank", "former_chronic",
    "hrv_n", "sleep_n", "hrv_sum", "sleep_sum", "hrv_squares", "sleep_squares",
    "seed_sum", "seed_high_sum", "lref", "adherence_load", "adherence_plan", "return_day", "hrv_era", "hrv_era_days",
    "hrv_era_changes", "sleep_source", "resting_hr", "resting_hr_n", "level", "level_variance", "baseline_sum",
    "test_age", "level_before_down",
)  # fmt: skip
_TO_PACKED = np.array([_IN_MEMORY.index(name) for name in _SCALARS])
_TO_MEMORY = np.array([_SCALARS.index(name) for name in _IN_MEMORY])
_LOOKED, _CARRIED = slice(0, len(LOOKED)), slice(len(LOOKED), len(LOOKED) + len(CARRIED))
_AGES, _RUNS, _CHECK_IN_AGE, _LIFTING = slice(0, 3), slice(3, 9), 9, slice(10, 12)  # within ``_LOOKED``


def _block(first: str, last: str) -> slice:
    return slice(_IN_MEMORY.index(first), _IN_MEMORY.index(last) + 1)


_AVERAGES, _WINDOWS = _block("acute", "low_reference"), _block("hrv_n", "sleep_squares")
_ADHERENCE, _HABITS = _block("adherence_load", "adherence_plan"), _block(HABITS[0], HABITS[-1])
_RINGS = {
    "hrv": HRV_MEMORY_D,  # ln rMSSD minus HRV_ORIGIN, of one era
    "sleep": 67,
    "load": 28,  # as used: reported or imputed
    "load_known": 28,  # as reported
    "chronic": 28,
    "strain": 84,
    "unavailable": PLAN_RECOVERING_D,
    "action": 7,
    "hard": 6,
    "pain": 2,
    "sleep_h": 2,
}
_NAN_RINGS = ("hrv", "sleep", "load", "load_known", "chronic", "strain", "action", "pain", "sleep_h")
_NAN_SCALARS = ("acute", "chronic", "lref", "last_load", "monotony", "strain", "strain_rank", "high_average",
                "low_average", "high_reference", "low_reference", "high_fatigue", "low_fatigue", "former_chronic",
                "resting_hr", "level", "level_variance", "level_before_down")  # fmt: skip
_ONE_SCALARS = ("plan_of_usual", "hrv_scatter", "sleep_scatter")  # as expected, until something is known
_NEVER_SCALARS = ("since_illness", "hrv_age", "sleep_age", "test_age", "check_in_age")
_ROW_VALUES = len(_SCALARS) + sum(_RINGS.values())
_HEADER = struct.Struct("<4sHHQ")  # magic, STATE_VERSION, values in the row, reserved
_MAGIC = b"HSTR"

HRV_ORIGIN = 4.0  # ln ms; readings are kept relative to it so that sums of squares keep their digits
_DAY_VARIANCE = risk.T400_PROCESS_SD_PER_WEEK**2 / 7.0
_TEST_VARIANCE = np.array([risk.T400_SD_TRIAL, risk.T400_SD_HAND, risk.T400_SD_FAT]) ** 2
_HIGH_LAMBDA, _LOW_LAMBDA, _FATIGUE_LAMBDA = (1.0 - np.exp(-1.0 / tau) for tau in (40.0, 50.0, 8.0))
_LAMBDAS = np.array(
    [risk.ACUTE_LAMBDA, risk.CHRONIC_LAMBDA, _HIGH_LAMBDA, _LOW_LAMBDA, _FATIGUE_LAMBDA, _FATIGUE_LAMBDA,
     risk.LREF_LAMBDA, risk.LREF_LAMBDA]
)[:, None]  # fmt: skip
# HRV and sleep, whose windows are the same days.
_LOW_SDS = np.array([[risk.HRV_LOW_SD], [risk.HRV_VERY_LOW_SD]])
_LEAST_DAYS = np.array([[risk.HRV_MIN_BASELINE_PROVISIONAL], [risk.SLEEP_MIN_BASELINE]], dtype=np.float64)
_PRIOR_SCATTER = np.array([
    [risk.HRV_PRIOR_WEIGHT * risk.HRV_PRIOR_SD_LN * risk.HRV_PRIOR_SD_LN],
    [risk.SLEEP_PRIOR_WEIGHT * risk.SLEEP_PRIOR_SD * risk.SLEEP_PRIOR_SD],
])  # fmt: skip
_PRIOR_DAYS = np.array([[risk.HRV_PRIOR_WEIGHT], [risk.SLEEP_PRIOR_WEIGHT]])
_FLOOR_SD = np.array([[risk.HRV_FLOOR_SD_LN], [risk.SLEEP_FLOOR_SD]])
_NIGHT_WEIGHTS = np.array(risk.SLEEP_NIGHT_WEIGHTS)[:, None]
_LAGS = {length: np.arange(1, length + 1) for length in set(_RINGS.values()) | {7, 14}}
_SAME_WEEKDAY = np.array([7, 14, 21, 28])


class _Look(NamedTuple):
    """What a morning and the evening after it both need. Pairs are HRV and sleep."""

    turned: BoolArray | None  # (2, n) whose readings begin anew: another HRV era, the first score; None: nobody's
    value: FloatArray  # (2, n) ln rMSSD - HRV_ORIGIN, sleep score; NaN = no reading
    mean_7d: FloatArray
    valid_7d: FloatArray
    baseline_days: FloatArray
    baseline: FloatArray  # (2, n)
    baseline_sd: FloatArray  # (2, n)
    z: FloatArray  # (4, n) HRV of 7 days, sleep of 3 nights, HRV today, last night
    resting_hr_delta: FloatArray | float
    sleep_mean_3d_h: FloatArray | float
    carry: FloatArray  # (12, n) the rows of LOOKED


class Tracker:
    """The carry of n athletes: about 50 scalars and 11 ring buffers each (3 KB), all float64.

    A step of ``morning`` and ``evening`` costs O(n) numpy work and no Python loop over athletes.
    """

    def __init__(self, n: int, profiles: Profiles | None = None) -> None:
        self.n = n
        self.profiles = Profiles.default(n) if profiles is None else profiles
        self._clock = 0
        self._looked: tuple[Morning, int, _Look] | None = None
        rings = _rings(n)
        for name in _NAN_RINGS:
            rings[name].fill(np.nan)
        self._set(np.zeros((len(_SCALARS), n)), rings)
        for name in _NAN_SCALARS:
            getattr(self, name).fill(np.nan)
        for name in _NEVER_SCALARS:
            getattr(self, name).fill(risk.NEVER_DAYS)
        for name in _ONE_SCALARS:
            getattr(self, name).fill(1.0)
        self._seed(np.isfinite(self.profiles.seed_load_au), self.profiles.seed_load_au)
        self.lref[:] = self.chronic

    def _set(self, scalars: FloatArray, rings: dict[str, FloatArray]) -> None:
        self._scalars, self._rings = scalars, rings
        signals = rings["hrv"].base
        assert signals is not None and signals is rings["sleep"].base
        self._signals: FloatArray = signals
        self._tallies = np.empty((3, self.n))  # kept in step with the rings below, not packed
        self._tallies[0] = rings["unavailable"].sum(axis=0)
        self._tallies[1] = _count(rings["load_known"] >= 0)
        self._tallies[2] = _count(rings["strain"] == rings["strain"])
        for name, row in zip(_IN_MEMORY, scalars, strict=True):
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
    hrv_low_lifting: FloatArray
    hrv_very_low_lifting: FloatArray
    intensity_run: FloatArray
    seed_high_sum: FloatArray
    eased: FloatArray
    load_unevenness: FloatArray
    hard_unevenness: FloatArray
    plan_of_usual: FloatArray
    day_off_share: FloatArray
    logged_share: FloatArray
    sick_share: FloatArray
    hrv_share: FloatArray
    hrv_scatter: FloatArray
    sleep_share: FloatArray
    sleep_scatter: FloatArray

    def morning(self, m: Morning) -> Observation:
        """What is known this morning. Does not advance; may be asked again with other values for the same day."""
        with np.errstate(divide="ignore", invalid="ignore"):
            look = self._look(m)
            self._looked = m, self._clock, look
            table = np.empty((len(TABLE), self.n))
            table[_SEEN_LOOKED], table[_SEEN_CARRIED] = look.carry, self._scalars[_CARRIED]
            for field, name in _REPORTED:
                table[ROWS[field]] = getattr(m, name)
            self._see_today(table, m)
            self._see_signals(table, look)
            self._see_load(table)
            self._see_counts(table)
            self._see_performance(table)
        return Observation.of_table(table, self._shared(m))

    def evening(self, m: Morning, e: Evening) -> None:
        """Close the day of ``m`` with what became known of it, and advance one local day."""
        with np.errstate(divide="ignore", invalid="ignore"):
            look, recovering = self._looked_at(m), self._recovering(m)
            self._close_signals(m, look)
            self._close_resting_hr(m)
            self._push("pain", m.pain_0_10)
            self._push_counted(0, "unavailable", (m.ill > 0) | (m.injured > 0))
            self._close_actions(e)
            self._close_test(e)
            self._close_load(m, e, look, recovering)
        self._clock += 1
        self.days += 1.0

    def _looked_at(self, m: Morning) -> _Look:
        """What ``morning`` made of this very morning, if it was the last one it saw: a quarter of an evening's time."""
        if self._looked is not None and self._looked[0] is m and self._looked[1] == self._clock:
            return self._looked[2]
        return self._look(m)

    # --- morning, piece by piece ---

    def _shared(self, m: Morning) -> dict[str, float]:
        if not self.n:
            return {}
        known = [(field, getattr(m, name)) for field, name in _SHAREABLE]
        known += (("age_years", self.profiles.age_years), ("advice_hold", self.profiles.advice_hold))
        shared = {field: column.item(0) for field, column in known if same_for_all(column)}
        # One and the same NaN, so that equal mornings are equal keys.
        shared = {field: value if value == value else math.nan for field, value in shared.items()}
        shared |= {field: float(shared[field] > 0) for field in _FLAGS if field in shared}
        if math.isnan(shared.get("pain_0_10", 0.0)):
            shared["pain_rising"] = 0.0
        return shared

    def _see_today(self, table: FloatArray, m: Morning) -> None:
        for name in _FLAGS:
            table[ROWS[name]] = getattr(m, name) > 0
        table[ROWS["age_years"]], table[ROWS["advice_hold"]] = self.profiles.age_years, self.profiles.advice_hold
        table[ROWS["pain_rising"]] = self._pain_rising(m)
        lref = np.maximum(self.lref, risk.LREF_FLOOR_AU, out=table[ROWS["lref_au"]])
        self._plan(table[_SEEN_PLAN], m, lref)

    def _see_signals(self, table: FloatArray, look: _Look) -> None:
        table[_SEEN_Z] = look.z
        logs = table[_SEEN_EXPONENTIALS]
        logs[0] = look.mean_7d
        logs[1] = look.baseline[0]
        logs[:2] += HRV_ORIGIN
        half_width = risk.HRV_RANGE_SD * look.baseline_sd[0]
        np.subtract(logs[1], half_width, out=logs[2])
        np.add(logs[1], half_width, out=logs[3])
        logs[4] = self.level
        np.exp(logs, out=logs)
        doubted = table[ROWS["hrv_doubted_z"]]
        np.log(np.where(table[ROWS["hrv_doubted_ms"]] > 0, table[ROWS["hrv_doubted_ms"]], np.nan), out=doubted)
        doubted -= HRV_ORIGIN
        doubted -= look.baseline[0]
        doubted /= look.baseline_sd[0]
        table[ROWS["sleep_score"]] = look.value[1]
        table[ROWS["sleep_mean_3d_h"]] = look.sleep_mean_3d_h
        table[ROWS["resting_hr_delta_bpm"]] = look.resting_hr_delta
        table[ROWS["hrv_valid_7d"]], table[ROWS["hrv_baseline_days"]] = look.valid_7d, look.baseline_days
        known = np.add(look.baseline_days, look.valid_7d, out=table[ROWS["hrv_known_days"]])
        np.minimum(known, risk.NEVER_DAYS, out=known)
        table[ROWS["hrv_era_days"]], table[ROWS["hrv_era_changes"]] = self.hrv_era_days, self.hrv_era_changes
        if look.turned is not None:
            table[ROWS["hrv_era_days"]] = np.where(look.turned[0], 0.0, self.hrv_era_days)
            table[ROWS["hrv_era_changes"]] += look.turned[0]

    def _see_load(self, table: FloatArray) -> None:
        loads = self._back("load", 14)
        week, previous, six, before = table[_SEEN_WEEKS]
        np.add.reduce(loads[:6], axis=0, out=six)
        between = np.add.reduce(loads[7:13], axis=0)
        np.add(six, loads[6], out=week)
        np.add(loads[6], between, out=before)
        np.add(between, loads[13], out=previous)
        np.fmax.reduce(self._rings["load"], axis=0, out=table[ROWS["largest_load_28d_au"]])
        table[ROWS["acwr"]] = over_chronic(self.acute, self.chronic, table[ROWS["lref_au"]])

    def _see_counts(self, table: FloatArray) -> None:
        table[ROWS["return_week"]] = self._return_week()
        np.add.reduce(self._rings["hard"], axis=0, out=table[ROWS["hard_days_6d"]])
        table[ROWS["unavailable_28d"]], table[ROWS["load_known_28d"]] = self._tallies[:2]
        actions = self._back("action", 6)
        table[ROWS["intensity_6d"]] = _count(actions == Action.INCREASE_INTENSITY)
        table[ROWS["recovery_3d"]] = _count(actions[:3] == Action.ACTIVE_RECOVERY)

    def _see_performance(self, table: FloatArray) -> None:
        tests = np.minimum(self.tests, risk.T400_BASELINE_TESTS)
        faster = 100.0 * (self.baseline_sum / np.maximum(tests, 1.0) - self.level)
        age = np.minimum(self.test_age + 1.0, risk.NEVER_DAYS, out=table[ROWS["test_age_days"]])
        old = np.flatnonzero((age > risk.PERFORMANCE_HOLD_DAYS) & (tests > 0))
        if len(old):
            over = self.test_age[old] + 1.0 - risk.PERFORMANCE_HOLD_DAYS
            faster[old] *= 0.5 ** (over / risk.PERFORMANCE_HALF_LIFE_DAYS)
        table[ROWS["performance_pct"]] = faster
        np.multiply(100.0, np.sqrt(self.level_variance), out=table[ROWS["performance_sd_pct"]])

    def sleep_baseline(self, same: BoolArray | bool = True) -> tuple[FloatArray, FloatArray]:
        """Own mean and SD of the sleep score, NaN below the least number of nights; ``same``: no new source today."""
        mean, sd = _shrunk(self._scalars[_WINDOWS], np.stack([self.hrv_n, self.sleep_n * same]))
        return mean[1], sd[1]

    def recent_loads_au(self) -> FloatArray:
        """Loads of the last 28 days as used (reported or imputed), (28, n), yesterday first."""
        return self._back("load", 28)

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
        for since_the_turn in (
            self.hrv_era_days, self.hrv_low, self.hrv_very_low, self.hrv_low_lifting, self.hrv_very_low_lifting,
        ):  # fmt: skip
            since_the_turn[index] = 0.0
        self._looked = None

    def _back(self, ring: str, days: int, *, until: int = 0) -> FloatArray:
        """Values of the last ``days`` days, (days, n), latest first; a view where they lie in one piece.

        ``until`` 0: yesterday is the latest; 1: today, once it is pushed.
        """
        buffer = self._rings[ring]
        end = (self._clock + until) % len(buffer) or len(buffer)
        if end >= days:
            return buffer[end - days : end][::-1]
        return buffer[(self._clock + until - _LAGS[days]) % len(buffer)]

    def _push(self, ring: str, values: ArrayLike) -> None:
        buffer = self._rings[ring]
        buffer[self._clock % len(buffer)] = values

    def _push_counted(self, tally: int, ring: str, values: NDArray[Any]) -> None:
        """Days that the ring counts: those marked, or those with a value."""
        buffer = self._rings[ring]
        leaving = buffer[self._clock % len(buffer)]
        if values.dtype != bool:
            self._tallies[tally] -= leaving == leaving
            self._tallies[tally] += values == values
        else:
            self._tallies[tally] -= leaving
            self._tallies[tally] += values
        leaving[:] = values

    def _look(self, m: Morning) -> _Look:
        means = np.empty((4, self.n))
        value = means[2:]
        np.log(np.where(m.hrv_rmssd_ms > 0, m.hrv_rmssd_ms, np.nan), out=value[0])
        value[0] -= HRV_ORIGIN
        value[1] = self._sleep_score(m)
        scored = m.sleep_score == m.sleep_score
        slept = m.sleep_h == m.sleep_h
        turned = self._turned(m, scored)
        valid = self._average_days(means, turned)
        counts = self._scalars[_WINDOWS][:2]
        if turned is not None:
            counts = counts * ~turned
        baseline, sd = _shrunk(self._scalars[_WINDOWS], counts)
        z = ((means.reshape(2, 2, -1) - baseline) / sd).reshape(4, -1)
        carry = self._advanced(m, value[0] == value[0], scored | slept)
        runs, before = carry[_RUNS], self._scalars[_RUNS]
        low = z[0] < _LOW_SDS
        runs[:2], carry[_LIFTING] = self._low_runs(low, z[0] == z[0], turned)
        runs[2], mean_h = self._short_nights(m, slept)
        for row, item in ((3, m.soreness_1_5), (4, m.readiness)):
            runs[row] = before[row]
            if not _all_missing(item):
                runs[row] = _run(before[row], item <= risk.WELLNESS_WORST, item == item)
        runs[5], resting_hr_delta = self._signs_of_illness(m, low[0] | (z[2] < risk.HRV_LOW_SD))
        return _Look(turned, value, means[0], valid, counts[0], baseline, sd, z, resting_hr_delta, mean_h, carry)

    def _low_runs(self, low: BoolArray, known: BoolArray, turned: BoolArray | None) -> tuple[FloatArray, FloatArray]:
        """Days below each HRV line; and whether today is a first day above, which alone does not end the run."""
        before, lifting = self._scalars[_RUNS][:2], self._scalars[_LIFTING]
        if turned is not None:
            before, lifting = before * ~turned[0], lifting * ~turned[0]
        above = known & ~low
        first = above & (before > 0) & (lifting == 0)
        return np.where(low, before + 1.0, np.where(above & ~first, 0.0, before)), np.where(known, first, lifting)

    def _turned(self, m: Morning, scored: BoolArray) -> BoolArray | None:
        another_era, first_score = self.hrv_turns(m), scored & (self.sleep_source == 2)
        if np.count_nonzero(another_era) or np.count_nonzero(first_score):
            return np.array([another_era, first_score])
        return None

    def _sleep_score(self, m: Morning) -> FloatArray:
        """The watch's score, or one from the reported hours for who never had a watch."""
        if _all_missing(m.sleep_h):
            return m.sleep_score
        from_hours = np.isnan(m.sleep_score) & (m.sleep_h == m.sleep_h) & (self.sleep_source != 1)
        own = sleep_score_from_report(m.sleep_h, under_18=self.profiles.age_years < risk.ADULT_YEARS)
        return np.where(from_hours, own, m.sleep_score)

    def _average_days(self, means: FloatArray, turned: BoolArray | None) -> FloatArray:
        """Put the means of 7 days' HRV and 3 nights' sleep into the first rows; returns the valid days of the 7."""
        week, nights = self._back("hrv", 6), self._back("sleep", 2)
        seen = week == week
        valid, total = _count(seen), np.where(seen, week, 0.0).sum(axis=0)
        if turned is not None:
            valid, total = valid * ~turned[0], total * ~turned[0]
            nights = np.where(turned[1], np.nan, nights)
        read = means[2] == means[2]
        valid += read
        total += np.where(read, means[2], 0.0)
        np.divide(total, np.maximum(valid, 1.0), out=means[0])
        means[0][valid < risk.HRV_MIN_OF_7] = np.nan
        means[1] = _weighted_nights(means[3], nights)
        return valid

    def _advanced(self, m: Morning, read: BoolArray, slept: BoolArray) -> FloatArray:
        """(12, n): the rows of LOOKED with this morning's ages; runs are still to come."""
        carry = np.empty((len(LOOKED), self.n))
        ages = np.add(self._scalars[_AGES], 1.0, out=carry[_AGES])
        np.minimum(ages, risk.NEVER_DAYS, out=ages)
        ages[0][read], ages[1][slept] = 0.0, 0.0
        ages[2][(m.illness >= ILLNESS_BELOW_NECK) | ((m.ill > 0) & (m.illness < ILLNESS_ABOVE_NECK))] = 0.0
        older = np.where(self.check_in_age >= risk.REPORTER_DAYS, risk.NEVER_DAYS, self.check_in_age + 1.0)
        items = [item for item in (m.soreness_1_5, m.readiness, m.pain_0_10, m.fatigue_1_5) if not _all_missing(item)]
        for item in items:
            older[item == item] = 0.0
        carry[_CHECK_IN_AGE] = older
        return carry

    def _short_nights(self, m: Morning, slept: BoolArray) -> tuple[FloatArray | float, FloatArray | float]:
        """Short nights in a row, and the mean hours of three."""
        hours = self._back("sleep_h", 2)
        known = hours == hours
        if _all_missing(m.sleep_h) and not np.count_nonzero(known):
            return 0.0, np.nan
        run = _run(self.sleep_short * (slept | known.any(axis=0)), m.sleep_h < risk.SLEEP_SHORT_H, slept)
        return run, _mean_of_known(m.sleep_h, hours[0], hours[1])

    def _signs_of_illness(self, m: Morning, low: BoolArray) -> tuple[FloatArray | float, FloatArray | float]:
        """Days in a row with resting HR up and HRV low, and how far resting HR is from its own mean."""
        if _all_missing(m.resting_hr_bpm):
            return 0.0, np.nan
        delta = m.resting_hr_bpm - self.resting_hr
        delta[self.resting_hr_n < risk.RESTING_HR_MIN_DAYS] = np.nan
        return _run(self.illness_signal, (delta > risk.RESTING_HR_RISE_BPM) & low), delta

    def _pain_rising(self, m: Morning) -> FloatArray:
        if _all_missing(m.pain_0_10):
            return np.zeros(self.n)
        yesterday, before = self._back("pain", 2)
        rising = (m.pain_0_10 > yesterday) & (yesterday > before)
        return np.where(rising, 1.0, 0.0)

    def _plan(self, seen: FloatArray, m: Morning, lref: FloatArray) -> None:
        """Planned load, its share of high intensity, and whether the automatic plan stands in, into ``seen`` (3, n)."""
        planned, share = m.planned_load_au, m.planned_high_intensity_share
        given = planned >= 0
        share = np.where(share == share, share, risk.DEFAULT_HIGH_SHARE)
        if np.count_nonzero(given) == self.n:
            seen[0], seen[1], seen[2] = planned, share, 0.0
            return
        own, own_share = automatic_plan(m.weekday, lref, self.chronic, self.days // 7, recovering=self._recovering(m))
        seen[0], seen[1], seen[2] = np.where(given, planned, own), np.where(given, share, own_share), ~given

    def _recovering(self, m: Morning) -> BoolArray:
        """Ill or injured this morning or in the 28 days before; asked before the evening counts this day in."""
        return np.asarray((self._tallies[0] > 0) | (m.ill > 0) | (m.injured > 0))

    def _return_week(self) -> FloatArray:
        off = self.days_off > risk.DAYS_OFF
        if not np.count_nonzero(off) and not np.count_nonzero(self.return_day):
            return constant_column(self.n, 0.0)
        first = off | ((self.return_day >= 1) & (self.return_day <= 6))
        return np.where(first, 1.0, np.where((self.return_day >= 7) & (self.return_day <= 13), 2.0, 0.0))

    # --- evening, piece by piece ---

    def _close_signals(self, m: Morning, look: _Look) -> None:
        if look.turned is not None:
            self._signals[:, look.turned] = np.nan
            windows = self._scalars[_WINDOWS].reshape(3, 2, -1)
            windows[:, look.turned] = 0.0
        _slide(self._scalars[_WINDOWS], self._signals[(self._clock - _EDGES) % HRV_MEMORY_D])
        self._signals[self._clock % HRV_MEMORY_D] = look.value
        self._push("sleep_h", m.sleep_h)
        read = look.carry[0] == 0
        self.hrv_era_days += (self.hrv_era_days > 0) | read
        if look.turned is not None:
            new_era = look.turned[0]
            self.hrv_era_days[new_era] = read[new_era]
            self.hrv_era_changes += new_era
        np.copyto(self.hrv_era, m.hrv_era, where=m.hrv_era > 0)
        if not _all_missing(m.sleep_h):
            np.copyto(self.sleep_source, 2.0, where=(self.sleep_source == 0) & (m.sleep_h == m.sleep_h))
        np.copyto(self.sleep_source, 1.0, where=m.sleep_score == m.sleep_score)
        self._scalars[_LOOKED] = look.carry

    def _close_resting_hr(self, m: Morning) -> None:
        read = m.resting_hr_bpm == m.resting_hr_bpm
        if not np.count_nonzero(read):
            return
        self.resting_hr_n += read
        step = np.maximum(risk.RESTING_HR_LAMBDA, 1.0 / np.maximum(self.resting_hr_n, 1.0))
        before = np.where(self.resting_hr == self.resting_hr, self.resting_hr, m.resting_hr_bpm)
        np.copyto(self.resting_hr, before + step * (m.resting_hr_bpm - before), where=read)

    def _close_actions(self, e: Evening) -> None:
        self._push("action", e.action_taken)
        harder = e.action_taken == Action.INCREASE_INTENSITY
        self.intensity_run[:] = _run(self.intensity_run, harder, e.action_taken >= 0)

    def _close_test(self, e: Evening) -> None:
        self.test_age += 1.0
        self.level_variance += _DAY_VARIANCE
        tested = e.t400_s > 0
        if not np.count_nonzero(tested):
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

    def _close_load(self, m: Morning, e: Evening, look: _Look, recovering: BoolArray) -> None:
        told = e.load_au >= 0
        known = told & (e.load_assumed == 0)
        seeded = self.seeded > 0
        chronic_before = self.chronic.copy()
        reported = np.where(known, e.load_au, np.nan)
        used = reported
        rows = np.flatnonzero(~known & seeded)
        if len(rows):
            used = reported.copy()
            used[rows] = np.where(told[rows], e.load_au[rows], self._imputed(m, rows))
        self._close_adherence(m, reported, known)
        self._push_counted(1, "load_known", reported)
        self._push("load", used)
        self.unlogged += 1.0
        self.unlogged[known] = 0.0
        self.known_days += known
        share = _first_known(e.high_intensity_share, m.planned_high_intensity_share, risk.DEFAULT_HIGH_SHARE)
        high = used * share
        self._close_averages(used, high, look.z[0], seeded)
        if np.count_nonzero(seeded) < self.n:
            self._close_seeding(reported, high, known, ~seeded)
        self._close_lref()
        lref = np.maximum(self.lref, risk.LREF_FLOOR_AU)
        self._close_eased(m, e, used, chronic_before, lref, recovering)
        self._close_habits(m, look, np.array([used, high]), known, lref)
        self._close_foster(lref)
        self._close_break(reported, known, chronic_before, lref)
        np.copyto(self.last_load, used, where=used == used)
        hard = high >= risk.HARD_DAY_HIGH_OF_LREF * lref
        self._push("hard", hard)
        self.hard_run[:] = np.where(hard, self.hard_run + 1.0, 0.0)

    def _imputed(self, m: Morning, rows: IntArray) -> FloatArray:
        """Plan x adherence, else the median of the known loads of the same weekday, else the chronic load."""
        load, plan, planned = self.adherence_load[rows], self.adherence_plan[rows], m.planned_load_au[rows]
        adherence = np.where(plan > 0, load / np.maximum(plan, 1e-9), 1.0)
        weekday = (self._clock - _SAME_WEEKDAY) % 28
        median = _median_of_known(self._rings["load_known"][weekday[:, None], rows])
        fallback = np.where(median == median, median, self.chronic[rows])
        return np.where(planned >= 0, planned * np.minimum(np.maximum(adherence, 0.2), 1.5), fallback)

    def _close_adherence(self, m: Morning, reported: FloatArray, known: BoolArray) -> None:
        both = known & (m.planned_load_au >= 0)
        totals = self._scalars[_ADHERENCE]
        value = np.array([reported, m.planned_load_au])
        value -= totals
        value *= risk.CHRONIC_LAMBDA
        value += totals
        np.copyto(totals, value, where=both)

    def _close_averages(self, used: FloatArray, high: FloatArray, hrv_z: FloatArray, seeded: BoolArray) -> None:
        value = np.empty((8, self.n))
        value[0:2] = used
        value[4] = value[6] = high
        np.subtract(used, high, out=value[5])
        value[7] = value[5]
        np.multiply(absorption_gate(hrv_z), value[4:6], out=value[2:4])
        averages = self._scalars[_AVERAGES]
        value -= averages
        # A young average is the mean of the days so far: a share of high intensity that was guessed does not linger.
        value[:2] *= _LAMBDAS[:2]
        value[2:] *= np.maximum(_LAMBDAS[2:], 1.0 / (self.days + 1.0))
        value += averages
        if np.count_nonzero(seeded) == self.n:
            averages[:] = value
        else:
            np.copyto(averages, value, where=seeded)

    def _close_seeding(self, reported: FloatArray, high: FloatArray, known: BoolArray, unseeded: BoolArray) -> None:
        """Until the seed is known both averages are the mean of the known days, so that ACWR reads 1."""
        self.seed_sum += np.where(unseeded & known, reported, 0.0)
        self.seed_high_sum += np.where(unseeded & known, high, 0.0)
        some = unseeded & (self.known_days > 0)
        days = np.maximum(self.known_days, 1.0)
        self._spread(some, self.seed_sum / days, self.seed_high_sum / days)
        self.seeded[unseeded & (self.known_days >= risk.SEED_KNOWN_DAYS)] = 1.0

    def _spread(self, where: BoolArray, load: FloatArray, high: FloatArray) -> None:
        for average in (self.acute, self.chronic):
            np.copyto(average, load, where=where)
        for average in (self.high_average, self.high_reference, self.high_fatigue):
            np.copyto(average, high, where=where)
        for average in (self.low_average, self.low_reference, self.low_fatigue):
            np.copyto(average, load - high, where=where)

    def _seed(self, where: BoolArray, load: FloatArray) -> None:
        self._spread(where, load, risk.DEFAULT_HIGH_SHARE * load)
        np.copyto(self.last_load, load, where=where)
        self._rings["load"][:, where] = load[where]
        self.seeded[where] = 1.0

    def _close_eased(
        self,
        m: Morning,
        e: Evening,
        used: FloatArray,
        chronic_before: FloatArray,
        lref: FloatArray,
        recovering: BoolArray,
    ) -> None:
        """What recovery on advice took off the plan (the automatic one where nobody planned); not what health asked."""
        eased = np.zeros(self.n)
        health = (m.ill > 0) | (m.injured > 0) | (m.illness > 0) | (m.pain_0_10 >= risk.PAIN_RECOVERY)
        rested = np.flatnonzero((e.action_taken == Action.ACTIVE_RECOVERY) & (used == used) & ~health)
        if len(rested):
            own, _ = automatic_plan(
                m.weekday[rested],
                lref[rested],
                chronic_before[rested],
                self.days[rested] // 7,
                recovering=recovering[rested],
            )
            given = m.planned_load_au[rested]
            eased[rested] = np.fmax(np.where(given >= 0, given, own) - used[rested], 0.0)  # NaN: no load known yet
        self.eased += risk.CHRONIC_LAMBDA * (eased - self.eased)

    def _close_habits(self, m: Morning, look: _Look, loads: FloatArray, known: BoolArray, lref: FloatArray) -> None:
        """``loads`` (2, n): the day's load and its part at high intensity; NaN leaves a habit as it was."""
        value = np.empty((len(HABITS), self.n))
        np.divide(loads[0], lref, out=value[0])
        np.minimum(loads[1] / np.maximum(self.high_reference, 0.05 * lref), 6.0, out=value[1])
        np.square(value[:2], out=value[:2])
        np.divide(m.planned_load_au, lref, out=value[2])
        value[3] = np.where(loads[0] == loads[0], loads[0] <= risk.OFF_OF_LREF * lref, np.nan)
        value[4] = known
        value[5] = (m.ill > 0) | (m.injured > 0)
        value[6], value[8] = look.value == look.value
        z = np.minimum(np.maximum(look.z[2:], -4.0), 4.0)
        value[7], value[9] = z * z
        habits = self._scalars[_HABITS]
        value -= habits
        value *= np.maximum(risk.CHRONIC_LAMBDA, 1.0 / (self.days + 1.0))
        np.add(habits, value, out=habits, where=value == value)

    def _close_lref(self) -> None:
        """The usual load is that of ordinary weeks: illness, injury, a layoff and the way back from one leave it be."""
        self._push("chronic", self.chronic)
        early = self.days + 1.0 <= risk.LREF_FIRST_DAYS
        first = np.flatnonzero(early)
        if len(first) < self.n:
            start = np.where(self.lref == self.lref, self.lref, self.chronic)
            ordinary = (
                (self._tallies[0] <= risk.LREF_SICK_DAYS) & (self.days_off <= risk.DAYS_OFF) & (self.return_day == 0)
            )
            ordinary |= self.lref != self.lref
            np.copyto(self.lref, start + risk.LREF_LAMBDA * (self.chronic - start), where=~early & ordinary)
        if len(first):
            median = _median_of_known(self._rings["chronic"][:, first])
            self.lref[first] = np.where(median == median, median, self.lref[first])

    def _close_foster(self, lref: FloatArray) -> None:
        """Monotony and strain of the seven days that end today; NaN when one of them was not reported."""
        week = self._back("load_known", 7, until=1)
        mean = week.sum(axis=0) / 7.0
        sd = np.sqrt(((week - mean) ** 2).sum(axis=0) / 6.0)
        self.monotony[:] = np.where(mean > 0, np.minimum(mean / sd, risk.MONOTONY_CEILING), np.nan)
        self.strain[:] = 7.0 * mean * self.monotony
        past = self._rings["strain"]
        known = self.strain == self.strain
        values, below = self._tallies[2], _count(past < self.strain)
        enough = (values >= risk.STRAIN_MIN_VALUES) & known
        self.strain_rank[:] = np.where(enough, below / np.maximum(values, 1), np.nan)
        self._push_counted(2, "strain", self.strain)
        high = (self.monotony > risk.MONOTONY_HIGH) & (self.strain_rank >= risk.STRAIN_OWN_TOP)
        np.copyto(self.monotonous, high, where=known)
        acwr = over_chronic(self.acute, self.chronic, lref)
        self.acwr_low_days[:] = _run(self.acwr_low_days, acwr < risk.ACWR_DROPPING)

    def _close_break(
        self, reported: FloatArray, known: BoolArray, chronic_before: FloatArray, lref: FloatArray
    ) -> None:
        """A day nobody reported counts as a day off: less data must not end a layoff."""
        off = ~known | (reported <= risk.OFF_OF_LREF * lref)
        np.copyto(self.former_chronic, chronic_before, where=off & (self.days_off == 0) & (self.return_day == 0))
        back = ~off & (self.days_off > risk.DAYS_OFF)
        if np.count_nonzero(self.return_day) or np.count_nonzero(back):
            running = np.where(self.return_day > 0, self.return_day + 1.0, 0.0)
            running[running > 13] = 0.0
            running[back] = 1.0
            self.return_day[:] = running
        self.days_off[:] = np.where(off, self.days_off + 1.0, 0.0)

    # --- rows, bytes ---

    def _canonical(self) -> FloatArray:
        """(values, n) with every ring oldest first, so that equal histories give equal bytes whatever the clock."""
        rings = [np.roll(self._rings[name], -(self._clock % size), axis=0) for name, size in _RINGS.items()]
        return np.concatenate([self._scalars[_TO_PACKED], *rings], axis=0)

    def _adopt(self, values: FloatArray) -> None:
        rings, start = _rings(values.shape[1]), len(_SCALARS)
        for name, size in _RINGS.items():
            rings[name][:] = values[start : start + size]
            start += size
        self._clock, self._looked = 0, None
        self._set(values[_TO_MEMORY], rings)

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
        at = np.arange(self.n)[index]
        self._scalars[:, at] = other._scalars
        for name in _RINGS:
            same_days = np.roll(other._rings[name], self._clock - other._clock, axis=0)
            self._rings[name][:, at] = same_days
        self._tallies[:, at] = other._tallies
        self._looked = None
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


def _rings(n: int) -> dict[str, FloatArray]:
    """HRV and sleep share one buffer (67, 2, n): a day of both is read and written as one."""
    signals = np.zeros((HRV_MEMORY_D, 2, n))
    rings = {name: np.zeros((size, n)) for name, size in _RINGS.items() if name not in ("hrv", "sleep")}
    return {"hrv": signals[:, 0], "sleep": signals[:, 1], **rings}


_EDGES = np.array([risk.HRV_BASELINE_FIRST_LAG - 1, risk.HRV_BASELINE_LAST_LAG])
_FLAGS = ("ill", "injured", "niggle", "red_flag", "note_asks")
_REPORTED = (
    ("weekday", "weekday"), ("illness", "illness"), ("pain_0_10", "pain_0_10"), ("soreness_1_5", "soreness_1_5"),
    ("fatigue_1_5", "fatigue_1_5"), ("readiness_1_5", "readiness"), ("days_to_main_race", "days_to_main_race"),
    ("hours_since_top_speed_h", "hours_since_top_speed_h"), ("hrv_rmssd_ms", "hrv_rmssd_ms"), ("sleep_h", "sleep_h"),
    ("resting_hr_bpm", "resting_hr_bpm"), ("worst_item_1_5", "worst_item_1_5"),
    ("hrv_doubted_ms", "hrv_doubted_ms"), ("zones_to_settle", "zones_to_settle"),
)  # fmt: skip
_SHAREABLE = (*_REPORTED, *((name, name) for name in _FLAGS))
_SEEN_LOOKED, _SEEN_CARRIED = ROWS[LOOKED[0], LOOKED[-1]], ROWS[CARRIED[0], CARRIED[-1]]
_SEEN_Z, _SEEN_EXPONENTIALS = ROWS["hrv_z", "sleep_today_z"], ROWS["hrv_mean_7d_ms", "t400_level_s"]
_SEEN_WEEKS, _SEEN_PLAN = ROWS["week_load_au", "week_before_load_au"], ROWS["planned_load_au", "plan_automatic"]


def _all_missing(column: FloatArray) -> bool:
    return same_for_all(column) and bool(np.isnan(column[:1]).all())


def _count(seen: BoolArray) -> FloatArray:
    """How many of up to 255 rows; adding bytes takes a fifth of what ``count_nonzero`` takes along this axis."""
    return np.asarray(np.add.reduce(seen.view(np.uint8), axis=0, dtype=np.uint8), dtype=np.float64)


def _run(previous: FloatArray, now: BoolArray, known: BoolArray | bool = True) -> FloatArray:
    """Length of a run of days: one longer, back to 0, or held where today is not known."""
    if known is True:
        return np.where(now, previous + 1.0, 0.0)
    return np.where(now, previous + 1.0, np.where(known, 0.0, previous))


def _shrunk(windows: FloatArray, counts: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Mean and SD (2, n) of HRV and sleep over their windows; the variance is pulled towards a prior as days would.

    ``windows`` (6, n): values, sums and sums of squares of both; ``counts`` (2, n): values that count.
    """
    total, squares = windows[2:4], windows[4:6]
    count = np.maximum(counts, 1.0)
    mean = total / count
    scatter = np.maximum(squares - total * mean, 0.0)
    sd = np.maximum(np.sqrt((scatter + _PRIOR_SCATTER) / (count - 1.0 + _PRIOR_DAYS)), _FLOOR_SD)
    few = ~(counts >= _LEAST_DAYS)
    np.putmask(mean, few, np.nan)
    np.putmask(sd, few, np.nan)
    return mean, sd


def _slide(windows: FloatArray, edges: FloatArray) -> None:
    """``windows`` as above; ``edges`` (2, 2, n): of HRV and sleep what enters, then what leaves."""
    known = edges == edges
    value = np.where(known, edges, 0.0)
    square = value * value
    for sums, (new, old) in zip(windows.reshape(3, 2, -1), (known, value, square), strict=True):
        sums += new
        sums -= old


def _weighted_nights(last: FloatArray, before: FloatArray) -> FloatArray:
    """Weighted mean of the known ones of three nights; NaN when none is. ``before``: (2, n), the later one first."""
    nights = np.concatenate([last[None], before])
    known = nights == nights
    total = np.add.reduce(np.where(known, _NIGHT_WEIGHTS * nights, 0.0), axis=0)
    weights = np.add.reduce(_NIGHT_WEIGHTS * known, axis=0)
    mean: FloatArray = total / np.maximum(weights, 0.1)
    mean[weights == 0] = np.nan
    return mean


def _mean_of_known(*nights: FloatArray) -> FloatArray:
    """Mean of at least two known values of three."""
    stacked = np.array(nights)
    seen = stacked == stacked
    known = _count(seen)
    if not np.count_nonzero(known >= 2):
        return np.full(len(known), np.nan)
    total = np.where(seen, stacked, 0.0).sum(axis=0)
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

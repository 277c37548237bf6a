"""HRV, sleep, resting heart rate and the check-in's answers: what a morning makes of them, and what is kept of it.

Baselines of HRV and sleep: mean and SD of the own days of about two months, windows and lines in ``risk``.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from measures import risk
from measures.answers import ILLNESS_ABOVE_NECK, ILLNESS_BELOW_NECK
from mlmodels.state.arrays import BoolArray, FloatArray, IntArray
from mlmodels.state.carry import SignalValues
from mlmodels.state.days import Morning, same_for_all
from mlmodels.state.features import sleep_score_from_report
from mlmodels.state.memory import count, run_of_days
from mlmodels.state.table import ROWS

HRV_ORIGIN = 4.0  # ln ms; readings are kept relative to it so that sums of squares keep their digits

# HRV and sleep, whose windows are the same days.
_EDGES = np.array([risk.HRV_BASELINE_FIRST_LAG - 1, risk.HRV_BASELINE_LAST_LAG])
_LOW_SDS = np.array([[risk.HRV_LOW_SD], [risk.HRV_VERY_LOW_SD]])
_LEAST_DAYS = np.array([[risk.HRV_MIN_BASELINE_PROVISIONAL], [risk.SLEEP_MIN_BASELINE]], dtype=np.float64)
_PRIOR_SCATTER = np.array([
    [risk.HRV_PRIOR_WEIGHT * risk.HRV_PRIOR_SD_LN * risk.HRV_PRIOR_SD_LN],
    [risk.SLEEP_PRIOR_WEIGHT * risk.SLEEP_PRIOR_SD * risk.SLEEP_PRIOR_SD],
])  # fmt: skip
_PRIOR_DAYS = np.array([[risk.HRV_PRIOR_WEIGHT], [risk.SLEEP_PRIOR_WEIGHT]])
_FLOOR_SD = np.array([[risk.HRV_FLOOR_SD_LN], [risk.SLEEP_FLOOR_SD]])
_NIGHT_WEIGHTS = np.array(risk.SLEEP_NIGHT_WEIGHTS)[:, None]

_SHOWN = SignalValues.shown()
_LOOKED = slice(0, len(_SHOWN))
_AGES = SignalValues.block("hrv_age", "since_illness")
_LOW_RUNS = SignalValues.block("hrv_low", "hrv_very_low")
_LIFTING = SignalValues.block("hrv_low_lifting", "hrv_very_low_lifting")
_WINDOWS = SignalValues.block("hrv_n", "sleep_squares")
_SLEEP_SHORT, _ILLNESS_SIGNAL = SignalValues.row("sleep_short"), SignalValues.row("illness_signal")
_SORENESS_WORST, _READINESS_WORST = SignalValues.row("soreness_worst"), SignalValues.row("readiness_worst")
_HRV_AGE, _CHECK_IN_AGE = SignalValues.row("hrv_age"), SignalValues.row("check_in_age")

_SEEN_LOOKED, _SEEN_Z = ROWS[_SHOWN[0], _SHOWN[-1]], ROWS["hrv_z", "sleep_today_z"]
_SEEN_HRV_MS = ROWS["hrv_mean_7d_ms", "hrv_range_high_ms"]


class Look(NamedTuple):
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
    carry: FloatArray  # (12, n) the first values of the part, as they are this morning


class Signals(SignalValues):
    """``see`` a morning, ``close`` its day; ``look`` works out what both need."""

    _looked: tuple[Morning, int, Look] | None = None

    def forget_look(self) -> None:
        """Others stand in the rows now: the last morning is looked at anew."""
        self._looked = None

    def look(self, m: Morning, age_years: FloatArray) -> Look:
        """What this very morning was found to be, if it was the last one looked at: a quarter of an evening's time."""
        if self._looked is not None and self._looked[0] is m and self._looked[1] == self.clock.day:
            return self._looked[2]
        return self._look(m, age_years)

    def see(self, m: Morning, age_years: FloatArray, table: FloatArray) -> None:
        look = self._look(m, age_years)
        self._looked = m, self.clock.day, look
        table[_SEEN_LOOKED], table[_SEEN_Z] = look.carry, look.z
        table[ROWS["pain_rising"]] = self._pain_rising(m)
        table[ROWS["sleep_score"]] = look.value[1]
        table[ROWS["sleep_mean_3d_h"]] = look.sleep_mean_3d_h
        table[ROWS["resting_hr_delta_bpm"]] = look.resting_hr_delta
        self._see_hrv(look, table)
        self._see_hrv_days(look, table)

    def close(self, m: Morning, look: Look) -> None:
        read = look.carry[_HRV_AGE] == 0
        self._close_windows(look)
        self._close_era(m, look.turned, read)
        self._close_sleep_source(m)
        self.memory[_LOOKED] = look.carry
        self.sleep_hours.push(m.sleep_h)
        self.pain.push(m.pain_0_10)
        self._close_resting_hr(m)

    def sleep_baseline(self, same: BoolArray | bool = True) -> tuple[FloatArray, FloatArray]:
        """Own mean and SD of the sleep score, NaN below the least number of nights; ``same``: no new source today."""
        mean, sd = _shrunk(self.memory[_WINDOWS], np.stack([self.hrv_n, self.sleep_n * same]))
        return mean[1], sd[1]

    # --- a device's turn ---

    def hrv_turns(self, m: Morning) -> BoolArray:
        """Whose HRV is of another era from this morning on, whether that era has read anything today or not."""
        turned: BoolArray = (m.hrv_era > 0) & (self.hrv_era > 0) & (m.hrv_era != self.hrv_era)
        return turned

    def turn_hrv(self, index: IntArray, era: FloatArray, past_ms: FloatArray) -> None:
        """See `Tracker.turn_hrv`."""
        read = past_ms > 0
        past = np.where(read, np.log(np.where(read, past_ms, 1.0)) - HRV_ORIGIN, np.nan)
        hrv = self.readings.rows[:, 0]
        hrv[np.ix_(self.readings.at(np.arange(1, len(hrv) + 1)), index)] = past
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
        self.forget_look()

    # --- the look, piece by piece ---

    def _look(self, m: Morning, age_years: FloatArray) -> Look:
        means = np.empty((4, self.n))
        value = means[2:]
        np.log(np.where(m.hrv_rmssd_ms > 0, m.hrv_rmssd_ms, np.nan), out=value[0])
        value[0] -= HRV_ORIGIN
        value[1] = self._sleep_score(m, age_years)
        scored, slept = m.sleep_score == m.sleep_score, m.sleep_h == m.sleep_h
        turned = self._turned(m, scored)
        valid = self._average_days(means, turned)
        windows = self.memory[_WINDOWS]
        counts = windows[:2] if turned is None else windows[:2] * ~turned
        baseline, sd = _shrunk(windows, counts)
        z = ((means.reshape(2, 2, -1) - baseline) / sd).reshape(4, -1)
        carry = np.empty((len(_SHOWN), self.n))
        self._look_at_ages(carry, m, value[0] == value[0], scored | slept)
        low = z[0] < _LOW_SDS
        self._look_at_low_runs(carry, low, z[0] == z[0], turned)
        mean_h = self._look_at_short_nights(carry, m, slept)
        self._look_at_answers(carry, m)
        delta = self._look_at_illness(carry, m, low[0] | (z[2] < risk.HRV_LOW_SD))
        return Look(turned, value, means[0], valid, counts[0], baseline, sd, z, delta, mean_h, carry)

    def _turned(self, m: Morning, scored: BoolArray) -> BoolArray | None:
        another_era, first_score = self.hrv_turns(m), scored & (self.sleep_source == 2)
        if np.count_nonzero(another_era) or np.count_nonzero(first_score):
            return np.array([another_era, first_score])
        return None

    def _sleep_score(self, m: Morning, age_years: FloatArray) -> FloatArray:
        """The watch's score, or one from the reported hours for who never had a watch."""
        if all_missing(m.sleep_h):
            return m.sleep_score
        from_hours = np.isnan(m.sleep_score) & (m.sleep_h == m.sleep_h) & (self.sleep_source != 1)
        own = sleep_score_from_report(m.sleep_h, under_18=age_years < risk.ADULT_YEARS)
        return np.where(from_hours, own, m.sleep_score)

    def _average_days(self, means: FloatArray, turned: BoolArray | None) -> FloatArray:
        """Put the means of 7 days' HRV and 3 nights' sleep into the first rows; returns the valid days of the 7."""
        before = self.readings.back(6)
        week, nights = before[:, 0], before[:2, 1]
        seen = week == week
        valid, total = count(seen), np.where(seen, week, 0.0).sum(axis=0)
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

    def _look_at_ages(self, carry: FloatArray, m: Morning, read: BoolArray, slept: BoolArray) -> None:
        ages = np.add(self.memory[_AGES], 1.0, out=carry[_AGES])
        np.minimum(ages, risk.NEVER_DAYS, out=ages)
        hrv, sleep, illness = ages
        hrv[read], sleep[slept] = 0.0, 0.0
        illness[(m.illness >= ILLNESS_BELOW_NECK) | ((m.ill > 0) & (m.illness < ILLNESS_ABOVE_NECK))] = 0.0
        older = np.where(self.check_in_age >= risk.REPORTER_DAYS, risk.NEVER_DAYS, self.check_in_age + 1.0)
        for item in (m.soreness_1_5, m.readiness, m.pain_0_10, m.fatigue_1_5):
            if not all_missing(item):
                older[item == item] = 0.0
        carry[_CHECK_IN_AGE] = older

    def _look_at_low_runs(self, carry: FloatArray, low: BoolArray, known: BoolArray, turned: BoolArray | None) -> None:
        """Days below each HRV line; and whether today is a first day above, which alone does not end the run."""
        before, lifting = self.memory[_LOW_RUNS], self.memory[_LIFTING]
        if turned is not None:
            before, lifting = before * ~turned[0], lifting * ~turned[0]
        above = known & ~low
        first = above & (before > 0) & (lifting == 0)
        carry[_LOW_RUNS] = np.where(low, before + 1.0, np.where(above & ~first, 0.0, before))
        carry[_LIFTING] = np.where(known, first, lifting)

    def _look_at_short_nights(self, carry: FloatArray, m: Morning, slept: BoolArray) -> FloatArray | float:
        """Short nights in a row; returns the mean hours of three."""
        hours = self.sleep_hours.back(2)
        known = hours == hours
        carry[_SLEEP_SHORT] = 0.0
        if all_missing(m.sleep_h) and not np.count_nonzero(known):
            return np.nan
        before = self.sleep_short * (slept | known.any(axis=0))
        carry[_SLEEP_SHORT] = run_of_days(before, m.sleep_h < risk.SLEEP_SHORT_H, slept)
        return _mean_of_known(m.sleep_h, hours[0], hours[1])

    def _look_at_answers(self, carry: FloatArray, m: Morning) -> None:
        """Days in a row with the worst answer; a day without an answer holds the run."""
        for row, item in ((_SORENESS_WORST, m.soreness_1_5), (_READINESS_WORST, m.readiness)):
            before = self.memory[row]
            missing = all_missing(item)
            carry[row] = before if missing else run_of_days(before, item <= risk.WELLNESS_WORST, item == item)

    def _look_at_illness(self, carry: FloatArray, m: Morning, low: BoolArray) -> FloatArray | float:
        """Days in a row with resting HR up and HRV low; returns how far resting HR is from its own mean, bpm."""
        carry[_ILLNESS_SIGNAL] = 0.0
        if all_missing(m.resting_hr_bpm):
            return np.nan
        delta = m.resting_hr_bpm - self.resting_hr
        delta[self.resting_hr_n < risk.RESTING_HR_MIN_DAYS] = np.nan
        carry[_ILLNESS_SIGNAL] = run_of_days(self.illness_signal, (delta > risk.RESTING_HR_RISE_BPM) & low)
        return delta

    # --- morning, piece by piece ---

    def _see_hrv(self, look: Look, table: FloatArray) -> None:
        ms = table[_SEEN_HRV_MS]
        mean, baseline, range_low, range_high = ms
        mean[:], baseline[:] = look.mean_7d, look.baseline[0]
        ms[:2] += HRV_ORIGIN
        half_width = risk.HRV_RANGE_SD * look.baseline_sd[0]
        np.subtract(baseline, half_width, out=range_low)
        np.add(baseline, half_width, out=range_high)
        np.exp(ms, out=ms)
        doubted, doubted_ms = table[ROWS["hrv_doubted_z"]], table[ROWS["hrv_doubted_ms"]]
        np.log(np.where(doubted_ms > 0, doubted_ms, np.nan), out=doubted)
        doubted -= HRV_ORIGIN
        doubted -= look.baseline[0]
        doubted /= look.baseline_sd[0]

    def _see_hrv_days(self, look: Look, table: FloatArray) -> None:
        table[ROWS["hrv_valid_7d"]], table[ROWS["hrv_baseline_days"]] = look.valid_7d, look.baseline_days
        known = np.add(look.baseline_days, look.valid_7d, out=table[ROWS["hrv_known_days"]])
        np.minimum(known, risk.NEVER_DAYS, out=known)
        table[ROWS["hrv_era_days"]], table[ROWS["hrv_era_changes"]] = self.hrv_era_days, self.hrv_era_changes
        if look.turned is not None:
            table[ROWS["hrv_era_days"]] = np.where(look.turned[0], 0.0, self.hrv_era_days)
            table[ROWS["hrv_era_changes"]] += look.turned[0]

    def _pain_rising(self, m: Morning) -> FloatArray:
        if all_missing(m.pain_0_10):
            return np.zeros(self.n)
        yesterday, before = self.pain.back(2)
        rising = (m.pain_0_10 > yesterday) & (yesterday > before)
        return np.where(rising, 1.0, 0.0)

    # --- evening, piece by piece ---

    def _close_windows(self, look: Look) -> None:
        windows, rows = self.memory[_WINDOWS], self.readings.rows
        if look.turned is not None:
            rows[:, look.turned] = np.nan
            windows.reshape(3, 2, -1)[:, look.turned] = 0.0
        _slide(windows, rows[self.readings.at(_EDGES)])
        self.readings.push(look.value)

    def _close_era(self, m: Morning, turned: BoolArray | None, read: BoolArray) -> None:
        self.hrv_era_days += (self.hrv_era_days > 0) | read
        if turned is not None:
            new_era = turned[0]
            self.hrv_era_days[new_era] = read[new_era]
            self.hrv_era_changes += new_era
        np.copyto(self.hrv_era, m.hrv_era, where=m.hrv_era > 0)

    def _close_sleep_source(self, m: Morning) -> None:
        if not all_missing(m.sleep_h):
            np.copyto(self.sleep_source, 2.0, where=(self.sleep_source == 0) & (m.sleep_h == m.sleep_h))
        np.copyto(self.sleep_source, 1.0, where=m.sleep_score == m.sleep_score)

    def _close_resting_hr(self, m: Morning) -> None:
        read = m.resting_hr_bpm == m.resting_hr_bpm
        if not np.count_nonzero(read):
            return
        self.resting_hr_n += read
        step = np.maximum(risk.RESTING_HR_LAMBDA, 1.0 / np.maximum(self.resting_hr_n, 1.0))
        before = np.where(self.resting_hr == self.resting_hr, self.resting_hr, m.resting_hr_bpm)
        np.copyto(self.resting_hr, before + step * (m.resting_hr_bpm - before), where=read)


def all_missing(column: FloatArray) -> bool:
    return same_for_all(column) and bool(np.isnan(column[:1]).all())


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
    known = count(seen)
    if not np.count_nonzero(known >= 2):
        return np.full(len(known), np.nan)
    total = np.where(seen, stacked, 0.0).sum(axis=0)
    return np.where(known >= 2, total / np.maximum(known, 1.0), np.nan)

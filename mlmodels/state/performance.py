"""The 400 m: the level that the tests tell of, by a Kalman filter of one value in ln seconds.

Between tests the level is as good as it was and less certain by the day; a test draws it nearer by what both are
worth. Standard deviations of a test and of the drift are in ``risk``.
"""

from __future__ import annotations

import numpy as np

from measures import risk
from mlmodels.state.arrays import BoolArray, FloatArray
from mlmodels.state.carry import PerformanceValues
from mlmodels.state.days import Evening
from mlmodels.state.table import ROWS

_DAY_VARIANCE = risk.T400_PROCESS_SD_PER_WEEK**2 / 7.0
_TEST_VARIANCE = np.array([risk.T400_SD_TRIAL, risk.T400_SD_HAND, risk.T400_SD_FAT]) ** 2

_SHOWN = PerformanceValues.shown()
_CARRIED, _SEEN_CARRIED = slice(0, len(_SHOWN)), ROWS[_SHOWN[0], _SHOWN[-1]]


class Performance(PerformanceValues):
    """``see`` a morning, ``close`` its day."""

    def see(self, table: FloatArray) -> None:
        table[_SEEN_CARRIED] = self.memory[_CARRIED]
        np.exp(self.level, out=table[ROWS["t400_level_s"]])
        age = np.minimum(self.test_age + 1.0, risk.NEVER_DAYS, out=table[ROWS["test_age_days"]])
        table[ROWS["performance_pct"]] = self._percent_faster(age)
        np.multiply(100.0, np.sqrt(self.level_variance), out=table[ROWS["performance_sd_pct"]])

    def _percent_faster(self, age_days: FloatArray) -> FloatArray:
        """Than the mean of the first tests; after a while without a test it fades."""
        tests = np.minimum(self.tests, risk.T400_BASELINE_TESTS)
        faster: FloatArray = 100.0 * (self.baseline_sum / np.maximum(tests, 1.0) - self.level)
        old = np.flatnonzero((age_days > risk.PERFORMANCE_HOLD_DAYS) & (tests > 0))
        if len(old):
            over = self.test_age[old] + 1.0 - risk.PERFORMANCE_HOLD_DAYS
            faster[old] *= 0.5 ** (over / risk.PERFORMANCE_HALF_LIFE_DAYS)
        return faster

    def close(self, e: Evening) -> None:
        self.test_age += 1.0
        self.level_variance += _DAY_VARIANCE
        tested = e.t400_s > 0
        if not np.count_nonzero(tested):
            return
        time_ln = np.log(np.where(tested, e.t400_s, 1.0))
        first = tested & (self.tests == 0)
        self._close_slower(tested, first, time_ln)
        self._close_level(tested, first, time_ln, _TEST_VARIANCE[e.timing.astype(np.int64)])
        self.baseline_sum += np.where(tested & (self.tests < risk.T400_BASELINE_TESTS), time_ln, 0.0)
        self.tests += tested
        self.test_age[tested] = 0.0

    def _close_slower(self, tested: BoolArray, first: BoolArray, time_ln: FloatArray) -> None:
        """Tests in a row that were slower than the level before the first of them."""
        before = np.where(self.tests_down > 0, self.level_before_down, self.level)
        down = tested & ~first & (time_ln > before + risk.PERFORMANCE_DOWN_LN)
        np.copyto(self.level_before_down, self.level, where=down & (self.tests_down == 0))
        self.tests_down[:] = np.where(tested, np.where(down, self.tests_down + 1.0, 0.0), self.tests_down)

    def _close_level(self, tested: BoolArray, first: BoolArray, time_ln: FloatArray, noise: FloatArray) -> None:
        """``noise``: (n,) variance of a test by how it was timed."""
        gain = self.level_variance / (self.level_variance + noise)
        level = np.where(first, time_ln, self.level + gain * (time_ln - self.level))
        np.copyto(self.level, level, where=tested)
        np.copyto(self.level_variance, np.where(first, noise, (1.0 - gain) * self.level_variance), where=tested)

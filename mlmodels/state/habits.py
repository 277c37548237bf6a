"""How an athlete trains and measures, averaged over about four weeks as the chronic load is."""

from __future__ import annotations

import numpy as np

from measures import risk
from mlmodels.state.arrays import FloatArray
from mlmodels.state.carry import HABITS, HabitValues
from mlmodels.state.days import Morning
from mlmodels.state.load import DayOfLoad, Load
from mlmodels.state.table import ROWS

_SEEN = ROWS[HABITS[0], HABITS[-1]]


class Habits(HabitValues):
    """``see`` a morning, ``close`` its day."""

    def see(self, table: FloatArray) -> None:
        table[_SEEN] = self.memory

    def close(self, m: Morning, day: DayOfLoad, load: Load, readings: FloatArray, z: FloatArray) -> None:
        """``readings``, ``z``: (2, n) of today's HRV and last night's sleep. What is not known leaves a habit be."""
        today = np.empty((len(HABITS), self.n))
        self._look_at_training(today, m, day, load.high_reference)
        hrv_read, hrv_z2, sleep_read, sleep_z2 = today[_MEASURING]
        hrv_read[:], sleep_read[:] = readings == readings
        z = np.minimum(np.maximum(z, -4.0), 4.0)
        hrv_z2[:], sleep_z2[:] = z * z
        today -= self.memory
        today *= np.maximum(risk.CHRONIC_LAMBDA, 1.0 / (load.days + 1.0))
        np.add(self.memory, today, out=self.memory, where=today == today)

    def _look_at_training(self, today: FloatArray, m: Morning, day: DayOfLoad, high_reference: FloatArray) -> None:
        load, high, plan, off, logged, sick = today[_TRAINING]
        used, lref = day.used_au, day.lref_au
        np.divide(used, lref, out=load)
        np.minimum(day.high_au / np.maximum(high_reference, 0.05 * lref), 6.0, out=high)
        np.square(today[_UNEVENNESS], out=today[_UNEVENNESS])
        np.divide(m.planned_load_au, lref, out=plan)
        off[:] = np.where(used == used, used <= risk.OFF_OF_LREF * lref, np.nan)
        logged[:] = day.known
        sick[:] = (m.ill > 0) | (m.injured > 0)


_UNEVENNESS = HabitValues.block("load_unevenness", "hard_unevenness")
_TRAINING = HabitValues.block("load_unevenness", "sick_share")
_MEASURING = HabitValues.block("hrv_share", "sleep_scatter")

"""Training load: its averages, the plan, days off, monotony and strain, and what was done of the advice. AU a day.

ACWR and the exponential averages: Williams 2017, doi 10.1136/bjsports-2016-096589; monotony and strain: Foster 1998,
doi 10.1097/00005768-199807000-00023. Windows, lines and time constants are in ``risk``.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from measures import risk
from measures.actions import Action
from mlmodels.state.actions import automatic_plan
from mlmodels.state.arrays import BoolArray, FloatArray, IntArray
from mlmodels.state.carry import LoadValues
from mlmodels.state.days import Evening, Morning, constant_column
from mlmodels.state.features import absorption_gate, over_chronic
from mlmodels.state.memory import Clock, count, run_of_days
from mlmodels.state.table import ROWS

_HIGH_LAMBDA, _LOW_LAMBDA, _FATIGUE_LAMBDA = (1.0 - np.exp(-1.0 / tau) for tau in (40.0, 50.0, 8.0))
_LAMBDAS = np.array(
    [risk.ACUTE_LAMBDA, risk.CHRONIC_LAMBDA, _HIGH_LAMBDA, _LOW_LAMBDA, _FATIGUE_LAMBDA, _FATIGUE_LAMBDA,
     risk.LREF_LAMBDA, risk.LREF_LAMBDA]
)[:, None]  # fmt: skip
_SAME_WEEKDAY = np.array([7, 14, 21, 28])

_SHOWN = LoadValues.shown()
_CARRIED = slice(0, len(_SHOWN))
_AVERAGES = LoadValues.block("acute", "low_reference")
_ADHERENCE = LoadValues.block("adherence_load", "adherence_plan")

_SEEN_CARRIED = ROWS[_SHOWN[0], _SHOWN[-1]]
_SEEN_WEEKS, _SEEN_PLAN = ROWS["week_load_au", "week_before_load_au"], ROWS["planned_load_au", "plan_automatic"]


class DayOfLoad(NamedTuple):
    """What a day came to, arrays of n; NaN = not known."""

    used_au: FloatArray  # reported or imputed
    high_au: FloatArray  # the part at high intensity
    known: BoolArray  # reported
    lref_au: FloatArray


class Load(LoadValues):
    """``see`` a morning, ``close`` its day. ``seed_au``: (n,) the usual load of a day, NaN where it is not known."""

    def __init__(self, n: int, clock: Clock, seed_au: FloatArray | None = None) -> None:
        super().__init__(n, clock)
        if seed_au is not None:
            self._seed(np.isfinite(seed_au), seed_au)
            self.lref[:] = self.chronic

    def see(self, m: Morning, table: FloatArray) -> None:
        table[_SEEN_CARRIED] = self.memory[_CARRIED]
        lref = np.maximum(self.lref, risk.LREF_FLOOR_AU, out=table[ROWS["lref_au"]])
        self._plan(table[_SEEN_PLAN], m, lref)
        self._see_sums(table[_SEEN_WEEKS])
        np.fmax.reduce(self.loads.rows, axis=0, out=table[ROWS["largest_load_28d_au"]])
        table[ROWS["acwr"]] = over_chronic(self.acute, self.chronic, lref)
        self._see_counts(table)

    def close(self, m: Morning, e: Evening, hrv_z: FloatArray) -> DayOfLoad:
        """``hrv_z``: (n,) of the morning's 7-day mean."""
        recovering, chronic_before = self._recovering(m), self.chronic.copy()
        self.unavailable.push((m.ill > 0) | (m.injured > 0))
        self._close_actions(e)
        known = (e.load_au >= 0) & (e.load_assumed == 0)
        seeded = self.seeded > 0
        reported = np.where(known, e.load_au, np.nan)
        used = self._used(m, e, reported, known, seeded)
        self._close_records(m, reported, used, known)
        share = _first_known(e.high_intensity_share, m.planned_high_intensity_share, risk.DEFAULT_HIGH_SHARE)
        high = used * share
        self._close_averages(used, high, hrv_z, seeded)
        if np.count_nonzero(seeded) < self.n:
            self._close_seeding(reported, high, known, ~seeded)
        self._close_lref()
        lref = np.maximum(self.lref, risk.LREF_FLOOR_AU)
        self._close_eased(m, e, used, chronic_before, lref, recovering)
        self._close_foster(lref)
        self._close_break(reported, known, chronic_before, lref)
        np.copyto(self.last_load, used, where=used == used)
        self._close_hard_days(high, lref)
        return DayOfLoad(used, high, known, lref)

    # --- morning, piece by piece ---

    def _see_sums(self, weeks: FloatArray) -> None:
        """(4, n): the loads of days t-7..t-1, t-14..t-8, t-6..t-1 and t-13..t-7."""
        loads = self.loads.back(14)
        week, previous, six, before = weeks
        np.add.reduce(loads[:6], axis=0, out=six)
        between = np.add.reduce(loads[7:13], axis=0)
        np.add(six, loads[6], out=week)
        np.add(loads[6], between, out=before)
        np.add(between, loads[13], out=previous)

    def _see_counts(self, table: FloatArray) -> None:
        table[ROWS["return_week"]] = self._return_week()
        np.add.reduce(self.hard.rows, axis=0, out=table[ROWS["hard_days_6d"]])
        table[ROWS["unavailable_28d"]], table[ROWS["load_known_28d"]] = self.unavailable.count, self.reported.count
        actions = self.actions.back(6)
        table[ROWS["intensity_6d"]] = count(actions == Action.INCREASE_INTENSITY)
        table[ROWS["recovery_3d"]] = count(actions[:3] == Action.ACTIVE_RECOVERY)

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
        return np.asarray((self.unavailable.count > 0) | (m.ill > 0) | (m.injured > 0))

    def _return_week(self) -> FloatArray:
        off = self.days_off > risk.DAYS_OFF
        if not np.count_nonzero(off) and not np.count_nonzero(self.return_day):
            return constant_column(self.n, 0.0)
        first = off | ((self.return_day >= 1) & (self.return_day <= 6))
        return np.where(first, 1.0, np.where((self.return_day >= 7) & (self.return_day <= 13), 2.0, 0.0))

    # --- evening, piece by piece ---

    def _close_actions(self, e: Evening) -> None:
        self.actions.push(e.action_taken)
        harder = e.action_taken == Action.INCREASE_INTENSITY
        self.intensity_run[:] = run_of_days(self.intensity_run, harder, e.action_taken >= 0)

    def _used(self, m: Morning, e: Evening, reported: FloatArray, known: BoolArray, seeded: BoolArray) -> FloatArray:
        """The reported load; for who has a seed else the assumed one, else an imputed one."""
        rows = np.flatnonzero(~known & seeded)
        if not len(rows):
            return reported
        used, told = reported.copy(), e.load_au[rows]
        used[rows] = np.where(told >= 0, told, self._imputed(m, rows))
        return used

    def _close_records(self, m: Morning, reported: FloatArray, used: FloatArray, known: BoolArray) -> None:
        self._close_adherence(m, reported, known)
        self.reported.push(reported)
        self.loads.push(used)
        self.unlogged += 1.0
        self.unlogged[known] = 0.0
        self.known_days += known

    def _close_hard_days(self, high: FloatArray, lref: FloatArray) -> None:
        hard = high >= risk.HARD_DAY_HIGH_OF_LREF * lref
        self.hard.push(hard)
        self.hard_run[:] = np.where(hard, self.hard_run + 1.0, 0.0)

    def _imputed(self, m: Morning, rows: IntArray) -> FloatArray:
        """Plan x adherence, else the median of the known loads of the same weekday, else the chronic load."""
        load, plan, planned = self.adherence_load[rows], self.adherence_plan[rows], m.planned_load_au[rows]
        adherence = np.where(plan > 0, load / np.maximum(plan, 1e-9), 1.0)
        weekday = self.reported.at(_SAME_WEEKDAY)
        median = _median_of_known(self.reported.rows[weekday[:, None], rows])
        fallback = np.where(median == median, median, self.chronic[rows])
        return np.where(planned >= 0, planned * np.minimum(np.maximum(adherence, 0.2), 1.5), fallback)

    def _close_adherence(self, m: Morning, reported: FloatArray, known: BoolArray) -> None:
        both = known & (m.planned_load_au >= 0)
        totals = self.memory[_ADHERENCE]
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
        averages = self.memory[_AVERAGES]
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
        self.loads.rows[:, where] = load[where]
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

    def _close_lref(self) -> None:
        """The usual load is that of ordinary weeks: illness, injury, a layoff and the way back from one leave it be."""
        self.chronics.push(self.chronic)
        early = self.days + 1.0 <= risk.LREF_FIRST_DAYS
        first = np.flatnonzero(early)
        if len(first) < self.n:
            start = np.where(self.lref == self.lref, self.lref, self.chronic)
            ordinary = (
                (self.unavailable.count <= risk.LREF_SICK_DAYS)
                & (self.days_off <= risk.DAYS_OFF)
                & (self.return_day == 0)
            )
            ordinary |= self.lref != self.lref
            np.copyto(self.lref, start + risk.LREF_LAMBDA * (self.chronic - start), where=~early & ordinary)
        if len(first):
            median = _median_of_known(self.chronics.rows[:, first])
            self.lref[first] = np.where(median == median, median, self.lref[first])

    def _close_foster(self, lref: FloatArray) -> None:
        """Monotony and strain of the seven days that end today; NaN when one of them was not reported."""
        week = self.reported.back(7, until=1)
        mean = week.sum(axis=0) / 7.0
        sd = np.sqrt(((week - mean) ** 2).sum(axis=0) / 6.0)
        self.monotony[:] = np.where(mean > 0, np.minimum(mean / sd, risk.MONOTONY_CEILING), np.nan)
        self.strain[:] = 7.0 * mean * self.monotony
        past = self.strains.rows
        known = self.strain == self.strain
        values, below = self.strains.count, count(past < self.strain)
        enough = (values >= risk.STRAIN_MIN_VALUES) & known
        self.strain_rank[:] = np.where(enough, below / np.maximum(values, 1), np.nan)
        self.strains.push(self.strain)
        high = (self.monotony > risk.MONOTONY_HIGH) & (self.strain_rank >= risk.STRAIN_OWN_TOP)
        np.copyto(self.monotonous, high, where=known)
        acwr = over_chronic(self.acute, self.chronic, lref)
        self.acwr_low_days[:] = run_of_days(self.acwr_low_days, acwr < risk.ACWR_DROPPING)

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

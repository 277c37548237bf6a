"""The twin as far as it may be wrong: physiologies that a season log cannot tell from the fitted ones, lived at once.

``Doubt`` adds structures beside the twin's posterior draws; in a ``DoubtfulWorld`` every season is lived under all D of
them with the same loads, the same signals and the same luck, so that what an action is worth is known under each. The
log tells how well an athlete does, less well what would come of deviating from the plan: a twin fitted to one log
overrated rest that load alone triggers (+0.19 % where the truth was -0.07 %), under all of its draws alike.

    D structures, n seasons; arrays (D, n)
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from measures.actions import Action
from mlmodels.twin import model
from mlmodels.twin.habits import CAP_OF_CHRONIC, CAP_OF_USUAL, NOT_LOGGED, NOT_WORN, WEEKS, Habits
from mlmodels.twin.history import Floats
from mlmodels.twin.model import Twin, TwinWorld

FITTED_WEIGHT = 0.8  # of the fitted draws together (chosen on development seeds among 0.9, 0.8 and 0.75)

# Structures beside the fitted ones (conventions), by the gate's floor and centre (``model.GATE_PARAMETERS``).
MILD_FLOOR = 0.7  # overload takes at most 30 % of a session
LATE_CENTRE, LATE_FLOOR = -1.9, 0.1  # more than 90 % of usual days are absorbed whole
NO_GATE = (1.0, 0.0, -0.9, 0.3, 1.0)  # every session counts whole, always
SLOWER_OR_FASTER = (0.8, 1.25)  # fitness and fatigue times, in the doubted structures by turns


@dataclass(frozen=True)
class Doubt:
    """A twin of D structures. ``twin``: its gates, performance and drift have D rows; ``weight`` (D,) sums to 1."""

    twin: Twin
    days: Floats  # (3, D) time constants of intensity and volume fitness and of fatigue, d
    weight: Floats
    names: tuple[str, ...]

    @classmethod
    def of(cls, twin: Twin, fitted_weight: float = FITTED_WEIGHT) -> Self:
        fitted = len(twin.gates)
        distinct = [list(gate) for gate in dict.fromkeys(map(tuple, twin.gates))]
        added = [("mild", [*gate[:4], MILD_FLOOR]) for gate in distinct]
        added += [("late", [*gate[:2], LATE_CENTRE, gate[3], LATE_FLOOR]) for gate in distinct]
        added += [("no gate", list(NO_GATE))] * 2
        draws = [*range(fitted), *((fitted + i) % fitted for i in range(len(added)))]
        pace = np.array([1.0] * fitted + [SLOWER_OR_FASTER[(fitted + i) % 2 - fitted % 2] for i in range(len(added))])
        doubted = (1.0 - fitted_weight) / len(added)
        whole = cls(
            twin=replace(
                twin,
                gates=np.array([*twin.gates, *(gate for _, gate in added)]),
                usual_fitness=np.concatenate([twin.usual_fitness, np.full(len(added), 0.85)]),
                performance=twin.performance[draws],
                drift_pct_per_d=twin.drift_pct_per_d[draws],
            ),
            days=np.array([[model.INTENSITY_D], [model.VOLUME_D], [model.FATIGUE_D]]) * pace,
            weight=np.array([fitted_weight / fitted] * fitted + [doubted] * len(added)),
            names=(*["fitted"] * fitted, *(name for name, _ in added)),
        )
        return replace(whole, twin=replace(whole.twin, usual_fitness=whole.usual_fitness(fitted)))

    def usual_fitness(self, fitted: int, seasons: int = 300, seed: int = 9) -> Floats:
        """What both fitness averages come to under the logged plans: the fitted ones say, the others are lived."""
        world = DoubtfulWorld(self, seasons, seed, habits=Habits.of_the_log(seasons))
        levels = []
        for day in range(168):
            world.step(np.full(seasons, int(Action.AS_PLANNED)))
            if day >= 84:
                levels.append(world.fitness().mean(1))
        found = np.mean(levels, axis=0)
        found[:fitted] = self.twin.usual_fitness[:fitted]
        return np.asarray(found)


class DoubtfulWorld(TwinWorld):
    """n seasons, each under all D structures, each with habits of its own (``twin.habits``)."""

    def __init__(self, doubt: Doubt, n: int, seed: int, copies: int = 1, *, habits: Habits | None = None) -> None:
        self.doubt, self._given, self._events_of = doubt, habits, 0
        weeks = doubt.twin.plan_load.shape[1] // 7
        by_week = doubt.twin.plan_load[:, : weeks * 7].reshape(-1, weeks, 7)
        self._weekly_load = by_week.mean(2).repeat(7, axis=1)  # (A, days): the week's mean
        self._mean_load = by_week.mean((1, 2))  # (A,) of the whole season
        shares = doubt.twin.plan_share[:, : weeks * 7].reshape(-1, weeks, 7)
        self._usual_week = by_week.mean(1), shares.mean(1)  # (A, 7) load and share by weekday
        self._fitness_days = doubt.days[0][:, None], doubt.days[1][:, None]
        super().__init__(doubt.twin, n, seed, copies)

    def fresh(self, rows: NDArray[np.int64]) -> None:
        habits = self._given or Habits.draw(self._rng, len(rows))
        if len(rows) == self.n:
            self.habits = habits
        else:
            self.habits.put(rows, habits)
        super().fresh(rows)

    def _describe(self, rows: NDArray[np.int64]) -> None:
        s = self._state
        s["automatic"][rows] = self.habits.automatic[rows]
        if self._given:
            s["label"][rows] = 1.0
        super()._describe(rows)
        if "cost" not in s:
            s["cost"] = np.repeat(s["fatigue"][None], len(self.doubt.weight), axis=0)
        s["cost"][:, rows] = s["fatigue"][rows]
        centre = self._gates[2] + self.habits.gate_centre
        self._gates = [*self._gates[:2], centre, *self._gates[3:]]

    def fitness(self) -> Floats:
        """Both fitness averages' mean, (D, n), relative to the usual day."""
        return np.asarray((self._state["intensity"] + self._state["volume"]) / 2)

    def faster_pct(self) -> Floats:
        """% faster by fitness and fatigue alone, without the athlete's drift, (D, n)."""
        return self._fitness()

    def still_to_come_pct_d(self) -> Floats:
        """Days times % faster that decay from here once nothing differs any more, (D, n), each by its own time."""
        usual, lasting = self._usual_fitness, self.doubt.days[:, :, None] - 0.5
        s = self._state
        terms = model.performance_terms(s["intensity"] / usual, s["volume"] / usual, s["cost"])
        return np.asarray(sum(a * term * days for a, term, days in zip(self._all_draws, terms, lasting, strict=True)))

    def acwr(self) -> Floats:
        return np.asarray(self._state["acute"] / np.maximum(self._state["chronic"], 0.15))

    def share_events(self, n: int) -> None:
        """From now on all blocks of n athletes fall ill and are injured as the last one does."""
        self._events_of = n

    def _settle_events(self) -> None:
        if self._events_of:
            for name in ("ill_left", "injured_left"):
                self._state[name] = np.tile(self._state[name][-self._events_of :], self.n // self._events_of)

    def step(self, action: NDArray[Any], load_cap_au: Floats | None = None) -> dict[str, Any]:
        evening = super().step(action, load_cap_au)
        unlogged = self.habits.poor_log & (self._rng.random(size=self.n) < NOT_LOGGED)
        for name in ("load_au", "high_intensity_share"):
            evening[name] = np.where(unlogged, np.nan, evening[name])
        return evening

    def copied(self, copies: int, seed: int) -> Self:
        one = super().copied(copies, seed)
        one.habits = self.habits.copied(copies)
        one._gates = [part if part.shape[-1] == 1 else np.concatenate([part] * copies, axis=-1) for part in self._gates]
        return one

    def _absorb(self, x: Floats, share: Floats) -> None:
        super()._absorb(x, share)
        tiring = model.effort(x, self._hard_and_easy(x, share)[0])
        self._state["cost"] += (tiring - self._state["cost"]) / self.doubt.days[2][:, None]

    def _cost(self) -> Floats:
        return np.asarray(self._state["cost"])

    def _dawn(self, rows: NDArray[np.int64] | None) -> None:
        innovation, self._worn_luck = self._rng.standard_normal(size=(2, self.n)), self._rng.random(size=self.n)
        at: Any = slice(None) if rows is None or len(rows) == self.n else rows
        for own, phi, new in (
            (self.habits.own_hrv, self.twin.hrv.phi, innovation[0]),
            (self.habits.own_sleep, self.twin.sleep.phi, innovation[1]),
        ):
            own[at] = phi * own[at] + np.sqrt(1 - phi**2) * new[at]
        super()._dawn(rows)
        score = self._morning["sleep_score"]
        score[at] = np.where(self._not_yet_worn(at), np.nan, score[at])

    def _shown(self, hrv_signal: Floats, sleep_signal: Floats, at: Any) -> tuple[Floats, Floats]:
        tells = self.habits.tells[at]
        instead = np.sqrt(1 - tells**2)
        return (
            tells * hrv_signal + instead * self.habits.own_hrv[at] * self.twin.readiness_sd,
            tells * sleep_signal + instead * self.habits.own_sleep[at] * self.twin.sleep.slow_sd,
        )

    def _not_worn(self, at: Any) -> Any:
        sparse = self.habits.sparse_hrv[at] & (self._worn_luck[at] < NOT_WORN)
        return sparse | self._not_yet_worn(at)

    def _not_yet_worn(self, at: Any) -> Any:
        return self._state["elapsed"][at] < self.habits.worn_from_d[at]

    def _plan(self) -> tuple[Floats, Floats]:
        s, twin, usual = self._state, self.twin, self.usual_load_au
        column = (s["plan_start"] + s["elapsed"]) % twin.plan_load.shape[1]
        load, share = twin.plan_load[s["plan"], column], twin.plan_share[s["plan"], column]
        steady = np.flatnonzero(self.habits.steady)
        load[steady], share[steady] = (week[s["plan"][steady], self._weekday[steady]] for week in self._usual_week)
        own = np.flatnonzero(self.habits.week >= 0)
        shape = WEEKS[self.habits.week[own], :, self._weekday[own]]
        weekly = np.where(self.habits.steady, self._mean_load[s["plan"]], self._weekly_load[s["plan"], column])
        load[own] = weekly[own] * shape[:, 0]
        share[own] = twin.usual_share[s["who"][own]] * shape[:, 1]
        load *= self.habits.hardness
        load = np.where(self.habits.capped, np.minimum(load, CAP_OF_CHRONIC * s["chronic"] + CAP_OF_USUAL), load)
        load *= usual
        nobody = self._automatic
        load[nobody], share[nobody] = self._automatic_plan(nobody)
        return load, np.minimum(share * s["label"], model.HIGHEST_SHARE)

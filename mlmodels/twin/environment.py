"""The learning environment: n seasons of a twin's athletes, seen and guarded exactly as in serving.

Data sheet
    observation   ``Observation.features(feature_set)`` of the tracker that serving uses, float32
    action        0 more intensity, 1 more volume, 2 active recovery[, 3 as planned]; the guard may overrule it
    reward        ``reward`` on the twin's expected performance and hazard, never on a noisy trial or a sampled event
    season        28 days as planned (nothing is asked), then 140 days; cut, not ended; starts are staggered
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from measures.actions import Action
from mlmodels.deciding import guard
from mlmodels.deciding.capping import Capped
from mlmodels.reward import FORMS, Step, Weights
from mlmodels.state.arrays import FloatArray
from mlmodels.state.days import Evening, Morning, Profiles
from mlmodels.state.features import FEATURE_SETS
from mlmodels.state.observation import Observation
from mlmodels.state.tracker import Tracker
from mlmodels.twin.model import Twin, TwinWorld

SEASON_D, WARM_UP_D = 168, 28
BLOCKS = 12  # seasons start in blocks, two weeks apart
OVERRULED_COST = 0.005  # reward for a proposal the guard changes: among equals, propose what will be done (convention)
ACTIONS_OF = {"paper-6": 3, "observable": 4}


RewardForm = Callable[[Step, Weights], FloatArray]


class LearningWorld(Protocol):
    """What a season is learned in: a world that also tells what it expects."""

    usual_load_au: FloatArray

    @property
    def weekday(self) -> NDArray[np.int64]: ...

    def morning(self) -> dict[str, Any]: ...

    def step(self, action: NDArray[Any]) -> dict[str, Any]: ...

    def performance_draws_pct(self) -> FloatArray:
        """Expected % faster under each of d draws, (n, d)."""

    def hazard(self) -> FloatArray:
        """Probability of a new illness or injury today, (n,)."""

    def fresh(self, rows: NDArray[np.int64]) -> None:
        """New athletes in place of some."""


class SeasonEnv:
    """``training.dqn.Environment`` on a twin. The same twin, seed and actions give the same rewards."""

    def __init__(
        self,
        twin: Twin,
        n: int,
        seed: int,
        *,
        feature_set: str,
        reward: str | tuple[RewardForm, Weights] = "homestretch",
        guarded: bool = True,
        copies: int = 1,
        staggered: bool = True,
        world: LearningWorld | None = None,
    ) -> None:
        """``copies``: so many blocks of the same athletes with the same luck; ``world``: in place of the twin's own."""
        self.n, self.feature_set, self._guarded = n, feature_set, guarded
        self._reward, self._weights = FORMS[reward] if isinstance(reward, str) else reward
        self.n_features, self.n_actions = len(FEATURE_SETS[feature_set]), ACTIONS_OF[feature_set]
        self.world: LearningWorld = TwinWorld(twin, n, seed, copies) if world is None else world
        self._capped = Capped(self.world)
        self.tracker = Tracker(n, self._profiles(np.arange(n)))
        # Block b begins its second season after SEASON_D - b * 14 days; only that first season is short.
        self._season_day = (np.arange(n) % BLOCKS) * (SEASON_D // BLOCKS) * staggered
        self._warm = np.zeros(n, dtype=np.int64)
        self._expected = self._expected_performance()
        self._wake()

    def features(self) -> NDArray[np.float32]:
        return self._features

    def asked(self) -> NDArray[np.bool_]:
        return self._asked

    def step(self, action: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        before = self.obs
        overruled = self.live(action)
        cut = self._season_day >= SEASON_D
        expected = self._expected_performance()
        reward = self._reward(
            consequences(before, self.obs, expected - self._expected, self.world.hazard()), self._weights
        )
        reward = reward - OVERRULED_COST * overruled
        self._expected = expected
        if cut.any():
            self._restart(np.flatnonzero(cut))
        return reward, cut

    def live(self, action: NDArray[np.int64]) -> NDArray[np.bool_]:
        """The day without its reward, and no season is cut; (n,) whether the guard changed the proposal."""
        wanted = np.where(self._asked, action, Action.AS_PLANNED)
        applied, evening = self._lived(wanted)
        self.tracker.evening(
            self._morning,
            Evening.of(
                self.n,
                load_au=evening["load_au"],
                high_intensity_share=evening["high_intensity_share"],
                t400_s=evening["t400_s"],
                action_taken=applied,
            ),
        )
        self._season_day += 1
        self._warm += 1
        self._wake()
        return np.asarray(applied != wanted)

    def restart_ended(self) -> None:
        """New seasons in place of those that are over: for who lives without rewards."""
        if len(ended := np.flatnonzero(self._season_day >= SEASON_D)):
            self._restart(ended)

    def copied(self, copies: int, seed: int) -> SeasonEnv:
        """The same seasons this morning, so many times in blocks, with the same luck from now on. To be lived only."""
        world: Any = self.world
        rows, one = np.tile(np.arange(self.n), copies), copy.copy(self)
        one.n, one.world = len(rows), world.copied(copies, seed)
        one._capped = Capped(one.world)
        one.tracker, one.obs = self.tracker.select(rows), self.obs.select(rows)
        one._morning, one._asked, one._features = self._morning.select(rows), self._asked[rows], self._features[rows]
        one._warm, one._season_day = self._warm[rows], self._season_day[rows]
        return one

    def _lived(self, wanted: NDArray[np.int64]) -> tuple[NDArray[np.int64], dict[str, Any]]:
        if not self._guarded:
            return wanted, self.world.step(wanted)
        action, cap = guarded_and_capped(wanted, self.obs)
        applied = self._capped.done(action, cap, self.obs)
        return applied, self._capped.step(applied, cap)

    def _wake(self) -> None:
        self._morning = Morning.of(self.n, **self.world.morning(), weekday=self.world.weekday)
        self.obs = self.tracker.morning(self._morning)
        self._asked: NDArray[np.bool_] = (self.obs.refused == 0) & (self._warm >= WARM_UP_D)
        features = self.obs.features(self.feature_set)
        if np.count_nonzero(np.isfinite(features)) < features.size:
            features = np.nan_to_num(features, posinf=0.0, neginf=0.0)
        self._features = features

    def _restart(self, rows: NDArray[np.int64]) -> None:
        self.world.fresh(rows)
        self.tracker.put(rows, Tracker(len(rows), self._profiles(rows)))
        self._season_day[rows] = 0
        self._warm[rows] = 0
        self._expected[rows] = self._expected_performance()[rows]
        self._wake()

    def _profiles(self, rows: NDArray[np.int64]) -> Profiles:
        return Profiles.of(len(rows), seed_load_au=self.world.usual_load_au[rows])

    def _expected_performance(self) -> NDArray[np.float64]:
        """Lower-confidence expected % faster: mean - 1 SD over the twin's posterior draws."""
        draws = self.world.performance_draws_pct()
        mean = draws.mean(1)
        apart = draws - mean[:, None]
        return np.asarray(mean - np.sqrt((apart * apart).mean(1)))


def guarded(wanted: NDArray[np.int64], obs: Observation) -> NDArray[np.int64]:
    """What is done after the guard: where advice is withheld nobody is told anything, so the plan goes on."""
    return guarded_and_capped(wanted, obs)[0]


def guarded_and_capped(wanted: NDArray[np.int64], obs: Observation) -> tuple[NDArray[np.int64], FloatArray]:
    """The same, and at most how much of it (AU)."""
    result = guard.apply(wanted, obs)
    told = result.told
    return np.where(told, result.action, Action.AS_PLANNED), np.where(told, result.load_cap_au, np.inf)


def consequences(
    before: Observation, after: Observation, performance_change_pct: NDArray[np.float64], hazard: NDArray[np.float64]
) -> Step:
    """The day between two mornings as the reward sees it."""
    return Step(
        performance_change_pct=performance_change_pct,
        acwr=after.acwr,
        hrv_z=after.hrv_z,
        sleep_z=after.sleep_z,
        hrv_change=after.hrv_z - before.hrv_z,
        sleep_change=after.sleep_z - before.sleep_z,
        hazard=hazard,
        high_ratio=after.high_average_au / np.maximum(after.high_reference_au, 0.05 * after.lref_au),
        low_ratio=after.low_average_au / np.maximum(after.low_reference_au, 0.05 * after.lref_au),
        chronic_ratio=after.chronic_au / after.lref_au,
    )

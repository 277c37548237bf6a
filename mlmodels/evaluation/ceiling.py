"""Yardsticks that no policy may ship with: what can be reached by learning in the judging world itself.

``learned_in`` and ``searched_in`` see what every policy sees but practise in the world they are judged in (other
athletes); ``Oracle`` reads the latent readiness. They measure the room there is, nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from measures.actions import Action
from mlmodels.baselines.constant import PlanUnchanged
from mlmodels.baselines.threshold import Threshold, cross_entropy
from mlmodels.evaluation.rollouts import MakeWorld, SideBySide, World, play
from mlmodels.policies.policy import Policy, clear_action
from mlmodels.state.observation import Observation
from mlmodels.twin.environment import BLOCKS, SeasonEnv
from mlmodels.twin.model import Twin

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

PRACTICE_SEED = 400_000  # far from every cohort that is reported
REST_BELOW = (-1.6, -1.1, -0.6)  # latent readiness, tried by the oracle
MORE_ABOVE = (-0.4, 0.2, 0.8)


class Practice(SideBySide):
    """A judging world as one to learn in (``twin.environment.LearningWorld``): new athletes, a new world.

    ``parts``: rows that begin and end their seasons together; parts of the same seed have the same athletes and luck.
    """

    def __init__(self, make_world: MakeWorld, parts: list[tuple[Ints, int]]) -> None:
        worlds = [make_world(len(rows), PRACTICE_SEED + seed) for rows, seed in parts]
        super().__init__(worlds, [rows for rows, _ in parts])
        self._make, self._seeds = make_world, [seed for _, seed in parts]
        self.usual_load_au = np.full(self.n, np.nan)
        self._seasons = [0] * len(parts)
        self._start = self.true_t400()

    @classmethod
    def staggered(cls, make_world: MakeWorld, n: int, seed: int) -> Practice:
        """Blocks as ``SeasonEnv`` staggers them."""
        return cls(make_world, [(np.arange(block, n, BLOCKS), seed * BLOCKS + block) for block in range(BLOCKS)])

    @classmethod
    def copied(cls, make_world: MakeWorld, athletes: int, copies: int, seed: int) -> Practice:
        return cls(make_world, [(np.arange(copy * athletes, (copy + 1) * athletes), seed) for copy in range(copies)])

    def performance_draws_pct(self) -> Floats:
        """(n, 1): the truth, % faster than on the first day."""
        return 100 * (1 - self.true_t400() / self._start)[:, None]

    def hazard(self) -> Floats:
        """0 in a world that does not tell."""
        return self.joined([world.hazard() if hasattr(world, "hazard") else 0.0 for world in self.worlds])

    def fresh(self, rows: Ints) -> None:
        for i, (own, seed) in enumerate(zip(self.rows, self._seeds, strict=True)):
            if np.isin(own[0], rows):
                self._seasons[i] += 1
                self.worlds[i] = self._make(len(own), PRACTICE_SEED + seed + 1000 * self._seasons[i])
                self.days[i] = 0
                self._start[own] = self.worlds[i].true_t400()


class Network:
    """A Q-network straight from training, in this process; rows without a complete state have no answer.

    ``doubt`` and ``known`` as ``OnnxPolicy`` has them from its card.
    """

    sha256 = ""

    def __init__(self, name: str, feature_set: str, network: Any, *, doubt: float = 0.0, known: Any = None) -> None:
        self.name, self.feature_set, self.network = name, feature_set, network
        self.doubt, self.known = doubt, known

    def strange(self, obs: Observation) -> Ints:
        return np.full(len(obs), -1) if self.known is None else np.asarray(self.known.strange(obs))

    def q_values(self, obs: Observation) -> NDArray[np.float32]:
        features = obs.features(self.feature_set)
        known = np.isfinite(features).all(axis=1) & (obs.refusal == "") & (self.strange(obs) < 0)
        q = self.network.q(np.where(known[:, None], features, np.float32(0.0)))
        return np.where(known[:, None], q, np.float32(np.nan))

    def choose(self, obs: Observation) -> Ints:
        return clear_action(self.q_values(obs), self.doubt)[0]


@dataclass(frozen=True)
class Learned:
    policy: Policy
    rewards: list[float]  # mean a day, one value per 100 days


def learned_on(
    twin: Twin, name: str, *, feature_set: str, reward: str, days: int, seed: int, networks: int | None = None
) -> Learned:
    """The shipped recipe on a twin, for this comparison only: ablations, other seeds, learning curves."""
    from mlmodels.training.dqn import Settings
    from mlmodels.training.making import learn_on

    settings = Settings(seed=seed, days=days)
    settings = settings if networks is None else replace(settings, networks=networks)
    trained = learn_on(twin, settings, feature_set=feature_set, reward=reward)
    return Learned(Network(name, feature_set, trained.network), trained.rewards)


def averaged(name: str, members: Sequence[Policy]) -> Network:
    """The mean of several networks as they are, not repeated by one: what distillation would lose."""
    from mlmodels.training.several import Mean

    networks = [member for member in members if isinstance(member, Network)]
    return Network(name, networks[0].feature_set, Mean([member.network for member in networks]))


def learned_in(make_world: MakeWorld, twin: Twin, *, days: int, seed: int = 1, networks: int = 1) -> Learned:
    """The recipe in the judging world itself: the same features and guards, its reward the gain alone."""
    from mlmodels.training.dqn import Settings
    from mlmodels.training.several import train_as_one

    settings = Settings(seed=seed, days=days, networks=networks)

    def seasons(own: int) -> SeasonEnv:
        world = Practice.staggered(make_world, settings.seasons, own)
        return SeasonEnv(twin, settings.seasons, own, feature_set="observable", reward="performance-only", world=world)

    trained = train_as_one(seasons, settings)
    return Learned(Network("ceiling: DQN in this world", "observable", trained.network), trained.rewards)


def searched_in(make_world: MakeWorld, *, athletes: int, rounds: int, candidates: int = 30) -> Policy:
    """The threshold rule searched in the judging world itself, inside the guards, for the gain alone.

    Every candidate of a round has the same athletes and luck; each round has new ones.
    """

    def value(numbers: Floats, turn: int) -> Floats:
        copies = len(numbers)
        seasons = play(
            lambda n, seed: SideBySide.cohorts(make_world, athletes, [PRACTICE_SEED + turn] * copies),
            Threshold(np.repeat(numbers, athletes, axis=0)), athletes=athletes * copies, seed=0, cold_start=True,
        )  # fmt: skip
        return np.asarray(-np.log(seasons.t400_s).reshape(copies, athletes).mean(1))

    found = Threshold(cross_entropy(value, rounds=rounds, candidates=candidates).numbers)
    found.name = "ceiling: threshold rule in this world"
    return found


class Oracle:
    """Reads the latent readiness: recovery below one line, more above another."""

    name, sha256 = "privileged oracle", ""

    def __init__(self, rest_below: float, more_above: float) -> None:
        self.lines = rest_below, more_above

    def shown(self, world: World) -> Policy:
        return _Seeing(self.name, world, *self.lines)

    def choose(self, obs: Observation) -> Ints:
        raise RuntimeError("an oracle is asked only about a world it is shown")

    @classmethod
    def tuned(cls, make_world: MakeWorld, *, athletes: int) -> Oracle:
        """The best of nine pairs of lines on practice athletes."""
        seed = PRACTICE_SEED + 777
        plan = play(make_world, PlanUnchanged(), athletes=athletes, seed=seed, guarded=False).t400_s
        pairs = [(low, high) for low in REST_BELOW for high in MORE_ABOVE]
        gains = [
            float((1 - play(make_world, cls(*pair), athletes=athletes, seed=seed).t400_s / plan).mean())
            for pair in pairs
        ]
        return cls(*pairs[int(np.argmax(gains))])


class _Seeing:
    sha256 = ""

    def __init__(self, name: str, world: Any, rest_below: float, more_above: float) -> None:
        self.name, self._world, self._lines = name, world, (rest_below, more_above)

    def choose(self, obs: Observation) -> Ints:
        fresh = self._world.readiness()
        more = np.where(obs.planned_share >= 0.25, Action.INCREASE_INTENSITY, Action.INCREASE_VOLUME)
        action = np.where(fresh > self._lines[1], more, Action.AS_PLANNED)
        return np.where(fresh < self._lines[0], Action.ACTIVE_RECOVERY, action).astype(np.int64)

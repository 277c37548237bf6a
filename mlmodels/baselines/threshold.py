"""A threshold rule on what is observed: rest below a line, more above another; its 13 numbers are searched on the twin.

The strongest opponent without a network: in prototypes it was as good as the DQN on the same twin.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from measures.actions import Action
from mlmodels.baselines.rule import Choices, Rule
from mlmodels.state.observation import Observation
from mlmodels.twin.environment import SEASON_D, WARM_UP_D, SeasonEnv
from mlmodels.twin.model import Twin

Floats = NDArray[np.float64]

# Readiness = weights x signals; then the two lines, how they lean on the plan, and intensity against volume.
PARAMETERS = (
    "hrv", "hrv_today", "sleep", "sleep_today", "acwr", "last_load", "fatigue",
    "rest_below", "rest_plan_slope", "more_above", "more_plan_slope", "more_up_to_acwr", "intensity_from_share",
)  # fmt: skip
START = np.array([0.8, 0.4, 0.2, 0.1, -0.5, -0.1, -0.2, -1.4, 0.0, 0.0, 0.0, 1.25, 0.3])
SPREAD = np.array([0.4, 0.3, 0.2, 0.15, 1.0, 0.3, 0.5, 0.6, 0.4, 0.5, 0.4, 0.10, 0.2])
ELITE, SMOOTHING, LEAST_SPREAD = 0.2, 0.7, 0.10


class Threshold(Rule):
    """``numbers`` (13,) for everybody, or (n, 13) one row per athlete, in the order of ``PARAMETERS``."""

    name = "threshold rule"

    def __init__(self, numbers: Floats) -> None:
        self.numbers = np.asarray(numbers, dtype=np.float64)

    def choose(self, obs: Observation) -> Choices:
        weights, lines = self.numbers[..., :7], self.numbers[..., 7:]
        readiness = (signals(obs) * weights).sum(-1)
        plan = np.nan_to_num(obs.planned_load_au / obs.lref_au, nan=1.0) - 1.0
        rest = readiness < lines[..., 0] + lines[..., 1] * plan
        more = (readiness > lines[..., 2] + lines[..., 3] * plan) & (obs.acwr < lines[..., 4])
        harder = np.where(obs.planned_share >= lines[..., 5], Action.INCREASE_INTENSITY, Action.INCREASE_VOLUME)
        return np.where(rest, Action.ACTIVE_RECOVERY, np.where(more, harder, Action.AS_PLANNED)).astype(np.int64)


def signals(obs: Observation) -> Floats:
    """(n, 7) in the order of the first seven ``PARAMETERS``; what is missing counts as usual, 0."""
    lref = obs.lref_au
    columns = (
        obs.hrv_z,
        obs.hrv_today_z,
        obs.sleep_z,
        obs.sleep_today_z,
        obs.acwr - 1.0,
        obs.last_load_au / lref - 1.0,
        (obs.high_fatigue_au + obs.low_fatigue_au) / lref - 1.0,
    )
    return np.clip(np.nan_to_num(np.stack(columns, axis=-1)), -3.0, 3.0)


@dataclass(frozen=True)
class Search:
    """What a search found: the numbers, their value, and the best value of each round."""

    numbers: Floats
    value: float
    rounds: tuple[float, ...]


def cross_entropy(
    value: Callable[[Floats, int], Floats],
    start: Floats = START,
    spread: Floats = SPREAD,
    *,
    rounds: int = 14,
    candidates: int = 40,
    seed: int = 1,
    tick: Callable[[], object] | None = None,
) -> Search:
    """Maximise ``value(numbers (m, k), round) -> (m,)`` by the cross-entropy method (Rubinstein 1999).

    Each round draws candidates around a mean, the best fifth move it. Candidate 0 is the mean itself.
    """
    rng = np.random.default_rng(seed)
    mean, sd, best = start.astype(np.float64), spread.astype(np.float64), []
    for turn in range(rounds):
        drawn = mean + sd * rng.standard_normal((candidates, len(mean)))
        drawn[0] = mean
        values = value(drawn, turn)
        elite = drawn[np.argsort(-values)[: max(int(ELITE * candidates), 2)]]
        mean = (1 - SMOOTHING) * mean + SMOOTHING * elite.mean(0)
        sd = np.maximum((1 - SMOOTHING) * sd + SMOOTHING * elite.std(0), LEAST_SPREAD * spread)
        best.append(float(values.max()))
        if tick:
            tick()
    return Search(mean, float(value(mean[None], rounds)[0]), tuple(best))


def on_the_twin(
    twin: Twin,
    rule: Callable[[Floats], Rule],
    *,
    athletes: int = 48,
    seed: int = 1,
    reward: str = "homestretch",
) -> Callable[[Floats, int], Floats]:
    """Value of candidates: mean reward a day over guarded seasons, every candidate with the same athletes and luck."""

    def value(numbers: Floats, turn: int) -> Floats:
        copies = len(numbers)
        n = athletes * copies
        env = SeasonEnv(twin, n, seed + turn, feature_set="observable", reward=reward, copies=copies, staggered=False)
        rewards = mean_reward(env, rule(np.repeat(numbers, athletes, axis=0)))
        return np.asarray(rewards.reshape(copies, athletes).mean(1))

    return value


def mean_reward(env: SeasonEnv, policy: Rule) -> Floats:
    """Mean reward a day of each athlete over one season after its warm-up, (n,)."""
    total = np.zeros(env.n)
    for day in range(SEASON_D - 1):
        asked = env.asked()
        reward, _ = env.step(policy.choose(env.obs))
        total += np.where(asked, reward, 0.0) if day >= WARM_UP_D else 0.0
    return total / (SEASON_D - 1 - WARM_UP_D)

"""The threshold rule with a line of its own for rest and one for more; its 24 numbers are searched on a doubtful twin.

What is hard counts relative to the athlete's own usual high-intensity load, so that a coach's labels change nothing.
Twenty-four numbers err less on strangers than a network does: this rule is what the careful policy deviates from.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass

import numpy as np

from measures.actions import Action
from measures.risk import ACWR_DANGER, ACWR_WARNING, HRV_LOW_SD
from mlmodels.baselines import threshold
from mlmodels.baselines.rule import Choices, Rule
from mlmodels.baselines.threshold import Floats, Search, cross_entropy, signals
from mlmodels.reward import LIGHT, Weights
from mlmodels.state.observation import Observation
from mlmodels.twin.doubt import Doubt, DoubtfulWorld
from mlmodels.twin.environment import SEASON_D, SeasonEnv

SIGNALS = ("hrv", "hrv_today", "sleep", "sleep_today", "acwr", "last_load", "fatigue", "chronic")
LINES = (
    "rest_below", "rest_plan_slope", "rest_hard_slope", "more_above", "more_plan_slope", "more_hard_slope",
    "more_up_to_acwr", "intensity_from_hard",
)  # fmt: skip
PARAMETERS = (*(f"rest_{name}" for name in SIGNALS), *(f"more_{name}" for name in SIGNALS), *LINES)
_WEIGHTS = np.array([*threshold.START[:7], 0.0])
START = np.array([*_WEIGHTS, *_WEIGHTS, -1.4, 0.0, 0.0, -0.7, -0.2, 0.0, 1.25, 2.5])
SPREAD = np.array([0.3, 0.2, 0.2, 0.15, 0.8, 0.3, 0.4, 0.5] * 2 + [0.4, 0.3, 0.2, 0.4, 0.3, 0.2, 0.08, 0.8])
NEVER = np.array([0.0] * 16 + [-9.0, 0.0, 0.0, 9.0, 0.0, 0.0, 0.0, 9.0])  # the plan as it stands

RULE_DOUBT = 0.75  # SDs between structures that a candidate's gain counts less (between 0.5 and 1, both tried)
HAZARD_COST = 0.4  # reward per expected illness or injury: the training it takes (convention)
HRV_COST = 0.15  # reward per day and SD of the 7-day HRV below its range: days of it are to stay as few as they were
LAST_D = 14  # days over which a season's gain is taken
ATHLETES, ROUNDS, CANDIDATES = 48, 20, 40


class TwoLines(Rule):
    """``numbers`` (24,) for everybody, or (n, 24) one row per athlete, in the order of ``PARAMETERS``."""

    name = "two-line rule"

    def __init__(self, numbers: Floats) -> None:
        self.numbers = np.asarray(numbers, dtype=np.float64)

    def choose(self, obs: Observation) -> Choices:
        rest_weights, more_weights, lines = np.split(self.numbers, [8, 16], axis=-1)
        rest_below, rest_plan, rest_hard, more_above, more_plan, more_hard, up_to, from_hard = np.moveaxis(lines, -1, 0)
        chronic = np.clip(obs.chronic_au / obs.lref_au - 1.0, -1.0, 2.0)
        seen = np.nan_to_num(np.concatenate([signals(obs), chronic[:, None]], axis=1))
        plan = np.nan_to_num(obs.planned_load_au / obs.lref_au, nan=1.0) - 1.0
        hard = hard_of_usual(obs) - 1.0
        rest = (seen * rest_weights).sum(-1) < rest_below + rest_plan * plan + rest_hard * hard
        more = (seen * more_weights).sum(-1) > more_above + more_plan * plan + more_hard * hard
        more &= obs.acwr < up_to
        harder = np.where(hard >= from_hard, Action.INCREASE_INTENSITY, Action.INCREASE_VOLUME)
        return np.where(rest, Action.ACTIVE_RECOVERY, np.where(more, harder, Action.AS_PLANNED)).astype(np.int64)


def hard_of_usual(obs: Observation) -> Floats:
    """Today's planned high-intensity load over the athlete's own average one, 0-4; 1 where it is not known."""
    usual = np.maximum(obs.high_reference_au, 0.05 * obs.lref_au)
    return np.nan_to_num(np.clip(obs.planned_load_au * obs.planned_share / usual, 0.0, 4.0), nan=1.0)


def risked(acwr: Floats, hrv_z: Floats, hazard: Floats, weights: Weights = LIGHT) -> Floats:
    """What a day risks, in reward: load that rose fast, HRV below its range, and the hazard of illness and injury."""
    rise = np.clip((acwr - ACWR_WARNING) / (ACWR_DANGER - ACWR_WARNING), 0.0, 3.0)
    low = np.nan_to_num(np.clip(HRV_LOW_SD - hrv_z, 0.0, 2.5))
    load = weights.acwr_rise * rise + weights.acwr_danger * (acwr > ACWR_DANGER)
    return np.asarray(load + HRV_COST * low + HAZARD_COST * hazard)


@dataclass(frozen=True)
class _Task:
    """Some candidates of one round; picklable."""

    doubt: Doubt
    numbers: Floats  # (m, 24), the last row lives by the plan
    seed: int
    athletes: int


def lived(task: _Task) -> Floats:
    """(D, m - 1): gain over the plan inside the same guards, in reward a season: 5 x % faster less what was risked."""
    m, n = len(task.numbers), len(task.numbers) * task.athletes
    world = DoubtfulWorld(task.doubt, n, task.seed, m)
    env = SeasonEnv(task.doubt.twin, n, task.seed, feature_set="observable", world=world, staggered=False)
    rule = TwoLines(np.repeat(task.numbers, task.athletes, axis=0))
    risk, last = np.zeros(n), []
    for day in range(SEASON_D - 1):
        env.live(np.where(env.asked(), rule.choose(env.obs), Action.AS_PLANNED))
        risk += risked(env.obs.acwr, env.obs.hrv_z, world.hazard())
        if day >= SEASON_D - 1 - LAST_D:
            last.append(world.faster_pct().copy())
    faster, cost = np.mean(last, axis=0).reshape(-1, m, task.athletes), risk.reshape(m, task.athletes)
    gain = LIGHT.performance * (faster[:, :-1] - faster[:, -1:]) - (cost[:-1] - cost[-1:])
    return np.asarray(gain.mean(2))


def search(
    doubt: Doubt,
    seed: int,
    *,
    athletes: int = ATHLETES,
    rounds: int = ROUNDS,
    candidates: int = CANDIDATES,
    pool: Executor | None = None,
    tick: Callable[[float], object] | None = None,
) -> Search:
    """The 24 numbers whose gain over the plan is largest after ``RULE_DOUBT`` SDs between structures are taken off.

    The same numbers whatever ``pool`` it is searched with: candidates of a round share athletes and luck.
    """
    done = [0]

    def value(numbers: Floats, turn: int) -> Floats:
        halves = [part for part in np.array_split(numbers, 2) if len(part)]
        tasks = [_Task(doubt, np.vstack([part, NEVER]), 7000 * seed + turn, athletes) for part in halves]
        gain = np.concatenate(_each(pool, tasks), axis=1)
        mean = doubt.weight @ gain
        done[0] += 1
        if tick:
            tick(done[0] / (rounds + 1))
        return np.asarray(mean - RULE_DOUBT * np.sqrt(doubt.weight @ (gain - mean) ** 2))

    return cross_entropy(value, START, SPREAD, rounds=rounds, candidates=candidates, seed=seed)


def _each(pool: Executor | None, tasks: Sequence[_Task]) -> list[Floats]:
    return list(map(lived, tasks) if pool is None else pool.map(lived, tasks))

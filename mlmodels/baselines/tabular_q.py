"""Tabular Q-learning on the twin: seasons, guard and reward of the DQN, with 216 states instead of a network."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from measures.actions import Action
from measures.risk import ACWR_CAUTION
from mlmodels.baselines.rule import Choices, Rule
from mlmodels.state.observation import Observation
from mlmodels.twin.environment import SeasonEnv

HRV_EDGES = (-1.0, -0.5, 0.5)
SLEEP_EDGES = (-0.5,)
ACWR_EDGES = (0.9, ACWR_CAUTION)
PLAN_EDGES = (0.5, 1.0)  # planned load / Lref
STATES = 4 * 2 * 3 * 3 * 3
GAMMA, N_STEP = 0.98, 5


class TabularQ(Rule):
    """``table`` (216, 4). Rarely visited states lean on the prior that the plan is as good as anything."""

    name = "tabular Q"

    def __init__(self, table: NDArray[np.float64]) -> None:
        self.table = table

    @classmethod
    def fit(cls, env: SeasonEnv, days: int = 2500, seed: int = 1) -> TabularQ:
        rng = np.random.default_rng(seed)
        table, visits = np.zeros((STATES, len(Action))), np.zeros((STATES, len(Action)))
        recent: deque[tuple[Choices, Choices, NDArray[np.float64], NDArray[np.bool_]]] = deque(maxlen=N_STEP)
        for day in range(days):
            state, asked = state_index(env.obs), env.asked()
            if len(recent) == N_STEP:
                learn(table, visits, recent, state, asked)
            epsilon = max(0.1, 1 - 1.5 * day / days)
            greedy = table[state].argmax(1)
            action = np.where(rng.random(env.n) < epsilon, rng.integers(len(Action), size=env.n), greedy)
            reward, cut = env.step(action)
            recent.append((state, np.where(asked, action, -1), reward, cut))
        return cls(table)

    def choose(self, obs: Observation) -> Choices:
        best: Choices = self.table[state_index(obs)].argmax(1)
        return best


def state_index(obs: Observation) -> Choices:
    """Which of the 216 states each athlete is in, (n,)."""
    hrv = np.digitize(np.nan_to_num(obs.hrv_z), HRV_EDGES)
    sleep = np.digitize(np.nan_to_num(obs.sleep_z), SLEEP_EDGES)
    acwr = np.digitize(np.nan_to_num(obs.acwr, nan=1.0), ACWR_EDGES)
    plan = np.digitize(np.nan_to_num(obs.planned_load_au / obs.lref_au, nan=1.0), PLAN_EDGES)
    share = np.digitize(np.nan_to_num(obs.planned_share), (0.1, 0.25))
    return (((hrv * 2 + sleep) * 3 + acwr) * 3 + plan) * 3 + share


def learn(
    table: NDArray[np.float64],
    visits: NDArray[np.float64],
    recent: Iterable[tuple[Choices, Choices, NDArray[np.float64], NDArray[np.bool_]]],
    state: Choices,
    asked: NDArray[np.bool_],
) -> None:
    """Move the visited cells towards their n-step targets, averaged over the athletes that share a cell."""
    steps = list(recent)
    first_state, first_action = steps[0][0], steps[0][1]
    keep = asked & (first_action >= 0) & ~np.any([cut for *_, cut in steps], axis=0)
    target = sum(GAMMA**k * reward for k, (_, _, reward, _) in enumerate(steps)) + GAMMA**N_STEP * table[state].max(1)
    cells = first_state[keep], first_action[keep]
    total, count = np.zeros_like(table), np.zeros_like(table)
    np.add.at(total, cells, target[keep])
    np.add.at(count, cells, 1.0)
    visits += count
    rate = count / (count + 50 + 0.05 * visits)
    table += rate * (total / np.maximum(count, 1) - table)

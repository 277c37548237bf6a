"""Greedy supervised: the action after which the log's athletes ran faster a week later, by ridge regression."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from measures.actions import Action
from mlmodels.baselines.rule import Choices, Rule
from mlmodels.season_log import scan
from mlmodels.state.features import FEATURE_SETS
from mlmodels.state.observation import Observation
from mlmodels.state.tracker import Tracker

HORIZON_D, RIDGE = 7, 20.0


class Greedy(Rule):
    """``coef`` (4, K + 1): predicted change of the 400 m level in % per action, from the features and a constant."""

    name = "greedy supervised"

    def __init__(self, coef: NDArray[np.float64]) -> None:
        self.coef = coef

    @classmethod
    def fit(cls, log: pd.DataFrame) -> Greedy:
        features, level, action = replay(log)
        before, after = level[:-HORIZON_D], level[HORIZON_D:]
        k = len(FEATURE_SETS["observable"]) + 1
        coef = np.zeros((len(Action), k))
        for code in Action:
            rows = (action[:-HORIZON_D] == code) & np.isfinite(before) & np.isfinite(after)
            x = with_constant(features[:-HORIZON_D][rows])
            y = (after - before)[rows]
            coef[code] = np.linalg.solve(x.T @ x + RIDGE * np.eye(k), x.T @ y)
        return cls(coef)

    def choose(self, obs: Observation) -> Choices:
        x = with_constant(np.nan_to_num(obs.features("observable")).astype(np.float64))
        best: Choices = (x @ self.coef.T).argmax(1)
        return best


def with_constant(features: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.hstack([features, np.ones((len(features), 1))])


def replay(log: pd.DataFrame) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int64]]:
    """The tracker run over the log: features (D, A, K), 400 m level in % (D, A) and logged action (D, A; -1 unknown).

    Mornings without a complete state have NaN features and level.
    """
    grid = scan(log)
    tracker, features, level, action = Tracker(len(grid.athletes)), [], [], []
    for t in range(len(grid.dates)):
        morning, evening = grid.morning(t), grid.evening(t)
        obs = tracker.morning(morning)
        complete = obs.refusal == ""
        features.append(np.where(complete[:, None], obs.features("observable"), np.nan))
        level.append(np.where(complete, obs.performance_pct, np.nan))
        action.append(evening.action_taken.astype(np.int64))
        tracker.evening(morning, evening)
    return np.stack(features).astype(np.float64), np.stack(level), np.stack(action)

"""Greedy supervised: the action after which the log's athletes ran faster a week later, by ridge regression."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlmodels.actions import Action
from mlmodels.baselines.rule import Choices, Rule
from mlmodels.state import FEATURE_SETS, Evening, Morning, Observation, Tracker
from mlmodels.twin.history import SeasonHistory

HORIZON_D, RIDGE = 7, 20.0


class Greedy(Rule):
    """``coef`` (4, K + 1): predicted change of the 400 m level in % per action, from the features and a constant."""

    name = "greedy supervised"

    def __init__(self, coef: NDArray[np.float64]) -> None:
        self.coef = coef

    @classmethod
    def fit(cls, log: pd.DataFrame) -> Greedy:
        features, level, action = replay(SeasonHistory.of(log))
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
        return (x @ self.coef.T).argmax(1)


def with_constant(features: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.hstack([features, np.ones((len(features), 1))])


def replay(
    history: SeasonHistory,
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int64]]:
    """The tracker run over the log: features (D, A, K), 400 m level in % (D, A) and logged action (D, A; -1 unknown)."""
    athletes, days = history.shape
    tracker, features, level = Tracker(athletes), [], []
    for t in range(days):
        morning = Morning.of(
            athletes,
            hrv_rmssd_ms=history.hrv_rmssd_ms[:, t],
            sleep_score=history.sleep_score[:, t],
            ill=np.nan_to_num(history.ill[:, t]),
            injured=np.nan_to_num(history.injured[:, t]),
            planned_load_au=history.planned_load_au[:, t],
            planned_high_intensity_share=history.planned_high_intensity_share[:, t],
            weekday=(history.first_weekday + t) % 7,
        )
        obs = tracker.morning(morning)
        features.append(np.where((obs.refusal == "")[:, None], obs.features("observable"), np.nan))
        level.append(np.where(np.isnan(features[-1]).any(1), np.nan, obs.performance_pct))
        tracker.evening(
            morning,
            Evening.of(
                athletes,
                load_au=history.load_au[:, t],
                high_intensity_share=history.high_intensity_share[:, t],
                t400_s=history.t400_s[:, t],
                action_taken=np.where(np.isfinite(history.action[:, t]), history.action[:, t], -1),
            ),
        )
    action = np.where(np.isfinite(history.action), history.action, -1).astype(np.int64).T
    return np.stack(features).astype(np.float64), np.stack(level), action

"""The static progressive plan: a fixed weekly rhythm of increases that looks at the calendar alone."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from measures.actions import Action
from mlmodels.baselines.rule import Choices, Rule
from mlmodels.state.observation import Observation

BUILD_WEEKS, CYCLE_WEEKS = 3, 4
# Monday first: intensity on the two hard days, volume on two others, recovery on the last day of the week.
WEEK = np.array(
    [
        Action.INCREASE_INTENSITY,
        Action.INCREASE_VOLUME,
        Action.AS_PLANNED,
        Action.INCREASE_INTENSITY,
        Action.AS_PLANNED,
        Action.INCREASE_VOLUME,
        Action.ACTIVE_RECOVERY,
    ]
)


class StaticProgressive(Rule):
    """Three building weeks, then one as planned (Issurin 2010, doi 10.2165/11319770-000000000-00000)."""

    name = "static progressive"

    def __init__(self, week: ArrayLike = WEEK, build_weeks: ArrayLike = BUILD_WEEKS) -> None:
        """``week``: actions from Monday on, (7,) for everybody or (n, 7); ``build_weeks`` of four."""
        self.week, self.build_weeks = np.asarray(week), np.asarray(build_weeks)

    def choose(self, obs: Observation) -> Choices:
        week = np.nan_to_num(obs.days_seen).astype(np.int64) // 7
        building = week % CYCLE_WEEKS < self.build_weeks
        weekday = np.nan_to_num(obs.weekday).astype(np.int64) % 7
        today = self.week[weekday] if self.week.ndim == 1 else self.week[np.arange(len(obs)), weekday]
        return np.where(building, today, Action.AS_PLANNED).astype(np.int64)

"""The static progressive plan: a fixed weekly rhythm of increases that looks at the calendar alone."""

from __future__ import annotations

import numpy as np

from mlmodels.actions import Action
from mlmodels.baselines.rule import Choices, Rule
from mlmodels.state import Observation

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

    def choose(self, obs: Observation) -> Choices:
        week = np.nan_to_num(obs.days_seen).astype(np.int64) // 7
        building = week % CYCLE_WEEKS < BUILD_WEEKS
        today = WEEK[np.nan_to_num(obs.weekday).astype(np.int64) % 7]
        return np.where(building, today, Action.AS_PLANNED).astype(np.int64)

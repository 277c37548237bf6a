"""Policies that always say the same: the plan unchanged, and two that no gate may let through."""

from __future__ import annotations

import numpy as np

from measures.actions import Action
from mlmodels.baselines.rule import Choices, Rule
from mlmodels.state.observation import Observation


class Constant(Rule):
    action: Action

    def choose(self, obs: Observation) -> Choices:
        return np.full(len(obs), self.action, dtype=np.int64)


class PlanUnchanged(Constant):
    """The coach's plan as it stands: the row that every policy has to beat."""

    name, action = "plan unchanged", Action.AS_PLANNED


class AllHard(Constant):
    name, action = "all hard", Action.INCREASE_INTENSITY


class AllRest(Constant):
    name, action = "all rest", Action.ACTIVE_RECOVERY

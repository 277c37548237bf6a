"""Thirty-five simple policies, from harmless to harmful: a twin is only as good as the order it puts them in."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from measures.actions import Action
from mlmodels.baselines.acwr_rule import AcwrRule
from mlmodels.baselines.chance import Mix
from mlmodels.baselines.constant import AllHard, AllRest, Constant, PlanUnchanged
from mlmodels.baselines.hrv_rule import HrvRule
from mlmodels.baselines.rule import Choices, Rule
from mlmodels.baselines.static import StaticProgressive
from mlmodels.policies.policy import RulePolicy
from mlmodels.state.observation import Observation

HARD, LONG, REST, PLAN = Action.INCREASE_INTENSITY, Action.INCREASE_VOLUME, Action.ACTIVE_RECOVERY, Action.AS_PLANNED


class AllLong(Constant):
    name, action = "all long", Action.INCREASE_VOLUME


class Scripted(Rule):
    """A rule in one expression: observation -> actions."""

    def __init__(self, name: str, choose: Callable[[Observation], Choices]) -> None:
        self.name, self._choose = name, choose

    def choose(self, obs: Observation) -> Choices:
        return self._choose(obs).astype(np.int64)


def scripted_policies() -> list[Rule]:
    """The same list every time; the dice of each start anew."""
    mixes = {
        "random": (1, 1, 1, 1),
        "rests a day in ten": (0, 0, 1, 9),
        "rests a day in four": (0, 0, 1, 3),
        "rests a day in two": (0, 0, 1, 1),
        "harder a day in four": (1, 0, 0, 3),
        "harder a day in two": (1, 0, 0, 1),
        "longer a day in four": (0, 1, 0, 3),
        "longer a day in two": (0, 1, 0, 1),
        "more or rest": (1, 1, 1, 0),
        "more a day in three, rest a day in ten": (2, 2, 1, 7),
    }
    weekday = {
        "rests on Sundays": {6: REST},
        "rests on Mondays and Thursdays": {0: REST, 3: REST},
        "harder on Mondays and Thursdays": {0: HARD, 3: HARD},
        "longer on Tuesdays and Saturdays": {1: LONG, 5: LONG},
        "longer on Tuesdays and Saturdays, rests on Sundays": {1: LONG, 5: LONG, 6: REST},
    }
    return [
        PlanUnchanged(), AllHard(), AllLong(), AllRest(), StaticProgressive(),
        AcwrRule(), Scripted("ACWR 0.9-1.2", AcwrRule(low=0.9, high=1.2).choose),
        Scripted("ACWR 1.1-1.5", AcwrRule(low=1.1, high=1.5).choose),
        HrvRule(), Scripted("HRV rule, rests below -1", HrvRule(low_z=-1.0).choose),
        *(Mix(name, shares, seed=i) for i, (name, shares) in enumerate(mixes.items())),
        *(Scripted(name, on_weekdays(days)) for name, days in weekday.items()),
        *(Scripted(f"rests below HRV {z}", by_hrv(PLAN, PLAN, z)) for z in (-1.5, -1.0, -0.5, 0.0)),
        Scripted("longer above HRV 0, rests below -1", by_hrv(LONG, PLAN, -1.0)),
        Scripted("longer above HRV 0, rests below -0.5", by_hrv(LONG, PLAN, -0.5)),
        Scripted("harder above HRV 0, rests below -1", by_hrv(HARD, PLAN, -1.0)),
        Scripted("longer below HRV 0, rests above it", by_hrv(REST, LONG, -9.0)),
        Scripted("longer unless HRV is below -1", by_hrv(LONG, LONG, -1.0)),
        Scripted("the rule that stands in", RulePolicy().choose),
    ]  # fmt: skip


def on_weekdays(days: dict[int, Action]) -> Callable[[Observation], Choices]:
    week = np.array([days.get(day, PLAN) for day in range(7)])
    return lambda obs: week[np.nan_to_num(obs.weekday).astype(np.int64) % 7]


def by_hrv(above: Action, between: Action, rest_below: float) -> Callable[[Observation], Choices]:
    """``above`` where HRV z > 0, recovery below the line, ``between`` elsewhere and where HRV is not known."""
    return lambda obs: np.where(obs.hrv_z < rest_below, Action.ACTIVE_RECOVERY, np.where(obs.hrv_z > 0, above, between))

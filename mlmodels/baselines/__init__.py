"""The policies a learned one has to beat, found by name in ``BASELINES``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

from mlmodels.baselines.acwr_rule import AcwrRule
from mlmodels.baselines.chance import at_random, coach_mix
from mlmodels.baselines.constant import AllHard, AllRest, PlanUnchanged
from mlmodels.baselines.greedy import Greedy
from mlmodels.baselines.hrv_rule import HrvRule
from mlmodels.baselines.static import StaticProgressive
from mlmodels.baselines.tabular_q import TabularQ
from mlmodels.baselines.threshold import Threshold
from mlmodels.baselines.tuning import FAMILIES, Tuning, row_of, search
from mlmodels.policies.policy import Policy, RulePolicy
from mlmodels.twin.environment import SeasonEnv
from mlmodels.twin.model import Twin


@dataclass(frozen=True)
class Squad:
    """What a baseline may learn from: the season log and the twin fitted to it.

    ``tuning``: numbers searched earlier; used where they belong to this very log, else searched anew.
    """

    log: pd.DataFrame
    twin: Twin
    seed: int
    tuning: Tuning | None = None

    def tuned(self, name: str) -> Policy:
        known = self.tuning
        if known is None or known.fingerprint != self.twin.fingerprint:
            found = search(self.twin, name, self.seed).numbers
            known = Tuning(self.twin.fingerprint, "homestretch", self.seed, {name: found})
        return known.rule(name)


def _tuned(name: str) -> Callable[[Squad], Policy]:
    return lambda squad: squad.tuned(name)


BASELINES: dict[str, Callable[[Squad], Policy]] = {
    "plan unchanged": lambda squad: PlanUnchanged(),
    "rule": lambda squad: RulePolicy(),
    "random": lambda squad: at_random(squad.seed),
    "all hard": lambda squad: AllHard(),
    "all rest": lambda squad: AllRest(),
    "static progressive": lambda squad: StaticProgressive(),
    "ACWR rule": lambda squad: AcwrRule(),
    "HRV rule": lambda squad: HrvRule(),
    "coach mix": lambda squad: coach_mix(squad.twin.action_share, squad.seed),
    "greedy supervised": lambda squad: Greedy.fit(squad.log),
    "tabular Q": lambda squad: TabularQ.fit(
        SeasonEnv(squad.twin, 256, squad.seed, feature_set="observable"), seed=squad.seed
    ),
    **{row_of(name): _tuned(name) for name in FAMILIES if name != Threshold.name},
    Threshold.name: _tuned(Threshold.name),
}

"""The rule that keeps the load in a range: more while the ratio is low, recovery while it is high."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from measures.actions import Action
from measures.risk import ACWR_WARNING
from mlmodels.baselines.rule import Choices, Rule
from mlmodels.state.observation import Observation

LOW = 1.0  # below it the rule adds volume (convention: the middle of the range 0.8-1.3 of Gabbett 2016)


class AcwrRule(Rule):
    """Gabbett 2016 (doi 10.1136/bjsports-2015-095788) as a controller, on the EWMA form of the ratio."""

    name = "ACWR rule"

    def __init__(self, low: ArrayLike = LOW, high: ArrayLike = ACWR_WARNING) -> None:
        """One value for everybody, or one per athlete."""
        self.low, self.high = np.asarray(low), np.asarray(high)

    def choose(self, obs: Observation) -> Choices:
        chosen = np.where(obs.acwr < self.low, Action.INCREASE_VOLUME, Action.AS_PLANNED)
        return np.where(obs.acwr > self.high, Action.ACTIVE_RECOVERY, chosen).astype(np.int64)

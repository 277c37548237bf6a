"""What all baselines share: a name, no file, and Q-values that only say which action was chosen."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mlmodels.actions import Action
from mlmodels.state import Observation

Choices = NDArray[np.int64]


class Rule:
    """A policy written down rather than learned. Subclasses give ``name`` and ``choose``."""

    name: str
    feature_set = "observable"
    sha256 = ""

    def choose(self, obs: Observation) -> Choices:
        """One action code per athlete, (n,)."""
        raise NotImplementedError

    def q_values(self, obs: Observation) -> NDArray[np.float64]:
        """1 for the chosen action, 0 for the others, (n, 4): a ranking, not a value."""
        return np.eye(len(Action))[self.choose(obs)]

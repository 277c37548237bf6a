"""What all baselines share: a name, no file, and an answer for every athlete."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mlmodels.state.observation import Observation

Choices = NDArray[np.int64]


class Rule:
    """A policy written down rather than learned. Subclasses give ``name`` and ``choose``."""

    name: str
    sha256 = ""

    def choose(self, obs: Observation) -> Choices:
        """One action code per athlete, (n,)."""
        raise NotImplementedError

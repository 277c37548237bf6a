"""Policies that throw dice: at random, and the coach's own habitual mix."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from mlmodels.actions import Action
from mlmodels.baselines.rule import Choices, Rule
from mlmodels.state import Observation


class Mix(Rule):
    """Each action with a fixed probability; the same seed gives the same sequence of answers."""

    def __init__(self, name: str, probabilities: ArrayLike, seed: int = 1) -> None:
        p = np.asarray(probabilities, dtype=np.float64)
        if p.shape != (len(Action),) or (p < 0).any() or not p.sum() > 0:
            raise ValueError(f"a mix is {len(Action)} non-negative weights, not {probabilities!r}")
        self.name = name
        self._cumulative = np.cumsum(p / p.sum())[:-1]
        self._rng = np.random.default_rng(seed)

    def choose(self, obs: Observation) -> Choices:
        return np.searchsorted(self._cumulative, self._rng.random(len(obs)), side="right").astype(np.int64)


def at_random(seed: int = 1) -> Mix:
    return Mix("random", np.ones(len(Action)), seed)


def coach_mix(action_share: ArrayLike, seed: int = 1) -> Mix:
    """The squad's own habit: the shares of the four actions in its season log, whatever the morning says."""
    return Mix("coach mix", action_share, seed)

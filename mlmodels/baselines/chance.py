"""Policies that throw dice: at random, and the coach's own habitual mix."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from measures.actions import Action
from mlmodels.baselines.rule import Choices, Rule
from mlmodels.state.observation import Observation


class Mix(Rule):
    """Each action with a fixed probability, one mix (4,) for everybody or (n, 4).

    The same seed gives the same sequence of answers.
    """

    def __init__(self, name: str, probabilities: ArrayLike, seed: int = 1) -> None:
        p = np.asarray(probabilities, dtype=np.float64)
        if p.shape[-1:] != (len(Action),) or (p < 0).any() or not (p.sum(-1) > 0).all():
            raise ValueError(f"a mix is {len(Action)} non-negative weights, not {probabilities!r}")
        self.name = name
        self._cumulative = np.cumsum(p / p.sum(-1, keepdims=True), axis=-1)[..., :-1]
        self._rng = np.random.default_rng(seed)

    def choose(self, obs: Observation) -> Choices:
        return np.asarray((self._rng.random(len(obs))[:, None] >= self._cumulative).sum(axis=1), dtype=np.int64)


def at_random(seed: int = 1) -> Mix:
    return Mix("random", np.ones(len(Action)), seed)


def coach_mix(action_share: ArrayLike, seed: int = 1) -> Mix:
    """The squad's own habit: the shares of the four actions in its season log, whatever the morning says."""
    return Mix("coach mix", action_share, seed)

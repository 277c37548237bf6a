"""Why the policy preferred its action to the runner-up: each feature's share in the difference of their Q-values.

Exact Shapley values (Lundberg & Lee 2017, arXiv 1705.07874; Shapley 1953) of Q[best] - Q[second], against the athlete's
own usual morning: HRV and sleep at their own mean, loads at the usual load, nothing sick, the plan at its usual load
and share. All 2**k mixtures of this morning and the usual one are scored in the real ONNX file, so nothing is sampled:
16 features are 65,536 rows, about 15 ms on one core.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import comb

import numpy as np
from numpy.typing import NDArray

from measures.actions import Action
from mlmodels.policies.policy import OnnxPolicy, best_action
from mlmodels.state.arrays import FloatArray
from mlmodels.state.features import FEATURE_SETS
from mlmodels.state.observation import Observation

CHUNK = 4096  # rows a call: 2 MB of activations instead of 33


@dataclass(frozen=True, slots=True)
class Contributions:
    """``usual`` + the sum of ``values`` is Q[``best``] - Q[``second``]; in units of reward."""

    best: Action
    second: Action
    usual: float  # what the difference would be on a usual morning
    values: tuple[tuple[str, float], ...]  # (feature, value), largest size first


def contributions(policy: OnnxPolicy, obs: Observation) -> Contributions | None:
    """For one athlete; None where the policy has no answer (refused, or outside of what it was trained on)."""
    if best_action(policy.q_values(obs))[0] < 0:
        return None
    now = obs.features(policy.feature_set)[0]
    usual = usual_morning(policy.feature_set)
    q = policy.scores(now[None])[0]
    best = int(best_action(q[None])[0])
    second = int(np.argmax(np.where(np.arange(len(q)) == best, -np.inf, q)))
    mixed = scored(policy, mixtures(now, usual))
    margin = mixed[:, best] - mixed[:, second]
    names = FEATURE_SETS[policy.feature_set]
    values = sorted(zip(names, shapley(margin).tolist(), strict=True), key=lambda pair: -abs(pair[1]))
    return Contributions(Action(best), Action(second), float(margin[0]), tuple(values))


def usual_morning(feature_set: str) -> NDArray[np.float32]:
    """The features of an athlete's own usual state: every scaled feature is 0 there."""
    return np.zeros(len(FEATURE_SETS[feature_set]), dtype=np.float32)


def mixtures(now: NDArray[np.float32], usual: NDArray[np.float32]) -> NDArray[np.float32]:
    """(2**k, k): row r takes feature i from this morning where bit i of r (the first feature highest) is set."""
    return np.where(_members(len(now)), now, usual)


def scored(policy: OnnxPolicy, rows: NDArray[np.float32]) -> FloatArray:
    parts = [policy.scores(rows[start : start + CHUNK]) for start in range(0, len(rows), CHUNK)]
    return np.concatenate(parts).astype(np.float64)


def shapley(values: FloatArray) -> FloatArray:
    """(k,) from the values of all 2**k coalitions in the order of ``mixtures``; the sum is the last less the first."""
    k = len(values).bit_length() - 1
    sizes = _members(k).sum(1)
    weights = np.array([1.0 / (k * comb(k - 1, size)) if size < k else 0.0 for size in range(k + 1)])[sizes]
    cube, weight = values.reshape((2,) * k), weights.reshape((2,) * k)
    out = np.empty(k)
    for i in range(k):
        without, joined = np.take(cube, 0, axis=i), np.take(cube, 1, axis=i)
        out[i] = float((np.take(weight, 0, axis=i) * (joined - without)).sum())
    return out


@lru_cache(maxsize=2)
def _members(k: int) -> NDArray[np.bool_]:
    """(2**k, k) whether feature i is in coalition r."""
    return (np.arange(2**k)[:, None] >> np.arange(k)[::-1]) & 1 > 0

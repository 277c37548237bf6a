"""How far the mornings that a policy is asked about have moved away from those it learned on.

Population stability index (Siddiqi 2006, Credit Risk Scorecards, Wiley) per feature, over tenths of the training
states: sum of (live - training share) x ln(live / training share). Below 0.1 is read as no change, above 0.2 as a
change to look into: conventions of credit scoring, not laws. With n live mornings and ten bins chance alone gives about
9 / n, which is why fewer than ``risk.DRIFT_MIN_STATES`` are not judged.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

BINS = 10
HALF_A_STATE = 0.5  # added to every bin on both sides, so that an empty one is not an infinite surprise

Distribution = dict[str, dict[str, list[float]]]


def distribution(states: NDArray[Any], names: Sequence[str]) -> Distribution:
    """For the card: per feature the inner edges of tenths of ``states`` (n, K) and the counts in them.

    A value on an edge belongs to the bin below it. Where many states are equal there are fewer bins: edges are unique.
    """
    table: Distribution = {}
    for name, column in zip(names, np.asarray(states, dtype=np.float64).T, strict=True):
        edges = np.unique(np.quantile(column, np.arange(1, BINS) / BINS, method="lower"))
        edges = np.array([float(f"{edge:.6g}") for edge in edges])
        table[name] = {"edges": edges.tolist(), "counts": _counts(column, edges).tolist()}
    return table


def psi(trained_on: Mapping[str, Mapping[str, Sequence[float]]], name: str, live: NDArray[Any]) -> float:
    """Of one feature's ``live`` values (n,). KeyError where the card does not hold it."""
    edges, counts = (np.asarray(trained_on[name][key], dtype=np.float64) for key in ("edges", "counts"))
    was = _shares(counts)
    now = _shares(_counts(np.asarray(live, dtype=np.float64), edges))
    return float(((now - was) * np.log(now / was)).sum())


def _counts(values: NDArray[np.float64], edges: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.bincount(np.searchsorted(edges, values, side="left"), minlength=len(edges) + 1).astype(np.float64)


def _shares(counts: NDArray[np.float64]) -> NDArray[np.float64]:
    smooth = counts + HALF_A_STATE
    return np.asarray(smooth / smooth.sum())

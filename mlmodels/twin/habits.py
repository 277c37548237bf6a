"""How seasons differ beside their athlete: the coach's plan and week, the watch, the log.

A season log knows one squad's coach. A policy will meet others, so each season in which it learns has its own (all
shares and sizes are conventions; the judging worlds have theirs, which nothing here has seen).
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from mlmodels.twin.history import Floats

HARDNESS_SPREAD_LN = 0.12  # of the whole plan against what the log's athletes were given
OWN_WEEK, AUTOMATIC, CAPPED = 0.40, 0.25, 0.20  # shares of seasons
STEADY = 0.20  # share of seasons in which every week asks the same, whatever was before
CAP_OF_CHRONIC, CAP_OF_USUAL = 1.20, 0.10  # a coach who answers to the load plans no more than this
MUTE, SPARSE_HRV, POOR_LOG, LATE = 0.12, 0.25, 0.20, 0.15  # shares of seasons
LATEST_D = 60  # by when, at the latest, the watch of a late season is worn
QUIETER = 0.30  # at most so much less of the signal than in the log, elsewhere
NOT_WORN, NOT_LOGGED = 0.5, 0.3  # shares of days in seasons with sparse HRV, with a poor log
GATE_CENTRE_SD = 0.25  # SD of readiness by which an athlete's own gate lies elsewhere

# Load by weekday from Monday, mean 1; below it the share of high intensity relative to the coach's usual share.
WEEKS = np.array([
    [[0.6, 1.9, 0.7, 0.6, 1.9, 0.9, 0.4], [0.3, 1.9, 0.3, 0.3, 1.9, 0.4, 0.0]],  # two very hard days
    [[1.0, 1.1, 0.9, 1.1, 0.9, 1.4, 0.6], [0.1, 2.4, 0.1, 0.1, 0.1, 2.3, 0.1]],  # polarised
    [[1.75, 0.0, 1.75, 0.0, 1.75, 1.75, 0.0], [1.1, 0.0, 0.9, 0.0, 0.9, 1.1, 0.0]],  # four sessions
    [[1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0], [1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0]],  # seven alike
    [[0.3, 1.35, 0.85, 1.45, 0.6, 1.6, 0.85], [0.0, 1.4, 0.5, 1.4, 0.3, 1.5, 0.5]],  # Monday off, three hard days
])  # fmt: skip


@dataclass
class Habits:
    """Of n seasons, arrays (n,)."""

    hardness: Floats  # factor on the whole plan
    week: NDArray[np.int64]  # row of WEEKS; -1: the log's own
    steady: NDArray[np.bool_]
    capped: NDArray[np.bool_]  # the coach plans no more than the chronic load bears
    automatic: NDArray[np.bool_]  # nobody plans
    tells: Floats  # share of HRV's and sleep's signal that this watch shows, 0-1
    sparse_hrv: NDArray[np.bool_]
    poor_log: NDArray[np.bool_]
    worn_from_d: Floats  # nothing is measured before
    gate_centre: Floats
    own_hrv: Floats  # what the watch shows instead, SD 1
    own_sleep: Floats

    @classmethod
    def draw(cls, rng: Any, k: int) -> Self:
        normal, uniform = rng.standard_normal(size=(4, k)), rng.random(size=(8, k))
        return cls(
            hardness=np.exp(HARDNESS_SPREAD_LN * normal[0]),
            week=np.where(uniform[0] < OWN_WEEK, (uniform[1] * len(WEEKS)).astype(np.int64), -1),
            steady=uniform[7] < STEADY,
            capped=uniform[2] < CAPPED,
            automatic=uniform[3] < AUTOMATIC,
            tells=np.where(uniform[4] < MUTE, 0.0, 1.0 - QUIETER * uniform[5] ** 0.5),
            sparse_hrv=uniform[6] < SPARSE_HRV,
            poor_log=rng.random(size=k) < POOR_LOG,
            worn_from_d=np.where(rng.random(size=k) < LATE, LATEST_D * rng.random(size=k), 0.0),
            gate_centre=GATE_CENTRE_SD * normal[1],
            own_hrv=normal[2],
            own_sleep=normal[3],
        )

    @classmethod
    def of_the_log(cls, k: int) -> Self:
        """As the log itself: nothing differs."""
        flags = {name: np.zeros(k, dtype=bool) for name in ("steady", "capped", "automatic", "sparse_hrv", "poor_log")}
        zeros = {name: np.zeros(k) for name in ("worn_from_d", "gate_centre", "own_hrv", "own_sleep")}
        same: dict[str, Any] = flags | zeros
        return cls(hardness=np.ones(k), week=np.full(k, -1), tells=np.ones(k), **same)

    def put(self, rows: NDArray[np.int64], others: Habits) -> None:
        for field in fields(self):
            getattr(self, field.name)[rows] = getattr(others, field.name)

    def copied(self, copies: int) -> Habits:
        return Habits(**{f.name: np.concatenate([getattr(self, f.name)] * copies) for f in fields(self)})

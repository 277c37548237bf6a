"""Is this an athlete a policy knows? How far the last four weeks lie from all that it learned on, all at once.

Feature by feature nothing may be out of its range and the whole be strange: with every share of high intensity doubled
no box raised one alarm. The distance here is Mahalanobis's (1936), of habits that the tracker averages over about 28
days, so that one odd morning is no alarm; the line is the 99th percentile of the mornings of training itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlmodels.state.arrays import IntArray
from mlmodels.state.carry import HABITS
from mlmodels.state.observation import Observation

Floats = NDArray[np.float64]

FALSE_ALARMS = 0.01  # of the mornings it was fitted to
NAMES = (*HABITS, "chronic_of_usual", "high_of_usual", "low_of_usual")
_LOGARITHMIC = ("load_unevenness", "hard_unevenness", "hrv_scatter", "sleep_scatter")
_SMALLEST = 0.05  # under a logarithm
_SMALLEST_SD = 1e-3  # of a habit that nobody differed in


def portraits(obs: Observation) -> Floats:
    """(n, 13) how each athlete trained and measured lately, in the order of ``NAMES``; NaN where not known."""
    columns = [getattr(obs, name) for name in HABITS]
    columns = [
        np.log(np.maximum(column, _SMALLEST)) if name in _LOGARITHMIC else column
        for name, column in zip(HABITS, columns, strict=True)
    ]
    lref = np.maximum(obs.lref_au, 1e-9)
    high = obs.high_average_au / np.maximum(obs.high_reference_au, 0.05 * lref)
    low = obs.low_average_au / np.maximum(obs.low_reference_au, 0.05 * lref)
    return np.stack([*columns, obs.chronic_au / lref, high, low], axis=1)


@dataclass(frozen=True)
class Known:
    """What a policy learned on: mean (13,), inverse covariance (13, 13), SDs (13,) and the line of the distance."""

    mean: Floats
    inverse: Floats
    sd: Floats
    line: float

    @classmethod
    def of(cls, seen: Floats) -> Known:
        """``seen``: portraits of training mornings (R, 13)."""
        seen = seen[np.isfinite(seen).all(axis=1)]
        mean, sd = np.asarray(seen.mean(0)), np.maximum(seen.std(0), _SMALLEST_SD)
        covariance = np.cov(seen.T) + np.diag(1e-6 + 1e-4 * sd**2)
        known = cls(mean, np.asarray(np.linalg.inv(covariance), dtype=np.float64), sd, np.inf)
        return cls(mean, known.inverse, sd, float(np.quantile(known.distance(seen), 1.0 - FALSE_ALARMS)))

    def distance(self, seen: Floats) -> Floats:
        """(n,) Mahalanobis distance; infinite where a value is not finite."""
        apart = seen - self.mean
        with np.errstate(invalid="ignore"):
            square = np.einsum("nk,kl,nl->n", apart, self.inverse, apart)
        return np.where(np.isfinite(square), np.sqrt(np.maximum(square, 0.0)), np.inf)

    def strange(self, obs: Observation) -> IntArray:
        """(n,) row of ``NAMES`` that lies furthest out, -1 where the whole is within the line."""
        seen = portraits(obs)
        furthest = np.abs(np.where(np.isfinite(seen), (seen - self.mean) / self.sd, np.inf)).argmax(1)
        return np.where(self.distance(seen) > self.line, furthest, -1).astype(np.int64)

    def as_card(self) -> dict[str, Any]:
        plain = {name: _digits(getattr(self, name)) for name in ("mean", "sd", "inverse")}
        return {"names": list(NAMES), "line": float(f"{self.line:.6g}"), **plain}

    @classmethod
    def from_card(cls, card: dict[str, Any]) -> Known:
        """Raises: ValueError where it is no such table."""
        try:
            mean, sd, inverse = (np.array(card[name], dtype=np.float64) for name in ("mean", "sd", "inverse"))
            k, line = len(NAMES), float(card["line"])
            whole = card["names"] == list(NAMES) and (mean.shape, sd.shape, inverse.shape) == ((k,), (k,), (k, k))
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"novelty: {error!r}") from error
        if not whole or not all(np.isfinite(part).all() for part in (mean, sd, inverse, line)) or not (sd > 0).all():
            raise ValueError(f"novelty wants {k} finite means, SDs and an inverse covariance of {', '.join(NAMES)}")
        return cls(mean, inverse, sd, line)


def _digits(values: Floats) -> Any:
    return np.vectorize(lambda value: float(f"{value:.8g}"))(values).tolist()

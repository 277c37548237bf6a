"""The features of the state: how an observation's values become what a policy is given.

Also two quantities that features and tracker share: the load over the chronic load, and how much of a load is absorbed.
"""

from __future__ import annotations

import hashlib
import json
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike

from measures import risk
from measures.wellness import NO_SLEEP_H, OF_HOURS, OF_QUALITY
from mlmodels.state.arrays import FloatArray
from mlmodels.state.table import ROWS, STATE_VERSION

# Feature -> how the named quantities become a float32. The text is hashed into every model's card.
SCALING: dict[str, str] = {
    "hrv": "clip(z of the 7-day mean ln rMSSD, -3, 3)/3; missing 0",
    "sleep": "clip(z of the weighted 3-night mean, -3, 3)/3; missing 0",
    "acute": "clip(A/Lref - 1, -1, 2)/2",
    "chronic": "clip(C/Lref - 1, -1, 2)/2",
    "acwr": "clip(A/max(C, 0.15 Lref), 0, 2.5) - 1",
    "performance": "clip(% faster than baseline, -5, 5)/5; held 21 d, then halved every 21 d; missing 0",
    "hrv_today": "clip(z of today's ln rMSSD, -3, 3)/3; missing 0",
    "sleep_today": "clip(z of last night, -3, 3)/3; missing 0",
    "last_load": "clip(yesterday's load/max(C, 0.15 Lref), 0, 3) - 1",
    "intensity_average": "clip(gated high load, tau 40 d / high load, 84 d - 1, -1, 2)/2",
    "volume_average": "clip(gated low load, tau 50 d / low load, 84 d - 1, -1, 2)/2",
    "sick": "1 when ill or injured",
    "intensity_fatigue": "clip(high load, tau 8 d / high load, 84 d - 1, -1, 2)/2",
    "volume_fatigue": "clip(low load, tau 8 d / low load, 84 d - 1, -1, 2)/2",
    "planned_load": "clip(planned load/Lref, 0, 3) - 1",
    "planned_high_load": "clip(planned load x planned share/high load, 84 d, 0, 3) - 1",
}
FEATURE_SETS: dict[str, tuple[str, ...]] = {
    "paper-6": ("hrv", "sleep", "acute", "chronic", "acwr", "performance"),
    "observable": tuple(SCALING),
}


def feature_set_hash(name: str) -> str:
    """sha256 over version, names, order and scaling: a model trained on anything else is refused."""
    described = [STATE_VERSION, name, [[feature, SCALING[feature]] for feature in FEATURE_SETS[name]]]
    return hashlib.sha256(json.dumps(described).encode()).hexdigest()


def sleep_score_from_report(
    sleep_h: ArrayLike, quality_1_5: ArrayLike = 3.0, *, under_18: ArrayLike = False
) -> FloatArray:
    """0-100 from hours and self-rated quality (5 best), for athletes without a watch (convention)."""
    need = np.where(np.asarray(under_18, dtype=bool), risk.SLEEP_NEED_UNDER_18_H, risk.SLEEP_NEED_H)
    slept = np.clip((np.asarray(sleep_h, dtype=np.float64) - NO_SLEEP_H) / (need - NO_SLEEP_H), 0.0, 1.0)
    rated = (np.asarray(quality_1_5, dtype=np.float64) - 1.0) / 4.0
    return 100.0 * (OF_HOURS * slept + OF_QUALITY * rated)


def absorption_gate(hrv_z: ArrayLike) -> FloatArray:
    """Fraction of a load that is absorbed (0.2-1) given the morning's 7-day HRV z; a missing z counts as 0."""
    z = np.asarray(hrv_z, dtype=np.float64)
    z = np.where(z == z, z, 0.0)
    sigmoid = 1.0 / (1.0 + np.exp((risk.GATE_CENTRE_SD - z) / risk.GATE_WIDTH_SD))
    return risk.GATE_FLOOR + (1.0 - risk.GATE_FLOOR) * sigmoid


def over_chronic(load: FloatArray, chronic: FloatArray, lref: FloatArray) -> FloatArray:
    """A load (AU/d) over the chronic load, which counts as at least 0.15 Lref; of the acute load this is ACWR."""
    return load / np.maximum(chronic, risk.CHRONIC_FLOOR_OF_LREF * lref)


FEATURE_ROWS = {name: [list(SCALING).index(feature) for feature in FEATURE_SETS[name]] for name in FEATURE_SETS}
_Z, _AVERAGES = ROWS["hrv_z", "sleep_today_z"], ROWS["acute_au", "low_fatigue_au"]
_REFERENCES = ROWS["high_reference_au", "low_reference_au"]


@lru_cache(maxsize=64)
def _everywhere(n: int, value: float) -> FloatArray:
    """A bound as an array: clipping to it takes a third of what clipping to a number takes."""
    column = np.full(n, value)
    column.flags.writeable = False
    return column


def _between(values: FloatArray, low: float, high: float) -> FloatArray:
    """Clipped in place, (..., n)."""
    n = values.shape[-1]
    return np.minimum(np.maximum(values, _everywhere(n, low), out=values), _everywhere(n, high), out=values)


def scaled(table: FloatArray) -> FloatArray:
    """(16, n): every feature in the order of ``SCALING``, which says in words what is done here block by block.

    ``table``: (values, n) of an observation. A row that is damaged gives what is not finite.
    """
    lref, planned, chronic = table[ROWS["lref_au"]], table[ROWS["planned_load_au"]], table[ROWS["chronic_au"]]
    out = np.empty((len(SCALING), len(lref)))
    z = table[_Z]
    z = _between(np.where(z == z, z, 0.0), -3.0, 3.0) / 3.0
    out[0:2], out[6:8] = z[:2], z[2:]  # hrv, sleep, hrv_today, sleep_today
    references = np.empty((6, len(lref)))
    references[0:2] = lref
    references[2:4] = references[4:6] = np.maximum(table[_REFERENCES], 0.05 * lref)
    relative = _between(table[_AVERAGES] / references - 1.0, -1.0, 2.0) / 2.0
    out[2:4], out[9:11], out[12:14] = relative[0:2], relative[2:4], relative[4:6]  # acute .. volume_fatigue
    ratios = np.empty((2, len(lref)))
    ratios[0] = over_chronic(table[ROWS["last_load_au"]], chronic, lref)
    np.divide(planned, lref, out=ratios[1])
    out[8], out[14] = _between(ratios, 0.0, 3.0) - 1.0  # last_load, planned_load
    np.subtract(_between(table[ROWS["acwr"]].copy(), 0.0, 2.5), 1.0, out=out[4])
    performance = table[ROWS["performance_pct"]]
    performance = _between(np.where(performance == performance, performance, 0.0), -5.0, 5.0)
    np.divide(performance, 5.0, out=out[5])
    out[11] = (table[ROWS["ill"]] > 0) | (table[ROWS["injured"]] > 0)  # sick
    # What is called intense differs between coaches: today's counts against the athlete's own usual high load.
    np.divide(planned * table[ROWS["planned_share"]], references[2], out=out[15])
    _between(out[15], 0.0, 3.0)
    out[15] -= 1.0
    return out

"""What is stored but not believed until somebody confirms it, and what is believed but worth a remark."""

import math
from collections.abc import Sequence
from datetime import timedelta

from measures import risk

HRV_PLAUSIBLE_MS = (5.0, 250.0)
HRV_FARTHEST_SD = 4.0
HRV_HISTORY = timedelta(days=60)
HRV_FEWEST = 7  # readings of the era before its own spread says anything
LN_UNIT = 2.0**-40  # logarithms are summed as whole numbers: exact over any stretch, in whatever order records came
FASTEST_400M_S = 44.5
LARGEST_JUMP = 0.08
DATE_DISAGREES = "date_disagrees"  # the vendor files it under another day than we do
STAGES_TOLERANCE_S = 60  # vendors round each stage to the half minute


def doubts_about_hrv(value_ms: float, era_ms: Sequence[float]) -> list[str]:
    """`era_ms`: the earlier readings of the same metric, provider and context."""
    ln = [ln_units(ms) for ms in era_ms]
    return doubts_beside(value_ms, len(ln), sum(ln), sum(each * each for each in ln))


def ln_units(value_ms: float) -> int:
    return round(math.log(value_ms) / LN_UNIT)


def doubts_beside(value_ms: float, count: int, total: int, squares: int) -> list[str]:
    """As above, of so many earlier readings with this sum and sum of squares of `ln_units`."""
    doubts = []
    if not HRV_PLAUSIBLE_MS[0] <= value_ms <= HRV_PLAUSIBLE_MS[1]:
        doubts.append("hrv_implausible")
    if count >= HRV_FEWEST:
        squared_deviations = (squares * count - total * total) / count * LN_UNIT**2
        weight = count - 1 + risk.HRV_PRIOR_WEIGHT
        spread = math.sqrt((squared_deviations + risk.HRV_PRIOR_WEIGHT * risk.HRV_PRIOR_SD_LN**2) / weight)
        if abs(math.log(value_ms) - total / count * LN_UNIT) > HRV_FARTHEST_SD * spread:
            doubts.append("hrv_far_from_own_range")
    return doubts


def doubts_about_400m(time_s: float, last_s: float | None) -> list[str]:
    doubts = []
    if time_s < FASTEST_400M_S:
        doubts.append("time_implausible")
    if last_s is not None and abs(time_s / last_s - 1) > LARGEST_JUMP:
        doubts.append("time_far_from_last")
    return doubts

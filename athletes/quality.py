"""What is stored but not believed until somebody confirms it, and what is believed but worth a remark."""

import math
from collections.abc import Sequence
from datetime import timedelta
from statistics import fmean

HRV_PLAUSIBLE_MS = (5.0, 250.0)
HRV_FARTHEST_SD = 4.0
HRV_HISTORY = timedelta(days=60)
HRV_FEWEST = 7  # readings of the era before its own spread says anything
# ln ms: the usual day-to-day SD within an athlete, and how many readings it counts for beside the athlete's own.
HRV_USUAL_SD_LN, HRV_USUAL_WEIGHT = 0.17, 10
FASTEST_400M_S = 44.5
LARGEST_JUMP = 0.08
STAGES_TOLERANCE_S = 60  # vendors round each stage to the half minute


def doubts_about_hrv(value_ms: float, era_ms: Sequence[float]) -> list[str]:
    """`era_ms`: the earlier readings of the same metric, provider and context."""
    doubts = []
    if not HRV_PLAUSIBLE_MS[0] <= value_ms <= HRV_PLAUSIBLE_MS[1]:
        doubts.append("hrv_implausible")
    if len(era_ms) >= HRV_FEWEST:
        ln = [math.log(ms) for ms in era_ms]
        n, mean = len(ln) - 1, fmean(ln)
        # statistics.variance reckons in exact fractions: a quarter of what a sync of 1,000 readings cost
        squares = math.fsum((each - mean) ** 2 for each in ln)
        spread = math.sqrt((squares + HRV_USUAL_WEIGHT * HRV_USUAL_SD_LN**2) / (n + HRV_USUAL_WEIGHT))
        if abs(math.log(value_ms) - mean) > HRV_FARTHEST_SD * spread:
            doubts.append("hrv_far_from_own_range")
    return doubts


def doubts_about_400m(time_s: float, last_s: float | None) -> list[str]:
    doubts = []
    if time_s < FASTEST_400M_S:
        doubts.append("time_implausible")
    if last_s is not None and abs(time_s / last_s - 1) > LARGEST_JUMP:
        doubts.append("time_far_from_last")
    return doubts

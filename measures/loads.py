"""The load of a session nobody has rated yet: from its heart rate, else from the plan. Always labelled, never a rating.

Session load is minutes x RPE (CR-10; Foster 2001, doi 10.1519/00124278-200102000-00019). An RPE is estimated from TRIMP
per minute (Banister 1991; Morton et al. 1990, doi 10.1152/jappl.1990.69.3.1171), anchored where CR-10 and the two
thresholds meet (Seiler & Kjerland 2006, doi 10.1111/j.1600-0838.2004.00418.x) until the athlete has rated sessions with
a heart rate: those then set its level, and as far as they show one, its slope. How well it does is measured by
`benchmarks/load_estimate.py`; the figures stand in `docs/wearables.md`.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, median
from typing import Any

RPE, CONFIRMED, HEART_RATE, PLAN, NONE = "rpe", "confirmed", "heart_rate", "plan", "none"
RATED = (RPE, CONFIRMED)
WAITING = (HEART_RATE, PLAN, NONE)  # for somebody to say how hard it was

# Heart rate follows effort late and hardly follows short or heavy work: sprints and weights feel harder than it shows.
HR_UNDERESTIMATES = frozenset({"track_sprint", "strength", "plyometric", "technique"})

# Banister's weight of the share of the heart-rate reserve: factor x e^(exponent x share).
WEIGHT = {"male": (0.64, 1.92), "female": (0.86, 1.67)}
# Conventions of this project where CR-10 and heart rate meet: the first threshold near 65 % of the reserve is felt as
# 4, the second near 87 % as 7 (the RPE are Seiler & Kjerland's zone limits, the shares are textbook averages).
ANCHORS = ((0.65, 4.0), (0.87, 7.0))
MOST_RPE, LEAST_RPE = 10.0, 0.5
LEAST_RESERVE = 0.1  # below this share of the reserve a mean heart rate is a sensor's slip, or no training

FEWEST_PAIRS = 5  # sessions with both a rating and a heart rate before they say anything
MOST_PAIRS = 60  # the newest
# Variance of ln RPE around the line over the variance of slopes between athletes: 0.2^2 / 0.3^2 (convention).
SLOPE_PRIOR = 0.44
# SD of the error of ln RPE: without own pairs, with them (a prior that counts for five), and of the plan (conventions;
# the one person measured was 29 % under the group's line, SD 0.36, and 0.26 with own pairs).
GROUP_SD_LN, OWN_SD_LN, OWN_SD_WEIGHT, PLAN_SD_LN = 0.45, 0.3, 5, 0.4

RESTING_HR_ASSUMED_BPM = 60.0
MAX_HR_ASSUMED_BPM = 195.0  # Tanaka's at 19 years
MAX_HR_BELIEVED_BPM = 220.0
LEAST_ZONE_COVERAGE = 0.7  # of the minutes; below it the mean says more than the zones

Zone = Mapping[str, float]  # low_bpm, high_bpm, duration_s


@dataclass(frozen=True)
class Heart:
    """`assumed`: which of the two are not the athlete's own, as codes for whoever reads the estimate."""

    resting_bpm: float
    max_bpm: float
    sex: str
    assumed: tuple[str, ...] = ()

    def reserve(self, bpm: float) -> float:
        """Share of the heart-rate reserve, 0-1."""
        return min(max((bpm - self.resting_bpm) / (self.max_bpm - self.resting_bpm), 0.0), 1.0)


@dataclass(frozen=True)
class Effort:
    """What a device tells of how hard a session was."""

    minutes: float
    avg_hr_bpm: float | None = None
    zones: Sequence[Zone] = ()


@dataclass(frozen=True)
class Plan:
    """`minutes`: of the plan, else of all of that day's sessions, so that two of them share it."""

    load_au: float
    minutes: float


@dataclass(frozen=True)
class Load:
    """`rpe`: as rated, or estimated. `error_pct`: one SD, None of a rating. `grounds`: codes of what it stands on."""

    basis: str
    load_au: float | None = None
    estimated_rpe: float | None = None
    error_pct: float | None = None
    grounds: tuple[str, ...] = ()


UNKNOWN = Load(NONE)


def rated(minutes: float, rpe: float, *, confirmed: bool) -> Load:
    return Load(CONFIRMED if confirmed else RPE, minutes * rpe)


def estimated(
    effort: Effort, kind: str, heart: Heart, pairs: Sequence[tuple[Effort, float]], plan: Plan | None
) -> Load:
    """The heart rate's, or the plan's: where there is no heart rate, or where it is known to tell too little.

    `pairs`: earlier sessions of the same athlete, oldest first, with their RPE: of the kinds whose heart rate tells too
    little, or of the others, as this one is.
    """
    by_heart = by_heart_rate(effort, kind, heart, pairs)
    by_plan = None if plan is None else by_the_plan(effort.minutes, plan)
    if by_plan and (by_heart is None or kind in HR_UNDERESTIMATES):
        return by_plan
    return by_heart or by_plan or UNKNOWN


# --- by heart rate ----------------------------------------------------------------------------------------------------


def by_heart_rate(effort: Effort, kind: str, heart: Heart, pairs: Sequence[tuple[Effort, float]]) -> Load | None:
    rate = trimp_per_min(effort, heart)
    if rate is None:
        return None
    known = [(r, rpe) for e, rpe in pairs[-MOST_PAIRS:] if rpe >= LEAST_RPE and (r := trimp_per_min(e, heart))]
    own = len(known) >= FEWEST_PAIRS
    rpe, sd_ln = of_own_pairs(rate, known, heart.sex) if own else (of_the_group(rate, heart.sex), GROUP_SD_LN)
    grounds = ("own_ratings" if own else "group_convention", *heart.assumed)
    return estimate(
        HEART_RATE,
        effort.minutes,
        rpe,
        sd_ln,
        (*grounds, *(["hr_underestimates"] if kind in HR_UNDERESTIMATES else ())),
    )


def estimate(basis: str, minutes: float, rpe: float, sd_ln: float, grounds: tuple[str, ...]) -> Load:
    rounded = round(min(max(rpe, LEAST_RPE), MOST_RPE), 2)
    return Load(basis, round(minutes * rounded, 1), rounded, round(100 * math.expm1(sd_ln), 0), grounds)


def trimp_per_min(effort: Effort, heart: Heart) -> float | None:
    """TRIMP over minutes: over the zones where they cover the session, else of the mean heart rate."""
    covered_s = sum(zone["duration_s"] for zone in effort.zones)
    if covered_s >= LEAST_ZONE_COVERAGE * effort.minutes * 60:
        total = sum(zone["duration_s"] * weighted(heart.reserve(middle_of(zone, heart)), heart.sex)
                    for zone in effort.zones)  # fmt: skip
        rate = total / covered_s
        return rate if rate >= weighted(LEAST_RESERVE, heart.sex) else None
    if effort.avg_hr_bpm is None:
        return None
    share = heart.reserve(effort.avg_hr_bpm)
    return weighted(share, heart.sex) if share >= LEAST_RESERVE else None


def middle_of(zone: Zone, heart: Heart) -> float:
    """Vendors' lowest zone begins at 0 and their highest ends anywhere."""
    return (max(zone["low_bpm"], heart.resting_bpm) + min(zone["high_bpm"], heart.max_bpm)) / 2


def weighted(share: float, sex: str) -> float:
    """TRIMP of one minute at this share of the reserve; of undisclosed sex the mean of both."""
    known = [WEIGHT[sex]] if sex in WEIGHT else list(WEIGHT.values())
    return share * fmean(factor * math.exp(exponent * share) for factor, exponent in known)


def group_slope(sex: str) -> float:
    (low, low_rpe), (high, high_rpe) = ANCHORS
    return math.log(high_rpe / low_rpe) / math.log(weighted(high, sex) / weighted(low, sex))


def of_the_group(rate: float, sex: str) -> float:
    share, rpe = ANCHORS[0]
    return rpe * math.exp(group_slope(sex) * math.log(rate / weighted(share, sex)))


def of_own_pairs(rate: float, known: Sequence[tuple[float, float]], sex: str) -> tuple[float, float]:
    """RPE by the athlete's own line of ln RPE on ln TRIMP per minute, and the SD around it.

    The slope is drawn to the group's: who rates everything 6 gets 6, who rates by intensity gets that.
    """
    x, y = [math.log(r) for r, _ in known], [math.log(rpe) for _, rpe in known]
    mean_x, mean_y = fmean(x), fmean(y)
    own = sum((a - mean_x) * (b - mean_y) for a, b in zip(x, y, strict=True))
    slope = (own + SLOPE_PRIOR * group_slope(sex)) / (sum((a - mean_x) ** 2 for a in x) + SLOPE_PRIOR)
    squares = sum((b - mean_y - slope * (a - mean_x)) ** 2 for a, b in zip(x, y, strict=True))
    sd = math.sqrt((squares + OWN_SD_WEIGHT * OWN_SD_LN**2) / (len(known) + OWN_SD_WEIGHT))
    return math.exp(mean_y + slope * (math.log(rate) - mean_x)), sd


# --- by the plan ------------------------------------------------------------------------------------------------------


def by_the_plan(minutes: float, plan: Plan) -> Load | None:
    """The plan's RPE over the minutes it took. A planned rest says nothing of a session that was held."""
    if plan.load_au <= 0 or plan.minutes <= 0:
        return None
    return estimate(PLAN, minutes, plan.load_au / plan.minutes, PLAN_SD_LN, ("planned_effort",))


# --- the athlete's heart ----------------------------------------------------------------------------------------------


def heart_of(
    *, sex: str, age_years: float | None, stated_max_bpm: float | None, seen_max_bpm: Sequence[float],
    resting_bpm: Sequence[float],
) -> Heart:  # fmt: skip
    """`seen_max_bpm`: of earlier sessions; the second highest counts, since one spike is a strap's slip."""
    assumed = [] if resting_bpm else ["resting_hr_assumed"]
    resting = median(resting_bpm) if resting_bpm else RESTING_HR_ASSUMED_BPM
    if stated_max_bpm is not None:
        highest = stated_max_bpm
    else:
        by_age = MAX_HR_ASSUMED_BPM if age_years is None else tanaka_bpm(age_years)
        seen = sorted(bpm for bpm in seen_max_bpm if bpm <= MAX_HR_BELIEVED_BPM)[-2:-1]
        highest = max([by_age, *seen])
        if highest == by_age:
            assumed.append("max_hr_assumed" if age_years is None else "max_hr_by_age")
    return Heart(resting, max(highest, resting + 60), sex, tuple(assumed))


def tanaka_bpm(age_years: float) -> float:
    """208 - 0.7 x age (Tanaka et al. 2001, doi 10.1016/S0735-1097(00)01054-8); its own SD is about 10 bpm."""
    return 208 - 0.7 * age_years


def as_columns(load: Load) -> dict[str, Any]:
    return {
        "load_basis": load.basis,
        "load_au": load.load_au,
        "estimated_rpe": load.estimated_rpe,
        "estimate_error_pct": load.error_pct,
        "estimate_grounds": list(load.grounds),
    }

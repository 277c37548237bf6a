"""Paired scores of policies against the plan unchanged, with intervals over cohorts and athletes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from measures.actions import ACTION_CODES
from mlmodels.evaluation.rollouts import Season

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Interval:
    mean: float
    low: float  # 2.5 %
    high: float  # 97.5 %


@dataclass(frozen=True)
class Score:
    """One row of the table. Gains are against the plan unchanged on the same athletes and days; above 0 is faster."""

    policy: str
    gain_pct: Interval
    gain_s: Interval
    worst_tenth_pct: float  # mean gain of the tenth of athletes that gained least
    worst_tenth_t400_pct: float  # the slowest-developing tenth against the plan's own slowest-developing tenth
    acwr_danger_pct: float
    acwr_warning_pct: float
    acwr_danger_ordinary_pct: float  # outside camps and returns
    hrv_low_pct: float
    illnesses: float  # per athlete and season
    injuries: float
    overruled_pct: float
    asked_pct: float
    unclear_pct: float  # the plan, because nothing was clearly better
    unknown_pct: float  # none that the policy knows
    actions_pct: tuple[float, ...]

    def as_row(self) -> dict[str, float | str]:
        row: dict[str, float | str] = {"policy": self.policy}
        for name, interval in (("gain_pct", self.gain_pct), ("gain_s", self.gain_s)):
            row |= {name: interval.mean, f"{name}_low": interval.low, f"{name}_high": interval.high}
        for name in (
            "worst_tenth_pct", "worst_tenth_t400_pct", "acwr_danger_pct", "acwr_warning_pct",
            "acwr_danger_ordinary_pct", "hrv_low_pct", "illnesses", "injuries", "overruled_pct", "asked_pct",
            "unclear_pct", "unknown_pct",
        ):  # fmt: skip
            row[name] = getattr(self, name)
        row |= {f"{code}_pct": share for code, share in zip(ACTION_CODES, self.actions_pct, strict=True)}
        return row


def score(name: str, seasons: list[Season], plan: list[Season], seed: int = 1) -> Score:
    """``seasons`` and ``plan``: one Season per cohort, the same cohorts in the same order."""
    gain_s = [unchanged.t400_s - own.t400_s for own, unchanged in zip(seasons, plan, strict=True)]
    gain_pct = [100 * gain / unchanged.t400_s for gain, unchanged in zip(gain_s, plan, strict=True)]
    return Score(
        policy=name,
        gain_pct=bootstrap(gain_pct, seed),
        gain_s=bootstrap(gain_s, seed),
        worst_tenth_pct=worst_tenth(np.concatenate(gain_pct)),
        worst_tenth_t400_pct=worst_tenth(progress_pct(seasons)) - worst_tenth(progress_pct(plan)),
        acwr_danger_pct=100 * _mean(seasons, "acwr_danger"),
        acwr_warning_pct=100 * _mean(seasons, "acwr_warning"),
        acwr_danger_ordinary_pct=100 * _mean(seasons, "acwr_danger_ordinary"),
        hrv_low_pct=100 * _mean(seasons, "hrv_low"),
        illnesses=_mean(seasons, "illnesses"),
        injuries=_mean(seasons, "injuries"),
        overruled_pct=100 * _mean(seasons, "overruled"),
        asked_pct=100 * _mean(seasons, "asked"),
        unclear_pct=100 * _mean(seasons, "unclear"),
        unknown_pct=100 * _mean(seasons, "unknown"),
        actions_pct=tuple(100 * np.concatenate([s.actions for s in seasons]).mean(0)),
    )


def bootstrap(cohorts: list[Floats], seed: int, draws: int = 2000) -> Interval:
    """Mean with a 95 % interval by hierarchical bootstrap: cohorts with replacement, then athletes within each."""
    if not any(np.count_nonzero(cohort) for cohort in cohorts):
        return Interval(0.0, 0.0, 0.0)
    rng = np.random.default_rng(seed)
    means = np.empty(draws)
    alike = np.stack(cohorts) if len({len(cohort) for cohort in cohorts}) == 1 else None
    for i in range(draws):
        means[i] = _one_draw(cohorts, rng) if alike is None else _one_draw_alike(alike, rng)
    low, high = np.quantile(means, [0.025, 0.975])
    return Interval(float(np.mean([cohort.mean() for cohort in cohorts])), float(low), float(high))


def _one_draw(cohorts: Sequence[Floats], rng: np.random.Generator) -> float:
    chosen = rng.integers(len(cohorts), size=len(cohorts))
    return float(np.mean([cohorts[c][rng.integers(len(cohorts[c]), size=len(cohorts[c]))].mean() for c in chosen]))


def _one_draw_alike(cohorts: Floats, rng: np.random.Generator) -> float:
    """The same dice for cohorts of one size, all at once: twice as fast for five, ten times for 25."""
    chosen = rng.integers(len(cohorts), size=len(cohorts))
    who = rng.integers(cohorts.shape[1], size=cohorts.shape)
    return float(cohorts[chosen[:, None], who].mean(axis=1).mean())


def progress_pct(seasons: list[Season]) -> Floats:
    """Each athlete's own latent change over the season, % faster; all cohorts in one array."""
    return np.concatenate([100 * (s.start_t400_s - s.t400_s) / s.start_t400_s for s in seasons])


def worst_tenth(values: Floats) -> float:
    """Mean of the lowest tenth."""
    ordered = np.sort(values)
    return float(ordered[: max(len(ordered) // 10, 1)].mean())


def _mean(seasons: list[Season], name: str) -> float:
    return float(np.mean(np.concatenate([getattr(season, name) for season in seasons])))

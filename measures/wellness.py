"""The five wellness items: from the scale they were asked in to 1-5 with 5 best (McLean et al. 2010)."""

from typing import Any

from measures import risk

ITEMS = ("fatigue", "sleep_quality", "muscle_soreness", "stress", "mood")
# scale -> (the best answer, the worst answer)
ENDS = {"mclean_1_5": (5, 1), "hooper_1_7": (1, 7), "intervals_1_4": (1, 4)}
# The score of a night that no device scored: hours between none and the need, and how it felt (convention).
NO_SLEEP_H = 4.0
OF_HOURS, OF_QUALITY = 0.6, 0.4


def highest(scale: str) -> int:
    return max(ENDS[scale])


def on_1_5(scale: str, answer: int | None) -> float | None:
    """5 best, whatever the scale it was asked in."""
    if answer is None:
        return None
    best, worst = ENDS[scale]
    return 1 + 4 * (answer - worst) / (best - worst)


def answered(check_in: dict[str, Any]) -> dict[str, float]:
    scaled = {item: on_1_5(check_in["scale"], check_in[item]) for item in ITEMS}
    return {item: value for item, value in scaled.items() if value is not None}


def readiness_1_5(check_in: dict[str, Any]) -> float | None:
    """The mean of what was answered."""
    answers = answered(check_in).values()
    return sum(answers) / len(answers) if answers else None


def worst_item_1_5(check_in: dict[str, Any]) -> float | None:
    """The lowest of what was answered."""
    return min(answered(check_in).values(), default=None)


def wellness_score(check_in: dict[str, Any]) -> float | None:
    """0-100, 100 best."""
    readiness = readiness_1_5(check_in)
    return None if readiness is None else 25 * (readiness - 1)


def derived_sleep_score(sleep_h: float, quality_1_5: float, *, under_18: bool) -> float:
    """0-100 from hours and self-rated quality, for nights no device has scored (convention).

    Over whole seasons it is `mlmodels.state.features.sleep_score_from_report`.
    """
    need_h = risk.SLEEP_NEED_UNDER_18_H if under_18 else risk.SLEEP_NEED_H
    slept = min(max((sleep_h - NO_SLEEP_H) / (need_h - NO_SLEEP_H), 0.0), 1.0)
    return 100 * (OF_HOURS * slept + OF_QUALITY * (quality_1_5 - 1) / 4)

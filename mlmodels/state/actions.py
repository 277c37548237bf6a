"""What each of the four actions does to today's planned session, and the plan of an athlete who has none.

Doses are relative to the planned session, never to the athlete's own chronic load: relative to the latter, a few
recovery days lower the next dose, which lowers the chronic load again, and the athlete detrains.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from measures.actions import Action
from mlmodels.state.arrays import FloatArray

# Conventions of this project (fractions of the planned load). The adult doses sit below the caps of +15 % and +20 %
# on one session; the lower doses for minors follow the advice to progress the young more slowly (Bergeron 2015,
# doi 10.1136/bjsports-2015-094962).
INTENSITY_STEP = 0.10
INTENSITY_STEP_UNDER_18 = 0.05
VOLUME_STEP = 0.15
VOLUME_STEP_UNDER_18 = 0.10
RECOVERY_OF_PLAN = 0.35
RECOVERY_OF_CHRONIC = 0.50

# The automatic plan, Monday first (convention): hard, medium, easy, hard, medium, hard, rest-like. The weights mean 1.
WEEKDAY_WEIGHTS = np.array([1.35, 1.10, 0.55, 1.40, 0.90, 1.35, 0.35])
WEEKDAY_SHARES = np.array([0.40, 0.25, 0.05, 0.40, 0.20, 0.40, 0.0])
PLAN_START = 0.90  # fraction of Lref in week 0
PLAN_WEEKLY_STEP = 0.010  # fraction of Lref added each week
PLAN_LAST_WEEK = 24.0  # the progression stops here: one season
PLAN_CAP_OF_CHRONIC = 1.20
PLAN_CAP_OF_LREF = 0.10
# Of Lref: below it the cap does not follow, or easy days would make the plan easier too. Illness and injury are no easy
# days: for four weeks after them the cap follows all the way down, and the plan comes back with the chronic load.
PLAN_CHRONIC_AT_LEAST = 0.90
PLAN_RECOVERING_D = 28


def dose(
    action: ArrayLike,
    planned_load_au: ArrayLike,
    planned_share: ArrayLike,
    chronic_au: ArrayLike,
    *,
    under_18: ArrayLike = False,
) -> tuple[FloatArray, FloatArray]:
    """Today's load (AU) and its share of high intensity (0-1) under an action; arrays broadcast.

    More intensity adds high-intensity load only, more volume adds low-intensity load only, recovery has no high
    intensity at all. A NaN plan gives a NaN dose: the caller puts the automatic plan in first.
    """
    act = np.asarray(action)
    planned = np.asarray(planned_load_au, dtype=np.float64)
    share = np.asarray(planned_share, dtype=np.float64)
    harder, longer = _steps(under_18)
    easy = np.minimum(RECOVERY_OF_PLAN * planned, RECOVERY_OF_CHRONIC * np.asarray(chronic_au, dtype=np.float64))
    is_recovery = act == Action.ACTIVE_RECOVERY
    more_high = harder * (act == Action.INCREASE_INTENSITY)
    factor = 1.0 + more_high + longer * (act == Action.INCREASE_VOLUME)
    load = np.where(is_recovery, easy, planned * factor)
    new_share = np.where(is_recovery, 0.0, np.minimum((share + more_high) / factor, 1.0))
    return load, new_share


def at_most(load_au: FloatArray, cap_au: FloatArray | None) -> FloatArray:
    """The load under a cap; None, infinite or not known: no cap."""
    return load_au if cap_au is None else np.fmin(load_au, cap_au)


def increased(planned_load_au: FloatArray, *, under_18: ArrayLike = False) -> FloatArray:
    """(2, n): ``dose``'s load under more intensity and under more volume."""
    harder, longer = _steps(under_18)
    loads = np.empty((2, len(planned_load_au)))
    np.multiply(planned_load_au, 1.0 + harder, out=loads[0])
    np.multiply(planned_load_au, 1.0 + longer, out=loads[1])
    return loads


def _steps(under_18: ArrayLike) -> tuple[Any, Any]:
    """By how much intensity and volume are raised, fractions of the planned load."""
    minor = np.asarray(under_18, dtype=bool)
    if not np.count_nonzero(minor):
        return INTENSITY_STEP, VOLUME_STEP
    harder = np.where(minor, INTENSITY_STEP_UNDER_18, INTENSITY_STEP)
    return harder, np.where(minor, VOLUME_STEP_UNDER_18, VOLUME_STEP)


def automatic_plan(
    weekday: ArrayLike, lref_au: ArrayLike, chronic_au: ArrayLike, week: ArrayLike, *, recovering: ArrayLike
) -> tuple[FloatArray, FloatArray]:
    """The planned load (AU) and share of high intensity of an athlete without a coach's plan.

    ``weekday`` 0 is Monday; ``week`` counts whole weeks since the athlete's first day; ``recovering``: ill or injured
    today or in the ``PLAN_RECOVERING_D`` days before.
    """
    day = np.asarray(weekday, dtype=np.int64)
    lref = np.asarray(lref_au, dtype=np.float64)
    progress = PLAN_START + PLAN_WEEKLY_STEP * np.minimum(np.asarray(week, dtype=np.float64), PLAN_LAST_WEEK)
    borne = np.asarray(chronic_au, dtype=np.float64)
    chronic = np.where(recovering, borne, np.maximum(borne, PLAN_CHRONIC_AT_LEAST * lref))
    cap = PLAN_CAP_OF_CHRONIC * chronic + PLAN_CAP_OF_LREF * lref
    return np.minimum(WEEKDAY_WEIGHTS[day] * lref * progress, cap), WEEKDAY_SHARES[day]

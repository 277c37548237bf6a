"""Guard rails: what outranks the policy, on every path and inside training.

A table of rules over an ``Observation``. Every rule that fires is logged; effects add up, so the strictest wins, and
among equally strict ones the first in the table is named as the deciding one. Taken one by one ("first match") a mild
rule high in the table would shadow a strict one below it, and a worse input could then make the advice harder.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from enum import IntFlag
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mlmodels import risk
from mlmodels.actions import Action, FloatArray, dose
from mlmodels.observation import over_chronic
from mlmodels.state import (
    HOLD_CLINICIAN,
    ILLNESS_ABOVE_NECK,
    ILLNESS_BELOW_NECK,
    BoolArray,
    IntArray,
    Observation,
    StrArray,
)

GUARD_VERSION = 3


class Effect(IntFlag):
    """What a guard takes away; a stricter effect contains the milder ones."""

    NONE = 0
    NO_VOLUME = 1
    NO_INTENSITY = 2
    NO_INCREASE = 3
    RECOVERY = 7
    REST = 15  # no training today
    SUSPENDED = 31  # no advice either: a person decides
    RULE_POLICY = 32  # the learned policy is not asked

    @property
    def code(self) -> str:
        """``no_increase``, ``active_recovery`` and so on; the strictest one contained."""
        for strict in _BY_STRICTNESS:
            if self & strict == strict:
                return _EFFECT_CODES[strict]
        return "none"


_EFFECT_CODES = {
    Effect.SUSPENDED: "suspended",
    Effect.REST: "rest",
    Effect.RECOVERY: "active_recovery",
    Effect.NO_INCREASE: "no_increase",
    Effect.NO_INTENSITY: "no_intensity",
    Effect.NO_VOLUME: "no_volume",
    Effect.RULE_POLICY: "rule_policy",
}
_BY_STRICTNESS = tuple(_EFFECT_CODES)


@dataclass(slots=True)
class _Seen:
    """The observation, with what several rules need."""

    obs: Observation
    rule_policy: BoolArray
    unusable: BoolArray
    acwr_after_intensity: FloatArray
    acwr_after_volume: FloatArray
    week_ratio: FloatArray
    week_ratio_after_volume: FloatArray


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of the table. ``tells_coach``: the coach hears of it whatever the policy wanted."""

    code: str
    effect: Effect
    fires: Callable[[_Seen], BoolArray]
    tells_coach: bool = False


def _sick_below_neck(s: _Seen) -> BoolArray:
    o = s.obs
    unspecified = (o.ill > 0) & (o.illness < ILLNESS_ABOVE_NECK)
    return (o.illness >= ILLNESS_BELOW_NECK) | unspecified | (o.days_since_illness <= risk.ILLNESS_FREE_DAYS)


def _returning_from_illness(s: _Seen) -> BoolArray:
    return s.obs.days_since_illness <= risk.ILLNESS_FREE_DAYS + len(risk.ILLNESS_RETURN_STEPS)


def _hrv_lastingly_low(s: _Seen) -> BoolArray:
    o = s.obs
    return (o.hrv_low_days >= risk.HRV_LOW_LASTING_DAYS) | (o.hrv_very_low_days >= risk.HRV_VERY_LOW_LASTING_DAYS)


def _short_sleep(s: _Seen) -> BoolArray:
    o = s.obs
    return (o.sleep_h < risk.SLEEP_VERY_SHORT_H) | (o.sleep_short_nights >= risk.SLEEP_SHORT_NIGHTS)


def _low_wellness(s: _Seen) -> BoolArray:
    """This morning's answers, or the worst ones for days."""
    o = s.obs
    today = (o.soreness_1_5 <= risk.WELLNESS_WORST) | (o.readiness_1_5 <= risk.READINESS_LOW)
    return (
        today
        | (o.readiness_worst_days >= risk.WELLNESS_WORST_DAYS)
        | (o.soreness_worst_days >= risk.WELLNESS_WORST_DAYS)
    )


def _too_little_known(s: _Seen) -> BoolArray:
    """Old HRV or load, no sleep record for nights, or a usual check-in that is absent this morning."""
    o = s.obs
    absent = (o.check_in_age_days > 0) & (o.check_in_age_days <= risk.REPORTER_DAYS)
    old = (o.hrv_age_days > risk.HRV_HOLD_AGE_DAYS) | (o.load_unlogged_days > risk.LOAD_UNLOGGED_DAYS)
    return old | (o.sleep_age_days > risk.SLEEP_UNKNOWN_NIGHTS) | absent


def _near_main_race(s: _Seen) -> BoolArray:
    days = s.obs.days_to_main_race
    return (days <= risk.RACE_DAYS_BEFORE) & (days >= -risk.RACE_DAYS_AFTER)


def _enough_intensity(s: _Seen) -> BoolArray:
    o = s.obs
    often = (o.intensity_run >= risk.INTENSITY_IN_A_ROW) | (o.intensity_6d >= risk.INTENSITY_IN_7_DAYS)
    hard = (o.hard_days_6d >= risk.HARD_DAYS_PER_WEEK) | (o.hours_since_top_speed_h < risk.TOP_SPEED_REST_H)
    return often | hard


def _volume_line(o: Observation) -> FloatArray:
    return np.where(o.under_18, risk.WEEK_RISE_VOLUME_UNDER_18, risk.WEEK_RISE_VOLUME)


def _not_at_most(values: FloatArray, line: FloatArray | float) -> BoolArray:
    """Above the line, or not a number: what is not known is not below it."""
    return ~(values <= line)


RULES: tuple[Rule, ...] = (
    Rule("G01", Effect.SUSPENDED, lambda s: s.obs.red_flag > 0, tells_coach=True),
    Rule("G02", Effect.REST, _sick_below_neck),
    Rule("G02", Effect.NO_INCREASE, _returning_from_illness),
    Rule("G03", Effect.RECOVERY, lambda s: s.obs.illness == ILLNESS_ABOVE_NECK),
    Rule("G04", Effect.SUSPENDED, lambda s: (s.obs.injured > 0) | (s.obs.advice_hold == HOLD_CLINICIAN)),
    Rule("G05", Effect.REST, lambda s: s.obs.pain_0_10 >= risk.PAIN_STOP, tells_coach=True),
    Rule("G05", Effect.RECOVERY, lambda s: s.obs.pain_0_10 >= risk.PAIN_RECOVERY),
    Rule("G05", Effect.NO_INCREASE, lambda s: (s.obs.pain_rising > 0) & (s.obs.pain_0_10 >= risk.PAIN_WATCH)),
    Rule("G05", Effect.NO_INTENSITY, lambda s: s.obs.niggle > 0),
    Rule("G06", Effect.RECOVERY, lambda s: s.obs.acwr > risk.ACWR_DANGER),
    Rule("G06", Effect.NO_INCREASE, lambda s: ~(s.obs.acwr < risk.ACWR_WARNING)),
    Rule("G06", Effect.NO_INTENSITY, lambda s: _not_at_most(s.acwr_after_intensity, risk.ACWR_WARNING)),
    Rule("G06", Effect.NO_VOLUME, lambda s: _not_at_most(s.acwr_after_volume, risk.ACWR_WARNING)),
    Rule("G07", Effect.RECOVERY, lambda s: s.week_ratio >= risk.WEEK_RISE_RECOVERY),
    Rule("G07", Effect.NO_INCREASE, lambda s: ~(s.week_ratio < risk.WEEK_RISE_HOLD)),
    Rule("G07", Effect.NO_VOLUME, lambda s: _not_at_most(s.week_ratio_after_volume, _volume_line(s.obs))),
    Rule(
        "G08", Effect.RECOVERY, lambda s: s.obs.hrv_very_low_days >= risk.HRV_VERY_LOW_RECOVERY_DAYS, tells_coach=True
    ),
    Rule("G08", Effect.NO_INCREASE, _hrv_lastingly_low, tells_coach=True),
    Rule("G08", Effect.NO_INCREASE, lambda s: s.obs.hrv_today_z < risk.HRV_TODAY_LOW_SD),
    Rule("G08", Effect.NO_INTENSITY, lambda s: s.obs.hrv_low_days >= risk.HRV_LOW_HOLD_DAYS),
    Rule("G09", Effect.RECOVERY, lambda s: s.obs.sleep_mean_3d_h < risk.SLEEP_SHORT_MEAN_H),
    Rule("G09", Effect.NO_INCREASE, _short_sleep),
    Rule("G10", Effect.NO_INCREASE, _low_wellness),
    Rule("G11", Effect.NO_INCREASE, lambda s: s.obs.monotonous > 0),
    Rule("G12", Effect.NO_INCREASE, lambda s: s.obs.return_week > 0),
    Rule("G13", Effect.NO_INCREASE, lambda s: s.obs.age_years < risk.COACH_CONFIRMS_YEARS),
    Rule(
        "G13",
        Effect.NO_INCREASE,
        lambda s: s.obs.under_18 & (s.obs.hard_run_days >= risk.UNDER_18_HARD_DAYS_IN_A_ROW),
    ),
    Rule("G14", Effect.NO_INCREASE, _too_little_known),
    Rule("G14", Effect.RULE_POLICY, lambda s: s.obs.hrv_age_days > risk.HRV_STALE_AGE_DAYS),
    Rule("G15", Effect.NO_INCREASE, lambda s: s.unusable),
    Rule("G15", Effect.RULE_POLICY, lambda s: s.rule_policy | s.unusable),
    Rule("G16", Effect.NO_INCREASE, _near_main_race),
    Rule("G17", Effect.NO_INTENSITY, _enough_intensity),
    Rule("G18", Effect.SUSPENDED, lambda s: s.obs.advice_hold > HOLD_CLINICIAN),
)
GUARD_CODES: tuple[str, ...] = tuple(dict.fromkeys(rule.code for rule in RULES))
_TABLE = tuple((GUARD_CODES.index(rule.code), np.int8(int(rule.effect)), rule) for rule in RULES)

# What a tracker never leaves open. A NaN here means a damaged row, not a day without a watch.
_MAY_BE_MISSING = frozenset(
    {
        "pain_0_10", "soreness_1_5", "fatigue_1_5", "readiness_1_5", "days_to_main_race", "hours_since_top_speed_h",
        "age_years", "hrv_rmssd_ms", "hrv_today_z", "hrv_mean_7d_ms", "hrv_baseline_ms", "hrv_range_low_ms",
        "hrv_range_high_ms", "hrv_z", "sleep_h", "sleep_mean_3d_h", "sleep_score", "sleep_today_z", "sleep_z",
        "resting_hr_bpm", "resting_hr_delta_bpm", "week_load_au", "previous_week_load_au", "six_day_load_au",
        "week_before_load_au", "monotony", "strain", "strain_rank", "former_chronic_au", "performance_pct",
        "performance_sd_pct", "t400_level_s",
    }
)  # fmt: skip
_REQUIRED = tuple(f.name for f in fields(Observation) if f.name not in _MAY_BE_MISSING)
_OPTIONAL = tuple(f.name for f in fields(Observation) if f.name in _MAY_BE_MISSING)


Trace = tuple[tuple[str, str], ...]


@dataclass(slots=True)
class Guarded:
    """What the guards left of n proposals.

    ``action`` is always one of the four, also where ``withheld`` is not "" (then the safest, recovery).
    ``effects`` (n, 18): bits of ``Effect`` for each of ``GUARD_CODES``. ``load_cap_au``: inf = no cap.
    """

    action: IntArray
    effects: NDArray[np.int8]
    withheld: StrArray
    load_cap_au: FloatArray
    coach_alert: BoolArray
    third_recovery_of_four: BoolArray

    @property
    def fired(self) -> BoolArray:
        """(n, 18), in the order of ``GUARD_CODES``."""
        return self.effects > 0

    def trace(self, i: int) -> Trace:
        """Every guard that fired for athlete i with its effect, the deciding one first."""
        return _trace(self.effects[i].tolist())

    def traces(self) -> list[Trace]:
        """Every athlete's ``trace``."""
        return [_trace(row) if any(row) else () for row in self.effects.tolist()]


@lru_cache(maxsize=4096)
def _sorted_trace(fired: tuple[tuple[str, int], ...]) -> Trace:
    strictest_first = sorted(fired, key=lambda pair: -(pair[1] & int(Effect.SUSPENDED)))
    return tuple((code, Effect(bits).code) for code, bits in strictest_first)


def _trace(bits: list[int]) -> Trace:
    return _sorted_trace(tuple((code, fired) for code, fired in zip(GUARD_CODES, bits, strict=True) if fired))


def apply(policy_action: ArrayLike, obs: Observation, *, rule_policy: ArrayLike = False) -> Guarded:
    """Guard n proposed actions (ints; anything that is no action counts as as_planned and fires G15).

    ``rule_policy``: rows the caller took from the rule policy because the learned one could not be trusted.
    """
    proposed = np.asarray(policy_action)
    valid = (proposed >= 0) & (proposed <= Action.AS_PLANNED) & (proposed == np.floor(proposed))
    action = np.where(valid, proposed, Action.AS_PLANNED).astype(np.int64)
    seen = _look(obs, np.asarray(rule_policy, dtype=bool), ~valid)
    effects = np.zeros((len(GUARD_CODES), len(obs)), dtype=np.int8)
    alert = np.zeros(len(obs), dtype=bool)
    for row, bits, rule in _TABLE:
        fires = rule.fires(seen)
        effects[row] |= fires * bits
        if rule.tells_coach:
            alert |= fires
    total = np.bitwise_or.reduce(effects, axis=0)
    action = _restrain(action, total)
    third = (action == Action.ACTIVE_RECOVERY) & (obs.recovery_3d >= 2)
    return Guarded(action, effects.T, _withheld(obs, effects), _load_cap(obs, total), alert, third)


def _includes(bits: NDArray[np.int8], effect: Effect) -> BoolArray:
    wanted = np.int8(int(effect))
    return np.asarray((bits & wanted) == wanted)


def _restrain(action: IntArray, total: NDArray[np.int8]) -> IntArray:
    vetoed = ((action == Action.INCREASE_INTENSITY) & _includes(total, Effect.NO_INTENSITY)) | (
        (action == Action.INCREASE_VOLUME) & _includes(total, Effect.NO_VOLUME)
    )
    held = np.where(vetoed, np.int64(Action.AS_PLANNED), action)
    recovery = _includes(total, Effect.RECOVERY)
    return np.where(recovery, np.int64(Action.ACTIVE_RECOVERY), held)


_INCREASES = np.array([[Action.INCREASE_INTENSITY], [Action.INCREASE_VOLUME]], dtype=np.int64)


def _look(obs: Observation, rule_policy: BoolArray, invalid: BoolArray) -> _Seen:
    with np.errstate(all="ignore"):
        (harder, longer), _ = dose(_INCREASES, obs.planned_load_au, 0.0, obs.chronic_au, under_18=obs.under_18)
        usual = risk.WEEK_FLOOR_OF_LREF * 7.0 * obs.lref_au
        return _Seen(
            obs=obs,
            rule_policy=np.broadcast_to(rule_policy, obs.acwr.shape),
            unusable=invalid | unusable(obs),
            acwr_after_intensity=acwr_after(obs, harder),
            acwr_after_volume=acwr_after(obs, longer),
            week_ratio=obs.week_load_au / np.maximum(obs.previous_week_load_au, usual),
            week_ratio_after_volume=(obs.six_day_load_au + longer) / np.maximum(obs.week_before_load_au, usual),
        )


def acwr_after(obs: Observation, load_au: ArrayLike) -> FloatArray:
    """Tomorrow's ACWR if today's load is ``load_au``."""
    load = np.asarray(load_au, dtype=np.float64)
    acute = obs.acute_au + risk.ACUTE_LAMBDA * (load - obs.acute_au)
    chronic = obs.chronic_au + risk.CHRONIC_LAMBDA * (load - obs.chronic_au)
    return over_chronic(acute, chronic, obs.lref_au)


def unusable(obs: Observation) -> BoolArray:
    """Rows with a value that is not finite where there must be one, or infinite anywhere."""
    required = np.stack([getattr(obs, name) for name in _REQUIRED])
    optional = np.stack([getattr(obs, name) for name in _OPTIONAL])
    broken: BoolArray = ~np.isfinite(required).all(axis=0) | np.isinf(optional).any(axis=0)
    return broken


def _withheld(obs: Observation, effects: NDArray[np.int8]) -> StrArray:
    def suspended(code: str) -> BoolArray:
        return _includes(effects[GUARD_CODES.index(code)], Effect.SUSPENDED)

    reasons = ["red_flag", "injury", "medical_hold"]
    injured = suspended("G04") & (obs.injured > 0)
    stopped = np.select([suspended("G01"), injured, suspended("G04") | suspended("G18")], reasons, default="")
    return np.where(stopped == "", obs.refusal, stopped).astype(np.str_)


def _load_cap(obs: Observation, total: NDArray[np.int8]) -> FloatArray:
    cap = np.full(len(obs), np.inf)
    for step, factor in enumerate(risk.ILLNESS_RETURN_STEPS, start=risk.ILLNESS_FREE_DAYS + 1):
        cap = np.where(obs.days_since_illness == step, factor * obs.planned_load_au, cap)
    former = np.where(obs.former_chronic_au >= 0, obs.former_chronic_au, obs.chronic_au)
    weeks = ((1, risk.RETURN_WEEK_1_OF_CHRONIC), (2, risk.RETURN_WEEK_2_OF_CHRONIC))
    for week, factor in weeks:
        cap = np.where(obs.return_week == week, np.fmin(cap, factor * former), cap)
    return np.where(_includes(total, Effect.REST), 0.0, cap)

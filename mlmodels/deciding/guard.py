"""Guard rails: what outranks the policy, on every path and inside training.

A table of rules over an ``Observation``. Every rule that fires is logged; effects add up, so the strictest wins, and
among equally strict ones the first in the table is named as the deciding one; of caps on today's load the lowest
counts. Taken one by one ("first match") a mild rule high in the table would shadow a strict one below it, and a worse
input could then make the advice harder. One file: the table and the lines it calls are read side by side.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from functools import cached_property, lru_cache, reduce
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from measures import risk
from measures.actions import Action
from measures.answers import HOLD_CLINICIAN, ILLNESS_ABOVE_NECK, ILLNESS_BELOW_NECK
from measures.guards import BODY, STRICTEST_FIRST, Effect, Guard
from mlmodels.state.actions import dose, increased
from mlmodels.state.arrays import BoolArray, FloatArray, IntArray, StrArray
from mlmodels.state.features import over_chronic
from mlmodels.state.observation import REFUSALS, Observation
from mlmodels.state.table import MAY_BE_MISSING, ROWS, TABLE

GUARD_VERSION = 8


@dataclass
class _Seen:
    """The observation, with what several rules need."""

    obs: Observation
    rule_policy: BoolArray
    unusable: BoolArray

    @cached_property
    def loads_after(self) -> FloatArray:
        """(2, n): today's load with more intensity, with more volume."""
        return increased(self.obs.planned_load_au, under_18=self.obs.under_18)

    @cached_property
    def _acwr_after(self) -> FloatArray:
        return acwr_after(self.obs, self.loads_after)

    @property
    def acwr_after_intensity(self) -> FloatArray:
        after: FloatArray = self._acwr_after[0]
        return after

    @property
    def acwr_after_volume(self) -> FloatArray:
        after: FloatArray = self._acwr_after[1]
        return after

    @cached_property
    def _usual_week_au(self) -> FloatArray:
        return risk.WEEK_FLOOR_OF_LREF * 7.0 * self.obs.lref_au

    @cached_property
    def week_ratio(self) -> FloatArray:
        return self.obs.week_load_au / np.maximum(self.obs.previous_week_load_au, self._usual_week_au)

    @cached_property
    def easy_au(self) -> FloatArray:
        """What recovery would be today."""
        o = self.obs
        return dose(np.int64(Action.ACTIVE_RECOVERY), o.planned_load_au, 0.0, o.chronic_au)[0]

    @cached_property
    def week_ratio_after_volume(self) -> FloatArray:
        week: FloatArray = self.obs.six_day_load_au + self.loads_after[1]
        return week / np.maximum(self.obs.week_before_load_au, self._usual_week_au)


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of the table.

    ``when``: the line in a few words, for tables that people read (its numbers are in ``risk``). ``tells_coach``: the
    coach hears of it whatever the policy wanted. ``cap``: of a line that caps, today's load in AU.
    """

    code: Guard
    effect: Effect
    when: str
    fires: Callable[[_Seen], BoolArray]
    tells_coach: bool = False
    cap: Callable[[_Seen], FloatArray] | None = None


def _capped(code: Guard, when: str, cap: Callable[[_Seen], FloatArray]) -> Rule:
    """Fires where the planned session is more than the cap."""
    return Rule(code, Effect.CAPPED, when, lambda s: cap(s) < s.obs.planned_load_au, cap=cap)


def _sick_below_neck(s: _Seen) -> BoolArray:
    o = s.obs
    unspecified = (o.ill > 0) & (o.illness < ILLNESS_ABOVE_NECK)
    return (o.illness >= ILLNESS_BELOW_NECK) | unspecified | (o.days_since_illness <= risk.ILLNESS_FREE_DAYS)


def _returning_from_illness(s: _Seen) -> BoolArray:
    return s.obs.days_since_illness <= risk.ILLNESS_FREE_DAYS + len(risk.ILLNESS_RETURN_STEPS)


def _step_after_illness(s: _Seen) -> FloatArray:
    o, cap = s.obs, np.full(len(s.obs), np.inf)
    if np.count_nonzero(_returning_from_illness(s)):
        for step, factor in enumerate(risk.ILLNESS_RETURN_STEPS, start=risk.ILLNESS_FREE_DAYS + 1):
            cap = np.where(o.days_since_illness == step, factor * o.planned_load_au, cap)
    return cap


def _injured(s: _Seen) -> BoolArray:
    return np.asarray((s.obs.injured > 0) | (s.obs.advice_hold == HOLD_CLINICIAN))


def _niggle(s: _Seen) -> BoolArray:
    return (s.obs.niggle > 0) | (s.obs.pain_0_10 >= risk.PAIN_WATCH)


def _step_after_layoff(s: _Seen) -> FloatArray:
    """The first week session by session, the second by what the seven days up to today add up to.

    A share of the former usual day, or of the planned session where that is more: the days of a week are not alike.
    """
    o, cap = s.obs, np.full(len(s.obs), np.inf)
    if not np.count_nonzero(o.return_week):
        return cap
    former = np.where(o.former_chronic_au >= 0, o.former_chronic_au, o.chronic_au)
    session = np.fmax(former, o.planned_load_au)
    within = o.six_day_load_au + o.planned_load_au <= 7.0 * risk.RETURN_WEEK_2_OF_CHRONIC * former
    cap = np.where(o.return_week == 1, risk.RETURN_WEEK_1_OF_CHRONIC * session, cap)
    return np.where((o.return_week == 2) & ~within, risk.RETURN_WEEK_2_OF_CHRONIC * session, cap)


def _load_below_danger(s: _Seen) -> FloatArray:
    """So much that tomorrow's ACWR is ``ACWR_DANGER`` at most though it be done heavier; never less than recovery.

    Tomorrow's ratio divides by the chronic load or by its floor, whichever is larger, so either may keep it down.
    """
    o, line = s.obs, risk.ACWR_DANGER
    acute, chronic = risk.ACUTE_LAMBDA, risk.CHRONIC_LAMBDA
    left = (1.0 - acute) * o.acute_au
    by_chronic = (line * (1.0 - chronic) * o.chronic_au - left) / (acute - line * chronic)
    by_floor = (line * risk.CHRONIC_FLOOR_OF_LREF * o.lref_au - left) / acute
    return np.fmax(np.fmax(by_chronic, by_floor) / risk.SESSION_HEAVIER, s.easy_au)


def _risen(s: _Seen) -> BoolArray:
    """Both ratios say so: the averages, and the last seven days against the week before and the usual one."""
    return (s.obs.acwr > risk.ACWR_DANGER) & (s.week_ratio >= risk.WEEK_RISE_HOLD)


def _hrv_very_low_for_long(s: _Seen) -> BoolArray:
    return s.obs.hrv_very_low_days >= risk.HRV_VERY_LOW_RECOVERY_DAYS


def _hrv_lastingly_low(s: _Seen) -> BoolArray:
    o = s.obs
    return (o.hrv_low_days >= risk.HRV_LOW_LASTING_DAYS) | (o.hrv_very_low_days >= risk.HRV_VERY_LOW_LASTING_DAYS)


def _short_sleep(s: _Seen) -> BoolArray:
    o = s.obs
    return (o.sleep_h <= risk.SLEEP_VERY_SHORT_H) | (o.sleep_short_nights >= risk.SLEEP_SHORT_NIGHTS)


def _worst_answers(s: _Seen) -> BoolArray:
    return s.obs.readiness_1_5 <= risk.READINESS_WORST


def _low_wellness(s: _Seen) -> BoolArray:
    """This morning's answers, any single one at its worst, or the worst ones for days."""
    o = s.obs
    today = (o.worst_item_1_5 <= risk.WELLNESS_WORST) | (o.readiness_1_5 <= risk.READINESS_LOW)
    today |= o.soreness_1_5 <= risk.WELLNESS_WORST
    return (
        today
        | (o.readiness_worst_days >= risk.WELLNESS_WORST_DAYS)
        | (o.soreness_worst_days >= risk.WELLNESS_WORST_DAYS)
    )


def _hrv_far_low(s: _Seen) -> BoolArray:
    """A believed reading far below, or one in doubt that is low: until it is measured again it is a sign."""
    o = s.obs
    return (o.hrv_today_z < risk.HRV_TODAY_FAR_LOW_SD) | (o.hrv_doubted_z < risk.HRV_TODAY_LOW_SD)


def _strong_signs(s: _Seen) -> list[BoolArray]:
    """Each of them holds an increase back by itself; two on one morning are a reason to take it easy."""
    o = s.obs
    return [
        (o.hrv_today_z < risk.HRV_TODAY_LOW_SD) | (o.hrv_doubted_z < risk.HRV_TODAY_LOW_SD),
        o.sleep_h <= risk.SLEEP_VERY_SHORT_H,
        o.resting_hr_delta_bpm >= risk.RESTING_HR_HIGH_BPM,
        o.zones_to_settle >= risk.ZONES_TO_SETTLE,
        (o.readiness_1_5 <= risk.READINESS_LOW) | (o.worst_item_1_5 <= risk.WELLNESS_WORST),
    ]


def _several_signs(s: _Seen) -> BoolArray:
    """Strong ones at once, or resting heart rate up and HRV low for days: what the warning of an illness says."""
    together = np.add.reduce([np.asarray(sign, dtype=np.int8) for sign in _strong_signs(s)])
    return np.asarray((together >= risk.SIGNS_TOGETHER) | (s.obs.illness_signal_days >= risk.ILLNESS_SIGNAL_DAYS))


def _resting_hr_high(s: _Seen) -> BoolArray:
    return s.obs.resting_hr_delta_bpm >= risk.RESTING_HR_HIGH_BPM


def _too_little_known(s: _Seen) -> BoolArray:
    """A morning that was not measured, load not told for days, or a usual check-in that is absent this morning."""
    o = s.obs
    absent = (o.check_in_age_days > 0) & (o.check_in_age_days <= risk.REPORTER_DAYS)
    return ~o.measured | (o.load_unlogged_days > risk.LOAD_UNLOGGED_DAYS) | absent


def _near_main_race(s: _Seen) -> BoolArray:
    days = s.obs.days_to_main_race
    return (days <= risk.RACE_DAYS_BEFORE) & (days >= -risk.RACE_DAYS_AFTER)


def _minor_after_hard_days(s: _Seen) -> BoolArray:
    return s.obs.under_18 & (s.obs.hard_run_days >= risk.UNDER_18_HARD_DAYS_IN_A_ROW)


def _enough_intensity(s: _Seen) -> BoolArray:
    o = s.obs
    often = (o.intensity_run >= risk.INTENSITY_IN_A_ROW) | (o.intensity_6d >= risk.INTENSITY_IN_7_DAYS)
    hard = (o.hard_days_6d >= risk.HARD_DAYS_PER_WEEK) | (o.hours_since_top_speed_h < risk.TOP_SPEED_REST_H)
    return often | hard


def _is_spike(s: _Seen, load_au: FloatArray) -> BoolArray:
    """More than any day of the last four weeks held, by so much that nothing is added."""
    return load_au > risk.SESSION_SPIKE * s.obs.largest_load_28d_au


def _volume_line(o: Observation) -> FloatArray:
    return np.where(o.under_18, risk.WEEK_RISE_VOLUME_UNDER_18, risk.WEEK_RISE_VOLUME)


def _not_up_to_warning(acwr: FloatArray) -> BoolArray:
    return _not_at_most(acwr, risk.ACWR_WARNING)


def _week_would_rise(s: _Seen) -> BoolArray:
    return _not_at_most(s.week_ratio_after_volume, _volume_line(s.obs))


def _not_at_most(values: FloatArray, line: FloatArray | float) -> BoolArray:
    """Above the line, or not a number: what is not known is not below it."""
    return ~(values <= line)


def _hardly_slept(s: _Seen) -> BoolArray:
    return s.obs.sleep_h < risk.SLEEP_RECOVERY_H


def _still_settling(s: _Seen) -> BoolArray:
    return s.obs.zones_to_settle >= risk.ZONES_TO_SETTLE


def _not_trusted(s: _Seen) -> BoolArray:
    return s.rule_policy | s.unusable


RULES: tuple[Rule, ...] = (
    Rule(Guard.WARNING_SIGN, Effect.SUSPENDED, "a warning sign", lambda s: s.obs.red_flag > 0, tells_coach=True),
    Rule(Guard.WARNING_SIGN, Effect.NO_INCREASE, "the note may tell of one", lambda s: s.obs.note_asks > 0),
    Rule(Guard.ILLNESS, Effect.REST, "ill, or well for one day only", _sick_below_neck),
    _capped(Guard.ILLNESS, "steps back after illness", _step_after_illness),
    Rule(Guard.ILLNESS, Effect.NO_INCREASE, "steps back after illness", _returning_from_illness),
    Rule(Guard.COLD, Effect.RECOVERY, "a cold", lambda s: s.obs.illness == ILLNESS_ABOVE_NECK),
    Rule(Guard.INJURY, Effect.SUSPENDED, "injured, or a clinician's plan", _injured),
    Rule(Guard.PAIN, Effect.REST, "strong pain", lambda s: s.obs.pain_0_10 >= risk.PAIN_STOP, tells_coach=True),
    Rule(Guard.PAIN, Effect.RECOVERY, "pain", lambda s: s.obs.pain_0_10 >= risk.PAIN_RECOVERY),
    Rule(Guard.PAIN, Effect.NO_INCREASE, "a niggle or some pain", _niggle),
    Rule(Guard.LOAD, Effect.RECOVERY, "ACWR and week both far up", _risen),
    _capped(Guard.LOAD, "the session would take ACWR above its danger line", _load_below_danger),
    Rule(Guard.LOAD, Effect.NO_INCREASE, "ACWR up", lambda s: ~(s.obs.acwr < risk.ACWR_WARNING)),
    Rule(Guard.LOAD, Effect.NO_INTENSITY, "ACWR would be up", lambda s: _not_up_to_warning(s.acwr_after_intensity)),
    Rule(Guard.LOAD, Effect.NO_VOLUME, "ACWR would be up", lambda s: _not_up_to_warning(s.acwr_after_volume)),
    Rule(Guard.WEEK, Effect.RECOVERY, "the week rose very fast", lambda s: s.week_ratio >= risk.WEEK_RISE_RECOVERY),
    Rule(Guard.WEEK, Effect.NO_INCREASE, "the week rose fast", lambda s: ~(s.week_ratio < risk.WEEK_RISE_HOLD)),
    Rule(Guard.WEEK, Effect.NO_INTENSITY, "largest session of four weeks", lambda s: _is_spike(s, s.loads_after[0])),
    Rule(Guard.WEEK, Effect.NO_VOLUME, "largest session of four weeks", lambda s: _is_spike(s, s.loads_after[1])),
    Rule(Guard.WEEK, Effect.NO_VOLUME, "the week would rise fast", _week_would_rise),
    Rule(Guard.HRV, Effect.RECOVERY, "7-day HRV very low for a week", _hrv_very_low_for_long, tells_coach=True),
    Rule(Guard.HRV, Effect.RECOVERY, "HRV far low this morning", _hrv_far_low),
    Rule(Guard.HRV, Effect.NO_INCREASE, "7-day HRV lastingly low", _hrv_lastingly_low, tells_coach=True),
    Rule(Guard.HRV, Effect.NO_INCREASE, "HRV low this morning", lambda s: s.obs.hrv_today_z < risk.HRV_TODAY_LOW_SD),
    Rule(Guard.HRV, Effect.NO_INCREASE, "HRV far high", lambda s: s.obs.hrv_today_z > risk.HRV_TODAY_FAR_HIGH_SD),
    Rule(Guard.HRV, Effect.NO_INCREASE, "7-day HRV low", lambda s: s.obs.hrv_low_days >= risk.HRV_LOW_HOLD_DAYS),
    Rule(Guard.SLEEP, Effect.RECOVERY, "hardly slept", _hardly_slept, tells_coach=True),
    Rule(Guard.SLEEP, Effect.RECOVERY, "three short nights", lambda s: s.obs.sleep_mean_3d_h < risk.SLEEP_SHORT_MEAN_H),
    Rule(Guard.SLEEP, Effect.NO_INCREASE, "short sleep", _short_sleep),
    Rule(Guard.ANSWERS, Effect.RECOVERY, "the worst answers", _worst_answers, tells_coach=True),
    Rule(Guard.ANSWERS, Effect.NO_INCREASE, "low answers", _low_wellness),
    Rule(Guard.MONOTONY, Effect.NO_INCREASE, "days too alike", lambda s: s.obs.monotonous > 0),
    _capped(Guard.LAY_OFF, "weeks back after a lay-off", _step_after_layoff),
    Rule(Guard.LAY_OFF, Effect.NO_INCREASE, "weeks back after a lay-off", lambda s: s.obs.return_week > 0),
    Rule(Guard.AGE, Effect.NO_INCREASE, "a child", lambda s: s.obs.age_years < risk.COACH_CONFIRMS_YEARS),
    Rule(Guard.AGE, Effect.NO_INCREASE, "a minor after hard days", _minor_after_hard_days),
    Rule(Guard.GAPS, Effect.NO_INCREASE, "too little known this morning", _too_little_known),
    Rule(Guard.GAPS, Effect.RULE_POLICY, "HRV stale", lambda s: s.obs.hrv_age_days > risk.HRV_STALE_AGE_DAYS),
    Rule(Guard.NO_TRUST, Effect.NO_INCREASE, "damaged values", lambda s: s.unusable),
    Rule(Guard.NO_TRUST, Effect.RULE_POLICY, "damaged values, or no trust in the policy", _not_trusted),
    Rule(Guard.RACE, Effect.NO_INCREASE, "near the main race", _near_main_race),
    Rule(Guard.INTENSITY, Effect.NO_INTENSITY, "hard often enough", _enough_intensity),
    Rule(Guard.HOLD, Effect.SUSPENDED, "a medical hold", lambda s: s.obs.advice_hold > HOLD_CLINICIAN),
    Rule(Guard.SIGNS, Effect.RECOVERY, "several signs at once", _several_signs, tells_coach=True),
    Rule(Guard.SIGNS, Effect.NO_INCREASE, "resting heart rate far up", _resting_hr_high),
    Rule(Guard.SIGNS, Effect.NO_INCREASE, "time zones to settle", _still_settling),
)
GUARD_CODES: tuple[str, ...] = tuple(dict.fromkeys(rule.code.value for rule in RULES))
_TABLE = tuple((GUARD_CODES.index(rule.code), int(rule.effect), rule) for rule in RULES)

# What a tracker never leaves open. A NaN here means a damaged row, not a day without a watch.
_MAY_BE_MISSING = frozenset(MAY_BE_MISSING)
_REQUIRED, _OPTIONAL = ROWS[TABLE[0], TABLE[-len(MAY_BE_MISSING) - 1]], ROWS[MAY_BE_MISSING[0], MAY_BE_MISSING[-1]]
WITHHELD = (*REFUSALS, "signs", "pain", "illness", "red_flag", "injury", "medical_hold")
_SIGNS, _PAIN, _ILLNESS, _RED_FLAG, _INJURY, _MEDICAL_HOLD = range(len(REFUSALS), len(WITHHELD))


Trace = tuple[tuple[str, str], ...]


Fired = list[tuple[int, int, Rule, BoolArray]]  # row of the code, bits of the effect, rule, whom it fires for


@dataclass
class Guarded:
    """What the guards left of n proposals.

    ``action`` is always one of the four, also where ``withheld`` is not "" (then the safest, recovery). The rest is
    worked out when asked for: training and forecasts ask for little of it.
    """

    action: IntArray
    obs: Observation
    _seen: _Seen = field(repr=False)
    _fired: Fired = field(repr=False)
    _resting: BoolArray = field(repr=False)

    @cached_property
    def effects(self) -> NDArray[np.int8]:
        """(n, 19): bits of ``Effect`` for each of ``GUARD_CODES``."""
        effects = np.zeros((len(GUARD_CODES), len(self.action)), dtype=np.int8)
        for row, bits, _, fires in self._fired:
            effects[row] |= fires * np.int8(bits)
        return effects.T

    @cached_property
    def coach_alert(self) -> BoolArray:
        return _any([fires for _, _, rule, fires in self._fired if rule.tells_coach], len(self.action))

    @cached_property
    def third_recovery_of_four(self) -> BoolArray:
        third: BoolArray = (self.action == Action.ACTIVE_RECOVERY) & (self.obs.recovery_3d >= 2)
        return third

    @cached_property
    def withheld_code(self) -> NDArray[np.int8]:
        """Which of ``WITHHELD``; 0 = advice may be given."""
        refused, suspends = self.obs.refused > 0, any(bits == _SUSPENDED for _, bits, _, _ in self._fired)
        if not suspends and not np.count_nonzero(refused):
            return self.obs.refused
        code = np.array(self.obs.refused)
        code[refused & self._eased(Effect.RECOVERY, BODY)] = _SIGNS  # what the body says comes before missing data
        code[refused & self._eased(Effect.REST, (Guard.PAIN,))] = _PAIN
        code[refused & self._eased(Effect.REST, (Guard.ILLNESS,))] = _ILLNESS
        code[self._suspended(Guard.INJURY) | self._suspended(Guard.HOLD)] = _MEDICAL_HOLD
        code[self._suspended(Guard.INJURY) & (self.obs.injured > 0)] = _INJURY
        code[self._suspended(Guard.WARNING_SIGN)] = _RED_FLAG
        return code

    def _suspended(self, code: Guard) -> BoolArray:
        fires = [fires for _, bits, rule, fires in self._fired if bits == _SUSPENDED and rule.code == code]
        return _any(fires, len(self.action))

    def _eased(self, effect: Effect, codes: Collection[str]) -> BoolArray:
        fires = [fires for _, bits, rule, fires in self._fired if bits & effect == effect and rule.code in codes]
        return _any(fires, len(self.action))

    @property
    def told(self) -> BoolArray:
        """Whose advice is not withheld."""
        told: BoolArray = self.withheld_code == 0
        return told

    @cached_property
    def withheld(self) -> StrArray:
        """Why advice is withheld, "" where it is not."""
        return np.array(WITHHELD)[self.withheld_code]

    @cached_property
    def load_cap_au(self) -> FloatArray:
        """The lowest cap that fired; inf = none."""
        cap = np.full(len(self.action), np.inf)
        with np.errstate(all="ignore"):
            for _, _, rule, fires in self._fired:
                if rule.cap is not None:
                    cap = np.where(fires, np.fmin(cap, rule.cap(self._seen)), cap)
        cap[self._resting] = 0.0
        return cap

    @property
    def fired(self) -> BoolArray:
        """(n, 19), in the order of ``GUARD_CODES``."""
        return self.effects > 0

    @property
    def lines(self) -> list[tuple[Rule, BoolArray]]:
        """The lines that fired for anybody, each with whom it fired for, (n,)."""
        return [(rule, fires) for _, _, rule, fires in self._fired]

    def trace(self, i: int) -> Trace:
        """Every guard that fired for athlete i with its effect, the deciding one first."""
        return _trace(self.effects[i].tolist())

    def traces(self) -> list[Trace]:
        """Every athlete's ``trace``."""
        return [_trace(row) if any(row) else () for row in self.effects.tolist()]


@lru_cache(maxsize=4096)
def _sorted_trace(fired: tuple[tuple[str, int], ...]) -> Trace:
    named = ((code, Effect(bits)) for code, bits in fired)
    strictest_first = sorted(named, key=lambda pair: STRICTEST_FIRST.index(pair[1].strictest))
    return tuple((code, effect.code) for code, effect in strictest_first)


def _trace(bits: list[int]) -> Trace:
    return _sorted_trace(tuple((code, fired) for code, fired in zip(GUARD_CODES, bits, strict=True) if fired))


def apply(policy_action: ArrayLike, obs: Observation, *, rule_policy: ArrayLike = False) -> Guarded:
    """Guard n proposed actions (ints; anything that is no action counts as as_planned and fires NO_TRUST).

    ``rule_policy``: rows the caller took from the rule policy because the learned one could not be trusted.
    """
    action, valid = _as_actions(np.asarray(policy_action))
    with np.errstate(all="ignore"):
        broken = unusable(obs)
        if valid is not None:
            broken |= ~valid
        seen = _Seen(obs, np.broadcast_to(np.asarray(rule_policy, dtype=bool), broken.shape), broken)
        fired = _fired(seen)
    resting = _whom(fired, Effect.REST, len(obs))
    recovery = resting | _whom(fired, Effect.RECOVERY, len(obs))
    no_increase = recovery | _whom(fired, Effect.NO_INCREASE, len(obs))
    vetoed = (action == Action.INCREASE_INTENSITY) & (no_increase | _whom(fired, Effect.NO_INTENSITY, len(obs)))
    vetoed |= (action == Action.INCREASE_VOLUME) & (no_increase | _whom(fired, Effect.NO_VOLUME, len(obs)))
    held = np.where(vetoed, np.int64(Action.AS_PLANNED), action)
    held[recovery] = Action.ACTIVE_RECOVERY
    return Guarded(held, obs, seen, fired, resting)


_SUSPENDED = int(Effect.SUSPENDED)
_BITS_OF = {
    Effect.REST: {int(Effect.REST), _SUSPENDED},
    Effect.NO_INCREASE: {int(Effect.NO_INCREASE), int(Effect.CAPPED)},
    **{effect: {int(effect)} for effect in (Effect.RECOVERY, Effect.NO_INTENSITY, Effect.NO_VOLUME)},
}
assert {int(rule.effect) for rule in RULES} <= set().union(*_BITS_OF.values()) | {int(Effect.RULE_POLICY)}


def _whom(fired: Fired, effect: Effect, n: int) -> BoolArray:
    """For whom this very effect fires; a suspension is a rest too, and what is capped is not increased."""
    bits_of = _BITS_OF[effect]
    return _any([fires for _, bits, _, fires in fired if bits in bits_of], n)


def _as_actions(proposed: NDArray[Any]) -> tuple[IntArray, BoolArray | None]:
    """The proposals, as_planned where one is no action, and which are actions; None: all of them."""
    if proposed.dtype == np.int64 and np.count_nonzero(proposed & 3 != proposed) == 0:
        return proposed, None
    valid = (proposed >= 0) & (proposed <= Action.AS_PLANNED) & (proposed == np.floor(proposed))
    return np.where(valid, proposed, Action.AS_PLANNED).astype(np.int64), valid


def _any(fires: list[BoolArray], n: int) -> BoolArray:
    return reduce(np.logical_or, fires) if fires else np.zeros(n, dtype=bool)


def _fired(seen: _Seen) -> Fired:
    """The rules that fire for anybody. One that reads only what is the same for everybody is asked once for all."""
    asked, for_all = _by_what_is_shared(_TABLE, tuple(sorted(seen.obs.shared.items())))
    everybody = np.ones(len(seen.obs), dtype=bool)
    fired = [(row, bits, rule, everybody) for row, bits, rule in for_all]
    for row, bits, rule in asked:
        fires = rule.fires(seen)
        if np.count_nonzero(fires):
            fired.append((row, bits, rule, fires))
    return fired


CodedRule = tuple[int, int, Rule]


@lru_cache(maxsize=4096)
def _by_what_is_shared(
    table: tuple[CodedRule, ...], shared: tuple[tuple[str, float], ...]
) -> tuple[list[CodedRule], list[CodedRule]]:
    """The rules to ask row by row, and those that fire for everybody; the rest fires for nobody."""
    values = dict(shared)
    one = np.full((len(TABLE), 1), np.nan)
    for name, value in values.items():
        one[ROWS[name]] = value
    asked, for_all = [], []
    for line in table:
        if not _reads(line[2]) <= values.keys():
            asked.append(line)
        elif line[2].fires(_Seen(Observation.of_table(one, values), _NOBODY, _NOBODY))[0]:
            for_all.append(line)
    return asked, for_all


_NOBODY = np.zeros(1, dtype=bool)


@lru_cache(maxsize=256)
def _reads(rule: Rule) -> frozenset[str]:
    """What a rule reads, found out by letting it: names of values, and what is never the same for everybody."""
    names: set[str] = set()

    class Noting(Observation):
        def __getattribute__(self, name: str) -> Any:
            names.add(name)
            return super().__getattribute__(name)

    class NotingSeen(_Seen):
        def __getattribute__(self, name: str) -> Any:
            if name in ("rule_policy", "unusable"):
                names.add(name)
            return super().__getattribute__(name)

    blank = Noting.of_table(np.full((len(TABLE), 1), np.nan), {})
    names.clear()
    rule.fires(NotingSeen(blank, _NOBODY, _NOBODY))
    return frozenset(names & {*TABLE, "table", "rule_policy", "unusable"})


def acwr_after(obs: Observation, load_au: ArrayLike) -> FloatArray:
    """Tomorrow's ACWR if today's load is ``load_au``."""
    load = np.asarray(load_au, dtype=np.float64)
    acute = obs.acute_au + risk.ACUTE_LAMBDA * (load - obs.acute_au)
    chronic = obs.chronic_au + risk.CHRONIC_LAMBDA * (load - obs.chronic_au)
    return over_chronic(acute, chronic, obs.lref_au)


def unusable(obs: Observation) -> BoolArray:
    """Rows with a value that is not finite where there must be one, or infinite anywhere."""
    infinite = np.isinf(obs.table[_OPTIONAL]).any(axis=0)
    return np.asarray(infinite | ~np.isfinite(obs.table[_REQUIRED]).all(axis=0))

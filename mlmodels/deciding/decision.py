"""From what was observed to what is said: one function for serving, evaluation and tests."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from measures import risk
from measures.actions import Action
from measures.answers import ILLNESS_WARNING_SIGN
from mlmodels.deciding import guard, hazards
from mlmodels.policies import novelty
from mlmodels.policies.policy import Policy, RulePolicy, ask
from mlmodels.state.actions import dose
from mlmodels.state.arrays import BoolArray, FloatArray, IntArray, StrArray
from mlmodels.state.days import Morning, Profiles
from mlmodels.state.observation import Observation
from mlmodels.state.table import STATE_VERSION
from mlmodels.state.tracker import Tracker

if TYPE_CHECKING:
    import pandas as pd

STAGES = ("profile", "provisional", "learned")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one athlete is told today, and everything needed to say why and to derive it again.

    ``action`` None: advice is withheld, ``withheld_reason`` says why. ``policy_action``: what was proposed before the
    guards. ``policy_name`` and ``policy_sha256`` name the policy that proposed it; ``used_fallback``: that was the
    rule policy although the learned one was due. ``guards``: every guard that fired with its effect, the deciding one
    first. ``load_au`` is prescribed, 0-1 ``share`` of it at high intensity. ``unclear``: the plan, since nothing stood
    above it by more than the policy may err. ``strange``: what sets the athlete apart from all the policy learned on
    (``novelty.NAMES``). ``braked``: recovery was proposed without a sign of the body, to an athlete whose load has
    fallen by such proposals already.
    """

    athlete: str
    action: Action | None
    withheld_reason: str
    policy_action: Action
    stage: str
    q_values: tuple[float, ...] | None
    margin: float | None
    guards: tuple[tuple[str, str], ...]
    load_au: float | None
    planned_load_au: float | None
    load_change_pct: float | None
    share: float | None
    coach_alert: bool
    third_recovery_of_four: bool
    warnings: tuple[hazards.Hazard, ...]
    flags: tuple[str, ...]
    observation: dict[str, float | int | None]
    policy_name: str
    policy_sha256: str
    used_fallback: bool
    unclear: bool
    strange: str
    braked: bool
    doses_au: tuple[float, ...]  # what each action would make of today's session, in the order of Action, before caps;
    # () where that is not known
    guard_version: int
    state_version: int


@dataclass(slots=True)
class Resolution:
    """The array twin of n verdicts, for training and evaluation."""

    action: IntArray
    policy_action: IntArray
    guarded: guard.Guarded
    load_au: FloatArray
    share: FloatArray
    obs: Observation
    q_values: NDArray[np.float32]
    asked_rule: BoolArray
    used_fallback: BoolArray
    unclear: BoolArray
    strange: IntArray
    braked: BoolArray

    @property
    def stage(self) -> StrArray:
        return stages(self.obs)


def stages(obs: Observation) -> StrArray:
    """Per athlete profile, provisional or learned; coverage that falls takes an athlete back down."""
    new, learned = _new_and_learned(obs)
    return np.array(STAGES)[np.where(new, 0, np.where(learned, 2, 1))]


def _new_and_learned(obs: Observation) -> tuple[BoolArray, BoolArray]:
    """Who is in the first stage, who in the last."""
    known = (
        (obs.load_known_28d >= risk.LEARNED_LOAD_COVERAGE * risk.PROVISIONAL_DAYS)
        & (obs.hrv_known_days >= risk.LEARNED_HRV_DAYS)
        & (obs.test_count >= risk.LEARNED_TESTS)
    )
    new = obs.days_seen < risk.PROFILE_DAYS
    return new, (obs.days_seen >= risk.PROVISIONAL_DAYS) & known & ~new


def resolve(obs: Observation, policy: Policy, *, fallback: Policy | None = None, cold_start: bool = True) -> Resolution:
    """Ask the policy where it is due, the rule elsewhere; guard the answer; work out the dose.

    ``cold_start=False`` asks the policy from the first day: for rules, and for evaluation of a policy by itself.
    """
    rule = RulePolicy() if fallback is None else fallback
    due = _new_and_learned(obs)[1] if cold_start else np.ones(len(obs), dtype=bool)
    answer = ask(policy, obs, rule)
    fresh = obs.hrv_age_days <= risk.HRV_STALE_AGE_DAYS
    asked_rule = ~due | answer.used_fallback | ~fresh if cold_start else answer.used_fallback
    proposed = answer.action
    if np.count_nonzero(asked_rule):
        proposed = np.where(asked_rule, rule.choose(obs), proposed)
    braked = (proposed == Action.ACTIVE_RECOVERY) & spirals(obs) & known_to_be_well(obs)
    proposed = np.where(braked, np.int64(Action.AS_PLANNED), proposed)
    guarded = guard.apply(proposed, obs, rule_policy=due & answer.used_fallback)
    load, share = dose(guarded.action, obs.planned_load_au, obs.planned_share, obs.chronic_au, under_18=obs.under_18)
    load = np.minimum(load, guarded.load_cap_au)
    return Resolution(
        action=guarded.action,
        policy_action=proposed,
        guarded=guarded,
        load_au=load,
        share=np.where(load > 0, share, 0.0),
        obs=obs,
        q_values=answer.q_values,
        asked_rule=asked_rule,
        used_fallback=due & asked_rule,
        unclear=answer.unclear & ~asked_rule,
        strange=np.where(due, answer.strange, -1),
        braked=braked,
    )


def spirals(obs: Observation) -> BoolArray:
    """Whose usual load has fallen, mostly by recovery that was advised."""
    missing = obs.lref_au - obs.chronic_au
    fallen = obs.chronic_au < risk.SPIRAL_CHRONIC_OF_LREF * obs.lref_au
    return np.asarray(fallen & (obs.eased_au >= risk.SPIRAL_BY_ADVICE * missing))


def known_to_be_well(obs: Observation) -> BoolArray:
    """Who has measured and answered this morning as usual and shows no sign of the body: silence is no good sign."""
    answered = (obs.check_in_age_days == 0) | (obs.check_in_age_days > risk.REPORTER_DAYS)
    return np.asarray(obs.measured & answered & ~shows_a_sign(obs))


def shows_a_sign(obs: Observation) -> BoolArray:
    """Who has a reason of the body, not of the calendar, to take it easy."""
    signals = (obs.hrv_z < risk.HRV_LOW_SD) | (obs.sleep_z < risk.SLEEP_LOW_SD) | (obs.sleep_h < risk.SLEEP_SHORT_H)
    signals |= (obs.hrv_today_z < risk.SIGN_TODAY_SD) | (obs.sleep_today_z < risk.SIGN_TODAY_SD)
    signals |= obs.resting_hr_delta_bpm > risk.RESTING_HR_RISE_BPM
    said = (obs.soreness_1_5 <= risk.READINESS_LOW) | (obs.fatigue_1_5 <= risk.READINESS_LOW)
    said |= (obs.worst_item_1_5 <= risk.WELLNESS_WORST) | (obs.note_asks > 0)
    signals |= (obs.hrv_doubted_z < risk.HRV_TODAY_LOW_SD) | (obs.zones_to_settle >= risk.ZONES_TO_SETTLE)
    said |= (obs.readiness_1_5 <= risk.READINESS_LOW) | (obs.pain_0_10 >= risk.PAIN_WATCH)
    said |= (obs.ill > 0) | (obs.illness > 0) | (obs.injured > 0) | (obs.niggle > 0)
    said |= obs.days_since_illness <= risk.ILLNESS_FREE_DAYS + len(risk.ILLNESS_RETURN_STEPS)
    return np.asarray(signals | said | (obs.return_week > 0))


def decide_observed(
    obs: Observation, policy: Policy, *, athletes: Sequence[str] | None = None, fallback: Policy | None = None
) -> list[Verdict]:
    """The product in one line: the policy proposes, the guards dispose, the athlete gets one action and the reasons."""
    rule = RulePolicy() if fallback is None else fallback
    resolution = resolve(obs, policy, fallback=rule)
    rows, traces = obs.rows(), resolution.guarded.traces()
    stage = resolution.stage.tolist()
    warnings = hazards.hazards_of(obs, rows)
    flags = _raised(obs)
    doses = _doses(obs)
    return [
        Verdict(
            athlete=str(i) if athletes is None else athletes[i],
            stage=stage[i],
            guards=traces[i],
            coach_alert=bool(resolution.guarded.coach_alert[i]),
            third_recovery_of_four=bool(resolution.guarded.third_recovery_of_four[i]),
            warnings=warnings[i],
            flags=flags[i],
            observation=rows[i],
            policy_name=answered_by.name,
            policy_sha256=answered_by.sha256,
            used_fallback=bool(resolution.used_fallback[i]),
            unclear=bool(resolution.unclear[i]),
            strange=novelty.NAMES[resolution.strange[i]] if resolution.strange[i] >= 0 else "",
            braked=bool(resolution.braked[i]),
            doses_au=tuple(doses[i].tolist()) if np.isfinite(doses[i]).all() else (),
            guard_version=guard.GUARD_VERSION,
            state_version=STATE_VERSION,
            **_advice(resolution, i, rows[i]["planned_load_au"]),
        )
        for i, answered_by in enumerate(rule if by_rule else policy for by_rule in resolution.asked_rule)
    ]


def _advice(resolution: Resolution, i: int, planned: float | None) -> Any:
    """What is advised to athlete i, or why nothing is."""
    withheld = str(resolution.guarded.withheld[i])
    q = resolution.q_values[i].tolist()
    scored = all(map(math.isfinite, q))
    first, second = sorted(q)[:-3:-1]
    load = None if withheld else float(resolution.load_au[i])
    return {
        "action": None if withheld else Action(int(resolution.action[i])),
        "withheld_reason": withheld,
        "policy_action": Action(int(resolution.policy_action[i])),
        "q_values": tuple(q) if scored else None,
        "margin": first - second if scored else None,
        "load_au": load,
        "planned_load_au": planned,
        "load_change_pct": 100.0 * (load / planned - 1.0) if load is not None and planned else None,
        "share": None if withheld else float(resolution.share[i]),
    }


def _doses(obs: Observation) -> FloatArray:
    """(n, 4) today's load under each action, AU."""
    of = [
        dose(int(a), obs.planned_load_au, obs.planned_share, obs.chronic_au, under_18=obs.under_18)[0] for a in Action
    ]
    return np.stack(of, axis=1)


def _raised(obs: Observation) -> list[tuple[str, ...]]:
    names = tuple(obs.flags)
    table = np.stack(list(obs.flags.values()), axis=1).tolist()
    return [tuple(name for name, raised in zip(names, row, strict=True) if raised) for row in table]


# --- From a season log ---------------------------------------------------------------------------------------------


def decide(
    days: pd.DataFrame, *, on: dt.date, policy: Policy, profiles: Mapping[str, Mapping[str, float]] | None = None
) -> list[Verdict]:
    """A verdict for every athlete with a row up to ``on``, sorted by athlete.

    ``days`` has the season log's columns. ``on``'s morning is used (HRV, sleep, illness, plan), its load and test are
    not, and no later row is looked at. ``profiles``: athlete -> keywords of ``Profiles.of``.
    """
    athletes, obs = observe(days, on=on, profiles=profiles)
    return decide_observed(obs, policy, athletes=athletes)


def observe(
    days: pd.DataFrame, *, on: dt.date, profiles: Mapping[str, Mapping[str, float]] | None = None
) -> tuple[list[str], Observation]:
    """The athletes with a row up to ``on`` and what was known of each on that morning."""
    latest: tuple[list[str], Observation] = ([], Tracker(0).morning(Morning.of(0)))
    for date, athletes, obs in mornings(days, until=on, profiles=profiles):
        if date == on:
            latest = (athletes, obs)
    return latest


def mornings(
    days: pd.DataFrame, *, until: dt.date, profiles: Mapping[str, Mapping[str, float]] | None = None
) -> Iterator[tuple[dt.date, list[str], Observation]]:
    """Every morning from the first row to ``until``: the date, the athletes who have begun, what was known of them."""
    from mlmodels.season_log import scan

    grid = scan(days, until=until)
    profile = _profiles(grid.athletes, profiles)
    tracker = Tracker(len(grid.athletes), profile)
    for t, date in enumerate(grid.dates):
        starting = np.flatnonzero(grid.first_day == t)
        if t > 0 and len(starting):
            tracker.put(starting, Tracker(len(starting), profile.select(starting)))
        begun = np.flatnonzero(grid.first_day <= t)
        morning = grid.morning(t)
        yield date, [grid.athletes[i] for i in begun], tracker.morning(morning).select(begun)
        tracker.evening(morning, grid.evening(t))


def replay(
    days: pd.DataFrame,
    policy: Policy,
    *,
    until: dt.date,
    profiles: Mapping[str, Mapping[str, float]] | None = None,
) -> Iterator[tuple[dt.date, list[Verdict]]]:
    """The verdicts of every day of a season log, each made as if that morning were today."""
    for date, athletes, obs in mornings(days, until=until, profiles=profiles):
        yield date, decide_observed(obs, policy, athletes=athletes)


def _profiles(athletes: Sequence[str], given: Mapping[str, Mapping[str, float]] | None) -> Profiles:
    names = ("seed_load_au", "age_years", "advice_hold")
    table = given or {}
    defaults = {"seed_load_au": np.nan, "age_years": np.nan, "advice_hold": 0.0}
    columns = {name: np.array([table.get(a, {}).get(name, defaults[name]) for a in athletes]) for name in names}
    return Profiles.of(len(athletes), **columns)


# --- What would change it ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Change:
    """The smallest change of one value of this morning that changes the applied action."""

    feature: str
    op: str  # ">=" or "<="
    value: float
    then: Action


_CANDIDATES: dict[str, tuple[float, float, float]] = {
    "hrv_rmssd_ms": (1.0, 5.0, 250.0),  # step, lowest, highest
    "sleep_h": (0.25, 3.0, 10.0),
    "sleep_score": (1.0, 0.0, 100.0),
    "soreness_1_5": (1.0, 1.0, 5.0),
    "fatigue_1_5": (1.0, 1.0, 5.0),
    "readiness": (1.0, 1.0, 5.0),
    "pain_0_10": (1.0, 0.0, 10.0),
    "illness": (1.0, 0.0, 3.0),  # ILLNESS_ codes
}


def would_change_if(
    tracker: Tracker, morning: Morning, policy: Policy, *, fallback: Policy | None = None
) -> list[Change]:
    """For one athlete: per measured value the nearest higher and lower one that change the action, by asking again.

    ``tracker`` and ``morning`` hold one athlete. Policy and guards score all candidates in one batch, on a grid of
    whole ms, quarter hours, points and classes. What no morning can change any more (loads, ACWR) is no candidate;
    a value that would withhold the advice is no change of action.
    """
    variants = [(name, value) for name in _CANDIDATES for value in _values_around(name, _reported(morning, name))]
    if not variants:
        return []
    index = np.zeros(len(variants) + 1, dtype=np.int64)
    asked = _with(morning.select(index), variants)
    resolution = resolve(tracker.select(index).morning(asked), policy, fallback=fallback)
    applied = np.where(resolution.guarded.withheld == "", resolution.action, -1)
    changes: dict[tuple[str, str], Change] = {}
    for (name, value), action in zip(variants, applied[1:], strict=True):
        op = ">=" if value > float(getattr(morning, name)[0]) else "<="
        if action in (-1, applied[0]) or applied[0] == -1 or (name, op) in changes:
            continue
        changes[name, op] = Change(name, op, value, Action(int(action)))
    return list(changes.values())


def _reported(morning: Morning, name: str) -> float:
    """The value, NaN where nobody measured it. No illness is a report only in a check-in that says something.

    A warning sign is no answer that another answer could change.
    """
    if name == "illness" and morning.illness[0] == ILLNESS_WARNING_SIGN:
        return np.nan
    said = (morning.soreness_1_5, morning.fatigue_1_5, morning.readiness, morning.pain_0_10)
    if name == "illness" and morning.illness[0] == 0 and all(np.isnan(item[0]) for item in said):
        return np.nan
    return float(getattr(morning, name)[0])


def _values_around(name: str, now: float) -> list[float]:
    """Candidates, nearest first; none for what was not measured."""
    if np.isnan(now):
        return []
    step, low, high = _CANDIDATES[name]
    steps = np.arange(1, 41) * step
    around = np.sort(np.concatenate([now + steps, now - steps]))
    inside = around[(around >= low) & (around <= high)]
    return [float(value) for value in inside[np.argsort(np.abs(inside - now), kind="stable")]]


def _with(morning: Morning, variants: Sequence[tuple[str, float]]) -> Morning:
    columns: dict[str, Any] = {name: np.array(getattr(morning, name)) for name in Morning.__slots__}
    for i, (name, value) in enumerate(variants, start=1):
        columns[name][i] = value
        if name == "illness":
            columns["ill"][i] = float(value > 0)
    return Morning(**columns)

"""A candidate played for the promotion gate, with what it has to beat and what must not pass."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from mlmodels.baselines.acwr_rule import AcwrRule
from mlmodels.baselines.chance import at_random
from mlmodels.baselines.constant import AllHard, AllRest, PlanUnchanged
from mlmodels.baselines.hrv_rule import HrvRule
from mlmodels.baselines.rule import Rule
from mlmodels.baselines.static import StaticProgressive
from mlmodels.baselines.tuning import FAMILIES, TUNED_ONLY, Tuning
from mlmodels.evaluation.comparing import (
    HEALTH_STOPS_ALONE,
    UNTOUCHED,
    Contender,
    Round,
    health_stops_alone,
    played,
)
from mlmodels.evaluation.goals import Seasons, difference
from mlmodels.evaluation.promotion import Condition, Trial, gate, sanity
from mlmodels.evaluation.rollouts import MakeWorld
from mlmodels.evaluation.scores import bootstrap, score
from mlmodels.policies.policy import Policy

CANDIDATE, CHAMPION = "candidate", "champion"


def rules_to_beat(tuning: Tuning | None) -> list[Rule]:
    """The literature's rules as published and, where their numbers are known, tuned.

    The threshold rule and the one of two lines are not of the literature; they are compared in ``evaluate_policies``.
    """
    tuned = [tuning.rule(name) for name in FAMILIES if name not in TUNED_ONLY] if tuning else []
    return [StaticProgressive(), AcwrRule(), HrvRule(), *tuned]


def impostors() -> list[Rule]:
    """What no gate may let through."""
    return [at_random(), AllHard(), AllRest(), PlanUnchanged()]


def tried(
    candidate: Policy,
    parity: Mapping[str, float] | None,
    worlds: Mapping[str, MakeWorld],
    rounds: Sequence[Round],
    *,
    champion: Policy | None = None,
    tuning: Tuning | None = None,
    tick: Callable[[], object] | None = None,
) -> list[Condition]:
    """Every line of the gate. ``champion``: the policy that answers today, if it is another one."""
    rules = rules_to_beat(tuning)
    rows = [Contender(CANDIDATE, candidate, cold_start=True), *(Contender(rule.name, rule) for rule in rules)]
    rows += [health_stops_alone(), *(Contender(rule.name, rule) for rule in impostors())]
    rows += [Contender(CHAMPION, champion, cold_start=True)] if champion else []
    trials: dict[str, Trial] = {}
    stopped: dict[str, dict[str, Trial]] = {rule.name: {} for rule in impostors()}
    for world, make_world in worlds.items():
        seasons = played(make_world, rows, rounds)
        names = [rule.name for rule in rules]
        trials[world] = trial_of(CANDIDATE, seasons, names)
        for name, worlds_of in stopped.items():
            worlds_of[world] = trial_of(name, seasons, names)
        if tick:
            tick()
    return gate(trials, parity) + sanity(stopped)


def trial_of(name: str, seasons: Seasons, rules: Sequence[str]) -> Trial:
    plan, own = seasons[UNTOUCHED], seasons[name]
    ahead_s = None
    if CHAMPION in seasons and name == CANDIDATE:
        pairs = zip(own, seasons[CHAMPION], strict=True)
        ahead_s = bootstrap([theirs.t400_s - mine.t400_s for mine, theirs in pairs], seed=1)
    return Trial(
        score(name, own, plan),
        score(UNTOUCHED, plan, plan),
        difference(own, seasons[HEALTH_STOPS_ALONE]),
        {rule: difference(own, seasons[rule]) for rule in rules},
        ahead_s,
    )

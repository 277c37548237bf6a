"""Several policies, the same cohorts, one table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from measures.guards import STOPS
from mlmodels.baselines import BASELINES, Squad
from mlmodels.baselines.constant import PlanUnchanged
from mlmodels.baselines.tuning import Tuning
from mlmodels.deciding.guard import GUARD_CODES
from mlmodels.evaluation.left_out import only
from mlmodels.evaluation.rollouts import MakeWorld, Season, SideBySide, play
from mlmodels.evaluation.scores import Score, score
from mlmodels.policies.policy import OnnxPolicy, Policy
from mlmodels.twin.fitting import fit_twin
from mlmodels.twin.model import Twin


@dataclass(frozen=True)
class Contender:
    """One row of the table. ``cold_start``: answered by the rule policy until enough is known, as in serving.

    ``guards``: the codes it lives under.
    """

    name: str
    policy: Policy
    guarded: bool = True
    cold_start: bool = False
    guards: tuple[str, ...] = GUARD_CODES


@dataclass(frozen=True)
class Round:
    """One cohort: its seed makes the athletes and all their luck."""

    seed: int
    athletes: int
    days: int


def rounds_of(seed: int, cohorts: int, athletes: int, days: int) -> list[Round]:
    return [Round(seed + cohort, athletes, days) for cohort in range(cohorts)]


def policies_of(
    log: pd.DataFrame,
    files: Sequence[Path],
    only: Sequence[str] | None = None,
    unguarded: bool = False,
    *,
    twin: Twin | None = None,
    tuning: Tuning | None = None,
) -> list[Contender]:
    """The baselines fitted on ``log`` (its ``twin`` and its ``tuning``, if they are at hand), then the ONNX files.

    Raises: ValueError on an unknown baseline, ModelRefused on a file that may not be used.
    """
    unknown = set(only or ()) - set(BASELINES)
    if unknown:
        raise ValueError(f"no baseline {', '.join(sorted(unknown))}; there are {', '.join(BASELINES)}")
    squad = Squad(log, fit_twin(log) if twin is None else twin, seed=1, tuning=tuning)
    contenders = [health_stops_alone()]
    contenders += [Contender(name, make(squad)) for name, make in BASELINES.items() if only is None or name in only]
    learned = [OnnxPolicy.load(file, file.with_suffix(".card.json")) for file in files]
    contenders += [Contender(row_name(policy), policy, cold_start=True) for policy in learned]
    if unguarded:
        contenders += [Contender(f"{c.name}, no guard", c.policy, guarded=False) for c in contenders]
    return contenders


def row_name(policy: OnnxPolicy) -> str:
    """Policies by what they are; one that was made elsewhere by its own name."""
    if policy.card["feature_set"] == "paper-6":
        return f"paper-6 DQN ({policy.version})"
    if policy.card["metrics"].get("recipe") == "td":
        return f"TD-DQN ({policy.version})"
    return f"homestretch DQN ({policy.version})" if policy.card.get("ships") else policy.name


UNTOUCHED = "plan, untouched"
HEALTH_STOPS_ALONE = "health stops alone"


def health_stops_alone() -> Contender:
    """The plan, but who is ill, injured or in pain does what a doctor would say: what no advice may undercut."""
    return Contender(HEALTH_STOPS_ALONE, PlanUnchanged(), guards=tuple(sorted(STOPS)))


def compare(
    make_world: MakeWorld,
    contenders: Sequence[Contender],
    rounds: Sequence[Round],
    tick: Callable[[], object] | None = None,
) -> list[Score]:
    """Every contender in every round against the plan unchanged and unguarded, which is the first row."""
    seasons = played(make_world, contenders, rounds, tick)
    return [score(name, own, seasons[UNTOUCHED]) for name, own in seasons.items()]


def played(
    make_world: MakeWorld,
    contenders: Sequence[Contender],
    rounds: Sequence[Round],
    tick: Callable[[], object] | None = None,
) -> dict[str, list[Season]]:
    """A Season per round for each contender; the plan unchanged and unguarded comes first."""
    plan = Contender(UNTOUCHED, PlanUnchanged(), guarded=False)
    return {contender.name: seasons_of(make_world, contender, rounds, tick) for contender in (plan, *contenders)}


def seasons_of(
    make_world: MakeWorld, contender: Contender, rounds: Sequence[Round], tick: Callable[[], object] | None = None
) -> list[Season]:
    """A Season per round. Cohorts are lived side by side: the tracker looks at all of them in half the time."""
    athletes, days = rounds[0].athletes, rounds[0].days
    if any((r.athletes, r.days) != (athletes, days) for r in rounds):
        raise ValueError("the cohorts of one comparison have the same size and length")
    with only(contender.guards):
        together = play(
            lambda n, seed: SideBySide.cohorts(make_world, athletes, [r.seed for r in rounds]),
            contender.policy,
            athletes=athletes * len(rounds),
            seed=0,
            days=days,
            guarded=contender.guarded,
            cold_start=contender.cold_start,
            tick=tick,
        )
    return [together.of(np.arange(i * athletes, (i + 1) * athletes)) for i in range(len(rounds))]

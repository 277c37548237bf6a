"""Several policies, the same cohorts, one table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from mlmodels.baselines import BASELINES, Squad
from mlmodels.baselines.constant import PlanUnchanged
from mlmodels.evaluation.rollouts import MakeWorld, play
from mlmodels.evaluation.scores import Score, score
from mlmodels.policy import OnnxPolicy, Policy
from mlmodels.twin.fitting import fit_twin


@dataclass(frozen=True)
class Contender:
    """One row of the table. ``cold_start``: answered by the rule policy until enough is known, as in serving."""

    name: str
    policy: Policy
    guarded: bool = True
    cold_start: bool = False


@dataclass(frozen=True)
class Round:
    """One cohort: its seed makes the athletes and all their luck."""

    seed: int
    athletes: int
    days: int


def rounds_of(seed: int, cohorts: int, athletes: int, days: int) -> list[Round]:
    return [Round(seed + cohort, athletes, days) for cohort in range(cohorts)]


def policies_of(
    log: pd.DataFrame, files: Sequence[Path], only: Sequence[str] | None = None, unguarded: bool = False
) -> list[Contender]:
    """The baselines fitted on ``log``, then the ONNX files.

    Raises: ValueError on an unknown baseline, ModelRefused on a file that may not be used.
    """
    unknown = set(only or ()) - set(BASELINES)
    if unknown:
        raise ValueError(f"no baseline {', '.join(sorted(unknown))}; there are {', '.join(BASELINES)}")
    squad = Squad(log, fit_twin(log), seed=1)
    contenders = [Contender(name, make(squad)) for name, make in BASELINES.items() if only is None or name in only]
    learned = [OnnxPolicy.load(file, file.with_suffix(".card.json")) for file in files]
    contenders += [Contender(policy.name, policy, cold_start=True) for policy in learned]
    if unguarded:
        contenders += [Contender(f"{c.name}, no guard", c.policy, guarded=False) for c in contenders]
    return contenders


def compare(
    make_world: MakeWorld,
    contenders: Sequence[Contender],
    rounds: Sequence[Round],
    tick: Callable[[], object] | None = None,
) -> list[Score]:
    """Every contender in every round against the plan unchanged and unguarded, which is the first row."""
    plan = Contender("plan, untouched", PlanUnchanged(), guarded=False)
    seasons = {}
    for contender in (plan, *contenders):
        seasons[contender.name] = [
            play(
                make_world,
                contender.policy,
                athletes=r.athletes,
                seed=r.seed,
                days=r.days,
                guarded=contender.guarded,
                cold_start=contender.cold_start,
                tick=tick,
            )
            for r in rounds
        ]
    return [score(name, played, seasons[plan.name]) for name, played in seasons.items()]

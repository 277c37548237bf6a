"""All rows, several worlds: who gains most, who enters the danger zone, and which goals are reached."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from mlmodels.baselines.threshold import Threshold, cross_entropy, on_the_twin
from mlmodels.evaluation.ceiling import Learned, Oracle, learned_in, learned_on, searched_in
from mlmodels.evaluation.comparing import UNTOUCHED, Contender, Round, played
from mlmodels.evaluation.goals import THRESHOLD, Goal, Seasons, goals_of
from mlmodels.evaluation.rollouts import MakeWorld
from mlmodels.evaluation.scores import Score, score
from mlmodels.twin.model import Twin

ABLATIONS = {"health-only DQN": "health-only", "performance-only DQN": "performance-only"}
ORACLE_ATHLETES = 60


@dataclass(frozen=True)
class Effort:
    """How much practice the yardsticks of a comparison get."""

    dqn_days: int = 1500  # of 512 seasons side by side, for each ablation; 0 = none
    ceiling_days: int = 1500  # for the DQN in the judging world, three times as slow; 0 = none
    search_athletes: int = 40
    search_rounds: int = 10


@dataclass
class Result:
    """One world: seasons by row, their scores, goals of the candidates, learning curves made on the way."""

    world: str
    seasons: Seasons
    scores: list[Score]
    goals: dict[str, list[Goal]]
    curves: dict[str, list[float]] = field(default_factory=dict)


def threshold_rule(twin: Twin, effort: Effort) -> Contender:
    """The strongest opponent without a network: searched on the same twin, inside the same guards."""
    value = on_the_twin(twin, Threshold, athletes=effort.search_athletes)
    return Contender(THRESHOLD, Threshold(cross_entropy(value, rounds=effort.search_rounds).numbers), cold_start=True)


def ablations(twin: Twin, effort: Effort) -> dict[str, Learned]:
    """DQNs on the twin whose reward looks at one side only."""
    return {
        name: learned_on(twin, name, feature_set="observable", reward=reward, days=effort.dqn_days, seed=1)
        for name, reward in ABLATIONS.items()
    }


def yardsticks(
    make_world: MakeWorld, twin: Twin, effort: Effort | None
) -> tuple[list[Contender], dict[str, list[float]]]:
    """Rows that only this world has: ceilings and, where readiness can be read, the oracle; learning curves."""
    rows: list[Contender] = []
    curves: dict[str, list[float]] = {}
    if effort:
        searched = searched_in(make_world, athletes=effort.search_athletes, rounds=effort.search_rounds)
        rows.append(Contender(searched.name, searched, cold_start=True))
    if effort and effort.ceiling_days:
        learned = learned_in(make_world, twin, days=effort.ceiling_days)
        curves[learned.policy.name] = learned.rewards
        rows.append(Contender(learned.policy.name, learned.policy, cold_start=True))
    if hasattr(make_world, "readiness"):
        rows.append(Contender(Oracle.name, Oracle.tuned(make_world, athletes=ORACLE_ATHLETES)))
    return rows, curves


def play_world(
    name: str,
    make_world: MakeWorld,
    contenders: Sequence[Contender],
    rounds: Sequence[Round],
    twin: Twin,
    effort: Effort | None,
    candidates: Sequence[str],
    tick: Callable[[], object] | None = None,
) -> Result:
    """``effort`` None = no ceilings; goals are worked out for ``candidates``, by row."""
    own, curves = yardsticks(make_world, twin, effort)
    seasons = played(make_world, [*contenders, *own], rounds, tick)
    plan = seasons[UNTOUCHED]
    scores = [score(row, one, plan) for row, one in seasons.items()]
    return Result(name, seasons, scores, {row: goals_of(row, seasons, name) for row in candidates}, curves)


def can_learn() -> bool:
    return importlib.util.find_spec("torch") is not None

"""All rows, several worlds: who gains most, who enters the danger zone, and which goals are reached."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from mlmodels.evaluation.ceiling import Learned, Oracle, averaged, learned_in, learned_on, searched_in
from mlmodels.evaluation.comparing import UNTOUCHED, Contender, Round, played
from mlmodels.evaluation.goals import Goal, Seasons, goals_of
from mlmodels.evaluation.own_log import learned_from
from mlmodels.evaluation.rollouts import MakeWorld
from mlmodels.evaluation.scores import Score, score
from mlmodels.twin.fitting import TooLittleData
from mlmodels.twin.model import Twin

ABLATIONS = {"health-only DQN": "health-only", "performance-only DQN": "performance-only"}
RECIPE = "homestretch"  # the reward
ONE_NETWORK = "TD-DQN, one network, seed"
ENSEMBLE = "these TD networks' mean"
OWN_LOG = "homestretch DQN, own log of this world"
SQUAD, SQUAD_SEED = 25, 1  # the season log that a squad of each world would learn from
PROCESSES, OWN_EFFORT = 2, 0.4  # that it is learned in, and with how much of the practice of what ships
ORACLE_ATHLETES = 60


@dataclass(frozen=True)
class Effort:
    """How much practice the yardsticks of a comparison get."""

    dqn_days: int = 1500  # of 512 seasons side by side, for every network trained on a twin; 0 = none
    ceiling_days: int = 1500  # for the DQN in the judging world; 0 = none
    search_athletes: int = 40
    search_rounds: int = 10
    seeds: tuple[int, ...] = (1, 2, 3)  # of single networks by the shipped recipe


@dataclass
class Result:
    """One world: seasons by row, their scores, goals of the candidates, learning curves made on the way."""

    world: str
    seasons: Seasons
    scores: list[Score]
    goals: dict[str, list[Goal]]
    curves: dict[str, list[float]] = field(default_factory=dict)


def ablations(twin: Twin, effort: Effort, tick: Callable[[], object] | None = None) -> dict[str, Learned]:
    """Single networks on the twin: a reward of one side only, several seeds of the shipped one; and their mean."""
    made: dict[str, Learned] = {}
    plan = [(name, reward, 1) for name, reward in ABLATIONS.items()]
    plan += [(f"{ONE_NETWORK} {seed}", RECIPE, seed) for seed in effort.seeds]
    for name, reward, seed in plan:
        made[name] = learned_on(
            twin, name, feature_set="observable", reward=reward, days=effort.dqn_days, seed=seed, networks=1
        )
        if tick:
            tick()
    same = [made[f"{ONE_NETWORK} {seed}"].policy for seed in effort.seeds]
    if len(same) > 1:
        made[ENSEMBLE] = Learned(averaged(ENSEMBLE, same), [])
    return made


def practice_count(effort: Effort | None) -> int:
    """How many networks ``ablations`` trains."""
    if not effort or not effort.dqn_days:
        return 0
    return len(ABLATIONS) + len(effort.seeds)


def on_own_log(make_world: MakeWorld) -> Contender | None:
    """What a squad of this world would have: the shipped recipe on a twin of one season log of its own.

    None where no twin can be fitted to such a log.
    """
    try:
        policy = learned_from(SQUAD, SQUAD_SEED, make_world=make_world, effort=OWN_EFFORT, processes=PROCESSES)
    except TooLittleData:
        return None
    policy.name = OWN_LOG
    return Contender(OWN_LOG, policy, cold_start=True)


def yardsticks(
    make_world: MakeWorld, twin: Twin, effort: Effort | None
) -> tuple[list[Contender], dict[str, list[float]]]:
    """Rows that only this world has: its own squad's policy, ceilings and, where readiness can be read, the oracle."""
    rows: list[Contender] = []
    curves: dict[str, list[float]] = {}

    def add(learned: Learned) -> None:
        rows.append(Contender(learned.policy.name, learned.policy, cold_start=True))
        curves[learned.policy.name] = learned.rewards

    if effort and effort.dqn_days:
        own = on_own_log(make_world)
        if own:
            rows.append(own)
    if effort:
        searched = searched_in(make_world, athletes=effort.search_athletes, rounds=effort.search_rounds)
        rows.append(Contender(searched.name, searched, cold_start=True))
    if effort and effort.ceiling_days:
        add(learned_in(make_world, twin, days=effort.ceiling_days))
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
    """``effort`` None = no ceilings; goals are worked out for ``candidates`` and the own log's policy, by row."""
    own, curves = yardsticks(make_world, twin, effort)
    seasons = played(make_world, [*contenders, *own], rounds, tick)
    plan = seasons[UNTOUCHED]
    scores = [score(row, one, plan) for row, one in seasons.items()]
    judged = [*candidates, *(row.name for row in own if row.name == OWN_LOG)]
    return Result(name, seasons, scores, {row: goals_of(row, seasons, name) for row in judged}, curves)


def can_learn() -> bool:
    return importlib.util.find_spec("torch") is not None

"""What each guard costs and saves: a policy with all guards, and with all but one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from measures.guards import STOPS
from mlmodels.baselines.constant import PlanUnchanged
from mlmodels.deciding import guard
from mlmodels.evaluation.comparing import Round
from mlmodels.evaluation.left_out import without
from mlmodels.evaluation.rollouts import MakeWorld, Season, play
from mlmodels.evaluation.scores import Score, score
from mlmodels.policies.policy import Policy


@dataclass(frozen=True)
class Cost:
    """One row: the score without the guard, beside the score with all of them."""

    code: str
    without: Score
    complete: Score

    @property
    def gain_given_up_pct(self) -> float:
        """How much 400 m gain the guard costs; below 0 it earns some."""
        return self.without.gain_pct.mean - self.complete.gain_pct.mean


def guard_costs(
    make_world: MakeWorld,
    policy: Policy,
    rounds: Sequence[Round],
    *,
    cold_start: bool,
    tick: Callable[[], object] | None = None,
) -> list[Cost]:
    """A row for each guard that may be argued about."""

    def seasons(chosen: Policy, guarded: bool = True) -> list[Season]:
        started = cold_start and chosen is policy
        return [
            play(
                make_world,
                chosen,
                athletes=r.athletes,
                seed=r.seed,
                days=r.days,
                guarded=guarded,
                cold_start=started,
                tick=tick,
            )
            for r in rounds
        ]

    plan = seasons(PlanUnchanged(), guarded=False)
    complete = score(policy.name, seasons(policy), plan)
    costs = []
    for code in guard.GUARD_CODES:
        if code not in STOPS:
            with without(code):
                costs.append(Cost(code, score(f"without {code}", seasons(policy), plan), complete))
    return costs


def table_rows(costs: Sequence[Cost]) -> list[tuple[str, ...]]:
    return [
        (
            cost.code,
            f"{cost.gain_given_up_pct:+.3f}",
            _change(cost.complete.acwr_danger_pct, cost.without.acwr_danger_pct, 2),
            _change(cost.complete.hrv_low_pct, cost.without.hrv_low_pct, 1),
            _change(cost.complete.illnesses, cost.without.illnesses, 2),
            _change(cost.complete.injuries, cost.without.injuries, 2),
        )
        for cost in costs
    ]


HEADER = ("guard", "gain given up, %", "ACWR > 1.5, %", "HRV low, %", "illness", "injury")


def _change(with_it: float, without_it: float, digits: int) -> str:
    return f"{with_it:.{digits}f} (without {without_it:.{digits}f})"

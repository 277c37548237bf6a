"""What every line of the guard table costs in every world: seasons with all lines, and with all but one.

Prices are information. Lines for health are priced like the others and are never weighed; what a line is for (days in
danger, an athlete who is unwell) does not show in 400 m time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from measures.actions import Action
from measures.guards import Effect
from mlmodels.deciding import guard
from mlmodels.deciding.guard import Rule
from mlmodels.evaluation.comparing import Contender, Round
from mlmodels.evaluation.forked import in_order
from mlmodels.evaluation.goals import difference
from mlmodels.evaluation.left_out import all_but
from mlmodels.evaluation.report import interval_shown
from mlmodels.evaluation.rollouts import MakeWorld, Season, SideBySide, play
from mlmodels.evaluation.scores import Interval
from mlmodels.state.observation import Observation

WARM_UP_D = 28  # days as planned, which every season of an evaluation begins with
NEVER = "never fires here"

# The lines that take something away. The others only say that the rule policy answered.
LINES: tuple[Rule, ...] = tuple(rule for rule in guard.RULES if rule.effect != Effect.RULE_POLICY)


@dataclass(frozen=True)
class Price:
    """One line for one policy in one world.

    ``fires_pct``: % of the days in charge on which the line holds, in seasons lived with all lines. ``cost_pct``: by
    how much % of 400 m time the same athletes are faster without it (paired, 95 % interval by bootstrap; below 0 they
    are slower without it: the line gains something). None where it never fires.
    """

    policy: str
    world: str
    line: Rule
    fires_pct: float
    cost_pct: Interval | None


def line_prices(
    worlds: Mapping[str, MakeWorld],
    contenders: Sequence[Contender],
    rounds: Sequence[Round],
    *,
    lines: Sequence[Rule] = LINES,
    processes: int = 1,
    tick: Callable[[], object] | None = None,
) -> list[Price]:
    """A price of each of ``lines`` for every contender in every world; the same however many processes play.

    The cohorts of ``rounds`` have one size and length. ``tick`` is called ``steps`` times.
    """
    seats = [(world, i) for world in worlds for i in range(len(contenders))]

    def with_all_lines(seat: tuple[str, int]) -> tuple[list[Season], list[float]]:
        counting = _Counting(lines)
        return _seasons(worlds[seat[0]], contenders[seat[1]], rounds, counting), counting.fires_pct()

    def without_one(task: tuple[tuple[str, int], int]) -> Interval | None:
        seat, line = task
        complete, fires_pct = lived[seat]
        if not fires_pct[line]:
            return None
        with all_but(lines[line]):
            return difference(_seasons(worlds[seat[0]], contenders[seat[1]], rounds), complete)

    def ticking(found: Any) -> Any:
        if tick:
            tick()
        return found

    lived = dict(zip(seats, map(ticking, in_order(with_all_lines, seats, processes)), strict=True))
    tasks = [(seat, line) for seat in seats for line in range(len(lines))]
    costs = map(ticking, in_order(without_one, tasks, processes))
    return [
        Price(contenders[i].name, world, lines[line], lived[world, i][1][line], cost)
        for ((world, i), line), cost in zip(tasks, costs, strict=True)
    ]


def steps(worlds: int, contenders: int, lines: int = len(LINES)) -> int:
    return worlds * contenders * (1 + lines)


class _Counting:
    """Is shown every day of a season: on what share of the days in charge, of all athletes, each line holds."""

    def __init__(self, lines: Sequence[Rule]) -> None:
        self._day, self._days, self._fired = 0, 0, dict.fromkeys(lines, 0)

    def __call__(self, obs: Observation, applied: NDArray[np.int64], world: Any) -> None:
        if self._day >= WARM_UP_D:
            for line, fires in guard.apply(np.full(len(obs), int(Action.AS_PLANNED)), obs).lines:
                if line in self._fired:
                    self._fired[line] += int(np.count_nonzero(fires))
            self._days += len(obs)
        self._day += 1

    def fires_pct(self) -> list[float]:
        """In the order of the lines."""
        return [100.0 * fired / max(self._days, 1) for fired in self._fired.values()]


def _seasons(
    make_world: MakeWorld, contender: Contender, rounds: Sequence[Round], watch: _Counting | None = None
) -> list[Season]:
    athletes, days = rounds[0].athletes, rounds[0].days
    together = play(
        lambda n, seed: SideBySide.cohorts(make_world, athletes, [r.seed for r in rounds]),
        contender.policy,
        athletes=athletes * len(rounds),
        seed=0,
        days=days,
        warm_up=WARM_UP_D,
        cold_start=contender.cold_start,
        watch=watch,
    )
    return [together.of(np.arange(i * athletes, (i + 1) * athletes)) for i in range(len(rounds))]


# --- For people ------------------------------------------------------------------------------------------------------

READING = (
    "The days on which a line holds are counted in seasons lived with all lines. A price is by how much % of 400 m",
    "time the same athletes are faster without the line, with its 95 % interval: above 0 the line costs time, below 0",
    "it gains some. Lines overlap: where another one holds on the same day, leaving one out changes little, and prices",
    'do not add up. "0" is no rounding: without the line every season is the same. Lines for health are never weighed.',
)


def header(worlds: Sequence[str]) -> tuple[str, ...]:
    return ("line", "takes away", f"% of days ({', '.join(worlds)})", *worlds)


def table_rows(prices: Sequence[Price], policy: str) -> list[tuple[str, ...]]:
    """A row for each line, in the order of the guard table: what it is, how often it holds, its price by world."""
    rows = []
    for line in dict.fromkeys(price.line for price in prices):
        own = [price for price in prices if price.policy == policy and price.line is line]
        often = ", ".join(_often(price.fires_pct) for price in own)
        if not any(price.fires_pct for price in own):
            rows.append((f"{line.code} {line.when}", line.effect.code, NEVER, *("-" for _ in own)))
        else:
            costs = (_shown(price.cost_pct) for price in own)
            rows.append((f"{line.code} {line.when}", line.effect.code, often, *costs))
    return rows


def _often(fires_pct: float) -> str:
    return f"{fires_pct:.1f}" if fires_pct >= 0.05 else "<0.1" if fires_pct else "0"


def _shown(cost: Interval | None) -> str:
    if cost is None:
        return "-"
    return interval_shown(cost) if cost.low or cost.mean or cost.high else "0"

"""The same recipe on several season logs: how much of a figure is the recipe's, and how much one squad's luck."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mlmodels.evaluation.comparing import Contender, Round, played
from mlmodels.evaluation.goals import mean_gain
from mlmodels.evaluation.own_log import learned_from
from mlmodels.evaluation.report import markdown_table
from mlmodels.evaluation.rollouts import world_from
from mlmodels.twin.fitting import TooLittleData

ROWS = ("true", "shifted", "other", "whole", "labels x 2", "no coach", "plan -15 %", "two hard days", "four sessions")


@dataclass(frozen=True)
class Spread:
    """Gains over the plan untouched, % of 400 m time: (logs, rows), of squads of one size."""

    squad: int
    seeds: tuple[int, ...]
    gain_pct: NDArray[np.float64]
    refused: tuple[int, ...]  # seeds of logs to which no twin could be fitted


def spread(
    squad: int,
    seeds: Sequence[int],
    rounds: Sequence[Round],
    rows: Sequence[str] = ROWS,
    *,
    effort: float = 1.0,
    processes: int = 1,
    tick: Callable[[], object] | None = None,
) -> Spread:
    """A policy per log, each played in every row. ``tick``: a policy is learned, or all are played in one row."""
    policies, refused = [], []
    for seed in seeds:
        try:
            policies.append((seed, learned_from(squad, seed, effort=effort, processes=processes)))
        except TooLittleData:
            refused.append(seed)
        if tick:
            tick()
    gains = np.full((len(policies), len(rows)), np.nan)
    for column, row in enumerate(rows):
        contenders = [Contender(policy.name, policy, cold_start=True) for _, policy in policies]
        seasons = played(world_from(row), contenders, rounds)
        gains[:, column] = [mean_gain(seasons, policy.name) for _, policy in policies]
        if tick:
            tick()
    return Spread(squad, tuple(seed for seed, _ in policies), gains, tuple(refused))


HEADER = ("row", "mean over logs", "SD between logs", "lowest", "highest", "each log")


def table_rows(found: Spread, rows: Sequence[str] = ROWS) -> list[tuple[str, ...]]:
    return [
        (
            row,
            f"{gains.mean():+.3f}",
            f"{gains.std(ddof=1):.3f}" if len(gains) > 1 else "-",
            f"{gains.min():+.3f}",
            f"{gains.max():+.3f}",
            " ".join(f"{gain:+.2f}" for gain in gains),
        )
        for row, gains in zip(rows, found.gain_pct.T, strict=True)
    ]


def section(spreads: Sequence[Spread], about: Sequence[str], rows: Sequence[str] = ROWS) -> str:
    """The part of the results page about other squads' logs."""
    parts = [
        "## Other season logs",
        "The recipe that ships, on other invented squads' season logs of 24 weeks: each log a twin, a policy and"
        " figures of its own. Gains over the plan untouched, % of 400 m time.",
        "\n".join(about),
    ]
    for one in spreads:
        parts.append(f"**Logs of {one.squad} athletes** (seeds {', '.join(map(str, one.seeds))})")
        if one.refused:
            parts.append(f"No twin could be fitted to the logs {', '.join(map(str, one.refused))}: too little data.")
        if one.seeds:
            parts.append(markdown_table(HEADER, table_rows(one, rows)))
    return "\n\n".join(parts)

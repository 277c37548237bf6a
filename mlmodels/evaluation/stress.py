"""Policies in every row of the stress table, paired with the plan untouched: where advice gains, and where it harms."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np

from mlmodels.baselines.chance import at_random
from mlmodels.baselines.constant import PlanUnchanged
from mlmodels.baselines.rule import Rule
from mlmodels.evaluation.comparing import (
    HEALTH_STOPS_ALONE,
    UNTOUCHED,
    Contender,
    Round,
    health_stops_alone,
    played,
    rounds_of,
)
from mlmodels.evaluation.forked import in_order
from mlmodels.evaluation.goals import Seasons, difference
from mlmodels.evaluation.promotion import Condition, StressTrial, guards_goal, stress_gate
from mlmodels.evaluation.promotion import table_rows as gate_rows
from mlmodels.evaluation.report import interval_shown, markdown_table
from mlmodels.evaluation.rollouts import Season
from mlmodels.evaluation.scores import Interval, Score, score
from mlmodels.evaluation.trial import CANDIDATE
from mlmodels.policies.policy import Policy
from mlmodels.worlds import STRESS
from mlmodels.worlds.stressed import StressRow

GUARDS_ALONE, RANDOM = "guards alone", "random"
NO_GUARD = ", no guard"
SQUADS = 25  # cohorts of a row that is about small squads, where there are athletes enough
QUICK = ("labels x 2", "no coach", "two hard days")


@dataclass(frozen=True)
class Strained:
    """One policy in one stress row. Differences are paired, % of 400 m time."""

    row: str
    score: Score  # against the plan untouched
    ahead_of_health: Interval  # the plan inside the health stops alone
    ahead_of_random: Interval
    ahead_of_guards: Interval
    chronic_kept: float
    recovery_worst_weekday_pct: float

    @property
    def policy(self) -> str:
        return self.score.policy

    @property
    def trial(self) -> StressTrial:
        return StressTrial(
            STRESS[self.row].kind, self.ahead_of_health, self.ahead_of_random, self.ahead_of_guards, self.chronic_kept
        )


def contenders_of(candidates: Iterable[Contender], rules: Iterable[Contender] = ()) -> list[Contender]:
    """The guards alone and random, rules, then every candidate with and without the guards."""
    rows = [health_stops_alone(), Contender(GUARDS_ALONE, PlanUnchanged()), Contender(RANDOM, at_random()), *rules]
    for candidate in candidates:
        rows += [candidate, Contender(f"{candidate.name}{NO_GUARD}", candidate.policy, guarded=False)]
    return rows


def play_stress(
    contenders: Sequence[Contender],
    rounds: Sequence[Round],
    rows: Sequence[str] = tuple(STRESS),
    *,
    processes: int = 1,
    tick: Callable[[], object] | None = None,
) -> list[Strained]:
    """Row by row, the plan untouched first in each; the same however many processes play. ``tick``: a row is done."""
    results: list[Strained] = []
    for row in in_order(partial(play_row, contenders, rounds), rows, processes):
        results += row
        if tick:
            tick()
    return results


def play_row(contenders: Sequence[Contender], rounds: Sequence[Round], row: str) -> list[Strained]:
    """One row of the table. Rules that throw dice begin anew in each."""
    stress = STRESS[row]
    fresh = [replace(c, policy=deepcopy(c.policy)) if isinstance(c.policy, Rule) else c for c in contenders]
    seasons = played(stress.make_world, fresh, cohorts_of(stress, rounds))
    return [strained(row, name, seasons) for name in seasons]


def cohorts_of(stress: StressRow, rounds: Sequence[Round]) -> list[Round]:
    """The cohorts that were asked for, or small ones where the row is about that."""
    if stress.squad is None:
        return list(rounds)
    enough = sum(r.athletes for r in rounds) // stress.squad
    return rounds_of(rounds[0].seed, min(max(enough, 1), SQUADS), stress.squad, rounds[0].days)


def strained(row: str, name: str, seasons: Seasons) -> Strained:
    own, plan = seasons[name], seasons[UNTOUCHED]
    return Strained(
        row=row,
        score=score(name, own, plan),
        ahead_of_health=difference(own, seasons[HEALTH_STOPS_ALONE]),
        ahead_of_random=difference(own, seasons[RANDOM]),
        ahead_of_guards=difference(own, seasons[GUARDS_ALONE]),
        chronic_kept=chronic_kept(own, plan),
        recovery_worst_weekday_pct=recovery_worst_weekday_pct(own),
    )


def chronic_kept(own: Sequence[Season], plan: Sequence[Season]) -> float:
    """Chronic load at the season's end over the plan's, mean of the athletes who were well for four weeks in both."""
    ratio = np.concatenate([a.healthy_chronic_au / b.healthy_chronic_au for a, b in zip(own, plan, strict=True)])
    known = np.isfinite(ratio)
    return float(ratio[known].mean()) if known.any() else float("nan")


def recovery_worst_weekday_pct(seasons: Sequence[Season]) -> float:
    """Share of recovery on the weekday that has most of it: a week that always loses the same session shows here."""
    return float(100 * np.concatenate([s.recovery_by_weekday for s in seasons]).mean(0).max())


def gate_lines(results: Sequence[Strained], candidate: str) -> list[Condition]:
    """What the gate asks of one policy in the rows that were played; a row's name is its lines' world."""
    return stress_gate({one.row: one.trial for one in results if one.policy == candidate})


def guard_lines(results: Sequence[Strained]) -> list[Condition]:
    return guards_goal({one.row: one.ahead_of_health for one in results if one.policy == GUARDS_ALONE})


def tried_under_stress(
    candidate: Policy,
    rounds: Sequence[Round],
    rows: Sequence[str] = tuple(STRESS),
    *,
    processes: int = 1,
    tick: Callable[[], object] | None = None,
) -> list[Condition]:
    """The stress part of the promotion gate."""
    contenders = [*contenders_of(()), Contender(CANDIDATE, candidate, cold_start=True)]
    lines = gate_lines(play_stress(contenders, rounds, rows, processes=processes, tick=tick), CANDIDATE)
    return [replace(line, world=f"stress: {line.world}") for line in lines]


# --- For people and machines -----------------------------------------------------------------------------------------

HEADER = (
    "stress row", "policy", "400 m gain, %", "over the health stops, %", "over random, %", "over guards alone, %",
    "chronic load kept", "ACWR > 1.5, %", "recovery, %", "on the worst weekday, %", "illness", "injury",
)  # fmt: skip

READING = (
    "The true world with one thing otherwise in each row; gains against the plan untouched in that row, paired,",
    "with their 95 % intervals. The lines are drawn from the plan inside the health stops alone (illness, injury,",
    "pain, minors, medical holds): rest in illness costs time wherever an untouched plan lets the ill train, is never",
    'weighed, and is not the policy\'s doing. Where a policy "may know" (the training and the body are the true',
    "world's, and the signs of the body are shown) its lower bound has to be above 0 there, elsewhere above -0.02 %.",
    "Nowhere may it be below random (mean above 0, lower bound above -0.02 %) or below the guards alone (-0.02 %), and",
    "without illness at least 0.9 of the plan's chronic load has to be kept. Guards alone are the plan inside all",
    "guards, wanted above -0.03 % of the health stops. A gain in bold misses its line.",
)


def table_rows(results: Sequence[Strained]) -> list[tuple[str, ...]]:
    return [
        (
            one.row,
            one.policy,
            interval_shown(one.score.gain_pct),
            interval_shown(one.ahead_of_health),
            interval_shown(one.ahead_of_random),
            interval_shown(one.ahead_of_guards),
            f"{one.chronic_kept:.2f}",
            f"{one.score.acwr_danger_pct:.2f}",
            f"{one.score.actions_pct[2]:.0f}",
            f"{one.recovery_worst_weekday_pct:.0f}",
            f"{one.score.illnesses:.2f}",
            f"{one.score.injuries:.2f}",
        )
        for one in results
    ]


def gains_table(results: Sequence[Strained]) -> str:
    """Stress row by policy, in Markdown: gain and lower bound."""
    rows = by_row(results)
    policies = [name for name in next(iter(rows.values())) if name != UNTOUCHED]
    lines = [
        (row, STRESS[row].what, STRESS[row].kind, *(_gain(ones[name]) for name in policies))
        for row, ones in rows.items()
    ]
    return markdown_table(("row", "what it is", "kind", *policies), lines)


def section(results: Sequence[Strained], candidates: Sequence[str], about: Sequence[str], picture: str = "") -> str:
    """The part of the page about stress. ``picture``: a file beside the page."""
    parts = ["## Stress", "\n".join(READING), "\n".join(about)]
    parts += [f"![400 m gain over the plan in every stress row, 95 % intervals]({picture})"] if picture else []
    parts.append(gains_table(results))
    for name, lines in [(GUARDS_ALONE, guard_lines(results)), *((c, gate_lines(results, c)) for c in candidates)]:
        missed = [line for line in lines if not line.passed]
        parts.append(f"**{name}: {len(lines) - len(missed)} of {len(lines)} lines met.**")
        if missed:
            parts.append(markdown_table(("row", "missed", "found", "wanted"), [row[:4] for row in gate_rows(missed)]))
    parts.append(markdown_table(HEADER, table_rows(results)))
    return "\n\n".join(parts)


def write_csv(results: Sequence[Strained], path: Path) -> None:
    rows = [_as_row(one) for one in results]
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows({k: v if isinstance(v, str) else f"{v:.5g}" for k, v in row.items()} for row in rows)


def by_row(results: Sequence[Strained]) -> dict[str, dict[str, Strained]]:
    rows: dict[str, dict[str, Strained]] = {}
    for one in results:
        rows.setdefault(one.row, {})[one.policy] = one
    return rows


def _as_row(one: Strained) -> Mapping[str, float | str]:
    apart: dict[str, float | str] = {}
    for name in ("ahead_of_health", "ahead_of_random", "ahead_of_guards"):
        interval = getattr(one, name)
        apart |= {f"{name}_pct": interval.mean, f"{name}_pct_low": interval.low, f"{name}_pct_high": interval.high}
    apart |= {"chronic_kept": one.chronic_kept, "recovery_worst_weekday_pct": one.recovery_worst_weekday_pct}
    return {"row": one.row, "kind": STRESS[one.row].kind} | one.score.as_row() | apart


def _gain(one: Strained) -> str:
    """Mean and lower bound, in bold where the policy's own line is missed."""
    gain = one.score.gain_pct
    shown = f"{gain.mean:+.3f} [{gain.low:+.3f}]"
    first = guards_goal({"": one.ahead_of_health})[0] if one.policy == GUARDS_ALONE else stress_gate({"": one.trial})[0]
    return shown if first.passed or one.policy in (RANDOM, HEALTH_STOPS_ALONE) else f"**{shown}**"

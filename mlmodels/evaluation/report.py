"""Scores as a table for people (Markdown) and as a CSV for machines."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

from mlmodels.evaluation.goals import HRV_FLOOR_PCT, ROOM, Goal
from mlmodels.evaluation.scores import Interval, Score
from mlmodels.evaluation.tournament import OWN_LOG, Result

HEADER = (
    "policy", "400 m gain, %", "gain, s", "worst tenth, %", "ACWR > 1.5, % (camps / other days)", "ACWR > 1.3, %",
    "HRV low over floor, %", "illness", "injury", "overruled, %", "unclear / unknown, %",
    "int/vol/rec/plan, %",
)  # fmt: skip


READING = (
    "Gains are against the plan untouched on the same athletes and days (paired, above 0 is faster), with 95 %",
    "intervals by bootstrap over cohorts, then athletes. Rates are over the days the policy was in charge; illness and",
    "injury per athlete and season. Camps are camps and returns: days on which the coach's own plan rises fast, and",
    f"two weeks after illness or injury. HRV-low days are shown above the {HRV_FLOOR_PCT} % that noise alone makes;",
    "the worst tenth is the slowest-developing tenth against the plan's own. Every row goes through the guards, as in",
    'serving, but for the first, those that say otherwise, and the second: the plan inside the "health stops" alone',
    '(illness, injury, pain, minors, medical holds). "Unclear" are days on which the plan stood because nothing was',
    'better by more than the policy may be wrong, "unknown" those on which its distribution check gave the answer to',
    'the rule policy. A rule is a row twice: as published, and "tuned" by the search that makes the threshold rule, on',
    "the same twin. Ceilings practised in the very world they are judged in, and the oracle reads what no watch shows:",
    "yardsticks, not candidates. The room: what the best ceiling gains above the best of plan and rules as published.",
    f'"{OWN_LOG}" is the shipped recipe on one season log of 25 athletes of the',
    "judging world: what a squad that trains its own would have. These are simulated athletes: read the order, not",
    "the figures.",
)


def table_rows(scores: Sequence[Score]) -> list[tuple[str, ...]]:
    return [
        (
            s.policy,
            interval_shown(s.gain_pct),
            interval_shown(s.gain_s),
            f"{s.worst_tenth_t400_pct:+.2f}",
            _split(s.acwr_danger_pct, s.acwr_danger_ordinary_pct),
            f"{s.acwr_warning_pct:.1f}",
            f"{s.hrv_low_pct - HRV_FLOOR_PCT:+.1f}",
            f"{s.illnesses:.2f}",
            f"{s.injuries:.2f}",
            f"{s.overruled_pct:.0f}",
            f"{s.unclear_pct:.0f} / {s.unknown_pct:.1f}",
            "/".join(f"{share:.0f}" for share in s.actions_pct),
        )
        for s in scores
    ]


def aligned(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A plain table for a terminal: first column left, the others right."""
    widths = [max(len(line[i]) for line in [header, *rows]) for i in range(len(header))]
    lines = [
        "  ".join(
            cell.ljust(width) if i == 0 else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(line, widths, strict=True))
        )
        for line in [header, *rows]
    ]
    return "\n".join([lines[0], "  ".join("-" * width for width in widths), *lines[1:]])


def markdown_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    return "\n".join(
        ["| " + " | ".join(header) + " |", "|" + "---|" * len(header), *("| " + " | ".join(row) + " |" for row in rows)]
    )


def page(results: Sequence[Result], about: Sequence[str], plots: Sequence[tuple[str, str]] = ()) -> str:
    """The goals at a glance, how it was made, figures, then every world. ``plots``: caption and file."""
    lines = ["# Policies on invented athletes", "", *at_a_glance(results), *about, "", *READING, ""]
    for caption, file in plots:
        lines += [f"![{caption}]({file})", "", f"*{caption}*", ""]
    for result in results:
        lines += [f"## The {result.world} world", "", markdown_table(HEADER, table_rows(result.scores)), ""]
        for policy, goals in result.goals.items():
            lines += [f"**{policy}: {reached(goals)} of {len(goals)} goals reached.**", ""]
            lines += [markdown_table(("goal", "found", "wanted", ""), [goal.cells() for goal in goals]), ""]
    return "\n".join(lines)


def at_a_glance(results: Sequence[Result]) -> list[str]:
    """One paragraph and one table of the first candidate, then the count of every other one."""
    judged = [name for name in results[0].goals if all(name in result.goals for result in results)]
    if not judged:
        return []
    first = judged[0]
    lines = [in_words(first, results), "", summary_table(first, results), ""]
    lines += [f"*{first}; a figure in bold misses its goal. Gains in % of 400 m time with 95 % intervals.*", ""]
    counts = [(name, *(f"{reached(r.goals[name])} of {len(r.goals[name])}" for r in results)) for name in judged]
    lines += [markdown_table(("goals reached", *(f"{r.world} world" for r in results)), counts), ""]
    return lines


def in_words(name: str, results: Sequence[Result]) -> str:
    """What happened, without a table."""
    own = {r.world: next(s for s in r.scores if s.policy == name) for r in results}
    plan = {r.world: r.scores[0] for r in results}
    faster = [world for world, s in own.items() if s.gain_pct.low > 0]
    slower = [world for world, s in own.items() if s.gain_pct.high < 0]
    gains = [s.gain_pct.mean for s in own.values()]
    seconds = [s.gain_s.mean for s in own.values()]
    said = [
        f"Over {len(results)} worlds of simulated athletes the {name} ended {min(gains):+.2f} to {max(gains):+.2f} % "
        f"of 400 m time ({min(seconds):+.2f} to {max(seconds):+.2f} s) ahead of the coach's plan; "
        f"faster beyond doubt (95 %) in {_listed(faster)}, slower in {_listed(slower)}.",
        "Days with ACWR above 1.5 went "
        + ", ".join(f"from {plan[w].acwr_danger_pct:.2f} to {s.acwr_danger_pct:.2f} % ({w})" for w, s in own.items())
        + ".",
    ]
    missed = {r.world: [goal.what for goal in r.goals[name] if goal.reached is False] for r in results}
    total = sum(len(r.goals[name]) for r in results)
    count = sum(reached(r.goals[name]) for r in results)
    said.append(f"{count} of {total} goals are reached.")
    said += [f"Not reached in the {world} world: {'; '.join(what)}." for world, what in missed.items() if what]
    return "\n".join(said)


def summary_table(name: str, results: Sequence[Result]) -> str:
    """Goal by world."""
    others = {r.world: {goal.what: goal for goal in r.goals[name]} for r in results}
    every = dict.fromkeys(what for r in results for what in others[r.world])  # some are asked for in one world alone
    rows = [
        (what, *(others[r.world][what].brief() if what in others[r.world] else "-" for r in results)) for what in every
    ]
    own = [r.goals[OWN_LOG] for r in results if OWN_LOG in r.goals]
    if len(own) == len(results) and name != OWN_LOG:
        found = [next(goal for goal in mine if goal.what == ROOM) for mine in own]
        rows.append((f"{ROOM}, {OWN_LOG}", *(goal.brief() for goal in found)))
    return markdown_table(("goal", *(f"{r.world} world" for r in results)), rows)


def reached(goals: Sequence[Goal]) -> int:
    return sum(goal.reached is True for goal in goals)


def _listed(worlds: Sequence[str]) -> str:
    return ", ".join(worlds) if worlds else "none"


def write_csv(results: Sequence[Result], path: Path) -> None:
    rows = [{"world": result.world, **score.as_row()} for result in results for score in result.scores]
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows({k: v if isinstance(v, str) else f"{v:.5g}" for k, v in row.items()} for row in rows)


def interval_shown(interval: Interval) -> str:
    return f"{interval.mean:+.3f} [{interval.low:+.3f}, {interval.high:+.3f}]"


def _split(all_days: float, ordinary: float) -> str:
    return f"{all_days:.2f} ({all_days - ordinary:.2f} / {ordinary:.2f})"

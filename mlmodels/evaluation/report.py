"""Scores as a table for people (Markdown) and as a CSV for machines."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

from mlmodels.evaluation.goals import HRV_FLOOR_PCT
from mlmodels.evaluation.scores import Interval, Score
from mlmodels.evaluation.tournament import Result

HEADER = (
    "policy", "400 m gain, %", "gain, s", "worst tenth, %", "ACWR > 1.5, % (camps / other days)", "ACWR > 1.3, %",
    "HRV low over floor, %", "illness", "injury", "overruled, %", "int/vol/rec/plan, %",
)  # fmt: skip


READING = (
    "Gains are against the plan untouched on the same athletes and days (paired, above 0 is faster), with 95 %",
    "intervals by bootstrap over cohorts, then athletes. Rates are over the days the policy was in charge; illness and",
    "injury per athlete and season. Camps are camps and returns: days on which the coach's own plan rises fast, and",
    f"two weeks after illness or injury. HRV-low days are shown above the {HRV_FLOOR_PCT} % that noise alone makes;",
    "the worst tenth is the slowest-developing tenth against the plan's own. Every row but the first goes through the",
    "guards, as in serving. Ceilings practised in the very world they are judged in, and the oracle reads what no",
    "watch shows: yardsticks, not candidates. These are simulated athletes: read the order, not the figures.",
)


def table_rows(scores: Sequence[Score]) -> list[tuple[str, ...]]:
    return [
        (
            s.policy,
            _interval(s.gain_pct),
            _interval(s.gain_s),
            f"{s.worst_tenth_t400_pct:+.2f}",
            _split(s.acwr_danger_pct, s.acwr_danger_ordinary_pct),
            f"{s.acwr_warning_pct:.1f}",
            f"{s.hrv_low_pct - HRV_FLOOR_PCT:+.1f}",
            f"{s.illnesses:.2f}",
            f"{s.injuries:.2f}",
            f"{s.overruled_pct:.0f}",
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
    """All worlds: figures, tables, goals, and how to read them. ``plots``: caption and file."""
    lines = [
        "# Policies on invented athletes",
        "",
        *about,
        "",
        *READING,
        "",
    ]
    for caption, file in plots:
        lines += [f"![{caption}]({file})", "", f"*{caption}*", ""]
    for result in results:
        lines += [f"## The {result.world} world", "", markdown_table(HEADER, table_rows(result.scores)), ""]
        for policy, goals in result.goals.items():
            reached = sum(goal.reached is True for goal in goals)
            lines += [f"**{policy}: {reached} of {len(goals)} goals reached.**", ""]
            lines += [markdown_table(("goal", "found", "wanted", ""), [goal.cells() for goal in goals]), ""]
    return "\n".join(lines)


def write_csv(results: Sequence[Result], path: Path) -> None:
    rows = [{"world": result.world, **score.as_row()} for result in results for score in result.scores]
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows({k: v if isinstance(v, str) else f"{v:.5g}" for k, v in row.items()} for row in rows)


def _interval(interval: Interval) -> str:
    return f"{interval.mean:+.3f} [{interval.low:+.3f}, {interval.high:+.3f}]"


def _split(all_days: float, ordinary: float) -> str:
    return f"{all_days:.2f} ({all_days - ordinary:.2f} / {ordinary:.2f})"

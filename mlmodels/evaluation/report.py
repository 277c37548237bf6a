"""Scores as a table for people (Markdown) and as a CSV for machines."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

from mlmodels.evaluation.scores import Interval, Score

HEADER = (
    "policy", "400 m gain, %", "gain, s", "worst tenth, %", "ACWR > 1.5, %", "ACWR > 1.3, %", "HRV low, %",
    "illness", "injury", "overruled, %", "int/vol/rec/plan, %",
)  # fmt: skip


def table_rows(scores: Sequence[Score]) -> list[tuple[str, ...]]:
    return [
        (
            s.policy,
            _interval(s.gain_pct),
            _interval(s.gain_s),
            f"{s.worst_tenth_pct:+.2f}",
            f"{s.acwr_danger_pct:.2f}",
            f"{s.acwr_warning_pct:.1f}",
            f"{s.hrv_low_pct:.1f}",
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


def markdown(scores: Sequence[Score], about: Sequence[str]) -> str:
    """The table with what was played, and how to read it."""
    lines = [
        "# Policies on invented athletes",
        "",
        *about,
        "",
        "Gains are against the plan untouched on the same athletes and days (paired, above 0 is faster), with 95 %",
        "intervals by bootstrap over cohorts, then athletes. Rates are over the days the policy was in charge; illness",
        "and injury per athlete and season. These are simulated athletes: read the order, not the figures.",
        "",
        "| " + " | ".join(HEADER) + " |",
        "|" + "---|" * len(HEADER),
        *("| " + " | ".join(row) + " |" for row in table_rows(scores)),
        "",
    ]
    return "\n".join(lines)


def write_csv(scores: Sequence[Score], path: Path) -> None:
    rows = [score.as_row() for score in scores]
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows({k: v if isinstance(v, str) else f"{v:.5g}" for k, v in row.items()} for row in rows)


def _interval(interval: Interval) -> str:
    return f"{interval.mean:+.3f} [{interval.low:+.3f}, {interval.high:+.3f}]"

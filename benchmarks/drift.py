"""Does a figure drift? Slopes that one outlier does not bend, the limits they are held against, and a plot of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

Series = dict[str, list[float]]  # name -> a value a sample; nan: not known then
PANELS = {"rss_mb": "RSS, MB", "pss_mb": "PSS, MB", "fds": "file descriptors", "threads": "threads",
          "p95_ms": "p95 of answers, ms", "s": "oldest waiting day, s", "messages": "messages in Valkey",
          "mb": "files, MB", "rows": "rows above the first sample"}  # fmt: skip


def slope(times_h: Sequence[float], values: Sequence[float]) -> float:
    """Theil and Sen: the median slope of all pairs of samples."""
    at, value = np.asarray(times_h), np.asarray(values)
    known = np.isfinite(value)
    at, value = at[known], value[known]
    first, second = np.triu_indices(len(at), 1)
    return float(np.median((value[second] - value[first]) / (at[second] - at[first]))) if len(first) else 0.0


@dataclass(frozen=True)
class Limit:
    """Of every figure whose name ends so: how much a hour it may grow, or how large it may be at any time."""

    ending: str
    per_hour: float | None = None
    most: float | None = None

    def missed(self, times_h: Sequence[float], figures: Series) -> list[str]:
        found = []
        for name, values in figures.items():
            if not name.endswith(self.ending):
                continue
            growth, largest = slope(times_h, values), float(np.nanmax(values))
            if self.per_hour is not None and growth > self.per_hour:
                found.append(f"{name} grows by {growth:.2f} an hour, limit {self.per_hour:g}")
            if self.most is not None and largest > self.most:
                found.append(f"{name} came to {largest:.1f}, limit {self.most:g}")
        return found


def table(times_h: Sequence[float], figures: Series) -> list[str]:
    lines = [f"  {'':<34}{'first':>10}{'last':>10}{'most':>10}{'an hour':>10}"]
    for name, values in figures.items():
        known = [value for value in values if np.isfinite(value)]
        if known:
            numbers = (known[0], known[-1], max(known), slope(times_h, values))
            lines.append(f"  {name:<34}" + "".join(f"{number:10.1f}" for number in numbers))
    return lines


def plot(times_h: Sequence[float], figures: Series, warm_h: float, path: Path, title: str) -> None:
    import matplotlib

    matplotlib.use("svg")
    from matplotlib import pyplot

    panels = {unit: [n for n in figures if n.rsplit(" ", 1)[-1] == unit] for unit in PANELS}
    drawn = {unit: names for unit, names in panels.items() if names}
    figure, axes = pyplot.subplots(len(drawn), figsize=(11, 2.4 * len(drawn)), sharex=True, layout="constrained")
    minutes = [60 * hours for hours in times_h]
    for axis, (unit, names) in zip(np.atleast_1d(axes), drawn.items(), strict=True):
        draw(axis, minutes, {name: figures[name] for name in names}, relative=unit == "rows")
        axis.axvspan(0, 60 * warm_h, color="0.93")  # warm-up: not judged
        axis.set_ylabel(PANELS[unit])
    axes[-1].set_xlabel("minutes")
    figure.suptitle(title)
    figure.savefig(path)
    pyplot.close(figure)


def draw(axis: Any, minutes: Sequence[float], figures: Series, *, relative: bool) -> None:
    grown = {name: np.asarray(values) - (values[0] if relative else 0.0) for name, values in figures.items()}
    for name, values in grown.items():
        if not relative or np.ptp(values):
            axis.plot(minutes, values, label=name.rsplit(" ", 1)[0], linewidth=1)
    axis.legend(loc="center left", bbox_to_anchor=(1, 0.5), fontsize=7)
    axis.grid(alpha=0.3)

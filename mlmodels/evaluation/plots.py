"""Figures of a comparison as SVG. Only commands draw: matplotlib is in the ``train`` extra, not on the server."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from measures.risk import ACWR_DANGER, ACWR_WARNING
from mlmodels.evaluation.comparing import Contender
from mlmodels.evaluation.rollouts import MakeWorld, World, play
from mlmodels.evaluation.scores import Score
from mlmodels.state.observation import Observation

LOWEST_SHOWN_PCT = -0.6  # gains below it would press all the others together
LOWEST_STRESSED_PCT = -1.5  # the same in the stress table
COLOURS = ("#8a8a8a", "#c4662c", "#1f5fa8", "#2f8f5b", "#8a4fa3", "#b09000", "#222222")


@dataclass
class Track:
    """One athlete's season under one planner, a value per day."""

    name: str
    t400_s: list[float] = field(default_factory=list)
    acwr: list[float] = field(default_factory=list)
    hrv_z: list[float] = field(default_factory=list)
    actions: list[int] = field(default_factory=list)


def track(make_world: MakeWorld, contender: Contender, *, athletes: int, seed: int, who: int, days: int = 168) -> Track:
    """Plays the whole cohort, so that the athlete's luck is that of the table, and keeps one of them."""
    kept = Track(contender.name)

    def watch(obs: Observation, applied: NDArray[np.int64], world: World) -> None:
        kept.t400_s.append(float(world.true_t400()[who]))
        kept.acwr.append(float(obs.acwr[who]))
        kept.hrv_z.append(float(obs.hrv_z[who]))
        kept.actions.append(int(applied[who]))

    play(
        make_world, contender.policy, athletes=athletes, seed=seed, days=days, guarded=contender.guarded,
        cold_start=contender.cold_start, watch=watch,
    )  # fmt: skip
    return kept


def draw_gain_against_danger(scores: Mapping[str, Sequence[Score]], path: Path, leave_out: Sequence[str] = ()) -> None:
    """Gain over the plan with its interval against days with ACWR above 1.5; a panel per world."""
    figure, axes = _canvas(len(scores), width=6.2, height=5.2)
    for axis, (world, rows) in zip(axes, scores.items(), strict=True):
        shown = [row for row in rows if row.policy not in leave_out and row.gain_pct.mean > LOWEST_SHOWN_PCT]
        for row in shown:
            colour = _colour(row.policy)
            low, high = row.gain_pct.mean - row.gain_pct.low, row.gain_pct.high - row.gain_pct.mean
            axis.errorbar(
                row.acwr_danger_pct, row.gain_pct.mean, yerr=[[low], [high]], fmt="o", ms=4, color=colour, capsize=2
            )
        _label_apart(axis, shown)
        axis.axhline(0, color="#bbbbbb", lw=0.8, zorder=0)
        axis.set_title(f"{world} world", fontsize=10)
        axis.set_xlabel("days with ACWR above 1.5, %")
        axis.set_ylabel("400 m gain over the plan, % (95 % interval)")
    _save(figure, path)


def draw_season(tracks: Sequence[Track], path: Path, about: str) -> None:
    """400 m, ACWR and HRV of one athlete under several planners, with the days of more and of recovery."""
    figure, axes = _canvas(3, width=9.0, height=2.4, rows=3)
    for track_, colour in zip(tracks, COLOURS, strict=False):
        days = np.arange(len(track_.t400_s))
        axes[0].plot(days, track_.t400_s, color=colour, lw=1.3, label=track_.name)
        axes[1].plot(days, track_.acwr, color=colour, lw=1.1)
        axes[2].plot(days, track_.hrv_z, color=colour, lw=1.1)
        done = np.array(track_.actions)
        for action, mark in ((2, "v"), (0, "^"), (1, "^")):
            at = days[done == action]
            axes[0].plot(at, np.array(track_.t400_s)[done == action], mark, color=colour, ms=2.5)
    for line in (ACWR_WARNING, ACWR_DANGER):
        axes[1].axhline(line, color="#bbbbbb", lw=0.8, zorder=0)
    axes[2].axhline(-1.0, color="#bbbbbb", lw=0.8, zorder=0)
    axes[0].invert_yaxis()
    axes[0].set_ylabel("latent 400 m, s\n(up is faster)")
    axes[1].set_ylabel("ACWR")
    axes[2].set_ylabel("HRV, 7-day z")
    axes[2].set_xlabel("day of the season (the first 28 as planned; ^ more, v recovery)")
    axes[0].set_title(about, fontsize=10)
    axes[0].legend(fontsize=8, frameon=False, loc="best")
    _save(figure, path)


def draw_learning(panels: Mapping[str, Mapping[str, Sequence[float]]], path: Path) -> None:
    """Mean reward a day over training, a panel per group; forms of reward and worlds differ, so do their levels."""
    figure, axes = _canvas(len(panels), width=5.6, height=3.8)
    for axis, (about, curves) in zip(axes, panels.items(), strict=True):
        for (name, rewards), colour in zip(curves.items(), COLOURS * 3, strict=False):
            axis.plot(100 * (1 + np.arange(len(rewards))), rewards, color=colour, lw=1.4, label=name)
        axis.set_title(about, fontsize=10)
        axis.set_xlabel("training day (of 512 seasons side by side)")
        axis.set_ylabel("mean reward a day, exploration included")
        axis.legend(fontsize=7, frameon=False, loc="best")
    _save(figure, path)


def draw_stress(rows: Mapping[str, Mapping[str, Score]], path: Path, leave_out: Sequence[str] = ()) -> None:
    """A line for each stress row: gain over the plan with its interval, a colour for each policy.

    What lies to the left of the picture is written at its edge.
    """
    figure, (axis,) = _canvas(1, width=9.0, height=1.2 + 0.42 * len(rows))
    policies = [name for name in next(iter(rows.values())) if name not in leave_out]
    lowest = 0.0
    for i, (policy, colour) in enumerate(zip(policies, COLOURS * 3, strict=False)):
        gains = [scores[policy].gain_pct for scores in rows.values()]
        at = np.arange(len(rows)) + 0.7 * ((i + 0.5) / len(policies) - 0.5)
        mean = np.array([gain.mean for gain in gains])
        reach = np.array([[gain.mean - gain.low for gain in gains], [gain.high - gain.mean for gain in gains]])
        axis.errorbar(mean, at, xerr=reach, fmt="o", ms=3.5, lw=1.0, capsize=1.5, color=colour, label=policy)
        lowest = min(lowest, float((mean - reach[0]).min()))
        for gain, place in zip(mean, at, strict=True):
            if gain < LOWEST_STRESSED_PCT:
                axis.annotate(f" < {gain:+.2f}", (LOWEST_STRESSED_PCT, place), fontsize=7, color=colour, va="center")
    axis.axvline(0, color="#bbbbbb", lw=0.8, zorder=0)
    axis.set_xlim(left=max(lowest - 0.03, LOWEST_STRESSED_PCT))
    axis.set_yticks(np.arange(len(rows)), list(rows))
    axis.invert_yaxis()
    axis.set_xlabel("400 m gain over the plan untouched in the same row, % (95 % interval)")
    axis.legend(fontsize=8, frameon=False, loc="lower right")
    _save(figure, path)


def _canvas(panels: int, *, width: float, height: float, rows: int | None = None) -> tuple[Any, list[Any]]:
    import matplotlib as mpl

    mpl.use("Agg")
    mpl.rcParams["svg.hashsalt"] = "homestretch"  # the same figure is the same file
    mpl.rcParams["svg.fonttype"] = "none"
    from matplotlib import pyplot as plt

    rows = rows or (panels + 1) // 2
    columns = max(1, -(-panels // rows))
    figure, axes = plt.subplots(
        rows, columns, figsize=(width * columns, height * rows), squeeze=False, layout="constrained", sharex=rows == 3
    )
    for axis in axes.ravel():
        axis.spines[["top", "right"]].set_visible(False)
        axis.tick_params(labelsize=8)
    for axis in axes.ravel()[panels:]:
        axis.set_visible(False)
    return figure, list(axes.ravel()[:panels])


def _colour(policy: str) -> str:
    if policy.startswith(("ceiling", "privileged")):
        return COLOURS[4]
    if "DQN" in policy:
        return COLOURS[2]
    return COLOURS[0] if policy.startswith("plan") else COLOURS[1]


def _label_apart(axis: Any, rows: Sequence[Score]) -> None:
    """Names beside their points, pushed down where two would overlap, and up again from the panel's foot."""
    if not rows:
        return
    (low, high), (left, right) = axis.get_ylim(), axis.get_xlim()
    step = 0.035 * (high - low)
    ordered = sorted(rows, key=lambda row: -row.gain_pct.mean)
    places = [row.gain_pct.mean for row in ordered]
    for i in range(1, len(places)):
        places[i] = min(places[i], places[i - 1] - step)
    places[-1] = max(places[-1], low)
    for i in reversed(range(len(places) - 1)):
        places[i] = max(places[i], places[i + 1] + step)
    for row, place in zip(ordered, places, strict=True):
        axis.annotate(
            row.policy, (row.acwr_danger_pct, row.gain_pct.mean), xytext=(right + 0.04 * (right - left), place),
            fontsize=7, color=_colour(row.policy), va="center", annotation_clip=False,
            arrowprops={"arrowstyle": "-", "lw": 0.3, "color": "#cccccc"},
        )  # fmt: skip


def _save(figure: Any, path: Path) -> None:
    from matplotlib import pyplot as plt

    figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None)
    plt.close(figure)

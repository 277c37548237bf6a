"""Is a twin fit to learn on? Forecasts, bands, the order of scripted policies, and next days of real people."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlmodels.baselines.constant import PlanUnchanged
from mlmodels.evaluation import real_people
from mlmodels.evaluation.rollouts import MakeWorld, play
from mlmodels.evaluation.scripted import scripted_policies
from mlmodels.twin.checking import LIMITS, forecast_errors
from mlmodels.twin.fitting import ar1_plus_noise, smooth
from mlmodels.twin.model import Twin, TwinWorld

Floats = NDArray[np.float64]
Tick = Callable[[], object]

COVERAGE = (0.72, 0.88)
SPEARMAN = 0.75
EWMA_LIMIT = 1.02  # of its next-day error
EWMA_HALF_LIFE_D = 5.0
HISTORY_D = 14  # known days before a next day counts
WINDOW_D = 60  # days the filter looks back: 0.96^60 is under a tenth


@dataclass(frozen=True)
class Requirement:
    """One line of the acceptance table; ``met`` None = could not be checked."""

    what: str
    found: str
    wanted: str
    met: bool | None

    def cells(self) -> tuple[str, str, str, str]:
        return self.what, self.found, self.wanted, {True: "met", False: "MISSED", None: "not checked"}[self.met]


def forecast_lines(logs: Sequence[pd.DataFrame]) -> list[Requirement]:
    """28 days ahead, open loop, on each log's own athletes; the mean over the logs.

    Forecasts of 25 athletes from five mornings overlap so much that one log's coverage wanders by 4 points.
    """
    each = [forecast_errors(log) for log in logs]
    if not all(each):
        return [Requirement("28-day forecast", "log too short", "112 days", None)]
    found = {name: np.mean([errors[name] for errors in each], axis=0) for name in each[0]}
    lines = []
    for name, (ratio, _) in found.items():
        met = ratio <= LIMITS[name]
        lines.append(Requirement(f"{name}: error / persistence", f"{ratio:.2f}", f"<= {LIMITS[name]:.2f}", met))
    for name, (_, covered) in found.items():
        wanted = "{:.0f}-{:.0f} %".format(*(100 * line for line in COVERAGE))
        met = COVERAGE[0] <= covered <= COVERAGE[1]
        lines.append(Requirement(f"{name}: 80 % band covers", f"{100 * covered:.0f} %", wanted, met))
    return lines


@dataclass(frozen=True)
class Ranking:
    """Gains over the plan unchanged, %, of the scripted policies, in a world and on a twin of it."""

    world: str
    names: list[str]
    true_gain_pct: Floats
    twin_gain_pct: Floats

    @property
    def spearman(self) -> float:
        return spearman(self.true_gain_pct, self.twin_gain_pct)

    def on_twin(self, name: str) -> float:
        return float(self.twin_gain_pct[self.names.index(name)])


def ranking(
    world: str,
    make_world: MakeWorld,
    twin: Twin,
    *,
    athletes: int,
    seed: int,
    days: int = 168,
    tick: Tick | None = None,
) -> Ranking:
    """Every scripted policy, unguarded, after 28 days as planned, in both; the same luck for all."""

    def gains(make: MakeWorld) -> Floats:
        plan = play(make, PlanUnchanged(), athletes=athletes, seed=seed, days=days, guarded=False).t400_s
        found = []
        for policy in scripted_policies():
            own = play(make, policy, athletes=athletes, seed=seed, days=days, guarded=False).t400_s
            found.append(float(100 * (1 - own / plan).mean()))
            if tick:
                tick()
        return np.array(found)

    names = [policy.name for policy in scripted_policies()]
    return Ranking(world, names, gains(make_world), gains(lambda n, s: TwinWorld(twin, n, s)))


def ranking_lines(found: Sequence[Ranking]) -> list[Requirement]:
    lines = []
    for one in found:
        rho = one.spearman
        what = f"{one.world} world: Spearman of gain, {len(one.names)} policies"
        lines.append(Requirement(what, f"{rho:.2f}", f">= {SPEARMAN:.2f}", rho >= SPEARMAN))
        hard, chance = one.on_twin("all hard"), one.on_twin("random")
        what, shown = f"{one.world} world: all-hard, random against the coach's plan", f"{hard:+.2f}, {chance:+.2f} %"
        lines.append(Requirement(what, shown, "both below 0", max(hard, chance) < 0))
    return lines


def spearman(x: Floats, y: Floats) -> float:
    """Rank correlation; no ties are expected among gains."""
    rank_x, rank_y = (np.argsort(np.argsort(values)) for values in (x, y))
    return float(np.corrcoef(rank_x, rank_y)[0, 1])


def real_lines(folder: Path | None) -> list[Requirement]:
    """Next-day errors of the twin's filter on real people, against persistence and an EWMA."""
    there = real_people.present(folder)
    signals = (
        ("lifesnaps", "ln rMSSD", real_people.ln_rmssd, 0.90),  # of persistence's error
        ("pmdata", "sleep score", real_people.sleep_score, 1.00),
        ("soccermon", "readiness", real_people.readiness, 1.00),
    )
    lines = []
    for collection, name, read, limit in signals:
        if folder is None or collection not in there:
            lines.append(Requirement(f"{collection}: next day's {name}", "no data", "--real DIR", None))
            continue
        own, still, ewma, people = next_day_errors(read(folder).to_numpy(dtype=np.float64))
        shown = f"{own:.4g} ({still:.4g}), {people} people"
        met = own <= limit * still
        lines.append(Requirement(f"{collection}: next day's {name} (persistence)", shown, f"<= {limit:.2f} x", met))
        shown, met = f"{own:.4g} ({ewma:.4g})", own <= EWMA_LIMIT * ewma
        lines.append(Requirement(f"{collection}: the same (EWMA)", shown, f"<= {EWMA_LIMIT} x", met))
    return lines


def next_day_errors(values: Floats) -> tuple[float, float, float, int]:
    """Mean absolute error, mean over people, of the twin's slow-part filter, persistence and an EWMA; people.

    ``values`` (days, people). The filter's three numbers come from the other people, its level from the person's own
    past days (shrunk by two days towards the others' first days); nothing of the day itself or later is used. All
    three are judged on the same days: the day before is known and at least 14 days are.
    """
    errors = [person_errors(values, i) for i in range(values.shape[1])]
    kept = np.array([error for error in errors if error is not None])
    own, still, ewma = kept.mean(0)
    return float(own), float(still), float(ewma), len(kept)


def person_errors(values: Floats, i: int) -> tuple[float, float, float] | None:
    column = values[:, i]
    days = np.flatnonzero(np.isfinite(column))
    column = column[days[0] : days[-1] + 1]
    others = np.delete(values, i, axis=1)
    centred = (others - np.nanmean(others, axis=0)).T
    phi, slow_sd, noise_sd = ar1_plus_noise(centred)
    known = np.isfinite(column)
    seen = np.concatenate([[0], np.cumsum(known)[:-1]])
    total = np.concatenate([[0.0], np.cumsum(np.where(known, column, 0.0))[:-1]])
    prior = float(np.nanmean(others))
    level = (total + 2.0 * prior) / (seen + 2.0)
    ewma = exponential(column, EWMA_HALF_LIFE_D)
    judged = np.flatnonzero(known[1:] & known[:-1] & (seen[1:] >= HISTORY_D)) + 1
    if not len(judged):
        return None
    padded = np.concatenate([np.full(WINDOW_D, np.nan), column])
    before = np.stack([padded[t : t + WINDOW_D] for t in judged]) - level[judged, None]
    guess = level[judged] + phi * smooth(before, phi, slow_sd, noise_sd)[:, -1]
    truth = column[judged]
    guesses = (guess, column[judged - 1], ewma[judged - 1])
    own, still, smoothed = (float(np.abs(one - truth).mean()) for one in guesses)
    return own, still, smoothed


def exponential(column: Floats, half_life_d: float) -> Floats:
    """EWMA of the known values by their age in days, to each day inclusive."""
    fade, weight, total, out = 0.5 ** (1 / half_life_d), 0.0, 0.0, []
    for value in column:
        weight, total = weight * fade, total * fade
        if np.isfinite(value):
            weight, total = weight + 1.0, total + value
        out.append(total / weight if weight else np.nan)
    return np.array(out)

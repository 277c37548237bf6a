"""How real an invented squad is: the same figures of a world and of real people, side by side."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from measures import risk
from mlmodels.baselines.chance import at_random
from mlmodels.baselines.constant import AllHard, PlanUnchanged
from mlmodels.baselines.hrv_rule import HrvRule
from mlmodels.evaluation import real_people
from mlmodels.evaluation.ceiling import Oracle
from mlmodels.evaluation.rollouts import MakeWorld, Season, evening_of, morning_of, play
from mlmodels.evaluation.scripted import PLAN, AllLong, Scripted, by_hrv
from mlmodels.policies.policy import Policy
from mlmodels.season_log import scan
from mlmodels.state.days import Evening, Morning
from mlmodels.state.observation import Observation
from mlmodels.state.tracker import Tracker
from mlmodels.worlds.simulator import coach_habit

Floats = NDArray[np.float64]
DAYS, ATHLETES = 168, 200
LASTING_D = 5  # d in a row below -0.5 SD, as counted in the real recordings

# Figure -> what the literature or other recordings say, where no table here can be computed from.
LITERATURE = {
    "400 m, change in 24 weeks, %": "+0.5 (men), +0.9 (women): 24,411 results",
    "400 m, SD of one result, %": "0.8-1.1 race to race; a training trial 1.3",
    "ln rMSSD, SD within a person": "0.17 (athletes, mornings)",
    "HRV 7-day mean below -0.5 SD, % of days": "19-22",
    "the same for 5 days or more, %": "8-10",
    "HRV 7-day mean below -1 SD, %": "6-9",
    "load, AU a week (median)": "1,500-3,000 in 400 m squads",
    "ill or injured, % of days": "",
    "harder every day: 400 m against the plan, %": "below 0: a coach's plan is near what its athletes bear",
    "longer every day: 400 m against the plan, %": "below 0",
    "at random: 400 m against the plan, %": "below 0",
    "HRV rule: 400 m against the plan, %": "small and positive, or none (Kiviniemi 2007, Vesterinen 2016)",
    "rest while HRV is below -1 SD: against the plan, %": "small and positive, or none",
}
ORACLE_LINES = (-1.0, 0.0)  # of the latent readiness


def figures_of_world(make_world: MakeWorld, seed: int = 50_000) -> dict[str, float]:
    """All figures of 200 athletes over 24 weeks under a coach's habitual mix."""
    world, rng, tracker = make_world(ATHLETES, seed), np.random.default_rng(seed), Tracker(ATHLETES)
    mornings: list[Morning] = []
    evenings: list[Evening] = []
    seen: list[Observation] = []
    latent = []
    for day in range(DAYS):
        morning = morning_of(world, ATHLETES, day)
        seen.append(tracker.morning(morning))
        looks = getattr(world, "readiness", lambda: rng.normal(0, 1.0, ATHLETES))()
        action = coach_habit(looks, rng)
        latent.append(world.true_t400())
        evening = evening_of(world.step(action), action)
        tracker.evening(morning, evening)
        mornings.append(morning)
        evenings.append(evening)
    time = np.array(latent)
    trials = np.array([evening.t400_s for evening in evenings])
    after = np.vstack([time[1:], time[-1:]])
    out = np.array([(morning.ill > 0) | (morning.injured > 0) for morning in mornings])
    return {
        "400 m, change in 24 weeks, %": float(100 * (1 - time[-14:].mean() / time[:14].mean())),
        "400 m, SD of one result, %": float(100 * np.nanstd(np.log(trials / after))),
        **hrv_figures(np.log([morning.hrv_rmssd_ms for morning in mornings]), np.array([o.hrv_z for o in seen])),
        **sleep_figures(np.array([morning.sleep_score for morning in mornings])),
        **load_figures(np.array([evening.load_au for evening in evenings]), np.array([o.acwr for o in seen])),
        "load not reported, % of days": float(100 * np.mean([np.isnan(e.load_au).mean() for e in evenings])),
        "ill or injured, % of days": float(100 * out.mean()),
    }


def programmes_of_world(make_world: MakeWorld, seed: int = 51_000) -> dict[str, float]:
    """400 m gain over the coach's plan, %, of fixed programmes without guards, on 200 athletes; nothing is learned.

    Signs and sizes of these are what the price of overload in the simulator was set by.
    """

    def gain(policy: Policy) -> float:
        return float(100 * (1 - season(policy).t400_s / plan).mean())

    def season(policy: Policy) -> Season:
        return play(make_world, policy, athletes=ATHLETES, seed=seed, guarded=False)

    plan = season(PlanUnchanged()).t400_s
    rows = {
        "harder every day: 400 m against the plan, %": AllHard(),
        "longer every day: 400 m against the plan, %": AllLong(),
        "at random: 400 m against the plan, %": at_random(),
        "HRV rule: 400 m against the plan, %": HrvRule(),
        "rest while HRV is below -1 SD: against the plan, %": Scripted("rests below HRV -1", by_hrv(PLAN, PLAN, -1.0)),
    }
    found = {name: gain(policy) for name, policy in rows.items()}
    if hasattr(make_world, "readiness"):
        found["rest and more by the latent readiness: against the plan, %"] = gain(Oracle(*ORACLE_LINES))
    return found


def figures_of_people(folder: Path) -> dict[str, float]:
    """What can be computed from the real recordings in ``folder``."""
    there, figures = real_people.present(folder), {}
    if "track400" in there:
        figures["400 m, SD of one result, %"] = real_people.race_to_race_pct(folder)
    if "lifesnaps" in there:
        nights = real_people.ln_rmssd(folder)
        figures |= hrv_figures(nights.to_numpy(), tracked(nights.map(np.exp), "hrv_rmssd_ms").hrv_z)
    if "pmdata" in there:
        figures |= sleep_figures(real_people.sleep_score(folder).to_numpy())
    if "soccermon" in there:
        loads = real_people.loads(folder)
        figures |= load_figures(loads.to_numpy(), tracked(loads, "load_au").acwr)
    return figures


class Tracked:
    """HRV z and ACWR of every day, (days, people), NaN before a person's first and after the last value."""

    def __init__(self, hrv_z: Floats, acwr: Floats) -> None:
        self.hrv_z, self.acwr = hrv_z, acwr


def tracked(days: pd.DataFrame, column: str) -> Tracked:
    """The tracker that serving uses, run over a table of real days."""
    long = days.rename_axis("date").reset_index().melt("date", var_name="athlete", value_name=column)
    grid = scan(long.dropna().assign(date=lambda rows: rows.date.dt.strftime("%Y-%m-%d")))
    tracker, z, acwr = Tracker(len(grid.athletes)), [], []
    for t in range(len(grid.dates)):
        morning, evening = grid.morning(t), grid.evening(t)
        obs = tracker.morning(morning)
        z.append(obs.hrv_z)
        acwr.append(obs.acwr)
        tracker.evening(morning, evening)
    wide = days[grid.athletes].notna().to_numpy()
    known = np.maximum.accumulate(wide) & np.maximum.accumulate(wide[::-1])[::-1]
    return Tracked(np.where(known, np.array(z), np.nan), np.where(known, np.array(acwr), np.nan))


def hrv_figures(ln_ms: Floats, z: Floats) -> dict[str, float]:
    """``ln_ms`` and ``z`` of the 7-day mean, (days, people)."""
    known = np.isfinite(z)
    low = z < risk.HRV_LOW_SD
    return {
        "ln rMSSD, SD within a person": float(np.nanstd(ln_ms, axis=0).mean()),
        "ln rMSSD, correlation with the day before": lag_1(ln_ms),
        "ln rMSSD, mean change from night to night": float(np.nanmean(np.abs(np.diff(ln_ms, axis=0)))),
        "mornings without HRV, %": missing_pct(ln_ms),
        "HRV 7-day mean below -0.5 SD, % of days": float(100 * low[known].mean()),
        "the same for 5 days or more, %": float(100 * (run_lengths(low) >= LASTING_D)[known].mean()),
        "HRV 7-day mean below -1 SD, %": float(100 * (z < risk.HRV_VERY_LOW_SD)[known].mean()),
    }


def sleep_figures(score: Floats) -> dict[str, float]:
    return {
        "sleep score, SD within a person": float(np.nanstd(score, axis=0).mean()),
        "sleep score, correlation with the night before": lag_1(score),
        "sleep score, mean change from night to night": float(np.nanmean(np.abs(np.diff(score, axis=0)))),
        "nights without a score, %": missing_pct(score),
    }


def load_figures(load_au: Floats, acwr: Floats) -> dict[str, float]:
    """(days, people); ACWR of the first four weeks does not count, its seed still shows."""
    whole = load_au[: len(load_au) // 7 * 7].reshape(-1, 7, load_au.shape[1])
    known = np.isfinite(whole).sum(1)
    weeks = np.where(known >= 5, 7 * np.nansum(whole, axis=1) / np.maximum(known, 1), np.nan)
    usual = np.nanmean(weeks, axis=0)
    before, after = weeks[:-1], weeks[1:]
    big = np.maximum(before, after) > 0.5 * usual  # two small weeks say nothing
    pairs = np.isfinite(before) & np.isfinite(after)
    ratio = np.where(np.isfinite(load_au).cumsum(0) > 28, acwr, np.nan)
    ratio = ratio[np.isfinite(ratio)]
    low, high = np.quantile(ratio, [0.01, 0.999])
    return {
        "load, AU a week (median)": float(np.nanmedian(weeks)),
        "a week 60 % above the one before, % of weeks": float(100 * ((after > 1.6 * before) & big)[pairs].mean()),
        "ACWR, lowest hundredth": float(low),
        "ACWR, highest thousandth": float(high),
        "ACWR > 1.3, % of days": float(100 * (ratio > risk.ACWR_WARNING).mean()),
        "ACWR > 1.5, % of days": float(100 * (ratio > risk.ACWR_DANGER).mean()),
    }


def lag_1(values: Floats) -> float:
    """Mean over people of the correlation with the day before."""
    found = []
    for column in values.T:
        both = np.isfinite(column[1:]) & np.isfinite(column[:-1])
        if both.sum() >= 10:
            found.append(np.corrcoef(column[1:][both], column[:-1][both])[0, 1])
    return float(np.mean(found))


def missing_pct(values: Floats) -> float:
    """Missing days between each person's first and last value."""
    known = np.isfinite(values)
    span = np.maximum.accumulate(known) & np.maximum.accumulate(known[::-1])[::-1]
    return float(100 * (1 - known[span].mean()))


def run_lengths(flags: NDArray[np.bool_]) -> NDArray[np.int64]:
    """For how many days in a row each flag has been up, (days, people)."""
    length, rows = np.zeros(flags.shape[1], dtype=np.int64), []
    for row in flags:
        length = np.where(row, length + 1, 0)
        rows.append(length)
    return np.array(rows)


def table_rows(worlds: dict[str, dict[str, float]], people: dict[str, float]) -> list[tuple[str, ...]]:
    """Figure, every world, real people, literature."""
    names = next(iter(worlds.values()))
    return [
        (
            name,
            *(shown(figures[name]) for figures in worlds.values()),
            shown(people.get(name)),
            LITERATURE.get(name, ""),
        )
        for name in names
    ]


def shown(value: float | None) -> str:
    if value is None:
        return "-"
    digits = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2
    return f"{value:,.{digits}f}"

"""Advice for every day of the real season logs, as it would have been given that morning.

    .venv/bin/python -m benchmarks.real_season_logs --out var/real
    .venv/bin/python -m benchmarks.replay_seasons --logs var/real [--imported] [--write docs/real_data.md]

Each morning is decided from the rows before it and its own HRV, sleep and injury; nothing later is looked at. Prints
actions, guards, withheld days with their reasons, and how often each warning fires; ``--write`` puts the same tables
between the markers of the page. ``--imported`` sends each log through ``import_season`` into a new database and back
through ``export_season`` first, and stops if a single value comes back different.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime as dt
import json
import sqlite3
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.servers import database, environment, manage, scratch, valkey
from measures import risk
from measures.actions import ACTION_CODES
from mlmodels.deciding.decision import Verdict, decide, decide_observed, mornings, resolve
from mlmodels.deciding.guard import GUARD_CODES
from mlmodels.deciding.hazards import KIND_CODES
from mlmodels.policies.policy import OnnxPolicy, Policy, RulePolicy
from mlmodels.season_log import read_season_log
from mlmodels.state.observation import Observation

ARTIFACTS = Path(__file__).resolve().parents[1] / "mlmodels" / "artifacts"
LOGS = ("pmdata", "pmdata-rest", "soccermon", "lifesnaps", "stitched")
FIGURES = ("<!-- figures: benchmarks/replay_seasons.py -->", "<!-- end of figures -->")
ROWS = ("<!-- rows: benchmarks/real_season_logs.py -->", "<!-- end of rows -->")
# What science.md 1 of the design expects of HRV warnings on real days, % of days with a baseline
EXPECTED_PCT = {"7-day mean below -0.5 SD": "19-22", "the same for 5 days or more": "8-10", "below -1 SD": "6-9"}


@dataclass
class Tally:
    """What was said on the person-days of one log."""

    days: int = 0
    people: set[str] = field(default_factory=set)
    stages: Counter[str] = field(default_factory=Counter)
    withheld: Counter[str] = field(default_factory=Counter)
    actions: Counter[str] = field(default_factory=Counter)
    changed_by_guard: int = 0
    guards: Counter[str] = field(default_factory=Counter)
    deciding: Counter[str] = field(default_factory=Counter)
    warnings: Counter[tuple[str, str]] = field(default_factory=Counter)
    pushing: Counter[str] = field(default_factory=Counter)
    hrv: Counter[str] = field(default_factory=Counter)
    load: Counter[str] = field(default_factory=Counter)
    policy: Counter[str] = field(default_factory=Counter)

    def add(self, verdict: Verdict) -> None:
        self.days += 1
        self.people.add(verdict.athlete)
        self.stages[verdict.stage] += 1
        if verdict.action is None:
            self.withheld[verdict.withheld_reason] += 1
        else:
            self.actions[verdict.action.code] += 1
            self.changed_by_guard += verdict.action != verdict.policy_action
        self.guards.update(code for code, _ in verdict.guards)
        self.deciding.update(code for code, _ in verdict.guards[:1])
        self.warnings.update((hazard.kind, hazard.level.name.lower()) for hazard in verdict.warnings)
        self.pushing.update(hazard.kind for hazard in verdict.warnings if hazard.may_push)

    def add_signals(self, obs: Observation) -> None:
        known = np.isfinite(obs.hrv_z)
        self.hrv["days with a baseline"] += int(known.sum())
        low, very_low = known & (obs.hrv_z < risk.HRV_LOW_SD), known & (obs.hrv_z < risk.HRV_VERY_LOW_SD)
        self.hrv["7-day mean below -0.5 SD"] += int(low.sum())
        self.hrv["the same for 5 days or more"] += int((low & (obs.hrv_low_days >= risk.HRV_LOW_LASTING_DAYS)).sum())
        self.hrv["below -1 SD"] += int(very_low.sum())
        ready = obs.refusal == ""
        self.load["days with a state"] += int(ready.sum())
        for name, low_line, high_line in ACWR_ZONES:
            self.load[name] += int((ready & (obs.acwr > low_line) & (obs.acwr <= high_line)).sum())

    def ask_policy(self, obs: Observation, policy: Policy) -> None:
        """The learned policy by itself wherever there is a state, although the cold start would not ask it yet."""
        ready = np.flatnonzero((obs.refusal == "") & (obs.days_seen >= risk.PROVISIONAL_DAYS))
        if not len(ready):
            return
        resolution = resolve(obs.select(ready), policy, cold_start=False)
        self.policy["asked"] += len(ready)
        self.policy["answered by the rule: outside what it was trained on"] += int(resolution.used_fallback.sum())
        self.policy["changed by a guard"] += int((resolution.action != resolution.policy_action).sum())
        for code, action in enumerate(ACTION_CODES):
            self.policy[f"proposed {action}"] += int((resolution.policy_action == code).sum())
            self.policy[f"applied {action}"] += int((resolution.action == code).sum())


ACWR_ZONES = (
    ("ACWR up to 0.8", -np.inf, risk.ACWR_DROPPING),
    ("0.8 to 1.3", risk.ACWR_DROPPING, risk.ACWR_WARNING),
    ("1.3 to 1.5", risk.ACWR_WARNING, risk.ACWR_DANGER),
    ("above 1.5", risk.ACWR_DANGER, np.inf),
)


def replay(log: pd.DataFrame, policy: Policy) -> Tally:
    """Every person's days from the first to the last row."""
    tally = Tally()
    for _, athletes, obs in own_mornings(log):
        for verdict in decide_observed(obs, policy, athletes=athletes):
            tally.add(verdict)
        tally.add_signals(obs)
        tally.ask_policy(obs, policy)
    return tally


def imported(paths: dict[str, Path]) -> dict[str, pd.DataFrame]:
    """The logs as they come back out of a database: same rows, same values, nothing to push."""
    logs = {}
    with scratch() as data, database("sqlite", data) as url:
        env = environment(data, url)
        with valkey(data, env):
            manage(env, "migrate", "--verbosity", 0)
            for name, path in paths.items():
                told = manage(
                    env, "import_season", path, "--create-athletes", "--squad", name, "--timezone", "Europe/Oslo"
                )
                manage(env, "export_season", data / f"{name}.csv", "--squad", name)
                logs[name] = read_season_log(data / f"{name}.csv")
                pd.testing.assert_frame_equal(logs[name], read_season_log(path), check_dtype=False)
                print(f"{name}: import_season says {' '.join(told.splitlines()[-1].split())}; exported again equal")
        with contextlib.closing(sqlite3.connect(data / "homestretch.sqlite3")) as rows:
            deliveries = rows.execute("SELECT count(*) FROM recommendations_delivery").fetchone()[0]
            ringing = rows.execute("SELECT count(*) FROM recommendations_waitingday WHERE rings").fetchone()[0]
    assert (deliveries, ringing) == (0, 0), "importing a season rings no phone"
    return logs


def own_mornings(log: pd.DataFrame) -> Iterator[tuple[dt.date, list[str], Observation]]:
    """``decision.mornings`` without the days after a person's last row: that person has left, not fallen silent."""
    dates = pd.to_datetime(log.date)
    last = dates.groupby(log.athlete).max().dt.date.to_dict()
    for date, athletes, obs in mornings(log, until=dates.max().date()):
        present = [i for i, athlete in enumerate(athletes) if date <= last[athlete]]
        if present:
            yield date, [athletes[i] for i in present], obs.select(np.array(present))


def check_against_decide(log: pd.DataFrame, policy: Policy, on: dt.date) -> int:
    """The same morning by ``decide`` on the whole log; returns how many verdicts were compared."""
    by_replay = {}
    for date, athletes, obs in mornings(log, until=on):
        if date == on:
            by_replay = {v.athlete: v for v in decide_observed(obs, policy, athletes=athletes)}
    by_decide = {v.athlete: v for v in decide(log, on=on, policy=policy)}
    assert by_replay == by_decide, f"replay and decide disagree on {on}"
    return len(by_decide)


def shipped_policy() -> Policy:
    """The policy whose card says that it ships; the rule policy where there is none."""

    def rank(model: Path) -> tuple[bool, bool]:
        card = json.loads(model.with_suffix(".card.json").read_text())
        return bool(card.get("ships")), card["feature_set"] == "observable"

    model = max(ARTIFACTS.glob("*.onnx"), key=rank, default=None)
    return OnnxPolicy.load(model, model.with_suffix(".card.json")) if model else RulePolicy()


# --- The page --------------------------------------------------------------------------------------------------------


def table(rows: list[tuple[str, list[str]]], columns: list[str]) -> list[str]:
    lines = ["| | " + " | ".join(columns) + " |", "|---|" + "---:|" * len(columns)]
    return [*lines, *(f"| {name} | " + " | ".join(cells) + " |" for name, cells in rows), ""]


def percent(count: int, of: int) -> str:
    return "-" if not of else f"{100 * count / of:.1f} %"


def figures(tallies: dict[str, Tally], policy: Policy) -> str:
    names = list(tallies)

    def row(name: str, cell) -> tuple[str, list[str]]:
        return name, [cell(tallies[log]) for log in names]

    def present(counter: str, order: tuple[str, ...] = ()) -> list[str]:
        seen = {key for log in names for key in getattr(tallies[log], counter)}
        return [key for key in order if key in seen] if order else sorted(seen)

    out = [f"Policy: {policy.name}. Shares are of person-days unless said otherwise.", ""]
    said = [
        row("people", lambda t: str(len(t.people))),
        row("person-days", lambda t: f"{t.days:,}"),
        row("**advice given**", lambda t: percent(t.actions.total(), t.days)),
        *(row(f"- {a}", lambda t, a=a: percent(t.actions[a], t.days)) for a in ACTION_CODES),
        row("- changed by a guard", lambda t: percent(t.changed_by_guard, t.days)),
        row("**withheld**", lambda t: percent(t.withheld.total(), t.days)),
        *(row(f"- {r}", lambda t, r=r: percent(t.withheld[r], t.days)) for r in present("withheld")),
        *(
            row(f"stage: {s}", lambda t, s=s: percent(t.stages[s], t.days))
            for s in ("profile", "provisional", "learned")
        ),
    ]
    out += ["### What was said", "", *table(said, names)]
    fired = [
        row(g, lambda t, g=g: f"{percent(t.guards[g], t.days)} ({percent(t.deciding[g], t.days)})")
        for g in present("guards", GUARD_CODES)
    ]
    out += ["### Guards: fired (decided)", "", *table(fired, names)]
    kinds = [
        row(f"{kind}, {level}", lambda t, k=(kind, level): percent(t.warnings[k], t.days))
        for kind in KIND_CODES
        for level in ("info", "caution", "warning", "danger")
        if any(tallies[log].warnings[kind, level] for log in names)
    ]
    out += ["### Warnings: person-days on which the rule holds", "", *table(kinds, names)]
    hrv = [row("days with a baseline", lambda t: f"{t.hrv['days with a baseline']:,}")]
    hrv += [
        row(f"{name} (expected {expected} %)", lambda t, n=name: percent(t.hrv[n], t.hrv["days with a baseline"]))
        for name, expected in EXPECTED_PCT.items()
    ]
    out += ["### HRV below the own range, share of days with a baseline", "", *table(hrv, names)]
    load = [row("days with a state", lambda t: f"{t.load['days with a state']:,}")]
    load += [row(name, lambda t, n=name: percent(t.load[n], t.load["days with a state"])) for name, _, _ in ACWR_ZONES]
    out += ["### ACWR zones, share of days with a state", "", *table(load, names)]
    asked = [row("days asked", lambda t: f"{t.policy['asked']:,}")]
    asked += [
        row(key, lambda t, k=key: percent(t.policy[k], t.policy["asked"]))
        for key in dict.fromkeys(key for log in names for key in tallies[log].policy if key != "asked")
    ]
    title = (
        "### The learned policy asked on every day with a state from day 28 on (the cold start would not ask it here)"
    )
    return "\n".join([*out, title, "", *table(asked, names)])


def write_between(page: Path, begin: str, end: str, text: str) -> None:
    before, rest = page.read_text().split(begin)
    page.write_text(f"{before}{begin}\n\n{text}\n{end}{rest.split(end)[1]}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--logs", type=Path, default=Path("var/real"))
    parser.add_argument("--write", type=Path, help="the page whose figures are replaced")
    parser.add_argument("--imported", action="store_true", help="through import_season and export_season first")
    parser.add_argument("--only", nargs="+", default=LOGS, choices=LOGS)
    given = parser.parse_args()
    paths = {name: given.logs / f"{name}.csv" for name in given.only if (given.logs / f"{name}.csv").exists()}
    if not paths:
        print(f"no season logs in {given.logs}: make them with benchmarks.real_season_logs", file=sys.stderr)
        return 2
    policy, tallies = shipped_policy(), {}
    logs = imported(paths) if given.imported else {name: read_season_log(path) for name, path in paths.items()}
    for name, log in logs.items():
        tallies[name] = replay(log, policy)
        dates = pd.to_datetime(log.date).sort_values()
        middle = dates.iloc[len(dates) // 2].date()
        compared = check_against_decide(log, policy, middle)
        print(f"{name}: {tallies[name].days:,} person-days; decide() agrees on {compared} verdicts of {middle}")
    text = figures(tallies, policy)
    print(text)
    if given.write:
        write_between(given.write, *FIGURES, text)
        write_between(given.write, *ROWS, f"```\n{(given.logs / 'summary.txt').read_text()}```\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())

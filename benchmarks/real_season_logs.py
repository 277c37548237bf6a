"""Season logs of real people: PMData (session-RPE, sleep score), LifeSnaps (nightly rMSSD, sleep), SoccerMon (load).

    .venv/bin/python -m benchmarks.real_season_logs [--data DIR] [--out DIR]

Reads DIR/pmdata (Thambawita et al. 2020, doi 10.1145/3339825.3394926), DIR/lifesnaps (Yfantidou et al. 2022,
doi 10.1038/s41597-022-01764-x) and, where it is there, DIR/soccermon (Midoglu et al. 2024,
doi 10.1038/s41597-024-03386-x); writes pmdata.csv, pmdata-rest.csv, lifesnaps.csv, soccermon.csv, stitched.csv and
left_out.csv.
Neither the data nor what is made from them belongs in this repository; without them the command says so and stops.

What the files really hold, and how it is read:
- PMData session-RPE stamps end in Z and are UTC: they become days in Europe/Oslo.
- PMData sleep-score stamps end in Z too, but are local: in p01 all 149 equal the naive local ``endTime`` of the same
  sleep in sleep.json. (exercise.json is the other way round: naive, yet UTC. Read as local, 25 of 190 walks and runs
  fall into a sleep; read as UTC, none.) The date is taken as written; it is the date of waking.
- A day without a session report is missing, not rest: nobody was asked. ``pmdata-rest.csv`` is the other reading: a
  day on which the person answered the morning questions, between the first and the last session report, is rest.
- 0 is how both exports write "not measured": sleep hours, sleep points, rMSSD.
- A night below 2 h or above 16 h asleep is a nap or two nights in one: its hours and score are left out.
- A night whose rMSSD lies more than 4 SD from the person's own median is left out, as a posted reading would be held
  back until confirmed.
- A session without RPE or minutes makes the load of its whole day unknown.
- ``stitched.csv`` joins the load of one person to the HRV and sleep of another, day by day. Those two never met: it
  exercises the whole path with real gaps and real scatter, and says nothing about training.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from measures import risk
from measures.season_columns import COLUMNS
from mlmodels.season_log import write_season_log

OSLO = ZoneInfo("Europe/Oslo")
ASLEEP_H = (2.0, 16.0)
RMSSD_MS = (5.0, 250.0)
QUARANTINE_SD = 4.0
WELL_COVERED_LOAD_DAYS = 60
ABSENT = "no real data: give --data DIR or HOMESTRETCH_REAL_DATA, a folder with pmdata/ and lifesnaps/"


@dataclass
class Ledger:
    """Every row that is not used as it stands, by file, line and reason."""

    entries: list[tuple[str, int, str, str]] = field(default_factory=list)

    def leave_out(self, file: str, frame: pd.DataFrame, rows: pd.Series, reason: str, value: str) -> None:
        """``rows`` marks the rows of ``frame``; line 1 of the file is its header."""
        for position in np.flatnonzero(rows.to_numpy()):
            shown = ";".join(str(frame[column].iloc[position]) for column in value.split("+"))
            self.entries.append((file, int(frame.index[position]) + 2, reason, shown))

    def counts(self) -> Counter[tuple[str, str]]:
        return Counter((file.split("/")[0], reason) for file, _, reason, _ in self.entries)

    def frame(self) -> pd.DataFrame:
        return pd.DataFrame(self.entries, columns=["file", "line", "reason", "value"])


def local_date(stamp: str, zone: ZoneInfo) -> pd.Timestamp:
    """The local day of an instant; a stamp without an offset is local already."""
    instant = pd.Timestamp(stamp)
    if instant.tzinfo is not None:
        instant = instant.tz_convert(zone).tz_localize(None)
    return instant.normalize()


# --- PMData ----------------------------------------------------------------------------------------------------------


def pmdata(root: Path, ledger: Ledger, *, rest_when_answered: bool = False) -> pd.DataFrame:
    people = [person_of_pmdata(folder, ledger, rest_when_answered) for folder in sorted(root.glob("p[0-9]*"))]
    return in_columns(pd.concat(people, ignore_index=True))


def person_of_pmdata(folder: Path, ledger: Ledger, rest_when_answered: bool) -> pd.DataFrame:
    load = session_load(folder, ledger)
    answered = pd.read_csv(folder / "pmsys" / "wellness.csv")
    answered["date"] = [local_date(stamp, OSLO) for stamp in answered.effective_time_frame]
    parts = [load, sleep_hours(folder, answered, ledger), sleep_scores(folder, ledger), injuries(folder, ledger)]
    days = pd.concat(parts, axis=1, sort=True)
    if rest_when_answered:
        days = with_rest(days, load, answered.date)
    days = days.dropna(how="all").sort_index().rename_axis("date").reset_index()
    return days.assign(athlete=f"{'pmdata-rest' if rest_when_answered else 'pmdata'}-{folder.name}")


def session_load(folder: Path, ledger: Ledger) -> pd.Series:
    """AU per local day: RPE x minutes, summed; unknown where one of the day's sessions is."""
    name = f"pmdata/{folder.name}/pmsys/srpe.csv"
    sessions = pd.read_csv(folder / "pmsys" / "srpe.csv")
    unknown = sessions.perceived_exertion.isna() | sessions.duration_min.isna()
    ledger.leave_out(name, sessions, unknown, "session without RPE or minutes: load unknown", "end_date_time")
    dates = pd.Series([local_date(stamp, OSLO) for stamp in sessions.end_date_time], index=sessions.index)
    written = pd.to_datetime(sessions.end_date_time.str[:10])
    ledger.leave_out(name, sessions, dates != written, "moved: the local day is not the UTC day", "end_date_time")
    load = (sessions.perceived_exertion * sessions.duration_min).groupby(dates).agg(lambda day: day.sum(skipna=False))
    return load.astype(float).rename("load_au")


def sleep_hours(folder: Path, answered: pd.DataFrame, ledger: Ledger) -> pd.Series:
    """Hours as reported in the morning; the day's last answer counts."""
    name = f"pmdata/{folder.name}/pmsys/wellness.csv"
    zero = answered.sleep_duration_h <= 0
    ledger.leave_out(name, answered, zero, "0 h of sleep: not measured", "effective_time_frame")
    kept = answered[~zero]
    again = kept.duplicated("date", keep="last")
    ledger.leave_out(name, kept, again, "answered twice in a day: the last answer counts", "effective_time_frame")
    kept = kept[~again]
    absurd = ~kept.sleep_duration_h.between(*ASLEEP_H)
    ledger.leave_out(name, kept, absurd, "night below 2 h or above 16 h", "effective_time_frame+sleep_duration_h")
    return kept[~absurd].set_index("date").sleep_duration_h.astype(float).rename("sleep_h")


def sleep_scores(folder: Path, ledger: Ledger) -> pd.Series:
    """The score of the longer of two sleeps that end on one date."""
    name = f"pmdata/{folder.name}/fitbit/sleep_score.csv"
    scores = pd.read_csv(folder / "fitbit" / "sleep_score.csv")
    scores["date"] = pd.to_datetime(scores.timestamp.str[:10])
    main = scores.sort_values("duration_score").drop_duplicates("date", keep="last").index
    shorter = ~scores.index.to_series().isin(main)
    ledger.leave_out(name, scores, shorter, "two sleeps end on one date: the longer one counts", "timestamp")
    night = scores.loc[main].set_index("date").overall_score.astype(float)
    return night.where(night > 0).rename("sleep_score")


def injuries(folder: Path, ledger: Ledger) -> pd.Series:
    """1 on a day with a reported injury of any degree, 0 where the person said there was none, else not asked."""
    path = folder / "pmsys" / "injury.csv"
    if not path.exists():
        ledger.entries.append((f"pmdata/{folder.name}/pmsys/injury.csv", 0, "no such file: injuries not asked", ""))
        return pd.Series(dtype=float, name="injured", index=pd.DatetimeIndex([]))
    reports = pd.read_csv(path)
    dates = pd.Series([local_date(stamp, OSLO) for stamp in reports.effective_time_frame], index=reports.index)
    hurt = reports.injuries.map(lambda cell: float(bool(json.loads(cell.replace("'", '"')))))
    ledger.leave_out(
        f"pmdata/{folder.name}/pmsys/injury.csv", reports, dates.duplicated(), "folded: several reports on one day",
        "effective_time_frame",
    )  # fmt: skip
    return hurt.groupby(dates).max().rename("injured")


def with_rest(days: pd.DataFrame, load: pd.Series, answered: pd.Series) -> pd.DataFrame:
    known = load.dropna()
    if known.empty:
        return days
    quiet = [day for day in answered.unique() if known.index.min() < day < known.index.max() and day not in load.index]
    days = days.reindex(days.index.union(pd.DatetimeIndex(quiet)))
    days.loc[quiet, ["load_au", "rest_day"]] = [0.0, 1.0]
    return days


# --- LifeSnaps -------------------------------------------------------------------------------------------------------


def lifesnaps(root: Path, ledger: Ledger) -> pd.DataFrame:
    name = "daily_fitbit_sema_df_unprocessed.csv"
    nights = pd.read_csv(root / name, usecols=["id", "date", "rmssd", "sleep_points_percentage", "minutesAsleep"])
    file = f"lifesnaps/{name}"
    for column, what in (("rmssd", "rMSSD"), ("sleep_points_percentage", "sleep points")):
        ledger.leave_out(file, nights, nights[column] == 0, f"{what} 0: not measured", "id+date")
    out = (nights.rmssd > 0) & ~nights.rmssd.between(*RMSSD_MS)
    ledger.leave_out(file, nights, out, "rMSSD below 5 or above 250 ms", "id+date+rmssd")
    far = ~out & far_from_own(nights)
    ledger.leave_out(file, nights, far, "rMSSD more than 4 SD from the person's own median", "id+date+rmssd")
    hours = nights.minutesAsleep / 60
    absurd = hours.notna() & ~hours.between(*ASLEEP_H)
    ledger.leave_out(file, nights, absurd, "night below 2 h or above 16 h", "id+date+minutesAsleep")
    points = nights.sleep_points_percentage
    log = pd.DataFrame(
        {
            "athlete": "lifesnaps-" + nights.id,
            "date": pd.to_datetime(nights.date),
            "hrv_rmssd_ms": nights.rmssd.where(nights.rmssd.between(*RMSSD_MS) & ~far),
            "sleep_score": (100 * points).where((points > 0) & ~absurd).round(1),
            "sleep_h": hours.where(~absurd).round(3),
        }
    )
    empty = log[["hrv_rmssd_ms", "sleep_score", "sleep_h"]].isna().all(axis=1)
    ledger.leave_out(file, nights, empty, "nothing measured that a season log has a column for", "id+date")
    return in_columns(log[~empty])


def far_from_own(nights: pd.DataFrame) -> pd.Series:
    """The line at which a posted HRV reading is quarantined: 4 SD of ln rMSSD (from the MAD, at least 0.17)."""
    ln = np.log(nights.rmssd.where(nights.rmssd > 0))
    distance = (ln - ln.groupby(nights.id).transform("median")).abs()
    sd = (1.4826 * distance.groupby(nights.id).transform("median")).clip(lower=risk.HRV_PRIOR_SD_LN)
    return distance > QUARANTINE_SD * sd


# --- SoccerMon -------------------------------------------------------------------------------------------------------


def soccermon(root: Path, ledger: Ledger) -> pd.DataFrame:
    """Loads of footballers: no session is rest if the player answered that morning, else missing."""
    file = "soccermon/soccermon_player_day.csv"
    days = pd.read_csv(
        root / "soccermon_player_day.csv", usecols=["date", "player_id", "daily_load", "readiness", "sleep_duration"]
    )
    trained, answered = days.daily_load > 0, days.readiness.notna() | days.sleep_duration.notna()
    silent = ~trained & ~answered
    ledger.leave_out(file, days, silent, "neither a session nor an answer: missing, not rest", "player_id+date")
    short = days.sleep_duration < ASLEEP_H[0]
    ledger.leave_out(file, days, short, "night below 2 h or above 16 h", "player_id+date+sleep_duration")
    log = pd.DataFrame(
        {
            "athlete": "soccermon-" + days.player_id,
            "date": pd.to_datetime(days.date),
            "sleep_h": days.sleep_duration.where(~short),
            "load_au": days.daily_load,
            "rest_day": (~trained).astype(float).where(~trained),
        }
    )[~silent]
    few = log.groupby("athlete").date.transform("count") < WELL_COVERED_LOAD_DAYS
    ledger.leave_out(file, days[~silent], few, "player with fewer than 60 days", "player_id+date")
    return in_columns(log[~few])


# --- All -------------------------------------------------------------------------------------------------------------


def stitched(loads: pd.DataFrame, nights: pd.DataFrame) -> pd.DataFrame:
    """k-th best load log with k-th best HRV log, aligned on each one's first day."""
    by_load = loads.groupby("athlete").load_au.count().sort_values(ascending=False, kind="stable")
    by_hrv = nights.groupby("athlete").hrv_rmssd_ms.count().sort_values(ascending=False, kind="stable")
    pairs = zip(by_load[by_load >= WELL_COVERED_LOAD_DAYS].index, by_hrv.index, strict=False)
    return in_columns(pd.concat([joined(loads, a, nights, b) for a, b in pairs], ignore_index=True))


def joined(loads: pd.DataFrame, trained: str, nights: pd.DataFrame, slept: str) -> pd.DataFrame:
    left = loads[loads.athlete == trained].set_index("date")[["load_au", "rest_day", "injured"]]
    right = nights[(nights.athlete == slept) & nights.hrv_rmssd_ms.notna().groupby(nights.athlete).cummax()]
    shifted = right.set_index(right.date + (left.index.min() - right.date.min()))
    both = left.join(shifted[["hrv_rmssd_ms", "sleep_score", "sleep_h"]], how="outer").loc[: left.index.max()]
    both = both.dropna(how="all").rename_axis("date").reset_index()
    return both.assign(athlete=f"stitched-{trained.rsplit('-')[-1]}-{slept[-6:]}")


def in_columns(log: pd.DataFrame) -> pd.DataFrame:
    log = log.reindex(columns=list(COLUMNS)).sort_values(["athlete", "date"], kind="stable", ignore_index=True)
    return log.assign(date=pd.to_datetime(log.date).dt.date)


def data_root(given: str | None = None) -> Path | None:
    """The folder with pmdata/ and lifesnaps/: as given, HOMESTRETCH_REAL_DATA, or beside this repository; or None."""
    beside = Path(__file__).resolve().parents[2] / "shared" / "data"
    root = Path(given or os.environ.get("HOMESTRETCH_REAL_DATA") or beside)
    return root if (root / "pmdata").is_dir() and (root / "lifesnaps").is_dir() else None


def season_logs(root: Path) -> tuple[dict[str, pd.DataFrame], Ledger]:
    ledger = Ledger()
    logs = {"pmdata": pmdata(root / "pmdata", ledger), "lifesnaps": lifesnaps(root / "lifesnaps", ledger)}
    logs["pmdata-rest"] = pmdata(root / "pmdata", Ledger(), rest_when_answered=True)
    if (root / "soccermon").is_dir():
        logs["soccermon"] = soccermon(root / "soccermon", ledger)
    logs["stitched"] = stitched(logs["pmdata-rest"], logs["lifesnaps"])
    return logs, ledger


def summary(logs: dict[str, pd.DataFrame], ledger: Ledger) -> str:
    headings = ("people", "rows", "load", "rest", "rMSSD", "score", "hours", "injured")
    lines = [f"{'log':<14}" + "".join(f"{heading:>9}" for heading in headings)]
    for name, log in logs.items():
        known = [log[c].notna().sum() for c in ("load_au", "rest_day", "hrv_rmssd_ms", "sleep_score", "sleep_h")]
        counts = [log.athlete.nunique(), len(log), *known, (log.injured == 1).sum()]
        lines.append(f"{name:<14}" + "".join(f"{count:>9,}" for count in counts))
    lines += ["", "not used as they stand (left_out.csv names each by file and line):"]
    lines += [f"{count:>7,}  {source}: {reason}" for (source, reason), count in sorted(ledger.counts().items())]
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", help="folder with pmdata/ and lifesnaps/ (or HOMESTRETCH_REAL_DATA)")
    parser.add_argument("--out", type=Path, default=Path("var/real"))
    given = parser.parse_args()
    root = data_root(given.data)
    if root is None:
        print(ABSENT, file=sys.stderr)
        return 2
    logs, ledger = season_logs(root)
    given.out.mkdir(parents=True, exist_ok=True)
    for name, log in logs.items():
        write_season_log(log, given.out / f"{name}.csv")
    ledger.frame().to_csv(given.out / "left_out.csv", index=False)
    told = summary(logs, ledger)
    (given.out / "summary.txt").write_text(told + "\n")
    print(told)
    return 0


if __name__ == "__main__":
    sys.exit(main())

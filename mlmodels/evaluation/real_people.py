"""Signals of real people as day by person tables: what forecasts and worlds are held against.

Read from a folder with ``lifesnaps/`` (Yfantidou 2022, doi 10.1038/s41597-022-01764-x), ``pmdata/`` (Thambawita 2020,
doi 10.1145/3339825.3394926), ``soccermon/`` (Midoglu 2024, doi 10.1038/s41597-024-03386-x) and ``track400/`` (race
results). The data are not part of this project and none of them may be missing without a word: see ``present``.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

NIGHTS_NEEDED = 40  # of HRV or sleep, or the person is left out
SESSIONS_NEEDED = 60
FILES = {
    "lifesnaps": "lifesnaps/daily_fitbit_sema_df_unprocessed.csv",
    "pmdata": "pmdata/p01/fitbit/sleep_score.csv",
    "soccermon": "soccermon/soccermon_player_day.csv",
    "track400": "track400/results_400m_pseudonymised.csv",
}


def present(folder: Path | None) -> list[str]:
    """Which of the four collections are in ``folder``."""
    return [name for name, file in FILES.items() if folder is not None and (folder / file).is_file()]


def ln_rmssd(folder: Path) -> pd.DataFrame:
    """LifeSnaps: ln of the nightly rMSSD, a row per date and a column per person with at least 40 nights."""
    rows = pd.read_csv(folder / FILES["lifesnaps"], usecols=["id", "date", "rmssd"], low_memory=False)
    rows = rows[rows.rmssd > 0]  # 0 is how the export writes "not measured"
    return table(rows.id, rows.date, np.log(rows.rmssd), NIGHTS_NEEDED)


def sleep_score(folder: Path) -> pd.DataFrame:
    """PMData: Fitbit's sleep score 0-100 by the date of waking; the day's last counts."""
    files = sorted(folder.glob("pmdata/p*/fitbit/sleep_score.csv"))
    rows = pd.concat([pd.read_csv(file).assign(who=file.parts[-3]) for file in files])
    return table(rows.who, rows.timestamp.str[:10], rows.overall_score, NIGHTS_NEEDED)


def readiness(folder: Path) -> pd.DataFrame:
    """SoccerMon: readiness 0-10 as answered in the morning."""
    rows = pd.read_csv(folder / FILES["soccermon"])
    rows = rows[rows.readiness.notna()]
    return table(rows.player_id, rows.date, rows.readiness, SESSIONS_NEEDED)


def loads(folder: Path) -> pd.DataFrame:
    """SoccerMon: session-RPE load in AU, 0 without a session, NaN before a player's first and after the last."""
    rows = pd.read_csv(folder / FILES["soccermon"])
    days = table(rows.player_id, rows.date, rows.daily_load.fillna(0.0), 1)
    trained = days > 0
    days = days.where(trained.cummax() & trained[::-1].cummax()[::-1])
    return days.loc[:, trained.sum() >= SESSIONS_NEEDED].dropna(how="all").asfreq("D")


def race_to_race_pct(folder: Path) -> float:
    """Typical error of a 400 m time: SD of ln time between two races of one athlete within 14 days, over sqrt 2.

    The lists cut slow races off, so only athletes whose median is 2 % better than the cut-off are taken.
    """
    races = pd.read_csv(folder / FILES["track400"])
    races["date"] = pd.to_datetime(races.date)
    cutoff = races.groupby("sex").mark.max()
    median = races.groupby("aid").mark.transform("median")
    races = races[median < 0.98 * races.sex.map(cutoff)].sort_values(["aid", "date"])
    apart = races.groupby("aid").date.diff().dt.days
    ratio = np.log(races.mark) - np.log(races.groupby("aid").mark.shift())
    close = ratio[(apart >= 1) & (apart <= 14)]
    return float(100 * close.std() / np.sqrt(2))


def table(who: pd.Series, date: pd.Series, value: pd.Series, needed: int) -> pd.DataFrame:
    """Dates without a gap x people; the last value of a day counts, people with fewer than ``needed`` are left out."""
    rows = pd.DataFrame({"who": who.to_numpy(), "date": pd.to_datetime(date).to_numpy(), "value": value.to_numpy()})
    wide = rows.groupby(["date", "who"]).value.last().unstack("who").asfreq("D")
    return wide.loc[:, wide.notna().sum() >= needed]

"""Season logs of real people: what the reader makes of their oddities, and what advice makes of the logs."""

import csv
import json
from collections import defaultdict
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pandas as pd
import pytest

from benchmarks import real_season_logs as real

DATA = real.data_root()
needs_data = pytest.mark.skipif(DATA is None, reason=real.ABSENT)


def write(path: Path, header: str, *rows: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join([header, *rows]) + "\n")


def exported_person(root: Path, *, sessions: list[str] = (), answers: list[str] = (), scores: list[str] = ()) -> Path:
    person = root / "p01"
    write(person / "pmsys/srpe.csv", "end_date_time,activity_names,perceived_exertion,duration_min", *sessions)
    write(person / "pmsys/wellness.csv", "effective_time_frame,sleep_duration_h", *answers)
    write(person / "fitbit/sleep_score.csv", "timestamp,overall_score,duration_score", *scores)
    write(
        person / "pmsys/injury.csv", "effective_time_frame,injuries", "2020-01-14T08:00:00Z,\"{'left_knee': 'minor'}\""
    )
    return root


def by_day(log: pd.DataFrame, column: str) -> dict[date, float]:
    return log.set_index("date")[column].dropna().to_dict()


def reasons(ledger: real.Ledger) -> list[tuple[str, int, str]]:
    return [(file, line, reason) for file, line, reason, _ in ledger.entries]


def test_a_session_reported_late_in_the_utc_evening_belongs_to_the_next_local_day(tmp_path):
    ledger = real.Ledger()
    root = exported_person(
        tmp_path,
        sessions=["2020-01-15T23:11:13.000Z,x,5,40", "2020-01-15T20:00:00.000Z,x,6,30", "2020-01-15T21:00:00,x,2,10"],
    )
    log = real.pmdata(root, ledger)
    assert by_day(log, "load_au") == {date(2020, 1, 15): 6 * 30 + 2 * 10, date(2020, 1, 16): 5 * 40}
    assert ("pmdata/p01/pmsys/srpe.csv", 2, "moved: the local day is not the UTC day") in reasons(ledger)


def test_a_session_without_an_effort_makes_the_load_of_its_day_unknown_not_small(tmp_path):
    ledger = real.Ledger()
    root = exported_person(tmp_path, sessions=["2020-01-15T10:00:00Z,x,,", "2020-01-15T18:00:00Z,x,6,30"])
    assert by_day(real.pmdata(root, ledger), "load_au") == {}
    assert ("pmdata/p01/pmsys/srpe.csv", 2, "session without RPE or minutes: load unknown") in reasons(ledger)


def test_a_sleep_score_keeps_the_date_as_written_although_its_stamp_claims_utc(tmp_path):
    root = exported_person(tmp_path, scores=["2020-01-15T23:38:30Z,77,30"])
    assert by_day(real.pmdata(root, real.Ledger()), "sleep_score") == {date(2020, 1, 15): 77}


def test_of_two_sleeps_that_end_on_one_date_the_longer_one_counts(tmp_path):
    ledger = real.Ledger()
    root = exported_person(tmp_path, scores=["2020-01-15T07:00:00Z,77,40", "2020-01-15T16:00:00Z,90,12"])
    assert by_day(real.pmdata(root, ledger), "sleep_score") == {date(2020, 1, 15): 77}
    assert ("pmdata/p01/fitbit/sleep_score.csv", 3, "two sleeps end on one date: the longer one counts") in reasons(
        ledger
    )


def test_no_hours_of_sleep_means_not_measured_and_never_replaces_an_answer(tmp_path):
    ledger = real.Ledger()
    root = exported_person(
        tmp_path, answers=["2020-01-15T07:00:00Z,7", "2020-01-15T10:00:00Z,0", "2020-01-16T07:00:00Z,1"]
    )
    assert by_day(real.pmdata(root, ledger), "sleep_h") == {date(2020, 1, 15): 7}
    assert reasons(ledger) == [
        ("pmdata/p01/pmsys/wellness.csv", 3, "0 h of sleep: not measured"),
        ("pmdata/p01/pmsys/wellness.csv", 4, "night below 2 h or above 16 h"),
    ]


def test_a_day_nobody_reported_stays_missing_unless_an_answer_that_morning_is_read_as_rest(tmp_path):
    root = exported_person(
        tmp_path,
        sessions=["2020-01-10T18:00:00Z,x,5,60", "2020-01-14T18:00:00Z,x,5,60"],
        answers=["2020-01-09T07:00:00Z,7", "2020-01-12T07:00:00Z,7", "2020-01-15T07:00:00Z,7"],
    )
    trained = {date(2020, 1, 10): 300, date(2020, 1, 14): 300}
    assert by_day(real.pmdata(root, real.Ledger()), "load_au") == trained
    read_as_rest = real.pmdata(root, real.Ledger(), rest_when_answered=True)
    assert by_day(read_as_rest, "load_au") == {**trained, date(2020, 1, 12): 0}
    assert by_day(read_as_rest, "rest_day") == {date(2020, 1, 12): 1}


def test_zeros_and_absurd_nights_of_lifesnaps_are_left_out_by_line(tmp_path):
    ledger = real.Ledger()
    write(
        tmp_path / "daily_fitbit_sema_df_unprocessed.csv",
        "id,date,rmssd,sleep_points_percentage,minutesAsleep",
        "a,2021-05-24,0.0,0.8,445", "a,2021-05-25,40.5,0.0,450", "a,2021-05-26,41.5,0.9,1094", "a,2021-05-27,,,",
    )  # fmt: skip
    log = real.lifesnaps(tmp_path, ledger)
    assert by_day(log, "hrv_rmssd_ms") == {date(2021, 5, 25): 40.5, date(2021, 5, 26): 41.5}
    assert by_day(log, "sleep_score") == {date(2021, 5, 24): 80}
    assert by_day(log, "sleep_h") == {date(2021, 5, 24): 7.417, date(2021, 5, 25): 7.5}
    assert sorted(line for _, line, _ in reasons(ledger)) == [2, 3, 4, 5]


def test_a_night_far_from_the_persons_own_range_is_left_out(tmp_path):
    ledger = real.Ledger()
    usual = [f"a,2021-05-{day:02d},{40 + day % 3},0.8,445" for day in range(1, 15)]
    header = "id,date,rmssd,sleep_points_percentage,minutesAsleep"
    write(tmp_path / "daily_fitbit_sema_df_unprocessed.csv", header, *usual, "a,2021-05-20,12.0,0.8,445")
    log = real.lifesnaps(tmp_path, ledger)
    assert date(2021, 5, 20) not in by_day(log, "hrv_rmssd_ms")
    assert by_day(log, "sleep_h")[date(2021, 5, 20)] == 7.417
    assert [line for _, line, _ in reasons(ledger)] == [16]


# --- The whole exports, where they are ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def logs():
    return real.season_logs(DATA)


@needs_data
def test_the_loads_of_pmdata_are_those_of_a_plain_reading_of_its_files(logs):
    """Anchor: summed again with csv and datetime alone."""
    expected: dict[tuple[str, date], float] = defaultdict(float)
    for path in DATA.glob("pmdata/p*/pmsys/srpe.csv"):
        for row in csv.DictReader(path.open()):
            if row["perceived_exertion"] and row["duration_min"]:
                ended = datetime.strptime(row["end_date_time"], "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)
                day = ended.astimezone(ZoneInfo("Europe/Oslo")).date()
                expected[f"pmdata-{path.parts[-3]}", day] += float(row["perceived_exertion"]) * float(
                    row["duration_min"]
                )
    log = logs[0]["pmdata"].dropna(subset="load_au")
    assert dict(zip(zip(log.athlete, log.date, strict=True), log.load_au, strict=True)) == expected
    assert len(expected) == 719


@needs_data
def test_every_measured_night_of_lifesnaps_is_in_the_log_or_named_as_left_out(logs):
    """Anchors: 2,475 nights with rMSSD of which 30 are zeros, 1,876 sleep scores of which 296 are zeros."""
    frames, ledger = logs
    counts = ledger.counts()
    far = counts["lifesnaps", "rMSSD more than 4 SD from the person's own median"]
    assert frames["lifesnaps"].hrv_rmssd_ms.count() == 2_475 - 30 - far
    assert 0 < far < 0.01 * 2_475
    assert counts["lifesnaps", "rMSSD 0: not measured"] == 30
    assert counts["lifesnaps", "sleep points 0: not measured"] == 296
    absurd_with_score = 1_876 - 296 - frames["lifesnaps"].sleep_score.count()
    assert 0 <= absurd_with_score <= counts["lifesnaps", "night below 2 h or above 16 h"] == 69
    assert (
        len(frames["lifesnaps"]) + counts["lifesnaps", "nothing measured that a season log has a column for"] == 7_410
    )


@needs_data
def test_reported_injuries_are_seventy_two_days_of_which_one_person_has_most(logs):
    log = logs[0]["pmdata"]
    hurt = log[log.injured == 1].groupby("athlete").size()
    assert hurt.sum() == 72
    assert hurt.idxmax() == "pmdata-p12"


@needs_data
def test_the_sleep_score_stamps_of_pmdata_are_local_although_they_end_in_z():
    """The evidence for reading their date as written: they equal the naive local end of the same sleep."""
    ends = {
        sleep["logId"]: sleep["endTime"] for sleep in json.loads((DATA / "pmdata/p01/fitbit/sleep.json").read_text())
    }
    rows = list(csv.DictReader((DATA / "pmdata/p01/fitbit/sleep_score.csv").open()))
    both = [
        (row["timestamp"], ends[int(row["sleep_log_entry_id"])])
        for row in rows
        if int(row["sleep_log_entry_id"]) in ends
    ]
    assert len(both) == 149
    assert all(stamp.rstrip("Z") == end.removesuffix(".000") for stamp, end in both)


@needs_data
def test_the_written_logs_are_read_back_by_the_season_log_reader_without_a_complaint(logs, tmp_path):
    from mlmodels.season_log import read_season_log, write_season_log

    for name, log in logs[0].items():
        write_season_log(log, tmp_path / f"{name}.csv")
        again = read_season_log(tmp_path / f"{name}.csv")
        assert len(again) == len(log)
        assert again.load_au.sum() == pytest.approx(log.load_au.sum())
        assert again.hrv_rmssd_ms.count() == log.hrv_rmssd_ms.count()

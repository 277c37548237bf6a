"""Readers on data that nobody here wrote. It is no part of the product: without it these tests are skipped."""

import csv
import json
import os
from collections import Counter
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from athletes.wearables.readers import READERS, rr
from athletes.wearables.readings import ReadingProfile
from tests.athletes.wearables.payload_files import zipped

DATA = Path(os.environ.get("HOMESTRETCH_REAL_DATA", Path(__file__).resolve().parents[4] / "shared" / "data"))
OSLO = ReadingProfile("Europe/Oslo")

needs_data = pytest.mark.skipif(not DATA.is_dir(), reason=f"no real data at {DATA}")


@needs_data
def test_pmdata_every_fitbit_night_lies_on_the_day_fitbit_says_and_has_its_score():
    folder = DATA / "pmdata" / "p01" / "fitbit"
    nights, scores = (folder / "sleep.json").read_bytes(), (folder / "sleep_score.csv").read_bytes()
    result = READERS["fitbit"].read(zipped(sleep_json=nights, sleep_score_csv=scores), profile=OSLO)
    logged = json.loads(nights)
    read = {r.data["client_record_id"]: r.data for r in result.readings}  # five logs stand in the file twice
    assert (len(result.readings), len(read), result.findings) == (len(logged), len(logged) - 5, [])
    days = [datetime.fromisoformat(d["end_at"]).astimezone(ZoneInfo("Europe/Oslo")).date() for d in read.values()]
    assert [day.isoformat() for day in days] == [data["vendor_date"] for data in read.values()]
    told = {
        row["sleep_log_entry_id"]: float(row["overall_score"]) for row in csv.DictReader(scores.decode().splitlines())
    }
    assert {name: data["score"] for name, data in read.items() if "score" in data} == {
        name: score for name, score in told.items() if name in read
    }


@needs_data
def test_pmdata_scores_call_utc_what_is_the_wall_clock_of_the_same_night():
    folder = DATA / "pmdata" / "p01" / "fitbit"
    ends = {str(log["logId"]): log["endTime"][:19] for log in json.loads((folder / "sleep.json").read_bytes())}
    rows = list(csv.DictReader((folder / "sleep_score.csv").open()))
    both = [(row["timestamp"], ends[row["sleep_log_entry_id"]]) for row in rows if row["sleep_log_entry_id"] in ends]
    assert len(both) > 100
    assert Counter(stamp.endswith("Z") and stamp[:19] == end for stamp, end in both)[True] > 0.95 * len(both)


@needs_data
def test_pmdata_exercises_are_sessions_without_an_rpe_and_walks_are_none():
    exercises = (DATA / "pmdata" / "p01" / "fitbit" / "exercise.json").read_bytes()
    result = READERS["fitbit"].read(exercises, profile=OSLO)
    logged = Counter(entry["activityName"] == "Walk" for entry in json.loads(exercises))
    assert result.ignored["activities of walking"] >= logged[True] > 0
    sessions = [r.data for r in result.readings]
    assert len(sessions) + result.ignored["activities of walking"] + len(result.findings) >= len(json.loads(exercises))
    assert all("rpe" not in data and 1 <= data["duration_min"] <= 600 for data in sessions)


@needs_data
def test_pmdata_resting_heart_rates_are_read_and_the_zeros_of_unworn_days_are_not():
    for file in sorted((DATA / "pmdata").glob("p*/fitbit/resting_heart_rate.json")):
        result = READERS["fitbit"].read(file.read_bytes(), profile=OSLO)
        told = [(entry["dateTime"][:10], entry["value"]["value"]) for entry in json.loads(file.read_bytes())]
        read = [(r.data["vendor_date"], r.data["value_bpm"]) for r in result.readings]
        assert read == [(day, value) for day, value in told if value]
        assert {finding.code for finding in result.findings} <= {"missing_sentinel"}
        assert len(read) + len(result.findings) == len(told)


@needs_data
def test_lifesnaps_every_night_s_rmssd_is_read_as_it_is_or_refused_with_a_finding():
    rows = [row for row in csv.DictReader(next((DATA / "lifesnaps").glob("*.csv")).open()) if row["rmssd"]]
    read = found = 0
    for person in sorted({row["id"] for row in rows}):
        own = [{"dateTime": r["date"], "value": {"dailyRmssd": float(r["rmssd"])}} for r in rows if r["id"] == person]
        result = READERS["fitbit"].read({"hrv": own}, profile=OSLO)
        assert {r.data["metric"] for r in result.readings} <= {"rmssd"}
        assert all(r.data["value_ms"] in {e["value"]["dailyRmssd"] for e in own} for r in result.readings)
        read, found = read + len(result.readings), found + len(result.findings)
    assert read + found == len(rows) == 2475


def night_of(user):
    """The intervals between going to bed and getting up, in ms."""
    folder = DATA / "mmash_rr" / f"user_{user}"
    bed = next(csv.DictReader((folder / "sleep.csv").open()))
    start, end, day = bed["In Bed Time"], bed["Out Bed Time"], bed["In Bed Date"]
    assert (day, bed["Out Bed Date"]) == ("2", "2")
    rows = csv.DictReader((folder / "RR.csv").open())
    return [float(r["ibi_s"]) * 1000 for r in rows if r["day"] == "2" and start <= r["time"][:5] <= end]


@needs_data
def test_mmash_a_night_with_16_percent_of_artefacts_is_refused():
    intervals = night_of(4)
    assert 100 * (1 - sum(rr.good_beats(intervals)) / len(intervals)) == pytest.approx(16, abs=1)
    with pytest.raises(rr.TooManyArtifacts):
        rr.rmssd_of(intervals)


@needs_data
def test_mmash_a_good_night_is_accepted_at_its_rmssd():
    cleaned = rr.rmssd_of(night_of(12))
    assert cleaned.rmssd_ms == pytest.approx(42, abs=1.5)
    assert cleaned.artifact_pct < 2

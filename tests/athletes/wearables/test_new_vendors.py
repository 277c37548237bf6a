"""Vendors read from a description of their exports: what becomes of each, and what is left aside."""

import pytest

from athletes.wearables.field_tables import as_markdown
from athletes.wearables.readers import READERS
from athletes.wearables.readings import Unreadable
from tests.athletes.wearables.payload_files import archive_of, codes, data_of, raw, read, samsung_export

FROM_A_DESCRIPTION = ("eight_sleep", "ringconn", "samsung", "strava", "suunto", "ultrahuman", "welltory", "zepp")


def test_the_page_says_of_each_that_no_real_file_was_read_yet():
    assert sorted(name for name, reader in READERS.items() if reader.from_description) == sorted(FROM_A_DESCRIPTION)
    assert as_markdown().count("Written from a description") == len(FROM_A_DESCRIPTION)


def test_samsung_joins_a_night_with_its_stages_and_its_hrv_in_its_own_offset():
    result = read("samsung", samsung_export())
    assert data_of(result, "sleep_session") == [{
        "client_record_id": "n1", "client_record_version": 0, "source": {"provider": "samsung", "device_type": "watch"},
        "start_at": "2026-11-21T23:10:00-04:00", "end_at": "2026-11-22T06:40:00-04:00", "duration_s": 26400,
        "score": 81.0, "awake_s": 600, "light_s": 14400, "deep_s": 5400, "rem_s": 6600,
    }]  # fmt: skip
    assert [(r["measured_at"], r["context"], r["value_ms"]) for r in data_of(result, "hrv_reading")] == [
        ("2026-11-22T06:40:00-04:00", "overnight_mean", 62.0), ("2026-11-22T15:20:00-04:00", "spot", 25.0),
    ]  # fmt: skip
    assert [(s["started_at"], s["duration_min"], s["kind"]) for s in data_of(result, "training_session")] == [
        ("2026-11-21T17:00:00-04:00", 60.0, "endurance")
    ]
    assert (result.findings, result.ignored["file com.samsung.shealth.stress.csv"]) == ([], 1)
    assert "cells behind the last column" not in result.ignored


def test_samsung_a_sheet_of_nights_without_its_stages_knows_no_sleep():
    sheet = (
        "com.samsung.shealth.sleep,6000003,8\ncom.samsung.health.sleep.start_time,com.samsung.health.sleep.end_time,"
        "com.samsung.health.sleep.time_offset,com.samsung.health.sleep.datauuid\n"
        "2026-11-22 03:10:00.000,2026-11-22 10:40:00.000,UTC-0400,n1,\n"
    )
    result = read("samsung", sheet.encode())
    assert (result.readings, codes(result)) == ([], [("line 3", "no_sleep_told")])


def test_suunto_a_nap_s_hrv_is_a_spot_reading():
    result = read("suunto", raw("suunto.json"))
    assert [(s["end_at"], s["is_nap"]) for s in data_of(result, "sleep_session")] == [
        ("2026-11-22T06:30:00+01:00", False), ("2026-11-22T15:00:00+01:00", True),
    ]  # fmt: skip
    assert [(r["context"], r["value_ms"]) for r in data_of(result, "hrv_reading")] == [
        ("overnight_mean", 58.0), ("spot", 40.0),
    ]  # fmt: skip
    assert result.ignored["entries of other kinds"] == 1


@pytest.mark.parametrize("name", ["ultrahuman.json", "eight_sleep.json", "ringconn.csv"])
def test_an_hrv_whose_metric_nobody_tells_is_not_used(name):
    assert data_of(read(name.split(".")[0], raw(name)), "hrv_reading") == []


def test_ultrahuman_a_night_and_the_resting_heart_rate_of_the_night_in_its_zone():
    result = read("ultrahuman", raw("ultrahuman.json"))
    (night,) = data_of(result, "sleep_session")
    told = ("start_at", "end_at", "timezone", "vendor_date", "deep_s", "light_s", "rem_s", "awake_s")
    assert tuple(night[name] for name in told) == (
        "2026-11-21T22:00:00Z", "2026-11-22T05:30:00Z", "Europe/Berlin", "2026-11-22", 5400, 14000, 6000, 1600,
    )  # fmt: skip
    assert [r["value_bpm"] for r in data_of(result, "resting_hr_reading")] == [47.0]
    assert result.ignored["metric avg_sleep_hrv"] == 1


def test_eight_sleep_a_night_that_is_not_final_waits():
    result = read("eight_sleep", raw("eight_sleep.json"))
    assert [(s["end_at"], s["vendor_date"], s["duration_s"]) for s in data_of(result, "sleep_session")] == [
        ("2026-11-22T06:00:00Z", "2026-11-22", 25200)
    ]
    assert result.ignored["nights not final yet"] == 1


def test_ringconn_reads_its_sheet_of_sleep_also_in_the_zip():
    (night,) = data_of(read("ringconn", raw("ringconn.csv")), "sleep_session")
    told = ("start_at", "end_at", "duration_s", "efficiency_pct", "awake_s")
    assert tuple(night[name] for name in told) == ("2026-11-21T21:50:00Z", "2026-11-22T05:40:00Z", 26460, 94.0, 1740)
    archive = archive_of({"Sleep-Alice-2026.csv": raw("ringconn.csv"), "Vital Sings-Alice.csv": "Date\n"})
    result = read("ringconn", archive)
    assert data_of(result, "sleep_session") == [night]
    assert result.ignored["file Vital Sings-Alice.csv"] == 1


def test_zepp_times_are_utc_and_a_day_without_sleep_is_no_finding():
    result = read("zepp", raw("zepp_sleep.csv"))
    assert [(s["start_at"], s["end_at"], s["rem_s"]) for s in data_of(result, "sleep_session")] == [
        ("2026-11-21T21:40:00Z", "2026-11-22T05:10:00Z", 4800)
    ]
    assert (result.findings, result.ignored["days without sleep"]) == ([], 1)
    assert [
        (s["kind"], s["duration_min"]) for s in data_of(read("zepp", raw("zepp_sport.csv")), "training_session")
    ] == [("endurance", 40.0)]


def test_zepp_an_encrypted_zip_is_refused():
    encrypted = bytearray(archive_of({"SLEEP/SLEEP_1.csv": raw("zepp_sleep.csv")}))
    encrypted[6] |= 1
    encrypted[encrypted.index(b"PK\x01\x02") + 8] |= 1
    with pytest.raises(Unreadable) as refusal:
        read("zepp", bytes(encrypted))
    assert refusal.value.code == "not_a_zip"


def test_strava_takes_the_athlete_s_own_rating_and_the_distance_in_metres():
    sessions = data_of(read("strava", raw("strava.csv")), "training_session")
    told = ("started_at", "duration_min", "rpe", "distance_m", "avg_hr_bpm")
    assert [tuple(session.get(name) for name in told) for session in sessions] == [
        ("2026-11-21T16:00:03Z", 4100 / 60, 7.0, 6200.5, 148.0), ("2026-11-22T16:00:03Z", 60.0, None, None, None),
    ]  # fmt: skip
    archive = archive_of({"export/activities.csv": raw("strava.csv"), "export/activities/1.fit.gz": b"x"})
    assert data_of(read("strava", archive), "training_session") == sessions


def test_welltory_measurements_are_spot_readings_of_both_metrics():
    readings = data_of(read("welltory", raw("welltory.csv")), "hrv_reading")
    assert [(r["measured_at"], r["metric"], r["context"], r["value_ms"]) for r in readings] == [
        ("2026-11-22T05:52:10Z", "rmssd", "spot", 62.25), ("2026-11-22T05:52:10Z", "sdnn", "spot", 71.5),
        ("2026-11-22T17:31:00Z", "rmssd", "spot", 25.0), ("2026-11-22T17:31:00Z", "sdnn", "spot", 40.5),
    ]  # fmt: skip

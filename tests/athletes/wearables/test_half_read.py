"""Files as vendors and apps really write them, which had been refused or half read."""

import gzip
import io
import json
import struct
from datetime import datetime, timedelta

import pytest
from fitdecode import FIT_FRAME_DATAMESG

from athletes.wearables.fit_sparing import SparingReader
from athletes.wearables.readings import ReadingProfile, Unreadable
from tests.athletes.wearables import fit_files
from tests.athletes.wearables.payload_files import archive_of, codes, data_of, raw, read, rr_ms, zipped

# --- Garmin ----------------------------------------------------------------------------------------------------------


def of_days(kind, *names):
    result = read("garmin_connect", raw("garmin_connect_days.json"))
    return [tuple(data.get(name) for name in names) for data in data_of(result, kind)]


def test_garmin_connect_a_range_of_hrv_and_the_archive_s_health_status_are_nights():
    assert of_days("hrv_reading", "client_record_id", "context", "value_ms") == [
        ("connect:2026-11-20:overnight_mean", "overnight_mean", 57.0),
        ("connect:2026-11-19:overnight_mean", "overnight_mean", 62.0),
    ]


def test_garmin_connect_a_flat_night_of_the_archive_is_utc_and_its_stages_are_its_sleep():
    assert of_days("sleep_session", "start_at", "end_at", "vendor_date", "light_s", "score") == [
        ("2026-11-19T22:10:00Z", "2026-11-20T05:40:00Z", "2026-11-20", 15000, 79.0)
    ]


def test_garmin_connect_the_archive_counts_milliseconds_and_centimetres():
    assert of_days("training_session", "client_record_id", "started_at", "duration_min", "rpe", "avg_hr_bpm") == [
        ("connect:123457", "2026-11-21T17:00:00+01:00", 75.0, 3.0, 148.0),
        ("connect:123458", "2026-11-20T17:00:00+01:00", 30.0, None, None),
        ("connect:123459", "2026-11-20T17:00:00+01:00", 60.0, 6.0, 112.0),
    ]


def test_garmin_connect_a_resting_heart_rate_told_by_several_answers_is_one():
    day = {"calendarDate": "2026-11-22", "restingHeartRate": 47}
    night = {"dailySleepDTO": {"calendarDate": "2026-11-22", "sleepTimeSeconds": 26400,
                               "sleepStartTimestampGMT": 1795297800000, "sleepEndTimestampGMT": 1795325400000},
             "restingHeartRate": 47}  # fmt: skip
    rates = {"calendarDate": "2026-11-22", "restingHeartRate": 47, "heartRateValues": [[1795297800000, 50]]}
    result = read("garmin_connect", [night, day, rates])
    assert [
        (r["client_record_id"], r["vendor_date"], r["value_bpm"]) for r in data_of(result, "resting_hr_reading")
    ] == [("connect:2026-11-22", "2026-11-22", 47)]


def test_garmin_connect_a_flat_night_keeps_its_resting_heart_rate_and_the_answer_of_a_day_alone_is_one():
    flat = {"calendarDate": "2026-11-22", "sleepTimeSeconds": 26400, "sleepStartTimestampGMT": 1795297800000,
            "sleepEndTimestampGMT": 1795325400000, "restingHeartRate": 47}  # fmt: skip
    day = {
        "allMetrics": {"metricsMap": {"WELLNESS_RESTING_HEART_RATE": [{"value": 48.0, "calendarDate": "2026-11-21"}]}}
    }
    result = read("garmin_connect", [flat, day])
    assert [s["duration_s"] for s in data_of(result, "sleep_session")] == [26400]
    assert [(r["vendor_date"], r["value_bpm"]) for r in data_of(result, "resting_hr_reading")] == [
        ("2026-11-22", 47.0), ("2026-11-21", 48.0),
    ]  # fmt: skip


def test_garmin_connect_the_archive_is_read_and_its_other_files_are_named():
    nights = json.dumps([{"calendarDate": "2026-11-20", "sleepStartTimestampGMT": "2026-11-19T22:10:00.0",
                          "sleepEndTimestampGMT": "2026-11-20T05:40:00.0", "lightSleepSeconds": 25000}])  # fmt: skip
    archive = archive_of({
        "DI_CONNECT/DI-Connect-Wellness/2026-01-01_7_sleepData.json": nights,
        "DI_CONNECT/DI-Connect-Aggregator/UDSFile_2026-01-01.json":
            '[{"calendarDate": "2026-11-20", "restingHeartRate": 47}]',
        "DI_CONNECT/DI-Connect-User/user_settings.json": "{}",
    })  # fmt: skip
    result = read("garmin_connect", archive)
    assert [r.kind for r in result.readings] == ["sleep_session", "resting_hr_reading"]
    assert result.ignored["file user_settings.json"] == 1


def test_garmin_a_batch_of_two_users_is_split_by_the_linked_account():
    payload = json.loads(raw("garmin.json"))
    payload["hrv"].append({**payload["hrv"][0], "userId": "bob", "summaryId": "bobs", "lastNightAvg": 99})
    result = read("garmin", payload, ReadingProfile("Europe/Berlin", None, "alice-1"))
    assert [r["value_ms"] for r in data_of(result, "hrv_reading")] == [44.0, 72.0]
    assert result.ignored["summaries of other people"] == 1
    of_bob = read("garmin", payload, ReadingProfile("Europe/Berlin", None, "bob"))
    assert [r["value_ms"] for r in data_of(of_bob, "hrv_reading")] == [99.0, 72.0]


NAME_OF_SUMMARY = "Daily Heart Rate Variability Summary - 2026-11-22.csv"
# --- Fitbit ----------------------------------------------------------------------------------------------------------


def test_fitbit_takeout_s_daily_hrv_summary_is_read_and_what_is_not_read_is_named():
    takeout = "Takeout/Fitbit/"
    archive = archive_of({
        f"{takeout}Heart Rate Variability/Daily Heart Rate Variability Summary - 2026-11-22.csv": raw("fitbit_hrv.csv"),
        f"{takeout}Heart Rate Variability/Heart Rate Variability Details - 2026-11-22.csv": "timestamp,rmssd\n",
        f"{takeout}Global Export Data/heart_rate-2026-11-21.json": "[]",
        f"{takeout}Global Export Data/heart_rate-2026-11-22.json": "[]",
    })  # fmt: skip
    result = read("fitbit", archive)
    assert [(r["client_record_id"], r["context"], r["value_ms"]) for r in data_of(result, "hrv_reading")] == [
        ("2026-11-21:overnight_mean", "overnight_mean", 41.5), ("2026-11-22:overnight_mean", "overnight_mean", 43.25),
    ]  # fmt: skip
    assert {name: count for name, count in result.ignored.items() if name.startswith("file ")} == {
        "file heart_rate.json": 2, "file Heart Rate Variability Details.csv": 1,
    }  # fmt: skip


def test_fitbit_the_hrv_of_the_export_lies_at_the_end_of_its_night_and_alone_it_is_read_too():
    nights = json.dumps([{"logId": 1, "dateOfSleep": "2026-11-22", "startTime": "2026-11-21T23:00:00.000",
                          "endTime": "2026-11-22T06:30:00.000", "minutesAsleep": 420, "mainSleep": True}])  # fmt: skip
    summary = raw("fitbit_hrv.csv")
    together = data_of(read("fitbit", archive_of({"sleep.json": nights, NAME_OF_SUMMARY: summary})), "hrv_reading")
    alone = data_of(read("fitbit", summary), "hrv_reading")
    assert [r["measured_at"] for r in together] == ["2026-11-21T04:00:00Z", "2026-11-22T05:30:00Z"]
    assert [r["measured_at"] for r in alone] == ["2026-11-21T04:00:00Z", "2026-11-22T04:00:00Z"]


def test_fitbit_the_answer_of_activities_by_date_is_read():
    answer = {"activities": [{"logId": 5, "activityId": 15, "name": "Weights", "activityParentName": "Weights",
                              "startDate": "2026-11-22", "startTime": "17:00", "hasStartTime": True,
                              "duration": 3600000, "distance": 8.2}], "goals": {}, "summary": {}}  # fmt: skip
    result = read("fitbit", answer)
    assert [(s["started_at"], s["duration_min"], s["kind"]) for s in data_of(result, "training_session")] == [
        ("2026-11-22T16:00:00Z", 60.0, "strength")
    ]
    assert codes(result) == []


# --- HRV4Training and Elite HRV --------------------------------------------------------------------------------------


def hrv_of(name, text, *names):
    result = read(name, text.encode())
    return [tuple(data[name] for name in names) for data in data_of(result, "hrv_reading")], codes(result)


@pytest.mark.parametrize(
    ("date", "measured_at"),
    [
        ("2017-04-01 09:56:21 +0000", "2017-04-01T09:56:21Z"),
        ("2017-04-01 7:33:16 a. m. +0000", "2017-04-01T07:33:16Z"),
        ("2017-04-01 7:33:16\u202fAM +0000", "2017-04-01T07:33:16Z"),
        ("2017-04-01 07:33:16 +0200", "2017-04-01T07:33:16+02:00"),
        ("2017-27-07", "2017-07-27T03:00:00Z"),
    ],
)
def test_hrv4training_dates_as_phones_write_them(date, measured_at):
    readings, found = hrv_of("hrv4training", f"date,HR,rMSSD\n{date},48,62.5\n", "measured_at", "context", "value_ms")
    assert readings == [(measured_at, "morning_supine", 62.5)]
    assert [code for _, code in found] == (["date_order"] if "27" in date else [])


def test_hrv4training_rows_of_android_have_more_cells_than_the_header():
    file = "date,HR,rMSSD\n2026-11-21,48,62.5,0,1,-,tired\n2026-11-22,49,58.5,0,0,-,-\n2026-11-23,50\n"
    readings, found = hrv_of("hrv4training", file, "value_ms")
    assert (readings, found) == ([(62.5,), (58.5,)], [("line 4", "wrong_number_of_cells")])


def test_hrv4training_a_column_that_holds_no_dates_gives_way_to_the_next():
    file = "timestamp,date,rMSSD\n1795326000,2026-11-22 06:40:00,62.5\n"
    assert hrv_of("hrv4training", file, "measured_at", "value_ms")[0] == [("2026-11-22T05:40:00Z", 62.5)]


@pytest.mark.parametrize(
    ("columns", "row", "context"),
    [
        ("date,rMSSD", "2026-11-22 22:00:00,25", "spot"),
        ("date,rMSSD", "2026-11-22 06:40:00,25", "morning_supine"),
        ("date,rMSSD,position", "2026-11-22 06:40:00,25,standing", "morning_standing"),
        ("date,rMSSD,position", "2026-11-22 12:40:00,25,lying", "spot"),
        ("date,rMSSD", "2026-11-22,25", "morning_supine"),
    ],
)
def test_hrv4training_a_guided_reading_of_the_evening_is_none_of_the_morning(columns, row, context):
    assert hrv_of("hrv4training", f"{columns}\n{row}\n", "context")[0] == [(context,)]


def test_elitehrv_several_readings_a_day_are_told_apart_by_their_time_and_their_type():
    file = (
        "Date,Datetime,Type,Rmssd\n"
        "2026-11-22,2026-11-22 06:40:00,Morning Readiness,61\n"
        "2026-11-22,2026-11-22 12:50:00,Morning Readiness,58\n"
        "2026-11-22,2026-11-22 07:30:00,Open HRV Reading,25\n"
    )
    assert hrv_of("elitehrv", file, "client_record_id", "measured_at", "context", "value_ms")[0] == [
        ("1795326000:rmssd", "2026-11-22T05:40:00Z", "morning_supine", 61.0),
        ("1795348200:rmssd", "2026-11-22T11:50:00Z", "morning_supine", 58.0),
        ("1795329000:rmssd", "2026-11-22T06:30:00Z", "spot", 25.0),
    ]


def test_elitehrv_several_readings_of_a_day_without_times_keep_apart():
    file = "Date,Rmssd\n2026-11-22,61\n2026-11-22,25\n"
    assert hrv_of("elitehrv", file, "client_record_id", "value_ms")[0] == [
        ("1795320000:rmssd", 61.0), ("1795320000:rmssd:2", 25.0),
    ]  # fmt: skip


# --- FIT -------------------------------------------------------------------------------------------------------------


def test_fit_packed_ones_and_a_zip_of_them_are_read_as_the_file_itself():
    plain = read("fit", fit_files.TRACK).readings
    assert read("fit", gzip.compress(fit_files.TRACK)).readings == plain
    packed = gzip.compress(fit_files.TRACK)
    archive = archive_of({
        "activities/1.fit": fit_files.TRACK, "activities/2.fit.gz": packed, "activities/3.gpx.gz": b"x", "a.csv": "a"
    })  # fmt: skip
    result = read("fit", archive)
    assert result.readings == plain * 2
    assert {name: count for name, count in result.ignored.items() if name.startswith("file *")} == {
        "file *.gpx.gz": 1, "file *.csv": 1,
    }  # fmt: skip


def test_fit_of_an_archive_a_damaged_file_is_a_finding_and_the_others_are_read():
    result = read("fit", zipped(one_fit=fit_files.TRACK[:-4], two_fit=fit_files.TRACK))
    assert len(result.readings) == 1
    assert codes(result) == [("file 1", "not_fit")]


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        (zipped(one_fit=fit_files.TRACK[:-4]), "not_fit"),
        (zipped(cat_jpg=b"x"), "wrong_zip"),
        (gzip.compress(fit_files.TRACK)[:-20], "not_gzip"),
        (b"\x1f\x8bno", "not_gzip"),
    ],
)
def test_fit_an_archive_without_a_readable_file_is_refused(payload, code):
    with pytest.raises(Unreadable) as refusal:
        read("fit", payload)
    assert refusal.value.code == code


def coros(offset_s=0):
    """A field of 3 bytes that calls itself a uint16 stands in the definition, as COROS writes it."""
    slip = struct.pack("<BBBHB", 0x40, 0, 0, 23, 1) + struct.pack("BBB", 2, 3, 0x84) + b"\x00" + b"abc"
    maker = fit_files.message(0, (0, "enum", 4), (1, "uint16", 294), (3, "uint32z", 12345))
    return fit_files.fit_file(
        maker, slip, fit_files.session(fit_files.AT, 3600), fit_files.activity(fit_files.AT, offset_s)
    )


def test_fit_of_coros_a_slip_in_a_field_s_size_is_said_and_the_file_is_read():
    result = read("fit", coros())
    (session,) = data_of(result, "training_session")
    assert (session["duration_min"], session["started_at"]) == (60.0, "2026-11-21T16:00:00Z")
    assert codes(result) == [("", "read_leniently")]


def test_fit_two_equal_clocks_are_no_offset_but_on_a_garmin():
    garmin = fit_files.fit_file(
        fit_files.file_id(), fit_files.session(fit_files.AT, 3600), fit_files.activity(fit_files.AT, 0)
    )
    started = [data_of(read("fit", f), "training_session")[0]["started_at"] for f in (coros(), coros(3600), garmin)]
    assert started == ["2026-11-21T16:00:00Z", "2026-11-21T17:00:00+01:00", "2026-11-21T16:00:00+00:00"]


def test_fit_a_distance_of_0_indoors_was_not_measured():
    indoors = fit_files.fit_file(fit_files.file_id(), fit_files.session(fit_files.AT, 3600, distance_m=0))
    assert "distance_m" not in data_of(read("fit", indoors), "training_session")[0]


# --- Apple, Health Auto Export ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("clock", "measured_at"),
    [
        ("2026-11-22 6:10:00 AM +0100", "2026-11-22T06:10:00+01:00"),
        ("2026-11-22 06:10:00\u202fAM +0100", "2026-11-22T06:10:00+01:00"),
        ("2026-11-22 12:10:00 AM +0100", "2026-11-22T00:10:00+01:00"),
        ("2026-11-22 11:10:00 PM +0100", "2026-11-22T23:10:00+01:00"),
    ],
)
def test_health_auto_export_reads_the_clock_of_twelve_hours(clock, measured_at):
    payload = {"data": {"metrics": [{"name": "heart_rate_variability", "units": "ms",
                                     "data": [{"qty": 48.5, "date": clock}]}]}}  # fmt: skip
    assert [r["measured_at"] for r in data_of(read("health_auto_export", payload), "hrv_reading")] == [measured_at]


def test_apple_from_ios_16_on_the_distance_is_a_statistic_of_the_workout():
    workout = (
        '<HealthData><Workout workoutActivityType="HKWorkoutActivityTypeRunning" duration="60" durationUnit="min"'
        ' sourceName="Watch" startDate="2026-11-21 17:00:00 +0100" endDate="2026-11-21 18:00:00 +0100">'
        '<WorkoutStatistics type="HKQuantityTypeIdentifierActiveEnergyBurned" sum="700" unit="kcal"/>'
        '<WorkoutStatistics type="HKQuantityTypeIdentifierDistanceWalkingRunning" sum="8.1" unit="km"/>'
        "</Workout></HealthData>"
    )
    assert [w["distance_m"] for w in data_of(read("apple_export", workout.encode()), "training_session")] == [8100.0]


# --- WHOOP -----------------------------------------------------------------------------------------------------------


def test_whoop_the_zip_of_its_export_tells_a_night_once_and_its_naps_as_naps():
    head = "Cycle start time,Cycle end time,Cycle timezone,"
    cycles = (
        f"{head}Resting heart rate (bpm),Heart rate variability (ms),Sleep onset,Wake onset,Asleep duration (min)\n"
        "2026-05-24 22:30:00,,UTC-04:00,49,68,2026-05-24 22:30:00,2026-05-25 06:30:00,456\n"
    )
    sleeps = (
        f"{head}Sleep onset,Wake onset,Asleep duration (min),Nap\n"
        "2026-05-24 22:30:00,,UTC-04:00,2026-05-24 22:30:00,2026-05-25 06:30:00,456,false\n"
        "2026-05-24 22:30:00,,UTC-04:00,2026-05-25 14:00:00,2026-05-25 14:40:00,30,true\n"
    )
    workouts = raw("whoop_workouts.csv")
    result = read("whoop", archive_of({
        "physiological_cycles.csv": cycles, "sleeps.csv": sleeps, "workouts.csv": workouts, "journal_entries.csv": "a\n"
    }))  # fmt: skip
    assert [(r.kind, r.data.get("is_nap")) for r in result.readings] == [
        ("sleep_session", False), ("sleep_session", True), ("hrv_reading", None), ("resting_hr_reading", None),
        ("training_session", None),
    ]  # fmt: skip
    assert result.findings == []
    assert result.ignored["file journal_entries.csv"] == 1


def test_whoop_csv_of_workouts_tells_the_distance_and_may_lack_the_zone():
    (session,) = data_of(read("whoop", raw("whoop_workouts.csv")), "training_session")
    assert session["distance_m"] == 8772.8
    sheet = b"Workout start time,Duration (min),Activity name\n2026-11-21 17:00:00,60,Running\n"
    assert [s["started_at"] for s in data_of(read("whoop", sheet), "training_session")] == ["2026-11-21T16:00:00Z"]


# --- Open Wearables --------------------------------------------------------------------------------------------------


def test_open_wearables_a_workout_of_a_webhook_tells_its_type_its_heart_rate_and_its_distance():
    (session,) = data_of(read("open_wearables", raw("open_wearables_workout.json")), "training_session")
    told = ("kind", "duration_min", "avg_hr_bpm", "max_hr_bpm", "distance_m")
    assert tuple(session[name] for name in told) == ("endurance", 75.0, 158.0, 182.0, 10200.0)


def test_open_wearables_the_sdk_s_values_belong_to_the_workout():
    (session,) = data_of(read("open_wearables", raw("open_wearables.json")), "training_session")
    assert (session["distance_m"], session["avg_hr_bpm"]) == (8200.0, 142.5)


def test_open_wearables_a_resting_heart_rate_of_a_webhook_is_one():
    sample = {"timestamp": "2026-11-22T05:00:00Z", "zone_offset": "+01:00", "type": "resting_heart_rate", "value": 47,
              "unit": "bpm", "source": {"provider": "garmin"}}  # fmt: skip
    result = read("open_wearables", {"type": "heart_rate.created", "data": {"user_id": "u1", "samples": [sample]}})
    assert [(r["measured_at"], r["value_bpm"], r["source"]) for r in data_of(result, "resting_hr_reading")] == [
        ("2026-11-22T06:00:00+01:00", 47.0, {"provider": "garmin"})
    ]


def test_open_wearables_a_night_without_stages_tells_the_time_asleep_and_not_the_time_in_bed():
    night = {"id": "n", "start_time": "2026-11-21T22:00:00Z", "end_time": "2026-11-22T06:00:00Z",
             "duration_seconds": 28800, "sleep_duration_seconds": 25200, "stages": None}  # fmt: skip
    assert [s["duration_s"] for s in data_of(read("open_wearables", {"type": "sleep.created", "data": night}),
                                             "sleep_session")] == [25200]  # fmt: skip


def test_open_wearables_in_bed_in_either_spelling_is_a_time_in_bed():
    stages = [{"id": "1", "parentId": "n", "stage": "inBed", "startDate": "2026-11-21T22:00:00Z",
               "endDate": "2026-11-22T06:00:00Z"},
              {"id": "2", "parentId": "n", "stage": "light", "startDate": "2026-11-21T23:00:00Z",
               "endDate": "2026-11-22T05:00:00Z"}]  # fmt: skip
    (night,) = data_of(read("open_wearables", {"data": {"sleep": stages}}), "sleep_session")
    assert (night["duration_s"], night["time_in_bed_s"]) == (21600, 28800)


# --- RR intervals as text --------------------------------------------------------------------------------------------


def polar_lines(values):
    at = datetime(2026, 11, 22, 6, 40)
    for value in values:
        at += timedelta(milliseconds=value)
        yield f"{at.isoformat(timespec='milliseconds')};{value:.0f}"


RR_TEXTS = {
    "Polar Sensor Logger": lambda rr: ["Phone timestamp;RR-interval [ms]", *polar_lines(rr)],
    "HRV Logger": lambda rr: ["date, rr, since start", *(f"2026-11-22 05:40:01 +0000,{ms:.0f},0" for ms in rr)],
    "Kubios": lambda rr: ["# 2026", "2026-11-22 06:40:00", *(f"{ms / 1000:.3f}" for ms in rr)],
    "Elite HRV": lambda rr: ["2026-11-22 06:40:00", *(f"{ms:.0f}" for ms in rr)],
}


@pytest.mark.parametrize("app", RR_TEXTS)
def test_rr_text_of_every_logger_gives_the_same_reading(app):
    result = read("rr", "\n".join(RR_TEXTS[app](rr_ms())).encode())
    (hrv,) = data_of(result, "hrv_reading")
    assert hrv["value_ms"] == pytest.approx(26.1, abs=0.2)
    assert (hrv["measured_at"][:16], hrv["context"], hrv["metric"]) == ("2026-11-22T05:40", "spot", "rmssd")


def test_rr_text_without_a_time_is_refused_and_says_what_is_missing():
    with pytest.raises(Unreadable) as refusal:
        read("rr", "\n".join(f"{ms:.0f}" for ms in rr_ms()).encode())
    assert (refusal.value.code, refusal.value.message) == (
        "no_time", "The file does not say when the beats were recorded: put the time above them."
    )  # fmt: skip


# --- Google ----------------------------------------------------------------------------------------------------------


def test_google_restless_minutes_are_not_asleep_as_google_counts_them():
    stages = [("ASLEEP", "22:00", "23:00"), ("RESTLESS", "23:00", "23:10"), ("ASLEEP", "23:10", "23:50")]
    night = {
        "interval": {"startTime": "2026-11-21T22:00:00Z", "endTime": "2026-11-21T23:50:00Z"},
        "stages": [
            {"type": kind, "startTime": f"2026-11-21T{start}:00Z", "endTime": f"2026-11-21T{end}:00Z"}
            for kind, start, end in stages
        ],
    }
    result = read("google", {"dataPoints": [{"name": "a/s1", "sleep": night}]})
    assert [(s["duration_s"], s["awake_s"]) for s in data_of(result, "sleep_session")] == [(6000, 600)]


# --- what is not used of a FIT file costs little ----------------------------------------------------------------------


def wide_record(second, bpm):
    """As watches write it: place, distance, power and the like around the two fields that are used."""
    return fit_files.message(
        20, (0, "uint32", 7), (1, "uint32", 8), (253, "uint32", fit_files.fit_time(fit_files.AT) + second),
        (5, "uint32", 300), (2, "uint16", 2500), (3, "uint8", bpm), (7, "uint16", 250), (4, "uint8", 85),
    )  # fmt: skip


def test_fit_of_a_wide_record_only_the_time_and_the_heart_rate_are_taken_apart():
    rest = [fit_files.session(fit_files.AT, 900), fit_files.activity(fit_files.AT, 3600)]
    wide = fit_files.fit_file(fit_files.file_id(), *(wide_record(n, 150) for n in range(4)), *rest)
    narrow = fit_files.fit_file(fit_files.file_id(), *fit_files.records(fit_files.AT, *[150] * 4), *rest)
    assert read("fit", wide) == read("fit", narrow)
    with SparingReader(io.BytesIO(wide)) as frames:
        of_records = [frame for frame in frames if getattr(frame, "name", "") == "record"]
    told = [[field.name for field in frame.fields] for frame in of_records if frame.frame_type == FIT_FRAME_DATAMESG]
    assert told == [["unknown_255", "timestamp", "unknown_255", "heart_rate", "unknown_255"]] * 4

"""Every value is what it says, and lies on its own day: inputs that had been taken for something else."""

import pytest

from tests.athletes.wearables import fit_files
from tests.athletes.wearables.payload_files import data_of, read

# --- HRV lies on the day of its sleep --------------------------------------------------------------------------------


def connect_night(**told):
    return {"hrvSummary": {"calendarDate": "2026-11-22", "lastNightAvg": 61}, **told}


@pytest.mark.parametrize(
    ("gmt", "local", "measured_at"),
    [
        ("2026-11-21T17:30:00.0", "2026-11-22T06:30:00.0", "2026-11-22T06:30:00+13:00"),
        ("2026-11-22T16:30:00.0", "2026-11-22T06:30:00.0", "2026-11-22T06:30:00-10:00"),
        ("2026-11-22T05:30:00.0", None, "2026-11-22T05:30:00Z"),
        (None, "2026-11-22T06:30:00.0", "2026-11-22T05:30:00Z"),  # a wall clock, here in Berlin
    ],
    ids=["auckland", "honolulu", "no local time", "no GMT"],
)
def test_garmin_connect_the_night_s_hrv_ends_on_the_clock_beside_the_bed(gmt, local, measured_at):
    payload = connect_night(sleepEndTimestampGMT=gmt, sleepEndTimestampLocal=local)
    (hrv,) = data_of(read("garmin_connect", payload), "hrv_reading")
    assert (hrv["measured_at"], hrv["vendor_date"]) == (measured_at, "2026-11-22")


CYCLES = (
    "Cycle start time,Cycle end time,Cycle timezone,Resting heart rate (bpm),Heart rate variability (ms),Sleep onset,"
    "Wake onset,Asleep duration (min)\n"
)
OF_A_NAP = CYCLES + "2026-05-24 22:30:00,,UTC-04:00,49,68,2026-05-25 14:00:00,2026-05-25 14:40:00,30\n"
SLEEPS = (
    "Cycle start time,Cycle end time,Cycle timezone,Sleep onset,Wake onset,Asleep duration (min),Nap\n"
    "2026-05-24 22:30:00,,UTC-04:00,2026-05-24 22:30:00,2026-05-25 06:30:00,456,false\n"
    "2026-05-24 22:30:00,,UTC-04:00,2026-05-25 14:00:00,2026-05-25 14:40:00,30,true\n"
)


def test_whoop_csv_a_cycle_that_carries_the_window_of_a_nap_keeps_its_own_hrv_and_the_nap_is_a_nap():
    result = read("whoop", OF_A_NAP.encode())
    (hrv,), (resting,) = data_of(result, "hrv_reading"), data_of(result, "resting_hr_reading")
    assert (hrv["client_record_id"], hrv["measured_at"], hrv["context"], hrv["value_ms"]) == (
        "csv:2026-05-24T22:30:00-04:00", "2026-05-25T04:30:00-04:00", "overnight_mean", 68.0,
    )  # fmt: skip
    assert (resting["client_record_id"], resting["measured_at"]) == (hrv["client_record_id"], hrv["measured_at"])
    of_cycles, of_sleeps = (data_of(read("whoop", sheet.encode()), "sleep_session") for sheet in (OF_A_NAP, SLEEPS))
    assert of_cycles == [{**of_sleeps[1]}]
    assert [(s["client_record_id"], s["is_nap"]) for s in of_sleeps] == [
        ("csv:2026-05-24T22:30:00-04:00", False), ("csv:2026-05-25T14:00:00-04:00", True),
    ]  # fmt: skip


def test_whoop_csv_a_cycle_without_sleep_is_no_finding():
    result = read("whoop", (CYCLES + "2026-05-24 22:30:00,,UTC-04:00,,,,,\n").encode())
    assert (result.readings, result.findings, result.ignored) == ([], [], {"cycles without sleep": 1})


# --- a nap's HRV is not the night's ----------------------------------------------------------------------------------


def oura_sleep(kind, start, end, hrv):
    return {
        "id": start, "day": "2026-11-22", "type": kind, "bedtime_start": start, "bedtime_end": end,
        "average_hrv": hrv, "light_sleep_duration": 3600,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "start", "end", "is_nap", "context"),
    [
        ("long_sleep", "2026-11-22T08:00:00+01:00", "2026-11-22T13:10:00+01:00", False, "overnight_mean"),
        ("sleep", "2026-11-22T14:00:00+01:00", "2026-11-22T15:10:00+01:00", True, "spot"),
        ("late_nap", "2026-11-22T19:00:00+01:00", "2026-11-22T20:10:00+01:00", True, "spot"),
        ("sleep", "2026-11-21T23:10:00+01:00", "2026-11-22T00:30:00+01:00", False, "overnight_mean"),
        ("sleep", "2026-11-22T03:10:00+01:00", "2026-11-22T04:30:00+01:00", False, "overnight_mean"),
        ("sleep", "2026-11-22T13:00:00Z", "2026-11-22T14:10:00Z", True, "spot"),
    ],
)
def test_oura_a_sleep_of_the_day_is_a_nap_and_its_hrv_a_spot_reading(kind, start, end, is_nap, context):
    result = read("oura", [oura_sleep(kind, start, end, 40)])
    assert [s["is_nap"] for s in data_of(result, "sleep_session")] == [is_nap]
    assert [(r["context"], r["value_ms"]) for r in data_of(result, "hrv_reading")] == [(context, 40.0)]


def test_oura_a_sleep_that_the_wearer_rejected_has_no_hrv():
    result = read("oura", [oura_sleep("rest", "2026-11-22T19:00:00+01:00", "2026-11-22T20:10:00+01:00", 40)])
    assert data_of(result, "hrv_reading") == []


# --- time in bed is not sleep ----------------------------------------------------------------------------------------

IN_BED_ONLY = {
    "apple": {"samples": [{"uuid": "S1", "type": "HKCategoryTypeIdentifierSleepAnalysis", "value": 0,
                           "startDate": "2026-11-22T05:00:00+01:00", "endDate": "2026-11-22T06:21:00+01:00"}]},
    "health_auto_export": {"data": {"metrics": [{"name": "sleep_analysis", "units": "hr", "data": [
        {"sleepStart": "2026-11-22 05:00:00 +0100", "sleepEnd": "2026-11-22 06:21:00 +0100", "inBed": 1.35}]}]}},
    "garmin_connect": {"dailySleepDTO": {
        "calendarDate": "2026-11-22", "sleepTimeSeconds": None, "sleepStartTimestampGMT": 1795297800000,
        "sleepEndTimestampGMT": 1795326600000}},
    "garmin": {"sleeps": [{"summaryId": "s1", "startTimeInSeconds": 1795297800, "startTimeOffsetInSeconds": 3600,
                           "durationInSeconds": 28800}]},
    "oura": {"sleep": [{"id": "o1", "type": "long_sleep", "bedtime_start": "2026-11-21T22:00:00+01:00",
                        "bedtime_end": "2026-11-22T06:00:00+01:00", "time_in_bed": 28800}]},
    "whoop": {"sleep": [{"id": "w1", "nap": False, "start": "2026-11-21T21:00:00Z", "end": "2026-11-22T05:00:00Z",
                         "score_state": "PENDING_SCORE"}]},
    "polar": {"nights": [{"date": "2026-11-22", "sleep_start_time": "2026-11-21T22:00:00+01:00",
                          "sleep_end_time": "2026-11-22T06:00:00+01:00", "light_sleep": 0, "deep_sleep": 0}]},
    "withings": {"body": {"series": [{"id": 1, "startdate": 1795297800, "enddate": 1795326600,
                                      "data": {"total_timeinbed": 28800}}]}},
    "fitbit": {"sleep": [{"logId": 1, "dateOfSleep": "2026-11-22", "startTime": "2026-11-21T22:00:00.000",
                          "endTime": "2026-11-22T06:00:00.000", "timeInBed": 480}]},
    "google": {"dataPoints": [{"name": "a/s1", "sleep": {"interval": {
        "startTime": "2026-11-21T22:00:00Z", "endTime": "2026-11-22T06:00:00Z"}}}]},
    "health_connect": {"SleepSessionRecord": [{"startTime": "2026-11-21T22:00:00Z", "endTime": "2026-11-22T06:00:00Z",
                                               "metadata": {"id": "hc1"}}]},
    "open_wearables": {"data": {"sleep": [{"id": "s1", "stage": "in_bed", "startDate": "2026-11-21T22:00:00Z",
                                           "endDate": "2026-11-22T06:00:00Z"}]}},
}  # fmt: skip


@pytest.mark.parametrize("name", IN_BED_ONLY)
def test_a_time_in_bed_without_stage_and_duration_is_no_sleep(name):
    result = read(name, IN_BED_ONLY[name])
    assert data_of(result, "sleep_session") == []
    assert [f.message for f in result.findings] == [
        "A time in bed without a length of sleep: it is not counted as sleep."
    ]


def test_whoop_csv_a_window_without_minutes_asleep_is_no_sleep():
    sheet = SLEEPS.replace(",456,", ",,")
    assert [s["is_nap"] for s in data_of(read("whoop", sheet.encode()), "sleep_session")] == [True]


def test_apple_the_phone_s_time_in_bed_before_the_watch_s_night_does_not_lengthen_it():
    def sample(value, start, end, source):
        return {
            "uuid": start, "type": "HKCategoryTypeIdentifierSleepAnalysis", "value": value, "sourceName": source,
            "startDate": f"2026-11-{start}:00+01:00", "endDate": f"2026-11-{end}:00+01:00",
        }  # fmt: skip

    result = read("apple", {"samples": [
        sample(0, "21T21:30", "21T21:49", "iPhone"), sample(3, "21T22:00", "22T08:00", "Watch")
    ]})  # fmt: skip
    assert [(s["start_at"], s["duration_s"]) for s in data_of(result, "sleep_session")] == [
        ("2026-11-21T22:00:00+01:00", 36000)
    ]


# --- the length of a session -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("moving", [{"moving_time": 0}, {}, {"moving_time": None}], ids=str)
def test_intervals_a_session_without_movement_lasts_as_long_as_it_took(moving):
    activity = {"id": "i1", "start_date": "2026-10-08T15:00:00Z", "type": "WeightTraining", "elapsed_time": 3600}
    result = read("intervals_icu", [{**activity, **moving, "icu_rpe": 7}])
    (session,) = data_of(result, "training_session")
    assert (session["duration_min"], session["rpe"], session["duration_min"] * session["rpe"]) == (60, 7, 420)
    assert result.findings == []


def test_the_same_where_another_vendor_tells_two_lengths():
    fit = fit_files.fit_file(
        fit_files.file_id(),
        fit_files.message(18, (2, "uint32", fit_files.fit_time(fit_files.AT)), (5, "enum", 10),
                          (7, "uint32", 3_600_000), (8, "uint32", 0)),
    )  # fmt: skip
    payloads = {
        "fit": fit,
        "fitbit": {"activities": [{"logId": 1, "activityName": "Weights", "startTime": "2026-10-08T15:00:00",
                                   "activeDuration": 0, "duration": 3_600_000}]},
        "google": {"dataPoints": [{"name": "a/e1", "exercise": {
            "interval": {"startTime": "2026-10-08T15:00:00Z", "endTime": "2026-10-08T16:00:00Z"},
            "exerciseType": "STRENGTH_TRAINING", "activeDuration": "0s"}}]},
        "apple": {"workouts": [{"uuid": "1", "activityType": 50, "startDate": "2026-10-08T15:00:00Z",
                                "endDate": "2026-10-08T16:00:00Z", "duration": 0, "durationUnit": "min"}]},
        "garmin_connect": {"activityId": 1, "activityType": {"typeKey": "strength_training"},
                           "startTimeGMT": "2026-10-08 15:00:00", "duration": 0.0, "elapsedDuration": 3600.0},
    }  # fmt: skip
    lengths = {
        name: [s["duration_min"] for s in data_of(read(name, payload), "training_session")]
        for name, payload in payloads.items()
    }
    assert lengths == {name: [60] for name in payloads}


# --- a watch's answer is no check-in ---------------------------------------------------------------------------------


def test_intervals_a_sleep_quality_alone_is_the_watch_s_and_beside_an_answer_it_is_read():
    day = {"id": "2026-10-08", "sleepSecs": 25200, "sleepQuality": 3, "restingHR": 52}
    assert [r.kind for r in read("intervals_icu", [day]).readings] == ["resting_hr_reading"]
    assert data_of(read("intervals_icu", [{**day, "fatigue": 2}]), "check_in") == [{
        "date": "2026-10-08", "scale": "intervals_1_4", "fatigue": 2, "sleep_quality": 3, "sleep_duration_min": 420,
    }]  # fmt: skip


# --- the load that only a detail holds -------------------------------------------------------------------------------


def test_garmin_connect_the_detail_of_an_activity_tells_its_rpe():
    detail = {
        "activityId": 17, "activityName": "Bahn", "activityTypeDTO": {"typeKey": "track_running"},
        "summaryDTO": {"startTimeGMT": "2026-11-21T16:00:00.0", "startTimeLocal": "2026-11-21T17:00:00.0",
                       "duration": 4500.0, "movingDuration": 4100.0, "elapsedDuration": 5000.0, "distance": 6200.0,
                       "averageHR": 148.0, "maxHR": 181.0, "directWorkoutRpe": 30, "directWorkoutFeel": 75},
    }  # fmt: skip
    result = read("garmin_connect", detail)
    assert data_of(result, "training_session") == [{
        "client_record_id": "connect:17", "client_record_version": 0, "source": {"provider": "garmin"},
        "started_at": "2026-11-21T17:00:00+01:00", "duration_min": 75.0, "kind": "other", "rpe": 3.0,
        "avg_hr_bpm": 148.0, "max_hr_bpm": 181.0, "distance_m": 6200.0,
    }]  # fmt: skip
    assert result.findings == []

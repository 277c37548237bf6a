"""Every reader on a hand-written payload: what becomes of it, and what every reader must hold to."""

import io
import json
import re
from datetime import UTC, datetime, timedelta

import pytest
from rest_framework.exceptions import ValidationError

from athletes.serializers import BODIES, CheckInBody
from athletes.wearables.readers import READERS
from athletes.wearables.readings import ReadingProfile, Unreadable
from tests.athletes.wearables import fit_files
from tests.athletes.wearables.payload_files import (
    BERLIN,
    BOMB,
    CASES,
    OUTSIDE,
    codes,
    data_of,
    raw,
    read,
    rr_ms,
    zipped,
)

NAMES = [name for name, _, _ in CASES]


def taken_by_the_api(reading):
    body = {**BODIES, "check_in": CheckInBody}[reading.kind]()
    data = {name: value for name, value in reading.data.items() if name != "date" or reading.kind == "rest_day"}
    body.run_validation(data)


# --- what every reader holds to --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "reader", "payload"), CASES, ids=NAMES)
def test_the_api_takes_every_reading_as_it_is(name, reader, payload):
    result = reader.read(payload, profile=BERLIN)
    assert result.readings
    for reading in result.readings:
        if reading.deleted:
            assert reading.data.keys() == {"client_record_id", "client_record_version", "source"}
        else:
            taken_by_the_api(reading)


@pytest.mark.parametrize("name", READERS)
def test_the_field_table_names_exactly_the_fields_the_code_asks_for(name):
    asked = set()
    for _, reader, payload in CASES:
        if reader.name == name:
            asked |= reader.read(payload, profile=BERLIN).used
    holders = {one for one in asked if any(other.startswith((f"{one}[].", f"{one}.")) for other in asked)}
    assert asked - holders == {field.vendor for field in READERS[name].table}


@pytest.mark.parametrize(("name", "reader", "payload"), CASES, ids=NAMES)
def test_reading_again_gives_the_same_and_a_later_arrival_no_lower_version(name, reader, payload):
    early, late = (ReadingProfile("Europe/Berlin", datetime(2026, 11, day, tzinfo=UTC)) for day in (23, 24))
    first, second = reader.read(payload, profile=early), reader.read(payload, profile=late)
    assert reader.read(payload, profile=early).readings == first.readings
    for before, after in zip(first.readings, second.readings, strict=True):
        assert after.data.get("client_record_id") == before.data.get("client_record_id")
        if before.kind != "check_in":
            assert after.data["client_record_version"] >= before.data["client_record_version"]


@pytest.mark.parametrize(("name", "reader", "payload"), CASES, ids=NAMES)
def test_a_file_is_read_as_its_bytes_are(name, reader, payload):
    """The worker hands over files."""
    assert reader.read(io.BytesIO(payload), profile=BERLIN) == reader.read(payload, profile=BERLIN)


@pytest.mark.parametrize("name", READERS)
@pytest.mark.parametrize(
    "payload",
    [b"", b"{", b"[]", b"{}", b"null", b"7", b"\xff\xfe\x00", b"PK\x03\x04broken", b"a,b\n1,2\n", b"[" * 5000, {}, []],
    ids=repr,
)
def test_what_is_no_payload_of_this_vendor_is_refused_as_a_whole(name, payload):
    with pytest.raises(Unreadable) as refusal:
        read(name, payload)
    assert refusal.value.code
    assert refusal.value.message


@pytest.mark.parametrize("name", READERS)
def test_a_payload_of_another_vendor_is_refused_or_gives_nothing_under_a_wrong_metric(name):
    for _, other, payload in CASES:
        if other.name == name:
            continue
        try:
            result = read(name, payload)
        except Unreadable:
            continue
        assert not data_of(result, "hrv_reading"), other.name


@pytest.mark.parametrize("name", ["garmin", "whoop", "polar", "oura", "apple", "google", "fitbit", "withings"])
def test_a_cut_off_payload_is_refused_as_a_whole(name):
    payload = raw(f"{name}.json")
    for cut in (1, len(payload) // 3, len(payload) - 3):
        with pytest.raises(Unreadable):
            read(name, payload[:cut])


@pytest.mark.parametrize(
    ("name", "group", "field"),
    [("garmin", "hrv", "userId"), ("polar", "nights", "polar_user"), ("whoop", "sleep", "user_id")],
)
def test_two_athletes_in_one_payload_are_refused(name, group, field):
    payload = json.loads(raw(f"{name}.json"))
    payload[group][0][field] = "somebody-else"
    with pytest.raises(Unreadable) as refusal:
        read(name, payload)
    assert refusal.value.code == "two_athletes"


# --- SDNN is never rMSSD ---------------------------------------------------------------------------------------------

SDNN_FIELD = re.compile(r"sdnn|standarddeviation", re.IGNORECASE)


def numbers_in(value, path=""):
    if isinstance(value, dict):
        whole = path + " " + " ".join(str(v) for v in value.values() if isinstance(v, str))
        for key, inner in value.items():
            yield from numbers_in(inner, f"{whole} {key}")
    elif isinstance(value, list):
        for inner in value:
            yield from numbers_in(inner, path)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield path, value


@pytest.mark.parametrize(
    ("name", "reader", "payload"), [c for c in CASES if c[0].endswith(".json") and c[0] != "rr.json"],
    ids=[n for n in NAMES if n.endswith(".json") and n != "rr.json"],
)  # fmt: skip
def test_no_value_that_the_vendor_calls_sdnn_comes_out_as_rmssd_nor_the_other_way(name, reader, payload):
    told_as = {}
    for path, value in numbers_in(json.loads(payload)):
        apple = reader.name == "health_auto_export" and "heart_rate_variability" in path
        told_as.setdefault(round(float(value), 6), "sdnn" if SDNN_FIELD.search(path) or apple else "rmssd")
    for reading in data_of(reader.read(payload, profile=BERLIN), "hrv_reading"):
        value = round(reading["value_ms"], 6)
        assert told_as.get(value, told_as.get(round(value / 1000, 6))) == reading["metric"], (reader.name, value)


def test_apple_never_gives_rmssd_and_the_single_metric_vendors_never_sdnn():
    for _, reader, payload in CASES:
        metrics = {r["metric"] for r in data_of(reader.read(payload, profile=BERLIN), "hrv_reading")}
        if reader.name in ("apple", "apple_export", "health_auto_export"):
            assert metrics <= {"sdnn"}
        if reader.name in (
            "garmin",
            "garmin_connect",
            "oura",
            "whoop",
            "polar",
            "fitbit",
            "health_connect",
            "rr",
            "fit",
        ):
            assert metrics <= {"rmssd"}


def test_a_webhook_sample_whose_type_names_no_metric_is_not_used():
    result = read("open_wearables", raw("open_wearables_hrv.json"))
    assert [r["value_ms"] for r in data_of(result, "hrv_reading")] == [61.0]
    assert result.ignored["heart_rate_variability"] == 1


# --- vendor by vendor ------------------------------------------------------------------------------------------------


def test_garmin_a_night_with_its_hrv_and_a_track_session():
    result = read("garmin", raw("garmin.json"))
    assert data_of(result, "hrv_reading")[0] == {
        "client_record_id": "x473db21-6295abc4", "client_record_version": 0, "source": {"provider": "garmin"},
        "vendor_date": "2022-05-31", "measured_at": "2022-05-31T07:28:44-05:00", "metric": "rmssd",
        "context": "overnight_mean", "value_ms": 44.0,
    }  # fmt: skip
    assert data_of(result, "sleep_session") == [{
        "client_record_id": "EXAMPLE_567890.064ea19db7ef9c5f", "client_record_version": 2 << 45,
        "source": {"provider": "garmin"}, "vendor_date": "2016-01-10", "start_at": "2016-01-10T11:53:01+02:00",
        "end_at": "2016-01-10T16:07:25+02:00", "duration_s": 14772, "awake_s": 492, "deep_s": 11231, "light_s": 3541,
        "rem_s": 0, "score": 87.0,
    }]  # fmt: skip
    assert data_of(result, "training_session") == [{
        "client_record_id": "x153a9f3", "client_record_version": 0, "started_at": "2022-05-31T07:00:00-05:00",
        "source": {"provider": "garmin", "device_model": "forerunner965", "recording_method": "automatic"},
        "duration_min": 75.0, "kind": "other", "avg_hr_bpm": 148.0, "distance_m": 6200.5,
    }]  # fmt: skip
    assert codes(result) == [("hrv[1].lastNightAvg", "missing_sentinel")]
    assert result.ignored == {
        "hrv[].hrvValues": 1, "sleeps[].overallSleepScore.qualifierKey": 1, "activities of walking": 1,
        "dailies[].steps": 1, "dailies[].durationInSeconds": 1,
    }  # fmt: skip


def test_garmin_a_tentative_night_that_arrives_late_never_outdoes_the_final_one():
    payload = json.loads(raw("garmin.json"))
    final = read("garmin", payload, ReadingProfile("UTC", datetime(2026, 11, 22, 7, tzinfo=UTC)))
    payload["sleeps"][0]["validation"] = "AUTO_TENTATIVE"
    late = read("garmin", payload, ReadingProfile("UTC", datetime(2026, 11, 23, 7, tzinfo=UTC)))
    versions = [data_of(result, "sleep_session")[0]["client_record_version"] for result in (late, final)]
    assert versions[0] < versions[1]


def test_oura_the_score_comes_from_daily_sleep_and_negative_samples_do_not_fail_the_night():
    result = read("oura", raw("oura.json"))
    night, nap = data_of(result, "sleep_session")
    assert (night["score"], night["vendor_date"], night["duration_s"], night["is_nap"]) == (
        77.0,
        "2022-07-12",
        25200,
        False,
    )
    assert (nap.get("score"), nap["is_nap"]) == (None, True)
    assert [(r["value_ms"], r["context"]) for r in data_of(result, "hrv_reading")] == [
        (117.0, "overnight_mean"), (60.0, "spot"),
    ]  # fmt: skip
    assert [(r.kind, r.deleted) for r in result.readings if r.deleted] == [
        ("sleep_session", True),
        ("hrv_reading", True),
        ("resting_hr_reading", True),
    ]
    assert codes(result) == [("daily_sleep (2022-07-10)", "score_without_night")]


def test_oura_takes_a_single_document_and_a_page():
    document = json.loads(raw("oura.json"))["sleep"][0]
    for payload in (document, [document], {"data": [document], "next_token": None}, {"sleep": {"data": [document]}}):
        assert len(read("oura", payload).readings) == 3


def test_whoop_times_are_moved_into_their_own_offset_and_recovery_lies_at_the_end_of_its_sleep():
    result = read("whoop", raw("whoop.json"))
    assert [s["end_at"] for s in data_of(result, "sleep_session")] == ["2026-05-25T06:25:44.774000-04:00"]
    assert [(r["measured_at"], r["value_ms"]) for r in data_of(result, "hrv_reading")] == [
        ("2026-05-25T06:25:44.774000-04:00", 68.4)
    ]
    assert result.ignored["sleep[]: not scored"] == 1
    assert codes(result) == [("sleep[1]", "no_sleep_told")]


def test_whoop_csv_is_read_in_the_offset_of_its_cycle():
    result = read("whoop", raw("whoop_sleeps.csv"))
    assert [(s["start_at"], s["is_nap"], s["duration_s"]) for s in data_of(result, "sleep_session")] == [
        ("2026-05-24T22:30:00-04:00", False, 27360), ("2026-05-25T14:00:00-04:00", True, 1800),
    ]  # fmt: skip
    assert [r["value_ms"] for r in data_of(result, "hrv_reading")] == [68.0]


def test_polar_a_time_without_offset_is_the_athlete_s_clock():
    with_offset, without = data_of(read("polar", raw("polar.json")), "sleep_session")
    assert with_offset["end_at"] == "2026-08-20T07:02:00+02:00"
    assert without["end_at"] == "2026-08-21T04:50:00Z"


def test_health_connect_a_null_offset_leaves_the_day_to_the_athlete_s_zone():
    reading = data_of(read("health_connect", raw("health_connect.json")), "hrv_reading")[0]
    assert (reading["measured_at"], reading["context"], reading["client_record_id"]) == (
        "2026-11-22T06:15:00Z",
        "spot",
        "hc-hrv-1",
    )


def test_healthkit_the_watch_s_stages_count_and_not_the_phone_s_hours_in_bed():
    result = read("apple", raw("apple.json"))
    (night,) = data_of(result, "sleep_session")
    told = ("start_at", "end_at", "duration_s", "light_s", "deep_s", "rem_s", "awake_s")
    assert {name: night[name] for name in told} == {
        "start_at": "2026-11-21T22:50:00+01:00", "end_at": "2026-11-22T06:30:00+01:00", "duration_s": 27000,
        "light_s": 15000, "deep_s": 5400, "rem_s": 6600, "awake_s": 600,
    }  # fmt: skip
    assert result.ignored["sleep of another source that tells less"] == 1
    assert [(w["rpe"], w["duration_min"], w["distance_m"]) for w in data_of(result, "training_session")] == [
        (8.0, 75.0, 7200.0)
    ]
    assert "Alice" not in json.dumps([reading.data for reading in result.readings])


def test_healthkit_seconds_become_milliseconds_and_no_unit_is_no_reading():
    payload = json.loads(raw("apple.json"))
    assert [r["value_ms"] for r in data_of(read("apple", payload), "hrv_reading")] == [49.39, 51.2]
    del payload["samples"][0]["unit"]
    result = read("apple", payload)
    assert [r["value_ms"] for r in data_of(result, "hrv_reading")] == [51.2]
    assert ("samples[0].unit", "unknown_unit") in codes(result)


def test_healthkit_a_night_that_grows_keeps_its_id_and_gets_a_higher_version():
    payload = json.loads(raw("apple.json"))
    whole = data_of(read("apple", payload), "sleep_session")[0]
    payload["samples"] = payload["samples"][:4]
    partial = data_of(read("apple", payload), "sleep_session")[0]
    assert partial["client_record_id"] == whole["client_record_id"]
    assert partial["client_record_version"] < whole["client_record_version"]


def test_apple_export_reads_the_zip_as_it_reads_the_xml():
    xml = read("apple_export", raw("apple_export.xml"))
    archive = read("apple_export", zipped(apple_health_export__Export_xml=raw("apple_export.xml")))
    assert archive == xml
    assert [(w["rpe"], w["avg_hr_bpm"]) for w in data_of(xml, "training_session")] == [(7.0, 147.5)]
    assert xml.ignored == {
        "ExportDate": 1, "HKQuantityTypeIdentifierHeartRate": 2, "ActivitySummary": 1, "Workout of walking": 1,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        (BOMB.encode(), "forbidden_xml"),
        (OUTSIDE.encode(), "forbidden_xml"),
        (raw("apple_export.xml")[:-30], "not_xml"),
        (raw("apple_export.xml").replace(b"UTF-8", b"UTF-77"), "not_xml"),
        (b"<html/>", "wrong_provider"),
        (zipped(photos__cat_jpg=b"x"), "wrong_zip"),
        (zipped(export_xml=b"<HealthData>" + b" " * 30_000_000), "zip_bomb"),
        (zipped(export_xml=raw("apple_export.xml"))[:-40], "not_a_zip"),
    ],
    ids=[
        "entity bomb",
        "external entity",
        "cut off",
        "unknown encoding",
        "html",
        "wrong zip",
        "zip bomb",
        "cut off zip",
    ],
)
def test_apple_export_an_attack_or_another_file_is_refused(payload, code):
    with pytest.raises(Unreadable) as refusal:
        read("apple_export", payload)
    assert refusal.value.code == code


def test_fitbit_zero_is_not_a_measurement_and_naps_are_naps():
    result = read("fitbit", raw("fitbit.json"))
    assert [(r["context"], r["value_ms"]) for r in data_of(result, "hrv_reading")] == [
        ("overnight_mean", 62.1), ("overnight_deep", 55.4),
    ]  # fmt: skip
    assert [(s["is_nap"], s["end_at"]) for s in data_of(result, "sleep_session")] == [
        (False, "2019-11-02T06:19:30Z"), (True, "2019-11-02T14:00:00Z"),
    ]  # fmt: skip
    assert codes(result) == [
        ("hrv[1].value.dailyRmssd", "missing_sentinel"), ("hrv[1].value.deepRmssd", "missing_sentinel"),
        ("activities-heart[0].value.restingHeartRate", "missing_sentinel"),
        ("resting_heart_rate[1].value.value", "missing_sentinel"),
    ]  # fmt: skip


def test_fitbit_a_score_of_the_export_is_joined_to_its_night_by_the_log_s_id():
    payload = next(payload for name, _, payload in CASES if name == "fitbit.zip")
    result = read("fitbit", payload)
    assert [(n["client_record_id"], n.get("score")) for n in data_of(result, "sleep_session")] == [
        ("24486013387", 79.0), ("24486013388", None),
    ]  # fmt: skip
    assert codes(result) == [("line 3.overall_score", "missing_sentinel")]


def test_fit_an_activity_with_its_rpe_in_local_time():
    assert data_of(read("fit", fit_files.TRACK), "training_session") == [{
        "client_record_id": "fit:12345:1795276800", "client_record_version": 0,
        "source": {"provider": "garmin", "device_model": "fr965"}, "started_at": "2026-11-21T17:00:00+01:00",
        "duration_min": 75.0, "kind": "other", "rpe": 7.0, "avg_hr_bpm": 148.0, "distance_m": 6200.0,
        # four heart rates at 0, 1, 2 and 4 s: the third lasts until the fourth, the fourth for no known time
        "hr_zones": [
            {"low_bpm": 140.0, "high_bpm": 145.0, "duration_s": 2.0},
            {"low_bpm": 145.0, "high_bpm": 150.0, "duration_s": 2.0},
        ],
    }]  # fmt: skip


def test_fit_an_effort_of_0_was_not_rated_and_a_long_silence_is_no_heart_rate():
    first = fit_files.records(fit_files.AT, 150)
    later = fit_files.records(fit_files.AT + timedelta(minutes=10), 120, 120)
    payload = fit_files.fit_file(fit_files.file_id(), *first, *later, fit_files.session(fit_files.AT, 900, rpe=0))
    (session,) = data_of(read("fit", payload), "training_session")
    assert "rpe" not in session
    assert [zone["duration_s"] for zone in session["hr_zones"]] == [1.0, 15.0]


def test_fit_of_several_sessions_in_a_file_the_records_do_not_say_whose_they_are():
    sessions = [fit_files.session(fit_files.AT + timedelta(hours=n), 900) for n in range(2)]
    payload = fit_files.fit_file(fit_files.file_id(), *fit_files.records(fit_files.AT, 150, 150), *sessions)
    assert ["hr_zones" in session for session in data_of(read("fit", payload), "training_session")] == [False, False]


def test_fitbit_zones_become_seconds_between_two_heart_rates():
    run, _ = data_of(read("fitbit", raw("fitbit.json")), "training_session")
    assert run["hr_zones"] == [
        {"low_bpm": 129.0, "high_bpm": 157.0, "duration_s": 2400.0},
        {"low_bpm": 157.0, "high_bpm": 220.0, "duration_s": 900.0},
    ]


@pytest.mark.parametrize(
    ("name", "path", "field"),
    [
        ("garmin", ("activities", 0), "maxHeartRateInBeatsPerMinute"), ("apple", ("workouts", 0), "maximumHeartRate"),
        ("whoop", ("workout", 0, "score"), "max_heart_rate"), ("polar", ("exercises", 0, "heart_rate"), "maximum"),
    ],
)  # fmt: skip
def test_a_highest_heart_rate_is_handed_on_and_one_below_the_mean_is_a_finding(name, path, field):
    for highest, expected in ((199, [199.0]), (61, [])):
        payload = json.loads(raw(f"{name}.json"))
        workout = payload
        for step in path:
            workout = workout[step]
        workout[field] = highest
        result = read(name, payload)
        assert [s["max_hr_bpm"] for s in data_of(result, "training_session") if "max_hr_bpm" in s][:1] == expected
        assert ("below_the_average" in [code for _, code in codes(result)]) == (highest == 61)


def test_fit_beats_at_rest_are_a_reading_and_no_session_beats_in_exercise_are_neither():
    rest = read("fit", fit_files.at_rest(rr_ms()))
    assert [r.kind for r in rest.readings] == ["hrv_reading"]
    assert rest.readings[0].data["value_ms"] == pytest.approx(26.1, abs=0.1)
    beats = fit_files.hrv(0.4, 0.41, 0.39, 0.4, 0.42)
    running = read("fit", fit_files.fit_file(fit_files.file_id(), fit_files.session(fit_files.AT, 900), beats))
    assert [r.kind for r in running.readings] == ["training_session"]
    assert running.ignored["hrv during exercise"] == 5


@pytest.mark.parametrize("cut", [3, 13, 40, len(fit_files.TRACK) - 1])
def test_fit_a_cut_off_file_is_refused(cut):
    with pytest.raises(Unreadable):
        read("fit", fit_files.TRACK[:cut])


def test_fit_one_flipped_byte_is_noticed():
    damaged = bytearray(fit_files.TRACK)
    damaged[60] ^= 1
    with pytest.raises(Unreadable):
        read("fit", bytes(damaged))


def test_intervals_answers_become_a_check_in_in_their_own_scale_and_carried_values_do_not():
    result = read("intervals_icu", raw("intervals_icu.json"))
    assert data_of(result, "check_in") == [{
        "date": "2026-10-08", "scale": "intervals_1_4", "fatigue": 4, "muscle_soreness": 3, "stress": 1, "mood": 3,
        "sleep_quality": 2, "sleep_duration_min": 420,
    }]  # fmt: skip
    assert [(r["metric"], r["value_ms"]) for r in data_of(result, "hrv_reading")] == [("rmssd", 65.5), ("sdnn", 48.2)]
    assert data_of(result, "training_session")[0]["rpe"] == 7.0


RESTING_HR = {
    "apple.json": [("R1", "2026-11-22T00:00:00+01:00", 48)],
    "apple_export.xml": [("resting_hr:", "2020-04-11T00:00:00-07:00", 51)],
    "fitbit.json": [("2019-11-03", "2019-11-03T04:00:00Z", 54), ("2019-11-04", "2019-11-04T04:00:00Z", 53.5)],
    "garmin_connect_days.json": [("connect:2026-11-21", "2026-11-21T04:00:00Z", 47)],
    "garmin.json": [("x473db21-daily", "2022-05-31T00:00:00-05:00", 48)],
    "google.json": [("2026-11-22", "2026-11-22T04:00:00Z", 47)],
    "health_auto_export.json": [("hae:", "2026-11-22T00:00:00+01:00", 49)],
    "health_connect.json": [("hc-rhr-1", "2026-11-22T07:15:00+01:00", 47)],
    "intervals_icu.csv": [("2026-10-08", "2026-10-08T03:00:00Z", 52), ("2026-10-09", "2026-10-09T03:00:00Z", 51)],
    "intervals_icu.json": [("2026-10-08", "2026-10-08T03:00:00Z", 52)],  # the second was carried forward
    "open_wearables.json": [("r4", "2026-11-22T06:20:00+01:00", 47)],
    "oura.json": [("8f9a5221", "2022-07-12T09:25:14-07:00", 48)],
    "polar.json": [("2026-08-20", "", 52)],
    "suunto.json": [("s-1", "2026-11-22T06:30:00+01:00", 46)],
    "ultrahuman.json": [("2026-11-22", "2026-11-22T04:00:00Z", 47)],
    "whoop.json": [("123e4567", "", 51.2)],
    "whoop_sleeps.csv": [("csv:2026-05-24T22:30:00-04:00", "2026-05-25T06:30:00-04:00", 49)],
}


@pytest.mark.parametrize(("name", "reader", "payload"), [c for c in CASES if "." in c[0]], ids=NAMES)
def test_resting_heart_rates_are_read_where_the_vendor_has_one_and_from_nothing_else(name, reader, payload):
    name = name.replace("apple_export.zip", "apple_export.xml")
    found = data_of(reader.read(payload, profile=BERLIN), "resting_hr_reading")
    told = RESTING_HR.get(name, [])
    assert [data["value_bpm"] for data in found] == [bpm for _, _, bpm in told]
    for data, (identity, measured_at, _) in zip(found, told, strict=True):
        assert data["client_record_id"].startswith(identity.replace("+", "_"))
        assert data["measured_at"].startswith(measured_at)


@pytest.mark.parametrize("unmeasured", [0, -1, None, "none", True, 1000, 0.8])
def test_a_resting_heart_rate_that_none_can_be_is_no_reading(unmeasured):
    payload = json.loads(raw("garmin.json"))
    payload["dailies"][0]["restingHeartRateInBeatsPerMinute"] = unmeasured
    result = read("garmin", payload)
    assert data_of(result, "resting_hr_reading") == []
    told = [f.code for f in result.findings if f.where.startswith("dailies[0]")]
    expected = {
        None: [],
        0: ["missing_sentinel"],
        -1: ["missing_sentinel"],
        1000: ["out_of_range"],
        0.8: ["out_of_range"],
    }
    assert told == (["not_a_number"] if unmeasured is True else expected.get(unmeasured, ["not_a_number"]))


def test_elitehrv_byte_order_mark_bare_carriage_returns_semicolons_and_decimal_commas():
    result = read("elitehrv", raw("elitehrv.csv"))
    assert [(r["metric"], r["value_ms"], r["measured_at"], r["context"]) for r in data_of(result, "hrv_reading")] == [
        ("rmssd", 72.5, "2026-11-21T05:50:00Z", "morning_sitting"),
        ("sdnn", 80.1, "2026-11-21T05:50:00Z", "morning_sitting"),
    ]
    assert result.ignored["HRV"] == 2


@pytest.mark.parametrize(
    ("dates", "days", "code"),
    [
        (["2026-11-21", "2026-11-22"], ["2026-11-21", "2026-11-22"], None),
        (["2026-21-11", "2026-03-11"], ["2026-11-21", "2026-11-03"], "date_order"),
        (["21/11/2026", "03/11/2026"], ["2026-11-21", "2026-11-03"], "date_order"),
        (["11/21/2026", "11/03/2026"], ["2026-11-21", "2026-11-03"], "date_order"),
        (["03/04/2026", "05/04/2026"], None, "ambiguous_dates"),
        (["yesterday"], None, "no_dates"),
    ],
)
def test_hrv4training_the_whole_column_decides_which_way_round_its_dates_are(dates, days, code):
    file = "date,rMSSD\r" + "".join(f"{day},60.5\r" for day in dates)
    if days is None:
        with pytest.raises(Unreadable) as refusal:
            read("hrv4training", file.encode())
        assert refusal.value.code == code
        return
    result = read("hrv4training", file.encode())
    assert [r["measured_at"][:10] for r in data_of(result, "hrv_reading")] == days
    assert [found for _, found in codes(result)] == ([code] if code else [])


def test_a_csv_row_that_is_wrong_is_named_by_its_line_and_the_others_are_read():
    file = b"date,rMSSD,SDNN\n2026-11-20,=1+1,50\n2026-11-21,60\n2026-11-22,1_000,1e9\n\n2026-11-23,61.5,0x10\n"
    result = read("hrv4training", file)
    assert [(r["metric"], r["value_ms"]) for r in data_of(result, "hrv_reading")] == [("sdnn", 50.0), ("rmssd", 61.5)]
    assert codes(result) == [
        ("line 3", "wrong_number_of_cells"), ("line 2.rMSSD", "not_a_number"), ("line 4.rMSSD", "not_a_number"),
        ("line 4 (value_ms)", "out_of_range"), ("line 6.SDNN", "not_a_number"),
    ]  # fmt: skip


def test_a_value_in_another_unit_becomes_a_finding_and_no_reading():
    payload = json.loads(raw("garmin.json"))
    payload["hrv"][0]["lastNightAvg"] = 44_000
    payload["sleeps"][0]["startTimeInSeconds"] *= 1000
    result = read("garmin", payload)
    assert [r["value_ms"] for r in data_of(result, "hrv_reading")] == [72.0]
    assert data_of(result, "sleep_session") == []
    assert ("hrv[0] (value_ms)", "out_of_range") in codes(result)
    assert ("sleeps[0].startTimeInSeconds", "not_an_instant") in codes(result)


@pytest.mark.parametrize("distance_m", [5.5, 5_500_000], ids=["kilometres as metres", "metres as kilometres"])
def test_a_distance_of_another_unit_is_left_out_with_a_finding_and_the_session_stays(distance_m):
    payload = json.loads(raw("polar.json"))
    exercise = next(e for e in payload["exercises"] if e.get("distance") == 5500)
    exercise["distance"] = distance_m
    result = read("polar", payload)
    whole = read("polar", raw("polar.json"))
    without = [{k: v for k, v in d.items() if k != "distance_m"} for d in data_of(whole, "training_session")]
    assert data_of(result, "training_session") == without
    assert len(result.findings) == len(whole.findings) + 1


def test_sleep_told_in_another_unit_is_left_out_with_a_finding_and_the_night_stays():
    payload = json.loads(raw("oura.json"))
    payload["sleep"][0]["total_sleep_duration"] = 25.2
    result = read("oura", payload)
    (night, *_) = data_of(result, "sleep_session")
    assert "duration_s" not in night
    assert "implausible_unit" in [finding.code for finding in result.findings]


def test_health_auto_export_reads_both_of_its_modes():
    nights = data_of(read("health_auto_export", raw("health_auto_export.json")), "sleep_session")
    assert [(n["start_at"], n["duration_s"]) for n in nights] == [
        ("2026-11-21T22:50:00+01:00", 27000), ("2026-11-20T23:00:00+01:00", 25200),
    ]  # fmt: skip


def test_the_api_refuses_what_is_no_reading():
    with pytest.raises(ValidationError):
        BODIES["hrv_reading"]().run_validation({"value_ms": 44})

"""Records over HTTP: once stored, sent again, doubted, confirmed, deleted, listed."""

import pytest
import time_machine

from athletes.models import Day, HrvReading, PerformanceTest, SleepSession, TrainingSession
from athletes.views.records import EXAMPLES, PATHS

pytestmark = [pytest.mark.usefixtures("valkey")]
API = "/api/v1"


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel("2026-11-22T20:00:00Z", tick=False):
        yield


def errors_of(response):
    assert response["Content-Type"] == "application/problem+json"
    return [(e["pointer"], e["code"]) for e in response.json()["errors"]]


def test_a_night_is_answered_with_its_day_and_provenance(api, alice):
    response = api(alice).post(f"{API}/sleep-sessions/", EXAMPLES["sleep_session"])
    assert response.status_code == 201
    night = SleepSession.objects.get()
    assert response.json() == {
        "id": str(night.pk),
        "client_record_id": "sleep-2026-11-22",
        "client_record_version": 0,
        "source": {"provider": "garmin", "device_model": "", "device_type": "", "recording_method": ""},
        "date": "2026-11-22",
        "date_basis": "record_offset",
        "vendor_date": None,
        "timezone": None,
        "start_at": "2026-11-21T22:50:00+01:00",
        "end_at": "2026-11-22T06:40:00+01:00",
        "is_nap": False,
        "duration_s": 26400,
        "time_in_bed_s": None,
        "awake_s": None,
        "light_s": None,
        "deep_s": None,
        "rem_s": None,
        "efficiency_pct": None,
        "score": 82.0,
        "quality": {"status": "ok", "reasons": []},
        "updated_at": "2026-11-22T20:00:00Z",
        "status": "created",
    }
    day = Day.objects.get()
    assert (day.sleep_score, day.sleep_score_basis, day.sleep_duration_min) == (82.0, "garmin", 440.0)


@pytest.mark.parametrize("path", PATHS)
def test_every_kind_can_be_sent_twice_read_listed_and_deleted(api, alice, bob, path):
    client, other = api(alice), api(bob)
    example = EXAMPLES[PATHS[path]]
    created = client.post(f"{API}/{path}/", example)
    assert (created.status_code, created.json()["status"]) == (201, "created")
    again = client.post(f"{API}/{path}/", example)
    assert (again.status_code, again.json()) == (200, {**created.json(), "status": "unchanged"})
    shown = {name: value for name, value in created.json().items() if name != "status"}
    one = f"{API}/{path}/{shown['id']}/"
    assert client.get(one).json() == shown
    assert client.get(f"{API}/{path}/").json() == {"results": [shown], "next_cursor": None, "previous_cursor": None}
    assert client.get(one, headers={"If-None-Match": client.get(one)["ETag"]}).status_code == 304
    assert client.get(f"{API}/{path}/?date_to=2026-11-19").json()["results"] == []
    assert client.get(f"{API}/{path}/?updated_since=2026-11-22T20:00:01Z").json()["results"] == []
    assert other.get(one).status_code == other.delete(one).status_code == 404
    assert other.get(f"{API}/{path}/").json()["results"] == []
    assert [client.delete(one).status_code for _ in range(2)] == [204, 204]
    assert client.get(one).status_code == 404
    assert client.get(f"{API}/{path}/").json()["results"] == []
    assert client.post(f"{API}/{path}/", example).json()["status"] == "stale"


def test_the_same_version_with_other_content_is_answered_with_the_servers_copy(api, alice):
    client = api(alice)
    example = EXAMPLES["training_session"] | {"started_at": "2026-11-22T17:00:00+01:00"}
    client.post(f"{API}/training-sessions/", example)
    answer = client.post(f"{API}/training-sessions/", example | {"rpe": 9})
    assert (answer.status_code, answer.json()["status"], answer.json()["rpe"]) == (200, "conflict", 7.0)
    newer = client.post(f"{API}/training-sessions/", example | {"rpe": 9, "client_record_version": 1})
    assert (newer.status_code, newer.json()["status"], newer.json()["load_au"]) == (200, "updated", 675.0)
    assert TrainingSession.objects.count() == 1


def test_two_sources_may_use_the_same_record_id(api, alice):
    client = api(alice)
    example = EXAMPLES["hrv_reading"]
    for provider in ("garmin", "oura"):
        answer = client.post(f"{API}/hrv-readings/", example | {"source": {"provider": provider}})
        assert answer.json()["status"] == "created"


def test_stages_give_the_totals_that_were_left_out(api, alice):
    night = {name: v for name, v in EXAMPLES["sleep_session"].items() if name != "duration_s"}
    stages = [
        {"stage": "light", "start_at": "2026-11-21T22:50:00+01:00", "end_at": "2026-11-22T02:50:00+01:00"},
        {"stage": "awake", "start_at": "2026-11-22T02:50:00+01:00", "end_at": "2026-11-22T03:00:00+01:00"},
        {"stage": "rem", "start_at": "2026-11-22T03:00:00+01:00", "end_at": "2026-11-22T04:00:00+01:00"},
    ]
    answer = api(alice).post(f"{API}/sleep-sessions/", night | {"stages": stages}).json()
    totals = ("duration_s", "awake_s", "light_s", "deep_s", "rem_s")
    assert [answer[name] for name in totals] == [18000, 600, 14400, None, 3600]
    assert "stages" not in answer
    outside = night | {"client_record_id": "other", "stages": [stages[0] | {"end_at": "2026-11-23T02:50:00+01:00"}]}
    response = api(alice).post(f"{API}/sleep-sessions/", outside)
    assert errors_of(response) == [("#/stages", "outside_the_session")]


REFUSED = [
    ("hrv_reading", {"value_ms": 0}, "#/value_ms", "missing_sentinel"),
    ("hrv_reading", {"value_ms": -1}, "#/value_ms", "missing_sentinel"),
    ("hrv_reading", {"value_ms": -2}, "#/value_ms", "min_value"),
    ("hrv_reading", {"value_ms": 500.1}, "#/value_ms", "max_value"),
    ("hrv_reading", {"metric": None}, "#/metric", "null"),
    ("hrv_reading", {"rr_ms": [800, 810]}, "#/rr_ms", "unknown_field"),
    ("hrv_reading", {"measured_at": "2026-11-22T06:40:00"}, "#/measured_at", "missing_offset"),
    ("hrv_reading", {"measured_at": "2026-11-23T06:40:00Z"}, "#/measured_at", "in_future"),
    ("hrv_reading", {"measured_at": "1999-11-23T06:40:00Z"}, "#/measured_at", "too_long_ago"),
    ("hrv_reading", {"client_record_id": "a b"}, "#/client_record_id", "invalid"),
    ("hrv_reading", {"client_record_id": "a\n"}, "#/client_record_id", "invalid"),
    ("hrv_reading", {"client_record_id": 5}, "#/client_record_id", "not_a_string"),
    ("hrv_reading", {"client_record_version": 2**63}, "#/client_record_version", "max_value"),
    ("hrv_reading", {"source": {"provider": "nokia"}}, "#/source/provider", "invalid_choice"),
    ("hrv_reading", {"timezone": "Mars/Base"}, "#/timezone", "unknown_timezone"),
    ("hrv_reading", {"quality": {}}, "#/quality", "read_only_field"),
    ("sleep_session", {"end_at": "2026-11-21T22:50:00+01:00"}, "#/end_at", "ends_before_it_starts"),
    ("sleep_session", {"start_at": "2026-11-21T05:00:00+01:00"}, "#/end_at", "longer_than_a_day"),
    ("sleep_session", {"duration_s": 0}, "#/duration_s", "missing_sentinel"),
    ("sleep_session", {"duration_s": 80_000}, "#/duration_s", "longer_than_in_bed"),
    ("sleep_session", {"time_in_bed_s": 80_000}, "#/time_in_bed_s", "longer_than_the_session"),
    ("sleep_session", {"light_s": 20_000, "rem_s": 20_000}, "#/light_s", "stages_longer_than_in_bed"),
    ("sleep_session", {"duration_s": 440}, "#/duration_s", "implausible_unit"),
    ("sleep_session", {"duration_s": 440, "light_s": 15_000, "deep_s": 5_000}, "#/duration_s", "implausible_unit"),
    ("sleep_session", {"efficiency_pct": 0.93}, "#/efficiency_pct", "min_value"),
    ("sleep_session", {"efficiency_pct": 0}, "#/efficiency_pct", "missing_sentinel"),
    ("sleep_session", {"score": 100.5}, "#/score", "max_value"),
    ("sleep_session", {"score": 0.82}, "#/score", "min_value"),
    ("sleep_session", {"score": 0}, "#/score", "missing_sentinel"),
    ("training_session", {"load_au": 525}, "#/load_au", "read_only_field"),
    ("training_session", {"rpe": 7.2}, "#/rpe", "step"),
    ("training_session", {"duration_min": 0}, "#/duration_min", "min_value"),
    ("training_session", {"duration_min": 601}, "#/duration_min", "max_value"),
    ("training_session", {"avg_hr_bpm": 0}, "#/avg_hr_bpm", "missing_sentinel"),
    ("performance_test", {"time_s": 39.9}, "#/time_s", "out_of_range"),
    ("performance_test", {"time_s": 241}, "#/time_s", "out_of_range"),
    ("rest_day", {"date": "2026-11-23"}, "#/date", "date_in_future"),
    ("rest_day", {"date": "0001-01-01"}, "#/date", "too_long_ago"),
    ("rest_day", {"date": "2026-W46-1"}, "#/date", "not_a_date"),
]


@pytest.mark.parametrize(("kind", "change", "pointer", "code"), REFUSED)
def test_what_cannot_be_meant_is_refused_and_nothing_stored(api, alice, kind, change, pointer, code):
    path = next(path for path, of in PATHS.items() if of == kind)
    response = api(alice).post(f"{API}/{path}/", EXAMPLES[kind] | change)
    assert response.status_code == 400
    assert errors_of(response) == [(pointer, code)]
    assert api(alice).get(f"{API}/{path}/").json()["results"] == []
    assert not Day.objects.exists()


@pytest.mark.parametrize(
    ("time_s", "reasons"), [(44.4, ["time_implausible"]), (61.0, ["time_far_from_last"]), (55.0, []), (52.0, [])]
)
def test_a_400m_too_fast_or_far_from_the_last_waits_for_a_yes(api, alice, time_s, reasons):
    client = api(alice)
    first = EXAMPLES["performance_test"] | {"tested_at": "2026-11-14T16:00:00Z", "client_record_id": "1", "time_s": 51}
    if time_s == 44.4:
        first["time_s"] = 45
    client.post(f"{API}/performance-tests/", first)
    answer = client.post(f"{API}/performance-tests/", EXAMPLES["performance_test"] | {"time_s": time_s}).json()
    assert answer["quality"] == {"status": "quarantined" if reasons else "ok", "reasons": reasons}
    assert Day.objects.get(date="2026-11-21").t400_s == (None if reasons else time_s)
    confirmed = client.post(f"{API}/performance-tests/{answer['id']}/confirm/")
    assert confirmed.status_code == 200
    assert Day.objects.get(date="2026-11-21").t400_s == time_s
    assert PerformanceTest.objects.get(pk=answer["id"]).time_s == time_s


def test_a_reading_far_from_its_own_era_waits_and_another_era_does_not_judge_it(api, alice):
    client = api(alice)
    for day in range(1, 15):
        reading = EXAMPLES["hrv_reading"] | {
            "client_record_id": f"r{day}",
            "measured_at": f"2026-11-{day:02}T06:00:00+01:00",
            "value_ms": 60 + day % 3,
        }
        assert client.post(f"{API}/hrv-readings/", reading).json()["quality"]["status"] == "ok"
    far = EXAMPLES["hrv_reading"] | {"value_ms": 160}
    answer = client.post(f"{API}/hrv-readings/", far).json()
    assert answer["quality"] == {"status": "quarantined", "reasons": ["hrv_far_from_own_range"]}
    other_era = far | {"context": "morning_supine", "client_record_id": "supine"}
    assert client.post(f"{API}/hrv-readings/", other_era).json()["quality"]["status"] == "ok"
    assert Day.objects.get(date="2026-11-22").hrv_era == "rmssd/garmin/morning_supine"
    assert client.post(f"{API}/hrv-readings/{answer['id']}/confirm/").json()["quality"]["status"] == "confirmed"
    assert Day.objects.get(date="2026-11-22").hrv_era == "rmssd/garmin/overnight_mean"


def test_nobody_confirms_anothers_value(api, alice, bob):
    answer = api(alice).post(f"{API}/hrv-readings/", EXAMPLES["hrv_reading"] | {"value_ms": 300}).json()
    assert api(bob).post(f"{API}/hrv-readings/{answer['id']}/confirm/").status_code == 404
    assert HrvReading.objects.get().quality_status == "quarantined"


def test_the_vendors_day_is_kept_and_its_disagreement_noted(api, alice):
    sent = EXAMPLES["sleep_session"] | {"vendor_date": "2026-11-21"}
    answer = api(alice).post(f"{API}/sleep-sessions/", sent).json()
    assert (answer["date"], answer["vendor_date"]) == ("2026-11-22", "2026-11-21")
    assert answer["quality"] == {"status": "ok", "reasons": ["date_disagrees"]}


def test_pages_follow_each_other_without_gaps(api, alice):
    client = api(alice)
    for day in range(1, 8):
        client.post(f"{API}/rest-days/", {"client_record_id": f"r{day}", "date": f"2026-11-{day:02}"})
    url, dates = f"{API}/rest-days/?limit=3", []
    while url:
        page = client.get(url).json()
        dates += [record["date"] for record in page["results"]]
        url = page["next_cursor"] and f"{API}/rest-days/?limit=3&cursor={page['next_cursor']}"
    assert dates == [f"2026-11-{day:02}" for day in range(7, 0, -1)]


@pytest.mark.parametrize("query", ["limit=0", "limit=501", "cursor=x", "date_from=2026", "athlete=1", "date_to=%00"])
def test_queries_are_taken_as_strictly_as_bodies(api, alice, query):
    response = api(alice).get(f"{API}/hrv-readings/?{query}")
    assert response.status_code == 400

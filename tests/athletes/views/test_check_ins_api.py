"""One morning over HTTP: what is answered, and what is refused with which code."""

import pytest
import time_machine

from athletes.days.reasons import CHOSEN
from athletes.models import CheckIn, Day
from tests.athletes.mornings import MORNING, URL

pytestmark = [pytest.mark.usefixtures("valkey")]


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel("2026-11-22T07:00:00Z", tick=False):
        yield


def test_a_morning_is_answered_with_the_day_as_stored(api, alice):
    response = api(alice).put(URL, MORNING)
    assert response.status_code == 201
    check_in = CheckIn.objects.get()
    own = {"kind": "check_in", "provider": "manual", "id": str(check_in.pk)}
    nothing = {"value": None, "source": None, "rejected": []}
    assert response.json() == {
        **MORNING,
        "id": str(check_in.pk),
        "date": "2026-11-22",
        "red_flag": None,
        "submitted_at": "2026-11-21T22:52:10Z",
        "quality": {},
        "updated_at": "2026-11-22T07:00:00Z",
        "status": "created",
        "day": {
            "date": "2026-11-22",
            "revised_at": "2026-11-22T07:00:00Z",
            "checked_in_at": "2026-11-21T22:52:10Z",
            "hrv": {
                "value": 62.0,
                "unit": "ms",
                "source": own,
                "rejected": [],
                "era": "rmssd/manual/morning_supine",
                "because": "first",
                "text": CHOSEN["first"],
            },
            "sleep_duration": {"value": 435.0, "unit": "min", "source": own, "rejected": []},
            "sleep_score": {
                "value": 68.75,
                "unit": "0-100",
                "source": {"kind": "derived", "provider": "derived"},
                "rejected": [],
                "derived_from": own,
            },
            "resting_hr": {"value": 48.0, "unit": "bpm", "source": own, "rejected": []},
            "wellness_score": {"value": 70.0, "unit": "0-100", "source": own, "rejected": []},
            "readiness": {"value": 3.8, "unit": "1-5", "source": own, "rejected": []},
            "load": {**nothing, "unit": "AU"},
            "t400": {**nothing, "unit": "s"},
            "planned_load": {**nothing, "unit": "AU"},
            "fatigue_1_5": 4.0,
            "soreness_1_5": 3.0,
            "pain_0_10": 2,
            "illness": "none",
            "injury_status": "niggle",
            "red_flag": None,
            "load_basis": None,
            "rest_day": False,
            "high_intensity_share": None,
            "planned_high_intensity_share": None,
            "first_session_at": None,
        },
    }


def test_what_was_put_can_be_got_listed_and_polled_for_nothing(api, alice):
    client = api(alice)
    stored = client.put(URL, MORNING).json()
    shown = {name: value for name, value in stored.items() if name not in ("status", "day")}
    response = client.get(URL)
    assert response.json() == shown
    assert client.get("/api/v1/check-ins/").json() == {"results": [shown], "next_cursor": None, "previous_cursor": None}
    for url in (URL, "/api/v1/check-ins/", "/api/v1/days/2026-11-22/"):
        etag = client.get(url)["ETag"]
        again = client.get(url, headers={"If-None-Match": etag})
        assert (again.status_code, again.content) == (304, b"")
        assert again["Cache-Control"] == "private, no-cache"


def test_the_resolved_day_is_what_the_put_answered(api, alice):
    client = api(alice)
    stored = client.put(URL, MORNING).json()
    day = client.get("/api/v1/days/2026-11-22/").json()
    assert {name: day[name] for name in stored["day"]} == stored["day"]
    assert day.keys() - stored["day"].keys() == {"absences", "filed", "hrv_eras"}


def test_a_day_of_which_nothing_is_known_is_all_null(api, alice):
    day = api(alice).get("/api/v1/days/2026-11-01/").json()
    assert day["hrv"] == {"value": None, "unit": "ms", "source": None, "rejected": []}
    assert (day["revised_at"], day["illness"], day["rest_day"]) == (None, None, False)


def test_sending_it_again_is_harmless(api, alice):
    client = api(alice)
    first = client.put(URL, MORNING).json()
    again = client.put(URL, MORNING)
    assert again.status_code == 200
    assert again.json() == {**first, "status": "unchanged"}
    assert CheckIn.objects.count() == 1


def test_patching_and_deleting(api, alice):
    client = api(alice)
    assert client.patch(URL, {"fatigue": 2}).status_code == 404
    client.put(URL, MORNING)
    answer = client.patch(URL, {"fatigue": 2, "hrv": None}).json()
    assert (answer["fatigue"], answer["mood"], answer["hrv"], answer["status"]) == (2, 5, None, "updated")
    assert client.delete(URL).status_code == 204
    assert client.delete(URL).status_code == 204
    assert client.get(URL).status_code == 404
    assert Day.objects.get().checked_in_at is None


@pytest.mark.parametrize(
    ("body", "pointer", "code"),
    [
        ({}, "#", "empty"),
        ({"notes": "tired"}, "#", "nothing_measured"),
        ({"fatigue": 0}, "#/fatigue", "min_value"),
        ({"fatigue": 6}, "#/fatigue", "max_value"),
        ({"fatigue": 7, "scale": "intervals_1_4"}, "#/fatigue", "max_value"),
        ({"fatigue": True}, "#/fatigue", "not_an_integer"),
        ({"fatigue": "4"}, "#/fatigue", "not_an_integer"),
        ({"fatigue": 4.0}, "#/fatigue", "not_an_integer"),
        ({"fatigues": 4}, "#/fatigues", "unknown_field"),
        ({"id": "x", "fatigue": 3}, "#/id", "read_only_field"),
        ({"sleep_duration_min": 0}, "#/sleep_duration_min", "missing_sentinel"),
        ({"sleep_duration_min": 8}, "#/sleep_duration_min", "min_value"),
        ({"resting_hr_bpm": -1}, "#/resting_hr_bpm", "missing_sentinel"),
        ({"hrv": {"metric": "rmssd", "value_ms": 0, "context": "spot"}}, "#/hrv/value_ms", "missing_sentinel"),
        ({"hrv": {"metric": "rmssd", "value_ms": 501, "context": "spot"}}, "#/hrv/value_ms", "max_value"),
        ({"hrv": {"value_ms": 50, "context": "spot"}}, "#/hrv/metric", "required"),
        ({"hrv": 62}, "#/hrv", "not_an_object"),
        ({"fatigue": 4, "submitted_at": "2026-11-22T06:52:10"}, "#/submitted_at", "missing_offset"),
        ({"illness": "flu"}, "#/illness", "invalid_choice"),
        ({"pain_0_10": 11}, "#/pain_0_10", "max_value"),
    ],
)
def test_what_cannot_be_meant_is_refused_and_nothing_stored(api, alice, body, pointer, code):
    response = api(alice).put(URL, body)
    assert response.status_code == 400
    assert response["Content-Type"] == "application/problem+json"
    assert [(e["pointer"], e["code"]) for e in response.json()["errors"]] == [(pointer, code)]
    assert not CheckIn.objects.exists()


@pytest.mark.parametrize(
    ("day", "code"),
    [
        ("2026-11-23", "date_in_future"),
        ("2026-11-07", "date_too_old"),
        ("2026-W45-1", "not_a_date"),
        ("2026-02-30", "not_a_date"),
        ("0000-00-00", "not_a_date"),
        ("9999-12-31", "date_in_future"),
        ("tomorrow", "not_a_date"),
    ],
)
def test_the_date_in_the_url_must_be_one_of_the_last_14_local_days(api, alice, day, code):
    response = api(alice).put(f"/api/v1/check-ins/{day}/", {"fatigue": 3})
    assert response.status_code == 400
    assert response.json()["code"] == code
    assert response.json()["errors"] == [{"parameter": "date", "code": code, "message": response.json()["detail"]}]


def test_an_implausible_hrv_is_kept_apart_until_it_is_confirmed(api, alice):
    client = api(alice)
    odd = {"metric": "rmssd", "value_ms": 301, "context": "morning_supine"}
    answer = client.put(URL, {"hrv": odd}).json()
    assert answer["quality"] == {"hrv": {"status": "quarantined", "reasons": ["hrv_implausible"]}}
    assert answer["day"]["hrv"]["value"] is None
    assert [r["why"] for r in answer["day"]["hrv"]["rejected"]] == ["quarantined"]
    answer = client.patch(URL, {"hrv": {**odd, "confirmed": True}}).json()
    assert answer["quality"]["hrv"]["status"] == "confirmed"
    assert answer["day"]["hrv"]["value"] == 301


def test_strangers_and_other_athletes_get_nothing(api, alice, bob):
    api(alice).put(URL, MORNING)
    assert api(None).put(URL, MORNING).status_code == 401
    assert api(bob).get(URL).status_code == 404
    assert api(bob).get("/api/v1/check-ins/").json()["results"] == []
    assert api(bob).delete(URL).status_code == 204
    assert CheckIn.objects.count() == 1


def test_hours_sent_as_minutes_are_called_by_their_name(api, alice):
    errors = api(alice).put(URL, {"sleep_duration_min": 8}).json()["errors"]
    assert [error["message"] for error in errors] == ["At least 60: minutes, not hours."]

from datetime import date

import pytest
import time_machine

from athletes.models import Athlete, Day
from athletes.signals import day_revised
from tests.factories import make_user

pytestmark = pytest.mark.usefixtures("valkey")


@pytest.fixture
def revised():
    """What was announced to those who answer."""
    heard = []

    def hear(sender, athlete_id, dates, rings, **kwargs):
        heard.append((athlete_id, dates, rings))

    day_revised.connect(hear)
    yield heard
    day_revised.disconnect(hear)


def codes(answer) -> list[tuple[str, str]]:
    assert answer["Content-Type"] == "application/problem+json"
    return [(problem["pointer"], problem["code"]) for problem in answer.json()["errors"]]


@time_machine.travel("2026-11-22T23:30:00Z", tick=False)
def test_the_profile_of_an_athlete(api, alice):
    alice.timezone = "Asia/Kathmandu"
    alice.save()
    answer = api(alice).get("/api/v1/me/")
    assert answer.json() == {
        "id": alice.pk,
        "email": "alice@example.org",
        "is_athlete": True,
        "is_coach": False,
        "today": "2026-11-23",
        "display_name": "Alice",
        "timezone": "Asia/Kathmandu",
        "locale": "en",
        "sex": "undisclosed",
        "birth_date": None,
        "event": "400m",
        "usual_week": None,
        "max_hr_bpm": None,
        "morning_deadline": "09:00",
        "quiet_hours": {"start": "21:30", "end": "06:00"},
        "source_priority": {},
        "source_periods": {},
        "main_race_on": None,
        "hold": "none",
        "wants_push": True,
    }
    assert answer["Cache-Control"] == "private, no-cache"
    again = api(alice).get("/api/v1/me/", headers={"If-None-Match": answer["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_a_coach_without_a_profile_is_no_athlete_and_reading_makes_none(api, charlie, squad):
    body = api(charlie).get("/api/v1/me/").json()
    assert (body["id"], body["is_athlete"], body["is_coach"]) == (None, False, True)
    assert not Athlete.objects.filter(user=charlie).exists()


def test_the_first_patch_makes_a_profile(api, db):
    user = make_user("dora@example.org")
    answer = api(user).patch("/api/v1/me/", {"timezone": "Pacific/Apia"})
    assert answer.status_code == 200, answer.content
    assert Athlete.objects.get(user=user).timezone == "Pacific/Apia"


@time_machine.travel("2026-11-22T11:00:00Z", tick=False)
def test_everything_can_be_changed_at_once_and_today_is_asked_for_again(api, alice, revised):
    alice.next_morning_at = "2026-11-23T08:00:00Z"
    alice.save()
    changes = {
        "display_name": "Alice A.",
        "timezone": "Pacific/Kiritimati",
        "locale": "pt-BR",
        "sex": "female",
        "birth_date": "2001-02-28",
        "event": "400mh",
        "usual_week": {"sessions": 6, "session_min": 75, "rpe": 6.5},
        "morning_deadline": "08:15",
        "quiet_hours": {"start": "22:00", "end": "07:00"},
        "source_priority": {"hrv": ["oura", "garmin"], "sleep": []},
        "source_periods": {
            "hrv": [
                {"date_from": None, "date_to": "2026-02-28", "providers": ["garmin"]},
                {"date_from": "2026-03-01", "date_to": None, "providers": ["oura", "garmin"]},
            ]
        },
        "main_race_on": "2027-06-12",
        "hold": "clinician",
        "wants_push": False,
    }
    answer = api(alice).patch("/api/v1/me/", changes)
    assert answer.status_code == 200, answer.content
    assert {name: answer.json()[name] for name in changes} == changes
    assert answer.json()["today"] == "2026-11-23"
    alice.refresh_from_db()
    assert (alice.birth_date, alice.usual_session_rpe, alice.next_morning_at) == ("2001-02-28", 6.5, None)
    assert revised[-1] == (alice.pk, {date(2026, 11, 23)}, True)


def test_a_change_that_does_not_concern_today_rings_nobody(api, alice, revised):
    assert api(alice).patch("/api/v1/me/", {"display_name": "A", "wants_push": False}).status_code == 200
    assert api(alice).patch("/api/v1/me/", {"timezone": alice.timezone}).status_code == 200
    assert revised == []
    assert not Day.objects.exists()


def test_what_was_set_can_be_taken_back(api, alice):
    client = api(alice)
    week = {"sessions": 5, "session_min": 60, "rpe": 5}
    client.patch("/api/v1/me/", {"birth_date": "2001-02-28", "main_race_on": None, "usual_week": week})
    body = client.patch("/api/v1/me/", {"birth_date": None, "usual_week": None, "source_priority": {}}).json()
    assert (body["birth_date"], body["usual_week"], body["source_priority"]) == (None, None, {})


@pytest.mark.parametrize(("sent", "kept"), [("zh-hans-cn", "zh-Hans-CN"), ("DE", "de"), ("es-419", "es-419")])
def test_a_language_may_name_its_script_and_region(api, alice, sent, kept):
    assert api(alice).patch("/api/v1/me/", {"locale": sent}).json()["locale"] == kept


def period(first, last, *providers):
    return {"date_from": first, "date_to": last, "providers": list(providers)}


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"timezone": "Mars/Olympus"}, ("#/timezone", "unknown_timezone")),
        ({"timezone": None}, ("#/timezone", "null")),
        ({"locale": "english please"}, ("#/locale", "not_a_locale")),
        ({"locale": "zh-Han-CN"}, ("#/locale", "not_a_locale")),
        ({"locale": "xx-Latn"}, ("#/locale", "unknown_language")),
        ({"sex": "f"}, ("#/sex", "invalid_choice")),
        ({"birth_date": "2099-01-01"}, ("#/birth_date", "out_of_range")),
        ({"birth_date": "1899-12-31"}, ("#/birth_date", "out_of_range")),
        ({"birth_date": "2026-W45-1"}, ("#/birth_date", "not_a_date")),
        ({"event": "marathon"}, ("#/event", "not_an_event")),
        ({"event": 400}, ("#/event", "not_a_string")),
        ({"usual_week": {"sessions": 6}}, ("#/usual_week/rpe", "required")),
        (
            {"usual_week": {"sessions": 6, "session_min": "75", "rpe": 6}},
            ("#/usual_week/session_min", "not_an_integer"),
        ),
        ({"usual_week": {"sessions": 6, "session_min": 75, "rpe": 6.3}}, ("#/usual_week/rpe", "step")),
        ({"usual_week": 6}, ("#/usual_week", "not_an_object")),
        ({"max_hr_bpm": 90}, ("#/max_hr_bpm", "min_value")),
        ({"max_hr_bpm": 0}, ("#/max_hr_bpm", "missing_sentinel")),
        ({"morning_deadline": "9"}, ("#/morning_deadline", "not_a_time")),
        ({"quiet_hours": {"start": "22:00"}}, ("#/quiet_hours/end", "required")),
        ({"quiet_hours": {"start": "22:00", "end": "07:00", "x": 1}}, ("#/quiet_hours/x", "unknown_field")),
        ({"source_priority": {"hrv": ["fitbut"]}}, ("#/source_priority/hrv/0", "invalid_choice")),
        ({"source_priority": {"hrv": ["oura", "oura"]}}, ("#/source_priority/hrv", "duplicate")),
        ({"source_priority": {"mood": ["oura"]}}, ("#/source_priority/mood", "unknown_field")),
        *[
            ({"source_periods": {"hrv": periods}}, (f"#/source_periods/hrv{pointer}", code))
            for periods, pointer, code in [
                ([["2026-01-01", None, ["garmin"]]], "/0", "not_an_object"),
                ([period("2026-01-01", None, "fitbut")], "/0/providers/0", "invalid_choice"),
                ([period("2026-01-01", None, "oura", "oura")], "/0/providers", "duplicate"),
                ([period("2026-01-01", None)], "/0/providers", "empty"),
                ([period("2026-01-02", "2026-01-01", "oura")], "/0/date_to", "ends_before_it_starts"),
                ([period("2026-W01-1", None, "oura")], "/0/date_from", "not_a_date"),
                ([{"date_from": None, "providers": ["oura"]}], "/0/date_to", "required"),
                ([period(None, "2026-03-01", "oura"), period("2026-03-01", None, "garmin")], "", "overlap"),
                ([period(None, None, "oura"), period("2026-03-01", "2026-03-02", "garmin")], "", "overlap"),
                ([period("2026-03-01", None, "oura"), period("2026-04-01", None, "garmin")], "", "overlap"),
                ([period(f"{year}-01-01", f"{year}-01-02", "oura") for year in range(1900, 2001)], "", "max_length"),
            ]
        ],
        ({"source_periods": {"mood": []}}, ("#/source_periods/mood", "unknown_field")),
        ({"main_race_on": "2199-01-01"}, ("#/main_race_on", "out_of_range")),
        ({"wants_push": "yes"}, ("#/wants_push", "not_a_boolean")),
        ({"email": "eve@example.org"}, ("#/email", "read_only_field")),
        ({"is_athlete": True}, ("#/is_athlete", "read_only_field")),
        ({"is_staff": True}, ("#/is_staff", "unknown_field")),
        ({}, ("#", "empty")),
    ],
)
def test_a_bad_profile_is_named_and_not_stored(api, alice, changes, problem, revised):
    before = Athlete.objects.values().get(pk=alice.pk)
    answer = api(alice).patch("/api/v1/me/", changes)
    assert answer.status_code == 400
    assert problem in codes(answer)
    assert Athlete.objects.values().get(pk=alice.pk) == before
    assert revised == []


def test_an_athlete_can_set_a_hold_and_not_lift_it(api, alice):
    client = api(alice)
    assert client.patch("/api/v1/me/", {"hold": "pregnancy"}).status_code == 200
    assert client.patch("/api/v1/me/", {"hold": "pregnancy"}).status_code == 200
    for other in ("none", "clinician"):
        answer = client.patch("/api/v1/me/", {"hold": other, "display_name": "X"})
        assert (answer.status_code, answer.json()["code"]) == (403, "hold_stays")
    alice.refresh_from_db()
    assert (alice.hold, alice.display_name) == ("pregnancy", "Alice")


def test_the_birth_date_is_unreadable_in_the_database_file(api, alice):
    from django.db import connection

    api(alice).patch("/api/v1/me/", {"birth_date": "2001-02-28"})
    with connection.cursor() as cursor:
        cursor.execute("SELECT birth_date FROM athletes_athlete WHERE id = %s", [alice.pk])
        assert "2001" not in cursor.fetchone()[0]

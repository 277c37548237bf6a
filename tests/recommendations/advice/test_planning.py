"""What is planned: the coach's word, the athlete's, or the automatic plan."""

from datetime import date, timedelta

import pytest
import time_machine

from athletes.models import Day, PlannedSession
from recommendations.advice.advising import drain
from recommendations.models import Advice, WaitingDay
from tests.recommendations.seasons import MORNING, TODAY, live, wake_up

pytestmark = pytest.mark.django_db
URL = "/api/v1/planned-sessions/"


@pytest.fixture(autouse=True)
def seven_in_berlin():
    with time_machine.travel(MORNING, tick=False):
        yield


def test_a_plan_by_minutes_and_rpe_is_stored_with_its_load(alice, api):
    body = {"kind": "track_intervals", "title": "3 x 3 x 200 m", "duration_min": 70, "rpe": 7}
    response = api(alice).put(f"{URL}2026-05-22/", body)
    assert response.status_code == 200
    assert response.json() == {
        "date": "2026-05-22",
        "author": "athlete",
        "kind": "track_intervals",
        "title": "3 x 3 x 200 m",
        "load_au": 490.0,
        "duration_min": 70.0,
        "rpe": 7.0,
        "high_intensity_share": 0.4,
        "competition_priority": None,
        "updated_at": "2026-05-20T05:00:00Z",
    }


def test_the_coach_plans_for_an_athlete_and_it_changes_todays_advice(alice, charlie, squad, api):
    live(alice, 40)
    wake_up(alice)
    drain(MORNING)
    assert Advice.objects.get(current=True).prescription["planned_by"] == "automatic"
    response = api(charlie).put(f"{URL}2026-05-20/?athlete={alice.pk}", {"load_au": 250})
    assert (response.status_code, response.json()["author"]) == (200, "coach")
    assert WaitingDay.objects.get().date == TODAY
    drain(MORNING)
    prescription = Advice.objects.get(current=True).prescription
    assert (prescription["planned_by"], prescription["planned_load_au"]) == ("plan", 250)


def test_without_a_plan_the_automatic_one_shows_as_the_tracker_sees_it(alice, api):
    live(alice, 40)
    wake_up(alice)
    drain(MORNING)
    api(alice).put(f"{URL}2026-05-21/", {"load_au": 0})
    rows = api(alice).get(URL).json()["results"]
    assert [row["date"] for row in rows] == [str(TODAY + timedelta(days=n)) for n in range(14)]
    assert [row["author"] for row in rows[:3]] == ["automatic", "athlete", "automatic"]
    seen = Advice.objects.get().observation
    assert rows[0]["load_au"] == round(seen["planned_load_au"])
    assert rows[0]["high_intensity_share"] == seen["planned_share"]


def test_after_an_illness_the_automatic_plan_shows_no_more_than_the_advice_counts_with(alice, api):
    thursday = TODAY + timedelta(days=1)  # a hard day: the cap by the chronic load binds
    live(alice, 60, until=thursday)
    ill = [thursday - timedelta(days=ago) for ago in range(12, 2, -1)]
    Day.objects.filter(athlete=alice, date__in=ill).update(illness="below_neck", load_au=0, rest_day=True)
    wake_up(alice, thursday)
    with time_machine.travel(MORNING + timedelta(days=1), tick=False):
        drain(MORNING + timedelta(days=1))
        shown = api(alice).get(URL).json()["results"][0]
    seen = Advice.objects.get().observation
    assert (shown["date"], shown["author"]) == (str(thursday), "automatic")
    assert shown["load_au"] == round(seen["planned_load_au"])
    assert shown["load_au"] < 0.9 * seen["lref_au"]  # as if Alice had not been ill: 336 AU, not 219


def test_before_anything_is_known_there_is_no_automatic_plan(alice, api):
    assert api(alice).get(URL).json() == {"results": []}


def test_taking_a_plan_back_brings_the_automatic_one_again(alice, api):
    api(alice).put(f"{URL}2026-05-20/", {"load_au": 500})
    for _ in range(2):
        assert api(alice).delete(f"{URL}2026-05-20/").status_code == 204
    assert not PlannedSession.objects.exists()


@pytest.mark.parametrize(
    ("on", "body", "code"),
    [
        ("2026-05-22", {}, "empty"),
        ("2026-05-22", {"kind": "tempo"}, "required"),
        ("2026-05-22", {"duration_min": 60}, "required"),
        ("2026-05-22", {"load_au": -1}, "min_value"),
        ("2026-05-22", {"load_au": 7000}, "max_value"),
        ("2026-05-22", {"load_au": "400"}, "not_a_number"),
        ("2026-05-22", {"load_au": True}, "not_a_number"),
        ("2026-05-22", {"load_au": 100, "high_intensity_share": 1.2}, "max_value"),
        ("2026-05-22", {"load_au": 100, "author": "coach"}, "unknown_field"),
        ("2026-05-22", {"load_au": 100, "competition_priority": "D"}, "invalid_choice"),
        ("2026-02-30", {"load_au": 100}, "not_a_date"),
        ("2026-05-01", {"load_au": 100}, "out_of_range"),
        ("2029-05-01", {"load_au": 100}, "out_of_range"),
    ],
)
def test_a_plan_that_cannot_be_is_refused(alice, api, on, body, code):
    response = api(alice).put(f"{URL}{on}/", body)
    assert response.status_code == 400
    assert code in [error["code"] for error in response.json()["errors"]]
    assert not PlannedSession.objects.exists()


@pytest.mark.parametrize(
    "query", ["date_from=2026-05-22&date_to=2026-05-20", "date_to=2027-05-20", "date_from=today", "colour=red"]
)
def test_a_range_that_cannot_be_is_refused(alice, api, query):
    assert api(alice).get(f"{URL}?{query}").status_code == 400


def test_nobody_plans_for_an_athlete_they_do_not_see(alice, bob, eve, squad, other_squad, api):
    for stranger in (bob, eve):
        assert api(stranger).put(f"{URL}2026-05-22/?athlete={alice.pk}", {"load_au": 1}).status_code == 404
        assert api(stranger).delete(f"{URL}2026-05-22/?athlete={alice.pk}").status_code == 404
    assert not PlannedSession.objects.exists()


def test_the_automatic_plan_never_shows_a_load_that_is_not_there(alice, api):
    live(alice, 40)
    wake_up(alice)
    drain(MORNING)
    rows = api(alice).get(f"{URL}?date_from=2026-05-01&date_to=2026-07-31").json()["results"]
    assert len(rows) == (date(2026, 7, 31) - date(2026, 5, 1)).days + 1
    assert all(row["load_au"] > 0 for row in rows)

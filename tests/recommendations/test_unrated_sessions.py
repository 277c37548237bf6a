"""Sessions nobody has rated: what the advice makes of their estimates, and how it asks."""

from datetime import date, datetime, timedelta

import pytest
import time_machine

from athletes.models import Day, TrainingSession
from athletes.reports import intake
from athletes.reports.season_logs import season_rows
from recommendations.advice.advising import drain
from recommendations.inputs import frames
from recommendations.inputs.frames import Asked
from recommendations.models import Advice, Delivery
from tests import factories
from tests.recommendations.seasons import MORNING, TODAY, live, wake_up

pytestmark = pytest.mark.usefixtures("valkey")
YESTERDAY = TODAY - timedelta(days=1)


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(MORNING, tick=False):
        yield


def workout(athlete, on=YESTERDAY, name="w", **values):
    data = {
        "client_record_id": f"{name}-{on}", "source": {"provider": "garmin"}, "duration_min": 60.0, "kind": "endurance",
        "started_at": datetime.fromisoformat(f"{on}T17:00:00+02:00"), **values,
    }  # fmt: skip
    return intake.record_one(athlete, "training_session", data, now=MORNING).record


def plan(athlete, on):
    values = {"kind": "endurance", "load_au": 360.0, "duration_min": 90.0, "high_intensity_share": 0.1}
    intake.record_plan(athlete, on, values, by=athlete.user, now=MORNING)


def seen_today(athlete):
    day = frames.day_rows({athlete.pk: TODAY}).get(athlete.pk, frames.NOTHING)
    return frames.stand([Asked(athlete, TODAY, day)]).observation.rows()[0]


def test_an_estimate_by_heart_rate_is_a_logged_load(alice):
    live(alice, 40, until=YESTERDAY)
    told = workout(alice, avg_hr_bpm=150.0)
    seen = seen_today(alice)
    assert seen["last_load_au"] == told.load_au
    assert seen["load_unlogged_days"] == 0


def test_an_estimate_by_the_plan_is_used_and_counts_as_unlogged(alice):
    live(alice, 40, until=YESTERDAY)
    plan(alice, YESTERDAY)
    told = workout(alice)
    seen = seen_today(alice)
    assert (told.load_basis, told.load_au) == ("plan", 240.0)
    assert seen["last_load_au"] == 240.0
    assert seen["load_unlogged_days"] == 1


def test_nothing_known_of_a_session_is_imputed_by_the_state_and_unlogged(alice):
    live(alice, 40, until=YESTERDAY)
    workout(alice)
    seen = seen_today(alice)
    assert Day.objects.get(date=YESTERDAY).load_au is None
    assert seen["load_unlogged_days"] == 1
    assert seen["last_load_au"] > 0


def test_todays_advice_asks_for_the_rating_says_which_features_are_estimated_and_no_phone_rings_for_it(alice, api):
    factories.make_device(alice.user, "token-of-a-phone")
    live(alice, 40, until=YESTERDAY)
    wake_up(alice)
    drain(MORNING)
    pushes = Delivery.objects.count()
    assert pushes == 1
    told = workout(alice, avg_hr_bpm=150.0)
    drain(MORNING)
    body = api(alice).get("/api/v1/advice/today/").json()
    assert body["sessions_to_rate"] == {"count": 1, "text": "1 session waits for your effort rating"}
    estimated = {name: feature["estimated"] for name, feature in body["state"]["features"].items()}
    assert estimated == {
        "hrv": False, "sleep": False, "acute": True, "chronic": True, "acwr": True, "performance": False,
    }  # fmt: skip
    moved = Advice.objects.get(current=True).action != Advice.objects.get(revision=1).action
    assert Delivery.objects.count() == pushes + moved  # for another action as ever, for the question never
    api(alice).post(f"/api/v1/training-sessions/{told.pk}/confirm/", {"rpe": 5})
    body = api(alice).get("/api/v1/advice/today/").json()
    assert body["sessions_to_rate"] is None
    assert not any(feature["estimated"] for feature in body["state"]["features"].values())


def test_the_question_is_asked_for_two_weeks_and_before_the_first_advice_too(alice, api):
    for ago in (1, 13, 14, 40):
        workout(alice, TODAY - timedelta(days=ago), avg_hr_bpm=150.0)
    body = api(alice).get("/api/v1/advice/today/").json()
    assert (body["status"], body["sessions_to_rate"]) == (
        "pending", {"count": 2, "text": "2 sessions wait for your effort rating"},
    )  # fmt: skip


def test_who_sees_no_values_sees_no_sessions_either(alice, charlie, squad, api):
    live(alice, 40, until=YESTERDAY)
    workout(alice, avg_hr_bpm=150.0)
    wake_up(alice)
    drain(MORNING)
    for shared, expected in ((False, None), (True, {"count": 1, "text": "1 session waits for your effort rating"})):
        alice.memberships.update(shares_values=shared)
        body = api(charlie).get(f"/api/v1/advice/today/?athlete={alice.pk}").json()
        assert body["sessions_to_rate"] == expected


def test_a_season_log_has_the_load_by_heart_rate_and_leaves_the_plans_out(alice):
    plan(alice, YESTERDAY)
    workout(alice)
    before = YESTERDAY - timedelta(days=1)
    told = workout(alice, before, avg_hr_bpm=150.0)
    assert {row["date"]: row["load_au"] for row in season_rows(alice)} == {before: told.load_au, YESTERDAY: None}
    intake.rate_session(TrainingSession.objects.get(date=YESTERDAY), 5.0, by=alice.user)
    assert {row["date"]: row["load_au"] for row in season_rows(alice)}[YESTERDAY] == 300.0


def test_the_first_days_of_the_calendar_ask_nothing(alice, api):
    assert api(alice).get(f"/api/v1/advice/{date.min}/").status_code == 404

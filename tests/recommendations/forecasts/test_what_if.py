"""What the next four weeks may look like: asked for, computed by the worker, read again."""

import json
from datetime import timedelta
from unittest.mock import ANY

import pytest
import time_machine
from django.db import IntegrityError, transaction

from athletes.models import Athlete, Day, PlannedSession
from mlmodels.policies import registry
from mlmodels.twin.model import sha256
from recommendations.advice.advising import drain
from recommendations.forecasts import forecasting, own_twins
from recommendations.inputs import frames
from recommendations.models import Advice, AthleteTwin, Forecast, StateCarry
from recommendations.monitoring import retention
from recommendations.queue import deadlines
from recommendations.tasks import slow_forecasts
from storage import bell
from tests import factories
from tests.recommendations.seasons import AFTER_DEADLINE, MORNING, TODAY, live, wake_up

pytestmark = pytest.mark.django_db
URL = "/api/v1/what-if/"
SIGNALS = {"perf_change_pct", "acwr", "hrv_z", "hrv_ms", "sleep_z"}


@pytest.fixture(autouse=True)
def seven_in_berlin(valkey):
    with time_machine.travel(MORNING, tick=False):
        yield


@pytest.fixture
def advised(alice, squad):
    live(alice, 60)
    wake_up(alice)
    drain(MORNING)
    return Advice.objects.get(athlete=alice, current=True)


def test_it_is_pending_until_the_worker_was_there_and_then_it_is_all_there(alice, advised, api):
    pending = api(alice).get(URL)
    assert (pending.status_code, pending.json()) == (202, {"status": "pending"})
    assert (pending["Retry-After"], pending["Cache-Control"]) == ("2", "no-store")
    assert slow_forecasts() == 1
    response = api(alice).get(URL)
    assert (response.status_code, response["Cache-Control"]) == (200, "private, no-cache")
    body = response.json()
    first = body.pop("first_actions")
    assert body == {
        "status": "ready",
        "athlete": alice.pk,
        "date": "2026-05-20",
        "advice": str(advised.pk),
        "advised": advised.action,
        "horizon_days": 28,
        "samples": 200,
        "minimum_detectable_change_pct": 1.44,
        "policy_sha256": advised.active_sha256,
        "twin_level": "individual",
        "twin_days": 60,
        "twin_sha256": sha256(registry.ARTIFACTS / "twin.json"),
        "computed_at": "2026-05-20T05:00:00Z",
        "disclaimer": "Not medical advice",
    }
    assert set(first) == {"increase_intensity", "increase_volume", "active_recovery", "as_planned"}
    for ahead in first.values():
        assert set(ahead) == {"allowed", "load_au", "bands", "against_as_planned"}
        for signals in (ahead["bands"], ahead["against_as_planned"]):
            assert set(signals) == SIGNALS
            for band in signals.values():
                assert [len(band[key]) for key in ("p10", "p50", "p90")] == [28] * 3
                assert all(a <= b <= c for a, b, c in zip(band["p10"], band["p50"], band["p90"], strict=True))
    assert first["active_recovery"]["load_au"] < first["as_planned"]["load_au"] < first["increase_volume"]["load_au"]


def test_the_same_forecast_is_not_sent_twice(alice, advised, api):
    api(alice).get(URL)
    slow_forecasts()
    etag = api(alice).get(URL)["ETag"]
    again = api(alice).get(URL, headers={"If-None-Match": etag})
    assert (again.status_code, again.content) == (304, b"")


def test_asking_rings_the_slow_queue_once(alice, advised, api, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        api(alice).get(URL)
        api(alice).get(URL)
    queued = bell.client().lrange("slow", 0, -1)
    assert [json.loads(message)["headers"]["task"] for message in queued] == ["recommendations.tasks.slow_forecasts"]
    assert Forecast.objects.count() == 1


def test_the_advice_then_says_what_to_expect_what_would_change_it_and_why(alice, advised, api):
    before = api(alice).get("/api/v1/advice/today/").json()
    assert (before["expected"], before["contributions"]) == (None, None)
    api(alice).get(URL)
    slow_forecasts()
    body = api(alice).get("/api/v1/advice/today/").json()
    band = api(alice).get(URL).json()["first_actions"][advised.action]["bands"]["perf_change_pct"]
    assert body["expected"] == {"horizon_days": 28, "perf_change_pct": {key: band[key][-1] for key in band}}
    forecast = Forecast.objects.get()
    assert forecast.would_change_if and body["would_change_if"] == []  # nothing that the athlete can do about it today
    assert advised.stage == "learned" and not advised.used_fallback
    total = forecast.contributions["usual"] + sum(c["value"] for c in body["contributions"])
    assert total == pytest.approx(body["margin"], abs=1e-5)
    assert body["contributions"][0] == {"feature": ANY, "value": ANY}
    assert len(body["contributions"]) == 16


def test_a_new_revision_of_the_advice_asks_anew(alice, advised, api):
    api(alice).get(URL)
    slow_forecasts()
    wake_up(alice, hrv_ms=40.0)
    drain(MORNING)
    assert api(alice).get(URL).status_code == 202


def test_without_enough_history_it_says_so(bob, squad, api):
    live(bob, 3)
    wake_up(bob)
    drain(MORNING)
    response = api(bob).get(URL)
    assert (response.status_code, response.json()) == (
        200, {"status": "unavailable", "reason": "insufficient_history"},
    )  # fmt: skip
    assert not Forecast.objects.exists()


def test_a_new_athlete_is_not_pending_but_told_what_is_missing(bob, squad, api):
    body = api(bob).get("/api/v1/advice/today/").json()
    assert (body["status"], body["withheld_reason"], body["revision"]) == ("withheld", "insufficient_history", 0)
    assert body["headline"] == "Not enough is known yet"
    assert body["detail"] == "Report your training for a week, or tell us your usual week, and advice begins."
    assert api(bob).get(URL).json() == {"status": "unavailable", "reason": "insufficient_history"}
    deadlines.ring_due(AFTER_DEADLINE)
    drain(AFTER_DEADLINE)
    stored = api(bob).get("/api/v1/advice/today/").json()
    told = ("status", "withheld_reason", "headline", "detail")
    assert [stored[name] for name in told] == [body[name] for name in told]


def test_whom_a_usual_week_or_a_day_describes_waits_for_the_morning_like_everybody(alice, bob, squad, api):
    Athlete.objects.filter(pk=bob.pk).update(usual_sessions_per_week=5, usual_session_min=60, usual_session_rpe=6)
    live(alice, 1)
    for athlete in (alice, bob):
        assert api(athlete).get("/api/v1/advice/today/").json()["status"] == "pending"


def test_a_provisional_athlete_without_an_hrv_baseline_has_none_either(bob, squad, api):
    live(bob, 10)
    wake_up(bob)
    drain(MORNING)
    assert Advice.objects.get(athlete=bob, current=True).withheld_reason == ""
    assert api(bob).get(URL).status_code == 202
    slow_forecasts()
    assert api(bob).get(URL).json() == {"status": "unavailable", "reason": "insufficient_history"}


def settled(athlete, api):
    wake_up(athlete)
    drain(MORNING)
    api(athlete).get(URL)
    slow_forecasts()
    return api(athlete).get(URL).json()


def test_whose_own_days_are_few_gets_the_groups_twin_and_is_told_so(bob, squad, api):
    live(bob, 60)
    Day.objects.filter(athlete=bob, date__lt=TODAY - timedelta(days=13)).update(load_au=None, rest_day=False)
    body = settled(bob, api)
    assert (body["status"], body["twin_level"], body["twin_days"]) == ("ready", "group", 13)
    assert not AthleteTwin.objects.exists()


def test_loads_taken_from_the_plan_say_nothing_of_the_athlete(alice, advised):
    asked = frames.Asked(alice, TODAY, frames.NOTHING)
    Day.objects.filter(athlete=alice, date__gte=TODAY - timedelta(days=20)).update(load_basis="plan")
    own, days = own_twins.of(asked, "twin", MORNING)
    assert (days, own.days["load"]) == (40, 40)


def test_the_own_twin_is_kept_a_week_and_made_again_when_days_or_twin_are_new(alice, advised, api, monkeypatch):
    asked = frames.Asked(alice, TODAY, frames.NOTHING)
    first, days = own_twins.of(asked, "twin", MORNING)
    assert (days, first.days["load"], AthleteTwin.objects.get().fitted_through) == (60, 60, TODAY - timedelta(days=1))
    made = AthleteTwin.objects.get().fitted_at

    def fitted_at(today, sha="twin", hours=1):
        own_twins.of(frames.Asked(alice, today, frames.NOTHING), sha, MORNING + timedelta(hours=hours))
        return AthleteTwin.objects.get().fitted_at

    assert fitted_at(TODAY) == fitted_at(TODAY + timedelta(days=6)) == made
    assert fitted_at(TODAY + timedelta(days=7), hours=2) == MORNING + timedelta(hours=2)
    assert fitted_at(TODAY, hours=3) == MORNING + timedelta(hours=3)  # the clock went back
    live(alice, 14, until=TODAY - timedelta(days=60))
    assert fitted_at(TODAY, hours=4) == MORNING + timedelta(hours=4)
    assert fitted_at(TODAY, sha="another twin", hours=5) == MORNING + timedelta(hours=5)
    AthleteTwin.objects.update(own={"of": "other code"})
    assert fitted_at(TODAY, sha="another twin", hours=6) == MORNING + timedelta(hours=6)


def test_the_own_twin_reads_one_hrv_era_and_goes_with_the_athlete(alice, advised, api):
    Day.objects.filter(athlete=alice, date__lt=TODAY - timedelta(days=20)).update(hrv_era="rmssd/whoop/overnight_mean")
    own, _ = own_twins.of(frames.Asked(alice, TODAY, frames.NOTHING), "twin", MORNING)
    assert own.days == {"load": 60, "hrv": 20, "sleep": 60, "tests": Day.objects.exclude(t400_s=None).count()}
    alice.user.delete()
    assert not AthleteTwin.objects.exists()


def test_an_injured_athlete_is_told_why_there_is_none(alice, squad, api):
    live(alice, 60)
    wake_up(alice, injury_status="open")
    drain(MORNING)
    assert api(alice).get(URL).json() == {"status": "unavailable", "reason": "injury"}


def test_before_the_first_advice_of_the_day_there_is_none(alice, api):
    live(alice, 1)
    assert api(alice).get(URL).json() == {"status": "unavailable", "reason": "no_advice_yet"}


def test_a_row_that_was_not_reached_before_midnight_is_not_computed(alice, advised, api):
    forecasting.ask(advised)
    forecasting.compute_waiting(MORNING + timedelta(days=1))
    forecast = Forecast.objects.get()
    assert (forecast.state, forecast.reason, forecast.result) == ("unavailable", "expired", None)


def test_the_plan_of_the_coming_days_counts(alice, advised):
    forecasting.ask(advised)
    forecasting.compute_waiting(MORNING)
    usual = Forecast.objects.get().result
    Forecast.objects.all().delete()
    for ahead in range(1, 8):
        PlannedSession.objects.create(
            athlete=alice, date=TODAY + timedelta(days=ahead), author="coach", load_au=0, high_intensity_share=0
        )
    forecasting.ask(advised)
    forecasting.compute_waiting(MORNING)
    idle = Forecast.objects.get().result

    def acwr(result):
        return result["first_actions"]["as_planned"]["bands"]["acwr"]["p50"]

    assert acwr(idle)[0] == acwr(usual)[0]  # today is today
    assert acwr(idle)[7] < 0.5 * acwr(usual)[7]


def test_a_computation_that_fails_is_tried_again_and_then_given_up(alice, advised, api):
    Day.objects.filter(athlete=alice, date=TODAY).update(planned_load_au=300)
    Advice.objects.filter(pk=advised.pk).update(active_sha256="0" * 64)  # its file is not here any more
    forecasting.ask(advised)
    now = MORNING
    for attempt in (1, 2, 3):
        assert forecasting.compute_waiting(now) == 1
        assert forecasting.compute_waiting(now) == 0
        row = Forecast.objects.get()
        assert (row.attempts, row.error) == (attempt, "LookupError")
        now = row.not_before
    assert row.state == "failed"
    assert api(alice).get(URL).json() == {"status": "unavailable", "reason": "computation_failed"}


def test_it_keeps_no_carry_for_it_holds_no_lock(alice, advised):
    StateCarry.objects.all().delete()
    forecasting.ask(advised)
    forecasting.compute_waiting(MORNING)
    assert not StateCarry.objects.exists()
    assert Forecast.objects.get().state == "ready"


def test_the_coach_reads_it_where_values_are_shared_and_nobody_else_does(alice, advised, squad, charlie, eve, bob, api):
    query = {"athlete": alice.pk}
    assert api(charlie).get(URL, query).status_code == 403
    assert api(charlie).get(URL, query).json()["code"] == "values_not_shared"
    squad.memberships.filter(athlete=alice).update(shares_values=True)
    assert api(charlie).get(URL, query).status_code == 202
    assert api(eve).get(URL, query).status_code == 404
    assert api(bob).get(URL, query).status_code == 404
    assert api(None).get(URL).status_code == 401
    assert api(alice).get(URL, {"days": 5}).status_code == 400


def test_the_database_refuses_a_ready_forecast_without_a_result(alice):
    advice = factories.make_advice(alice, TODAY)
    with pytest.raises(IntegrityError), transaction.atomic():
        Forecast.objects.create(advice=advice, state="ready", asked_at=MORNING)
    with pytest.raises(IntegrityError), transaction.atomic():
        Forecast.objects.create(advice=advice, state="unavailable", asked_at=MORNING)


def test_the_coach_sees_the_forecast_and_the_reasons_on_the_advice_page(client, alice, advised, squad, charlie):
    squad.memberships.filter(athlete=alice).update(shares_values=True)
    client.force_login(charlie)
    page = f"/admin/recommendations/advice/{advised.pk}/change/"
    before = client.get(page)
    assert "Not computed." in before.content.decode()
    asked = client.get(f"/admin/recommendations/advice/{advised.pk}/look-ahead/", follow=True)
    assert "Being computed" in asked.content.decode()
    slow_forecasts()
    after = client.get(page).content.decode()
    assert after.count("<polyline") == 5 * 4
    assert after.count("<polygon") == 5
    assert "On a usual morning the lead would be" in after
    assert 'aria-label="ACWR: as advised, median ' in after
    assert "own twin, from 60 logged days." in after


def test_without_shared_values_the_coach_sees_neither_and_may_not_ask(client, advised, squad, charlie):
    forecasting.ask(advised)
    forecasting.compute_waiting(MORNING)
    client.force_login(charlie)
    page = client.get(f"/admin/recommendations/advice/{advised.pk}/change/").content.decode()
    assert "<polyline" not in page and "usual morning" not in page
    assert client.get(f"/admin/recommendations/advice/{advised.pk}/look-ahead/").status_code == 403


def test_old_forecasts_are_thrown_away_and_the_advice_stays(alice, advised, api):
    api(alice).get(URL)
    slow_forecasts()
    assert retention.tidy_up(MORNING + timedelta(days=90))["Forecast"] == 0
    assert retention.tidy_up(MORNING + timedelta(days=91))["Forecast"] == 1
    assert Advice.objects.get() == advised

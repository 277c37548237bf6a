"""Workouts nobody has rated: estimated, labelled, asked about, and never in the way of the athlete's own word."""

import itertools
import random
from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.core.management import call_command
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from athletes.models import CheckIn, Day, PlannedSession, TrainingSession
from athletes.reports import intake
from athletes.reports.intake import Sent
from athletes.sync import sync
from tests import factories

pytestmark = [pytest.mark.usefixtures("valkey")]
NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
TODAY = date(2026, 11, 25)
API = "/api/v1/training-sessions"
TAGS = itertools.count()


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False):
        yield


def workout(name, start="2026-11-24T17:00:00+01:00", provider="garmin", version=0, **values):
    return {
        "client_record_id": name,
        "client_record_version": version,
        "source": {"provider": provider},
        "started_at": datetime.fromisoformat(start),
        "duration_min": 60.0,
        "kind": "endurance",
        **values,
    }


def store(athlete, *workouts):
    intake.store(athlete, [Sent("training_session", each) for each in workouts], now=NOW)


def session(name):
    return TrainingSession.objects.get(client_record_id=name)


def the_day(on=date(2026, 11, 24)):
    return Day.objects.get(date=on)


def plan(athlete, on=date(2026, 11, 24), load_au=540.0, **values):
    values = {"kind": "track_sprint", "load_au": load_au, "high_intensity_share": 0.4, **values}
    intake.record_plan(athlete, on, values, by=athlete.user, now=NOW)


def calibrate(athlete, rpe=6.0, count=5, provider="garmin"):
    days = [TODAY - timedelta(days=10 - n) for n in range(count)]
    store(athlete, *[workout(f"c{n}", f"{on}T10:00:00+01:00", provider, rpe=rpe, avg_hr_bpm=140.0)
                     for n, on in enumerate(days)])  # fmt: skip


# --- what is estimated ------------------------------------------------------------------------------------------------


def test_a_watchs_workout_counts_by_its_heart_rate_and_says_so(alice):
    CheckIn.objects.create(athlete=alice, date=date(2026, 11, 20), resting_hr_bpm=50.0, submitted_at=NOW)
    store(alice, workout("w", avg_hr_bpm=141.0))
    stored = session("w")
    assert (stored.load_basis, stored.rpe, stored.needs_confirmation) == ("heart_rate", None, True)
    assert stored.load_au == round(60 * stored.estimated_rpe, 1)
    assert 3.5 < stored.estimated_rpe < 4.5  # near the first threshold of somebody who goes up to 195
    assert stored.estimate_grounds == ["group_convention", "max_hr_assumed"]
    day = the_day()
    assert (day.load_au, day.load_basis, day.provenance["load"]["flags"]) == (
        stored.load_au, "heart_rate", ["load_estimated"],
    )  # fmt: skip
    assert day.provenance["load"]["sessions"] == [
        {
            "source": {"kind": "training_session", "provider": "garmin", "id": str(stored.pk)},
            "load_au": stored.load_au,
            "basis": "heart_rate",
            "duration_min": 60.0,
            "rpe": None,
            "estimated_rpe": stored.estimated_rpe,
            "error_pct": stored.estimate_error_pct,
            "grounds": ["group_convention", "max_hr_assumed"],
            "needs_confirmation": True,
        }
    ]


def test_a_devices_resting_heart_rate_counts_where_none_was_typed_in_and_whichever_came_first(alice):
    store(alice, workout("w", avg_hr_bpm=141.0))
    assert "resting_hr_assumed" in session("w").estimate_grounds
    at = datetime.fromisoformat("2026-11-24T06:00:00+01:00")
    reading = {"client_record_id": "r", "source": {"provider": "oura"}, "measured_at": at, "value_bpm": 44.0}
    intake.record_one(alice, "resting_hr_reading", reading, now=NOW)
    by_device = session("w").estimated_rpe
    assert "resting_hr_assumed" not in session("w").estimate_grounds
    CheckIn.objects.create(athlete=alice, date=date(2026, 11, 24), resting_hr_bpm=60.0, submitted_at=NOW)
    intake.estimate_again(alice, now=NOW)
    assert session("w").estimated_rpe < by_device  # the same beat is less of a smaller reserve


def test_own_ratings_of_the_same_kind_of_session_set_the_level(alice):
    calibrate(alice, rpe=7.0)
    store(
        alice,
        workout("w", avg_hr_bpm=140.0),
        workout("s", "2026-11-24T09:00:00+01:00", avg_hr_bpm=140.0, kind="strength"),
    )
    assert session("w").estimated_rpe == pytest.approx(7.0, abs=0.01)
    assert session("w").estimate_grounds[0] == "own_ratings"
    assert session("s").estimate_grounds[0] == "group_convention"  # of weights he has rated none


def test_what_is_typed_in_beside_the_watch_calibrates_it_too(alice):
    for n in range(5):
        start = f"{TODAY - timedelta(days=10 - n)}T10:00:00+01:00"
        store(alice, workout(f"watch{n}", start, avg_hr_bpm=140.0), workout(f"typed{n}", start, "manual", rpe=7.0))
    store(alice, workout("w", avg_hr_bpm=140.0))
    assert session("w").estimated_rpe == pytest.approx(7.0, abs=0.01)


def test_ratings_that_come_later_change_no_estimate_before_them(alice):
    store(alice, workout("w", "2026-11-10T17:00:00+01:00", avg_hr_bpm=140.0))
    before = TrainingSession.objects.values().get(client_record_id="w")
    calibrate(alice, rpe=9.0)
    assert TrainingSession.objects.values().get(client_record_id="w") == before


def test_without_heart_rate_the_days_plan_counts_over_the_minutes_and_two_sessions_share_it(alice):
    plan(alice, load_au=540.0, duration_min=90.0)
    store(alice, workout("w", duration_min=30.0))
    assert (session("w").load_basis, session("w").load_au) == ("plan", 180.0)
    assert (the_day().load_au, the_day().load_basis) == (180.0, "plan")
    plan(alice, date(2026, 11, 23), load_au=400.0)
    store(alice, workout("a", "2026-11-23T05:00:00+01:00", duration_min=30.0))
    store(alice, workout("b", "2026-11-23T23:00:00+01:00", duration_min=70.0))
    assert [session(name).load_au for name in "ab"] == [120.0, 280.0]


def test_with_neither_the_load_is_unknown_and_so_is_the_days(alice):
    store(alice, workout("w"), workout("r", "2026-11-24T09:00:00+01:00", rpe=5))
    assert (session("w").load_basis, session("w").load_au, session("w").needs_confirmation) == ("none", None, True)
    assert (the_day().load_au, the_day().load_basis) == (None, "")
    assert the_day().provenance["load"]["flags"] == ["rpe_missing"]


def test_the_stated_maximum_is_the_athletes_and_a_higher_one_makes_the_same_heart_rate_easier(alice):
    store(alice, workout("w", avg_hr_bpm=150.0))
    assumed = session("w").estimated_rpe
    alice.max_hr_bpm = 215.0
    alice.save()
    store(alice, workout("v", "2026-11-24T09:00:00+01:00", avg_hr_bpm=150.0))
    assert session("v").estimated_rpe < assumed
    assert session("v").estimate_grounds == ["group_convention", "resting_hr_assumed"]


# --- one session, told twice ------------------------------------------------------------------------------------------


def test_a_workout_of_watch_and_app_counts_once_and_the_other_is_not_asked_about(api, alice):
    store(alice, workout("watch", avg_hr_bpm=140.0))
    alone = the_day().load_au
    store(alice, workout("app", "2026-11-24T17:03:00+01:00", "intervals_icu", duration_min=55.0, avg_hr_bpm=139.0))
    assert the_day().load_au == alone
    assert [(s["why"], s["same_as"]) for s in the_day().provenance["load"]["rejected"]] == [
        ("same_session", "garmin/watch")
    ]
    assert session("app").same_session_as == "garmin/watch"
    asked = api(alice).get(f"{API}/?needs_confirmation=true").json()["results"]
    assert [each["client_record_id"] for each in asked] == ["watch"]


def test_the_one_that_is_rated_counts_and_neither_is_asked_about(api, alice):
    store(alice, workout("watch", avg_hr_bpm=140.0), workout("app", provider="intervals_icu"))
    api(alice).post(f"{API}/{session('app').pk}/confirm/", {"rpe": 7})
    assert the_day().load_au == 420.0
    assert (session("watch").same_session_as, session("app").same_session_as) == ("intervals_icu/app", "")
    assert api(alice).get(f"{API}/?needs_confirmation=true").json()["results"] == []


# --- the athlete's word -----------------------------------------------------------------------------------------------


def test_a_rating_makes_the_load_minutes_times_rpe_and_saying_it_again_changes_nothing(api, alice):
    store(alice, workout("w", avg_hr_bpm=140.0))
    url = f"{API}/{session('w').pk}/confirm/"
    rated = api(alice).post(url, {"rpe": 6.5})
    assert rated.status_code == 200
    body = rated.json()
    assert {name: body[name] for name in (
        "rpe", "load_au", "load_basis", "needs_confirmation", "estimated_rpe", "estimate_error_pct", "estimate_grounds",
        "rated_at", "client_record_version", "avg_hr_bpm",
    )} == {
        "rpe": 6.5, "load_au": 390.0, "load_basis": "confirmed", "needs_confirmation": False, "estimated_rpe": None,
        "estimate_error_pct": None, "estimate_grounds": [], "rated_at": "2026-11-25T12:00:00Z",
        "client_record_version": 0, "avg_hr_bpm": 140.0,
    }  # fmt: skip
    stored = session("w")
    assert (stored.rpe, stored.rated_by) == (None, alice.user)  # what the watch says stays beside it
    assert (the_day().load_au, the_day().load_basis) == (390.0, "reported")
    assert api(alice).post(url, {"rpe": 6.5}).json() == body
    assert session("w").change_seq == stored.change_seq


def test_an_empty_body_accepts_the_estimate_to_the_half_and_null_takes_it_back(api, alice):
    store(alice, workout("w", avg_hr_bpm=140.0))
    estimated, url = session("w").estimated_rpe, f"{API}/{session('w').pk}/confirm/"
    before = api(alice).get(f"{API}/{session('w').pk}/").json()
    accepted = api(alice).post(url).json()
    assert (accepted["rpe"], accepted["load_basis"]) == (round(2 * estimated) / 2, "confirmed")
    assert api(alice).post(url, {}).json() == accepted
    assert api(alice).post(url, {"rpe": None}).json() == before


def test_where_nothing_was_estimated_there_is_nothing_to_accept(api, alice):
    store(alice, workout("w"))
    refused = api(alice).post(f"{API}/{session('w').pk}/confirm/", {})
    assert (refused.status_code, refused.json()["errors"]) == (
        400,
        [{"pointer": "#/rpe", "code": "required", "message": "There is no estimate to accept: say how hard it was."}],
    )


@pytest.mark.parametrize(
    ("body", "pointer", "code"),
    [
        ({"rpe": 11}, "#/rpe", "max_value"), ({"rpe": 6.2}, "#/rpe", "step"), ({"rpe": True}, "#/rpe", "not_a_number"),
        ({"rpe": "6"}, "#/rpe", "not_a_number"), ({"effort": 6}, "#/effort", "unknown_field"),
    ],
)  # fmt: skip
def test_what_is_no_rating_is_refused_and_nothing_changes(api, alice, body, pointer, code):
    store(alice, workout("w", avg_hr_bpm=140.0))
    refused = api(alice).post(f"{API}/{session('w').pk}/confirm/", body)
    assert refused.status_code == 400
    assert [(e["pointer"], e["code"]) for e in refused.json()["errors"]] == [(pointer, code)]
    assert session("w").load_basis == "heart_rate"


@pytest.mark.parametrize("body", [[6], [], "6", 6, False])
def test_a_body_that_is_no_object_is_refused(api, alice, body):
    store(alice, workout("w", avg_hr_bpm=140.0))
    assert api(alice).post(f"{API}/{session('w').pk}/confirm/", body).status_code == 400
    assert session("w").load_basis == "heart_rate"


def test_the_watchs_next_version_never_takes_the_rating_back(api, alice):
    store(alice, workout("w", avg_hr_bpm=140.0))
    api(alice).post(f"{API}/{session('w').pk}/confirm/", {"rpe": 8})
    store(alice, workout("w", version=1, avg_hr_bpm=142.0, duration_min=50.0))
    store(alice, workout("w", version=2, avg_hr_bpm=142.0, duration_min=50.0, rpe=3))
    stored = session("w")
    assert (stored.load_basis, stored.said_rpe, stored.load_au, stored.rpe) == ("confirmed", 8.0, 400.0, 3.0)
    assert the_day().load_au == 400.0
    back = api(alice).post(f"{API}/{stored.pk}/confirm/", {"rpe": None}).json()
    assert (back["rpe"], back["load_basis"], back["load_au"]) == (3.0, "rpe", 150.0)


def test_a_session_that_was_deleted_cannot_be_rated(api, alice):
    store(alice, workout("w", avg_hr_bpm=140.0))
    stored = session("w")
    intake.delete_record(stored, now=NOW)
    assert api(alice).post(f"{API}/{stored.pk}/confirm/", {"rpe": 5}).status_code == 404


def test_her_coach_may_rate_where_values_are_shared_and_is_named_others_do_not_know_of_it(
    api, alice, bob, charlie, eve
):
    factories.make_squad("Sprints", charlie, alice, bob, shares_values=True)
    store(alice, workout("w", avg_hr_bpm=140.0))
    url = f"{API}/{session('w').pk}/confirm/"
    for stranger in (bob, eve):
        assert api(stranger).post(url, {"rpe": 5}).status_code == 404
    assert api(charlie).post(url, {"rpe": 5}).status_code == 200
    assert session("w").rated_by == charlie
    alice.memberships.update(shares_values=False)
    assert api(charlie).post(url, {"rpe": 6}).status_code == 404


# --- who asks ---------------------------------------------------------------------------------------------------------


def test_the_list_filters_what_waits_and_what_does_not(api, alice):
    store(alice, workout("w", avg_hr_bpm=140.0), workout("r", "2026-11-23T17:00:00+01:00", rpe=5))

    def listed(query):
        return [each["client_record_id"] for each in api(alice).get(f"{API}/{query}").json()["results"]]

    assert listed("?needs_confirmation=true") == ["w"]
    assert listed("?needs_confirmation=false") == ["r"]
    assert listed("") == ["w", "r"]
    refused = api(alice).get(f"{API}/?needs_confirmation=maybe")
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (400, "not_a_boolean")


def test_a_phone_that_pulls_hears_of_the_rating_and_of_the_estimates_that_follow_from_it(api, alice):
    calibrate(alice, count=4)
    store(alice, workout("w", "2026-11-20T10:00:00+01:00", avg_hr_bpm=140.0), workout("v", avg_hr_bpm=140.0))
    cursor = api(alice).get("/api/v1/sync/changes/").json()["next_cursor"]
    assert session("v").estimate_grounds[0] == "group_convention"
    api(alice).post(f"{API}/{session('w').pk}/confirm/", {"rpe": 6})
    told = api(alice).get(f"/api/v1/sync/changes/?cursor={cursor}").json()["changes"]
    shown = {item["client_record_id"]: item["data"] for item in told if item["kind"] == "training_session"}
    assert {name: (data["load_basis"], data["needs_confirmation"]) for name, data in shown.items()} == {
        "w": ("confirmed", False), "v": ("heart_rate", True),
    }  # fmt: skip
    assert shown["v"]["estimate_grounds"][0] == "own_ratings"
    assert {item["date"] for item in told if item["kind"] == "day"} == {"2026-11-20", "2026-11-24"}


def test_asking_again_says_what_would_change_and_changes_it_only_when_told_to(alice):
    store(alice, workout("w", avg_hr_bpm=150.0), workout("r", "2026-11-23T17:00:00+01:00", rpe=5))
    alice.max_hr_bpm = 215.0
    alice.save()
    before, revised = TrainingSession.objects.values().get(client_record_id="w"), the_day().revised_at
    (would,) = intake.estimate_again(alice, dry_run=True, now=NOW)
    assert TrainingSession.objects.values().get(client_record_id="w") == before
    assert the_day().revised_at == revised
    (changed,) = intake.estimate_again(alice, now=NOW)
    after = session("w")
    assert would == changed == intake.Reestimated(
        after.pk, after.date, ("heart_rate", before["load_au"]), ("heart_rate", after.load_au), ""
    )  # fmt: skip
    assert after.load_au < before["load_au"]
    assert the_day().load_au == after.load_au
    assert intake.estimate_again(alice, now=NOW) == []


def test_the_command_names_each_session_and_asks_about_one_athlete_where_one_is_named(alice, bob, capsys):
    for athlete in (alice, bob):
        store(athlete, workout("w", avg_hr_bpm=150.0))
        athlete.max_hr_bpm = 215.0
        athlete.save()
    call_command("estimate_loads", "--dry-run", "--athlete", alice.user.email)
    (line, summary) = capsys.readouterr().out.splitlines()
    stored = TrainingSession.objects.get(athlete=alice)
    assert line.startswith(f"{stored.pk} 2026-11-24: heart_rate {stored.load_au:g} AU -> heart_rate ")
    assert summary == "1 session(s) would change"


# --- any order --------------------------------------------------------------------------------------------------------

starts = st.integers(0, 20 * 24 * 4).map(lambda n: (NOW - timedelta(days=21) + timedelta(minutes=15 * n)).isoformat())


@st.composite
def told_workouts(draw):
    found = []
    for number in range(draw(st.integers(1, 12))):
        for version in range(draw(st.integers(1, 2))):
            data = {
                "client_record_id": f"r{number}", "client_record_version": version,
                "source": {"provider": draw(st.sampled_from(["garmin", "manual", "intervals_icu"]))},
                "started_at": draw(starts), "duration_min": draw(st.sampled_from([40, 90, 600])),
                "kind": draw(st.sampled_from(["endurance", "track_sprint"])),
                "rpe": draw(st.sampled_from([None, 3, 8])), "avg_hr_bpm": draw(st.sampled_from([None, 120, 165])),
            }  # fmt: skip
            found.append({"kind": "training_session", "data": data})
    for number in range(draw(st.integers(0, 6))):
        data = {
            "client_record_id": f"h{number}", "source": {"provider": draw(st.sampled_from(["garmin", "oura"]))},
            "measured_at": draw(starts), "value_bpm": draw(st.sampled_from([38, 70])),
        }  # fmt: skip
        found.append({"kind": "resting_hr_reading", "data": data})
    return found


def stored_of(athlete):
    unlike = {"id", "athlete_id", "created_at", "updated_at", "change_seq", "deleted_at"}
    rows = TrainingSession.objects.filter(athlete=athlete).order_by("provider", "client_record_id").values()
    days = Day.objects.filter(athlete=athlete).order_by("date").values_list("date", "load_au", "load_basis")
    # a day that held a session once and holds none any more is no other day than one that never did
    return [{k: v for k, v in row.items() if k not in unlike} for row in rows], [d for d in days if d[2] or d[1]]


@pytest.mark.django_db
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sent=told_workouts(), seed=st.integers(0, 2**32))
def test_the_same_workouts_in_any_order_and_split_give_the_same_estimates(db, sent, seed):
    rng, tag = random.Random(seed), next(TAGS)
    together, one_by_one = (factories.make_athlete(f"{name}{tag}@example.org") for name in ("plain", "shaken"))
    for athlete in (together, one_by_one):
        for ago in range(0, 21, 2):
            on = TODAY - timedelta(days=ago)
            PlannedSession.objects.create(
                athlete=athlete, date=on, author="coach", load_au=300, high_intensity_share=0.2
            )
        for ago in (3, 15):  # few enough for a device's reading to matter
            on = TODAY - timedelta(days=ago)
            CheckIn.objects.create(athlete=athlete, date=on, resting_hr_bpm=50 + ago, submitted_at=NOW)
    sync.sync(together, sent, [], now=NOW)
    shaken = rng.sample(sent, len(sent))
    while shaken:
        size = rng.randint(1, 3)
        sync.sync(one_by_one, shaken[:size], [], now=NOW)
        shaken = shaken[size:]
    assert stored_of(one_by_one) == stored_of(together)


# --- the coach's pages ------------------------------------------------------------------------------------------------


@pytest.fixture
def coached(client, alice, charlie):
    factories.make_squad("Sprints", charlie, alice, shares_values=True)
    client.force_login(charlie)
    return client


def listed(client, query=""):
    page = client.get(f"/admin/athletes/trainingsession/{query}")
    assert page.status_code == 200
    return page.content.decode()


def test_the_coachs_list_says_what_a_load_stands_on_and_filters_what_waits(coached, alice):
    store(alice, workout("w", avg_hr_bpm=140.0), workout("r", "2026-11-23T17:00:00+01:00", rpe=5, duration_min=61.0))
    page = listed(coached)
    assert f"about {session('w').load_au:.0f}" in page
    assert "estimate from heart rate" in page
    assert ">305<" in page
    waiting, done = listed(coached, "?rating=waits"), listed(coached, "?rating=done")
    assert (f"about {session('w').load_au:.0f}" in waiting, ">305<" in waiting) == (True, False)
    assert (f"about {session('w').load_au:.0f}" in done, ">305<" in done) == (False, True)


def test_the_coachs_list_says_which_of_two_that_are_one_does_not_count(coached, alice):
    store(alice, workout("watch", avg_hr_bpm=140.0), workout("app", provider="intervals_icu"))
    assert listed(coached).count("not counted: Garmin tells the same session") == 1


def test_the_coach_accepts_estimates_in_the_own_name_and_what_is_unknown_stays_so(coached, alice, charlie):
    store(alice, workout("w", avg_hr_bpm=140.0), workout("u", "2026-11-23T17:00:00+01:00"))
    estimated = session("w").estimated_rpe
    chosen = {"action": "accept_estimates", "_selected_action": [str(session(name).pk) for name in "wu"]}
    page = coached.post("/admin/athletes/trainingsession/", chosen, follow=True).content.decode()
    assert "1 estimate accepted." in page
    assert (session("w").rated_by, session("w").rated_rpe) == (charlie, round(2 * estimated) / 2)
    assert session("u").load_basis == "none"
    one = coached.get(f"/admin/athletes/trainingsession/{session('w').pk}/change/").content.decode()
    assert "RPE, given here" in one
    assert charlie.email in one


def test_the_page_of_one_session_says_what_its_estimate_stands_on(coached, alice):
    store(alice, workout("w", avg_hr_bpm=140.0))
    page = coached.get(f"/admin/athletes/trainingsession/{session('w').pk}/change/").content.decode()
    assert f"RPE {session('w').estimated_rpe:.1f}, give or take 57 %" in page
    assert "(group convention, resting HR assumed, highest HR assumed)" in page

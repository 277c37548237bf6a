"""A coach outranks the advice, but not what stops an athlete."""

from datetime import timedelta

import pytest
import time_machine

from recommendations.advice import overriding
from recommendations.advice.advising import drain
from recommendations.models import Advice, Delivery, Device, Override
from tests.recommendations.seasons import MORNING, live, wake_up

pytestmark = pytest.mark.django_db
AS_PLANNED = {"action": "as_planned", "reason_code": "seen_at_training", "note": "You looked fresh."}


@pytest.fixture(autouse=True)
def seven_in_berlin():
    with time_machine.travel(MORNING, tick=False):
        yield


@pytest.fixture
def advised(alice, squad):
    """Alice's advice of a morning; called with what she reports."""

    def advised(**reported):
        live(alice, 40)
        wake_up(alice, **reported)
        drain(MORNING)
        return Advice.objects.get(athlete=alice, current=True)

    return advised


def url(advice):
    return f"/api/v1/advice/{advice.pk}/override/"


def test_the_coach_overrides_and_the_athlete_sees_it_and_is_told(alice, charlie, advised, api):
    Device.objects.create(user=alice.user, kind="webpush", address_sha256="a", address="https://x")
    advice = advised()
    response = api(charlie).post(url(advice), AS_PLANNED)
    assert response.status_code == 201
    word = Override.objects.get()
    shown = {
        "id": str(word.pk),
        "action": "as_planned",
        "headline": "Your coach: train as planned today",
        "session": "",
        "load_au": round(advice.doses["as_planned"]),
        "reason_code": "seen_at_training",
        "note": "You looked fresh.",
        "by": "a coach",
        "created_at": "2026-05-20T05:00:00Z",
    }
    assert response.json()["override"] == shown | {"headline": "As planned, a coach's order"}
    body = api(alice).get("/api/v1/advice/today/").json()
    assert (body["status"], body["override"], body["action"]) == ("overridden", shown, "as_planned")
    assert list(Delivery.objects.order_by("created_at").values_list("kind", "state")) == [
        ("advice", "obsolete"),
        ("override", "waiting"),
    ]


def test_every_word_is_kept_and_the_newest_counts(alice, charlie, advised, api):
    advice = advised()
    for action in ("as_planned", "active_recovery"):
        with time_machine.travel(MORNING + timedelta(minutes=Override.objects.count()), tick=False):
            api(charlie).post(url(advice), AS_PLANNED | {"action": action})
    assert Override.objects.count() == 2
    assert api(alice).get("/api/v1/advice/today/").json()["override"]["action"] == "active_recovery"


@pytest.mark.parametrize(
    ("reported", "refused", "left"),
    [
        ({"red_flag": "chest_pain"}, "active_recovery", ["rest"]),
        ({"injury_status": "open"}, "active_recovery", ["rest"]),
        ({"illness": "fever"}, "active_recovery", ["rest"]),
        ({"illness": "above_neck"}, "as_planned", ["active_recovery", "rest"]),
        ({"pain_0_10": 4}, "as_planned", ["active_recovery", "rest"]),
        ({"pain_0_10": 6}, "active_recovery", ["rest"]),
    ],
)
def test_a_stop_cannot_be_lowered(charlie, advised, api, reported, refused, left):
    advice = advised(**reported)
    response = api(charlie).post(url(advice), AS_PLANNED | {"action": refused})
    assert (response.status_code, response.json()["code"]) == (409, "stop_cannot_be_lowered")
    assert overriding.allowed_actions(advice.guards) == left
    assert not Override.objects.exists()


def test_other_guards_can_be_outranked(charlie, advised, api):
    advice = advised(sleep_duration_min=280.0)
    assert "G09" in [guard["code"] for guard in advice.guards]
    assert api(charlie).post(url(advice), AS_PLANNED | {"action": "increase_volume"}).status_code == 201


def test_after_the_worst_night_the_coach_may_keep_the_plan_but_not_add_to_it(charlie, advised, api):
    advice = advised(sleep_duration_min=180.0)
    assert advice.action == "active_recovery"
    assert api(charlie).post(url(advice), AS_PLANNED | {"action": "increase_volume"}).status_code == 409
    assert api(charlie).post(url(advice), AS_PLANNED).status_code == 201


def test_rest_can_be_ordered_and_reads_first(alice, charlie, advised, api):
    advice = advised()
    assert api(charlie).post(url(advice), AS_PLANNED | {"action": "rest", "note": ""}).status_code == 201
    body = api(alice).get("/api/v1/advice/today/").json()
    assert (body["action"], body["headline"], body["prescription"]["load_au"]) == (
        "rest", "Your coach: rest today", 0,
    )  # fmt: skip
    assert body["detail"] == "No training. Walk if it feels good, eat, drink and sleep."
    assert body["advised"]["action"] == advice.action
    assert (body["clear_choice"], body["margin"]) == (None, None)


def test_a_session_of_the_coachs_own_has_words_and_a_load(alice, charlie, advised, api):
    advice, own = advised(), {"action": "own", "session": "4 x 150 m, 8 min rest", "load_au": 210.0}
    for missing in ("session", "load_au"):
        body = {name: value for name, value in (AS_PLANNED | own).items() if name != missing}
        refused = api(charlie).post(url(advice), body)
        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (400, f"#/{missing}")
    assert api(charlie).post(url(advice), AS_PLANNED | own).status_code == 201
    body = api(alice).get("/api/v1/advice/today/").json()
    assert (body["action"], body["headline"]) == ("own", "Your coach: another session today")
    assert body["detail"] == "4 x 150 m, 8 min rest You looked fresh."
    assert (body["prescription"]["load_au"], body["prescription"]["example"]) == (210.0, "4 x 150 m, 8 min rest")


@pytest.mark.parametrize(("load_au", "status"), [(10.0, 201), (400.0, 409)])
def test_a_session_of_the_coachs_own_stays_below_a_health_stop(charlie, advised, api, load_au, status):
    advice = advised(pain_0_10=4)
    own = {"action": "own", "session": "On the bike", "load_au": load_au}
    assert api(charlie).post(url(advice), AS_PLANNED | own).status_code == status


def test_an_order_from_before_the_morning_turned_is_suspended_and_said_so(alice, charlie, advised, api):
    ordered = api(charlie).post(url(advised(hrv_ms=None)), AS_PLANNED | {"action": "as_planned"})
    assert ordered.status_code == 201
    wake_up(alice, sleep_duration_min=180.0, readiness_1_5=1.0, worst_item_1_5=1.0, hrv_ms=33.0)
    drain(MORNING)
    body = api(alice).get("/api/v1/advice/today/").json()
    assert (body["action"], body["override"]) == ("active_recovery", None)
    assert body["suspended_override"]["action"] == "as_planned"
    with time_machine.travel(MORNING + timedelta(minutes=5), tick=False):
        again = api(charlie).post(f"/api/v1/advice/{body['id']}/override/", AS_PLANNED)
    assert again.status_code == 201
    assert api(alice).get("/api/v1/advice/today/").json()["action"] == "as_planned"


def test_advice_withheld_for_want_of_data_can_be_overridden(alice, charlie, squad, api):
    wake_up(alice)
    drain(MORNING)
    advice = Advice.objects.get()
    assert advice.withheld_reason == "insufficient_history"
    assert api(charlie).post(url(advice), AS_PLANNED).status_code == 201


def test_a_stop_that_comes_later_outranks_the_coach_again(alice, charlie, advised, api):
    api(charlie).post(url(advised()), AS_PLANNED)
    wake_up(alice, red_flag="fainting")
    drain(MORNING)
    body = api(alice).get("/api/v1/advice/today/").json()
    assert (body["status"], body["override"]) == ("withheld", None)


def test_the_word_outlives_a_revision_that_stops_nothing(alice, charlie, advised, api):
    api(charlie).post(url(advised(hrv_ms=None)), AS_PLANNED)
    wake_up(alice)
    drain(MORNING)
    body = api(alice).get("/api/v1/advice/today/").json()
    assert (body["revision"], body["status"]) == (2, "overridden")


def test_a_revision_that_was_superseded_cannot_be_overridden(alice, charlie, advised, api):
    old = advised(hrv_ms=None)
    wake_up(alice)
    drain(MORNING)
    assert api(charlie).post(url(old), AS_PLANNED).json()["code"] == "advice_superseded"


def test_a_day_that_is_over_cannot_be_overridden(charlie, advised, api):
    advice = advised()
    with time_machine.travel(MORNING + timedelta(days=1), tick=False):
        assert api(charlie).post(url(advice), AS_PLANNED).json()["code"] == "advice_expired"


def test_athletes_do_not_override_themselves(alice, advised, api):
    response = api(alice).post(url(advised()), AS_PLANNED)
    assert (response.status_code, response.json()["code"]) == (403, "not_the_coach")


def test_a_coach_of_another_squad_or_after_the_athlete_left_finds_nothing(
    alice, charlie, eve, other_squad, advised, api
):
    advice = advised()
    assert api(eve).post(url(advice), AS_PLANNED).status_code == 404
    alice.memberships.update(left_at=MORNING)
    assert api(charlie).post(url(advice), AS_PLANNED).status_code == 404


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "empty"),
        (AS_PLANNED | {"action": "sprint"}, "invalid_choice"),
        (AS_PLANNED | {"reason_code": "because"}, "invalid_choice"),
        (AS_PLANNED | {"note": 7}, "not_a_string"),
        (AS_PLANNED | {"by": 1}, "unknown_field"),
        ({"action": "as_planned"}, "required"),
    ],
)
def test_an_override_that_says_something_else_is_refused(charlie, advised, api, body, code):
    response = api(charlie).post(url(advised()), body)
    assert response.status_code == 400
    assert code in [error["code"] for error in response.json()["errors"]]


def test_the_admin_form_offers_what_the_stops_leave(client, alice, charlie, advised):
    advice = advised(illness="above_neck")
    client.force_login(charlie)
    page = client.get(f"/admin/recommendations/advice/{advice.pk}/override/").content.decode()
    assert 'value="active_recovery"' in page
    assert 'value="increase_intensity"' not in page
    form = {"action": "active_recovery", "reason_code": "data_doubtful", "note": ""}
    client.post(f"/admin/recommendations/advice/{advice.pk}/override/", form)
    assert Override.objects.get().by == charlie


def test_the_admin_override_of_another_squads_athlete_is_not_there(client, eve, other_squad, advised):
    advice = advised()
    client.force_login(eve)
    for method in (client.get, client.post):
        assert method(f"/admin/recommendations/advice/{advice.pk}/override/").status_code in (403, 404)
    assert not Override.objects.exists()


def test_the_reason_other_needs_a_note(charlie, advised, api):
    advice = advised()
    response = api(charlie).post(url(advice), {"action": "as_planned", "reason_code": "other"})
    assert response.status_code == 400
    assert response.json()["errors"] == [
        {"pointer": "#/note", "code": "required", "message": "Say why, when the reason is none of the others."}
    ]
    assert api(charlie).post(url(advice), AS_PLANNED | {"reason_code": "other"}).status_code == 201


@pytest.mark.parametrize(
    "sent",
    [
        {},
        {"action": "as_planned"},
        {"reason_code": "seen_at_training"},
        {"action": "as_planned", "reason_code": "other"},
    ],
)
def test_the_form_sends_nothing_that_the_coach_did_not_choose(client, charlie, advised, sent):
    page = f"/admin/recommendations/advice/{advised().pk}/override/"
    client.force_login(charlie)
    assert client.get(page).content.decode().count('<option value="" selected') == 2
    assert client.post(page, sent).status_code == 200
    assert not Override.objects.exists()
    assert client.post(page, AS_PLANNED).status_code == 302
    assert Override.objects.get().action == "as_planned"


def test_as_planned_under_a_cap_is_told_and_dosed_as_the_part_it_is(alice, charlie, advised, api):
    advice = advised(illness="none")
    planned = advice.prescription["planned_load_au"]
    advice.guards = [{"code": "G02", "effect": "load_capped"}]
    advice.prescription |= {"load_au": planned / 2}
    advice.save()
    assert api(charlie).post(url(advice), AS_PLANNED | {"note": ""}).status_code == 201
    body = api(alice).get("/api/v1/advice/today/").json()
    assert body["prescription"]["load_au"] == round(planned / 2)
    assert body["detail"] == "About half of the planned session: the same speeds, fewer repetitions or minutes."


@pytest.mark.parametrize("kept", [True, False])
def test_where_nobody_kept_the_doses_the_cap_still_holds(charlie, advised, api, kept):
    advice = advised()
    advice.guards = [{"code": "G02", "effect": "load_capped"}]
    advice.prescription |= {"load_au": 100.0}
    advice.doses = advice.doses if kept else {}
    advice.save()
    assert overriding.dose_ordered(advice, "as_planned", None) == 100.0
    own = AS_PLANNED | {"action": "own", "session": "On the bike"}
    assert api(charlie).post(url(advice), own | {"load_au": 400.0}).status_code == 409
    assert api(charlie).post(url(advice), own | {"load_au": 90.0}).status_code == 201


def test_an_order_given_with_the_morning_in_view_outlives_a_later_value(alice, charlie, advised, api):
    worst = {"sleep_duration_min": 180.0, "readiness_1_5": 1.0, "worst_item_1_5": 1.0}
    assert api(charlie).post(url(advised(**worst)), AS_PLANNED).status_code == 201
    wake_up(alice, **worst, resting_hr_bpm=50.0)
    drain(MORNING)
    body = api(alice).get("/api/v1/advice/today/").json()
    assert (body["revision"], body["action"], body["suspended_override"]) == (2, "as_planned", None)


def test_an_order_of_less_than_the_morning_asks_for_is_not_suspended(alice, charlie, advised, api):
    own = {"action": "own", "session": "A walk", "load_au": 20.0}
    assert api(charlie).post(url(advised(hrv_ms=None)), AS_PLANNED | own).status_code == 201
    wake_up(alice, sleep_duration_min=180.0, hrv_ms=33.0)
    drain(MORNING)
    body = api(alice).get("/api/v1/advice/today/").json()
    assert (body["action"], body["suspended_override"]) == ("own", None)

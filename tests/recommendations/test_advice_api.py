"""What the phone and the coach read, and what they may say back."""

from datetime import timedelta

import pytest
import time_machine

from mlmodels.deciding.guard import GUARD_VERSION
from recommendations.advice.advising import drain
from recommendations.advice.showing import ADVICE_KEYS
from recommendations.models import Advice, Feedback, Override, WaitingDay, Warning
from recommendations.views.serializers import AdviceView, WarningView
from tests import factories
from tests.recommendations.seasons import MORNING, TODAY, live, wake_up
from tests.recommendations.speaking import COACH, told

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def seven_in_berlin():
    with time_machine.travel(MORNING, tick=False):
        yield


@pytest.fixture
def advised(alice, squad):
    live(alice, 40)
    wake_up(alice)
    drain(MORNING)
    return Advice.objects.get(athlete=alice, current=True)


def test_an_athlete_reads_todays_advice(alice, advised, api):
    response = api(alice).get("/api/v1/advice/today/")
    assert response.status_code == 200
    assert response["Cache-Control"] == "private, no-cache"
    body = response.json()
    seen = advised.observation
    assert body == {
        "id": str(advised.pk),
        "athlete": alice.pk,
        "date": "2026-05-20",
        "revision": 1,
        "status": "final",
        "withheld_reason": None,
        "stage": "learned",
        "action": advised.action,
        "headline": told(advised).headline,
        "detail": told(advised).detail,
        "prescription": told(advised).prescription,
        "policy_action": advised.policy_action,
        "q_values": advised.q_values,
        "margin": body["margin"],
        "clear_choice": body["clear_choice"],
        "reasons": told(advised).reasons,
        "guards": [
            guard | {"text": body["guards"][i]["text"]} for i, guard in enumerate(advised.guards)
        ],
        "would_change_if": [],
        "contributions": None,
        "sessions_to_rate": None,
        "state": {
            "version": 3,
            "features": {
                "hrv": {
                    "value": round(seen["hrv_mean_7d_ms"], 2), "unit": "ms", "z": round(seen["hrv_z"], 2),
                    "age_days": 0, "imputed": False, "estimated": False,
                },
                "sleep": {
                    "value": round(seen["sleep_score"], 2), "unit": "0-100", "z": round(seen["sleep_z"], 2),
                    "age_days": 0, "imputed": False, "estimated": False,
                },
                "acute": {
                    "value": round(seen["acute_au"], 2), "unit": "AU/d", "z": None, "age_days": 0, "imputed": False,
                    "estimated": False,
                },
                "chronic": {
                    "value": round(seen["chronic_au"], 2), "unit": "AU/d", "z": None, "age_days": 0, "imputed": False,
                    "estimated": False,
                },
                "acwr": {
                    "value": round(seen["acwr"], 2), "unit": "ratio", "z": None, "age_days": 0, "imputed": False,
                    "estimated": False,
                },
                "performance": {
                    "value": round(seen["performance_pct"], 2), "unit": "%", "z": None,
                    "age_days": seen["test_age_days"], "imputed": False, "estimated": False,
                },
            },
            "completeness": 1.0,
            "in_distribution": all(guard["code"] != "G15" for guard in advised.guards),
        },
        "expected": None,
        "warnings": [],
        "vendor_scores": [],
        "model": {
            "policy": advised.policy_name, "sha256": advised.policy_sha256, "used_fallback": advised.used_fallback,
            "guard_version": GUARD_VERSION,
        },
        "issued_at": "2026-05-20T05:00:00Z",
        "valid_until": "2026-05-20T22:00:00Z",
        "override": None,
        "suspended_override": None,
        "advised": None,
        "feedback": None,
        "disclaimer": "Not medical advice",
    }  # fmt: skip


def test_the_document_names_what_is_answered(advised, alice, api):
    assert tuple(AdviceView().fields) == ADVICE_KEYS
    assert tuple(api(alice).get("/api/v1/advice/today/").json()) == ADVICE_KEYS


def test_the_phone_polls_with_an_etag(alice, advised, api):
    phone = api(alice)
    first = phone.get("/api/v1/advice/today/")
    again = phone.get("/api/v1/advice/today/", headers={"If-None-Match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    Feedback.objects.create(advice=advised, followed="yes")
    assert phone.get("/api/v1/advice/today/", headers={"If-None-Match": first["ETag"]}).status_code == 200


def test_before_the_first_advice_today_is_pending_and_not_404(alice, api):
    live(alice, 1)
    body = api(alice).get("/api/v1/advice/today/").json()
    assert tuple(body) == ADVICE_KEYS
    assert {k: v for k, v in body.items() if v} == {
        "athlete": alice.pk,
        "date": "2026-05-20",
        "status": "pending",
        "headline": "Your advice is on its way",
        "detail": "Check in, or wait for your watch or the morning deadline.",
        "disclaimer": "Not medical advice",
    }


def test_a_past_day_that_was_reported_afterwards_has_no_advice_and_says_so(alice, api):
    live(alice, 2)
    assert api(alice).get("/api/v1/advice/2026-05-19/").json()["status"] == "expired"
    assert api(alice).get("/api/v1/advice/2026-05-01/").status_code == 404
    assert api(alice).get("/api/v1/advice/2026-05-21/").status_code == 404
    assert api(alice).get("/api/v1/advice/2026-W20-3/").json()["code"] == "not_a_date"


def test_yesterdays_advice_is_expired(alice, advised, api):
    with time_machine.travel(MORNING + timedelta(days=1), tick=False):
        assert api(alice).get("/api/v1/advice/2026-05-20/").json()["status"] == "expired"


def test_the_list_has_the_newest_revision_of_each_day(alice, advised, api):
    wake_up(alice, hrv_ms=41.0)
    drain(MORNING)
    body = api(alice).get("/api/v1/advice/?date_from=2026-05-01&limit=5").json()
    assert [(row["date"], row["revision"]) for row in body["results"]] == [("2026-05-20", 2)]
    assert api(alice).get("/api/v1/advice/?colour=red").json()["code"] == "unknown_parameter"


def test_a_coach_reads_it_without_the_numbers_until_values_are_shared(alice, charlie, advised, api):
    url = f"/api/v1/advice/today/?athlete={alice.pk}"
    body = api(charlie).get(url).json()
    assert (body["action"], body["status"]) == (advised.action, "final")
    assert (body["state"], body["q_values"], body["margin"], body["would_change_if"]) == (None, None, None, [])
    assert all(reason["value"] is None and not any(c.isdigit() for c in reason["text"]) for reason in body["reasons"])
    alice.memberships.update(shares_values=True)
    body = api(charlie).get(url).json()
    assert body["state"]["features"]["hrv"]["unit"] == "ms"
    assert body["reasons"] == told(advised, COACH).reasons


def test_whose_advice_one_may_not_know_of_is_not_there(alice, bob, eve, other_squad, advised, api):
    for stranger in (bob, eve):
        client = api(stranger)
        for url in (f"advice/today/?athlete={alice.pk}", f"advice/?athlete={alice.pk}", f"warnings/?athlete={alice.pk}",
                    f"planned-sessions/?athlete={alice.pk}"):  # fmt: skip
            assert client.get(f"/api/v1/{url}").status_code == 404
        assert client.put(f"/api/v1/advice/{advised.pk}/feedback/", {"followed": "no"}).status_code == 404
        override = {"action": "as_planned", "reason_code": "other"}
        assert client.post(f"/api/v1/advice/{advised.pk}/override/", override).status_code == 404
    assert api(None).get("/api/v1/advice/today/").status_code == 401
    assert not Feedback.objects.exists() and not Override.objects.exists()


def test_a_coach_without_a_profile_has_no_advice_of_their_own(charlie, api):
    response = api(charlie).get("/api/v1/advice/today/")
    assert (response.status_code, response.json()["code"]) == (403, "not_an_athlete")


@pytest.mark.parametrize("athlete", ["abc", "-1", "1e3", "9" * 40, "²", ""])
def test_an_athlete_that_is_no_id_is_refused(charlie, athlete, api):
    response = api(charlie).get("/api/v1/advice/today/", {"athlete": athlete})
    assert (response.status_code, response.json()["code"]) == (400, "invalid_parameter")


def test_the_athlete_says_what_became_of_it(alice, charlie, advised, api):
    url = f"/api/v1/advice/{advised.pk}/feedback/"
    body = {"followed": "partly", "agreement": 2, "comment": "legs heavy"}
    for _ in range(2):
        response = api(alice).put(url, body)
        assert response.status_code == 200
        assert response.json() == body | {"reason_code": None, "updated_at": "2026-05-20T05:00:00Z"}
    assert api(alice).get("/api/v1/advice/today/").json()["feedback"]["comment"] == "legs heavy"
    seen = api(charlie).get(f"/api/v1/advice/today/?athlete={alice.pk}").json()["feedback"]
    assert (seen["followed"], seen["comment"]) == ("partly", None)
    assert api(charlie).put(url, body).json()["code"] == "not_your_advice"
    assert Feedback.objects.count() == 1
    assert not WaitingDay.objects.exists()


def test_feedback_on_a_past_day_counts_in_the_state_from_now_on(alice, advised, api):
    with time_machine.travel(MORNING + timedelta(days=1), tick=False):
        api(alice).put(f"/api/v1/advice/{advised.pk}/feedback/", {"followed": "no"})
    assert WaitingDay.objects.get().rings is False


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "empty"),
        ({"followed": "maybe"}, "invalid_choice"),
        ({"followed": "yes", "agreement": 6}, "max_value"),
        ({"followed": "yes", "agreement": True}, "not_an_integer"),
        ({"followed": "yes", "mood": 3}, "unknown_field"),
    ],
)
def test_feedback_that_says_something_else_is_refused(alice, advised, body, code, api):
    response = api(alice).put(f"/api/v1/advice/{advised.pk}/feedback/", body)
    assert response.status_code == 400
    assert code in [error["code"] for error in response.json()["errors"]]


def test_warnings_are_listed_and_acknowledged(alice, charlie, squad, api):
    warning = Warning.objects.create(
        athlete=alice, kind="load_spike", level="danger", opened_on=TODAY, last_seen_on=TODAY, rule_version=1,
        evidence={"acwr": 1.6}, citation="x",
    )  # fmt: skip
    listed = api(alice).get("/api/v1/warnings/").json()["results"]
    assert listed == [
        {
            "id": str(warning.pk),
            "athlete": alice.pk,
            "kind": "load_spike",
            "level": "danger",
            "opened_on": "2026-05-20",
            "last_seen_on": "2026-05-20",
            "closed_on": None,
            "text": "Your load rose very fast: your last days were about 60 % above your usual.",
            "evidence": {"acwr": 1.6},
            "citation": "x",
            "rule_version": 1,
            "acknowledged_at": None,
            "updated_at": "2026-05-20T05:00:00Z",
        }
    ]
    assert tuple(listed[0]) == tuple(WarningView().fields)
    seen = api(charlie).get(f"/api/v1/warnings/?athlete={alice.pk}").json()["results"][0]
    assert (seen["text"], seen["evidence"]) == ("Load spike", None)
    url = f"/api/v1/warnings/{warning.pk}/acknowledge/"
    assert api(charlie).post(url).json()["code"] == "not_your_warning"
    assert api(alice).post(url).json()["acknowledged_at"] == "2026-05-20T05:00:00Z"


def test_an_athlete_of_another_squad_cannot_be_found_by_warning(eve, other_squad, alice, api):
    warning = Warning.objects.create(
        athlete=alice,
        kind="x",
        level="info",
        opened_on=TODAY,
        last_seen_on=TODAY,
        rule_version=1,
        citation="x",
    )
    assert api(eve).post(f"/api/v1/warnings/{warning.pk}/acknowledge/").status_code == 404


def test_a_page_of_advice_costs_the_same_whatever_its_length(alice, api, django_assert_max_num_queries):
    for n in range(30):
        factories.make_advice(alice, TODAY - timedelta(days=n))
    phone = api(alice)
    with django_assert_max_num_queries(9):
        assert len(phone.get("/api/v1/advice/").json()["results"]) == 30


def test_team_mates_do_not_see_each_other(bob, advised, alice, api):
    assert factories.make_athlete("dora@example.org")
    assert api(bob).get(f"/api/v1/advice/today/?athlete={alice.pk}").status_code == 404

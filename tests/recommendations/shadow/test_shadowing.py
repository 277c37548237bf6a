"""Policies in shadow: logged beside the advice, shown to nobody, never in its way."""

import json
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse

from measures import risk
from mlmodels.models import PolicyVersion
from mlmodels.policies import drift, registry
from mlmodels.state.features import FEATURE_SETS
from recommendations.admin import shadow_page
from recommendations.advice.advising import drain
from recommendations.models import Advice, Delivery, ShadowAdvice
from recommendations.monitoring import retention
from recommendations.shadow import shadow_report, shadowing
from tests.factories import make_user
from tests.mlmodels.model_files import approved, flip_a_bit, write_model
from tests.recommendations.seasons import MORNING, TODAY, live, wake_up

pytestmark = pytest.mark.django_db
WIDE = {"low": [-10.0] * 16, "high": [10.0] * 16}


@pytest.fixture
def directories(tmp_path, settings, monkeypatch):
    settings.DATA_DIR = tmp_path / "data"
    artifacts = tmp_path / "artifacts"
    artifacts.mkdir()
    monkeypatch.setattr(registry, "ARTIFACTS", artifacts)
    monkeypatch.setattr(registry, "_loaded", None)
    registry.shipped.cache_clear()
    shadowing.opened.cache_clear()
    yield artifacts
    registry.shipped.cache_clear()
    shadowing.opened.cache_clear()


@pytest.fixture
def active(directories, tmp_path):
    version = approved(registry.add(write_model(tmp_path, "active", box=WIDE)))
    registry.activate(version)
    return version


def in_shadow(tmp_path, name="shadow", seed=2, **card):
    version = registry.add(write_model(tmp_path, name, seed=seed, **{"box": WIDE} | card))
    registry.start_shadow(version)
    return version


@pytest.fixture
def run(django_capture_on_commit_callbacks):
    def drained(now=MORNING):
        with django_capture_on_commit_callbacks(execute=True):
            return drain(now)

    return drained


def test_its_advice_is_logged_beside_what_was_advised(alice, active, tmp_path, run):
    shadow = in_shadow(tmp_path)
    live(alice, 40)
    wake_up(alice)
    run()
    advice, row = Advice.objects.get(current=True), ShadowAdvice.objects.get()
    assert (row.advice, row.policy, row.date, row.unanswered) == (advice, shadow, TODAY, False)
    policy = registry.verify(shadow)
    q = policy.q_values(shadowing.Observation.from_rows([advice.observation]))[0]
    best = np.sort(q)
    assert row.margin == pytest.approx(best[-1] - best[-2], abs=1e-6)
    assert row.policy_action == list(shadow_page.ActionCode)[int(q.argmax())]
    assert advice.policy_sha256 == active.sha256
    shadow.refresh_from_db()
    assert (shadow.shadow_days, shadow.life) == (1, "shadow")


def test_every_policy_in_shadow_has_its_row_and_the_day_counts_once(alice, active, tmp_path, run):
    first, second = in_shadow(tmp_path), in_shadow(tmp_path, "another", seed=3)
    live(alice, 40)
    wake_up(alice)
    run()
    wake_up(alice, hrv_ms=50.0)
    run()
    rows = ShadowAdvice.objects.filter(advice__athlete=alice).values_list("advice__revision", "policy__name")
    assert sorted(rows) == [(1, "another"), (1, "shadow"), (2, "another"), (2, "shadow")]
    assert set(PolicyVersion.objects.exclude(active=True).values_list("shadow_days", flat=True)) == {1}
    registry.stop_shadow(first)
    wake_up(alice, hrv_ms=66.0)
    run()
    assert list(ShadowAdvice.objects.filter(advice__revision=3).values_list("policy", flat=True)) == [second.pk]


def test_the_advice_is_the_same_with_and_without_it(alice, bob, active, tmp_path, run):
    live(alice, 40)
    live(bob, 40)
    wake_up(alice)
    run()
    in_shadow(tmp_path)
    wake_up(bob)
    run()
    hers, his = (
        Advice.objects.filter(athlete=athlete).values("action", "policy_action", "q_values", "said", "guards").get()
        for athlete in (alice, bob)
    )
    assert hers == his
    assert ShadowAdvice.objects.count() == 1


def test_one_whose_file_was_damaged_is_left_out_and_says_why(alice, bob, active, tmp_path, run):
    bad, good = in_shadow(tmp_path), in_shadow(tmp_path, "sound", seed=3)
    flip_a_bit(registry.file_of(bad.path))
    live(alice, 40)
    wake_up(alice)
    assert run() == 1
    assert Advice.objects.get().status == "final"
    assert list(ShadowAdvice.objects.values_list("policy", flat=True)) == [good.pk]
    bad.refresh_from_db()
    assert bad.life == "left out of shadow"
    assert "was altered" in bad.shadow_error
    registry.add(tmp_path / "shadow.onnx")
    wake_up(alice, hrv_ms=50.0)
    run()
    assert not ShadowAdvice.objects.filter(policy=bad).exists()  # mended, but nobody has started it again
    registry.start_shadow(bad)
    live(bob, 40)
    wake_up(bob)
    run()
    assert ShadowAdvice.objects.filter(policy=bad).count() == 1


def test_one_that_raises_in_the_middle_neither_stops_the_advice_nor_the_others(
    alice, active, tmp_path, run, monkeypatch
):
    bad, good = in_shadow(tmp_path), in_shadow(tmp_path, "sound", seed=3)
    load = registry.load

    def loses_its_session(model, sha256=None):
        policy = load(model, sha256)
        if sha256 == bad.sha256:
            policy._session = None
        return policy

    monkeypatch.setattr(registry, "load", loses_its_session)
    live(alice, 40)
    wake_up(alice)
    run()
    assert Advice.objects.get().status == "final"
    assert list(ShadowAdvice.objects.values_list("policy", flat=True)) == [good.pk]
    bad.refresh_from_db()
    assert bad.shadow_error.startswith("AttributeError: ")
    assert bad.history.first().history_change_reason.startswith("left out of shadow mode: AttributeError")


def test_where_it_has_no_answer_the_row_says_so(alice, active, tmp_path, run):
    in_shadow(tmp_path, box={"low": [0.9] * 16, "high": [0.91] * 16}, golden=golden_inside(tmp_path))
    live(alice, 40)
    wake_up(alice)
    run()
    row = ShadowAdvice.objects.get()
    assert (row.unanswered, row.margin) == (True, None)
    assert row.policy_action in ("as_planned", "active_recovery")


def golden_inside(tmp_path):
    return json.loads(write_model(tmp_path, "x", seed=2).with_suffix(".card.json").read_text())["golden"]


def test_who_has_no_history_gets_the_rules_advice_from_both(alice, active, tmp_path, run):
    in_shadow(tmp_path)
    live(alice, 10)
    wake_up(alice)
    run()
    advice, row = Advice.objects.get(), ShadowAdvice.objects.get()
    assert (row.action, row.policy_action, row.margin) == (advice.action, advice.policy_action, None)
    assert not row.unanswered


def test_nothing_is_asked_before_the_advice_is_committed(alice, active, tmp_path):
    in_shadow(tmp_path)
    live(alice, 40)
    wake_up(alice)
    drain(MORNING)  # this test's transaction never commits
    assert Advice.objects.count() == 1
    assert not ShadowAdvice.objects.exists()


def test_neither_athlete_nor_coach_nor_phone_sees_it(alice, charlie, squad, active, tmp_path, run, api, client):
    shadow = in_shadow(tmp_path, "veiled-candidate")
    live(alice, 40)
    wake_up(alice)
    run()
    for path in (f"/api/v1/advice/{TODAY}/", "/api/v1/advice/"):
        body = api(alice.user).get(path).content.decode()
        assert str(Advice.objects.get().pk) in body
        assert "shadow" not in body
        assert "veiled" not in body
        assert shadow.sha256 not in body
    assert not Delivery.objects.filter(outcome__contains="veiled").exists()
    client.force_login(charlie)
    advice = Advice.objects.get()
    assert "veiled" not in client.get(reverse("admin:recommendations_advice_change", args=[advice.pk])).content.decode()
    assert client.get(reverse("admin:recommendations_shadowadvice_changelist")).status_code == 403


def test_it_goes_with_the_athlete(alice, active, tmp_path, run):
    in_shadow(tmp_path)
    live(alice, 40)
    wake_up(alice)
    run()
    alice.user.delete()
    assert not ShadowAdvice.objects.exists()


def test_old_rows_are_tidied_and_the_days_in_shadow_stay(alice, active, tmp_path, run):
    shadow = in_shadow(tmp_path)
    live(alice, 40)
    wake_up(alice)
    run()
    start_of_day = datetime(TODAY.year, TODAY.month, TODAY.day, tzinfo=UTC)
    assert retention.tidy_up(start_of_day + timedelta(days=180))["ShadowAdvice"] == 0
    assert retention.tidy_up(start_of_day + timedelta(days=181))["ShadowAdvice"] == 1
    shadow.refresh_from_db()
    assert shadow.shadow_days == 1


# --- the report


def logged(athlete, policy, day, advised, own, *, before=None, own_before=None, stage="learned"):
    advice = Advice.objects.create(
        athlete=athlete, date=day, revision=1, status="final", stage=stage, action=advised,
        policy_action=before or advised, guard_version=1, state_version=1, issued_at=MORNING,
        valid_until=MORNING,
    )  # fmt: skip
    return ShadowAdvice.objects.create(
        advice=advice, policy=policy, date=day, action=own, policy_action=own_before or own, margin=0.1
    )


def test_the_report_counts_pairs_overrides_days_and_athletes(alice, bob, active, tmp_path):
    shadow = in_shadow(tmp_path)
    plan, easy, more = "as_planned", "active_recovery", "increase_volume"
    logged(alice, shadow, TODAY, plan, plan)
    logged(alice, shadow, TODAY - timedelta(1), plan, more)
    logged(bob, shadow, TODAY, easy, easy, before=more, own_before=plan)
    logged(bob, shadow, TODAY - timedelta(1), plan, plan, before=more)
    logged(bob, shadow, TODAY - timedelta(2), plan, easy, stage="provisional")
    found = shadow_report.report(shadow)
    assert {name: found[name] for name in ("n", "compared", "days", "athletes", "since", "until")} == {
        "n": 4, "compared": 4, "days": 2, "athletes": 2, "since": TODAY - timedelta(1), "until": TODAY,
    }  # fmt: skip
    assert found["pairs"] == {(plan, plan): 2, (plan, more): 1, (easy, easy): 1}
    assert found["disagreement_pct"] == 25.0
    assert found["disagreement_before_guards_pct"] == 75.0
    assert (found["own_override_pct"], found["active_override_pct"]) == (25.0, 50.0)
    assert found["by_day"] == [(TODAY - timedelta(1), 50.0), (TODAY, 0.0)]


def test_drift_needs_a_card_that_knows_and_enough_mornings(alice, active, tmp_path, run, monkeypatch):
    live(alice, 40)
    wake_up(alice)
    run()
    assert shadow_report.drift_of(active) == {"states": 0, "psi": {}, "known": False}
    names = FEATURE_SETS["observable"]
    learned_on = drift.distribution(np.random.default_rng(1).normal(0, 0.3, (5_000, 16)), names)
    shadow = in_shadow(tmp_path, distribution=learned_on)
    assert shadow_report.drift_of(shadow) == {"states": 1, "psi": {}, "known": True}
    monkeypatch.setattr(risk, "DRIFT_MIN_STATES", 1)
    found = shadow_report.drift_of(shadow)
    assert list(found["psi"]) == list(names)
    assert min(found["psi"].values()) > 0


def test_staff_who_may_read_it_without_any_athletes_name(client, alice, active, tmp_path, run):
    shadow = in_shadow(tmp_path)
    live(alice, 40)
    wake_up(alice)
    run()
    scientist = make_user("scientist@example.org", is_staff=True)
    scientist.user_permissions.add(Permission.objects.get(codename="view_shadowadvice"))
    client.force_login(scientist)
    url = reverse("admin:recommendations_shadowadvice_changelist")
    page = client.get(url).content.decode()
    assert "What <strong>shadow</strong> would have advised where <strong>active</strong> did." in page
    assert "1 morning of 1 athlete on 1 day" in page
    assert str(alice) not in page
    assert url in client.get(reverse("admin:index")).content.decode()
    assert client.get(url, {"policy": "no"}).status_code == 404
    row = ShadowAdvice.objects.get()
    assert client.get(reverse("admin:recommendations_shadowadvice_change", args=[row.pk])).status_code in (302, 403)
    PolicyVersion.objects.filter(pk=shadow.pk).update(shadow_error="it broke")
    assert "it broke" in client.get(url).content.decode()


def test_the_page_says_what_to_do_when_nothing_is_in_shadow(client, directories):
    client.force_login(make_user("admin@example.org", is_staff=True, is_superuser=True))
    page = client.get(reverse("admin:recommendations_shadowadvice_changelist")).content.decode()
    assert "No policy is in shadow" in page

"""Why, and what would change it: checked by asking the shipped policy and the guards again."""

from dataclasses import replace
from itertools import permutations
from math import factorial

import numpy as np
import pytest

from measures.actions import Action
from mlmodels.deciding.decision import resolve, would_change_if
from mlmodels.explaining.contributions import contributions, mixtures, shapley, usual_morning
from mlmodels.policies import registry
from mlmodels.policies.policy import OnnxPolicy
from mlmodels.state.days import Morning
from mlmodels.state.features import FEATURE_SETS
from mlmodels.twin.model import Twin
from tests.mlmodels.seasons_on_the_twin import squad_morning


@pytest.fixture(scope="module")
def twin():
    return Twin.load(registry.ARTIFACTS / "twin.json")


def shipped(feature_set):
    ships = registry.shipped()
    model = ships if feature_set == "observable" else next(registry.ARTIFACTS.glob(f"{feature_set}-*.onnx"))
    return OnnxPolicy.load(model, registry.card_file_of(model))


@pytest.fixture(scope="module", params=["observable", "paper-6"])
def policy(request):
    return shipped(request.param)


def reported(morning, rng):
    """The same mornings with a check-in each, some of them bad."""
    n = len(morning.weekday)
    return replace(
        morning,
        sleep_h=np.round(rng.uniform(4.0, 9.0, n) * 4) / 4,
        soreness_1_5=rng.integers(1, 6, n).astype(float),
        fatigue_1_5=rng.integers(1, 6, n).astype(float),
        readiness=rng.integers(1, 6, n).astype(float),
        pain_0_10=rng.choice([0.0, 0.0, 1.0, 3.0, 4.0, 7.0], n),
        illness=rng.choice([0.0, 0.0, 0.0, 1.0, 2.0], n) * (1 - morning.ill),
    )


def applied_with(tracker, morning, policy, change):
    values = {change.feature: np.array([change.value])}
    if change.feature == "illness":
        values["ill"] = np.array([float(change.value > 0)])
    resolution = resolve(tracker.morning(replace(morning, **values)), policy)
    return resolution.guarded.withheld[0], Action(int(resolution.action[0]))


def test_every_change_named_changes_the_applied_action_to_what_was_said(twin, policy):
    tracker, morning = squad_morning(twin, 120, days=60)
    morning = reported(morning, np.random.default_rng(3))
    seen, features = 0, set()
    for i in range(120):
        one, today = tracker.select([i]), morning.select([i])
        before = resolve(one.morning(today), policy)
        for change in would_change_if(one, today, policy):
            now = float(getattr(today, change.feature)[0])
            assert (change.value > now) == (change.op == ">=")
            assert applied_with(one, today, policy, change) == ("", change.then)
            assert change.then != before.action[0]
            seen += 1
            features.add((change.feature, change.op))
    assert seen >= 60  # one an athlete: fewer, and the test would say nothing
    assert {("hrv_rmssd_ms", "<="), ("sleep_h", ">="), ("pain_0_10", ">="), ("illness", ">=")} <= features


def test_the_change_named_is_the_nearest_on_its_side(twin, policy):
    tracker, morning = squad_morning(twin, 20, days=60)
    morning = reported(morning, np.random.default_rng(4))
    for i in range(20):
        one, today = tracker.select([i]), morning.select([i])
        before = int(resolve(one.morning(today), policy).action[0])
        for change in would_change_if(one, today, policy):
            if change.feature not in ("pain_0_10", "hrv_rmssd_ms"):
                continue
            now, step = float(getattr(today, change.feature)[0]), 1.0 if change.op == ">=" else -1.0
            nearer = np.arange(now + step, change.value, step)
            for value in nearer[np.abs(nearer - change.value) > 1e-6]:
                withheld, action = applied_with(one, today, policy, replace(change, value=float(value)))
                assert withheld or action == before


def test_no_illness_is_a_value_only_in_a_check_in(twin, policy):
    tracker, morning = squad_morning(twin, 30, days=60)
    for i in range(30):
        changes = would_change_if(tracker.select([i]), morning.select([i]), policy)
        assert "illness" not in {c.feature for c in changes} or morning.illness[i] > 0


def test_contributions_add_up_to_the_difference_of_the_two_best(twin, policy):
    tracker, morning = squad_morning(twin, 40, days=60)
    obs, explained = tracker.morning(morning), 0
    q = policy.q_values(obs)
    for i in range(40):
        found = contributions(policy, obs.select([i]))
        if found is None:
            assert not np.isfinite(q[i]).all()
            continue
        best, second = np.sort(q[i])[::-1][:2]
        assert found.usual + sum(value for _, value in found.values) == pytest.approx(float(best - second), abs=1e-5)
        assert q[i][found.best] == best
        assert {name for name, _ in found.values} == set(FEATURE_SETS[policy.feature_set])
        explained += 1
    assert explained > 30


def test_they_are_the_mean_over_all_orders():
    policy = shipped("paper-6")  # 720 orders; 16 features have too many
    rng = np.random.default_rng(1)
    now, usual = rng.uniform(-0.5, 0.5, (2, 6)).astype(np.float32)
    rows = mixtures(now, usual)
    values = policy.scores(rows)[:, 0].astype(np.float64)
    of = {row.tobytes(): value for row, value in zip(rows, values, strict=True)}
    total = np.zeros(6)
    for order in permutations(range(6)):
        mixed = usual.copy()
        for feature in order:
            before = of[mixed.tobytes()]
            mixed[feature] = now[feature]
            total[feature] += of[mixed.tobytes()] - before
    np.testing.assert_allclose(shapley(values), total / factorial(6), atol=1e-9)


def test_on_a_usual_morning_nothing_contributes(policy):
    usual = usual_morning(policy.feature_set)
    values = policy.scores(mixtures(usual, usual))[:, 0].astype(np.float64)
    np.testing.assert_allclose(shapley(values), 0.0, atol=1e-6)


def test_where_the_policy_has_no_answer_there_is_nothing_to_explain(policy):
    from mlmodels.state.tracker import Tracker

    assert contributions(policy, Tracker(1).morning(Morning.of(1))) is None

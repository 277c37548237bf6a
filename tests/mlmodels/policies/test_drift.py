"""The population stability index: nought for the same mornings, above the line for moved ones, small for a few."""

import json

import numpy as np
import pytest

from measures.risk import DRIFT_LINE, DRIFT_MIN_STATES
from mlmodels.policies.drift import distribution, psi

NAMES = ("hrv", "acwr", "sick")


def states(n, *, seed, hrv=0.0):
    rng = np.random.default_rng(seed)
    return np.column_stack([rng.normal(hrv, 1, n), rng.gamma(4, 0.25, n), np.zeros(n)]).astype(np.float32)


@pytest.fixture(scope="module")
def trained_on():
    return json.loads(json.dumps(distribution(states(20_000, seed=1), NAMES)))


def test_mornings_of_the_same_kind_do_not_drift(trained_on):
    live = states(3_000, seed=2)
    assert [round(psi(trained_on, name, column), 1) for name, column in zip(NAMES, live.T, strict=True)] == [0, 0, 0]


def test_a_squad_that_moved_half_an_sd_crosses_the_line_and_one_that_moved_a_tenth_does_not(trained_on):
    assert psi(trained_on, "hrv", states(3_000, seed=3, hrv=-0.5)[:, 0]) > DRIFT_LINE
    assert psi(trained_on, "hrv", states(3_000, seed=3, hrv=-0.1)[:, 0]) < 0.05


def test_it_agrees_with_the_definition_written_out(trained_on):
    live = states(500, seed=4, hrv=1.0)[:, 0]
    edges = np.array(trained_on["hrv"]["edges"])
    was, now = np.array(trained_on["hrv"]["counts"]) + 0.5, np.zeros(10) + 0.5
    for value in live:
        now[sum(value > edges)] += 1
    was, now = was / was.sum(), now / now.sum()
    assert psi(trained_on, "hrv", live) == pytest.approx(sum((now - was) * np.log(now / was)))


def test_a_flag_that_was_never_up_has_two_bins_and_says_when_it_is_up(trained_on):
    assert trained_on["sick"] == {"edges": [0.0], "counts": [20_000.0, 0.0]}
    assert psi(trained_on, "sick", np.array([0.0] * 200)) < 0.02
    assert psi(trained_on, "sick", np.array([0.0] * 100 + [1.0] * 100)) > DRIFT_LINE


def test_chance_alone_rarely_crosses_the_line_once_there_is_enough(trained_on):
    found = [psi(trained_on, "hrv", states(DRIFT_MIN_STATES, seed=seed)[:, 0]) for seed in range(200)]
    assert np.mean(np.array(found) > DRIFT_LINE) < 0.05

"""The two reward forms and their ablations."""

from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlmodels.reward import FORMS, FULL, HEALTH_ONLY, LIGHT, PERFORMANCE_ONLY, Step, homestretch, paper


def step(**values):
    """A day on which nothing happens, changed by ``values``."""
    calm = {"performance_change_pct": 0.0, "acwr": 1.0, "hrv_z": 0.0, "sleep_z": 0.0, "hrv_change": 0.0,
            "sleep_change": 0.0, "hazard": 0.0, "high_ratio": 1.0, "low_ratio": 1.0, "chronic_ratio": 1.0}  # fmt: skip
    return Step(**{name: np.array([float(value)]) for name, value in (calm | values).items()})


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({}, 0.0),
        ({"performance_change_pct": 0.1}, 0.5),
        ({"acwr": 1.3}, 0.0),
        ({"acwr": 1.4}, -1.5 * 0.5),
        ({"acwr": 1.5}, -1.5),
        ({"acwr": 1.6}, -1.5 * 1.5 - 3.0),
        ({"acwr": 3.0}, -1.5 * 3 - 3.0),
        ({"hrv_z": -0.5}, 0.0),
        ({"hrv_z": -1.5}, -0.25),
        ({"hrv_z": -9}, -0.25 * 2.5),
        ({"sleep_z": -1.5}, -0.1),
        ({"hazard": 0.02}, -0.02),
        ({"high_ratio": 2.0}, -0.2 * 0.5),
        ({"chronic_ratio": 2.4}, -0.5),
        ({"hrv_z": np.nan, "sleep_z": np.nan, "acwr": np.nan}, 0.0),
    ],
)
def test_the_recommended_form_weighs_levels(values, expected):
    assert homestretch(step(**values), FULL)[0] == pytest.approx(expected)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"performance_change_pct": 0.1}, 0.5),
        ({"acwr": 1.5}, 0.0),
        ({"acwr": 1.51}, -3.0),
        ({"hrv_change": -1}, -0.25),
        ({"hrv_change": 1}, 0.0),
        ({"hrv_z": -2}, 0.0),
        ({"sleep_change": -1}, -0.1),
    ],
)
def test_the_papers_form_weighs_drops_and_the_danger_zone(values, expected):
    assert paper(step(**values))[0] == pytest.approx(expected)


def test_light_is_a_twentieth_of_the_health_weights_and_the_ablations_leave_one_side_out():
    for f in fields(FULL):
        full = getattr(FULL, f.name)
        expected = full if f.name == "performance" else full / 20
        assert getattr(LIGHT, f.name) == pytest.approx(expected)
    day = step(performance_change_pct=0.2, acwr=1.7, hrv_z=-2, hazard=0.1)
    gain, cost = homestretch(day, PERFORMANCE_ONLY)[0], homestretch(day, HEALTH_ONLY)[0]
    assert gain == pytest.approx(1.0)
    assert gain + cost == pytest.approx(homestretch(day, FULL)[0])


WORSE = {"acwr": 0.3, "hrv_z": -1, "sleep_z": -1, "hazard": 0.1, "chronic_ratio": 1.5, "performance_change_pct": -1}


@given(st.sampled_from(sorted(WORSE)), st.floats(-2, 2), st.sampled_from(sorted(FORMS)))
def test_worse_consequences_never_pay(name, start, form):
    reward, weights = FORMS[form]
    before = step(**{name: start})
    after = replace(before, **{name: getattr(before, name) + WORSE[name]})
    assert reward(after, weights)[0] <= reward(before, weights)[0]

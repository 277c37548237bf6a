"""Doses and the automatic plan."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from measures.actions import ACTION_CODES, Action
from mlmodels.state.actions import WEEKDAY_WEIGHTS, automatic_plan, dose


def test_the_codes_are_those_of_the_api():
    assert ACTION_CODES == ("increase_intensity", "increase_volume", "active_recovery", "as_planned")
    assert [action.code for action in Action] == list(ACTION_CODES)


@pytest.mark.parametrize(
    ("action", "under_18", "load", "high_load"),
    [
        (Action.INCREASE_INTENSITY, False, 440.0, 120 + 40),
        (Action.INCREASE_VOLUME, False, 460.0, 120),
        (Action.ACTIVE_RECOVERY, False, 140.0, 0),
        (Action.AS_PLANNED, False, 400.0, 120),
        (Action.INCREASE_INTENSITY, True, 420.0, 120 + 20),
        (Action.INCREASE_VOLUME, True, 440.0, 120),
    ],
)
def test_each_action_has_its_dose(action, under_18, load, high_load):
    given_load, share = dose(action, 400.0, 0.3, 300.0, under_18=under_18)
    assert given_load == pytest.approx(load)
    assert given_load * share == pytest.approx(high_load)


def test_recovery_is_never_more_than_half_the_chronic_load():
    load, share = dose(Action.ACTIVE_RECOVERY, [400.0, 1000.0], [0.3, 0.3], [300.0, 300.0])
    assert load.tolist() == [140.0, 150.0]
    assert share.tolist() == [0.0, 0.0]


@given(st.floats(0, 2000), st.floats(0, 1), st.floats(0, 1000), st.booleans())
def test_recovery_never_exceeds_the_plan_and_increases_stay_within_their_caps(planned, share, chronic, minor):
    loads = {action: float(dose(action, planned, share, chronic, under_18=minor)[0]) for action in Action}
    shares = [float(dose(action, planned, share, chronic, under_18=minor)[1]) for action in Action]
    assert loads[Action.ACTIVE_RECOVERY] <= loads[Action.AS_PLANNED] == planned
    assert planned <= loads[Action.INCREASE_INTENSITY] <= 1.15 * planned + 1e-9
    assert planned <= loads[Action.INCREASE_VOLUME] <= 1.20 * planned + 1e-9
    assert all(0 <= each <= 1 for each in shares)


def test_a_rest_day_stays_a_rest_day_under_every_action():
    assert [float(dose(action, 0.0, 0.3, 300.0)[0]) for action in Action] == [0.0] * 4


def test_the_automatic_week_weighs_one_and_grows_one_percent_a_week():
    assert WEEKDAY_WEIGHTS.mean() == pytest.approx(1.0)
    first, _ = automatic_plan(np.arange(7), 300.0, 900.0, 0, recovering=False)
    tenth, _ = automatic_plan(np.arange(7), 300.0, 900.0, 10, recovering=False)
    assert first.mean() == pytest.approx(270.0)
    assert tenth.mean() == pytest.approx(300.0)


def test_the_automatic_plan_asks_for_no_more_than_a_low_chronic_load_bears():
    load, share = automatic_plan(0, 300.0, 280.0, 12, recovering=False)
    assert load == pytest.approx(1.2 * 280 + 0.1 * 300)
    assert share == 0.4


def test_easy_days_do_not_make_the_automatic_plan_easier_still():
    load, _ = automatic_plan(0, 300.0, [100.0, 200.0, 270.0], 0, recovering=False)
    assert load == pytest.approx([1.2 * 270 + 0.1 * 300] * 3)


def test_illness_and_injury_are_no_easy_days():
    load, _ = automatic_plan(0, 300.0, [100.0, 200.0, 270.0], 0, recovering=True)
    assert load == pytest.approx([150.0, 270.0, 354.0])

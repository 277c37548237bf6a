"""The twin's next 28 days of one athlete, by their properties."""

from dataclasses import replace

import numpy as np
import pytest

from measures.actions import Action
from mlmodels.deciding import guard
from mlmodels.explaining.what_if import HORIZON_D, SIGNALS, NoForecast, quantiles, slow_now, what_if
from mlmodels.policies import registry
from mlmodels.policies.policy import OnnxPolicy
from mlmodels.state.days import Morning
from mlmodels.state.tracker import Tracker
from mlmodels.twin.model import Signal, Twin
from tests.mlmodels.seasons_on_the_twin import squad_morning

P10, P50, P90 = range(3)


@pytest.fixture(scope="module")
def twin():
    return Twin.load(registry.ARTIFACTS / "twin.json")


@pytest.fixture(scope="module")
def policy():
    model = next(registry.ARTIFACTS.glob("observable-*.onnx"))
    return OnnxPolicy.load(model, registry.card_file_of(model))


@pytest.fixture(scope="module")
def athlete(twin):
    """A healthy one with everything measured."""
    tracker, morning = squad_morning(twin, 20, days=100)
    obs = tracker.morning(morning)
    well = (obs.ill == 0) & (obs.injured == 0) & np.isfinite(obs.hrv_z) & (guard.apply([3] * 20, obs).withheld == "")
    i = [int(np.flatnonzero(well)[0])]
    return tracker.select(i), morning.select(i)


@pytest.fixture(scope="module")
def ahead(athlete, twin, policy):
    return what_if(*athlete, twin, policy)


def test_there_are_bands_for_every_signal_action_and_morning(ahead):
    assert set(ahead.bands) == set(ahead.differences) == set(SIGNALS)
    for table in (*ahead.bands.values(), *ahead.differences.values()):
        assert table.shape == (4, HORIZON_D, 3)
        assert np.isfinite(table).all()
        assert (np.diff(table, axis=-1) >= 0).all()


def test_the_same_seed_is_the_same_forecast_and_nothing_is_changed(athlete, twin, policy, ahead):
    packed = athlete[0].pack()
    again = what_if(*athlete, twin, policy)
    for name in SIGNALS:
        np.testing.assert_array_equal(again.bands[name], ahead.bands[name])
    assert athlete[0].pack() == packed
    other = what_if(*athlete, twin, policy, seed=2)
    assert not np.array_equal(other.bands["hrv_z"], ahead.bands["hrv_z"])


def test_branches_share_their_luck(ahead):
    """The plan unchanged differs from itself by nothing; other actions by far less than the band is wide."""
    for name in SIGNALS:
        assert (ahead.differences[name][Action.AS_PLANNED] == 0).all()
    width = np.ptp(ahead.bands["perf_change_pct"][Action.INCREASE_VOLUME, -1])
    assert np.ptp(ahead.differences["perf_change_pct"][Action.INCREASE_VOLUME, -1]) < 0.5 * width


def test_a_day_more_load_is_a_higher_acwr_tomorrow_and_recovery_a_lower_one(ahead):
    tomorrow = ahead.differences["acwr"][:, 0]
    assert (tomorrow[[Action.INCREASE_INTENSITY, Action.INCREASE_VOLUME], P50] > 0).all()
    assert tomorrow[Action.ACTIVE_RECOVERY, P90] < 0


def test_acwr_is_arithmetic_on_the_load_that_was_done(athlete, twin, policy):
    """With nobody missing a session and no habit of doing more or less, tomorrow's ACWR is known to the last digit."""
    obedient = replace(
        twin, ln_compliance=np.zeros_like(twin.ln_compliance), ln_compliance_sd=0.0, missed_rate=0.0, load_missing=0.0
    )
    tracker, morning = athlete
    exact = what_if(tracker, morning, obedient, policy)
    obs = tracker.morning(morning)
    for action in Action:
        expected = guard.acwr_after(obs, exact.load_au[action])[0]
        np.testing.assert_allclose(exact.bands["acwr"][action, 0], expected, rtol=1e-9)


def test_the_bands_start_where_the_athlete_is(athlete, ahead):
    obs = athlete[0].morning(athlete[1])
    assert ahead.bands["hrv_ms"][Action.AS_PLANNED, 0, P50] == pytest.approx(float(obs.hrv_mean_7d_ms[0]), rel=0.15)
    for name in ("hrv_z", "perf_change_pct"):
        widths = np.ptp(ahead.bands[name][Action.AS_PLANNED], axis=-1)
        assert widths[-1] > 1.5 * widths[0]


def test_what_was_fitted_to_the_athlete_counts_and_a_stranger_is_anybody_of_the_group(athlete, twin, policy):
    members = range(len(twin.usual_load_au))
    medians = [what_if(*athlete, twin, policy, who=who, samples=40).bands["perf_change_pct"][3, -1, P50]
               for who in (members[0], members[1], members[2])]  # fmt: skip
    assert np.ptp(medians) > 0.02
    stranger = what_if(*athlete, twin, policy, samples=400).bands["perf_change_pct"][3, -1]
    assert stranger[P10] < np.mean(medians) < stranger[P90]


def test_the_plan_ahead_is_trained(athlete, twin, policy):
    idle = np.zeros((2, HORIZON_D))
    ahead = what_if(*athlete, twin, policy, plan=(idle[0], idle[1]))
    assert (ahead.bands["acwr"][:, 20, P90] < 0.2).all()


def test_a_vetoed_action_is_shown_as_not_allowed(athlete, twin, policy):
    tracker, morning = athlete
    sore = replace(morning, pain_0_10=np.array([4.0]))
    ahead = what_if(tracker, sore, twin, policy, samples=10)
    assert ahead.allowed == (False, False, True, False)


@pytest.mark.parametrize(("values", "reason"), [({"injured": 1.0}, "injury"), ({"red_flag": 1.0}, "red_flag")])
def test_where_advice_is_withheld_there_is_no_forecast(athlete, twin, policy, values, reason):
    tracker, morning = athlete
    told = replace(morning, **{name: np.array([value]) for name, value in values.items()})
    with pytest.raises(NoForecast) as refusal:
        what_if(tracker, told, twin, policy)
    assert refusal.value.reason == reason


def test_somebody_of_whom_nothing_is_known_has_none(twin, policy):
    with pytest.raises(NoForecast) as refusal:
        what_if(Tracker(1), Morning.of(1, hrv_rmssd_ms=60.0), twin, policy)
    assert refusal.value.reason == "insufficient_history"


def test_without_a_sleep_record_sleep_stays_unknown_and_the_rest_is_forecast(twin, policy):
    tracker, morning = squad_morning(replace(twin, sleep_missing=1.0), 20, days=100)
    obs = tracker.morning(morning)
    i = [int(np.flatnonzero((obs.ill == 0) & (obs.injured == 0) & np.isfinite(obs.hrv_z))[0])]
    ahead = what_if(tracker.select(i), morning.select(i), twin, policy, samples=20)
    assert np.isnan(ahead.bands["sleep_z"]).all()
    assert np.isfinite(ahead.bands["acwr"]).all()


def test_the_slow_part_is_pulled_towards_what_was_measured():
    signal = Signal(np.zeros((1, 6)), phi=0.8, slow_sd=0.6, noise_sd=0.8)
    low, spread = slow_now(signal, -1.0, -1.0, 7)
    assert -1.0 < low < -0.2 and spread < 0.6
    assert slow_now(signal, np.nan, np.nan, 7) == (0.0, 0.6)
    assert slow_now(signal, -1.0, np.nan, 7)[1] > spread


def test_quantiles_are_numpys_and_leave_out_what_is_missing():
    rng = np.random.default_rng(3)
    cube = rng.normal(size=(HORIZON_D, 2, 4, 50))
    cube[rng.random(cube.shape) < 0.2] = np.nan
    expected = np.nanquantile(cube, [0.1, 0.5, 0.9], axis=-1)
    np.testing.assert_allclose(quantiles(cube), np.moveaxis(expected, (0, 1), (3, 2)))
